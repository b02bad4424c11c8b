//! One open session: its image, the mark of the text that holds it, and commits whose outcome is not known.

use std::{
    collections::VecDeque,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use async_trait::async_trait;

use super::{image::Image, pglz, table};
use crate::{
    codec::record::{Changes, RecordKey, Value},
    crypto::SealingKey,
    error::Result,
    layout::{Tenure, ValuesReply},
    runtime,
};

/// Commits of unknown outcome that are remembered. Forgetting one costs a reopening, if it was the one.
const MOST_DOUBTFUL: usize = 64;

pub(super) struct ColumnTenure {
    pub(super) account: Arc<str>,
    key: Arc<SealingKey>,
    /// Read by JavaScript's thread, while a large session is being composed too; written only after a commit.
    held: Arc<RwLock<Held>>,
}

struct Held {
    image: Image,
    /// The mark of the stored text; `None` for NULL.
    mark: Option<String>,
    /// Commits that failed without an answer: at most one of them has taken effect. The newest [`MOST_DOUBTFUL`].
    doubtful: VecDeque<Sealed>,
}

/// A session sealed with changes that are not yet durable.
pub(super) struct Sealed {
    text: String,
    expected: Option<String>,
    changes: Arc<Changes>,
}

impl Sealed {
    /// The text to store.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The mark of the text that it may replace; `None` for NULL.
    pub(super) fn expected(&self) -> Option<&str> {
        self.expected.as_deref()
    }
}

impl ColumnTenure {
    pub(super) fn new(account: Arc<str>, key: Arc<SealingKey>, image: Image, mark: Option<String>) -> Self {
        let held = Held {
            image,
            mark,
            doubtful: VecDeque::new(),
        };
        Self {
            account,
            key,
            held: Arc::new(RwLock::new(held)),
        }
    }

    /// The session with these changes, sealed; off the I/O threads, since a large one takes milliseconds.
    pub(super) async fn seal(&self, changes: &Arc<Changes>) -> Result<Sealed> {
        let (held, key, changes) = (self.held.clone(), self.key.clone(), changes.clone());
        runtime::compute(move || {
            let (plaintext, expected) = {
                let held = read(&held);
                (held.image.compose(&changes), held.mark.clone())
            };
            Ok(Sealed {
                text: pglz::seal(&key, plaintext)?.to_text(),
                expected,
                changes,
            })
        })
        .await?
    }

    /// Takes over a commit that has taken effect.
    pub(super) fn adopt(&self, sealed: &Sealed) {
        let mut held = write(&self.held);
        held.image.apply(&sealed.changes);
        held.mark = Some(table::mark(&sealed.text));
        held.doubtful.clear();
    }

    /// Remembers a commit of which it is not known whether it has taken effect.
    pub(super) fn doubt(&self, mut sealed: Sealed) {
        // Only the mark is needed to know it again.
        sealed.text = table::mark(&sealed.text);
        let mut held = write(&self.held);
        if held.doubtful.len() == MOST_DOUBTFUL {
            held.doubtful.pop_front();
        }
        held.doubtful.push_back(sealed);
    }

    /// Takes over the doubtful commit that left this mark, if one did.
    pub(super) fn adopt_doubtful(&self, mark: &str) -> bool {
        let mut held = write(&self.held);
        let at = held.doubtful.iter().position(|sealed| sealed.text == mark);
        let Some(sealed) = at.and_then(|at| held.doubtful.remove(at)) else {
            return false;
        };
        drop(held);
        self.adopt(&sealed);
        true
    }
}

#[async_trait]
impl Tenure for ColumnTenure {
    fn lookup(&self, key: &RecordKey) -> Option<Option<Value>> {
        Some(read(&self.held).image.lookup(key))
    }

    fn fetch(self: Arc<Self>, keys: Vec<RecordKey>, reply: ValuesReply) {
        let held = read(&self.held);
        reply(Ok(keys.iter().map(|key| held.image.lookup(key)).collect()));
    }

    async fn keys(&self, kind: Option<&str>) -> Result<Vec<RecordKey>> {
        Ok(read(&self.held).image.keys(kind))
    }
}

fn read(held: &RwLock<Held>) -> RwLockReadGuard<'_, Held> {
    held.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(held: &RwLock<Held>) -> RwLockWriteGuard<'_, Held> {
    held.write().unwrap_or_else(PoisonError::into_inner)
}
