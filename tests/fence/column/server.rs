//! The accounts table's row, and what each statement does to it. Each is one step: it changes this row alone, under its lock.

use super::{Lane, Weakness};
use crate::history::History;

/// The nonce of a text: who sealed it, and its how manieth; and the white space that a fence has put before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Mark {
    pub(crate) sealed_by: u8,
    pub(crate) number: u8,
    spaces: u8,
}

impl Mark {
    pub(crate) fn new(sealed_by: u8, number: u8) -> Self {
        Self {
            sealed_by,
            number,
            spaces: 0,
        }
    }
}

/// A sealed session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Text {
    pub(crate) mark: Mark,
    /// The newest set that it holds.
    pub(crate) value: u8,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Server {
    /// `session_data`.
    pub(crate) text: Option<Text>,
    /// Statements that are not done; in order, so that equal states are one.
    pub(crate) sent: Vec<Sent>,
}

/// A statement that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Sent {
    /// Who waits for its answer.
    pub(crate) lane: Option<(u8, Lane)>,
    pub(crate) statement: Statement,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Statement {
    /// `select` and `select_mark`.
    Select,
    Fence,
    Update {
        expected: Option<Mark>,
        text: Text,
        by: By,
    },
    Release {
        mark: Mark,
        /// Which clear it is of.
        clear: u8,
    },
}

/// Whose update it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum By {
    Open,
    /// A set, of this opening.
    Set(u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Answer {
    Found(Option<Text>),
    /// Of an open, with the number of its opening.
    Updated(Option<u8>),
    Released(bool),
}

impl Statement {
    /// Whether it matters that it is carried out late.
    pub(crate) fn has_effect(&self) -> bool {
        *self != Self::Select
    }
}

impl Server {
    pub(crate) fn put(&mut self, sent: Sent) {
        let at = self.sent.partition_point(|other| *other < sent);
        self.sent.insert(at, sent);
    }

    /// Runs a statement.
    pub(crate) fn run(&mut self, statement: Statement, weakness: Option<Weakness>, history: &mut History) -> Answer {
        match statement {
            Statement::Select => Answer::Found(self.text),
            Statement::Fence => {
                if let Some(text) = &mut self.text {
                    text.mark.spaces += 1;
                }
                Answer::Found(self.text)
            }
            Statement::Update { expected, text, by } => {
                let found = self.text.map(|text| text.mark);
                if found != expected && weakness != Some(Weakness::NoMarkCondition) {
                    return Answer::Updated(None);
                }
                self.text = Some(text);
                Answer::Updated(Some(match by {
                    By::Open => history.opening(),
                    By::Set(opening) => {
                        history.write_commits(opening);
                        opening
                    }
                }))
            }
            Statement::Release { mark, clear } => {
                let is_met = |text: Text| text.mark == mark || weakness == Some(Weakness::ClearsAnything);
                let is_met = self.text.is_some_and(is_met);
                if is_met {
                    self.text = None;
                    history.deletes(clear);
                }
                Answer::Released(is_met)
            }
        }
    }
}
