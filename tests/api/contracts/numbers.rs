//! A contract's number is its own in the tenant.

use bizcenter::policy::Role::Owner;
use serde_json::json;

use super::{contract, make, number_taken, read};
use crate::client::{Method, without_request_id};
use crate::on_both;

on_both! {
    async fn a_number_is_taken_once_in_a_tenant(app) {
        let user = app.user("test-001", Owner).await;
        let colleague = app.user("test-001", Owner).await;
        make(&app, &user, json!({})).await;
        let body = contract(&json!({"title": "다른 계약"}));
        let error = app.post("/api/v1/contracts", body).by(&colleague).expect(409).await;
        assert_eq!(without_request_id(error), number_taken());
        assert_eq!(app.count("select count(*) from contracts").await, 1);
    }

    async fn a_number_is_free_in_another_tenant(app) {
        let user = app.user("test-001", Owner).await;
        let stranger = app.user("test-002", Owner).await;
        make(&app, &user, json!({})).await;
        let contract = make(&app, &stranger, json!({})).await;
        assert_eq!(contract["contract_number"], "MSSP-2026-001");
        let other = make(&app, &stranger, json!({"contract_number": "2"})).await;
        let path = format!("/api/v1/contracts/{}", other["id"]);
        let error = app.patch(&path, json!({"contract_number": "MSSP-2026-001"})).by(&stranger).expect(409).await;
        assert_eq!(without_request_id(error), number_taken());
    }

    async fn a_contract_cannot_take_anothers_number(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({})).await;
        let old = make(&app, &user, json!({"contract_number": "2"})).await;
        let body = json!({"contract_number": "MSSP-2026-001", "title": "새 제목", "amount": "5"});
        for method in [Method::PUT, Method::PATCH] {
            let error = app.call(method, "/api/v1/contracts/2").json(body.clone()).by(&user).expect(409).await;
            assert_eq!(without_request_id(error), number_taken());
        }
        assert_eq!(read(&app, &user, 2).await, old);
    }

    async fn a_contract_keeps_its_own_number(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({})).await;
        let body = json!({"contract_number": "MSSP-2026-001", "title": "새 제목"});
        let answer = app.put("/api/v1/contracts/1", body).by(&user).expect(200).await;
        assert_eq!(answer["contract"]["title"], "새 제목");
    }

    async fn a_number_is_free_again_when_its_contract_has_another_or_is_gone(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({})).await;
        app.patch("/api/v1/contracts/1", json!({"contract_number": "1"})).by(&user).expect(200).await;
        let second = make(&app, &user, json!({})).await;
        app.delete(&format!("/api/v1/contracts/{}", second["id"])).by(&user).expect(204).await;
        make(&app, &user, json!({})).await;
    }

    async fn numbers_that_only_look_alike_are_different(app) {
        let user = app.user("test-001", Owner).await;
        let numbers = ["a-1", "A-1", "a-1 ", " a-1", "á-1", "a\u{301}-1", "ａ-1", "a-01"];
        for number in numbers {
            assert_eq!(make(&app, &user, json!({"contract_number": number})).await["contract_number"], number);
        }
        assert_eq!(app.count("select count(*) from contracts").await, 8);
    }
}
