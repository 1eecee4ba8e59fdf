//! Counts of tasks, meetings, action items and contracts, and sealed amounts; all are read from an index alone.

use chrono::NaiveDate;
use tokio::sync::mpsc::Sender;

use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::contracts::types::ContractStatus;
use crate::dashboard::amounts::AT_ONCE;
use crate::dashboard::calendar::Week;
use crate::db::{Conn, DbResult, sql};
use crate::meetings::action_items::types::ActionItemStatus;
use crate::tasks::types::{TaskPriority, TaskStatus};

/// Tasks of one status and priority.
#[derive(Debug, sqlx::FromRow)]
pub struct TaskCountRow {
    /// Status.
    pub status: TaskStatus,
    /// Priority.
    pub priority: TaskPriority,
    /// How many.
    pub tasks: i64,
    /// How many of them were due before today.
    pub due_before_today: i64,
}

/// Counts the tasks; `today` is when the day began.
pub async fn count_tasks(conn: &mut Conn, scope: &Scope, today: Timestamp) -> DbResult<Vec<TaskCountRow>> {
    const COUNT: &str = "select status, priority, count(*) as tasks, \
                         count(case when due_date < ? then 1 end) as due_before_today \
                         from tasks where tenant_id = ? group by status, priority";
    conn.fetch_all(sql(COUNT).bind(today).bind(scope.tenant())).await
}

/// Counts the completed tasks of the week.
pub async fn count_completed(conn: &mut Conn, scope: &Scope, week: Week) -> DbResult<i64> {
    const COUNT: &str =
        "select count(*) from tasks where tenant_id = ? and year = ? and week_number = ? and status = ?";
    let count = sql(COUNT).bind(scope.tenant()).bind(week.year).bind(week.number);
    conn.count(count.bind(TaskStatus::Completed)).await
}

/// What is going on in meetings.
#[derive(Debug, sqlx::FromRow)]
pub struct MeetingCountRow {
    /// Meetings from now on.
    pub upcoming: i64,
    /// Meetings of the week.
    pub this_week: i64,
    /// Action items that are still to be done.
    pub open_action_items: i64,
}

/// Counts the meetings from now on, those of the week between these two moments, and all open action items.
pub async fn count_meetings(
    conn: &mut Conn,
    scope: &Scope,
    now: Timestamp,
    (start, end): (Timestamp, Timestamp),
) -> DbResult<MeetingCountRow> {
    const COUNT: &str = "select (select count(*) from meetings where tenant_id = ? and meeting_date >= ?) as upcoming, \
         (select count(*) from meetings where tenant_id = ? and meeting_date >= ? and meeting_date < ?) as this_week, \
         (select count(*) from action_items where tenant_id = ? and status in ";
    let count = sql(COUNT).bind(scope.tenant()).bind(now).bind(scope.tenant()).bind(start).bind(end);
    conn.fetch_one(count.bind(scope.tenant()).list(ActionItemStatus::OPEN).push(") as open_action_items")).await
}

/// Contracts of one status.
#[derive(Debug, sqlx::FromRow)]
pub struct ContractCountRow {
    /// Status.
    pub status: ContractStatus,
    /// How many.
    pub contracts: i64,
    /// How many of them end between today and the first of the two days.
    pub ending: i64,
    /// How many of them end between today and the second one.
    pub ending_soon: i64,
}

/// Counts the contracts, and those that end between today and each of these days, both included.
pub async fn count_contracts(
    conn: &mut Conn,
    scope: &Scope,
    today: NaiveDate,
    (later, sooner): (NaiveDate, NaiveDate),
) -> DbResult<Vec<ContractCountRow>> {
    const COUNT: &str = "select status, count(*) as contracts, \
                         count(case when end_date >= ? and end_date <= ? then 1 end) as ending, \
                         count(case when end_date >= ? and end_date <= ? then 1 end) as ending_soon \
                         from contracts where tenant_id = ? group by status";
    let count = sql(COUNT).bind(today).bind(later).bind(today).bind(sooner);
    conn.fetch_all(count.bind(scope.tenant())).await
}

/// A contract, as far as it is counted and added up.
#[derive(Debug, sqlx::FromRow)]
pub struct ContractRow {
    /// Key.
    pub id: i64,
    /// Status.
    pub status: ContractStatus,
    /// ISO 4217.
    pub currency: String,
    /// Last day.
    pub end_date: NaiveDate,
    /// Sealed for the contract.
    pub amount_encrypted: String,
}

/// Sends every contract, all of them as they are at one moment.
pub async fn send_contracts(conn: &mut Conn, scope: &Scope, to: &Sender<Vec<ContractRow>>) -> DbResult<()> {
    let select = "select id, status, currency, end_date, amount_encrypted from contracts where tenant_id = ?";
    conn.send_all(sql(select).bind(scope.tenant()), AT_ONCE, to).await
}
