//! The rows of tasks and their tags.

use std::collections::BTreeSet;

use super::types::{TaskPriority, TaskQuery, TaskStatus};
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::{Conn, DbResult, Sql, Value, escape_like, fold, sql};
use crate::page::{Kind, List, Listing, SortField, Sortable};
use crate::policy::Role;

/// A task with its assignee.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct TaskRow {
    /// Key.
    pub id: i64,
    /// Tenant.
    pub tenant_id: String,
    /// Title.
    pub title: String,
    /// Description.
    pub description: Option<String>,
    /// Status.
    pub status: TaskStatus,
    /// Priority.
    pub priority: TaskPriority,
    /// Assignee.
    pub assigned_to: Option<i64>,
    /// Due date.
    pub due_date: Option<Timestamp>,
    /// ISO week.
    pub week_number: i64,
    /// ISO year.
    pub year: i64,
    /// Tags.
    #[sqlx(json)]
    pub tags: Vec<String>,
    /// Counts changes.
    pub version: i64,
    /// Made.
    pub created_at: Timestamp,
    /// Changed.
    pub updated_at: Timestamp,
    /// Author.
    pub created_by: Option<i64>,
    /// Who does it.
    #[sqlx(flatten, try_from = "AssigneeColumns")]
    pub assignee: Option<AssigneeRow>,
}

/// Who does a task, without the id.
#[derive(Debug, Clone, PartialEq)]
pub struct AssigneeRow {
    /// Name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Whether signing in is allowed.
    pub is_active: bool,
    /// When the account was made.
    pub created_at: Timestamp,
    /// Last sign-in.
    pub last_login: Option<Timestamp>,
}

/// The joined columns: all null for a task that nobody has.
#[derive(Debug, sqlx::FromRow)]
struct AssigneeColumns {
    assignee_name: Option<String>,
    assignee_role: Option<Role>,
    assignee_is_active: Option<bool>,
    assignee_created_at: Option<Timestamp>,
    assignee_last_login: Option<Timestamp>,
}

impl From<AssigneeColumns> for Option<AssigneeRow> {
    fn from(columns: AssigneeColumns) -> Self {
        Some(AssigneeRow {
            name: columns.assignee_name?,
            role: columns.assignee_role?,
            is_active: columns.assignee_is_active?,
            created_at: columns.assignee_created_at?,
            last_login: columns.assignee_last_login,
        })
    }
}

impl Sortable for TaskRow {
    const FIELDS: &'static [SortField] = &[
        SortField { name: "created_at", column: "t.created_at", kind: Kind::Time, nullable: false },
        SortField { name: "updated_at", column: "t.updated_at", kind: Kind::Time, nullable: false },
        SortField { name: "due_date", column: "t.due_date", kind: Kind::Time, nullable: true },
        SortField { name: "title", column: "t.title", kind: Kind::Text, nullable: false },
        SortField { name: "status", column: "t.status_rank", kind: Kind::Int, nullable: false },
        SortField { name: "priority", column: "t.priority_rank", kind: Kind::Int, nullable: false },
        SortField { name: "year", column: "t.year", kind: Kind::Int, nullable: false },
        SortField { name: "week_number", column: "t.week_number", kind: Kind::Int, nullable: false },
        SortField { name: "id", column: "t.id", kind: Kind::Int, nullable: false },
    ];
    const DEFAULT: &'static str = "-created_at";
    const ID: &'static str = "t.id";

    fn id(&self) -> i64 {
        self.id
    }

    fn sort_value(&self, field: &str) -> Value {
        match field {
            "created_at" => self.created_at.into(),
            "updated_at" => self.updated_at.into(),
            "due_date" => self.due_date.into(),
            "title" => (&self.title).into(),
            "status" => self.status.rank().into(),
            "priority" => self.priority.rank().into(),
            "year" => self.year.into(),
            "week_number" => self.week_number.into(),
            _ => self.id.into(),
        }
    }
}

impl TaskStatus {
    /// The generated column `status_rank`.
    const fn rank(self) -> i64 {
        self as i64 + 1
    }
}

