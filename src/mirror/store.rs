//! The statuses of action items and of the tasks that they became.

use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::{Conn, DbResult, sql};

/// Gives the action items of these tasks this status, unless they have it.
pub async fn move_action_items(
    conn: &mut Conn,
    scope: &Scope,
    tasks: &[i64],
    status: &'static str,
    now: Timestamp,
) -> DbResult<()> {
    const UPDATE: &str =
        "update action_items set status = ?, updated_at = ? where tenant_id = ? and status <> ? and task_id in ";
    let update = sql(UPDATE).bind(status).bind(now).bind(scope.tenant()).bind(status);
    conn.execute(update.list(tasks.iter().copied())).await?;
    Ok(())
}

/// Gives the task this status, unless it has it; that is a change of the task like any other.
pub async fn move_task(
    conn: &mut Conn,
    scope: &Scope,
    task: i64,
    status: &'static str,
    now: Timestamp,
) -> DbResult<()> {
    const UPDATE: &str = "update tasks set status = ?, version = version + 1, updated_at = ? \
                          where tenant_id = ? and id = ? and status <> ?";
    let update = sql(UPDATE).bind(status).bind(now).bind(scope.tenant()).bind(task).bind(status);
    conn.execute(update).await?;
    Ok(())
}
