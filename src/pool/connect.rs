//! Making a connection: to the first host that answers and can be written to.
//!
//! A host that hangs or is gone without a word is the usual reason for a failover. Waiting out its time with every new
//! connection would take longer than the failover: the next host is tried beside it.

use std::{
    future::{Future, pending, poll_fn},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use deadpool_postgres::Connect;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::{JoinHandle, JoinSet},
    time::timeout,
};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Error};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long a host may be silent before the next one is tried, too.
const HEAD_START: Duration = Duration::from_millis(250);

pub(super) struct Connector {
    pub(super) hosts: Vec<Config>,
    pub(super) tls: MakeRustlsConnect,
    /// How long one host may take, TLS and login included.
    pub(super) patience: Duration,
    /// Commits that were answered without their standby having them, over all connections.
    pub(super) unreplicated: Arc<AtomicU64>,
}

impl Connect for Connector {
    fn connect(
        &self,
        _: &Config,
    ) -> Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), Error>> + Send + '_>> {
        Box::pin(async {
            let mut attempts = JoinSet::new();
            let mut last = None;
            let mut hosts = self.hosts.iter();
            loop {
                if let Some(host) = hosts.next() {
                    let (host, tls, patience) = (host.clone(), self.tls.clone(), self.patience);
                    attempts.spawn(async move { timeout(patience, host.connect(tls)).await });
                }
                let ended = match hosts.len() {
                    0 => attempts.join_next().await,
                    _ => match timeout(HEAD_START, attempts.join_next()).await {
                        Ok(ended) => ended,
                        Err(_) => continue,
                    },
                };
                match ended {
                    Some(Ok(Ok(Ok((client, connection))))) => {
                        // How it ends is told by the statements on it.
                        let task = tokio::spawn(run(connection, self.unreplicated.clone()));
                        return Ok((client, task));
                    }
                    Some(Ok(Ok(Err(error)))) => last = Some(error),
                    Some(_) => {}
                    None => break,
                }
            }
            match last {
                Some(error) => Err(error),
                // All were silent: the pool's own limit, which is all their times together, says so.
                None => pending().await,
            }
        })
    }
}

/// What PostgreSQL names as the origin of its warning, in every language, that a wait for the synchronous standby was
/// cancelled: the commit is answered as every other one, and may be nowhere else.
const WAIT_FOR_STANDBY: &str = "SyncRepWaitForLSN";

/// Runs a connection until its end. A warning comes before the answer that it belongs to.
async fn run<S, T>(mut connection: Connection<S, T>, unreplicated: Arc<AtomicU64>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
        if let AsyncMessage::Notice(notice) = message
            && notice.routine() == Some(WAIT_FOR_STANDBY)
        {
            unreplicated.fetch_add(1, Ordering::AcqRel);
        }
    }
}
