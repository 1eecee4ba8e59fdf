//! The rows of tasks and their tags.
//!
//! MariaDB alone reads what stands between `/*M!` and `*/`. What is locked or changed by a list of ids names its key
//! there: when the list is most of a tenant's tasks, MariaDB would rather walk along another key, or the whole table, and
//! it locks whatever it passes.

use std::collections::BTreeSet;

use super::parents::store as parents;
use super::row::TaskRow;
use super::types::TaskQuery;
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::{Conn, DbResult, Sql, Value, escape_like, fold, piece, sql};
use crate::page::{List, Listing};

macro_rules! columns {
    () => {
        "t.id, t.tenant_id, t.title, t.description, t.status, t.priority, t.assigned_to, t.due_date, t.week_number, \
         t.year, t.tags, t.version, t.created_at, t.updated_at, t.created_by, p.parent_id, \
         (select count(*) from task_comments c where c.tenant_id = t.tenant_id and c.task_id = t.id) as comment_count, \
         u.name as assignee_name, u.role as assignee_role, u.is_active as assignee_is_active, \
         u.created_at as assignee_created_at, u.last_login as assignee_last_login"
    };
}

macro_rules! from {
    () => {
        "tasks t left join users u on u.tenant_id = t.tenant_id and u.id = t.assigned_to \
         left join task_parents p on p.tenant_id = t.tenant_id and p.task_id = t.id"
    };
}

const LIST: List = List { table: "tasks t", from: from!(), columns: columns!() };

/// A page of the tasks that match.
pub async fn list(conn: &mut Conn, scope: &Scope, query: &TaskQuery) -> DbResult<Listing<TaskRow>> {
    query.page.fetch(conn, &LIST, &filter(scope, query)).await
}

/// The ids of all tasks that match, in the order of the list.
pub async fn ids(conn: &mut Conn, scope: &Scope, query: &TaskQuery) -> DbResult<Vec<i64>> {
    query.page.fetch_ids::<TaskRow>(conn, &LIST, &filter(scope, query)).await
}

/// Those of these tasks that are there, in this order.
pub async fn rows(conn: &mut Conn, scope: &Scope, ids: &[i64]) -> DbResult<Vec<TaskRow>> {
    LIST.fetch_rows(conn, &sql("t.tenant_id = ?").bind(scope.tenant()), ids).await
}

/// The task.
pub async fn find(conn: &mut Conn, scope: &Scope, id: i64) -> DbResult<Option<TaskRow>> {
    const FIND: &str = concat!("select ", columns!(), " from ", from!(), " where t.tenant_id = ? and t.id = ?");
    conn.fetch_optional(sql(FIND).bind(scope.tenant()).bind(id)).await
}

/// Whether there is such a task.
pub async fn exists(conn: &mut Conn, scope: &Scope, id: i64) -> DbResult<bool> {
    let count = sql("select count(*) from tasks where tenant_id = ? and id = ?");
    Ok(conn.count(count.bind(scope.tenant()).bind(id)).await? == 1)
}

/// How much text the descriptions of these tasks have, in bytes on MariaDB and in characters on SQLite.
pub async fn description_size(conn: &mut Conn, scope: &Scope, ids: &[i64]) -> DbResult<usize> {
    const SUM: &str = "select cast(coalesce(sum(length(coalesce(description, ''))), 0) as signed) from tasks \
                       where tenant_id = ? and id in ";
    let size = conn.count(sql(SUM).bind(scope.tenant()).list(ids.iter().copied())).await?;
    Ok(usize::try_from(size).unwrap_or(usize::MAX))
}

/// Those of these tasks that are there, the smallest id first.
pub async fn find_all(conn: &mut Conn, scope: &Scope, ids: &[i64]) -> DbResult<Vec<TaskRow>> {
    const FIND: &str = concat!("select ", columns!(), " from ", from!(), " where t.tenant_id = ? and t.id in ");
    conn.fetch_all(sql(FIND).bind(scope.tenant()).list(ids.iter().copied()).push(" order by t.id")).await
}

/// Keeps other transactions from changing these tasks, and from giving them subtasks, before this one ends. Comes first
/// in a transaction.
pub async fn lock(conn: &mut Conn, scope: &Scope, ids: &[i64]) -> DbResult<()> {
    const LOCK: &str = "select id from tasks /*M! force index (tasks_tenant_id_id) */ where tenant_id = ? and id in ";
    // In one order, so that two transactions do not wait for each other.
    let ids: Vec<i64> = ids.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    for ids in ids.chunks(ROWS_AT_ONCE) {
        conn.lock(sql(LOCK).bind(scope.tenant()).list(ids.iter().copied()).push(" order by id")).await?;
    }
    Ok(())
}

