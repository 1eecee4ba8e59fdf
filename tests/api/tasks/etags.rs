//! `ETag`, `If-None-Match` and `If-Match` of a task.

use bizcenter::policy::Role::{Admin, Owner, Viewer};
use serde_json::json;

use super::{make, not_found, read};
use crate::app::{Session, TestApp};
use crate::client::{Method, without_request_id};
use crate::on_both;

const TASK: &str = "/api/v1/tasks/1";

/// The tag of the task as it is now.
async fn tag(app: &TestApp, user: &Session) -> String {
    app.get(TASK).by(user).send().await.header("etag").unwrap().to_owned()
}

/// The error of a condition that does not hold.
fn changed() -> serde_json::Value {
    json!({"error": "The resource has changed since you read it", "code": "precondition_failed"})
}

on_both! {
    async fn every_answer_with_one_task_carries_the_tag_of_its_state(app) {
        let user = app.user("test-001", Viewer).await;
        let body = json!({"title": "주간 보고", "week_number": 6, "year": 2026, "assigned_to": user.id});
        let made = app.post("/api/v1/tasks", body).by(&user).send().await;
        let first = made.header("etag").unwrap().to_owned();
        assert_eq!(tag(&app, &user).await, first);
        for method in [Method::PUT, Method::PATCH] {
            let before = tag(&app, &user).await;
            let title = json!({"title": method.as_str()});
            let reply = app.call(method, TASK).json(title).by(&user).send().await;
            let after = reply.header("etag").unwrap().to_owned();
            assert_ne!(after, before);
            assert_eq!(tag(&app, &user).await, after);
            // What changes nothing leaves the tag alone.
            let same = app.patch(TASK, json!({})).by(&user).send().await;
            assert_eq!(same.header("etag"), Some(after.as_str()));
        }
    }

    async fn what_the_caller_has_already_is_not_sent_again(app) {
        let user = app.user("test-001", Viewer).await;
        make(&app, &user, json!({})).await;
        let tag = tag(&app, &user).await;
        for known in [tag.clone(), format!("\"x\", {tag}"), format!("W/{tag}"), "*".to_owned()] {
            let reply = app.get(TASK).header("if-none-match", &known).by(&user).send().await;
            assert_eq!((reply.status, reply.bytes.len()), (304, 0), "{known}");
            assert_eq!(reply.header("etag"), Some(tag.as_str()));
        }
        for other in ["\"x\"", "1", "", "W/\"x\""] {
            let answer = app.get(TASK).header("if-none-match", other).by(&user).expect(200).await;
            assert_eq!(answer["task"]["id"], 1, "{other}");
        }
    }

    async fn a_change_of_what_the_task_shows_is_sent_again(app) {
        let user = app.user_named("test-001", Owner, "kim@example.com", "Kim").await;
        make(&app, &user, json!({"assigned_to": user.id})).await;
        let before = tag(&app, &user).await;
        app.post("/api/v1/tasks/1/comments", json!({"content": "댓글"})).by(&user).expect(201).await;
        let answer = app.get(TASK).header("if-none-match", &before).by(&user).expect(200).await;
        assert_eq!((&answer["task"]["comment_count"], &answer["task"]["version"]), (&json!(1), &json!(1)));
        let before = tag(&app, &user).await;
        app.advance(60);
        let credentials = json!({"email": user.email, "password": crate::app::PASSWORD});
        app.post("/api/v1/auth/login", credentials).expect(200).await;
        let answer = app.get(TASK).header("if-none-match", &before).by(&user).expect(200).await;
        assert_eq!(answer["task"]["assignee"]["last_login"], "2026-02-07T10:18:56.942016Z");
        // But nobody has changed the task.
        app.patch(TASK, json!({"title": "새 제목"})).header("if-match", &before).by(&user).expect(200).await;
    }

    async fn only_who_has_seen_the_task_as_it_is_changes_it(app) {
        let user = app.user("test-001", Viewer).await;
        make(&app, &user, json!({})).await;
        let seen = tag(&app, &user).await;
        app.patch(TASK, json!({"title": "다른 사람"})).by(&user).expect(200).await;
        let task = read(&app, &user, 1).await;
        let body = json!({"title": "새 제목"});
        let weak = format!("W/{}", tag(&app, &user).await);
        for stale in [seen, weak, "\"x\"".to_owned(), "2".to_owned(), String::new()] {
            for call in [app.put(TASK, body.clone()), app.patch(TASK, json!({})), app.delete(TASK)] {
                let refused = call.header("if-match", &stale).by(&user).expect(412).await;
                assert_eq!(without_request_id(refused), changed(), "{stale}");
            }
        }
        assert_eq!(read(&app, &user, 1).await, task);
        for known in [tag(&app, &user).await, "*".to_owned(), "\"x\" , \"4\"".to_owned()] {
            app.patch(TASK, json!({"title": known})).header("if-match", &known).by(&user).expect(200).await;
        }
        let now = tag(&app, &user).await;
        assert_eq!(app.delete(TASK).header("if-match", &now).by(&user).send().await.status, 204);
        assert_eq!(app.count("select count(*) from tasks").await, 0);
    }

    async fn only_who_has_seen_the_comments_that_go_with_a_task_deletes_it(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({})).await;
        let seen = tag(&app, &user).await;
        app.post("/api/v1/tasks/1/comments", json!({"content": "댓글"})).by(&user).expect(201).await;
        let refused = app.delete(TASK).header("if-match", &seen).by(&user).expect(412).await;
        assert_eq!(without_request_id(refused), changed());
        assert_eq!(app.count("select count(*) from task_comments").await, 1);
        let now = tag(&app, &user).await;
        app.delete(TASK).header("if-match", &now).by(&user).expect(204).await;
    }

    async fn a_missing_task_and_a_wrong_body_come_before_a_condition(app) {
        let user = app.user("test-001", Viewer).await;
        let stranger = app.user("test-002", Admin).await;
        make(&app, &user, json!({})).await;
        for call in [app.put(TASK, json!({})), app.patch(TASK, json!({})), app.delete(TASK), app.get(TASK)] {
            let call = call.header("if-match", "\"x\"").header("if-none-match", "*");
            assert_eq!(without_request_id(call.by(&stranger).expect(404).await), not_found());
        }
        let refused = app.patch(TASK, json!({"title": ""})).header("if-match", "\"x\"").by(&user).expect(400).await;
        assert_eq!(refused["code"], "validation_failed");
    }
}
