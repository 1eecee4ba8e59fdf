//! The rows of notifications, as their user sees them.

use super::types::{NotificationKind, NotificationQuery};
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::{Conn, DbResult, Sql, Value, sql};
use crate::page::{Kind, List, Listing, SortField, Sortable};
use crate::policy::ReadContracts;
use crate::resource::Resource;

/// A notification.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct NotificationRow {
    /// Key.
    pub id: i64,
    /// What it tells of.
    pub kind: NotificationKind,
    /// What it is about.
    pub title: String,
    /// What that is.
    pub resource_type: Resource,
    /// Its key.
    pub resource_id: i64,
    /// Counts the user's notifications in the order of their commits.
    pub seq: i64,
    /// When the user read it.
    pub read_at: Option<Timestamp>,
    /// Made.
    pub created_at: Timestamp,
}

impl Sortable for NotificationRow {
    const FIELDS: &'static [SortField] = &[
        SortField { name: "id", column: "n.id", kind: Kind::Int, nullable: false },
        SortField { name: "created_at", column: "n.created_at", kind: Kind::Time, nullable: false },
    ];
    const DEFAULT: &'static str = "-id";
    const ID: &'static str = "n.id";

    fn id(&self) -> i64 {
        self.id
    }

    fn sort_value(&self, field: &str) -> Value {
        match field {
            "created_at" => self.created_at.into(),
            _ => self.id.into(),
        }
    }
}

macro_rules! columns {
    () => {
        "n.id, n.kind, n.title, n.resource_type, n.resource_id, n.seq, n.read_at, n.created_at"
    };
}

/// A page of the user's notifications.
pub async fn list(conn: &mut Conn, scope: &Scope, query: &NotificationQuery) -> DbResult<Listing<NotificationRow>> {
    const LIST: List = List { table: "notifications n", from: "notifications n", columns: columns!() };
    query.page.fetch(conn, &LIST, &filter(scope, query)).await
}

/// How many the user has not read.
pub async fn count_unread(conn: &mut Conn, scope: &Scope) -> DbResult<i64> {
    let count = "select count(*) from notifications where tenant_id = ? and user_id = ? and in_app = ? \
                 and read_at is null";
    conn.count(visible(sql(count).bind(scope.tenant()).bind(scope.user()).bind(true), scope)).await
}

/// The `seq` of the user's last notification; 0 before the first one.
pub async fn last_seq(conn: &mut Conn, scope: &Scope) -> DbResult<i64> {
    let select = sql("select last_seq from notification_counters where tenant_id = ? and user_id = ?");
    let row = conn.fetch_optional::<(i64,)>(select.bind(scope.tenant()).bind(scope.user())).await?;
    Ok(row.map_or(0, |(last,)| last))
}

/// The user's notifications behind this `seq`, the next one first.
pub async fn after(conn: &mut Conn, scope: &Scope, seq: i64, limit: i64) -> DbResult<Vec<NotificationRow>> {
    const AFTER: &str = concat!(
        "select ",
        columns!(),
        " from notifications n where n.tenant_id = ? and n.user_id = ? and n.seq > ? and n.in_app = ?"
    );
    let after = visible(sql(AFTER).bind(scope.tenant()).bind(scope.user()).bind(seq).bind(true), scope);
    conn.fetch_all(after.push(" order by n.seq limit ?").bind(limit)).await
}

/// The notification, if it is the user's.
pub async fn find(conn: &mut Conn, scope: &Scope, id: i64) -> DbResult<Option<NotificationRow>> {
    const FIND: &str = concat!(
        "select ",
        columns!(),
        " from notifications n where n.tenant_id = ? and n.user_id = ? and n.id = ? and n.in_app = ?"
    );
    let find = sql(FIND).bind(scope.tenant()).bind(scope.user()).bind(id).bind(true);
    conn.fetch_optional(visible(find, scope)).await
}

/// Marks the notification as read, unless it is.
pub async fn mark_read(conn: &mut Conn, scope: &Scope, id: i64, now: Timestamp) -> DbResult<()> {
    let update = "update notifications set read_at = ? where tenant_id = ? and user_id = ? and id = ? and in_app = ? \
                  and read_at is null";
    let update = sql(update).bind(now).bind(scope.tenant()).bind(scope.user()).bind(id).bind(true);
    conn.execute(visible(update, scope)).await?;
    Ok(())
}

/// Marks all that the user has not read, or those up to an id; gives how many.
pub async fn mark_all_read(conn: &mut Conn, scope: &Scope, up_to: Option<i64>, now: Timestamp) -> DbResult<u64> {
    let update = "update notifications set read_at = ? where tenant_id = ? and user_id = ? and in_app = ? \
                  and read_at is null";
    let mut update = visible(sql(update).bind(now).bind(scope.tenant()).bind(scope.user()).bind(true), scope);
    if let Some(id) = up_to {
        update = update.push(" and id <= ?").bind(id);
    }
    conn.execute(update).await
}

/// How long a notification is kept that was read, or that was only for an e-mail; in days.
const KEPT_DAYS: i64 = 180;
/// How long one is kept that nobody has read; in days.
const UNREAD_KEPT_DAYS: i64 = 365;
/// The most rows that one statement deletes, so that it does not hold them for long.
const DELETED_AT_ONCE: i64 = 1000;

/// Deletes some of the tenant's notifications that are done with and older than half a year, or older than a year; gives
/// how many. To be called again, in another transaction, until it gives 0.
pub async fn delete_expired(conn: &mut Conn, scope: &Scope, now: Timestamp) -> DbResult<u64> {
    // All of it stands in the index `notifications_created_at`: what is still kept is not looked up.
    let select = "select id from notifications where tenant_id = ? and created_at < ? \
                  and (read_at is not null or in_app = ? or created_at < ?) order by created_at, id limit ?";
    let before = |days| Timestamp::new(now.utc() - chrono::TimeDelta::days(days));
    let select = sql(select).bind(scope.tenant()).bind(before(KEPT_DAYS)).bind(false);
    let select = select.bind(before(UNREAD_KEPT_DAYS)).bind(DELETED_AT_ONCE);
    let rows = conn.fetch_all::<(i64,)>(select).await?;
    if rows.is_empty() {
        return Ok(0);
    }
    let delete = sql("delete from notifications where tenant_id = ? and id in ").bind(scope.tenant());
    conn.execute(delete.list(rows.into_iter().map(|(id,)| id))).await
}

/// Leaves out what the user was told of contracts, unless he may see contracts now.
fn visible(statement: Sql, scope: &Scope) -> Sql {
    if scope.may::<ReadContracts>() {
        return statement;
    }
    statement.push(" and resource_type <> ?").bind(Resource::Contract)
}

fn filter(scope: &Scope, query: &NotificationQuery) -> Sql {
    let mut filter = sql("n.tenant_id = ? and n.user_id = ? and n.in_app = ?");
    filter = visible(filter.bind(scope.tenant()).bind(scope.user()).bind(true), scope);
    match query.unread {
        Some(true) => filter = filter.push(" and n.read_at is null"),
        Some(false) => filter = filter.push(" and n.read_at is not null"),
        None => {}
    }
    if let Some(kind) = query.kind {
        filter = filter.push(" and n.kind = ?").bind(kind);
    }
    filter
}
