//! Sessions in rows on their way into quarantine and back: row by row within PostgreSQL, and so byte for byte.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio_postgres::types::Type;
use uuid::Uuid;

use super::{fence::uuid, record::CREDS_HASH, statements::table};
use crate::{
    error::{Error, Result},
    event::Event,
    layout::{
        column::TextQuarantine,
        quarantine::{self, Entry, Quarantine, Quarantined, REPLACED},
        transaction,
    },
    pool::{Fault, Loan},
};

/// A session that cannot be read, as it was found: if it is another by now, it may be one that can.
pub(super) struct Unread {
    pub(super) session_id: Uuid,
    pub(super) wrapped: Vec<u8>,
    pub(super) creds: Option<Vec<u8>>,
}

pub(super) struct RowsQuarantine {
    shared: Arc<Quarantine>,
    /// Where sessions in the original form are, if there may be some.
    texts: Option<Arc<TextQuarantine>>,
    hold_found: String,
    has_creds: String,
    hold_account: String,
    is_restored: String,
    keep: String,
    keep_records: String,
    remove: String,
    put: String,
    put_records: String,
}

impl RowsQuarantine {
    pub(super) fn new(shared: Arc<Quarantine>, schema: &str, texts: Option<Arc<TextQuarantine>>) -> Self {
        let (session, record) = (table(schema, "session"), table(schema, "record"));
        let (kept, kept_record) = (shared.table(), shared.records());
        let whole = "session_id, account_id, wrapped_key, key_id, rewrapped, owner, opened_at, created_at, has_creds";
        Self {
            // Waits for every write under way, and refuses those that come later: what the statements after it read is
            // all that was ever acknowledged.
            hold_found: format!("SELECT FROM {session} WHERE session_id = $1 AND wrapped_key = $2 FOR UPDATE"),
            has_creds: format!(
                "SELECT WHERE (SELECT value FROM {record} WHERE session_id = $1 AND record_hash = $2) \
                 IS NOT DISTINCT FROM $3"
            ),
            hold_account: format!("SELECT session_id FROM {session} WHERE account_id = $1 FOR UPDATE"),
            is_restored: format!("SELECT FROM {session} WHERE account_id = $1 AND opener = $2"),
            keep: format!(
                "INSERT INTO {kept} (quarantine_id, reason, epoch, {whole}) \
                 SELECT $1, $2, epoch, {whole} FROM {session} WHERE session_id = $3"
            ),
            keep_records: format!(
                "INSERT INTO {kept_record} (quarantine_id, record_hash, kind, value) \
                 SELECT $1, record_hash, kind, value FROM {record} WHERE session_id = $2"
            ),
            remove: format!("DELETE FROM {session} WHERE session_id = $1"),
            // Another epoch and opener, so that whoever had it open before it was moved is no owner of it any more.
            put: format!(
                "INSERT INTO {session} (epoch, opener, {whole}) \
                 SELECT epoch + 1, $2, {whole} FROM {kept} WHERE quarantine_id = $1 ON CONFLICT DO NOTHING"
            ),
            put_records: format!(
                "INSERT INTO {record} (session_id, record_hash, kind, value) \
                 SELECT q.session_id, r.record_hash, r.kind, r.value FROM {kept} AS q \
                 JOIN {kept_record} AS r USING (quarantine_id) WHERE q.quarantine_id = $1"
            ),
            shared,
            texts,
        }
    }

    pub(super) async fn list(&self) -> Result<Vec<Quarantined>> {
        self.shared.list().await
    }

    pub(super) async fn find(&self, id: Uuid) -> Result<Option<Entry>> {
        self.shared.find(id).await
    }

    /// Moves a session that cannot be read out of the way, unless it is another by now.
    pub(super) async fn move_aside(&self, account: &Arc<str>, unread: &Unread, why: &Error) -> Result<()> {
        self.shared.require().await?;
        let (id, reason) = (Uuid::new_v4(), why.code().as_str());
        let attempt = || async {
            let mut loan = self.shared.transactions.begin().await?;
            let moved = self.move_found(&mut loan, id, unread, reason).await;
            transaction::end(loan, moved).await
        };
        if self.shared.transactions.repeat(attempt).await? {
            self.shared.pool.tell(Event::Quarantined {
                account: account.clone(),
                reason,
            });
        }
        Ok(())
    }

