//! A move of all sessions of a store to the other layout: what has to be there for it, and that it may be.

use super::{Store, backend::Blueprint};
use crate::{
    config::LayoutName,
    error::{Code, Error, Result},
    layout::{
        column,
        home::Home,
        migration::{ArrivalCheck, Migration, Mover, Nothing},
        rows,
    },
};

/// Where sessions are moved, and how.
#[derive(Clone, Copy)]
pub(crate) struct MigrationOptions {
    pub(crate) to: LayoutName,
    /// Whether nothing is changed, and it is only found out what would be.
    pub(crate) is_dry: bool,
    /// Over how many partitions the records of a new store of rows are spread.
    pub(crate) partitions: Option<u32>,
}

impl Store {
    /// A move of all sessions, open ones included: their owners are refused from then on, and open them anew.
    ///
    /// From here on, before any is moved, the database says that they are kept there: who opens one moves it.
    pub(crate) async fn migration(&self, options: MigrationOptions) -> Result<Migration> {
        self.require_open()?;
        let blueprint = &self.blueprint;
        blueprint.require_free_choice(options.to)?;
        let home = blueprint.home().await?;
        let (makes_tables, mover) = match options.to {
            LayoutName::Rows => (home.layout().is_none(), blueprint.arrivals(home, options).await?),
            LayoutName::Column => (false, blueprint.departures(home, options).await?),
        };
        Ok(Migration::new(
            self.pool.clone(),
            options.to,
            options.is_dry,
            makes_tables,
            mover,
        ))
    }
}

impl Blueprint {
    /// Stores that are told the layout that sessions are moved away from would be refused afterwards, this one and others of
    /// the same settings.
    fn require_free_choice(&self, to: LayoutName) -> Result<()> {
        match self.layout {
            Some(told) if told != to => Err(Error::new(
                Code::Config,
                format!(
                    "layout: it says '{}', and sessions are to be moved to {}; leave the option and BAILEYS_AUTH_LAYOUT out first, \
                     in every process: then each goes with them",
                    told.name(),
                    to.name()
                ),
            )),
            _ => Ok(()),
        }
    }

    async fn arrivals(&self, mut home: Home, options: MigrationOptions) -> Result<Box<dyn Mover>> {
        let original = self.original();
        let has_original = original.exists().await?;
        if options.is_dry {
            if home.layout().is_some() {
                self.tables_as_they_are(options.partitions).await?;
            }
            return Ok(match has_original {
                true => Box::new(ArrivalCheck::new(original, home)),
                false => Box::new(Nothing),
            });
        }
        let kdf = self.tables(options.partitions).await?;
        if home.layout().is_none() {
            home = self.home().await?;
        }
        if home.layout() == Some(LayoutName::Column) {
            let accounts = column::table_of(&self.accounts_table);
            home.change(LayoutName::Rows, &accounts, self.synchronous_commit.as_deref())
                .await?;
        }
        Ok(self.rows_over(kdf, home).await?.arrivals())
    }

    async fn departures(&self, mut home: Home, options: MigrationOptions) -> Result<Box<dyn Mover>> {
        if options.partitions.is_some() {
            return Err(Error::new(
                Code::Argument,
                "partitions are those of the tables for rows; leave the option out in a move to column",
            ));
        }
        if home.layout().is_none() {
            return Ok(Box::new(Nothing));
        }
        if !self.original().exists().await? {
            return Err(rows::no_accounts_table());
        }
        let kdf = match options.is_dry {
            true => self.tables_as_they_are(None).await?,
            false => self.tables(None).await?,
        };
        if !options.is_dry && home.layout() == Some(LayoutName::Rows) {
            let sessions = rows::session_table(&self.schema);
            home.change(LayoutName::Column, &sessions, self.synchronous_commit.as_deref())
                .await?;
        }
        Ok(self.rows_over(kdf, home).await?.departures(options.is_dry))
    }
}
