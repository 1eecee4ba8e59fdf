//! What makes two requests the same, kept so that nobody who reads the database learns what was sent.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::sealer::derive_bytes;

/// A block of the hash, which is the length that HMAC takes as it is.
const KEY_LENGTH: usize = 64;

/// Makes fingerprints, under a key that is derived from `SECRET_KEY`. A plain hash would let whoever has it try passwords
/// and amounts as fast as he can hash.
pub struct Fingerprints(Hmac<Sha256>);

impl Fingerprints {
    /// Derives the key (HKDF-SHA-256, RFC 5869) from the setting.
    pub fn new(secret: &SecretString) -> Self {
        let key: [u8; KEY_LENGTH] = derive_bytes(secret.expose_secret(), b"bizcenter request fingerprints");
        Self(Hmac::<Sha256>::new(&key.into()))
    }

    /// The code (HMAC-SHA-256, RFC 2104) of what was asked for at this place. Every part carries its length, so that no
    /// two lists of parts are alike.
    pub fn make(&self, place: &str, target: &str, body: &[u8]) -> String {
        let parts = [place.as_bytes(), target.as_bytes(), body];
        let code = parts
            .iter()
            .fold(self.0.clone(), |code, part| code.chain_update((part.len() as u64).to_be_bytes()).chain_update(part));
        hex::encode(code.finalize().into_bytes())
    }
}

impl fmt::Debug for Fingerprints {
    /// Without the key.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Fingerprints")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn whatever_differs_gives_another_fingerprint() {
        let [one, other] = ["one secret", "another secret"].map(|secret| Fingerprints::new(&secret.into()));
        let mut all = HashSet::new();
        for (place, target, body) in
            [("1\nkey\na", "/a", "b"), ("1\nkey\nb", "/a", "b"), ("1\nkey\na", "/ab", ""), ("1\nkey\na", "/", "ab")]
        {
            for made in [&one, &other].map(|fingerprints| fingerprints.make(place, target, body.as_bytes())) {
                assert_eq!(made.len(), 64);
                assert!(all.insert(made), "{place:?} {target} {body}");
            }
        }
        assert!(all.contains(&one.make("1\nkey\na", "/a", b"b")));
    }

    #[test]
    fn the_key_does_not_print() {
        assert_eq!(format!("{:?}", Fingerprints::new(&"a secret".into())), "Fingerprints");
    }
}
