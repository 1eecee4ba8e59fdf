//! Meetings as CSV.

use super::store;
use super::types::{Meeting, MeetingQuery};
use crate::app::AppState;
use crate::auth::Scope;
use crate::csv_export::{Export, Step};
use crate::error::ApiError;
use crate::page::Page;

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

    async fn step(&self, page: &Page) -> Result<Step, ApiError> {
        let mut conn = self.app.db.read().await?;
        let (rows, next) = store::walk(&mut conn, &self.scope, &self.query, page).await?;
        let mut parts = store::parts(&mut conn, &self.scope, &rows).await?;
        let meetings = rows.into_iter().map(|row| {
            let parts = parts.remove(&row.id).unwrap_or_default();
            serde_json::to_value(Meeting::new(row, parts))
        });
        Ok((meetings.collect::<Result<_, _>>().map_err(ApiError::internal)?, next))
    }
}
