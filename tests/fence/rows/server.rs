//! The tables, and what each statement does to them.

use super::{Lane, Weakness};
use crate::history::History;

/// The name of a session or an opener: who made it, and its how manieth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Name(pub u8, pub u8);

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Server {
    /// The account's row in `session`.
    pub(crate) session: Option<Session>,
    /// The values of two rows in `record`; 0 is none.
    pub(crate) records: [u8; 2],
    /// The data keys that they are sealed under.
    pub(crate) sealed_under: [u8; 2],
    /// Statements that are not done, or whose answer has not arrived; in order, so that equal states are one.
    pub(crate) sent: Vec<Sent>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Session {
    pub(crate) id: Name,
    pub(crate) epoch: u8,
    pub(crate) opener: Name,
    /// Its data key, the how manieth.
    pub(crate) key: u8,
}

/// A statement that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Sent {
    /// Who waits for its answer.
    pub(crate) lane: Option<(u8, Lane)>,
    pub(crate) statement: Statement,
    pub(crate) stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// On its way, or waiting for a lock.
    Coming,
    /// It holds the session's row, FOR KEY SHARE.
    Holding,
    /// Its answer is on its way.
    Answered(Answer),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Statement {
    /// `peek`, `read_creds`, `owners`, `read` and `find`: one moment's session and record.
    Look,
    Take {
        session: Name,
        found: Name,
        key: u8,
        opener: Name,
    },
    Create {
        session: Name,
        opener: Name,
    },
    RaiseEpoch {
        session: Name,
        opener: Name,
    },
    /// `commit`, or `set_one` and `set_many` where it is not part of a batch.
    Commit {
        session: Name,
        epoch: u8,
        key: u8,
        set: Set,
    },
    /// A new data key, for whatever session there is.
    Rekey,
    /// `clear`, as found by `find`.
    Clear {
        session: Name,
        opener: Name,
        number: u8,
    },
}

/// What a commit writes, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Set {
    pub(crate) value: u8,
    pub(crate) is_in_batch: bool,
    /// Of the two records, those that it writes.
    pub(crate) records: [bool; 2],
    pub(crate) opening: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Answer {
    Found(Option<(Session, u8)>),
    Opened(Option<Opening>),
    /// The epoch, and the key that goes with it.
    Raised(Option<(u8, u8)>),
    Written(bool),
    Cleared(bool),
}

/// An open that has taken effect. Of this only the epoch is in the statement's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Opening {
    pub(crate) epoch: u8,
    pub(crate) number: u8,
    pub(crate) committed: u8,
}

impl Statement {
    /// Whether it matters that it is carried out late.
    pub(crate) fn has_effect(&self) -> bool {
        *self != Self::Look
    }

    /// SKIP LOCKED.
    pub(crate) fn may_be_left_out(&self) -> bool {
        matches!(self, Self::Commit { set, .. } if set.is_in_batch)
    }

    /// FOR UPDATE, or DELETE.
    fn wants_row_for_itself(&self) -> bool {
        matches!(
            self,
            Self::Take { .. } | Self::RaiseEpoch { .. } | Self::Clear { .. } | Self::Rekey
        )
    }
}

impl Server {
    pub(crate) fn put(&mut self, sent: Sent) {
        let at = self.sent.partition_point(|other| *other < sent);
        self.sent.insert(at, sent);
    }

    /// Whether a statement has all the locks that it needs for its next step.
    pub(crate) fn can_run(&self, sent: &Sent, weakness: Option<Weakness>) -> bool {
        let is_held = self.sent.iter().any(|other| other.stage == Stage::Holding);
        !(sent.statement.wants_row_for_itself() && is_held) || weakness == Some(Weakness::NoLock)
    }

    /// Whether a statement is under way that may have the session's row for itself just now.
    pub(crate) fn is_row_wanted(&self) -> bool {
        let mut coming = self.sent.iter().filter(|sent| sent.stage == Stage::Coming);
        coming.any(|sent| sent.statement.wants_row_for_itself())
    }

    /// Does a statement's next step; nothing comes of a write that has got its lock and is not done.
    pub(crate) fn run(&mut self, sent: &Sent, weakness: Option<Weakness>, history: &mut History) -> Option<Answer> {
        let answer = match sent.statement {
            Statement::Look => Answer::Found(self.session.map(|session| (session, self.records[0]))),
            Statement::Take {
                session,
                found,
                key,
                opener,
            } => {
                let takes_any = weakness == Some(Weakness::TakesFromAnyone);
                let is_met =
                    |row: &&mut Session| row.id == session && row.key == key && (row.opener == found || takes_any);
                let row = self.session.as_mut().filter(is_met);
                Answer::Opened(row.map(|row| {
                    row.epoch += 1;
                    row.opener = opener;
                    Opening {
                        epoch: row.epoch,
                        number: history.opening(),
                        committed: self.records[0],
                    }
                }))
            }
            Statement::Create { session: id, opener } => Answer::Opened(self.session.is_none().then(|| {
                let epoch = 1;
                let key = 1;
                self.session = Some(Session { id, epoch, opener, key });
                Opening {
                    epoch,
                    number: history.opening(),
                    committed: 0,
                }
            })),
            Statement::RaiseEpoch { session, opener } => {
                let is_met = |row: &&mut Session| row.id == session && row.opener == opener;
                Answer::Raised(self.session.as_mut().filter(is_met).map(|row| {
                    row.epoch += 1;
                    (row.epoch, row.key)
                }))
            }
            Statement::Commit {
                session,
                epoch,
                key,
                set,
            } => {
                let any_epoch = weakness == Some(Weakness::NoEpochCondition);
                let is_met = |row: &Session| row.id == session && (row.epoch == epoch || any_epoch);
                if sent.stage == Stage::Coming {
                    if self.session.as_ref().is_some_and(is_met) {
                        return None;
                    }
                    return Some(Answer::Written(false));
                }
                // The foreign key, where no lock has kept the session.
                if self.session.is_none_or(|row| row.id != session) {
                    return Some(Answer::Written(false));
                }
                for at in (0..2).filter(|at| set.records[*at]) {
                    self.records[at] = set.value;
                    self.sealed_under[at] = key;
                }
                history.write_commits(set.opening);
                Answer::Written(true)
            }
            Statement::Rekey => {
                if let Some(row) = &mut self.session {
                    row.key += 1;
                    row.epoch += u8::from(weakness != Some(Weakness::RekeysUnderAnEpoch));
                    for (value, sealed_under) in self.records.iter().zip(&mut self.sealed_under) {
                        *sealed_under = if *value == 0 { 0 } else { row.key };
                    }
                }
                // Nobody who has the account open waits for it.
                Answer::Written(true)
            }
            Statement::Clear {
                session,
                opener,
                number,
            } => {
                let by_account = weakness == Some(Weakness::ClearsByAccount);
                let from_anyone = by_account || weakness == Some(Weakness::ClearsFromAnyone);
                let is_met = |row: Session| (row.id == session || by_account) && (row.opener == opener || from_anyone);
                let is_met = self.session.is_some_and(is_met);
                if is_met {
                    self.session = None;
                    self.records = [0; 2];
                    self.sealed_under = [0; 2];
                    history.deletes(number);
                }
                Answer::Cleared(is_met)
            }
        };
        Some(answer)
    }
}
