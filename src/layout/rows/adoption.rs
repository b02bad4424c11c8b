//! Adoption: a session that the accounts table still holds, in the original form, moves into rows when it is opened.
//!
//! One statement does all of it: the original text goes only if it is the one that was read, and only together with the
//! rows that it became.

use std::sync::Arc;

use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

use super::{
    Shared, record,
    statements::{is_home, table},
};
use crate::{
    codec::record::Changes,
    crypto::{SessionKey, SessionName},
    error::{Code, Error, Result},
    layout::column::{ColumnRotation, Original, OriginalText, Unreadable},
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
            "WITH released AS ({release} AND {is_home} RETURNING 1), made AS ( \
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
            is_home = is_home(schema),
        );
        Self { original, statement }
    }

    /// Where the original texts are.
    pub(super) fn original(&self) -> &Original {
        &self.original
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
    Ok(attempt(shared, legacy, account, Unreadable::MayMoveAside)
        .await?
        .map(|moved| moved.session_id))
}

/// Moves the session of an account where sessions that cannot be read stay; whether it did, which somebody else may have done.
pub(super) async fn move_in(shared: &Shared, legacy: &Legacy, account: &Arc<str>) -> Result<bool> {
    let moved = attempt(shared, legacy, account, Unreadable::Stays).await;
    let moved = moved.map_err(|error| match error.sql_state() {
        Some("23505") => in_both(),
        _ => error,
    })?;
    match moved {
        Some(Attempt { is_certain: true, .. }) => Ok(true),
        // By an attempt whose answer was lost, or by an open.
        Some(_) => shared.home.has_in_rows(account).await,
        None => Ok(false),
    }
}

/// An account has a session in rows, and one in the original form.
pub(in crate::layout) fn in_both() -> Error {
    Error::new(
        Code::SessionExists,
        "the account has a session in rows and another one in the accounts table, which only a service that knows nothing of rows \
         writes there; both were left as they are: the one in rows is in use; export or clear one of them",
    )
}

/// What came of a text that was there.
struct Attempt {
    session_id: Uuid,
    /// Whether an answer says that it has moved.
    is_certain: bool,
}

async fn attempt(
    shared: &Shared,
    legacy: &Legacy,
    account: &Arc<str>,
    unreadable: Unreadable,
) -> Result<Option<Attempt>> {
    let original = &legacy.original;
    let Some(found) = original.find(account, unreadable).await? else {
        return Ok(None);
    };
    let first = replace(shared, legacy, account, found).await?;
    if first.is_certain {
        return Ok(Some(first));
    }
    // Not in vain: a fence takes the session from its owner.
    shared.require_home().await?;
    match original.find_fenced(account, unreadable).await? {
        Some(found) => replace(shared, legacy, account, found).await.map(Some),
        // Perhaps by the first attempt, whose answer was lost.
        None => Ok(Some(first)),
    }
}

/// Puts rows in the place of a text if it is still there.
async fn replace(shared: &Shared, legacy: &Legacy, account: &Arc<str>, found: OriginalText) -> Result<Attempt> {
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
    Ok(Attempt {
        session_id: moved.session_id,
        is_certain: !made.is_empty(),
    })
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
