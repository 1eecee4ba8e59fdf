//! Slows down guessing: after too many failures from one address, an account is closed to it for a while.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use moka::sync::Cache;

use crate::error::{ApiError, Code, RateLimit};

/// Failures that one address may have with one account within the window.
const ALLOWED: u32 = 10;
/// From the first failure.
const WINDOW: Duration = Duration::from_secs(60);
/// The most pairs of account and address to remember at once.
const REMEMBERED: u64 = 100_000;

/// Counts failures by account and address.
#[derive(Debug, Clone)]
pub struct FailedLogins(Cache<(String, IpAddr), Arc<Failures>>);

#[derive(Debug)]
struct Failures {
    count: AtomicU32,
    since: Instant,
}

/// An attempt that counts as failed until it is [`Attempt::forgiven`], so that parallel guesses count too.
#[derive(Debug)]
pub struct Attempt(Arc<Failures>);

impl Default for FailedLogins {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(REMEMBERED).time_to_live(WINDOW).build())
    }
}

impl FailedLogins {
    /// Begins an attempt, or answers 429.
    pub fn attempt(&self, email: &str, address: IpAddr) -> Result<Attempt, ApiError> {
        let first = || Arc::new(Failures { count: AtomicU32::new(0), since: Instant::now() });
        let failures = self.0.get_with((email.to_lowercase(), address), first);
        let counted = failures
            .count
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |count| (count < ALLOWED).then_some(count + 1));
        if counted.is_err() {
            let left = WINDOW.saturating_sub(failures.since.elapsed()).as_secs() + 1;
            let limit = RateLimit { name: "login", quota: ALLOWED, window: WINDOW.as_secs(), reset: left };
            return Err(ApiError::rate_limited(Code::TooManyLogins, limit));
        }
        Ok(Attempt(failures))
    }
}

impl Attempt {
    /// The attempt was no failure.
    pub fn forgiven(self) {
        self.0.count.fetch_sub(1, Ordering::SeqCst);
    }
}
