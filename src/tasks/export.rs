//! Tasks as CSV.

use super::store;
use super::types::{Task, TaskQuery};
use crate::app::AppState;
use crate::auth::Scope;
use crate::csv_export::{Export, Step};
use crate::error::ApiError;
use crate::page::Page;

/// All tasks that match.
pub struct TaskExport {
    /// The application.
    pub app: AppState,
    /// Whose tasks.
    pub scope: Scope,
    /// Which of them.
    pub query: TaskQuery,
}

impl Export for TaskExport {
    const FILE: &'static str = "tasks.csv";
    const COLUMNS: &'static [(&'static str, &'static str)] = &[
        ("id", "/id"),
        ("title", "/title"),
        ("description", "/description"),
        ("status", "/status"),
        ("priority", "/priority"),
        ("assigned_to", "/assigned_to"),
        ("assignee_name", "/assignee/name"),
        ("due_date", "/due_date"),
        ("week_number", "/week_number"),
        ("year", "/year"),
        ("tags", "/tags"),
        ("parent_id", "/parent_id"),
        ("comment_count", "/comment_count"),
        ("created_at", "/created_at"),
        ("updated_at", "/updated_at"),
        ("created_by", "/created_by"),
        ("version", "/version"),
    ];

    async fn step(&self, page: &Page) -> Result<Step, ApiError> {
        let (rows, next) = store::walk(&mut self.app.db.read().await?, &self.scope, &self.query, page).await?;
        let tasks = rows.into_iter().map(|row| serde_json::to_value(Task::from(row)));
        Ok((tasks.collect::<Result<_, _>>().map_err(ApiError::internal)?, next))
    }
}
