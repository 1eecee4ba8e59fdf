//! Nobody overwrites what he has not seen, and nobody reads again what he has.

use bizcenter::policy::Role::Owner;
use serde_json::json;
use tokio::task::JoinSet;

use super::{make, meeting, read};
use crate::client::{Method, without_request_id};
use crate::on_both;

const FIRST: &str = "/api/v1/meetings/1";

on_both! {
    async fn every_answer_with_a_meeting_carries_its_tag(app) {
        let user = app.user("test-001", Owner).await;
        let made = app.post("/api/v1/meetings", meeting(&json!({}))).by(&user).send().await;
        let read = app.get(FIRST).by(&user).send().await;
        assert_eq!((made.header("etag"), read.header("etag")), (Some("\"1\""), Some("\"1\"")));
        for (method, path, tag) in [
            (Method::PUT, FIRST, "\"2\""),
            (Method::PATCH, FIRST, "\"3\""),
            (Method::POST, "/api/v1/meetings/1/publish", "\"4\""),
        ] {
            let reply = app.call(method, path).json(json!({"title": tag})).by(&user).send().await;
            assert_eq!((reply.status, reply.header("etag")), (200, Some(tag)));
            assert_eq!(app.get(FIRST).by(&user).send().await.header("etag"), Some(tag));
        }
    }

    async fn what_the_caller_has_already_is_not_sent_again(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({})).await;
        for tags in ["\"1\"", "W/\"1\"", "\"7\", \"1\"", "*"] {
            let reply = app.get(FIRST).header("if-none-match", tags).by(&user).send().await;
            assert_eq!((reply.status, reply.bytes.len(), reply.header("etag")), (304, 0, Some("\"1\"")), "{tags}");
        }
        for tags in ["\"2\"", "1", ""] {
            assert_eq!(app.get(FIRST).header("if-none-match", tags).by(&user).send().await.status, 200, "{tags}");
        }
        app.patch(FIRST, json!({"title": "새 제목"})).by(&user).expect(200).await;
        assert_eq!(app.get(FIRST).header("if-none-match", "\"1\"").by(&user).send().await.status, 200);
    }

    async fn attendees_and_action_items_count_for_a_read_but_not_for_a_change(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({})).await;
        let mut tags = vec!["\"1\"".to_owned()];
        for (path, body) in [
            ("/api/v1/meetings/1/attendees", json!({"user_id": user.id})),
            ("/api/v1/meetings/1/action-items", json!({"description": "점검"})),
            ("/api/v1/meetings/1/action-items/1/convert-to-task", json!({})),
        ] {
            app.post(path, body).by(&user).expect(201).await;
            let reply = app.get(FIRST).header("if-none-match", &tags.join(", ")).by(&user).send().await;
            assert_eq!(reply.status, 200, "{path}");
            tags.push(reply.header("etag").unwrap().to_owned());
            let reply = app.get(FIRST).header("if-none-match", &tags.join(", ")).by(&user).send().await;
            assert_eq!(reply.status, 304, "{path}");
        }
        let reply = app.patch(FIRST, json!({"title": "새 제목"})).header("if-match", &tags[1]).by(&user).send().await;
        assert_eq!(reply.status, 200);
        let tag = reply.header("etag").unwrap();
        let read = app.get(FIRST).header("if-none-match", tag).by(&user).send().await;
        assert_eq!((read.status, read.header("etag")), (304, Some(tag)));
        for tag in &tags {
            let call = app.patch(FIRST, json!({"title": "늦은 제목"})).header("if-match", tag);
            call.by(&user).expect(412).await;
        }
    }

    async fn a_change_of_what_has_changed_since_is_refused(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({})).await;
        app.patch(FIRST, json!({"title": "새 제목"})).by(&user).expect(200).await;
        let meeting = read(&app, &user, 1).await;
        for tags in ["\"1\"", "W/\"2\"", "\"1\", \"3\"", "2", ""] {
            for call in [
                app.put(FIRST, json!({"title": "늦은 제목"})),
                app.patch(FIRST, json!({})),
                app.delete(FIRST),
                app.post("/api/v1/meetings/1/publish", json!({})),
            ] {
                let error = call.header("if-match", tags).by(&user).expect(412).await;
                let text = "The resource has changed since you read it";
                assert_eq!(without_request_id(error), json!({"error": text, "code": "precondition_failed"}), "{tags}");
            }
        }
        assert_eq!(read(&app, &user, 1).await, meeting);
        app.put(FIRST, json!({"title": "셋"})).header("if-match", "\"2\"").by(&user).expect(200).await;
        app.post("/api/v1/meetings/1/publish", json!({})).header("if-match", "*").by(&user).expect(200).await;
        app.delete(FIRST).header("if-match", "\"3\", \"4\"").by(&user).expect(204).await;
        let reply = app.delete(FIRST).header("if-match", "\"4\"").by(&user).send().await;
        assert_eq!(reply.status, 404);
    }

    async fn only_who_has_seen_all_that_goes_with_a_meeting_deletes_it(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({})).await;
        let tag = async || app.get(FIRST).by(&user).send().await.header("etag").unwrap().to_owned();
        let mut seen = vec![tag().await];
        for (path, body) in [
            ("/api/v1/meetings/1/attendees", json!({"user_id": user.id})),
            ("/api/v1/meetings/1/action-items", json!({"description": "점검"})),
            ("/api/v1/meetings/1/action-items", json!({"description": "보고"})),
        ] {
            app.post(path, body).by(&user).expect(201).await;
            let refused = app.delete(FIRST).header("if-match", &seen.join(", ")).by(&user).expect(412).await;
            assert_eq!(refused["code"], "precondition_failed", "{path}");
            seen.push(tag().await);
        }
        let now = tag().await;
        app.patch("/api/v1/meetings/1/action-items/1", json!({"status": "completed"})).by(&user).expect(200).await;
        app.delete(FIRST).header("if-match", &now).by(&user).expect(412).await;
        assert_eq!(read(&app, &user, 1).await["action_items"][0]["status"], "completed");
        app.delete(FIRST).header("if-match", &tag().await).by(&user).expect(204).await;
    }

    async fn of_many_changes_with_one_tag_at_once_one_is_made(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({})).await;
        let mut calls = JoinSet::new();
        for number in 0..30 {
            let call = app.patch(FIRST, json!({"title": number.to_string()})).header("if-match", "\"1\"");
            calls.spawn(call.by(&user).send());
        }
        let mut statuses: Vec<u16> = calls.join_all().await.iter().map(|reply| reply.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [vec![200], vec![412; 29]].concat());
        assert_eq!(read(&app, &user, 1).await["version"], 2);
    }
}
