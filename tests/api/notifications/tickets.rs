//! `POST /notifications/stream-ticket`, and what a ticket opens.

use bizcenter::db::sql;
use bizcenter::notifications::Kind;
use bizcenter::policy::Role::{Owner, Viewer};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::events::Events;
use super::{LIST, STREAM, TICKET, ticket, unauthorized};
use crate::app::{PASSWORD, Session, TestApp};
use crate::client::{Call, Method, without_request_id};
use crate::on_both;

fn open_with(app: &TestApp, ticket: &str) -> Call {
    app.get(&format!("{STREAM}?ticket={ticket}"))
}

async fn refused(call: Call) {
    let error = unauthorized("invalid_ticket", "The ticket is unknown, used or expired");
    let reply = call.send().await;
    assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
    assert_eq!(without_request_id(reply.expect(401)), error);
}

on_both! {
    async fn a_ticket_opens_the_stream_of_its_user_without_a_header(app) {
        let (user, other) = (app.user("test-001", Viewer).await, app.user("test-001", Owner).await);
        let reply = app.call(Method::POST, TICKET).by(&user).send().await;
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let answer = reply.expect(200);
        let ticket = answer["ticket"].as_str().unwrap();
        assert_eq!(answer, json!({"ticket": ticket, "expires_at": "2026-02-07T10:18:56.942016Z"}));
        assert_eq!(ticket.len(), 43);
        app.notify(&[&user, &other], Kind::TaskAssigned, "before").await;
        let mut events = Events::open(app.get(&format!("{STREAM}?last_event_id=0&ticket={ticket}"))).await;
        assert_eq!(events.titles(1).await, ["before"]);
        app.notify(&[&other], Kind::TaskAssigned, "the other's").await;
        app.notify(&[&user], Kind::TaskAssigned, "after").await;
        assert_eq!(events.titles(1).await, ["after"]);
    }

    async fn a_ticket_counts_once(app) {
        let user = app.user("test-001", Viewer).await;
        let first = ticket(&app, &user).await;
        let second = ticket(&app, &user).await;
        assert_ne!(first, second);
        open_with(&app, &first).expect(200).await;
        refused(open_with(&app, &first)).await;
        open_with(&app, &second).expect(200).await;
        assert_eq!(app.count("select count(*) from stream_tickets").await, 0);
    }

    async fn of_many_who_come_with_one_ticket_at_once_one_gets_in(app) {
        let user = app.user("test-001", Viewer).await;
        let second = app.second_instance().await;
        for _ in 0..5 {
            let ticket = ticket(&app, &user).await;
            let mut calls = JoinSet::new();
            for number in 0..10 {
                calls.spawn(open_with(if number % 2 == 0 { &app } else { &second }, &ticket).send());
            }
            let replies = calls.join_all().await;
            let (got_in, others): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 200);
            assert_eq!((got_in.len(), others.len()), (1, 9));
            assert!(others.iter().all(|reply| reply.json()["code"] == "invalid_ticket"), "{others:?}");
        }
    }

    async fn a_ticket_counts_for_a_minute(app) {
        let user = app.user("test-001", Viewer).await;
        let (one, another) = (ticket(&app, &user).await, ticket(&app, &user).await);
        app.advance(59);
        open_with(&app, &one).expect(200).await;
        app.advance(1);
        refused(open_with(&app, &another)).await;
        // It goes with the next one.
        ticket(&app, &user).await;
        assert_eq!(app.count("select count(*) from stream_tickets").await, 1);
    }

    async fn a_ticket_does_not_outlast_its_token(app, STREAM_HEARTBEAT = "1") {
        let user = app.user("test-001", Viewer).await;
        app.advance(3570);
        let answer = app.call(Method::POST, TICKET).by(&user).expect(200).await;
        assert_eq!(answer["expires_at"], "2026-02-07T11:17:56.000000Z");
        let events = Events::open(open_with(&app, answer["ticket"].as_str().unwrap())).await;
        let unused = ticket(&app, &user).await;
        app.advance(30);
        events.rest().await;
        refused(open_with(&app, &unused)).await;
    }

    async fn a_stream_by_ticket_ends_with_the_session_that_made_it(app, STREAM_HEARTBEAT = "1") {
        let user = app.user("test-001", Viewer).await;
        let (used, unused) = (ticket(&app, &user).await, ticket(&app, &user).await);
        let phone = app.signed_in(&user).await;
        let mut others = Events::open(open_with(&app, &ticket(&app, &phone).await)).await;
        let events = Events::open(open_with(&app, &used)).await;
        app.call(Method::POST, "/api/v1/auth/logout").by(&user).expect(204).await;
        events.rest().await;
        assert_eq!(open_with(&app, &unused).expect(401).await["code"], "revoked_token");
        app.notify(&[&user], Kind::TaskAssigned, "a").await;
        assert_eq!(others.titles(1).await, ["a"]);
    }

    async fn a_stream_by_ticket_ends_when_its_session_is_ended_with_another_token(app, STREAM_HEARTBEAT = "1") {
        let user = app.user("test-001", Viewer).await;
        let login = json!({"email": user.email, "password": PASSWORD});
        let tokens = app.post("/api/v1/auth/login", login).expect(200).await;
        let body = json!({"refresh_token": tokens["refresh_token"]});
        let renewed = app.post("/api/v1/auth/refresh", body.clone()).expect(200).await;
        let page = Session { token: renewed["access_token"].as_str().unwrap().into(), ..user };
        let (used, unused) = (ticket(&app, &page).await, ticket(&app, &page).await);
        let events = Events::open(open_with(&app, &used)).await;
        app.post("/api/v1/auth/logout", body).token(tokens["access_token"].as_str().unwrap()).expect(204).await;
        events.rest().await;
        assert_eq!(open_with(&app, &unused).expect(401).await["code"], "revoked_token");
    }

    async fn who_is_let_in_no_more_has_a_ticket_for_nothing(app) {
        let (owner, user) = (app.user("test-001", Owner).await, app.user("test-001", Viewer).await);
        let ticket = ticket(&app, &user).await;
        app.patch(&format!("/api/v1/users/{}", user.id), json!({"is_active": false})).by(&owner).expect(200).await;
        assert_eq!(open_with(&app, &ticket).expect(401).await["code"], "revoked_token");
    }

    async fn what_is_no_ticket_opens_nothing(app) {
        let user = app.user("test-001", Viewer).await;
        let of_the_right_length = "a".repeat(43);
        for wrong in ["", "x", user.token.as_str(), "%00", of_the_right_length.as_str(), "' or 1=1 --"] {
            refused(open_with(&app, wrong)).await;
        }
        // Nothing else takes a ticket.
        let ticket = ticket(&app, &user).await;
        for path in [LIST, "/api/v1/auth/me", "/api/v1/tasks"] {
            assert_eq!(app.get(&format!("{path}?ticket={ticket}")).expect(401).await["code"], "missing_token");
        }
        let call = app.post(&format!("{TICKET}?ticket={ticket}"), Value::Null);
        assert_eq!(call.expect(401).await["code"], "missing_token");
        // Nor does a token that is there make way for it.
        let refused = open_with(&app, &ticket).token("garbage").expect(401).await;
        assert_eq!(refused["code"], "malformed_token");
        open_with(&app, &ticket).by(&user).expect(200).await;
        open_with(&app, &ticket).expect(200).await;
    }

    async fn the_database_does_not_know_the_ticket(app) {
        let user = app.user("test-001", Viewer).await;
        let ticket = ticket(&app, &user).await;
        let select = sql("select token_hash from stream_tickets");
        let (hash,): (String,) = app.db().read().await.unwrap().fetch_one(select).await.unwrap();
        assert_eq!(hash.len(), 64);
        assert!(!hash.contains(&ticket));
        refused(open_with(&app, &hash)).await;
    }
}
