//! A store's figures, and the bound on what waits for its commit.

mod histogram;

use std::{
    sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

pub use self::histogram::{Histogram, Snapshot};
use crate::error::{Code, Error, Result};

/// Bytes that may wait for their commit, over all sessions of a store. Far above any burst of real traffic; what would
/// pass it is better refused than gathered until memory ends.
const MAX_PENDING_BYTES: usize = 256 << 20;

/// Counts since the store was made.
pub struct Counters {
    /// Writes that were called.
    pub sets: AtomicU64,
    /// Of these, those that were refused, or failed.
    pub refused_sets: AtomicU64,
    /// Records that wait for their commit to begin.
    pub pending_records: AtomicUsize,
    /// Their size.
    pub pending_bytes: AtomicUsize,
    /// Records that became durable.
    pub committed_records: AtomicU64,
    /// Commits that did.
    pub commits: AtomicU64,
    /// Commits that failed for good.
    pub failed_commits: AtomicU64,
    /// Writes that were accepted, from the call to the answer.
    pub set_seconds: Histogram,
    /// Opens that succeeded, from the call to the answer.
    pub open_seconds: Histogram,
    /// Commits of a batch: the wait for a connection and what was repeated included.
    pub commit_seconds: Histogram,
    /// Statements, from sending one to its answer.
    pub round_trip_seconds: Histogram,
    /// Waits for a connection.
    pub connection_wait_seconds: Histogram,
    /// Sessions that became durable with a batch.
    pub batch_sessions: Histogram,
    /// Records that did.
    pub batch_records: Histogram,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            sets: AtomicU64::default(),
            refused_sets: AtomicU64::default(),
            pending_records: AtomicUsize::default(),
            pending_bytes: AtomicUsize::default(),
            committed_records: AtomicU64::default(),
            commits: AtomicU64::default(),
            failed_commits: AtomicU64::default(),
            set_seconds: Histogram::of_durations(),
            open_seconds: Histogram::of_durations(),
            commit_seconds: Histogram::of_durations(),
            round_trip_seconds: Histogram::of_durations(),
            connection_wait_seconds: Histogram::of_durations(),
            batch_sessions: Histogram::of_counts(),
            batch_records: Histogram::of_counts(),
        }
    }
}

impl Counters {
    /// A write that was accepted is answered.
    pub(crate) fn answered(&self, after: Duration, is_durable: bool) {
        self.set_seconds.took(after);
        if !is_durable {
            self.refused_sets.fetch_add(1, Relaxed);
        }
    }

    /// A batch has ended: so many sessions and records of it became durable.
    pub(crate) fn committed(&self, after: Duration, sessions: usize, records: usize) {
        self.commit_seconds.took(after);
        if sessions > 0 {
            self.batch_sessions.count(sessions);
            self.batch_records.count(records);
        }
    }

    /// Refuses a write that would pass the bound.
    pub(crate) fn require_room(&self, bytes: usize) -> Result<()> {
        if self.pending_bytes.load(Relaxed).saturating_add(bytes) > MAX_PENDING_BYTES {
            return Err(Error::new(
                Code::Overloaded,
                "256 MiB already wait to be written; the database does not keep up, so write again later",
            ));
        }
        Ok(())
    }

    pub(crate) fn arrived(&self, records: isize, bytes: isize) {
        // Two's complement: adding a negative number wraps to the subtraction.
        self.pending_records.fetch_add(records as usize, Relaxed);
        self.pending_bytes.fetch_add(bytes as usize, Relaxed);
    }

    pub(crate) fn left(&self, records: usize, bytes: usize) {
        self.pending_records.fetch_sub(records, Relaxed);
        self.pending_bytes.fetch_sub(bytes, Relaxed);
    }

    pub(crate) fn settled(&self, records: usize, durable: bool) {
        if durable {
            self.commits.fetch_add(1, Relaxed);
            self.committed_records.fetch_add(records as u64, Relaxed);
        } else {
            self.failed_commits.fetch_add(1, Relaxed);
        }
    }
}
