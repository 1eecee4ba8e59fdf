//! Seals and opens contract amounts.
//!
//! Sealed text is `v1.<key id>.<base64 of nonce ‖ ciphertext ‖ tag>`. The associated data names the row and its
//! tenant, so that a ciphertext copied to another row does not open. The Flask server's text, base64 alone under the
//! first 32 bytes of the same setting and without associated data, opens too.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::sealer::{KEY_LENGTH, SealError, Sealer, derive_bytes};

const VERSION: &str = "v1";
/// Bytes of a key's id: enough to tell keys apart, and nothing of the key.
const KEY_ID_LENGTH: usize = 4;

/// The key in use, derived from `CONTRACT_ENCRYPTION_KEY`.
pub struct AmountCipher {
    key_id: String,
    cipher: Sealer,
    flask_cipher: Option<Sealer>,
    unreadable: AtomicU64,
}

/// Where an amount belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The contract's tenant.
    pub tenant: &'a str,
    /// The contract's id.
    pub contract: i64,
}

/// An amount cannot be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// The text was made by nobody we know.
    #[error("not a sealed amount")]
    Malformed,
    /// Sealed under another `CONTRACT_ENCRYPTION_KEY`.
    #[error("sealed under another key")]
    OtherKey,
    /// Changed, or sealed for another contract.
    #[error("changed, or sealed for another contract")]
    Refused,
}

impl From<SealError> for AmountError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Malformed => Self::Malformed,
            SealError::Refused => Self::Refused,
        }
    }
}

impl AmountCipher {
    /// Derives the key from the setting.
    pub fn new(secret: &str) -> Self {
        let id: [u8; KEY_ID_LENGTH] = derive_bytes(secret, b"bizcenter contract amount key id");
        Self {
            key_id: hex::encode(id),
            cipher: Sealer::derive(secret, b"bizcenter contract amount key"),
            flask_cipher: flask_key(secret).map(Sealer::new),
            unreadable: AtomicU64::new(0),
        }
    }

    /// The text to store.
    pub fn seal(&self, amount: &str, place: Place<'_>) -> Result<String, AmountError> {
        let sealed = self.cipher.seal(amount.as_bytes(), &associated_data(&self.key_id, place))?;
        Ok(format!("{VERSION}.{}.{sealed}", self.key_id))
    }

    /// The amount in stored text.
    pub fn open(&self, sealed: &str, place: Place<'_>) -> Result<String, AmountError> {
        let mut parts = sealed.split('.');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(VERSION), Some(key_id), Some(text), None) if key_id == self.key_id => {
                open_with(&self.cipher, text, &associated_data(key_id, place))
            }
            (Some(VERSION), Some(_), Some(_), None) => Err(AmountError::OtherKey),
            (Some(text), None, None, None) => {
                open_with(self.flask_cipher.as_ref().ok_or(AmountError::OtherKey)?, text, b"")
            }
            _ => Err(AmountError::Malformed),
        }
    }

    /// The amount for an answer; one that does not open is logged, counted, and nothing: never a wrong number.
    pub fn open_or_report(&self, sealed: &str, place: Place<'_>) -> Option<String> {
        self.open(sealed, place)
            .inspect_err(|error| {
                let unreadable = self.count_unreadable(1);
                let Place { tenant, contract } = place;
                tracing::error!(%error, tenant, contract, unreadable, "a contract's amount does not open");
            })
            .ok()
    }

    /// Counts amounts that could not be read; gives how many there have been.
    pub fn count_unreadable(&self, more: u64) -> u64 {
        self.unreadable.fetch_add(more, Ordering::Relaxed) + more
    }
}

fn open_with(cipher: &Sealer, text: &str, aad: &[u8]) -> Result<String, AmountError> {
    String::from_utf8(cipher.open(text, aad)?).map_err(|_| AmountError::Malformed)
}

