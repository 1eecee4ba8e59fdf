//! Bodies and answers of attendees.

use std::collections::HashSet;

use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::store::AttendeeRow;
use crate::db::text_enum;
use crate::error::{FieldFault, FieldFaults, FieldMessage};
use crate::etag::Tag;
use crate::fields::{self, Change, Fields, FromFields};
use crate::page::{Listing, Page, PageAnswer};

/// The most attendees to add at once.
const MAX_AT_ONCE: usize = 100;
/// The longest role.
const ROLE_LENGTH: usize = 50;

text_enum! {
    /// Whether somebody came to a meeting.
    #[derive(Default)]
    pub enum Attendance {
        /// Not known yet.
        #[default]
        Invited = "invited",
        /// Was there.
        Attended = "attended",
        /// Was not there.
        Absent = "absent",
    }
}

/// Who is to attend: one user, or several in `attendees`.
#[derive(Debug, Clone, ToSchema)]
#[schema(example = json!({"attendees": [{"user_id": 1, "role": "chair"}, {"user_id": 2}]}))]
pub struct NewAttendees {
    /// An active user of the tenant; required without `attendees`.
    #[schema(nullable = false, example = 1)]
    pub user_id: Option<i64>,
    /// The user's part in this meeting.
    #[schema(max_length = 50, example = "chair")]
    pub role: Option<String>,
    /// `invited` by default.
    #[schema(nullable = false)]
    pub attendance: Option<Attendance>,
    /// Several at once, each user once, instead of the fields above.
    #[schema(min_items = 1, max_items = 100, nullable = false)]
    pub attendees: Option<Vec<NewAttendee>>,
}

impl FromFields for NewAttendees {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        if fields.has("attendees") {
            let attendees = fields.optional("attendees", attendees);
            return Some(Self { user_id: None, role: None, attendance: None, attendees });
        }
        let NewAttendee { user_id, role, attendance } = NewAttendee::from_fields(fields)?;
        Some(Self { user_id: Some(user_id), role, attendance: Some(attendance), attendees: None })
    }
}

impl NewAttendees {
    /// All of them.
    pub fn into_list(self) -> Vec<NewAttendee> {
        let Self { user_id, role, attendance, attendees } = self;
        let one = user_id.map(|user_id| NewAttendee { user_id, role, attendance: attendance.unwrap_or_default() });
        one.into_iter().chain(attendees.unwrap_or_default()).collect()
    }
}

/// One of several who are to attend.
#[derive(Debug, Clone, ToSchema)]
pub struct NewAttendee {
    /// An active user of the tenant.
    #[schema(example = 1)]
    pub user_id: i64,
    /// The user's part in this meeting.
    #[schema(max_length = 50, example = "chair")]
    pub role: Option<String>,
    /// `invited` by default.
    #[schema(value_type = Option<Attendance>, nullable = false)]
    pub attendance: Attendance,
}

impl FromFields for NewAttendee {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let user_id = fields.required("user_id", fields::integer);
        let role = fields.nullable("role", fields::text_up_to(ROLE_LENGTH));
        let attendance = fields.optional("attendance", fields::one_of::<Attendance>);
        Some(Self { user_id: user_id?, role, attendance: attendance.unwrap_or_default() })
    }
}

impl NewAttendee {
    /// The row to insert.
    pub fn into_row(self, meeting: i64) -> AttendeeRow {
        let Self { user_id, role, attendance } = self;
        AttendeeRow { id: 0, meeting_id: meeting, user_id, user_name: None, role, attendance, version: 1 }
    }
}

fn attendees(value: serde_json::Value) -> fields::Read<Vec<NewAttendee>> {
    let attendees = fields::list(MAX_AT_ONCE, fields::object::<NewAttendee>)(value)?;
    if attendees.is_empty() {
        return Err(FieldMessage::Length(1, MAX_AT_ONCE).into());
    }
    let (mut seen, mut faults) = (HashSet::new(), FieldFaults::default());
    for (index, attendee) in attendees.iter().enumerate() {
        if !seen.insert(attendee.user_id) {
            let repeated = FieldFaults::one("user_id", FieldMessage::Repeated);
            faults.add(index.to_string(), FieldFault::Parts(repeated));
        }
    }
    if faults.is_empty() { Ok(attendees) } else { Err(FieldFault::Parts(faults)) }
}

/// A change of an attendee: absent fields stay, null clears.
#[derive(Debug, Clone, ToSchema)]
#[schema(example = json!({"attendance": "attended"}))]
pub struct AttendeePatch {
    /// The user's part in this meeting.
    #[schema(value_type = Option<String>, max_length = 50)]
    pub role: Change<String>,
    /// Whether the user came.
    #[schema(nullable = false)]
    pub attendance: Option<Attendance>,
}

impl FromFields for AttendeePatch {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            role: fields.change("role", fields::text_up_to(ROLE_LENGTH)),
            attendance: fields.optional("attendance", fields::one_of::<Attendance>),
        })
    }
}

impl AttendeePatch {
    /// The row with the change applied.
    pub fn apply(self, row: &AttendeeRow) -> AttendeeRow {
        let Self { role, attendance } = self;
        let mut row = row.clone();
        role.apply(&mut row.role);
        fields::replace(&mut row.attendance, attendance);
        row
    }
}

/// Which page of a meeting's attendees.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AttendeeQuery {
    /// Whether they came.
    pub attendance: Option<Attendance>,
    /// Page and order.
    #[param(ignore)]
    pub page: Page,
}

impl FromFields for AttendeeQuery {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            attendance: fields.optional("attendance", fields::one_of::<Attendance>),
            page: Page::from_fields::<AttendeeRow>(fields)?,
        })
    }
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
    /// Whether the user came.
    pub attendance: Attendance,
    /// Counts changes.
    #[schema(example = 1)]
    pub version: i64,
}

impl Attendee {
    /// The tag of the answer, which shows the user's name too.
    pub fn tag(&self) -> Tag {
        Tag::with_rest(self.version, &self.user_name)
    }
}

impl From<AttendeeRow> for Attendee {
    fn from(row: AttendeeRow) -> Self {
        let AttendeeRow { id, meeting_id, user_id, user_name, role, attendance, version } = row;
        Self { id, meeting_id, user_id, user_name, role, attendance, version }
    }
}

/// An answer with an attendee.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttendeeAnswer {
    /// The attendee.
    pub attendee: Attendee,
}

/// The answer to a change of an attendee.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttendeeChanged {
    /// For people.
    #[schema(value_type = String, example = "Attendee updated successfully")]
    pub message: &'static str,
    /// The attendee as it is now.
    pub attendee: Attendee,
}

/// The answer to new attendees.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttendeesAdded {
    /// For people.
    #[schema(value_type = String, example = "Attendees added successfully")]
    pub message: &'static str,
    /// Those who were added, in the order in which they were named.
    pub attendees: Vec<Attendee>,
}

/// A page of a meeting's attendees.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttendeeList {
    /// The page.
    pub attendees: Vec<Attendee>,
    /// Counts and cursor.
    #[serde(flatten)]
    pub page: PageAnswer,
}

impl From<Listing<AttendeeRow>> for AttendeeList {
    fn from(listing: Listing<AttendeeRow>) -> Self {
        let (rows, page) = listing.split();
        Self { attendees: rows.into_iter().map(Attendee::from).collect(), page }
    }
}
