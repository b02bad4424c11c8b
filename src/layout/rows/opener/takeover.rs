//! The takeover of sessions that can be read.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use tokio_postgres::{Row, types::Type};
use uuid::Uuid;

use super::{
    super::{
        Shared,
        fence::{integer, uuid},
        malformed_row,
        record::{self, CREDS_HASH},
        tenure::RowsTenure,
    },
    Opened,
    examination::Found,
};
use crate::{
    codec::record::{RecordKey, Value},
    error::{Error, Result},
    event::Event,
    layout::Origin,
    pool::Fault,
    runtime,
};

/// Raises the epochs of sessions and reads their credentials. A session that another opener has taken since it was looked
/// at is left for the next round: else an open whose answer was given up, and that comes late, would give it back to an
/// opener that has lost it.
pub(super) async fn take(shared: &Arc<Shared>, found: Vec<Found>, adopted: &HashSet<Uuid>) -> Result<Opened> {
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
