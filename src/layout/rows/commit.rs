//! A batch of writes, over sessions: sealed, sent in one statement, and applied to what is held in memory.

use std::{
    any::Any,
    collections::{HashMap, HashSet},
    sync::Arc,
};

use tokio::time::Instant;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

use super::{
    Shared,
    fence::{self, Doubt, Ownership, uuid},
    record::{self, Sealed},
    statements::{Parts, Statements},
    tenure::RowsTenure,
};
use crate::{
    codec::record::Changes,
    crypto::{RecordHash, SessionKey},
    error::{Code, Error, Result},
    layout::{Outcome, Write},
    pool::{Fault, Loan},
    runtime,
};

/// Batches up to this size are sealed where they are: handing them to another thread would take longer.
const SEALED_IN_PLACE: usize = 64 << 10;

/// How often a write that is alone is sent because its epoch was raised without us knowing.
const EPOCH_ATTEMPTS: usize = 8;

/// One session's part of a batch.
struct Part {
    tenure: Arc<RowsTenure>,
    changes: Arc<Changes>,
    /// What it is sealed under.
    key: Arc<SessionKey>,
    upserts: Vec<Sealed>,
    deletions: Vec<RecordHash>,
}

/// Makes writes durable, and gives an outcome for each, in order.
pub(super) async fn commit(shared: &Shared, writes: Vec<Write>, deadline: Instant) -> Vec<Outcome> {
    let alone = (writes.len() == 1).then(|| writes.clone());
    let mut outcomes = commit_once(shared, writes, deadline).await;
    // Held, a write that is alone was sealed under a key that is not the session's any more.
    while let (Some(write), [Outcome::Held]) = (&alone, &*outcomes) {
        outcomes = commit_once(shared, write.clone(), deadline).await;
    }
    outcomes
}

async fn commit_once(shared: &Shared, writes: Vec<Write>, deadline: Instant) -> Vec<Outcome> {
    let count = writes.len();
    let settled = |result: Result<()>| Outcome::Settled(result);
    let parts = match seal(writes).await {
        Ok(parts) => parts,
        Err(error) => return (0..count).map(|_| settled(Err(error.clone()))).collect(),
    };
    let sealed: Vec<_> = parts.iter().flatten().collect();
    let mut outcomes = match send(shared, &sealed, deadline).await {
        Ok(outcomes) => outcomes,
        // The data of one session may be what the database refuses: alone, only that one fails.
        Err(error) if error.code() == Code::DbQuery && sealed.len() > 1 => {
            let mut outcomes = Vec::with_capacity(sealed.len());
            for part in &sealed {
                outcomes.push(send_one(shared, part, deadline).await);
            }
            outcomes
        }
        Err(error) => sealed.iter().map(|_| settled(Err(error.clone()))).collect(),
    };
    for (part, outcome) in sealed.iter().zip(&outcomes) {
        match outcome {
            Outcome::Settled(Ok(())) => part.tenure.apply(&part.changes),
            Outcome::Settled(Err(_)) => part.tenure.forget(&part.changes),
            Outcome::Held => {}
        }
    }
    let mut sent = outcomes.drain(..);
    let outcomes = parts.iter().map(|part| match part {
        Ok(_) => sent.next().unwrap_or(Outcome::Held),
        Err(error) => settled(Err(error.clone())),
    });
    outcomes.collect()
}

async fn send_one(shared: &Shared, part: &Part, deadline: Instant) -> Outcome {
    match send(shared, &[part], deadline).await {
        Ok(outcomes) => outcomes.into_iter().next().unwrap_or(Outcome::Held),
        Err(error) => Outcome::Settled(Err(error)),
    }
}

async fn seal(writes: Vec<Write>) -> Result<Vec<Result<Part>>> {
    let bytes: usize = writes.iter().map(|write| write.changes.size()).sum();
    let work = move || writes.into_iter().map(seal_one).collect();
    if bytes <= SEALED_IN_PLACE {
        return Ok(work());
    }
    runtime::compute(work).await
}

fn seal_one(write: Write) -> Result<Part> {
    let tenure: Arc<dyn Any + Send + Sync> = write.tenure;
    let tenure = tenure
        .downcast::<RowsTenure>()
        .map_err(|_| Error::new(Code::Internal, "a session of another layout; please report this"))?;
    let key = tenure.key();
    let (mut upserts, mut deletions) = (Vec::new(), Vec::new());
    for (name, value) in &write.changes.records {
        match value {
            Some(value) => upserts.push(record::seal(&key, &tenure.account, name, value)?),
            // What deletes all keys deletes this one too.
            None if write.changes.deletes_keys => {}
            None => deletions.push(record::hash(&key, name)),
        }
    }
    Ok(Part {
        tenure,
        changes: write.changes,
        key,
        upserts,
        deletions,
    })
}

/// Sends parts in one statement, and finds out what became of those that did not pass the fence.
async fn send(shared: &Shared, parts: &[&Part], deadline: Instant) -> Result<Vec<Outcome>> {
    let mut attempts = EPOCH_ATTEMPTS;
    loop {
        attempts -= 1;
        let accepted = shared.core.pool.repeat(deadline, || attempt(shared, parts)).await?;
        let refused: Vec<_> = parts
            .iter()
            .map(|part| &*part.tenure)
            .filter(|tenure| !accepted.contains(&tenure.session_id))
            .collect();
        if refused.is_empty() {
            return Ok(parts.iter().map(|_| Outcome::Settled(Ok(()))).collect());
        }
        let ownership = fence::ask(&shared.core.pool, &shared.core.statements, &refused, deadline).await?;
        // One that is still ours was held by somebody, or its epoch was raised without us knowing: alone it waits, and by
        // now it knows its epoch. If it has a new key, it is to be sealed anew.
        if let ([part], [Ownership::Ours]) = (parts, &*ownership) {
            if !Arc::ptr_eq(&part.tenure.key(), &part.key) {
                return Ok(vec![Outcome::Held]);
            }
            if attempts > 0 {
                continue;
            }
        }
        let mut refused: HashMap<_, _> = refused.iter().map(|tenure| tenure.session_id).zip(ownership).collect();
        let outcome = |part: &&Part| match refused.remove(&part.tenure.session_id) {
            None => Outcome::Settled(Ok(())),
            Some(Ownership::Lost(error)) => Outcome::Settled(Err(error)),
            Some(Ownership::Ours) if parts.len() > 1 => Outcome::Held,
            Some(Ownership::Ours) => Outcome::Settled(Err(Error::superseded())),
        };
        return Ok(parts.iter().map(outcome).collect());
    }
}

