//! Handles on a session: how one is handed out, with which credentials.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::{Identity, Session};
use crate::{
    codec::record::{Changes, RecordKey, Value},
    error::{Error, Result},
    layout::Origin,
};

impl Session {
    /// Keeps the session open for a handle that is about to be handed out; or says what has ended it.
    pub async fn reserve(self: &Arc<Self>) -> Result<Opened> {
        let opened = {
            let mut state = self.state();
            state.require_open()?;
            state.opening += 1;
            Opened {
                session: self.clone(),
                origin: Origin::default(),
            }
        };
        let durable = self.durable_creds().await?;
        let mut state = self.state();
        // Credentials that became durable meanwhile are newer than what was read.
        if state.creds.is_none() {
            state.identity = durable.as_ref().and_then(Identity::of);
            state.creds = Some(durable);
        }
        drop(state);
        Ok(opened)
    }

    async fn durable_creds(&self) -> Result<Option<Value>> {
        if let Some(creds) = self.tenure.lookup(&RecordKey::Creds) {
            return Ok(creds);
        }
        let (reply, answer) = oneshot::channel();
        let tenure = self.tenure.clone();
        tenure.fetch(vec![RecordKey::Creds], Box::new(|values| drop(reply.send(values))));
        let values = answer.await.unwrap_or_else(|_| Err(Error::closed()))?;
        Ok(values.into_iter().next().flatten())
    }
}

/// A session with a handle that is about to be handed out.
pub struct Opened {
    session: Arc<Session>,
    /// How the open came by the session; as it is by default where this store had it open already.
    pub origin: Origin,
}

impl Opened {
    /// Hands the handle out: from here on the writes of earlier ones are refused.
    pub fn admit(self) -> Handle {
        let mut state = self.session.state();
        state.newest_handle += 1;
        let unwritten = state.unwritten().find_map(Changes::creds).cloned();
        let creds = unwritten.or_else(|| state.creds.clone().flatten());
        Handle {
            number: state.newest_handle,
            session: self.session.clone(),
            creds,
        }
    }
}

/// A handle on an open account.
pub struct Handle {
    /// The session, which all handles share.
    pub session: Arc<Session>,
    /// Tells the session's handles apart: only the newest may write.
    pub number: u64,
    /// The credentials at the moment in which it was handed out.
    pub creds: Option<Value>,
}

impl Drop for Opened {
    fn drop(&mut self) {
        let mut state = self.session.state();
        state.opening -= 1;
        if state.opening == 0 {
            state.creds = None;
        }
    }
}
