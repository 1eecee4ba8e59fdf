//! The rows that a report is made of: nine statements at most, however much there is.

use super::week::Period;
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::{Conn, DbResult, Sql, sql};
use crate::meetings::action_items::types::ActionItemStatus;
use crate::meetings::attendees::types::Attendance;
use crate::meetings::types::MeetingStatus;
use crate::tasks::types::{TaskPriority, TaskStatus};

/// The most of a week's tasks that a report shows.
pub const MAX_TASKS: i64 = 1000;
/// The most tasks of earlier weeks that a report shows.
pub const MAX_CARRIED_OVER: i64 = 500;
/// The most meetings that a report shows.
pub const MAX_MEETINGS: i64 = 200;
/// The most attendees that a report shows.
pub const MAX_ATTENDEES: usize = 2000;
/// How many are read: one more than is shown tells that there are more.
const READ_ATTENDEES: i64 = MAX_ATTENDEES as i64 + 1;
/// The most action items that a report shows.
pub const MAX_ACTION_ITEMS: i64 = 1000;

/// How many characters of a long text a report shows.
pub const TEXT_LENGTH: usize = 2000;
/// How much of a text is read: one character more than is shown tells that it was cut.
const READ_LENGTH: i64 = TEXT_LENGTH as i64 + 1;

/// Everything that a report tells of.
#[derive(Debug)]
pub struct Rows {
    /// How many tasks of the week there are, by assignee and status.
    pub task_counts: Vec<TaskCountRow>,
    /// The week's tasks but for cancelled ones, those that are open first.
    pub tasks: Vec<TaskRow>,
    /// How many open tasks of earlier weeks there are, by assignee and status.
    pub carried_over_counts: Vec<TaskCountRow>,
    /// Open tasks of earlier weeks.
    pub carried_over: Vec<TaskRow>,
    /// How many meetings there are.
    pub meeting_count: i64,
    /// The week's meetings, the earliest first.
    pub meetings: Vec<MeetingRow>,
    /// Who attends them; one more than [`MAX_ATTENDEES`] tells that there are more.
    pub attendees: Vec<AttendeeRow>,
    /// How many action items they have, by meeting and status.
    pub action_item_counts: Vec<ActionItemCountRow>,
    /// Their action items but for cancelled ones, those that are open first.
    pub action_items: Vec<ActionItemRow>,
}

/// How many tasks somebody has in a status.
#[derive(Debug, sqlx::FromRow)]
pub struct TaskCountRow {
    /// Assignee.
    pub assigned_to: Option<i64>,
    /// The assignee's name.
    pub assignee_name: Option<String>,
    /// Status.
    pub status: TaskStatus,
    /// All of them.
    pub total: i64,
    /// Those that were due before the period's day, or whose week is over by then if they have no due date, whatever
    /// their status. Only of the period's own week.
    pub overdue: i64,
}

/// A task.
#[derive(Debug, sqlx::FromRow)]
pub struct TaskRow {
    /// Key.
    pub id: i64,
    /// Title.
    pub title: String,
    /// Status.
    pub status: TaskStatus,
    /// Priority.
    pub priority: TaskPriority,
    /// Assignee.
    pub assigned_to: Option<i64>,
    /// The assignee's name.
    pub assignee_name: Option<String>,
    /// Due date.
    pub due_date: Option<Timestamp>,
    /// ISO week.
    pub week_number: i64,
    /// ISO year.
    pub year: i64,
}

/// A meeting.
#[derive(Debug, sqlx::FromRow)]
pub struct MeetingRow {
    /// Key.
    pub id: i64,
    /// Title.
    pub title: String,
    /// When.
    pub meeting_date: Timestamp,
    /// Where.
    pub location: Option<String>,
    /// Decisions; only their beginning, if they are long.
    pub decisions: Option<String>,
    /// Status.
    pub status: MeetingStatus,
}

