//! What a process does: the order of its statements, and what it makes of their answers.

use super::{
    Column, State, Weakness,
    server::{Answer, By, Mark, Sent, Statement, Text},
};
use crate::exploration::{Bounds, Then};

/// A process with the account open, or not.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Process {
    pub(crate) opens_left: u8,
    pub(crate) sets_left: u8,
    marks: u8,
    pub(crate) tenure: Option<Tenure>,
    /// Opens and sets: one at a time.
    pub(crate) call: Call,
    pub(crate) clearing: Clearing,
}

/// What waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Lane {
    Call,
    Clear,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    Idle,
    /// Reading the text, with a fence from the second attempt on.
    Reading {
        attempts: u8,
    },
    /// Putting a first text in the place of NULL.
    Beginning {
        attempts: u8,
    },
    /// Sealing the text anew.
    Resealing {
        attempts: u8,
    },
    Writing {
        value: u8,
    },
    /// Looking what is there in the place of what was expected.
    Finding {
        value: u8,
        written: Text,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Clearing {
    Idle,
    Finding { clear: u8, attempts: u8 },
    Releasing { clear: u8, attempts: u8 },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Tenure {
    mark: Mark,
    /// The newest set in the image.
    value: u8,
    /// Commits that got no answer.
    doubtful: Vec<Text>,
    pub(crate) has_ended: bool,
    pub(crate) was_refused: bool,
    /// Only the history knows it.
    opening: u8,
}

/// How often an open or a clear tries. The code's numbers are larger, and no more needed for every way in which they meet.
const ATTEMPTS: u8 = 3;

/// From which attempt on a clear keeps the owner from writing.
const FENCED_CLEAR: u8 = 1;

impl Call {
    pub(crate) fn is_open(self) -> bool {
        matches!(
            self,
            Self::Reading { .. } | Self::Beginning { .. } | Self::Resealing { .. }
        )
    }
}

impl Process {
    pub(crate) fn new(at: u8, bounds: &Bounds) -> Self {
        Self {
            opens_left: if at < bounds.openers { bounds.opens } else { 0 },
            sets_left: bounds.sets,
            marks: 0,
            tenure: None,
            call: Call::Idle,
            clearing: Clearing::Idle,
        }
    }

    fn seal(&mut self, at: u8, value: u8) -> Text {
        self.marks += 1;
        let mark = Mark::new(at, self.marks);
        Text { mark, value }
    }

    fn tenure(&mut self) -> &mut Tenure {
        self.tenure.as_mut().expect("only who has opened the account calls")
    }
}

impl Column {
    fn send(&self, state: &mut State, at: u8, lane: Lane, statement: Statement) {
        let lane = Some((at, lane));
        state.server.put(Sent { lane, statement });
    }

    pub(crate) fn begin_open(&self, state: &mut State, at: u8) {
        let process = &mut state.processes[at as usize];
        process.opens_left -= 1;
        process.call = Call::Reading { attempts: 1 };
        self.send(state, at, Lane::Call, Statement::Select);
    }

    pub(crate) fn begin_set(&self, state: &mut State, at: u8) {
        let value = state.history.set_begins();
        state.processes[at as usize].sets_left -= 1;
        self.write(state, at, value);
    }

    pub(crate) fn begin_clear(&self, state: &mut State, at: u8) {
        state.clears_left -= 1;
        let clear = state.history.clear_begins();
        let process = &mut state.processes[at as usize];
        process.clearing = Clearing::Finding { clear, attempts: 0 };
        if let Some(tenure) = &mut process.tenure {
            tenure.has_ended = true;
        }
        self.send(state, at, Lane::Clear, Statement::Select);
    }

    fn write(&self, state: &mut State, at: u8, value: u8) {
        let process = &mut state.processes[at as usize];
        process.call = Call::Writing { value };
        let text = process.seal(at, value);
        let tenure = process.tenure();
        let (expected, by) = (Some(tenure.mark), By::Set(tenure.opening));
        self.send(state, at, Lane::Call, Statement::Update { expected, text, by });
    }

    fn begin(&self, state: &mut State, at: u8, attempts: u8) {
        let process = &mut state.processes[at as usize];
        process.call = Call::Beginning { attempts };
        let (expected, text, by) = (None, process.seal(at, 0), By::Open);
        self.send(state, at, Lane::Call, Statement::Update { expected, text, by });
    }

    pub(crate) fn receive(&self, state: &mut State, at: u8, lane: Lane, statement: Statement, answer: Answer) {
        match lane {
            Lane::Call => self.go_on(state, at, statement, answer),
            Lane::Clear => self.go_on_clearing(state, at, answer),
        }
    }

    fn go_on(&self, state: &mut State, at: u8, statement: Statement, answer: Answer) {
        let process = &mut state.processes[at as usize];
        match (process.call, answer) {
            (Call::Reading { attempts }, Answer::Found(None)) => self.begin(state, at, attempts),
            (Call::Reading { .. }, Answer::Found(Some(found))) if self.has(Weakness::NoResealing) => {
                let opening = state.history.opening();
                self.hand_out(state, at, found, opening);
            }
            (Call::Reading { attempts }, Answer::Found(Some(found))) => {
                process.call = Call::Resealing { attempts };
                let (expected, text, by) = (Some(found.mark), process.seal(at, found.value), By::Open);
                self.send(state, at, Lane::Call, Statement::Update { expected, text, by });
            }
            (Call::Beginning { .. } | Call::Resealing { .. }, Answer::Updated(Some(opening))) => {
                let Statement::Update { text, .. } = statement else {
                    return;
                };
                self.hand_out(state, at, text, opening);
            }
            (Call::Beginning { attempts } | Call::Resealing { attempts }, Answer::Updated(None)) => {
                // If it was an earlier attempt of its own, the code may go on from it; here it reads its own text.
                if attempts == ATTEMPTS {
                    process.call = Call::Idle;
                } else {
                    let attempts = attempts + 1;
                    process.call = Call::Reading { attempts };
                    self.send(state, at, Lane::Call, Statement::Fence);
                }
            }
            (Call::Writing { value }, Answer::Updated(Some(_))) => {
                let Statement::Update { text, .. } = statement else {
                    return;
                };
                self.acknowledge(state, at, value, text);
            }
            (Call::Writing { value }, Answer::Updated(None)) => {
                let Statement::Update { text, .. } = statement else {
                    return;
                };
                process.call = Call::Finding { value, written: text };
                self.send(state, at, Lane::Call, Statement::Select);
            }
            (Call::Finding { value, written }, Answer::Found(Some(found))) if found.mark == written.mark => {
                self.acknowledge(state, at, value, written);
            }
            (Call::Finding { value, .. }, Answer::Found(found)) => {
                let tenure = process.tenure();
                let mut doubtful = tenure.doubtful.iter().copied();
                match doubtful.find(|doubtful| found.is_some_and(|found| found.mark == doubtful.mark)) {
                    Some(own) => {
                        tenure.mark = own.mark;
                        tenure.value = own.value;
                        tenure.doubtful.clear();
                        self.write(state, at, value);
                    }
                    None => {
                        tenure.has_ended = true;
                        tenure.was_refused = true;
                        process.call = Call::Idle;
                    }
                }
            }
            (call, answer) => unreachable!("{call:?} is answered with {answer:?}"),
        }
    }

    fn hand_out(&self, state: &mut State, at: u8, text: Text, opening: u8) {
        let process = &mut state.processes[at as usize];
        process.call = Call::Idle;
        process.tenure = Some(Tenure {
            mark: text.mark,
            value: text.value,
            doubtful: Vec::new(),
            has_ended: false,
            was_refused: false,
            opening,
        });
        // What an open reads and what it replaces are one text.
        state.history.open_answered(opening, text.value, text.value);
    }

    fn acknowledge(&self, state: &mut State, at: u8, value: u8, text: Text) {
        let process = &mut state.processes[at as usize];
        process.call = Call::Idle;
        let tenure = process.tenure();
        (tenure.mark, tenure.value) = (text.mark, value);
        tenure.doubtful.clear();
        state.history.set_answered(value);
    }

    fn go_on_clearing(&self, state: &mut State, at: u8, answer: Answer) {
        let process = &mut state.processes[at as usize];
        match (process.clearing, answer) {
            (Clearing::Finding { clear, attempts }, Answer::Found(Some(Text { mark, .. }))) => {
                process.clearing = Clearing::Releasing { clear, attempts };
                self.send(state, at, Lane::Clear, Statement::Release { mark, clear });
            }
            (
                Clearing::Releasing {
                    clear,
                    attempts: ATTEMPTS,
                },
                Answer::Released(false),
            ) => {
                process.clearing = Clearing::Idle;
                state.history.clear_failed(clear);
            }
            (Clearing::Releasing { clear, attempts }, Answer::Released(false)) => {
                let attempts = attempts + 1;
                process.clearing = Clearing::Finding { clear, attempts };
                let look = match attempts {
                    ..FENCED_CLEAR => Statement::Select,
                    _ => Statement::Fence,
                };
                self.send(state, at, Lane::Clear, look);
            }
            (Clearing::Finding { clear, .. }, Answer::Found(None))
            | (Clearing::Releasing { clear, .. }, Answer::Released(true)) => {
                process.clearing = Clearing::Idle;
                state.history.clear_answered(clear);
            }
            (clearing, answer) => unreachable!("{clearing:?} is answered with {answer:?}"),
        }
    }

    /// There was no answer in time.
    pub(crate) fn give_up(&self, state: &mut State, at: u8, lane: Lane, statement: Statement, then: Then) {
        let process = &mut state.processes[at as usize];
        match (then, lane) {
            (Then::Again, Lane::Call) if !self.has(Weakness::SameTextAgain) => match process.call {
                Call::Beginning { attempts } => self.begin(state, at, attempts),
                _ => self.send(state, at, lane, statement),
            },
            (Then::Again, _) => self.send(state, at, lane, statement),
            (Then::Fail, Lane::Call) => {
                if let (Call::Writing { .. }, Statement::Update { text, .. }) = (process.call, statement) {
                    process.tenure().doubtful.push(text);
                }
                process.call = Call::Idle;
            }
            (Then::Fail, Lane::Clear) => {
                if let Clearing::Finding { clear, .. } | Clearing::Releasing { clear, .. } = process.clearing {
                    state.history.clear_failed(clear);
                }
                process.clearing = Clearing::Idle;
            }
        }
    }
}
