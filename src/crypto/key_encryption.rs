//! The key-encryption key: what a secret gives in a store of rows, and what wraps the data keys of its sessions.
//!
//! Key-encryption key and key id = HKDF-SHA-256 (RFC 5869) over scrypt (RFC 7914) of the secret, under the store's salt.
//! A wrapped key is `version ‖ nonce(12) ‖ AES-256-GCM(data key) ‖ tag(16)`, and its associated data name the session, so
//! that it opens nowhere else.

use std::sync::{Arc, LazyLock};

use hkdf::Hkdf;
use scrypt::Params;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{
    derived::{Derived, Fingerprint, fingerprint},
    session_key::{self, SessionKey},
};
use crate::error::{Code, Error, Result};

/// Length of a store's salt in bytes.
pub(crate) const SALT_LEN: usize = 16;
/// Length of a key id in bytes.
const KEY_ID_LEN: usize = 16;
const VERSION: u8 = 1;

/// scrypt's cost for new stores: N = 2^15, r = 8, p = 3, about 0.2 s and 32 MiB once per process.
const LOG_N: u8 = 15;
const BLOCK_SIZE: u32 = 8;
const PARALLELISM: u32 = 3;

/// The least and the most that a store may ask for: its row could have been changed to make guessing cheap, or to hold a
/// process up.
const MIN_LOG_N: u8 = 14;
const MAX_LOG_N: u8 = 18;
const MAX_BLOCK_SIZE: u32 = 16;
const MAX_PARALLELISM: u32 = 16;

/// Says which secret wrapped a key, and nothing else about it.
pub(crate) type KeyId = [u8; KEY_ID_LEN];

/// How a store derives its key-encryption key; not secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Kdf {
    pub(crate) salt: [u8; SALT_LEN],
    /// scrypt's N as the exponent of 2.
    pub(crate) log_n: u8,
    /// scrypt's r.
    pub(crate) block_size: u32,
    /// scrypt's p.
    pub(crate) parallelism: u32,
}

impl Kdf {
    /// For a new store.
    pub(crate) fn fresh() -> Result<Self> {
        let mut salt = [0; SALT_LEN];
        super::random(&mut salt)?;
        Ok(Self {
            salt,
            log_n: LOG_N,
            block_size: BLOCK_SIZE,
            parallelism: PARALLELISM,
        })
    }

    /// scrypt's parameters, if they are within bounds.
    fn params(&self) -> Result<Params> {
        let is_bounded = (MIN_LOG_N..=MAX_LOG_N).contains(&self.log_n)
            && (1..=MAX_BLOCK_SIZE).contains(&self.block_size)
            && (1..=MAX_PARALLELISM).contains(&self.parallelism);
        let params = Params::new(self.log_n, self.block_size, self.parallelism).ok();
        params.filter(|_| is_bounded).ok_or_else(|| {
            Error::new(
                Code::Schema,
                "the store's parameters for deriving keys are out of bounds; its row was changed",
            )
        })
    }
}

/// Which session a key is wrapped for.
pub(crate) struct SessionName<'a> {
    pub(crate) account: &'a str,
    pub(crate) session_id: &'a [u8; 16],
}

/// Wraps data keys; itself wiped when dropped.
pub(crate) struct KeyEncryptionKey {
    key: Zeroizing<[u8; 32]>,
    id: KeyId,
}

static KEYS: LazyLock<Derived<(Fingerprint, Kdf), KeyEncryptionKey>> = LazyLock::new(Derived::default);

impl KeyEncryptionKey {
    /// The key of a secret in a store. The first call computes for some 0.2 s; not for an I/O thread.
    pub(crate) fn derive(secret: &str, kdf: &Kdf) -> Result<Arc<Self>> {
        let params = kdf.params()?;
        Ok(KEYS.get((fingerprint(secret), kdf.clone()), || {
            Self::compute(secret, &kdf.salt, &params)
        }))
    }

