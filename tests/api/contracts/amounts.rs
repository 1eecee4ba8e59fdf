//! Amounts at rest.

use bizcenter::db::sql;
use bizcenter::policy::Role::{Editor, Owner};
use serde_json::json;

use super::{contract, make, read};
use crate::app::TestApp;
use crate::client::Method;
use crate::on_both;

/// The Flask server's ciphertext of 55000000.50 under the key 0123456789abcdef0123456789abcdef.
const FLASK: &str = "AAECAwQFBgcICQoLGNCLTOko4pyG6UHptM/uvKopCN8Y38nTN5mL";

/// What the database has for the amount of this contract.
async fn sealed(app: &TestApp, id: i64) -> String {
    let select = sql("select amount_encrypted from contracts where id = ?").bind(id);
    app.db().read().await.unwrap().fetch_one::<(String,)>(select).await.unwrap().0
}

/// Puts this text in its place.
async fn put_sealed(app: &TestApp, id: i64, text: &str) {
    let update = sql("update contracts set amount_encrypted = ? where id = ?").bind(text.to_owned()).bind(id);
    assert_eq!(app.execute(update).await, 1);
}

on_both! {
    async fn an_amount_is_nowhere_in_clear(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({"amount": "4711.42"})).await;
        app.patch("/api/v1/contracts/1", json!({"title": "새 제목", "amount": "4711.43"})).by(&user).expect(200).await;
        let text = sealed(&app, 1).await;
        assert!(text.starts_with("v1."), "{text}");
        assert!(!text.contains("4711"), "{text}");
        let select = sql("select search_text from contracts where id = 1");
        let (search_text,) = app.db().read().await.unwrap().fetch_one::<(String,)>(select).await.unwrap();
        assert!(search_text.contains("새 제목") && !search_text.contains("4711"), "{search_text}");
    }

    async fn the_same_amount_is_never_sealed_alike(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({"contract_number": "1"})).await;
        make(&app, &user, json!({"contract_number": "2"})).await;
        let first = sealed(&app, 1).await;
        assert_ne!(first, sealed(&app, 2).await);
        for amount in ["5", "1000.10"] {
            app.patch("/api/v1/contracts/1", json!({"amount": amount})).by(&user).expect(200).await;
        }
        assert_ne!(first, sealed(&app, 1).await);
    }

    async fn the_same_amount_again_changes_nothing(app) {
        let user = app.user("test-001", Owner).await;
        let old = make(&app, &user, json!({})).await;
        let before = sealed(&app, 1).await;
        app.advance(60);
        for method in [Method::PUT, Method::PATCH] {
            let call = app.call(method, "/api/v1/contracts/1").json(json!({"amount": "1000.10"}));
            assert_eq!(call.by(&user).expect(200).await["contract"], old);
        }
        assert_eq!(sealed(&app, 1).await, before);
        let answer = app.patch("/api/v1/contracts/1", json!({"amount": "1000.1"})).by(&user).expect(200).await;
        assert_eq!((&answer["contract"]["amount"], &answer["contract"]["version"]), (&json!("1000.1"), &json!(2)));
        assert_eq!(read(&app, &user, 1).await, answer["contract"]);
    }

    async fn another_field_leaves_the_sealed_amount_alone(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({})).await;
        let before = sealed(&app, 1).await;
        app.patch("/api/v1/contracts/1", json!({"title": "새 제목"})).by(&user).expect(200).await;
        assert_eq!(sealed(&app, 1).await, before);
        assert_eq!(read(&app, &user, 1).await["amount"], "1000.10");
    }

    async fn a_ciphertext_copied_to_another_contract_reads_as_null(app) {
        let user = app.user("test-001", Owner).await;
        let editor = app.user("test-001", Editor).await;
        let first = make(&app, &user, json!({"contract_number": "1", "amount": "9000000"})).await;
        let mut second = make(&app, &user, json!({"contract_number": "2", "amount": "1"})).await;
        put_sealed(&app, 2, &sealed(&app, 1).await).await;
        second["amount"] = json!(null);
        assert_eq!(read(&app, &user, 2).await, second);
        let list = app.get("/api/v1/contracts?sort=id").by(&user).expect(200).await;
        assert_eq!(list["contracts"], json!([first, second]));
        assert_eq!(read(&app, &editor, 2).await["amount"], "***");
    }

    async fn a_ciphertext_copied_to_another_tenant_reads_as_null(app) {
        let user = app.user("test-001", Owner).await;
        let stranger = app.user("test-002", Owner).await;
        make(&app, &user, json!({"amount": "9000000"})).await;
        let theirs = make(&app, &stranger, json!({})).await["id"].as_i64().unwrap();
        put_sealed(&app, theirs, &sealed(&app, 1).await).await;
        assert_eq!(read(&app, &stranger, theirs).await["amount"], json!(null));
        assert_eq!(read(&app, &user, 1).await["amount"], "9000000");
    }

    async fn a_new_amount_heals_what_does_not_open(app) {
        let user = app.user("test-001", Owner).await;
        let mut contract = make(&app, &user, json!({})).await;
        for (text, amount, version) in [("v1.00000000.AAAA", "2.00", 2), ("", "2.00", 3), ("nonsense", "1000.10", 4)] {
            put_sealed(&app, 1, text).await;
            assert_eq!(read(&app, &user, 1).await["amount"], json!(null), "{text}");
            app.patch("/api/v1/contracts/1", json!({"title": "보안 관제"})).by(&user).expect(200).await;
            assert_eq!(read(&app, &user, 1).await["amount"], json!(null), "{text}");
            let answer = app.patch("/api/v1/contracts/1", json!({"amount": amount})).by(&user).expect(200).await;
            contract["amount"] = json!(amount);
            contract["version"] = json!(version);
            assert_eq!(answer["contract"], contract, "{text}");
            assert_eq!(read(&app, &user, 1).await, contract, "{text}");
        }
    }

    async fn a_changed_ciphertext_is_never_a_wrong_number(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({})).await;
        let text = sealed(&app, 1).await;
        let (head, tail) = text.rsplit_once('.').unwrap();
        let changed = tail.strip_prefix('A').map_or_else(|| format!("A{}", &tail[1..]), |rest| format!("B{rest}"));
        for text in [format!("{head}.{changed}"), tail.to_owned(), format!("v2{}", &text[2..]), text.to_lowercase()] {
            put_sealed(&app, 1, &text).await;
            assert_eq!(read(&app, &user, 1).await["amount"], json!(null), "{text}");
        }
    }

    async fn flasks_ciphertext_reads_right(app, CONTRACT_ENCRYPTION_KEY = "0123456789abcdef0123456789abcdef") {
        let user = app.user("test-001", Owner).await;
        let mut contract = make(&app, &user, json!({})).await;
        put_sealed(&app, 1, FLASK).await;
        contract["amount"] = json!("55000000.50");
        assert_eq!(read(&app, &user, 1).await, contract);
        let same = json!({"amount": "55000000.50"});
        let answer = app.patch("/api/v1/contracts/1", same).by(&user).expect(200).await;
        assert_eq!(answer["contract"], contract);
    }

    async fn a_new_amount_replaces_flasks_ciphertext(
        app,
        CONTRACT_ENCRYPTION_KEY = "0123456789abcdef0123456789abcdef and more"
    ) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({})).await;
        put_sealed(&app, 1, FLASK).await;
        let answer = app.patch("/api/v1/contracts/1", json!({"title": "새 제목"})).by(&user).expect(200).await;
        assert_eq!(answer["contract"]["amount"], "55000000.50");
        let answer = app.patch("/api/v1/contracts/1", json!({"amount": "55000000.5"})).by(&user).expect(200).await;
        assert_eq!(answer["contract"]["amount"], "55000000.5");
        assert!(sealed(&app, 1).await.starts_with("v1."));
        assert_eq!(read(&app, &user, 1).await["amount"], "55000000.5");
    }

    async fn flasks_ciphertext_under_another_key_reads_as_null(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({})).await;
        put_sealed(&app, 1, FLASK).await;
        assert_eq!(read(&app, &user, 1).await["amount"], json!(null));
    }

    async fn answers_with_amounts_are_not_to_be_stored(app) {
        let user = app.user("test-001", Owner).await;
        let editor = app.user("test-001", Editor).await;
        for call in [
            app.post("/api/v1/contracts", contract(&json!({}))).by(&user),
            app.put("/api/v1/contracts/1", json!({"title": "하나"})).by(&user),
            app.patch("/api/v1/contracts/1", json!({"title": "둘"})).by(&user),
            app.get("/api/v1/contracts/1").by(&user),
            app.get("/api/v1/contracts").by(&user),
            app.get("/api/v1/contracts").by(&editor),
            app.call(Method::HEAD, "/api/v1/contracts/1").by(&user),
        ] {
            let reply = call.send().await;
            assert!(matches!(reply.status, 200 | 201), "{}", reply.status);
            assert_eq!(reply.header("cache-control"), Some("no-store"));
        }
    }
}
