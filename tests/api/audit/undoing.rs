//! Seals are undone so that the server makes new ones, and rows are kept from being sealed.

use std::time::{Duration, Instant};

use bizcenter::audit::chain::problem::Kind;
use bizcenter::db::{Db, sql};
use bizcenter::policy::Role::Owner;
use serde_json::Value;
use tokio::time::sleep;

use super::{AUDIT_LOGS, events, problems, record, seal_all, verified};
use crate::app::{Session, TestApp};
use crate::on_both;

const UNSEAL: &str = "update audit_logs set seq = null, previous_seal = null, seal = null, sealed_at = null where \
                      tenant_id = 'test-001' and seq > ?";
const MINUTE: i64 = 60;

/// A row of a chain as the database has it.
type Ends = (i64, String, i64, String, String);

async fn ends(app: &TestApp) -> Ends {
    let select =
        "select last_seq, last_seal, first_seq, previous_seal, mac from audit_chains where tenant_id = 'test-001'";
    app.db().read().await.unwrap().fetch_one(sql(select)).await.unwrap()
}

/// Ten rows of which the first five were sealed a quarter of an hour before the others.
async fn ten(app: &TestApp) -> (Session, Ends) {
    let kim = app.user("test-001", Owner).await;
    record(app, &kim, events(1..=5)).await;
    seal_all(app).await;
    let between = ends(app).await;
    app.advance(15 * MINUTE);
    record(app, &kim, events(6..=10)).await;
    seal_all(app).await;
    assert_eq!(problems(app, "test-001").await, []);
    (kim, between)
}

async fn kinds(app: &TestApp) -> Vec<Kind> {
    problems(app, "test-001").await.into_iter().map(|(kind, _)| kind).collect()
}

/// By itself, in the background.
async fn until_the_server_has_sealed(app: &TestApp, tenant: &str) {
    let begun = Instant::now();
    while verified(app, tenant).await.unsealed > 0 {
        assert!(begun.elapsed() < Duration::from_secs(20));
        sleep(Duration::from_millis(20)).await;
    }
}

