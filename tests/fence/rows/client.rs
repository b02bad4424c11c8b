//! What a process does: the order of its statements, and what it makes of their answers.

use super::{
    Rows, State, Weakness,
    process::{Call, Clearing, Lane, Reading, Tenure},
    server::{Answer, Sent, Session, Set, Stage, Statement},
};
use crate::exploration::Then;

impl Rows {
    fn send(&self, state: &mut State, at: u8, lane: Lane, statement: Statement) {
        state.server.put(Sent {
            lane: Some((at, lane)),
            statement,
            stage: Stage::Coming,
        });
    }

    pub(crate) fn begin_open(&self, state: &mut State, at: u8) {
        let process = &mut state.processes[at as usize];
        process.opens_left -= 1;
        process.call = Call::Peeking;
        self.send(state, at, Lane::Call, Statement::Look);
    }

    pub(crate) fn begin_set(&self, state: &mut State, at: u8) {
        let value = state.history.set_begins();
        let process = &mut state.processes[at as usize];
        process.sets_left -= 1;
        let set = Set {
            value,
            is_in_batch: true,
            records: [true, !self.has(Weakness::PartedSets)],
            opening: process.tenure().opening,
        };
        self.attempt(state, at, set);
    }

    pub(crate) fn begin_get(&self, state: &mut State, at: u8) {
        let process = &mut state.processes[at as usize];
        process.reads_left -= 1;
        let (tenure, is_stale) = (*process.tenure(), false);
        let Tenure { session, opener, .. } = tenure;
        let statement = if tenure.is_in_doubt(self.weakness) {
            process.reading = Reading::Raising { opener, is_stale };
            Statement::RaiseEpoch { session, opener }
        } else {
            process.reading = Reading::Fetching { opener, is_stale };
            Statement::Look
        };
        self.send(state, at, Lane::Read, statement);
    }

    pub(crate) fn begin_clear(&self, state: &mut State, at: u8) {
        state.clears_left -= 1;
        let number = state.history.clear_begins();
        let process = &mut state.processes[at as usize];
        process.clearing = Clearing::Finding(number);
        if let Some(tenure) = &mut process.tenure {
            tenure.has_ended = true;
        }
        self.send(state, at, Lane::Clear, Statement::Look);
    }

    /// Sends a set, after the epoch was raised if an earlier one got no answer.
    fn attempt(&self, state: &mut State, at: u8, set: Set) {
        let process = &mut state.processes[at as usize];
        let tenure = *process.tenure();
        let Tenure {
            session,
            opener,
            epoch,
            key,
            ..
        } = tenure;
        let statement = if tenure.is_in_doubt(self.weakness) {
            process.call = Call::Raising(set);
            Statement::RaiseEpoch { session, opener }
        } else {
            process.call = Call::Writing(set);
            Statement::Commit {
                session,
                epoch,
                key,
                set,
            }
        };
        self.send(state, at, Lane::Call, statement);
    }

    fn commit(&self, state: &mut State, at: u8, set: Set) {
        let process = &mut state.processes[at as usize];
        let Tenure {
            session, epoch, key, ..
        } = *process.tenure();
        process.call = Call::Writing(set);
        let commit = Statement::Commit {
            session,
            epoch,
            key,
            set,
        };
        self.send(state, at, Lane::Call, commit);
    }

    pub(crate) fn receive(&self, state: &mut State, at: u8, lane: Lane, statement: Statement, answer: Answer) {
        match lane {
            Lane::Call => self.go_on(state, at, statement, answer),
            Lane::Read => self.go_on_reading(state, at, answer),
            Lane::Clear => self.go_on_clearing(state, at, answer),
        }
    }

