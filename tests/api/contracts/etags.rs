//! Nobody overwrites what he has not seen, and nobody reads again what he has.

use bizcenter::policy::Role::Owner;
use serde_json::json;
use tokio::task::JoinSet;

use super::{contract, make, read};
use crate::client::{Method, without_request_id};
use crate::on_both;

const FIRST: &str = "/api/v1/contracts/1";

on_both! {
    async fn every_answer_with_a_contract_carries_its_tag(app) {
        let user = app.user("test-001", Owner).await;
        let active = contract(&json!({"status": "active"}));
        let made = app.post("/api/v1/contracts", active).by(&user).send().await;
        let read = app.get(FIRST).by(&user).send().await;
        assert_eq!((made.header("etag"), read.header("etag")), (Some("\"1\""), Some("\"1\"")));
        for (method, tag) in [(Method::PUT, "\"2\""), (Method::PATCH, "\"3\"")] {
            let reply = app.call(method, FIRST).json(json!({"title": tag})).by(&user).send().await;
            assert_eq!((reply.status, reply.header("etag")), (200, Some(tag)));
            assert_eq!(app.get(FIRST).by(&user).send().await.header("etag"), Some(tag));
        }
        let body = json!({"contract_number": "MSSP-2027-001"});
        let renewed = app.post("/api/v1/contracts/1/renew", body).by(&user).send().await;
        assert_eq!((renewed.status, renewed.header("etag")), (201, Some("\"1\"")));
        assert_eq!(app.get(FIRST).by(&user).send().await.header("etag"), Some("\"4\""));
    }

    async fn what_the_caller_has_already_is_not_sent_again_and_not_stored(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({})).await;
        for tags in ["\"1\"", "W/\"1\"", "\"7\", \"1\"", "*"] {
            let reply = app.get(FIRST).header("if-none-match", tags).by(&user).send().await;
            assert_eq!((reply.status, reply.bytes.len(), reply.header("etag")), (304, 0, Some("\"1\"")), "{tags}");
            assert_eq!(reply.header("cache-control"), Some("no-store"));
        }
        app.patch(FIRST, json!({"amount": "5"})).by(&user).expect(200).await;
        let reply = app.get(FIRST).header("if-none-match", "\"1\"").by(&user).send().await;
        assert_eq!((reply.status, reply.header("cache-control")), (200, Some("no-store")));
    }

    async fn a_change_of_what_has_changed_since_is_refused(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({"status": "active"})).await;
        app.patch(FIRST, json!({"title": "새 제목"})).by(&user).expect(200).await;
        let contract = read(&app, &user, 1).await;
        for tags in ["\"1\"", "W/\"2\"", "\"1\", \"3\"", "2", ""] {
            for call in [
                app.put(FIRST, json!({"amount": "5"})),
                app.patch(FIRST, json!({})),
                app.delete(FIRST),
                app.post("/api/v1/contracts/1/renew", json!({"contract_number": "2"})),
            ] {
                let error = call.header("if-match", tags).by(&user).expect(412).await;
                let text = "The resource has changed since you read it";
                assert_eq!(without_request_id(error), json!({"error": text, "code": "precondition_failed"}), "{tags}");
            }
        }
        assert_eq!(read(&app, &user, 1).await, contract);
        assert_eq!(app.count("select count(*) from contract_history").await, 2);
        app.put(FIRST, json!({"amount": "5"})).header("if-match", "\"2\"").by(&user).expect(200).await;
        let renew = app.post("/api/v1/contracts/1/renew", json!({"contract_number": "2"}));
        renew.header("if-match", "\"3\"").by(&user).expect(201).await;
        app.delete(FIRST).header("if-match", "\"4\"").by(&user).expect(204).await;
        assert_eq!(app.delete(FIRST).header("if-match", "\"4\"").by(&user).send().await.status, 404);
    }

    async fn of_many_changes_with_one_tag_at_once_one_is_made(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({})).await;
        let mut calls = JoinSet::new();
        for number in 0..30 {
            let call = app.patch(FIRST, json!({"amount": number.to_string()})).header("if-match", "\"1\"");
            calls.spawn(call.by(&user).send());
        }
        let mut statuses: Vec<u16> = calls.join_all().await.iter().map(|reply| reply.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [vec![200], vec![412; 29]].concat());
        assert_eq!(read(&app, &user, 1).await["version"], 2);
        assert_eq!(app.count("select count(*) from contract_history").await, 2);
    }
}
