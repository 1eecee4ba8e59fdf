//! What somebody with access to the database does to the rows is found. The thousands of ways are tried on the chain
//! itself, beside it; here is what needs a real database.

use bizcenter::audit::chain::problem::Kind::{self, ChainForged, ChainMissing, Copied, CutTail, Edited};
use bizcenter::audit::chain::problem::Kind::{EarlierFault, Inserted, Missing, Reordered};
use bizcenter::db::{Db, Value, sql};
use bizcenter::policy::Role::Owner;

use super::{events, problems, record, seal_all};
use crate::app::{Session, TestApp};
use crate::on_both;

const COPY: &str = "insert into audit_logs (tenant_id, action, resource_type, resource_id, user_id, ip, user_agent, \
                    request_id, changes, created_at, nonce, mac, seq, previous_seal, seal) select tenant_id, action, \
                    resource_type, resource_id, user_id, ip, user_agent, request_id, changes, created_at, nonce, mac, ";

type Found = (Kind, Option<(i64, i64)>);

/// A log of eight rows of a tenant of its own.
async fn log(app: &TestApp, tenant: &str) -> Session {
    let user = app.user(tenant, Owner).await;
    record(app, &user, events(1..=8)).await;
    seal_all(app).await;
    assert_eq!(problems(app, tenant).await, []);
    user
}

