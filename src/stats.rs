//! A store's figures, and the bound on what waits for its commit.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use crate::error::{Code, Error, Result};

/// Bytes that may wait for their commit, over all sessions of a store. Far above any burst of real traffic; what would
/// pass it is better refused than gathered until memory ends.
const MAX_PENDING_BYTES: usize = 256 << 20;

/// Counts since the store was made.
#[derive(Default)]
pub struct Counters {
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
}

impl Counters {
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
