//! What callers send.

use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::MeetingStatus;
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::fields::{self, Change, Fields, FromFields};
use crate::meetings::store::MeetingRow;
use crate::page::Page;

/// A new meeting.
#[derive(Debug, Clone, ToSchema)]
#[schema(example = json!({
    "title": "Weekly security review", "meeting_date": "2026-02-09T10:00:00+09:00", "location": "Room 3",
    "agenda": "Incidents of the week",
}))]
pub struct NewMeeting {
    /// What it is about.
    #[schema(min_length = 1, max_length = 255, example = "Weekly security review")]
    pub title: String,
    /// When it is; without an offset it is UTC.
    #[schema(value_type = String, format = DateTime, example = "2026-02-09T10:00:00+09:00")]
    pub meeting_date: Timestamp,
    /// Where it is.
    #[schema(max_length = 255, example = "Room 3")]
    pub location: Option<String>,
    /// What is to be talked about.
    pub agenda: Option<String>,
    /// What was said.
    pub notes: Option<String>,
    /// What was decided.
    pub decisions: Option<String>,
    /// `draft` by default.
    #[schema(value_type = Option<MeetingStatus>, nullable = false)]
    pub status: MeetingStatus,
}

impl FromFields for NewMeeting {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let title = fields.required("title", fields::text(1, 255));
        let meeting_date = fields.required("meeting_date", fields::moment);
        let location = fields.nullable("location", fields::text_up_to(255));
        let agenda = fields.nullable("agenda", fields::any_text);
        let notes = fields.nullable("notes", fields::any_text);
        let decisions = fields.nullable("decisions", fields::any_text);
        let status = fields.optional("status", fields::one_of::<MeetingStatus>);
        Some(Self {
            title: title?,
            meeting_date: meeting_date?,
            location,
            agenda,
            notes,
            decisions,
            status: status.unwrap_or_default(),
        })
    }
}

impl NewMeeting {
    /// The row to insert, by this user and at this time.
    pub fn into_row(self, scope: &Scope, now: Timestamp) -> MeetingRow {
        let Self { title, meeting_date, location, agenda, notes, decisions, status } = self;
        MeetingRow {
            id: 0,
            tenant_id: scope.tenant().to_string(),
            title,
            meeting_date,
            location,
            agenda,
            notes,
            decisions,
            status,
            published_at: (status == MeetingStatus::Published).then_some(now),
            version: 1,
            created_at: now,
            updated_at: now,
            created_by: scope.author(),
        }
    }
}

/// A change of a meeting: absent fields stay, null clears.
#[derive(Debug, Clone, ToSchema)]
#[schema(example = json!({"decisions": "Renew the firewall's licence", "status": "published"}))]
pub struct MeetingPatch {
    /// What it is about.
    #[schema(min_length = 1, max_length = 255, nullable = false, example = "Weekly security review")]
    pub title: Option<String>,
    /// When it is.
    #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
    pub meeting_date: Option<Timestamp>,
    /// Where it is.
    #[schema(value_type = Option<String>, max_length = 255)]
    pub location: Change<String>,
    /// What is to be talked about.
    #[schema(value_type = Option<String>)]
    pub agenda: Change<String>,
    /// What was said.
    #[schema(value_type = Option<String>)]
    pub notes: Change<String>,
    /// What was decided.
    #[schema(value_type = Option<String>)]
    pub decisions: Change<String>,
    /// How far its notes are.
    #[schema(nullable = false)]
    pub status: Option<MeetingStatus>,
}

impl FromFields for MeetingPatch {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            title: fields.optional("title", fields::text(1, 255)),
            meeting_date: fields.optional("meeting_date", fields::moment),
            location: fields.change("location", fields::text_up_to(255)),
            agenda: fields.change("agenda", fields::any_text),
            notes: fields.change("notes", fields::any_text),
            decisions: fields.change("decisions", fields::any_text),
            status: fields.optional("status", fields::one_of::<MeetingStatus>),
        })
    }
}

impl MeetingPatch {
    /// The row with the change applied.
    pub fn apply(self, row: &MeetingRow) -> MeetingRow {
        let Self { title, meeting_date, location, agenda, notes, decisions, status } = self;
        let mut row = row.clone();
        fields::replace(&mut row.title, title);
        fields::replace(&mut row.meeting_date, meeting_date);
        location.apply(&mut row.location);
        agenda.apply(&mut row.agenda);
        notes.apply(&mut row.notes);
        decisions.apply(&mut row.decisions);
        fields::replace(&mut row.status, status);
        row
    }
}

/// Which meetings, and which page of them.
#[derive(Debug, Clone, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MeetingQuery {
    /// How far the notes are.
    pub status: Option<MeetingStatus>,
    /// At this date or date-time, or later.
    #[param(value_type = Option<String>)]
    pub from_date: Option<Timestamp>,
    /// At this date-time or earlier; a bare date includes its day.
    #[param(value_type = Option<String>)]
    pub to_date: Option<Timestamp>,
    /// Text in title, location, agenda, notes or decisions; case does not count.
    pub q: Option<String>,
    /// Page and order.
    #[serde(skip)]
    #[param(ignore)]
    pub page: Page,
}

impl FromFields for MeetingQuery {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            status: fields.optional("status", fields::one_of::<MeetingStatus>),
            from_date: fields.optional("from_date", fields::from_moment),
            to_date: fields.optional("to_date", fields::to_moment),
            q: fields.optional("q", fields::search_text),
            page: Page::from_fields::<MeetingRow>(fields)?,
        })
    }
}
