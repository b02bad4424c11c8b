//! Adoption: a session that the accounts table still holds, in the original form, moves into rows when it is opened.
//!
//! One statement does all of it: the original text goes only if it is the one that was read, and only together with the
//! rows that it became.

use std::sync::Arc;

use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

use super::{Shared, record, statements::table};
use crate::{
    codec::record::Changes,
    crypto::{SessionKey, SessionName},
    error::{Error, Result},
    layout::column::{ColumnRotation, Original, OriginalText},
    runtime,
};

/// Sessions in the original form, and how to move one.
pub(super) struct Legacy {
    original: Original,
    statement: String,
}

impl Legacy {
    pub(super) fn new(original: Original, schema: &str) -> Self {
        let (session, record) = (table(schema, "session"), table(schema, "record"));
        let statement = format!(
            "WITH released AS ({release} RETURNING 1), made AS ( \
               INSERT INTO {session} (session_id, account_id, epoch, opener, wrapped_key, key_id, owner, has_creds) \
               SELECT $3::uuid, $1, 1, $4::uuid, $5::bytea, $6::bytea, $7::text, $11::boolean FROM released \
               RETURNING session_id \
             ), moved AS ( \
               INSERT INTO {record} (session_id, record_hash, kind, value) \
               SELECT made.session_id, r.* FROM made, \
                 unnest($8::bytea[], $9::text[], $10::bytea[]) AS r (record_hash, kind, value) \
             ) \
             SELECT session_id FROM made",
            release = original.release(),
        );
        Self { original, statement }
    }

    /// A change of secret over all original texts.
    pub(super) fn rotation(&self) -> ColumnRotation {
        self.original.rotation()
    }

    /// The session of an account in the original form, if it has one.
    pub(super) async fn read(&self, account: &str) -> Result<Option<Changes>> {
        Ok(self.original.read(account).await?.map(|text| text.session))
    }

    /// Deletes the original text of an account.
    pub(super) async fn clear(&self, account: &str) -> Result<()> {
        self.original.clear(account).await
    }
}

/// Moves the sessions of accounts that have one in the original form, and gives these accounts, with the sessions as which
/// they may be found.
pub(super) async fn adopt(
    shared: &Shared,
    legacy: &Legacy,
    accounts: &[Arc<str>],
) -> Result<Vec<(Arc<str>, Result<Option<Uuid>>)>> {
    let mut outcomes = Vec::new();
    for account in legacy.original.present(accounts).await? {
        let moved = move_one(shared, legacy, &account).await;
        outcomes.push((account, moved));
    }
    Ok(outcomes)
}

/// Moves one session, unless somebody has moved or cleared it meanwhile: then the next look finds out what there is.
///
/// From the second attempt on nobody writes in between, however busy the owner is.
async fn move_one(shared: &Shared, legacy: &Legacy, account: &Arc<str>) -> Result<Option<Uuid>> {
    let Some(found) = legacy.original.find(account).await? else {
        return Ok(None);
    };
    let (session_id, moved) = replace(shared, legacy, account, found).await?;
    if moved {
        return Ok(Some(session_id));
    }
    match legacy.original.find_fenced(account).await? {
        Some(found) => Ok(Some(replace(shared, legacy, account, found).await?.0)),
        // Perhaps by the first attempt, whose answer was lost.
        None => Ok(Some(session_id)),
    }
}

/// Puts rows in the place of a text if it is still there: the session that they are, and whether the answer says that they are.
async fn replace(shared: &Shared, legacy: &Legacy, account: &Arc<str>, found: OriginalText) -> Result<(Uuid, bool)> {
    let OriginalText { mark, session } = found;
    let (secrets, name) = (shared.secrets.clone(), account.clone());
    let moved = runtime::compute(move || seal(&secrets, &name, &session)).await??;
    let hashes: Vec<&[u8]> = moved.records.iter().map(|record| record.hash.as_slice()).collect();
    let kinds: Vec<&str> = moved.records.iter().map(|record| &*record.kind).collect();
    let values: Vec<&[u8]> = moved.records.iter().map(|record| &*record.value).collect();
    let account = &**account;
    let params: [(&(dyn ToSql + Sync), Type); 11] = [
        (&account, Type::TEXT),
        (&mark, Type::TEXT),
        (&moved.session_id, Type::UUID),
        (&moved.opener, Type::UUID),
        (&moved.wrapped, Type::BYTEA),
        (&moved.key_id, Type::BYTEA),
        (&shared.owner, Type::TEXT),
        (&hashes, Type::BYTEA_ARRAY),
        (&kinds, Type::TEXT_ARRAY),
        (&values, Type::BYTEA_ARRAY),
        (&moved.has_creds, Type::BOOL),
    ];
    let made = shared.core.pool.query(&legacy.statement, &params).await?;
    Ok((moved.session_id, !made.is_empty()))
}

struct Moved {
    session_id: Uuid,
    opener: Uuid,
    wrapped: Vec<u8>,
    key_id: Vec<u8>,
    records: Vec<record::Sealed>,
    has_creds: bool,
}

fn seal(secrets: &super::secrets::Secrets, account: &str, session: &Changes) -> Result<Moved> {
    let (session_id, kek, key) = (Uuid::new_v4(), secrets.current()?, SessionKey::random()?);
    let name = SessionName {
        account,
        session_id: session_id.as_bytes(),
    };
    let values = session
        .records
        .iter()
        .filter_map(|(key, value)| Some((key, value.as_ref()?)));
    let records = values.map(|(name, value)| record::seal(&key, account, name, value));
    Ok(Moved {
        session_id,
        opener: Uuid::new_v4(),
        wrapped: kek.wrap(&name, &key)?,
        key_id: kek.id().to_vec(),
        has_creds: session.creds().is_some(),
        records: records.collect::<std::result::Result<_, Error>>()?,
    })
}
