//! Answers with sums, beside one another and beside other requests.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bizcenter::db::{Value as SqlValue, sql};
use bizcenter::policy::Role::{Editor, Owner, Viewer};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{make, summary};
use crate::on_both;

/// How many contracts there are in a sum of one currency.
fn count(sums: &Value, currency: &str) -> Option<i64> {
    let sum = sums.as_array().unwrap().iter().find(|sum| sum["currency"] == currency)?;
    Some(sum["count"].as_i64().unwrap() + sum["unreadable"].as_i64().unwrap())
}

/// Contracts for a sum that takes a while.
const INSERT: &str = "insert into contracts (tenant_id, contract_number, customer_name, customer_name_folded, title, \
    amount_encrypted, currency, start_date, end_date, auto_renewal, status, search_text, version, created_at, \
    updated_at) values ";

on_both! {
    async fn sums_that_wait_for_their_turn_keep_nobody_from_a_connection(app, DB_POOL_SIZE = "3") {
        let (owner, viewer) = (app.user("test-001", Owner).await, app.user("test-001", Viewer).await);
        let editor = app.user("test-001", Editor).await;
        make(&app, &owner, "contract", json!({"status": "active", "amount": "1.5"})).await;
        let turns = [app.state.sums.take().await.unwrap(), app.state.sums.take().await.unwrap()];
        let mut waiting = JoinSet::new();
        for path in ["summary", "contracts/monthly"].repeat(4) {
            waiting.spawn(app.get(&format!("/api/v1/dashboard/{path}")).by(&owner).send());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        let started = Instant::now();
        app.get("/api/v1/tasks?limit=1").by(&viewer).expect(200).await;
        for path in ["summary", "contracts/monthly"] {
            app.get(&format!("/api/v1/dashboard/{path}")).by(&editor).expect(200).await;
        }
        assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
        assert!(waiting.try_join_next().is_none(), "who has to wait does not");
        drop(turns);
        while let Some(reply) = waiting.join_next().await {
            reply.unwrap().expect(200);
        }
    }

    async fn a_turn_ends_with_its_request_however_that_ends(app) {
        let owner = app.user("test-001", Owner).await;
        make(&app, &owner, "contract", json!({"amount": "1.5"})).await;
        for path in ["summary", "contracts/monthly"].repeat(5) {
            let call = app.get(&format!("/api/v1/dashboard/{path}")).by(&owner).send();
            let _ = tokio::time::timeout(Duration::from_millis(3), call).await;
        }
        assert_eq!(summary(&app, &owner).await["contracts"]["amounts"][0]["total"], "1.5");
        // On SQLite a reader in an old transaction would not see it.
        make(&app, &owner, "contract", json!({"amount": "2"})).await;
        for _ in 0..8 {
            assert_eq!(summary(&app, &owner).await["contracts"]["amounts"][0]["total"], "3.5");
        }
    }

    async fn a_contract_that_moves_is_in_one_place(app) {
        let owner = app.user("test-001", Owner).await;
        let row = |number: i64| -> Vec<SqlValue> {
            vec![
                "test-001".into(), format!("C-{number}").into(), "c".into(), "c".into(), "t".into(), "x".into(),
                "KRW".into(), "2026-01-15".into(), "2026-02-15".into(), false.into(), "active".into(), "t".into(),
                1_i64.into(), app.now().into(), app.now().into(),
            ]
        };
        for thousand in 0..6 {
            app.execute(sql(INSERT).values((thousand * 1000..(thousand + 1) * 1000).map(row))).await;
        }
        let fields = json!({"currency": "CHF", "status": "active", "start_date": "2025-12-01"});
        let path = format!("/api/v1/contracts/{}", make(&app, &owner, "contract", fields).await["id"]);
        let is_over = AtomicBool::new(false);
        let move_on = async {
            while !is_over.load(Ordering::Relaxed) {
                for (start, status) in [("2026-02-01", "terminated"), ("2025-12-01", "active")] {
                    let change = json!({"start_date": start, "status": status});
                    app.patch(&path, change).by(&owner).expect(200).await;
                }
            }
        };
        let look = async {
            for _ in 0..15 {
                let monthly = "/api/v1/dashboard/contracts/monthly?months=3";
                let months = app.get(monthly).by(&owner).expect(200).await["months"].take();
                let months = months.as_array().unwrap();
                let found: Vec<i64> =
                    months.iter().filter_map(|month| count(&month["started_amounts"], "CHF")).collect();
                assert_eq!(found, [1], "{months:#?}");
                for month in months {
                    let added: i64 =
                        ["KRW", "CHF"].iter().filter_map(|currency| count(&month["started_amounts"], currency)).sum();
                    assert_eq!(month["starting"], added, "{month:#?}");
                }
                let contracts = summary(&app, &owner).await["contracts"].take();
                let active: i64 =
                    ["KRW", "CHF"].iter().filter_map(|currency| count(&contracts["active_amounts"], currency)).sum();
                assert_eq!(contracts["by_status"]["active"], active, "{contracts:#?}");
                assert_eq!(contracts["total"], 6001);
            }
            is_over.store(true, Ordering::Relaxed);
        };
        tokio::join!(move_on, look);
    }
}
