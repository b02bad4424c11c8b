//! Layout rows: a session's row with an epoch, and its records.

mod client;
mod process;
mod server;
mod tests;

use stateright::{Model, Property};

use self::{
    process::{Call, Clearing, Lane, Process, Reading},
    server::{Answer, Sent, Server, Stage, Statement},
};
use crate::{
    exploration::{Bounds, Then},
    history::{History, Promise},
};

const KEPT: &str = "what was acknowledged is there";
const ONE_OWNER: &str = "no older owner's write takes effect after a takeover's answer";
const NOTHING_COMES_BACK: &str = "no write of before a clear takes effect after its answer";
const NEWEST: &str = "an open hands out the newest credentials";
const WHOLE: &str = "a set is whole";
const CACHE: &str = "an owner holds in memory what the database holds";
const SEALED: &str = "every record is sealed under the session's key";
const TAKEOVER: &str = "a second owner's set is acknowledged";
const REFUSAL: &str = "an owner learns that it has lost the account";
const CLEAR: &str = "a cleared account is opened and written again";

/// What is left out of the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weakness {
    /// A write looks only whether the session is there.
    NoEpochCondition,
    /// A write does not hold the session's row.
    NoLock,
    /// An open hands out the credentials that it saw before it raised the epoch.
    CredsBeforeEpoch,
    /// Nothing is done about a write without an answer.
    NoDoubt,
    /// Whichever raise of the epoch is answered ends the doubt, also one that was sent before it arose.
    DoubtIsAFlag,
    /// An open takes the session from whoever has it by then, not only from the opener that it has seen.
    TakesFromAnyone,
    /// The first open of an account is done again under the same session id.
    SameSessionAgain,
    /// A clear deletes whatever session the account has by then.
    ClearsByAccount,
    /// A clear deletes the session also when it was opened again since it was looked up.
    ClearsFromAnyone,
    /// A set's records are written by a statement each.
    PartedSets,
    /// A new data key does not raise the epoch.
    RekeysUnderAnEpoch,
    /// Who learns an epoch does not look at the key that goes with it.
    LearnsNoKey,
    /// A reader does not look at the epoch.
    ReadsUnderAnyEpoch,
}

struct Rows {
    bounds: Bounds,
    weakness: Option<Weakness>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    server: Server,
    processes: Vec<Process>,
    clears_left: u8,
    give_ups_left: u8,
    rekeys_left: u8,
    history: History,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Action {
    /// A process calls one of these.
    Open(u8),
    Set(u8),
    Get(u8),
    Clear(u8),
    /// Somebody gives the session a new data key.
    Rekey,
    /// A statement does its next step on the server.
    Run(u8, Statement),
    /// A write in a batch leaves out a session whose row is held.
    Skip(u8, Statement),
    /// A statement's answer arrives.
    Receive(u8, Statement),
    /// A statement's caller does not wait for its answer any more.
    GiveUp(u8, Statement, Then),
}

impl Rows {
    fn has(&self, weakness: Weakness) -> bool {
        self.weakness == Some(weakness)
    }

