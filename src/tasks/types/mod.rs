//! Bodies and answers of tasks.

mod answers;
mod bodies;

pub use answers::{Assignee, Task, TaskAnswer, TaskChanged, TaskList};
pub use bodies::{NewTask, TaskPatch, TaskQuery};

use crate::db::text_enum;

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
