//! The daily jobs, on a clock that the tests move.

mod clean_up;
mod command_line;
mod ends;
mod leases;
mod overdue;
mod reminders;
mod simulation;

use bizcenter::app::AppState;
use bizcenter::config::Config;
use bizcenter::db::{Db, sql};
use bizcenter::jobs::{self, Report};
use tokio_util::sync::CancellationToken;

use crate::app::TestApp;

/// In seconds.
const DAY: i64 = 86_400;

const ALL: [&str; 5] = ["contract_ends", "contract_reminders", "overdue_tasks", "audit_retention", "clean_up"];

/// Runs what is due, which must go well; gives what was run.
async fn run_due(app: &AppState) -> Vec<&'static str> {
    let reports = jobs::run_due(app).await.unwrap();
    for (job, report) in &reports {
        assert!(matches!(report, Report::Done(_)), "{job}: {report:?}");
    }
    reports.into_iter().map(|(job, _)| job).collect()
}

/// Runs a job by hand.
pub async fn run(app: &AppState, job: &str) -> Report {
    jobs::run(app, jobs::find(job).unwrap(), &CancellationToken::new()).await.unwrap()
}

/// Another instance on the same database, with the same clock.
async fn another_instance(app: &TestApp) -> AppState {
    let settings = [("APP_ENV", "test"), ("DATABASE_URL", app.database_url.as_str()), ("DB_POOL_SIZE", "4")];
    let lookup = |name: &str| settings.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    let config = Config::from_lookup(lookup).unwrap();
    AppState::new(&config, Db::connect(&config.database).await.unwrap(), app.state.clock.clone())
}

/// Whom was told what about contracts and overdue tasks, after the notice with this id: user, kind, row. Gives the last
/// id, too.
async fn notices_after(app: &TestApp, last: i64) -> (i64, Vec<(i64, String, i64)>) {
    let select = sql("select id, user_id, kind, resource_id from notifications where id > ? and \
                      (kind like 'contract%' or kind = 'task_overdue') order by id");
    let rows: Vec<(i64, i64, String, i64)> = app.db().read().await.unwrap().fetch_all(select.bind(last)).await.unwrap();
    let last = rows.last().map_or(last, |(id, ..)| *id);
    let mut notices: Vec<_> = rows.into_iter().map(|(_, user, kind, row)| (user, kind, row)).collect();
    notices.sort();
    (last, notices)
}

/// Whom was told what so far.
async fn notices(app: &TestApp) -> Vec<(i64, String, i64)> {
    notices_after(app, 0).await.1
}

/// A notice about a contract or task.
fn notice(user: i64, kind: &str, row: i64) -> (i64, String, i64) {
    (user, kind.to_owned(), row)
}
