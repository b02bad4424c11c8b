//! What all sessions in rows share, and what can be said of one that is gone.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;

use super::{
    adoption::Legacy, cache::Cache, quarantine::RowsQuarantine, reader, secrets::Secrets, statements::Statements,
};
use crate::{
    config::LayoutName,
    error::{Error, Result},
    layout::{home::Home, transaction::Transactions},
    pool::Pool,
};

/// What every statement needs.
pub(super) struct Core {
    pub(super) pool: Arc<Pool>,
    pub(super) statements: Statements,
}

/// What all sessions share.
pub(super) struct Shared {
    pub(super) core: Arc<Core>,
    pub(super) secrets: Secrets,
    pub(super) cache: Cache,
    pub(super) reader: UnboundedSender<reader::Request>,
    pub(super) owner: String,
    /// Sessions in the original form, where there is a table that may hold some.
    pub(super) legacy: Option<Legacy>,
    pub(super) quarantine: RowsQuarantine,
    /// Those in which a session leaves rows.
    pub(super) transactions: Transactions,
    /// Where sessions were kept when the store looked.
    pub(super) home: Home,
    /// Whether a session that cannot be read goes there, and a fresh one is begun.
    pub(super) fresh_if_unreadable: bool,
}

impl Shared {
    /// Fails if sessions are kept elsewhere by now.
    pub(super) async fn require_home(&self) -> Result<()> {
        match self.home.is(LayoutName::Rows).await? {
            true => Ok(()),
            false => Err(Error::superseded()),
        }
    }

    /// Why a session is not there any more.
    pub(super) async fn lost(&self, account: &Arc<str>) -> Error {
        match self.has_left(account).await {
            Ok(true) => Error::moved(LayoutName::Column.name()),
            Ok(false) => Error::cleared(),
            Err(error) => error,
        }
    }

    async fn has_left(&self, account: &Arc<str>) -> Result<bool> {
        let Some(legacy) = &self.legacy else { return Ok(false) };
        if !self.home.is(LayoutName::Column).await? {
            return Ok(false);
        }
        let accounts = std::slice::from_ref(account);
        Ok(!legacy.original().present(accounts).await?.is_empty())
    }
}
