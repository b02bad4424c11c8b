//! The key-encryption keys of the secrets that a store was given.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::{
    crypto::{Kdf, KeyEncryptionKey, KeyId},
    error::{Code, Error, Result},
    layout::rotation::Secret,
};

/// As much of a key id as tells the secrets of a store apart.
const SHORT_ID: usize = 4;

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

    /// The ids of their keys. Not for an I/O thread either.
    pub(super) fn ids(&self) -> Result<KeyIds> {
        let id = |secret: &Arc<Zeroizing<String>>| Ok(*KeyEncryptionKey::derive(secret, &self.kdf)?.id());
        Ok(KeyIds(self.secrets.iter().map(id).collect::<Result<_>>()?))
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

/// The ids of the keys of all secrets, the current one's first.
pub(super) struct KeyIds(Vec<KeyId>);

impl KeyIds {
    /// That of the current secret's.
    pub(super) fn current(&self) -> &KeyId {
        // A store has one secret at least.
        &self.0[0]
    }

    /// Whose key this is.
    pub(super) fn secret_of(&self, id: &KeyId) -> Secret {
        match self.0.iter().position(|known| known == id) {
            Some(0) => Secret::Current,
            Some(_) => Secret::Previous,
            None => Secret::Unknown,
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &KeyId> {
        self.0.iter()
    }
}

/// What stands for a key id in reports.
pub(super) fn short(id: &KeyId) -> String {
    const_hex::encode(&id[..SHORT_ID])
}
