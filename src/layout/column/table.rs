//! The accounts table: its statements, all of them unnamed and free of session state, so that any pooler will do.

use std::{future::Future, sync::Arc};

use tokio::time::Instant;
use tokio_postgres::{
    Row,
    types::{ToSql, Type},
};

use super::{
    names::{Names, is_there, schema_of},
    place::{Found, Place},
    shape,
    tenure::Sealed,
};
use crate::{
    config::AccountsTable,
    error::{Code, Error, Result},
    event::Event,
    layout::sql::{durability, literal, quoted},
    pool::{Fault, Loan, Pool},
};

/// As many characters of a sealed text as hold its nonce, which no two writes share.
const MARK_LEN: usize = 40;

/// As many characters as hold the authentication tag too, behind any white space that fences have put there: two texts with
/// the same are the same.
const HEAD_LEN: usize = 128;

/// What a fence puts before a text: the owner learns from it what keeps it from writing.
const OPENING: char = ' ';
const CLEARING: char = '\t';

/// How often a clear tries again because the text was written since it was looked at; from [`FENCED_CLEAR`]
/// on it first keeps the owner from writing.
const CLEAR_ATTEMPTS: usize = 16;
const FENCED_CLEAR: usize = CLEAR_ATTEMPTS / 2;

pub(super) struct Table {
    pool: Arc<Pool>,
    names: AccountsTable,
    select: String,
    select_mark: String,
    fence: String,
    fence_to_clear: String,
    begin: String,
    update: String,
    count: String,
    list: String,
    reseal: String,
    present: String,
    release: String,
    exists: String,
    lacks_schema: String,
}

impl Table {
    pub(super) fn new(pool: Arc<Pool>, names: &AccountsTable, synchronous_commit: Option<&str>) -> Self {
        let Names {
            table, id, data, touch, ..
        } = Names::of(names);
        // Before the row is written, and for the statement's own transaction alone.
        let durability = durability(synchronous_commit)
            .map(|setting| format!(" FROM {setting}"))
            .unwrap_or_default();
        // White space before JSON changes nothing but the mark.
        let fence = |space: char| {
            let space = literal(&space.to_string());
            format!(
                "UPDATE {table} SET {data} = {space} || {data} WHERE {id} = $1 AND {data} IS NOT NULL RETURNING {data}"
            )
        };
        let update = format!(
            "UPDATE {table} AS account SET {data} = $2{touch}{durability} \
             WHERE account.{id} = $1 AND left(account.{data}, {MARK_LEN}) IS NOT DISTINCT FROM $3"
        );
        Self {
            begin: update.clone(),
            update,
            select: format!("SELECT {data} FROM {table} WHERE {id} = $1"),
            select_mark: format!("SELECT left({data}, {MARK_LEN}) FROM {table} WHERE {id} = $1"),
            fence: fence(OPENING),
            fence_to_clear: fence(CLEARING),
            count: format!("SELECT count(*) FROM {table} WHERE {data} IS NOT NULL"),
            // In pages, by the order that the key's index has.
            list: format!(
                "SELECT {id} FROM {table} WHERE {data} IS NOT NULL AND ($1::text IS NULL OR {id} > $1) \
                 ORDER BY {id} LIMIT $2"
            ),
            // Not touched: the session is what it was.
            reseal: format!(
                "UPDATE {table} AS account SET {data} = $2{durability} \
                 WHERE account.{id} = $1 AND left(account.{data}, {HEAD_LEN}) = $3"
            ),
            present: format!("SELECT {id} FROM {table} WHERE {id} = ANY ($1) AND {data} IS NOT NULL"),
            release: format!(
                "UPDATE {table} AS account SET {data} = NULL{touch}{durability} \
                 WHERE account.{id} = $1 AND left(account.{data}, {MARK_LEN}) = $2"
            ),
            lacks_schema: format!("SELECT to_regnamespace({}) IS NULL", literal(&quoted(schema_of(names)))),
            exists: format!("SELECT {}", is_there(names)),
            names: names.clone(),
            pool,
        }
    }

    /// Begins sessions only as long as this holds.
    pub(super) fn begun_while(mut self, condition: &str) -> Self {
        self.begin = format!("{} AND {condition}", self.update);
        self
    }

    /// What the table and its columns are called.
    pub(super) fn names(&self) -> &AccountsTable {
        &self.names
    }

    /// The way to it.
    pub(super) fn pool(&self) -> &Pool {
        &self.pool
    }

