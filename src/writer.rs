//! Commits what sessions have pending, over all sessions of a store.
//!
//! A session is in the queue at most once, and under way at most once: while its commit runs, its next one gathers.
//! So latency is one round trip when there is little to do, and throughput grows with the load.
//!
//! Who was just answered often calls again at once. After a long commit, that of a large session in one piece, its next
//! one therefore waits for them a little: else they would always miss it, and every commit carry half of the callers.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{
        Semaphore,
        mpsc::{self, UnboundedReceiver, UnboundedSender},
    },
    time::{Instant, timeout},
};

use crate::{
    layout::Layout,
    session::{Commit, Session},
};

/// The part of its duration that a commit's successor may wait for callers.
const GATHERING_SHARE: u32 = 4;

/// Shorter waits than the runtime's clock can measure are none.
const SHORTEST_GATHERING: Duration = Duration::from_millis(1);

/// The way into the writer's queue.
#[derive(Clone)]
pub(crate) struct Writer(UnboundedSender<Arc<Session>>);

impl Writer {
    /// Starts the writer on the current runtime; it ends when nobody can enqueue any more.
    ///
    /// `lanes` is how many commits may be under way at a time.
    pub(crate) fn start(layout: Arc<dyn Layout>, lanes: usize) -> Self {
        let (sender, ready) = mpsc::unbounded_channel();
        tokio::spawn(dispatch(ready, layout, Arc::new(Semaphore::new(lanes))));
        Self(sender)
    }

    /// Puts a session into the queue.
    pub(crate) fn enqueue(&self, session: Arc<Session>) {
        // The receiver lives as long as its runtime, which lives as long as the process.
        drop(self.0.send(session));
    }
}

async fn dispatch(mut ready: UnboundedReceiver<Arc<Session>>, layout: Arc<dyn Layout>, lanes: Arc<Semaphore>) {
    while let Some(first) = ready.recv().await {
        let Ok(lane) = lanes.clone().acquire_owned().await else {
            return;
        };
        let mut commits = vec![first.take()];
        while commits.len() < layout.sessions_per_commit()
            && let Ok(session) = ready.try_recv()
        {
            commits.push(session.take());
        }
        let layout = layout.clone();
        tokio::spawn(async move {
            commit(&*layout, commits).await;
            drop(lane);
        });
    }
}

async fn commit(layout: &dyn Layout, commits: Vec<Commit>) {
    let start = Instant::now();
    let results = layout.commit(commits.iter().map(Commit::write).collect()).await;
    let gathering = start.elapsed() / GATHERING_SHARE;
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
