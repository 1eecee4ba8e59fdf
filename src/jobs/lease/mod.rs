//! Who runs a job: of all instances on one database exactly one, for as long as it keeps its lease.
//!
//! A lease lapses a minute after its holder was last heard of, so a crashed one is followed by another. One that only
//! was slow finds out before it writes: each step's transaction begins with [`Lease::hold`].

pub mod store;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
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
/// How often its holder is heard of: often enough to fail twice.
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
        while !self.is_lost() {
            tokio::time::sleep(HEARTBEAT).await;
            if let Err(error) = transaction!(app.db, |tx| self.hold(tx, app.clock.now()).await) {
                warn!(job = self.name, %error, "cannot keep the lease");
            }
        }
    }

    /// Gives the lease back with what came of the run; gives whether it still was this one's.
    pub async fn end(&self, app: &AppState, ended: &Ended) -> Result<bool, ApiError> {
        transaction!(app.db, |tx| Ok(store::end(tx, self.name, &self.holder, ended).await?))
    }

    /// Gives the lease back, with the job still to be done.
    pub async fn give_back(&self, app: &AppState) -> Result<(), ApiError> {
        transaction!(app.db, |tx| Ok(store::give_back(tx, self.name, &self.holder).await?))
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
