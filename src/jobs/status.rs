//! What became of the jobs, for the operator.

use std::fmt;
use std::time::Duration;

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
    /// How long that took, if it has ended.
    pub duration: Option<Duration>,
    /// What there was to say of it then.
    pub message: Option<String>,
    /// When it is to be run next, not before now; of one that is being run, if that goes well. Nothing where jobs only
    /// run by hand.
    pub next_run: Option<Timestamp>,
}

/// Every job.
pub async fn list(app: &AppState) -> Result<Vec<Status>, ApiError> {
    let rows = store::list(&mut app.db.read().await?).await?;
    let now = app.clock.now();
    let status = |job: &'static Job| {
        let row = rows.iter().find(|row| row.name == job.name);
        let state = row.map_or(State::Never, |row| state(row, now));
        // What the run before it left behind says nothing of one that has not ended.
        let ended = row.filter(|_| matches!(state, State::Done | State::Failed));
        let duration = ended.and_then(|row| u64::try_from(row.last_duration_ms?).ok());
        Status {
            job,
            state,
            last_run: row.and_then(|row| row.last_started_at),
            duration: duration.map(Duration::from_millis),
            message: ended.and_then(|row| row.last_message.clone()),
            next_run: daily(app).map(|daily| match state {
                State::Running => daily.next(now),
                _ => next_run(daily, row, now).max(now),
            }),
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
