//! A store: one database, its layout, and the accounts that are open in it.

mod backend;
mod current;
mod inspection;
mod migration;
mod moving;
mod quarantine;
mod registry;

use std::{
    future::Future,
    sync::{
        Arc, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    config::{Connection, Settings},
    crypto,
    error::{Code, Error, Result},
    event::Observer,
    layout::{CacheStatus, rotation::Rotation},
    pool::{self, Pool, PoolStatus},
    session::{Opened, Session},
    stats::Counters,
};

use self::{
    backend::{Backend, Blueprint},
    registry::Place,
};
pub(crate) use self::{
    inspection::Cursor,
    migration::MigrationOptions,
    moving::{Exported, ImportOptions, ImportOutcome, Imported},
};

static NEXT_NUMBER: AtomicU64 = AtomicU64::new(0);

/// Sessions in one database.
pub struct Store {
    /// Tells stores of this process apart.
    number: u64,
    /// Names the database and table, so that two stores on the same one are known to be.
    target: Arc<str>,
    pool: Arc<Pool>,
    blueprint: Blueprint,
    /// Another one when sessions were moved to another layout.
    backend: RwLock<Option<Arc<Backend>>>,
    /// Held by whoever makes it.
    building: tokio::sync::Mutex<()>,
    counters: Arc<Counters>,
    observer: Observer,
    closed: AtomicBool,
    ignored_parameters: Vec<String>,
}

impl Store {
    /// Makes a store, within a tokio runtime; connects when first used.
    pub fn new(settings: Settings, observer: Observer) -> Result<Self> {
        crypto::require_length(&settings.secret)?;
        let mut connection = Connection::from_settings(&settings)?;
        let mut accounts_table = settings.accounts_table;
        accounts_table.schema = accounts_table.schema.or(connection.schema.take());
        let target = format!(
            "{} {:?} {} {}",
            connection.target(),
            accounts_table.schema,
            accounts_table.table,
            settings.schema
        );
        let lanes = connection.pool_size;
        let ignored_parameters = std::mem::take(&mut connection.ignored);
        let patience = Duration::from_millis(u64::from(settings.write_timeout_ms));
        let counters = Arc::<Counters>::default();
        let pool = Arc::new(Pool::new(connection, patience, observer.clone(), counters.clone())?);
        let secrets = std::iter::once(settings.secret).chain(settings.previous_secrets);
        let blueprint = Blueprint {
            pool: pool.clone(),
            layout: settings.layout,
            accounts_table,
            schema: settings.schema,
            may_migrate: settings.auto_migrate,
            on_unreadable: settings.on_unreadable,
            synchronous_commit: settings.synchronous_commit,
            secrets: secrets.map(Arc::new).collect(),
            cache_bytes: settings.cache_bytes,
            owner: settings.owner,
            lanes,
            counters: counters.clone(),
        };
        Ok(Self {
            number: NEXT_NUMBER.fetch_add(1, Ordering::Relaxed),
            target: target.into(),
            pool,
            blueprint,
            backend: RwLock::default(),
            building: tokio::sync::Mutex::default(),
            counters,
            observer,
            closed: AtomicBool::new(false),
            ignored_parameters,
        })
    }

    /// Opens an account and takes it over from whoever has it open.
    ///
    /// Of the calls on one account each gets its turn in the order in which they were made: they enter the queue at the
    /// call, not when the future is first polled. The same holds for [`Store::clear`] and [`Store::close_session`].
    pub fn open(self: &Arc<Self>, account: Arc<str>) -> impl Future<Output = Result<Opened>> + Send + use<> {
        let (store, place) = (self.clone(), registry::place(&self.target, &account));
        let (turn, start) = (place.turn(), Instant::now());
        async move {
            let _turn = turn.await;
            let opened = pool::on_behalf([&account], store.open_in_turn(&place, account.clone())).await;
            if opened.is_ok() {
                store.counters.open_seconds.took(start.elapsed());
            }
            opened
        }
    }

    async fn open_in_turn(&self, place: &Place, account: Arc<str>) -> Result<Opened> {
        self.require_open()?;
        let older = place.occupant();
        // Whatever was called on the older handle becomes durable before the newer one reads.
        match &older {
            Some((session, holder)) if *holder == self.number => {
                let renewed = match session.flush().await {
                    Ok(()) => session.reserve().await,
                    Err(error) => Err(error),
                };
                match renewed {
                    Err(error) if has_ended(&error) => {}
                    opened => return opened,
                }
            }
            // What fails in another store is answered there; the database says what came of it.
            Some((session, _)) => drop(session.flush_if_pending().await),
            None => {}
        }
        let (backend, tenure) = pool::until(self.pool.deadline(), self.take(&account)).await?;
        let mut origin = tenure.take_origin();
        if let Some((session, holder)) = older {
            origin.taken_over |= holder != self.number && session.ended().is_none();
            session.end(&Error::superseded());
        }
        // A store that was closed meanwhile would never be told to let go of this session.
        self.require_open()?;
        let session = Session::new(
            account,
            tenure,
            backend.writer.clone(),
            self.counters.clone(),
            self.observer.clone(),
        );
        place.occupy(&session, self.number);
        let mut opened = session.reserve().await?;
        opened.origin = origin;
        Ok(opened)
    }

    /// Deletes an account's session. Handles that are open get `ERR_SESSION_CLEARED` from the call on.
    pub fn clear(self: &Arc<Self>, account: Arc<str>) -> impl Future<Output = Result<()>> + Send + use<> {
        let (store, place) = (self.clone(), registry::place(&self.target, &account));
        let (turn, open) = (place.turn(), self.require_open());
        if open.is_ok() {
            place.end_occupant(&Error::cleared());
        }
        async move {
            open?;
            let _turn = turn.await;
            // An open that was called before has handed out a session meanwhile.
            place.end_occupant(&Error::cleared());
            let cleared = async {
                loop {
                    let backend = store.backend().await?;
                    backend.layout.clear(&account).await?;
                    // Else it may have been on its way to another layout.
                    if Arc::ptr_eq(&store.current_backend().await?, &backend) {
                        return Ok(());
                    }
                }
            };
            pool::until(store.pool.deadline(), pool::on_behalf([&account], cleared)).await
        }
    }

    /// A change of all sessions over to the current secret, open ones included: their owners keep them.
    pub(crate) async fn rotation(&self, rekey: bool) -> Result<Box<dyn Rotation>> {
        self.require_open()?;
        Ok(self.current_backend().await?.layout.rotation(rekey))
    }

    /// Closes a handle: waits until everything written so far is durable, then, if the handle is the account's newest,
    /// ends the session.
    pub fn close_session(
        self: &Arc<Self>,
        session: &Arc<Session>,
        handle: u64,
    ) -> impl Future<Output = Result<()>> + Send + use<> {
        let (session, place) = (session.clone(), registry::place(&self.target, session.account()));
        let turn = place.turn();
        async move {
            let _turn = turn.await;
            let result = session.flush_if_pending().await;
            session.end_by(handle, &Error::closed());
            result
        }
    }

    /// Waits until everything written so far is durable, then closes every session and connection. From the call on
    /// nothing can be opened.
    pub fn close(self: &Arc<Self>) -> impl Future<Output = Result<()>> + Send + use<> {
        self.closed.store(true, Ordering::Release);
        let store = self.clone();
        async move {
            let mut result = Ok(());
            for session in registry::sessions_of(store.number) {
                let flushed = session.flush_if_pending().await;
                session.end(&Error::closed());
                result = result.and(flushed);
            }
            store.pool.close();
            result
        }
    }

    /// The layout's name, once it is known: when an account was opened or cleared.
    pub fn layout(&self) -> Option<&'static str> {
        self.known_backend().map(|backend| backend.layout.name())
    }

    /// What is held of records in memory, where that is bounded.
    pub fn cache_status(&self) -> Option<CacheStatus> {
        self.known_backend()?.layout.cache_status()
    }

    /// How many accounts are open.
    pub fn open_sessions(&self) -> usize {
        registry::sessions_of(self.number)
            .iter()
            .filter(|session| session.ended().is_none())
            .count()
    }

    /// Counts since the store was made.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Attempts that were repeated since the store was made.
    pub fn retries(&self) -> u64 {
        self.pool.retries()
    }

    /// The pool's figures.
    pub fn pool_status(&self) -> PoolStatus {
        self.pool.status()
    }

    /// Parameters of the connection string that mean nothing here.
    pub fn ignored_parameters(&self) -> &[String] {
        &self.ignored_parameters
    }

    fn require_open(&self) -> Result<()> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::new(Code::Closed, "the store was closed"));
        }
        Ok(())
    }
}

/// Whether an error means that a session is no longer ours, and the database has to be asked anew.
fn has_ended(error: &Error) -> bool {
    error.is_loss_of_ownership() || matches!(error.code(), Code::AccountNotFound | Code::Closed)
}
