//! Opens accounts; those of one moment go together.
//!
//! An account is looked at before it is touched: a session whose secret is another, or that cannot be read, stays its
//! owner's and as it is. Only then its epoch is raised, and after that the credentials are read, so that they are the newest
//! that anybody was told to be durable.

use std::{collections::HashMap, sync::Arc};

use tokio::{sync::oneshot, time::Instant};
use tokio_postgres::{Row, types::Type};
use uuid::Uuid;

use super::{
    Shared, adoption,
    batch::Limits,
    fence::{integer, uuid},
    malformed_row,
    quarantine::Unread,
    record::{self, CREDS_HASH},
    tenure::RowsTenure,
};
use crate::{
    codec::record::{RecordKey, Value},
    crypto::{KeyId, SessionKey, SessionName},
    error::{Code, Error, Result},
    pool::{self, Fault},
    runtime,
    waiting::Waiting,
};

pub(super) const LIMITS: Limits = Limits { lanes: 2, weight: 500 };

/// How often an open starts over because somebody else was faster.
const ATTEMPTS: usize = 16;

/// An account that somebody wants to have opened.
pub(super) struct Request {
    pub(super) account: Arc<str>,
    pub(super) reply: oneshot::Sender<Result<Arc<RowsTenure>>>,
    pub(super) deadline: Instant,
}

impl Waiting for Request {
    // Those before it may be deriving keys, which takes its time and says nothing of the database.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    fn refuse(self) {
        drop(self.reply.send(Err(Fault::no_connection().error)));
    }
}

/// A session as it was found: readable, with one of the secrets.
struct Found {
    account: Arc<str>,
    session_id: Uuid,
    /// Whose it was.
    found_opener: Uuid,
    opener: Uuid,
    key: Arc<SessionKey>,
    wrapped: Vec<u8>,
    /// The key wrapped anew if an earlier secret wrapped it; else as it is.
    rewrapped: Vec<u8>,
    key_id: KeyId,
    has_creds: bool,
}

/// Why a session was not opened.
struct Refusal {
    error: Error,
    /// What was found, if it is something that no secret of ours reads; not if it is only unknown, such as a newer
    /// version's form.
    unread: Option<Unread>,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { error, unread: None }
    }
}

/// A session that is not yet there.
struct Fresh {
    account: Arc<str>,
    session_id: Uuid,
    opener: Uuid,
    key: Arc<SessionKey>,
    wrapped: Vec<u8>,
    key_id: KeyId,
}

/// Opens what is asked for, and answers.
pub(super) async fn open(shared: Arc<Shared>, requests: Vec<Request>) {
    let start = Instant::now();
    let secrets = shared.secrets.clone();
    // What comes of it is told by those who need the key.
    drop(runtime::compute(move || secrets.current().is_ok()).await);
    let deadlines = requests.iter().map(|request| request.deadline);
    let deadline = deadlines.max().unwrap_or(start) + start.elapsed();
    pool::until(deadline, open_all(shared, requests)).await;
}

async fn open_all(shared: Arc<Shared>, requests: Vec<Request>) {
    let mut waiting: HashMap<Arc<str>, Vec<Request>> = HashMap::new();
    for request in requests {
        waiting.entry(request.account.clone()).or_default().push(request);
    }
    let accounts: Vec<_> = waiting.keys().cloned().collect();
    let mut answer = |account: &Arc<str>, result: Result<Arc<RowsTenure>>| {
        for request in waiting.remove(account).into_iter().flatten() {
            // Who does not wait any more has given up.
            drop(request.reply.send(result.clone()));
        }
    };
    let mut remaining = accounts;
    for _ in 0..ATTEMPTS {
        if remaining.is_empty() {
            return;
        }
        match round(&shared, &remaining).await {
            Ok(opened) => {
                remaining.retain(|account| !opened.iter().any(|(done, _)| done == account));
                opened
                    .into_iter()
                    .for_each(|(account, result)| answer(&account, result));
            }
            Err(error) => {
                remaining.iter().for_each(|account| answer(account, Err(error.clone())));
                return;
            }
        }
    }
    remaining
        .iter()
        .for_each(|account| answer(account, Err(Error::superseded())));
}

