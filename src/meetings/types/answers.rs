//! What callers get.

use serde::Serialize;
use utoipa::ToSchema;

use super::MeetingStatus;
use crate::clock::Timestamp;
use crate::etag::Tag;
use crate::meetings::action_items::types::ActionItem;
use crate::meetings::attendees::types::Attendee;
use crate::meetings::store::{MeetingParts, MeetingRow};
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
    /// When it was first published; it stays when the meeting is a draft again.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub published_at: Option<Timestamp>,
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
            published_at,
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
            published_at,
            attendees: attendees.into_iter().map(Attendee::from).collect(),
            action_items: action_items.into_iter().map(ActionItem::from).collect(),
            created_at,
            updated_at,
            version,
        }
    }

    /// Tells this state of the meeting, with what belongs to it, from another.
    pub fn tag(&self) -> Tag {
        let Self { attendees, action_items, version, .. } = self;
        if attendees.is_empty() && action_items.is_empty() {
            (*version).into()
        } else {
            Tag::with_rest(*version, &(attendees, action_items))
        }
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
