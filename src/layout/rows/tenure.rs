//! One open session: its keys, its epoch, and its share of the cache.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use uuid::Uuid;

use super::{
    Shared,
    fence::{Found, Token},
    listing,
    reader::Request,
};
use crate::{
    codec::record::{Changes, RecordKey, Value},
    crypto::{SessionKey, SessionName},
    error::Result,
    layout::{Origin, Tenure, ValuesReply},
    runtime,
};

static NEXT_NUMBER: AtomicU64 = AtomicU64::new(0);

pub(super) struct RowsTenure {
    pub(super) shared: Arc<Shared>,
    pub(super) account: Arc<str>,
    pub(super) session_id: Uuid,
    /// What this opening is called in the session's row.
    pub(super) opener: Uuid,
    /// The data key. Only [`RowsTenure::learn`] changes it, together with the epoch.
    keyed: Mutex<Keyed>,
    pub(super) token: Token,
    /// Tells sessions apart in the cache.
    number: u64,
    held: Mutex<Held>,
}

/// The data key that goes with the epoch: a new key comes with a higher one, so who writes or reads under an epoch that is
/// still the session's does so under the session's key.
struct Keyed {
    key: Arc<SessionKey>,
    /// The key as it was found in the session's row.
    wrapped: Box<[u8]>,
}

/// An epoch that no session has.
const NO_EPOCH: i64 = -1;

#[derive(Default)]
struct Held {
    /// The credentials as the open has read them, for whoever asks first. They are asked for once an open and take more than
    /// all else that an idle account has here, so they are not held.
    opened_creds: Option<Option<Value>>,
    /// How the open came by the session, until it is told.
    origin: Origin,
    /// Records that are being read.
    reading: HashMap<RecordKey, Reading>,
    /// Nobody asks any more, so nothing is to be held.
    released: bool,
}

#[derive(Default)]
struct Reading {
    readers: usize,
    /// Whether the record was written meanwhile, so that what is read is not to be held.
    is_stale: bool,
}

impl RowsTenure {
    pub(super) fn new(
        shared: Arc<Shared>,
        account: Arc<str>,
        session_id: Uuid,
        opener: Uuid,
        key: Arc<SessionKey>,
        wrapped: Vec<u8>,
        epoch: i64,
    ) -> Self {
        let wrapped = wrapped.into();
        Self {
            shared,
            account,
            session_id,
            opener,
            keyed: Mutex::new(Keyed { key, wrapped }),
            token: Token::new(epoch),
            number: NEXT_NUMBER.fetch_add(1, Ordering::Relaxed),
            held: Mutex::default(),
        }
    }

    /// Keeps the credentials that an open has read for its caller.
    pub(super) fn keep_creds(&self, creds: Option<Value>) {
        self.held().opened_creds = Some(creds);
    }

    /// Keeps how the open came by the session.
    pub(super) fn keep_origin(&self, origin: Origin) {
        self.held().origin = origin;
    }

    /// The data key.
    pub(super) fn key(&self) -> Arc<SessionKey> {
        self.keyed().key.clone()
    }

    /// The epoch that fences what was sealed under a key; none that passes if the session has got another key since.
    pub(super) fn epoch_under(&self, key: &Arc<SessionKey>) -> i64 {
        let keyed = self.keyed();
        if Arc::ptr_eq(&keyed.key, key) {
            self.token.epoch()
        } else {
            NO_EPOCH
        }
    }