type Opened = Vec<(Arc<str>, Result<Arc<RowsTenure>>)>;

/// Takes each account one step further; gives those that are open or cannot be opened.
async fn round(shared: &Arc<Shared>, accounts: &[Arc<str>]) -> Result<Opened> {
    let core = &shared.core;
    let names: Vec<&str> = accounts.iter().map(|account| &**account).collect();
    let creds = CREDS_HASH.as_slice();
    let rows = core
        .pool
        .query(
            &core.statements.peek,
            &[(&names, Type::TEXT_ARRAY), (&creds, Type::BYTEA)],
        )
        .await?;
    let secrets = shared.secrets.clone();
    let peeked = runtime::compute(move || {
        let read = |row: &Row| (account_of(row), examine(&secrets, row));
        rows.iter().map(read).collect::<Vec<_>>()
    })
    .await?;

    let (mut opened, mut found, mut present) = (Opened::new(), Vec::new(), Vec::new());
    for (account, session) in peeked {
        let account = account?;
        present.push(account.clone());
        match session {
            Ok(session) => found.push(session),
            Err(Refusal { error, unread }) => match (shared.fresh_if_unreadable, unread) {
                // What was moved, or is another by now, is looked at again in the next round.
                (true, Some(unread)) => {
                    if let Err(error) = shared.quarantine.move_aside(&account, &unread, &error).await {
                        opened.push((account, Err(error)));
                    }
                }
                _ => opened.push((account, Err(error))),
            },
        }
    }
    let mut absent: Vec<_> = accounts
        .iter()
        .filter(|account| !present.contains(account))
        .cloned()
        .collect();
    if !absent.is_empty()
        && let Some(legacy) = &shared.legacy
    {
        let outcomes = adoption::adopt(shared, legacy, &absent).await?;
        absent.retain(|account| !outcomes.iter().any(|(done, _)| done == account));
        // What was adopted is opened in the next round.
        opened.extend(
            outcomes
                .into_iter()
                .filter_map(|(account, result)| Some((account, Err(result.err()?)))),
        );
    }
    if !absent.is_empty() {
        opened.extend(create(shared, &absent).await?);
    }
    if !found.is_empty() {
        opened.extend(take(shared, found).await?);
    }
    Ok(opened)
}

fn account_of(row: &Row) -> Result<Arc<str>> {
    let account: &str = row.try_get(0).map_err(|_| malformed_row().error)?;
    Ok(account.into())
}

/// Looks at a stored session: whether one of the secrets opens it, and its credentials.
fn examine(secrets: &super::secrets::Secrets, row: &Row) -> std::result::Result<Found, Refusal> {
    let account = account_of(row)?;
    let columns = || {
        let session_id = uuid(row, 1)?;
        let bytes = |at| row.try_get::<_, Option<&[u8]>>(at).map_err(|_| malformed_row());
        let key_id = bytes(2)?
            .and_then(|id| KeyId::try_from(id).ok())
            .ok_or_else(malformed_row)?;
        let wrapped = bytes(3)?.ok_or_else(malformed_row)?;
        let had_creds: bool = row.try_get(6).map_err(|_| malformed_row())?;
        Ok::<_, Fault>((session_id, key_id, wrapped, bytes(4)?, uuid(row, 5)?, had_creds))
    };
    let (session_id, key_id, wrapped, creds, found_opener, had_creds) = columns().map_err(|fault| fault.error)?;
    let refuse = |error| Refusal {
        error,
        unread: Some(Unread {
            session_id,
            wrapped: wrapped.to_vec(),
            creds: creds.map(<[u8]>::to_vec),
        }),
    };
    let name = SessionName {
        account: &account,
        session_id: session_id.as_bytes(),
    };
    let kek = match secrets.find(&key_id) {
        Err(error) if error.code() == Code::WrongSecret => return Err(refuse(error)),
        found => found?,
    };
    let key = kek.unwrap(&name, wrapped).map_err(refuse)?;
    match creds {
        Some(sealed) => drop(
            record::authenticate(&key, &account, &RecordKey::Creds, sealed)
                .map_err(refuse)?
                .value()?,
        ),
        None if had_creds => return Err(refuse(lost_creds())),
        None => {}
    }
    let current = secrets.current()?;
    let rewrapped = if current.id() == kek.id() {
        wrapped.to_vec()
    } else {
        current.wrap(&name, &key)?
    };
    Ok(Found {
        found_opener,
        opener: Uuid::new_v4(),
        key: Arc::new(key),
        wrapped: wrapped.to_vec(),
        rewrapped,
        key_id: *current.id(),
        has_creds: creds.is_some(),
        account,
        session_id,
    })
}

