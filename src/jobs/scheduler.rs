//! Looks for due jobs, again and again.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::runner;
use crate::app::AppState;

/// The longest pause before the first look, in milliseconds.
const FIRST_PAUSE: u64 = 2_000;
/// The shortest pause between two looks.
const PAUSE: u64 = 25_000;
/// How much longer a pause may be, so that instances that start together do not look together.
const JITTER: u64 = 10_000;

/// Runs the jobs when they are due, until it is told to stop.
pub async fn run(app: AppState, stop: CancellationToken) {
    if app.jobs_at.is_none() {
        info!("JOBS_AT is off: this instance runs no jobs by itself");
        return stop.cancelled().await;
    }
    let mut pause = fastrand::u64(..FIRST_PAUSE);
    while stop.run_until_cancelled(tokio::time::sleep(Duration::from_millis(pause))).await.is_some() {
        if let Err(error) = runner::run_due(&app, &stop).await {
            warn!(%error, "cannot look for due jobs");
        }
        pause = PAUSE + fastrand::u64(..JITTER);
    }
}
