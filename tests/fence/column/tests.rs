//! What holds, and what does not when something is left out.

use super::*;
use crate::exploration::{NOTHING, expect_broken, expect_kept};

/// Two processes that open the account and set records, once each.
const TWO: Bounds = Bounds {
    processes: 2,
    openers: 2,
    opens: 1,
    sets: 1,
    ..NOTHING
};

const TAKEOVERS: Bounds = Bounds {
    processes: 3,
    openers: 3,
    sets: 2,
    ..TWO
};

const CLEAR: Bounds = Bounds {
    sets: 1,
    clears: 1,
    ..TAKEOVERS
};

const LATE: Bounds = Bounds {
    sets: 1,
    give_ups: 1,
    ..TAKEOVERS
};

/// Two owners, and a third process that clears.
const LATE_AND_CLEAR: Bounds = Bounds {
    processes: 3,
    clears: 1,
    give_ups: 1,
    ..TWO
};

const TWICE: Bounds = Bounds {
    opens: 2,
    give_ups: 1,
    ..TWO
};

const LATE_TWICE: Bounds = Bounds {
    sets: 2,
    give_ups: 2,
    ..TWO
};

fn kept(name: &str, bounds: Bounds) {
    let weakness = None;
    expect_kept(&format!("column, {name}"), Column { bounds, weakness });
}

fn broken(weakness: Weakness, promise: &'static str, bounds: Bounds) {
    let model = Column {
        bounds,
        weakness: Some(weakness),
    };
    expect_broken(&format!("column, {weakness:?}"), model, promise);
}

#[test]
fn three_processes_take_the_account_from_each_other() {
    kept("takeovers of three", TAKEOVERS);
}

#[test]
fn three_processes_and_a_clear() {
    kept("takeovers of three and a clear", CLEAR);
}

#[test]
fn three_processes_and_a_statement_that_comes_late() {
    kept("takeovers of three, one late statement", LATE);
}

#[test]
fn a_clear_by_a_third_process_and_a_statement_that_comes_late() {
    kept("two owners, a clear by a third, one late statement", LATE_AND_CLEAR);
}

#[test]
fn two_processes_that_open_again_and_a_statement_that_comes_late() {
    kept("two that open twice, one late statement", TWICE);
}

#[test]
fn two_processes_that_set_twice_and_two_statements_that_come_late() {
    kept("two that set twice, two late statements", LATE_TWICE);
}

#[test]
fn without_the_marks_condition_an_older_owner_writes() {
    broken(Weakness::NoMarkCondition, ONE_OWNER, TAKEOVERS);
    broken(Weakness::NoMarkCondition, KEPT, TAKEOVERS);
}

#[test]
fn an_open_that_does_not_seal_anew_leaves_the_older_owner_its_mark() {
    broken(Weakness::NoResealing, ONE_OWNER, TAKEOVERS);
}

#[test]
fn a_first_open_that_comes_late_revives_a_cleared_session_unless_each_attempt_has_its_own_text() {
    broken(Weakness::SameTextAgain, NOTHING_COMES_BACK, LATE_AND_CLEAR);
}

#[test]
fn a_clear_that_comes_late_takes_another_text_away_unless_it_names_the_one_it_found() {
    broken(Weakness::ClearsAnything, KEPT, LATE_AND_CLEAR);
}
