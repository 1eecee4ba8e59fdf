//! What a calendar shows of each table.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::types::CalendarScope;
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::contracts::types::ContractStatus;
use crate::db::{Conn, DbResult, sql};
use crate::meetings::action_items::types::ActionItemStatus;
use crate::meetings::calendar::{MeetingEvent, TEXT_LENGTH};
use crate::tasks::types::TaskStatus;

/// How much of a text is read: one character more than is shown tells that it was cut.
const READ_LENGTH: i64 = TEXT_LENGTH as i64 + 1;

/// The most of each kind, so that much of one leaves room for the others. Of more, what is nearest is shown.
const MOST: usize = 1000;

/// From when to when a calendar reaches.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// Its first day.
    pub first: NaiveDate,
    /// The first day of what matters most.
    pub near: NaiveDate,
    /// Its last day.
    pub last: NaiveDate,
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment of what matters most.
    pub near_from: Timestamp,
    /// The moment at which it is over.
    pub until: Timestamp,
}

/// A part of a window, and from which end it is read.
#[derive(Debug, Clone, Copy)]
struct Part {
    from: Timestamp,
    until: Timestamp,
    is_past: bool,
}

impl Window {
    /// What is near and to come, the nearest first; then what is past, the latest first.
    fn parts(&self) -> [Part; 2] {
        let Self { from, near_from, until, .. } = *self;
        [Part { from: near_from, until, is_past: false }, Part { from, until: near_from, is_past: true }]
    }
}

/// How many more rows there may be beside these.
fn room<T>(rows: &[T]) -> i64 {
    i64::try_from(MOST.saturating_sub(rows.len())).unwrap_or_default()
}

/// A task that is due.
#[derive(Debug, sqlx::FromRow)]
pub struct DueTask {
    /// Key.
    pub id: i64,
    /// Title.
    pub title: String,
    /// When.
    pub due_date: Timestamp,
    /// Counts changes.
    pub version: i64,
    /// Changed.
    pub updated_at: Timestamp,
}

/// An action item that is due.
#[derive(Debug, sqlx::FromRow)]
pub struct DueActionItem {
    /// Key.
    pub id: i64,
    /// What is to be done; only its beginning, if it is long.
    pub description: String,
    /// When.
    pub due_date: Timestamp,
    /// Changed.
    pub updated_at: Timestamp,
    /// The title of its meeting.
    pub meeting: String,
}

/// A contract that ends.
#[derive(Debug, sqlx::FromRow)]
pub struct EndingContract {
    /// Key.
    pub id: i64,
    /// Number.
    pub contract_number: String,
    /// With whom.
    pub customer_name: String,
    /// Title.
    pub title: String,
    /// Its last day.
    pub end_date: NaiveDate,
    /// Counts changes.
    pub version: i64,
    /// Changed.
    pub updated_at: Timestamp,
}

/// The user's open tasks that are due in the window, by due date. Without the pluses SQLite reads everybody's tasks of
/// the window instead of the user's own.
pub async fn due_tasks(conn: &mut Conn, scope: &Scope, window: &Window) -> DbResult<Vec<DueTask>> {
    const DUE: &str = "select t.id, t.title, t.due_date, t.version, t.updated_at from tasks t \
                       where t.tenant_id = ? and t.assigned_to = ? and +t.due_date >= ? and +t.due_date < ? \
                       and t.status in ";
    const NEXT: &str = " order by +t.due_date, t.id limit ?";
    const LAST: &str = " order by +t.due_date desc, t.id desc limit ?";
    let mut tasks: Vec<DueTask> = Vec::new();
    for Part { from, until, is_past } in window.parts() {
        let select = sql(DUE).bind(scope.tenant()).bind(scope.user()).bind(from).bind(until).list(TaskStatus::OPEN);
        let select = select.push(if is_past { LAST } else { NEXT }).bind(room(&tasks));
        tasks.extend(conn.fetch_all::<DueTask>(select).await?);
    }
    tasks.sort_by_key(|task| (task.due_date, task.id));
    Ok(tasks)
}

/// The user's open action items that are due in the window, by due date. For one that has become a task its task stands.
pub async fn due_action_items(conn: &mut Conn, scope: &Scope, window: &Window) -> DbResult<Vec<DueActionItem>> {
    const DUE: &str = "select i.id, substr(i.description, 1, ?) as description, i.due_date, i.updated_at, \
                       m.title as meeting from action_items i \
                       join meetings m on m.tenant_id = i.tenant_id and m.id = i.meeting_id \
                       where i.tenant_id = ? and i.assigned_to = ? and i.task_id is null \
                       and i.due_date >= ? and i.due_date < ? and i.status in ";
    const NEXT: &str = " order by i.due_date, i.id limit ?";
    const LAST: &str = " order by i.due_date desc, i.id desc limit ?";
    let mut items: Vec<DueActionItem> = Vec::new();
    for Part { from, until, is_past } in window.parts() {
        let select = sql(DUE).bind(READ_LENGTH).bind(scope.tenant()).bind(scope.user()).bind(from).bind(until);
        let select = select.list(ActionItemStatus::OPEN).push(if is_past { LAST } else { NEXT });
        items.extend(conn.fetch_all::<DueActionItem>(select.bind(room(&items))).await?);
    }
    items.sort_by_key(|item| (item.due_date, item.id));
    Ok(items)
}

