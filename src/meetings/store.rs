//! The rows of meetings, attendees and action items.

use std::collections::HashMap;

use super::types::{ActionItemStatus, MeetingQuery, MeetingStatus};
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::{Conn, DbResult, Sql, Value, escape_like, fold, sql};
use crate::page::{Kind, List, Listing, SortField, Sortable};

/// Far below the most values of a statement: 32,766 on SQLite, 65,535 on MariaDB.
const ROWS_PER_INSERT: usize = 500;

/// A meeting.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct MeetingRow {
    /// Key.
    pub id: i64,
    /// Tenant.
    pub tenant_id: String,
    /// Title.
    pub title: String,
    /// When.
    pub meeting_date: Timestamp,
    /// Where.
    pub location: Option<String>,
    /// Agenda.
    pub agenda: Option<String>,
    /// Notes.
    pub notes: Option<String>,
    /// Decisions.
    pub decisions: Option<String>,
    /// Status.
    pub status: MeetingStatus,
    /// Counts changes.
    pub version: i64,
    /// Made.
    pub created_at: Timestamp,
    /// Changed.
    pub updated_at: Timestamp,
    /// Author.
    pub created_by: Option<i64>,
}

/// An attendee with his name.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct AttendeeRow {
    /// Key.
    pub id: i64,
    /// Meeting.
    pub meeting_id: i64,
    /// User.
    pub user_id: i64,
    /// The user's name.
    pub user_name: Option<String>,
    /// Part in the meeting.
    pub role: Option<String>,
}

/// An action item with its assignee's name.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ActionItemRow {
    /// Key.
    pub id: i64,
    /// Meeting.
    pub meeting_id: i64,
    /// The task that it became.
    pub task_id: Option<i64>,
    /// What is to be done.
    pub description: String,
    /// Assignee.
    pub assigned_to: Option<i64>,
    /// The assignee's name.
    pub assignee_name: Option<String>,
    /// Due date.
    pub due_date: Option<Timestamp>,
    /// Status.
    pub status: ActionItemStatus,
    /// Made.
    pub created_at: Timestamp,
}

/// What belongs to a meeting.
#[derive(Debug, Default)]
pub struct MeetingParts {
    /// Attendees, in the order they were added.
    pub attendees: Vec<AttendeeRow>,
    /// Action items, in the order they were added.
    pub action_items: Vec<ActionItemRow>,
}

impl Sortable for MeetingRow {
    const FIELDS: &'static [SortField] = &[
        SortField { name: "meeting_date", column: "m.meeting_date", kind: Kind::Time, nullable: false },
        SortField { name: "created_at", column: "m.created_at", kind: Kind::Time, nullable: false },
        SortField { name: "updated_at", column: "m.updated_at", kind: Kind::Time, nullable: false },
        SortField { name: "title", column: "m.title", kind: Kind::Text, nullable: false },
        SortField { name: "id", column: "m.id", kind: Kind::Int, nullable: false },
    ];
    const DEFAULT: &'static str = "-meeting_date";
    const ID: &'static str = "m.id";

    fn id(&self) -> i64 {
        self.id
    }

    fn sort_value(&self, field: &str) -> Value {
        match field {
            "meeting_date" => self.meeting_date.into(),
            "created_at" => self.created_at.into(),
            "updated_at" => self.updated_at.into(),
            "title" => (&self.title).into(),
            _ => self.id.into(),
        }
    }
}

macro_rules! columns {
    () => {
        "m.id, m.tenant_id, m.title, m.meeting_date, m.location, m.agenda, m.notes, m.decisions, m.status, m.version, \
         m.created_at, m.updated_at, m.created_by"
    };
}

/// A page of the meetings that match.
pub async fn list(conn: &mut Conn, scope: &Scope, query: &MeetingQuery) -> DbResult<Listing<MeetingRow>> {
    const LIST: List = List { table: "meetings m", from: "meetings m", columns: columns!() };
    query.page.fetch(conn, &LIST, &filter(scope, query)).await
}

/// The meeting.
pub async fn find(conn: &mut Conn, scope: &Scope, id: i64) -> DbResult<Option<MeetingRow>> {
    const FIND: &str = concat!("select ", columns!(), " from meetings m where m.tenant_id = ? and m.id = ?");
    conn.fetch_optional(sql(FIND).bind(scope.tenant()).bind(id)).await
}

/// The meeting, for a change: no other transaction changes it before this one ends.
pub async fn find_for_update(conn: &mut Conn, scope: &Scope, id: i64) -> DbResult<Option<MeetingRow>> {
    let lock = sql("select id from meetings where tenant_id = ? and id = ?");
    conn.lock(lock.bind(scope.tenant()).bind(id)).await?;
    find(conn, scope, id).await
}

/// What belongs to these meetings, by meeting: two statements, however many meetings there are.
pub async fn parts(conn: &mut Conn, scope: &Scope, meetings: &[MeetingRow]) -> DbResult<HashMap<i64, MeetingParts>> {
    const ATTENDEES: &str = "select a.id, a.meeting_id, a.user_id, u.name as user_name, a.role \
                             from meeting_attendees a \
                             left join users u on u.tenant_id = a.tenant_id and u.id = a.user_id \
                             where a.tenant_id = ? and a.meeting_id in ";
    const ACTION_ITEMS: &str = "select i.id, i.meeting_id, i.task_id, i.description, i.assigned_to, \
                                u.name as assignee_name, i.due_date, i.status, i.created_at \
                                from action_items i \
                                left join users u on u.tenant_id = i.tenant_id and u.id = i.assigned_to \
                                where i.tenant_id = ? and i.meeting_id in ";
    let mut parts: HashMap<i64, MeetingParts> = HashMap::new();
    if meetings.is_empty() {
        return Ok(parts);
    }
    let ids = || meetings.iter().map(|meeting| meeting.id);
    let attendees = sql(ATTENDEES).bind(scope.tenant()).list(ids()).push(" order by a.id");
    for attendee in conn.fetch_all::<AttendeeRow>(attendees).await? {
        parts.entry(attendee.meeting_id).or_default().attendees.push(attendee);
    }
    let items = sql(ACTION_ITEMS).bind(scope.tenant()).list(ids()).push(" order by i.id");
    for item in conn.fetch_all::<ActionItemRow>(items).await? {
        parts.entry(item.meeting_id).or_default().action_items.push(item);
    }
    Ok(parts)
}

