//! `assigned_to` is an active user of the same tenant.

use bizcenter::db::sql;
use bizcenter::policy::Role::{Admin, Editor, Owner, Viewer};
use serde_json::json;

use super::{invalid, make, read, task};
use crate::app::{PASSWORD, Session, TestApp};
use crate::client::without_request_id;
use crate::on_both;

async fn deactivate(app: &TestApp, user: &Session) {
    app.execute(sql("update users set is_active = ? where id = ?").bind(false).bind(user.id)).await;
}

on_both! {
    async fn the_assignee_is_shown_without_address_or_tenant(app) {
        let user = app.user("test-001", Viewer).await;
        let hong = app.user_named("test-001", Editor, "hong@example.com", "홍길동").await;
        app.advance(60);
        let credentials = json!({"email": "hong@example.com", "password": PASSWORD});
        app.post("/api/v1/auth/login", credentials).expect(200).await;
        let task = make(&app, &user, json!({"assigned_to": hong.id})).await;
        assert_eq!(task["assignee"], json!({
            "id": hong.id, "name": "홍길동", "role": "editor", "is_active": true,
            "created_at": "2026-02-07T10:17:56.942016Z", "last_login": "2026-02-07T10:18:56.942016Z",
        }));
        assert_eq!(read(&app, &user, 1).await, task);
    }

    async fn nobody_but_an_active_user_of_the_tenant_can_be_assigned(app) {
        let user = app.user("test-001", Owner).await;
        let stranger = app.user("test-002", Admin).await;
        let former = app.user("test-001", Viewer).await;
        deactivate(&app, &former).await;
        let old = make(&app, &user, json!({"assigned_to": user.id})).await;
        let expected = invalid(json!({"assigned_to": ["Not an active user of this tenant."]}));
        for id in [stranger.id, former.id, 999, 0, -1, i64::MAX] {
            let body = json!({"title": "새 제목", "assigned_to": id});
            for call in [
                app.post("/api/v1/tasks", task(&body)),
                app.put("/api/v1/tasks/1", body.clone()),
                app.patch("/api/v1/tasks/1", body),
            ] {
                assert_eq!(without_request_id(call.by(&user).expect(400).await), expected, "{id}");
            }
        }
        assert_eq!(read(&app, &user, 1).await, old);
        assert_eq!(app.count("select count(*) from tasks").await, 1);
    }

    async fn an_id_beyond_64_bits_is_too_large(app) {
        let user = app.user("test-001", Owner).await;
        for id in [json!(9_223_372_036_854_775_808_u64), json!("9223372036854775808"), json!(1e300)] {
            let error = app.post("/api/v1/tasks", task(&json!({"assigned_to": id}))).by(&user).expect(400).await;
            assert_eq!(without_request_id(error), invalid(json!({"assigned_to": ["Number too large."]})), "{id}");
        }
    }

    async fn a_task_keeps_the_assignee_who_has_left(app) {
        let user = app.user("test-001", Owner).await;
        let hong = app.user("test-001", Viewer).await;
        let mut task = make(&app, &user, json!({"assigned_to": hong.id})).await;
        deactivate(&app, &hong).await;
        let change = json!({"status": "completed", "assigned_to": hong.id});
        let answer = app.patch("/api/v1/tasks/1", change).by(&user).expect(200).await;
        task["status"] = json!("completed");
        task["assignee"]["is_active"] = json!(false);
        task["version"] = json!(2);
        assert_eq!(answer["task"], task);
        assert_eq!(read(&app, &user, 1).await, task);
    }
}
