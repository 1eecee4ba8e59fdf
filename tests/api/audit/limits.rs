//! However much is changed at once, the log stays small.

use bizcenter::audit::{Action, Changes, Event};
use bizcenter::policy::Role::Owner;
use bizcenter::resource::Resource;
use serde_json::{Value, json};

use super::{AUDIT_LOGS, count, problems, record, seal_all};
use crate::lists::list;
use crate::on_both;
use crate::tasks::make;

on_both! {
    async fn a_long_text_is_cut_in_the_log_and_that_it_changed_is_told_all_the_same(app) {
        let kim = app.user("test-001", Owner).await;
        let text = |last: &str| format!("{}{last}", "가".repeat(2500));
        make(&app, &kim, json!({"description": text("a")})).await;
        app.patch("/api/v1/tasks/1", json!({"description": text("b")})).by(&kim).expect(200).await;
        app.patch("/api/v1/tasks/1", json!({"description": null})).by(&kim).expect(200).await;
        let log = list(&app, &kim, "audit-logs", &[("sort", "id")]).await;
        let cut = json!(format!("{}…+501", "가".repeat(2000)));
        let told = |index: usize| &log["audit_logs"][index]["changes"]["description"];
        assert_eq!(*told(0), json!({"from": null, "to": cut}));
        assert_eq!(*told(1), json!({"from": cut, "to": cut}));
        assert_eq!(*told(2), json!({"from": cut, "to": null}));
        let task = app.get("/api/v1/tasks/1").by(&kim).expect(200).await;
        assert_eq!((&task["task"]["description"], &task["task"]["version"]), (&json!(null), &json!(3)));
        seal_all(&app).await;
        assert_eq!(problems(&app, "test-001").await, []);
    }

    async fn a_change_of_many_tasks_does_not_write_a_long_text_down_for_each_of_them(app) {
        let kim = app.user("test-001", Owner).await;
        let tasks: Vec<Value> =
            (0..50).map(|_| json!({"title": "x", "week_number": 6, "year": 2026})).collect();
        app.post("/api/v1/tasks/bulk", json!({"tasks": tasks})).by(&kim).expect(201).await;
        for letter in ["a", "b"] {
            let changes = json!({"description": letter.repeat(60_000), "tags": vec![letter.repeat(100); 100]});
            let ids: Vec<i64> = (1..=50).collect();
            app.patch("/api/v1/tasks/bulk", json!({"ids": ids, "changes": changes})).by(&kim).expect(200).await;
        }
        assert_eq!(count(&app, "test-001").await, 150);
        assert!(app.count("select max(length(changes)) from audit_logs").await < 10_000);
    }

    async fn more_is_written_at_once_than_the_database_takes_in_one_statement(app) {
        let kim = app.user("test-001", Owner).await;
        // 24 MiB in fewer rows than a statement has.
        let fields = (0..20).fold(Changes::default(), |changes, field| {
            changes.field(&field.to_string(), Value::Null, "가".repeat(2000))
        });
        let event = |id| Event::new(Action::Updated, Resource::Task, id).with(fields.clone());
        record(&app, &kim, (1..=200).map(event).collect()).await;
        assert_eq!(count(&app, "test-001").await, 200);
        let last = app.get(&format!("{AUDIT_LOGS}?resource_id=200")).by(&kim).expect(200).await;
        assert_eq!(last["audit_logs"][0]["changes"], serde_json::to_value(&fields).unwrap());
    }
}
