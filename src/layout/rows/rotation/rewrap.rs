//! Wraps the data keys of sessions anew, many at a time; their records stay as they are.

use std::collections::HashSet;

use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

use super::{Candidate, RowsRotation};
use crate::{
    crypto::{KeyId, SessionName},
    error::{Code, Result},
    layout::rows::{fence::uuid, secrets::Secrets},
    runtime,
};

impl Candidate {
    /// Its key, wrapped by the current secret's.
    fn rewrap(&self, secrets: &Secrets) -> Result<Vec<u8>> {
        let name = SessionName {
            account: &self.account,
            session_id: self.session_id.as_bytes(),
        };
        let key = secrets.find(&self.key_id)?.unwrap(&name, &self.wrapped)?;
        secrets.current()?.wrap(&name, &key)
    }
}

impl RowsRotation {
    /// Wraps the keys of sessions anew. `counts`: that is all that was to be done with them.
    pub(super) async fn rewrap(&mut self, sessions: Vec<Candidate>, counts: bool) -> Result<()> {
        let secrets = self.shared.secrets.clone();
        let examined = runtime::compute(move || {
            let rewrap = |session: Candidate| (session.rewrap(&secrets), session);
            sessions.into_iter().map(rewrap).collect::<Vec<_>>()
        })
        .await?;
        let mut ready = Vec::with_capacity(examined.len());
        for (rewrapped, session) in examined {
            match rewrapped {
                Ok(rewrapped) => ready.push((session, rewrapped)),
                Err(error) => self.left.add(&session.account, error),
            }
        }
        let mut done = self.send(&ready, true).await?;
        for pair in &ready {
            let account = &pair.0.account;
            if !done.contains(&pair.0.session_id) {
                // Somebody holds it, or has changed it: then the next pass sees what it needs.
                match self.send(std::slice::from_ref(pair), false).await {
                    Ok(sent) => done.extend(sent),
                    Err(error) if error.code() == Code::DbTimeout => self.left.add(account, error),
                    Err(error) => return Err(error),
                }
            }
        }
        for (session, _) in ready.iter().filter(|(session, _)| done.contains(&session.session_id)) {
            self.changed(session, false);
            if counts {
                self.left.remove(&session.account);
                self.rotated += 1;
            }
            self.rewrapped += u64::from(!session.rewrapped);
        }
        Ok(())
    }

    /// Gives the sessions whose key is wrapped anew.
    async fn send(&self, sessions: &[(Candidate, Vec<u8>)], skips: bool) -> Result<HashSet<Uuid>> {
        if sessions.is_empty() {
            return Ok(HashSet::new());
        }
        let core = &self.shared.core;
        let ids: Vec<_> = sessions.iter().map(|(session, _)| session.session_id).collect();
        let found: Vec<&[u8]> = sessions.iter().map(|(session, _)| &*session.wrapped).collect();
        let rewrapped: Vec<&[u8]> = sessions.iter().map(|(_, rewrapped)| &**rewrapped).collect();
        let current = self.current().map(KeyId::as_slice);
        let params: [(&(dyn ToSql + Sync), Type); 4] = [
            (&ids, Type::UUID_ARRAY),
            (&found, Type::BYTEA_ARRAY),
            (&rewrapped, Type::BYTEA_ARRAY),
            (&current, Type::BYTEA),
        ];
        let statements = &core.statements.rotation;
        let statement = if skips {
            &statements.rewrap
        } else {
            &statements.rewrap_one
        };
        let rows = core.pool.query(statement, &params).await?;
        let ids = rows.iter().map(|row| uuid(row, 0).map_err(|fault| fault.error));
        ids.collect()
    }
}
