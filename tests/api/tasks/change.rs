//! Changing tasks: `PUT` and `PATCH` alike are partial.

use bizcenter::policy::Role::{Owner, Viewer};
use serde_json::{Value, json};

use super::{invalid, make, read};
use crate::app::{Session, TestApp};
use crate::client::{Method, without_request_id};
use crate::lists::found;
use crate::on_both;

/// A task with a value in every field.
async fn make_full(app: &TestApp, user: &Session) -> Value {
    let fields = json!({
        "description": "설명", "status": "review", "priority": "low", "assigned_to": user.id,
        "due_date": "2026-02-13T09:00:00Z", "tags": ["보안", "a", "보안"],
    });
    make(app, user, fields).await
}

on_both! {
    async fn put_and_patch_change_only_what_they_name(app) {
        let user = app.user("test-001", Viewer).await;
        let mut task = make_full(&app, &user).await;
        for (method, title, version, updated_at) in [
            (Method::PUT, "하나", 2, "2026-02-07T10:18:56.942016Z"),
            (Method::PATCH, "둘", 3, "2026-02-07T10:19:56.942016Z"),
        ] {
            app.advance(60);
            let call = app.call(method, "/api/v1/tasks/1").json(json!({"title": title}));
            let answer = call.by(&user).expect(200).await;
            task["title"] = json!(title);
            task["version"] = json!(version);
            task["updated_at"] = json!(updated_at);
            assert_eq!(answer, json!({"message": "Task updated successfully", "task": task}));
            assert_eq!(read(&app, &user, 1).await, task);
        }
    }

    async fn every_field_can_be_changed(app) {
        let user = app.user("test-001", Viewer).await;
        let hong = app.user_named("test-001", Owner, "hong@example.com", "홍길동").await;
        make_full(&app, &user).await;
        app.advance(1);
        let changes = json!({
            "title": "새 제목", "description": "", "status": "completed", "priority": "urgent", "assigned_to": hong.id,
            "due_date": "2026-03-01T00:00:00+09:00", "week_number": "53", "year": 2100, "tags": ["b", "보안"],
        });
        let answer = app.put("/api/v1/tasks/1", changes).by(&user).expect(200).await;
        assert_eq!(answer["task"], json!({
            "id": 1, "tenant_id": "test-001", "title": "새 제목", "description": "", "status": "completed",
            "priority": "urgent", "assigned_to": hong.id,
            "assignee": {
                "id": hong.id, "name": "홍길동", "role": "owner", "is_active": true,
                "created_at": "2026-02-07T10:17:56.942016Z", "last_login": null,
            },
            "due_date": "2026-02-28T15:00:00.000000Z", "week_number": 53, "year": 2100, "tags": ["b", "보안"],
            "parent_id": null, "comment_count": 0, "created_at": "2026-02-07T10:17:56.942016Z",
            "updated_at": "2026-02-07T10:17:57.942016Z", "created_by": user.id, "version": 2,
        }));
        assert_eq!(read(&app, &user, 1).await, answer["task"]);
    }

    async fn null_clears_what_may_be_null(app) {
        let user = app.user("test-001", Viewer).await;
        let mut task = make_full(&app, &user).await;
        app.advance(60);
        let nulls = json!({"description": null, "assigned_to": null, "due_date": null, "tags": null});
        let answer = app.patch("/api/v1/tasks/1", nulls).by(&user).expect(200).await;
        for field in ["description", "assigned_to", "assignee", "due_date"] {
            task[field] = Value::Null;
        }
        task["tags"] = json!([]);
        task["version"] = json!(2);
        task["updated_at"] = json!("2026-02-07T10:18:56.942016Z");
        assert_eq!(answer["task"], task);
        assert_eq!(read(&app, &user, 1).await, task);
    }

    async fn what_changes_nothing_leaves_version_and_time_alone(app) {
        let user = app.user("test-001", Viewer).await;
        let task = make_full(&app, &user).await;
        app.advance(60);
        let same = json!({
            "title": "주간 보고", "description": "설명", "status": "review", "priority": "low", "assigned_to": user.id,
            "due_date": "2026-02-13T18:00:00+09:00", "week_number": "6", "year": 2026.0, "tags": ["보안", "a", "보안"],
        });
        for body in [json!({}), same] {
            for method in [Method::PUT, Method::PATCH] {
                let answer = app.call(method, "/api/v1/tasks/1").json(body.clone()).by(&user).expect(200).await;
                assert_eq!(answer, json!({"message": "Task updated successfully", "task": task}));
                assert_eq!(read(&app, &user, 1).await, task);
            }
        }
    }

    async fn the_order_and_number_of_tags_is_a_change(app) {
        let user = app.user("test-001", Viewer).await;
        make(&app, &user, json!({"tags": ["a", "b", "a"]})).await;
        for (tags, version) in [(json!(["b", "a", "a"]), 2), (json!(["b", "a"]), 3), (json!([]), 4)] {
            let answer = app.patch("/api/v1/tasks/1", json!({"tags": tags})).by(&user).expect(200).await;
            assert_eq!((&answer["task"]["tags"], &answer["task"]["version"]), (&tags, &json!(version)));
        }
    }

    async fn one_wrong_field_keeps_the_right_ones_from_being_written(app) {
        let user = app.user("test-001", Viewer).await;
        let task = make_full(&app, &user).await;
        let body = json!({"title": "새 제목", "year": 1999, "tags": ["a", 5]});
        for method in [Method::PUT, Method::PATCH] {
            let error = app.call(method, "/api/v1/tasks/1").json(body.clone()).by(&user).expect(400).await;
            assert_eq!(without_request_id(error), invalid(json!({
                "year": ["Must be greater than or equal to 2020 and less than or equal to 2100."],
                "tags": {"1": ["Not a valid string."]},
            })));
        }
        assert_eq!(read(&app, &user, 1).await, task);
    }

    async fn a_change_touches_no_other_task(app) {
        let user = app.user("test-001", Viewer).await;
        make(&app, &user, json!({"tags": ["a"]})).await;
        let other = make(&app, &user, json!({"tags": ["a"]})).await;
        app.patch("/api/v1/tasks/1", json!({"title": "새 제목", "tags": ["b"]})).by(&user).expect(200).await;
        assert_eq!(read(&app, &user, 2).await, other);
        assert_eq!(found(&app, &user, "tasks", &[("tag", "a")]).await, [2]);
    }

    async fn filters_find_the_new_values_and_not_the_old(app) {
        let user = app.user("test-001", Viewer).await;
        make(&app, &user, json!({"title": "옛 제목", "description": "점검", "tags": ["옛것", "공통"]})).await;
        let change = json!({"title": "새 제목", "description": null, "tags": ["공통", "새것"], "status": "review"});
        app.patch("/api/v1/tasks/1", change).by(&user).expect(200).await;
        for (name, value) in [("q", "새 제목"), ("q", "새것"), ("tag", "새것"), ("tag", "공통"), ("status", "review")] {
            assert_eq!(found(&app, &user, "tasks", &[(name, value)]).await, [1], "{name}={value}");
        }
        for (name, value) in [("q", "옛 제목"), ("q", "점검"), ("q", "옛것"), ("tag", "옛것"), ("status", "pending")] {
            assert_eq!(found(&app, &user, "tasks", &[(name, value)]).await, [0_i64; 0], "{name}={value}");
        }
    }
}
