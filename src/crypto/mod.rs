//! Keys and sealed texts. Knows nothing of SQL, sessions or JavaScript.
//!
//! Two schemes: `envelope` seals the original service's texts under a key that its secret gives directly (`key`). For
//! rows the secret gives a key-encryption key (`key_encryption`), which wraps a random data key per session, which
//! seals its records (`session_key`).

mod derived;
mod envelope;
mod key;
mod key_encryption;
mod session_key;

pub use envelope::{Envelope, IV_LEN, Iv, TAG_LEN};
pub use key::{MIN_SECRET_LEN, SealingKey, derive_key, require_length};
pub(crate) use key_encryption::{Kdf, KeyEncryptionKey, KeyId, SALT_LEN, SessionName};
pub(crate) use session_key::{RecordHash, RecordName, SessionKey};

use crate::error::{Code, Error, Result};

/// Fills with random bytes of the operating system.
pub(crate) fn random(bytes: &mut [u8]) -> Result<()> {
    getrandom::fill(bytes).map_err(|_| Error::new(Code::Internal, "the operating system gave no random numbers"))
}
