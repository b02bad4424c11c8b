//! Requests of one moment, done together: while some are under way, the next ones gather.

use std::{future::Future, sync::Arc};

use tokio::sync::{
    Semaphore,
    mpsc::{self, UnboundedSender},
};

/// How much is done at a time.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// Batches under way at a time.
    pub(super) lanes: usize,
    /// As much weight as a batch may have, unless one request alone has more.
    pub(super) weight: usize,
}

/// Starts to take requests, on the current runtime; ends when nobody can send any more.
pub(super) fn start<R, F>(
    limits: Limits,
    weigh: fn(&R) -> usize,
    work: impl Fn(Vec<R>) -> F + Send + 'static,
) -> UnboundedSender<R>
where
    R: Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let (sender, mut requests) = mpsc::unbounded_channel();
    let lanes = Arc::new(Semaphore::new(limits.lanes));
    tokio::spawn(async move {
        while let Some(first) = requests.recv().await {
            let Ok(lane) = lanes.clone().acquire_owned().await else {
                return;
            };
            let mut weight = weigh(&first);
            let mut batch = vec![first];
            while weight < limits.weight
                && let Ok(next) = requests.try_recv()
            {
                weight += weigh(&next);
                batch.push(next);
            }
            let done = work(batch);
            tokio::spawn(async move {
                done.await;
                drop(lane);
            });
        }
    });
    sender
}
