//! A move of all sessions to another layout, in JavaScript's shape, and the SQL for whoever makes its tables.

use std::sync::Arc;

use async_trait::async_trait;
use napi::bindgen_prelude::Either;
use napi_derive::napi;

use super::{
    settings::NativeAccountsTable,
    work::{NativeLeft, Work},
};
use crate::{
    config::{LayoutName, schema_of},
    error::Result,
    layout::{
        migration::{Migration, Moves},
        rows::ddl::Script,
        work::Stop,
    },
    outcome::{Answer, Failure},
    store::{MigrationOptions, Store},
};

/// Where sessions are moved, and how.
#[napi(object, object_to_js = false)]
#[allow(missing_docs)]
pub struct NativeMigrationOptions {
    /// `rows` or `column`.
    pub to: String,
    pub dry_run: bool,
    pub partitions: Option<u32>,
}

/// How far a move has come.
#[napi(object, object_from_js = false)]
#[allow(missing_docs)]
pub struct NativeMigrationStep {
    pub is_done: bool,
    pub makes_tables: bool,
    pub total: f64,
    pub moved: f64,
    pub left: f64,
    pub unmoved: Vec<NativeLeft>,
}

/// Which tables a script is to make, and for whom.
#[napi(object, object_to_js = false)]
#[allow(missing_docs)]
pub struct NativeScriptOptions {
    pub schema: String,
    pub partitions: Option<u32>,
    pub from: Option<u32>,
    pub role: String,
    pub accounts_table: NativeAccountsTable,
    /// Whose `schema` parameter counts where the accounts table has none of its own.
    pub database_url: Option<String>,
}

/// The SQL that makes the tables of layout rows, and lets a role use them.
#[napi(catch_unwind)]
pub fn migration_script(options: NativeScriptOptions) -> Either<String, Failure> {
    match script(options) {
        Ok(text) => Either::A(text),
        Err(error) => Either::B(Failure::from(&error)),
    }
}

fn script(options: NativeScriptOptions) -> Result<String> {
    let mut accounts_table: crate::config::AccountsTable = options.accounts_table.into();
    if let (None, Some(url)) = (&accounts_table.schema, &options.database_url) {
        accounts_table.schema = schema_of(url)?;
    }
    let script = Script {
        schema: options.schema,
        partitions: options.partitions,
        from: options.from,
        role: options.role,
        accounts_table,
    };
    script.text()
}

/// A move, begun by its first step.
pub(super) struct MigrationWork {
    store: Arc<Store>,
    options: MigrationOptions,
    migration: Option<Migration>,
}

impl MigrationWork {
    pub(super) fn new(store: Arc<Store>, options: NativeMigrationOptions) -> Self {
        let options = MigrationOptions {
            to: LayoutName::of(&options.to),
            is_dry: options.dry_run,
            partitions: options.partitions,
        };
        Self {
            store,
            options,
            migration: None,
        }
    }
}

#[async_trait]
impl Work for MigrationWork {
    async fn step(&mut self, stop: &Stop) -> Result<Answer> {
        let migration = match &mut self.migration {
            Some(migration) => migration,
            none => none.insert(self.store.migration(self.options).await?),
        };
        Ok(Answer::Migration(migration.step(stop).await?))
    }
}

impl From<Moves> for NativeMigrationStep {
    fn from(moves: Moves) -> Self {
        Self {
            is_done: moves.is_done,
            makes_tables: moves.makes_tables,
            total: moves.total as f64,
            moved: moves.moved as f64,
            left: moves.left as f64,
            unmoved: moves.unmoved.into_iter().map(NativeLeft::from).collect(),
        }
    }
}
