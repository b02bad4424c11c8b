//! How sessions are stored. The trait is all that the rest of the crate knows of it.

pub(crate) mod column;

use std::{any::Any, sync::Arc};

use async_trait::async_trait;

use crate::{
    codec::record::{Changes, RecordKey, Text},
    error::Result,
};

/// A way to store sessions in PostgreSQL.
#[async_trait]
pub(crate) trait Layout: Send + Sync + 'static {
    /// Its name, as the `layout` option has it.
    fn name(&self) -> &'static str;

    /// How many sessions one commit may carry.
    fn sessions_per_commit(&self) -> usize;

    /// Takes ownership of an account's session, or of its empty place: from then on no earlier owner can commit.
    async fn open(&self, account: &str) -> Result<Arc<dyn Tenure>>;

    /// Makes each session's changes durable, all or nothing per session, and gives one answer per write, in order.
    ///
    /// A write without changes renews the ownership: it succeeds if nobody else has opened or cleared the account.
    /// There is never more than one write per session under way.
    async fn commit(&self, writes: Vec<Write>) -> Vec<Result<()>>;

    /// Deletes an account's session, whoever owns it.
    async fn clear(&self, account: &str) -> Result<()>;
}

/// An open session as its layout holds it: what is durable, as of the last commit.
pub(crate) trait Tenure: Any + Send + Sync {
    /// The value of a record.
    fn lookup(&self, key: &RecordKey) -> Option<Text>;

    /// The keys of all records but the credentials; of one type, or of all.
    fn keys(&self, kind: Option<&str>) -> Vec<RecordKey>;
}

/// One session's part of a commit.
pub(crate) struct Write {
    /// The open session.
    pub(crate) tenure: Arc<dyn Tenure>,
    /// In the order of the calls.
    pub(crate) changes: Arc<Changes>,
}
