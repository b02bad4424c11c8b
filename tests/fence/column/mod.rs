//! Layout column: one text, which only who knows its mark replaces.

mod client;
mod server;
mod tests;

use stateright::{Model, Property};

use self::{
    client::{Call, Clearing, Lane, Process},
    server::{Sent, Server, Statement},
};
use crate::{
    exploration::{Bounds, Then},
    history::{History, Promise},
};

const KEPT: &str = "what was acknowledged is there";
const ONE_OWNER: &str = "no older owner's write takes effect after a takeover's answer";
const NOTHING_COMES_BACK: &str = "no write of before a clear takes effect after its answer";
const NEWEST: &str = "an open hands out the newest credentials";
const TAKEOVER: &str = "a second owner's set is acknowledged";
const REFUSAL: &str = "an owner learns that it has lost the account";
const CLEAR: &str = "a cleared account is opened and written again";

/// What is left out of the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weakness {
    /// A write replaces whatever text there is.
    NoMarkCondition,
    /// An open only reads.
    NoResealing,
    /// The first open of an account puts the same text at each attempt.
    SameTextAgain,
    /// A clear puts NULL in the place of whatever text there is.
    ClearsAnything,
}

struct Column {
    bounds: Bounds,
    weakness: Option<Weakness>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    server: Server,
    processes: Vec<Process>,
    clears_left: u8,
    give_ups_left: u8,
    history: History,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Action {
    /// A process calls one of these.
    Open(u8),
    Set(u8),
    Clear(u8),
    /// A statement runs on the server, and its answer arrives.
    Run(u8, Statement),
    /// A statement's caller does not wait for its answer any more.
    GiveUp(u8, Statement, Then),
}

impl Column {
    fn has(&self, weakness: Weakness) -> bool {
        self.weakness == Some(weakness)
    }
}

impl Model for Column {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let processes = (0..self.bounds.processes).map(|at| Process::new(at, &self.bounds));
        vec![State {
            server: Server::default(),
            processes: processes.collect(),
            clears_left: self.bounds.clears,
            give_ups_left: self.bounds.give_ups,
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
            // Opens and clears of a process are one at a time.
            if state.clears_left > 0 && process.clearing == Clearing::Idle && !process.call.is_open() {
                actions.push(Action::Clear(at));
            }
        }
        for (at, sent) in (0..).zip(&state.server.sent) {
            actions.push(Action::Run(at, sent.statement));
            if state.give_ups_left > 0 && sent.lane.is_some() && sent.statement.has_effect() {
                actions.push(Action::GiveUp(at, sent.statement, Then::Again));
                actions.push(Action::GiveUp(at, sent.statement, Then::Fail));
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Open(at) => self.begin_open(&mut state, at),
            Action::Set(at) => self.begin_set(&mut state, at),
            Action::Clear(at) => self.begin_clear(&mut state, at),
            Action::Run(at, statement) => {
                let sent = state.server.sent.remove(at.into());
                let answer = state.server.run(statement, self.weakness, &mut state.history);
                if let Some((process, lane)) = sent.lane {
                    self.receive(&mut state, process, lane, statement, answer);
                }
            }
            Action::GiveUp(at, statement, then) => {
                state.give_ups_left -= 1;
                let sent = state.server.sent.remove(at.into());
                let (process, lane) = sent.lane?;
                state.server.put(Sent { lane: None, ..sent });
                self.give_up(&mut state, process, lane, statement, then);
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(KEPT, |_, state: &State| {
                let stored = state.server.text.map_or(0, |text| text.value);
                state.history.is_kept_by(stored)
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
