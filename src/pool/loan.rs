//! A connection for one attempt, and the statements on it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use deadpool_postgres::{ClientWrapper, Object};
use tokio::time::{Instant, timeout};
use tokio_postgres::{Row, Statement, types::ToSql};

use super::{
    Params,
    fault::{self, Fault},
};
use crate::stats::Counters;

/// A connection in use. Dropped in the middle of a statement, by a timeout, it leaves the pool for good: the statement
/// may still be running on it, and would hold up whoever got it next.
pub(crate) struct Loan {
    pub(super) connection: Option<Object>,
    pub(super) counters: Arc<Counters>,
    /// How long one statement may take.
    pub(super) statement: Duration,
    pub(super) is_usable: bool,
    pub(super) prepares: bool,
    pub(super) unreplicated: Arc<AtomicU64>,
}

impl Loan {
    /// Runs a statement.
    pub(crate) async fn query(&mut self, statement: &str, params: &Params<'_>) -> std::result::Result<Vec<Row>, Fault> {
        self.run(async |client| client.query_typed(statement, params).await)
            .await
    }

    /// Runs a statement, and gives the number of rows it changed.
    pub(crate) async fn execute(&mut self, statement: &str, params: &Params<'_>) -> std::result::Result<u64, Fault> {
        self.run(async |client| client.execute_typed(statement, params).await)
            .await
    }

    /// Runs a statement that is worth preparing, as [`Loan::query`]: then PostgreSQL plans it once a connection, which takes as
    /// long as running it.
    ///
    /// A pooler that hands a transaction to any connection does not know what was prepared on another one, where the name
    /// may be another statement's: one of another process' on another schema would write there what is meant for ours. So
    /// nothing is prepared where a connection does not lead to one process of the server ([`is_direct`]). Beside that, no
    /// two statements that are prepared may be able to take each other's parameters: the wrong one is then an error, and
    /// from there on nothing is prepared any more.
    ///
    /// [`is_direct`]: super::pooler::is_direct
    pub(crate) async fn query_often(
        &mut self,
        statement: &str,
        params: &Params<'_>,
    ) -> std::result::Result<Vec<Row>, Fault> {
        if !self.prepares {
            return self.query(statement, params).await;
        }
        self.run(async |client| {
            let prepared = prepare(client, statement, params).await?;
            client.query(&prepared, &values_of(params)).await
        })
        .await
    }

    /// Likewise, and gives the number of rows it changed.
    pub(crate) async fn execute_often(
        &mut self,
        statement: &str,
        params: &Params<'_>,
    ) -> std::result::Result<u64, Fault> {
        if !self.prepares {
            return self.execute(statement, params).await;
        }
        self.run(async |client| {
            let prepared = prepare(client, statement, params).await?;
            client.execute(&prepared, &values_of(params)).await
        })
        .await
    }

    /// Runs statements without parameters.
    pub(crate) async fn batch(&mut self, statements: &str) -> std::result::Result<(), Fault> {
        self.run(async |client| client.batch_execute(statements).await).await
    }

    /// The connection is not to be used again: it may be in the middle of a transaction.
    pub(crate) fn discard(mut self) {
        self.is_usable = false;
    }

    async fn run<T>(
        &mut self,
        work: impl AsyncFnOnce(&ClientWrapper) -> std::result::Result<T, tokio_postgres::Error>,
    ) -> std::result::Result<T, Fault> {
        let Some(connection) = &self.connection else {
            return Err(Fault::timeout());
        };
        self.is_usable = false;
        let unreplicated = self.unreplicated.load(Ordering::Acquire);
        let start = Instant::now();
        let answer = timeout(self.statement, work(connection)).await;
        self.counters.round_trip_seconds.took(start.elapsed());
        let answer = answer.map_err(|_| Fault::timeout())?;
        self.is_usable = answer.as_ref().err().is_none_or(fault::leaves_usable);
        let answer = answer?;
        // Of this connection or another one: to do it again does no harm.
        if self.unreplicated.load(Ordering::Acquire) != unreplicated {
            return Err(Fault::unreplicated());
        }
        Ok(answer)
    }
}

async fn prepare(
    client: &ClientWrapper,
    statement: &str,
    params: &Params<'_>,
) -> std::result::Result<Statement, tokio_postgres::Error> {
    let types: Vec<_> = params.iter().map(|(_, kind)| kind.clone()).collect();
    client.prepare_typed_cached(statement, &types).await
}

fn values_of<'a>(params: &'a Params<'_>) -> Vec<&'a (dyn ToSql + Sync)> {
    params.iter().map(|(value, _)| *value).collect()
}

impl Drop for Loan {
    fn drop(&mut self) {
        if !self.is_usable
            && let Some(connection) = self.connection.take()
        {
            drop(Object::take(connection));
        }
    }
}
