//! What a request writes, row by row, and a real failure inside the database at any of these rows.
//!
//! Triggers count the rows, in the request's own transaction, whose end undoes that too. The row that is to fail breaks
//! a check: that is no duplicate, which a store may forgive.

use std::collections::BTreeSet;

use bizcenter::db::{Db, sql};

use crate::app::TestApp;

/// What the server writes by itself is not counted.
const BACKGROUND: [(&str, &str); 2] = [("delete", "audit_logs"), ("update", "audit_logs")];

/// Which row is to fail, by its number from 1 on; and which row of this table is to be missing at the commit.
const PLAN: &str =
    "create table fault_plan (id integer not null primary key, failing integer not null, missing integer)";

/// A key that is checked at the commit lets only the commit fail. MariaDB has none.
const SQLITE_ROWS: &str = "create table fault_rows (number integer not null, failing integer not null, \
                           missing integer references fault_plan (id) deferrable initially deferred, \
                           statement varchar(100) not null, check (number <> failing))";
const MARIADB_ROWS: &str = "create table fault_rows (number integer not null, failing integer not null, \
                            missing integer, statement varchar(100) not null, check (number <> failing))";

/// The one row of the plan.
const ID: i64 = 1;

/// Watches what is written.
pub struct Statements<'a> {
    app: &'a TestApp,
    pub can_fail_to_commit: bool,
}

impl<'a> Statements<'a> {
    pub async fn watch(app: &'a TestApp, tables: &BTreeSet<String>) -> Self {
        let can_fail_to_commit = matches!(app.db(), Db::Sqlite { .. });
        let mut tx = app.db().begin().await.unwrap();
        let rows = if can_fail_to_commit { SQLITE_ROWS } else { MARIADB_ROWS };
        for statement in [sql(PLAN), sql(rows), sql("insert into fault_plan (id, failing) values (?, 0)").bind(ID)] {
            tx.execute(statement).await.unwrap();
        }
        for table in tables {
            for verb in ["insert", "update", "delete"] {
                if !BACKGROUND.contains(&(verb, table.as_str())) {
                    tx.execute(sql(trigger(verb, table))).await.unwrap();
                }
            }
        }
        tx.commit().await.unwrap();
        Self { app, can_fail_to_commit }
    }

    /// From now on everything works, and is counted.
    pub async fn record(&self) {
        self.plan(0, None).await;
    }

    /// From now on the row with this number cannot be written.
    pub async fn fail_at(&self, number: usize) {
        self.plan(i64::try_from(number).unwrap(), None).await;
    }

    /// From now on no transaction that writes can be committed.
    pub async fn fail_to_commit(&self) {
        self.plan(0, Some(ID + 1)).await;
    }

    /// What has been written since then, as `insert tasks`, in its order.
    pub async fn written(&self) -> Vec<String> {
        let mut conn = self.app.db().read().await.unwrap();
        let rows: Vec<(String,)> =
            conn.fetch_all(sql("select statement from fault_rows order by number")).await.unwrap();
        rows.into_iter().map(|(statement,)| statement).collect()
    }

    async fn plan(&self, failing: i64, missing: Option<i64>) {
        let mut tx = self.app.db().begin().await.unwrap();
        tx.execute(sql("delete from fault_rows")).await.unwrap();
        let update = sql("update fault_plan set failing = ?, missing = ? where id = ?").bind(failing).bind(missing);
        tx.execute(update.bind(ID)).await.unwrap();
        tx.commit().await.unwrap();
    }
}

/// Both databases understand it.
fn trigger(verb: &str, table: &str) -> &'static str {
    let text = format!(
        "create trigger fault_{verb}_{table} before {verb} on {table} for each row begin \
         insert into fault_rows (number, failing, missing, statement) \
         select count(*) + 1, (select failing from fault_plan), (select missing from fault_plan), '{verb} {table}' \
         from fault_rows; end"
    );
    Box::leak(text.into_boxed_str())
}