    fn go_on(&self, state: &mut State, at: u8, statement: Statement, answer: Answer) {
        let process = &mut state.processes[at as usize];
        match (process.call, answer) {
            (Call::Peeking, Answer::Found(None)) => self.create(state, at),
            (Call::Peeking, Answer::Found(Some((found, seen)))) => {
                let Session { id, opener, key, .. } = found;
                process.call = Call::Taking { seen, key };
                let take = Statement::Take {
                    session: id,
                    found: opener,
                    key,
                    opener: process.name(at),
                };
                self.send(state, at, Lane::Call, take);
            }
            (Call::Taking { .. } | Call::Creating, Answer::Opened(None)) => {
                process.call = Call::Peeking;
                self.send(state, at, Lane::Call, Statement::Look);
            }
            (Call::Taking { seen, key }, Answer::Opened(Some(opening))) => {
                let Statement::Take { session, opener, .. } = statement else {
                    return;
                };
                process.call = Call::ReadingCreds {
                    session,
                    opener,
                    opening,
                    key,
                };
                if self.has(Weakness::CredsBeforeEpoch) {
                    self.hand_out(state, at, Some(seen));
                } else {
                    self.send(state, at, Lane::Call, Statement::Look);
                }
            }
            (Call::Creating, Answer::Opened(Some(opening))) => {
                let Statement::Create { session, opener } = statement else {
                    return;
                };
                process.call = Call::ReadingCreds {
                    session,
                    opener,
                    opening,
                    key: 1,
                };
                self.hand_out(state, at, Some(0));
            }
            (
                Call::ReadingCreds {
                    session,
                    opener,
                    opening,
                    key,
                },
                Answer::Found(found),
            ) => match found.filter(|(row, _)| row.id == session) {
                // Its key may be another by now.
                Some((row, _)) if row.opener == opener && row.epoch != opening.epoch => {
                    process.call = Call::Peeking;
                    self.send(state, at, Lane::Call, Statement::Look);
                }
                // It is another's, and these are not to be read any more: the open is refused.
                Some((row, creds)) if row.key != key && creds != 0 => process.call = Call::Idle,
                found => self.hand_out(state, at, found.map(|(_, creds)| creds)),
            },
            (Call::Raising(set), Answer::Raised(epoch)) => {
                process.tenure().settle(epoch, self.weakness);
                self.commit(state, at, set);
            }
            (Call::Writing(set), Answer::Written(true)) if set.records == [true, false] => {
                let records = [false, true];
                self.attempt(state, at, Set { records, ..set });
            }
            (Call::Writing(set), Answer::Written(true)) => {
                process.call = Call::Idle;
                process.replace(Some(set.value));
                state.history.set_answered(set.value);
            }
            (Call::Writing(set), Answer::Written(false)) => {
                process.call = Call::Asking(set);
                self.send(state, at, Lane::Call, Statement::Look);
            }
            (Call::Asking(set), Answer::Found(found)) => {
                let tenure = process.tenure();
                match found.filter(|(row, _)| row.id == tenure.session) {
                    Some((Session { opener, epoch, key, .. }, _)) if opener == tenure.opener => {
                        tenure.learn(epoch, key, self.weakness);
                        let is_in_batch = false;
                        self.attempt(state, at, Set { is_in_batch, ..set });
                    }
                    _ => {
                        tenure.lose();
                        process.call = Call::Idle;
                        process.replace(None);
                    }
                }
            }
            (call, answer) => unreachable!("{call:?} is answered with {answer:?}"),
        }
    }

    fn create(&self, state: &mut State, at: u8) {
        let process = &mut state.processes[at as usize];
        process.call = Call::Creating;
        let (session, opener) = (process.name(at), process.name(at));
        self.send(state, at, Lane::Call, Statement::Create { session, opener });
    }

    fn hand_out(&self, state: &mut State, at: u8, creds: Option<u8>) {
        let process = &mut state.processes[at as usize];
        let Call::ReadingCreds {
            session,
            opener,
            opening,
            key,
        } = process.call
        else {
            return;
        };
        process.call = Call::Idle;
        process.tenure = Some(Tenure {
            session,
            opener,
            epoch: opening.epoch,
            key,
            doubtful: 0,
            cached: creds,
            has_ended: false,
            was_refused: false,
            opening: opening.number,
        });
        let creds = creds.unwrap_or(0);
        state.history.open_answered(opening.number, creds, opening.committed);
    }

