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
        OwnedSemaphorePermit, Semaphore,
        mpsc::{self, UnboundedReceiver, UnboundedSender},
    },
    time::{Instant, timeout},
};

use crate::{
    layout::{Batching, Layout, Outcome},
    session::{Commit, Rest, Session},
};

/// The part of its duration that a commit's successor may wait for callers.
const GATHERING_SHARE: u32 = 4;

/// Shorter waits than the runtime's clock can measure are none.
const SHORTEST_GATHERING: Duration = Duration::from_millis(1);

/// How long a commit may be under way before the next one leaves beside it.
const OVERTAKING: Duration = Duration::from_millis(10);

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
        let dispatcher = Dispatcher {
            layout,
            batching,
            connections: Arc::new(Semaphore::new(connections)),
            lanes: Arc::new(Semaphore::new(batching.lanes.unwrap_or(connections))),
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
    /// As many commits as there may be under way.
    connections: Arc<Semaphore>,
    /// Of these, as many as there are while commits are quick.
    lanes: Arc<Semaphore>,
}

/// What a commit holds while it is under way.
struct Lane {
    _connection: OwnedSemaphorePermit,
    _lane: Option<OwnedSemaphorePermit>,
}

impl Dispatcher {
    async fn run(self, mut ready: UnboundedReceiver<Arc<Session>>) {
        while let Some(first) = ready.recv().await {
            let Some(lane) = self.lane().await else { return };
            let (mut batch, mut bytes) = (Vec::new(), 0);
            let mut next = Some(first);
            while let Some(session) = next {
                let commit = session.take();
                let size = commit.size();
                if self.batching.sessions > 1 && size > self.batching.bytes / LARGE_SHARE {
                    tokio::spawn(commit_alone(self.layout.clone(), commit, self.connections.clone()));
                } else {
                    batch.push(commit);
                    bytes += size;
                }
                let is_full = batch.len() >= self.batching.sessions || bytes >= self.batching.bytes;
                next = if is_full { None } else { ready.try_recv().ok() };
            }
            if !batch.is_empty() {
                tokio::spawn(commit_batch(self.layout.clone(), batch, self.connections.clone(), lane));
            }
        }
    }

    /// A lane as soon as one is free, or one more if the commits under way take long: a slow one is not to hold up all that
    /// come after it.
    async fn lane(&self) -> Option<Lane> {
        let lane = timeout(OVERTAKING, self.lanes.clone().acquire_owned()).await;
        // The semaphores are never closed.
        Some(Lane {
            _lane: lane.ok().and_then(Result::ok),
            _connection: self.connections.clone().acquire_owned().await.ok()?,
        })
    }
}

async fn commit_batch(layout: Arc<dyn Layout>, batch: Vec<Commit>, connections: Arc<Semaphore>, lane: Lane) {
    let start = Instant::now();
    let outcomes = layout.commit(batch.iter().map(Commit::write).collect()).await;
    // Where sessions share commits, one that just missed a commit has not long to wait.
    let gathering = match layout.batching().sessions {
        1 => start.elapsed() / GATHERING_SHARE,
        _ => Duration::ZERO,
    };
    for (commit, outcome) in batch.into_iter().zip(outcomes) {
        match outcome {
            Outcome::Settled(result) => resume(commit.settle(result), gathering),
            Outcome::Held => drop(tokio::spawn(commit_alone(layout.clone(), commit, connections.clone()))),
        }
    }
    drop(lane);
}

/// Commits one session that would hold others up.
async fn commit_alone(layout: Arc<dyn Layout>, commit: Commit, connections: Arc<Semaphore>) {
    let Ok(_connection) = connections.acquire_owned().await else {
        return;
    };
    for outcome in layout.commit(vec![commit.write()]).await {
        if let Outcome::Settled(result) = outcome {
            return resume(commit.settle(result), Duration::ZERO);
        }
    }
}

/// Lets a session go on: at once, or when the callers that were just answered have called again.
fn resume(rest: Rest, gathering: Duration) {
    if gathering < SHORTEST_GATHERING {
        return rest.resume();
    }
    tokio::spawn(async move {
        // Whether they come or the time is up, the session goes on.
        let _ = timeout(gathering, rest.gathered()).await;
        rest.resume();
    });
}
