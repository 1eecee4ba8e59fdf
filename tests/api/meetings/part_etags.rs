//! `ETag`, `If-None-Match` and `If-Match` of an attendee and of an action item.

use bizcenter::policy::Role::{Owner, Viewer};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::make;
use crate::app::{Session, TestApp};
use crate::client::{Method, without_request_id};
use crate::on_both;

const ATTENDEE: &str = "/api/v1/meetings/1/attendees/1";
const ITEM: &str = "/api/v1/meetings/1/action-items/1";
const PARTS: [&str; 2] = [ATTENDEE, ITEM];

/// An owner, and a meeting of his with an attendee and an action item.
async fn prepare(app: &TestApp) -> Session {
    let kim = app.user_named("test-001", Owner, "kim@example.com", "김영희").await;
    make(app, &kim, json!({})).await;
    app.post("/api/v1/meetings/1/attendees", json!({"user_id": kim.id})).by(&kim).expect(201).await;
    let item = json!({"description": "점검", "assigned_to": kim.id});
    app.post("/api/v1/meetings/1/action-items", item).by(&kim).expect(201).await;
    kim
}

async fn tag(app: &TestApp, user: &Session, path: &str) -> String {
    app.get(path).by(user).send().await.header("etag").unwrap().to_owned()
}

/// A change of either.
fn change(path: &str, text: &str) -> Value {
    if path == ATTENDEE { json!({"role": text}) } else { json!({"description": text}) }
}

fn changed() -> Value {
    json!({"error": "The resource has changed since you read it", "code": "precondition_failed"})
}

on_both! {
    async fn every_answer_with_one_of_them_carries_its_tag(app) {
        let kim = prepare(&app).await;
        let made = app.post("/api/v1/meetings/1/action-items", json!({"description": "보고"})).by(&kim).send().await;
        let second = tag(&app, &kim, "/api/v1/meetings/1/action-items/2").await;
        assert_eq!(made.header("etag"), Some(second.as_str()));
        for path in PARTS {
            for method in [Method::PUT, Method::PATCH] {
                let before = tag(&app, &kim, path).await;
                let reply = app.call(method.clone(), path).json(change(path, method.as_str())).by(&kim).send().await;
                let after = reply.header("etag").unwrap().to_owned();
                assert_ne!(after, before, "{path}");
                assert_eq!(tag(&app, &kim, path).await, after);
                // What changes nothing leaves the tag alone.
                let same = app.call(method, path).json(json!({})).by(&kim).send().await;
                assert_eq!(same.header("etag"), Some(after.as_str()));
            }
        }
    }

    async fn what_the_caller_has_already_is_not_sent_again(app) {
        let kim = prepare(&app).await;
        for path in PARTS {
            let seen = tag(&app, &kim, path).await;
            for known in [seen.clone(), format!("W/{seen}"), format!("\"7\", {seen}"), "*".to_owned()] {
                let reply = app.get(path).header("if-none-match", &known).by(&kim).send().await;
                assert_eq!((reply.status, reply.bytes.len()), (304, 0), "{path} {known}");
                assert_eq!(reply.header("etag"), Some(seen.as_str()));
            }
            app.patch(path, change(path, "새")).by(&kim).expect(200).await;
            app.get(path).header("if-none-match", &seen).by(&kim).expect(200).await;
            // The name is shown too, but it is nobody's change of them.
            let seen = tag(&app, &kim, path).await;
            let name = json!({"name": format!("김 {}", path.len())});
            app.patch(&format!("/api/v1/users/{}", kim.id), name).by(&kim).expect(200).await;
            app.get(path).header("if-none-match", &seen).by(&kim).expect(200).await;
            app.patch(path, change(path, "또")).header("if-match", &seen).by(&kim).expect(200).await;
        }
    }

    async fn only_who_has_seen_it_as_it_is_changes_it(app) {
        let kim = prepare(&app).await;
        let hong = app.user("test-001", Viewer).await;
        for path in PARTS {
            let seen = tag(&app, &kim, path).await;
            let (meeting, other) = (tag(&app, &kim, "/api/v1/meetings/1").await, change(path, "다른 사람"));
            app.patch(path, other).header("if-match", &seen).by(&hong).expect(200).await;
            let now = tag(&app, &kim, path).await;
            let kept = app.get(path).by(&kim).expect(200).await;
            for stale in [seen, meeting, format!("W/{now}"), "\"999\"".to_owned(), String::new()] {
                let late = change(path, "늦은 사람");
                for call in [app.put(path, late.clone()), app.patch(path, late), app.delete(path)] {
                    let refused = call.header("if-match", &stale).by(&kim).expect(412).await;
                    assert_eq!(without_request_id(refused), changed(), "{path} {stale}");
                }
            }
            assert_eq!(app.get(path).by(&kim).expect(200).await, kept);
            app.patch(path, change(path, "셋")).header("if-match", "*").by(&kim).expect(200).await;
            app.delete(path).header("if-match", &now).by(&kim).expect(412).await;
            let now = tag(&app, &kim, path).await;
            app.delete(path).header("if-match", &now).by(&kim).expect(204).await;
            app.delete(path).header("if-match", &now).by(&kim).expect(404).await;
        }
    }

    async fn of_many_changes_with_one_tag_at_once_one_is_made(app) {
        let kim = prepare(&app).await;
        for path in PARTS {
            let seen = tag(&app, &kim, path).await;
            let mut calls = JoinSet::new();
            for number in 0..20 {
                let call = app.patch(path, change(path, &number.to_string())).header("if-match", &seen);
                calls.spawn(call.by(&kim).send());
            }
            let mut statuses: Vec<u16> = calls.join_all().await.iter().map(|reply| reply.status).collect();
            statuses.sort_unstable();
            assert_eq!(statuses, [vec![200], vec![412; 19]].concat(), "{path}");
        }
    }
}