    async fn move_found(
        &self,
        loan: &mut Loan,
        id: Uuid,
        unread: &Unread,
        reason: &str,
    ) -> std::result::Result<bool, Fault> {
        let Unread {
            session_id,
            wrapped,
            creds,
        } = unread;
        let held = loan
            .query(&self.hold_found, &[(session_id, Type::UUID), (wrapped, Type::BYTEA)])
            .await?;
        let hash = CREDS_HASH.as_slice();
        if held.is_empty()
            || loan
                .query(
                    &self.has_creds,
                    &[(session_id, Type::UUID), (&hash, Type::BYTEA), (creds, Type::BYTEA)],
                )
                .await?
                .is_empty()
        {
            return Ok(false);
        }
        self.keep(loan, id, *session_id, reason).await?;
        Ok(true)
    }

    /// Moves a session that is held.
    async fn keep(&self, loan: &mut Loan, id: Uuid, session: Uuid, reason: &str) -> std::result::Result<(), Fault> {
        loan.execute(
            &self.keep,
            &[(&id, Type::UUID), (&reason, Type::TEXT), (&session, Type::UUID)],
        )
        .await?;
        loan.execute(&self.keep_records, &[(&id, Type::UUID), (&session, Type::UUID)])
            .await?;
        loan.execute(&self.remove, &[(&session, Type::UUID)]).await.map(drop)
    }

    /// Puts a session back where it was, in the form that it had.
    pub(super) async fn restore(&self, entry: &Entry, replace: bool) -> Result<()> {
        let (opener, ids) = (Uuid::new_v4(), [Uuid::new_v4(), Uuid::new_v4()]);
        let (deadline, was_tried) = (self.shared.pool.deadline(), AtomicBool::new(false));
        loop {
            let attempt = || async {
                let mut loan = self.shared.transactions.begin().await?;
                let may_be_done = was_tried.swap(true, Ordering::Relaxed);
                let restored = self.exchange(&mut loan, entry, replace, opener, ids, may_be_done).await;
                transaction::end(loan, restored).await
            };
            if self.shared.pool.repeat(deadline, attempt).await? {
                return Ok(());
            }
            // Somebody opened the account since it was found to have no session: now it has one.
        }
    }

    async fn exchange(
        &self,
        loan: &mut Loan,
        entry: &Entry,
        replace: bool,
        opener: Uuid,
        [for_session, for_text]: [Uuid; 2],
        may_be_done: bool,
    ) -> std::result::Result<bool, Fault> {
        let account = &*entry.account;
        if !self.shared.hold(loan, entry.id).await? {
            // Unless an earlier attempt has done it, whose answer was lost.
            let ours = match (&entry.mark, &self.texts) {
                (None, _) => !loan
                    .query(&self.is_restored, &[(&account, Type::TEXT), (&opener, Type::UUID)])
                    .await?
                    .is_empty(),
                (Some(mark), Some(texts)) => may_be_done && texts.has(loan, account, mark).await?,
                (Some(_), None) => false,
            };
            return if ours {
                Ok(true)
            } else {
                Err(Fault::lasting(quarantine::not_found()))
            };
        }
        for row in loan.query(&self.hold_account, &[(&account, Type::TEXT)]).await? {
            quarantine::require_replace(replace)?;
            self.keep(loan, for_session, uuid(&row, 0)?, REPLACED).await?;
        }
        if let Some(texts) = &self.texts
            && texts.hold(loan, account).await?.flatten().is_some()
        {
            quarantine::require_replace(replace)?;
            texts.keep(loan, for_text, account, REPLACED).await?;
        }
        match (&entry.mark, &self.texts) {
            (None, _) => {
                let put = loan
                    .execute(&self.put, &[(&entry.id, Type::UUID), (&opener, Type::UUID)])
                    .await?;
                if put == 0 {
                    return Ok(false);
                }
                loan.execute(&self.put_records, &[(&entry.id, Type::UUID)]).await?;
            }
            // The next open moves it into rows.
            (Some(_), Some(texts)) => texts.put(loan, entry.id, account).await?,
            (Some(_), None) => return Err(Fault::lasting(Error::account_not_found())),
        }
        self.shared.forget(loan, entry.id).await?;
        Ok(true)
    }
}
