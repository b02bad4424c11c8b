//! What a store has to tell besides its answers: for the application's logger and its hooks.

use std::{sync::Arc, time::Duration};

/// Something worth telling.
#[derive(Clone, Debug)]
pub enum Event {
    /// A newer opener took an account; told once an open session.
    Superseded {
        /// The account.
        account: Arc<str>,
    },
    /// The database fails in a way that passes; the operation is being repeated. Told once an operation.
    Retrying {
        /// What the database, or the way to it, said.
        reason: String,
        /// The account that waits for it, if it is one alone.
        account: Option<Arc<str>>,
        /// How many accounts do.
        accounts: usize,
        /// How long it was tried before.
        after: Duration,
    },
    /// A session that an earlier secret protected is under the current one.
    Rotated {
        /// The account.
        account: Arc<str>,
        /// Whether it also got a new data key.
        rekeyed: bool,
    },
    /// A session was moved to another layout.
    Moved {
        /// The account.
        account: Arc<str>,
        /// The layout's name.
        to: &'static str,
    },
    /// A session could not be read; it was moved to the quarantine, and a fresh one is begun.
    Quarantined {
        /// The account.
        account: Arc<str>,
        /// The code of the error that says why.
        reason: &'static str,
    },
}

/// Where events go; called on the runtime's threads.
pub type Observer = Arc<dyn Fn(Event) + Send + Sync>;
