//! Password hashes: argon2id, made and checked off the async threads in a bounded number of slots.

use std::cell::RefCell;
use std::sync::LazyLock;
use std::thread::available_parallelism;
use std::time::Duration;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::password_hash::{self, CustomizedPasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use deadpool::unmanaged::Pool;
use secrecy::{ExposeSecret, SecretString};

use super::werkzeug;
use crate::error::{ApiError, Code};

/// OWASP's first choice of parameters: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// How long a request waits for a slot before it is answered 503.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// The memory that a hash works in. It stays with its slot: blocks of this size that many threads take and give back
/// would stay with the allocator, once for each thread.
type Memory = Vec<Block>;

static SLOTS: LazyLock<Pool<Memory>> = LazyLock::new(|| Pool::from(vec![Memory::new(); slots()]));

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

/// How many passwords are hashed at the same time: one core stays free for everything that is not a password.
pub fn slots() -> usize {
    available_parallelism().map_or(1, usize::from).saturating_sub(1).max(1)
}

/// Hashes a new password.
pub async fn hash(password: SecretString) -> Result<String, ApiError> {
    in_slot(move |memory| hash_now(memory, &password)).await?
}

/// Checks a password against the stored hash; for an unknown account, `None`, it takes as long and finds it wrong.
pub async fn verify(stored: Option<String>, password: SecretString) -> Result<Verdict, ApiError> {
    in_slot(move |memory| match stored {
        None => {
            // The result does not matter, the time does.
            hash_now(memory, &password)?;
            Ok(Verdict::Wrong)
        }
        Some(stored) if werkzeug::is_werkzeug(&stored) => {
            if werkzeug::verify(&stored, password.expose_secret()) == Some(true) {
                Ok(Verdict::Outdated(hash_now(memory, &password)?))
            } else {
                Ok(Verdict::Wrong)
            }
        }
        Some(stored) => {
            let hash = PasswordHash::new(&stored).map_err(|error| ApiError::internal(error.to_string()))?;
            let right = Argon2Within::new(memory).verify_password(password.expose_secret().as_bytes(), &hash).is_ok();
            Ok(if right { Verdict::Right } else { Verdict::Wrong })
        }
    })
    .await?
}

async fn in_slot<T: Send + 'static>(work: impl FnOnce(&mut Memory) -> T + Send + 'static) -> Result<T, ApiError> {
    let slot = tokio::time::timeout(PATIENCE, SLOTS.get()).await;
    let mut slot = slot.map_err(|_| Code::Unavailable)?.map_err(ApiError::internal)?;
    // The slot is given back when the work ends, even if the request went away before.
    let done = tokio::task::spawn_blocking(move || work(&mut slot));
    done.await.map_err(ApiError::internal)
}

fn hash_now(memory: &mut Memory, password: &SecretString) -> Result<String, ApiError> {
    let internal = |error: password_hash::Error| ApiError::internal(error.to_string());
    let parameters = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| internal(error.into()))?;
    let argon2 = Argon2Within::new(memory);
    let hash = argon2.hash_password_with_params(password.expose_secret().as_bytes(), &Salt::generate(), parameters);
    Ok(hash.map_err(internal)?.to_string())
}

/// Argon2 in memory that is there already; the crate's own takes new memory for each hash.
struct Argon2Within<'memory>(RefCell<&'memory mut Memory>);

impl<'memory> Argon2Within<'memory> {
    fn new(memory: &'memory mut Memory) -> Self {
        Self(RefCell::new(memory))
    }
}

impl CustomizedPasswordHasher<PasswordHash> for Argon2Within<'_> {
    type Params = Params;

    fn hash_password_customized(
        &self,
        password: &[u8],
        salt: &[u8],
        algorithm: Option<&str>,
        version: Option<u32>,
        parameters: Params,
    ) -> password_hash::Result<PasswordHash> {
        let algorithm = algorithm.map(Algorithm::try_from).transpose()?.unwrap_or_default();
        let version = version.map(Version::try_from).transpose()?.unwrap_or_default();
        let argon2 = Argon2::new(algorithm, version, parameters);
        let parameters = argon2.params();
        let mut memory = self.0.borrow_mut();
        memory.resize(parameters.block_count(), Block::new());
        let mut output = [0; Output::MAX_LENGTH];
        let length = parameters.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
        let output = output.get_mut(..length).ok_or(password_hash::Error::OutputSize)?;
        argon2.hash_password_into_with_memory(password, salt, output, memory.as_mut_slice())?;
        Ok(PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: ParamsString::try_from(parameters)?,
            salt: Some(Salt::new(salt)?),
            hash: Some(Output::new(output)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use argon2::PasswordHasher;

    use super::*;

    #[tokio::test]
    async fn a_hash_verifies_its_password_and_no_other() {
        let stored = hash("correct horse".into()).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_eq!(verify(Some(stored.clone()), "correct horse".into()).await.unwrap(), Verdict::Right);
        assert_eq!(verify(Some(stored), "wrong horse".into()).await.unwrap(), Verdict::Wrong);
        assert_eq!(verify(None, "correct horse".into()).await.unwrap(), Verdict::Wrong);
    }

    #[tokio::test]
    async fn hashes_are_the_crates_own() {
        let argon2 =
            Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(MEMORY_KIB, PASSES, LANES, None).unwrap());
        let theirs = argon2.hash_password(b"correct horse").unwrap().to_string();
        assert_eq!(verify(Some(theirs), "correct horse".into()).await.unwrap(), Verdict::Right);
        let ours = PasswordHash::new(&hash("correct horse".into()).await.unwrap()).unwrap();
        argon2.verify_password(b"correct horse", &ours).unwrap();
        // Other parameters change the size of the memory, and change it back.
        let smaller = Argon2::new(Algorithm::Argon2i, Version::V0x10, Params::new(64, 3, 2, Some(24)).unwrap());
        let smaller = smaller.hash_password(b"correct horse").unwrap().to_string();
        assert_eq!(verify(Some(smaller.clone()), "correct horse".into()).await.unwrap(), Verdict::Right);
        assert_eq!(verify(Some(smaller), "wrong horse".into()).await.unwrap(), Verdict::Wrong);
        assert_eq!(verify(Some(ours.to_string()), "correct horse".into()).await.unwrap(), Verdict::Right);
    }
}
