//! Changing users: what a change does, and when it counts.

use std::time::Duration;

use bizcenter::auth::store::find_by_id;
use bizcenter::db::sql;
use bizcenter::policy::Role::{Admin, Owner, Viewer};
use serde_json::json;
use tokio::task::JoinSet;

use super::{path, read, shown};
use crate::app::{PASSWORD, Session};
use crate::client::{Call, Method, without_request_id};
use crate::on_both;
use crate::tasks::invalid;

const TASKS: &str = "/api/v1/tasks";
const CONTRACTS: &str = "/api/v1/contracts";

async fn refused(call: Call) {
    assert_eq!(call.expect(401).await["code"], "revoked_token");
}

on_both! {
    async fn put_and_patch_change_only_what_they_name(app) {
        let owner = app.user("test-001", Owner).await;
        let user = app.user_named("test-001", Viewer, "kim@example.com", "김지은").await;
        let mut expected = shown(&user, "김지은", "viewer");
        for (version, (method, field, value)) in (2..).zip([
            (Method::PUT, "name", json!("김지수")), (Method::PATCH, "role", json!("analyst")),
            (Method::PUT, "is_active", json!(false)), (Method::PATCH, "is_active", json!("yes")),
        ]) {
            let reply = app.call(method, &path(&user)).json(json!({field: value})).by(&owner).send().await;
            let tag = reply.header("etag").unwrap().to_owned();
            expected[field] = if field == "is_active" { json!(value == "yes") } else { value };
            expected["version"] = json!(version);
            assert_eq!(reply.expect(200), json!({"message": "User updated successfully", "user": expected}));
            let now = app.get(&path(&user)).by(&owner).send().await;
            assert_eq!(now.header("etag"), Some(tag.as_str()));
            assert_eq!(now.json()["user"], expected);
        }
    }

    async fn what_changes_nothing_leaves_the_version_alone(app) {
        let owner = app.user("test-001", Owner).await;
        let user = app.user_named("test-001", Viewer, "kim@example.com", "김지은").await;
        let same = json!({"name": "김지은", "role": "viewer", "is_active": true});
        for body in [json!({}), same] {
            let answer = app.patch(&path(&user), body).by(&owner).expect(200).await;
            assert_eq!(answer["user"], shown(&user, "김지은", "viewer"));
        }
    }

    async fn a_wrong_change_is_refused_with_every_mistake(app) {
        let owner = app.user("test-001", Owner).await;
        let user = app.user_named("test-001", Viewer, "kim@example.com", "김지은").await;
        let roles = "Must be one of: owner, admin, editor, analyst, viewer.";
        let (no_null, unknown) = ("Field may not be null.", "Unknown field.");
        let cases = [
            (
                json!({"name": "김", "role": "boss", "is_active": "maybe", "email": "a@b.co", "password": PASSWORD}),
                json!({"name": ["Length must be between 2 and 100."], "role": [roles],
                       "is_active": ["Not a valid boolean."], "email": [unknown], "password": [unknown]}),
            ),
            (
                json!({"name": null, "role": null, "is_active": null, "token_generation": 1}),
                json!({"name": [no_null], "role": [no_null], "is_active": [no_null], "token_generation": [unknown]}),
            ),
        ];
        for (body, errors) in cases {
            let error = without_request_id(app.patch(&path(&user), body).by(&owner).expect(400).await);
            assert_eq!(error, invalid(errors));
        }
        assert_eq!(read(&app, &owner, &user).await, shown(&user, "김지은", "viewer"));
    }

    async fn who_has_seen_an_older_version_changes_nothing(app) {
        let (owner, user) = (app.user("test-001", Owner).await, app.user("test-001", Viewer).await);
        let change = |tag: &str, name: &str| {
            app.patch(&path(&user), json!({"name": name})).header("if-match", tag).by(&owner).send()
        };
        let seen = app.get(&path(&user)).by(&owner).send().await.header("etag").unwrap().to_owned();
        change(&seen, "하나").await.expect(200);
        for tag in [seen.as_str(), "\"1\"", "W/\"2\"", "\"3\""] {
            assert_eq!(change(tag, "둘둘").await.expect(412)["code"], "precondition_failed", "{tag}");
        }
        assert_eq!(read(&app, &owner, &user).await["name"], "하나");
        for (tag, name) in [("\"2\"", "둘둘"), ("*", "셋셋")] {
            assert_eq!(change(tag, name).await.expect(200)["user"]["name"], name);
        }
    }

    async fn of_many_changes_at_once_of_one_version_one_is_made(app) {
        let (owner, user) = (app.user("test-001", Owner).await, app.user("test-001", Viewer).await);
        let mut calls = JoinSet::new();
        for number in 0..20 {
            let call = app.patch(&path(&user), json!({"name": format!("Kim {number}")})).by(&owner);
            calls.spawn(call.header("if-match", "\"1\"").send());
        }
        let mut statuses: Vec<u16> = calls.join_all().await.iter().map(|reply| reply.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [vec![200], vec![412; 19]].concat());
        assert_eq!(read(&app, &owner, &user).await["version"], 2);
    }

    async fn a_new_role_counts_at_once(app) {
        let (owner, user) = (app.user("test-001", Owner).await, app.user("test-001", Viewer).await);
        for (role, status) in [("editor", 200), ("viewer", 403), ("admin", 200), ("analyst", 403)] {
            // What the server remembers of him is not used.
            app.get(TASKS).by(&user).expect(200).await;
            app.patch(&path(&user), json!({"role": role})).by(&owner).expect(200).await;
            app.get(CONTRACTS).by(&user).expect(status).await;
        }
    }

    async fn who_is_let_in_no_more_is_out_at_once_and_for_good(app) {
        let (admin, user) = (app.user("test-001", Admin).await, app.user("test-001", Viewer).await);
        let login = || app.post("/api/v1/auth/login", json!({"email": user.email, "password": PASSWORD}));
        let tokens = login().expect(200).await;
        app.get(TASKS).by(&user).expect(200).await;
        let refresh = || app.post("/api/v1/auth/refresh", json!({"refresh_token": tokens["refresh_token"]}));
        for is_active in [false, true] {
            app.patch(&path(&user), json!({"is_active": is_active})).by(&admin).expect(200).await;
            for call in [app.get(TASKS).by(&user), app.get("/api/v1/auth/me").by(&user), refresh()] {
                refused(call).await;
            }
            login().expect(if is_active { 200 } else { 403 }).await;
        }
        let again = login().expect(200).await;
        app.get(TASKS).token(again["access_token"].as_str().unwrap()).expect(200).await;
    }

    async fn what_another_server_changes_counts_within_seconds(app) {
        let user = app.user("test-001", Viewer).await;
        app.get(TASKS).by(&user).expect(200).await;
        app.execute(sql("update users set token_generation = 1 where id = ?").bind(user.id)).await;
        app.get(TASKS).by(&user).expect(200).await;
        tokio::time::sleep(Duration::from_secs(6)).await;
        refused(app.get(TASKS).by(&user)).await;
        // A token that another server has just made counts at once.
        app.execute(sql("update users set token_generation = 2 where id = ?").bind(user.id)).await;
        let row = find_by_id(&mut app.db().read().await.unwrap(), user.id).await.unwrap().unwrap();
        let token = app.state.tokens.begin_session(&row, app.now()).unwrap().access_token;
        app.get(TASKS).by(&Session { token, ..user }).expect(200).await;
    }
}
