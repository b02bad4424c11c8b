//! Who owns a session, and how writes without an answer are kept from taking effect late.
//!
//! A statement whose answer never came may still be running on the server, and overtake a later one: an older value would
//! replace a newer one. Its session is in doubt until its epoch is raised, which waits for whoever holds the
//! session's row, and refuses whoever comes later with the older epoch.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use tokio::time::Instant;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::{statements::Statements, tenure::RowsTenure};
use crate::{
    crypto::KeyId,
    error::Error,
    layout::rows::malformed_row,
    pool::{Fault, Loan, Pool},
};

/// What an opener knows of its session's epoch. Both numbers only grow.
pub(super) struct Token {
    epoch: AtomicI64,
    /// The newest epoch under which a write got no answer. A number and not a flag: a raise of the epoch that was sent before
    /// that write, and whose answer comes after it, settles nothing.
    doubtful: AtomicI64,
}

impl Token {
    pub(super) fn new(epoch: i64) -> Self {
        Self {
            epoch: AtomicI64::new(epoch),
            doubtful: AtomicI64::new(i64::MIN),
        }
    }

    /// What the next write is to carry.
    pub(super) fn epoch(&self) -> i64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// The session has this epoch now, under this very opening.
    pub(super) fn learn(&self, epoch: i64) {
        self.epoch.fetch_max(epoch, Ordering::AcqRel);
    }

    /// A write under this epoch got no answer.
    fn doubt(&self, epoch: i64) {
        self.doubtful.fetch_max(epoch, Ordering::AcqRel);
    }

    /// Whether a write without an answer may take effect yet.
    fn is_in_doubt(&self) -> bool {
        self.doubtful.load(Ordering::Acquire) >= self.epoch()
    }
}

/// Raises the epochs of sessions that are in doubt.
pub(super) async fn settle_doubts<'a>(
    loan: &mut Loan,
    statements: &Statements,
    tenures: impl Iterator<Item = &'a Arc<RowsTenure>>,
) -> Result<(), Fault> {
    let doubtful: Vec<_> = tenures.filter(|tenure| tenure.token.is_in_doubt()).collect();
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
    for row in &rows {
        let found = Found::read(row)?;
        for tenure in doubtful.iter().filter(|tenure| tenure.session_id == found.session_id) {
            // What it could not learn refuses its next write, which alone is told why.
            drop(tenure.learn(&found).await);
        }
    }
    // A session that was not found is another's or gone: the next write is told.
    Ok(())
}

/// Marks sessions as being in doubt when it is dropped before there was an answer.
pub(super) struct Doubt<'a>(Option<Vec<(&'a Token, i64)>>);

impl<'a> Doubt<'a> {
    /// Of these sessions, each with the epoch that the statement carries.
    pub(super) fn begin(sessions: impl Iterator<Item = (&'a Arc<RowsTenure>, i64)>) -> Self {
        Self(Some(sessions.map(|(tenure, epoch)| (&tenure.token, epoch)).collect()))
    }

    /// There was an answer: it is known whether the statement has taken effect.
    pub(super) fn end(mut self) {
        self.0 = None;
    }
}

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        for (token, epoch) in self.0.iter().flatten() {
            token.doubt(*epoch);
        }
    }
}

/// What became of a session whose write was refused.
pub(super) enum Ownership {
    /// It is still ours, under an epoch that we did not know: one that was raised without an answer, or for a new key.
    Ours,
    /// It is not, or we cannot go on with it.
    Lost(Error),
}

/// Finds out what became of sessions, in the order in which they are given.
pub(super) async fn ask(
    pool: &Pool,
    statements: &Statements,
    tenures: &[&RowsTenure],
    deadline: Instant,
) -> crate::error::Result<Vec<Ownership>> {
    let sessions: Vec<_> = tenures.iter().map(|tenure| tenure.session_id).collect();
    let rows = pool
        .query_until(deadline, &statements.owners, &[(&sessions, Type::UUID_ARRAY)])
        .await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in &rows {
        let session = Found::read(row).map_err(|fault| fault.error)?;
        found.insert(session.session_id, session);
    }
    let mut ownership = Vec::with_capacity(tenures.len());
    for tenure in tenures {
        ownership.push(match found.get(&tenure.session_id) {
            None => Ownership::Lost(tenure.shared.lost(&tenure.account).await),
            Some(session) if session.opener != tenure.opener => Ownership::Lost(Error::superseded()),
            Some(session) => match tenure.learn(session).await {
                Ok(()) => Ownership::Ours,
                Err(error) => Ownership::Lost(error),
            },
        });
    }
    Ok(ownership)
}

/// What a session's row says of its owner and its key.
pub(super) struct Found {
    pub(super) session_id: Uuid,
    pub(super) opener: Uuid,
    pub(super) epoch: i64,
    pub(super) key_id: KeyId,
    pub(super) wrapped: Box<[u8]>,
}

impl Found {
    fn read(row: &tokio_postgres::Row) -> Result<Self, Fault> {
        Ok(Self {
            session_id: uuid(row, 0)?,
            opener: uuid(row, 1)?,
            epoch: integer(row, 2)?,
            key_id: key_id(row, 3)?,
            wrapped: row.try_get::<_, &[u8]>(4).map_err(|_| malformed_row())?.into(),
        })
    }
}

pub(super) fn key_id(row: &tokio_postgres::Row, at: usize) -> Result<KeyId, Fault> {
    let bytes: &[u8] = row.try_get(at).map_err(|_| malformed_row())?;
    KeyId::try_from(bytes).map_err(|_| malformed_row())
}

pub(super) fn uuid(row: &tokio_postgres::Row, at: usize) -> Result<Uuid, Fault> {
    row.try_get(at).map_err(|_| malformed_row())
}

pub(super) fn integer(row: &tokio_postgres::Row, at: usize) -> Result<i64, Fault> {
    row.try_get(at).map_err(|_| malformed_row())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raised_epoch_settles_the_doubt() {
        let token = Token::new(1);
        assert!(!token.is_in_doubt());
        token.doubt(token.epoch());
        assert!(token.is_in_doubt());
        token.learn(2);
        assert!(!token.is_in_doubt());
    }

    /// A reader and the writer raise the epoch at once; the reader's answer is the later one to come.
    #[test]
    fn a_raise_of_before_a_write_without_an_answer_does_not_settle_it() {
        let token = Token::new(1);
        token.doubt(1);
        let readers_raise = 2;
        token.learn(3);
        token.doubt(token.epoch());
        token.learn(readers_raise);
        assert!(token.is_in_doubt());
        token.learn(4);
        assert!(!token.is_in_doubt());
    }

    #[test]
    fn a_write_under_an_epoch_that_is_known_to_be_over_is_none_to_worry_about() {
        let token = Token::new(1);
        token.learn(2);
        token.doubt(1);
        assert!(!token.is_in_doubt());
    }
}
