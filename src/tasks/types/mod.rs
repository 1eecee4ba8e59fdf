//! Bodies and answers of tasks.

mod answers;
mod bodies;

pub use answers::{Assignee, Task, TaskAnswer, TaskChanged, TaskList};
pub use bodies::{NewTask, TaskPatch, TaskQuery};

use crate::db::text_enum;

/// The longest title.
pub const TITLE_LENGTH: usize = 255;
/// The ISO years that a task may belong to.
pub const YEARS: (i64, i64) = (2020, 2100);
/// The ISO weeks, in whatever year.
pub const WEEKS: (i64, i64) = (1, 53);

text_enum! {
    /// How far a task is.
    #[derive(Default)]
    pub enum TaskStatus {
        /// Not begun.
        #[default]
        Pending = "pending",
        /// Being done.
        InProgress = "in_progress",
        /// Being checked.
        Review = "review",
        /// Done.
        Completed = "completed",
        /// Given up.
        Cancelled = "cancelled",
    }
}

impl TaskStatus {
    /// Of a task that is still to be done.
    pub const OPEN: [Self; 3] = [Self::Pending, Self::InProgress, Self::Review];
}

text_enum! {
    /// How important a task is.
    #[derive(Default)]
    pub enum TaskPriority {
        /// Can wait.
        Low = "low",
        /// As usual.
        #[default]
        Medium = "medium",
        /// Soon.
        High = "high",
        /// Now.
        Urgent = "urgent",
    }
}
