//! The rows of comments. Each statement names the task, too: a comment is found under no other one.

use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::{Conn, DbResult, Value, sql};
use crate::page::{Kind, List, Listing, Page, SortField, Sortable};
use crate::policy::Role;

/// A comment with its author.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct CommentRow {
    /// Key.
    pub id: i64,
    /// Task.
    pub task_id: i64,
    /// Text.
    pub content: String,
    /// Counts changes.
    pub version: i64,
    /// Made.
    pub created_at: Timestamp,
    /// Changed.
    pub updated_at: Timestamp,
    /// Author.
    pub created_by: Option<i64>,
    /// The author's name.
    pub author_name: Option<String>,
    /// The author's role.
    pub author_role: Option<Role>,
}

impl Sortable for CommentRow {
    const FIELDS: &'static [SortField] = &[
        SortField { name: "created_at", column: "c.created_at", kind: Kind::Time, nullable: false },
        SortField { name: "updated_at", column: "c.updated_at", kind: Kind::Time, nullable: false },
        SortField { name: "id", column: "c.id", kind: Kind::Int, nullable: false },
    ];
    const DEFAULT: &'static str = "created_at";
    const ID: &'static str = "c.id";

    fn id(&self) -> i64 {
        self.id
    }

    fn sort_value(&self, field: &str) -> Value {
        match field {
            "created_at" => self.created_at.into(),
            "updated_at" => self.updated_at.into(),
            _ => self.id.into(),
        }
    }
}

macro_rules! columns {
    () => {
        "c.id, c.task_id, c.content, c.version, c.created_at, c.updated_at, c.created_by, u.name as author_name, \
         u.role as author_role"
    };
}

macro_rules! from {
    () => {
        "task_comments c left join users u on u.tenant_id = c.tenant_id and u.id = c.created_by"
    };
}

/// A page of the task's comments.
pub async fn list(conn: &mut Conn, scope: &Scope, task: i64, page: &Page) -> DbResult<Listing<CommentRow>> {
    const LIST: List = List { table: "task_comments c", from: from!(), columns: columns!() };
    let filter = sql("c.tenant_id = ? and c.task_id = ?").bind(scope.tenant()).bind(task);
    page.fetch(conn, &LIST, &filter).await
}

/// The comment of the task.
pub async fn find(conn: &mut Conn, scope: &Scope, task: i64, id: i64) -> DbResult<Option<CommentRow>> {
    const FIND: &str =
        concat!("select ", columns!(), " from ", from!(), " where c.tenant_id = ? and c.task_id = ? and c.id = ?");
    conn.fetch_optional(sql(FIND).bind(scope.tenant()).bind(task).bind(id)).await
}

/// The comment of the task, for a change: no other transaction changes it before this one ends.
pub async fn find_for_update(conn: &mut Conn, scope: &Scope, task: i64, id: i64) -> DbResult<Option<CommentRow>> {
    let lock = sql("select id from task_comments where tenant_id = ? and task_id = ? and id = ?");
    conn.lock(lock.bind(scope.tenant()).bind(task).bind(id)).await?;
    find(conn, scope, task, id).await
}

/// All comments of the task, for its deletion: as they are now, without their authors' names, which stay unlocked.
pub async fn list_for_deletion(conn: &mut Conn, scope: &Scope, task: i64) -> DbResult<Vec<CommentRow>> {
    const OF: &str = "select id, task_id, content, version, created_at, updated_at, created_by, null as author_name, \
                      null as author_role from task_comments where tenant_id = ? and task_id = ? order by id";
    conn.fetch_all_locked(sql(OF).bind(scope.tenant()).bind(task)).await
}

/// Inserts a comment by this user and gives its id; nothing when there is no such task.
pub async fn insert(conn: &mut Conn, scope: &Scope, task: i64, content: &str, now: Timestamp) -> DbResult<Option<i64>> {
    const INSERT: &str = "insert into task_comments (tenant_id, task_id, content, version, created_at, updated_at, \
                          created_by) select ?, id, ?, 1, ?, ?, ? from tasks where tenant_id = ? and id = ? \
                          returning id";
    let insert = sql(INSERT).bind(scope.tenant()).bind(content.to_owned()).bind(now).bind(now).bind(scope.author());
    let inserted = conn.fetch_optional::<(i64,)>(insert.bind(scope.tenant()).bind(task)).await?;
    Ok(inserted.map(|(id,)| id))
}

/// Writes the comment's text and its new version, unless it has changed since it was read. Gives whether it did.
pub async fn update(
    conn: &mut Conn,
    scope: &Scope,
    comment: &CommentRow,
    content: &str,
    now: Timestamp,
) -> DbResult<bool> {
    const UPDATE: &str = "update task_comments set content = ?, version = version + 1, updated_at = ? \
                          where tenant_id = ? and task_id = ? and id = ? and version = ?";
    let update = sql(UPDATE).bind(content.to_owned()).bind(now).bind(scope.tenant()).bind(comment.task_id);
    Ok(conn.execute(update.bind(comment.id).bind(comment.version)).await? == 1)
}

/// Deletes the comment, unless it has changed since it was read. Gives whether it did.
pub async fn delete(conn: &mut Conn, scope: &Scope, comment: &CommentRow) -> DbResult<bool> {
    const DELETE: &str = "delete from task_comments where tenant_id = ? and task_id = ? and id = ? and version = ?";
    let delete = sql(DELETE).bind(scope.tenant()).bind(comment.task_id).bind(comment.id).bind(comment.version);
    Ok(conn.execute(delete).await? == 1)
}
