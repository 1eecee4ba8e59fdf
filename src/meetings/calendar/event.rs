//! A meeting as calendars show it.

use crate::clock::Timestamp;
use crate::error::Language;
use crate::icalendar::{Event, When, uid};
use crate::letters::cut;
use crate::meetings::store::{MeetingParts, MeetingRow};
use crate::meetings::types::MeetingStatus;

/// How many characters of a long text a calendar shows.
pub const TEXT_LENGTH: usize = 2000;
/// How many attendees a calendar names.
const NAMES: usize = 50;

/// What a calendar shows of a meeting.
#[derive(Debug, sqlx::FromRow)]
pub struct MeetingEvent {
    /// Key.
    pub id: i64,
    /// Title.
    pub title: String,
    /// When.
    pub meeting_date: Timestamp,
    /// Where.
    pub location: Option<String>,
    /// Agenda; more than [`TEXT_LENGTH`] is cut off.
    pub agenda: Option<String>,
    /// Decisions; more than [`TEXT_LENGTH`] is cut off.
    pub decisions: Option<String>,
    /// Status.
    pub status: MeetingStatus,
    /// Counts changes.
    pub version: i64,
    /// Changed.
    pub updated_at: Timestamp,
    /// When its attendees last changed.
    pub attendees_changed_at: Option<Timestamp>,
    /// The attendees' names, in the order in which they were added; not among the columns of a meeting.
    #[sqlx(skip)]
    pub attendees: Vec<String>,
}

impl MeetingEvent {
    /// From the meeting's row, the rows of its parts and the moment at which its attendees last changed.
    pub fn new(row: MeetingRow, parts: MeetingParts, attendees_changed_at: Option<Timestamp>) -> Self {
        let MeetingRow {
            id,
            tenant_id: _,
            title,
            meeting_date,
            location,
            agenda,
            notes: _,
            decisions,
            status,
            published_at: _,
            version,
            created_at: _,
            updated_at,
            created_by: _,
        } = row;
        let MeetingParts { attendees, action_items: _ } = parts;
        let attendees = attendees.into_iter().filter_map(|attendee| attendee.user_name).collect();
        Self {
            id,
            title,
            meeting_date,
            location,
            agenda,
            decisions,
            status,
            version,
            updated_at,
            attendees_changed_at,
            attendees,
        }
    }

    /// The event of this tenant's meeting in this domain, with words in this language beside the meeting's own.
    pub fn into_event(self, tenant: &str, domain: &str, language: Language) -> Event {
        let description = self.description(language);
        Event {
            uid: uid("meeting", self.id, tenant, domain),
            version: Some(self.version),
            // Attendees are shown, but are no change of the meeting.
            updated_at: self.attendees_changed_at.map_or(self.updated_at, |changed| changed.max(self.updated_at)),
            when: When::Hour(self.meeting_date),
            summary: self.title,
            location: self.location,
            description,
            // What was put away has taken place.
            is_tentative: self.status == MeetingStatus::Draft,
        }
    }

    /// Attendees stand here: a published calendar must not have them as a property of their own (RFC 5545, 3.8.4.1),
    /// where each would need an address, which not everybody may see, and to which programs would send mail.
    fn description(&self, language: Language) -> String {
        let [attendees, agenda, decisions] = words(language);
        let mut parts = Vec::new();
        if !self.attendees.is_empty() {
            let names = self.attendees.iter().take(NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
            let others = self.attendees.len().saturating_sub(NAMES);
            let others = if others > 0 { format!(", +{others}") } else { String::new() };
            parts.push(format!("{attendees}: {names}{others}"));
        }
        for (word, text) in [(agenda, &self.agenda), (decisions, &self.decisions)] {
            if let Some(text) = text.as_ref().filter(|text| !text.is_empty()) {
                parts.push(format!("{word}:\n{}", cut(text, TEXT_LENGTH)));
            }
        }
        parts.join("\n\n")
    }
}

const fn words(language: Language) -> [&'static str; 3] {
    match language {
        Language::English => ["Attendees", "Agenda", "Decisions"],
        Language::Korean => ["참석자", "안건", "결정 사항"],
    }
}
