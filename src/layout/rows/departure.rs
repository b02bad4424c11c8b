//! Departure, adoption's way back: a session in rows becomes a text in the accounts table.
//!
//! One transaction does all of it. It holds the session's row, so that writes under way end before, and those that come later
//! find no session; what it reads is all that was ever acknowledged. The rows go only if the text has come.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio_postgres::types::Type;
use uuid::Uuid;

use super::{
    Shared,
    adoption::{Legacy, in_both},
    fence::uuid,
    snapshot,
};
use crate::{
    codec::record::Changes,
    error::{Code, Error, Result},
    layout::{column::Place, transaction},
    pool::{Fault, Loan},
    runtime,
};

/// The SQL of it.
pub(in crate::layout::rows) struct Statements {
    hold: String,
    remove: String,
    pub(super) count: String,
    pub(super) list: String,
}

impl Statements {
    /// `session` as SQL has it.
    pub(in crate::layout::rows) fn new(session: &str) -> Self {
        Self {
            hold: format!("SELECT session_id FROM {session} WHERE account_id = $1 FOR UPDATE"),
            remove: format!("DELETE FROM {session} WHERE session_id = $1"),
            count: format!("SELECT count(*) FROM {session}"),
            list: format!(
                "SELECT account_id FROM {session} WHERE $1::text IS NULL OR account_id > $1 ORDER BY account_id LIMIT $2"
            ),
        }
    }
}

/// Moves the session of an account, if it has one; whether it did.
pub(super) async fn move_out(shared: &Shared, account: &Arc<str>) -> Result<bool> {
    let legacy = legacy(shared)?;
    let was_tried = AtomicBool::new(false);
    let attempt = || async {
        let mut loan = shared.transactions.begin().await?;
        let may_be_done = was_tried.swap(true, Ordering::Relaxed);
        let moved = in_transaction(shared, legacy, &mut loan, account, may_be_done).await;
        transaction::end(loan, moved).await
    };
    shared.transactions.repeat(attempt).await
}

/// Where the sessions go.
pub(super) fn legacy(shared: &Shared) -> Result<&Legacy> {
    shared.legacy.as_ref().ok_or_else(no_accounts_table)
}

pub(crate) fn no_accounts_table() -> Error {
    Error::new(
        Code::Schema,
        "there is no accounts table with a column for sessions, which layout 'column' keeps them in; make it, or say with \
         accountsTable what it is called",
    )
}

async fn in_transaction(
    shared: &Shared,
    legacy: &Legacy,
    loan: &mut Loan,
    account: &Arc<str>,
    may_be_done: bool,
) -> std::result::Result<bool, Fault> {
    let (statements, name) = (&shared.core.statements, &**account);
    let held = loan.query(&statements.departure.hold, &[(&name, Type::TEXT)]).await?;
    let Some(held) = held.first() else {
        // Perhaps by an earlier attempt, whose answer was lost.
        return Ok(may_be_done && legacy.original().place_within(loan, name).await? == Place::Taken);
    };
    let id = uuid(held, 0)?;
    // Before the session is read, which may be large.
    let place = legacy.original().place_within(loan, name).await?;
    require_vacant(place).map_err(Fault::lasting)?;
    let session = read(shared, loan, account).await?;
    let text = legacy.original().seal(session).await.map_err(Fault::lasting)?;
    let place = legacy.original().put(loan, name, &text).await?;
    require_vacant(place).map_err(Fault::lasting)?;
    remove(loan, &statements.departure.remove, id).await?;
    Ok(true)
}

async fn read(shared: &Shared, loan: &mut Loan, account: &Arc<str>) -> std::result::Result<Changes, Fault> {
    let rows = loan
        .query(&shared.core.statements.snapshot, &[(&&**account, Type::TEXT)])
        .await?;
    let (secrets, account) = (shared.secrets.clone(), account.clone());
    let opened = runtime::compute(move || snapshot::open(&secrets, &account, &rows)).await;
    opened.and_then(|session| session).map_err(Fault::lasting)
}

async fn remove(loan: &mut Loan, statement: &str, id: Uuid) -> std::result::Result<(), Fault> {
    loan.execute(statement, &[(&id, Type::UUID)]).await.map(drop)
}

/// Fails where no session can be put.
pub(super) fn require_vacant(place: Place) -> Result<()> {
    match place {
        Place::Vacant => Ok(()),
        Place::Taken => Err(in_both()),
        Place::Missing => Err(Error::account_not_found()),
    }
}
