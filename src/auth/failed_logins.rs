//! Slows down guessing. After too many failures from one address an account is closed to it for a while; after many more,
//! whatever the accounts, all of them are. And an address gets no more than its share of the slots for passwords, so that
//! however much comes from it, others get theirs.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use moka::sync::Cache;
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use super::password;
use crate::error::{ApiError, Code, RateLimit};

/// Failures that one address may have with one account within the window.
const OF_AN_ACCOUNT: u32 = 10;
/// Failures that one address may have with all accounts within the window. A whole office may be behind it, in which some
/// mistype theirs.
const OF_AN_ADDRESS: u32 = 100;
/// From the first attempt.
const WINDOW: Duration = Duration::from_secs(60);
/// The most addresses, and pairs of account and address, to remember at once.
const REMEMBERED: u64 = 100_000;
/// Requests of one address that may wait for their turn.
const WAITING: usize = 100;

/// Counts failures by account and address, and by address. An address of IPv6 stands for its /64, which one has as easily.
#[derive(Debug, Clone)]
pub struct FailedLogins {
    accounts: Cache<(String, Option<IpAddr>), Arc<Account>>,
    addresses: Cache<Option<IpAddr>, Arc<Address>>,
}

/// An account, as one address tries it.
#[derive(Debug)]
struct Account {
    /// Held during an attempt, so that parallel guesses are counted one after the other.
    failures: Arc<Mutex<u32>>,
    since: Instant,
}

#[derive(Debug)]
struct Address {
    failures: AtomicU32,
    since: Instant,
    /// For each request that waits for its turn or has it.
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

/// An attempt; the next one for the same account and address waits for its end.
#[derive(Debug)]
pub struct Attempt {
    failures: OwnedMutexGuard<u32>,
    address: Arc<Address>,
    _turn: Turn,
}

/// The right to have a password hashed, as long as it is held.
#[derive(Debug)]
pub struct Turn {
    _place: OwnedSemaphorePermit,
    _turn: OwnedSemaphorePermit,
}

impl Default for FailedLogins {
    fn default() -> Self {
        Self {
            accounts: Cache::builder().max_capacity(REMEMBERED).time_to_live(WINDOW).build(),
            addresses: Cache::builder().max_capacity(REMEMBERED).time_to_live(WINDOW).build(),
        }
    }
}

impl FailedLogins {
    /// Begins an attempt, or answers 429.
    pub async fn attempt(&self, email: &str, address: Option<IpAddr>) -> Result<Attempt, ApiError> {
        let network = address.map(network);
        let address = self.address(network);
        address.check()?;
        let first = || Arc::new(Account { failures: Arc::default(), since: Instant::now() });
        let account = self.accounts.get_with((email.to_lowercase(), network), first);
        let failures = Arc::clone(&account.failures).lock_owned().await;
        check("login", *failures, OF_AN_ACCOUNT, account.since)?;
        // Behind the account: who waits for that keeps no turn from others.
        let turn = address.turn().await?;
        // Those whose turn was before may have failed.
        address.check()?;
        Ok(Attempt { failures, address, _turn: turn })
    }

    /// The address's turn to have a new password hashed, which cannot fail.
    pub async fn turn(&self, address: Option<IpAddr>) -> Result<Turn, ApiError> {
        self.address(address.map(network)).turn().await
    }

    fn address(&self, network: Option<IpAddr>) -> Arc<Address> {
        let first = || {
            Arc::new(Address {
                failures: AtomicU32::new(0),
                since: Instant::now(),
                places: Arc::new(Semaphore::new(WAITING + password::slots())),
                turns: Arc::new(Semaphore::new(password::slots())),
            })
        };
        self.addresses.get_with(network, first)
    }
}

impl Address {
    fn check(&self) -> Result<(), ApiError> {
        check("login-address", self.failures.load(Ordering::SeqCst), OF_AN_ADDRESS, self.since)
    }

    /// Waits until as few of the address are under way as there are slots; 503 when too many wait, or for too long.
    async fn turn(&self) -> Result<Turn, ApiError> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Code::Unavailable)?;
        let turn = tokio::time::timeout(password::PATIENCE, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.map_err(|_| Code::Unavailable)?.map_err(ApiError::internal)?;
        Ok(Turn { _place: place, _turn: turn })
    }
}

impl Attempt {
    /// The attempt failed; gives whether it is the one after which the account is closed to this address.
    pub fn failed(mut self) -> bool {
        *self.failures += 1;
        self.address.failures.fetch_add(1, Ordering::SeqCst);
        *self.failures == OF_AN_ACCOUNT
    }
}

fn check(name: &'static str, failures: u32, quota: u32, since: Instant) -> Result<(), ApiError> {
    if failures < quota {
        return Ok(());
    }
    let reset = WINDOW.saturating_sub(since.elapsed()).as_secs() + 1;
    Err(ApiError::rate_limited(Code::TooManyLogins, RateLimit { name, quota, window: WINDOW.as_secs(), reset }))
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    fn code<T>(result: Result<T, ApiError>) -> Option<Code> {
        result.err().map(|error| error.code())
    }

    #[tokio::test]
    async fn an_address_is_closed_after_many_failures_with_whatever_accounts() {
        let logins = FailedLogins::default();
        for number in 0..OF_AN_ADDRESS {
            let address = ip(&format!("2001:db8::{number:x}"));
            logins.attempt(&format!("{number}@example.com"), address).await.unwrap().failed();
        }
        let closed = logins.attempt("kim@example.com", ip("2001:db8::ffff:0:0:1")).await;
        assert_eq!(code(closed), Some(Code::TooManyLogins));
        for other in [ip("2001:db8:0:1::1"), ip("192.0.2.1"), None] {
            logins.attempt("kim@example.com", other).await.unwrap();
        }
        // Of an address that is closed no account is remembered.
        logins.accounts.run_pending_tasks();
        assert_eq!(logins.accounts.entry_count(), u64::from(OF_AN_ADDRESS) + 3);
    }

    #[tokio::test]
    async fn what_succeeds_is_not_counted() {
        let logins = FailedLogins::default();
        for _ in 0..2 * OF_AN_ADDRESS {
            logins.attempt("kim@example.com", ip("192.0.2.1")).await.unwrap();
        }
    }

    #[tokio::test]
    async fn an_address_has_its_share_of_turns_and_of_places_to_wait() {
        let logins = FailedLogins::default();
        let address = ip("192.0.2.1");
        let mut turns = Vec::new();
        for _ in 0..password::slots() {
            turns.push(logins.turn(address).await.unwrap());
        }
        let waiting: Vec<_> = (0..WAITING)
            .map(|_| {
                let logins = logins.clone();
                tokio::spawn(async move { logins.turn(address).await.map(drop) })
            })
            .collect();
        while logins.address(address).places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(code(logins.turn(address).await), Some(Code::Unavailable));
        logins.attempt("kim@example.com", ip("192.0.2.2")).await.unwrap();
        assert!(waiting.iter().all(|waiting| !waiting.is_finished()));
        drop(turns);
        for waiting in waiting {
            waiting.await.unwrap().unwrap();
        }
    }
}
