//! The original service's layout: a session is one sealed JSON text in a column of the accounts table.
//!
//! Ownership needs no column of its own. Every write seals under a fresh nonce, which stands within the first 40
//! characters of the text, and replaces only the text that it knows: compare-and-swap. Opening re-seals, so the
//! nonce that an earlier owner knows is gone.

mod frame;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod image;
mod inspection;
mod name;
mod names;
mod original;
mod pglz;
mod place;
mod quarantine;
mod reseal;
mod rotation;
mod shape;
mod table;
mod tenure;

use std::sync::Arc;

use async_trait::async_trait;
use tokio::time::Instant;
use uuid::Uuid;
use zeroize::Zeroizing;

use self::{image::Image, inspection::ColumnInspector, place::Found, table::Table, tenure::ColumnTenure};
pub(crate) use self::{
    names::{is_there, table_of},
    original::Original,
    shape::Shape,
};
pub(super) use self::{
    original::{OriginalText, Unreadable},
    place::Place,
    quarantine::TextQuarantine,
    rotation::ColumnRotation,
    table::mark,
};
use super::{
    Batching, Layout, Outcome, Tenure, Write,
    home::Home,
    inspection::Inspector,
    quarantine::{Entry, Quarantine, Quarantined},
    rotation::Rotation,
};
use crate::{
    codec::record::Changes,
    config::{AccountsTable, LayoutName, OnUnreadable},
    crypto::{Envelope, SealingKey, derive_key},
    error::{Code, Error, Result},
    pool::Pool,
    runtime,
};

/// How often an open tries again because another opener was faster.
const OPEN_ATTEMPTS: usize = 16;

/// What an account's row holds.
struct Examined {
    image: Image,
    /// The mark of the text; `None` for NULL.
    mark: Option<String>,
    /// Whether it is sealed under the current secret.
    is_current: bool,
}

impl Examined {
    fn nothing() -> Self {
        Self {
            image: Image::default(),
            mark: None,
            is_current: true,
        }
    }
}

pub(crate) struct ColumnLayout {
    table: Arc<Table>,
    secrets: Vec<Arc<Zeroizing<String>>>,
    quarantine: TextQuarantine,
    on_unreadable: OnUnreadable,
    home: Home,
}

impl ColumnLayout {
    /// `secrets`: the one to seal with, then those that only open. `home`: that this is where sessions are kept.
    pub(crate) fn new(
        pool: Arc<Pool>,
        home: Home,
        names: &AccountsTable,
        synchronous_commit: Option<&str>,
        secrets: Vec<Arc<Zeroizing<String>>>,
        quarantine: Quarantine,
        on_unreadable: OnUnreadable,
    ) -> Self {
        Self {
            table: Arc::new(Table::new(pool, names, synchronous_commit).begun_while(&home.lets_begin_in_column())),
            secrets,
            quarantine: TextQuarantine::new(Arc::new(quarantine), names),
            on_unreadable,
            home,
        }
    }

    /// Takes ownership of an account's session, or of its empty place.
    async fn take(&self, account: &Arc<str>) -> Result<Arc<dyn Tenure>> {
        let keys = derive_keys(&self.secrets).await?;
        for attempt in 0..OPEN_ATTEMPTS {
            // Only a text that has been opened once is touched before it is replaced: one that cannot be read stays as it is.
            let found = match attempt {
                0 => self.table.read(account).await?,
                _ => self.table.read_fenced(account).await?,
            };
            let stored = found.ok_or_else(Error::account_not_found)?;
            let examined = match stored {
                None => Some(Examined::nothing()),
                Some(text) => self.examine(account, &keys, text).await?,
            };
            let Some(Examined {
                image,
                mark,
                is_current,
            }) = examined
            else {
                continue;
            };
            let is_new = mark.is_none();
            let tenure = ColumnTenure::new(account.clone(), keys[0].clone(), image, mark);
            let taken = match is_new {
                true => self.begin(&tenure).await,
                false => self.commit_one(&tenure, &Arc::default(), self.table.deadline()).await,
            };
            match taken {
                Ok(()) => {
                    if !is_current {
                        self.table.tell_rotated(account);
                    }
                    return Ok(Arc::new(tenure));
                }
                // Sessions are kept elsewhere by now, and so none is begun here.
                Err(error) if is_new && error.is_loss_of_ownership() && !self.is_current().await? => return Err(error),
                // Somebody wrote between our read and our write: read again.
                Err(error) if error.is_loss_of_ownership() => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::superseded())
    }

    /// What a text holds, and that it is not there if it cannot be read and so was moved aside; `None` if it was replaced
    /// meanwhile.
    async fn examine(&self, account: &Arc<str>, keys: &[Arc<SealingKey>], text: String) -> Result<Option<Examined>> {
        let (keys, text) = (keys.to_vec(), Arc::new(text));
        let found = text.clone();
        match runtime::compute(move || read(&keys, &found)).await? {
            Ok((image, is_current)) => Ok(Some(Examined {
                image,
                mark: Some(table::mark(&text)),
                is_current,
            })),
            Err(error) if error.code() == Code::Unreadable && self.on_unreadable == OnUnreadable::Fresh => {
                let moved = self.quarantine.move_aside(account, &text, &error).await?;
                Ok(moved.then(Examined::nothing))
            }
            Err(error) => Err(error),
        }
    }

    /// Takes the empty place of an account that has no session.
    async fn begin(&self, tenure: &ColumnTenure) -> Result<()> {
        let nothing = Arc::default();
        match self.table.begin(&tenure.account, || tenure.seal(&nothing)).await? {
            Some(sealed) => tenure.adopt(&sealed),
            None => return Err(Error::superseded()),
        }
        Ok(())
    }

    /// Why a session is not in its place any more.
    async fn lost(&self, account: &str) -> Error {
        match self.home.has_moved_to_rows(account).await {
            Ok(true) => Error::moved(LayoutName::Rows.name()),
            Ok(false) => Error::cleared(),
            Err(error) => error,
        }
    }

    async fn commit_one(&self, tenure: &ColumnTenure, changes: &Arc<Changes>, deadline: Instant) -> Result<()> {
        loop {
            let sealed = tenure.seal(changes).await?;
            match self
                .table
                .replace(&tenure.account, sealed.expected(), sealed.text(), deadline)
                .await
            {
                Ok(Found::Replaced) => {
                    tenure.adopt(&sealed);
                    return Ok(());
                }
                Ok(Found::NoRow) => return Err(Error::account_not_found()),
                Ok(Found::Empty) => return Err(self.lost(&tenure.account).await),
                // This one, of which an earlier attempt has taken effect. That it can be seen does not say that a standby
                // has it: what waits for one is a write, and so it is made once more.
                Ok(Found::Other(mark)) if mark == table::mark(sealed.text()) => tenure.adopt(&sealed),
                // An earlier commit whose answer was lost has taken effect after all: go on from there.
                Ok(Found::Other(mark)) if tenure.adopt_doubtful(&mark) => {}
                Ok(Found::Other(_)) => return Err(Error::superseded()),
                Err(error) => {
                    tenure.doubt(sealed);
                    return Err(error);
                }
            }
        }
    }
}

#[async_trait]
impl Layout for ColumnLayout {
    fn name(&self) -> &'static str {
        "column"
    }

