//! `GET /notifications/stream`: what comes through it, and when it ends.

use std::time::Duration;

use bizcenter::notifications::Kind;
use bizcenter::policy::Role::{Owner, Viewer};
use serde_json::json;
use tokio::time::timeout;

use super::events::{Block, Events};
use super::{LIST, PREFERENCES, STREAM};
use crate::app::{PASSWORD, Session, TestApp};
use crate::client::{Method, without_request_id};
use crate::on_both;

async fn open(app: &TestApp, user: &Session) -> Events {
    Events::open(app.get(STREAM).by(user)).await
}

/// Reads until the server has shown so many times that it is alive.
async fn heartbeats(events: &mut Events, count: usize) {
    let mut seen = 0;
    while seen < count {
        let block = events.block().await.expect("the stream has ended");
        seen += usize::from(block.comment.as_deref() == Some("heartbeat"));
    }
}

/// Only signs of life, and nothing that tells anything.
fn tell_nothing(blocks: &[Block]) -> bool {
    blocks.iter().all(|block| *block == Block { comment: Some("heartbeat".into()), ..Block::default() })
}

on_both! {
    async fn an_event_is_the_notification_as_in_the_list(app) {
        let user = app.user("test-001", Viewer).await;
        let mut events = open(&app, &user).await;
        assert_eq!(events.header("content-type"), Some("text/event-stream"));
        assert_eq!(events.header("cache-control"), Some("no-store"));
        assert_eq!(events.header("x-accel-buffering"), Some("no"));
        assert_eq!(events.header("content-length"), None);
        let greeting =
            Block { comment: Some("connected".into()), retry: Some(3000), id: Some(0), ..Block::default() };
        assert_eq!(events.block().await, Some(greeting));
        app.notify(&[&user], Kind::MeetingPublished, "회의\n\"록\" 🚀").await;
        let block = events.block().await.unwrap();
        let list = app.get(LIST).by(&user).expect(200).await;
        assert_eq!(list["notifications"][0]["title"], "회의\n\"록\" 🚀");
        assert_eq!(block, Block {
            id: Some(1), event: Some("notification".into()), data: Some(list["notifications"][0].clone()),
            ..Block::default()
        });
        assert_eq!(list["last_event_id"], 1);
    }

    async fn nobody_sees_what_is_for_others(app) {
        let (user, colleague) = (app.user("test-001", Viewer).await, app.user("test-001", Viewer).await);
        let stranger = app.user("test-002", Owner).await;
        let mut streams = Vec::new();
        for user in [&user, &colleague, &stranger] {
            let from_the_first = app.get(STREAM).by(user).header("last-event-id", "0");
            streams.push([open(&app, user).await, Events::open(from_the_first).await]);
        }
        for number in 0..10 {
            app.notify(&[&colleague], Kind::TaskAssigned, &format!("colleague's {number}")).await;
            app.notify(&[&stranger], Kind::TaskAssigned, &format!("stranger's {number}")).await;
        }
        app.notify(&[&user], Kind::TaskAssigned, "user's 0").await;
        let expected = [("user", 1), ("colleague", 10), ("stranger", 10)];
        for (streams, (whose, count)) in streams.into_iter().zip(expected) {
            let titles: Vec<String> = (0..count).map(|number| format!("{whose}'s {number}")).collect();
            for mut events in streams {
                assert_eq!(events.titles(count).await, titles);
            }
        }
    }

    async fn what_is_switched_off_or_only_mailed_does_not_come(app) {
        let user = app.user("test-001", Viewer).await;
        let kinds = json!({"task_overdue": {"in_app": false, "email": true}, "task_commented": {"in_app": false}});
        app.put(PREFERENCES, json!({"kinds": kinds})).by(&user).expect(200).await;
        let mut events = open(&app, &user).await;
        app.notify(&[&user], Kind::TaskOverdue, "mailed").await;
        app.notify(&[&user], Kind::TaskCommented, "off").await;
        app.notify(&[&user], Kind::TaskAssigned, "on").await;
        assert_eq!(events.titles(1).await, ["on"]);
    }

    async fn while_nothing_happens_the_server_shows_that_it_is_alive(app, STREAM_HEARTBEAT = "1") {
        let user = app.user("test-001", Viewer).await;
        let mut events = open(&app, &user).await;
        heartbeats(&mut events, 3).await;
        app.notify(&[&user], Kind::TaskAssigned, "a").await;
        assert_eq!(events.titles(1).await, ["a"]);
        heartbeats(&mut events, 1).await;
    }

    /// All who may read are busy, as when the database hangs.
    async fn who_waits_for_the_database_hears_that_the_server_is_alive(app, STREAM_HEARTBEAT = "1") {
        let mut app = app;
        let user = app.user("test-001", Viewer).await;
        let mut events = open(&app, &user).await;
        events.block().await.unwrap();
        let subscribers = app.state.subscribers.clone();
        let mut turns = Vec::new();
        for _ in 0..16 {
            turns.push(subscribers.turn().await);
        }
        app.notify(&[&user], Kind::TaskAssigned, "a").await;
        heartbeats(&mut events, 3).await;
        turns.clear();
        assert_eq!(events.titles(1).await, ["a"]);
        for _ in 0..16 {
            turns.push(subscribers.turn().await);
        }
        heartbeats(&mut events, 1).await;
        app.stop();
        let rest = timeout(Duration::from_secs(10), events.rest()).await.expect("it ends at once");
        assert!(tell_nothing(&rest), "{rest:?}");
    }

    async fn it_ends_with_the_access_token(app, STREAM_HEARTBEAT = "1") {
        let user = app.user("test-001", Viewer).await;
        let mut events = open(&app, &user).await;
        app.advance(3590);
        heartbeats(&mut events, 2).await;
        app.advance(10);
        app.notify(&[&user], Kind::TaskAssigned, "too late").await;
        let rest = events.rest().await;
        assert!(tell_nothing(&rest), "{rest:?}");
        assert_eq!(app.get(STREAM).by(&user).expect(401).await["code"], "expired_token");
    }

    async fn it_ends_when_the_user_is_let_in_no_more(app, STREAM_HEARTBEAT = "1") {
        let (owner, user) = (app.user("test-001", Owner).await, app.user("test-001", Viewer).await);
        let (mut others, mut events) = (open(&app, &owner).await, open(&app, &user).await);
        heartbeats(&mut events, 1).await;
        app.patch(&format!("/api/v1/users/{}", user.id), json!({"is_active": false})).by(&owner).expect(200).await;
        let rest = events.rest().await;
        assert!(tell_nothing(&rest), "{rest:?}");
        assert_eq!(app.get(STREAM).by(&user).expect(401).await["code"], "revoked_token");
        heartbeats(&mut others, 2).await;
    }

    async fn it_ends_with_the_session(app, STREAM_HEARTBEAT = "1") {
        let user = app.user("test-001", Viewer).await;
        let login = json!({"email": user.email, "password": PASSWORD});
        let tokens = app.post("/api/v1/auth/login", login).expect(200).await;
        let phone = tokens["access_token"].as_str().unwrap();
        let (page, mut on_the_phone) = (open(&app, &user).await, Events::open(app.get(STREAM).token(phone)).await);
        app.call(Method::POST, "/api/v1/auth/logout").by(&user).expect(204).await;
        page.rest().await;
        heartbeats(&mut on_the_phone, 2).await;
        let change = json!({"current_password": PASSWORD, "new_password": "another password"});
        app.put("/api/v1/auth/password", change).token(phone).expect(200).await;
        on_the_phone.rest().await;
    }

    async fn it_ends_when_the_server_stops(app) {
        let mut app = app;
        let user = app.user("test-001", Viewer).await;
        let mut events = open(&app, &user).await;
        events.block().await.unwrap();
        app.stop();
        let rest = timeout(Duration::from_secs(10), events.rest()).await.expect("it ends at once");
        assert!(rest.is_empty(), "{rest:?}");
    }

    async fn asking_for_the_head_alone_does_not_wait(app) {
        let user = app.user("test-001", Viewer).await;
        for _ in 0..25 {
            let head = timeout(Duration::from_secs(10), app.call(Method::HEAD, STREAM).by(&user).open()).await.unwrap();
            assert_eq!(head.status(), 200);
            assert_eq!(head.headers()["content-type"], "text/event-stream");
            assert_eq!(head.bytes().await.unwrap().len(), 0);
        }
    }

    async fn a_user_has_twenty_streams_at_most_and_the_oldest_makes_way(app) {
        let (user, other) = (app.user("test-001", Viewer).await, app.user("test-001", Viewer).await);
        let of_another = open(&app, &other).await;
        let mut streams = Vec::new();
        for _ in 0..22 {
            streams.push(open(&app, &user).await);
        }
        for oldest in streams.drain(..2) {
            let rest = timeout(Duration::from_secs(10), oldest.rest()).await.expect("it ends at once");
            assert!(rest.iter().all(|block| block.data.is_none()), "{rest:?}");
        }
        app.notify(&[&user, &other], Kind::TaskAssigned, "to all").await;
        streams.push(of_another);
        for mut events in streams {
            assert_eq!(events.titles(1).await, ["to all"]);
        }
    }

    async fn who_has_no_token_gets_no_stream(app) {
        let (user, text) = (app.user("test-001", Viewer).await, "Missing Authorization Header");
        let refused = app.get(STREAM).expect(401).await;
        assert_eq!(without_request_id(refused), crate::notifications::unauthorized("missing_token", text));
        let path = format!("{STREAM}?access_token={}&token={}", user.token, user.token);
        assert_eq!(app.get(&path).expect(401).await["code"], "missing_token");
        for id in ["x", "1.5", "-1", "9223372036854775808", "1;2"] {
            let refused = app.get(STREAM).by(&user).header("last-event-id", id).expect(400).await;
            assert_eq!(refused["code"], "invalid_query");
            assert!(refused["errors"]["last-event-id"].is_array(), "{refused}");
        }
    }
}
