//! Inviting, listing, withdrawing.

use bizcenter::db::sql;
use bizcenter::policy::Role::{Admin, Analyst, Editor, Owner, Viewer};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;

use super::{INVITATIONS, REGISTER, invite, not_valid, open, register, set};
use crate::app::PASSWORD;
use crate::client::without_request_id;
use crate::lists::{ids, list};
use crate::on_both;
use crate::tasks::{forbidden, invalid};

on_both! {
    async fn an_invitation_shows_its_token_once_and_keeps_only_its_hash(app) {
        let admin = app.user_named("test-001", Admin, "kim@example.com", "김지은").await;
        let body = json!({"email": "Hong@example.com", "role": "editor"});
        let reply = app.post(INVITATIONS, body).by(&admin).send().await;
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(reply.header("location"), Some("/api/v1/auth/invitations/1"));
        let mut answer = reply.expect(201);
        let token = answer["invitation"].as_object_mut().unwrap().remove("token").unwrap();
        let token = token.as_str().unwrap();
        assert!(token.len() == 43 && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        let expected = json!({
            "id": 1, "email": "Hong@example.com", "role": "editor", "expires_at": "2026-02-14T10:17:56.942016Z",
            "created_at": "2026-02-07T10:17:56.942016Z", "created_by": admin.id, "created_by_name": "김지은",
        });
        assert_eq!(answer, json!({"message": "Invitation created successfully", "invitation": expected}));
        assert_eq!(app.get(INVITATIONS).by(&admin).expect(200).await, json!({
            "invitations": [expected], "total": 1, "page": 1, "limit": 100, "pages": 1, "next_cursor": null,
        }));
        let stored = sql("select token_hash from invitations where id = 1");
        let (stored,) = app.db().read().await.unwrap().fetch_one::<(String,)>(stored).await.unwrap();
        assert_eq!(stored, hex::encode(Sha256::digest(token)));
    }

    async fn an_invitation_is_where_its_answer_says_as_long_as_it_counts(app) {
        let (admin, stranger) = (app.user("test-001", Admin).await, app.user("test-002", Owner).await);
        let body = json!({"email": "hong@example.com", "role": "editor"});
        let reply = app.post(INVITATIONS, body).by(&admin).send().await;
        let location = reply.header("location").unwrap().to_owned();
        let mut invitation = reply.expect(201)["invitation"].take();
        let token = invitation.as_object_mut().unwrap().remove("token").unwrap();
        let read = app.get(&location).by(&admin).send().await;
        assert_eq!(read.header("cache-control"), Some("no-store"));
        assert_eq!(read.expect(200), json!({"invitation": invitation}));
        let missing = json!({"error": "Invitation not found", "code": "invitation_not_found"});
        assert_eq!(without_request_id(app.get(&location).by(&stranger).expect(404).await), missing);
        for is_active in [false, true] {
            set(&app, &admin, "is_active", is_active).await;
            let reader = app.user("test-001", Admin).await;
            app.get(&location).by(&reader).expect(if is_active { 200 } else { 404 }).await;
        }
        register(&app, "hong@example.com", &token).expect(201).await;
        assert_eq!(without_request_id(app.get(&location).by(&admin).expect(404).await), missing);
    }

    async fn an_invitation_that_nobody_sees_is_in_nobodys_way(app) {
        let (owner, other) = (app.user("test-001", Owner).await, app.user("test-001", Owner).await);
        let admin = app.user("test-001", Admin).await;
        invite(&app, &other, "hong@example.com", "owner").await;
        let change = |is_active: bool| {
            app.patch(&format!("/api/v1/users/{}", other.id), json!({"is_active": is_active})).by(&owner).expect(200)
        };
        change(false).await;
        assert_eq!(open(&app, &admin).await, [""; 0]);
        let token = invite(&app, &admin, "hong@example.com", "viewer").await["token"].take();
        // It does not come back with its author.
        change(true).await;
        assert_eq!(open(&app, &admin).await, ["hong@example.com"]);
        let user = register(&app, "hong@example.com", &token).expect(201).await["user"].take();
        assert_eq!(user["role"], "viewer");
        let count = "select count(*) from audit_logs where resource_type = 'invitation' and action = 'revoked'";
        assert_eq!(app.count(count).await, 1);
    }

    async fn only_who_manages_users_sees_and_makes_invitations(app) {
        let owner = app.user("test-001", Owner).await;
        invite(&app, &owner, "hong@example.com", "viewer").await;
        for (role, name) in [(Editor, "editor"), (Analyst, "analyst"), (Viewer, "viewer")] {
            let user = app.user("test-001", role).await;
            for call in [
                app.get(INVITATIONS), app.post(INVITATIONS, json!({})), app.get(&format!("{INVITATIONS}/1")),
                app.get(&format!("{INVITATIONS}/999")), app.delete(&format!("{INVITATIONS}/1")),
                app.delete(&format!("{INVITATIONS}/999")),
            ] {
                let error = without_request_id(call.by(&user).expect(403).await);
                assert_eq!(error, forbidden(&["owner", "admin"], name));
            }
        }
        assert_eq!(open(&app, &owner).await, ["hong@example.com"]);
    }

    async fn what_concerns_an_owner_is_for_owners(app) {
        let (owner, admin) = (app.user("test-001", Owner).await, app.user("test-001", Admin).await);
        let call = app.post(INVITATIONS, json!({"email": "hong@example.com", "role": "owner"})).by(&admin);
        assert_eq!(without_request_id(call.expect(403).await), forbidden(&["owner"], "admin"));
        let invitation = invite(&app, &owner, "hong@example.com", "owner").await;
        let path = format!("{INVITATIONS}/{}", invitation["id"]);
        let error = without_request_id(app.delete(&path).by(&admin).expect(403).await);
        assert_eq!(error, forbidden(&["owner"], "admin"));
        // Nor by another one in its place.
        let call = app.post(INVITATIONS, json!({"email": "hong@example.com", "role": "viewer"})).by(&admin);
        assert_eq!(without_request_id(call.expect(403).await), forbidden(&["owner"], "admin"));
        assert_eq!(open(&app, &owner).await, ["hong@example.com"]);
        let user = register(&app, "hong@example.com", &invitation["token"]).expect(201).await["user"].take();
        assert_eq!(user["role"], "owner");
    }

    async fn a_wrong_invitation_is_refused_with_every_mistake(app) {
        let admin = app.user("test-001", Admin).await;
        let missing = "Missing data for required field.";
        let roles = "Must be one of: owner, admin, editor, analyst, viewer.";
        for (body, errors) in [
            (json!({}), json!({"email": [missing], "role": [missing]})),
            (
                json!({"email": "hong", "role": "boss", "tenant_id": "test-002", "expires_at": "2099-01-01"}),
                json!({"email": ["Not a valid email address."], "role": [roles], "tenant_id": ["Unknown field."],
                       "expires_at": ["Unknown field."]}),
            ),
        ] {
            let error = without_request_id(app.post(INVITATIONS, body).by(&admin).expect(400).await);
            assert_eq!(error, invalid(errors));
        }
    }

    async fn who_has_an_account_is_not_invited(app) {
        let (admin, stranger) = (app.user("test-001", Admin).await, app.user("test-002", Viewer).await);
        for email in [admin.email.to_uppercase(), stranger.email] {
            let call = app.post(INVITATIONS, json!({"email": email, "role": "viewer"})).by(&admin);
            assert_eq!(call.expect(409).await["code"], "email_taken");
        }
        assert_eq!(app.count("select count(*) from invitations").await, 0);
    }

    async fn a_new_invitation_takes_the_place_of_the_one_before(app) {
        let (admin, stranger) = (app.user("test-001", Admin).await, app.user("test-002", Admin).await);
        let first = invite(&app, &admin, "hong@example.com", "viewer").await;
        invite(&app, &stranger, "hong@example.com", "viewer").await;
        let second = invite(&app, &admin, "HONG@example.com", "editor").await;
        assert_eq!(open(&app, &admin).await, ["HONG@example.com"]);
        assert_eq!(open(&app, &stranger).await, ["hong@example.com"]);
        let error = register(&app, "hong@example.com", &first["token"]).expect(400).await;
        assert_eq!(without_request_id(error), not_valid());
        let user = register(&app, "hong@example.com", &second["token"]).expect(201).await["user"].take();
        assert_eq!((&user["role"], &user["tenant_id"]), (&json!("editor"), &json!("test-001")));
    }

    async fn an_invitation_that_another_one_takes_the_place_of_was_revoked_and_an_expired_one_was_not(app) {
        let admin = app.user("test-001", Admin).await;
        let first = invite(&app, &admin, "hong@example.com", "viewer").await;
        invite(&app, &admin, "lee@example.com", "viewer").await;
        invite(&app, &admin, "HONG@example.com", "editor").await;
        // By then all of them have expired, and go.
        app.advance(7 * 86_400);
        let admin = app.signed_in(&admin).await;
        invite(&app, &admin, "hong@example.com", "analyst").await;
        assert_eq!(app.count("select count(*) from invitations").await, 1);
        let log = list(&app, &admin, "audit-logs", &[("resource_type", "invitation"), ("sort", "id")]).await;
        let told = log["audit_logs"].as_array().unwrap().iter().map(|row| json!([row["action"], row["resource_id"]]));
        assert_eq!(told.collect::<Vec<Value>>(), [
            json!(["invited", 1]), json!(["invited", 2]), json!(["revoked", 1]), json!(["invited", 3]),
            json!(["invited", 4]),
        ]);
        assert_eq!(log["audit_logs"][2]["changes"], json!({
            "email": {"from": "hong@example.com", "to": null}, "role": {"from": "viewer", "to": null},
            "expires_at": {"from": first["expires_at"], "to": null}, "created_by": {"from": admin.id, "to": null},
            "created_by_name": {"from": first["created_by_name"], "to": null},
        }));
    }

    async fn a_withdrawn_invitation_counts_no_more(app) {
        let (admin, stranger) = (app.user("test-001", Admin).await, app.user("test-002", Owner).await);
        let invitation = invite(&app, &admin, "hong@example.com", "viewer").await;
        let path = format!("{INVITATIONS}/{}", invitation["id"]);
        let missing = json!({"error": "Invitation not found", "code": "invitation_not_found"});
        assert_eq!(without_request_id(app.delete(&path).by(&stranger).expect(404).await), missing);
        app.delete(&path).by(&admin).expect(204).await;
        assert_eq!(without_request_id(app.delete(&path).by(&admin).expect(404).await), missing);
        assert_eq!(open(&app, &admin).await, [""; 0]);
        let error = register(&app, "hong@example.com", &invitation["token"]).expect(400).await;
        assert_eq!(without_request_id(error), not_valid());
    }

    async fn used_and_expired_invitations_are_not_listed(app) {
        let admin = app.user("test-001", Admin).await;
        let invitation = invite(&app, &admin, "a@example.com", "viewer").await;
        app.advance(60);
        invite(&app, &admin, "b@example.com", "viewer").await;
        assert_eq!(open(&app, &admin).await, ["b@example.com", "a@example.com"]);
        register(&app, "a@example.com", &invitation["token"]).expect(201).await;
        assert_eq!(open(&app, &admin).await, ["b@example.com"]);
        app.delete(&format!("{INVITATIONS}/{}", invitation["id"])).by(&admin).expect(404).await;
        app.advance(7 * 86_400);
        let login = json!({"email": admin.email, "password": PASSWORD});
        let tokens = app.post("/api/v1/auth/login", login).expect(200).await;
        let list = app.get(INVITATIONS).token(tokens["access_token"].as_str().unwrap()).expect(200).await;
        assert_eq!(list["invitations"], json!([]));
    }

    async fn invitations_of_who_may_give_them_no_more_are_not_listed(app) {
        let (owner, admin) = (app.user("test-001", Owner).await, app.user("test-001", Owner).await);
        invite(&app, &admin, "a@example.com", "owner").await;
        app.advance(1);
        invite(&app, &admin, "b@example.com", "admin").await;
        for (role, expected) in [
            ("admin", vec!["b@example.com"]), ("editor", vec![]), ("owner", vec!["b@example.com", "a@example.com"]),
        ] {
            set(&app, &admin, "role", role).await;
            assert_eq!(open(&app, &owner).await, expected, "{role}");
        }
        set(&app, &admin, "is_active", false).await;
        assert_eq!(open(&app, &owner).await, [""; 0]);
    }

    async fn invitations_are_sorted_and_paged_and_of_one_tenant(app) {
        let (admin, stranger) = (app.user("test-001", Admin).await, app.user("test-002", Admin).await);
        for (number, email) in ["c", "a", "d", "b"].iter().enumerate() {
            app.advance(i64::try_from(number).unwrap());
            invite(&app, &admin, &format!("{email}@example.com"), "viewer").await;
            invite(&app, &stranger, &format!("{email}@example.com"), "viewer").await;
        }
        let of = "auth/invitations";
        for (sort, expected) in [
            ("", [7, 5, 3, 1]), ("email", [3, 7, 1, 5]), ("expires_at", [1, 3, 5, 7]), ("-id", [7, 5, 3, 1]),
        ] {
            let sort: &[(&str, &str)] = if sort.is_empty() { &[] } else { &[("sort", sort)] };
            assert_eq!(ids(&list(&app, &admin, of, sort).await), expected, "{sort:?}");
            let page = list(&app, &admin, of, &[sort, &[("limit", "3")]].concat()).await;
            let rest = list(&app, &admin, of, &[("cursor", page["next_cursor"].as_str().unwrap())]).await;
            assert_eq!((ids(&page), ids(&rest)), (expected[..3].to_vec(), expected[3..].to_vec()));
        }
    }

    async fn of_many_invitations_at_once_to_one_address_one_counts(app) {
        let admin = app.user("test-001", Admin).await;
        let mut calls = JoinSet::new();
        for _ in 0..20 {
            let body = json!({"email": "hong@example.com", "role": "viewer"});
            calls.spawn(app.post(INVITATIONS, body).by(&admin).send());
        }
        let tokens: Vec<Value> = calls.join_all().await.into_iter().map(|reply| reply.expect(201)).collect();
        assert_eq!(open(&app, &admin).await, ["hong@example.com"]);
        let mut statuses = Vec::new();
        for answer in &tokens {
            let body = json!({
                "email": "hong@example.com", "password": PASSWORD, "name": "홍길동",
                "invite_token": answer["invitation"]["token"],
            });
            statuses.push(app.post(REGISTER, body).send().await.status);
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [vec![201], vec![400; 19]].concat());
    }
}
