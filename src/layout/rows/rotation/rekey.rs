//! Gives a session a new data key: every record of it is sealed anew, under another hash, in one transaction.
//!
//! The session's row is held FOR UPDATE meanwhile: writes that are under way end before, and those that come wait. The epoch
//! is raised, the opener stays: so the owner, in whichever process, is refused once, finds that it is the owner still, and
//! that its key is another, and goes on with that one.

use std::sync::Arc;

use tokio_postgres::{
    Row,
    types::{ToSql, Type},
};
use uuid::Uuid;

use super::Candidate;
use crate::{
    crypto::{RecordHash, SessionKey, SessionName},
    error::Result,
    layout::{
        rows::{
            Shared,
            fence::key_id,
            malformed_row,
            record::{self, Sealed},
            secrets::Secrets,
        },
        work::Stop,
    },
    pool::{Fault, Loan},
    runtime,
};

/// Records, and bytes of them, that are held in memory at a time.
const CHUNK_RECORDS: usize = 500;
const CHUNK_BYTES: usize = 2 << 20;

/// What became of a session.
pub(super) enum Rekeyed {
    Done,
    /// It needs no new key any more, or is gone.
    Settled,
    /// It was asked to stop, and has changed nothing.
    Stopped,
}

/// Gives a session a new data key, or changes nothing.
pub(super) async fn rekey(shared: &Shared, session: &Candidate, stop: &Stop) -> Result<Rekeyed> {
    let mut loan = shared.core.pool.lend().await.map_err(|fault| fault.error)?;
    let outcome = in_transaction(shared, &mut loan, session, stop).await;
    let is_over = match &outcome {
        Ok(Rekeyed::Done) => true,
        Ok(_) => loan.batch("ROLLBACK").await.is_ok(),
        Err(_) => false,
    };
    // What is not committed ends with the connection.
    if !is_over {
        loan.discard();
    }
    outcome.map_err(|fault| fault.error)
}

async fn in_transaction(
    shared: &Shared,
    loan: &mut Loan,
    session: &Candidate,
    stop: &Stop,
) -> std::result::Result<Rekeyed, Fault> {
    let statements = &shared.core.statements.rotation;
    let id = session.session_id;
    loan.batch("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
    let rows = loan.query(&statements.lock, &[(&id, Type::UUID)]).await?;
    let Some(row) = rows.first() else {
        return Ok(Rekeyed::Settled);
    };
    let Some(keys) = Keys::make(&shared.secrets, session, row).await? else {
        return Ok(Rekeyed::Settled);
    };
    let mut sizes = loan.query(&statements.sizes, &[(&id, Type::UUID)]).await?.into_iter();
    loop {
        if stop.is_set() {
            return Ok(Rekeyed::Stopped);
        }
        let hashes = next_chunk(&mut sizes)?;
        if hashes.is_empty() {
            break;
        }
        let hashes: Vec<&[u8]> = hashes.iter().map(RecordHash::as_slice).collect();
        let taken: [(&(dyn ToSql + Sync), Type); 2] = [(&id, Type::UUID), (&hashes, Type::BYTEA_ARRAY)];
        let rows = loan.query(&statements.take_records, &taken).await?;
        put(loan, &statements.put_records, id, keys.reseal(rows).await?).await?;
    }
    let (wrapped, key_id) = (&*keys.wrapped, keys.key_id.as_slice());
    let params: [(&(dyn ToSql + Sync), Type); 3] = [(&id, Type::UUID), (&wrapped, Type::BYTEA), (&key_id, Type::BYTEA)];
    loan.execute(&statements.set_key, &params).await?;
    loan.batch("COMMIT").await?;
    Ok(Rekeyed::Done)
}

/// The old key and the new one.
struct Keys {
    account: Arc<str>,
    from: Arc<SessionKey>,
    to: Arc<SessionKey>,
    wrapped: Vec<u8>,
    key_id: crate::crypto::KeyId,
}

impl Keys {
    /// `row` is the session's, held; `None` if it has a new key already.
    async fn make(secrets: &Secrets, session: &Candidate, row: &Row) -> std::result::Result<Option<Self>, Fault> {
        let found = key_id(row, 0)?;
        let wrapped: &[u8] = row.try_get(1).map_err(|_| malformed_row())?;
        let rewrapped: bool = row.try_get(2).map_err(|_| malformed_row())?;
        let (secrets, account, id) = (secrets.clone(), session.account.clone(), session.session_id);
        let wrapped = wrapped.to_vec();
        let made = runtime::compute(move || {
            let current = secrets.current()?;
            if found == *current.id() && !rewrapped {
                return Ok(None);
            }
            let name = SessionName {
                account: &account,
                session_id: id.as_bytes(),
            };
            let from = secrets.find(&found)?.unwrap(&name, &wrapped)?;
            let to = SessionKey::random()?;
            Ok(Some(Self {
                from: Arc::new(from),
                wrapped: current.wrap(&name, &to)?,
                key_id: *current.id(),
                to: Arc::new(to),
                account,
            }))
        })
        .await;
        made.and_then(|made: Result<_>| made).map_err(Fault::lasting)
    }

    async fn reseal(&self, rows: Vec<Row>) -> std::result::Result<Vec<Sealed>, Fault> {
        let (account, from, to) = (self.account.clone(), self.from.clone(), self.to.clone());
        let resealed = runtime::compute(move || {
            let reseal = |row: &Row| {
                let columns = || {
                    Ok::<(&[u8], &str, &[u8]), tokio_postgres::Error>((
                        row.try_get(0)?,
                        row.try_get(1)?,
                        row.try_get(2)?,
                    ))
                };
                let (hash, kind, value) = columns().map_err(|_| malformed_row().error)?;
                let hash = RecordHash::try_from(hash).map_err(|_| malformed_row().error)?;
                record::reseal(&from, &to, &account, kind, &hash, value)
            };
            rows.iter().map(reseal).collect::<Result<Vec<_>>>()
        })
        .await;
        resealed.and_then(|resealed| resealed).map_err(Fault::lasting)
    }
}

/// The hashes of as many records as are worked on at a time.
fn next_chunk(sizes: &mut impl Iterator<Item = Row>) -> std::result::Result<Vec<RecordHash>, Fault> {
    let (mut hashes, mut bytes) = (Vec::new(), 0);
    while hashes.len() < CHUNK_RECORDS && bytes < CHUNK_BYTES {
        let Some(row) = sizes.next() else { break };
        let hash: &[u8] = row.try_get(0).map_err(|_| malformed_row())?;
        let size: i32 = row.try_get(1).map_err(|_| malformed_row())?;
        hashes.push(RecordHash::try_from(hash).map_err(|_| malformed_row())?);
        bytes += usize::try_from(size).unwrap_or(0);
    }
    Ok(hashes)
}

async fn put(loan: &mut Loan, statement: &str, id: Uuid, records: Vec<Sealed>) -> std::result::Result<(), Fault> {
    let hashes: Vec<&[u8]> = records.iter().map(|record| record.hash.as_slice()).collect();
    let kinds: Vec<&str> = records.iter().map(|record| &*record.kind).collect();
    let values: Vec<&[u8]> = records.iter().map(|record| &*record.value).collect();
    let params: [(&(dyn ToSql + Sync), Type); 4] = [
        (&id, Type::UUID),
        (&hashes, Type::BYTEA_ARRAY),
        (&kinds, Type::TEXT_ARRAY),
        (&values, Type::BYTEA_ARRAY),
    ];
    loan.execute(statement, &params).await.map(drop)
}
