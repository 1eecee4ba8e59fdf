//! Deletes what the audit log need not keep any longer.

use super::Run;
use crate::audit::retention;
use crate::error::ApiError;

/// Deletes audit rows older than `AUDIT_RETENTION_DAYS`.
pub async fn run(run: &Run<'_>) -> Result<String, ApiError> {
    let deleted = retention::delete_expired(run.app, run.app.clock.now()).await?;
    Ok(format!("{deleted} audit rows deleted"))
}
