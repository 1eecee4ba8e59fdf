//! Who may do what with contracts; both policies agree.

use bizcenter::policy::Role::{Admin, Analyst, Editor, Owner, Viewer};
use serde_json::json;

use super::{contract, make, read};
use crate::app::TestApp;
use crate::client::{Method, without_request_id};
use crate::on_both;
use crate::tasks::forbidden;

async fn check_reading(app: TestApp) {
    let owner = app.user("test-001", Owner).await;
    let old = make(&app, &owner, json!({})).await;
    for (role, amount) in [(Owner, "1000.10"), (Admin, "1000.10"), (Editor, "***")] {
        let user = app.user("test-001", role).await;
        let mut expected = old.clone();
        expected["amount"] = json!(amount);
        assert_eq!(read(&app, &user, 1).await, expected, "{role:?}");
        let list = app.get("/api/v1/contracts").by(&user).expect(200).await;
        assert_eq!(
            list,
            json!({
                "contracts": [expected], "total": 1, "page": 1, "limit": 100, "pages": 1, "next_cursor": null,
            }),
            "{role:?}"
        );
    }
    for (role, name) in [(Analyst, "analyst"), (Viewer, "viewer")] {
        let user = app.user("test-001", role).await;
        for path in ["/api/v1/contracts", "/api/v1/contracts/1", "/api/v1/contracts/999", "/api/v1/contracts?page=0"] {
            let error = without_request_id(app.get(path).by(&user).expect(403).await);
            assert_eq!(error, forbidden(&["owner", "admin", "editor"], name), "{path}");
            let head = app.call(Method::HEAD, path).by(&user).send().await;
            assert_eq!((head.status, head.bytes.len()), (403, 0), "{path}");
        }
    }
}

async fn check_writing(app: TestApp) {
    let owner = app.user("test-001", Owner).await;
    let old = make(&app, &owner, json!({})).await;
    for (role, name) in [(Editor, "editor"), (Analyst, "analyst"), (Viewer, "viewer")] {
        let user = app.user("test-001", role).await;
        for path in ["/api/v1/contracts/1", "/api/v1/contracts/999"] {
            for call in [
                app.post("/api/v1/contracts", contract(&json!({"contract_number": "2"}))),
                app.post("/api/v1/contracts", json!({"colour": "red"})),
                app.put(path, json!({"title": "새 제목"})),
                app.patch(path, json!({})),
                app.call(Method::PATCH, path).raw("{"),
            ] {
                let error = without_request_id(call.by(&user).expect(403).await);
                assert_eq!(error, forbidden(&["owner", "admin"], name), "{path}");
            }
        }
    }
    for (role, name) in [(Admin, "admin"), (Editor, "editor"), (Analyst, "analyst"), (Viewer, "viewer")] {
        let user = app.user("test-001", role).await;
        for path in ["/api/v1/contracts/1", "/api/v1/contracts/999"] {
            let error = without_request_id(app.delete(path).by(&user).expect(403).await);
            assert_eq!(error, forbidden(&["owner"], name), "{path}");
        }
    }
    assert_eq!(read(&app, &owner, 1).await, old);
    for role in [Admin, Owner] {
        let user = app.user("test-001", role).await;
        let made = make(&app, &user, json!({"contract_number": role.as_str()})).await;
        assert_eq!(made["amount"], "1000.10");
        let path = format!("/api/v1/contracts/{}", made["id"]);
        let answer = app.patch(&path, json!({"amount": "2.00"})).by(&user).expect(200).await;
        assert_eq!(answer["contract"]["amount"], "2.00");
        app.delete(&path).by(&owner).expect(204).await;
    }
}

on_both! {
    async fn owner_and_admin_see_amounts_and_the_editor_sees_stars(app) {
        check_reading(app).await;
    }

    async fn the_strict_policy_shows_contracts_to_the_same_roles(app, ROLE_POLICY = "strict") {
        check_reading(app).await;
    }

    async fn owner_and_admin_make_contracts_and_only_the_owner_deletes_them(app) {
        check_writing(app).await;
    }

    async fn the_strict_policy_lets_the_same_roles_write(app, ROLE_POLICY = "strict") {
        check_writing(app).await;
    }

    async fn what_is_no_id_is_no_route_for_every_role(app) {
        for role in [Owner, Admin, Editor, Analyst, Viewer] {
            let user = app.user("test-001", role).await;
            let error = app.get("/api/v1/contracts/abc").by(&user).expect(404).await;
            assert_eq!(error["code"], "not_found", "{role:?}");
        }
    }

    async fn an_editor_cannot_sort_or_search_for_amounts(app) {
        let owner = app.user("test-001", Owner).await;
        let editor = app.user("test-001", Editor).await;
        make(&app, &owner, json!({"amount": "4711.42"})).await;
        let found = app.get("/api/v1/contracts?q=4711.42").by(&editor).expect(200).await;
        assert_eq!(found["total"], 0);
        let error = app.get("/api/v1/contracts?sort=amount").by(&editor).expect(400).await;
        assert_eq!(error["code"], "invalid_query");
    }
}
