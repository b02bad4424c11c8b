//! The names of a session's records: only what is sealed has them, so they are read page by page.

use std::sync::Arc;

use tokio_postgres::types::Type;

use super::{
    fence::{self, Ownership},
    malformed_row,
    record::Opened,
    tenure::RowsTenure,
};
use crate::{
    codec::record::RecordKey,
    crypto::{RecordHash, RecordName, SessionKey},
    error::{Code, Error, Result},
    runtime,
};

/// Records at a time.
const PAGE: i64 = 1_000;

/// The keys of all records but the credentials, of one type or of all.
pub(super) async fn keys(tenure: &RowsTenure, kind: Option<&str>) -> Result<Vec<RecordKey>> {
    let core = &tenure.shared.core;
    loop {
        let key = tenure.key();
        let listed = keys_under(tenure, &key, kind).await;
        // Pages are read one by one, and the session may get a new key in between.
        match fence::ask(&core.pool, &core.statements, &[tenure], core.pool.deadline())
            .await?
            .pop()
        {
            Some(Ownership::Lost(error)) => return Err(error),
            _ if Arc::ptr_eq(&tenure.key(), &key) => return listed,
            _ => {}
        }
    }
}

/// The same, if this is the session's key all the while.
async fn keys_under(tenure: &RowsTenure, key: &Arc<SessionKey>, kind: Option<&str>) -> Result<Vec<RecordKey>> {
    let (core, mut keys) = (&tenure.shared.core, Vec::new());
    let mut last = RecordHash::default();
    loop {
        let after = last.as_slice();
        let params: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 4] = [
            (&tenure.session_id, Type::UUID),
            (&after, Type::BYTEA),
            (&kind, Type::TEXT),
            (&PAGE, Type::INT8),
        ];
        let rows = core.pool.query(&core.statements.page, &params).await?;
        let is_last = (rows.len() as i64) < PAGE;
        let (account, page) = (tenure.account.clone(), Vec::with_capacity(rows.len()));
        // A page is a megabyte or so: a few milliseconds of work.
        let opened = {
            let key = key.clone();
            runtime::compute(move || open(&key, &account, &rows, page)).await??
        };
        if let Some((hash, _)) = opened.last() {
            last = *hash;
        }
        keys.extend(opened.into_iter().map(|(_, key)| key));
        if is_last {
            return Ok(keys);
        }
    }
}

type Found = Vec<(RecordHash, RecordKey)>;

fn open(key: &SessionKey, account: &str, rows: &[tokio_postgres::Row], mut found: Found) -> Result<Found> {
    for row in rows {
        let columns =
            || Ok::<(&str, &[u8], &[u8]), tokio_postgres::Error>((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
        let (kind, hash, sealed) = columns().map_err(|_| malformed_row().error)?;
        let hash = RecordHash::try_from(hash).map_err(|_| malformed_row().error)?;
        let name = RecordName {
            account,
            kind,
            hash: &hash,
        };
        let opened = Opened::open(key, &name, sealed)?;
        let id = opened.id().ok_or_else(|| {
            Error::new(
                Code::Unreadable,
                format!("a record of type {kind} has an id that is no text"),
            )
        })?;
        found.push((hash, RecordKey::new(kind, id)));
    }
    Ok(found)
}
