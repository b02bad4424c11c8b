//! The layout for scale and for privacy: a row per record, in a schema of its own.
//!
//! `session` has a row per account: the epoch that fences its owner's writes, and its data key, wrapped. `record` has a
//! row per record: who looks sees its type, its size and when it changes, but neither its id nor its value.

mod adoption;
mod batch;
mod cache;
mod commit;
mod creation;
pub(crate) mod ddl;
mod departure;
mod fence;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod inspection;
mod listing;
mod movers;
mod opener;
mod quarantine;
mod reader;
mod record;
mod rotation;
pub(crate) mod schema;
mod secrets;
mod shared;
mod snapshot;
mod statements;
mod tenure;

use std::sync::Arc;

use async_trait::async_trait;
use tokio::{
    sync::{mpsc::UnboundedSender, oneshot},
    time::Instant,
};
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;
use zeroize::Zeroizing;

pub(super) use self::adoption::in_both;
pub(crate) use self::departure::no_accounts_table;
use self::{
    adoption::Legacy,
    cache::Cache,
    inspection::{LegacyInspector, RowsInspector},
    movers::{Arrivals, DepartureCheck, Departures},
    quarantine::RowsQuarantine,
    rotation::RowsRotation,
    secrets::Secrets,
    shared::{Core, Shared},
    statements::Statements,
};
use super::{
    Batching, CacheStatus, Layout, Outcome, Tenure, Write,
    column::{Original, TextQuarantine},
    home::Home,
    inspection::Inspector,
    migration::Mover,
    quarantine::{Entry, Quarantine, Quarantined},
    rotation::Rotation,
    transaction::Transactions,
};
use crate::{
    codec::record::Changes,
    config::{AccountsTable, OnUnreadable},
    crypto::Kdf,
    error::{Code, Error, Result},
    pool::{Fault, Pool},
};

/// One commit is under way while the next one gathers: the more there is to do, the more of it shares a commit.
const BATCHING: Batching = Batching {
    sessions: 1_000,
    bytes: 1 << 20,
    lanes: Some(1),
};

/// How often a clear starts over because somebody has opened the account meanwhile.
const CLEAR_ATTEMPTS: usize = 16;

/// What a store of rows needs to be told.
pub(crate) struct RowsSettings {
    /// The schema of its tables.
    pub(crate) schema: String,
    pub(crate) synchronous_commit: Option<String>,
    /// The secret to seal with, then those that only open.
    pub(crate) secrets: Vec<Arc<Zeroizing<String>>>,
    /// Bytes of records held in memory at most.
    pub(crate) cache_bytes: u64,
    /// Who opens, for operators.
    pub(crate) owner: String,
    pub(crate) on_unreadable: OnUnreadable,
    pub(crate) accounts_table: AccountsTable,
}

pub(crate) struct RowsLayout {
    shared: Arc<Shared>,
    opener: UnboundedSender<opener::Request>,
}

impl RowsLayout {
    /// Over tables that are there; within a tokio runtime. `home`: where sessions are kept. `original`: where there may be
    /// some in the original form.
    pub(crate) fn new(
        pool: Arc<Pool>,
        settings: RowsSettings,
        kdf: Kdf,
        home: Home,
        original: Option<Original>,
    ) -> Self {
        let patience = pool.patience();
        let core = Arc::new(Core {
            pool,
            statements: Statements::new(&settings.schema, settings.synchronous_commit.as_deref()),
        });
        let quarantine = Arc::new(Quarantine::new(
            core.pool.clone(),
            &settings.schema,
            false,
            settings.synchronous_commit.as_deref(),
        ));
        let fresh_if_unreadable = settings.on_unreadable == OnUnreadable::Fresh;
        let texts = original
            .is_some()
            .then(|| Arc::new(TextQuarantine::new(quarantine.clone(), &settings.accounts_table)));
        let legacy = original.map(|mut original| {
            if let Some(texts) = texts.clone().filter(|_| fresh_if_unreadable) {
                original.move_unreadable(texts);
            }
            Legacy::new(original, &settings.schema)
        });
        let for_reader = core.clone();
        let shared = Arc::new(Shared {
            secrets: Secrets::new(&settings.secrets, kdf),
            cache: Cache::new(settings.cache_bytes),
            reader: batch::start(
                reader::LIMITS,
                patience,
                reader::Request::weight,
                reader::Request::refuse,
                move |requests| reader::read(for_reader.clone(), requests),
            ),
            owner: settings.owner,
            legacy,
            quarantine: RowsQuarantine::new(quarantine, &settings.schema, texts),
            transactions: Transactions::new(core.pool.clone(), settings.synchronous_commit.as_deref()),
            core,
            home,
            fresh_if_unreadable,
        });
        let for_opener = shared.clone();
        let opener = batch::start(
            opener::LIMITS,
            patience,
            |_| 1,
            drop,
            move |requests| opener::open(for_opener.clone(), requests),
        );
        Self { shared, opener }
    }
}

