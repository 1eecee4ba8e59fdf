//! The statuses of action items and of the tasks that they became.

use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::{Conn, DbResult, sql};

/// Gives the action items of these tasks this status, unless they have it; that is a change of them like any other.
/// Gives those that had another one, with it.
pub async fn move_action_items(
    conn: &mut Conn,
    scope: &Scope,
    tasks: &[i64],
    status: &'static str,
    now: Timestamp,
) -> DbResult<Vec<(i64, String)>> {
    let select = sql("select id, status from action_items where tenant_id = ? and status <> ? and task_id in ");
    let select = select.bind(scope.tenant()).bind(status).list(tasks.iter().copied());
    let items: Vec<(i64, String)> = conn.fetch_all_locked(select).await?;
    if !items.is_empty() {
        const UPDATE: &str = "update action_items set status = ?, version = version + 1, updated_at = ? \
                              where tenant_id = ? and id in ";
        let update = sql(UPDATE).bind(status).bind(now).bind(scope.tenant());
        conn.execute(update.list(items.iter().map(|(id, _)| *id))).await?;
    }
    Ok(items)
}

/// Gives the task this status, unless it has it; that is a change of the task like any other. Gives the task, if it had
/// another one, with it.
pub async fn move_task(
    conn: &mut Conn,
    scope: &Scope,
    task: i64,
    status: &'static str,
    now: Timestamp,
) -> DbResult<Vec<(i64, String)>> {
    let select = sql("select id, status from tasks where tenant_id = ? and id = ? and status <> ?");
    let tasks: Vec<(i64, String)> = conn.fetch_all_locked(select.bind(scope.tenant()).bind(task).bind(status)).await?;
    if !tasks.is_empty() {
        let update =
            "update tasks set status = ?, version = version + 1, updated_at = ? where tenant_id = ? and id = ?";
        conn.execute(sql(update).bind(status).bind(now).bind(scope.tenant()).bind(task)).await?;
    }
    Ok(tasks)
}
