//! All that the database holds, so that before and after can be compared.

use std::collections::{BTreeMap, BTreeSet};

use bizcenter::db::{Db, sql};
use serde_json::Value;

use crate::app::TestApp;

/// What the server writes by itself, whenever it comes to it.
const BACKGROUND_TABLES: [&str; 2] = ["audit_chains", "job_runs"];
const BACKGROUND_COLUMNS: [(&str, &str); 4] =
    [("audit_logs", "previous_seal"), ("audit_logs", "seal"), ("audit_logs", "sealed_at"), ("audit_logs", "seq")];

const SQLITE_COLUMNS: &str = "select m.name, c.name from sqlite_master m join pragma_table_info(m.name) c
    where m.type = 'table' and m.name not like 'sqlite!_%' escape '!' and m.name not like '!_sqlx!_%' escape '!'
    order by m.name, c.cid";
const MARIADB_COLUMNS: &str = "select table_name, column_name from information_schema.columns
    where table_schema = database() and is_generated = 'NEVER' and table_name not like '!_sqlx!_%' escape '!'
    order by table_name, ordinal_position";

/// The tables, and how to read all of them at once.
pub struct Schema {
    pub tables: BTreeSet<String>,
    select: &'static str,
}

/// Every row as JSON, with the name of its table.
pub struct Contents(BTreeSet<(String, String)>);

/// A row that was not there before, or that is there no more; one that is not as it was is both.
pub struct Change {
    pub table: String,
    pub is_new: bool,
    pub row: Value,
}

impl Schema {
    pub async fn read(app: &TestApp) -> Self {
        let columns = match app.db() {
            Db::Sqlite { .. } => SQLITE_COLUMNS,
            Db::MariaDb(_) => MARIADB_COLUMNS,
        };
        let columns = app.db().read().await.unwrap().fetch_all::<(String, String)>(sql(columns)).await.unwrap();
        let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (table, column) in columns {
            let is_background = BACKGROUND_COLUMNS.contains(&(table.as_str(), column.as_str()));
            if !is_background && !BACKGROUND_TABLES.contains(&table.as_str()) {
                tables.entry(table).or_default().push(format!("'{column}', `{column}`"));
            }
        }
        assert!(tables.contains_key("audit_logs") && tables.contains_key("tasks"), "the tables were not found");
        let select = |(table, columns): (&String, &Vec<String>)| {
            format!("select '{table}', json_object({}) from {table}", columns.join(", "))
        };
        let select = tables.iter().map(select).collect::<Vec<_>>().join(" union all ");
        Self { tables: tables.into_keys().collect(), select: Box::leak(select.into_boxed_str()) }
    }

    pub async fn contents(&self, app: &TestApp) -> Contents {
        let rows: Vec<(String, String)> = app.db().read().await.unwrap().fetch_all(sql(self.select)).await.unwrap();
        Contents(rows.into_iter().collect())
    }
}

impl Contents {
    /// What has to change here to come to that.
    pub fn changes_to(&self, after: &Self) -> Vec<Change> {
        let change = |(table, row): &(String, String), is_new| Change {
            table: table.clone(),
            is_new,
            row: serde_json::from_str(row).unwrap(),
        };
        let gone = self.0.difference(&after.0).map(|row| change(row, false));
        gone.chain(after.0.difference(&self.0).map(|row| change(row, true))).collect()
    }

    /// Fails unless that is the same to the letter.
    pub fn assert_same(&self, after: &Self, what: &str) {
        let changes: Vec<String> = self.changes_to(after).iter().map(Change::to_string).collect();
        assert!(changes.is_empty(), "{what} left something behind:\n{}", changes.join("\n"));
    }
}

impl std::fmt::Display for Change {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { table, is_new, row } = self;
        write!(formatter, "{} {table} {row}", if *is_new { '+' } else { '-' })
    }
}
