//! One open account: the order of its writes, and that what was written is what is read.
//!
//! All handles that this process has opened on an account share one session, so that opening again (Baileys' restart
//! after pairing) cannot lose a write of the older handle: its writes are accepted until the newer handle is handed
//! out, and both see them.

mod commit;
mod identity;
mod pending;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

pub(crate) use self::commit::Commit;
use self::pending::Pending;
pub use self::pending::Reply;
use crate::{
    codec::record::{Changes, RecordKey, Text},
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

struct State {
    /// What ended this session, if anything did; every later write gets it.
    ended: Option<Error>,
    /// The newest handle that was handed out; only its writes are accepted.
    newest_handle: u64,
    /// Handles that are about to be handed out.
    opening: usize,
    /// Gathers for the next commit.
    pending: Pending,
    /// What the commit under way carries.
    in_flight: Option<Arc<Changes>>,
    /// Whether the writer has this session in its queue or under way.
    scheduled: bool,
    /// As many callers as are worth waiting for; see `writer`.
    expected: usize,
}

impl State {
    /// Fails with what ended the session, if anything did.
    fn require_open(&self) -> Result<()> {
        self.ended.clone().map_or(Ok(()), Err)
    }
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
            state: Mutex::new(State {
                ended: None,
                newest_handle: 0,
                opening: 0,
                pending: Pending::default(),
                in_flight: None,
                scheduled: false,
                expected: usize::MAX,
            }),
            gathered: Notify::new(),
        })
    }

    /// Keeps the session open for a handle that is about to be handed out; or says what has ended it.
    pub fn reserve(self: &Arc<Self>) -> Result<Opened> {
        let mut state = self.state();
        state.require_open()?;
        state.opening += 1;
        drop(state);
        Ok(Opened(self.clone()))
    }

    /// Adds records to the next commit, all or nothing, and answers `reply` when PostgreSQL has committed them, or at once
    /// with what refuses them. The commit leaves after [`Session::start`]: what is written in between leaves together.
    pub fn write(&self, handle: u64, changes: Changes, reply: Reply) {
        match self.accept(handle, changes) {
            Ok(mut state) => {
                state.pending.replies.push(reply);
                if state.pending.replies.len() == state.expected {
                    self.gathered.notify_one();
                }
            }
            Err(error) => reply(Err(error)),
        }
    }

    /// Lets what is pending leave.
    pub fn start(self: &Arc<Self>) {
        let mut state = self.state();
        if !state.pending.is_empty() {
            self.schedule(&mut state);
        }
    }

    /// Deletes every record but the credentials; otherwise as [`Session::write`].
    pub fn delete_keys(&self, handle: u64, reply: Reply) {
        let deletions = self.keys(None).into_iter().map(|key| (key, None)).collect();
        self.write(handle, deletions, reply);
    }

    /// Waits until everything written so far is durable, and makes sure that the account is still ours.
    pub async fn flush(self: &Arc<Self>) -> Result<()> {
        let (reply, answer) = oneshot::channel();
        {
            let mut state = self.state();
            state.require_open()?;
            // Nobody listens any more if the caller gave up; the commit is none the worse for it.
            state.pending.replies.push(Box::new(|result| drop(reply.send(result))));
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
            reply(Err(error.clone()));
        }
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

    /// What a record holds, as of the last write called.
    pub fn read(&self, key: &RecordKey) -> Option<Text> {
        self.read_in(&self.state(), key)
    }

    fn read_in(&self, state: &State, key: &RecordKey) -> Option<Text> {
        let unwritten = state
            .pending
            .changes
            .get(key)
            .or_else(|| state.in_flight.as_ref()?.get(key));
        match unwritten {
            Some(value) => value.clone(),
            None => self.tenure.lookup(key),
        }
    }

    /// The keys of all records but the credentials, of one type or of all, as of the last write called.
    pub fn keys(&self, kind: Option<&str>) -> Vec<RecordKey> {
        let state = self.state();
        let mut keys = self.tenure.keys(kind);
        let layers = state.in_flight.as_deref().into_iter().chain([&state.pending.changes]);
        for changes in layers {
            keys.retain(|key| !changes.contains_key(key));
            let set = changes
                .iter()
                .filter(|(key, value)| value.is_some() && is_of(key, kind));
            keys.extend(set.map(|(key, _)| key.clone()));
        }
        keys
    }

    /// The account.
    pub fn account(&self) -> &Arc<str> {
        &self.account
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
        }
    }

    /// Checks a write and adds it to what is pending.
    fn accept(&self, handle: u64, changes: Changes) -> Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        state.require_open()?;
        if handle != state.newest_handle {
            return Err(Error::superseded());
        }
        if let Some(Some(creds)) = changes.get(&RecordKey::Creds) {
            identity::require_same(self.read_in(&state, &RecordKey::Creds).as_ref(), creds)?;
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
        self.counters.left(pending.changes.len(), pending.bytes);
        pending
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A session with a handle that is about to be handed out.
pub struct Opened(Arc<Session>);

impl Opened {
    /// Hands the handle out: from here on the writes of earlier ones are refused. Gives the handle's number.
    pub fn admit(self) -> (Arc<Session>, u64) {
        let mut state = self.0.state();
        state.newest_handle += 1;
        let handle = state.newest_handle;
        drop(state);
        (self.0.clone(), handle)
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.0.state().opening -= 1;
    }
}

fn is_of(key: &RecordKey, wanted: Option<&str>) -> bool {
    match key {
        RecordKey::Creds => false,
        RecordKey::Key { kind, .. } => wanted.is_none_or(|wanted| wanted == &**kind),
    }
}

#[cfg(test)]
mod tests;
