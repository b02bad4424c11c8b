//! Keys that are derived once per process and then kept.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use sha2::{Digest, Sha256};

/// What was derived from secrets, by a name that holds the secret's fingerprint: the secret itself is not kept.
pub(super) struct Derived<N, K>(Mutex<HashMap<N, Slot<K>>>);

type Slot<K> = Arc<OnceLock<Arc<K>>>;

impl<N, K> Default for Derived<N, K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<N: Eq + Hash, K> Derived<N, K> {
    /// The key of this name. The first call computes; calls of the same moment wait for that one, later ones find it.
    pub(super) fn get(&self, name: N, compute: impl FnOnce() -> K) -> Arc<K> {
        let slot = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(name)
            .or_default()
            .clone();
        slot.get_or_init(|| Arc::new(compute())).clone()
    }
}

/// Tells secrets apart.
pub(super) type Fingerprint = [u8; 32];

/// SHA-256 of a secret.
pub(super) fn fingerprint(secret: &str) -> Fingerprint {
    Sha256::digest(secret.as_bytes()).into()
}
