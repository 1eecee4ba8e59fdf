//! What callers send.

use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::{TITLE_LENGTH, TaskPriority, TaskStatus, WEEKS, YEARS};
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::fields::{self, Change, Fields, FromFields};
use crate::page::Page;
use crate::tasks::row::TaskRow;

/// The most tags of a task.
const MAX_TAGS: usize = 100;
/// The longest tag.
const TAG_LENGTH: usize = 100;

/// A new task.
#[derive(Debug, Clone, ToSchema)]
#[schema(example = json!({
    "title": "Weekly security report", "description": "Summarise the week's alerts", "priority": "high",
    "due_date": "2026-02-13T18:00:00+09:00", "week_number": 7, "year": 2026, "tags": ["report"],
}))]
pub struct NewTask {
    /// What is to be done.
    #[schema(min_length = 1, max_length = 255, example = "Weekly security report")]
    pub title: String,
    /// More about it.
    #[schema(example = "Summarise the week's alerts")]
    pub description: Option<String>,
    /// `pending` by default.
    #[schema(value_type = Option<TaskStatus>, nullable = false)]
    pub status: TaskStatus,
    /// `medium` by default.
    #[schema(value_type = Option<TaskPriority>, nullable = false)]
    pub priority: TaskPriority,
    /// An active user of the tenant.
    pub assigned_to: Option<i64>,
    /// When it must be done; without an offset it is UTC.
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-02-13T18:00:00+09:00")]
    pub due_date: Option<Timestamp>,
    /// ISO week.
    #[schema(minimum = 1, maximum = 53, example = 6)]
    pub week_number: i64,
    /// ISO year.
    #[schema(minimum = 2020, maximum = 2100, example = 2026)]
    pub year: i64,
    /// Labels, kept in order.
    #[schema(value_type = Option<Vec<String>>, max_items = 100, example = json!(["report"]))]
    pub tags: Vec<String>,
    /// A top-level task of the tenant, which this one is a part of. It has at most 1,000 parts.
    pub parent_id: Option<i64>,
}

impl FromFields for NewTask {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let title = fields.required("title", title);
        let description = fields.nullable("description", fields::any_text);
        let status = fields.optional("status", fields::one_of::<TaskStatus>);
        let priority = fields.optional("priority", fields::one_of::<TaskPriority>);
        let assigned_to = fields.nullable("assigned_to", fields::integer);
        let due_date = fields.nullable("due_date", fields::moment);
        let week_number = fields.required("week_number", week_number);
        let year = fields.required("year", year);
        let tags = fields.nullable("tags", tags);
        let parent_id = fields.nullable("parent_id", fields::integer);
        Some(Self {
            title: title?,
            description,
            status: status.unwrap_or_default(),
            priority: priority.unwrap_or_default(),
            assigned_to,
            due_date,
            week_number: week_number?,
            year: year?,
            tags: tags.unwrap_or_default(),
            parent_id,
        })
    }
}

impl NewTask {
    /// The names of all fields.
    pub const FIELDS: [&str; 10] = [
        "title",
        "description",
        "status",
        "priority",
        "assigned_to",
        "due_date",
        "week_number",
        "year",
        "tags",
        "parent_id",
    ];
    /// The names of those that must be there.
    pub const REQUIRED: [&str; 3] = ["title", "week_number", "year"];

    /// The row to insert, by this user and at this time.
    pub fn into_row(self, scope: &Scope, now: Timestamp) -> TaskRow {
        let Self { title, description, status, priority, assigned_to, due_date, week_number, year, tags, parent_id } =
            self;
        TaskRow {
            id: 0,
            tenant_id: scope.tenant().to_string(),
            title,
            description,
            status,
            priority,
            assigned_to,
            due_date,
            week_number,
            year,
            tags,
            version: 1,
            created_at: now,
            updated_at: now,
            created_by: scope.author(),
            parent_id,
            comment_count: 0,
            assignee: None,
        }
    }
}

/// A change of a task: absent fields stay, null clears.
#[derive(Debug, Clone, ToSchema)]
#[schema(example = json!({"status": "in_progress", "due_date": null}))]
pub struct TaskPatch {
    /// What is to be done.
    #[schema(min_length = 1, max_length = 255, nullable = false, example = "Weekly security report")]
    pub title: Option<String>,
    /// More about it.
    #[schema(value_type = Option<String>)]
    pub description: Change<String>,
    /// How far it is.
    #[schema(nullable = false)]
    pub status: Option<TaskStatus>,
    /// How important it is.
    #[schema(nullable = false)]
    pub priority: Option<TaskPriority>,
    /// An active user of the tenant.
    #[schema(value_type = Option<i64>)]
    pub assigned_to: Change<i64>,
    /// When it must be done.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_date: Change<Timestamp>,
    /// ISO week.
    #[schema(minimum = 1, maximum = 53, nullable = false)]
    pub week_number: Option<i64>,
    /// ISO year.
    #[schema(minimum = 2020, maximum = 2100, nullable = false)]
    pub year: Option<i64>,
    /// Labels, kept in order.
    #[schema(value_type = Option<Vec<String>>, max_items = 100)]
    pub tags: Change<Vec<String>>,
    /// A top-level task of the tenant, with at most 1,000 parts. A task that has subtasks cannot be one.
    #[schema(value_type = Option<i64>)]
    pub parent_id: Change<i64>,
}

