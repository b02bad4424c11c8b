//! The threads that do the work: one runtime for the whole process, started when first needed.
//!
//! A runtime of our own rather than napi's, whose threads number one per core and end with the environment: ours stay
//! few and survive a worker thread, and nothing of it keeps Node.js from exiting.

use std::sync::OnceLock;

use tokio::runtime::{Builder, Handle, Runtime};

use crate::error::{Code, Error, Result};

/// I/O is all these threads wait for, so two carry thousands of sessions; sealing goes to the blocking pool.
const WORKER_THREADS: usize = 1;
/// Sealing and key derivation at the same time, at most.
const BLOCKING_THREADS: usize = 4;

static RUNTIME: OnceLock<Runtime> = OnceLock::new();

/// The runtime's handle; starts it if this is the first call.
pub(crate) fn handle() -> Result<Handle> {
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime.handle().clone());
    }
    let runtime = Builder::new_multi_thread()
        .worker_threads(WORKER_THREADS)
        .max_blocking_threads(BLOCKING_THREADS)
        .thread_name("baileys-auth")
        .enable_all()
        .build()
        .map_err(|_| Error::new(Code::Internal, "the operating system refused to start threads"))?;
    // Another thread may have been faster; its runtime is used then, and this one ends unused.
    Ok(RUNTIME.get_or_init(|| runtime).handle().clone())
}

/// Runs a computation off the I/O threads.
pub(crate) async fn compute<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Error::new(Code::Internal, "a computation failed; please report this"))
}

/// Runs a computation whose end nobody waits for off this thread, or on it if there are no others.
pub(crate) fn compute_apart(work: impl FnOnce() + Send + 'static) {
    match handle() {
        Ok(runtime) => drop(runtime.spawn_blocking(work)),
        Err(_) => work(),
    }
}
