//! Transactions of several statements, in which a session leaves its place for another one.

use std::sync::Arc;

use super::sql::literal;
use crate::{
    error::Result,
    pool::{Fault, Loan, Pool},
};

/// Begins and repeats them.
pub(super) struct Transactions {
    pool: Arc<Pool>,
    begin: String,
}

impl Transactions {
    pub(super) fn new(pool: Arc<Pool>, synchronous_commit: Option<&str>) -> Self {
        // What leaves its place is to be as durable in the new one as it was there.
        let durability = synchronous_commit.map_or_else(String::new, |level| {
            format!("; SELECT set_config('synchronous_commit', {}, true)", literal(level))
        });
        Self {
            pool,
            begin: format!("BEGIN{durability}"),
        }
    }

    /// A connection with a transaction begun.
    pub(super) async fn begin(&self) -> std::result::Result<Loan, Fault> {
        let mut loan = self.pool.lend().await?;
        match loan.batch(&self.begin).await {
            Ok(()) => Ok(loan),
            Err(fault) => {
                loan.discard();
                Err(fault)
            }
        }
    }

    /// Repeats a transaction through faults that pass, until it succeeds or the time is up.
    pub(super) async fn repeat<F>(&self, attempt: impl Fn() -> F) -> Result<bool>
    where
        F: Future<Output = std::result::Result<bool, Fault>>,
    {
        self.pool.repeat(self.pool.deadline(), attempt).await
    }
}

/// Ends a transaction: with what was done, or as if nothing had been.
pub(super) async fn end(mut loan: Loan, outcome: std::result::Result<bool, Fault>) -> std::result::Result<bool, Fault> {
    match outcome {
        Ok(true) => loan.batch("COMMIT").await.map(|()| true),
        Ok(false) => loan.batch("ROLLBACK").await.map(|()| false),
        Err(fault) => {
            loan.discard();
            Err(fault)
        }
    }
}
