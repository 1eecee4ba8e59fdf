//! The rows of attendees.

use std::collections::BTreeSet;

use super::types::{Attendance, AttendeeQuery};
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::{Conn, DbResult, Value, pieces, sql};
use crate::page::{Kind, List, Listing, SortField, Sortable};

/// Far below the most values of a statement: 32,766 on SQLite, 65,535 on MariaDB.
const ROWS_PER_INSERT: usize = 500;

/// An attendee with his name.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
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
    /// Whether the user came.
    pub attendance: Attendance,
    /// Counts changes.
    pub version: i64,
}

impl Sortable for AttendeeRow {
    const FIELDS: &'static [SortField] = &[SortField { name: "id", column: "a.id", kind: Kind::Int, nullable: false }];
    const DEFAULT: &'static str = "id";
    const ID: &'static str = "a.id";

    fn id(&self) -> i64 {
        self.id
    }

    fn sort_value(&self, _: &str) -> Value {
        self.id.into()
    }
}

macro_rules! columns {
    () => {
        "a.id, a.meeting_id, a.user_id, u.name as user_name, a.role, a.attendance, a.version"
    };
}

macro_rules! from {
    () => {
        "meeting_attendees a left join users u on u.tenant_id = a.tenant_id and u.id = a.user_id"
    };
}

/// A page of the meeting's attendees, in the order in which they were added.
pub async fn list(
    conn: &mut Conn,
    scope: &Scope,
    meeting: i64,
    query: &AttendeeQuery,
) -> DbResult<Listing<AttendeeRow>> {
    const LIST: List = List { table: "meeting_attendees a", from: from!(), columns: columns!() };
    let mut filter = sql("a.tenant_id = ? and a.meeting_id = ?").bind(scope.tenant()).bind(meeting);
    if let Some(attendance) = query.attendance {
        filter = filter.push(" and a.attendance = ?").bind(attendance);
    }
    query.page.fetch(conn, &LIST, &filter).await
}

/// The attendees of all these meetings, in the order in which they were added.
pub async fn list_of(conn: &mut Conn, scope: &Scope, meetings: &[i64]) -> DbResult<Vec<AttendeeRow>> {
    const OF: &str = concat!("select ", columns!(), " from ", from!(), " where a.tenant_id = ? and a.meeting_id in ");
    conn.fetch_all(sql(OF).bind(scope.tenant()).list(meetings.iter().copied()).push(" order by a.id")).await
}

/// When the meeting's attendees last changed, if they ever did.
pub async fn last_change(conn: &mut Conn, scope: &Scope, meeting: i64) -> DbResult<Option<Timestamp>> {
    const LAST: &str = "select attendees_changed_at from meetings where tenant_id = ? and id = ?";
    let last = sql(LAST).bind(scope.tenant()).bind(meeting);
    Ok(conn.fetch_optional::<(Option<Timestamp>,)>(last).await?.and_then(|(last,)| last))
}

/// Those of these users who attend the meeting.
pub async fn list_users(conn: &mut Conn, scope: &Scope, meeting: i64, users: &[i64]) -> DbResult<Vec<AttendeeRow>> {
    const OF: &str = concat!(
        "select ",
        columns!(),
        " from ",
        from!(),
        " where a.tenant_id = ? and a.meeting_id = ? and a.user_id in ",
    );
    conn.fetch_all(sql(OF).bind(scope.tenant()).bind(meeting).list(users.iter().copied()).push(" order by a.id")).await
}

/// The attendee of the meeting.
pub async fn find(conn: &mut Conn, scope: &Scope, meeting: i64, id: i64) -> DbResult<Option<AttendeeRow>> {
    const FIND: &str =
        concat!("select ", columns!(), " from ", from!(), " where a.tenant_id = ? and a.meeting_id = ? and a.id = ?",);
    conn.fetch_optional(sql(FIND).bind(scope.tenant()).bind(meeting).bind(id)).await
}

/// Adds attendees to their meetings; their `id` and `user_name` do not count. One who is there already is a duplicate.
pub async fn insert(conn: &mut Conn, scope: &Scope, attendees: &[AttendeeRow], now: Timestamp) -> DbResult<()> {
    const INSERT: &str = "insert into meeting_attendees (tenant_id, meeting_id, user_id, role, attendance, \
                          version, created_at, updated_at, created_by) values ";
    for attendees in pieces(attendees, ROWS_PER_INSERT) {
        let rows = attendees.iter().map(|attendee| {
            vec![
                scope.tenant().into(),
                attendee.meeting_id.into(),
                attendee.user_id.into(),
                (&attendee.role).into(),
                attendee.attendance.into(),
                attendee.version.into(),
                now.into(),
                now.into(),
                scope.author().into(),
            ]
        });
        conn.execute(sql(INSERT).values(rows)).await?;
    }
    stamp(conn, scope, &attendees.iter().map(|attendee| attendee.meeting_id).collect(), now).await
}

/// Writes what can change of an attendee and its next version, unless it has changed since it was read with this one.
/// Gives whether it did.
pub async fn update(conn: &mut Conn, scope: &Scope, attendee: &AttendeeRow, now: Timestamp) -> DbResult<bool> {
    const UPDATE: &str = "update meeting_attendees set role = ?, attendance = ?, version = version + 1, \
                          updated_at = ? where tenant_id = ? and meeting_id = ? and id = ? and version = ?";
    let update = sql(UPDATE).bind(&attendee.role).bind(attendee.attendance).bind(now);
    let update = update.bind(scope.tenant()).bind(attendee.meeting_id).bind(attendee.id).bind(attendee.version);
    let is_updated = conn.execute(update).await? == 1;
    stamp(conn, scope, &BTreeSet::from([attendee.meeting_id]), now).await?;
    Ok(is_updated)
}

/// Deletes the attendee, unless it has changed since it was read. Gives whether it did.
pub async fn delete(conn: &mut Conn, scope: &Scope, attendee: &AttendeeRow, now: Timestamp) -> DbResult<bool> {
    const DELETE: &str =
        "delete from meeting_attendees where tenant_id = ? and meeting_id = ? and id = ? and version = ?";
    let delete = sql(DELETE).bind(scope.tenant()).bind(attendee.meeting_id).bind(attendee.id).bind(attendee.version);
    let is_deleted = conn.execute(delete).await? == 1;
    stamp(conn, scope, &BTreeSet::from([attendee.meeting_id]), now).await?;
    Ok(is_deleted)
}

/// Notes that the attendees of these meetings have changed: those who are there cannot tell when another one left. It
/// never goes back, though the clocks of several servers may differ. No change of the meetings, whose version stays.
async fn stamp(conn: &mut Conn, scope: &Scope, meetings: &BTreeSet<i64>, now: Timestamp) -> DbResult<()> {
    const STAMP: &str = "update meetings set attendees_changed_at = ? where tenant_id = ? \
                         and (attendees_changed_at is null or attendees_changed_at < ?) and id in ";
    let stamp = sql(STAMP).bind(now).bind(scope.tenant()).bind(now);
    conn.execute(stamp.list(meetings.iter().copied())).await?;
    Ok(())
}