impl TaskPriority {
    /// The generated column `priority_rank`.
    const fn rank(self) -> i64 {
        self as i64 + 1
    }
}

macro_rules! columns {
    () => {
        "t.id, t.tenant_id, t.title, t.description, t.status, t.priority, t.assigned_to, t.due_date, t.week_number, \
         t.year, t.tags, t.version, t.created_at, t.updated_at, t.created_by, u.name as assignee_name, \
         u.role as assignee_role, u.is_active as assignee_is_active, u.created_at as assignee_created_at, \
         u.last_login as assignee_last_login"
    };
}

macro_rules! from {
    () => {
        "tasks t left join users u on u.tenant_id = t.tenant_id and u.id = t.assigned_to"
    };
}

/// A page of the tasks that match.
pub async fn list(conn: &mut Conn, scope: &Scope, query: &TaskQuery) -> DbResult<Listing<TaskRow>> {
    const LIST: List = List { table: "tasks t", from: from!(), columns: columns!() };
    query.page.fetch(conn, &LIST, &filter(scope, query)).await
}

/// The task.
pub async fn find(conn: &mut Conn, scope: &Scope, id: i64) -> DbResult<Option<TaskRow>> {
    const FIND: &str = concat!("select ", columns!(), " from ", from!(), " where t.tenant_id = ? and t.id = ?");
    conn.fetch_optional(sql(FIND).bind(scope.tenant()).bind(id)).await
}

const INSERT: &str = "insert into tasks (tenant_id, title, description, status, priority, assigned_to, due_date, \
                      week_number, year, tags, search_text, version, created_at, updated_at, created_by) values ";
/// Far below the most values of a statement: 32,766 on SQLite, 65,535 on MariaDB.
const ROWS_PER_INSERT: usize = 500;

/// The task, for a change: no other transaction changes it before this one ends.
pub async fn find_for_update(conn: &mut Conn, scope: &Scope, id: i64) -> DbResult<Option<TaskRow>> {
    let lock = sql("select id from tasks where tenant_id = ? and id = ?");
    conn.lock(lock.bind(scope.tenant()).bind(id)).await?;
    find(conn, scope, id).await
}

/// Inserts a task and gives its id; `task.id` does not count.
pub async fn insert(conn: &mut Conn, scope: &Scope, task: &TaskRow) -> DbResult<i64> {
    let id = conn.insert(sql(INSERT).values([values(scope, task)]).push(" returning id")).await?;
    insert_tags(conn, tag_rows(scope, id, &task.tags)).await?;
    Ok(id)
}

/// Inserts many tasks with few statements; their `id` does not count.
pub async fn insert_many(conn: &mut Conn, scope: &Scope, tasks: &[TaskRow]) -> DbResult<()> {
    let mut tags = Vec::new();
    for tasks in tasks.chunks(ROWS_PER_INSERT) {
        let rows = tasks.iter().map(|task| values(scope, task));
        let mut ids = conn.fetch_all::<(i64,)>(sql(INSERT).values(rows).push(" returning id")).await?;
        // Ids grow from row to row, but they come back in any order.
        ids.sort_unstable();
        tags.extend(ids.into_iter().zip(tasks).flat_map(|((id,), task)| tag_rows(scope, id, &task.tags)));
    }
    insert_tags(conn, tags).await
}

/// Writes the row's values and its new version.
pub async fn update(conn: &mut Conn, scope: &Scope, old: &TaskRow, new: &TaskRow) -> DbResult<()> {
    const UPDATE: &str = "update tasks set title = ?, description = ?, status = ?, priority = ?, assigned_to = ?, \
                          due_date = ?, week_number = ?, year = ?, tags = ?, search_text = ?, version = ?, \
                          updated_at = ? where tenant_id = ? and id = ?";
    let update = sql(UPDATE)
        .bind(&new.title)
        .bind(&new.description)
        .bind(new.status)
        .bind(new.priority)
        .bind(new.assigned_to)
        .bind(new.due_date)
        .bind(new.week_number)
        .bind(new.year)
        .bind(tags_json(&new.tags))
        .bind(search_text(new))
        .bind(new.version)
        .bind(new.updated_at);
    conn.execute(update.bind(scope.tenant()).bind(new.id)).await?;
    if old.tags != new.tags {
        let delete = sql("delete from task_tags where tenant_id = ? and task_id = ?");
        conn.execute(delete.bind(scope.tenant()).bind(new.id)).await?;
        insert_tags(conn, tag_rows(scope, new.id, &new.tags)).await?;
    }
    Ok(())
}

