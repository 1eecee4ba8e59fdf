//! Secrets that are handed over as text: the token of an invitation, or of a calendar's link. Whoever has one may use
//! it. The database keeps only its hash, by which it is looked up, so that no time tells how much of one was guessed.

use aes_gcm::aead::Generate;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// 256 random bits, as text that needs no escaping in a URL.
pub fn generate() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(<[u8; 32]>::generate())
}

/// What the database keeps of a secret. Without salt or stretching: nobody guesses 256 bits.
pub fn hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_long_and_never_the_same() {
        let (one, other) = (generate(), generate());
        assert_eq!((one.len(), other.len()), (43, 43));
        assert_ne!(one, other);
    }

    #[test]
    fn a_hash_is_sha_256_in_hex() {
        assert_eq!(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
