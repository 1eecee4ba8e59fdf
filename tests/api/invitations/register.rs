//! Registering with an invitation, and where nobody registers without one.

use bizcenter::clock::Timestamp;
use bizcenter::db::sql;
use bizcenter::policy::Role::{Admin, Owner, Viewer};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;

use super::{INVITATIONS, REGISTER, invite, not_valid, open, register, set};
use crate::app::{PASSWORD, TestApp};
use crate::client::without_request_id;
use crate::on_both;
use crate::tasks::{forbidden, invalid};

/// A registration without an invitation.
fn account() -> Value {
    json!({"email": "hong@example.com", "password": PASSWORD, "name": "홍길동", "tenant_id": "test-001"})
}

async fn refused(app: &TestApp, email: &str, token: &Value) {
    let error = register(app, email, token).expect(400).await;
    assert_eq!(without_request_id(error), not_valid(), "{email} {token}");
}

async fn check_that_invited_ones_register(app: TestApp) {
    let admin = app.user("test-001", Admin).await;
    let invitation = invite(&app, &admin, "Hong@example.com", "editor").await;
    let answer = register(&app, "hong@EXAMPLE.com", &invitation["token"]).expect(201).await;
    let id = answer["user"]["id"].as_i64().unwrap();
    assert_eq!(
        answer,
        json!({"message": "User registered successfully", "user": {
            "id": id, "tenant_id": "test-001", "email": "hong@EXAMPLE.com", "name": "홍길동", "role": "editor",
            "is_active": true, "created_at": "2026-02-07T10:17:56.942016Z", "last_login": null, "version": 1,
        }})
    );
    let count = sql("select count(*) from users where id = ? and created_by = ?").bind(id).bind(admin.id);
    assert_eq!(app.db().read().await.unwrap().count(count).await.unwrap(), 1);
    let told = sql("select changes from audit_logs where action = 'registered'");
    let (told,): (String,) = app.db().read().await.unwrap().fetch_one(told).await.unwrap();
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["invitation_id"], json!({"from": null, "to": invitation["id"]}));
    let login = json!({"email": "hong@example.com", "password": PASSWORD});
    let token = app.post("/api/v1/auth/login", login).expect(200).await["access_token"].take();
    app.get("/api/v1/contracts").token(token.as_str().unwrap()).expect(200).await;
}

async fn check_that_nobody_registers_without_an_invitation(app: TestApp) {
    let expected = json!({"error": "Registration needs an invitation", "code": "invitation_required"});
    let without_tenant = json!({"email": "hong@example.com", "password": PASSWORD, "name": "홍길동"});
    for body in [account(), without_tenant, json!({}), json!([])] {
        assert_eq!(without_request_id(app.post(REGISTER, body).expect(403).await), expected);
    }
    let korean = app.post(REGISTER, account()).header("accept-language", "ko").expect(403).await;
    assert_eq!(korean["error"], "초대를 받아야 가입할 수 있습니다");
    refused(&app, "hong@example.com", &json!("guessed")).await;
    assert_eq!(app.count("select count(*) from users").await, 0);
}

