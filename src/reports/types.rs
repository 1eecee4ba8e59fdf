//! Which report callers want, and what they get.

use chrono::{Datelike, NaiveDate};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::format::ReportFormat;
use super::week::Week;
use crate::clock::Timestamp;
use crate::error::{ApiError, FieldFaults, FieldMessage};
use crate::fields::{self, Fields, FromFields, Read};
use crate::meetings::action_items::types::ActionItemStatus;
use crate::meetings::attendees::types::Attendance;
use crate::meetings::types::MeetingStatus;
use crate::tasks::types::{TaskPriority, TaskStatus, WEEKS, YEARS};

/// Which week, and in which form.
#[derive(Debug, Clone, Copy, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WeeklyQuery {
    /// ISO 8601 year; this week's by default.
    #[param(minimum = 2020, maximum = 2100, example = 2026)]
    pub year: Option<i64>,
    /// ISO 8601 week; this week's number by default.
    #[param(minimum = 1, maximum = 53, example = 6)]
    pub week: Option<i64>,
    /// The form of the answer; wins over `Accept`.
    #[param(inline)]
    pub format: Option<ReportFormat>,
}

impl FromFields for WeeklyQuery {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            year: fields.optional("year", |value| within(YEARS, value)),
            week: fields.optional("week", |value| within(WEEKS, value)),
            format: fields.optional("format", fields::one_of::<ReportFormat>),
        })
    }
}

/// As in the list of tasks, a number beyond 64 bits is too large and not out of range.
fn within((min, max): (i64, i64), value: serde_json::Value) -> Read<i64> {
    let number = fields::integer(value)?;
    if (min..=max).contains(&number) { Ok(number) } else { Err(FieldMessage::Range(min, max).into()) }
}

impl WeeklyQuery {
    /// The week, which may be one that its year does not have.
    pub fn week(self, today: NaiveDate) -> Result<Week, ApiError> {
        let this = today.iso_week();
        let year = self.year.unwrap_or_else(|| this.year().into());
        let number = self.week.unwrap_or_else(|| this.week().into());
        Week::new(year, number).ok_or_else(|| {
            let message = FieldMessage::Range(WEEKS.0, Week::count_in(year));
            ApiError::query(FieldFaults::one("week", message))
        })
    }
}

/// An answer with a report.
#[derive(Debug, Serialize, ToSchema)]
pub struct WeeklyReportAnswer {
    /// The report.
    pub report: WeeklyReport,
}

/// The report of a week.
#[derive(Debug, Serialize, ToSchema)]
pub struct WeeklyReport {
    /// ISO 8601 year.
    #[schema(example = 2026)]
    pub year: i64,
    /// ISO 8601 week.
    #[schema(example = 6)]
    pub week_number: i64,
    /// The week's Monday.
    #[schema(example = "2026-02-02")]
    pub from: NaiveDate,
    /// The week's Sunday.
    #[schema(example = "2026-02-08")]
    pub to: NaiveDate,
    /// Where days and weeks begin: `APP_TIMEZONE`.
    #[schema(value_type = String, example = "Asia/Seoul")]
    pub timezone: &'static str,
    /// Open tasks that were due before this day are late, and those without a due date whose week had ended by then:
    /// today, or the first day after the week if that is over.
    #[schema(example = "2026-02-07")]
    pub late_before: NaiveDate,
    /// When the report was made; tasks and meetings are as they were then.
    #[schema(value_type = String, format = DateTime)]
    pub generated_at: Timestamp,
    /// Counts of everything.
    pub totals: WeeklyTotals,
    /// Who has or had something to do, by name; tasks that nobody has come last.
    pub people: Vec<WeeklyPerson>,
    /// The week's meetings, the earliest first.
    pub meetings: Vec<WeeklyMeeting>,
    /// What was left out of the lists; counts are always of everything.
    pub truncated: WeeklyTruncation,
}

/// Counts of everything in a report.
#[derive(Debug, Serialize, ToSchema)]
pub struct WeeklyTotals {
    /// Of tasks.
    pub tasks: WeeklyTaskCounts,
    /// Of meetings.
    #[schema(example = 2)]
    pub meetings: i64,
}

/// Counts of tasks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct WeeklyTaskCounts {
    /// The week's tasks that are completed.
    #[schema(example = 5)]
    pub done: i64,
    /// The week's tasks that are pending, in progress or in review.
    #[schema(example = 3)]
    pub open: i64,
    /// Those of the open ones that are late.
    #[schema(example = 1)]
    pub late: i64,
    /// The week's tasks that are cancelled.
    #[schema(example = 0)]
    pub cancelled: i64,
    /// Tasks of earlier weeks that are open. `open` and `late` do not count them.
    #[schema(example = 2)]
    pub carried_over: i64,
}

