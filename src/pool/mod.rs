//! Connections, and operations on them that are repeated through faults that pass.

mod behalf;
mod connect;
mod fault;
mod loan;
mod pooler;
mod probe;
mod target;
mod tls_problem;

use std::{
    future::Future,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use deadpool_postgres::{Manager, ManagerConfig, RecyclingMethod, Runtime, Timeouts};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_postgres::{
    Config, Row,
    types::{ToSql, Type},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{
    config::Connection,
    error::{Code, Error, Result},
    event::{Event, Observer},
    stats::Counters,
};
use connect::{Connector, Link};
use target::Target;
pub(crate) use {behalf::on_behalf, fault::Fault, loan::Loan, probe::Probe};

/// First pause before an operation is repeated; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A statement's parameters with their types: such a statement is unnamed and takes one round trip.
pub(crate) type Params<'a> = [(&'a (dyn ToSql + Sync), Type)];

tokio::task_local! {
    /// When the operations of a task are given up, if they are parts of one.
    static SHARED_DEADLINE: Instant;
}

/// Runs what takes several operations, all of which are given up at this moment.
pub(crate) fn until<F: Future>(deadline: Instant, operations: F) -> impl Future<Output = F::Output> {
    SHARED_DEADLINE.scope(deadline, operations)
}

/// A pool of connections to one database.
pub(crate) struct Pool {
    connections: deadpool_postgres::Pool,
    connector: Connector,
    target: Target,
    /// How long an operation goes on trying.
    patience: Duration,
    /// How long one statement may take: a connection that went dead silently leaves time for a try on another one.
    statement: Duration,
    observer: Observer,
    counters: Arc<Counters>,
    retries: AtomicU64,
    /// What the newest attempt failed for that could not be made or was refused, and when.
    trouble: Mutex<Option<(Instant, Error)>>,
    /// Whether statements may be prepared: nobody asked for the contrary, and no connection led to a pooler.
    prepares: Arc<AtomicBool>,
    /// Commits that were answered without their standby having them.
    unreplicated: Arc<AtomicU64>,
}

/// A pool's figures.
#[derive(Clone, Copy, Debug)]
pub struct PoolStatus {
    /// Open connections.
    pub size: usize,
    /// Of these, unused ones.
    pub idle: usize,
    /// Operations that wait for a connection.
    pub waiting: usize,
    /// Connections at most.
    pub max: usize,
}