/// Deletes the task with its comments; action items that led to it stay without it. Gives whether it was there.
pub async fn delete(conn: &mut Conn, scope: &Scope, id: i64) -> DbResult<bool> {
    let unlink = sql("update action_items set task_id = null where tenant_id = ? and task_id = ?");
    conn.execute(unlink.bind(scope.tenant()).bind(id)).await?;
    let delete = sql("delete from tasks where tenant_id = ? and id = ?");
    Ok(conn.execute(delete.bind(scope.tenant()).bind(id)).await? == 1)
}

fn filter(scope: &Scope, query: &TaskQuery) -> Sql {
    let mut filter = sql("t.tenant_id = ?").bind(scope.tenant());
    if let Some(year) = query.year {
        filter = filter.push(" and t.year = ?").bind(year);
    }
    if let Some(week) = query.week {
        filter = filter.push(" and t.week_number = ?").bind(week);
    }
    if let Some(status) = query.status {
        filter = filter.push(" and t.status_rank = ?").bind(status.rank());
    }
    if let Some(priority) = query.priority {
        filter = filter.push(" and t.priority_rank = ?").bind(priority.rank());
    }
    if let Some(user) = query.assigned_to {
        filter = filter.push(" and t.assigned_to = ?").bind(user);
    }
    if let Some(user) = query.created_by {
        filter = filter.push(" and t.created_by = ?").bind(user);
    }
    if let Some(tag) = &query.tag {
        let tagged = " and t.id in (select g.task_id from task_tags g where g.tenant_id = ? and g.tag = ?)";
        filter = filter.push(tagged).bind(scope.tenant()).bind(tag);
    }
    if let Some(from) = query.due_from {
        filter = filter.push(" and t.due_date >= ?").bind(from);
    }
    if let Some(to) = query.due_to {
        filter = filter.push(" and t.due_date <= ?").bind(to);
    }
    if let Some(text) = &query.q {
        filter = filter.push(" and t.search_text like ? escape '!'").bind(escape_like(&fold(text)));
    }
    filter
}

fn values(scope: &Scope, task: &TaskRow) -> Vec<Value> {
    vec![
        scope.tenant().into(),
        (&task.title).into(),
        (&task.description).into(),
        task.status.into(),
        task.priority.into(),
        task.assigned_to.into(),
        task.due_date.into(),
        task.week_number.into(),
        task.year.into(),
        tags_json(&task.tags).into(),
        search_text(task).into(),
        task.version.into(),
        task.created_at.into(),
        task.updated_at.into(),
        task.created_by.into(),
    ]
}

/// A tag may stand twice in the task, but not in the index.
fn tag_rows(scope: &Scope, id: i64, tags: &[String]) -> Vec<Vec<Value>> {
    let tags: BTreeSet<&String> = tags.iter().collect();
    tags.into_iter().map(|tag| vec![scope.tenant().into(), tag.into(), id.into()]).collect()
}

async fn insert_tags(conn: &mut Conn, rows: Vec<Vec<Value>>) -> DbResult<()> {
    let mut rows = rows.into_iter();
    while rows.len() > 0 {
        let rows = rows.by_ref().take(ROWS_PER_INSERT);
        conn.execute(sql("insert into task_tags (tenant_id, tag, task_id) values ").values(rows)).await?;
    }
    Ok(())
}

fn tags_json(tags: &[String]) -> String {
    serde_json::Value::from(tags).to_string()
}

fn search_text(task: &TaskRow) -> String {
    fold(&[&task.title, task.description.as_deref().unwrap_or_default(), &task.tags.join(" ")].join("\n"))
}