on_both! {
    async fn who_is_invited_joins_the_tenant_in_his_role(app) {
        check_that_invited_ones_register(app).await;
    }

    async fn who_is_invited_joins_where_nobody_else_does(app, REGISTRATION = "invite") {
        check_that_invited_ones_register(app).await;
    }

    async fn nobody_registers_without_an_invitation_where_one_is_needed(app, REGISTRATION = "invite") {
        check_that_nobody_registers_without_an_invitation(app).await;
    }

    async fn in_production_an_invitation_is_needed(
        app, APP_ENV = "production", SECRET_KEY = "1123456789abcdefghijklmnopqrstuvwxyzABCD",
        JWT_SECRET_KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCD",
        CONTRACT_ENCRYPTION_KEY = "2123456789abcdefghijklmnopqrstuvwxyzABCD"
    ) {
        check_that_nobody_registers_without_an_invitation(app).await;
    }

    async fn where_registration_is_closed_an_invitation_does_not_open_it(app, REGISTRATION = "closed") {
        let owner = app.user("test-001", Owner).await;
        // From before it was closed.
        let given = sql("insert into invitations (tenant_id, email, email_key, role, token_hash, expires_at, created_at, \
                         created_by) values ('test-001', 'hong@example.com', 'hong@example.com', 'viewer', ?, ?, ?, ?)");
        let expires_at = Timestamp::from_micros(app.now().micros() + 60_000_000).unwrap();
        let given = given.bind(hex::encode(Sha256::digest("given"))).bind(expires_at).bind(app.now()).bind(owner.id);
        app.execute(given).await;
        assert_eq!(open(&app, &owner).await, ["hong@example.com"]);
        let expected = json!({"error": "Registration is closed", "code": "registration_closed"});
        let error = register(&app, "hong@example.com", &json!("given")).expect(403).await;
        assert_eq!(without_request_id(error), expected);
        assert_eq!(without_request_id(app.post(REGISTER, account()).expect(403).await), expected);
    }

    async fn where_registration_is_closed_nobody_is_invited(app, REGISTRATION = "closed") {
        let (owner, viewer) = (app.user("test-001", Owner).await, app.user("test-001", Viewer).await);
        let call = || app.post(INVITATIONS, json!({"email": "hong@example.com", "role": "viewer"}));
        let expected = json!({"error": "Registration is closed", "code": "registration_closed"});
        assert_eq!(without_request_id(call().by(&owner).expect(403).await), expected);
        assert_eq!(without_request_id(call().by(&viewer).expect(403).await), forbidden(&["owner", "admin"], "viewer"));
        assert_eq!(open(&app, &owner).await, [""; 0]);
    }

    async fn an_invitation_counts_once(app) {
        let owner = app.user("test-001", Owner).await;
        let token = invite(&app, &owner, "hong@example.com", "viewer").await["token"].take();
        register(&app, "hong@example.com", &token).expect(201).await;
        refused(&app, "hong@example.com", &token).await;
        app.execute(sql("update users set email = ?, email_key = ? where email_key = 'hong@example.com'")
            .bind("gone@example.com").bind("gone@example.com")).await;
        refused(&app, "hong@example.com", &token).await;
    }

    async fn an_invitation_counts_for_its_address_and_for_seven_days(app) {
        let owner = app.user("test-001", Owner).await;
        let token = invite(&app, &owner, "hong@example.com", "viewer").await["token"].take();
        for email in ["kim@example.com", "hong@example.co", "xhong@example.com"] {
            refused(&app, email, &token).await;
        }
        let changed = token.as_str().unwrap().to_lowercase();
        for wrong in [json!(changed), json!(""), json!(" "), json!("guessed"), json!(format!("{changed}="))] {
            refused(&app, "hong@example.com", &wrong).await;
        }
        app.advance(7 * 86_400);
        refused(&app, "hong@example.com", &token).await;
        app.advance(-1);
        register(&app, "hong@example.com", &token).expect(201).await;
    }

    async fn an_invitation_counts_as_long_as_its_author_could_give_it(app) {
        let author = app.user("test-001", Owner).await;
        let owners = invite(&app, &author, "a@example.com", "owner").await["token"].take();
        let admins = invite(&app, &author, "b@example.com", "admin").await["token"].take();
        set(&app, &author, "is_active", false).await;
        refused(&app, "a@example.com", &owners).await;
        set(&app, &author, "is_active", true).await;
        set(&app, &author, "role", "admin").await;
        refused(&app, "a@example.com", &owners).await;
        register(&app, "b@example.com", &admins).expect(201).await;
        set(&app, &author, "role", "owner").await;
        register(&app, "a@example.com", &owners).expect(201).await;
    }

    async fn tenant_and_role_are_not_for_the_invited_to_choose(app) {
        let owner = app.user("test-001", Owner).await;
        let token = invite(&app, &owner, "hong@example.com", "viewer").await["token"].take();
        let body = |field: &str, value: Value| {
            let mut body = json!({
                "email": "hong@example.com", "password": PASSWORD, "name": "홍길동", "invite_token": token,
            });
            body[field] = value;
            body
        };
        let unknown = "Unknown field.";
        let cases = [
            (body("tenant_id", json!("test-001")), json!({"tenant_id": [unknown]})),
            (body("role", json!("owner")), json!({"role": [unknown]})),
            (body("invite_token", json!(null)), json!({"invite_token": ["Field may not be null."]})),
            (body("invite_token", json!(5)), json!({"invite_token": ["Not a valid string."]})),
            (body("password", json!("short")), json!({"password": ["Shorter than minimum length 8."]})),
        ];
        for (body, errors) in cases {
            assert_eq!(without_request_id(app.post(REGISTER, body).expect(400).await), invalid(errors));
        }
        assert_eq!(open(&app, &owner).await, ["hong@example.com"]);
    }

    async fn an_account_made_in_between_leaves_the_invitation_unused(app) {
        let owner = app.user("test-001", Owner).await;
        let token = invite(&app, &owner, "hong@example.com", "viewer").await["token"].take();
        let body = json!({"email": "hong@example.com", "password": PASSWORD, "name": "홍길동", "role": "viewer"});
        app.post("/api/v1/users", body).by(&owner).expect(201).await;
        assert_eq!(register(&app, "hong@example.com", &token).expect(409).await["code"], "email_taken");
        assert_eq!(app.count("select count(*) from invitations where used_at is null").await, 1);
    }

    async fn of_many_registrations_at_once_with_one_invitation_one_succeeds(app) {
        let owner = app.user("test-001", Owner).await;
        let token = invite(&app, &owner, "hong@example.com", "editor").await["token"].take();
        let mut calls = JoinSet::new();
        for _ in 0..10 {
            calls.spawn(register(&app, "hong@example.com", &token).send());
        }
        let statuses: Vec<u16> = calls.join_all().await.iter().map(|reply| reply.status).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
        // The invitation is used, or its address has an account.
        assert!(statuses.iter().all(|status| [201, 400, 409].contains(status)), "{statuses:?}");
        assert_eq!(app.count("select count(*) from users").await, 2);
        assert_eq!(app.count("select count(*) from invitations where used_at is not null").await, 1);
    }
}
