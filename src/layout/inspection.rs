//! A look at the sessions of a store: what is known of each without opening it, and whether all of it can be read.
//!
//! Nothing is changed by it, and nobody loses an account.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use async_trait::async_trait;

use super::{
    rotation::Secret,
    work::{PAGE, Pages, Stop},
};
use crate::{
    config::LayoutName,
    error::{Code, Error, Result},
};

/// A step ends after so many sessions, or when it has read so many bytes.
const STEP_SESSIONS: usize = 50;
const STEP_BYTES: u64 = 4 << 20;

/// Looks at the sessions of one place.
#[async_trait]
pub(crate) trait Inspector: Send + Sync {
    /// The place.
    fn layout(&self) -> LayoutName;

    /// How many sessions there are.
    async fn count(&self) -> Result<u64>;

    /// The first accounts that have one, in order, after one of them.
    async fn list(&self, after: Option<&str>, limit: i64) -> Result<Vec<Arc<str>>>;

    /// What is known of the first of them without opening it; of one account, if only that is asked for.
    async fn status(&self, after: Option<&str>, only: Option<&str>, limit: i64) -> Result<Vec<Status>>;

    /// Reads all of an account's session; `None` if it has none.
    async fn read(&self, account: &Arc<str>) -> Result<Option<Contents>>;
}

/// What is known of a session without opening it.
pub(crate) struct Status {
    pub(crate) account: Arc<str>,
    pub(crate) layout: LayoutName,
    /// How many records it has of each type, the credentials among them, if that can be seen.
    pub(crate) kinds: Option<Kinds>,
    /// How many bytes are sealed.
    pub(crate) bytes: i64,
    /// Who opened it last.
    pub(crate) owner: Option<String>,
    /// When, and when it was begun and last written to, in ms since 1970, where the database says so.
    pub(crate) opened_ms: Option<i64>,
    pub(crate) created_ms: Option<i64>,
    pub(crate) written_ms: Option<i64>,
    /// The key that it is sealed under, and whose that is.
    pub(crate) key: Option<(String, Secret)>,
}

/// Numbers of records by type.
pub(crate) type Kinds = BTreeMap<String, u64>;

/// Counts records of a type.
pub(super) fn count(kinds: &mut Kinds, kind: &str, records: u64) {
    match kinds.get_mut(kind) {
        Some(count) => *count += records,
        None => drop(kinds.insert(kind.to_owned(), records)),
    }
}

/// What a session was found to hold.
#[derive(Default)]
pub(crate) struct Contents {
    /// The records that can be read.
    pub(crate) kinds: Kinds,
    /// How many bytes are sealed.
    pub(crate) bytes: u64,
    pub(crate) unreadable: Vec<Unread>,
}

impl Contents {
    /// Those of a session that cannot be read at all.
    pub(super) fn unreadable(error: Error, bytes: u64) -> Self {
        Self {
            bytes,
            unreadable: vec![Unread { record: None, error }],
            ..Self::default()
        }
    }
}

/// What of a session cannot be read, and why.
pub(crate) struct Unread {
    /// A record's type and its hash, as the table has them; `None` for the whole session.
    pub(crate) record: Option<(String, String)>,
    pub(crate) error: Error,
}

/// What cannot be read, and whose.
pub(crate) struct Finding {
    pub(crate) account: Arc<str>,
    pub(crate) layout: LayoutName,
    pub(crate) unread: Unread,
}

/// A look at all of every session, or of one account's; a few at a time.
pub(crate) struct Verification {
    /// The places that are yet to be looked at, the first one in part.
    inspectors: VecDeque<Arc<dyn Inspector>>,
    only: Option<Arc<str>>,
    pages: Pages,
    /// Sessions that there were when it began; none before the first step.
    total: Option<u64>,
    sessions: u64,
    bytes: u64,
    kinds: Kinds,
    findings: Vec<Finding>,
}

/// How far it has come.
pub(crate) struct Verified {
    pub(crate) is_done: bool,
    /// Sessions that there were.
    pub(crate) total: u64,
    /// Those that were looked at, and what they hold.
    pub(crate) sessions: u64,
    pub(crate) bytes: u64,
    pub(crate) kinds: Kinds,
    /// How many findings there are, and which they are; told at the end.
    pub(crate) found: usize,
    pub(crate) findings: Vec<Finding>,
}

impl Verification {
    pub(crate) fn new(inspectors: Vec<Arc<dyn Inspector>>, only: Option<Arc<str>>) -> Self {
        Self {
            inspectors: inspectors.into(),
            only,
            pages: Pages::default(),
            total: None,
            sessions: 0,
            bytes: 0,
            kinds: Kinds::default(),
            findings: Vec::new(),
        }
    }

    /// Looks at the next sessions.
    pub(crate) async fn step(&mut self, stop: &Stop) -> Result<Verified> {
        if self.total.is_none() {
            self.total = Some(self.count().await?);
            return Ok(self.report(false));
        }
        let until = self.bytes + STEP_BYTES;
        for _ in 0..STEP_SESSIONS {
            if stop.is_set() || self.bytes >= until {
                break;
            }
            let Some(inspector) = self.inspectors.front().cloned() else {
                return self.end();
            };
            if let Some(after) = self.pages.wanted() {
                let page = match &self.only {
                    Some(only) if after.is_none() => vec![only.clone()],
                    Some(_) => Vec::new(),
                    None => inspector.list(after, PAGE).await?,
                };
                self.pages.add(page);
            }
            match self.pages.next() {
                Some(account) => {
                    self.look(&*inspector, &account).await?;
                    self.pages.done();
                }
                None => {
                    self.inspectors.pop_front();
                    self.pages = Pages::default();
                }
            }
        }
        Ok(self.report(false))
    }

    async fn count(&self) -> Result<u64> {
        if self.only.is_some() {
            return Ok(1);
        }
        let mut total = 0;
        for inspector in &self.inspectors {
            total += inspector.count().await?;
        }
        Ok(total)
    }

    async fn look(&mut self, inspector: &dyn Inspector, account: &Arc<str>) -> Result<()> {
        let Some(contents) = inspector.read(account).await? else {
            return Ok(());
        };
        self.sessions += 1;
        self.bytes += contents.bytes;
        for (kind, records) in &contents.kinds {
            count(&mut self.kinds, kind, *records);
        }
        let finding = |unread| Finding {
            account: account.clone(),
            layout: inspector.layout(),
            unread,
        };
        self.findings.extend(contents.unreadable.into_iter().map(finding));
        Ok(())
    }

    fn end(&mut self) -> Result<Verified> {
        match self.only {
            Some(_) if self.sessions == 0 => Err(Error::new(
                Code::AccountNotFound,
                "the account has no session; there is nothing to verify",
            )),
            _ => Ok(self.report(true)),
        }
    }

    fn report(&mut self, is_done: bool) -> Verified {
        Verified {
            is_done,
            total: self.total.unwrap_or(0).max(self.sessions),
            sessions: self.sessions,
            bytes: self.bytes,
            kinds: self.kinds.clone(),
            found: self.findings.len(),
            findings: if is_done {
                std::mem::take(&mut self.findings)
            } else {
                Vec::new()
            },
        }
    }
}
