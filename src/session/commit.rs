//! One session's part of a commit: what it carries, who waits for it, and what comes after.

use std::sync::Arc;

use tokio::time::Instant;

use super::{Session, pending::Waiter};
use crate::{
    codec::record::Changes,
    error::{Code, Error, Result},
    layout::Write,
};

/// One session's part of a commit that is under way. Dropped without an answer, it answers with an internal error, so
/// that nobody waits for ever.
pub(crate) struct Commit {
    pub(super) session: Arc<Session>,
    pub(super) changes: Arc<Changes>,
    pub(super) replies: Vec<Waiter>,
    pub(super) deadline: Instant,
}

impl Commit {
    /// What the layout is to make durable.
    pub(crate) fn write(&self) -> Write {
        Write {
            tenure: self.session.tenure.clone(),
            changes: self.changes.clone(),
        }
    }

    /// When it is given up.
    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whose it is.
    pub(crate) fn account(&self) -> &Arc<str> {
        &self.session.account
    }

    /// How many records it carries.
    pub(crate) fn records(&self) -> usize {
        self.changes.records.len()
    }

    /// About how many bytes it carries.
    pub(crate) fn size(&self) -> usize {
        self.changes.size()
    }

    /// Ends the commit and answers everybody who waited for it. Gives the session with what has gathered meanwhile: the
    /// caller resumes it.
    pub(crate) fn settle(mut self, result: Result<()>) -> Rest {
        self.finish(result)
    }

    fn finish(&mut self, result: Result<()>) -> Rest {
        let session = &self.session;
        session.counters.settled(self.changes.records.len(), result.is_ok());
        if let Err(error) = &result
            && error.is_loss_of_ownership()
        {
            session.end(error);
        }
        let replies = std::mem::take(&mut self.replies);
        {
            let mut state = session.state();
            state.in_flight = None;
            if result.is_ok()
                && let Some(creds) = self.changes.creds()
            {
                state.saved(creds);
            }
            state.expected = state.pending.replies.len() + replies.len();
        }
        for reply in replies {
            reply.answer(result.clone(), &session.counters);
        }
        Rest(session.clone())
    }
}

impl Drop for Commit {
    fn drop(&mut self) {
        if !self.replies.is_empty() {
            let broken = Error::new(Code::Internal, "a commit broke off; please report this");
            self.finish(Err(broken)).resume();
        }
    }
}

/// A session between two commits: what is written to it gathers until it is resumed.
pub(crate) struct Rest(Arc<Session>);

impl Rest {
    /// Waits until as many callers wait as did when the commit ended, those whom it answered included.
    pub(crate) async fn gathered(&self) {
        self.0.gathered.notified().await;
    }

    /// Puts the session into the writer's queue, if there is something to write.
    pub(crate) fn resume(self) {
        let mut state = self.0.state();
        state.scheduled = !state.pending.is_empty();
        if state.scheduled {
            self.0.writer.enqueue(self.0.clone());
        }
    }
}
