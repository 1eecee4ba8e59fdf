//! Slows down guessing: after too many failures from one address, an account is closed to it for a while.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use moka::future::Cache;

use crate::error::{ApiError, Code};

/// Failures that one address may have with one account within the window.
const ALLOWED: u32 = 10;
/// From the first failure.
const WINDOW: Duration = Duration::from_secs(60);
/// The most pairs of account and address to remember at once.
const REMEMBERED: u64 = 100_000;

/// Counts failures by account and address.
#[derive(Debug, Clone)]
pub struct FailedLogins(Cache<(String, IpAddr), Arc<AtomicU32>>);

/// An attempt that counts as failed until it is [`Attempt::forgiven`], so that parallel guesses count too.
#[derive(Debug)]
pub struct Attempt(Arc<AtomicU32>);

impl Default for FailedLogins {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(REMEMBERED).time_to_live(WINDOW).build())
    }
}

impl FailedLogins {
    /// Begins an attempt, or answers 429.
    pub async fn attempt(&self, email: &str, address: IpAddr) -> Result<Attempt, ApiError> {
        let failures = self.0.get_with((email.to_lowercase(), address), async { Arc::default() }).await;
        if failures.fetch_add(1, Ordering::SeqCst) >= ALLOWED {
            failures.fetch_sub(1, Ordering::SeqCst);
            return Err(ApiError::retry_after(Code::TooManyLogins, WINDOW.as_secs()));
        }
        Ok(Attempt(failures))
    }
}

impl Attempt {
    /// The attempt was no failure.
    pub fn forgiven(self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
