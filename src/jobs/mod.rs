//! The daily work: each job is done once a day, by one instance, and can be run by hand.
//!
//! A job is written so that one run catches up on every day that was missed, and a second run finds nothing to do.

mod audit_retention;
mod calendar;
mod clean_up;
mod contract_ends;
mod contract_reminders;
pub mod lease;
mod overdue_tasks;
mod runner;
pub mod scheduler;
mod status;
mod store;
mod tenants;

use std::pin::Pin;
use std::sync::Arc;

use chrono::NaiveDate;
use tokio_util::sync::CancellationToken;

use self::lease::Lease;
use crate::app::AppState;
use crate::error::ApiError;

pub use runner::{Report, run};
pub use status::{State, Status, list};

/// A piece of daily work.
#[derive(Debug)]
pub struct Job {
    /// By which it is run by hand.
    pub name: &'static str,
    /// What it does, for the operator.
    pub description: &'static str,
    work: for<'a> fn(&'a Run) -> Work<'a>,
}

/// What a job does; gives what there is to say of it.
type Work<'a> = Pin<Box<dyn Future<Output = Result<String, ApiError>> + Send + 'a>>;

/// A run of a job.
pub struct Run {
    /// The application.
    app: AppState,
    /// Each transaction of the run begins with holding it.
    lease: Arc<Lease>,
    /// The day on which the run began, where the users are.
    today: NaiveDate,
}

/// Every job, in the order in which they are run: contracts that follow others may end soon themselves.
pub static JOBS: [Job; 5] = [
    Job {
        name: "contract_ends",
        description: "Lets contracts past their last day expire, or renews those that renew themselves",
        work: |run| Box::pin(contract_ends::run(run)),
    },
    Job {
        name: "contract_reminders",
        description: "Tells owners and admins of contracts that end within 30 and 7 days",
        work: |run| Box::pin(contract_reminders::run(run)),
    },
    Job {
        name: "overdue_tasks",
        description: "Tells those who have to do them of tasks past their due date",
        work: |run| Box::pin(overdue_tasks::run(run)),
    },
    Job {
        name: "audit_retention",
        description: "Deletes audit rows older than AUDIT_RETENTION_DAYS",
        work: |run| Box::pin(audit_retention::run(run)),
    },
    Job {
        name: "clean_up",
        description: "Deletes what has expired: kept answers, letters, notifications, invitations, tokens, tickets",
        work: |run| Box::pin(clean_up::run(run)),
    },
];

/// The job of this name.
pub fn find(name: &str) -> Option<&'static Job> {
    JOBS.iter().find(|job| job.name == name)
}

/// Runs the jobs that are due now, one after the other; gives what came of each that was tried. What the scheduler does
/// every half a minute.
pub async fn run_due(app: &AppState) -> Result<Vec<(&'static str, Report)>, ApiError> {
    runner::run_due(app, &CancellationToken::new()).await
}
