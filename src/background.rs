//! What goes on beside the requests: sealing the audit log, waking streams, sending letters, daily jobs.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use crate::app::AppState;
use crate::{audit, jobs, mail, notifications};

/// How long after a breakdown work is taken up again.
const BACK_OFF: Duration = Duration::from_secs(1);

/// The work that is going on.
#[derive(Debug)]
pub struct Background {
    /// Each ends with its name.
    tasks: JoinSet<&'static str>,
    names: Vec<&'static str>,
    stop: CancellationToken,
}

impl Background {
    /// Starts all of it.
    pub fn start(app: &AppState) -> Self {
        let mut background = Self { tasks: JoinSet::new(), names: Vec::new(), stop: CancellationToken::new() };
        background.keep("the audit log's sealing", app, audit::seal::run);
        background.keep("the bus of notifications", app, notifications::bus::run);
        background.keep("the outbox", app, mail::sender::run);
        background.keep("the jobs", app, jobs::scheduler::run);
        background
    }

    /// Lets each finish what it has begun, until then. Comes after the last request, so that nothing stays unsealed.
    pub async fn stop(self, deadline: Instant) {
        let Self { tasks, names, stop } = self;
        stop.cancel();
        for name in still_running(tasks, names, deadline).await {
            warn!("{name} did not end in time");
        }
    }

    /// Starts one, and starts it again should it break down.
    fn keep<F, Work>(&mut self, name: &'static str, app: &AppState, run: F)
    where
        F: Fn(AppState, CancellationToken) -> Work + Send + 'static,
        Work: Future<Output = ()> + Send + 'static,
    {
        let (app, stop) = (app.clone(), self.stop.clone());
        self.names.push(name);
        self.tasks.spawn(async move {
            while let Err(breakdown) = tokio::spawn(run(app.clone(), stop.clone())).await {
                error!(error = %breakdown, "{name} broke down; it is taken up again");
                sleep(BACK_OFF).await;
            }
            name
        });
    }
}

/// Waits for all of them until then, and gives the names of those that are running still.
async fn still_running(
    mut tasks: JoinSet<&'static str>,
    mut names: Vec<&'static str>,
    deadline: Instant,
) -> Vec<&'static str> {
    while let Ok(Some(ended)) = timeout_at(deadline, tasks.join_next()).await {
        names.retain(|name| !ended.as_ref().is_ok_and(|ended| ended == name));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_does_not_end_is_waited_for_no_longer_than_told() {
        let mut tasks = JoinSet::new();
        tasks.spawn(async { "short" });
        tasks.spawn(async {
            std::future::pending::<()>().await;
            "endless"
        });
        let deadline = Instant::now() + Duration::from_millis(100);
        assert_eq!(still_running(tasks, vec!["short", "endless"], deadline).await, ["endless"]);
        let mut tasks = JoinSet::new();
        tasks.spawn(async { "short" });
        assert!(still_running(tasks, vec!["short"], Instant::now() + Duration::from_secs(60)).await.is_empty());
    }
}