impl RowsLayout {
    /// What moves all sessions here that the accounts table holds.
    pub(crate) fn arrivals(&self) -> Box<dyn Mover> {
        Box::new(Arrivals::new(self.shared.clone()))
    }

    /// What moves all sessions to the accounts table, or finds out whether that can be done.
    pub(crate) fn departures(&self, dry: bool) -> Box<dyn Mover> {
        match dry {
            true => Box::new(DepartureCheck::new(self.shared.clone())),
            false => Box::new(Departures::new(self.shared.clone())),
        }
    }

    /// Moves the session of an account to the accounts table, if it has one here; whether it did.
    pub(crate) async fn move_out(&self, account: &Arc<str>) -> Result<bool> {
        departure::move_out(&self.shared, account).await
    }

    /// Whether an account has a session here.
    pub(crate) async fn has(&self, account: &str) -> Result<bool> {
        self.shared.home.has_in_rows(account).await
    }
}

#[async_trait]
impl Layout for RowsLayout {
    fn name(&self) -> &'static str {
        "rows"
    }

    fn batching(&self) -> Batching {
        BATCHING
    }

    async fn open(&self, account: &Arc<str>) -> Result<Arc<dyn Tenure>> {
        let (reply, answer) = oneshot::channel();
        let account = account.clone();
        let deadline = self.shared.core.pool.deadline();
        drop(self.opener.send(opener::Request {
            account,
            reply,
            deadline,
        }));
        let opened = answer
            .await
            .unwrap_or_else(|_| Err(Error::new(Code::Internal, "an open broke off; please report this")))?;
        Ok(opened)
    }

    async fn is_current(&self) -> Result<bool> {
        self.shared.home.is_same().await
    }

    async fn commit(&self, writes: Vec<Write>, deadline: Instant) -> Vec<Outcome> {
        commit::commit(&self.shared, writes, deadline).await
    }

    async fn snapshot(&self, account: &Arc<str>) -> Result<Option<Changes>> {
        snapshot::take(&self.shared, account).await
    }

    async fn clear(&self, account: &str) -> Result<()> {
        // First, since an original text that is left would be adopted by the next open.
        if let Some(legacy) = &self.shared.legacy {
            legacy.clear(account).await?;
        }
        // By the session's own name, and its opener's: a deletion whose answer was given up may come late, and is not to meet
        // what was opened since.
        let Core { pool, statements } = &*self.shared.core;
        for _ in 0..CLEAR_ATTEMPTS {
            let found = pool.query_opt(&statements.find, &[(&account, Type::TEXT)]).await?;
            let Some(row) = found else { return Ok(()) };
            let read = || Ok::<_, Fault>((fence::uuid(&row, 0)?, fence::uuid(&row, 1)?));
            let (session, opener) = read().map_err(|fault| fault.error)?;
            let params: [(&(dyn ToSql + Sync), Type); 2] = [(&session, Type::UUID), (&opener, Type::UUID)];
            if pool.execute(&statements.clear, &params).await? > 0 {
                return Ok(());
            }
        }
        Err(Error::superseded())
    }

    async fn quarantine(&self) -> Result<Vec<Quarantined>> {
        self.shared.quarantine.list().await
    }

    async fn find_quarantined(&self, id: Uuid) -> Result<Option<Entry>> {
        self.shared.quarantine.find(id).await
    }

    async fn restore(&self, entry: &Entry, replace: bool) -> Result<()> {
        self.shared.quarantine.restore(entry, replace).await
    }

    fn no_connection(&self) -> Error {
        self.shared.core.pool.no_connection()
    }

    fn rotation(&self, rekey: bool) -> Box<dyn Rotation> {
        Box::new(RowsRotation::new(self.shared.clone(), rekey))
    }

    fn inspectors(&self) -> Vec<Arc<dyn Inspector>> {
        let mut inspectors: Vec<Arc<dyn Inspector>> = vec![Arc::new(RowsInspector::new(self.shared.clone()))];
        if let Some(legacy) = &self.shared.legacy {
            let texts = legacy.original().inspector();
            inspectors.push(Arc::new(LegacyInspector::new(self.shared.clone(), texts)));
        }
        inspectors
    }

    fn cache_status(&self) -> Option<CacheStatus> {
        Some(self.shared.cache.status())
    }
}

/// The table of sessions, as SQL has it.
pub(crate) fn session_table(schema: &str) -> String {
    statements::table(schema, "session")
}

/// A row of our own tables is not of the form that it was made with.
fn malformed_row() -> Fault {
    Fault::lasting(Error::new(
        Code::Schema,
        "a row or column is not of the form that this version made; the tables were changed",
    ))
}
