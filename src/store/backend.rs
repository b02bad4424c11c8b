//! Which layout a database has, and what writes to it: found out when the store is first used.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::{
    config::{AccountsTable, LayoutName, OnUnreadable},
    crypto::Kdf,
    error::{Code, Error, Result},
    layout::{
        Layout,
        column::{self, ColumnLayout, Original},
        home::Home,
        quarantine::Quarantine,
        returning::Returning,
        rows::{
            RowsLayout, RowsSettings,
            schema::{self, Tables},
        },
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
        let mut home = self.home().await?;
        if home.layout().is_none() && self.wants_rows().await? {
            self.tables(None).await?;
            home = self.home().await?;
        }
        // From here on as it was found, which is not to be later than what is made of it: a change since is then seen.
        let layout: Arc<dyn Layout> = match (self.layout, home.layout()) {
            (Some(told), Some(found)) if told != found => return Err(self.elsewhere(told, found)),
            (_, Some(LayoutName::Rows)) => Arc::new(self.rows_over(self.tables(None).await?, home).await?),
            (_, Some(LayoutName::Column)) => self.column_again(home).await?,
            (_, None) => Arc::new(self.column(home)),
        };
        Ok(Backend {
            writer: Writer::start(layout.clone(), self.lanes, self.pool.patience(), self.counters.clone()),
            layout,
        })
    }

    pub(super) async fn home(&self) -> Result<Home> {
        Home::find(self.pool.clone(), &self.schema).await
    }

    /// Whether tables for rows are to be made where there are none.
    async fn wants_rows(&self) -> Result<bool> {
        match self.layout {
            Some(layout) => Ok(layout == LayoutName::Rows),
            None if self.original().exists().await? => Ok(false),
            // Sessions that are there would be taken for missing if the place where they are to be looked for is wrong.
            None if self.accounts_table.schema.is_some() && self.original().lacks_schema().await? => Err(Error::new(
                Code::Schema,
                "the schema that databaseUrl or accountsTable names for the accounts table does not exist",
            )
            .advising("set it to the one that the table is in: the parameter schema, or accountsTable.schema")),
            None => Ok(true),
        }
    }

    /// Sessions in the other layout are not seen by this one: it would take their accounts for new ones.
    pub(super) fn elsewhere(&self, told: LayoutName, found: LayoutName) -> Error {
        let (told, found) = (told.name(), found.name());
        Error::new(
            Code::Config,
            format!(
                "layout: this database keeps its sessions in {found} (see schema {}), which layout '{told}' cannot see",
                self.schema
            ),
        )
        .advising(format!(
            "leave the option out, and move them with `npx baileys-postgres-auth migrate --to {told}` if they are to be there"
        ))
    }

    fn column(&self, home: Home) -> ColumnLayout {
        ColumnLayout::new(
            self.pool.clone(),
            home,
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
        )
    }

    /// Layout column beside tables for rows, in which there may be sessions yet.
    async fn column_again(&self, home: Home) -> Result<Arc<dyn Layout>> {
        let column = self.column(home.clone());
        if !home.has_rows().await? {
            return Ok(Arc::new(column));
        }
        let rows = self.rows_over(self.tables(None).await?, home.clone()).await?;
        Ok(Arc::new(Returning::new(column, rows, home)))
    }

    /// Makes sure that the tables for rows are there.
    pub(super) async fn tables(&self, partitions: Option<u32>) -> Result<Kdf> {
        self.prepare(partitions, self.may_migrate).await
    }

    /// Changes nothing, and fails if they would have to be changed.
    pub(super) async fn tables_as_they_are(&self, partitions: Option<u32>) -> Result<Kdf> {
        self.prepare(partitions, false).await
    }

    async fn prepare(&self, partitions: Option<u32>, may_migrate: bool) -> Result<Kdf> {
        let tables = Tables {
            schema: &self.schema,
            may_migrate,
            partitions,
            accounts: &column::table_of(&self.accounts_table),
        };
        schema::prepare(&self.pool, &tables).await
    }

    pub(super) async fn rows_over(&self, kdf: Kdf, home: Home) -> Result<RowsLayout> {
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
        Ok(RowsLayout::new(self.pool.clone(), settings, kdf, home, original))
    }

    pub(super) fn original(&self) -> Original {
        Original::new(
            self.pool.clone(),
            &self.accounts_table,
            self.synchronous_commit.as_deref(),
            self.secrets.clone(),
        )
    }
}
