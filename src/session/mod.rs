//! One open account: the order of its writes, and that what was written is what is read.
//!
//! All handles that this process has opened on an account share one session, so that opening again (Baileys' restart
//! after pairing) cannot lose a write of the older handle: its writes are accepted until the newer handle is handed
//! out, and both see them.

mod commit;
mod identity;
mod pending;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering::Relaxed};

use tokio::{
    sync::{Notify, oneshot},
    time::Instant,
};

pub(crate) use self::commit::{Commit, Rest};
pub(crate) use self::identity::Identity;
use self::pending::Pending;
pub use self::pending::Reply;
use crate::{
    codec::record::{Changes, RecordKey, Value},
    error::{Code, Error, Result},
    event::{Event, Observer},
    layout::{Origin, Tenure, ValuesReply},
    pool,
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
    /// Whose the durable credentials are.
    identity: Option<Identity>,
    /// The durable credentials, while a handle is about to be handed out.
    creds: Option<Option<Value>>,
}

impl State {
    /// Fails with what ended the session, if anything did.
    fn require_open(&self) -> Result<()> {
        self.ended.clone().map_or(Ok(()), Err)
    }

    /// Credentials became durable.
    fn saved(&mut self, creds: &Value) {
        self.identity = Identity::of(creds);
        if self.opening > 0 {
            self.creds = Some(Some(creds.clone()));
        }
    }

    /// What is written and not yet known to be durable, the newest first.
    fn unwritten(&self) -> impl Iterator<Item = &Changes> {
        [Some(&self.pending.changes), self.in_flight.as_deref()]
            .into_iter()
            .flatten()
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
                identity: None,
                creds: None,
            }),
            gathered: Notify::new(),
        })
    }

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

    /// What a record holds, as of the last write called, if that is known without asking the database.
    pub fn read(&self, key: &RecordKey) -> Option<Option<Value>> {
        let state = self.state();
        match state.unwritten().find_map(|changes| changes.get(key)) {
            Some(value) => Some(value.cloned()),
            None => self.tenure.lookup(key),
        }
    }

    /// What records hold, as of the last write called.
    pub fn fetch(&self, keys: Vec<RecordKey>, reply: ValuesReply) {
        if let Some(error) = self.ended() {
            return reply(Err(error));
        }
        let mut values: Vec<_> = keys.iter().map(|key| self.read(key)).collect();
        let missing: Vec<_> = keys
            .into_iter()
            .zip(&values)
            .filter(|(_, value)| value.is_none())
            .map(|(key, _)| key)
            .collect();
        let complete = move |fetched: Vec<Option<Value>>| {
            let mut fetched = fetched.into_iter();
            for value in values.iter_mut().filter(|value| value.is_none()) {
                *value = fetched.next();
            }
            values.into_iter().map(Option::flatten).collect()
        };
        if missing.is_empty() {
            return reply(Ok(complete(Vec::new())));
        }
        let tenure = self.tenure.clone();
        tenure.fetch(missing, Box::new(move |fetched| reply(fetched.map(complete))));
    }

    /// The keys of all records but the credentials, of one type or of all, as of the last write called.
    pub async fn keys(&self, kind: Option<&str>) -> Result<Vec<RecordKey>> {
        let unwritten: Vec<Changes> = {
            let state = self.state();
            state.require_open()?;
            let mut layers: Vec<_> = state.unwritten().cloned().collect();
            layers.reverse();
            layers
        };
        let mut keys = pool::on_behalf([&self.account], self.tenure.keys(kind)).await?;
        for changes in unwritten {
            keys.retain(|key| changes.get(key).is_none());
            let set = changes
                .records
                .iter()
                .filter(|(key, value)| value.is_some() && key.is_key_of(kind));
            keys.extend(set.map(|(key, _)| key.clone()));
        }
        Ok(keys)
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

#[cfg(test)]
mod tests;
