//! The rows of history. They are only ever added.

use std::collections::HashMap;

use super::types::{FieldChanges, HistoryAction, HistoryQuery};
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::{Conn, DbResult, Value, sql};
use crate::page::{Kind, List, Listing, SortField, Sortable};

/// Something that was done to a contract, with the name of who did it.
#[derive(Debug, sqlx::FromRow)]
pub struct HistoryRow {
    /// Key.
    pub id: i64,
    /// What was done.
    pub action: HistoryAction,
    /// How long its changes are: in characters on SQLite, in bytes on MariaDB.
    pub size: i64,
    /// Author.
    pub created_by: Option<i64>,
    /// The author's name.
    pub created_by_name: Option<String>,
    /// Made.
    pub created_at: Timestamp,
}

#[derive(Debug, sqlx::FromRow)]
struct ChangesRow {
    id: i64,
    #[sqlx(json)]
    changes: FieldChanges,
}

/// As much of changes as is read at once, unless those of one row alone are more.
const SIZE_AT_ONCE: i64 = 1_000_000;

impl Sortable for HistoryRow {
    const FIELDS: &'static [SortField] = &[SortField { name: "id", column: "h.id", kind: Kind::Int, nullable: false }];
    const DEFAULT: &'static str = "-id";
    const ID: &'static str = "h.id";

    fn id(&self) -> i64 {
        self.id
    }

    fn sort_value(&self, _: &str) -> Value {
        self.id.into()
    }
}

/// A page of the contract's history, the last change first.
pub async fn list(
    conn: &mut Conn,
    scope: &Scope,
    contract: i64,
    query: &HistoryQuery,
) -> DbResult<Listing<HistoryRow>> {
    const LIST: List = List {
        table: "contract_history h",
        from: "contract_history h left join users u on u.tenant_id = h.tenant_id and u.id = h.created_by",
        columns: "h.id, h.action, length(h.changes) as size, h.created_by, u.name as created_by_name, h.created_at",
    };
    let mut filter = sql("h.tenant_id = ? and h.contract_id = ?").bind(scope.tenant()).bind(contract);
    if let Some(action) = query.action {
        filter = filter.push(" and h.action = ?").bind(action);
    }
    query.page.fetch(conn, &LIST, &filter).await
}

/// What these rows say, by their ids; amounts are sealed. Few are read at once: before long texts are cut, a row may
/// tell of megabytes.
pub async fn changes(conn: &mut Conn, scope: &Scope, rows: &[HistoryRow]) -> DbResult<HashMap<i64, FieldChanges>> {
    let mut changes = HashMap::with_capacity(rows.len());
    let mut rest = rows;
    while !rest.is_empty() {
        let (some, others) = rest.split_at(fitting(rest));
        rest = others;
        let select = sql("select h.id, h.changes from contract_history h where h.tenant_id = ? and h.id in ");
        let select = select.bind(scope.tenant()).list(some.iter().map(|row| row.id));
        let read: Vec<ChangesRow> = conn.fetch_all(select).await?;
        changes.extend(read.into_iter().map(|row| (row.id, row.changes)));
    }
    Ok(changes)
}

/// How many of these rows, from the first on, are read at once; at least one.
fn fitting(rows: &[HistoryRow]) -> usize {
    let mut size = 0;
    let fits = |row: &&HistoryRow| {
        size += row.size;
        size <= SIZE_AT_ONCE
    };
    rows.iter().take_while(fits).count().max(1)
}

/// Adds to the contract's history; `changes` is the JSON of the fields that changed.
pub async fn insert(
    conn: &mut Conn,
    scope: &Scope,
    contract: i64,
    action: HistoryAction,
    changes: String,
    now: Timestamp,
) -> DbResult<()> {
    const INSERT: &str = "insert into contract_history (tenant_id, contract_id, action, changes, created_at, \
                          updated_at, created_by) values ";
    let values = vec![
        scope.tenant().into(),
        contract.into(),
        action.into(),
        changes.into(),
        now.into(),
        now.into(),
        scope.author().into(),
    ];
    conn.execute(sql(INSERT).values([values])).await?;
    Ok(())
}
