//! How much there is of everything, and running a model to its end.

use std::hash::Hash;

use stateright::{Checker, Model};

/// How much of everything happens at most: what makes the states finitely many.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) processes: u8,
    /// Of these, the ones that open the account; the others only clear it.
    pub(super) openers: u8,
    /// Of each process.
    pub(super) opens: u8,
    pub(super) sets: u8,
    pub(super) reads: u8,
    /// Of all of them.
    pub(super) clears: u8,
    pub(super) give_ups: u8,
    /// New data keys, in layout rows.
    pub(super) rekeys: u8,
    /// Whether answers take their time too: else they are there when the statement has run.
    pub(super) answers_travel: bool,
}

/// Nothing at all.
pub(super) const NOTHING: Bounds = Bounds {
    processes: 0,
    openers: 0,
    opens: 0,
    sets: 0,
    reads: 0,
    clears: 0,
    give_ups: 0,
    rekeys: 0,
    answers_travel: false,
};

/// What a caller does that got no answer in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Then {
    /// The same again, as the pool does.
    Again,
    /// It gives up, and its call is rejected.
    Fail,
}

/// Explores every state; all that is to hold holds, and all that is to be possible is.
pub(super) fn expect_kept<M>(name: &str, model: M)
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + std::fmt::Debug + Hash + PartialEq + Send + Sync,
    M::Action: Clone + std::fmt::Debug + PartialEq,
{
    let checker = model.checker().threads(2).spawn_bfs().join();
    println!(
        "{name}: {} states, {} steps deep",
        checker.unique_state_count(),
        checker.max_depth()
    );
    assert!(checker.is_done());
    checker.assert_properties();
}

/// Finds a way in which a promise is broken.
pub(super) fn expect_broken<M>(name: &str, model: M, promise: &'static str)
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + std::fmt::Debug + Hash + PartialEq + Send + Sync,
    M::Action: Clone + std::fmt::Debug + PartialEq,
{
    let only = [promise].into();
    let checker = model
        .checker()
        .finish_when(stateright::HasDiscoveries::AnyOf(only))
        .spawn_bfs()
        .join();
    let path = checker.discovery(promise);
    let path = path.unwrap_or_else(|| panic!("no way was found in which this does not hold: {promise}"));
    println!("{name} breaks: {promise}");
    for action in path.into_actions() {
        println!("  {action:?}");
    }
}
