//! A change of secret over all sessions of a store: what a layout does of it at a time, and what it says about it.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::work::{Left, Stop};
use crate::error::Result;

/// Takes sessions over to the current secret, a part at a time.
#[async_trait]
pub(crate) trait Rotation: Send {
    /// Does the next part. What an earlier step did stays done, whatever becomes of this one.
    async fn step(&mut self, stop: &Stop) -> Result<Step>;
}

/// How far a rotation has come.
pub(crate) struct Step {
    /// Whether it has come to its end.
    pub(crate) is_done: bool,
    /// Sessions that it has changed since it began.
    pub(crate) rotated: u64,
    /// Sessions by what they are sealed under.
    pub(crate) keys: Vec<Sealed>,
    /// Sessions whose data key another secret's key has wrapped before.
    pub(crate) rewrapped: u64,
    /// Sessions that it could not change.
    pub(crate) left: usize,
    /// Which they are; told at the end.
    pub(crate) unrotated: Vec<Left>,
}

/// Sessions that are sealed under one key.
pub(crate) struct Sealed {
    /// Says which key, and nothing about it.
    pub(crate) key_id: String,
    pub(crate) secret: Secret,
    pub(crate) sessions: u64,
}

/// Whose key it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Secret {
    /// That of the secret that seals.
    Current,
    /// That of a secret that only opens.
    Previous,
    /// That of none that the store was given.
    Unknown,
}

impl Secret {
    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Previous => "previous",
            Self::Unknown => "unknown",
        }
    }
}

/// Sessions by what they are sealed under.
#[derive(Default)]
pub(super) struct Tally(BTreeMap<(Secret, String), u64>);

impl Tally {
    pub(super) fn add(&mut self, secret: Secret, key_id: &str, sessions: u64) {
        *self.0.entry((secret, key_id.to_owned())).or_default() += sessions;
    }

    pub(super) fn remove(&mut self, secret: Secret, key_id: &str) {
        let sessions = self.0.entry((secret, key_id.to_owned())).or_default();
        *sessions = sessions.saturating_sub(1);
    }

    /// The current secret's first.
    pub(super) fn counts(&self) -> Vec<Sealed> {
        let count = |((secret, key_id), sessions): (&(Secret, String), &u64)| Sealed {
            key_id: key_id.clone(),
            secret: *secret,
            sessions: *sessions,
        };
        self.0.iter().map(count).collect()
    }
}
