//! A look at the texts of the accounts table.

use std::sync::Arc;

use async_trait::async_trait;
use tokio_postgres::{
    Row,
    types::{ToSql, Type},
};
use zeroize::Zeroizing;

use super::{derive_keys, names::Names, read, table::Table};
use crate::{
    config::LayoutName,
    error::{Code, Error, Result},
    layout::inspection::{Contents, Inspector, Status},
    runtime,
};

pub(crate) struct ColumnInspector {
    table: Arc<Table>,
    secrets: Vec<Arc<Zeroizing<String>>>,
    status: String,
}

impl ColumnInspector {
    pub(super) fn new(table: Arc<Table>, secrets: &[Arc<Zeroizing<String>>]) -> Self {
        let Names {
            table: accounts,
            id,
            data,
            changed,
            ..
        } = Names::of(table.names());
        let written = match changed {
            Some(column) => format!("(extract(epoch FROM {column}) * 1000)::bigint"),
            None => "NULL::bigint".to_owned(),
        };
        Self {
            table,
            secrets: secrets.to_vec(),
            status: format!(
                "SELECT {id}, octet_length({data})::bigint, {written} FROM {accounts} WHERE {data} IS NOT NULL \
                 AND ($1::text IS NULL OR {id} > $1) AND ($2::text IS NULL OR {id} = $2) ORDER BY {id} LIMIT $3"
            ),
        }
    }
}

#[async_trait]
impl Inspector for ColumnInspector {
    fn layout(&self) -> LayoutName {
        LayoutName::Column
    }

    async fn count(&self) -> Result<u64> {
        self.table.count().await
    }

    async fn list(&self, after: Option<&str>, limit: i64) -> Result<Vec<Arc<str>>> {
        self.table.list(after, limit).await
    }

    async fn status(&self, after: Option<&str>, only: Option<&str>, limit: i64) -> Result<Vec<Status>> {
        let params: [(&(dyn ToSql + Sync), Type); 3] =
            [(&after, Type::TEXT), (&only, Type::TEXT), (&limit, Type::INT8)];
        let rows = self.table.pool().query(&self.status, &params).await?;
        rows.iter().map(|row| status(row).map_err(|_| malformed())).collect()
    }

    async fn read(&self, account: &Arc<str>) -> Result<Option<Contents>> {
        let Some(text) = self.table.read(account).await?.flatten() else {
            return Ok(None);
        };
        let (keys, bytes) = (derive_keys(&self.secrets).await?, text.len() as u64);
        let kinds = runtime::compute(move || read(&keys, &text).map(|(image, _)| image.kinds())).await?;
        Ok(Some(match kinds {
            Ok(kinds) => Contents {
                kinds,
                bytes,
                ..Contents::default()
            },
            Err(error) => Contents::unreadable(error, bytes),
        }))
    }
}

fn status(row: &Row) -> std::result::Result<Status, tokio_postgres::Error> {
    Ok(Status {
        account: row.try_get::<_, &str>(0)?.into(),
        layout: LayoutName::Column,
        // Only who opens the text can count what it holds.
        kinds: None,
        bytes: row.try_get(1)?,
        owner: None,
        opened_ms: None,
        created_ms: None,
        written_ms: row.try_get(2)?,
        key: None,
    })
}

fn malformed() -> Error {
    Error::new(
        Code::Schema,
        "a column of the accounts table is of another type than it has to be; check accountsTable",
    )
}
