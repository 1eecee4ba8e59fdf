//! What callers get.

use serde::Serialize;
use utoipa::ToSchema;

use super::{ActionItemStatus, MeetingStatus};
use crate::clock::Timestamp;
use crate::meetings::store::{ActionItemRow, AttendeeRow, MeetingParts, MeetingRow};
use crate::page::PageAnswer;

/// A meeting.
#[derive(Debug, Serialize, ToSchema)]
pub struct Meeting {
    /// Key.
    #[schema(example = 1)]
    pub id: i64,
    /// Tenant.
    #[schema(example = "test-001")]
    pub tenant_id: String,
    /// What it is about.
    #[schema(example = "Weekly security review")]
    pub title: String,
    /// When it is.
    #[schema(value_type = String, format = DateTime)]
    pub meeting_date: Timestamp,
    /// Where it is.
    #[schema(required)]
    pub location: Option<String>,
    /// What is to be talked about.
    #[schema(required)]
    pub agenda: Option<String>,
    /// What was said.
    #[schema(required)]
    pub notes: Option<String>,
    /// What was decided.
    #[schema(required)]
    pub decisions: Option<String>,
    /// How far the notes are.
    pub status: MeetingStatus,
    /// Who attends.
    pub attendees: Vec<Attendee>,
    /// What follows from it.
    pub action_items: Vec<ActionItem>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When a value last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// Counts changes.
    #[schema(example = 1)]
    pub version: i64,
}

/// Who attends a meeting.
#[derive(Debug, Serialize, ToSchema)]
pub struct Attendee {
    /// Key.
    pub id: i64,
    /// The meeting.
    pub meeting_id: i64,
    /// The user.
    pub user_id: i64,
    /// The user's name.
    #[schema(required)]
    pub user_name: Option<String>,
    /// The user's part in this meeting.
    #[schema(required)]
    pub role: Option<String>,
}

/// What follows from a meeting.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActionItem {
    /// Key.
    pub id: i64,
    /// The meeting.
    pub meeting_id: i64,
    /// The task that it became.
    #[schema(required)]
    pub task_id: Option<i64>,
    /// What is to be done.
    pub description: String,
    /// Who does it.
    #[schema(required)]
    pub assigned_to: Option<i64>,
    /// His name.
    #[schema(required)]
    pub assignee_name: Option<String>,
    /// When it must be done.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub due_date: Option<Timestamp>,
    /// How far it is.
    pub status: ActionItemStatus,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl Meeting {
    /// The answer from the meeting's row and the rows of its parts.
    pub fn new(row: MeetingRow, parts: MeetingParts) -> Self {
        let MeetingRow {
            id,
            tenant_id,
            title,
            meeting_date,
            location,
            agenda,
            notes,
            decisions,
            status,
            version,
            created_at,
            updated_at,
            created_by: _,
        } = row;
        let MeetingParts { attendees, action_items } = parts;
        Self {
            id,
            tenant_id,
            title,
            meeting_date,
            location,
            agenda,
            notes,
            decisions,
            status,
            attendees: attendees.into_iter().map(Attendee::from).collect(),
            action_items: action_items.into_iter().map(ActionItem::from).collect(),
            created_at,
            updated_at,
            version,
        }
    }
}

impl From<AttendeeRow> for Attendee {
    fn from(row: AttendeeRow) -> Self {
        let AttendeeRow { id, meeting_id, user_id, user_name, role } = row;
        Self { id, meeting_id, user_id, user_name, role }
    }
}

impl From<ActionItemRow> for ActionItem {
    fn from(row: ActionItemRow) -> Self {
        let ActionItemRow {
            id,
            meeting_id,
            task_id,
            description,
            assigned_to,
            assignee_name,
            due_date,
            status,
            created_at,
        } = row;
        Self { id, meeting_id, task_id, description, assigned_to, assignee_name, due_date, status, created_at }
    }
}

/// An answer with a meeting.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeetingAnswer {
    /// The meeting.
    pub meeting: Meeting,
}

/// The answer to a change.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeetingChanged {
    /// For people.
    #[schema(value_type = String, example = "Meeting created successfully")]
    pub message: &'static str,
    /// The meeting as it is now.
    pub meeting: Meeting,
}

/// A page of meetings.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeetingList {
    /// The page.
    pub meetings: Vec<Meeting>,
    /// Counts and cursor.
    #[serde(flatten)]
    pub page: PageAnswer,
}
