//! The rows of history. They are only ever added.

use std::collections::BTreeMap;

use super::types::{FieldChange, HistoryAction, HistoryQuery};
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
    /// The fields that changed; amounts are sealed.
    #[sqlx(json)]
    pub changes: BTreeMap<String, FieldChange>,
    /// Author.
    pub created_by: Option<i64>,
    /// The author's name.
    pub created_by_name: Option<String>,
    /// Made.
    pub created_at: Timestamp,
}

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
        columns: "h.id, h.action, h.changes, h.created_by, u.name as created_by_name, h.created_at",
    };
    let mut filter = sql("h.tenant_id = ? and h.contract_id = ?").bind(scope.tenant()).bind(contract);
    if let Some(action) = query.action {
        filter = filter.push(" and h.action = ?").bind(action);
    }
    query.page.fetch(conn, &LIST, &filter).await
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
