//! What is done behind an answer: no caller waits for it, but the server does when it stops.

use std::sync::{Mutex, PoisonError};

use tokio::task::JoinSet;

/// What is being done.
#[derive(Debug, Default)]
pub struct Errands(Mutex<JoinSet<()>>);

impl Errands {
    /// Begins with it.
    pub fn send(&self, errand: impl Future<Output = ()> + Send + 'static) {
        self.change(|running| {
            while running.try_join_next().is_some() {}
            running.spawn(errand);
        });
    }

    /// Waits until all that was begun is done.
    pub async fn done(&self) {
        let mut running = self.change(std::mem::take);
        while running.join_next().await.is_some() {}
    }

    fn change<T>(&self, change: impl FnOnce(&mut JoinSet<()>) -> T) -> T {
        // A set is whole even if somebody panicked beside it.
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn whoever_waits_finds_all_of_them_done() {
        let (errands, done) = (Errands::default(), Arc::new(AtomicU32::new(0)));
        for pause in 1..=20 {
            let done = Arc::clone(&done);
            errands.send(async move {
                tokio::time::sleep(Duration::from_millis(pause)).await;
                assert_ne!(pause, 7, "one that breaks down keeps nobody waiting");
                done.fetch_add(1, Ordering::SeqCst);
            });
        }
        errands.done().await;
        assert_eq!(done.load(Ordering::SeqCst), 19);
    }
}
