//! The rows of the audit log, as users reach them: added and read. What seals and deletes them is in `chain/store.rs`.

use chrono::DateTime;

use super::event::Action;
use super::types::AuditLogQuery;
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::{Conn, DbResult, Sql, Stored, Value, piece, readable, sql};
use crate::page::{Kind, List, Listing, SortField, Sortable};
use crate::resource::Resource;

/// A row to insert.
#[derive(Debug)]
pub struct NewAuditLogRow {
    /// What was done.
    pub action: Action,
    /// To what.
    pub resource_type: Resource,
    /// To which one.
    pub resource_id: Option<i64>,
    /// By whom.
    pub user_id: Option<i64>,
    /// From where.
    pub ip: Option<String>,
    /// With what.
    pub user_agent: Option<String>,
    /// In which request.
    pub request_id: Option<String>,
    /// The JSON of what changed.
    pub changes: String,
    /// Now.
    pub created_at: Timestamp,
    /// Drawn by lot.
    pub nonce: String,
    /// The row's code.
    pub mac: String,
}

/// A row, with the name that its user has now. Everything is read as what is stored there, whatever it is: a row that
/// somebody has tampered with must not keep the others from being seen.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct AuditLogRow {
    /// Key.
    pub id: i64,
    /// Number in the chain.
    pub seq: Option<i64>,
    /// What was done.
    #[sqlx(try_from = "Stored<String>")]
    pub action: String,
    /// To what.
    #[sqlx(try_from = "Stored<String>")]
    pub resource_type: String,
    /// To which one.
    #[sqlx(try_from = "Stored<String>")]
    pub resource_id: Option<String>,
    /// By whom.
    #[sqlx(try_from = "Stored<String>")]
    pub user_id: Option<String>,
    /// His name.
    #[sqlx(try_from = "Stored<String>")]
    pub user_name: Option<String>,
    /// From where.
    #[sqlx(try_from = "Stored<String>")]
    pub ip: Option<String>,
    /// With what.
    #[sqlx(try_from = "Stored<String>")]
    pub user_agent: Option<String>,
    /// In which request.
    #[sqlx(try_from = "Stored<String>")]
    pub request_id: Option<String>,
    /// The JSON of what changed.
    #[sqlx(try_from = "Stored<String>")]
    pub changes: String,
    /// When.
    #[sqlx(try_from = "Stored<Timestamp>")]
    pub created_at: Option<Timestamp>,
}

impl AuditLogRow {
    /// When; for what cannot be read the first moment of the year 1.
    pub fn moment(&self) -> Timestamp {
        self.created_at.unwrap_or_else(|| Timestamp::new(DateTime::UNIX_EPOCH))
    }
}

/// A sealed row with what seals it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct SealedRow {
    /// What it says.
    #[sqlx(flatten)]
    pub row: AuditLogRow,
    /// Drawn by lot.
    #[sqlx(try_from = "Stored<String>")]
    pub nonce: String,
    /// The row's code.
    #[sqlx(try_from = "Stored<String>")]
    pub mac: String,
    /// The seal before its own.
    #[sqlx(try_from = "Stored<String>")]
    pub previous_seal: Option<String>,
    /// Its seal.
    #[sqlx(try_from = "Stored<String>")]
    pub seal: Option<String>,
    /// When it was sealed.
    #[sqlx(try_from = "Stored<Timestamp>")]
    pub sealed_at: Option<Timestamp>,
}

impl Sortable for AuditLogRow {
    const FIELDS: &'static [SortField] = &[
        SortField { name: "id", column: "a.id", kind: Kind::Int, nullable: false },
        SortField { name: "created_at", column: "a.created_at", kind: Kind::Time, nullable: false },
    ];
    const DEFAULT: &'static str = "-id";
    const ID: &'static str = "a.id";

    fn id(&self) -> i64 {
        self.id
    }

    fn sort_value(&self, field: &str) -> Value {
        match field {
            "created_at" => self.created_at.and_then(readable).into(),
            _ => self.id.into(),
        }
    }
}

macro_rules! columns {
    () => {
        "a.id, a.seq, a.action, a.resource_type, a.resource_id, a.user_id, u.name as user_name, a.ip, a.user_agent, \
         a.request_id, a.changes, a.created_at"
    };
}

macro_rules! from {
    () => {
        "audit_logs a left join users u on u.tenant_id = a.tenant_id and u.id = a.user_id"
    };
}

const LIST: List = List { table: "audit_logs a", from: from!(), columns: columns!() };

/// A page of the rows that match.
pub async fn list(conn: &mut Conn, scope: &Scope, query: &AuditLogQuery) -> DbResult<Listing<AuditLogRow>> {
    query.page.fetch(conn, &LIST, &filter(scope, query)).await
}

/// The ids of all rows that match, in the order of the list.
pub async fn ids(conn: &mut Conn, scope: &Scope, query: &AuditLogQuery) -> DbResult<Vec<i64>> {
    query.page.fetch_ids::<AuditLogRow>(conn, &LIST, &filter(scope, query)).await
}

