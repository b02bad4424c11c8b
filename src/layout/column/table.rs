//! The accounts table: four statements, all of them unnamed and free of session state, so that any pooler will do.

use std::sync::Arc;

use tokio_postgres::types::{ToSql, Type};

use crate::{
    config::AccountsTable,
    error::{Code, Error, Result},
    pool::Pool,
};

/// As many characters of a sealed text as hold its nonce, which no two writes share.
const MARK_LEN: usize = 40;

pub(super) struct Table {
    pool: Arc<Pool>,
    select: String,
    select_mark: String,
    fence: String,
    update: String,
    clear: String,
}

/// What a replacement found.
pub(super) enum Found {
    /// What was expected, or what this very replacement had put there in an attempt whose answer was lost.
    Replaced,
    /// Another text, with this mark.
    Other(String),
    /// NULL.
    Empty,
    /// No row with the account's id.
    NoRow,
}

impl Table {
    pub(super) fn new(pool: Arc<Pool>, names: &AccountsTable, synchronous_commit: Option<&str>) -> Self {
        let schema = names.schema.as_deref().unwrap_or("public");
        let table = format!("{}.{}", quoted(schema), quoted(&names.table));
        let (id, data) = (quoted(&names.id), quoted(&names.session_data));
        // `@updatedAt` is Prisma's doing, not the database's, and means UTC in a column without time zone.
        let touch = names
            .updated_at
            .as_deref()
            .map(|column| format!(", {} = now() AT TIME ZONE 'UTC'", quoted(column)))
            .unwrap_or_default();
        // In a subquery, so that it comes before the row is written; local to the statement's own transaction.
        let durability = synchronous_commit
            .map(|level| {
                format!(
                    " FROM (SELECT set_config('synchronous_commit', {}, true)) AS setting",
                    literal(level)
                )
            })
            .unwrap_or_default();
        Self {
            select: format!("SELECT {data} FROM {table} WHERE {id} = $1"),
            select_mark: format!("SELECT left({data}, {MARK_LEN}) FROM {table} WHERE {id} = $1"),
            // White space before JSON changes nothing but the mark.
            fence: format!(
                "UPDATE {table} SET {data} = ' ' || {data} WHERE {id} = $1 AND {data} IS NOT NULL RETURNING {data}"
            ),
            update: format!(
                "UPDATE {table} AS account SET {data} = $2{touch}{durability} \
                 WHERE account.{id} = $1 AND left(account.{data}, {MARK_LEN}) IS NOT DISTINCT FROM $3"
            ),
            clear: format!("UPDATE {table} SET {data} = NULL{touch} WHERE {id} = $1 AND {data} IS NOT NULL"),
            pool,
        }
    }

    /// The stored text; `None` without a row, `Some(None)` for NULL.
    pub(super) async fn read(&self, account: &str) -> Result<Option<Option<String>>> {
        self.one_text(&self.select, account).await
    }

    /// As [`Table::read`], and changes the text's mark with it in one statement: whoever owned the session cannot write any
    /// more, and so not get in between the read and what follows, however busy it is.
    pub(super) async fn read_fenced(&self, account: &str) -> Result<Option<Option<String>>> {
        match self.one_text(&self.fence, account).await? {
            None => self.read(account).await,
            fenced => Ok(fenced),
        }
    }

    /// Puts a text in the place of the one that has the expected mark, or of NULL.
    pub(super) async fn replace(&self, account: &str, expected: Option<&str>, text: &str) -> Result<Found> {
        let params: [(&(dyn ToSql + Sync), Type); 3] =
            [(&account, Type::TEXT), (&text, Type::TEXT), (&expected, Type::TEXT)];
        let updated = self.pool.execute(&self.update, &params).await?;
        if updated > 0 {
            return Ok(Found::Replaced);
        }
        Ok(match self.one_text(&self.select_mark, account).await? {
            None => Found::NoRow,
            Some(None) => Found::Empty,
            Some(Some(found)) if found == mark(text) => Found::Replaced,
            Some(Some(found)) => Found::Other(found),
        })
    }

    /// Puts NULL.
    pub(super) async fn clear(&self, account: &str) -> Result<()> {
        self.pool
            .execute(&self.clear, &[(&account, Type::TEXT)])
            .await
            .map(drop)
    }

    async fn one_text(&self, statement: &str, account: &str) -> Result<Option<Option<String>>> {
        let row = self.pool.query_opt(statement, &[(&account, Type::TEXT)]).await?;
        let text = row.map(|row| row.try_get(0)).transpose();
        text.map_err(|_| {
            Error::new(
                Code::Schema,
                "the column of the session is not of type text; check accountsTable",
            )
        })
    }
}

/// The first characters of a stored text.
pub(super) fn mark(text: &str) -> String {
    text.chars().take(MARK_LEN).collect()
}

/// A name as an SQL identifier.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as an SQL literal.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out_of_their_quotes() {
        assert_eq!(quoted(r#"a"; DROP TABLE b; --"#), r#""a""; DROP TABLE b; --""#);
        assert_eq!(literal("o'n"), "'o''n'");
    }

    #[test]
    fn a_mark_is_counted_in_characters_as_postgresql_counts() {
        assert_eq!(mark(&"é".repeat(50)), "é".repeat(40));
        assert_eq!(mark("short"), "short");
    }
}
