//! Opens accounts; those of one moment go together.
//!
//! An account is looked at before it is touched: a session whose secret is another, or that cannot be read, stays its
//! owner's and as it is. Only then its epoch is raised, and after that the credentials are read, so that they are the newest
//! that anybody was told to be durable.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use tokio::{sync::oneshot, time::Instant};
use tokio_postgres::{Row, types::Type};
use uuid::Uuid;

use super::{
    Shared, adoption,
    batch::Limits,
    creation,
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
    event::Event,
    layout::Origin,
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
    // It is never refused: those before it may be deriving keys, which takes its time and says nothing of the database.
    fn deadline(&self) -> Option<Instant> {
        None
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
    /// Who opened it last.
    owner: Box<str>,
}

/// Why a session was not opened.
struct Refusal {
    error: Error,
    /// What was found, if it is damaged; not if it is only unknown, such as a newer version's form or a session of a secret that
    /// is not among ours.
    unread: Option<Unread>,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { error, unread: None }
    }
}

/// Opens what is asked for, and answers.
pub(super) async fn open(shared: Arc<Shared>, requests: Vec<Request>) {
    let start = Instant::now();
    let secrets = shared.secrets.clone();
    // What comes of it is told by those who need the key.
    drop(runtime::compute(move || secrets.current().is_ok()).await);
    let deadlines = requests.iter().map(|request| request.deadline);
    let deadline = deadlines.max().unwrap_or(start) + start.elapsed();
    let accounts: Vec<_> = requests.iter().map(|request| request.account.clone()).collect();
    pool::until(deadline, pool::on_behalf(&accounts, open_all(shared, requests))).await;
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
    let (mut remaining, mut adopted) = (accounts, HashSet::new());
    for _ in 0..ATTEMPTS {
        if remaining.is_empty() {
            return;
        }
        match round(&shared, &remaining, &mut adopted).await {
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

pub(super) type Opened = Vec<(Arc<str>, Result<Arc<RowsTenure>>)>;

/// Takes each account one step further; gives those that are open or cannot be opened. `adopted` are the sessions that this
/// open has moved from the original form.
async fn round(shared: &Arc<Shared>, accounts: &[Arc<str>], adopted: &mut HashSet<Uuid>) -> Result<Opened> {
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
        for (account, moved) in outcomes {
            match moved {
                // What was adopted is opened in the next round.
                Ok(session) => adopted.extend(session),
                Err(error) => opened.push((account, Err(error))),
            }
        }
    }
    if !absent.is_empty() {
        let created = creation::create(shared, &absent).await?;
        // Those that are missing were begun by others, or none is begun here any more.
        if created.len() < absent.len() {
            shared.require_home().await?;
        }
        opened.extend(created);
    }
    if !found.is_empty() {
        opened.extend(take(shared, found, adopted).await?);
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
        let owner: &str = row.try_get(6).map_err(|_| malformed_row())?;
        let had_creds: bool = row.try_get(7).map_err(|_| malformed_row())?;
        Ok::<_, Fault>((session_id, key_id, wrapped, bytes(4)?, uuid(row, 5)?, owner, had_creds))
    };
    let (session_id, key_id, wrapped, creds, found_opener, owner, had_creds) =
        columns().map_err(|fault| fault.error)?;
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
    let kek = secrets.find(&key_id)?;
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
        owner: owner.into(),
        account,
        session_id,
    })
}

pub(super) fn lost_creds() -> Error {
    Error::new(
        Code::Unreadable,
        "the session's credentials are gone, which it had when it was opened last: a row was deleted, or a restore broke \
         off; nothing was overwritten",
    )
}

/// Raises the epochs of sessions and reads their credentials. A session that another opener has taken since it was looked
/// at is left for the next round: else an open whose answer was given up, and that comes late, would give it back to an
/// opener that has lost it.
async fn take(shared: &Arc<Shared>, found: Vec<Found>, adopted: &HashSet<Uuid>) -> Result<Opened> {
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
            if session.rewrapped != session.wrapped {
                core.pool.tell(Event::Rotated {
                    account: session.account.clone(),
                    rekeyed: false,
                });
            }
            let is_others = *session.owner != *shared.owner;
            let origin = Origin {
                adopted: adopted.contains(&session.session_id),
                taken_over: is_others,
                previous_owner: is_others.then_some(session.owner),
            };
            let tenure = RowsTenure::new(
                shared.clone(),
                session.account,
                session.session_id,
                session.opener,
                session.key,
                session.rewrapped,
                *epoch,
            );
            tenure.keep_origin(origin);
            tenures.push(Arc::new(tenure));
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
        let mut stored = HashMap::new();
        for row in &rows {
            let creds = StoredCreds::read(row).map_err(|fault| fault.error)?;
            stored.insert(creds.session_id, creds);
        }
        let open = |tenure: Arc<RowsTenure>| {
            let creds = match stored.get(&tenure.session_id) {
                Some(stored) => stored.open(&tenure)?,
                // Cleared: its next write is told.
                None => Ok(None),
            };
            let account = tenure.account.clone();
            let opened = creds.map(|creds| {
                tenure.keep_creds(creds);
                tenure
            });
            Some((account, opened))
        };
        Ok(tenures.into_iter().filter_map(open).collect())
    })
    .await?
}

/// The credentials as they are stored, and under which opening and epoch.
struct StoredCreds<'a> {
    session_id: Uuid,
    opener: Uuid,
    epoch: i64,
    sealed: Option<&'a [u8]>,
}

impl<'a> StoredCreds<'a> {
    fn read(row: &'a Row) -> std::result::Result<Self, Fault> {
        Ok(Self {
            session_id: uuid(row, 0)?,
            opener: uuid(row, 1)?,
            epoch: integer(row, 2)?,
            sealed: row.try_get(3).map_err(|_| malformed_row())?,
        })
    }

    /// Opens them; `None` if the session may have got a new key since it was taken: then it is to be opened anew.
    fn open(&self, tenure: &RowsTenure) -> Option<Result<Option<Value>>> {
        let key = tenure.key();
        let is_ours = self.opener == tenure.opener;
        if is_ours && self.epoch != tenure.epoch_under(&key) {
            return None;
        }
        let open = |sealed| record::open(&key, &tenure.account, &RecordKey::Creds, sealed);
        let creds = self.sealed.map(open).transpose();
        // Under another opener the key may be another, too.
        Some(creds.map_err(|error| if is_ours { error } else { Error::superseded() }))
    }
}
