//! The quarantine: where the ciphertext of a session goes that could not be read, when a fresh one is begun in its place.
//!
//! Both layouts have the same two tables. What is common to them is here: the list, and the transactions. How a session
//! goes in and comes out is the layouts' own business.

use std::sync::Arc;

use tokio_postgres::{Row, types::Type};
use uuid::Uuid;

use super::{inspection::Kinds, rows::schema, sql::quoted, transaction::Transactions};
use crate::{
    error::{Code, Error, Result},
    pool::{Fault, Loan, Pool},
};

/// Why a session is in quarantine that a restore has made room of.
pub(super) const REPLACED: &str = "replaced";

/// A session in quarantine.
#[derive(Clone, Debug)]
pub struct Quarantined {
    /// What it is restored by.
    pub id: Uuid,
    /// Whose session it is.
    pub account: String,
    /// The code of the error that an open would have been refused with, or `replaced`.
    pub reason: String,
    /// When it came here, in ms since 1970.
    pub since_ms: i64,
    /// The layout that it is of.
    pub layout: &'static str,
    /// How many records it has of each type, the credentials among them; none are known of the original form.
    pub(crate) kinds: Kinds,
    /// How many bytes are sealed.
    pub bytes: i64,
}

/// What a restore has to know beforehand.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) id: Uuid,
    pub(crate) account: Arc<str>,
    /// The original form's text, its first characters, if it is in that form.
    pub(super) mark: Option<String>,
}

/// The tables.
pub(crate) struct Quarantine {
    pub(super) pool: Arc<Pool>,
    schema: String,
    may_migrate: bool,
    pub(super) transactions: Transactions,
}

impl Quarantine {
    pub(crate) fn new(pool: Arc<Pool>, schema: &str, may_migrate: bool, synchronous_commit: Option<&str>) -> Self {
        Self {
            transactions: Transactions::new(pool.clone(), synchronous_commit),
            pool,
            schema: schema.to_owned(),
            may_migrate,
        }
    }

    /// The table of sessions, as SQL has it.
    pub(super) fn table(&self) -> String {
        format!("{}.quarantine", quoted(&self.schema))
    }

    /// The table of their records.
    pub(super) fn records(&self) -> String {
        format!("{}.quarantined_record", quoted(&self.schema))
    }

    /// Makes sure that there is a place to put a session.
    pub(super) async fn require(&self) -> Result<()> {
        if self.exists().await? {
            return Ok(());
        }
        if !self.may_migrate {
            return Err(Error::new(
                Code::Schema,
                format!(
                    "the session cannot be read, and onUnreadable 'fresh' would move it to the table quarantine of schema {}, \
                     which is missing, and autoMigrate is off; nothing was changed: let it be made once with autoMigrate \
                     and a role that may create it",
                    self.schema
                ),
            ));
        }
        schema::make_quarantine(&self.pool, &self.schema).await
    }

    async fn exists(&self) -> Result<bool> {
        let row = self
            .pool
            .query_opt("SELECT to_regclass($1) IS NOT NULL", &[(&self.table(), Type::TEXT)])
            .await?;
        Ok(row.and_then(|row| row.try_get(0).ok()).unwrap_or(false))
    }

    /// All that is in quarantine, the oldest first.
    pub(super) async fn list(&self) -> Result<Vec<Quarantined>> {
        if !self.exists().await? {
            return Ok(Vec::new());
        }
        let statement = format!(
            "SELECT q.quarantine_id, q.account_id, q.reason, (extract(epoch FROM q.quarantined_at) * 1000)::bigint, \
               octet_length(q.session_data)::bigint, r.kind, count(r.kind), coalesce(sum(octet_length(r.value)), 0)::bigint \
             FROM {} AS q LEFT JOIN {} AS r ON r.quarantine_id = q.quarantine_id \
             GROUP BY q.quarantine_id, r.kind ORDER BY q.quarantined_at, q.quarantine_id, r.kind",
            self.table(),
            self.records()
        );
        let mut all: Vec<Quarantined> = Vec::new();
        for row in self.pool.query(&statement, &[]).await? {
            let (next, kind) = read_row(&row).map_err(|_| malformed())?;
            match all.last_mut().filter(|last| last.id == next.id) {
                Some(last) => last.bytes += next.bytes,
                None => all.push(next),
            }
            if let (Some(last), Some((kind, records))) = (all.last_mut(), kind) {
                last.kinds.insert(kind, records);
            }
        }
        Ok(all)
    }

    /// What there is under an id.
    pub(super) async fn find(&self, id: Uuid) -> Result<Option<Entry>> {
        if !self.exists().await? {
            return Ok(None);
        }
        let statement = format!(
            "SELECT account_id, session_data FROM {} WHERE quarantine_id = $1",
            self.table()
        );
        let row = self.pool.query_opt(&statement, &[(&id, Type::UUID)]).await?;
        let read = |row: Row| {
            Ok(Entry {
                id,
                account: row.try_get::<_, &str>(0)?.into(),
                mark: row.try_get::<_, Option<&str>>(1)?.map(super::column::mark),
            })
        };
        row.map(read)
            .transpose()
            .map_err(|_: tokio_postgres::Error| malformed())
    }

    /// Within a transaction: holds an entry until its end; gives whether it is there.
    pub(super) async fn hold(&self, loan: &mut Loan, id: Uuid) -> std::result::Result<bool, Fault> {
        let statement = format!("SELECT FROM {} WHERE quarantine_id = $1 FOR UPDATE", self.table());
        Ok(!loan.query(&statement, &[(&id, Type::UUID)]).await?.is_empty())
    }

    /// Within a transaction: takes an entry out of the list.
    pub(super) async fn forget(&self, loan: &mut Loan, id: Uuid) -> std::result::Result<(), Fault> {
        let statement = format!("DELETE FROM {} WHERE quarantine_id = $1", self.table());
        loan.execute(&statement, &[(&id, Type::UUID)]).await.map(drop)
    }
}

/// Refuses to replace a session that nobody said is to be replaced.
pub(super) fn require_replace(replace: bool) -> std::result::Result<(), Fault> {
    if replace {
        return Ok(());
    }
    Err(Fault::lasting(Error::new(
        Code::Argument,
        "the account has a session, which the restored one would replace; nothing was changed: clear it first, or restore \
         with { replace: true }, which moves it into quarantine in turn",
    )))
}

/// There is no such entry.
pub(crate) fn not_found() -> Error {
    Error::new(
        Code::Argument,
        "nothing is in quarantine under this id; quarantine() lists what is",
    )
}

type Kind = (String, u64);

fn read_row(row: &Row) -> std::result::Result<(Quarantined, Option<Kind>), tokio_postgres::Error> {
    let (text_bytes, kind): (Option<i64>, Option<String>) = (row.try_get(4)?, row.try_get(5)?);
    let count: i64 = row.try_get(6)?;
    let entry = Quarantined {
        id: row.try_get(0)?,
        account: row.try_get(1)?,
        reason: row.try_get(2)?,
        since_ms: row.try_get(3)?,
        layout: if text_bytes.is_some() { "column" } else { "rows" },
        kinds: Kinds::new(),
        bytes: text_bytes.unwrap_or(0) + row.try_get::<_, i64>(7)?,
    };
    Ok((entry, kind.map(|kind| (kind, u64::try_from(count).unwrap_or(0)))))
}

fn malformed() -> Error {
    Error::new(
        Code::Schema,
        "the table quarantine is not of the form that this version made; it was changed",
    )
}
