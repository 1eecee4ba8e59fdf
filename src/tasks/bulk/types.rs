//! Bodies and answers of many tasks.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Draft;
use crate::error::{FieldFault, FieldFaults, FieldMessage};
use crate::fields::{self, Fields, FromFields, Read};
use crate::tasks::types::{NewTask, Task, TaskPatch};

/// The most tasks of a request.
const MAX_TASKS: usize = 500;

/// The most text that a change writes, in MiB: it is written once for each of its tasks.
const MAX_TEXT: usize = 4;

/// New tasks.
#[derive(Debug, Clone, ToSchema)]
#[schema(example = json!({"tasks": [
    {"title": "Weekly security report", "week_number": 7, "year": 2026},
    {"title": "Review the firewall's rules", "week_number": 7, "year": 2026, "priority": "high"},
]}))]
pub struct NewTasks {
    /// The tasks.
    #[schema(
        value_type = Vec<NewTask>, min_items = 1, max_items = 500,
        example = json!([{"title": "Weekly security report", "week_number": 7, "year": 2026}]),
    )]
    pub tasks: Vec<Draft>,
}

impl FromFields for NewTasks {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let tasks = fields.required("tasks", some)?;
        let draft = |(index, task): (usize, Value)| Draft { place: index.to_string(), task: Fields::read_body(task) };
        Some(Self { tasks: tasks.into_iter().enumerate().map(draft).collect() })
    }
}

/// One change of many tasks.
#[derive(Debug, Clone, ToSchema)]
#[schema(example = json!({"ids": [1, 2], "changes": {"status": "in_progress"}}))]
pub struct TasksPatch {
    /// The tasks, each once.
    #[schema(min_items = 1, max_items = 500, example = json!([1]))]
    pub ids: Vec<i64>,
    /// What changes in each of them. Its text, times the number of tasks, is at most 4 MiB.
    pub changes: TaskPatch,
}

impl FromFields for TasksPatch {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let ids = fields.required("ids", ids);
        let changes = fields.required("changes", |value| Fields::read_body(value).map_err(FieldFault::Parts));
        let patch = Self { ids: ids?, changes: changes? };
        if patch.changes.text_size() * patch.ids.len() > MAX_TEXT * 1024 * 1024 {
            fields.fault("changes", FieldMessage::TooMuchText(MAX_TEXT));
        }
        Some(patch)
    }
}

/// A list of at least one value, and not too many.
fn some(value: Value) -> Read<Vec<Value>> {
    let Value::Array(values) = value else { return Err(FieldMessage::NotAList.into()) };
    if !(1..=MAX_TASKS).contains(&values.len()) {
        return Err(FieldMessage::Length(1, MAX_TASKS).into());
    }
    Ok(values)
}

fn ids(value: Value) -> Read<Vec<i64>> {
    let ids = fields::list(MAX_TASKS, fields::integer)(Value::Array(some(value)?))?;
    let (mut seen, mut faults) = (HashSet::new(), FieldFaults::default());
    for (index, id) in ids.iter().enumerate() {
        if !seen.insert(id) {
            faults.add(index.to_string(), FieldMessage::Repeated);
        }
    }
    if faults.is_empty() { Ok(ids) } else { Err(FieldFault::Parts(faults)) }
}

/// The answer to a change of many tasks.
#[derive(Debug, Serialize, ToSchema)]
pub struct TasksChanged {
    /// For people.
    #[schema(value_type = String, example = "Tasks created successfully")]
    pub message: &'static str,
    /// The tasks as they are now, in the order of the request.
    pub tasks: Vec<Task>,
}