fn lost_creds() -> Error {
    Error::new(
        Code::Unreadable,
        "the session's credentials are gone, which it had when it was opened last: a row was deleted, or a restore broke \
         off; nothing was overwritten",
    )
}

/// Raises the epochs of sessions and reads their credentials. A session that another opener has taken since it was looked
/// at is left for the next round: else an open whose answer was given up, and that comes late, would give it back to an
/// opener that has lost it.
async fn take(shared: &Arc<Shared>, found: Vec<Found>) -> Result<Opened> {
    let core = &shared.core;
    let sessions: Vec<_> = found.iter().map(|session| session.session_id).collect();
    let wrapped: Vec<&[u8]> = found.iter().map(|session| &*session.wrapped).collect();
    let found_openers: Vec<_> = found.iter().map(|session| session.found_opener).collect();
    let openers: Vec<_> = found.iter().map(|session| session.opener).collect();
    let rewrapped: Vec<&[u8]> = found.iter().map(|session| &*session.rewrapped).collect();
    let key_ids: Vec<&[u8]> = found.iter().map(|session| session.key_id.as_slice()).collect();
    let has_creds: Vec<bool> = found.iter().map(|session| session.has_creds).collect();
    let rows = core
        .pool
        .query(
            &core.statements.take,
            &[
                (&sessions, Type::UUID_ARRAY),
                (&wrapped, Type::BYTEA_ARRAY),
                (&found_openers, Type::UUID_ARRAY),
                (&openers, Type::UUID_ARRAY),
                (&rewrapped, Type::BYTEA_ARRAY),
                (&key_ids, Type::BYTEA_ARRAY),
                (&shared.owner, Type::TEXT),
                (&has_creds, Type::BOOL_ARRAY),
            ],
        )
        .await?;
    let mut epochs = HashMap::new();
    for row in &rows {
        let read = || Ok::<_, Fault>((uuid(row, 0)?, integer(row, 1)?));
        let (session, epoch) = read().map_err(|fault| fault.error)?;
        epochs.insert(session, epoch);
    }
    let mut tenures = Vec::with_capacity(found.len());
    for session in found {
        // One that is not there was cleared, opened or wrapped anew since it was looked at.
        if let Some(epoch) = epochs.get(&session.session_id) {
            tenures.push(Arc::new(RowsTenure::new(
                shared.clone(),
                session.account,
                session.session_id,
                session.opener,
                session.key,
                *epoch,
            )));
        }
    }
    read_creds(shared, tenures).await
}