on_both! {
    async fn a_log_without_its_chain_is_not_sealed_as_a_new_one(app) {
        ten(&app).await;
        app.execute(sql("delete from audit_chains where tenant_id = 'test-001'")).await;
        app.execute(sql(UNSEAL).bind(0_i64)).await;
        app.execute(sql("delete from audit_logs where tenant_id = 'test-001' and resource_id = 3")).await;
        // The server may seal it before anybody looks.
        let found = kinds(&app).await;
        assert!(found.contains(&Kind::ChainMissing) || found.contains(&Kind::EarlierFault), "{found:?}");
        seal_all(&app).await;
        let found = kinds(&app).await;
        assert!(found.contains(&Kind::EarlierFault) && found.contains(&Kind::SealedLate), "{found:?}");
    }

    async fn a_tenant_without_rows_has_a_chain_and_without_it_that_is_a_problem(app) {
        app.user("test-001", Owner).await;
        assert_eq!(problems(&app, "test-001").await, []);
        app.execute(sql("delete from audit_chains where tenant_id = 'test-001'")).await;
        assert_eq!(problems(&app, "test-001").await, [(Kind::ChainMissing, None)]);
    }

    async fn tenants_from_before_there_was_an_audit_log_get_their_chains_once(app) {
        // After its first round it has looked at all chains, as it does when it starts.
        let kim = app.user("test-002", Owner).await;
        for round in 1..=2 {
            record(&app, &kim, events(round..=round)).await;
            until_the_server_has_sealed(&app, "test-002").await;
        }
        let tenant = sql("insert into tenants (id, created_at) values ('test-001', ?)").bind(app.now());
        app.execute(tenant).await;
        assert_eq!(problems(&app, "test-001").await, [(Kind::ChainMissing, None)]);
        for _ in 0..2 {
            bizcenter::audit::open_chains(app.db(), &app.state.audit_key).await.unwrap();
            assert_eq!(problems(&app, "test-001").await, []);
        }
    }

    async fn rows_that_are_sealed_anew_behind_an_earlier_chain_are_named(app) {
        let (_, (last_seq, last_seal, first_seq, previous_seal, mac)) = ten(&app).await;
        app.advance(20 * MINUTE);
        // All columns of before: the code is of all of them.
        let put_back = "update audit_chains set last_seq = ?, last_seal = ?, first_seq = ?, previous_seal = ?, mac = ?, \
                        last_sealed_at = (select max(sealed_at) from audit_logs where tenant_id = 'test-001' and seq = 5) \
                        where tenant_id = 'test-001'";
        let put_back = sql(put_back).bind(last_seq).bind(last_seal).bind(first_seq).bind(previous_seal).bind(mac);
        app.execute(put_back).await;
        app.execute(sql(UNSEAL).bind(5_i64)).await;
        app.execute(sql("delete from audit_logs where tenant_id = 'test-001' and resource_id = 7")).await;
        seal_all(&app).await;
        let found = problems(&app, "test-001").await;
        assert!(found.contains(&(Kind::SealedLate, Some((6, 9)))), "{found:?}");
    }

    async fn a_running_server_notes_that_its_chain_was_put_back(app) {
        let kim = app.user("test-001", Owner).await;
        let (last_seq, last_seal, ..) = ends(&app).await;
        let mac = ends(&app).await.4;
        record(&app, &kim, events(1..=3)).await;
        // By the server itself, which remembers it.
        until_the_server_has_sealed(&app, "test-001").await;
        // Once more, so that it has surely come back from that.
        sleep(Duration::from_millis(1500)).await;
        let put_back = "update audit_chains set last_seq = ?, last_seal = ?, last_sealed_at = null, mac = ? where \
                        tenant_id = 'test-001'";
        app.execute(sql(put_back).bind(last_seq).bind(last_seal).bind(mac)).await;
        app.execute(sql("delete from audit_logs where tenant_id = 'test-001'")).await;
        assert_eq!(problems(&app, "test-001").await, []);
        record(&app, &kim, events(4..=4)).await;
        let begun = Instant::now();
        while kinds(&app).await != [Kind::EarlierFault] {
            assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", kinds(&app).await);
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn a_row_under_the_least_number_and_id_is_seen_by_all(app) {
        let (kim, _) = ten(&app).await;
        for seq in [Some(i64::MIN), None] {
            let forged = "insert into audit_logs (id, tenant_id, action, resource_type, changes, created_at, nonce, mac, \
                          seq) values (?, 'test-001', 'created', 'task', '{}', ?, 'n', 'm', ?)";
            app.execute(sql(forged).bind(i64::MIN).bind(app.now()).bind(seq)).await;
            assert_eq!(kinds(&app).await, [Kind::Inserted], "{seq:?}");
            seal_all(&app).await;
            assert_eq!(kinds(&app).await, [Kind::Inserted], "{seq:?}");
            if seq.is_some() {
                let file = app.get(AUDIT_LOGS).header("accept", "application/x-ndjson").by(&kim).send().await.text();
                assert!(file.contains(&i64::MIN.to_string()), "{file}");
            }
            app.execute(sql("delete from audit_logs where id = ?").bind(i64::MIN)).await;
        }
    }

    async fn who_holds_a_tenants_chain_holds_up_neither_the_others_nor_his_file(app) {
        let (kim, lee) = (app.user("test-001", Owner).await, app.user("test-002", Owner).await);
        // On SQLite one transaction writes at a time.
        if matches!(app.db(), Db::MariaDb(_)) {
            let mut held = app.db().begin().await.unwrap();
            held.lock(sql("select last_seq from audit_chains where tenant_id = 'test-001'")).await.unwrap();
            record(&app, &kim, events(1..=1)).await;
            record(&app, &lee, events(1..=1)).await;
            let begun = Instant::now();
            while verified(&app, "test-002").await.unsealed > 0 {
                assert!(begun.elapsed() < Duration::from_secs(8));
                sleep(Duration::from_millis(20)).await;
            }
            let begun = Instant::now();
            let file = app.get(AUDIT_LOGS).header("accept", "application/x-ndjson").by(&kim).send().await;
            assert!(begun.elapsed() < Duration::from_secs(8));
            let end: Value = serde_json::from_str(file.text().lines().last().unwrap()).unwrap();
            // The file's own row is one of them.
            assert_eq!((&end["end"]["unsealed"], &end["end"]["rows"]), (&Value::from(2), &Value::from(0)));
            app.advance(11 * MINUTE);
            assert_eq!(kinds(&app).await, [Kind::Unsealed, Kind::Unsealed]);
            held.rollback().await.unwrap();
        }
    }

    async fn a_row_of_another_type_does_not_keep_the_others_from_being_read(app) {
        let (kim, _) = ten(&app).await;
        if matches!(app.db(), Db::Sqlite { .. }) {
            for edit in [
                "update audit_logs set user_id = 1.5 where seq = 4",
                "update audit_logs set user_id = x'ff' where seq = 4",
                "update audit_logs set resource_id = x'01' where seq = 4",
                "update audit_logs set action = x'ff', ip = 7 where seq = 4",
                "update audit_logs set created_at = 'yesterday' where seq = 4",
            ] {
                assert_eq!(app.execute(sql(edit)).await, 1, "{edit}");
                for (accept, row) in
                    [("application/json", "업무 4"), ("text/csv", "업무 4"), ("application/x-ndjson", "업무 4")]
                {
                    let reply = app.get(AUDIT_LOGS).header("accept", accept).by(&kim).send().await;
                    assert_eq!(reply.status, 200, "{edit} {accept}");
                    let text = reply.text();
                    assert!(text.contains(row) && text.contains("업무 10"), "{edit} {accept}: {text}");
                }
            }
        }
    }
}
