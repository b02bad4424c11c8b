//! Making a connection: to the first host that answers and can be written to.
//!
//! A host that hangs or is gone without a word is the usual reason for a failover. Waiting out its time with every new
//! connection would take longer than the failover: the next host is tried beside it.

use std::{
    future::{Future, pending, poll_fn},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use deadpool_postgres::Connect;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::{AbortHandle, JoinHandle, JoinSet},
    time::timeout,
};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Error};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::pooler;

/// How long a host may be silent before the next one is tried, too.
const HEAD_START: Duration = Duration::from_millis(250);

#[derive(Clone)]
pub(super) struct Connector {
    pub(super) hosts: Vec<Config>,
    /// How long one host may take, TLS and login included.
    pub(super) patience: Duration,
    pub(super) link: Link,
}

/// What all connections have in common.
#[derive(Clone)]
pub(super) struct Link {
    pub(super) tls: MakeRustlsConnect,
    /// Whether statements may be prepared: not any more once there was a connection to a pooler.
    pub(super) prepares: Arc<AtomicBool>,
    /// Commits that were answered without their standby having them, over all connections.
    pub(super) unreplicated: Arc<AtomicU64>,
}

/// A connection, and to which host.
pub(super) struct Reached {
    pub(super) client: Client,
    pub(super) task: JoinHandle<()>,
    pub(super) host: Config,
}

impl Link {
    /// A connection to this host. Whether statements may be prepared on it is settled by then.
    async fn reach(self, host: Config) -> Result<Reached, Error> {
        let (client, connection) = host.connect(self.tls).await?;
        // How it ends is told by the statements on it.
        let task = tokio::spawn(run(connection, self.unreplicated));
        if self.prepares.load(Ordering::Relaxed) {
            let mut unasked = GivenUp(Some(task.abort_handle()));
            if !pooler::is_direct(&client).await? {
                self.prepares.store(false, Ordering::Relaxed);
            }
            unasked.0 = None;
        }
        Ok(Reached { client, task, host })
    }
}

/// Ends a connection's task when dropped: a host that does not answer would keep it for ever.
struct GivenUp(Option<AbortHandle>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.iter().for_each(AbortHandle::abort);
    }
}

impl Connector {
    /// How long all hosts together may take.
    pub(super) fn longest(&self) -> Duration {
        self.patience * u32::try_from(self.hosts.len()).unwrap_or(u32::MAX)
    }

    /// A connection to the first host that answers.
    pub(super) async fn reach(&self) -> Result<Reached, Error> {
        let mut attempts = JoinSet::new();
        let mut last = None;
        let mut hosts = self.hosts.iter();
        loop {
            if let Some(host) = hosts.next() {
                attempts.spawn(timeout(self.patience, self.link.clone().reach(host.clone())));
            }
            let ended = match hosts.len() {
                0 => attempts.join_next().await,
                _ => match timeout(HEAD_START, attempts.join_next()).await {
                    Ok(ended) => ended,
                    Err(_) => continue,
                },
            };
            match ended {
                Some(Ok(Ok(Ok(reached)))) => return Ok(reached),
                Some(Ok(Ok(Err(error)))) => last = Some(error),
                Some(_) => {}
                None => break,
            }
        }
        match last {
            Some(error) => Err(error),
            // All were silent: the limit for all their times together says so.
            None => pending().await,
        }
    }
}

impl Connect for Connector {
    fn connect(
        &self,
        _: &Config,
    ) -> Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), Error>> + Send + '_>> {
        Box::pin(async {
            let Reached { client, task, .. } = self.reach().await?;
            Ok((client, task))
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
