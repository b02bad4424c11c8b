//! Makes sessions for accounts that have none.

use std::{collections::HashMap, sync::Arc};

use tokio_postgres::{Row, types::Type};
use uuid::Uuid;

use super::{
    Shared,
    fence::{integer, uuid},
    opener::Opened,
    secrets::Secrets,
    tenure::RowsTenure,
};
use crate::{
    crypto::{KeyId, SessionKey, SessionName},
    error::Result,
    pool::Fault,
    runtime,
};

/// A session that is not yet there.
struct Fresh {
    account: Arc<str>,
    session_id: Uuid,
    opener: Uuid,
    key: Arc<SessionKey>,
    wrapped: Vec<u8>,
    key_id: KeyId,
}

/// Makes them; an account that another opener was faster with is left for the next round.
///
/// Each attempt makes others: one that comes late, after a clear, then brings no session back that somebody knows.
pub(super) async fn create(shared: &Arc<Shared>, accounts: &[Arc<str>]) -> Result<Opened> {
    let pool = &shared.core.pool;
    let (fresh, rows) = pool
        .repeat(pool.deadline(), || attempt_to_create(shared, accounts))
        .await?;
    let mut opened = Opened::with_capacity(rows.len());
    let mut fresh: HashMap<_, _> = fresh.into_iter().map(|session| (session.session_id, session)).collect();
    for row in &rows {
        let read = || Ok::<_, Fault>((uuid(row, 0)?, integer(row, 1)?));
        let (session_id, epoch) = read().map_err(|fault| fault.error)?;
        if let Some(session) = fresh.remove(&session_id) {
            let tenure = RowsTenure::new(
                shared.clone(),
                session.account.clone(),
                session_id,
                session.opener,
                session.key,
                session.wrapped,
                epoch,
            );
            tenure.keep_creds(None);
            opened.push((session.account, Ok(Arc::new(tenure))));
        }
    }
    Ok(opened)
}

/// New sessions, and the rows of those that were not too late.
async fn attempt_to_create(
    shared: &Shared,
    accounts: &[Arc<str>],
) -> std::result::Result<(Vec<Fresh>, Vec<Row>), Fault> {
    let (core, secrets, names) = (&shared.core, shared.secrets.clone(), accounts.to_vec());
    let make = move || {
        names
            .into_iter()
            .map(|account| fresh(&secrets, account))
            .collect::<Result<Vec<_>>>()
    };
    let fresh = runtime::compute(make)
        .await
        .and_then(|made| made)
        .map_err(Fault::lasting)?;
    let sessions: Vec<_> = fresh.iter().map(|session| session.session_id).collect();
    let names: Vec<&str> = fresh.iter().map(|session| &*session.account).collect();
    let openers: Vec<_> = fresh.iter().map(|session| session.opener).collect();
    let wrapped: Vec<&[u8]> = fresh.iter().map(|session| &*session.wrapped).collect();
    let key_ids: Vec<&[u8]> = fresh.iter().map(|session| session.key_id.as_slice()).collect();
    let mut loan = core.pool.lend().await?;
    let rows = loan
        .query(
            &core.statements.create,
            &[
                (&sessions, Type::UUID_ARRAY),
                (&names, Type::TEXT_ARRAY),
                (&openers, Type::UUID_ARRAY),
                (&wrapped, Type::BYTEA_ARRAY),
                (&key_ids, Type::BYTEA_ARRAY),
                (&shared.owner, Type::TEXT),
            ],
        )
        .await?;
    Ok((fresh, rows))
}

fn fresh(secrets: &Secrets, account: Arc<str>) -> Result<Fresh> {
    let (session_id, kek, key) = (Uuid::new_v4(), secrets.current()?, SessionKey::random()?);
    let name = SessionName {
        account: &account,
        session_id: session_id.as_bytes(),
    };
    let wrapped = kek.wrap(&name, &key)?;
    Ok(Fresh {
        session_id,
        opener: Uuid::new_v4(),
        key: Arc::new(key),
        key_id: *kek.id(),
        wrapped,
        account,
    })
}
