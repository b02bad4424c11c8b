//! How sessions are stored. The trait is all that the rest of the crate knows of it.

pub(crate) mod column;
pub(crate) mod home;
pub(crate) mod inspection;
pub(crate) mod migration;
pub mod quarantine;
pub(crate) mod returning;
pub(crate) mod rotation;
pub(crate) mod rows;
mod sql;
mod transaction;
pub(crate) mod work;

use std::{any::Any, sync::Arc};

use async_trait::async_trait;
use tokio::time::Instant;
use uuid::Uuid;

use self::{
    inspection::Inspector,
    quarantine::{Entry, Quarantined},
    rotation::Rotation,
};
use crate::{
    codec::record::{Changes, RecordKey, Value},
    error::{Error, Result},
};

/// A way to store sessions in PostgreSQL.
#[async_trait]
pub(crate) trait Layout: Send + Sync + 'static {
    /// Its name, as the `layout` option has it.
    fn name(&self) -> &'static str;

    /// How commits are made up.
    fn batching(&self) -> Batching;

    /// Takes ownership of an account's session, or of its empty place: from then on no earlier owner can commit.
    async fn open(&self, account: &Arc<str>) -> Result<Arc<dyn Tenure>>;

    /// Whether this is where the database keeps its sessions still: they may have been moved to another layout.
    async fn is_current(&self) -> Result<bool>;

    /// Makes each session's changes durable, all or nothing per session, and gives one outcome per write, in order.
    ///
    /// A write without changes renews the ownership: it succeeds if nobody else has opened or cleared the account.
    /// There is never more than one write per session under way. A write that is alone is waited for, until `deadline`.
    async fn commit(&self, writes: Vec<Write>, deadline: Instant) -> Vec<Outcome>;

    /// What an account's session consists of, all of one moment, whoever owns it: nobody loses it by this. `None` if there is
    /// none.
    async fn snapshot(&self, account: &Arc<str>) -> Result<Option<Changes>>;

    /// Deletes an account's session, whoever owns it.
    async fn clear(&self, account: &str) -> Result<()>;

    /// The sessions that are in quarantine.
    async fn quarantine(&self) -> Result<Vec<Quarantined>>;

    /// What is in quarantine under an id.
    async fn find_quarantined(&self, id: Uuid) -> Result<Option<Entry>>;

    /// Puts a session from quarantine back; one that the account has meanwhile goes there in turn, if it may be replaced.
    async fn restore(&self, entry: &Entry, replace: bool) -> Result<()>;

    /// Why what waited for a connection got none.
    fn no_connection(&self) -> Error;

    /// A change of all sessions over to the current secret; with `rekey`, each that an earlier one has ever protected gets a
    /// new data key, where it has one of its own.
    fn rotation(&self, rekey: bool) -> Box<dyn Rotation>;

    /// What looks at all sessions, where each has its place.
    fn inspectors(&self) -> Vec<Arc<dyn Inspector>>;

    /// What is held in memory, if it is bounded.
    fn cache_status(&self) -> Option<CacheStatus> {
        None
    }
}

/// How many sessions share a commit, and how many commits may be under way at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batching {
    /// Sessions in one commit, at most.
    pub(crate) sessions: usize,
    /// Bytes in one commit, at most, unless one session alone has more: its changes are never parted.
    pub(crate) bytes: usize,
    /// Commits under way at a time, while they are quick; `None`: as many as there are connections.
    pub(crate) lanes: Option<usize>,
}

/// Called once with the values of records, in the order in which they were asked for.
pub(crate) type ValuesReply = Box<dyn FnOnce(Result<Vec<Option<Value>>>) + Send>;

/// An open session as its layout holds it: what is durable, as of the last commit.
#[async_trait]
pub(crate) trait Tenure: Any + Send + Sync {
    /// The value of a record, or that there is none, if that is known without asking the database.
    fn lookup(&self, key: &RecordKey) -> Option<Option<Value>>;

    /// The values of records, from the database where they are not held; fails if the account is no longer ours.
    fn fetch(self: Arc<Self>, keys: Vec<RecordKey>, reply: ValuesReply);

    /// The keys of all records but the credentials; of one type, or of all.
    async fn keys(&self, kind: Option<&str>) -> Result<Vec<RecordKey>>;

    /// How the open came by the session; told once.
    fn take_origin(&self) -> Origin {
        Origin::default()
    }

    /// Nobody will ask any more: what is held of the session can go.
    fn release(&self) {}
}

/// How an open came by its session.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// It was moved here from the original form.
    pub adopted: bool,
    /// Another store or process was the last to open it, as far as that is known.
    pub taken_over: bool,
    /// Which process that was, where the database says so.
    pub previous_owner: Option<Box<str>>,
}

/// What became of a write.
pub(crate) enum Outcome {
    /// It is durable, or refused.
    Settled(Result<()>),
    /// Somebody holds its session: it is to be committed again, alone, so that nobody waits for it.
    Held,
}

/// One session's part of a commit.
#[derive(Clone)]
pub(crate) struct Write {
    /// The open session.
    pub(crate) tenure: Arc<dyn Tenure>,
    /// What is to become durable.
    pub(crate) changes: Arc<Changes>,
}

/// Figures of the memory that holds records.
#[derive(Clone, Copy, Debug)]
pub struct CacheStatus {
    /// Bytes held.
    pub bytes: u64,
    /// Bytes held at most.
    pub capacity: u64,
    /// Records that were found in it.
    pub hits: u64,
    /// Records that were not.
    pub misses: u64,
}
