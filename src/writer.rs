//! Commits what sessions have pending, over all sessions of a store.
//!
//! A session is in the queue at most once, and under way at most once: while its commit runs, its next one gathers.
//! So latency is one round trip when there is little to do, and throughput grows with the load.
//!
//! A session that has very much to write goes alone and holds nobody else up: its changes are never parted.
//!
//! Who was just answered often calls again at once. After a long commit, that of a large session in one piece, its next
//! one therefore waits for them a little: else they would always miss it, and every commit carry half of the callers.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{
        AcquireError, OwnedSemaphorePermit, Semaphore,
        mpsc::{self, UnboundedReceiver, UnboundedSender},
    },
    time::{Instant, timeout},
};

use crate::{
    layout::{Batching, Layout},
    session::{Commit, Session},
};

/// The part of its duration that a commit's successor may wait for callers.
const GATHERING_SHARE: u32 = 4;

/// Shorter waits than the runtime's clock can measure are none.
const SHORTEST_GATHERING: Duration = Duration::from_millis(1);

/// The part of a batch's bytes from which on a session goes alone.
const LARGE_SHARE: usize = 4;

/// The way into the writer's queue.
#[derive(Clone)]
pub(crate) struct Writer(UnboundedSender<Arc<Session>>);

impl Writer {
    /// Starts the writer on the current runtime; it ends when nobody can enqueue any more.
    ///
    /// `connections` is how many commits may be under way at a time, unless the layout has its own number.
    pub(crate) fn start(layout: Arc<dyn Layout>, connections: usize) -> Self {
        let (sender, ready) = mpsc::unbounded_channel();
        let batching = layout.batching();
        let lanes = batching.lanes.unwrap_or(connections).min(connections);
        let dispatcher = Dispatcher {
            layout,
            batching,
            lanes: Arc::new(Semaphore::new(lanes)),
            large: Arc::new(Semaphore::new(1)),
        };
        tokio::spawn(dispatcher.run(ready));
        Self(sender)
    }

    /// Puts a session into the queue.
    pub(crate) fn enqueue(&self, session: Arc<Session>) {
        // The receiver lives as long as its runtime, which lives as long as the process.
        drop(self.0.send(session));
    }
}

struct Dispatcher {
    layout: Arc<dyn Layout>,
    batching: Batching,
    lanes: Arc<Semaphore>,
    /// One lane more, for sessions that go alone.
    large: Arc<Semaphore>,
}

impl Dispatcher {
    async fn run(self, mut ready: UnboundedReceiver<Arc<Session>>) {
        while let Some(first) = ready.recv().await {
            let Ok(lane) = self.lanes.clone().acquire_owned().await else {
                return;
            };
            let (mut batch, mut bytes) = (Vec::new(), 0);
            let mut next = Some(first);
            while let Some(session) = next {
                let commit = session.take();
                let size = commit.size();
                if self.batching.sessions > 1 && size > self.batching.bytes / LARGE_SHARE {
                    self.send(vec![commit], self.large.clone().acquire_owned());
                } else {
                    batch.push(commit);
                    bytes += size;
                }
                let is_full = batch.len() >= self.batching.sessions || bytes >= self.batching.bytes;
                next = if is_full { None } else { ready.try_recv().ok() };
            }
            if !batch.is_empty() {
                self.send(batch, async { Ok(lane) });
            }
        }
    }

    /// Sends a batch on its way once it has its lane.
    fn send(
        &self,
        batch: Vec<Commit>,
        lane: impl Future<Output = Result<OwnedSemaphorePermit, AcquireError>> + Send + 'static,
    ) {
        let layout = self.layout.clone();
        tokio::spawn(async move {
            // The semaphores are never closed; without a lane the batch's own end answers those who wait.
            if let Ok(_lane) = lane.await {
                commit(&*layout, batch).await;
            }
        });
    }
}

async fn commit(layout: &dyn Layout, commits: Vec<Commit>) {
    let start = Instant::now();
    let results = layout.commit(commits.iter().map(Commit::write).collect()).await;
    // Where sessions share commits, one that just missed a commit has not long to wait.
    let gathering = match layout.batching().sessions {
        1 => start.elapsed() / GATHERING_SHARE,
        _ => Duration::ZERO,
    };
    for (commit, result) in commits.into_iter().zip(results) {
        let rest = commit.settle(result);
        if gathering < SHORTEST_GATHERING {
            rest.resume();
            continue;
        }
        tokio::spawn(async move {
            // Whether they come or the time is up, the session goes on.
            let _ = timeout(gathering, rest.gathered()).await;
            rest.resume();
        });
    }
}
