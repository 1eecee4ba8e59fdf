//! The demo's meetings.

use chrono::{Datelike, TimeDelta};

use super::texts::{LOCATIONS, MEETINGS, MeetingText, PARTS};
use super::{EVENING, Scene, TENANT, korean};
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::{Db, transaction};
use crate::error::ApiError;
use crate::meetings::action_items::store::{self as action_items_store, ActionItemRow};
use crate::meetings::action_items::types::ActionItemStatus;
use crate::meetings::attendees::store::{self as attendees_store, AttendeeRow};
use crate::meetings::attendees::types::Attendance;
use crate::meetings::store::{self, MeetingParts, MeetingRow};
use crate::meetings::types::MeetingStatus;
use crate::policy::Role;

/// One a week, and the last two of them still to come.
const COUNT: i64 = 60;
const WEEKS_BEFORE: i64 = 57;
/// When notes are put away.
const WEEKS_PUBLISHED: i64 = 12;
/// Within which action items may be open.
const WEEKS_OPEN: i64 = 3;

/// How many were made.
pub struct Made {
    /// Meetings.
    pub meetings: usize,
    /// Their attendees.
    pub attendees: usize,
    /// Their action items.
    pub action_items: usize,
}

/// A meeting to insert, as its author.
struct Planned {
    scope: Scope,
    meeting: MeetingRow,
    parts: MeetingParts,
}

/// Makes the meetings with their attendees and action items.
pub async fn fill(db: &Db, scene: &mut Scene) -> Result<Made, ApiError> {
    let mut meetings: Vec<Planned> = (0..COUNT).map(|index| plan(scene, index)).collect();
    transaction!(db, |tx| {
        let (mut attendees, mut action_items) = (0, 0);
        for Planned { scope, meeting, parts } in &mut meetings {
            let id = store::insert(tx, scope, meeting).await?;
            parts.attendees.iter_mut().for_each(|attendee| attendee.meeting_id = id);
            parts.action_items.iter_mut().for_each(|item| item.meeting_id = id);
            attendees_store::insert(tx, scope, &parts.attendees, meeting.created_at).await?;
            for item in &parts.action_items {
                action_items_store::insert(tx, scope, item).await?;
            }
            attendees += parts.attendees.len();
            action_items += parts.action_items.len();
        }
        Ok(Made { meetings: meetings.len(), attendees, action_items })
    })
}

fn plan(scene: &mut Scene, index: i64) -> Planned {
    let text = &MEETINGS[index as usize % MEETINGS.len()];
    let date = scene.monday + TimeDelta::days((index - WEEKS_BEFORE) * 7 + text.weekday);
    let meeting_date = korean(date, TimeDelta::hours(text.hour));
    let is_over = meeting_date < scene.now;
    let created_at = scene.office_hours(date - TimeDelta::days(4)).min(scene.now);
    let written_at = Timestamp::new(meeting_date.utc() + TimeDelta::hours(3)).min(scene.now);
    let (status, version, updated_at) = if !is_over {
        (MeetingStatus::Draft, 1, created_at)
    } else if date < scene.today - TimeDelta::weeks(WEEKS_PUBLISHED) {
        (MeetingStatus::Archived, 3, written_at)
    } else {
        (MeetingStatus::Published, 2, written_at)
    };
    let author = scene.pick(&[Role::Admin, Role::Editor, Role::Analyst]);
    let scope = scene.scope(author);
    let attendees = attendees(scene, scope.user(), is_over);
    let action_items = action_items(scene, text, meeting_date, &attendees);
    let meeting = MeetingRow {
        id: 0,
        tenant_id: TENANT.into(),
        title: format!("{}주차 {}", date.iso_week().week(), text.title),
        meeting_date,
        location: Some(scene.pick(LOCATIONS).into()),
        agenda: Some(text.agenda.into()),
        notes: is_over.then(|| text.notes.into()),
        decisions: is_over.then(|| text.decisions.into()),
        status,
        published_at: is_over.then_some(written_at),
        version,
        created_at,
        updated_at,
        created_by: scope.author(),
    };
    Planned { scope, meeting, parts: MeetingParts { attendees, action_items } }
}

/// The host and one to three others, of whom one in ten does not come.
fn attendees(scene: &mut Scene, host: i64, is_over: bool) -> Vec<AttendeeRow> {
    let mut others: Vec<i64> = scene.users.iter().copied().filter(|user| *user != host).collect();
    scene.rng.shuffle(&mut others);
    others.truncate(scene.rng.usize(1..=3));
    let users = std::iter::once(host).chain(others).zip(PARTS);
    users
        .map(|(user_id, part)| {
            let came = user_id == host || scene.rng.u8(..10) > 0;
            let attendance = match (is_over, came) {
                (false, _) => Attendance::Invited,
                (true, true) => Attendance::Attended,
                (true, false) => Attendance::Absent,
            };
            let role = Some(part.into());
            AttendeeRow { id: 0, meeting_id: 0, user_id, user_name: None, role, attendance, version: 1 }
        })
        .collect()
}

fn action_items(
    scene: &mut Scene,
    text: &MeetingText,
    meeting_date: Timestamp,
    attendees: &[AttendeeRow],
) -> Vec<ActionItemRow> {
    use ActionItemStatus::{Cancelled, Completed, InProgress, Pending};
    let is_old = meeting_date.utc() < scene.now.utc() - TimeDelta::weeks(WEEKS_OPEN);
    let statuses: &[(u32, ActionItemStatus)] = if is_old {
        &[(9, Completed), (1, Cancelled)]
    } else if meeting_date < scene.now {
        &[(2, Pending), (3, InProgress), (2, Completed)]
    } else {
        &[(1, Pending)]
    };
    let due_date = korean(meeting_date.utc().date_naive() + TimeDelta::weeks(1), EVENING);
    let (first, count) = (scene.rng.usize(..text.action_items.len()), scene.rng.usize(1..=3));
    let descriptions = text.action_items.iter().cycle().skip(first).take(count);
    descriptions
        .map(|description| ActionItemRow {
            id: 0,
            meeting_id: 0,
            task_id: None,
            description: (*description).into(),
            assigned_to: Some(attendees[scene.rng.usize(..attendees.len())].user_id),
            assignee_name: None,
            due_date: Some(due_date),
            status: scene.weigh(statuses),
            version: 1,
            created_at: meeting_date.min(scene.now),
        })
        .collect()
}