/// Those of these rows that are there, in this order.
pub async fn rows(conn: &mut Conn, scope: &Scope, ids: &[i64]) -> DbResult<Vec<AuditLogRow>> {
    LIST.fetch_rows(conn, &sql("a.tenant_id = ?").bind(scope.tenant()), ids).await
}

/// The next number of the chain, behind this one if there is one.
pub async fn next_seq(conn: &mut Conn, scope: &Scope, after: Option<i64>) -> DbResult<Option<i64>> {
    let mut next = sql("select min(seq) from audit_logs where tenant_id = ?").bind(scope.tenant());
    if let Some(after) = after {
        next = next.push(" and seq > ?").bind(after);
    }
    Ok(conn.fetch_one::<(Option<i64>,)>(next).await?.0)
}

/// How many rows are not sealed.
pub async fn count_unsealed(conn: &mut Conn, scope: &Scope) -> DbResult<i64> {
    conn.count(sql("select count(*) from audit_logs where tenant_id = ? and seq is null").bind(scope.tenant())).await
}

/// The last number of the chain, if there is one.
pub async fn last_seq(conn: &mut Conn, scope: &Scope) -> DbResult<Option<i64>> {
    let last = sql("select max(seq) from audit_logs where tenant_id = ?").bind(scope.tenant());
    Ok(conn.fetch_one::<(Option<i64>,)>(last).await?.0)
}

/// The sealed rows that match among these numbers, in their order. The range has an end, since without one MariaDB may
/// walk through all of the tenant's rows up to it.
pub async fn walk_chain(
    conn: &mut Conn,
    scope: &Scope,
    query: &AuditLogQuery,
    (first, last): (i64, i64),
) -> DbResult<Vec<SealedRow>> {
    const SELECT: &str = concat!(
        "select ",
        columns!(),
        ", a.nonce, a.mac, a.previous_seal, a.seal, a.sealed_at from ",
        from!(),
        " where a.tenant_id = ? and a.seq >= ? and a.seq <= ?"
    );
    let select = choose(sql(SELECT).bind(scope.tenant()).bind(first).bind(last), query);
    conn.fetch_all(select.push(" order by a.seq, a.id")).await
}

/// The most rows of a statement. With twelve values each, far below the most of a statement.
const ROWS_PER_INSERT: usize = 500;
/// The most bytes of changes in a statement, but for a single row; a server may take no packet over 16 MiB.
const BYTES_PER_INSERT: usize = 2 * 1024 * 1024;

/// Inserts rows with few statements.
pub async fn insert(conn: &mut Conn, scope: &Scope, rows: Vec<NewAuditLogRow>) -> DbResult<()> {
    const INSERT: &str = "insert into audit_logs (tenant_id, action, resource_type, resource_id, user_id, ip, \
                          user_agent, request_id, changes, created_at, nonce, mac) values ";
    let mut rows = rows.into_iter().peekable();
    while let Some(first) = rows.next() {
        let mut bytes = first.changes.len();
        let mut batch = vec![values(scope, first)];
        while batch.len() < ROWS_PER_INSERT
            && let Some(next) = rows.next_if(|next| bytes + next.changes.len() <= BYTES_PER_INSERT)
        {
            bytes += next.changes.len();
            batch.push(values(scope, next));
        }
        let mut batch = batch.into_iter();
        while let Some(count) = piece(batch.len()) {
            conn.execute(sql(INSERT).values(batch.by_ref().take(count))).await?;
        }
    }
    Ok(())
}

fn values(scope: &Scope, row: NewAuditLogRow) -> Vec<Value> {
    let NewAuditLogRow {
        action,
        resource_type,
        resource_id,
        user_id,
        ip,
        user_agent,
        request_id,
        changes,
        created_at,
        nonce,
        mac,
    } = row;
    vec![
        scope.tenant().into(),
        action.into(),
        resource_type.into(),
        resource_id.into(),
        user_id.into(),
        ip.into(),
        user_agent.into(),
        request_id.into(),
        changes.into(),
        created_at.into(),
        nonce.into(),
        mac.into(),
    ]
}

fn filter(scope: &Scope, query: &AuditLogQuery) -> Sql {
    choose(sql("a.tenant_id = ?").bind(scope.tenant()), query)
}

/// Appends the filters that were given.
fn choose(mut filter: Sql, query: &AuditLogQuery) -> Sql {
    if let Some(action) = query.action {
        filter = filter.push(" and a.action = ?").bind(action);
    }
    if let Some(resource_type) = query.resource_type {
        filter = filter.push(" and a.resource_type = ?").bind(resource_type);
    }
    if let Some(resource) = query.resource_id {
        filter = filter.push(" and a.resource_id = ?").bind(resource);
    }
    if let Some(user) = query.user_id {
        filter = filter.push(" and a.user_id = ?").bind(user);
    }
    if let Some(from) = query.from {
        filter = filter.push(" and a.created_at >= ?").bind(from);
    }
    if let Some(to) = query.to {
        filter = filter.push(" and a.created_at <= ?").bind(to);
    }
    filter
}
