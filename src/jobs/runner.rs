//! Runs jobs, each under its lease.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{info, warn};

use super::calendar::Daily;
use super::lease::store::{self, Ended, JobRunRow, RunOutcome};
use super::lease::{self, Lease};
use super::{JOBS, Job, Run};
use crate::app::AppState;
use crate::clock::Timestamp;
use crate::error::ApiError;

/// How long a job rests after it failed once; after each further time twice as long.
const SHORTEST_REST: TimeDelta = TimeDelta::minutes(1);
/// How long it rests at most.
const LONGEST_REST: TimeDelta = TimeDelta::hours(1);
/// How long a run may take. One that hangs would keep its lease for as long as it is kept alive.
pub const LONGEST_RUN: Duration = Duration::from_secs(3600);
/// The most letters of a message that are kept.
const MESSAGE_LENGTH: usize = 1000;

/// What came of trying to run a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// It is done; this is what there is to say of it.
    Done(String),
    /// It is not done, for this reason.
    Failed(String),
    /// Somebody else runs it.
    Busy,
    /// Somebody else has taken it over, after this run was not heard of for too long.
    Lost,
    /// The process was told to stop; the job is still to be done.
    Stopped,
}

/// Runs the job, unless somebody else does.
pub async fn run(app: &AppState, job: &'static Job, stop: &CancellationToken) -> Result<Report, ApiError> {
    match Lease::take(app, job.name, None).await? {
        Some(lease) => work(app, job, lease, stop).await,
        None => Ok(Report::Busy),
    }
}

/// Runs what is due, in the order of the table. While somebody else runs a job, what comes after it waits for the next
/// look.
pub async fn run_due(app: &AppState, stop: &CancellationToken) -> Result<Vec<(&'static str, Report)>, ApiError> {
    let mut reports = Vec::new();
    let Some(daily) = daily(app) else { return Ok(reports) };
    for job in &JOBS {
        let row = store::find(&mut app.db.read().await?, job.name).await?;
        if stop.is_cancelled() || !is_due(daily, row.as_ref(), app.clock.now()) {
            continue;
        }
        let is_running = lease::is_held(row.as_ref().and_then(|row| row.lease_until), app.clock.now());
        // Only if nobody has run it since it was seen to be due: whoever takes it counts, but not whoever ends it.
        let runs = row.map_or(0, |row| row.runs);
        let lease = if is_running { None } else { Lease::take(app, job.name, Some(runs)).await? };
        let report = match lease {
            Some(lease) => work(app, job, lease, stop).await?,
            None => Report::Busy,
        };
        let goes_on = matches!(report, Report::Done(_) | Report::Failed(_));
        reports.push((job.name, report));
        if !goes_on {
            break;
        }
    }
    Ok(reports)
}

async fn work(app: &AppState, job: &'static Job, lease: Lease, stop: &CancellationToken) -> Result<Report, ApiError> {
    let lease = Arc::new(lease);
    let run = Run { app: app.clone(), lease: Arc::clone(&lease), today: app.today() };
    // In a task of its own: a job that panics has failed, and rests like any other one that has.
    let task = AbortOnDropHandle::new(tokio::spawn(async move { (job.work)(&run).await }));
    let work = async { task.await.unwrap_or_else(|panic| Err(ApiError::internal(panic))) };
    // Until when the day's work is done by this run; without a daily time no day is done.
    let day = daily(app).map(|daily| daily.day(lease.taken_at));
    let worked = tokio::select! {
        worked = lease::within(LONGEST_RUN, work) => worked,
        () = lease.keep(app) => return Ok(lost(job)),
        // Dropping the task undoes its open transaction, here as where it takes too long.
        () = stop.cancelled() => {
            lease.give_back(app).await?;
            info!(job = job.name, "job stopped before its end");
            return Ok(Report::Stopped);
        }
    };
    let (outcome, message, day) = match &worked {
        Ok(message) => (RunOutcome::Done, message.clone(), day),
        Err(error) => (RunOutcome::Failed, reason(error), None),
    };
    let message: String = message.chars().take(MESSAGE_LENGTH).collect();
    let finished_at = app.clock.now();
    let duration_ms = (finished_at.micros() - lease.taken_at.micros()).max(0) / 1000;
    let ended = Ended { outcome, message: message.clone(), day, finished_at, duration_ms };
    if !lease.end(app, &ended).await? {
        return Ok(lost(job));
    }
    if worked.is_ok() {
        info!(job = job.name, ms = duration_ms, result = message, "job done");
        Ok(Report::Done(message))
    } else {
        warn!(job = job.name, ms = duration_ms, result = message, "job failed");
        Ok(Report::Failed(message))
    }
}

fn lost(job: &Job) -> Report {
    warn!(job = job.name, "another instance has taken the job over");
    Report::Lost
}

/// Why it failed, for the operator.
pub fn reason(error: &ApiError) -> String {
    error.cause().map_or_else(|| error.to_string(), |cause| cause.to_string())
}

