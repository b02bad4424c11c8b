//! Texts in the original form on their way into quarantine and back: copied within PostgreSQL, and so byte for byte.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio_postgres::types::Type;
use uuid::Uuid;

use super::{names::Names, table};
use crate::{
    config::AccountsTable,
    error::{Code, Error, Result},
    event::Event,
    layout::{
        quarantine::{self, Entry, Quarantine, Quarantined, REPLACED},
        transaction,
    },
    pool::{Fault, Loan},
};

pub(crate) struct TextQuarantine {
    shared: Arc<Quarantine>,
    hold: String,
    keep: String,
    remove: String,
    put: String,
}

impl TextQuarantine {
    pub(in crate::layout) fn new(shared: Arc<Quarantine>, names: &AccountsTable) -> Self {
        let Names {
            table, id, data, touch, ..
        } = Names::of(names);
        let kept = shared.table();
        Self {
            hold: format!("SELECT {data} FROM {table} WHERE {id} = $1 FOR UPDATE"),
            keep: format!(
                "INSERT INTO {kept} (quarantine_id, reason, account_id, session_data) \
                 SELECT $1, $2, {id}, {data} FROM {table} WHERE {id} = $3"
            ),
            remove: format!("UPDATE {table} SET {data} = NULL{touch} WHERE {id} = $1"),
            put: format!(
                "UPDATE {table} SET {data} = (SELECT session_data FROM {kept} WHERE quarantine_id = $1){touch} \
                 WHERE {id} = $2"
            ),
            shared,
        }
    }

    pub(super) async fn list(&self) -> Result<Vec<Quarantined>> {
        self.shared.list().await
    }

    pub(super) async fn find(&self, id: Uuid) -> Result<Option<Entry>> {
        self.shared.find(id).await
    }

    /// Moves a text that cannot be read out of the way, unless it is another by now; gives whether it did.
    pub(super) async fn move_aside(&self, account: &Arc<str>, text: &str, why: &Error) -> Result<bool> {
        self.shared.require().await?;
        let (id, reason) = (Uuid::new_v4(), why.code().as_str());
        let attempt = || async {
            let mut loan = self.shared.transactions.begin().await?;
            let moved = self.move_found(&mut loan, id, account, text, reason).await;
            transaction::end(loan, moved).await
        };
        let moved = self.shared.transactions.repeat(attempt).await?;
        if moved {
            self.shared.pool.tell(Event::Quarantined {
                account: account.clone(),
                reason,
            });
        }
        Ok(moved)
    }

    async fn move_found(
        &self,
        loan: &mut Loan,
        id: Uuid,
        account: &str,
        text: &str,
        reason: &str,
    ) -> std::result::Result<bool, Fault> {
        if self.hold(loan, account).await?.flatten().as_deref() != Some(text) {
            return Ok(false);
        }
        self.keep(loan, id, account, reason).await?;
        Ok(true)
    }

    /// Within a transaction: holds an account's row until its end; `None` without a row, `Some(None)` for NULL.
    pub(in crate::layout) async fn hold(
        &self,
        loan: &mut Loan,
        account: &str,
    ) -> std::result::Result<Option<Option<String>>, Fault> {
        let rows = loan.query(&self.hold, &[(&account, Type::TEXT)]).await?;
        let text = rows.first().map(|row| row.try_get(0)).transpose();
        text.map_err(|_| Fault::lasting(table::not_text()))
    }

    /// Within a transaction: moves the text of an account whose row is held.
    pub(in crate::layout) async fn keep(
        &self,
        loan: &mut Loan,
        id: Uuid,
        account: &str,
        reason: &str,
    ) -> std::result::Result<(), Fault> {
        loan.execute(
            &self.keep,
            &[(&id, Type::UUID), (&reason, Type::TEXT), (&account, Type::TEXT)],
        )
        .await?;
        loan.execute(&self.remove, &[(&account, Type::TEXT)]).await.map(drop)
    }

    /// Within a transaction: puts a text back.
    pub(in crate::layout) async fn put(
        &self,
        loan: &mut Loan,
        id: Uuid,
        account: &str,
    ) -> std::result::Result<(), Fault> {
        let put = loan
            .execute(&self.put, &[(&id, Type::UUID), (&account, Type::TEXT)])
            .await?;
        if put == 0 {
            return Err(Fault::lasting(Error::account_not_found()));
        }
        Ok(())
    }

    /// Within a transaction: whether an account has the text with this mark.
    pub(in crate::layout) async fn has(
        &self,
        loan: &mut Loan,
        account: &str,
        mark: &str,
    ) -> std::result::Result<bool, Fault> {
        let held = self.hold(loan, account).await?.flatten();
        Ok(held.is_some_and(|text| table::mark(&text) == mark))
    }

    /// Puts a text back where it was.
    pub(super) async fn restore(&self, entry: &Entry, replace: bool) -> Result<()> {
        let Some(mark) = &entry.mark else {
            return Err(Error::new(
                Code::Config,
                "layout: what is in quarantine under this id was kept in rows, which layout 'column' cannot take",
            ));
        };
        let (id, was_tried) = (Uuid::new_v4(), AtomicBool::new(false));
        let attempt = || async {
            let mut loan = self.shared.transactions.begin().await?;
            let may_be_done = was_tried.swap(true, Ordering::Relaxed);
            let restored = self.exchange(&mut loan, entry, mark, replace, id, may_be_done).await;
            transaction::end(loan, restored).await
        };
        self.shared.transactions.repeat(attempt).await.map(drop)
    }

    async fn exchange(
        &self,
        loan: &mut Loan,
        entry: &Entry,
        mark: &str,
        replace: bool,
        id: Uuid,
        may_be_done: bool,
    ) -> std::result::Result<bool, Fault> {
        if !self.shared.hold(loan, entry.id).await? {
            // Unless an earlier attempt has done it, whose answer was lost.
            return match may_be_done && self.has(loan, &entry.account, mark).await? {
                true => Ok(true),
                false => Err(Fault::lasting(quarantine::not_found())),
            };
        }
        if self.hold(loan, &entry.account).await?.flatten().is_some() {
            quarantine::require_replace(replace)?;
            self.keep(loan, id, &entry.account, REPLACED).await?;
        }
        self.put(loan, entry.id, &entry.account).await?;
        self.shared.forget(loan, entry.id).await?;
        Ok(true)
    }
}
