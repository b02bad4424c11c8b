//! The original form as seen by those who move sessions out of it.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::{
    ColumnRotation, derive_keys,
    image::Image,
    inspection::ColumnInspector,
    pglz,
    place::Place,
    quarantine::TextQuarantine,
    table::{self, Table},
};
use crate::{
    codec::record::Changes,
    config::AccountsTable,
    error::{Code, Result},
    layout::inspection::Inspector,
    pool::{Fault, Loan, Pool},
    runtime,
};

/// The accounts table, and the secrets that open what it holds.
pub(crate) struct Original {
    table: Arc<Table>,
    secrets: Vec<Arc<Zeroizing<String>>>,
    /// Where texts go that cannot be read, if they are not to be told.
    aside: Option<Arc<TextQuarantine>>,
}

/// A session in the original form.
pub(crate) struct OriginalText {
    /// Tells whether the text is still the one that was read.
    pub(crate) mark: String,
    /// What makes the same session of an empty one.
    pub(crate) session: Changes,
}

/// What becomes of a text that cannot be read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It may be moved aside, where unreadable ones are.
    MayMoveAside,
    Stays,
}

impl Original {
    pub(crate) fn new(
        pool: Arc<Pool>,
        names: &AccountsTable,
        synchronous_commit: Option<&str>,
        secrets: Vec<Arc<Zeroizing<String>>>,
    ) -> Self {
        Self {
            table: Arc::new(Table::new(pool, names, synchronous_commit)),
            secrets,
            aside: None,
        }
    }

    /// Moves texts that cannot be read there from now on.
    pub(crate) fn move_unreadable(&mut self, aside: Arc<TextQuarantine>) {
        self.aside = Some(aside);
    }

    /// Whether the accounts table is there, with a column for sessions.
    pub(crate) async fn exists(&self) -> Result<bool> {
        self.table.exists().await
    }

    /// Whether the schema is missing that the accounts table is to be in.
    pub(crate) async fn lacks_schema(&self) -> Result<bool> {
        self.table.lacks_schema().await
    }

    /// Those of the accounts that have a session in the original form.
    pub(crate) async fn present(&self, accounts: &[Arc<str>]) -> Result<Vec<Arc<str>>> {
        self.table.present(accounts).await
    }

    /// An account's session, if it has one in the original form.
    pub(crate) async fn read(&self, account: &str) -> Result<Option<OriginalText>> {
        match self.table.read(account).await?.flatten() {
            Some(text) => self.open(&Arc::new(text)).await.map(Some),
            None => Ok(None),
        }
    }

    /// As [`Original::read`], for one who takes the session over; not one that was moved aside.
    pub(crate) async fn find(&self, account: &Arc<str>, unreadable: Unreadable) -> Result<Option<OriginalText>> {
        let found = self.table.read(account).await?.flatten();
        self.open_found(account, found, unreadable).await
    }

    /// As [`Original::find`], and keeps whoever owned the session from writing: for a text that could be opened before, since
    /// one that cannot stays as it is.
    pub(crate) async fn find_fenced(&self, account: &Arc<str>, unreadable: Unreadable) -> Result<Option<OriginalText>> {
        let found = self.table.read_fenced(account).await?.flatten();
        self.open_found(account, found, unreadable).await
    }

    async fn open_found(
        &self,
        account: &Arc<str>,
        found: Option<String>,
        unreadable: Unreadable,
    ) -> Result<Option<OriginalText>> {
        let Some(text) = found.map(Arc::new) else {
            return Ok(None);
        };
        let aside = self.aside.as_ref().filter(|_| unreadable == Unreadable::MayMoveAside);
        match (self.open(&text).await, aside) {
            (Err(error), Some(aside)) if error.code() == Code::Unreadable => {
                aside.move_aside(account, &text, &error).await?;
                Ok(None)
            }
            (opened, _) => opened.map(Some),
        }
    }

    async fn open(&self, text: &Arc<String>) -> Result<OriginalText> {
        let keys = derive_keys(&self.secrets).await?;
        let found = text.clone();
        let read = runtime::compute(move || super::read(&keys, &found).map(|(image, _)| image.into_changes())).await?;
        Ok(OriginalText {
            mark: table::mark(text),
            session: read?,
        })
    }

    /// The statement that takes the text of account `$1` away if its mark is `$2`.
    pub(crate) fn release(&self) -> &str {
        self.table.release()
    }

    /// How many accounts have a session in the original form.
    pub(crate) async fn count(&self) -> Result<u64> {
        self.table.count().await
    }

    /// The first of them, in order, after one of them.
    pub(crate) async fn list(&self, after: Option<&str>, limit: i64) -> Result<Vec<Arc<str>>> {
        self.table.list(after, limit).await
    }

    /// Whether a session can be put in an account's place.
    pub(crate) async fn place(&self, account: &str) -> Result<Place> {
        self.table.place(account).await
    }

    /// The same, within a transaction.
    pub(crate) async fn place_within(&self, loan: &mut Loan, account: &str) -> std::result::Result<Place, Fault> {
        self.table.place_within(loan, account).await
    }

    /// A session as a text, sealed with the current secret.
    pub(crate) async fn seal(&self, session: Changes) -> Result<String> {
        let keys = derive_keys(&self.secrets).await?;
        runtime::compute(move || {
            let plaintext = Image::of(&session)?.compose(&Changes::default());
            Ok(pglz::seal(&keys[0], plaintext)?.to_text())
        })
        .await?
    }

    /// Within a transaction: puts a text in an account's place, and says what that was like before.
    pub(crate) async fn put(&self, loan: &mut Loan, account: &str, text: &str) -> std::result::Result<Place, Fault> {
        self.table.put(loan, account, text).await
    }

    /// A change of secret over all texts.
    pub(crate) fn rotation(&self) -> ColumnRotation {
        ColumnRotation::new(self.table.clone(), &self.secrets)
    }

    /// What looks at all texts.
    pub(crate) fn inspector(&self) -> Arc<dyn Inspector> {
        Arc::new(ColumnInspector::new(self.table.clone(), &self.secrets))
    }

    /// Takes an account's text away, whatever it is.
    pub(crate) async fn clear(&self, account: &str) -> Result<()> {
        self.table.clear(account).await
    }
}
