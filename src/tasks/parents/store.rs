//! The links from subtasks to their parents.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::super::store::ROWS_AT_ONCE;
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::{Conn, DbResult, Value, pieces, sql};

/// With three values each, far below the most of a statement: 32,766 on SQLite, 65,535 on MariaDB.
const ROWS_PER_INSERT: usize = 10_000;

/// Links each of these tasks to its parent: (task, parent).
pub async fn insert(conn: &mut Conn, scope: &Scope, links: &[(i64, i64)]) -> DbResult<()> {
    for links in pieces(links, ROWS_PER_INSERT) {
        let rows: Vec<Vec<Value>> =
            links.iter().map(|(task, parent)| vec![scope.tenant().into(), (*task).into(), (*parent).into()]).collect();
        conn.execute(sql("insert into task_parents (tenant_id, task_id, parent_id) values ").values(rows)).await?;
    }
    Ok(())
}

/// Makes these tasks top-level tasks.
pub async fn delete(conn: &mut Conn, scope: &Scope, tasks: &[i64]) -> DbResult<()> {
    // One by one: of a list MariaDB would look at, and lock, the whole table.
    for task in tasks {
        let delete = sql("delete from task_parents where tenant_id = ? and task_id = ?");
        conn.execute(delete.bind(scope.tenant()).bind(*task)).await?;
    }
    Ok(())
}

/// Counts a change of the task's subtasks, which are about to lose it, and gives them.
pub async fn touch_subtasks(conn: &mut Conn, scope: &Scope, parent: i64, now: Timestamp) -> DbResult<Vec<i64>> {
    const TOUCH: &str = "update tasks /*M! force index (tasks_tenant_id_id) */ set version = version + 1, \
                         updated_at = ? where tenant_id = ? and id in ";
    // As they are now: whoever has just got another parent does not lose this one. And two statements: with a subquery
    // in the update MariaDB would look at, and lock, every task of the tenant.
    let select = sql("select task_id from task_parents where tenant_id = ? and parent_id = ? order by task_id");
    let subtasks: Vec<(i64,)> = conn.fetch_all_locked(select.bind(scope.tenant()).bind(parent)).await?;
    let subtasks: Vec<i64> = subtasks.into_iter().map(|(id,)| id).collect();
    for subtasks in subtasks.chunks(ROWS_AT_ONCE) {
        conn.execute(sql(TOUCH).bind(now).bind(scope.tenant()).list(subtasks.iter().copied())).await?;
    }
    Ok(subtasks)
}

/// How many subtasks each of these tasks has, if it has any.
pub async fn count_subtasks(conn: &mut Conn, scope: &Scope, ids: &BTreeSet<i64>) -> DbResult<HashMap<i64, usize>> {
    const COUNT: &str = "select parent_id, count(*) from task_parents where tenant_id = ? and parent_id in ";
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let count = sql(COUNT).bind(scope.tenant()).list(ids.iter().copied()).push(" group by parent_id");
    let rows: Vec<(i64, i64)> = conn.fetch_all(count).await?;
    Ok(rows.into_iter().map(|(parent, count)| (parent, usize::try_from(count).unwrap_or(usize::MAX))).collect())
}

/// Those of these ids that are top-level tasks.
pub async fn top_level(conn: &mut Conn, scope: &Scope, ids: &BTreeSet<i64>) -> DbResult<HashSet<i64>> {
    const SELECT: &str = "select t.id from tasks t \
                          left join task_parents p on p.tenant_id = t.tenant_id and p.task_id = t.id \
                          where t.tenant_id = ? and p.parent_id is null and t.id in ";
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let rows: Vec<(i64,)> = conn.fetch_all(sql(SELECT).bind(scope.tenant()).list(ids.iter().copied())).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Whether any of these tasks has subtasks.
pub async fn have_subtasks(conn: &mut Conn, scope: &Scope, tasks: &[i64]) -> DbResult<bool> {
    let count = sql("select count(*) from task_parents where tenant_id = ? and parent_id in ").bind(scope.tenant());
    Ok(conn.count(count.list(tasks.iter().copied())).await? > 0)
}
