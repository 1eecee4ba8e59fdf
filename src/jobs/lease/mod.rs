//! Who runs a job: of all instances on one database exactly one, for as long as it keeps its lease.
//!
//! A lease lapses a minute after its holder was last heard of, so a crashed one is followed by another. One that only
//! was slow finds out before it writes: each step's transaction begins with [`Lease::hold`].

pub mod store;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tracing::warn;
use uuid::Uuid;

use self::store::{Claim, Ended};
use crate::app::AppState;
use crate::clock::Timestamp;
use crate::db::{Conn, transaction};
use crate::error::ApiError;

/// How long a lease lasts after its holder was last heard of.
const TERM: TimeDelta = TimeDelta::seconds(60);
/// How far ahead a lease may end: a holder whose clock is ahead by another term is still believed.
const FARTHEST: TimeDelta = TimeDelta::seconds(120);
/// How often its holder is heard of, and how long each of these transactions may take: one that hangs on a dead
/// connection is followed by another one before the lease lapses.
const HEARTBEAT: Duration = Duration::from_secs(20);

/// The permission to run a job.
#[derive(Debug)]
pub struct Lease {
    name: &'static str,
    /// Another one for each run, so that two runs in one process are told apart too.
    holder: String,
    /// Since when.
    pub taken_at: Timestamp,
    is_lost: AtomicBool,
}

impl Lease {
    /// Takes the lease, unless somebody has it; with `runs`, only if the job was begun that often.
    pub async fn take(app: &AppState, name: &'static str, runs: Option<i64>) -> Result<Option<Self>, ApiError> {
        let (holder, now) = (Uuid::new_v4().to_string(), app.clock.now());
        let claim = Claim { name, holder: &holder, now, until: end(now), farthest: farthest(now) };
        let is_taken = transaction!(app.db, |tx| Ok(store::take(tx, &claim, runs).await?))?;
        Ok(is_taken.then(|| Self { name, holder, taken_at: now, is_lost: AtomicBool::new(false) }))
    }

    /// Comes first in each transaction of the job: refuses when somebody else has the lease by now, and lets nobody
    /// take it before the transaction ends. Prolongs it, too.
    pub async fn hold(&self, tx: &mut Conn, now: Timestamp) -> Result<(), ApiError> {
        if store::prolong(tx, self.name, &self.holder, end(now)).await? {
            return Ok(());
        }
        self.is_lost.store(true, Ordering::Relaxed);
        Err(ApiError::internal("another instance has taken over"))
    }

    /// Whether somebody else was seen to have the lease.
    pub fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Relaxed)
    }

    /// Keeps the lease; ends when somebody else has it.
    pub async fn keep(&self, app: &AppState) {
        let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !self.is_lost() {
            heartbeat.tick().await;
            let beat = async { transaction!(app.db, |tx| self.hold(tx, app.clock.now()).await) };
            if let Err(error) = within(HEARTBEAT, beat).await {
                warn!(job = self.name, %error, "cannot keep the lease");
            }
        }
    }

    /// Gives the lease back with what came of the run; gives whether it still was this one's.
    pub async fn end(&self, app: &AppState, ended: &Ended) -> Result<bool, ApiError> {
        let end = async { transaction!(app.db, |tx| Ok(store::end(tx, self.name, &self.holder, ended).await?)) };
        within(HEARTBEAT, end).await
    }

    /// Gives the lease back, with the job still to be done.
    pub async fn give_back(&self, app: &AppState) -> Result<(), ApiError> {
        let give = async { transaction!(app.db, |tx| Ok(store::give_back(tx, self.name, &self.holder).await?)) };
        within(HEARTBEAT, give).await
    }
}

/// Breaks off what takes longer than this: a query on a connection whose other end is gone may never end by itself.
pub async fn within<T>(longest: Duration, work: impl Future<Output = Result<T, ApiError>>) -> Result<T, ApiError> {
    match timeout(longest, work).await {
        Ok(worked) => worked,
        Err(_) => Err(ApiError::internal(format!("broken off after {longest:?}"))),
    }
}

/// Whether somebody has the lease that ends then. One that ends too far ahead was written by a wrong clock, and would
/// keep everybody waiting until then: nobody has it.
pub fn is_held(until: Option<Timestamp>, now: Timestamp) -> bool {
    until.is_some_and(|until| now < until && until <= farthest(now))
}

fn end(now: Timestamp) -> Timestamp {
    Timestamp::new(now.utc() + TERM)
}

fn farthest(now: Timestamp) -> Timestamp {
    Timestamp::new(now.utc() + FARTHEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_hangs_is_broken_off() {
        let hung = within(Duration::from_millis(10), std::future::pending::<Result<(), ApiError>>()).await;
        assert_eq!(hung.unwrap_err().cause().unwrap().to_string(), "broken off after 10ms");
        assert_eq!(within(Duration::from_secs(60), async { Ok(7) }).await.unwrap(), 7);
    }

    #[test]
    fn one_that_hangs_leaves_time_for_another() {
        assert!(HEARTBEAT * 3 <= TERM.to_std().unwrap());
    }
}
