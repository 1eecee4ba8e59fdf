//! What has happened to a contract.

use bizcenter::db::sql;
use bizcenter::policy::Role::{Admin, Analyst, Editor, Owner, Viewer};
use serde_json::{Value, json};

use super::{make, not_found};
use crate::app::{Session, TestApp};
use crate::client::without_request_id;
use crate::on_both;
use crate::tasks::forbidden;

const HISTORY: &str = "/api/v1/contracts/1/history";

/// The first contract's history, the last change first.
async fn history(app: &TestApp, user: &Session) -> Value {
    app.get(HISTORY).by(user).expect(200).await["history"].take()
}

on_both! {
    async fn making_a_contract_is_the_first_entry(app) {
        let user = app.user_named("test-001", Owner, "kim@example.com", "김영희").await;
        make(&app, &user, json!({"description": "설명", "auto_renewal": true, "contact_email": "a@example.com"})).await;
        let reply = app.get(HISTORY).by(&user).send().await;
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(reply.expect(200), json!({
            "history": [{
                "id": 1, "action": "created", "created_by": user.id, "created_by_name": "김영희",
                "created_at": "2026-02-07T10:17:56.942016Z",
                "changes": {
                    "contract_number": {"from": null, "to": "MSSP-2026-001"},
                    "customer_name": {"from": null, "to": "한빛정보"},
                    "title": {"from": null, "to": "보안 관제"},
                    "contract_type": {"from": null, "to": "service"},
                    "description": {"from": null, "to": "설명"},
                    "amount": {"from": null, "to": "1000.10"},
                    "currency": {"from": null, "to": "KRW"},
                    "start_date": {"from": null, "to": "2026-01-01"},
                    "end_date": {"from": null, "to": "2026-12-31"},
                    "auto_renewal": {"from": null, "to": true},
                    "status": {"from": null, "to": "draft"},
                    "contact_email": {"from": null, "to": "a@example.com"},
                },
            }],
            "total": 1, "page": 1, "limit": 100, "pages": 1, "next_cursor": null,
        }));
    }

    async fn a_change_tells_what_was_before_and_what_came_after(app) {
        let user = app.user("test-001", Owner).await;
        let admin = app.user_named("test-001", Admin, "lee@example.com", "이지은").await;
        make(&app, &user, json!({"description": "설명"})).await;
        app.advance(60);
        let body = json!({
            "title": "보안 관제", "description": null, "amount": "2.50", "auto_renewal": true, "notes": "메모",
            "end_date": "2027-12-31", "contract_type": "nda", "status": "active", "customer_name": "새 고객",
        });
        app.put("/api/v1/contracts/1", body).by(&admin).expect(200).await;
        assert_eq!(history(&app, &user).await[0], json!({
            "id": 2, "action": "updated", "created_by": admin.id, "created_by_name": "이지은",
            "created_at": "2026-02-07T10:18:56.942016Z",
            "changes": {
                "customer_name": {"from": "한빛정보", "to": "새 고객"},
                "contract_type": {"from": "service", "to": "nda"},
                "description": {"from": "설명", "to": null},
                "amount": {"from": "1000.10", "to": "2.50"},
                "end_date": {"from": "2026-12-31", "to": "2027-12-31"},
                "auto_renewal": {"from": false, "to": true},
                "status": {"from": "draft", "to": "active"},
                "notes": {"from": null, "to": "메모"},
            },
        }));
    }

    async fn what_changes_nothing_or_is_refused_is_no_history(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({})).await;
        make(&app, &user, json!({"contract_number": "2"})).await;
        let path = "/api/v1/contracts/1";
        app.patch(path, json!({"amount": "1000.10", "title": "보안 관제"})).by(&user).expect(200).await;
        app.patch(path, json!({"contract_number": "2"})).by(&user).expect(409).await;
        app.patch(path, json!({"end_date": "2025-01-01"})).by(&user).expect(400).await;
        app.patch(path, json!({"title": "새 제목"})).header("if-match", "\"7\"").by(&user).expect(412).await;
        assert_eq!(history(&app, &user).await.as_array().unwrap().len(), 1);
    }

    async fn a_renewal_is_told_of_in_both_contracts(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({"status": "active"})).await;
        app.post("/api/v1/contracts/1/renew", json!({"contract_number": "2"})).by(&user).expect(201).await;
        let old = history(&app, &user).await;
        assert_eq!((&old[0]["action"], old.as_array().unwrap().len()), (&json!("renewed"), 2));
        assert_eq!(old[0]["changes"], json!({"status": {"from": "active", "to": "renewed"}}));
        let new = app.get("/api/v1/contracts/2/history").by(&user).expect(200).await["history"].take();
        assert_eq!((&new[0]["action"], new.as_array().unwrap().len()), (&json!("created"), 1));
        assert_eq!(new[0]["changes"]["parent_id"], json!({"from": null, "to": 1}));
        assert_eq!(new[0]["changes"]["amount"], json!({"from": null, "to": "1000.10"}));
    }

    async fn who_may_not_see_amounts_sees_only_that_they_changed(app) {
        let user = app.user("test-001", Owner).await;
        let editor = app.user("test-001", Editor).await;
        make(&app, &user, json!({"amount": "4711.42"})).await;
        app.patch("/api/v1/contracts/1", json!({"amount": "4711.43"})).by(&user).expect(200).await;
        app.patch("/api/v1/contracts/1", json!({"title": "새 제목"})).by(&user).expect(200).await;
        let mut seen = history(&app, &user).await;
        assert_eq!(seen[1]["changes"]["amount"], json!({"from": "4711.42", "to": "4711.43"}));
        seen[1]["changes"]["amount"] = json!({"from": "***", "to": "***"});
        seen[2]["changes"]["amount"]["to"] = json!("***");
        assert_eq!(history(&app, &editor).await, seen);
    }

    async fn an_amount_is_nowhere_in_clear(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({"amount": "4711.42", "status": "active"})).await;
        app.patch("/api/v1/contracts/1", json!({"amount": "4711.43"})).by(&user).expect(200).await;
        app.post("/api/v1/contracts/1/renew", json!({"contract_number": "2"})).by(&user).expect(201).await;
        let select = sql("select changes from contract_history");
        let rows = app.db().read().await.unwrap().fetch_all::<(String,)>(select).await.unwrap();
        assert_eq!(rows.len(), 4);
        assert!(rows.iter().all(|(changes,)| !changes.contains("4711")), "{rows:?}");
    }

    async fn an_amount_of_another_contract_reads_as_null(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({"amount": "9000000"})).await;
        make(&app, &user, json!({"contract_number": "2"})).await;
        app.execute(sql("update contract_history set contract_id = 2 where id = 1")).await;
        let entries = app.get("/api/v1/contracts/2/history").by(&user).expect(200).await;
        let amounts = entries["history"].as_array().unwrap().iter().map(|entry| entry["changes"]["amount"]["to"].clone());
        assert_eq!(amounts.collect::<Value>(), json!(["1000.10", null]));
    }

    async fn a_long_text_is_shown_cut_and_kept_whole(app) {
        let user = app.user("test-001", Owner).await;
        let long = |letter: &str| letter.repeat(300_000);
        let cut = |letter: &str| format!("{}…+298000", letter.repeat(2000));
        make(&app, &user, json!({"description": long("가"), "notes": "n".repeat(2000)})).await;
        let letters = ["가", "나", "다", "라", "마", "바"];
        for letter in &letters[1..] {
            app.patch("/api/v1/contracts/1", json!({"description": long(letter)})).by(&user).expect(200).await;
        }
        let last = json!({"description": null, "notes": "n".repeat(2001)});
        app.patch("/api/v1/contracts/1", last).by(&user).expect(200).await;
        let reply = app.get(HISTORY).by(&user).send().await;
        assert!(reply.bytes.len() < 100_000, "{}", reply.bytes.len());
        let mut entries = reply.expect(200)["history"].take();
        let entries = entries.as_array_mut().unwrap();
        entries.reverse();
        assert_eq!(entries.len(), 7);
        assert_eq!(entries[0]["changes"]["description"], json!({"from": null, "to": cut("가")}));
        assert_eq!(entries[0]["changes"]["notes"]["to"], "n".repeat(2000));
        assert_eq!(entries[0]["changes"]["amount"]["to"], "1000.10");
        for (entry, pair) in entries[1..].iter().zip(letters.windows(2)) {
            let changes = json!({"description": {"from": cut(pair[0]), "to": cut(pair[1])}});
            assert_eq!(entry["changes"], changes);
        }
        assert_eq!(entries[6]["changes"], json!({
            "description": {"from": cut("바"), "to": null},
            "notes": {"from": "n".repeat(2000), "to": format!("{}…+1", "n".repeat(2000))},
        }));
        let newest = app.get(&format!("{HISTORY}?limit=1")).by(&user).expect(200).await;
        assert_eq!(newest["history"], json!([entries[6]]));
        let whole = "select count(*) from contract_history where length(changes) > 300000";
        assert_eq!(app.count(whole).await, 7);
    }

    async fn the_history_is_paged_and_filtered(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({})).await;
        for title in ["하나", "둘", "셋"] {
            app.patch("/api/v1/contracts/1", json!({"title": title})).by(&user).expect(200).await;
        }
        let titles = |page: &Value| -> Vec<Value> {
            page["history"].as_array().unwrap().iter().map(|entry| entry["changes"]["title"]["to"].clone()).collect()
        };
        let first = app.get(&format!("{HISTORY}?limit=2")).by(&user).expect(200).await;
        assert_eq!(titles(&first), ["셋", "둘"]);
        assert_eq!((&first["total"], &first["pages"]), (&json!(4), &json!(2)));
        let next = format!("{HISTORY}?cursor={}", first["next_cursor"].as_str().unwrap());
        assert_eq!(titles(&app.get(&next).by(&user).expect(200).await), ["하나", "보안 관제"]);
        let oldest = app.get(&format!("{HISTORY}?sort=id&limit=1")).by(&user).expect(200).await;
        assert_eq!(titles(&oldest), ["보안 관제"]);
        let made = app.get(&format!("{HISTORY}?action=created")).by(&user).expect(200).await;
        assert_eq!(titles(&made), ["보안 관제"]);
        assert_eq!(made["total"], 1);
    }

    async fn only_who_may_read_the_contract_reads_its_history(app) {
        let owner = app.user("test-001", Owner).await;
        make(&app, &owner, json!({})).await;
        for (role, name) in [(Analyst, "analyst"), (Viewer, "viewer")] {
            let user = app.user("test-001", role).await;
            let error = app.get(HISTORY).by(&user).expect(403).await;
            assert_eq!(without_request_id(error), forbidden(&["owner", "admin", "editor"], name));
        }
        let stranger = app.user("test-002", Owner).await;
        assert_eq!(without_request_id(app.get(HISTORY).by(&stranger).expect(404).await), not_found());
        app.delete("/api/v1/contracts/1").by(&owner).expect(204).await;
        assert_eq!(without_request_id(app.get(HISTORY).by(&owner).expect(404).await), not_found());
        assert_eq!(app.count("select count(*) from contract_history").await, 0);
    }
}