impl Pool {
    /// A pool; connects when first used.
    pub(crate) fn new(
        connection: Connection,
        patience: Duration,
        observer: Observer,
        counters: Arc<Counters>,
    ) -> Result<Self> {
        let prepares = Arc::new(AtomicBool::new(connection.prepares));
        let statement = (patience / 2).min(connection.statement.unwrap_or(patience));
        let target = Target::of(&connection.hosts);
        let unreplicated = Arc::<AtomicU64>::default();
        let connector = Connector {
            hosts: connection.hosts,
            patience: connection.connect,
            link: Link {
                tls: MakeRustlsConnect::new(connection.tls),
                prepares: prepares.clone(),
                unreplicated: unreplicated.clone(),
            },
        };
        let manager = Manager::from_connect(
            Config::new(),
            connector.clone(),
            ManagerConfig {
                recycling_method: RecyclingMethod::Fast,
            },
        );
        let connections = deadpool_postgres::Pool::builder(manager)
            .max_size(connection.pool_size)
            .timeouts(Timeouts {
                wait: Some(connection.wait),
                create: Some(connector.longest()),
                recycle: Some(connection.recycle),
            })
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|_| {
                Error::new(
                    Code::Internal,
                    "the connection pool could not be made; please report this",
                )
            })?;
        Ok(Self {
            connections,
            connector,
            target,
            patience,
            statement,
            observer,
            counters,
            retries: AtomicU64::new(0),
            trouble: Mutex::default(),
            prepares,
            unreplicated,
        })
    }

    /// How long an operation goes on trying.
    pub(crate) fn patience(&self) -> Duration {
        self.patience
    }

    /// When an operation that is begun now is given up.
    pub(crate) fn deadline(&self) -> Instant {
        let own = Instant::now() + self.patience;
        SHARED_DEADLINE.try_with(|shared| own.min(*shared)).unwrap_or(own)
    }

    /// Runs a statement, and again after a fault that passes, until there is an answer or the time is up. It may have
    /// taken effect on the server before an attempt failed: it must be one that can be repeated.
    pub(crate) async fn query(&self, statement: &str, params: &Params<'_>) -> Result<Vec<Row>> {
        self.query_until(self.deadline(), statement, params).await
    }

    /// Likewise, until this moment.
    pub(crate) async fn query_until(
        &self,
        deadline: Instant,
        statement: &str,
        params: &Params<'_>,
    ) -> Result<Vec<Row>> {
        self.repeat(deadline, || async { self.lend().await?.query(statement, params).await })
            .await
    }

    /// Runs a statement likewise that gives one row at most.
    pub(crate) async fn query_opt(&self, statement: &str, params: &Params<'_>) -> Result<Option<Row>> {
        Ok(self.query(statement, params).await?.into_iter().next())
    }

    /// Runs a statement likewise, and gives the number of rows it changed.
    pub(crate) async fn execute(&self, statement: &str, params: &Params<'_>) -> Result<u64> {
        self.execute_until(self.deadline(), statement, params).await
    }

    /// Likewise, until this moment.
    pub(crate) async fn execute_until(&self, deadline: Instant, statement: &str, params: &Params<'_>) -> Result<u64> {
        self.repeat(deadline, || async {
            self.lend().await?.execute(statement, params).await
        })
        .await
    }

    /// Repeats attempts through faults that pass, until one succeeds or the time is up.
    pub(crate) async fn repeat<T, F>(&self, deadline: Instant, attempt: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = std::result::Result<T, Fault>>,
    {
        let (start, mut pause) = (Instant::now(), FIRST_PAUSE);
        let mut last: Option<Error> = None;
        loop {
            let prepared = self.prepares.load(Ordering::Relaxed);
            let fault = match timeout_at(deadline, attempt()).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(fault)) => fault,
                // What went wrong before says more than that the time is up.
                Err(_) => {
                    let last = last.or_else(|| self.recent_trouble());
                    return Err(last.unwrap_or_else(|| Fault::timeout().error));
                }
            };
            if fault.transient && (fault.error.code() == Code::DbUnavailable || fault.error.sql_state().is_some()) {
                *self.trouble() = Some((Instant::now(), fault.error.clone()));
            }
            // Not only for the first one who finds out: others are under way with statements of their own.
            if fault.is_of_pooler && prepared {
                self.prepares.store(false, Ordering::Relaxed);
                continue;
            }
            if !fault.transient || Instant::now() + pause >= deadline {
                return Err(fault.error);
            }
            if fault.is_shared {
                self.connections.retain(|_, _| false);
            }
            self.retries.fetch_add(1, Ordering::Relaxed);
            if last.is_none() {
                let (account, accounts) = behalf::current();
                self.tell(Event::Retrying {
                    reason: fault.error.to_string(),
                    account,
                    accounts,
                    after: start.elapsed(),
                });
            }
            last = Some(fault.error);
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Why an operation that waited for a connection got none: what those that had one failed for, as long as that is recent.
    pub(crate) fn no_connection(&self) -> Error {
        self.recent_trouble().unwrap_or_else(|| Fault::no_connection().error)
    }

    fn recent_trouble(&self) -> Option<Error> {
        let trouble = self.trouble();
        let (when, error) = trouble.as_ref()?;
        (when.elapsed() < self.patience).then(|| error.clone())
    }

    fn trouble(&self) -> MutexGuard<'_, Option<(Instant, Error)>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells of something that was done with the database.
    pub(crate) fn tell(&self, event: Event) {
        (self.observer)(event);
    }

    /// A connection, for one attempt.
    pub(crate) async fn lend(&self) -> std::result::Result<Loan, Fault> {
        let start = Instant::now();
        let connection = self.connections.get().await;
        self.counters.connection_wait_seconds.took(start.elapsed());
        let connection = connection.map_err(|error| Fault::not_connected(error, &self.target))?;
        Ok(Loan {
            connection: Some(connection),
            counters: self.counters.clone(),
            statement: self.statement,
            is_usable: true,
            // Only now: the connection may have been made for this loan, and to a pooler.
            prepares: self.prepares.load(Ordering::Relaxed),
            unreplicated: self.unreplicated.clone(),
        })
    }

    /// Attempts that were repeated so far.
    pub(crate) fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    /// The pool's figures.
    pub(crate) fn status(&self) -> PoolStatus {
        let status = self.connections.status();
        PoolStatus {
            size: status.size,
            idle: status.available,
            waiting: status.waiting,
            max: status.max_size,
        }
    }

    /// Closes every connection; what still waits for one fails.
    pub(crate) fn close(&self) {
        self.connections.close();
    }
}

#[cfg(test)]
mod tests;
