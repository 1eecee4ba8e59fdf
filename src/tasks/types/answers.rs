//! What callers get.

use serde::Serialize;
use utoipa::ToSchema;

use super::{TaskPriority, TaskStatus};
use crate::clock::Timestamp;
use crate::etag::Tag;
use crate::page::{Listing, PageAnswer};
use crate::policy::Role;
use crate::tasks::row::{AssigneeRow, TaskRow};

/// A task.
#[derive(Debug, Serialize, ToSchema)]
pub struct Task {
    /// Key.
    #[schema(example = 1)]
    pub id: i64,
    /// Tenant.
    #[schema(example = "test-001")]
    pub tenant_id: String,
    /// What is to be done.
    #[schema(example = "Weekly security report")]
    pub title: String,
    /// More about it.
    #[schema(required)]
    pub description: Option<String>,
    /// How far it is.
    pub status: TaskStatus,
    /// How important it is.
    pub priority: TaskPriority,
    /// The assignee's id.
    #[schema(required)]
    pub assigned_to: Option<i64>,
    /// The assignee.
    #[schema(required)]
    pub assignee: Option<Assignee>,
    /// When it must be done.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub due_date: Option<Timestamp>,
    /// ISO week.
    #[schema(example = 6)]
    pub week_number: i64,
    /// ISO year.
    #[schema(example = 2026)]
    pub year: i64,
    /// Labels.
    pub tags: Vec<String>,
    /// The task that it is a part of; null for a top-level task.
    #[schema(required)]
    pub parent_id: Option<i64>,
    /// How many comments it has.
    #[schema(example = 0)]
    pub comment_count: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When a value last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// The author's id.
    #[schema(required)]
    pub created_by: Option<i64>,
    /// Counts changes.
    #[schema(example = 1)]
    pub version: i64,
}

/// Who does a task.
#[derive(Debug, Serialize, ToSchema)]
pub struct Assignee {
    /// Key.
    pub id: i64,
    /// Display name.
    pub name: String,
    /// Role in the tenant.
    pub role: Role,
    /// Whether signing in is allowed.
    pub is_active: bool,
    /// When the account was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Last sign-in.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub last_login: Option<Timestamp>,
}

/// An answer with a task.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaskAnswer {
    /// The task.
    pub task: Task,
}

/// The answer to a change.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaskChanged {
    /// For people.
    #[schema(value_type = String, example = "Task created successfully")]
    pub message: &'static str,
    /// The task as it is now.
    pub task: Task,
}

/// A page of tasks.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaskList {
    /// The page.
    pub tasks: Vec<Task>,
    /// Counts and cursor.
    #[serde(flatten)]
    pub page: PageAnswer,
}

impl Task {
    /// The tag of the answer: comments and the assignee's account change it too, but they are no change of the task.
    pub fn tag(&self) -> Tag {
        if self.comment_count == 0 && self.assignee.is_none() {
            return self.version.into();
        }
        Tag::with_rest(self.version, &(self.comment_count, &self.assignee))
    }
}

impl From<Listing<TaskRow>> for TaskList {
    fn from(listing: Listing<TaskRow>) -> Self {
        let (rows, page) = listing.split();
        Self { tasks: rows.into_iter().map(Task::from).collect(), page }
    }
}

impl From<TaskRow> for Task {
    fn from(row: TaskRow) -> Self {
        let TaskRow {
            id,
            tenant_id,
            title,
            description,
            status,
            priority,
            assigned_to,
            due_date,
            week_number,
            year,
            tags,
            version,
            created_at,
            updated_at,
            created_by,
            parent_id,
            comment_count,
            assignee,
        } = row;
        let assignee = assigned_to.zip(assignee).map(|(id, assignee)| {
            let AssigneeRow { name, role, is_active, created_at, last_login } = assignee;
            Assignee { id, name, role, is_active, created_at, last_login }
        });
        Self {
            id,
            tenant_id,
            title,
            description,
            status,
            priority,
            assigned_to,
            assignee,
            due_date,
            week_number,
            year,
            tags,
            parent_id,
            comment_count,
            created_at,
            updated_at,
            created_by,
            version,
        }
    }
}