/// The task, for a change: no other transaction changes it before this one ends.
pub async fn find_for_update(conn: &mut Conn, scope: &Scope, id: i64) -> DbResult<Option<TaskRow>> {
    lock(conn, scope, &[id]).await?;
    find(conn, scope, id).await
}

const INSERT: &str = "insert into tasks (tenant_id, title, description, status, priority, assigned_to, due_date, \
                      week_number, year, tags, search_text, version, created_at, updated_at, created_by) values ";
/// Rows in a statement. With fifteen values each they have far less than the most of it: 32,766 on SQLite, 65,535 on
/// MariaDB, which makes a table of a list from 1,000 on, and goes by no key then.
pub const ROWS_AT_ONCE: usize = 500;
/// Bytes of text in a statement, unless one row alone has more: far below the 16 MiB that MariaDB takes.
const TEXT_PER_STATEMENT: usize = 4 * 1024 * 1024;
/// With three values each.
const TAGS_PER_INSERT: usize = 10_000;

/// Inserts a task and gives its id; `task.id` does not count.
pub async fn insert(conn: &mut Conn, scope: &Scope, task: &TaskRow) -> DbResult<i64> {
    let id = conn.insert(sql(INSERT).values([values(scope, task)]).push(" returning id")).await?;
    insert_tags(conn, tag_rows(scope, id, &task.tags)).await?;
    let parent = task.parent_id.map(|parent| (id, parent));
    parents::insert(conn, scope, parent.as_slice()).await?;
    Ok(id)
}

/// Inserts many tasks with few statements and gives their ids in the same order; their own `id` does not count.
pub async fn insert_many(conn: &mut Conn, scope: &Scope, tasks: &[TaskRow]) -> DbResult<Vec<i64>> {
    let mut ids = Vec::with_capacity(tasks.len());
    let mut rest = tasks;
    while !rest.is_empty() {
        // Each text stands there twice, the second time folded, in which it may have grown.
        let sizes = rest.iter().take(ROWS_AT_ONCE).map(|task| 4 * text_size(task));
        let (tasks, others) = rest.split_at(piece(fitting(sizes)).unwrap_or(1));
        rest = others;
        let rows = tasks.iter().map(|task| values(scope, task));
        let mut inserted = conn.fetch_all::<(i64,)>(sql(INSERT).values(rows).push(" returning id")).await?;
        // Ids grow from row to row, but they come back in any order.
        inserted.sort_unstable();
        ids.extend(inserted.into_iter().map(|(id,)| id));
    }
    let placed = || ids.iter().zip(tasks);
    let tags = placed().flat_map(|(id, task)| tag_rows(scope, *id, &task.tags)).collect();
    let parents: Vec<(i64, i64)> = placed().filter_map(|(id, task)| Some((*id, task.parent_id?))).collect();
    insert_tags(conn, tags).await?;
    parents::insert(conn, scope, &parents).await?;
    Ok(ids)
}

/// Writes the row's values and its new version, unless it has changed since `old` was read. Gives whether it did.
pub async fn update(conn: &mut Conn, scope: &Scope, old: &TaskRow, new: &TaskRow) -> DbResult<bool> {
    const UPDATE: &str = "update tasks set title = ?, description = ?, status = ?, priority = ?, assigned_to = ?, \
                          due_date = ?, week_number = ?, year = ?, tags = ?, version = ?, updated_at = ? \
                          where tenant_id = ? and id = ? and version = ?";
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
        .bind(new.version)
        .bind(new.updated_at);
    if conn.execute(update.bind(scope.tenant()).bind(new.id).bind(old.version)).await? == 0 {
        return Ok(false);
    }
    if searched(old) != searched(new) {
        set_search_text(conn, scope, new).await?;
    }
    if old.tags != new.tags {
        replace_tags(conn, scope, &[new]).await?;
    }
    if old.parent_id != new.parent_id {
        replace_parents(conn, scope, &[new]).await?;
    }
    Ok(true)
}

/// To be called only when a text has changed: to fold long ones takes a while, in which nobody else writes on SQLite.
async fn set_search_text(conn: &mut Conn, scope: &Scope, task: &TaskRow) -> DbResult<()> {
    let update = sql("update tasks set search_text = ? where tenant_id = ? and id = ?");
    conn.execute(update.bind(search_text(task)).bind(scope.tenant()).bind(task.id)).await?;
    Ok(())
}

