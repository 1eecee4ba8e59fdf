//! The rows of meetings, attendees and action items.

use std::collections::HashMap;

use super::action_items::store::{self as action_items, ActionItemRow};
use super::attendees::store::{self as attendees, AttendeeRow};
use super::types::{MeetingQuery, MeetingStatus};
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::{Conn, DbResult, Sql, Value, escape_like, fold, sql};
use crate::page::{Kind, List, Listing, SortField, Sortable};

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
    /// First published.
    pub published_at: Option<Timestamp>,
    /// Counts changes.
    pub version: i64,
    /// Made.
    pub created_at: Timestamp,
    /// Changed.
    pub updated_at: Timestamp,
    /// Author.
    pub created_by: Option<i64>,
}

/// What belongs to a meeting.
#[derive(Debug, Clone, Default)]
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
        "m.id, m.tenant_id, m.title, m.meeting_date, m.location, m.agenda, m.notes, m.decisions, m.status, \
         m.published_at, m.version, m.created_at, m.updated_at, m.created_by"
    };
}

const LIST: List = List { table: "meetings m", from: "meetings m", columns: columns!() };

/// A page of the meetings that match.
pub async fn list(conn: &mut Conn, scope: &Scope, query: &MeetingQuery) -> DbResult<Listing<MeetingRow>> {
    query.page.fetch(conn, &LIST, &filter(scope, query)).await
}

/// The ids of all meetings that match, in the order of the list.
pub async fn ids(conn: &mut Conn, scope: &Scope, query: &MeetingQuery) -> DbResult<Vec<i64>> {
    query.page.fetch_ids::<MeetingRow>(conn, &LIST, &filter(scope, query)).await
}

/// Those of these meetings that are there, in this order.
pub async fn rows(conn: &mut Conn, scope: &Scope, ids: &[i64]) -> DbResult<Vec<MeetingRow>> {
    LIST.fetch_rows(conn, &sql("m.tenant_id = ?").bind(scope.tenant()), ids).await
}

/// The meeting.
pub async fn find(conn: &mut Conn, scope: &Scope, id: i64) -> DbResult<Option<MeetingRow>> {
    const FIND: &str = concat!("select ", columns!(), " from meetings m where m.tenant_id = ? and m.id = ?");
    conn.fetch_optional(sql(FIND).bind(scope.tenant()).bind(id)).await
}

/// Keeps other transactions from changing the meeting before this one ends.
pub async fn lock(conn: &mut Conn, scope: &Scope, id: i64) -> DbResult<()> {
    let lock = sql("select id from meetings where tenant_id = ? and id = ?");
    conn.lock(lock.bind(scope.tenant()).bind(id)).await
}

/// What belongs to these meetings, by meeting: two statements, however many meetings there are.
pub async fn parts(conn: &mut Conn, scope: &Scope, meetings: &[MeetingRow]) -> DbResult<HashMap<i64, MeetingParts>> {
    let mut parts: HashMap<i64, MeetingParts> = HashMap::new();
    if meetings.is_empty() {
        return Ok(parts);
    }
    let ids: Vec<i64> = meetings.iter().map(|meeting| meeting.id).collect();
    for attendee in attendees::list_of(conn, scope, &ids).await? {
        parts.entry(attendee.meeting_id).or_default().attendees.push(attendee);
    }
    for item in action_items::list_of(conn, scope, &ids).await? {
        parts.entry(item.meeting_id).or_default().action_items.push(item);
    }
    Ok(parts)
}

/// Inserts a meeting and gives its id; `meeting.id` does not count.
pub async fn insert(conn: &mut Conn, scope: &Scope, meeting: &MeetingRow) -> DbResult<i64> {
    const INSERT: &str = "insert into meetings (tenant_id, title, meeting_date, location, agenda, notes, decisions, \
                          status, published_at, search_text, version, created_at, updated_at, created_by) values ";
    let values = vec![
        scope.tenant().into(),
        (&meeting.title).into(),
        meeting.meeting_date.into(),
        (&meeting.location).into(),
        (&meeting.agenda).into(),
        (&meeting.notes).into(),
        (&meeting.decisions).into(),
        meeting.status.into(),
        meeting.published_at.into(),
        search_text(meeting).into(),
        meeting.version.into(),
        meeting.created_at.into(),
        meeting.updated_at.into(),
        meeting.created_by.into(),
    ];
    conn.insert(sql(INSERT).values([values]).push(" returning id")).await
}

/// Writes the row's values and its new version, unless it has changed since `old` was read. Gives whether it did.
pub async fn update(conn: &mut Conn, scope: &Scope, old: &MeetingRow, new: &MeetingRow) -> DbResult<bool> {
    const UPDATE: &str = "update meetings set title = ?, meeting_date = ?, location = ?, agenda = ?, notes = ?, \
                          decisions = ?, status = ?, published_at = ?, version = ?, updated_at = ? \
                          where tenant_id = ? and id = ? and version = ?";
    let update = sql(UPDATE)
        .bind(&new.title)
        .bind(new.meeting_date)
        .bind(&new.location)
        .bind(&new.agenda)
        .bind(&new.notes)
        .bind(&new.decisions)
        .bind(new.status)
        .bind(new.published_at)
        .bind(new.version)
        .bind(new.updated_at);
    if conn.execute(update.bind(scope.tenant()).bind(new.id).bind(old.version)).await? == 0 {
        return Ok(false);
    }
    if searched(old) != searched(new) {
        set_search_text(conn, scope, new).await?;
    }
    Ok(true)
}

/// To be called only when a text has changed: to fold long ones takes a while, in which nobody else writes on SQLite.
async fn set_search_text(conn: &mut Conn, scope: &Scope, meeting: &MeetingRow) -> DbResult<()> {
    let update = sql("update meetings set search_text = ? where tenant_id = ? and id = ?");
    conn.execute(update.bind(search_text(meeting)).bind(scope.tenant()).bind(meeting.id)).await?;
    Ok(())
}

/// Deletes the meeting with its attendees and action items, if its version is still this one. Gives whether it was.
pub async fn delete(conn: &mut Conn, scope: &Scope, id: i64, version: i64) -> DbResult<bool> {
    let delete = sql("delete from meetings where tenant_id = ? and id = ? and version = ?");
    Ok(conn.execute(delete.bind(scope.tenant()).bind(id).bind(version)).await? == 1)
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

/// What `search_text` is made of.
fn searched(meeting: &MeetingRow) -> [Option<&str>; 5] {
    let MeetingRow { title, location, agenda, notes, decisions, .. } = meeting;
    [Some(title), location.as_deref(), agenda.as_deref(), notes.as_deref(), decisions.as_deref()]
}

fn search_text(meeting: &MeetingRow) -> String {
    fold(&searched(meeting).into_iter().flatten().collect::<Vec<_>>().join("\n"))
}
