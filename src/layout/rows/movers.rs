//! Moves of all sessions, as seen from rows.

use std::sync::Arc;

use async_trait::async_trait;
use tokio_postgres::types::{ToSql, Type};

use super::{Shared, adoption, departure, fence::integer, malformed_row, snapshot};
use crate::{error::Result, layout::migration::Mover};

/// Moves sessions from the accounts table into rows.
pub(super) struct Arrivals(Arc<Shared>);

impl Arrivals {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }
}

#[async_trait]
impl Mover for Arrivals {
    async fn count(&self) -> Result<u64> {
        match &self.0.legacy {
            Some(legacy) => legacy.original().count().await,
            None => Ok(0),
        }
    }

    async fn list(&self, after: Option<&str>, limit: i64) -> Result<Vec<Arc<str>>> {
        match &self.0.legacy {
            Some(legacy) => legacy.original().list(after, limit).await,
            None => Ok(Vec::new()),
        }
    }

    async fn next(&self, account: &Arc<str>) -> Result<bool> {
        match &self.0.legacy {
            Some(legacy) => adoption::move_in(&self.0, legacy, account).await,
            None => Ok(false),
        }
    }
}

/// Moves sessions from rows to the accounts table.
pub(super) struct Departures(Arc<Shared>);

impl Departures {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }
}

#[async_trait]
impl Mover for Departures {
    async fn count(&self) -> Result<u64> {
        count(&self.0).await
    }

    async fn list(&self, after: Option<&str>, limit: i64) -> Result<Vec<Arc<str>>> {
        list(&self.0, after, limit).await
    }

    async fn next(&self, account: &Arc<str>) -> Result<bool> {
        departure::move_out(&self.0, account).await
    }
}

/// Finds out whether sessions in rows can be moved to the accounts table.
pub(super) struct DepartureCheck(Arc<Shared>);

impl DepartureCheck {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }
}

#[async_trait]
impl Mover for DepartureCheck {
    async fn count(&self) -> Result<u64> {
        count(&self.0).await
    }

    async fn list(&self, after: Option<&str>, limit: i64) -> Result<Vec<Arc<str>>> {
        list(&self.0, after, limit).await
    }

    async fn next(&self, account: &Arc<str>) -> Result<bool> {
        let original = departure::legacy(&self.0)?.original();
        departure::require_vacant(original.place(account).await?)?;
        let Some(session) = snapshot::read(&self.0, account).await? else {
            return Ok(false);
        };
        // Which tells whether the form can hold it.
        original.seal(session).await?;
        Ok(true)
    }
}

/// How many sessions there are in rows.
pub(super) async fn count(shared: &Shared) -> Result<u64> {
    let core = &shared.core;
    let row = core.pool.query_opt(&core.statements.departure.count, &[]).await?;
    let count = row
        .map(|row| integer(&row, 0))
        .transpose()
        .map_err(|fault| fault.error)?;
    Ok(u64::try_from(count.unwrap_or(0)).unwrap_or(0))
}

/// The first accounts that have one, in order, after one of them.
pub(super) async fn list(shared: &Shared, after: Option<&str>, limit: i64) -> Result<Vec<Arc<str>>> {
    let core = &shared.core;
    let params: [(&(dyn ToSql + Sync), Type); 2] = [(&after, Type::TEXT), (&limit, Type::INT8)];
    let rows = core.pool.query(&core.statements.departure.list, &params).await?;
    let accounts = rows.iter().map(|row| row.try_get::<_, &str>(0).map(Arc::from));
    accounts
        .collect::<std::result::Result<_, _>>()
        .map_err(|_| malformed_row().error)
}
