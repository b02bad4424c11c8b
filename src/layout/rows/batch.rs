//! Requests of one moment, done together: while some are under way, the next ones gather.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::sync::{
    Semaphore,
    mpsc::{self, UnboundedSender},
};

use crate::waiting::{self, Waiting};

/// How much is done at a time.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// Batches under way at a time.
    pub(super) lanes: usize,
    /// As much weight as a batch may have, unless one request alone has more.
    pub(super) weight: usize,
}

/// Starts to take requests, on the current runtime; ends when nobody can send any more. `patience` is the longest that one of
/// them waits.
pub(super) fn start<R, F>(
    limits: Limits,
    patience: Duration,
    weigh: fn(&R) -> usize,
    refuse: fn(R),
    work: impl Fn(Vec<R>) -> F + Send + 'static,
) -> UnboundedSender<R>
where
    R: Waiting + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let (sender, mut requests) = mpsc::unbounded_channel::<R>();
    let lanes = Arc::new(Semaphore::new(limits.lanes));
    tokio::spawn(async move {
        let mut waiting = Vec::new();
        loop {
            if waiting.is_empty() {
                let Some(first) = requests.recv().await else { return };
                waiting.push(first);
            }
            let lane = lanes.clone().acquire_owned();
            let Some(lane) = waiting::wait_for(lane, &mut waiting, &mut requests, patience, refuse).await else {
                continue;
            };
            // The semaphore is never closed.
            let Ok(lane) = lane else { return };
            let (mut batch, mut weight) = (Vec::new(), 0);
            let mut queued = std::mem::take(&mut waiting).into_iter();
            while weight < limits.weight
                && let Some(next) = queued.next().or_else(|| requests.try_recv().ok())
            {
                if waiting::is_urgent(next.deadline(), patience) {
                    tokio::spawn(work(vec![next]));
                } else {
                    weight += weigh(&next);
                    batch.push(next);
                }
            }
            waiting.extend(queued);
            if batch.is_empty() {
                continue;
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
