//! The rows that jobs look after, tenant by tenant.

use chrono::{NaiveDate, NaiveTime};

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

/// Where a walk over contracts, in the order of their ends, is.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub struct ContractPlace {
    /// The last day of the last contract.
    pub end_date: NaiveDate,
    /// Its key.
    pub id: i64,
}

/// Where a walk over tasks, in the order of their due dates, is.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub struct TaskPlace {
    /// When the last task was due.
    pub due_date: Timestamp,
    /// Its key.
    pub id: i64,
}

impl Default for ContractPlace {
    /// Before the first one.
    fn default() -> Self {
        Self { end_date: NaiveDate::from_ymd_opt(1, 1, 1).unwrap_or_default(), id: 0 }
    }
}

impl Default for TaskPlace {
    /// Before the first one.
    fn default() -> Self {
        let first_day = ContractPlace::default().end_date;
        Self { due_date: Timestamp::new(first_day.and_time(NaiveTime::MIN).and_utc()), id: 0 }
    }
}

/// With what was told of them, which is null for those that were told of neither that many days before their end nor
/// fewer.
macro_rules! told_contracts {
    () => {
        "contracts c left join contract_reminders r on r.tenant_id = c.tenant_id and r.contract_id = c.id \
         and r.end_date = c.end_date and r.days <= ?"
    };
}

/// With what was told of them, which is null for those that were not told of since they are due then.
macro_rules! told_tasks {
    () => {
        "left join task_reminders r on r.tenant_id = t.tenant_id and r.task_id = t.id and r.due_date = t.due_date"
    };
}

/// The active owners and admins.
pub async fn managers(conn: &mut Conn, scope: &Scope) -> DbResult<Vec<i64>> {
    let select = sql("select id from users where tenant_id = ? and is_active = ? and role in ");
    let select = select.bind(scope.tenant()).bind(true).list([Role::Owner, Role::Admin]).push(" order by id");
    let rows = conn.fetch_all::<(i64,)>(select).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The first active contracts behind this place that ended before today.
pub async fn ended_contracts(
    conn: &mut Conn,
    scope: &Scope,
    today: NaiveDate,
    after: ContractPlace,
    limit: i64,
) -> DbResult<Vec<ContractPlace>> {
    const SELECT: &str = "select end_date, id from contracts where tenant_id = ? and status = ? and end_date >= ? \
                          and end_date < ? and (end_date > ? or id > ?) order by end_date, id limit ?";
    let select = sql(SELECT).bind(scope.tenant()).bind(ContractStatus::Active).bind(after.end_date).bind(today);
    conn.fetch_all(select.bind(after.end_date).bind(after.id).bind(limit)).await
}

/// The first contracts behind this place that are to be told of.
pub async fn ending_contracts(
    conn: &mut Conn,
    scope: &Scope,
    window: Window,
    after: ContractPlace,
    limit: i64,
) -> DbResult<Vec<ContractPlace>> {
    const SELECT: &str = concat!("select c.end_date, c.id from ", told_contracts!(), " where c.tenant_id = ?");
    const AFTER: &str = " and (c.end_date > ? or c.id > ?) order by c.end_date, c.id limit ?";
    let from = window.from.max(after.end_date);
    let select = ending(SELECT, scope, Window { from, ..window });
    conn.fetch_all(select.push(AFTER).bind(after.end_date).bind(after.id).bind(limit)).await
}

/// Those of these contracts that are to be told of, kept as they are until the transaction ends.
pub async fn lock_ending_contracts(
    conn: &mut Conn,
    scope: &Scope,
    window: Window,
    ids: &[i64],
) -> DbResult<Vec<EndingContract>> {
    const SELECT: &str = concat!("select c.id, c.title, c.end_date from ", told_contracts!(), " where c.tenant_id = ?");
    let lock = sql("select id from contracts where tenant_id = ? and id in ").bind(scope.tenant());
    conn.lock(lock.list(ids.iter().copied()).push(" order by id")).await?;
    let select = ending(SELECT, scope, window).push(" and c.id in ").list(ids.iter().copied());
    conn.fetch_all(select.push(" order by c.id")).await
}

/// Active ones.
fn ending(select: &'static str, scope: &Scope, window: Window) -> Sql {
    const ENDING: &str = " and c.status = ? and c.end_date >= ? and c.end_date <= ? and r.contract_id is null";
    let Window { from, to, days } = window;
    let select = sql(select).bind(days).bind(scope.tenant());
    select.push(ENDING).bind(ContractStatus::Active).bind(from).bind(to)
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

/// The first tasks of this status behind this place that are overdue and not told of, if whoever has to do them is still
/// active. One status at a time, for which there is an index: there are far more tasks that were due and are done.
pub async fn overdue_tasks(
    conn: &mut Conn,
    scope: &Scope,
    status: TaskStatus,
    before: Timestamp,
    after: TaskPlace,
    limit: i64,
) -> DbResult<Vec<TaskPlace>> {
    const SELECT: &str = concat!(
        "select t.due_date, t.id from tasks t ",
        told_tasks!(),
        " where t.tenant_id = ? and t.status_rank = ? and t.due_date >= ? and t.due_date < ? \
         and (t.due_date > ? or t.id > ?) and t.assigned_to is not null and r.task_id is null \
         order by t.due_date, t.id limit ?"
    );
    let select = sql(SELECT).bind(scope.tenant()).bind(status.rank()).bind(after.due_date).bind(before);
    conn.fetch_all(select.bind(after.due_date).bind(after.id).bind(limit)).await
}

/// Those of these tasks that are to be told to be overdue, kept as they are until the transaction ends: open ones of
/// active users.
pub async fn lock_overdue_tasks(
    conn: &mut Conn,
    scope: &Scope,
    before: Timestamp,
    ids: &[i64],
) -> DbResult<Vec<OverdueTask>> {
    const SELECT: &str = concat!(
        "select t.id, t.title, t.assigned_to, t.due_date from tasks t join users u on u.tenant_id = t.tenant_id \
         and u.id = t.assigned_to ",
        told_tasks!(),
        " where t.tenant_id = ? and t.due_date < ? and u.is_active = ? and r.task_id is null and t.status_rank in "
    );
    let lock = sql("select id from tasks where tenant_id = ? and id in ").bind(scope.tenant());
    conn.lock(lock.list(ids.iter().copied()).push(" order by id")).await?;
    let select = sql(SELECT).bind(scope.tenant()).bind(before).bind(true);
    let select = select.list(TaskStatus::OPEN.map(TaskStatus::rank)).push(" and t.id in ");
    conn.fetch_all(select.list(ids.iter().copied()).push(" order by t.id")).await
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