/// Inserts a meeting and gives its id; `meeting.id` does not count.
pub async fn insert(conn: &mut Conn, scope: &Scope, meeting: &MeetingRow) -> DbResult<i64> {
    const INSERT: &str = "insert into meetings (tenant_id, title, meeting_date, location, agenda, notes, decisions, \
                          status, search_text, version, created_at, updated_at, created_by) values ";
    let values = vec![
        scope.tenant().into(),
        (&meeting.title).into(),
        meeting.meeting_date.into(),
        (&meeting.location).into(),
        (&meeting.agenda).into(),
        (&meeting.notes).into(),
        (&meeting.decisions).into(),
        meeting.status.into(),
        search_text(meeting).into(),
        meeting.version.into(),
        meeting.created_at.into(),
        meeting.updated_at.into(),
        meeting.created_by.into(),
    ];
    conn.insert(sql(INSERT).values([values]).push(" returning id")).await
}

/// Adds attendees to their meetings; their `id` and `user_name` do not count. One who is there already is a duplicate.
pub async fn insert_attendees(
    conn: &mut Conn,
    scope: &Scope,
    attendees: &[AttendeeRow],
    now: Timestamp,
) -> DbResult<()> {
    const INSERT: &str = "insert into meeting_attendees (tenant_id, meeting_id, user_id, role, created_at, \
                          updated_at, created_by) values ";
    for attendees in attendees.chunks(ROWS_PER_INSERT) {
        let rows = attendees.iter().map(|attendee| {
            vec![
                scope.tenant().into(),
                attendee.meeting_id.into(),
                attendee.user_id.into(),
                (&attendee.role).into(),
                now.into(),
                now.into(),
                scope.user().into(),
            ]
        });
        conn.execute(sql(INSERT).values(rows)).await?;
    }
    Ok(())
}

/// Adds action items to their meetings; their `id` and `assignee_name` do not count.
pub async fn insert_action_items(conn: &mut Conn, scope: &Scope, items: &[ActionItemRow]) -> DbResult<()> {
    const INSERT: &str = "insert into action_items (tenant_id, meeting_id, task_id, description, assigned_to, \
                          due_date, status, created_at, updated_at, created_by) values ";
    for items in items.chunks(ROWS_PER_INSERT) {
        let rows = items.iter().map(|item| {
            vec![
                scope.tenant().into(),
                item.meeting_id.into(),
                item.task_id.into(),
                (&item.description).into(),
                item.assigned_to.into(),
                item.due_date.into(),
                item.status.into(),
                item.created_at.into(),
                item.created_at.into(),
                scope.user().into(),
            ]
        });
        conn.execute(sql(INSERT).values(rows)).await?;
    }
    Ok(())
}

/// Writes the row's values and its new version.
pub async fn update(conn: &mut Conn, scope: &Scope, meeting: &MeetingRow) -> DbResult<()> {
    const UPDATE: &str = "update meetings set title = ?, meeting_date = ?, location = ?, agenda = ?, notes = ?, \
                          decisions = ?, status = ?, search_text = ?, version = ?, updated_at = ? \
                          where tenant_id = ? and id = ?";
    let update = sql(UPDATE)
        .bind(&meeting.title)
        .bind(meeting.meeting_date)
        .bind(&meeting.location)
        .bind(&meeting.agenda)
        .bind(&meeting.notes)
        .bind(&meeting.decisions)
        .bind(meeting.status)
        .bind(search_text(meeting))
        .bind(meeting.version)
        .bind(meeting.updated_at);
    conn.execute(update.bind(scope.tenant()).bind(meeting.id)).await?;
    Ok(())
}

/// Deletes the meeting with its attendees and action items. Gives whether it was there.
pub async fn delete(conn: &mut Conn, scope: &Scope, id: i64) -> DbResult<bool> {
    let delete = sql("delete from meetings where tenant_id = ? and id = ?");
    Ok(conn.execute(delete.bind(scope.tenant()).bind(id)).await? == 1)
}

fn filter(scope: &Scope, query: &MeetingQuery) -> Sql {
    let mut filter = sql("m.tenant_id = ?").bind(scope.tenant());
    if let Some(status) = query.status {
        filter = filter.push(" and m.status = ?").bind(status);
    }
    if let Some(from) = query.from_date {
        filter = filter.push(" and m.meeting_date >= ?").bind(from);
    }
    if let Some(to) = query.to_date {
        filter = filter.push(" and m.meeting_date <= ?").bind(to);
    }
    if let Some(text) = &query.q {
        filter = filter.push(" and m.search_text like ? escape '!'").bind(escape_like(&fold(text)));
    }
    filter
}

fn search_text(meeting: &MeetingRow) -> String {
    let texts = [&meeting.location, &meeting.agenda, &meeting.notes, &meeting.decisions];
    let texts = texts.into_iter().flatten().map(String::as_str);
    fold(&std::iter::once(meeting.title.as_str()).chain(texts).collect::<Vec<_>>().join("\n"))
}
