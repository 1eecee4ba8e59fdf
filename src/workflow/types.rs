//! Bodies and answers of what concerns two features.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::week::week_of;
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::error::{ApiError, FieldMessage};
use crate::fields::{self, Fields, FromFields};
use crate::meetings::action_items::store::ActionItemRow;
use crate::meetings::action_items::types::{ActionItem, ActionItemStatus};
use crate::tasks::row::TaskRow;
use crate::tasks::types::{NewTask, TITLE_LENGTH, Task, TaskPriority, TaskStatus, WEEKS, YEARS};

/// What ends a line of a description, in whatever script or system.
const LINE_ENDS: [char; 7] = ['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];

/// What an action item does not know of the task that it becomes.
#[derive(Debug, Clone, Default, ToSchema)]
#[schema(example = json!({"week_number": 7, "year": 2026, "priority": "high"}))]
pub struct ConvertActionItem {
    /// ISO week; by default that of the due date where `APP_TIMEZONE` is, or else this one. With another `year` it is
    /// the week of that number there, and 52 where that year has no 53.
    #[schema(minimum = 1, maximum = 53, nullable = false, example = 7)]
    pub week_number: Option<i64>,
    /// ISO year; by default that of the due date, or else this one. With another `week_number` it is the year in which
    /// that week lies nearest to the due date, or else to today.
    #[schema(minimum = 2020, maximum = 2100, nullable = false, example = 2026)]
    pub year: Option<i64>,
    /// `medium` by default.
    #[schema(nullable = false)]
    pub priority: Option<TaskPriority>,
}

impl FromFields for ConvertActionItem {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            week_number: fields.optional("week_number", fields::integer_between(WEEKS.0, WEEKS.1)),
            year: fields.optional("year", fields::integer_between(YEARS.0, YEARS.1)),
            priority: fields.optional("priority", fields::one_of::<TaskPriority>),
        })
    }
}

impl ConvertActionItem {
    /// The task to insert, by this user and at this time; the item is due on this day, or else it is today.
    pub fn into_row(
        self,
        item: &ActionItemRow,
        scope: &Scope,
        day: NaiveDate,
        now: Timestamp,
    ) -> Result<TaskRow, ApiError> {
        let Self { week_number, year, priority } = self;
        let (year, week_number) = week_of(year, week_number, day);
        if !(YEARS.0..=YEARS.1).contains(&year) {
            return Err(ApiError::field("year", FieldMessage::Range(YEARS.0, YEARS.1)));
        }
        let title = title(&item.description);
        let new = NewTask {
            // What does not fit into the title is not lost.
            description: (title != item.description).then(|| item.description.clone()),
            title,
            status: status(item.status),
            priority: priority.unwrap_or_default(),
            assigned_to: item.assigned_to,
            due_date: item.due_date,
            week_number,
            year,
            tags: Vec::new(),
            parent_id: None,
        };
        Ok(new.into_row(scope, now))
    }
}

/// The first line that is not empty, as far as it fits.
fn title(description: &str) -> String {
    let line = description.split(LINE_ENDS).find(|line| !line.trim().is_empty());
    line.unwrap_or(" ").chars().take(TITLE_LENGTH).collect()
}

/// The two are done together, and so begin alike.
fn status(of: ActionItemStatus) -> TaskStatus {
    match of {
        ActionItemStatus::Pending => TaskStatus::Pending,
        ActionItemStatus::InProgress => TaskStatus::InProgress,
        ActionItemStatus::Completed => TaskStatus::Completed,
        ActionItemStatus::Cancelled => TaskStatus::Cancelled,
    }
}

/// The answer to a conversion.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActionItemConverted {
    /// For people.
    #[schema(value_type = String, example = "Action item converted successfully")]
    pub message: &'static str,
    /// The new task.
    pub task: Task,
    /// The action item, which names the task now.
    pub action_item: ActionItem,
}
