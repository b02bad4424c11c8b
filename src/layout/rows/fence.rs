//! Who owns a session, and how writes without an answer are kept from taking effect late.
//!
//! A statement whose answer never came may still be running on the server, and overtake a later one: an older value would
//! replace a newer one. Its session is in doubt until its epoch is raised, which waits for whoever holds the
//! session's row, and refuses whoever comes later with the older epoch.

use std::sync::Arc;

use tokio_postgres::types::Type;
use uuid::Uuid;

use super::{statements::Statements, tenure::RowsTenure};
use crate::{
    error::Error,
    layout::rows::malformed_row,
    pool::{Fault, Loan, Pool},
};

/// Raises the epochs of sessions that are in doubt.
pub(super) async fn settle_doubts<'a>(
    loan: &mut Loan,
    statements: &Statements,
    tenures: impl Iterator<Item = &'a Arc<RowsTenure>>,
) -> Result<(), Fault> {
    let doubtful: Vec<_> = tenures.filter(|tenure| tenure.is_in_doubt()).collect();
    if doubtful.is_empty() {
        return Ok(());
    }
    let sessions: Vec<_> = doubtful.iter().map(|tenure| tenure.session_id).collect();
    let openers: Vec<_> = doubtful.iter().map(|tenure| tenure.opener).collect();
    let rows = loan
        .query(
            &statements.raise_epoch,
            &[(&sessions, Type::UUID_ARRAY), (&openers, Type::UUID_ARRAY)],
        )
        .await?;
    for row in rows {
        let (session, epoch) = (uuid(&row, 0)?, integer(&row, 1)?);
        for tenure in doubtful.iter().filter(|tenure| tenure.session_id == session) {
            tenure.learn(epoch);
        }
    }
    // A session that was not found is another's or gone: the next write is told.
    doubtful.iter().for_each(|tenure| tenure.set_in_doubt(false));
    Ok(())
}

/// Marks sessions as being in doubt when it is dropped before there was an answer.
pub(super) struct Doubt<'a>(Option<Vec<&'a RowsTenure>>);

impl<'a> Doubt<'a> {
    pub(super) fn begin(tenures: impl Iterator<Item = &'a Arc<RowsTenure>>) -> Self {
        Self(Some(tenures.map(|tenure| &**tenure).collect()))
    }

    /// There was an answer: it is known whether the statement has taken effect.
    pub(super) fn end(mut self) {
        self.0 = None;
    }
}

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        for tenure in self.0.iter().flatten() {
            tenure.set_in_doubt(true);
        }
    }
}

/// What became of a session whose write was refused.
pub(super) enum Ownership {
    /// It is still ours, under an epoch that we did not know: one that was raised without an answer.
    Ours,
    /// It is not.
    Lost(Error),
}

/// Finds out what became of sessions, in the order in which they are given.
pub(super) async fn ask(
    pool: &Pool,
    statements: &Statements,
    tenures: &[&Arc<RowsTenure>],
) -> crate::error::Result<Vec<Ownership>> {
    let sessions: Vec<_> = tenures.iter().map(|tenure| tenure.session_id).collect();
    let rows = pool.query(&statements.owners, &[(&sessions, Type::UUID_ARRAY)]).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let read = || Ok::<_, Fault>((uuid(row, 0)?, uuid(row, 1)?, integer(row, 2)?));
        found.push(read().map_err(|fault| fault.error)?);
    }
    let ownership =
        tenures.iter().map(
            |tenure| match found.iter().find(|(session, ..)| *session == tenure.session_id) {
                None => Ownership::Lost(Error::cleared()),
                Some((_, opener, epoch)) if *opener == tenure.opener => {
                    tenure.learn(*epoch);
                    Ownership::Ours
                }
                Some(_) => Ownership::Lost(Error::superseded()),
            },
        );
    Ok(ownership.collect())
}

pub(super) fn uuid(row: &tokio_postgres::Row, at: usize) -> Result<Uuid, Fault> {
    row.try_get(at).map_err(|_| malformed_row())
}

pub(super) fn integer(row: &tokio_postgres::Row, at: usize) -> Result<i64, Fault> {
    row.try_get(at).map_err(|_| malformed_row())
}
