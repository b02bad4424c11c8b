//! All of a session at one moment, read by somebody who does not own it.

use std::sync::Arc;

use tokio_postgres::{Row, types::Type};

use super::{
    Shared,
    fence::{key_id, uuid},
    malformed_row,
    opener::lost_creds,
    record::{CREDS_HASH, Opened},
    secrets::Secrets,
};
use crate::{
    codec::record::{Changes, RecordKey, Value},
    crypto::{RecordHash, RecordName, SessionKey, SessionName},
    error::{Code, Error, Result},
    runtime,
};

/// The session of an account, in rows or in the original form.
pub(super) async fn take(shared: &Shared, account: &Arc<str>) -> Result<Option<Changes>> {
    let in_rows = read(shared, account).await?;
    let (None, Some(legacy)) = (&in_rows, &shared.legacy) else {
        return Ok(in_rows);
    };
    match legacy.read(account).await? {
        // It may have been adopted between the two looks.
        None => read(shared, account).await,
        original => Ok(original),
    }
}

/// The session of an account in rows.
pub(super) async fn read(shared: &Shared, account: &Arc<str>) -> Result<Option<Changes>> {
    let (pool, statements) = (&shared.core.pool, &shared.core.statements);
    let rows = pool.query(&statements.snapshot, &[(&&**account, Type::TEXT)]).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let (secrets, account) = (shared.secrets.clone(), account.clone());
    runtime::compute(move || open(&secrets, &account, &rows).map(Some)).await?
}

/// Opens what [`Statements::snapshot`] has found.
///
/// [`Statements::snapshot`]: super::statements::Statements::snapshot
pub(super) fn open(secrets: &Secrets, account: &str, rows: &[Row]) -> Result<Changes> {
    let first = &rows[0];
    let key = session_key(secrets, account, first)?;
    let had_creds: bool = first.try_get(6).map_err(|_| malformed_row().error)?;
    let mut session = Changes::default();
    for row in rows {
        let kind: Option<&str> = row.try_get(3).map_err(|_| malformed_row().error)?;
        // A session without records is one row without one.
        if let Some(kind) = kind {
            let (name, value) = record(&key, account, kind, row)?;
            session.records.insert(name, Some(value));
        }
    }
    if had_creds && session.creds().is_none() {
        return Err(lost_creds());
    }
    Ok(session)
}

/// The data key of the session that a row is of.
pub(super) fn session_key(secrets: &Secrets, account: &str, row: &Row) -> Result<SessionKey> {
    let id = uuid(row, 0).map_err(|fault| fault.error)?;
    let wrapped: &[u8] = row.try_get(2).map_err(|_| malformed_row().error)?;
    let name = SessionName {
        account,
        session_id: id.as_bytes(),
    };
    let kek = secrets.find(&key_id(row, 1).map_err(|fault| fault.error)?)?;
    kek.unwrap(&name, wrapped)
}

/// The record that a row holds.
pub(super) fn record(key: &SessionKey, account: &str, kind: &str, row: &Row) -> Result<(RecordKey, Value)> {
    let columns = || Ok::<(&[u8], &[u8]), tokio_postgres::Error>((row.try_get(4)?, row.try_get(5)?));
    let (hash, sealed) = columns().map_err(|_| malformed_row().error)?;
    let hash = RecordHash::try_from(hash).map_err(|_| malformed_row().error)?;
    let name = RecordName {
        account,
        kind,
        hash: &hash,
    };
    let opened = Opened::open(key, &name, sealed)?;
    let name = match hash {
        CREDS_HASH => RecordKey::Creds,
        _ => RecordKey::new(kind, opened.id().ok_or_else(|| unnamed(kind))?),
    };
    Ok((name, opened.value()?))
}

fn unnamed(kind: &str) -> Error {
    Error::new(
        Code::Unreadable,
        format!("a record of type {kind} has an id that is no text"),
    )
}
