//! Making tasks: defaults, and that every value is kept.

use bizcenter::policy::Role::{Owner, Viewer};
use serde_json::json;

use super::{make, read};
use crate::on_both;

on_both! {
    async fn a_new_task_has_flasks_fields_and_defaults(app) {
        let user = app.user("test-001", Viewer).await;
        let body = json!({"title": "주간 보고 🚀", "week_number": 6, "year": 2026});
        let reply = app.post("/api/v1/tasks", body).by(&user).send().await;
        assert_eq!(reply.header("location"), Some("/api/v1/tasks/1"));
        assert_eq!(reply.expect(201), json!({
            "message": "Task created successfully",
            "task": {
                "id": 1, "tenant_id": "test-001", "title": "주간 보고 🚀", "description": null, "status": "pending",
                "priority": "medium", "assigned_to": null, "assignee": null, "due_date": null, "week_number": 6,
                "year": 2026, "tags": [], "parent_id": null, "comment_count": 0,
                "created_at": "2026-02-07T10:17:56.942016Z", "updated_at": "2026-02-07T10:17:56.942016Z",
                "created_by": user.id, "version": 1,
            },
        }));
    }

    async fn every_field_is_kept_exactly(app) {
        let user = app.user("test-001", Owner).await;
        let hong = app.user_named("test-001", Viewer, "hong@example.com", "홍길동").await;
        let title = " 주간 보고 🚀 e\u{301} é \u{1112}\u{1161}\u{11ab} ";
        let description = "첫 줄\r\n\t둘째 줄 \"인용\" 'x' \\ %_! <b>&amp; 👩\u{200d}💻\n";
        let tags = json!(["보안", "b", "", "보안", " ", "e\u{301}", "é", "B", "a", "🚀", "보안", "a "]);
        let sent = json!({
            "title": title, "description": description, "status": "in_progress", "priority": "urgent",
            "assigned_to": hong.id, "due_date": "2026-02-13T18:00:00.123456+09:00", "week_number": 7, "year": 2027,
            "tags": tags,
        });
        let task = json!({
            "id": 1, "tenant_id": "test-001", "title": title, "description": description, "status": "in_progress",
            "priority": "urgent", "assigned_to": hong.id,
            "assignee": {
                "id": hong.id, "name": "홍길동", "role": "viewer", "is_active": true,
                "created_at": "2026-02-07T10:17:56.942016Z", "last_login": null,
            },
            "due_date": "2026-02-13T09:00:00.123456Z", "week_number": 7, "year": 2027, "tags": tags,
            "parent_id": null, "comment_count": 0, "created_at": "2026-02-07T10:17:56.942016Z",
            "updated_at": "2026-02-07T10:17:56.942016Z", "created_by": user.id, "version": 1,
        });
        let created = app.post("/api/v1/tasks", sent).by(&user).expect(201).await;
        assert_eq!(created, json!({"message": "Task created successfully", "task": task}));
        let read = app.get("/api/v1/tasks/1").by(&user).expect(200).await;
        assert_eq!(read, json!({"task": task}));
        let list = app.get("/api/v1/tasks").by(&user).expect(200).await;
        assert_eq!(list["tasks"], json!([task]));
    }

    async fn null_is_the_same_as_absent_where_it_is_allowed(app) {
        let user = app.user("test-001", Viewer).await;
        let fields =
            json!({"description": null, "assigned_to": null, "due_date": null, "tags": null, "parent_id": null});
        let mut with_nulls = make(&app, &user, fields).await;
        let without = make(&app, &user, json!({})).await;
        with_nulls["id"] = json!(2);
        assert_eq!(with_nulls, without);
        assert_eq!(without["tags"], json!([]));
    }

    async fn an_empty_description_is_not_null(app) {
        let user = app.user("test-001", Viewer).await;
        make(&app, &user, json!({"description": ""})).await;
        assert_eq!(read(&app, &user, 1).await["description"], "");
    }

    async fn a_due_date_is_converted_to_utc(app) {
        let user = app.user("test-001", Viewer).await;
        for (sent, kept) in [
            ("2026-02-13T18:00:00+09:00", "2026-02-13T09:00:00.000000Z"),
            ("2026-02-13T18:00:00-0530", "2026-02-13T23:30:00.000000Z"),
            ("2026-01-01T00:30:00.5+01", "2025-12-31T23:30:00.500000Z"),
            ("2026-02-13T18:00:00Z", "2026-02-13T18:00:00.000000Z"),
            ("2026-02-13T18:00:00", "2026-02-13T18:00:00.000000Z"),
            ("2026-02-13T18:00:00.1234567", "2026-02-13T18:00:00.123456Z"),
            ("2026-2-3 4:5", "2026-02-03T04:05:00.000000Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
            ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        ] {
            let task = make(&app, &user, json!({"due_date": sent})).await;
            assert_eq!(task["due_date"], kept, "{sent}");
            assert_eq!(read(&app, &user, task["id"].as_i64().unwrap()).await, task, "{sent}");
        }
    }

    async fn lengths_count_characters_and_not_bytes(app) {
        let user = app.user("test-001", Viewer).await;
        let (title, tag) = ("🚀".repeat(255), "가".repeat(100));
        let task = make(&app, &user, json!({"title": title, "tags": [tag]})).await;
        assert_eq!((&task["title"], &task["tags"]), (&json!(title), &json!([tag])));
    }

    async fn a_description_may_be_longer_than_65535_bytes(app) {
        let user = app.user("test-001", Viewer).await;
        let description = "가나다🚀 ".repeat(10_000);
        make(&app, &user, json!({"description": description})).await;
        assert_eq!(read(&app, &user, 1).await["description"], description);
    }

    async fn a_task_may_have_a_hundred_tags(app) {
        let user = app.user("test-001", Viewer).await;
        let tags: Vec<String> = (0..100).rev().map(|number| format!("tag {number}")).collect();
        make(&app, &user, json!({"tags": tags})).await;
        assert_eq!(read(&app, &user, 1).await["tags"], json!(tags));
    }
}
