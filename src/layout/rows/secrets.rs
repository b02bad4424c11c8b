//! The key-encryption keys of the secrets that a store was given.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::{
    crypto::{Kdf, KeyEncryptionKey, KeyId},
    error::{Code, Error, Result},
};

/// The secret to seal with, then those that only open.
#[derive(Clone)]
pub(super) struct Secrets {
    secrets: Arc<[Arc<Zeroizing<String>>]>,
    kdf: Kdf,
}

impl Secrets {
    pub(super) fn new(secrets: &[Arc<Zeroizing<String>>], kdf: Kdf) -> Self {
        Self {
            secrets: secrets.into(),
            kdf,
        }
    }

    /// The key to wrap with. Not for an I/O thread: a secret's first use derives.
    pub(super) fn current(&self) -> Result<Arc<KeyEncryptionKey>> {
        KeyEncryptionKey::derive(&self.secrets[0], &self.kdf)
    }

    /// The ids of the keys of all secrets, the current one's first.
    pub(super) fn ids(&self) -> Result<Vec<KeyId>> {
        let id = |secret: &Arc<Zeroizing<String>>| Ok(*KeyEncryptionKey::derive(secret, &self.kdf)?.id());
        self.secrets.iter().map(id).collect()
    }

    /// The key with this id. Earlier secrets are derived only if the current one is not it.
    pub(super) fn find(&self, id: &KeyId) -> Result<Arc<KeyEncryptionKey>> {
        for secret in &*self.secrets {
            let key = KeyEncryptionKey::derive(secret, &self.kdf)?;
            if key.id() == id {
                return Ok(key);
            }
        }
        Err(Error::new(
            Code::WrongSecret,
            "the session was sealed with another secret than WHATSAPP_SESSION_SECRET; nothing was changed: set the right \
             secret, or add the earlier one to previousSecrets",
        ))
    }
}
