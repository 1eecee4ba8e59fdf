//! What goes on beside the requests: sealing the audit log, waking streams, sending letters, daily jobs.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{error, warn};

use crate::app::AppState;
use crate::{audit, jobs, mail, notifications};

/// How long after a breakdown work is taken up again.
const BACK_OFF: Duration = Duration::from_secs(1);

/// The work that is going on.
#[derive(Debug)]
pub struct Background {
    /// Each gives its name when it ends.
    tasks: JoinSet<&'static str>,
    running: BTreeSet<&'static str>,
    /// Stops what need not wait for the last request.
    early: CancellationToken,
    /// Stops the rest.
    late: CancellationToken,
}

impl Background {
    /// Starts all of it.
    pub fn start(app: &AppState) -> Self {
        let (early, late) = (app.stopping.child_token(), CancellationToken::new());
        let mut background = Self::new(early.clone(), late.clone());
        background.keep("the audit log's sealing", app, late, audit::seal::run);
        background.keep("the bus of notifications", app, early.clone(), notifications::bus::run);
        background.keep("the outbox", app, early.clone(), mail::sender::run);
        background.keep("the jobs", app, early, jobs::scheduler::run);
        background
    }

    fn new(early: CancellationToken, late: CancellationToken) -> Self {
        Self { tasks: JoinSet::new(), running: BTreeSet::new(), early, late }
    }

    /// Lets each finish what it has begun, but not for ever. Comes after the last request, so that nothing stays
    /// unsealed; all but the sealing has been told to stop when the server was.
    pub async fn stop(self, longest: Duration) {
        let Self { mut tasks, mut running, early, late } = self;
        early.cancel();
        late.cancel();
        let all = async {
            while let Some(ended) = tasks.join_next().await {
                match ended {
                    Ok(name) => _ = running.remove(name),
                    Err(breakdown) => error!(error = %breakdown, "work in the background broke down"),
                }
            }
        };
        if timeout(longest, all).await.is_err() {
            for name in running {
                warn!("{name} did not end within {longest:?}; it is broken off");
            }
        }
        tasks.shutdown().await;
    }

    /// Starts one, and starts it again should it break down.
    fn keep<State, F, Work>(&mut self, name: &'static str, state: &State, stop: CancellationToken, run: F)
    where
        State: Clone + Send + 'static,
        F: Fn(State, CancellationToken) -> Work + Send + 'static,
        Work: Future<Output = ()> + Send + 'static,
    {
        let state = state.clone();
        self.running.insert(name);
        self.tasks.spawn(async move {
            // Breaking this off breaks off the work, too.
            while let Err(breakdown) = AbortOnDropHandle::new(tokio::spawn(run(state.clone(), stop.clone()))).await {
                error!(error = %breakdown, "{name} broke down; it is taken up again");
                sleep(BACK_OFF).await;
            }
            name
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Instant;

    use super::*;

    const LONG: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn all_but_the_sealing_stops_before_the_last_request() {
        let stopping = CancellationToken::new();
        let (early, late) = (stopping.child_token(), CancellationToken::new());
        let mut background = Background::new(early.clone(), late.clone());
        let run = |(): (), stop: CancellationToken| async move { stop.cancelled().await };
        background.keep("late", &(), late, run);
        background.keep("early", &(), early, run);
        stopping.cancel();
        assert_eq!(timeout(LONG, background.tasks.join_next()).await.unwrap().unwrap().unwrap(), "early");
        assert!(timeout(Duration::from_millis(50), background.tasks.join_next()).await.is_err());
        let begun = Instant::now();
        background.stop(LONG).await;
        assert!(begun.elapsed() < LONG);
    }

    #[tokio::test]
    async fn what_does_not_end_is_broken_off() {
        let mut background = Background::new(CancellationToken::new(), CancellationToken::new());
        let alive = Arc::new(());
        background.keep("hung", &alive, background.early.clone(), |alive, _| async move {
            let _alive: Arc<()> = alive;
            std::future::pending::<()>().await;
        });
        timeout(LONG, background.stop(Duration::from_millis(50))).await.unwrap();
        let gone = async {
            while Arc::strong_count(&alive) > 1 {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(LONG, gone).await.unwrap();
    }

    #[tokio::test]
    async fn what_breaks_down_is_taken_up_again() {
        let mut background = Background::new(CancellationToken::new(), CancellationToken::new());
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        background.keep("broken", &sender, background.late.clone(), |sender, _| async move {
            sender.send(()).unwrap();
            assert!(sender.is_closed(), "broken");
        });
        for _ in 0..2 {
            timeout(LONG, receiver.recv()).await.unwrap().unwrap();
        }
    }
}