/// Writes these tasks' tags once more into the index of tags.
pub async fn replace_tags(conn: &mut Conn, scope: &Scope, tasks: &[&TaskRow]) -> DbResult<()> {
    // One by one: of a list MariaDB would look at, and lock, every tag of the tenant.
    for task in tasks {
        let delete = sql("delete from task_tags where tenant_id = ? and task_id = ?");
        conn.execute(delete.bind(scope.tenant()).bind(task.id)).await?;
    }
    insert_tags(conn, tasks.iter().flat_map(|task| tag_rows(scope, task.id, &task.tags)).collect()).await
}

/// Makes these tasks a part of their parents, or of none.
pub async fn replace_parents(conn: &mut Conn, scope: &Scope, tasks: &[&TaskRow]) -> DbResult<()> {
    let ids: Vec<i64> = tasks.iter().map(|task| task.id).collect();
    let parents: Vec<(i64, i64)> = tasks.iter().filter_map(|task| Some((task.id, task.parent_id?))).collect();
    parents::delete(conn, scope, &ids).await?;
    parents::insert(conn, scope, &parents).await
}

/// What stays behind a deleted task, without it.
#[derive(Debug)]
pub struct Bereft {
    /// Its subtasks, which are top-level tasks now.
    pub subtasks: Vec<i64>,
    /// The action items that became it.
    pub action_items: Vec<i64>,
}

/// Deletes the task with its comments, unless it has changed since it was read. Gives what stays, if it did.
pub async fn delete(conn: &mut Conn, scope: &Scope, task: &TaskRow, now: Timestamp) -> DbResult<Option<Bereft>> {
    let action_items = unlink_action_items(conn, scope, task.id, now).await?;
    let subtasks = parents::touch_subtasks(conn, scope, task.id, now).await?;
    let delete = sql("delete from tasks where tenant_id = ? and id = ? and version = ?");
    let deleted = conn.execute(delete.bind(scope.tenant()).bind(task.id).bind(task.version)).await? == 1;
    Ok(deleted.then_some(Bereft { subtasks, action_items }))
}

/// Takes the task from the action items that became it, which is a change of them, and gives those.
async fn unlink_action_items(conn: &mut Conn, scope: &Scope, task: i64, now: Timestamp) -> DbResult<Vec<i64>> {
    let select = sql("select id from action_items where tenant_id = ? and task_id = ?");
    let items: Vec<(i64,)> = conn.fetch_all_locked(select.bind(scope.tenant()).bind(task)).await?;
    let items: Vec<i64> = items.into_iter().map(|(id,)| id).collect();
    if !items.is_empty() {
        const UNLINK: &str = "update action_items set task_id = null, version = version + 1, updated_at = ? \
                              where tenant_id = ? and id in ";
        conn.execute(sql(UNLINK).bind(now).bind(scope.tenant()).list(items.iter().copied())).await?;
    }
    Ok(items)
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
    if let Some(parent) = query.parent_id {
        let part = " and t.id in (select s.task_id from task_parents s where s.tenant_id = ? and s.parent_id = ?)";
        filter = filter.push(part).bind(scope.tenant()).bind(parent);
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
    while let Some(count) = piece(rows.len().min(TAGS_PER_INSERT)) {
        let rows = rows.by_ref().take(count);
        conn.execute(sql("insert into task_tags (tenant_id, tag, task_id) values ").values(rows)).await?;
    }
    Ok(())
}

/// How many of these, by the bytes of their text and from the first on, fit into a statement; at least one.
pub fn fitting(sizes: impl Iterator<Item = usize>) -> usize {
    let mut bytes = 0;
    let fits = |size: &usize| {
        bytes += size;
        bytes <= TEXT_PER_STATEMENT
    };
    sizes.take_while(fits).count().max(1)
}

fn text_size(task: &TaskRow) -> usize {
    let TaskRow { title, description, tags, .. } = task;
    title.len() + description.as_ref().map_or(0, String::len) + tags.iter().map(String::len).sum::<usize>()
}

/// The column `tags`.
pub fn tags_json(tags: &[String]) -> String {
    serde_json::Value::from(tags).to_string()
}

/// What `search_text` is made of.
pub fn searched(task: &TaskRow) -> (&str, Option<&str>, &[String]) {
    (&task.title, task.description.as_deref(), &task.tags)
}

/// The column `search_text`.
pub fn search_text(task: &TaskRow) -> String {
    let (title, description, tags) = searched(task);
    fold(&[title, description.unwrap_or_default(), &tags.join(" ")].join("\n"))
}
