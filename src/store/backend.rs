//! Which layout a database has, and what writes to it: found out when the store is first used.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::{
    config::{AccountsTable, LayoutName, OnUnreadable},
    error::{Code, Error, Result},
    layout::{
        Layout,
        column::{ColumnLayout, Original},
        quarantine::Quarantine,
        rows::{RowsLayout, RowsSettings, schema},
    },
    pool::Pool,
    stats::Counters,
    writer::Writer,
};

/// What is needed to find out.
pub(super) struct Blueprint {
    pub(super) pool: Arc<Pool>,
    pub(super) layout: Option<LayoutName>,
    pub(super) accounts_table: AccountsTable,
    pub(super) schema: String,
    pub(super) may_migrate: bool,
    pub(super) on_unreadable: OnUnreadable,
    pub(super) synchronous_commit: Option<String>,
    /// The secret to seal with, then those that only open.
    pub(super) secrets: Vec<Arc<Zeroizing<String>>>,
    pub(super) cache_bytes: u64,
    pub(super) owner: String,
    /// Commits under way at a time.
    pub(super) lanes: usize,
    pub(super) counters: Arc<Counters>,
}

/// A layout, and its writer.
pub(super) struct Backend {
    pub(super) layout: Arc<dyn Layout>,
    pub(super) writer: Writer,
}

impl Blueprint {
    /// Looks at the database and makes what it needs; within a tokio runtime.
    pub(super) async fn build(&self) -> Result<Backend> {
        let layout = match self.layout {
            Some(LayoutName::Column) => self.column().await?,
            Some(LayoutName::Rows) => self.rows().await?,
            None if schema::exists(&self.pool, &self.schema).await? => self.rows().await?,
            None if self.original().exists().await? => self.column().await?,
            // Sessions that are there would be taken for missing if the place where they are to be looked for is wrong.
            None if self.accounts_table.schema.is_some() && self.original().lacks_schema().await? => {
                return Err(Error::new(
                    Code::Schema,
                    "the schema that databaseUrl or accountsTable names for the accounts table does not exist",
                ));
            }
            None => self.rows().await?,
        };
        Ok(Backend {
            writer: Writer::start(layout.clone(), self.lanes, self.pool.patience(), self.counters.clone()),
            layout,
        })
    }

    async fn column(&self) -> Result<Arc<dyn Layout>> {
        // Sessions in rows are not seen by this layout: it would take their accounts for new ones.
        if schema::exists(&self.pool, &self.schema).await? {
            return Err(Error::new(
                Code::Config,
                format!(
                    "layout: this database keeps its sessions in rows (schema {}), which layout 'column' cannot see; \
                     leave the option out",
                    self.schema
                ),
            ));
        }
        Ok(Arc::new(ColumnLayout::new(
            self.pool.clone(),
            &self.accounts_table,
            self.synchronous_commit.as_deref(),
            self.secrets.clone(),
            Quarantine::new(
                self.pool.clone(),
                &self.schema,
                self.may_migrate,
                self.synchronous_commit.as_deref(),
            ),
            self.on_unreadable,
        )))
    }

    async fn rows(&self) -> Result<Arc<dyn Layout>> {
        let kdf = schema::prepare(&self.pool, &self.schema, self.may_migrate).await?;
        let original = self.original();
        let settings = RowsSettings {
            schema: self.schema.clone(),
            synchronous_commit: self.synchronous_commit.clone(),
            secrets: self.secrets.clone(),
            cache_bytes: self.cache_bytes,
            owner: self.owner.clone(),
            on_unreadable: self.on_unreadable,
            accounts_table: self.accounts_table.clone(),
        };
        let original = original.exists().await?.then_some(original);
        Ok(Arc::new(RowsLayout::new(self.pool.clone(), settings, kdf, original)))
    }

    fn original(&self) -> Original {
        Original::new(
            self.pool.clone(),
            &self.accounts_table,
            self.synchronous_commit.as_deref(),
            self.secrets.clone(),
        )
    }
}
