//! The key of the audit log, and the codes that are made under it.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::sealer::derive_bytes;

/// Of the encoding. It stands first in what is signed, so that another encoding can follow this one.
const VERSION: u8 = 1;
/// A block of the hash, which is the length that HMAC takes as it is.
const KEY_LENGTH: usize = 64;

/// The key under which the audit log is signed; derived from `SECRET_KEY`.
#[derive(Clone)]
pub struct AuditKey(Hmac<Sha256>);

impl AuditKey {
    /// Derives the key (HKDF-SHA-256, RFC 5869) from the setting.
    pub fn new(secret: &SecretString) -> Self {
        let key = derive_bytes::<KEY_LENGTH>(secret.expose_secret(), b"bizcenter audit log key");
        Self(Hmac::<Sha256>::new(&key.into()))
    }

    /// Begins a code (HMAC-SHA-256, RFC 2104). Codes for different purposes never are the same.
    pub fn sign(&self, purpose: &str) -> Signing {
        Signing(self.0.clone().chain_update([VERSION])).text(purpose)
    }
}

impl fmt::Debug for AuditKey {
    /// Without the key.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AuditKey")
    }
}

/// A code being made. Every part carries its length, so that no two lists of parts are signed alike.
pub struct Signing(Hmac<Sha256>);

impl Signing {
    /// Adds a whole number.
    #[must_use]
    pub fn number(self, number: i64) -> Self {
        Self(self.0.chain_update(number.to_be_bytes()))
    }

    /// Adds text.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        Self(self.0.chain_update((text.len() as u64).to_be_bytes()).chain_update(text.as_bytes()))
    }

    /// Adds text that may be absent, which is not the same as empty.
    #[must_use]
    pub fn maybe(self, text: Option<&str>) -> Self {
        match text {
            None => Self(self.0.chain_update([0_u8])),
            Some(text) => Self(self.0.chain_update([1_u8])).text(text),
        }
    }

    /// The code in hex.
    pub fn finish(self) -> String {
        hex::encode(self.0.finalize().into_bytes())
    }
}

/// Whether two codes are the same, told in a time that does not depend on where they differ.
pub fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(secret: &str) -> AuditKey {
        AuditKey::new(&secret.to_owned().into())
    }

    fn signed(purpose: &str, parts: &[Option<String>]) -> String {
        parts.iter().fold(key("secret").sign(purpose), |signing, part| signing.maybe(part.as_deref())).finish()
    }

    #[test]
    fn a_code_is_hmac_sha_256_under_a_key_by_hkdf_and_never_changes() {
        // By Python: hmac.digest(HKDF(SHA256, 64, None, b"bizcenter audit log key").derive(b"secret"), data, "sha256")
        // where data is 01, then for each part its length in eight bytes and itself; 00 for none, 01 before what may
        // be none; 0000000000000007.
        let code = key("secret").sign("row").text("가").maybe(None).maybe(Some("")).number(7).finish();
        assert_eq!(code, "cc5ec6e9061c62ff447db7a7ad78ce5f1992c5f97695c542f0f1f1cfbb3a1b85");
    }

    #[test]
    fn a_key_does_not_print() {
        assert_eq!(format!("{:?}", key("secret")), "AuditKey");
    }

    proptest! {
        #[test]
        fn no_two_lists_of_parts_are_signed_alike(
            one in prop::collection::vec(prop::option::of("[ab]{0,3}"), 0..5),
            other in prop::collection::vec(prop::option::of("[ab]{0,3}"), 0..5),
        ) {
            prop_assert_eq!(signed("x", &one) == signed("x", &other), one == other);
            prop_assert!(signed("x", &one) != signed("y", &other));
        }

        #[test]
        fn another_secret_gives_another_code(secret in "[ -~]{0,40}") {
            prop_assume!(secret != "secret");
            prop_assert_ne!(key(&secret).sign("x").finish(), key("secret").sign("x").finish());
        }

        #[test]
        fn codes_are_compared_whole(one in "[0-9a-f]{0,4}", other in "[0-9a-f]{0,4}") {
            prop_assert_eq!(same(&one, &other), one == other);
        }
    }
}
