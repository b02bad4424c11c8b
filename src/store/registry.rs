//! Which accounts this process has open, over all its stores: an open finds an older handle here, whoever holds it.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll, Waker},
};

use tokio::sync::OwnedMutexGuard;

use crate::{error::Error, session::Session};

/// A database and an account in it.
type Address = (Arc<str>, Arc<str>);

static PLACES: LazyLock<Mutex<HashMap<Address, Arc<Place>>>> = LazyLock::new(Mutex::default);

/// One account's place, whether or not it is open.
#[derive(Default)]
pub(super) struct Place {
    /// Held by whoever opens, closes or clears the account: one at a time.
    gate: Arc<tokio::sync::Mutex<()>>,
    session: Mutex<Occupant>,
}

#[derive(Clone, Default)]
struct Occupant {
    session: Weak<Session>,
    store: u64,
}

impl Place {
    /// Enters the queue for the account at once, so that calls get their turn in the order in which they were made, and
    /// waits for the turn when awaited. The turn ends when the guard is dropped.
    pub(super) fn turn(&self) -> impl Future<Output = OwnedMutexGuard<()>> + Send + use<> {
        let mut lock = Box::pin(self.gate.clone().lock_owned());
        // A tokio mutex is fair, and the first poll takes the place in its queue.
        let first = lock.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        async move {
            match first {
                Poll::Ready(guard) => guard,
                Poll::Pending => lock.await,
            }
        }
    }

    /// The open session and the number of the store that holds it.
    pub(super) fn occupant(&self) -> Option<(Arc<Session>, u64)> {
        let occupant = lock(&self.session);
        Some((occupant.session.upgrade()?, occupant.store))
    }

    /// Ends the open session, if there is one.
    pub(super) fn end_occupant(&self, error: &Error) {
        if let Some((session, _)) = self.occupant() {
            session.end(error);
        }
    }

    pub(super) fn occupy(&self, session: &Arc<Session>, store: u64) {
        *lock(&self.session) = Occupant {
            session: Arc::downgrade(session),
            store,
        };
    }
}

/// The place of an account.
pub(super) fn place(target: &Arc<str>, account: &Arc<str>) -> Arc<Place> {
    let mut places = lock(&PLACES);
    if places.len() == places.capacity() {
        // About to grow: drop the places that nobody uses any more first.
        places.retain(|_, place| Arc::strong_count(place) > 1 || place.occupant().is_some());
    }
    places.entry((target.clone(), account.clone())).or_default().clone()
}

/// The sessions that a store holds open.
pub(super) fn sessions_of(store: u64) -> Vec<Arc<Session>> {
    let places: Vec<_> = lock(&PLACES).values().cloned().collect();
    let occupants = places.iter().filter_map(|place| place.occupant());
    occupants
        .filter(|(_, holder)| *holder == store)
        .map(|(session, _)| session)
        .collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
