//! Who may change whom.

use bizcenter::policy::Role::{Admin, Analyst, Editor, Owner, Viewer};
use serde_json::json;

use super::{path, read, shown};
use crate::client::{Method, without_request_id};
use crate::on_both;
use crate::tasks::forbidden;

on_both! {
    async fn an_admin_neither_changes_an_owner_nor_makes_one(app) {
        let owner = app.user_named("test-001", Owner, "kim@example.com", "김지은").await;
        app.user("test-001", Owner).await;
        let (admin, viewer) = (app.user("test-001", Admin).await, app.user("test-001", Viewer).await);
        let cases = [
            (&owner, json!({"name": "Lee"})), (&owner, json!({"role": "viewer"})), (&owner, json!({})),
            (&owner, json!({"is_active": false})), (&owner, json!({"role": "boss"})),
            (&viewer, json!({"role": "owner"})), (&admin, json!({"role": "owner"})),
        ];
        for (user, body) in cases {
            for method in [Method::PUT, Method::PATCH] {
                let call = app.call(method, &path(user)).json(body.clone()).by(&admin);
                assert_eq!(without_request_id(call.expect(403).await), forbidden(&["owner"], "admin"), "{body}");
            }
        }
        assert_eq!(read(&app, &admin, &owner).await, shown(&owner, "김지은", "owner"));
        for (user, role) in [(&viewer, "owner"), (&viewer, "admin"), (&admin, "owner")] {
            let answer = app.patch(&path(user), json!({"role": role})).by(&owner).expect(200).await;
            assert_eq!(answer["user"]["role"], role);
        }
    }

    async fn an_admin_changes_everybody_else_and_himself(app) {
        let (admin, other) = (app.user("test-001", Admin).await, app.user("test-001", Admin).await);
        for role in ["viewer", "analyst", "editor", "admin"] {
            app.patch(&path(&other), json!({"role": role})).by(&admin).expect(200).await;
        }
        app.patch(&path(&admin), json!({"role": "viewer"})).by(&admin).expect(200).await;
        app.patch(&path(&other), json!({"role": "viewer"})).by(&admin).expect(403).await;
    }

    async fn everybody_changes_his_own_name_and_nothing_else(app) {
        let colleague = app.user("test-001", Viewer).await;
        for (role, name) in [(Editor, "editor"), (Analyst, "analyst"), (Viewer, "viewer")] {
            let user = app.user("test-001", role).await;
            let answer = app.patch(&path(&user), json!({"name": "홍길동"})).by(&user).expect(200).await;
            assert_eq!(answer["user"], json!({
                "id": user.id, "tenant_id": "test-001", "name": "홍길동", "role": name, "is_active": true, "version": 2,
            }));
            // A form may send back what it has not changed.
            let form = json!({"name": "홍길순", "role": name, "is_active": true});
            app.put(&path(&user), form).by(&user).expect(200).await;
            let cases = [
                (&user, json!({"name": "김", "role": 5}), 400), (&user, json!({"role": "owner"}), 403),
                (&user, json!({"role": "admin", "name": "김지은"}), 403), (&user, json!({"is_active": false}), 403),
                (&colleague, json!({"name": "김지은"}), 403), (&colleague, json!({"role": 5}), 403),
            ];
            for (user_to_change, body, status) in cases {
                let error = without_request_id(app.patch(&path(user_to_change), body).by(&user).expect(status).await);
                if status == 403 {
                    assert_eq!(error, forbidden(&["owner", "admin"], name));
                }
            }
            assert_eq!(app.get("/api/v1/auth/me").by(&user).expect(200).await["user"]["name"], "홍길순");
        }
    }
}
