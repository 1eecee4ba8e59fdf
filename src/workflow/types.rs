//! Bodies and answers of what concerns two features.

use chrono::{Datelike, NaiveDate};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::error::{ApiError, FieldMessage};
use crate::fields::{self, Fields, FromFields};
use crate::meetings::action_items::store::ActionItemRow;
use crate::meetings::action_items::types::{ActionItem, ActionItemStatus};
use crate::tasks::row::TaskRow;
use crate::tasks::types::{NewTask, Task, TaskPriority, TaskStatus};

/// The longest title of a task.
const TITLE_LENGTH: usize = 255;
/// The years of tasks.
const YEARS: (i64, i64) = (2020, 2100);

/// What an action item does not know of the task that it becomes.
#[derive(Debug, Clone, Default, ToSchema)]
#[schema(example = json!({"week_number": 7, "year": 2026, "priority": "high"}))]
pub struct ConvertActionItem {
    /// ISO week; that of the due date by default, in UTC, or else this one.
    #[schema(minimum = 1, maximum = 53, nullable = false, example = 7)]
    pub week_number: Option<i64>,
    /// ISO year; by default as the week.
    #[schema(minimum = 2020, maximum = 2100, nullable = false, example = 2026)]
    pub year: Option<i64>,
    /// `medium` by default.
    #[schema(nullable = false)]
    pub priority: Option<TaskPriority>,
}

impl FromFields for ConvertActionItem {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            week_number: fields.optional("week_number", fields::integer_between(1, 53)),
            year: fields.optional("year", fields::integer_between(YEARS.0, YEARS.1)),
            priority: fields.optional("priority", fields::one_of::<TaskPriority>),
        })
    }
}

impl ConvertActionItem {
    /// The task to insert, by this user and at this time.
    pub fn into_row(
        self,
        item: &ActionItemRow,
        scope: &Scope,
        today: NaiveDate,
        now: Timestamp,
    ) -> Result<TaskRow, ApiError> {
        let Self { week_number, year, priority } = self;
        let week = item.due_date.map_or(today, |due| due.utc().date_naive()).iso_week();
        let year = year.unwrap_or_else(|| week.year().into());
        if !(YEARS.0..=YEARS.1).contains(&year) {
            return Err(ApiError::field("year", FieldMessage::Range(YEARS.0, YEARS.1)));
        }
        let title: String = item.description.chars().take(TITLE_LENGTH).collect();
        let new = NewTask {
            // What does not fit into the title is not lost.
            description: (title != item.description).then(|| item.description.clone()),
            title,
            status: status(item.status),
            priority: priority.unwrap_or_default(),
            assigned_to: item.assigned_to,
            due_date: item.due_date,
            week_number: week_number.unwrap_or_else(|| week.week().into()),
            year,
            tags: Vec::new(),
            parent_id: None,
        };
        Ok(new.into_row(scope, now))
    }
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
