//! The rows that jobs look after, tenant by tenant.

use chrono::NaiveDate;

use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::contracts::types::ContractStatus;
use crate::db::{Conn, DbResult, Sql, Value, sql};
use crate::policy::Role;
use crate::tasks::types::TaskStatus;

/// Contracts that end in these days, to be told of that many days before.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// The first day.
    pub from: NaiveDate,
    /// The last one.
    pub to: NaiveDate,
    /// How many days before.
    pub days: i64,
}

/// A contract whose end is to be told of.
#[derive(Debug, sqlx::FromRow)]
pub struct EndingContract {
    /// Key.
    pub id: i64,
    /// Title.
    pub title: String,
    /// Last day.
    pub end_date: NaiveDate,
}

/// A task that is to be told to be overdue.
#[derive(Debug, sqlx::FromRow)]
pub struct OverdueTask {
    /// Key.
    pub id: i64,
    /// Title.
    pub title: String,
    /// Who has to do it.
    pub assigned_to: i64,
    /// When it was due.
    pub due_date: Timestamp,
}

/// The active owners and admins.
pub async fn managers(conn: &mut Conn, scope: &Scope) -> DbResult<Vec<i64>> {
    let select = sql("select id from users where tenant_id = ? and is_active = ? and role in ");
    let select = select.bind(scope.tenant()).bind(true).list([Role::Owner, Role::Admin]).push(" order by id");
    let rows = conn.fetch_all::<(i64,)>(select).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The first active contracts after this one that ended before today, in order of their ids.
pub async fn ended_contracts(
    conn: &mut Conn,
    scope: &Scope,
    today: NaiveDate,
    after: i64,
    limit: i64,
) -> DbResult<Vec<(i64,)>> {
    const SELECT: &str = "select id from contracts where tenant_id = ? and status = ? and end_date < ? and id > ? \
                          order by id limit ?";
    let select = sql(SELECT).bind(scope.tenant()).bind(ContractStatus::Active).bind(today);
    conn.fetch_all(select.bind(after).bind(limit)).await
}

/// The first contracts after this one that are to be told of, in order of their ids.
pub async fn ending_contracts(
    conn: &mut Conn,
    scope: &Scope,
    window: Window,
    after: i64,
    limit: i64,
) -> DbResult<Vec<(i64,)>> {
    let select = sql("select c.id from contracts c where c.tenant_id = ?").bind(scope.tenant());
    let select = select.append(&ending(scope, window)).push(" and c.id > ? order by c.id limit ?");
    conn.fetch_all(select.bind(after).bind(limit)).await
}

/// Those of these contracts that are to be told of, kept as they are until the transaction ends.
pub async fn lock_ending_contracts(
    conn: &mut Conn,
    scope: &Scope,
    window: Window,
    ids: &[i64],
) -> DbResult<Vec<EndingContract>> {
    const SELECT: &str = "select c.id, c.title, c.end_date from contracts c where c.tenant_id = ? and c.id in ";
    let lock = sql("select id from contracts where tenant_id = ? and id in ").bind(scope.tenant());
    conn.lock(lock.list(ids.iter().copied()).push(" order by id")).await?;
    let select = sql(SELECT).bind(scope.tenant()).list(ids.iter().copied()).append(&ending(scope, window));
    conn.fetch_all(select.push(" order by c.id")).await
}

/// Which contracts: active, and for this end neither told of that many days before nor fewer.
fn ending(scope: &Scope, window: Window) -> Sql {
    const ENDING: &str = " and c.status = ? and c.end_date >= ? and c.end_date <= ? and not exists \
                          (select r.days from contract_reminders r where r.tenant_id = ? and r.contract_id = c.id \
                          and r.end_date = c.end_date and r.days <= ?)";
    let Window { from, to, days } = window;
    sql(ENDING).bind(ContractStatus::Active).bind(from).bind(to).bind(scope.tenant()).bind(days)
}

/// Writes down that these contracts' ends were told of.
pub async fn insert_contract_reminders(
    conn: &mut Conn,
    scope: &Scope,
    contracts: &[EndingContract],
    days: i64,
    now: Timestamp,
) -> DbResult<()> {
    const INSERT: &str = "insert into contract_reminders (tenant_id, contract_id, end_date, days, sent_at) values ";
    let row = |contract: &EndingContract| -> Vec<Value> {
        vec![scope.tenant().into(), contract.id.into(), contract.end_date.into(), days.into(), now.into()]
    };
    conn.execute(sql(INSERT).values(contracts.iter().map(row))).await?;
    Ok(())
}

/// The first tasks of this status after this one that are to be told to be overdue, in order of their ids. One status at
/// a time, for which there is an index: there are far more tasks that were due and are done.
pub async fn overdue_tasks(
    conn: &mut Conn,
    scope: &Scope,
    status: TaskStatus,
    before: Timestamp,
    after: i64,
    limit: i64,
) -> DbResult<Vec<(i64,)>> {
    const SELECT: &str = "select t.id from tasks t join users u on u.tenant_id = t.tenant_id and \
                          u.id = t.assigned_to where t.tenant_id = ? and t.status_rank = ?";
    let select = sql(SELECT).bind(scope.tenant()).bind(status.rank()).append(&overdue(scope, before));
    conn.fetch_all(select.push(" and t.id > ? order by t.id limit ?").bind(after).bind(limit)).await
}

/// Those of these tasks that are to be told to be overdue, kept as they are until the transaction ends.
pub async fn lock_overdue_tasks(
    conn: &mut Conn,
    scope: &Scope,
    before: Timestamp,
    ids: &[i64],
) -> DbResult<Vec<OverdueTask>> {
    const SELECT: &str = "select t.id, t.title, t.assigned_to, t.due_date from tasks t join users u on \
                          u.tenant_id = t.tenant_id and u.id = t.assigned_to where t.tenant_id = ? and t.status_rank in ";
    let lock = sql("select id from tasks where tenant_id = ? and id in ").bind(scope.tenant());
    conn.lock(lock.list(ids.iter().copied()).push(" order by id")).await?;
    let select =
        sql(SELECT).bind(scope.tenant()).list(TaskStatus::OPEN.map(TaskStatus::rank)).append(&overdue(scope, before));
    conn.fetch_all(select.push(" and t.id in ").list(ids.iter().copied()).push(" order by t.id")).await
}

/// Which tasks, beside their status: of an active user, and not told of since they are due then.
fn overdue(scope: &Scope, before: Timestamp) -> Sql {
    const OVERDUE: &str = " and t.due_date < ? and u.is_active = ? and not exists (select r.task_id from \
                           task_reminders r where r.tenant_id = ? and r.task_id = t.id and r.due_date = t.due_date)";
    sql(OVERDUE).bind(before).bind(true).bind(scope.tenant())
}

/// Writes down that these tasks were told to be overdue.
pub async fn insert_task_reminders(
    conn: &mut Conn,
    scope: &Scope,
    tasks: &[OverdueTask],
    now: Timestamp,
) -> DbResult<()> {
    let row = |task: &OverdueTask| -> Vec<Value> {
        vec![scope.tenant().into(), task.id.into(), task.due_date.into(), now.into()]
    };
    let insert = sql("insert into task_reminders (tenant_id, task_id, due_date, sent_at) values ");
    conn.execute(insert.values(tasks.iter().map(row))).await?;
    Ok(())
}

/// Deletes the invitations that expired before this moment, used or not; gives how many.
pub async fn delete_invitations(conn: &mut Conn, scope: &Scope, before: Timestamp) -> DbResult<u64> {
    let delete = sql("delete from invitations where tenant_id = ? and expires_at < ?");
    conn.execute(delete.bind(scope.tenant()).bind(before)).await
}

/// Forgets the revoked tokens that would not count any more anyway; gives how many.
pub async fn delete_revoked_tokens(conn: &mut Conn, scope: &Scope, now: Timestamp) -> DbResult<u64> {
    let delete = sql("delete from revoked_tokens where tenant_id = ? and expires_at <= ?");
    conn.execute(delete.bind(scope.tenant()).bind(now)).await
}

/// Forgets the tickets for streams that nobody used in time; gives how many.
pub async fn delete_stream_tickets(conn: &mut Conn, scope: &Scope, now: Timestamp) -> DbResult<u64> {
    let delete = sql("delete from stream_tickets where tenant_id = ? and expires_at <= ?");
    conn.execute(delete.bind(scope.tenant()).bind(now)).await
}
