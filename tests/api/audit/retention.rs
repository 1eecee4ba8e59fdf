//! Old rows are deleted, and the rest still verifies.

use bizcenter::audit::chain::problem::Kind;
use bizcenter::audit::retention::{delete_expired, oldest_kept};
use bizcenter::audit::{self, AuditKey, seal};
use bizcenter::auth::Scope;
use bizcenter::db::sql;
use bizcenter::policy::Role::Owner;

use super::{count, events, problems, record, scope, seal_all, verified};
use crate::app::TestApp;
use crate::on_both;

const DAY: i64 = 86_400;

/// Deletes what is older than 90 days; gives how many rows.
async fn clean(app: &TestApp) -> u64 {
    let older_than = oldest_kept(app.now(), 90);
    delete_expired(app.db(), &app.state.audit_key, older_than, app.now()).await.unwrap()
}

on_both! {
    async fn rows_older_than_told_are_deleted_and_the_rest_verifies(app) {
        let (kim, lee) = (app.user("test-001", Owner).await, app.user("test-002", Owner).await);
        let begun = app.now();
        record(&app, &kim, events(1..=3)).await;
        seal_all(&app).await;
        app.advance(80 * DAY);
        record(&app, &kim, events(4..=5)).await;
        record(&app, &lee, events(1..=1)).await;
        seal_all(&app).await;
        assert_eq!(clean(&app).await, 0);
        app.advance(10 * DAY);
        // At 90 days to the microsecond they are not older.
        assert_eq!(clean(&app).await, 0);
        app.advance(1);
        assert_eq!(clean(&app).await, 3);
        assert_eq!((clean(&app).await, count(&app, "test-001").await, count(&app, "test-002").await), (0, 2, 1));
        for tenant in ["test-001", "test-002"] {
            assert_eq!(problems(&app, tenant).await, []);
        }
        let report = verified(&app, "test-001").await;
        assert_eq!((report.seqs, report.deleted_until), (Some((4, 5)), Some(begun)));
        // The chain goes on, also when nothing is left of it.
        app.advance(200 * DAY);
        assert_eq!(clean(&app).await, 3);
        record(&app, &kim, events(6..=6)).await;
        seal_all(&app).await;
        let report = verified(&app, "test-001").await;
        assert_eq!((report.seqs, report.problems.list), (Some((6, 6)), vec![]));
    }

    async fn many_rows_go_in_parts_and_rows_that_are_not_sealed_stay(app) {
        let kim = app.user("test-001", Owner).await;
        record(&app, &kim, events(1..=1700)).await;
        seal_all(&app).await;
        app.advance(91 * DAY);
        record(&app, &kim, events(1..=2)).await;
        assert_eq!(clean(&app).await, 1700);
        assert_eq!((count(&app, "test-001").await, problems(&app, "test-001").await), (2, vec![]));
        seal_all(&app).await;
        assert_eq!(verified(&app, "test-001").await.seqs, Some((1701, 1702)));
    }

    async fn rows_missing_at_the_beginning_are_not_taken_for_deleted_ones(app) {
        let kim = app.user("test-001", Owner).await;
        record(&app, &kim, events(1..=6)).await;
        seal_all(&app).await;
        app.advance(91 * DAY);
        record(&app, &kim, events(1..=6)).await;
        seal_all(&app).await;
        clean(&app).await;
        app.execute(sql("delete from audit_logs where tenant_id = 'test-001' and seq <= 8")).await;
        assert_eq!(problems(&app, "test-001").await, [(Kind::Missing, Some((7, 8)))]);
    }

    async fn tampering_that_is_deleted_with_its_rows_is_remembered_for_as_long_as_rows_are(app) {
        let kim = app.user("test-001", Owner).await;
        record(&app, &kim, events(1..=6)).await;
        seal_all(&app).await;
        app.execute(sql("update audit_logs set action = 'viewed' where tenant_id = 'test-001' and seq = 2")).await;
        app.execute(sql("delete from audit_logs where tenant_id = 'test-001' and seq = 5")).await;
        app.advance(91 * DAY);
        record(&app, &kim, events(1..=1)).await;
        seal_all(&app).await;
        assert_eq!(clean(&app).await, 5);
        assert_eq!(problems(&app, "test-001").await, [(Kind::EarlierFault, Some((2, 2)))]);
        app.advance(91 * DAY);
        assert_eq!(clean(&app).await, 1);
        assert_eq!(problems(&app, "test-001").await, []);
    }

    async fn under_another_key_numbers_go_on_and_old_rows_still_go(app) {
        let kim = app.user("test-001", Owner).await;
        let other = AuditKey::new(&"another secret".to_owned().into());
        let before = Scope::operator("test-001", kim.id, other.clone());
        let mut tx = app.db().begin().await.unwrap();
        audit::record_all(&mut tx, &before, events(1..=4), app.now()).await.unwrap();
        tx.commit().await.unwrap();
        seal::seal_all(app.db(), &other, app.now()).await.unwrap();
        app.advance(60 * DAY);
        record(&app, &kim, events(5..=6)).await;
        seal_all(&app).await;
        assert_eq!(verified(&app, "test-001").await.seqs, Some((5, 6)));
        assert_eq!(problems(&app, "test-001").await, [
            (Kind::Edited, Some((1, 4))), (Kind::EarlierFault, Some((5, 5))),
        ]);
        app.advance(31 * DAY);
        assert_eq!((clean(&app).await, count(&app, "test-001").await), (4, 2));
        app.advance(60 * DAY);
        assert_eq!((clean(&app).await, count(&app, "test-001").await), (2, 0));
        record(&app, &kim, events(7..=7)).await;
        seal_all(&app).await;
        assert_eq!(verified(&app, "test-001").await.seqs, Some((7, 7)));
        // What was found is remembered for as long as rows are.
        assert_eq!(problems(&app, "test-001").await, [(Kind::EarlierFault, Some((1, 1)))]);
        app.advance(91 * DAY);
        assert_eq!((clean(&app).await, problems(&app, "test-001").await), (1, vec![]));
    }

    async fn a_row_that_claims_to_be_young_is_deleted_with_those_around_it(app) {
        let kim = app.user("test-001", Owner).await;
        record(&app, &kim, events(1..=3)).await;
        seal_all(&app).await;
        app.advance(91 * DAY);
        record(&app, &kim, events(1..=1)).await;
        seal_all(&app).await;
        let young = "update audit_logs set created_at = ?, sealed_at = ? where tenant_id = 'test-001' and seq = 2";
        app.execute(sql(young).bind(app.now()).bind(app.now())).await;
        assert_eq!((clean(&app).await, count(&app, "test-001").await), (3, 1));
        assert_eq!(problems(&app, "test-001").await, [(Kind::EarlierFault, Some((2, 2)))]);
    }
    async fn rows_of_several_days_that_go_at_once_leave_no_problem_and_verify_meanwhile(app) {
        let kim = app.user("test-001", Owner).await;
        for _ in 0..12 {
            record(&app, &kim, events(1..=50)).await;
            seal_all(&app).await;
            app.advance(DAY / 4);
        }
        app.advance(90 * DAY);
        record(&app, &kim, events(1..=100)).await;
        seal_all(&app).await;
        let verify = async {
            let mut found = Vec::new();
            while count(&app, "test-001").await > 100 {
                found.extend(problems(&app, "test-001").await);
            }
            found
        };
        let (deleted, found) = tokio::join!(clean(&app), verify);
        assert_eq!((deleted, found), (600, vec![]));
        assert_eq!((problems(&app, "test-001").await, verified(&app, "test-001").await.seqs), (vec![], Some((601, 700))));
    }

    async fn a_log_whose_chain_is_not_as_it_was_signed_is_not_touched(app) {
        let kim = app.user("test-001", Owner).await;
        record(&app, &kim, events(1..=20)).await;
        seal_all(&app).await;
        let saved = app.db().read().await.unwrap().fetch_one::<(String,)>(sql("select mac from audit_chains")).await;
        let mac = "update audit_chains set mac = ? where tenant_id = 'test-001'";
        app.execute(sql(mac).bind("0".repeat(64))).await;
        app.execute(sql("delete from audit_logs where tenant_id = 'test-001' and seq < 12")).await;
        let old = oldest_kept(app.now(), 300);
        let edit = "update audit_logs set created_at = ?, sealed_at = ? where tenant_id = 'test-001' and seq = 12";
        app.execute(sql(edit).bind(old).bind(old)).await;
        assert_eq!((clean(&app).await, count(&app, "test-001").await), (0, 9));
        app.execute(sql(mac).bind(saved.unwrap().0)).await;
        assert_eq!(problems(&app, "test-001").await, [
            (Kind::Edited, Some((12, 12))), (Kind::Missing, Some((1, 11))),
        ]);
    }

    async fn a_row_from_the_future_stops_nothing(app) {
        let kim = app.user("test-001", Owner).await;
        for days in [0, 3, 3650] {
            let mut tx = app.db().begin().await.unwrap();
            let then = oldest_kept(app.now(), 0).micros() + days * DAY * 1_000_000;
            let then = bizcenter::clock::Timestamp::from_micros(then).unwrap();
            audit::record_all(&mut tx, &scope(&app, &kim), events(1..=1), then).await.unwrap();
            tx.commit().await.unwrap();
            seal_all(&app).await;
        }
        record(&app, &kim, events(1..=5)).await;
        seal_all(&app).await;
        assert_eq!(problems(&app, "test-001").await, [(Kind::Ahead, Some((2, 3)))]);
        app.advance(91 * DAY);
        assert_eq!((clean(&app).await, problems(&app, "test-001").await), (8, vec![]));
    }
}