impl FromFields for TaskPatch {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            title: fields.optional("title", title),
            description: fields.change("description", fields::any_text),
            status: fields.optional("status", fields::one_of::<TaskStatus>),
            priority: fields.optional("priority", fields::one_of::<TaskPriority>),
            assigned_to: fields.change("assigned_to", fields::integer),
            due_date: fields.change("due_date", fields::moment),
            week_number: fields.optional("week_number", week_number),
            year: fields.optional("year", year),
            tags: fields.change("tags", tags),
            parent_id: fields.change("parent_id", fields::integer),
        })
    }
}

impl TaskPatch {
    /// The tasks that its application to these ones rests on: themselves, and their new parent.
    pub fn reach(&self, ids: &[i64]) -> Vec<i64> {
        let mut ids = ids.to_vec();
        if let Change::Set(parent) = self.parent_id {
            ids.push(parent);
        }
        ids
    }

    /// The bytes of the text that it writes into a task.
    pub fn text_size(&self) -> usize {
        let title = self.title.as_ref().map_or(0, String::len);
        let description = if let Change::Set(text) = &self.description { text.len() } else { 0 };
        let tags = if let Change::Set(tags) = &self.tags { tags.iter().map(String::len).sum::<usize>() } else { 0 };
        title + description + tags
    }

    /// The row with the change applied.
    pub fn apply(self, row: &TaskRow) -> TaskRow {
        let Self { title, description, status, priority, assigned_to, due_date, week_number, year, tags, parent_id } =
            self;
        let mut row = row.clone();
        fields::replace(&mut row.title, title);
        description.apply(&mut row.description);
        fields::replace(&mut row.status, status);
        fields::replace(&mut row.priority, priority);
        assigned_to.apply(&mut row.assigned_to);
        due_date.apply(&mut row.due_date);
        fields::replace(&mut row.week_number, week_number);
        fields::replace(&mut row.year, year);
        match tags {
            Change::Keep => {}
            Change::Clear => row.tags = Vec::new(),
            Change::Set(tags) => row.tags = tags,
        }
        parent_id.apply(&mut row.parent_id);
        row
    }
}

fn title(value: serde_json::Value) -> fields::Read<String> {
    fields::text(1, TITLE_LENGTH)(value)
}

fn week_number(value: serde_json::Value) -> fields::Read<i64> {
    fields::integer_between(WEEKS.0, WEEKS.1)(value)
}

fn year(value: serde_json::Value) -> fields::Read<i64> {
    fields::integer_between(YEARS.0, YEARS.1)(value)
}

fn tags(value: serde_json::Value) -> fields::Read<Vec<String>> {
    fields::list(MAX_TAGS, fields::text_up_to(TAG_LENGTH))(value)
}

/// Which tasks, and which page of them.
#[derive(Debug, Clone, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TaskQuery {
    /// ISO week.
    pub week: Option<i64>,
    /// ISO year.
    pub year: Option<i64>,
    /// How far it is.
    pub status: Option<TaskStatus>,
    /// How important it is.
    pub priority: Option<TaskPriority>,
    /// The assignee's id.
    pub assigned_to: Option<i64>,
    /// The author's id.
    pub created_by: Option<i64>,
    /// The task that they are a part of.
    pub parent_id: Option<i64>,
    /// One of its tags, whole.
    pub tag: Option<String>,
    /// Due at this date or date-time, or later.
    #[param(value_type = Option<String>)]
    pub due_from: Option<Timestamp>,
    /// Due at this date-time or earlier; a bare date includes its day.
    #[param(value_type = Option<String>)]
    pub due_to: Option<Timestamp>,
    /// Text in title, description or tags; case does not count.
    pub q: Option<String>,
    /// Page and order.
    #[serde(skip)]
    #[param(ignore)]
    pub page: Page,
}

impl FromFields for TaskQuery {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            week: fields.optional("week", fields::integer),
            year: fields.optional("year", fields::integer),
            status: fields.optional("status", fields::one_of::<TaskStatus>),
            priority: fields.optional("priority", fields::one_of::<TaskPriority>),
            assigned_to: fields.optional("assigned_to", fields::integer),
            created_by: fields.optional("created_by", fields::integer),
            parent_id: fields.optional("parent_id", fields::integer),
            tag: fields.optional("tag", fields::any_text),
            due_from: fields.optional("due_from", fields::from_moment),
            due_to: fields.optional("due_to", fields::to_moment),
            q: fields.optional("q", fields::search_text),
            page: Page::from_fields::<TaskRow>(fields)?,
        })
    }
}