    /// The stored text; `None` without a row, `Some(None)` for NULL.
    pub(super) async fn read(&self, account: &str) -> Result<Option<Option<String>>> {
        self.one_text(&self.select, account, self.deadline()).await
    }

    /// As [`Table::read`], and changes the text's mark with it in one statement: whoever owned the session cannot write any
    /// more, and so not get in between the read and what follows, however busy it is.
    pub(super) async fn read_fenced(&self, account: &str) -> Result<Option<Option<String>>> {
        match self.one_text(&self.fence, account, self.deadline()).await? {
            None => self.read(account).await,
            fenced => Ok(fenced),
        }
    }

    /// Puts a text in the place of the one that has the expected mark, or of NULL.
    pub(super) async fn replace(
        &self,
        account: &str,
        expected: Option<&str>,
        text: &str,
        deadline: Instant,
    ) -> Result<Found> {
        let params: [(&(dyn ToSql + Sync), Type); 3] =
            [(&account, Type::TEXT), (&text, Type::TEXT), (&expected, Type::TEXT)];
        let updated = self.pool.execute_until(deadline, &self.update, &params).await?;
        if updated > 0 {
            return Ok(Found::Replaced);
        }
        Ok(match self.one_text(&self.select_mark, account, deadline).await? {
            None => Found::NoRow,
            Some(None) => Found::Empty,
            Some(Some(found)) if found.starts_with(CLEARING) => Found::Empty,
            Some(Some(found)) => Found::Other(found),
        })
    }

    /// Puts a text in the place of NULL, and gives it; or nothing if there is a text by now, or no row, or none is to be
    /// begun here any more.
    ///
    /// Each attempt makes another text: one that comes late, after a clear, then brings none back that somebody knows.
    pub(super) async fn begin<F>(&self, account: &str, make: impl Fn() -> F) -> Result<Option<Sealed>>
    where
        F: Future<Output = Result<Sealed>>,
    {
        let attempt = || async {
            let sealed = make().await.map_err(Fault::lasting)?;
            let text = sealed.text();
            let params: [(&(dyn ToSql + Sync), Type); 3] =
                [(&account, Type::TEXT), (&text, Type::TEXT), (&None::<&str>, Type::TEXT)];
            let begun = self.pool.lend().await?.execute(&self.begin, &params).await? > 0;
            Ok(begun.then_some(sealed))
        };
        self.pool.repeat(self.deadline(), attempt).await
    }

    /// Puts NULL in the place of the text that is there now: one that carries its text's mark can come late, when its answer
    /// was given up, and does nothing to a session that was begun since.
    pub(super) async fn clear(&self, account: &str) -> Result<()> {
        let deadline = self.deadline();
        for attempt in 0..CLEAR_ATTEMPTS {
            let found = match attempt {
                ..FENCED_CLEAR => self.one_text(&self.select_mark, account, deadline).await?.flatten(),
                _ => {
                    let fenced = self.one_text(&self.fence_to_clear, account, deadline).await?.flatten();
                    fenced.map(|text| mark(&text))
                }
            };
            let Some(found) = found else { return Ok(()) };
            let params: [(&(dyn ToSql + Sync), Type); 2] = [(&account, Type::TEXT), (&found, Type::TEXT)];
            if self.pool.execute_until(deadline, &self.release, &params).await? > 0 {
                return Ok(());
            }
        }
        Err(Error::superseded())
    }

    /// Says what is wrong with the table, if that is what an error comes of.
    pub(super) async fn explain(&self, error: Error) -> Error {
        shape::explain(&self.pool, &self.names, error).await
    }

    /// Why an operation that waited for a connection got none.
    pub(super) fn no_connection(&self) -> Error {
        self.pool.no_connection()
    }

    /// An account's text is under the current secret's key, and was not.
    pub(super) fn tell_rotated(&self, account: &Arc<str>) {
        self.pool.tell(Event::Rotated {
            account: account.clone(),
            rekeyed: false,
        });
    }

    /// When an operation that is begun now is given up.
    pub(super) fn deadline(&self) -> Instant {
        self.pool.deadline()
    }

    /// Whether there is such a table with such a column.
    pub(super) async fn exists(&self) -> Result<bool> {
        let row = self.pool.query_opt(&self.exists, &[]).await?;
        Ok(row.and_then(|row| row.try_get(0).ok()).unwrap_or(false))
    }