/// One statement; gives the sessions whose part is durable.
async fn attempt(shared: &Shared, parts: &[&Part]) -> std::result::Result<HashSet<Uuid>, Fault> {
    let mut loan = shared.core.pool.lend().await?;
    let tenures = || parts.iter().map(|part| &part.tenure);
    fence::settle_doubts(&mut loan, &shared.core.statements, tenures()).await?;

    let columns = Columns::of(parts);
    let doubt = Doubt::begin(tenures().zip(columns.epochs.iter().copied()));
    let answer = columns.send(&mut loan, &shared.core.statements).await;
    if answer.as_ref().err().is_none_or(|fault| fault.is_undone) {
        doubt.end();
    }
    answer
}

/// A batch as the arrays that its statement takes.
#[derive(Default)]
struct Columns<'a> {
    sessions: Vec<Uuid>,
    epochs: Vec<i64>,
    emptied: Vec<Uuid>,
    upserted: Vec<Uuid>,
    hashes: Vec<&'a [u8]>,
    kinds: Vec<&'a str>,
    values: Vec<&'a [u8]>,
    deleted: Vec<Uuid>,
    deleted_hashes: Vec<&'a [u8]>,
}

impl<'a> Columns<'a> {
    fn of(parts: &[&'a Part]) -> Self {
        let mut columns = Self::default();
        for part in parts {
            let session = part.tenure.session_id;
            columns.sessions.push(session);
            columns.epochs.push(part.tenure.epoch_under(&part.key));
            if part.changes.deletes_keys {
                columns.emptied.push(session);
            }
            for upsert in &part.upserts {
                columns.upserted.push(session);
                columns.hashes.push(&upsert.hash);
                columns.kinds.push(&upsert.kind);
                columns.values.push(&upsert.value);
            }
            for hash in &part.deletions {
                columns.deleted.push(session);
                columns.deleted_hashes.push(hash);
            }
        }
        columns
    }

    fn parts(&self) -> Parts {
        Parts {
            deletions_of_keys: !self.emptied.is_empty(),
            upserts: !self.upserted.is_empty(),
            deletions: !self.deleted.is_empty(),
            waits: self.sessions.len() == 1,
        }
    }

    /// Sends them; gives the sessions that passed the fence.
    async fn send(&self, loan: &mut Loan, statements: &Statements) -> std::result::Result<HashSet<Uuid>, Fault> {
        let parts = self.parts();
        let (Some((session, epoch)), true) = (self.only_session(), parts.are_upserts()) else {
            let (statement, params) = (statements.commit(parts), self.params());
            let rows = match parts.deletions_of_keys {
                true => loan.query(statement, &params).await?,
                false => loan.query_often(statement, &params).await?,
            };
            return rows.iter().map(|row| uuid(row, 0)).collect();
        };
        let fence: [(&(dyn ToSql + Sync), Type); 2] = [(&session, Type::UUID), (&epoch, Type::INT8)];
        let written = if let ([hash], [kind], [value]) = (&*self.hashes, &*self.kinds, &*self.values) {
            let record: [(&(dyn ToSql + Sync), Type); 3] =
                [(hash, Type::BYTEA), (kind, Type::TEXT), (value, Type::BYTEA)];
            let params = [&fence[..], &record].concat();
            loan.execute_often(&statements.set_one, &params).await?
        } else {
            let records: [(&(dyn ToSql + Sync), Type); 3] = [
                (&self.hashes, Type::BYTEA_ARRAY),
                (&self.kinds, Type::TEXT_ARRAY),
                (&self.values, Type::BYTEA_ARRAY),
            ];
            let params = [&fence[..], &records].concat();
            loan.execute_often(&statements.set_many, &params).await?
        };
        Ok((written > 0).then_some(session).into_iter().collect())
    }

    fn only_session(&self) -> Option<(Uuid, i64)> {
        match (&*self.sessions, &*self.epochs) {
            ([session], [epoch]) => Some((*session, *epoch)),
            _ => None,
        }
    }

    fn params(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        let mut params: Vec<(&(dyn ToSql + Sync), Type)> =
            vec![(&self.sessions, Type::UUID_ARRAY), (&self.epochs, Type::INT8_ARRAY)];
        if !self.emptied.is_empty() {
            params.push((&self.emptied, Type::UUID_ARRAY));
        }
        if !self.upserted.is_empty() {
            params.push((&self.upserted, Type::UUID_ARRAY));
            params.push((&self.hashes, Type::BYTEA_ARRAY));
            params.push((&self.kinds, Type::TEXT_ARRAY));
            params.push((&self.values, Type::BYTEA_ARRAY));
        }
        if !self.deleted.is_empty() {
            params.push((&self.deleted, Type::UUID_ARRAY));
            params.push((&self.deleted_hashes, Type::BYTEA_ARRAY));
        }
        params
    }
}
