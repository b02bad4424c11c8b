//! A batch of writes, over sessions: sealed, sent in one statement, and applied to what is held in memory.

use std::{any::Any, sync::Arc};

use tokio_postgres::types::{ToSql, Type};

use super::{
    Shared,
    fence::{self, Doubt, Ownership, uuid},
    record::{self, Sealed},
    statements::Parts,
    tenure::RowsTenure,
};
use crate::{
    codec::record::Changes,
    crypto::RecordHash,
    error::{Code, Error, Result},
    layout::Write,
    pool::Fault,
    runtime,
};

/// Batches up to this size are sealed where they are: handing them to another thread would take longer.
const SEALED_IN_PLACE: usize = 64 << 10;

/// How often a write is sent again because its epoch was raised without us knowing.
const EPOCH_ATTEMPTS: usize = 8;

/// One session's part of a batch.
struct Part {
    tenure: Arc<RowsTenure>,
    changes: Arc<Changes>,
    upserts: Vec<Sealed>,
    deletions: Vec<RecordHash>,
}

/// Makes writes durable, and gives an answer for each, in order.
pub(super) async fn commit(shared: &Shared, writes: Vec<Write>) -> Vec<Result<()>> {
    let count = writes.len();
    let parts = match seal(writes).await {
        Ok(parts) => parts,
        Err(error) => return vec![Err(error); count],
    };
    let mut results: Vec<Result<()>> = (0..count).map(|_| Ok(())).collect();
    let mut sendable = Vec::with_capacity(count);
    for (at, part) in parts.iter().enumerate() {
        match part {
            Ok(part) => sendable.push((at, part)),
            Err(error) => results[at] = Err(error.clone()),
        }
    }
    match send(shared, &sendable, &mut results).await {
        Ok(()) => {}
        // The data of one session may be what the database refuses: alone, only that one fails.
        Err(error) if error.code() == Code::DbQuery && sendable.len() > 1 => {
            for one in &sendable {
                if let Err(error) = send(shared, std::slice::from_ref(one), &mut results).await {
                    results[one.0] = Err(error);
                }
            }
        }
        Err(error) => sendable.iter().for_each(|(at, _)| results[*at] = Err(error.clone())),
    }
    for (at, part) in sendable {
        match results[at] {
            Ok(()) => part.tenure.apply(&part.changes),
            Err(_) => part.tenure.forget(&part.changes),
        }
    }
    results
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
    let (mut upserts, mut deletions) = (Vec::new(), Vec::new());
    for (key, value) in &write.changes.records {
        match value {
            Some(value) => upserts.push(record::seal(&tenure.key, &tenure.account, key, value)?),
            // What deletes all keys deletes this one too.
            None if write.changes.deletes_keys => {}
            None => deletions.push(record::hash(&tenure.key, key)),
        }
    }
    Ok(Part {
        tenure,
        changes: write.changes,
        upserts,
        deletions,
    })
}

/// Sends parts, each with its place in `results`, until every one is durable or its session lost.
async fn send(shared: &Shared, parts: &[(usize, &Part)], results: &mut [Result<()>]) -> Result<()> {
    let mut remaining = parts.to_vec();
    for _ in 0..EPOCH_ATTEMPTS {
        if remaining.is_empty() {
            return Ok(());
        }
        let accepted = shared.core.pool.repeat(|| attempt(shared, &remaining)).await?;
        remaining.retain(|(_, part)| !accepted.contains(&part.tenure.session_id));
        if remaining.is_empty() {
            return Ok(());
        }
        let refused: Vec<_> = remaining.iter().map(|(_, part)| &part.tenure).collect();
        let ownership = fence::ask(&shared.core.pool, &shared.core.statements, &refused).await?;
        let mut ownership = ownership.into_iter();
        remaining.retain(|(at, _)| match ownership.next() {
            Some(Ownership::Lost(error)) => {
                results[*at] = Err(error);
                false
            }
            _ => true,
        });
    }
    Err(Error::superseded())
}

/// One statement; gives the sessions whose part is durable.
async fn attempt(shared: &Shared, parts: &[(usize, &Part)]) -> std::result::Result<Vec<uuid::Uuid>, Fault> {
    let mut loan = shared.core.pool.lend().await?;
    let tenures = || parts.iter().map(|(_, part)| &part.tenure);
    fence::settle_doubts(&mut loan, &shared.core.statements, tenures()).await?;

    let columns = Columns::of(parts);
    let (statement, params) = (shared.core.statements.commit(columns.parts()), columns.params());
    let doubt = Doubt::begin(tenures());
    let answer = loan.query(statement, &params).await;
    if answer.as_ref().err().is_none_or(|fault| fault.is_undone) {
        doubt.end();
    }
    answer?.iter().map(|row| uuid(row, 0)).collect()
}

/// A batch as the arrays that its statement takes.
#[derive(Default)]
struct Columns<'a> {
    sessions: Vec<uuid::Uuid>,
    epochs: Vec<i64>,
    emptied: Vec<uuid::Uuid>,
    upserted: Vec<uuid::Uuid>,
    hashes: Vec<&'a [u8]>,
    kinds: Vec<&'a str>,
    values: Vec<&'a [u8]>,
    deleted: Vec<uuid::Uuid>,
    deleted_hashes: Vec<&'a [u8]>,
}

impl<'a> Columns<'a> {
    fn of(parts: &[(usize, &'a Part)]) -> Self {
        let mut columns = Self::default();
        for (_, part) in parts {
            let session = part.tenure.session_id;
            columns.sessions.push(session);
            columns.epochs.push(part.tenure.epoch());
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
