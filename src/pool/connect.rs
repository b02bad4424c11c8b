//! Making a connection: to the first host that answers in its time and can be written to.

use std::{
    future::{Future, pending},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use deadpool_postgres::Connect;
use tokio::{
    task::{AbortHandle, JoinHandle},
    time::timeout,
};
use tokio_postgres::{Client, Config, Error};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::pooler;

pub(super) struct Connector {
    pub(super) hosts: Vec<Config>,
    pub(super) tls: MakeRustlsConnect,
    /// How long one host may take, TLS and login included.
    pub(super) patience: Duration,
    /// Whether statements may be prepared: not any more once there was a connection to a pooler.
    pub(super) prepares: Arc<AtomicBool>,
}

impl Connector {
    /// A connection to this host. Whether statements may be prepared on it is settled by then.
    async fn reach(&self, host: &Config) -> Result<(Client, JoinHandle<()>), Error> {
        let (client, connection) = host.connect(self.tls.clone()).await?;
        // How it ends is told by the statements on it.
        let task = tokio::spawn(async { drop(connection.await) });
        if self.prepares.load(Ordering::Relaxed) {
            let mut unasked = GivenUp(Some(task.abort_handle()));
            if !pooler::is_direct(&client).await? {
                self.prepares.store(false, Ordering::Relaxed);
            }
            unasked.0 = None;
        }
        Ok((client, task))
    }
}

/// Ends a connection's task when dropped: a host that does not answer would keep it for ever.
struct GivenUp(Option<AbortHandle>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.iter().for_each(AbortHandle::abort);
    }
}

impl Connect for Connector {
    fn connect(
        &self,
        _: &Config,
    ) -> Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), Error>> + Send + '_>> {
        Box::pin(async {
            let mut last = None;
            for host in &self.hosts {
                match timeout(self.patience, self.reach(host)).await {
                    Ok(Ok(connected)) => return Ok(connected),
                    Ok(Err(error)) => last = Some(error),
                    Err(_) => {}
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
