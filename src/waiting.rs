//! Waiting for one's turn without waiting for ever: who has waited too long is refused, also while those before him go on.

use std::{future::Future, pin::pin, time::Duration};

use tokio::{
    sync::mpsc::UnboundedReceiver,
    time::{Instant, timeout_at},
};

/// How often it is looked who has waited too long, in parts of the longest wait.
const LOOKS: u32 = 16;
/// Who has less time left than this part of the longest wait does not share it: another's operation would end with his.
const URGENT_SHARE: u32 = 2;

/// Something that waits for its turn.
pub(crate) trait Waiting {
    /// When it is refused; `None` if nobody waits for it.
    fn deadline(&self) -> Option<Instant>;
}

/// Waits for a turn, and refuses what has waited for too long meanwhile; gives the turn, or `None` if nothing is left that
/// waits. `patience` is the longest that anything waits; `refuse` tells those who wait for something that it will not be done.
pub(crate) async fn wait_for<T: Waiting, Turn>(
    turn: impl Future<Output = Turn>,
    waiting: &mut Vec<T>,
    arrivals: &mut UnboundedReceiver<T>,
    patience: Duration,
    refuse: impl Fn(T),
) -> Option<Turn> {
    let mut turn = pin!(turn);
    loop {
        let look = Instant::now() + patience / LOOKS;
        let earliest = waiting.iter().filter_map(Waiting::deadline).min();
        if let Ok(turn) = timeout_at(earliest.map_or(look, |earliest| earliest.min(look)), &mut turn).await {
            return Some(turn);
        }
        while let Ok(arrival) = arrivals.try_recv() {
            waiting.push(arrival);
        }
        let now = Instant::now();
        let is_late = |item: &mut T| item.deadline().is_some_and(|deadline| deadline <= now);
        waiting.extract_if(.., is_late).for_each(&refuse);
        if waiting.is_empty() {
            return None;
        }
    }
}

/// Whether something has so little time left that it is done alone.
pub(crate) fn is_urgent(deadline: Option<Instant>, patience: Duration) -> bool {
    deadline.is_some_and(|deadline| deadline < Instant::now() + patience / URGENT_SHARE)
}
