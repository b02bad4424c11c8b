//! What is held of records in memory: values and known absences, over all sessions of a store, bounded by bytes.

use std::{
    collections::HashSet,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use quick_cache::{
    DefaultHashBuilder, Equivalent, OptionsBuilder, Weighter,
    sync::{Cache as Held, DefaultLifecycle},
};

use crate::{
    codec::record::{RecordKey, Value, size_of_record},
    layout::CacheStatus,
};

/// What an entry takes beside the record itself: the cache's own bookkeeping and the allocations' heads.
const ENTRY_OVERHEAD: u64 = 200;
/// Parts with a lock each; a record larger than its part is not held.
const PARTS: usize = 4;
/// A usual entry, to guess how many there will be.
const USUAL_ENTRY: u64 = 1_000;

/// Bounded by bytes. What is dropped from it is wiped with its last holder.
pub(super) struct Cache {
    held: Held<Name, Option<Value>, Weight>,
    /// Sessions of which nothing is to be held any more, until the next sweep.
    abandoned: Mutex<HashSet<u64>>,
    capacity: u64,
    hits: AtomicU64,
    misses: AtomicU64,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Name {
    session: u64,
    key: RecordKey,
}

/// A name that is only looked up. Hashes as [`Name`] does.
#[derive(Hash)]
struct Lookup<'a> {
    session: u64,
    key: &'a RecordKey,
}

impl Equivalent<Name> for Lookup<'_> {
    fn equivalent(&self, name: &Name) -> bool {
        self.session == name.session && *self.key == name.key
    }
}

#[derive(Clone)]
struct Weight;

impl Weighter<Name, Option<Value>> for Weight {
    fn weight(&self, name: &Name, value: &Option<Value>) -> u64 {
        ENTRY_OVERHEAD + size_of_record(&name.key, value.as_ref()) as u64
    }
}

impl Cache {
    /// `session` in what follows is a number that no two sessions share.
    pub(super) fn new(capacity: u64) -> Self {
        let options = OptionsBuilder::new()
            .shards(PARTS)
            .estimated_items_capacity((capacity / USUAL_ENTRY).clamp(16, 1 << 16) as usize)
            .weight_capacity(capacity)
            .build();
        let options = options.unwrap_or_else(|_| unreachable!("both required options are set"));
        Self {
            held: Held::with_options(
                options,
                Weight,
                DefaultHashBuilder::default(),
                DefaultLifecycle::default(),
            ),
            abandoned: Mutex::default(),
            capacity,
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// A value or a known absence.
    pub(super) fn get(&self, session: u64, key: &RecordKey) -> Option<Option<Value>> {
        let found = self.held.get(&Lookup { session, key });
        let count = if found.is_some() { &self.hits } else { &self.misses };
        count.fetch_add(1, Relaxed);
        found
    }

    pub(super) fn insert(&self, session: u64, key: &RecordKey, value: Option<Value>) {
        let key = key.clone();
        self.held.insert(Name { session, key }, value);
    }

    pub(super) fn remove(&self, session: u64, key: &RecordKey) {
        self.held.remove(&Lookup { session, key });
    }

    /// Drops a session's records.
    pub(super) fn remove_session(&self, session: u64) {
        self.held.retain(|name, _| name.session != session);
    }

    /// Nobody asks for a session's records any more. Says whether to [`Cache::sweep`] for it: of many sessions that end at a
    /// time only the first needs that.
    pub(super) fn abandon(&self, session: u64) -> bool {
        let mut abandoned = self.abandoned();
        abandoned.insert(session) && abandoned.len() == 1
    }

    /// Drops the records of abandoned sessions. Looks at all that is held, so not for JavaScript's thread.
    pub(super) fn sweep(&self) {
        let abandoned = std::mem::take(&mut *self.abandoned());
        self.held.retain(|name, _| !abandoned.contains(&name.session));
    }

    fn abandoned(&self) -> MutexGuard<'_, HashSet<u64>> {
        self.abandoned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn status(&self) -> CacheStatus {
        CacheStatus {
            bytes: self.held.weight(),
            capacity: self.capacity,
            hits: self.hits.load(Relaxed),
            misses: self.misses.load(Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::record::Bytes;

    fn key(id: usize) -> RecordKey {
        RecordKey::new("session", id.to_string())
    }

    fn bytes(len: usize) -> Option<Value> {
        Some(Value::Bytes(Bytes::new(vec![1; len])))
    }

    #[test]
    fn it_never_holds_more_than_it_may() {
        let cache = Cache::new(1 << 20);
        for id in 0..10_000 {
            cache.insert(id as u64 % 7, &key(id), bytes(id % 3_000));
            assert!(cache.status().bytes <= 1 << 20);
        }
        assert!(cache.status().bytes > 1 << 19, "and makes use of it");
        cache.insert(1, &key(1), bytes(2 << 20));
        assert!(cache.status().bytes <= 1 << 20);
    }

    #[test]
    fn absences_are_known_and_sessions_apart() {
        let cache = Cache::new(1 << 20);
        cache.insert(1, &key(1), None);
        cache.insert(2, &key(1), bytes(3));
        assert_eq!(cache.get(1, &key(1)), Some(None));
        assert_eq!(cache.get(2, &key(1)), Some(bytes(3)));
        assert_eq!(cache.get(3, &key(1)), None);
        cache.remove_session(2);
        assert_eq!(cache.get(2, &key(1)), None);
        assert_eq!(cache.get(1, &key(1)), Some(None));
    }

    #[test]
    fn sessions_that_end_together_are_swept_together() {
        let cache = Cache::new(1 << 20);
        for session in 1..=3 {
            cache.insert(session, &key(1), bytes(3));
        }
        assert!(cache.abandon(1));
        assert!(!cache.abandon(2), "the first one's sweep is to come");
        cache.sweep();
        assert_eq!((cache.get(1, &key(1)), cache.get(2, &key(1))), (None, None));
        assert_eq!(cache.get(3, &key(1)), Some(bytes(3)));
        assert!(cache.abandon(3), "that sweep is over");
    }
}