/// Runs statements on the tenant's rows, whose name is each one's only value.
async fn run(app: &TestApp, tenant: &str, statements: &[&'static str]) {
    for statement in statements {
        let rows = app.execute(sql(statement).bind(tenant.to_owned())).await;
        assert!(rows > 0, "{statement}");
    }
}

fn at(kind: Kind, seq: i64) -> Found {
    (kind, Some((seq, seq)))
}

on_both! {
    async fn an_edit_of_any_column_is_found_in_its_row(app) {
        let late = bizcenter::clock::Timestamp::from_micros(app.now().micros() + 1);
        let text = |text: &'static str| Value::from(text);
        for (index, (statement, value, kind)) in [
            ("update audit_logs set action = ?", text("deleted"), Edited),
            ("update audit_logs set resource_type = ?", text("meeting"), Edited),
            ("update audit_logs set resource_id = ?", Value::Int(9), Edited),
            ("update audit_logs set resource_id = ?", Value::Null, Edited),
            ("update audit_logs set user_id = ?", Value::Null, Edited),
            ("update audit_logs set ip = ?", text(""), Edited),
            ("update audit_logs set user_agent = ?", text("curl"), Edited),
            ("update audit_logs set request_id = ?", text("x"), Edited),
            ("update audit_logs set changes = ?", text("{}"), Edited),
            ("update audit_logs set created_at = ?", Value::from(late), Edited),
            ("update audit_logs set nonce = ?", text("x"), Edited),
            ("update audit_logs set mac = ?", text("x"), Edited),
            ("update audit_logs set seal = ?", text("x"), Reordered),
            ("update audit_logs set previous_seal = ?", text("x"), Reordered),
            ("update audit_logs set sealed_at = ?", Value::from(late), Reordered),
            ("update audit_logs set id = ?", Value::Int(987_654), Reordered),
        ].into_iter().enumerate() {
            let tenant = format!("tenant-{index}");
            log(&app, &tenant).await;
            let update = sql(statement).bind(value).push(" where tenant_id = ? and seq = 4").bind(&tenant);
            assert_eq!(app.execute(update).await, 1, "{statement}");
            assert_eq!(problems(&app, &tenant).await, [at(kind, 4)], "{statement}");
        }
    }

    async fn whatever_is_removed_inserted_or_reordered_is_found_at_its_place(app) {
        let renumber: &[&'static str] = &[
            "update audit_logs set seq = 1000 where tenant_id = ? and seq = 3",
            "update audit_logs set seq = 3 where tenant_id = ? and seq = 6",
            "update audit_logs set seq = 6 where tenant_id = ? and seq = 1000",
        ];
        let table: [(&[&'static str], &[Found]); 12] = [
            (&["delete from audit_logs where tenant_id = ? and seq = 1"], &[at(Missing, 1)]),
            (&["delete from audit_logs where tenant_id = ? and seq in (4, 5)"], &[(Missing, Some((4, 5)))]),
            (&["delete from audit_logs where tenant_id = ? and seq = 8"], &[at(CutTail, 8)]),
            (&["delete from audit_logs where tenant_id = ? and seq > 5"], &[(CutTail, Some((6, 8)))]),
            (&["delete from audit_logs where tenant_id = ?"], &[(CutTail, Some((1, 8)))]),
            (renumber, &[at(Reordered, 3), at(Reordered, 6)]),
            (&["update audit_logs set seq = 9 where tenant_id = ? and seq = 8"], &[at(Reordered, 9), at(CutTail, 8)]),
            (&["update audit_logs set seq = 0 where tenant_id = ? and seq = 2"], &[at(Inserted, 0), at(Missing, 2)]),
            (&["update audit_chains set last_seq = 7 where tenant_id = ?"], &[(ChainForged, None)]),
            (&["update audit_chains set first_seq = 2 where tenant_id = ?"], &[(ChainForged, None)]),
            (&["update audit_chains set faults = 1 where tenant_id = ?"], &[(ChainForged, None)]),
            (&["delete from audit_chains where tenant_id = ?"], &[(ChainMissing, None)]),
        ];
        for (index, (statements, expected)) in table.into_iter().enumerate() {
            let tenant = format!("tenant-{index}");
            log(&app, &tenant).await;
            run(&app, &tenant, statements).await;
            assert_eq!(problems(&app, &tenant).await, expected, "{statements:?}");
        }
    }

    async fn a_copy_is_found_sealed_or_not_and_so_is_a_row_that_is_sealed_again(app) {
        let (doubled, again) = ("tenant-a", "tenant-b");
        log(&app, doubled).await;
        log(&app, again).await;
        let copy = sql(COPY).push("seq, previous_seal, seal from audit_logs where tenant_id = ? and seq = 4");
        assert_eq!(app.execute(copy.bind(doubled)).await, 1);
        assert_eq!(problems(&app, doubled).await, [at(Inserted, 4), at(Copied, 4)]);
        let copy = sql(COPY).push("null, null, null from audit_logs where tenant_id = ? and seq = 5");
        assert_eq!(app.execute(copy.bind(doubled)).await, 1);
        seal_all(&app).await;
        assert_eq!(problems(&app, doubled).await, [at(Inserted, 4), at(Copied, 4), at(Copied, 9)]);
        let unseal = "update audit_logs set seq = null, previous_seal = null, seal = null where tenant_id = ? and seq = 4";
        run(&app, again, &[unseal]).await;
        seal_all(&app).await;
        assert_eq!(problems(&app, again).await, [at(Missing, 4)]);
    }

    async fn neither_a_forged_head_nor_a_missing_one_is_covered_up_by_the_next_seal(app) {
        for (tenant, statements) in [
            ("tenant-a", &["update audit_chains set last_seq = 5 where tenant_id = ?"][..]),
            ("tenant-b", &["delete from audit_chains where tenant_id = ?"]),
            ("tenant-c", &[
                "delete from audit_logs where tenant_id = ? and seq > 5",
                "update audit_chains set last_seq = 5 where tenant_id = ?",
            ]),
        ] {
            let user = log(&app, tenant).await;
            run(&app, tenant, statements).await;
            record(&app, &user, events(9..=9)).await;
            seal_all(&app).await;
            let seq = if tenant == "tenant-c" { 6 } else { 9 };
            assert_eq!(problems(&app, tenant).await, [at(EarlierFault, seq)], "{tenant}");
        }
    }

    async fn what_is_stored_in_another_type_or_in_other_words_is_found_and_sealing_goes_on(app) {
        // MariaDB's columns have one type each.
        if matches!(app.db(), Db::Sqlite { .. }) {
            for (index, statement) in [
                // As text they are what they were.
                "update audit_logs set user_id = cast(user_id as blob) where tenant_id = ? and seq = 4",
                "update audit_logs set resource_id = cast(resource_id as blob) where tenant_id = ? and seq = 4",
                "update audit_logs set action = cast(action as blob) where tenant_id = ? and seq = 4",
                "update audit_logs set nonce = x'ff' where tenant_id = ? and seq = 4",
                "update audit_logs set nonce = cast(x'ff' as text) where tenant_id = ? and seq = 4",
                "update audit_logs set mac = cast(mac as blob) where tenant_id = ? and seq = 4",
                "update audit_logs set ip = 1.5 where tenant_id = ? and seq = 4",
                "update audit_logs set created_at = cast(created_at as blob) where tenant_id = ? and seq = 4",
                "update audit_logs set created_at = replace(created_at, '+00:00', 'Z') where tenant_id = ? and seq = 4",
                "update audit_logs set created_at = replace(created_at, 'T', ' ') where tenant_id = ? and seq = 4",
                "update audit_logs set created_at = 7 where tenant_id = ? and seq = 4",
            ].into_iter().enumerate() {
                let tenant = format!("tenant-{index}");
                let user = log(&app, &tenant).await;
                run(&app, &tenant, &[statement]).await;
                record(&app, &user, events(9..=9)).await;
                seal_all(&app).await;
                assert_eq!(problems(&app, &tenant).await, [at(Edited, 4)], "{statement}");
            }
        }
    }

    async fn a_row_or_a_chain_in_another_type_does_not_hold_up_the_others(app) {
        if matches!(app.db(), Db::Sqlite { .. }) {
            let (kim, lee) = (log(&app, "tenant-a").await, log(&app, "tenant-b").await);
            record(&app, &kim, events(9..=10)).await;
            run(&app, "tenant-a", &["update audit_logs set nonce = x'ff' where tenant_id = ? and resource_id = 9"]).await;
            seal_all(&app).await;
            assert_eq!(problems(&app, "tenant-a").await, [at(Inserted, 9)]);
            run(&app, "tenant-b", &["update audit_chains set last_seal = x'00' where tenant_id = ?"]).await;
            assert_eq!(problems(&app, "tenant-b").await, [(ChainForged, None)]);
            record(&app, &lee, events(9..=9)).await;
            seal_all(&app).await;
            assert_eq!(problems(&app, "tenant-b").await, [at(EarlierFault, 9)]);
            let forged = "update audit_chains set deleted_until = '2026-99-99T99:99:99+00:00' where tenant_id = ?";
            run(&app, "tenant-b", &[forged]).await;
            record(&app, &lee, events(10..=10)).await;
            seal_all(&app).await;
            assert_eq!(problems(&app, "tenant-b").await, [at(EarlierFault, 10)]);
        }
    }

    async fn a_moment_that_is_none_is_an_edit_like_any_other(app) {
        log(&app, "tenant-a").await;
        // MariaDB takes none.
        if matches!(app.db(), Db::Sqlite { .. }) {
            for nonsense in ["2026-02-07 10:17:56", "yesterday", ""] {
                let edit = "update audit_logs set created_at = ? where tenant_id = 'tenant-a' and seq = 4";
                app.execute(sql(edit).bind(nonsense)).await;
                assert_eq!(problems(&app, "tenant-a").await, [at(Edited, 4)], "{nonsense}");
            }
        }
    }
}
