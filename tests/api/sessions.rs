//! `/auth/password` and `/auth/logout`: what ends sessions.

use std::time::{Duration, Instant};

use bizcenter::db::sql;
use bizcenter::policy::Role::Viewer;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::app::{PASSWORD, START, Session, TestApp};
use crate::client::{Call, Method, without_request_id};
use crate::on_both;
use crate::tasks::invalid;

const CHANGE: &str = "/api/v1/auth/password";
const LOGOUT: &str = "/api/v1/auth/logout";
const REFRESH: &str = "/api/v1/auth/refresh";
const TASKS: &str = "/api/v1/tasks";
const NEW: &str = "another password";

async fn login(app: &TestApp, user: &Session, password: &str) -> Value {
    app.post("/api/v1/auth/login", json!({"email": user.email, "password": password})).expect(200).await
}

fn change(app: &TestApp, old: &str, new: &str) -> Call {
    app.put(CHANGE, json!({"current_password": old, "new_password": new}))
}

fn with_access(app: &TestApp, tokens: &Value) -> Call {
    app.get(TASKS).token(tokens["access_token"].as_str().unwrap())
}

fn with_refresh(app: &TestApp, tokens: &Value) -> Call {
    app.post(REFRESH, json!({"refresh_token": tokens["refresh_token"]}))
}

async fn refused(call: Call) {
    assert_eq!(call.expect(401).await["code"], "revoked_token");
}

/// A token as the Flask server made it, under the key `forge`.
fn flasks(user: &Session, kind: &str) -> String {
    let now = START / 1_000_000;
    let claims = json!({
        "fresh": false, "iat": now, "jti": format!("0b3b7a55-6d0c-4b0e-9b0e-{kind:0>12}"), "type": kind,
        "sub": user.id.to_string(), "nbf": now, "exp": now + 3600, "user_id": user.id, "tenant_id": user.tenant,
    });
    encode(&Header::default(), &claims, &EncodingKey::from_secret(b"forge")).unwrap()
}