    #[allow(clippy::expect_used)]
    fn compute(secret: &str, salt: &[u8], params: &Params) -> Self {
        let mut stretched = Zeroizing::new([0_u8; 32]);
        scrypt::scrypt(secret.as_bytes(), salt, params, stretched.as_mut_slice())
            .expect("32 bytes is a valid output length");
        let hkdf = Hkdf::<Sha256>::new(None, stretched.as_slice());
        let (mut key, mut id) = (Zeroizing::new([0_u8; 32]), KeyId::default());
        hkdf.expand(b"baileys-postgres-auth key-encryption key", key.as_mut_slice())
            .expect("32 bytes is a valid output length");
        hkdf.expand(b"baileys-postgres-auth key id", &mut id)
            .expect("16 bytes is a valid output length");
        Self { key, id }
    }

    /// Says which secret it came from.
    pub(crate) fn id(&self) -> &KeyId {
        &self.id
    }

    /// Wraps a session's key.
    pub(crate) fn wrap(&self, session: &SessionName<'_>, key: &SessionKey) -> Result<Vec<u8>> {
        session_key::seal(&self.key, VERSION, &self.associated_data(session), key.data_key())
    }

    /// Unwraps a session's key.
    pub(crate) fn unwrap(&self, session: &SessionName<'_>, wrapped: &[u8]) -> Result<SessionKey> {
        let opened = session_key::open(&self.key, VERSION, &self.associated_data(session), wrapped);
        let key = opened.and_then(|key| Some(SessionKey::new(key.as_slice().try_into().ok()?)));
        key.ok_or_else(|| {
            Error::new(
                Code::Unreadable,
                "the session's key cannot be unwrapped: the row was changed or moved; nothing was overwritten",
            )
        })
    }

    fn associated_data(&self, session: &SessionName<'_>) -> Vec<u8> {
        [
            &[VERSION],
            self.id.as_slice(),
            session.session_id.as_slice(),
            session.account.as_bytes(),
        ]
        .concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kdf() -> Kdf {
        Kdf {
            log_n: MIN_LOG_N,
            parallelism: 1,
            ..Kdf::fresh().unwrap()
        }
    }

    fn name<'a>(account: &'a str, session_id: &'a [u8; 16]) -> SessionName<'a> {
        SessionName { account, session_id }
    }

    #[test]
    fn a_wrapped_key_opens_for_its_session_alone() {
        let kek = KeyEncryptionKey::derive("an-example-secret-of-good-length", &kdf()).unwrap();
        let key = SessionKey::random().unwrap();
        let wrapped = kek.wrap(&name("a", &[1; 16]), &key).unwrap();
        assert_eq!(wrapped.len(), 61);
        let unwrapped = kek.unwrap(&name("a", &[1; 16]), &wrapped).unwrap();
        assert_eq!(unwrapped.data_key(), key.data_key());
        assert!(kek.unwrap(&name("b", &[1; 16]), &wrapped).is_err());
        assert!(kek.unwrap(&name("a", &[2; 16]), &wrapped).is_err());
        for at in 0..wrapped.len() {
            let mut changed = wrapped.clone();
            changed[at] ^= 1;
            assert!(kek.unwrap(&name("a", &[1; 16]), &changed).is_err(), "byte {at}");
            assert!(kek.unwrap(&name("a", &[1; 16]), &wrapped[..at]).is_err());
        }
    }

    #[test]
    fn secrets_and_salts_give_different_keys_and_ids() {
        let (one, other) = (kdf(), kdf());
        let first = KeyEncryptionKey::derive("an-example-secret-of-good-length", &one).unwrap();
        let again = KeyEncryptionKey::derive("an-example-secret-of-good-length", &one).unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        let salted = KeyEncryptionKey::derive("an-example-secret-of-good-length", &other).unwrap();
        let secret = KeyEncryptionKey::derive("another secret of good length", &one).unwrap();
        assert_ne!(first.id(), salted.id());
        assert_ne!(first.id(), secret.id());
    }

    #[test]
    fn a_store_can_ask_neither_for_endless_work_nor_for_next_to_none() {
        for kdf in [
            Kdf { log_n: 30, ..kdf() },
            Kdf {
                block_size: 1 << 20,
                ..kdf()
            },
            Kdf {
                parallelism: 1 << 20,
                ..kdf()
            },
            Kdf { log_n: 13, ..kdf() },
        ] {
            assert_eq!(KeyEncryptionKey::derive("a", &kdf).err().unwrap().code(), Code::Schema);
        }
    }
}
