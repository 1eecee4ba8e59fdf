//! Parts of several answers.

use serde::Serialize;
use utoipa::ToSchema;

use crate::tasks::types::TaskStatus;

/// Tasks by how far they are.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub struct TasksByStatus {
    /// Not begun.
    pub pending: i64,
    /// Being done.
    pub in_progress: i64,
    /// Being checked.
    pub review: i64,
    /// Done.
    pub completed: i64,
    /// Given up.
    pub cancelled: i64,
}

impl TasksByStatus {
    /// Counts so many tasks of this status.
    pub fn add(&mut self, status: TaskStatus, tasks: i64) {
        *match status {
            TaskStatus::Pending => &mut self.pending,
            TaskStatus::InProgress => &mut self.in_progress,
            TaskStatus::Review => &mut self.review,
            TaskStatus::Completed => &mut self.completed,
            TaskStatus::Cancelled => &mut self.cancelled,
        } += tasks;
    }

    /// Those that are still to be done.
    pub fn open(self) -> i64 {
        self.pending + self.in_progress + self.review
    }

    /// All of them.
    pub fn total(self) -> i64 {
        self.open() + self.completed + self.cancelled
    }
}
