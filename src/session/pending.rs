//! What gathers for the next commit of a session.

use tokio::time::Instant;

use crate::{
    codec::record::{Changes, RecordKey, size_of_record},
    error::Result,
    stats::Counters,
};

/// Called once with a write's outcome; on JavaScript's thread or one of the runtime's, so it must not block.
pub type Reply = Box<dyn FnOnce(Result<()>) + Send>;

/// Somebody who waits for a commit.
pub(super) struct Waiter {
    reply: Reply,
    /// When it called, if that was a write.
    since: Option<Instant>,
}

impl Waiter {
    pub(super) fn answer(self, result: Result<()>, counters: &Counters) {
        if let Some(since) = self.since {
            counters.answered(since.elapsed(), result.is_ok());
        }
        (self.reply)(result);
    }
}

#[derive(Default)]
pub(super) struct Pending {
    /// A later value of a record replaces an earlier one that has not left yet.
    pub(super) changes: Changes,
    pub(super) bytes: usize,
    pub(super) replies: Vec<Waiter>,
    /// When who waits longest is to be told that it was given up.
    pub(super) deadline: Option<Instant>,
}

impl Pending {
    /// Adds a write, or refuses it whole.
    pub(super) fn add(&mut self, changes: Changes, counters: &Counters) -> Result<()> {
        counters.require_room(changes.size())?;
        let (records_before, bytes_before) = (self.changes.records.len(), self.bytes);
        if changes.deletes_keys {
            self.delete_keys();
        }
        for (key, value) in changes.records {
            self.bytes += size_of_record(&key, value.as_ref());
            if let (at, Some(replaced)) = self.changes.records.insert_full(key, value) {
                let key = self.changes.records.get_index(at).map(|(key, _)| key);
                self.bytes -= key.map_or(0, |key| size_of_record(key, replaced.as_ref()));
            }
        }
        counters.arrived(
            self.changes.records.len() as isize - records_before as isize,
            self.bytes as isize - bytes_before as isize,
        );
        Ok(())
    }

    /// Adds somebody who waits for the commit, until this moment at most; `since` a write was called, if it is one.
    pub(super) fn wait(&mut self, reply: Reply, since: Option<Instant>, deadline: impl FnOnce() -> Instant) {
        self.replies.push(Waiter { reply, since });
        self.deadline.get_or_insert_with(deadline);
    }

    fn delete_keys(&mut self) {
        self.changes.deletes_keys = true;
        self.changes.records.retain(|key, _| *key == RecordKey::Creds);
        self.bytes = self.changes.size();
    }

    /// Whether nobody waits for a commit.
    pub(super) fn is_empty(&self) -> bool {
        self.replies.is_empty()
    }
}