async fn read_creds(shared: &Arc<Shared>, tenures: Vec<Arc<RowsTenure>>) -> Result<Opened> {
    let core = &shared.core;
    let sessions: Vec<_> = tenures.iter().map(|tenure| tenure.session_id).collect();
    let creds = CREDS_HASH.as_slice();
    let rows = core
        .pool
        .query(
            &core.statements.read_creds,
            &[(&sessions, Type::UUID_ARRAY), (&creds, Type::BYTEA)],
        )
        .await?;
    runtime::compute(move || {
        let mut sealed = HashMap::new();
        for row in &rows {
            let value: &[u8] = row.try_get(1).map_err(|_| malformed_row().error)?;
            sealed.insert(uuid(row, 0).map_err(|fault| fault.error)?, value);
        }
        let open = |tenure: Arc<RowsTenure>| {
            let creds: Result<Option<Value>> = sealed
                .get(&tenure.session_id)
                .map(|sealed| record::open(&tenure.key, &tenure.account, &RecordKey::Creds, sealed))
                .transpose();
            let account = tenure.account.clone();
            let opened = creds.map(|creds| {
                tenure.keep_creds(creds);
                tenure
            });
            (account, opened)
        };
        Ok(tenures.into_iter().map(open).collect())
    })
    .await?
}

/// Makes sessions for accounts that have none; an account that another opener was faster with is left for the next round.
///
/// Each attempt makes others: one that comes late, after a clear, then brings no session back that somebody knows.
async fn create(shared: &Arc<Shared>, accounts: &[Arc<str>]) -> Result<Opened> {
    let pool = &shared.core.pool;
    let (fresh, rows) = pool
        .repeat(pool.deadline(), || attempt_to_create(shared, accounts))
        .await?;
    let mut opened = Opened::with_capacity(rows.len());
    let mut fresh: HashMap<_, _> = fresh.into_iter().map(|session| (session.session_id, session)).collect();
    for row in &rows {
        let read = || Ok::<_, Fault>((uuid(row, 0)?, integer(row, 1)?));
        let (session_id, epoch) = read().map_err(|fault| fault.error)?;
        if let Some(session) = fresh.remove(&session_id) {
            let tenure = RowsTenure::new(
                shared.clone(),
                session.account.clone(),
                session_id,
                session.opener,
                session.key,
                epoch,
            );
            tenure.keep_creds(None);
            opened.push((session.account, Ok(Arc::new(tenure))));
        }
    }
    Ok(opened)
}

/// New sessions, and the rows of those that were not too late.
async fn attempt_to_create(
    shared: &Shared,
    accounts: &[Arc<str>],
) -> std::result::Result<(Vec<Fresh>, Vec<Row>), Fault> {
    let (core, secrets, names) = (&shared.core, shared.secrets.clone(), accounts.to_vec());
    let make = move || {
        names
            .into_iter()
            .map(|account| fresh(&secrets, account))
            .collect::<Result<Vec<_>>>()
    };
    let fresh = runtime::compute(make)
        .await
        .and_then(|made| made)
        .map_err(Fault::lasting)?;
    let sessions: Vec<_> = fresh.iter().map(|session| session.session_id).collect();
    let names: Vec<&str> = fresh.iter().map(|session| &*session.account).collect();
    let openers: Vec<_> = fresh.iter().map(|session| session.opener).collect();
    let wrapped: Vec<&[u8]> = fresh.iter().map(|session| &*session.wrapped).collect();
    let key_ids: Vec<&[u8]> = fresh.iter().map(|session| session.key_id.as_slice()).collect();
    let mut loan = core.pool.lend().await?;
    let rows = loan
        .query(
            &core.statements.create,
            &[
                (&sessions, Type::UUID_ARRAY),
                (&names, Type::TEXT_ARRAY),
                (&openers, Type::UUID_ARRAY),
                (&wrapped, Type::BYTEA_ARRAY),
                (&key_ids, Type::BYTEA_ARRAY),
                (&shared.owner, Type::TEXT),
            ],
        )
        .await?;
    Ok((fresh, rows))
}

fn fresh(secrets: &super::secrets::Secrets, account: Arc<str>) -> Result<Fresh> {
    let (session_id, kek, key) = (Uuid::new_v4(), secrets.current()?, SessionKey::random()?);
    let name = SessionName {
        account: &account,
        session_id: session_id.as_bytes(),
    };
    let wrapped = kek.wrap(&name, &key)?;
    Ok(Fresh {
        session_id,
        opener: Uuid::new_v4(),
        key: Arc::new(key),
        key_id: *kek.id(),
        wrapped,
        account,
    })
}
