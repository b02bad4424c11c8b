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
    time::{Instant, timeout, timeout_at},
};

use crate::{
    layout::{Batching, Layout, Outcome},
    pool,
    session::{Commit, Rest, Session},
    stats::Counters,
    waiting::{self, Waiting},
};

/// The part of its duration that a commit's successor may wait for callers.
const GATHERING_SHARE: u32 = 4;

/// A commit that took longer for the database's sake than for its own size is no reason to wait.
const LONGEST_GATHERING: Duration = Duration::from_millis(50);

/// Shorter waits than the runtime's clock can measure are none.
const SHORTEST_GATHERING: Duration = Duration::from_millis(1);

/// How long a commit may be under way before the next one leaves beside it.
const OVERTAKING: Duration = Duration::from_millis(10);

/// The part of a batch's bytes from which on a session goes alone.
const LARGE_SHARE: usize = 4;

/// The way into the writer's queue.
#[derive(Clone)]
pub(crate) struct Writer {
    queue: UnboundedSender<Arc<Session>>,
    patience: Duration,
}

impl Writer {
    /// Starts the writer on the current runtime; it ends when nobody can enqueue any more.
    ///
    /// `connections` is how many commits may be under way at a time, unless the layout has its own number; `patience`, how
    /// long anybody waits for one.
    pub(crate) fn start(
        layout: Arc<dyn Layout>,
        connections: usize,
        patience: Duration,
        counters: Arc<Counters>,
    ) -> Self {
        let (sender, ready) = mpsc::unbounded_channel();
        let batching = layout.batching();
        let dispatcher = Dispatcher {
            committer: Arc::new(Committer { layout, counters }),
            batching,
            connections: Arc::new(Semaphore::new(connections)),
            lanes: Arc::new(Semaphore::new(batching.lanes.unwrap_or(connections))),
            patience,
        };
        tokio::spawn(dispatcher.run(ready));
        Self {
            queue: sender,
            patience,
        }
    }

    /// When a write that is called now is given up.
    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + self.patience
    }

    /// Puts a session into the queue.
    pub(crate) fn enqueue(&self, session: Arc<Session>) {
        // The receiver lives as long as its runtime, which lives as long as the process.
        drop(self.queue.send(session));
    }
}

struct Dispatcher {
    committer: Arc<Committer>,
    batching: Batching,
    /// As many commits as there may be under way.
    connections: Arc<Semaphore>,
    /// Of these, as many as there are while commits are quick.
    lanes: Arc<Semaphore>,
    /// How long anybody waits for a commit.
    patience: Duration,
}

impl Waiting for Arc<Session> {
    fn deadline(&self) -> Option<Instant> {
        Session::deadline(self)
    }
}

/// What a commit holds while it is under way.
struct Lane {
    _connection: OwnedSemaphorePermit,
    _lane: Option<OwnedSemaphorePermit>,
}

impl Dispatcher {
    async fn run(self, mut ready: UnboundedReceiver<Arc<Session>>) {
        let mut waiting = Vec::new();
        loop {
            if waiting.is_empty() {
                let Some(first) = ready.recv().await else { return };
                waiting.push(first);
            }
            let refuse = |session: Arc<Session>| self.committer.refuse(session.take());
            let Some(lane) = waiting::wait_for(self.lane(), &mut waiting, &mut ready, self.patience, refuse).await
            else {
                continue;
            };
            let Some(lane) = lane else { return };
            let (mut batch, mut bytes) = (Vec::new(), 0);
            let mut queued = std::mem::take(&mut waiting).into_iter();
            let mut next = queued.next();
            while let Some(session) = next {
                let commit = session.take();
                let size = commit.size();
                if self.batching.sessions > 1 && self.goes_alone(&commit) {
                    tokio::spawn(self.committer.clone().commit_alone(commit, self.connections.clone()));
                } else {
                    batch.push(commit);
                    bytes += size;
                }
                let is_full = batch.len() >= self.batching.sessions || bytes >= self.batching.bytes;
                next = match is_full {
                    true => None,
                    false => queued.next().or_else(|| ready.try_recv().ok()),
                };
            }
            waiting.extend(queued);
            if !batch.is_empty() {
                tokio::spawn(
                    self.committer
                        .clone()
                        .commit_batch(batch, self.connections.clone(), lane),
                );
            }
        }
    }

    /// Whether a session would hold others up, or they it.
    fn goes_alone(&self, commit: &Commit) -> bool {
        commit.size() > self.batching.bytes / LARGE_SHARE || waiting::is_urgent(Some(commit.deadline()), self.patience)
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

/// Makes commits durable, and answers who waits for them.
struct Committer {
    layout: Arc<dyn Layout>,
    counters: Arc<Counters>,
}

impl Committer {
    async fn commit_batch(self: Arc<Self>, batch: Vec<Commit>, connections: Arc<Semaphore>, lane: Lane) {
        let start = Instant::now();
        // Nobody waits longer than he has time; those who have little left are not in a batch.
        let deadline = batch.iter().map(Commit::deadline).min().unwrap_or(start);
        let outcomes = self.commit(batch, deadline).await;
        // Where sessions share commits, one that just missed a commit has not long to wait.
        let gathering = match self.layout.batching().sessions {
            1 => (start.elapsed() / GATHERING_SHARE).min(LONGEST_GATHERING),
            _ => Duration::ZERO,
        };
        for (commit, outcome) in outcomes {
            match outcome {
                Outcome::Settled(Err(error)) => resume(commit.settle(Err(error)), Duration::ZERO),
                Outcome::Settled(Ok(())) => resume(commit.settle(Ok(())), gathering),
                Outcome::Held => drop(tokio::spawn(self.clone().commit_alone(commit, connections.clone()))),
            }
        }
        drop(lane);
    }

    /// Ends a commit for which no connection became free in time.
    fn refuse(&self, commit: Commit) {
        commit.settle(Err(self.layout.no_connection())).resume();
    }

    /// Commits one session that would hold others up.
    async fn commit_alone(self: Arc<Self>, commit: Commit, connections: Arc<Semaphore>) {
        let deadline = commit.deadline();
        let Ok(connection) = timeout_at(deadline, connections.acquire_owned()).await else {
            return self.refuse(commit);
        };
        // The semaphore is never closed.
        let Ok(_connection) = connection else { return };
        for (commit, outcome) in self.commit(vec![commit], deadline).await {
            if let Outcome::Settled(result) = outcome {
                return resume(commit.settle(result), Duration::ZERO);
            }
        }
    }

    async fn commit(&self, commits: Vec<Commit>, deadline: Instant) -> Vec<(Commit, Outcome)> {
        let start = Instant::now();
        let writes = commits.iter().map(Commit::write).collect();
        let committed = self.layout.commit(writes, deadline);
        let outcomes = pool::on_behalf(commits.iter().map(Commit::account), committed).await;
        let (mut sessions, mut records) = (0, 0);
        let count = |(commit, outcome): &(Commit, Outcome)| {
            if let Outcome::Settled(Ok(())) = outcome {
                sessions += 1;
                records += commit.records();
            }
        };
        let outcomes: Vec<_> = commits.into_iter().zip(outcomes).inspect(count).collect();
        self.counters.committed(start.elapsed(), sessions, records);
        outcomes
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
