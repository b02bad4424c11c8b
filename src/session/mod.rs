//! One open account: the order of its writes, and that what was written is what is read.
//!
//! All handles that this process has opened on an account share one session, so that opening again (Baileys' restart
//! after pairing) cannot lose a write of the older handle: its writes are accepted until the newer handle is handed
//! out, and both see them.

mod commit;
mod handle;
mod identity;
mod pending;
mod reading;
mod state;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering::Relaxed};

use tokio::{
    sync::{Notify, oneshot},
    time::Instant,
};

pub(crate) use self::{
    commit::{Commit, Rest},
    identity::Identity,
};
pub use self::{
    handle::{Handle, Opened},
    pending::Reply,
};
use self::{pending::Pending, state::State};
use crate::{
    codec::record::Changes,
    error::{Code, Error, Result},
    event::{Event, Observer},
    layout::Tenure,
    stats::Counters,
    writer::Writer,
};

/// An open account.
pub struct Session {
    account: Arc<str>,
    tenure: Arc<dyn Tenure>,
    writer: Writer,
    counters: Arc<Counters>,
    observer: Observer,
    state: Mutex<State>,
    /// Told when as many callers wait as are expected.
    gathered: Notify,
}

impl Session {
    /// A session around what a layout has opened.
    pub(crate) fn new(
        account: Arc<str>,
        tenure: Arc<dyn Tenure>,
        writer: Writer,
        counters: Arc<Counters>,
        observer: Observer,
    ) -> Arc<Self> {
        Arc::new(Self {
            account,
            tenure,
            writer,
            counters,
            observer,
            state: Mutex::default(),
            gathered: Notify::new(),
        })
    }

    /// Adds records to the next commit, all or nothing, and answers `reply` when PostgreSQL has committed them, or at once
    /// with what refuses them. The commit leaves after [`Session::start`]: what is written in between leaves together.
    pub fn write(&self, handle: u64, changes: Changes, reply: Reply) {
        self.add(handle, changes, true, reply);
    }

    /// As [`Session::write`], for credentials that may be of any identity, and records that go with them.
    pub(crate) fn replace(&self, handle: u64, changes: Changes, reply: Reply) {
        self.add(handle, changes, false, reply);
    }

    fn add(&self, handle: u64, changes: Changes, keeps_identity: bool, reply: Reply) {
        self.counters.sets.fetch_add(1, Relaxed);
        match self.accept(handle, changes, keeps_identity) {
            Ok(mut state) => {
                let since = Some(Instant::now());
                state.pending.wait(reply, since, || self.writer.deadline());
                if state.pending.replies.len() == state.expected {
                    self.gathered.notify_one();
                }
            }
            Err(error) => {
                self.counters.refused_sets.fetch_add(1, Relaxed);
                reply(Err(error));
            }
        }
    }

    /// Lets what is pending leave.
    pub fn start(self: &Arc<Self>) {
        let mut state = self.state();
        if !state.pending.is_empty() {
            self.schedule(&mut state);
        }
    }

    /// Waits until everything written so far is durable, and makes sure that the account is still ours.
    pub async fn flush(self: &Arc<Self>) -> Result<()> {
        let (reply, answer) = oneshot::channel();
        {
            let mut state = self.state();
            state.require_open()?;
            // Nobody listens any more if the caller gave up; the commit is none the worse for it.
            let reply: Reply = Box::new(|result| drop(reply.send(result)));
            state.pending.wait(reply, None, || self.writer.deadline());
            self.schedule(&mut state);
        }
        answer.await.unwrap_or_else(|_| Err(Error::closed()))
    }

    /// Waits until everything written so far is durable; without a round trip if it is. Fine if the session has ended.
    pub async fn flush_if_pending(self: &Arc<Self>) -> Result<()> {
        let idle = {
            let state = self.state();
            state.ended.is_some() || (state.in_flight.is_none() && state.pending.is_empty())
        };
        if idle { Ok(()) } else { self.flush().await }
    }

    /// What ended it, if anything did.
    pub fn ended(&self) -> Option<Error> {
        self.state().ended.clone()
    }

    /// Ends the session: what has not left yet is refused with this error, and everything later. The first end counts.
    pub fn end(&self, error: &Error) {
        let (first, refused) = {
            let mut state = self.state();
            let first = state.ended.is_none();
            state.ended.get_or_insert_with(|| error.clone());
            (first, self.take_pending(&mut state))
        };
        for reply in refused.replies {
            reply.answer(Err(error.clone()), &self.counters);
        }
        self.tenure.release();
        if first && error.code() == Code::SessionSuperseded {
            (self.observer)(Event::Superseded {
                account: self.account.clone(),
            });
        }
    }

    /// Ends the session, unless this handle is not the newest one any more or about not to be.
    pub fn end_by(&self, handle: u64, error: &Error) {
        let newest = {
            let state = self.state();
            state.newest_handle == handle && state.opening == 0
        };
        if newest {
            self.end(error);
        }
    }

    /// The account.
    pub fn account(&self) -> &Arc<str> {
        &self.account
    }

    /// Until when somebody waits for what is pending.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.state().pending.deadline
    }

    /// Takes what is pending, for the writer to commit.
    pub(crate) fn take(self: &Arc<Self>) -> Commit {
        let mut state = self.state();
        let pending = self.take_pending(&mut state);
        let changes = Arc::new(pending.changes);
        state.in_flight = Some(changes.clone());
        state.expected = usize::MAX;
        Commit {
            session: self.clone(),
            changes,
            replies: pending.replies,
            deadline: pending.deadline.unwrap_or_else(|| self.writer.deadline()),
        }
    }

    /// Checks a write and adds it to what is pending.
    fn accept(&self, handle: u64, changes: Changes, keeps_identity: bool) -> Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        state.require_open()?;
        if handle != state.newest_handle {
            return Err(Error::superseded());
        }
        if keeps_identity && let Some(creds) = changes.creds() {
            match state.unwritten().find_map(Changes::creds) {
                Some(current) => identity::require_same(Identity::of(current).as_ref(), creds)?,
                None => identity::require_same(state.identity.as_ref(), creds)?,
            }
        }
        state.pending.add(changes, &self.counters)?;
        Ok(state)
    }

    fn schedule(self: &Arc<Self>, state: &mut State) {
        if !std::mem::replace(&mut state.scheduled, true) {
            self.writer.enqueue(self.clone());
        }
    }

    fn take_pending(&self, state: &mut State) -> Pending {
        let pending = std::mem::take(&mut state.pending);
        self.counters.left(pending.changes.records.len(), pending.bytes);
        pending
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
