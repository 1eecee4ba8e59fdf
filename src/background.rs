//! What goes on beside the requests: sealing the audit log, waking streams, sending letters, daily jobs.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::app::AppState;
use crate::{audit, jobs, mail, notifications};

/// How long after a breakdown work is taken up again.
const BACK_OFF: Duration = Duration::from_secs(1);

/// The work that is going on.
#[derive(Debug)]
pub struct Background {
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

impl Background {
    /// Starts all of it.
    pub fn start(app: &AppState) -> Self {
        let mut background = Self { tasks: JoinSet::new(), stop: CancellationToken::new() };
        background.keep("the audit log's sealing", app, audit::seal::run);
        background.keep("the bus of notifications", app, notifications::bus::run);
        background.keep("the outbox", app, mail::sender::run);
        background.keep("the jobs", app, jobs::scheduler::run);
        background
    }

    /// Lets each finish what it has begun. Comes after the last request, so that nothing stays unsealed.
    pub async fn stop(self) {
        let Self { tasks, stop } = self;
        stop.cancel();
        tasks.join_all().await;
    }

    /// Starts one, and starts it again should it break down.
    fn keep<F, Work>(&mut self, name: &'static str, app: &AppState, run: F)
    where
        F: Fn(AppState, CancellationToken) -> Work + Send + 'static,
        Work: Future<Output = ()> + Send + 'static,
    {
        let (app, stop) = (app.clone(), self.stop.clone());
        self.tasks.spawn(async move {
            while let Err(breakdown) = tokio::spawn(run(app.clone(), stop.clone())).await {
                error!(error = %breakdown, "{name} broke down; it is taken up again");
                sleep(BACK_OFF).await;
            }
        });
    }
}
