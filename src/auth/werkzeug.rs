//! Verifies the password hashes that werkzeug (Flask) made, so that accounts move over without a reset.
//!
//! The text is `method$salt$hex`, the salt used as its ASCII text: `scrypt:N:r:p` or `pbkdf2:hash:rounds`
//! (werkzeug 3.1, `werkzeug/security.py`).

use subtle::ConstantTimeEq;

/// The most memory that a hash may ask for, as scrypt's `128 * N * r` bytes; werkzeug's own is 32 MiB.
const MAX_SCRYPT_MEMORY: u64 = 256 << 20;
/// The most rounds; werkzeug's own default is 1,000,000.
const MAX_ROUNDS: u32 = 10_000_000;

/// Whether it is one of werkzeug's.
pub fn is_werkzeug(stored: &str) -> bool {
    stored.starts_with("scrypt:") || stored.starts_with("pbkdf2:")
}

/// Whether the password matches; nothing when the text cannot be a hash.
pub fn verify(stored: &str, password: &str) -> Option<bool> {
    let mut parts = stored.splitn(3, '$');
    let (method, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
    let expected = hex::decode(hash).ok().filter(|hash| (16..=128).contains(&hash.len()))?;
    let mut actual = vec![0; expected.len()];
    let mut method = method.split(':');
    match method.next()? {
        "scrypt" => {
            let n: u64 = method.next()?.parse().ok()?;
            let r: u32 = method.next()?.parse().ok()?;
            let p: u32 = method.next()?.parse().ok()?;
            let memory = n.checked_mul(128)?.checked_mul(u64::from(r))?;
            if !n.is_power_of_two() || memory > MAX_SCRYPT_MEMORY || !(1..=16).contains(&p) {
                return None;
            }
            let parameters = scrypt::Params::new(u8::try_from(n.trailing_zeros()).ok()?, r, p).ok()?;
            scrypt::scrypt(password.as_bytes(), salt.as_bytes(), &parameters, &mut actual).ok()?;
        }
        "pbkdf2" => {
            let hash = method.next()?;
            let rounds: u32 = method.next()?.parse().ok()?;
            if !(1..=MAX_ROUNDS).contains(&rounds) {
                return None;
            }
            let (password, salt) = (password.as_bytes(), salt.as_bytes());
            match hash {
                "sha256" => pbkdf2::pbkdf2_hmac::<sha2::Sha256>(password, salt, rounds, &mut actual),
                "sha512" => pbkdf2::pbkdf2_hmac::<sha2::Sha512>(password, salt, rounds, &mut actual),
                _ => return None,
            }
        }
        _ => return None,
    }
    Some(bool::from(actual.ct_eq(&expected)))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made by werkzeug 3.1's own functions: the password is "비밀번호-1234".
    const SCRYPT: &str = concat!(
        "scrypt:32768:8:1$RSdebiIWtUwHWyBM$72d2bfac11a6f0543e91b52f87a8c3468dd0b0c5a989ab6e900688c13563d",
        "9e91c2291b5d00178a2a38f6933e0b4750870708a93f7af21c3fa404cb2abb3b897"
    );
    const PBKDF2: &str =
        "pbkdf2:sha256:1000$mgieIHqKHnQyVg9i$de07d96960ca8d5cdb57580f53d976de4ed24112cd365c54dcd778a3f65e73e6";

    #[test]
    fn werkzeugs_own_hashes_are_verified() {
        for hash in [SCRYPT, PBKDF2] {
            assert!(is_werkzeug(hash));
            assert_eq!(verify(hash, "비밀번호-1234"), Some(true));
            assert_eq!(verify(hash, "비밀번호-1235"), Some(false));
        }
    }

    #[test]
    fn what_is_no_hash_is_refused_without_work() {
        let refused = [
            "",
            "scrypt",
            "scrypt:32768:8:1$salt$zz",
            "scrypt:3:8:1$salt$00112233445566778899aabbccddeeff",
            "scrypt:1073741824:8:1$salt$00112233445566778899aabbccddeeff",
            "md5:1$salt$00112233445566778899aabbccddeeff",
            "pbkdf2:sha256:4000000000$salt$00112233445566778899aabbccddeeff",
            "pbkdf2:sha256:1$salt$00",
        ];
        for text in refused {
            assert_eq!(verify(text, "x"), None, "{text}");
        }
    }
}