    fn answer(&self, state: &mut State, sent: Sent, answer: Answer) {
        let Some((process, lane)) = sent.lane else { return };
        if self.bounds.answers_travel {
            state.server.put(Sent {
                stage: Stage::Answered(answer),
                ..sent
            });
        } else {
            self.receive(state, process, lane, sent.statement, answer);
        }
    }
}

impl Model for Rows {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            server: Server::default(),
            processes: (0..self.bounds.processes)
                .map(|at| Process::new(at, &self.bounds))
                .collect(),
            clears_left: self.bounds.clears,
            give_ups_left: self.bounds.give_ups,
            rekeys_left: self.bounds.rekeys,
            history: History::default(),
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (at, process) in (0..).zip(&state.processes) {
            let is_open = process.tenure.as_ref().is_some_and(|tenure| !tenure.has_ended);
            let is_idle = process.call == Call::Idle;
            if is_idle && !is_open && process.clearing == Clearing::Idle && process.opens_left > 0 {
                actions.push(Action::Open(at));
            }
            if is_idle && is_open && process.sets_left > 0 {
                actions.push(Action::Set(at));
            }
            if is_open && process.reading == Reading::Idle && process.reads_left > 0 {
                actions.push(Action::Get(at));
            }
            // Opens and clears of a process are one at a time.
            if state.clears_left > 0 && process.clearing == Clearing::Idle && !process.call.is_open() {
                actions.push(Action::Clear(at));
            }
        }
        if state.rekeys_left > 0 && state.server.session.is_some() {
            actions.push(Action::Rekey);
        }
        for (at, sent) in (0..).zip(&state.server.sent) {
            let statement = sent.statement;
            match sent.stage {
                Stage::Answered(_) => actions.push(Action::Receive(at, statement)),
                _ if state.server.can_run(sent, self.weakness) => actions.push(Action::Run(at, statement)),
                _ => {}
            }
            if sent.stage == Stage::Coming && statement.may_be_left_out() && state.server.is_row_wanted() {
                actions.push(Action::Skip(at, statement));
            }
            if state.give_ups_left > 0 && sent.lane.is_some() && statement.has_effect() {
                actions.push(Action::GiveUp(at, statement, Then::Again));
                actions.push(Action::GiveUp(at, statement, Then::Fail));
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Open(at) => self.begin_open(&mut state, at),
            Action::Set(at) => self.begin_set(&mut state, at),
            Action::Get(at) => self.begin_get(&mut state, at),
            Action::Clear(at) => self.begin_clear(&mut state, at),
            Action::Rekey => {
                state.rekeys_left -= 1;
                state.server.put(Sent {
                    lane: None,
                    statement: Statement::Rekey,
                    stage: Stage::Coming,
                });
            }
            Action::Run(at, _) => {
                let sent = state.server.sent.remove(at.into());
                match state.server.run(&sent, self.weakness, &mut state.history) {
                    None => state.server.put(Sent {
                        stage: Stage::Holding,
                        ..sent
                    }),
                    Some(answer) => self.answer(&mut state, sent, answer),
                }
            }
            Action::Skip(at, _) => {
                let sent = state.server.sent.remove(at.into());
                self.answer(&mut state, sent, Answer::Written(false));
            }
            Action::Receive(at, statement) => {
                let sent = state.server.sent.remove(at.into());
                let (Some((process, lane)), Stage::Answered(answer)) = (sent.lane, sent.stage) else {
                    return None;
                };
                self.receive(&mut state, process, lane, statement, answer);
            }
            Action::GiveUp(at, statement, then) => {
                state.give_ups_left -= 1;
                let sent = state.server.sent.remove(at.into());
                let (process, lane) = sent.lane?;
                if !matches!(sent.stage, Stage::Answered(_)) {
                    state.server.put(Sent { lane: None, ..sent });
                }
                self.give_up(&mut state, process, lane, statement, then);
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(KEPT, |_, state: &State| {
                state
                    .server
                    .records
                    .iter()
                    .all(|value| state.history.is_kept_by(*value))
            }),
            Property::always(ONE_OWNER, |_, state: &State| {
                state.history.broken != Some(Promise::OneOwner)
            }),
            Property::always(NOTHING_COMES_BACK, |_, state: &State| {
                state.history.broken != Some(Promise::NothingComesBack)
            }),
            Property::always(NEWEST, |_, state: &State| {
                state.history.broken != Some(Promise::NewestHandedOut)
            }),
            Property::always(WHOLE, |_, state: &State| {
                let [one, other] = state.server.records;
                one == other
            }),
            Property::always(CACHE, |_, state: &State| {
                state.processes.iter().all(|process| process.holds_what(&state.server))
            }),
            Property::always(SEALED, |_, state: &State| {
                let Server {
                    records, sealed_under, ..
                } = &state.server;
                let key = state.server.session.map_or(0, |row| row.key);
                let mut sealed = records.iter().zip(sealed_under);
                sealed.all(|(value, sealed_under)| *value == 0 || *sealed_under == key)
            }),
            Property::sometimes(TAKEOVER, |model: &Self, state: &State| {
                model.bounds.openers < 2 || state.history.has_takeover()
            }),
            Property::sometimes(REFUSAL, |model: &Self, state: &State| {
                let mut tenures = state.processes.iter().filter_map(|process| process.tenure.as_ref());
                model.bounds.openers < 2 || tenures.any(|tenure| tenure.was_refused)
            }),
            Property::sometimes(CLEAR, |model: &Self, state: &State| {
                model.bounds.clears == 0 || state.history.has_clear()
            }),
        ]
    }
}
