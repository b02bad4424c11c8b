//! What was promised to callers so far, and whether it was kept. It sees everything; the processes do not see it.

/// What the package promises of two owners.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Promise {
    /// An older owner's write takes effect after a takeover's answer.
    OneOwner,
    /// A write of before a clear takes effect after its answer.
    NothingComesBack,
    /// An open hands out credentials that are older than what was committed before it.
    NewestHandedOut,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct History {
    /// Sets that were called: each has the next number as its value.
    sets: u8,
    /// Opens that have taken effect on the server, in the order in which they did.
    openings: u8,
    /// The newest opening that was answered.
    answered: u8,
    /// Openings before the newest clear that was answered.
    cleared: u8,
    /// Openings when a session was last deleted.
    openings_at_deletion: u8,
    /// The newest value that was acknowledged and not cleared since; 0 if there is none.
    acknowledged: u8,
    /// Values up to this one went with a clear.
    gone: u8,
    /// Of each clear that was answered or has failed, the openings there were then.
    ended_clears: Vec<Option<u8>>,
    pub(super) broken: Option<Promise>,
}

impl History {
    pub(super) fn set_begins(&mut self) -> u8 {
        self.sets += 1;
        self.sets
    }

    pub(super) fn clear_begins(&mut self) -> u8 {
        self.ended_clears.push(None);
        self.ended_clears.len() as u8 - 1
    }

    /// An open takes effect on the server; gives its number.
    pub(super) fn opening(&mut self) -> u8 {
        self.openings += 1;
        self.openings
    }

    /// An open's caller gets its handle. `committed`: what was when it took effect.
    pub(super) fn open_answered(&mut self, opening: u8, handed_out: u8, committed: u8) {
        if handed_out < committed && self.openings_at_deletion < opening {
            self.broken = Some(Promise::NewestHandedOut);
        }
        self.answered = self.answered.max(opening);
    }

    /// A write of this opening takes effect on the server.
    pub(super) fn write_commits(&mut self, opening: u8) {
        if opening < self.answered {
            self.broken = Some(Promise::OneOwner);
        }
        if opening <= self.cleared {
            self.broken = Some(Promise::NothingComesBack);
        }
    }

    /// A set's caller is told that it is durable.
    pub(super) fn set_answered(&mut self, value: u8) {
        if value > self.gone {
            self.acknowledged = self.acknowledged.max(value);
        }
    }

    /// A clear deletes a session. One that comes after its end takes with it nothing that was opened since.
    pub(super) fn deletes(&mut self, clear: u8) {
        if self.ended_clears[clear as usize].is_none_or(|openings| openings == self.openings) {
            self.gone = self.sets;
            self.acknowledged = 0;
        }
        self.openings_at_deletion = self.openings;
    }

    pub(super) fn clear_answered(&mut self, clear: u8) {
        self.cleared = self.cleared.max(self.openings_at_deletion);
        self.clear_failed(clear);
    }

    pub(super) fn clear_failed(&mut self, clear: u8) {
        self.ended_clears[clear as usize] = Some(self.openings);
    }

    /// Whether the value that the database holds is the newest acknowledged one, or newer.
    pub(super) fn is_kept_by(&self, stored: u8) -> bool {
        stored >= self.acknowledged
    }

    /// Whether a set was acknowledged to a second owner or a later one.
    pub(super) fn has_takeover(&self) -> bool {
        self.answered > 1 && self.acknowledged > 0
    }

    pub(super) fn has_clear(&self) -> bool {
        self.cleared > 0 && self.acknowledged > 0
    }
}