on_both! {
    /// The clock stands still: all of it happens within one second.
    async fn a_new_password_ends_every_session_and_gives_the_caller_a_new_one(app) {
        let (user, colleague) = (app.user("test-001", Viewer).await, app.user("test-001", Viewer).await);
        let phone = login(&app, &user, PASSWORD).await;
        app.get(TASKS).by(&user).expect(200).await;
        let reply = change(&app, PASSWORD, NEW).by(&user).send().await;
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let tokens = reply.expect(200);
        assert_eq!(tokens.as_object().unwrap().len(), 3);
        assert_eq!(tokens["message"], "Password changed successfully");
        for call in [app.get(TASKS).by(&user), with_access(&app, &phone), with_refresh(&app, &phone)] {
            refused(call).await;
        }
        with_access(&app, &tokens).expect(200).await;
        with_access(&app, &with_refresh(&app, &tokens).expect(200).await).expect(200).await;
        let old = json!({"email": user.email, "password": PASSWORD});
        app.post("/api/v1/auth/login", old).expect(401).await;
        with_access(&app, &login(&app, &user, NEW).await).expect(200).await;
        app.get(TASKS).by(&colleague).expect(200).await;
    }

    async fn the_current_password_is_asked_for(app) {
        let user = app.user("test-001", Viewer).await;
        let error = without_request_id(change(&app, "wrong", NEW).by(&user).expect(400).await);
        let failed = "select count(*) from audit_logs where action = 'login_failed' and resource_type = 'session' and \
                      resource_id = user_id";
        assert_eq!(app.count(failed).await, 1);
        assert_eq!(error, invalid(json!({"current_password": ["Not the current password."]})));
        let missing = "Missing data for required field.";
        for (body, errors) in [
            (json!({}), json!({"current_password": [missing], "new_password": [missing]})),
            (
                json!({"current_password": 5, "new_password": "1234567", "email": "a@b.co"}),
                json!({"current_password": ["Not a valid string."], "email": ["Unknown field."],
                       "new_password": ["Shorter than minimum length 8."]}),
            ),
            (
                json!({"current_password": PASSWORD, "new_password": "x".repeat(1025)}),
                json!({"new_password": ["Longer than maximum length 1024."]}),
            ),
        ] {
            assert_eq!(without_request_id(app.put(CHANGE, body).by(&user).expect(400).await), invalid(errors));
        }
        app.get(TASKS).by(&user).expect(200).await;
        login(&app, &user, PASSWORD).await;
    }

    async fn guessing_the_current_password_counts_like_guessing_at_the_login(app) {
        let user = app.user("test-001", Viewer).await;
        for _ in 0..10 {
            change(&app, "wrong", NEW).by(&user).expect(400).await;
        }
        let reply = change(&app, PASSWORD, NEW).by(&user).send().await;
        assert!(reply.header("retry-after").is_some());
        assert_eq!(reply.expect(429)["code"], "too_many_logins");
        app.post("/api/v1/auth/login", json!({"email": user.email, "password": PASSWORD})).expect(429).await;
        // Each of them is told why, and that the account was closed once; nobody is told of who was turned away.
        for (reason, count) in [("%wrong_current_password%", 10), ("%too_many_failures%", 1), ("%", 11)] {
            let failed = sql("select count(*) from audit_logs where action = 'login_failed' and changes like ?");
            assert_eq!(app.db().read().await.unwrap().count(failed.bind(reason)).await.unwrap(), count, "{reason}");
        }
    }

    async fn of_new_passwords_at_once_one_counts(app) {
        let user = app.user("test-001", Viewer).await;
        let mut calls = JoinSet::new();
        for number in 0..5 {
            calls.spawn(change(&app, PASSWORD, &format!("password number {number}")).by(&user).send());
        }
        let replies = calls.join_all().await;
        // The others have the wrong password by then, or a token that has ended.
        assert!(replies.iter().all(|reply| [200, 400, 401].contains(&reply.status)), "{replies:?}");
        let tokens: Vec<Value> = replies.iter().filter(|reply| reply.status == 200).map(|reply| reply.json()).collect();
        assert_eq!(tokens.len(), 1);
        with_access(&app, &tokens[0]).expect(200).await;
    }

    async fn flasks_tokens_end_with_a_new_password_too(app, JWT_SECRET_KEY = "forge") {
        let user = app.user("test-001", Viewer).await;
        let (access, refresh) = (flasks(&user, "access"), flasks(&user, "refresh"));
        app.get(TASKS).token(&access).expect(200).await;
        app.call(Method::POST, REFRESH).token(&refresh).expect(200).await;
        let tokens = change(&app, PASSWORD, NEW).token(&access).expect(200).await;
        refused(app.get(TASKS).token(&access)).await;
        refused(app.call(Method::POST, REFRESH).token(&refresh)).await;
        with_access(&app, &tokens).expect(200).await;
    }

    async fn signing_out_ends_the_callers_token_and_no_other(app) {
        let user = app.user("test-001", Viewer).await;
        let (page, phone) = (login(&app, &user, PASSWORD).await, login(&app, &user, PASSWORD).await);
        with_access(&app, &page).expect(200).await;
        let page_token = page["access_token"].as_str().unwrap();
        let reply = app.call(Method::POST, LOGOUT).token(page_token).send().await;
        assert_eq!((reply.status, reply.bytes.len()), (204, 0));
        refused(with_access(&app, &page)).await;
        refused(app.call(Method::POST, LOGOUT).token(page_token)).await;
        // What was not handed in goes on.
        with_refresh(&app, &page).expect(200).await;
        with_access(&app, &phone).expect(200).await;
        app.get(TASKS).by(&user).expect(200).await;
    }

    async fn signing_out_ends_the_refresh_token_in_the_body_too(app) {
        let user = app.user("test-001", Viewer).await;
        let (page, phone) = (login(&app, &user, PASSWORD).await, login(&app, &user, PASSWORD).await);
        let body = json!({"refresh_token": page["refresh_token"]});
        app.post(LOGOUT, body).token(page["access_token"].as_str().unwrap()).expect(204).await;
        refused(with_access(&app, &page)).await;
        refused(with_refresh(&app, &page)).await;
        with_refresh(&app, &phone).expect(200).await;
    }

    async fn signing_out_everywhere_ends_every_session(app) {
        let (user, colleague) = (app.user("test-001", Viewer).await, app.user("test-001", Viewer).await);
        let phone = login(&app, &user, PASSWORD).await;
        app.post(LOGOUT, json!({"all": true})).by(&user).expect(204).await;
        for call in [app.get(TASKS).by(&user), with_access(&app, &phone), with_refresh(&app, &phone)] {
            refused(call).await;
        }
        with_access(&app, &login(&app, &user, PASSWORD).await).expect(200).await;
        app.get(TASKS).by(&colleague).expect(200).await;
    }

    async fn a_refresh_token_that_is_not_the_callers_is_refused_and_nothing_ends(app) {
        let (user, stranger) = (app.user("test-001", Viewer).await, app.user("test-001", Viewer).await);
        let theirs = login(&app, &stranger, PASSWORD).await;
        let own_access = login(&app, &user, PASSWORD).await["access_token"].take();
        for token in [theirs["refresh_token"].clone(), own_access, json!("garbage"), json!("")] {
            let error = app.post(LOGOUT, json!({"refresh_token": token})).by(&user).expect(400).await;
            let errors = json!({"refresh_token": ["Not a refresh token of this account."]});
            assert_eq!(without_request_id(error), invalid(errors), "{token}");
        }
        app.get(TASKS).by(&user).expect(200).await;
        with_refresh(&app, &theirs).expect(200).await;
    }

    async fn signing_out_takes_an_empty_body_or_a_right_one(app) {
        let cases = [("", 204), (" \n", 204), ("{}", 204), (r#"{"all": false}"#, 204), ("{", 400), ("[]", 400)];
        for (body, status) in cases {
            let user = app.user("test-001", Viewer).await;
            let call = app.call(Method::POST, LOGOUT).raw(body).by(&user);
            assert_eq!(call.send().await.status, status, "{body:?}");
            app.get(TASKS).by(&user).expect(if status == 204 { 401 } else { 200 }).await;
        }
    }

    async fn an_expired_refresh_token_does_not_keep_anybody_from_signing_out(app, JWT_REFRESH_TOKEN_EXPIRES = "60") {
        let user = app.user("test-001", Viewer).await;
        let tokens = login(&app, &user, PASSWORD).await;
        app.advance(60);
        app.post(LOGOUT, json!({"refresh_token": tokens["refresh_token"]})).by(&user).expect(204).await;
        refused(app.get(TASKS).by(&user)).await;
    }

    /// Whichever server has renewed them.
    async fn signing_out_with_the_refresh_token_ends_every_access_token_of_the_session(app) {
        let user = app.user("test-001", Viewer).await;
        let (page, phone) = (login(&app, &user, PASSWORD).await, login(&app, &user, PASSWORD).await);
        let second = app.second_instance().await;
        let renewed = [with_refresh(&app, &page).expect(200).await, with_refresh(&second, &page).expect(200).await];
        let others = with_refresh(&app, &phone).expect(200).await;
        for tokens in &renewed {
            with_access(&app, tokens).expect(200).await;
        }
        let body = json!({"refresh_token": page["refresh_token"]});
        app.post(LOGOUT, body).token(page["access_token"].as_str().unwrap()).expect(204).await;
        for tokens in &renewed {
            refused(with_access(&app, tokens)).await;
            refused(with_access(&second, tokens)).await;
        }
        for tokens in [&phone, &others] {
            with_access(&app, tokens).expect(200).await;
        }
    }

    async fn access_tokens_end_with_their_session_even_after_its_refresh_token(app, JWT_REFRESH_TOKEN_EXPIRES = "60") {
        let user = app.user("test-001", Viewer).await;
        let tokens = login(&app, &user, PASSWORD).await;
        app.advance(59);
        let renewed = with_refresh(&app, &tokens).expect(200).await;
        app.advance(1);
        let body = json!({"refresh_token": tokens["refresh_token"]});
        app.post(LOGOUT, body).token(tokens["access_token"].as_str().unwrap()).expect(204).await;
        refused(with_access(&app, &renewed)).await;
        // As long as they would have counted.
        app.advance(3598);
        crate::jobs::run(&app.state, "clean_up").await;
        refused(with_access(&app.second_instance().await, &renewed)).await;
        app.advance(1);
        assert_eq!(with_access(&app, &renewed).expect(401).await["code"], "expired_token");
    }

    async fn a_new_password_gives_a_session_that_ends_as_a_whole(app) {
        let user = app.user("test-001", Viewer).await;
        let tokens = change(&app, PASSWORD, NEW).by(&user).expect(200).await;
        let renewed = with_refresh(&app, &tokens).expect(200).await;
        let body = json!({"refresh_token": tokens["refresh_token"]});
        app.post(LOGOUT, body).token(renewed["access_token"].as_str().unwrap()).expect(204).await;
        for tokens in [&tokens, &renewed] {
            refused(with_access(&app, tokens)).await;
        }
    }

    /// Quicker than to read them all.
    async fn a_token_is_looked_up_by_itself_however_many_were_revoked(app) {
        let user = app.user("test-001", Viewer).await;
        let tokens = login(&app, &user, PASSWORD).await;
        app.call(Method::POST, LOGOUT).by(&user).expect(204).await;
        // Twice as many with each letter.
        for letter in 'a'..='p' {
            let twice = sql("insert into revoked_tokens (tenant_id, user_id, jti, expires_at) select tenant_id, user_id, \
                             jti || ?, expires_at from revoked_tokens");
            app.execute(twice.bind(letter.to_string())).await;
        }
        let started = Instant::now();
        let all: Vec<(String,)> =
            app.db().read().await.unwrap().fetch_all(sql("select jti from revoked_tokens")).await.unwrap();
        let (all, time_for_all) = (all.len(), started.elapsed());
        assert_eq!(all, 1 << 16);
        let mut quickest = Duration::MAX;
        for _ in 0..5 {
            let started = Instant::now();
            with_refresh(&app, &tokens).expect(200).await;
            quickest = quickest.min(started.elapsed());
        }
        assert!(quickest < time_for_all, "{quickest:?}, and {time_for_all:?} for all");
        refused(app.get(TASKS).by(&user)).await;
    }

    async fn a_revoked_token_is_refused_until_it_has_ended(app) {
        let user = app.user("test-001", Viewer).await;
        app.call(Method::POST, LOGOUT).by(&user).expect(204).await;
        app.advance(3599);
        refused(app.get(TASKS).by(&user)).await;
        app.advance(1);
        assert_eq!(app.get(TASKS).by(&user).expect(401).await["code"], "expired_token");
    }

    async fn sessions_of_one_account_that_sign_out_at_once_are_all_out(app) {
        let user = app.user("test-001", Viewer).await;
        let mut sessions = Vec::new();
        for _ in 0..20 {
            sessions.push(login(&app, &user, PASSWORD).await);
        }
        let mut calls = JoinSet::new();
        for session in &sessions {
            let body = json!({"refresh_token": session["refresh_token"]});
            calls.spawn(app.post(LOGOUT, body).token(session["access_token"].as_str().unwrap()).send());
        }
        let statuses: Vec<u16> = calls.join_all().await.iter().map(|reply| reply.status).collect();
        assert_eq!(statuses, [204; 20]);
        for session in &sessions {
            refused(with_access(&app, session)).await;
            refused(with_refresh(&app, session)).await;
        }
    }

    async fn many_who_sign_out_at_once_are_all_out(app) {
        let mut users = Vec::new();
        for _ in 0..20 {
            users.push(app.user("test-001", Viewer).await);
        }
        let mut calls = JoinSet::new();
        for user in users.iter().chain(&users[..5]) {
            calls.spawn(app.call(Method::POST, LOGOUT).by(user).send());
        }
        let statuses = calls.join_all().await.into_iter().map(|reply| reply.status);
        // Whoever signs out twice is out already, or just now.
        let unexpected: Vec<u16> = statuses.filter(|status| ![204, 401].contains(status)).collect();
        assert_eq!(unexpected, [0_u16; 0]);
        for user in &users {
            refused(app.get(TASKS).by(user)).await;
        }
    }

    async fn flasks_tokens_can_be_revoked_one_by_one(app, JWT_SECRET_KEY = "forge") {
        let user = app.user("test-001", Viewer).await;
        let (access, refresh) = (flasks(&user, "access"), flasks(&user, "refresh"));
        app.post(LOGOUT, json!({"refresh_token": refresh})).token(&access).expect(204).await;
        refused(app.get(TASKS).token(&access)).await;
        refused(app.call(Method::POST, REFRESH).token(&refresh)).await;
        app.get(TASKS).by(&user).expect(200).await;
    }
}
