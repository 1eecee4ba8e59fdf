//! What is told of a change of a meeting and of what belongs to it, in its transaction: rows in the audit log, and
//! notifications to whom it concerns.

use super::action_items::store::ActionItemRow;
use super::action_items::types::ActionItem;
use super::attendees::store::{self as attendees, AttendeeRow};
use super::attendees::types::Attendee;
use super::store::{MeetingParts, MeetingRow};
use super::types::{Meeting, MeetingStatus};
use crate::audit::{self, Action, Changes, Event};
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::Conn;
use crate::error::ApiError;
use crate::notifications::{self, Kind, Notice};
use crate::resource::Resource;

/// The meeting was made, when there is no `old`; deleted, when there is no `new`; else it has changed. Attendees hear
/// of it when it is published for the first time.
pub async fn meeting(
    conn: &mut Conn,
    scope: &Scope,
    old: Option<&MeetingRow>,
    new: Option<&MeetingRow>,
    now: Timestamp,
) -> Result<(), ApiError> {
    let is_published = |row: Option<&MeetingRow>| row.is_some_and(|row| row.status == MeetingStatus::Published);
    let was_published = |row: Option<&MeetingRow>| row.is_some_and(|row| row.published_at.is_some());
    let answer = |row: &MeetingRow| Meeting::new(row.clone(), MeetingParts::default());
    let (old_answer, new_answer) = (old.map(answer), new.map(answer));
    let Some((mut action, changes)) = changes(old_answer.as_ref(), new_answer.as_ref()) else { return Ok(()) };
    let Some(row) = new.or(old) else { return Ok(()) };
    if is_published(new) && !is_published(old) && old.is_some() {
        action = Action::Published;
    }
    audit::record(conn, scope, Event::new(action, Resource::Meeting, row.id).with(changes), now).await?;
    // Who has heard of it once need not hear of it again.
    if was_published(old) || !was_published(new) {
        return Ok(());
    }
    let attendees = attendees::list_of(conn, scope, &[row.id]).await?;
    notify_published(conn, scope, row, attendees.iter().map(|attendee| attendee.user_id), now).await
}

/// All attendees and action items of the meeting, read when all of them were locked, go with it.
pub async fn parts_deleted(
    conn: &mut Conn,
    scope: &Scope,
    parts: MeetingParts,
    now: Timestamp,
) -> Result<(), ApiError> {
    let MeetingParts { attendees, action_items: items } = parts;
    let deleted = |resource, id, changes| Event::new(Action::Deleted, resource, id).with(changes);
    let attendees =
        attendees.into_iter().map(|row| deleted(Resource::Attendee, row.id, Changes::deleted(&Attendee::from(row))));
    let items =
        items.into_iter().map(|row| deleted(Resource::ActionItem, row.id, Changes::deleted(&ActionItem::from(row))));
    audit::record_all(conn, scope, attendees.chain(items).collect(), now).await
}

/// These attend the meeting now; when it is published they hear of it.
pub async fn attendees_added(
    conn: &mut Conn,
    scope: &Scope,
    meeting: &MeetingRow,
    rows: &[AttendeeRow],
    now: Timestamp,
) -> Result<(), ApiError> {
    let event = |row: &AttendeeRow| {
        let changes = Changes::created(&Attendee::from(row.clone()));
        Event::new(Action::Created, Resource::Attendee, row.id).with(changes)
    };
    audit::record_all(conn, scope, rows.iter().map(event).collect(), now).await?;
    if meeting.status != MeetingStatus::Published {
        return Ok(());
    }
    notify_published(conn, scope, meeting, rows.iter().map(|row| row.user_id), now).await
}

/// The attendee has changed, or is gone when there is no `new`.
pub async fn attendee(
    conn: &mut Conn,
    scope: &Scope,
    old: &AttendeeRow,
    new: Option<&AttendeeRow>,
    now: Timestamp,
) -> Result<(), ApiError> {
    let answer = |row: &AttendeeRow| Attendee::from(row.clone());
    let Some((action, changes)) = changes(Some(&answer(old)), new.map(answer).as_ref()) else { return Ok(()) };
    audit::record(conn, scope, Event::new(action, Resource::Attendee, old.id).with(changes), now).await
}

/// The action item was made, when there is no `old`; deleted, when there is no `new`; else it has changed. Whoever has
/// it now hears of it.
pub async fn action_item(
    conn: &mut Conn,
    scope: &Scope,
    old: Option<&ActionItemRow>,
    new: Option<&ActionItemRow>,
    now: Timestamp,
) -> Result<(), ApiError> {
    let answer = |row: &ActionItemRow| ActionItem::from(row.clone());
    let (old_answer, new_answer) = (old.map(answer), new.map(answer));
    let Some((action, changes)) = changes(old_answer.as_ref(), new_answer.as_ref()) else { return Ok(()) };
    let Some(row) = new.or(old) else { return Ok(()) };
    audit::record(conn, scope, Event::new(action, Resource::ActionItem, row.id).with(changes), now).await?;
    let assignee = new.and_then(|new| new.assigned_to);
    if assignee == old.and_then(|old| old.assigned_to) {
        return Ok(());
    }
    let (kind, title) = (Kind::ActionItemAssigned, row.description.clone());
    // It is seen in its meeting.
    let notice = Notice { kind, title, resource_type: Resource::Meeting, resource_id: row.meeting_id };
    notifications::send(conn, scope, notice, assignee.as_slice(), now).await
}

/// What was done, and to which fields.
fn changes<T: serde::Serialize>(old: Option<&T>, new: Option<&T>) -> Option<(Action, Changes)> {
    match (old, new) {
        (None, Some(new)) => Some((Action::Created, Changes::created(new))),
        (Some(old), None) => Some((Action::Deleted, Changes::deleted(old))),
        (Some(old), Some(new)) => Some((Action::Updated, Changes::between(old, new))),
        (None, None) => None,
    }
}

async fn notify_published(
    conn: &mut Conn,
    scope: &Scope,
    meeting: &MeetingRow,
    attendees: impl Iterator<Item = i64>,
    now: Timestamp,
) -> Result<(), ApiError> {
    let (kind, title) = (Kind::MeetingPublished, meeting.title.clone());
    let notice = Notice { kind, title, resource_type: Resource::Meeting, resource_id: meeting.id };
    notifications::send(conn, scope, notice, &attendees.collect::<Vec<_>>(), now).await
}
