//! What a store can say of its sessions without opening their accounts.

use std::sync::Arc;

use super::Store;
use crate::{
    config::LayoutName,
    error::Result,
    layout::inspection::{Status, Verification},
};

/// Sessions whose status is read at a time.
const PAGE: i64 = 500;

/// The last session of the page before.
pub(crate) struct Cursor {
    pub(crate) layout: LayoutName,
    pub(crate) account: String,
}

impl Store {
    /// The next sessions, or that of one account alone; none at the end.
    pub(crate) async fn statuses(self: Arc<Self>, after: Option<Cursor>, only: Option<String>) -> Result<Vec<Status>> {
        self.require_open()?;
        let inspectors = self.current_backend().await?.layout.inspectors();
        // Where sessions have moved to the other layout since the last page, and none is left, it begins anew there: better one
        // is seen twice than not at all.
        let place = |cursor: &Cursor| inspectors.iter().position(|it| it.layout() == cursor.layout);
        let first = after.as_ref().and_then(place);
        let mut after = after.filter(|_| first.is_some());
        for inspector in inspectors.iter().skip(first.unwrap_or(0)) {
            let after = after.take();
            let after = after.as_ref().map(|cursor| cursor.account.as_str());
            let page = inspector.status(after, only.as_deref(), PAGE).await?;
            if !page.is_empty() {
                return Ok(page);
            }
        }
        Ok(Vec::new())
    }

    /// A look at all of every session, or of one account's.
    pub(crate) async fn verification(&self, only: Option<Arc<str>>) -> Result<Verification> {
        self.require_open()?;
        let inspectors = self.current_backend().await?.layout.inspectors();
        Ok(Verification::new(inspectors, only))
    }
}
