//! What a store has to tell besides its answers: for the application's logger and its `onSuperseded`.

use std::sync::Arc;

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