/// Who attends a meeting.
#[derive(Debug, sqlx::FromRow)]
pub struct AttendeeRow {
    /// Meeting.
    pub meeting_id: i64,
    /// The user's name.
    pub name: String,
    /// Whether the user came.
    pub attendance: Attendance,
}

/// How many action items a meeting has in a status.
#[derive(Debug, sqlx::FromRow)]
pub struct ActionItemCountRow {
    /// Meeting.
    pub meeting_id: i64,
    /// Status.
    pub status: ActionItemStatus,
    /// All of them.
    pub total: i64,
}

/// An action item.
#[derive(Debug, sqlx::FromRow)]
pub struct ActionItemRow {
    /// Key.
    pub id: i64,
    /// Meeting.
    pub meeting_id: i64,
    /// What is to be done; only its beginning, if it is long.
    pub description: String,
    /// Status.
    pub status: ActionItemStatus,
    /// The assignee's name.
    pub assignee_name: Option<String>,
}

/// Reads what there is to tell of the period.
pub async fn read(conn: &mut Conn, scope: &Scope, period: &Period) -> DbResult<Rows> {
    let task_counts = conn.fetch_all(grouped(of_week(count_tasks(scope, period), period))).await?;
    let tasks = list_tasks(conn, scope, period).await?;
    let carried_over_counts = conn.fetch_all(grouped(carried_over(count_tasks(scope, period), scope, period))).await?;
    let carried_over = list_carried_over(conn, scope, period).await?;
    let meeting_count = count_meetings(conn, scope, period).await?;
    let meetings = list_meetings(conn, scope, period).await?;
    let mut rows = Rows {
        task_counts,
        tasks,
        carried_over_counts,
        carried_over,
        meeting_count,
        meetings,
        attendees: Vec::new(),
        action_item_counts: Vec::new(),
        action_items: Vec::new(),
    };
    let ids: Vec<i64> = rows.meetings.iter().map(|meeting| meeting.id).collect();
    if !ids.is_empty() {
        rows.attendees = list_attendees(conn, scope, &ids).await?;
        rows.action_item_counts = count_action_items(conn, scope, &ids).await?;
        rows.action_items = list_action_items(conn, scope, &ids).await?;
    }
    Ok(rows)
}

fn count_tasks(scope: &Scope, period: &Period) -> Sql {
    const COUNT: &str = "select t.assigned_to, u.name as assignee_name, t.status, count(*) as total, \
                         count(case when t.due_date < ? or t.due_date is null and ? = 1 then 1 end) as overdue \
                         from tasks t left join users u on u.tenant_id = t.tenant_id and u.id = t.assigned_to \
                         where t.tenant_id = ?";
    let is_over = period.has_ended(period.week.year(), period.week.number());
    sql(COUNT).bind(period.late).bind(i64::from(is_over)).bind(scope.tenant())
}

fn grouped(count: Sql) -> Sql {
    count.push(" group by +t.assigned_to, u.name, t.status")
}

fn select_tasks(scope: &Scope) -> Sql {
    const SELECT: &str = "select t.id, t.title, t.status, t.priority, t.assigned_to, u.name as assignee_name, \
                          t.due_date, t.week_number, t.year \
                          from tasks t left join users u on u.tenant_id = t.tenant_id and u.id = t.assigned_to \
                          where t.tenant_id = ?";
    sql(SELECT).bind(scope.tenant())
}

/// Those of the week.
fn of_week(select: Sql, period: &Period) -> Sql {
    let week = period.week;
    select.push(" and t.year = ? and t.week_number = ?").bind(week.year()).bind(week.number())
}

/// Those of earlier weeks that are open, with or without a due date. The open ones are looked up first: next to them,
/// those that are done are many. Without the pluses SQLite begins with those all the same.
fn carried_over(select: Sql, scope: &Scope, period: &Period) -> Sql {
    let week = period.week;
    select
        .push(" and t.id in (select o.id from tasks o where o.tenant_id = ? and o.status_rank in ")
        .bind(scope.tenant())
        .list(TaskStatus::OPEN.map(TaskStatus::rank))
        .push(") and (+t.year < ? or (+t.year = ? and +t.week_number < ?))")
        .bind(week.year())
        .bind(week.year())
        .bind(week.number())
}

