//! A connection that is made to look at what it leads to, and is none of the pool's.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use deadpool_postgres::{PoolError, TimeoutType};
use tokio::{task::JoinHandle, time::timeout};
use tokio_postgres::{Client, Config, Row, config::SslMode};

use super::{
    Params, Pool,
    connect::Reached,
    fault::Fault,
    target::{is_local, name_of},
};
use crate::error::Result;

/// Such a connection; it ends when dropped.
pub(crate) struct Probe {
    client: Client,
    host: Config,
    is_direct: bool,
    /// How long one statement may take.
    statement: Duration,
    task: JoinHandle<()>,
}

impl Pool {
    /// Makes one, as the pool would, in one attempt.
    pub(crate) async fn probe(&self) -> Result<Probe> {
        // Asked anew: whether there is a pooler in between may be settled by the connection string.
        let asks = Arc::new(AtomicBool::new(true));
        let mut connector = self.connector.clone();
        connector.link.prepares = asks.clone();
        let reached = match timeout(connector.longest(), connector.reach()).await {
            Ok(reached) => reached.map_err(PoolError::Backend),
            Err(_) => Err(PoolError::Timeout(TimeoutType::Create)),
        };
        let Reached { client, task, host } =
            reached.map_err(|error| Fault::not_connected(error, &self.target).error)?;
        Ok(Probe {
            client,
            host,
            is_direct: asks.load(Ordering::Relaxed),
            statement: self.statement,
            task,
        })
    }
}

impl Probe {
    /// The host that it leads to, with its port.
    pub(crate) fn host(&self) -> String {
        name_of(&self.host)
    }

    /// Whether that is this machine.
    pub(crate) fn is_local(&self) -> bool {
        is_local(&self.host)
    }

    /// Whether it leads to one process of the server, rather than to a pooler.
    pub(crate) fn is_direct(&self) -> bool {
        self.is_direct
    }

    /// Whether TLS was insisted on.
    pub(crate) fn requires_tls(&self) -> bool {
        self.host.get_ssl_mode() == SslMode::Require
    }

    /// Runs a statement, once.
    pub(crate) async fn query(&self, statement: &str, params: &Params<'_>) -> Result<Vec<Row>> {
        match timeout(self.statement, self.client.query_typed(statement, params)).await {
            Ok(answer) => answer.map_err(|error| Fault::from(error).error),
            Err(_) => {
                // It would wait for the answer for ever.
                self.task.abort();
                Err(Fault::timeout().error)
            }
        }
    }
}
