//! Who listens on this instance: the open streams by their users, and what wakes them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, Semaphore, SemaphorePermit, watch};

use crate::error::{ApiError, Code, RateLimit};

/// The most open streams of a user: a dozen pages in a browser, and some to spare for those that went without a word.
const STREAMS_OF_A_USER: u32 = 20;
/// The most open streams of this instance; each takes a connection and some kilobytes.
const STREAMS: usize = 10_000;
/// Seconds after which one of the user's streams may have been found dead.
const RETRY_AFTER: u64 = 15;

/// How many streams read at once: as one they would each take room for it, while a few connections to the database
/// serve them one after the other anyway.
const READERS: usize = 16;

/// The open streams of this instance.
#[derive(Debug)]
pub struct Subscribers {
    listeners: Mutex<Listeners>,
    arrived: Notify,
    readers: Semaphore,
}

impl Default for Subscribers {
    fn default() -> Self {
        Self { listeners: Mutex::default(), arrived: Notify::new(), readers: Semaphore::new(READERS) }
    }
}

#[derive(Debug, Default)]
struct Listeners {
    by_user: HashMap<i64, Listener>,
    streams: usize,
}

/// A user with open streams.
#[derive(Debug)]
struct Listener {
    bell: watch::Sender<()>,
    streams: u32,
}

/// An open stream; it counts until it is dropped.
#[derive(Debug)]
pub struct Subscription {
    subscribers: Arc<Subscribers>,
    user: i64,
    bell: watch::Receiver<()>,
}

impl Subscribers {
    /// Adds a stream of this user; 429 when he has too many, 503 when all together are too many.
    pub fn subscribe(self: &Arc<Self>, user: i64) -> Result<Subscription, ApiError> {
        let mut listeners = self.lock();
        if listeners.streams >= STREAMS {
            return Err(Code::Unavailable.into());
        }
        let listener =
            listeners.by_user.entry(user).or_insert_with(|| Listener { bell: watch::Sender::new(()), streams: 0 });
        if listener.streams >= STREAMS_OF_A_USER {
            let quota = STREAMS_OF_A_USER;
            let limit = RateLimit { name: "streams", quota, window: RETRY_AFTER, reset: RETRY_AFTER };
            return Err(ApiError::rate_limited(Code::TooManyStreams, limit));
        }
        listener.streams += 1;
        let bell = listener.bell.subscribe();
        listeners.streams += 1;
        drop(listeners);
        self.arrived.notify_one();
        Ok(Subscription { subscribers: Arc::clone(self), user, bell })
    }

    /// Waits until one more stream may read. Nothing only if the semaphore were closed, which nobody does.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.readers.acquire().await.ok()
    }

    /// Whether nobody listens.
    pub fn are_none(&self) -> bool {
        self.lock().streams == 0
    }

    /// Waits until somebody listens.
    pub async fn any(&self) {
        while self.are_none() {
            self.arrived.notified().await;
        }
    }

    /// Wakes the streams of this user, if there are any.
    pub fn wake(&self, user: i64) {
        if let Some(listener) = self.lock().by_user.get(&user) {
            listener.bell.send_replace(());
        }
    }

    fn leave(&self, user: i64) {
        let mut listeners = self.lock();
        listeners.streams = listeners.streams.saturating_sub(1);
        if let Some(listener) = listeners.by_user.get_mut(&user) {
            listener.streams = listener.streams.saturating_sub(1);
            if listener.streams == 0 {
                listeners.by_user.remove(&user);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Listeners> {
        // Nothing panics while it is held, and counts are whole at any time.
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscription {
    /// Waits until there may be something new. Whoever is woken while he does not wait is told when he does.
    pub async fn woken(&mut self) {
        if self.bell.changed().await.is_err() {
            // The bell lasts as long as its streams.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.subscribers.leave(self.user);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    async fn is_woken(subscription: &mut Subscription) -> bool {
        timeout(Duration::from_millis(50), subscription.woken()).await.is_ok()
    }

    #[tokio::test]
    async fn a_user_is_woken_once_and_nobody_else() {
        let subscribers = Arc::new(Subscribers::default());
        let [mut one, mut another, mut foreign] = [1, 1, 2].map(|user| subscribers.subscribe(user).unwrap());
        subscribers.wake(1);
        subscribers.wake(1);
        subscribers.wake(3);
        assert!(is_woken(&mut one).await && is_woken(&mut another).await);
        assert!(!is_woken(&mut one).await && !is_woken(&mut foreign).await);
    }

    #[tokio::test]
    async fn who_has_left_is_forgotten() {
        let subscribers = Arc::new(Subscribers::default());
        assert!(timeout(Duration::from_millis(50), subscribers.any()).await.is_err());
        let (one, another) = (subscribers.subscribe(1).unwrap(), subscribers.subscribe(1).unwrap());
        subscribers.any().await;
        drop(one);
        assert!(!subscribers.are_none());
        drop(another);
        assert!(subscribers.are_none() && subscribers.lock().by_user.is_empty());
        assert!(timeout(Duration::from_millis(50), subscribers.any()).await.is_err());
    }

    #[test]
    fn a_user_has_twenty_streams_at_most() {
        let subscribers = Arc::new(Subscribers::default());
        let mut open: Vec<Subscription> = (0..20).map(|_| subscribers.subscribe(1).unwrap()).collect();
        assert_eq!(subscribers.subscribe(1).unwrap_err().code(), Code::TooManyStreams);
        subscribers.subscribe(2).unwrap();
        open.pop();
        subscribers.subscribe(1).unwrap();
    }
}