    /// The session is of this form now, under this very opening: its epoch was raised, and its key may be a new one. Fails
    /// if none of the store's secrets opens that.
    pub(super) async fn learn(&self, found: &Found) -> Result<()> {
        {
            let keyed = self.keyed();
            if found.epoch <= self.token.epoch() || found.wrapped == keyed.wrapped {
                self.token.learn(found.epoch);
                return Ok(());
            }
        }
        let (secrets, account, session_id) = (self.shared.secrets.clone(), self.account.clone(), self.session_id);
        let (key_id, wrapped) = (found.key_id, found.wrapped.clone());
        let key = runtime::compute(move || {
            let name = SessionName {
                account: &account,
                session_id: session_id.as_bytes(),
            };
            secrets.find(&key_id)?.unwrap(&name, &wrapped)
        })
        .await??;
        let mut keyed = self.keyed();
        if found.epoch > self.token.epoch() {
            self.token.learn(found.epoch);
            keyed.wrapped = found.wrapped.clone();
            // One that was only wrapped anew is the same key: what was sealed under it stays good.
            if !keyed.key.is(&key) {
                keyed.key = Arc::new(key);
            }
        }
        Ok(())
    }

    fn keyed(&self) -> MutexGuard<'_, Keyed> {
        self.keyed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The changes are durable.
    pub(super) fn apply(&self, changes: &Changes) {
        self.replace(changes, |key, value| {
            self.shared.cache.insert(self.number, key, value.clone())
        });
    }

    /// The changes may be durable or not: only the database knows.
    pub(super) fn forget(&self, changes: &Changes) {
        self.replace(changes, |key, _| self.shared.cache.remove(self.number, key));
    }

    fn replace(&self, changes: &Changes, replace: impl Fn(&RecordKey, &Option<Value>)) {
        let mut held = self.held();
        if changes.deletes_keys {
            self.shared.cache.remove_session(self.number);
            held.reading.values_mut().for_each(|reading| reading.is_stale = true);
        }
        for (key, value) in &changes.records {
            match key {
                RecordKey::Creds => held.opened_creds = None,
                RecordKey::Key { .. } if held.released => {}
                RecordKey::Key { .. } => replace(key, value),
            }
            if let Some(reading) = held.reading.get_mut(key) {
                reading.is_stale = true;
            }
        }
    }

    /// Records are about to be read: what is written from here on is newer.
    fn begin_reading(&self, keys: &[RecordKey]) {
        let mut held = self.held();
        for key in keys {
            held.reading.entry(key.clone()).or_default().readers += 1;
        }
    }

    /// Records were read, or could not be; holds those that were not written meanwhile.
    pub(super) fn end_reading(&self, keys: &[RecordKey], values: Option<&[Option<Value>]>) {
        let mut held = self.held();
        for (at, key) in keys.iter().enumerate() {
            let Some(reading) = held.reading.get_mut(key) else {
                continue;
            };
            reading.readers -= 1;
            let (is_last, is_stale) = (reading.readers == 0, reading.is_stale);
            if is_last {
                held.reading.remove(key);
            }
            if let Some(values) = values
                && *key != RecordKey::Creds
                && !is_stale
                && !held.released
            {
                self.shared.cache.insert(self.number, key, values[at].clone());
            }
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Tenure for RowsTenure {
    fn lookup(&self, key: &RecordKey) -> Option<Option<Value>> {
        match key {
            RecordKey::Creds => self.held().opened_creds.take(),
            RecordKey::Key { .. } => self.shared.cache.get(self.number, key),
        }
    }

    fn fetch(self: Arc<Self>, keys: Vec<RecordKey>, reply: ValuesReply) {
        self.begin_reading(&keys);
        let reader = self.shared.reader.clone();
        // Refused only when the runtime is gone; the request then answers when it is dropped.
        drop(reader.send(Request::new(self, keys, reply)));
    }

    async fn keys(&self, kind: Option<&str>) -> Result<Vec<RecordKey>> {
        listing::keys(self, kind).await
    }

    fn take_origin(&self) -> Origin {
        std::mem::take(&mut self.held().origin)
    }

    fn release(&self) {
        let mut held = self.held();
        held.released = true;
        held.opened_creds = None;
        drop(held);
        if self.shared.cache.abandon(self.number) {
            let shared = self.shared.clone();
            runtime::compute_apart(move || shared.cache.sweep());
        }
    }
}
