//! A change of secret over all texts of the accounts table.
//!
//! Which key a text is sealed under is known only by opening it, so every one is read. One that is to change is replaced
//! only if it is still the one that was read, and by one with the same mark: an owner, wherever it is, keeps it, and what it
//! wrote meanwhile stays.

use std::sync::Arc;

use async_trait::async_trait;
use zeroize::Zeroizing;

use super::{
    derive_keys,
    reseal::{CURRENT, Sealing, reseal},
    table::{self, Table},
};
use crate::{
    crypto::SealingKey,
    error::{Code, Error, Result},
    layout::{
        rotation::{Rotation, Secret, Step, Tally},
        work::{Leftovers, PAGE, Pages, Passes, Stop},
    },
    runtime,
};

/// A step ends after so many accounts, or when it has read so many bytes.
const STEP_ACCOUNTS: usize = 50;
const STEP_BYTES: usize = 4 << 20;
/// How often a text is looked at again because its owner wrote it meanwhile.
const ATTEMPTS: usize = 8;

pub(crate) struct ColumnRotation {
    table: Arc<Table>,
    secrets: Vec<Arc<Zeroizing<String>>>,
    keys: Vec<Arc<SealingKey>>,
    pages: Pages,
    passes: Passes,
    rotated: u64,
    tally: Tally,
    left: Leftovers,
}

/// What became of a text.
enum Outcome {
    /// It is sealed under the current key: since now, if it was rotated.
    Current {
        rotated: bool,
    },
    Unreadable(Error),
    /// It was sealed under this earlier key again each time that it was looked at.
    Busy(usize),
    /// There is none any more.
    Gone,
}

impl ColumnRotation {
    pub(super) fn new(table: Arc<Table>, secrets: &[Arc<Zeroizing<String>>]) -> Self {
        Self {
            table,
            secrets: secrets.to_vec(),
            keys: Vec::new(),
            pages: Pages::default(),
            passes: Passes::default(),
            rotated: 0,
            tally: Tally::default(),
            left: Leftovers::default(),
        }
    }

    /// Looks at the next account; gives the bytes that were read.
    async fn next(&mut self, account: &Arc<str>) -> Result<usize> {
        let mut bytes = 0;
        let outcome = match self.rotate(account, &mut bytes).await {
            Ok(outcome) => outcome,
            // Somebody holds the row: the others are not to wait for it.
            Err(error) if error.code() == Code::DbTimeout => {
                self.left.add(account, error);
                return Ok(bytes);
            }
            Err(error) => return Err(error),
        };
        match outcome {
            Outcome::Current { rotated } => {
                if rotated {
                    self.table.tell_rotated(account);
                }
                self.rotated += u64::from(rotated);
                self.left.remove(account);
                self.tally.add(Secret::Current, &key_id(CURRENT), 1);
            }
            Outcome::Unreadable(error) => {
                self.left.add(account, error);
                self.tally.add(Secret::Unknown, "unreadable", 1);
            }
            Outcome::Busy(place) => {
                self.left.add(account, busy());
                self.tally.add(Secret::Previous, &key_id(place), 1);
            }
            Outcome::Gone => {}
        }
        Ok(bytes)
    }

    async fn rotate(&self, account: &Arc<str>, bytes: &mut usize) -> Result<Outcome> {
        let mut place = CURRENT;
        for _ in 0..ATTEMPTS {
            let Some(text) = self.table.read(account).await?.flatten() else {
                return Ok(Outcome::Gone);
            };
            *bytes += text.len();
            let (keys, head) = (self.keys.clone(), table::head(&text));
            match runtime::compute(move || reseal(&keys, &text)).await? {
                Ok(Sealing::Current) => return Ok(Outcome::Current { rotated: false }),
                Ok(Sealing::Earlier(from, anew)) => {
                    if self.table.reseal(account, &head, &anew).await? {
                        return Ok(Outcome::Current { rotated: true });
                    }
                    place = from;
                }
                Err(error) => return Ok(Outcome::Unreadable(error)),
            }
        }
        Ok(Outcome::Busy(place))
    }

    fn report(&self, is_done: bool) -> Step {
        Step {
            is_done,
            rotated: self.rotated,
            keys: self.tally.counts(),
            rewrapped: 0,
            left: self.left.len(),
            unrotated: if is_done { self.left.list() } else { Vec::new() },
        }
    }
}

#[async_trait]
impl Rotation for ColumnRotation {
    async fn step(&mut self, stop: &Stop) -> Result<Step> {
        if self.keys.is_empty() {
            self.keys = derive_keys(&self.secrets).await?;
            for place in 0..self.keys.len() {
                self.tally.add(secret(place), &key_id(place), 0);
            }
        }
        let mut bytes = 0;
        for _ in 0..STEP_ACCOUNTS {
            if bytes >= STEP_BYTES || stop.is_set() {
                break;
            }
            if let Some(after) = self.pages.wanted() {
                let page = self.table.list(after, PAGE).await?;
                self.pages.add(page);
            }
            let Some(account) = self.pages.next() else {
                if !self.passes.another(self.rotated) {
                    return Ok(self.report(true));
                }
                // What others wrote meanwhile is looked at again, and all that is counted is as it is then.
                self.pages = Pages::default();
                self.tally = Tally::default();
                for place in 0..self.keys.len() {
                    self.tally.add(secret(place), &key_id(place), 0);
                }
                break;
            };
            bytes += self.next(&account).await?;
            self.pages.done();
        }
        Ok(self.report(false))
    }
}

/// What a key is called: the setting that its secret stands in.
fn key_id(place: usize) -> String {
    match place {
        CURRENT => "secret".to_owned(),
        _ => format!("previousSecrets[{}]", place - 1),
    }
}

fn secret(place: usize) -> Secret {
    match place {
        CURRENT => Secret::Current,
        _ => Secret::Previous,
    }
}

fn busy() -> Error {
    Error::new(
        Code::WrongSecret,
        "its owner, in another process, goes on sealing it with an earlier secret; give that process the new one",
    )
}
