//! Rows are sealed in the background.

use std::sync::Arc;
use std::time::Duration;

use bizcenter::audit::chain::problem::Kind;
use bizcenter::audit::chain::store;
use bizcenter::audit::{Action, Changes, Event, seal};
use bizcenter::db::{Db, sql};
use bizcenter::policy::Role::Owner;
use bizcenter::resource::Resource;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{count, events, problems, record, seal_all, verified};
use crate::app::{Database, Session, TestApp};
use crate::lists::list;
use crate::on_both;

on_both! {
    async fn rows_are_sealed_within_seconds_until_it_is_stopped(app) {
        let kim = app.user("test-001", Owner).await;
        let stop = CancellationToken::new();
        let running = tokio::spawn(seal::run(app.state.clone(), stop.clone()));
        for part in 0..2 {
            record(&app, &kim, events(1..=3)).await;
            let sealed = async {
                while verified(&app, "test-001").await.unsealed > 0 {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(10), sealed).await.expect("sealed within ten seconds");
            assert_eq!(verified(&app, "test-001").await.seqs, Some((1, 3 * part + 3)));
        }
        record(&app, &kim, events(4..=4)).await;
        stop.cancel();
        tokio::time::timeout(Duration::from_secs(10), running).await.expect("it stops").unwrap();
        // The last thing it does is to seal what is left.
        assert_eq!((verified(&app, "test-001").await.unsealed, problems(&app, "test-001").await), (0, vec![]));
    }

    async fn writers_and_sealers_of_several_servers_at_once_make_one_chain(app) {
        let (kim, lee) = (app.user("test-001", Owner).await, app.user("test-002", Owner).await);
        let write = async |user: &Session| {
            for id in 1..=20 {
                record(&app, user, events(id..=id + 1)).await;
            }
        };
        let seal_often = async || {
            for _ in 0..15 {
                seal_all(&app).await;
            }
        };
        tokio::join!(write(&kim), write(&lee), write(&kim), seal_often(), seal_often());
        seal_all(&app).await;
        for (tenant, rows) in [("test-001", 80), ("test-002", 40)] {
            let report = verified(&app, tenant).await;
            assert_eq!((report.rows, report.unsealed, report.seqs), (rows, 0, Some((1, rows as i64))));
            assert_eq!(report.problems.list, []);
        }
    }

    async fn many_rows_are_written_with_few_statements_and_sealed_in_parts(app) {
        let kim = app.user("test-001", Owner).await;
        record(&app, &kim, events(1..=1700)).await;
        record(&app, &kim, Vec::new()).await;
        seal_all(&app).await;
        let report = verified(&app, "test-001").await;
        assert_eq!((report.rows, report.seqs, report.problems.list), (1700, Some((1, 1700)), vec![]));
        let page = list(&app, &kim, "audit-logs", &[("sort", "id"), ("limit", "1000"), ("page", "2")]).await;
        assert_eq!((&page["audit_logs"][699]["seq"], &page["audit_logs"][699]["resource_id"]), (&json!(1700), &json!(1700)));
    }

    async fn changes_of_many_megabytes_are_written(app) {
        let kim = app.user("test-001", Owner).await;
        let long = "가".repeat(700_000);
        let changes = |id: i64| Changes::default().field("notes", json!(null), format!("{long}{id}"));
        let events = (1..=12).map(|id| Event::new(Action::Created, Resource::Meeting, id).with(changes(id)));
        record(&app, &kim, events.collect()).await;
        seal_all(&app).await;
        assert_eq!((count(&app, "test-001").await, problems(&app, "test-001").await), (12, vec![]));
    }

    async fn a_row_that_nobody_wrote_does_not_hold_up_the_others(app) {
        let (kim, lee) = (app.user("test-001", Owner).await, app.user("test-002", Owner).await);
        record(&app, &kim, events(1..=2)).await;
        seal_all(&app).await;
        // Under the number that comes next, and with none.
        for (nonce, seq) in [("one", Some(3_i64)), ("two", None)] {
            let forged = "insert into audit_logs (tenant_id, action, resource_type, changes, created_at, nonce, mac, \
                          seq) values ('test-001', 'created', 'task', '{}', ?, ?, 'm', ?)";
            app.execute(sql(forged).bind(app.now()).bind(nonce).bind(seq)).await;
        }
        record(&app, &kim, events(3..=3)).await;
        record(&app, &lee, events(1..=1)).await;
        seal_all(&app).await;
        let report = verified(&app, "test-001").await;
        assert_eq!((report.unsealed, report.seqs), (0, Some((1, 4))));
        let kinds: Vec<Kind> = report.problems.list.iter().map(|problem| problem.kind).collect();
        assert_eq!(kinds, [Kind::Inserted, Kind::Inserted]);
        assert_eq!(problems(&app, "test-002").await, []);
    }
}

/// On SQLite one writes at a time anyway.
mod writers_do_not_wait_while_rows_are_sealed_and_deleted {
    use super::*;

    #[tokio::test]
    async fn mariadb() {
        let app = TestApp::start_with(Database::MariaDb, &[]).await;
        let kim = app.user("test-001", Owner).await;
        record(&app, &kim, events(1..=300)).await;
        seal_all(&app).await;
        // With some thousand rows, and when it knows of them, the database chooses another key than with a few.
        record(&app, &kim, events(1..=6000)).await;
        assert!(matches!(app.db(), Db::MariaDb(_)));
        app.execute(sql("analyze table audit_logs")).await;
        let (mut tx, tenant): (_, Arc<str>) = (app.db().begin().await.unwrap(), "test-001".into());
        store::lock(&mut tx, &tenant).await.unwrap();
        for entry in store::sealed(&mut tx, &tenant, None, 300).await.unwrap() {
            store::delete(&mut tx, &tenant, entry.id).await.unwrap();
        }
        let mut chain = store::find(&mut tx, &tenant).await.unwrap().unwrap();
        // The last ones: the next row is written right behind them.
        let entries = store::unsealed(&mut tx, &tenant, None, 6000).await.unwrap().split_off(5900);
        assert_eq!(entries.len(), 100);
        for link in chain.append(&app.state.audit_key, "test-001", &entries, app.now()) {
            assert!(store::seal(&mut tx, &tenant, link).await.unwrap());
        }
        // The transaction is still open.
        let write = record(&app, &kim, events(1..=3));
        tokio::time::timeout(Duration::from_secs(2), write).await.expect("nobody waits");
        tx.rollback().await.unwrap();
        assert_eq!(count(&app, "test-001").await, 6303);
    }
}
