//! Making users.

use bizcenter::db::sql;
use bizcenter::policy::Role::{Admin, Editor, Owner};
use serde_json::{Value, json};

use super::USERS;
use crate::client::without_request_id;
use crate::on_both;
use crate::tasks::{forbidden, invalid};

fn hong(role: &str) -> Value {
    json!({"email": "Hong@example.com", "password": "long-enough", "name": "홍길동", "role": role})
}

on_both! {
    async fn a_new_user_signs_in_at_once_with_his_role(app) {
        let admin = app.user("test-001", Admin).await;
        let reply = app.post(USERS, hong("editor")).by(&admin).send().await;
        let location = reply.header("location").unwrap().to_owned();
        let tag = reply.header("etag").unwrap().to_owned();
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let answer = reply.expect(201);
        let id = answer["user"]["id"].as_i64().unwrap();
        assert_eq!(location, format!("{USERS}/{id}"));
        assert_eq!(answer, json!({"message": "User created successfully", "user": {
            "id": id, "tenant_id": "test-001", "name": "홍길동", "role": "editor", "is_active": true, "version": 1,
            "email": "Hong@example.com", "created_at": "2026-02-07T10:17:56.942016Z", "last_login": null,
        }}));
        app.get(&location).by(&admin).header("if-none-match", &tag).expect(304).await;
        assert_eq!(app.get(&location).by(&admin).expect(200).await["user"], answer["user"]);
        let login = json!({"email": "hong@example.com", "password": "long-enough"});
        let user = app.post("/api/v1/auth/login", login).expect(200).await["user"].take();
        assert_eq!((&user["tenant_id"], &user["role"]), (&json!("test-001"), &json!("editor")));
        let count = sql("select count(*) from users where id = ? and created_by = ?").bind(id).bind(admin.id);
        assert_eq!(app.db().read().await.unwrap().count(count).await.unwrap(), 1);
    }

    async fn an_address_is_one_account_in_every_case_and_tenant(app) {
        let (admin, stranger) = (app.user("test-001", Admin).await, app.user("test-002", Owner).await);
        app.post(USERS, hong("viewer")).by(&admin).expect(201).await;
        for caller in [&admin, &stranger] {
            let mut body = hong("viewer");
            body["email"] = json!("HONG@EXAMPLE.COM");
            let error = without_request_id(app.post(USERS, body).by(caller).expect(409).await);
            assert_eq!(error, json!({"error": "Email already registered", "code": "email_taken"}));
        }
        assert_eq!(app.count("select count(*) from users").await, 3);
    }

    async fn a_wrong_user_is_refused_with_every_mistake(app) {
        let admin = app.user("test-001", Admin).await;
        let missing = "Missing data for required field.";
        let roles = "Must be one of: owner, admin, editor, analyst, viewer.";
        let cases = [
            (json!({}), json!({"email": [missing], "password": [missing], "name": [missing], "role": [missing]})),
            (
                json!({"email": "hong", "password": "1234567", "name": "홍", "role": "boss", "tenant_id": "test-002",
                       "is_active": true, "id": 1}),
                json!({"email": ["Not a valid email address."], "password": ["Shorter than minimum length 8."],
                       "name": ["Length must be between 2 and 100."], "role": [roles],
                       "tenant_id": ["Unknown field."], "is_active": ["Unknown field."], "id": ["Unknown field."]}),
            ),
        ];
        for (body, errors) in cases {
            let error = without_request_id(app.post(USERS, body).by(&admin).expect(400).await);
            assert_eq!(error, invalid(errors));
        }
        assert_eq!(app.count("select count(*) from users").await, 1);
    }

    async fn only_an_owner_makes_an_owner(app) {
        let (owner, admin) = (app.user("test-001", Owner).await, app.user("test-001", Admin).await);
        let error = without_request_id(app.post(USERS, hong("owner")).by(&admin).expect(403).await);
        assert_eq!(error, forbidden(&["owner"], "admin"));
        assert_eq!(app.post(USERS, hong("owner")).by(&owner).expect(201).await["user"]["role"], "owner");
    }

    async fn who_manages_no_users_makes_none(app) {
        let editor = app.user("test-001", Editor).await;
        for body in [hong("viewer"), json!({})] {
            let error = without_request_id(app.post(USERS, body).by(&editor).expect(403).await);
            assert_eq!(error, forbidden(&["owner", "admin"], "editor"));
        }
    }
}
