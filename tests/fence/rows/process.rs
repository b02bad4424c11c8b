//! A process: what it has open, what it waits for, and what it knows.

use super::{
    Weakness,
    server::{Name, Opening, Server, Set},
};
use crate::exploration::Bounds;

/// A process with the account open, or not.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Process {
    pub(crate) opens_left: u8,
    pub(crate) sets_left: u8,
    pub(crate) reads_left: u8,
    names: u8,
    pub(crate) tenure: Option<Tenure>,
    /// Opens and sets: one at a time.
    pub(crate) call: Call,
    pub(crate) reading: Reading,
    pub(crate) clearing: Clearing,
}

/// What waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Lane {
    Call,
    Read,
    Clear,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    Idle,
    Peeking,
    /// `seen`: the credentials that were peeked at.
    Taking {
        seen: u8,
        key: u8,
    },
    Creating,
    ReadingCreds {
        session: Name,
        opener: Name,
        opening: Opening,
        key: u8,
    },
    Raising(Set),
    Writing(Set),
    Asking(Set),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reading {
    Idle,
    /// `is_stale`: the record was written meanwhile. `opener`: for which tenure.
    Raising {
        opener: Name,
        is_stale: bool,
    },
    Fetching {
        opener: Name,
        is_stale: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Clearing {
    Idle,
    Finding(u8),
    Deleting(u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Tenure {
    pub(crate) session: Name,
    pub(crate) opener: Name,
    pub(crate) epoch: u8,
    pub(crate) key: u8,
    /// The newest epoch under which a write got no answer.
    pub(crate) doubtful: u8,
    pub(crate) cached: Option<u8>,
    pub(crate) has_ended: bool,
    pub(crate) was_refused: bool,
    /// Only the history knows it.
    pub(crate) opening: u8,
}

impl Call {
    pub(crate) fn is_open(self) -> bool {
        matches!(
            self,
            Self::Peeking | Self::Taking { .. } | Self::Creating | Self::ReadingCreds { .. }
        )
    }
}

impl Tenure {
    pub(crate) fn learn(&mut self, epoch: u8, key: u8, weakness: Option<Weakness>) {
        if epoch > self.epoch {
            self.epoch = epoch;
            if weakness != Some(Weakness::LearnsNoKey) {
                self.key = key;
            }
        }
    }

    pub(crate) fn doubt(&mut self, epoch: u8) {
        self.doubtful = self.doubtful.max(epoch);
    }

    pub(crate) fn is_in_doubt(&self, weakness: Option<Weakness>) -> bool {
        match weakness {
            Some(Weakness::NoDoubt) => false,
            Some(Weakness::DoubtIsAFlag) => self.doubtful > 0,
            _ => self.doubtful >= self.epoch,
        }
    }

    pub(crate) fn settle(&mut self, raised: Option<(u8, u8)>, weakness: Option<Weakness>) {
        if let Some((epoch, key)) = raised {
            self.learn(epoch, key, weakness);
        }
        if weakness == Some(Weakness::DoubtIsAFlag) {
            self.doubtful = 0;
        }
    }

    pub(crate) fn lose(&mut self) {
        self.has_ended = true;
        self.was_refused = true;
    }
}

impl Process {
    pub(crate) fn new(at: u8, bounds: &Bounds) -> Self {
        Self {
            opens_left: if at < bounds.openers { bounds.opens } else { 0 },
            sets_left: bounds.sets,
            reads_left: bounds.reads,
            names: 0,
            tenure: None,
            call: Call::Idle,
            reading: Reading::Idle,
            clearing: Clearing::Idle,
        }
    }

    pub(crate) fn name(&mut self, at: u8) -> Name {
        self.names += 1;
        Name(at, self.names)
    }

    pub(crate) fn tenure(&mut self) -> &mut Tenure {
        self.tenure.as_mut().expect("only who has opened the account calls")
    }

    /// Whether what is in memory is in the database, while this process owns the account and writes nothing.
    pub(crate) fn holds_what(&self, server: &Server) -> bool {
        let (Some(tenure), Some(session)) = (&self.tenure, &server.session) else {
            return true;
        };
        let owns = session.opener == tenure.opener && !tenure.has_ended && self.call == Call::Idle;
        !owns || tenure.cached.is_none_or(|value| value == server.records[0])
    }

    /// A write is durable, or it is not known whether it is.
    pub(crate) fn replace(&mut self, cached: Option<u8>) {
        self.tenure().cached = cached;
        if let Reading::Raising { is_stale, .. } | Reading::Fetching { is_stale, .. } = &mut self.reading {
            *is_stale = true;
        }
    }
}
