//! The rows of action items.

use super::types::{ActionItemQuery, ActionItemStatus};
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::{Conn, DbResult, Value, sql};
use crate::page::{Kind, List, Listing, SortField, Sortable};

/// An action item with its assignee's name.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct ActionItemRow {
    /// Key.
    pub id: i64,
    /// Meeting.
    pub meeting_id: i64,
    /// The task that it became.
    pub task_id: Option<i64>,
    /// What is to be done.
    pub description: String,
    /// Assignee.
    pub assigned_to: Option<i64>,
    /// The assignee's name.
    pub assignee_name: Option<String>,
    /// Due date.
    pub due_date: Option<Timestamp>,
    /// Status.
    pub status: ActionItemStatus,
    /// Counts changes.
    pub version: i64,
    /// Made.
    pub created_at: Timestamp,
}

impl Sortable for ActionItemRow {
    const FIELDS: &'static [SortField] = &[
        SortField { name: "id", column: "i.id", kind: Kind::Int, nullable: false },
        SortField { name: "due_date", column: "i.due_date", kind: Kind::Time, nullable: true },
        SortField { name: "created_at", column: "i.created_at", kind: Kind::Time, nullable: false },
    ];
    const DEFAULT: &'static str = "id";
    const ID: &'static str = "i.id";

    fn id(&self) -> i64 {
        self.id
    }

    fn sort_value(&self, field: &str) -> Value {
        match field {
            "due_date" => self.due_date.into(),
            "created_at" => self.created_at.into(),
            _ => self.id.into(),
        }
    }
}

macro_rules! columns {
    () => {
        "i.id, i.meeting_id, i.task_id, i.description, i.assigned_to, u.name as assignee_name, i.due_date, i.status, \
         i.version, i.created_at"
    };
}

macro_rules! from {
    () => {
        "action_items i left join users u on u.tenant_id = i.tenant_id and u.id = i.assigned_to"
    };
}

/// A page of those of the meeting's action items that match.
pub async fn list(
    conn: &mut Conn,
    scope: &Scope,
    meeting: i64,
    query: &ActionItemQuery,
) -> DbResult<Listing<ActionItemRow>> {
    const LIST: List = List { table: "action_items i", from: from!(), columns: columns!() };
    let mut filter = sql("i.tenant_id = ? and i.meeting_id = ?").bind(scope.tenant()).bind(meeting);
    if let Some(status) = query.status {
        filter = filter.push(" and i.status = ?").bind(status);
    }
    if let Some(user) = query.assigned_to {
        filter = filter.push(" and i.assigned_to = ?").bind(user);
    }
    query.page.fetch(conn, &LIST, &filter).await
}

/// The action items of all these meetings, in the order in which they were added.
pub async fn list_of(conn: &mut Conn, scope: &Scope, meetings: &[i64]) -> DbResult<Vec<ActionItemRow>> {
    const OF: &str = concat!("select ", columns!(), " from ", from!(), " where i.tenant_id = ? and i.meeting_id in ");
    conn.fetch_all(sql(OF).bind(scope.tenant()).list(meetings.iter().copied()).push(" order by i.id")).await
}

/// The action item of the meeting.
pub async fn find(conn: &mut Conn, scope: &Scope, meeting: i64, id: i64) -> DbResult<Option<ActionItemRow>> {
    const FIND: &str =
        concat!("select ", columns!(), " from ", from!(), " where i.tenant_id = ? and i.meeting_id = ? and i.id = ?");
    conn.fetch_optional(sql(FIND).bind(scope.tenant()).bind(meeting).bind(id)).await
}

/// Keeps other transactions, and the tasks that they change, from changing the action item before this one ends.
pub async fn lock(conn: &mut Conn, scope: &Scope, meeting: i64, id: i64) -> DbResult<()> {
    let lock = sql("select id from action_items where tenant_id = ? and meeting_id = ? and id = ?");
    conn.lock(lock.bind(scope.tenant()).bind(meeting).bind(id)).await
}

/// Keeps other transactions, and the tasks that they change, from changing the meeting's action items before this one
/// ends.
pub async fn lock_all(conn: &mut Conn, scope: &Scope, meeting: i64) -> DbResult<()> {
    let lock = sql("select id from action_items where tenant_id = ? and meeting_id = ?");
    conn.lock(lock.bind(scope.tenant()).bind(meeting)).await
}

/// Inserts an action item and gives its id; `item.id` and `item.assignee_name` do not count.
pub async fn insert(conn: &mut Conn, scope: &Scope, item: &ActionItemRow) -> DbResult<i64> {
    const INSERT: &str = "insert into action_items (tenant_id, meeting_id, task_id, description, assigned_to, \
                          due_date, status, version, created_at, updated_at, created_by) values ";
    let values = vec![
        scope.tenant().into(),
        item.meeting_id.into(),
        item.task_id.into(),
        (&item.description).into(),
        item.assigned_to.into(),
        item.due_date.into(),
        item.status.into(),
        item.version.into(),
        item.created_at.into(),
        item.created_at.into(),
        scope.author().into(),
    ];
    conn.insert(sql(INSERT).values([values]).push(" returning id")).await
}

/// Writes what can change of an action item and its next version, unless it has changed since it was read with this
/// one. Gives whether it did.
pub async fn update(conn: &mut Conn, scope: &Scope, item: &ActionItemRow, now: Timestamp) -> DbResult<bool> {
    const UPDATE: &str = "update action_items set description = ?, assigned_to = ?, due_date = ?, status = ?, \
                          version = version + 1, updated_at = ? \
                          where tenant_id = ? and meeting_id = ? and id = ? and version = ?";
    let update =
        sql(UPDATE).bind(&item.description).bind(item.assigned_to).bind(item.due_date).bind(item.status).bind(now);
    let update = update.bind(scope.tenant()).bind(item.meeting_id).bind(item.id).bind(item.version);
    Ok(conn.execute(update).await? == 1)
}

/// Links the action item to the task that it became, unless it has changed since it was read, or is linked. Gives
/// whether it did.
pub async fn link(conn: &mut Conn, scope: &Scope, item: &ActionItemRow, task: i64, now: Timestamp) -> DbResult<bool> {
    const LINK: &str = "update action_items set task_id = ?, version = version + 1, updated_at = ? \
                        where tenant_id = ? and id = ? and version = ? and task_id is null";
    let link = sql(LINK).bind(task).bind(now).bind(scope.tenant()).bind(item.id).bind(item.version);
    Ok(conn.execute(link).await? == 1)
}

/// Deletes the action item, unless it has changed since it was read; a task that it became stays. Gives whether it did.
pub async fn delete(conn: &mut Conn, scope: &Scope, item: &ActionItemRow) -> DbResult<bool> {
    let delete = sql("delete from action_items where tenant_id = ? and meeting_id = ? and id = ? and version = ?");
    let delete = delete.bind(scope.tenant()).bind(item.meeting_id).bind(item.id).bind(item.version);
    Ok(conn.execute(delete).await? == 1)
}
