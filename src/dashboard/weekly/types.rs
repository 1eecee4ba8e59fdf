//! Tasks by week.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::store::WeekCountRow;
use crate::dashboard::calendar::Week;
use crate::dashboard::types::TasksByStatus;
use crate::fields::{self, Fields, FromFields};

/// How many weeks when nothing else is asked for.
const DEFAULT_WEEKS: i64 = 12;
/// The most weeks.
const MAX_WEEKS: i64 = 104;

/// How far to look back.
#[derive(Debug, Clone, Copy, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WeeksQuery {
    /// How many weeks, this one included.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 104, default = 12)]
    pub weeks: i64,
}

impl FromFields for WeeksQuery {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let weeks = fields.optional("weeks", fields::integer_between(1, MAX_WEEKS));
        Some(Self { weeks: weeks.unwrap_or(DEFAULT_WEEKS) })
    }
}

/// An answer with weeks.
#[derive(Debug, Serialize, ToSchema)]
pub struct WeeksAnswer {
    /// The weeks, the oldest first and this one last; those without tasks too.
    pub weeks: Vec<WeekOfTasks>,
}

/// The tasks of a week.
#[derive(Debug, Serialize, ToSchema)]
pub struct WeekOfTasks {
    /// ISO year.
    #[schema(example = 2026)]
    pub year: i64,
    /// ISO week.
    #[schema(example = 6)]
    pub week: i64,
    /// Monday.
    #[schema(example = "2026-02-02")]
    pub start: NaiveDate,
    /// Sunday.
    #[schema(example = "2026-02-08")]
    pub end: NaiveDate,
    /// All tasks.
    pub total: i64,
    /// Done.
    pub completed: i64,
    /// Still to be done.
    pub open: i64,
    /// Given up.
    pub cancelled: i64,
    /// By how far they are.
    pub by_status: TasksByStatus,
}

impl WeekOfTasks {
    /// From the counts of several weeks.
    pub fn new(of: Week, rows: &[WeekCountRow]) -> Self {
        let Week { year, number, start, end } = of;
        let mut by_status = TasksByStatus::default();
        for row in rows.iter().filter(|row| (row.year, row.week_number) == (year, number)) {
            by_status.add(row.status, row.tasks);
        }
        Self {
            year,
            week: number,
            start,
            end,
            total: by_status.total(),
            completed: by_status.completed,
            open: by_status.open(),
            cancelled: by_status.cancelled,
            by_status,
        }
    }
}