    fn go_on_reading(&self, state: &mut State, at: u8, answer: Answer) {
        let process = &mut state.processes[at as usize];
        match (process.reading, answer) {
            (Reading::Raising { opener, is_stale }, Answer::Raised(epoch)) => {
                if let Some(tenure) = process.tenure.as_mut().filter(|tenure| tenure.opener == opener) {
                    tenure.settle(epoch, self.weakness);
                }
                process.reading = Reading::Fetching { opener, is_stale };
                self.send(state, at, Lane::Read, Statement::Look);
            }
            (Reading::Fetching { opener, is_stale }, Answer::Found(found)) => {
                process.reading = Reading::Idle;
                let tenure = process.tenure.as_mut().filter(|tenure| tenure.opener == opener);
                let (Some(tenure), Some((row, value))) = (tenure, found) else {
                    return;
                };
                if row.opener != opener {
                    return;
                }
                if row.epoch != tenure.epoch && !self.has(Weakness::ReadsUnderAnyEpoch) {
                    tenure.learn(row.epoch, row.key, self.weakness);
                    process.reading = Reading::Fetching { opener, is_stale };
                    self.send(state, at, Lane::Read, Statement::Look);
                } else if !is_stale {
                    // Under another key it has another name: nothing is found.
                    tenure.cached = Some(if row.key == tenure.key { value } else { 0 });
                }
            }
            (reading, answer) => unreachable!("{reading:?} is answered with {answer:?}"),
        }
    }

    fn go_on_clearing(&self, state: &mut State, at: u8, answer: Answer) {
        let process = &mut state.processes[at as usize];
        match (process.clearing, answer) {
            (Clearing::Finding(number), Answer::Found(Some((row, _)))) => {
                process.clearing = Clearing::Deleting(number);
                let (session, opener) = (row.id, row.opener);
                self.send(
                    state,
                    at,
                    Lane::Clear,
                    Statement::Clear {
                        session,
                        opener,
                        number,
                    },
                );
            }
            (Clearing::Deleting(number), Answer::Cleared(false)) if !self.has(Weakness::ClearsFromAnyone) => {
                process.clearing = Clearing::Finding(number);
                self.send(state, at, Lane::Clear, Statement::Look);
            }
            (Clearing::Finding(number), Answer::Found(None)) | (Clearing::Deleting(number), Answer::Cleared(_)) => {
                process.clearing = Clearing::Idle;
                state.history.clear_answered(number);
            }
            (clearing, answer) => unreachable!("{clearing:?} is answered with {answer:?}"),
        }
    }

    /// There was no answer in time.
    pub(crate) fn give_up(&self, state: &mut State, at: u8, lane: Lane, statement: Statement, then: Then) {
        let process = &mut state.processes[at as usize];
        if let Statement::Commit { epoch, .. } = statement {
            process.tenure().doubt(epoch);
        }
        match (then, lane, process.call, process.clearing) {
            (Then::Again, Lane::Call, Call::Writing(set), _) => self.attempt(state, at, set),
            (Then::Again, Lane::Call, Call::Creating, _) if !self.has(Weakness::SameSessionAgain) => {
                self.create(state, at);
            }
            (Then::Again, ..) => self.send(state, at, lane, statement),
            (Then::Fail, Lane::Call, call, _) => {
                process.call = Call::Idle;
                if matches!(call, Call::Writing(_) | Call::Raising(_)) {
                    process.replace(None);
                }
            }
            (Then::Fail, Lane::Read, ..) => process.reading = Reading::Idle,
            (Then::Fail, Lane::Clear, _, Clearing::Finding(number) | Clearing::Deleting(number)) => {
                process.clearing = Clearing::Idle;
                state.history.clear_failed(number);
            }
            (Then::Fail, Lane::Clear, _, Clearing::Idle) => {}
        }
    }
}