/// The contracts that end in the window, by their end; those that somebody ended early or renewed do not.
pub async fn ending_contracts(conn: &mut Conn, scope: &Scope, window: &Window) -> DbResult<Vec<EndingContract>> {
    const ENDING: [ContractStatus; 2] = [ContractStatus::Active, ContractStatus::Expired];
    const ENDS: &str = "select c.id, c.contract_number, c.customer_name, c.title, c.end_date, c.version, \
                        c.updated_at from contracts c where c.tenant_id = ? and c.status in ";
    const NEXT: &str = " and c.end_date >= ? and c.end_date <= ? order by c.end_date, c.id limit ?";
    const LAST: &str = " and c.end_date >= ? and c.end_date < ? order by c.end_date desc, c.id desc limit ?";
    let Window { first, near, last, .. } = *window;
    let mut contracts: Vec<EndingContract> = Vec::new();
    for (order, from, until) in [(NEXT, near, last), (LAST, first, near)] {
        let select = sql(ENDS).bind(scope.tenant()).list(ENDING).push(order).bind(from).bind(until);
        contracts.extend(conn.fetch_all::<EndingContract>(select.bind(room(&contracts))).await?);
    }
    contracts.sort_by_key(|contract| (contract.end_date, contract.id));
    Ok(contracts)
}

/// The meetings in the window by date, with their attendees: three statements, however many they are.
pub async fn meetings(
    conn: &mut Conn,
    scope: &Scope,
    whose: CalendarScope,
    window: &Window,
) -> DbResult<Vec<MeetingEvent>> {
    const MEETINGS: &str = "select m.id, m.title, m.meeting_date, m.location, substr(m.agenda, 1, ?) as agenda, \
                            substr(m.decisions, 1, ?) as decisions, m.status, m.version, m.updated_at, \
                            m.attendees_changed_at from meetings m \
                            where m.tenant_id = ? and m.meeting_date >= ? and m.meeting_date < ?";
    const MINE: &str = " and (m.created_by = ? or exists (select 1 from meeting_attendees a \
                        where a.tenant_id = ? and a.meeting_id = m.id and a.user_id = ?))";
    const NEXT: &str = " order by m.meeting_date, m.id limit ?";
    const LAST: &str = " order by m.meeting_date desc, m.id desc limit ?";
    let mut meetings: Vec<MeetingEvent> = Vec::new();
    for Part { from, until, is_past } in window.parts() {
        let mut select = sql(MEETINGS).bind(READ_LENGTH).bind(READ_LENGTH).bind(scope.tenant()).bind(from).bind(until);
        if whose == CalendarScope::Mine {
            select = select.push(MINE).bind(scope.user()).bind(scope.tenant()).bind(scope.user());
        }
        let select = select.push(if is_past { LAST } else { NEXT }).bind(room(&meetings));
        meetings.extend(conn.fetch_all::<MeetingEvent>(select).await?);
    }
    if meetings.is_empty() {
        return Ok(meetings);
    }
    meetings.sort_by_key(|meeting| (meeting.meeting_date, meeting.id));
    let mut attendees = attendees(conn, scope, &meetings).await?;
    for meeting in &mut meetings {
        meeting.attendees = attendees.remove(&meeting.id).unwrap_or_default();
    }
    Ok(meetings)
}

/// The names of who attends these meetings, in the order in which they were added.
async fn attendees(conn: &mut Conn, scope: &Scope, meetings: &[MeetingEvent]) -> DbResult<HashMap<i64, Vec<String>>> {
    const OF: &str = "select a.meeting_id, u.name from meeting_attendees a \
                      join users u on u.tenant_id = a.tenant_id and u.id = a.user_id \
                      where a.tenant_id = ? and a.meeting_id in ";
    let select = sql(OF).bind(scope.tenant()).list(meetings.iter().map(|meeting| meeting.id)).push(" order by a.id");
    let mut attendees: HashMap<i64, Vec<String>> = HashMap::new();
    for (meeting, name) in conn.fetch_all::<(i64, String)>(select).await? {
        attendees.entry(meeting).or_default().push(name);
    }
    Ok(attendees)
}
