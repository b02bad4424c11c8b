//! What gathers for the next commit of a session.

use crate::{
    codec::record::{Changes, size_of_change},
    error::Result,
    stats::Counters,
};

/// Called once with a write's outcome; on JavaScript's thread or one of the runtime's, so it must not block.
pub type Reply = Box<dyn FnOnce(Result<()>) + Send>;

#[derive(Default)]
pub(super) struct Pending {
    /// A later value of a record replaces an earlier one that has not left yet.
    pub(super) changes: Changes,
    pub(super) bytes: usize,
    pub(super) replies: Vec<Reply>,
}

impl Pending {
    /// Adds a write, or refuses it whole.
    pub(super) fn add(&mut self, changes: Changes, counters: &Counters) -> Result<()> {
        let sizes = changes.iter().map(|(key, value)| size_of_change(key, value.as_ref()));
        counters.require_room(sizes.sum())?;
        let (records_before, bytes_before) = (self.changes.len(), self.bytes);
        for (key, value) in changes {
            self.bytes += size_of_change(&key, value.as_ref());
            if let (at, Some(replaced)) = self.changes.insert_full(key, value) {
                let key = self.changes.get_index(at).map(|(key, _)| key);
                self.bytes -= key.map_or(0, |key| size_of_change(key, replaced.as_ref()));
            }
        }
        counters.arrived(
            self.changes.len() - records_before,
            self.bytes as isize - bytes_before as isize,
        );
        Ok(())
    }

    /// Whether nobody waits for a commit.
    pub(super) fn is_empty(&self) -> bool {
        self.replies.is_empty()
    }
}
