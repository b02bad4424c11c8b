//! The key of a secret: derived once per secret and process, then kept.

use std::sync::{Arc, LazyLock};

use aes_gcm::{Aes256Gcm, KeyInit};
use scrypt::Params;
use zeroize::Zeroizing;

use super::derived::{Derived, Fingerprint, fingerprint};
use crate::error::{Code, Error, Result};

/// Shortest secret that seals, in characters. scrypt slows guessing down; it does not make a short secret long.
pub const MIN_SECRET_LEN: usize = 16;

const SALT: &[u8] = b"whatsapp-session-salt";
/// scrypt's cost parameters, the defaults of Node.js: N = 2^14, r = 8, p = 1.
const LOG_N: u8 = 14;
const BLOCK_SIZE: u32 = 8;
const PARALLELISM: u32 = 1;

/// An AES-256-GCM key (NIST SP 800-38D), wiped when the last user drops it.
pub struct SealingKey(pub(super) Aes256Gcm);

static KEYS: LazyLock<Derived<Fingerprint, SealingKey>> = LazyLock::new(Derived::default);

/// Refuses a secret that is too short to seal with.
pub fn require_length(secret: &str) -> Result<()> {
    if secret.chars().count() < MIN_SECRET_LEN {
        return Err(Error::new(
            Code::SecretTooShort,
            format!("the secret is too short: WHATSAPP_SESSION_SECRET needs at least {MIN_SECRET_LEN} characters"),
        )
        .advising("`openssl rand -base64 32` prints a good one"));
    }
    Ok(())
}

/// The key of a secret: scrypt(secret, `whatsapp-session-salt`, 32 bytes, N=16384, r=8, p=1), RFC 7914.
///
/// The first call for a secret computes for some 50 ms; calls of the same moment wait for that one, later ones find the
/// key. Not for JavaScript's thread, except where its API is synchronous.
pub fn derive_key(secret: &str) -> Arc<SealingKey> {
    KEYS.get(fingerprint(secret), || compute(secret))
}

#[allow(clippy::expect_used)]
fn compute(secret: &str) -> SealingKey {
    let params = Params::new(LOG_N, BLOCK_SIZE, PARALLELISM).expect("the constants are valid scrypt parameters");
    let mut key = Zeroizing::new([0_u8; 32]);
    scrypt::scrypt(secret.as_bytes(), SALT, &params, key.as_mut_slice()).expect("32 bytes is a valid output length");
    SealingKey(Aes256Gcm::new((&*key).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_one_key_however_many_ask_at_once() {
        let secret = "a secret that no other test uses";
        let keys: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| derive_key(secret))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| Arc::ptr_eq(key, &keys[0])));
        assert!(!Arc::ptr_eq(&keys[0], &derive_key("another secret of good length")));
    }

    #[test]
    fn fifteen_characters_are_too_short() {
        assert_eq!(
            require_length("fifteen chars..").unwrap_err().code(),
            Code::SecretTooShort
        );
        assert!(require_length("sixteen chars ok").is_ok());
        assert!(
            require_length("éééééééééééééééé").is_ok(),
            "characters are counted, not bytes"
        );
    }
}
