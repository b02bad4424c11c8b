//! What is done over all sessions of a store, a step at a time: where it stands, whether it is to end, and what it had to
//! leave.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::error::Error;

/// How often all sessions are gone through at most: each time but the last some were left to do that others had opened or
/// written meanwhile.
const PASSES: usize = 4;
/// Accounts whose names are read at a time.
pub(super) const PAGE: i64 = 500;

/// Whether somebody wants it to end.
#[derive(Default)]
pub(crate) struct Stop(AtomicBool);

impl Stop {
    /// Asks for the end.
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the end was asked for.
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The times that all sessions are gone through.
#[derive(Default)]
pub(super) struct Passes {
    before: usize,
    /// As many sessions had been changed when this one began.
    changed: u64,
}

impl Passes {
    /// At the end of one: whether there is to be another, now that so many sessions have been changed.
    pub(super) fn another(&mut self, changed: u64) -> bool {
        if changed == self.changed || self.before + 1 == PASSES {
            return false;
        }
        self.before += 1;
        self.changed = changed;
        true
    }
}

/// Accounts in the order of their ids, page by page.
#[derive(Default)]
pub(super) struct Pages {
    /// Those that come next, the last one first.
    queue: Vec<Arc<str>>,
    /// The last one that was read.
    after: Option<Arc<str>>,
}

impl Pages {
    /// After which account the next page is to begin, if there is to be one.
    pub(super) fn wanted(&self) -> Option<Option<&str>> {
        self.queue.is_empty().then_some(self.after.as_deref())
    }

    /// Takes a page.
    pub(super) fn add(&mut self, mut page: Vec<Arc<str>>) {
        page.reverse();
        if let Some(last) = page.first() {
            self.after = Some(last.clone());
        }
        self.queue = page;
    }

    /// The next account. It stays the next one until it is done: after a fault that passes, a step that is made again begins
    /// with it.
    pub(super) fn next(&self) -> Option<Arc<str>> {
        self.queue.last().cloned()
    }

    /// The next account is done.
    pub(super) fn done(&mut self) {
        self.queue.pop();
    }
}

/// A session that could not be changed.
pub(crate) struct Left {
    pub(crate) account: Arc<str>,
    pub(crate) error: Error,
}

/// Sessions that could not be changed, and why.
#[derive(Default)]
pub(super) struct Leftovers(BTreeMap<Arc<str>, Error>);

impl Leftovers {
    pub(super) fn add(&mut self, account: &Arc<str>, error: Error) {
        self.0.insert(account.clone(), error);
    }

    /// It could be changed after all.
    pub(super) fn remove(&mut self, account: &Arc<str>) {
        self.0.remove(account);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn list(&self) -> Vec<Left> {
        let left = self.0.iter().map(|(account, error)| Left {
            account: account.clone(),
            error: error.clone(),
        });
        left.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_another_pass_as_long_as_the_last_one_changed_something_and_no_longer_than_enough() {
        let mut passes = Passes::default();
        assert!(passes.another(1));
        assert!(!passes.another(1));
        let mut passes = Passes::default();
        assert!(!passes.another(0));
        let mut passes = Passes::default();
        let made = (1..10).take_while(|changed| passes.another(*changed)).count();
        assert_eq!(made + 1, PASSES);
    }

    #[test]
    fn an_account_stays_the_next_one_until_it_is_done() {
        let mut pages = Pages::default();
        assert_eq!(pages.wanted(), Some(None));
        pages.add(vec!["a".into(), "b".into()]);
        assert_eq!(pages.next().as_deref(), Some("a"));
        assert_eq!(pages.next().as_deref(), Some("a"));
        pages.done();
        assert_eq!((pages.wanted(), pages.next().as_deref()), (None, Some("b")));
        pages.done();
        assert_eq!(pages.wanted(), Some(Some("b")));
        pages.add(Vec::new());
        assert_eq!((pages.next(), pages.wanted()), (None, Some(Some("b"))));
    }
}
