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

/// From when to when a calendar reaches.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// Its first day.
    pub first: NaiveDate,
    /// Its last day.
    pub last: NaiveDate,
    /// Its first moment.
    pub from: Timestamp,
    /// The moment at which it is over.
    pub until: Timestamp,
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

/// The user's open tasks that are due in the window, the last ones if there are more than `most`. Without the pluses
/// SQLite reads everybody's tasks of the window instead of the user's own.
pub async fn due_tasks(conn: &mut Conn, scope: &Scope, window: &Window, most: i64) -> DbResult<Vec<DueTask>> {
    const DUE: &str = "select t.id, t.title, t.due_date, t.version, t.updated_at from tasks t \
                       where t.tenant_id = ? and t.assigned_to = ? and +t.due_date >= ? and +t.due_date < ? \
                       and t.status in ";
    let select =
        sql(DUE).bind(scope.tenant()).bind(scope.user()).bind(window.from).bind(window.until).list(TaskStatus::OPEN);
    conn.fetch_all(select.push(" order by +t.due_date desc, t.id desc limit ?").bind(most)).await
}

/// The user's open action items that are due in the window, the last ones if there are more than `most`. For one that
/// has become a task its task stands.
pub async fn due_action_items(
    conn: &mut Conn,
    scope: &Scope,
    window: &Window,
    most: i64,
) -> DbResult<Vec<DueActionItem>> {
    const DUE: &str = "select i.id, substr(i.description, 1, ?) as description, i.due_date, i.updated_at, \
                       m.title as meeting from action_items i \
                       join meetings m on m.tenant_id = i.tenant_id and m.id = i.meeting_id \
                       where i.tenant_id = ? and i.assigned_to = ? and i.task_id is null \
                       and i.due_date >= ? and i.due_date < ? and i.status in ";
    let select = sql(DUE).bind(READ_LENGTH).bind(scope.tenant()).bind(scope.user());
    let select = select.bind(window.from).bind(window.until).list(ActionItemStatus::OPEN);
    conn.fetch_all(select.push(" order by i.due_date desc, i.id desc limit ?").bind(most)).await
}

/// The contracts that end in the window, the last ones if there are more than `most`; those that somebody ended early
/// or renewed do not.
pub async fn ending_contracts(
    conn: &mut Conn,
    scope: &Scope,
    window: &Window,
    most: i64,
) -> DbResult<Vec<EndingContract>> {
    const ENDING: [ContractStatus; 2] = [ContractStatus::Active, ContractStatus::Expired];
    const ENDS: &str = "select c.id, c.contract_number, c.customer_name, c.title, c.end_date, c.version, \
                        c.updated_at from contracts c \
                        where c.tenant_id = ? and c.end_date >= ? and c.end_date <= ? and c.status in ";
    let select = sql(ENDS).bind(scope.tenant()).bind(window.first).bind(window.last).list(ENDING);
    conn.fetch_all(select.push(" order by c.end_date desc, c.id desc limit ?").bind(most)).await
}

/// The meetings in the window with their attendees, the last ones if there are more than `most`: two statements,
/// however many they are.
pub async fn meetings(
    conn: &mut Conn,
    scope: &Scope,
    whose: CalendarScope,
    window: &Window,
    most: i64,
) -> DbResult<Vec<MeetingEvent>> {
    const MEETINGS: &str = "select m.id, m.title, m.meeting_date, m.location, substr(m.agenda, 1, ?) as agenda, \
                            substr(m.decisions, 1, ?) as decisions, m.status, m.version, m.updated_at \
                            from meetings m where m.tenant_id = ? and m.meeting_date >= ? and m.meeting_date < ?";
    let mut select = sql(MEETINGS).bind(READ_LENGTH).bind(READ_LENGTH);
    select = select.bind(scope.tenant()).bind(window.from).bind(window.until);
    if whose == CalendarScope::Mine {
        select = select
            .push(
                " and (m.created_by = ? or exists (select 1 from meeting_attendees a \
                 where a.tenant_id = ? and a.meeting_id = m.id and a.user_id = ?))",
            )
            .bind(scope.user())
            .bind(scope.tenant())
            .bind(scope.user());
    }
    let select = select.push(" order by m.meeting_date desc, m.id desc limit ?").bind(most);
    let meetings: Vec<MeetingEvent> = conn.fetch_all(select).await?;
    if meetings.is_empty() {
        return Ok(meetings);
    }
    let mut attendees = attendees(conn, scope, &meetings).await?;
    let with_attendees = meetings.into_iter().map(|mut meeting| {
        let Some((names, changed)) = attendees.remove(&meeting.id) else { return meeting };
        meeting.attendees = names;
        meeting.changed(Some(changed))
    });
    Ok(with_attendees.collect())
}

/// The names of who attends a meeting, in the order in which they were added, and when the last of them changed.
type Attendees = (Vec<String>, Timestamp);

/// Who attends these meetings.
async fn attendees(conn: &mut Conn, scope: &Scope, meetings: &[MeetingEvent]) -> DbResult<HashMap<i64, Attendees>> {
    const OF: &str = "select a.meeting_id, u.name, a.updated_at from meeting_attendees a \
                      join users u on u.tenant_id = a.tenant_id and u.id = a.user_id \
                      where a.tenant_id = ? and a.meeting_id in ";
    let select = sql(OF).bind(scope.tenant()).list(meetings.iter().map(|meeting| meeting.id)).push(" order by a.id");
    let mut attendees: HashMap<i64, Attendees> = HashMap::new();
    for (meeting, name, changed) in conn.fetch_all::<(i64, String, Timestamp)>(select).await? {
        let (names, last) = attendees.entry(meeting).or_insert((Vec::new(), changed));
        names.push(name);
        *last = changed.max(*last);
    }
    Ok(attendees)
}