/// When the jobs are due; nothing where they only run by hand.
pub fn daily(app: &AppState) -> Option<Daily> {
    app.jobs_at.map(|at| Daily { at, zone: app.timezone })
}

/// When the job is to be run next; now or earlier when it is due. What a wrong clock has left behind, far ahead of now,
/// does not count: it would keep the job from being done until then.
pub fn next_run(daily: Daily, row: Option<&JobRunRow>, now: Timestamp) -> Timestamp {
    let Some(row) = row else { return now };
    let day = daily.day(now);
    let next_day = day.succ_opt().unwrap_or(day);
    // Ahead of its time was done what was done before the time was put off.
    if let Some(last) = row.last_day.filter(|last| (day..=next_day).contains(last)) {
        return daily.on(last.succ_opt().unwrap_or(last));
    }
    let rest = rest(row.failures);
    match row.last_finished_at {
        Some(failed_at) if row.failures > 0 && failed_at.utc() <= now.utc() + rest => {
            Timestamp::new(failed_at.utc() + rest)
        }
        _ => now,
    }
}

fn is_due(daily: Daily, row: Option<&JobRunRow>, now: Timestamp) -> bool {
    next_run(daily, row, now) <= now
}

/// How long a job rests after it failed that often.
fn rest(failures: i64) -> TimeDelta {
    // Six times twice as long is more than the longest already.
    let doublings = failures.clamp(1, 7) - 1;
    (SHORTEST_REST * (1_i32 << doublings)).min(LONGEST_REST)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, NaiveTime};
    use chrono_tz::Tz;

    use super::*;
    use crate::clock::Clock;
    use crate::config::Config;
    use crate::db::Db;

    #[test]
    fn a_failing_job_rests_twice_as_long_each_time_up_to_an_hour() {
        let minutes: Vec<i64> = (1..=9).map(|failures| rest(failures).num_minutes()).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(rest(i64::MAX), LONGEST_REST);
    }

    #[test]
    fn a_job_whose_time_is_put_off_after_it_was_done_is_done_the_next_day() {
        let moment = |text: &str| Timestamp::new(text.parse::<DateTime<chrono::Utc>>().unwrap());
        let at = |hour| Daily { at: NaiveTime::from_hms_opt(hour, 0, 0).unwrap(), zone: Tz::UTC };
        let row = |last_day: &str| JobRunRow {
            name: "job".into(),
            lease_until: None,
            runs: 1,
            failures: 0,
            last_day: Some(last_day.parse().unwrap()),
            last_started_at: None,
            last_finished_at: None,
            last_outcome: None,
            last_message: None,
            last_duration_ms: None,
        };
        let now = moment("2026-02-07T10:00:00Z");
        for (hour, last_day, next) in [
            (3, "2026-02-07", "2026-02-08T03:00:00Z"),
            // From 03:00 to 20:00.
            (20, "2026-02-07", "2026-02-08T20:00:00Z"),
            (20, "2026-02-06", "2026-02-07T20:00:00Z"),
            // From 20:00 to 03:00: it is due now.
            (3, "2026-02-06", "2026-02-07T10:00:00Z"),
        ] {
            let (daily, row) = (at(hour), row(last_day));
            let next = moment(next);
            assert_eq!(next_run(daily, Some(&row), now), next, "{hour} {last_day}");
            // As the scheduler will see it.
            let before = Timestamp::from_micros(next.micros() - 1).unwrap();
            assert!(is_due(daily, Some(&row), next));
            assert!(next == now || !is_due(daily, Some(&row), before), "{hour} {last_day}");
        }
    }

    #[tokio::test]
    async fn a_job_that_panics_has_failed_and_rests() {
        static JOB: Job = Job {
            name: "job",
            description: "",
            work: |_| {
                Box::pin(async {
                    assert!(JOBS.is_empty(), "so what");
                    Ok::<_, ApiError>(String::new())
                })
            },
        };
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:///{}", dir.path().join("test.db").display());
        let settings = [("APP_ENV", "test"), ("DATABASE_URL", url.as_str())];
        let setting = |name: &str| settings.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let config = Config::from_lookup(setting).unwrap();
        let db = Db::connect(&config.database).await.unwrap();
        db.migrate().await.unwrap();
        let app = AppState::new(&config, db, Clock::System);
        for failures in 1..=2 {
            let report = run(&app, &JOB, &CancellationToken::new()).await.unwrap();
            assert!(matches!(&report, Report::Failed(reason) if reason.contains("so what")), "{report:?}");
            let row = store::find(&mut app.db.read().await.unwrap(), JOB.name).await.unwrap().unwrap();
            assert_eq!((row.failures, row.last_outcome.map(RunOutcome::as_str)), (failures, Some("failed")));
            assert_eq!((row.lease_until, row.last_day), (None, None));
        }
    }
}
