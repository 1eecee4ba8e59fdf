//! Meetings as CSV.

use serde_json::Value;

use super::store::{self, MeetingParts, MeetingRow};
use super::types::{Meeting, MeetingQuery};
use crate::app::AppState;
use crate::auth::Scope;
use crate::csv_export::Export;
use crate::error::ApiError;

/// All meetings that match.
pub struct MeetingExport {
    /// The application.
    pub app: AppState,
    /// Whose meetings.
    pub scope: Scope,
    /// Which of them.
    pub query: MeetingQuery,
}

impl Export for MeetingExport {
    const FILE: &'static str = "meetings.csv";
    const COLUMNS: &'static [(&'static str, &'static str)] = &[
        ("id", "/id"),
        ("title", "/title"),
        ("meeting_date", "/meeting_date"),
        ("location", "/location"),
        ("status", "/status"),
        ("agenda", "/agenda"),
        ("notes", "/notes"),
        ("decisions", "/decisions"),
        ("attendees", "/attendees/*/user_name"),
        ("action_items", "/action_items/*/description"),
        ("published_at", "/published_at"),
        ("created_at", "/created_at"),
        ("updated_at", "/updated_at"),
        ("version", "/version"),
    ];
    type Row = (MeetingRow, MeetingParts);

    async fn ids(&self) -> Result<Vec<i64>, ApiError> {
        Ok(store::ids(&mut self.app.db.read().await?, &self.scope, &self.query).await?)
    }

    async fn rows(&self, ids: &[i64]) -> Result<Vec<Self::Row>, ApiError> {
        let mut conn = self.app.db.read().await?;
        let rows = store::rows(&mut conn, &self.scope, ids).await?;
        let mut parts = store::parts(&mut conn, &self.scope, &rows).await?;
        let with_parts = rows.into_iter().map(|row| {
            let parts = parts.remove(&row.id).unwrap_or_default();
            (row, parts)
        });
        Ok(with_parts.collect())
    }

    fn json(&self, (row, parts): Self::Row) -> serde_json::Result<Value> {
        serde_json::to_value(Meeting::new(row, parts))
    }
}
