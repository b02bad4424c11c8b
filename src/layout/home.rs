//! Which layout a database keeps its sessions in.
//!
//! The tables of layout rows say so, where there are any: else it is the accounts table. It changes while stores are at work,
//! and none of them is told. So whatever begins a session, or moves one, does it only while its layout is the one that
//! stands there, and a store whose session is gone from its place looks whether it has another home.

use std::sync::Arc;

use tokio_postgres::types::Type;

use super::{
    rows::schema,
    sql::{durability, literal, quoted},
};
use crate::{
    config::LayoutName,
    error::{Code, Error, Result},
    pool::{Fault, Loan, Pool},
};

/// How long the change waits for writes under way, and whoever writes meanwhile for it.
const LOCK_TIMEOUT: &str = "2s";

/// Where the sessions are, as it was found.
#[derive(Clone)]
pub(crate) struct Home {
    pool: Arc<Pool>,
    schema: String,
    found: Option<LayoutName>,
}

impl Home {
    /// Looks where the sessions are.
    pub(crate) async fn find(pool: Arc<Pool>, schema: &str) -> Result<Self> {
        let found = look(&pool, schema).await?;
        let schema = schema.to_owned();
        Ok(Self { pool, schema, found })
    }

    /// The layout that stands in the tables of layout rows; `None` without such tables.
    pub(crate) fn layout(&self) -> Option<LayoutName> {
        self.found
    }

    /// Whether the sessions are where they were found.
    pub(super) async fn is_same(&self) -> Result<bool> {
        Ok(look(&self.pool, &self.schema).await? == self.found)
    }

    /// What holds in SQL as long as a session of account `$1` may be begun in the accounts table.
    pub(super) fn lets_begin_in_column(&self) -> String {
        let (store, session) = (self.table("store"), self.table("session"));
        match self.found {
            None => format!("to_regclass({}) IS NULL", literal(&store)),
            // One that could not be moved may have been left in rows.
            Some(_) => format!(
                "{} AND NOT EXISTS (SELECT FROM {session} WHERE account_id = $1)",
                condition(&store, LayoutName::Column)
            ),
        }
    }

    /// Whether they are in this layout by now.
    pub(super) async fn is(&self, layout: LayoutName) -> Result<bool> {
        Ok(look(&self.pool, &self.schema).await? == Some(layout))
    }

    /// Whether an account has a session in rows, and rows are where sessions are by now.
    pub(super) async fn has_moved_to_rows(&self, account: &str) -> Result<bool> {
        Ok(self.is(LayoutName::Rows).await? && self.has_in_rows(account).await?)
    }

    /// Whether an account has a session in rows.
    pub(super) async fn has_in_rows(&self, account: &str) -> Result<bool> {
        let statement = format!("SELECT FROM {} WHERE account_id = $1", self.table("session"));
        let found = self.pool.query_opt(&statement, &[(&account, Type::TEXT)]).await?;
        Ok(found.is_some())
    }

    /// Whether any account has a session in rows.
    pub(crate) async fn has_rows(&self) -> Result<bool> {
        let statement = format!("SELECT FROM {} LIMIT 1", self.table("session"));
        Ok(self.pool.query_opt(&statement, &[]).await?.is_some())
    }

    /// Makes a layout the one that sessions are kept in, from a moment on that lies between two writes to `left_table`, the
    /// table in which none is to be begun any more: who is in the middle of beginning one there is waited for.
    pub(crate) async fn change(
        &mut self,
        to: LayoutName,
        left_table: &str,
        synchronous_commit: Option<&str>,
    ) -> Result<()> {
        let durability = durability(synchronous_commit)
            .map(|setting| format!(" FROM {setting}"))
            .unwrap_or_default();
        let update = format!("UPDATE {} SET layout = $1{durability}", self.table("store"));
        let changed = self
            .pool
            .repeat(self.pool.deadline(), || async {
                let mut loan = self.pool.lend().await?;
                let change = async {
                    loan.batch("BEGIN").await?;
                    lock(&mut loan, left_table).await?;
                    loan.execute(&update, &[(&to.name(), Type::TEXT)]).await?;
                    loan.batch("COMMIT").await
                };
                match change.await {
                    Ok(()) => Ok(()),
                    Err(fault) => {
                        loan.discard();
                        Err(fault)
                    }
                }
            })
            .await;
        changed.map_err(|error| self.explain(error))?;
        self.found = Some(to);
        Ok(())
    }

    fn explain(&self, error: Error) -> Error {
        match error.sql_state() {
            Some(state @ "42501") => Error::from_server(
                Code::Schema,
                format!(
                    "the role of databaseUrl may not move sessions to another layout ({}); GRANT UPDATE (layout) ON {} to \
                     it, as `npx baileys-postgres-auth migrate --sql` prints it",
                    error.happened(),
                    self.table("store")
                ),
                state,
            ),
            Some(state @ "55P03") => Error::from_server(
                Code::DbTimeout,
                "a transaction that writes sessions does not end, for which the move has to wait; nothing was moved: end it, \
                 and start the move again",
                state,
            ),
            _ => error,
        }
    }

    fn table(&self, name: &str) -> String {
        format!("{}.{name}", quoted(&self.schema))
    }
}

async fn look(pool: &Pool, schema: &str) -> Result<Option<LayoutName>> {
    if !schema::exists(pool, schema).await? {
        return Ok(None);
    }
    // Tables of an older format do not say, and hold the sessions.
    let statement = format!("SELECT to_jsonb(s) ->> 'layout' FROM {}.store AS s", quoted(schema));
    let row = pool.query_opt(&statement, &[]).await?;
    let layout = row.and_then(|row| row.try_get::<_, Option<String>>(0).ok().flatten());
    Ok(Some(match layout.as_deref() {
        Some("column") => LayoutName::Column,
        _ => LayoutName::Rows,
    }))
}

/// What holds in SQL while sessions are kept in a layout.
pub(super) fn condition(store: &str, layout: LayoutName) -> String {
    let layout = literal(layout.name());
    format!("EXISTS (SELECT FROM {store} WHERE layout = {layout})")
}

/// Within a transaction: waits for all that is writing to a table, and lets nobody write to it until the end. Who writes
/// next sees all that was done before, since a statement looks at the tables after it has its locks.
///
/// Without a table, or the right to lock it, which a role with grants on single columns lacks, nothing is locked: then the
/// accounts that are opened for the first time in that very moment may be begun in both places.
pub(super) async fn lock(loan: &mut Loan, table: &str) -> std::result::Result<(), Fault> {
    let may_lock = "SELECT coalesce(has_table_privilege(to_regclass($1), 'UPDATE'), false)";
    let rows = loan.query(may_lock, &[(&table, Type::TEXT)]).await?;
    if !rows.first().is_some_and(|row| row.try_get(0).unwrap_or(false)) {
        return Ok(());
    }
    loan.batch(&format!(
        "SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'; LOCK TABLE {table} IN SHARE MODE; SET LOCAL lock_timeout = DEFAULT"
    ))
    .await
}