    fn batching(&self) -> Batching {
        Batching {
            sessions: 1,
            bytes: 0,
            lanes: None,
        }
    }

    async fn open(&self, account: &Arc<str>) -> Result<Arc<dyn Tenure>> {
        match self.take(account).await {
            Err(error) => Err(self.table.explain(error).await),
            taken => taken,
        }
    }

    async fn is_current(&self) -> Result<bool> {
        let has_others = async || Ok::<_, Error>(self.home.layout().is_some() && self.home.has_rows().await?);
        Ok(self.home.is_same().await? && !has_others().await?)
    }

    async fn commit(&self, writes: Vec<Write>, deadline: Instant) -> Vec<Outcome> {
        let mut results = Vec::with_capacity(writes.len());
        for write in writes {
            let tenure: Arc<dyn std::any::Any + Send + Sync> = write.tenure;
            results.push(Outcome::Settled(match tenure.downcast::<ColumnTenure>() {
                Ok(tenure) => self.commit_one(&tenure, &write.changes, deadline).await,
                Err(_) => Err(Error::new(
                    Code::Internal,
                    "a session of another layout; please report this",
                )),
            }));
        }
        results
    }

    async fn snapshot(&self, account: &Arc<str>) -> Result<Option<Changes>> {
        let Some(text) = self.table.read(account).await?.ok_or_else(Error::account_not_found)? else {
            return Ok(None);
        };
        let keys = derive_keys(&self.secrets).await?;
        let session = runtime::compute(move || Ok::<_, Error>(read(&keys, &text)?.0.into_changes())).await??;
        Ok(Some(session))
    }

    async fn clear(&self, account: &str) -> Result<()> {
        match self.table.clear(account).await {
            Err(error) => Err(self.table.explain(error).await),
            cleared => cleared,
        }
    }

    async fn quarantine(&self) -> Result<Vec<Quarantined>> {
        self.quarantine.list().await
    }

    async fn find_quarantined(&self, id: Uuid) -> Result<Option<Entry>> {
        self.quarantine.find(id).await
    }

    async fn restore(&self, entry: &Entry, replace: bool) -> Result<()> {
        self.quarantine.restore(entry, replace).await
    }

    fn no_connection(&self) -> Error {
        self.table.no_connection()
    }

    /// A text has no key of its own, so there is nothing else that could be made anew.
    fn rotation(&self, _rekey: bool) -> Box<dyn Rotation> {
        Box::new(ColumnRotation::new(self.table.clone(), &self.secrets))
    }

    fn inspectors(&self) -> Vec<Arc<dyn Inspector>> {
        vec![Arc::new(ColumnInspector::new(self.table.clone(), &self.secrets))]
    }
}

/// The keys of secrets; off the I/O threads, since a secret's first use derives.
async fn derive_keys(secrets: &[Arc<Zeroizing<String>>]) -> Result<Vec<Arc<SealingKey>>> {
    let secrets = secrets.to_vec();
    runtime::compute(move || secrets.iter().map(|secret| derive_key(secret)).collect()).await
}

/// Opens a stored text with the first key that fits; whether that is the current secret's.
fn read(keys: &[Arc<SealingKey>], text: &str) -> Result<(Image, bool)> {
    let envelope = Envelope::from_text(text)?;
    let mut opened = envelope.open(&keys[0]);
    let is_current = opened.is_ok();
    for key in &keys[1..] {
        opened = opened.or_else(|_| envelope.open(key));
    }
    Ok((Image::parse(&opened?)?, is_current))
}
