//! On whose behalf operations are done: for what is told of them.

use std::{future::Future, sync::Arc};

tokio::task_local! {
    static BEHALF: Behalf;
}

#[derive(Clone)]
struct Behalf {
    first: Option<Arc<str>>,
    accounts: usize,
}

/// Runs operations that these accounts wait for.
pub(crate) fn on_behalf<'a, F: Future>(
    accounts: impl IntoIterator<Item = &'a Arc<str>>,
    operations: F,
) -> impl Future<Output = F::Output> {
    let mut accounts = accounts.into_iter();
    let first = accounts.next().cloned();
    let behalf = Behalf {
        accounts: usize::from(first.is_some()) + accounts.count(),
        first,
    };
    BEHALF.scope(behalf, operations)
}

/// The account that waits for the current task's operations, if it is one alone, and how many do.
pub(super) fn current() -> (Option<Arc<str>>, usize) {
    let read = |behalf: &Behalf| (behalf.first.clone().filter(|_| behalf.accounts == 1), behalf.accounts);
    BEHALF.try_with(read).unwrap_or_default()
}
