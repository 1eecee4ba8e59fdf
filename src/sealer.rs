//! Authenticated encryption of what the database keeps: AES-256-GCM (NIST SP 800-38D), a fresh random 96-bit nonce per
//! write, under a key derived from a setting (HKDF-SHA-256, RFC 5869).

use std::sync::Arc;

use aes_gcm::aead::{Aead, Generate, Payload};
use aes_gcm::{Aes256Gcm, Key, KeyInit, Nonce};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hkdf::Hkdf;
use sha2::Sha256;

const NONCE_LENGTH: usize = 12;

/// The length of a key, in bytes.
pub const KEY_LENGTH: usize = 32;

/// Seals and opens under one key. Cheap to clone.
#[derive(Clone)]
pub struct Sealer(Arc<Aes256Gcm>);

impl std::fmt::Debug for Sealer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Sealer")
    }
}

/// What does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The text was made by nobody we know.
    #[error("not sealed text")]
    Malformed,
    /// Changed, sealed under another key, or for another place.
    #[error("changed, or sealed for another place")]
    Refused,
}

impl Sealer {
    /// A key of its own for each purpose of a setting.
    pub fn derive(secret: &str, purpose: &[u8]) -> Self {
        Self::new(derive_bytes(secret, purpose))
    }

    /// With this key.
    pub fn new(key: [u8; KEY_LENGTH]) -> Self {
        Self(Arc::new(Aes256Gcm::new(&Key::<Aes256Gcm>::from(key))))
    }

    /// The base64 of nonce ‖ ciphertext ‖ tag; it opens only beside the same associated data.
    pub fn seal(&self, plain: &[u8], associated: &[u8]) -> Result<String, SealError> {
        let nonce = Nonce::generate();
        let payload = Payload { msg: plain, aad: associated };
        let sealed = self.0.encrypt(&nonce, payload).map_err(|_| SealError::Refused)?;
        Ok(BASE64_STANDARD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// What was sealed.
    pub fn open(&self, text: &str, associated: &[u8]) -> Result<Vec<u8>, SealError> {
        let bytes = BASE64_STANDARD.decode(text).map_err(|_| SealError::Malformed)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LENGTH>().ok_or(SealError::Malformed)?;
        let payload = Payload { msg: sealed, aad: associated };
        self.0.decrypt(&Nonce::from(*nonce), payload).map_err(|_| SealError::Refused)
    }
}

/// Bytes of their own for each purpose of a setting.
pub fn derive_bytes<const LENGTH: usize>(secret: &str, purpose: &[u8]) -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    // HKDF only refuses to give more than 255 blocks.
    let derived = Hkdf::<Sha256>::new(None, secret.as_bytes()).expand(purpose, &mut bytes);
    debug_assert!(derived.is_ok());
    bytes
}