async fn list_tasks(conn: &mut Conn, scope: &Scope, period: &Period) -> DbResult<Vec<TaskRow>> {
    let select = of_week(select_tasks(scope), period)
        .push(" and t.status <> ? order by t.status_rank = ?, t.due_date is null, t.due_date, t.id limit ?")
        .bind(TaskStatus::Cancelled)
        .bind(TaskStatus::Completed.rank())
        .bind(MAX_TASKS);
    conn.fetch_all(select).await
}

async fn list_carried_over(conn: &mut Conn, scope: &Scope, period: &Period) -> DbResult<Vec<TaskRow>> {
    const ORDER: &str = " order by t.due_date is null, +t.due_date, t.id limit ?";
    let select = carried_over(select_tasks(scope), scope, period).push(ORDER);
    conn.fetch_all(select.bind(MAX_CARRIED_OVER)).await
}

async fn count_meetings(conn: &mut Conn, scope: &Scope, period: &Period) -> DbResult<i64> {
    const COUNT: &str = "select count(*) from meetings m \
                         where m.tenant_id = ? and m.meeting_date >= ? and m.meeting_date < ?";
    conn.count(sql(COUNT).bind(scope.tenant()).bind(period.begins).bind(period.ends)).await
}

async fn list_meetings(conn: &mut Conn, scope: &Scope, period: &Period) -> DbResult<Vec<MeetingRow>> {
    const LIST: &str = "select m.id, m.title, m.meeting_date, m.location, substr(m.decisions, 1, ?) as decisions, \
                        m.status from meetings m \
                        where m.tenant_id = ? and m.meeting_date >= ? and m.meeting_date < ? \
                        order by m.meeting_date, m.id limit ?";
    let list = sql(LIST).bind(READ_LENGTH).bind(scope.tenant()).bind(period.begins).bind(period.ends);
    conn.fetch_all(list.bind(MAX_MEETINGS)).await
}

async fn list_attendees(conn: &mut Conn, scope: &Scope, meetings: &[i64]) -> DbResult<Vec<AttendeeRow>> {
    const LIST: &str = "select a.meeting_id, u.name, a.attendance from meeting_attendees a \
                        join users u on u.tenant_id = a.tenant_id and u.id = a.user_id \
                        where a.tenant_id = ? and a.meeting_id in ";
    let list = sql(LIST).bind(scope.tenant()).list(meetings.iter().copied()).push(" order by a.id limit ?");
    conn.fetch_all(list.bind(READ_ATTENDEES)).await
}

async fn count_action_items(conn: &mut Conn, scope: &Scope, meetings: &[i64]) -> DbResult<Vec<ActionItemCountRow>> {
    const COUNT: &str = "select i.meeting_id, i.status, count(*) as total from action_items i \
                         where i.tenant_id = ? and i.meeting_id in ";
    let count = sql(COUNT).bind(scope.tenant()).list(meetings.iter().copied());
    conn.fetch_all(count.push(" group by i.meeting_id, i.status")).await
}

async fn list_action_items(conn: &mut Conn, scope: &Scope, meetings: &[i64]) -> DbResult<Vec<ActionItemRow>> {
    const LIST: &str = "select i.id, i.meeting_id, substr(i.description, 1, ?) as description, i.status, \
                        u.name as assignee_name \
                        from action_items i left join users u on u.tenant_id = i.tenant_id and u.id = i.assigned_to \
                        where i.tenant_id = ? and i.meeting_id in ";
    let list = sql(LIST)
        .bind(READ_LENGTH)
        .bind(scope.tenant())
        .list(meetings.iter().copied())
        .push(" and i.status <> ? order by i.status = ?, i.id limit ?")
        .bind(ActionItemStatus::Cancelled)
        .bind(ActionItemStatus::Completed)
        .bind(MAX_ACTION_ITEMS);
    conn.fetch_all(list).await
}
