//! What became of the jobs, for the operator.

use std::fmt;

use super::lease;
use super::lease::store::{self, JobRunRow, RunOutcome};
use super::runner::{daily, next_run};
use super::{JOBS, Job};
use crate::app::AppState;
use crate::clock::Timestamp;
use crate::error::ApiError;

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It was never run.
    Never,
    /// It is being run.
    Running,
    /// Whoever ran it stopped or crashed.
    Interrupted,
    /// It was done.
    Done,
    /// It was not done.
    Failed,
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Never => "never",
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Done => RunOutcome::Done.as_str(),
            Self::Failed => RunOutcome::Failed.as_str(),
        })
    }
}

/// A job and what became of it.
#[derive(Debug)]
pub struct Status {
    /// The job.
    pub job: &'static Job,
    /// How it stands.
    pub state: State,
    /// When it was last begun.
    pub last_run: Option<Timestamp>,
    /// What there was to say of the last run that ended.
    pub message: Option<String>,
    /// When it is to be run next, not before now; nothing where jobs only run by hand.
    pub next_run: Option<Timestamp>,
}

/// Every job.
pub async fn list(app: &AppState) -> Result<Vec<Status>, ApiError> {
    let rows = store::list(&mut app.db.read().await?).await?;
    let now = app.clock.now();
    let status = |job: &'static Job| {
        let row = rows.iter().find(|row| row.name == job.name);
        Status {
            job,
            state: row.map_or(State::Never, |row| state(row, now)),
            last_run: row.and_then(|row| row.last_started_at),
            message: row.and_then(|row| row.last_message.clone()),
            next_run: daily(app).map(|daily| next_run(daily, row, now).max(now)),
        }
    };
    Ok(JOBS.iter().map(status).collect())
}

fn state(row: &JobRunRow, now: Timestamp) -> State {
    if lease::is_held(row.lease_until, now) {
        return State::Running;
    }
    match (row.last_finished_at, row.last_outcome) {
        // Its end was not written down.
        (finished, _) if finished < row.last_started_at => State::Interrupted,
        (_, Some(RunOutcome::Done)) => State::Done,
        (_, Some(RunOutcome::Failed)) => State::Failed,
        (_, None) => State::Never,
    }
}
