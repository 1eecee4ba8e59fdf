//! `GET /audit-logs` as JSON.

use bizcenter::audit::{Action, Changes, Event, record_all};
use bizcenter::policy::Role::{Admin, Owner};
use bizcenter::resource::Resource;
use serde_json::{Value, json};

use super::{AUDIT_LOGS, NOW, events, record, scope, seal_all};
use crate::lists::{found, ids, list};
use crate::on_both;

on_both! {
    async fn what_was_done_is_listed_with_who_did_it_the_last_first(app) {
        let kim = app.user_named("test-001", Owner, "kim@example.com", "김지은").await;
        let changes = Changes::between(&json!({"title": "초안", "notes": null}), &json!({"title": "보고", "notes": "메모"}));
        let changes = changes.field("amount", "1.00", "2.00").hide("amount");
        record(&app, &kim, vec![Event::new(Action::Updated, Resource::Contract, 7).with(changes)]).await;
        record(&app, &kim, vec![Event::new(Action::LoggedOut, Resource::Session, 9)]).await;
        seal_all(&app).await;
        let row = |id: i64, action: &str, resource_type: &str, resource_id: i64, changes: Value| json!({
            "id": id, "seq": id, "action": action, "resource_type": resource_type, "resource_id": resource_id,
            "user_id": kim.id, "user_name": "김지은", "ip": null, "user_agent": null, "request_id": null,
            "changes": changes, "created_at": NOW,
        });
        let updated = json!({
            "title": {"from": "초안", "to": "보고"}, "notes": {"from": null, "to": "메모"},
            "amount": {"from": "***", "to": "***"},
        });
        let answer = app.get(AUDIT_LOGS).by(&kim).send().await;
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.expect(200), json!({
            "audit_logs": [row(2, "logout", "session", 9, json!({})), row(1, "updated", "contract", 7, updated)],
            "total": 2, "page": 1, "limit": 100, "pages": 1, "next_cursor": null,
        }));
    }

    async fn a_change_that_is_undone_leaves_no_row(app) {
        let kim = app.user("test-001", Owner).await;
        let mut tx = app.db().begin().await.unwrap();
        record_all(&mut tx, &scope(&app, &kim), events(1..=2), app.now()).await.unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(list(&app, &kim, "audit-logs", &[]).await["total"], 0);
    }

    async fn what_goes_with_a_task_or_a_meeting_leaves_its_values(app) {
        let kim = app.user("test-001", Owner).await;
        let post = async |path: &str, body: Value| {
            app.post(&format!("/api/v1/{path}"), body).by(&kim).expect(201).await;
        };
        let task = json!({"title": "업무", "week_number": 6, "year": 2026});
        for _ in 0..2 {
            post("tasks", task.clone()).await;
        }
        post("tasks/1/comments", json!({"content": "첫째"})).await;
        post("tasks/1/comments", json!({"content": "둘째"})).await;
        post("tasks/2/comments", json!({"content": "other"})).await;
        for _ in 0..2 {
            post("meetings", json!({"title": "회의", "meeting_date": "2026-02-09T10:00:00Z"})).await;
        }
        for meeting in [1, 2] {
            post(&format!("meetings/{meeting}/attendees"), json!({"user_id": kim.id, "role": "chair"})).await;
            post(&format!("meetings/{meeting}/action-items"), json!({"description": "보고"})).await;
        }
        app.delete("/api/v1/tasks/1").by(&kim).expect(204).await;
        app.delete("/api/v1/meetings/1").by(&kim).expect(204).await;
        let rows = async |resource: &str| {
            let query = [("action", "deleted"), ("resource_type", resource), ("sort", "id")];
            let log = list(&app, &kim, "audit-logs", &query).await;
            let rows = log["audit_logs"].as_array().unwrap().iter();
            rows.map(|row| json!([row["resource_id"], row["user_id"], row["changes"]])).collect::<Value>()
        };
        let from = |value: Value| json!({"from": value, "to": null});
        let comment = |id: i64, content: &str| json!([
            id, kim.id, {"task_id": from(json!(1)), "content": from(json!(content))},
        ]);
        assert_eq!(rows("comment").await, json!([comment(1, "첫째"), comment(2, "둘째")]));
        assert_eq!(rows("attendee").await, json!([[1, kim.id, {
            "meeting_id": from(json!(1)), "user_id": from(json!(kim.id)), "role": from(json!("chair")),
            "attendance": from(json!("invited")),
        }]]));
        assert_eq!(rows("action_item").await, json!([[1, kim.id, {
            "meeting_id": from(json!(1)), "description": from(json!("보고")), "status": from(json!("pending")),
        }]]));
    }

    async fn rows_are_found_by_what_was_done_to_what_by_whom_and_when(app) {
        let (kim, lee) = (app.user("test-001", Owner).await, app.user("test-001", Admin).await);
        record(&app, &kim, vec![
            Event::new(Action::Created, Resource::Task, 1),
            Event::new(Action::Created, Resource::Contract, 1),
        ]).await;
        app.advance(86_400);
        record(&app, &lee, vec![
            Event::new(Action::Viewed, Resource::Contract, 2),
            Event { action: Action::Imported, resource_type: Resource::Task, resource_id: None, changes: Changes::default() },
        ]).await;
        let kim = app.signed_in(&kim).await;
        let (kim_id, lee_id) = (kim.id.to_string(), lee.id.to_string());
        for (parameters, expected) in [
            (&[("sort", "id")][..], &[1, 2, 3, 4][..]),
            (&[("action", "created")], &[1, 2]),
            (&[("action", "imported")], &[4]),
            (&[("resource_type", "contract")], &[2, 3]),
            (&[("resource_type", "contract"), ("resource_id", "1")], &[2]),
            (&[("resource_id", "1")], &[1, 2]),
            (&[("user_id", kim_id.as_str())], &[1, 2]),
            (&[("user_id", lee_id.as_str()), ("action", "viewed")], &[3]),
            (&[("user_id", "987654321")], &[]),
            (&[("from", "2026-02-08")], &[3, 4]),
            (&[("to", "2026-02-07")], &[1, 2]),
            (&[("from", NOW), ("to", NOW)], &[1, 2]),
            (&[("from", "2026-02-07T10:17:56.942017Z"), ("to", "2026-02-08T10:17:56.942015Z")], &[]),
        ] {
            assert_eq!(found(&app, &kim, "audit-logs", parameters).await, expected, "{parameters:?}");
        }
    }

    async fn pages_go_on_by_cursor_in_every_order(app) {
        let kim = app.user("test-001", Owner).await;
        for part in 0..3 {
            record(&app, &kim, events(1 + part * 3..=3 + part * 3)).await;
            app.advance(1);
        }
        for sort in ["-id", "id", "created_at", "-created_at", "created_at,-id"] {
            let whole = list(&app, &kim, "audit-logs", &[("sort", sort)]).await;
            let mut page = list(&app, &kim, "audit-logs", &[("sort", sort), ("limit", "2")]).await;
            let mut followed = ids(&page);
            while let Some(cursor) = page["next_cursor"].as_str().map(str::to_owned) {
                page = list(&app, &kim, "audit-logs", &[("cursor", cursor.as_str()), ("limit", "2")]).await;
                assert_eq!(page.get("total"), None);
                followed.extend(ids(&page));
            }
            assert_eq!((followed.len(), &followed), (9, &ids(&whole)), "{sort}");
        }
        assert_eq!(ids(&list(&app, &kim, "audit-logs", &[]).await), [9, 8, 7, 6, 5, 4, 3, 2, 1]);
    }

    async fn nobody_sees_another_tenants_rows(app) {
        let (kim, lee) = (app.user("test-001", Owner).await, app.user("test-002", Owner).await);
        record(&app, &kim, events(1..=3)).await;
        record(&app, &lee, events(1..=1)).await;
        let user = kim.id.to_string();
        for parameters in [&[("sort", "id")][..], &[("resource_id", "1")], &[("action", "updated")], &[("from", "2026-01-01")]] {
            assert_eq!(found(&app, &lee, "audit-logs", parameters).await, [4], "{parameters:?}");
        }
        assert_eq!(found(&app, &lee, "audit-logs", &[("user_id", user.as_str())]).await, [0_i64; 0]);
        // Each tenant has a chain of its own.
        seal_all(&app).await;
        let theirs = list(&app, &lee, "audit-logs", &[]).await;
        assert_eq!(theirs["audit_logs"][0]["seq"], 1);
        let page = list(&app, &kim, "audit-logs", &[("limit", "1")]).await;
        let cursor = page["next_cursor"].as_str().unwrap();
        assert_eq!(found(&app, &lee, "audit-logs", &[("cursor", cursor)]).await, [0_i64; 0]);
    }

    async fn nothing_in_the_api_changes_or_deletes_a_row(app) {
        let kim = app.user("test-001", Owner).await;
        record(&app, &kim, events(1..=1)).await;
        for (method, path, status) in [
            ("POST", AUDIT_LOGS, 405), ("DELETE", AUDIT_LOGS, 405), ("DELETE", "/api/v1/audit-logs/1", 404),
            ("PATCH", "/api/v1/audit-logs/1", 404), ("PUT", "/api/v1/audit-logs/1", 404),
        ] {
            app.call(method.parse().unwrap(), path).json(json!({})).by(&kim).expect(status).await;
        }
        assert_eq!(ids(&list(&app, &kim, "audit-logs", &[]).await), [1]);
    }
}
