//! Slows down guessing: after too many failures from one address, an account is closed to it for a while.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::sync::Cache;
use serde_json::Value;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::audit::{Action, Changes, Event};
use crate::error::{ApiError, Code, RateLimit};
use crate::resource::Resource;

/// Failures that one address may have with one account within the window.
const ALLOWED: u32 = 10;
/// From the first failure.
const WINDOW: Duration = Duration::from_secs(60);
/// The most pairs of account and address to remember at once.
const REMEMBERED: u64 = 100_000;

/// Why somebody was not let in, as the audit log tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginFailure {
    /// The password was wrong.
    WrongPassword,
    /// The password was right, and the account is inactive.
    Inactive,
    /// Who was signed in did not know the current password.
    WrongCurrentPassword,
    /// That was one failure too many: the account is closed to this address for a while.
    TooMany,
}

impl LoginFailure {
    /// This, and that it closed the account if it did.
    pub fn followed_by(self, is_closed: bool) -> Vec<Self> {
        if is_closed { vec![self, Self::TooMany] } else { vec![self] }
    }

    /// What the log is told.
    pub fn event(self, user: i64) -> Event {
        let reason = match self {
            Self::WrongPassword => "wrong_password",
            Self::Inactive => "inactive_account",
            Self::WrongCurrentPassword => "wrong_current_password",
            Self::TooMany => "too_many_failures",
        };
        let changes = Changes::default().field("reason", Value::Null, reason);
        Event::new(Action::LoginFailed, Resource::Session, user).with(changes)
    }
}

/// Counts failures by account and address.
#[derive(Debug, Clone)]
pub struct FailedLogins(Cache<(String, Option<IpAddr>), Arc<Failures>>);

#[derive(Debug)]
struct Failures {
    /// Held during an attempt, so that parallel guesses are counted one after the other.
    count: Arc<Mutex<u32>>,
    since: Instant,
}

/// An attempt; the next one for the same account and address waits for its end.
#[derive(Debug)]
pub struct Attempt(OwnedMutexGuard<u32>);

impl Default for FailedLogins {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(REMEMBERED).time_to_live(WINDOW).build())
    }
}

impl FailedLogins {
    /// Begins an attempt, or answers 429.
    pub async fn attempt(&self, email: &str, address: Option<IpAddr>) -> Result<Attempt, ApiError> {
        let first = || Arc::new(Failures { count: Arc::default(), since: Instant::now() });
        let failures = self.0.get_with((email.to_lowercase(), address), first);
        let count = Arc::clone(&failures.count).lock_owned().await;
        if *count >= ALLOWED {
            let reset = WINDOW.saturating_sub(failures.since.elapsed()).as_secs() + 1;
            let limit = RateLimit { name: "login", quota: ALLOWED, window: WINDOW.as_secs(), reset };
            return Err(ApiError::rate_limited(Code::TooManyLogins, limit));
        }
        Ok(Attempt(count))
    }
}

impl Attempt {
    /// The attempt failed; gives whether it is the one after which the account is closed to this address.
    pub fn failed(mut self) -> bool {
        *self.0 += 1;
        *self.0 == ALLOWED
    }
}