    /// Whether the schema is missing that the table is to be in.
    pub(super) async fn lacks_schema(&self) -> Result<bool> {
        let row = self.pool.query_opt(&self.lacks_schema, &[]).await?;
        Ok(row.and_then(|row| row.try_get(0).ok()).unwrap_or(false))
    }

    /// Those of the accounts that have a text.
    pub(super) async fn present(&self, accounts: &[Arc<str>]) -> Result<Vec<Arc<str>>> {
        let names: Vec<&str> = accounts.iter().map(|account| &**account).collect();
        ids_in(&self.pool.query(&self.present, &[(&names, Type::TEXT_ARRAY)]).await?)
    }

    /// How many accounts have a text.
    pub(super) async fn count(&self) -> Result<u64> {
        let row = self.pool.query_opt(&self.count, &[]).await?;
        let count = row.and_then(|row| row.try_get::<_, i64>(0).ok()).unwrap_or(0);
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Within a transaction: puts a text in the place of NULL, until then nobody's.
    pub(super) async fn put(&self, loan: &mut Loan, account: &str, text: &str) -> std::result::Result<Place, Fault> {
        let params: [(&(dyn ToSql + Sync), Type); 3] =
            [(&account, Type::TEXT), (&text, Type::TEXT), (&None::<&str>, Type::TEXT)];
        if loan.execute(&self.update, &params).await? > 0 {
            return Ok(Place::Vacant);
        }
        self.place_within(loan, account).await
    }

    /// Within a transaction: what an account's place is like.
    pub(super) async fn place_within(&self, loan: &mut Loan, account: &str) -> std::result::Result<Place, Fault> {
        let rows = loan.query(&self.select_mark, &[(&account, Type::TEXT)]).await?;
        let found = rows.first().map(|row| row.try_get(0)).transpose();
        Ok(Place::of(found.map_err(|_| Fault::lasting(not_text()))?))
    }

    /// What an account's place is like.
    pub(super) async fn place(&self, account: &str) -> Result<Place> {
        Ok(Place::of(
            self.one_text(&self.select_mark, account, self.deadline()).await?,
        ))
    }

    /// The first accounts that have a text, in order, after one of them.
    pub(super) async fn list(&self, after: Option<&str>, limit: i64) -> Result<Vec<Arc<str>>> {
        let params: [(&(dyn ToSql + Sync), Type); 2] = [(&after, Type::TEXT), (&limit, Type::INT8)];
        ids_in(&self.pool.query(&self.list, &params).await?)
    }

    /// Puts a text in the place of the one with this head, which holds the same session; whether it was there.
    pub(super) async fn reseal(&self, account: &str, head: &str, text: &str) -> Result<bool> {
        let params: [(&(dyn ToSql + Sync), Type); 3] =
            [(&account, Type::TEXT), (&text, Type::TEXT), (&head, Type::TEXT)];
        Ok(self.pool.execute(&self.reseal, &params).await? > 0)
    }

    /// What takes the text of account `$1` away if its mark is `$2`.
    pub(super) fn release(&self) -> &str {
        &self.release
    }

    async fn one_text(&self, statement: &str, account: &str, deadline: Instant) -> Result<Option<Option<String>>> {
        let params: [(&(dyn ToSql + Sync), Type); 1] = [(&account, Type::TEXT)];
        let row = self
            .pool
            .query_until(deadline, statement, &params)
            .await?
            .into_iter()
            .next();
        let text = row.map(|row| row.try_get(0)).transpose();
        text.map_err(|_| not_text())
    }
}

pub(super) fn not_text() -> Error {
    Error::new(
        Code::Schema,
        "the column of the session is not of type text; check accountsTable",
    )
}

fn ids_in(rows: &[Row]) -> Result<Vec<Arc<str>>> {
    let ids = rows.iter().map(|row| row.try_get::<_, &str>(0).map(Arc::from));
    ids.collect::<std::result::Result<_, _>>().map_err(|_| {
        Error::new(
            Code::Schema,
            "the column of the account's id is not of type text; check accountsTable",
        )
    })
}

/// The first characters of a stored text, by which its owner knows it.
pub(in crate::layout) fn mark(text: &str) -> String {
    text.chars().take(MARK_LEN).collect()
}

/// The first characters of a stored text, which no other text shares.
pub(super) fn head(text: &str) -> String {
    text.chars().take(HEAD_LEN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_counted_in_characters_as_postgresql_counts() {
        assert_eq!(mark(&"é".repeat(50)), "é".repeat(40));
        assert_eq!(mark("short"), "short");
    }
}
