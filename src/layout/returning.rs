//! Layout column in a database whose sessions are on their way back to it: some may be in rows yet.
//!
//! Opening an account brings its session along, as layout rows adopts one from the accounts table: so nobody waits for the
//! end of the move, and what could not be moved, for want of a row, comes when there is one.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::time::Instant;
use uuid::Uuid;

use super::{
    Batching, Layout, Outcome, Tenure, Write,
    column::ColumnLayout,
    home::Home,
    inspection::Inspector,
    quarantine::{Entry, Quarantined},
    rotation::Rotation,
    rows::RowsLayout,
};
use crate::{
    codec::record::Changes,
    error::{Code, Error, Result},
};

pub(crate) struct Returning {
    column: ColumnLayout,
    rows: RowsLayout,
    home: Home,
}

impl Returning {
    pub(crate) fn new(column: ColumnLayout, rows: RowsLayout, home: Home) -> Self {
        Self { column, rows, home }
    }
}

#[async_trait]
impl Layout for Returning {
    fn name(&self) -> &'static str {
        self.column.name()
    }

    fn batching(&self) -> Batching {
        self.column.batching()
    }

    async fn open(&self, account: &Arc<str>) -> Result<Arc<dyn Tenure>> {
        if self.rows.has(account).await? {
            match self.rows.move_out(account).await {
                Ok(_) => {}
                // The one in the accounts table is that of this layout; the move of all sessions tells of the other one.
                Err(error) if error.code() == Code::SessionExists => {}
                Err(error) => return Err(error),
            }
        }
        self.column.open(account).await
    }

    async fn is_current(&self) -> Result<bool> {
        self.home.is_same().await
    }

    async fn commit(&self, writes: Vec<Write>, deadline: Instant) -> Vec<Outcome> {
        self.column.commit(writes, deadline).await
    }

    async fn snapshot(&self, account: &Arc<str>) -> Result<Option<Changes>> {
        let in_column = self.column.snapshot(account).await;
        match &in_column {
            Ok(Some(_)) => in_column,
            Err(error) if error.code() != Code::AccountNotFound => in_column,
            _ => match self.rows.snapshot(account).await? {
                None => in_column,
                in_rows => Ok(in_rows),
            },
        }
    }

    async fn clear(&self, account: &str) -> Result<()> {
        // First where a session comes from, so that none comes after it.
        self.rows.clear(account).await?;
        self.column.clear(account).await
    }

    async fn quarantine(&self) -> Result<Vec<Quarantined>> {
        self.column.quarantine().await
    }

    async fn find_quarantined(&self, id: Uuid) -> Result<Option<Entry>> {
        self.column.find_quarantined(id).await
    }

    async fn restore(&self, entry: &Entry, replace: bool) -> Result<()> {
        self.column.restore(entry, replace).await
    }

    fn no_connection(&self) -> Error {
        self.column.no_connection()
    }

    /// Of the sessions in rows, then of the texts.
    fn rotation(&self, rekey: bool) -> Box<dyn Rotation> {
        self.rows.rotation(rekey)
    }

    fn inspectors(&self) -> Vec<Arc<dyn Inspector>> {
        self.rows.inspectors()
    }
}
