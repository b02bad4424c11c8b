//! A look at stored sessions before they are touched: whether one of the secrets opens them, and their credentials.

use std::sync::Arc;

use tokio_postgres::Row;
use uuid::Uuid;

use super::super::{fence::uuid, malformed_row, quarantine::Unread, record, secrets::Secrets};
use crate::{
    codec::record::RecordKey,
    crypto::{KeyId, SessionKey, SessionName},
    error::{Code, Error, Result},
    pool::Fault,
};

/// A session as it was found: readable, with one of the secrets.
pub(super) struct Found {
    pub(super) account: Arc<str>,
    pub(super) session_id: Uuid,
    /// Whose it was.
    pub(super) found_opener: Uuid,
    pub(super) opener: Uuid,
    pub(super) key: Arc<SessionKey>,
    pub(super) wrapped: Vec<u8>,
    /// The key wrapped anew if an earlier secret wrapped it; else as it is.
    pub(super) rewrapped: Vec<u8>,
    pub(super) key_id: KeyId,
    pub(super) has_creds: bool,
    /// Who opened it last.
    pub(super) owner: Box<str>,
}

/// Why a session was not opened.
pub(super) struct Refusal {
    pub(super) error: Error,
    /// What was found, if it is damaged; not if it is only unknown, such as a newer version's form or a session of a secret that
    /// is not among ours.
    pub(super) unread: Option<Unread>,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { error, unread: None }
    }
}

pub(super) fn account_of(row: &Row) -> Result<Arc<str>> {
    let account: &str = row.try_get(0).map_err(|_| malformed_row().error)?;
    Ok(account.into())
}

/// Looks at a stored session: whether one of the secrets opens it, and its credentials.
pub(super) fn examine(secrets: &Secrets, row: &Row) -> std::result::Result<Found, Refusal> {
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

/// A session that had credentials has none.
pub(in crate::layout::rows) fn lost_creds() -> Error {
    Error::new(
        Code::Unreadable,
        "the session's credentials are gone, which it had when it was opened last: a row was deleted, or a restore broke \
         off; nothing was overwritten",
    )
}
