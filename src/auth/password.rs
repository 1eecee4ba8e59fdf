//! Password hashes: argon2id, made and checked off the async threads in a bounded number of slots.

use std::sync::{Arc, LazyLock};
use std::thread::available_parallelism;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use super::werkzeug;
use crate::error::{ApiError, Code};

/// OWASP's first choice of parameters: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// How long a request waits for a slot before it is answered 503.
const PATIENCE: Duration = Duration::from_secs(10);

/// One core stays free for everything that is not a password.
static SLOTS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    let cores = available_parallelism().map_or(1, usize::from);
    Arc::new(Semaphore::new(cores.saturating_sub(1).max(1)))
});

/// What a check of a password found.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does not match.
    Wrong,
    /// It matches.
    Right,
    /// It matches a hash of the Flask server, which should be replaced by this one.
    Outdated(String),
}

/// Hashes a new password.
pub async fn hash(password: SecretString) -> Result<String, ApiError> {
    in_slot(move || hash_now(&password)).await?
}

/// Checks a password against the stored hash; for an unknown account, `None`, it takes as long and finds it wrong.
pub async fn verify(stored: Option<String>, password: SecretString) -> Result<Verdict, ApiError> {
    in_slot(move || match stored {
        None => {
            // The result does not matter, the time does.
            hash_now(&password)?;
            Ok(Verdict::Wrong)
        }
        Some(stored) if werkzeug::is_werkzeug(&stored) => {
            if werkzeug::verify(&stored, password.expose_secret()) == Some(true) {
                Ok(Verdict::Outdated(hash_now(&password)?))
            } else {
                Ok(Verdict::Wrong)
            }
        }
        Some(stored) => {
            let hash = PasswordHash::new(&stored).map_err(|error| ApiError::internal(error.to_string()))?;
            let right = argon2()?.verify_password(password.expose_secret().as_bytes(), &hash).is_ok();
            Ok(if right { Verdict::Right } else { Verdict::Wrong })
        }
    })
    .await?
}

async fn in_slot<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
    let slot = tokio::time::timeout(PATIENCE, Arc::clone(&SLOTS).acquire_owned()).await;
    let slot = slot.map_err(|_| Code::Unavailable)?.map_err(ApiError::internal)?;
    let done = tokio::task::spawn_blocking(move || {
        // The slot is given back when the work ends, even if the request went away before.
        let _slot = slot;
        work()
    });
    done.await.map_err(ApiError::internal)
}

fn hash_now(password: &SecretString) -> Result<String, ApiError> {
    let hash = argon2()?.hash_password(password.expose_secret().as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|error| ApiError::internal(error.to_string()))
}

fn argon2() -> Result<Argon2<'static>, ApiError> {
    let parameters =
        Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| ApiError::internal(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_verifies_its_password_and_no_other() {
        let stored = hash("correct horse".into()).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_eq!(verify(Some(stored.clone()), "correct horse".into()).await.unwrap(), Verdict::Right);
        assert_eq!(verify(Some(stored), "wrong horse".into()).await.unwrap(), Verdict::Wrong);
        assert_eq!(verify(None, "correct horse".into()).await.unwrap(), Verdict::Wrong);
    }
}
