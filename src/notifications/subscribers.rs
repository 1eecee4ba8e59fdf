//! Who listens on this instance: the open streams by their users, and what wakes them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, Semaphore, SemaphorePermit, watch};
use tokio_util::sync::CancellationToken;

use crate::error::{ApiError, Code};
use crate::server;

/// The most open streams of a user: a dozen pages in a browser, and some to spare.
const STREAMS_OF_A_USER: usize = 20;
/// The most open streams of this instance; each takes a connection and some kilobytes. Fewer where the process may not
/// open twice as many files: other requests take connections too.
const STREAMS: usize = 10_000;

/// How many streams read at once: as one they would each take room for it, while a few connections to the database
/// serve them one after the other anyway.
const READERS: usize = 16;

/// The open streams of this instance.
#[derive(Debug)]
pub struct Subscribers {
    listeners: Mutex<Listeners>,
    arrived: Notify,
    readers: Semaphore,
    most: usize,
}

impl Default for Subscribers {
    fn default() -> Self {
        Self::with_descriptors(server::descriptor_limit())
    }
}

#[derive(Debug, Default)]
struct Listeners {
    by_user: HashMap<i64, Listener>,
    /// All that are there, those too that are about to end.
    streams: usize,
    /// Counts all that there have ever been.
    last_id: u64,
}

/// A user with open streams.
#[derive(Debug)]
struct Listener {
    bell: watch::Sender<()>,
    /// The oldest first, each with what ends it.
    streams: VecDeque<(u64, CancellationToken)>,
}

/// An open stream; it counts until it is dropped.
#[derive(Debug)]
pub struct Subscription {
    subscribers: Arc<Subscribers>,
    user: i64,
    id: u64,
    bell: watch::Receiver<()>,
    replaced: CancellationToken,
}

impl Subscribers {
    /// For a process that may open so many files.
    fn with_descriptors(limit: u64) -> Self {
        let most = usize::try_from(limit / 2).map_or(STREAMS, |half| half.min(STREAMS));
        Self { listeners: Mutex::default(), arrived: Notify::new(), readers: Semaphore::new(READERS), most }
    }

    /// Adds a stream of this user. When he has too many, his oldest one ends: the clients of some may have gone without a
    /// word. 503 when all together are too many.
    pub fn subscribe(self: &Arc<Self>, user: i64) -> Result<Subscription, ApiError> {
        let mut listeners = self.lock();
        if listeners.streams >= self.most {
            return Err(Code::Unavailable.into());
        }
        listeners.streams += 1;
        listeners.last_id += 1;
        let (id, replaced) = (listeners.last_id, CancellationToken::new());
        let new = || Listener { bell: watch::Sender::new(()), streams: VecDeque::new() };
        let listener = listeners.by_user.entry(user).or_insert_with(new);
        listener.streams.push_back((id, replaced.clone()));
        let bell = listener.bell.subscribe();
        let oldest = if listener.streams.len() > STREAMS_OF_A_USER { listener.streams.pop_front() } else { None };
        drop(listeners);
        if let Some((_, oldest)) = oldest {
            oldest.cancel();
        }
        self.arrived.notify_one();
        Ok(Subscription { subscribers: Arc::clone(self), user, id, bell, replaced })
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

    fn leave(&self, user: i64, id: u64) {
        let mut listeners = self.lock();
        listeners.streams = listeners.streams.saturating_sub(1);
        if let Some(listener) = listeners.by_user.get_mut(&user) {
            listener.streams.retain(|(other, _)| *other != id);
            if listener.streams.is_empty() {
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
    /// Waits until there may be something new; gives `false` when a newer stream of the user has taken its place. Whoever
    /// is woken while he does not wait is told when he does.
    pub async fn woken(&mut self) -> bool {
        tokio::select! {
            () = self.replaced.cancelled() => false,
            // The bell lasts as long as its streams; only one that was replaced may outlive it.
            changed = self.bell.changed() => changed.is_ok(),
        }
    }

    /// Waits until a newer stream of the user has taken its place.
    pub async fn replaced(&self) {
        self.replaced.cancelled().await;
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.subscribers.leave(self.user, self.id);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    async fn is_woken(subscription: &mut Subscription) -> bool {
        timeout(Duration::from_millis(50), subscription.woken()).await == Ok(true)
    }

    /// All streams, and this user's.
    fn counts(subscribers: &Subscribers, user: i64) -> (usize, usize) {
        let listeners = subscribers.lock();
        (listeners.streams, listeners.by_user[&user].streams.len())
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

    #[tokio::test]
    async fn a_user_has_twenty_streams_at_most_and_the_oldest_makes_way() {
        let subscribers = Arc::new(Subscribers::default());
        let mut open: Vec<Subscription> = (0..20).map(|_| subscribers.subscribe(1).unwrap()).collect();
        let _foreign = subscribers.subscribe(2).unwrap();
        assert!(open.iter().all(|one| !one.replaced.is_cancelled()));
        open.push(subscribers.subscribe(1).unwrap());
        let mut oldest = open.remove(0);
        assert!(!oldest.woken().await);
        timeout(Duration::from_millis(50), oldest.replaced()).await.unwrap();
        // It counts until it has gone, and takes nobody's place with it.
        assert_eq!(counts(&subscribers, 1), (22, 20));
        drop(oldest);
        assert_eq!(counts(&subscribers, 1), (21, 20));
        open.pop();
        open.push(subscribers.subscribe(1).unwrap());
        assert!(open.iter().all(|one| !one.replaced.is_cancelled()));
    }

    #[test]
    fn half_of_the_files_are_for_streams() {
        let limits = [(1024, 512), (1_048_576, 10_000), (u64::MAX, 10_000)];
        for (limit, most) in limits {
            assert_eq!(Subscribers::with_descriptors(limit).most, most);
        }
        let subscribers = Arc::new(Subscribers::with_descriptors(5));
        let open = [1, 2].map(|user| subscribers.subscribe(user).unwrap());
        assert_eq!(subscribers.subscribe(3).unwrap_err().code(), Code::Unavailable);
        drop(open);
        subscribers.subscribe(3).unwrap();
    }
}
