//! Tasks as CSV.

use serde_json::Value;

use super::row::TaskRow;
use super::store;
use super::types::{Task, TaskQuery};
use crate::app::AppState;
use crate::auth::Scope;
use crate::csv_export::Export;
use crate::error::ApiError;

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
    type Row = TaskRow;

    async fn ids(&self) -> Result<Vec<i64>, ApiError> {
        Ok(store::ids(&mut self.app.db.read().await?, &self.scope, &self.query).await?)
    }

    async fn rows(&self, ids: &[i64]) -> Result<Vec<TaskRow>, ApiError> {
        Ok(store::rows(&mut self.app.db.read().await?, &self.scope, ids).await?)
    }

    fn json(&self, row: TaskRow) -> serde_json::Result<Value> {
        serde_json::to_value(Task::from(row))
    }
}