/// Somebody's tasks, or those that nobody has.
#[derive(Debug, Serialize, ToSchema)]
pub struct WeeklyPerson {
    /// Whose tasks; null for those that nobody has.
    #[schema(required)]
    pub assignee: Option<WeeklyAssignee>,
    /// How many.
    pub counts: WeeklyTaskCounts,
    /// What was done, by due date; without one at the end.
    pub done: Vec<WeeklyTask>,
    /// What is open, in the same order.
    pub open: Vec<WeeklyTask>,
    /// What is open from earlier weeks, the oldest due date first; without one at the end.
    pub carried_over: Vec<WeeklyTask>,
}

/// Who does a task.
#[derive(Debug, Serialize, ToSchema)]
pub struct WeeklyAssignee {
    /// Key.
    #[schema(example = 1)]
    pub id: i64,
    /// Display name.
    #[schema(example = "Hong Gildong")]
    pub name: String,
}

/// A task in a report.
#[derive(Debug, Serialize, ToSchema)]
pub struct WeeklyTask {
    /// Key.
    #[schema(example = 1)]
    pub id: i64,
    /// What is to be done.
    #[schema(example = "Weekly security report")]
    pub title: String,
    /// How far it is.
    pub status: TaskStatus,
    /// How important it is.
    pub priority: TaskPriority,
    /// When it must be done.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub due_date: Option<Timestamp>,
    /// ISO week.
    #[schema(example = 6)]
    pub week_number: i64,
    /// ISO year.
    #[schema(example = 2026)]
    pub year: i64,
    /// Whether it is open and was due before `late_before`, or, without a due date, its week had ended by then.
    pub late: bool,
}

/// A meeting in a report.
#[derive(Debug, Serialize, ToSchema)]
pub struct WeeklyMeeting {
    /// Key.
    #[schema(example = 1)]
    pub id: i64,
    /// What it is about.
    #[schema(example = "Weekly security review")]
    pub title: String,
    /// When it is.
    #[schema(value_type = String, format = DateTime)]
    pub meeting_date: Timestamp,
    /// Where it is.
    #[schema(required)]
    pub location: Option<String>,
    /// How far the notes are.
    pub status: MeetingStatus,
    /// Who attends.
    pub attendees: Vec<WeeklyAttendee>,
    /// What was decided; `…` after 2,000 characters stands for the rest.
    #[schema(required)]
    pub decisions: Option<String>,
    /// How many action items it has.
    pub action_item_counts: WeeklyActionItemCounts,
    /// What follows from it: what is open, then what is done. Cancelled ones are only counted.
    pub action_items: Vec<WeeklyActionItem>,
}

/// Who attends a meeting.
#[derive(Debug, Serialize, ToSchema)]
pub struct WeeklyAttendee {
    /// Display name.
    #[schema(example = "Hong Gildong")]
    pub name: String,
    /// Whether he came.
    pub attendance: Attendance,
}

/// Counts of a meeting's action items.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct WeeklyActionItemCounts {
    /// Pending or in progress.
    #[schema(example = 1)]
    pub open: i64,
    /// Completed.
    #[schema(example = 2)]
    pub done: i64,
    /// Given up.
    #[schema(example = 0)]
    pub cancelled: i64,
}

/// An action item in a report.
#[derive(Debug, Serialize, ToSchema)]
pub struct WeeklyActionItem {
    /// Key.
    #[schema(example = 1)]
    pub id: i64,
    /// What is to be done; `…` after 2,000 characters stands for the rest.
    #[schema(example = "Send the incident report")]
    pub description: String,
    /// How far it is.
    pub status: ActionItemStatus,
    /// Who does it.
    #[schema(required)]
    pub assignee_name: Option<String>,
}

/// Which lists do not show everything.
#[derive(Debug, Serialize, ToSchema)]
pub struct WeeklyTruncation {
    /// There are more than 1000 tasks, done and open. The open ones come first.
    pub tasks: bool,
    /// There are more than 500 tasks carried over. The oldest due dates come first, those without one last.
    pub carried_over: bool,
    /// There are more than 200 meetings. The earliest come first.
    pub meetings: bool,
    /// There are more than 2000 attendees. Those who were added first come first.
    pub attendees: bool,
    /// There are more than 1000 action items, open and done. The open ones come first.
    pub action_items: bool,
}
