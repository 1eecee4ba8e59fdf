//! Deletes what the audit log need not keep any longer.

use super::Run;
use crate::audit::retention;
use crate::error::ApiError;

/// Deletes audit rows older than `AUDIT_RETENTION_DAYS`. The log knows no lease, and needs none: it locks what it
/// shortens, and to shorten it twice does no harm.
pub async fn run(run: &Run) -> Result<String, ApiError> {
    let (app, now) = (&run.app, run.app.clock.now());
    let older_than = retention::oldest_kept(now, app.audit_retention_days);
    let deleted = retention::delete_expired(&app.db, &app.audit_key, older_than, now).await?;
    Ok(format!("{deleted} audit rows deleted"))
}
