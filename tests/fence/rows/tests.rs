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

const LATE_SETS: Bounds = Bounds {
    sets: 2,
    give_ups: 1,
    ..TWO
};

const LATE_TWICE: Bounds = Bounds { give_ups: 2, ..TWO };

/// One process alone, which is all that it takes to lose track of one's own writes.
const READS: Bounds = Bounds {
    processes: 1,
    openers: 1,
    sets: 3,
    reads: 1,
    give_ups: 2,
    answers_travel: true,
    ..TWO
};

/// New data keys under two owners, and a statement that comes late.
const REKEYS: Bounds = Bounds {
    give_ups: 1,
    rekeys: 2,
    ..TWO
};

const REKEYS_AND_CLEAR: Bounds = Bounds {
    clears: 1,
    rekeys: 1,
    ..TWO
};

const REKEYS_AND_READS: Bounds = Bounds {
    processes: 1,
    openers: 1,
    sets: 2,
    reads: 2,
    give_ups: 1,
    rekeys: 2,
    answers_travel: true,
    ..TWO
};

/// Opens again after a clear that has failed.
const CLEAR_FAILS: Bounds = Bounds {
    processes: 1,
    openers: 1,
    opens: 2,
    sets: 2,
    clears: 2,
    give_ups: 2,
    ..NOTHING
};

fn kept(name: &str, bounds: Bounds) {
    let weakness = None;
    expect_kept(&format!("rows, {name}"), Rows { bounds, weakness });
}

fn broken(weakness: Weakness, promise: &'static str, bounds: Bounds) {
    let model = Rows {
        bounds,
        weakness: Some(weakness),
    };
    expect_broken(&format!("rows, {weakness:?}"), model, promise);
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
fn two_processes_that_set_twice_and_a_statement_that_comes_late() {
    kept("two that set twice, one late statement", LATE_SETS);
}

#[test]
fn two_processes_and_two_statements_that_come_late() {
    kept("two owners, two late statements", LATE_TWICE);
}

#[test]
fn reads_beside_writes_and_statements_and_answers_that_come_late() {
    kept("one that reads, two late statements, late answers", READS);
}

#[test]
fn a_clear_that_fails_and_comes_late() {
    kept("one that clears and opens again, two late statements", CLEAR_FAILS);
}

#[test]
fn new_data_keys_under_two_owners_and_a_statement_that_comes_late() {
    kept("two owners, two new keys, one late statement", REKEYS);
}

#[test]
fn a_new_data_key_and_a_clear() {
    kept("two owners, a new key, a clear", REKEYS_AND_CLEAR);
}

#[test]
fn new_data_keys_under_one_that_reads() {
    kept("one that reads, two new keys, late answers", REKEYS_AND_READS);
}

#[test]
fn without_the_epochs_condition_an_older_owner_writes() {
    broken(Weakness::NoEpochCondition, ONE_OWNER, TAKEOVERS);
    broken(Weakness::NoEpochCondition, KEPT, TAKEOVERS);
}

#[test]
fn without_the_fences_lock_a_write_overtakes_a_takeover() {
    broken(Weakness::NoLock, ONE_OWNER, TAKEOVERS);
    broken(Weakness::NoLock, KEPT, TAKEOVERS);
}

#[test]
fn credentials_of_before_the_epoch_is_raised_are_old() {
    broken(Weakness::CredsBeforeEpoch, NEWEST, TAKEOVERS);
}

#[test]
fn a_write_without_an_answer_undoes_a_newer_one_unless_the_epoch_is_raised() {
    broken(Weakness::NoDoubt, KEPT, LATE_SETS);
    broken(Weakness::NoDoubt, CACHE, READS);
}

#[test]
fn a_raise_of_before_a_write_without_an_answer_settles_nothing() {
    broken(Weakness::DoubtIsAFlag, KEPT, READS);
}

#[test]
fn an_open_that_comes_late_gives_the_account_back_unless_it_is_for_the_opener_that_it_found() {
    broken(Weakness::TakesFromAnyone, ONE_OWNER, TWICE);
}

#[test]
fn a_first_open_that_comes_late_revives_a_cleared_session_unless_each_attempt_has_its_own_id() {
    broken(Weakness::SameSessionAgain, NOTHING_COMES_BACK, LATE_AND_CLEAR);
}

#[test]
fn a_clear_that_comes_late_deletes_another_session_unless_it_names_the_one_it_found() {
    broken(Weakness::ClearsByAccount, KEPT, LATE_AND_CLEAR);
}

#[test]
fn a_clear_that_comes_late_deletes_what_was_opened_since_unless_it_names_the_opener() {
    broken(Weakness::ClearsFromAnyone, KEPT, CLEAR_FAILS);
}

#[test]
fn a_set_by_a_statement_for_each_record_is_torn() {
    broken(Weakness::PartedSets, WHOLE, TWO);
}

#[test]
fn a_new_data_key_under_the_same_epoch_is_not_noticed() {
    broken(Weakness::RekeysUnderAnEpoch, SEALED, REKEYS);
    broken(Weakness::RekeysUnderAnEpoch, CACHE, REKEYS_AND_READS);
}

#[test]
fn an_epoch_without_its_key_lets_the_old_key_pass() {
    broken(Weakness::LearnsNoKey, SEALED, REKEYS);
}

#[test]
fn a_reader_that_does_not_look_at_the_epoch_takes_what_is_there_for_missing() {
    broken(Weakness::ReadsUnderAnyEpoch, CACHE, REKEYS_AND_READS);
}
