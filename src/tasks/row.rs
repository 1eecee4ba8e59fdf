//! A task as the database has it.

use super::types::{TaskPriority, TaskStatus};
use crate::clock::Timestamp;
use crate::db::Value;
use crate::page::{Kind, SortField, Sortable};
use crate::policy::Role;

/// A task with its assignee.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct TaskRow {
    /// Key.
    pub id: i64,
    /// Tenant.
    pub tenant_id: String,
    /// Title.
    pub title: String,
    /// Description.
    pub description: Option<String>,
    /// Status.
    pub status: TaskStatus,
    /// Priority.
    pub priority: TaskPriority,
    /// Assignee.
    pub assigned_to: Option<i64>,
    /// Due date.
    pub due_date: Option<Timestamp>,
    /// ISO week.
    pub week_number: i64,
    /// ISO year.
    pub year: i64,
    /// Tags.
    #[sqlx(json)]
    pub tags: Vec<String>,
    /// Counts changes.
    pub version: i64,
    /// Made.
    pub created_at: Timestamp,
    /// Changed.
    pub updated_at: Timestamp,
    /// Author.
    pub created_by: Option<i64>,
    /// The task that it is a part of.
    pub parent_id: Option<i64>,
    /// How many comments it has.
    pub comment_count: i64,
    /// Who does it.
    #[sqlx(flatten, try_from = "AssigneeColumns")]
    pub assignee: Option<AssigneeRow>,
}

/// Who does a task, without the id.
#[derive(Debug, Clone, PartialEq)]
pub struct AssigneeRow {
    /// Name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Whether signing in is allowed.
    pub is_active: bool,
    /// When the account was made.
    pub created_at: Timestamp,
    /// Last sign-in.
    pub last_login: Option<Timestamp>,
}

/// The joined columns: all null for a task that nobody has.
#[derive(Debug, sqlx::FromRow)]
struct AssigneeColumns {
    assignee_name: Option<String>,
    assignee_role: Option<Role>,
    assignee_is_active: Option<bool>,
    assignee_created_at: Option<Timestamp>,
    assignee_last_login: Option<Timestamp>,
}

impl From<AssigneeColumns> for Option<AssigneeRow> {
    fn from(columns: AssigneeColumns) -> Self {
        Some(AssigneeRow {
            name: columns.assignee_name?,
            role: columns.assignee_role?,
            is_active: columns.assignee_is_active?,
            created_at: columns.assignee_created_at?,
            last_login: columns.assignee_last_login,
        })
    }
}

impl Sortable for TaskRow {
    const FIELDS: &'static [SortField] = &[
        SortField { name: "created_at", column: "t.created_at", kind: Kind::Time, nullable: false },
        SortField { name: "updated_at", column: "t.updated_at", kind: Kind::Time, nullable: false },
        SortField { name: "due_date", column: "t.due_date", kind: Kind::Time, nullable: true },
        SortField { name: "title", column: "t.title", kind: Kind::Text, nullable: false },
        SortField { name: "status", column: "t.status_rank", kind: Kind::Int, nullable: false },
        SortField { name: "priority", column: "t.priority_rank", kind: Kind::Int, nullable: false },
        SortField { name: "year", column: "t.year", kind: Kind::Int, nullable: false },
        SortField { name: "week_number", column: "t.week_number", kind: Kind::Int, nullable: false },
        SortField { name: "id", column: "t.id", kind: Kind::Int, nullable: false },
    ];
    const DEFAULT: &'static str = "-created_at";
    const ID: &'static str = "t.id";

    fn id(&self) -> i64 {
        self.id
    }

    fn sort_value(&self, field: &str) -> Value {
        match field {
            "created_at" => self.created_at.into(),
            "updated_at" => self.updated_at.into(),
            "due_date" => self.due_date.into(),
            "title" => (&self.title).into(),
            "status" => self.status.rank().into(),
            "priority" => self.priority.rank().into(),
            "year" => self.year.into(),
            "week_number" => self.week_number.into(),
            _ => self.id.into(),
        }
    }
}

impl TaskStatus {
    /// The generated column `status_rank`.
    pub const fn rank(self) -> i64 {
        self as i64 + 1
    }
}

impl TaskPriority {
    /// The generated column `priority_rank`.
    pub const fn rank(self) -> i64 {
        self as i64 + 1
    }
}