/// The first 32 bytes of the setting, as the Flask server took them.
fn flask_key(secret: &str) -> Option<[u8; KEY_LENGTH]> {
    secret.as_bytes().get(..KEY_LENGTH)?.try_into().ok()
}

/// Unambiguous: the id has no separator in it, and the tenant, which may have one, comes last.
fn associated_data(key_id: &str, place: Place<'_>) -> Vec<u8> {
    format!("{VERSION}|{key_id}|contracts.amount|{}|{}", place.contract, place.tenant).into_bytes()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    const PLACE: Place<'_> = Place { tenant: "test-001", contract: 7 };

    proptest! {
        #[test]
        fn what_is_sealed_opens(amount in "\\PC{0,60}", tenant in "\\PC{1,50}", contract in any::<i64>()) {
            let cipher = AmountCipher::new(SECRET);
            let place = Place { tenant: &tenant, contract };
            prop_assert_eq!(cipher.open(&cipher.seal(&amount, place).unwrap(), place), Ok(amount));
        }

        #[test]
        fn any_flipped_bit_is_refused(amount in "[0-9]{1,18}", position in any::<prop::sample::Index>(), bit in 0..8) {
            let cipher = AmountCipher::new(SECRET);
            let sealed = cipher.seal(&amount, PLACE).unwrap();
            let (head, text) = sealed.rsplit_once('.').unwrap();
            let mut bytes = BASE64_STANDARD.decode(text).unwrap();
            let position = position.index(bytes.len());
            bytes[position] ^= 1_u8 << bit;
            let flipped = format!("{head}.{}", BASE64_STANDARD.encode(bytes));
            prop_assert_eq!(cipher.open(&flipped, PLACE), Err(AmountError::Refused));
        }

        #[test]
        fn any_changed_letter_is_refused(amount in "[0-9]{1,18}", position in any::<prop::sample::Index>(), letter in "[!-~]") {
            let cipher = AmountCipher::new(SECRET);
            let sealed = cipher.seal(&amount, PLACE).unwrap();
            let mut letters: Vec<char> = sealed.chars().collect();
            let position = position.index(letters.len());
            prop_assume!(letters[position].to_string() != letter);
            letters[position] = letter.chars().next().unwrap();
            prop_assert!(cipher.open(&letters.into_iter().collect::<String>(), PLACE).is_err());
        }

        #[test]
        fn another_place_is_refused(tenant in "[a-z|.0-9-]{1,20}", contract in any::<i64>()) {
            let other = Place { tenant: &tenant, contract };
            prop_assume!(other != PLACE);
            let cipher = AmountCipher::new(SECRET);
            prop_assert_eq!(cipher.open(&cipher.seal("100.00", PLACE).unwrap(), other), Err(AmountError::Refused));
        }

        #[test]
        fn another_key_is_refused(secret in "[ -~]{32,64}") {
            prop_assume!(secret != SECRET);
            let sealed = AmountCipher::new(SECRET).seal("100.00", PLACE).unwrap();
            prop_assert_eq!(AmountCipher::new(&secret).open(&sealed, PLACE), Err(AmountError::OtherKey));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            let _ = AmountCipher::new(SECRET).open(&text, PLACE);
        }
    }

    #[test]
    fn the_same_amount_is_never_sealed_alike() {
        let cipher = AmountCipher::new(SECRET);
        assert_ne!(cipher.seal("100.00", PLACE), cipher.seal("100.00", PLACE));
    }

    #[test]
    fn flasks_ciphertext_opens() {
        // Made by Python's cryptography 41: AESGCM(b"0123456789abcdef0123456789abcdef").encrypt(nonce, b"55000000.50", None).
        const FLASK: &str = "AAECAwQFBgcICQoLGNCLTOko4pyG6UHptM/uvKopCN8Y38nTN5mL";
        assert_eq!(AmountCipher::new(SECRET).open(FLASK, PLACE), Ok("55000000.50".into()));
    }
}
