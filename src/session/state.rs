//! What changes of a session, all of it under one lock.

use std::sync::Arc;

use super::{Identity, pending::Pending};
use crate::{
    codec::record::{Changes, Value},
    error::{Error, Result},
};

pub(super) struct State {
    /// What ended this session, if anything did; every later write gets it.
    pub(super) ended: Option<Error>,
    /// The newest handle that was handed out; only its writes are accepted.
    pub(super) newest_handle: u64,
    /// Handles that are about to be handed out.
    pub(super) opening: usize,
    /// Gathers for the next commit.
    pub(super) pending: Pending,
    /// What the commit under way carries.
    pub(super) in_flight: Option<Arc<Changes>>,
    /// Whether the writer has this session in its queue or under way.
    pub(super) scheduled: bool,
    /// As many callers as are worth waiting for; see `writer`.
    pub(super) expected: usize,
    /// Whose the durable credentials are.
    pub(super) identity: Option<Identity>,
    /// The durable credentials, while a handle is about to be handed out.
    pub(super) creds: Option<Option<Value>>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            ended: None,
            newest_handle: 0,
            opening: 0,
            pending: Pending::default(),
            in_flight: None,
            scheduled: false,
            expected: usize::MAX,
            identity: None,
            creds: None,
        }
    }
}

impl State {
    /// Fails with what ended the session, if anything did.
    pub(super) fn require_open(&self) -> Result<()> {
        self.ended.clone().map_or(Ok(()), Err)
    }

    /// Credentials became durable.
    pub(super) fn saved(&mut self, creds: &Value) {
        self.identity = Identity::of(creds);
        if self.opening > 0 {
            self.creds = Some(Some(creds.clone()));
        }
    }

    /// What is written and not yet known to be durable, the newest first.
    pub(super) fn unwritten(&self) -> impl Iterator<Item = &Changes> {
        [Some(&self.pending.changes), self.in_flight.as_deref()]
            .into_iter()
            .flatten()
    }
}
