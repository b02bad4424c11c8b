//! A change of secret over all sessions in rows, and over those that the accounts table still holds.
//!
//! What is done is known by the sessions' key ids, so that a rotation that broke off is gone on with by another one. A data
//! key that was wrapped by an earlier secret's key is known by `rewrapped`: who has that secret, and an old copy of the row,
//! has the data key. Only a new one helps against that.

mod rekey;
mod statements;

use std::{collections::HashSet, sync::Arc};

use async_trait::async_trait;
use tokio_postgres::{
    Row,
    types::{ToSql, Type},
};
use uuid::Uuid;

use self::rekey::Rekeyed;
pub(super) use self::statements::Statements;
use super::{
    Shared,
    fence::{integer, key_id, uuid},
    malformed_row,
    secrets::{KeyIds, Secrets, short},
};
use crate::{
    crypto::{KeyId, SessionName},
    error::{Code, Result},
    event::Event,
    layout::{
        column::ColumnRotation,
        rotation::{Rotation, Secret, Step, Tally},
        work::{Leftovers, Passes, Stop},
    },
    pool::Fault,
    runtime,
};

/// Sessions that are wrapped anew at a time.
const PAGE: i64 = 200;
/// How often in a row a session's new key may fail because the database is away.
const MOST_FAULTS: usize = 5;

pub(super) struct RowsRotation {
    shared: Arc<Shared>,
    rekeys: bool,
    /// Those of the store's secrets; none before the first step.
    ids: Option<KeyIds>,
    /// The last session that was looked at in this pass.
    after: Uuid,
    passes: Passes,
    rotated: u64,
    faults: usize,
    tally: Tally,
    rewrapped: u64,
    left: Leftovers,
    /// Whether all sessions in rows are done.
    is_past_rows: bool,
    original: Option<ColumnRotation>,
}

/// A session that is to change, as it was found.
pub(super) struct Candidate {
    pub(super) session_id: Uuid,
    pub(super) account: Arc<str>,
    key_id: KeyId,
    wrapped: Vec<u8>,
    rewrapped: bool,
}

impl Candidate {
    fn read(row: &Row) -> std::result::Result<Self, Fault> {
        let malformed = |_| malformed_row();
        Ok(Self {
            session_id: uuid(row, 0)?,
            account: row.try_get::<_, &str>(1).map_err(malformed)?.into(),
            key_id: key_id(row, 2)?,
            wrapped: row.try_get::<_, &[u8]>(3).map_err(malformed)?.to_vec(),
            rewrapped: row.try_get(4).map_err(malformed)?,
        })
    }

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
    pub(super) fn new(shared: Arc<Shared>, rekeys: bool) -> Self {
        Self {
            original: shared.legacy.as_ref().map(super::adoption::Legacy::rotation),
            shared,
            rekeys,
            ids: None,
            after: Uuid::nil(),
            passes: Passes::default(),
            rotated: 0,
            faults: 0,
            tally: Tally::default(),
            rewrapped: 0,
            left: Leftovers::default(),
            is_past_rows: false,
        }
    }

    /// Counts the sessions.
    async fn count(&mut self) -> Result<()> {
        let core = &self.shared.core;
        let rows = core.pool.query(&core.statements.rotation.count, &[]).await?;
        let (mut tally, mut rewrapped) = (Tally::default(), 0);
        for id in self.ids.iter().flat_map(KeyIds::iter) {
            tally.add(self.secret_of(id), &short(id), 0);
        }
        for row in &rows {
            let read = || Ok::<_, Fault>((key_id(row, 0)?, integer(row, 1)?, integer(row, 2)?));
            let (id, sessions, again) = read().map_err(|fault| fault.error)?;
            tally.add(self.secret_of(&id), &short(&id), u64::try_from(sessions).unwrap_or(0));
            rewrapped += u64::try_from(again).unwrap_or(0);
        }
        (self.tally, self.rewrapped) = (tally, rewrapped);
        Ok(())
    }

    fn current(&self) -> Option<&KeyId> {
        self.ids.as_ref().map(KeyIds::current)
    }

    fn secret_of(&self, id: &KeyId) -> Secret {
        self.ids.as_ref().map_or(Secret::Unknown, |ids| ids.secret_of(id))
    }

    /// Changes the next sessions; whether there were any.
    async fn change_next(&mut self, stop: &Stop) -> Result<bool> {
        let page = self.page(if self.rekeys { 1 } else { PAGE }).await?;
        let Some(last) = page.last().map(|session| session.session_id) else {
            return Ok(false);
        };
        if !self.rekeys {
            self.rewrap(page, true).await?;
        } else {
            for session in page {
                if !self.rekey(session, stop).await? {
                    return Ok(true);
                }
            }
        }
        self.after = last;
        Ok(true)
    }

    /// The next sessions that are to change.
    async fn page(&self, limit: i64) -> Result<Vec<Candidate>> {
        let core = &self.shared.core;
        let current = self.current().map(KeyId::as_slice);
        let params: [(&(dyn ToSql + Sync), Type); 4] = [
            (&self.after, Type::UUID),
            (&current, Type::BYTEA),
            (&self.rekeys, Type::BOOL),
            (&limit, Type::INT8),
        ];
        let rows = core.pool.query(&core.statements.rotation.page, &params).await?;
        let sessions = rows.iter().map(Candidate::read);
        sessions
            .collect::<std::result::Result<_, _>>()
            .map_err(|fault| fault.error)
    }

    /// Wraps the keys of sessions anew. `counts`: that is all that was to be done with them.
    async fn rewrap(&mut self, sessions: Vec<Candidate>, counts: bool) -> Result<()> {
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

    /// Gives a session a new data key; whether it is done with, or to be tried again.
    async fn rekey(&mut self, session: Candidate, stop: &Stop) -> Result<bool> {
        let error = match rekey::rekey(&self.shared, &session, stop).await {
            Ok(Rekeyed::Stopped) => return Ok(false),
            Ok(Rekeyed::Settled) => return Ok(true),
            Ok(Rekeyed::Done) => {
                self.faults = 0;
                self.left.remove(&session.account);
                self.rotated += 1;
                self.changed(&session, true);
                self.rewrapped = self.rewrapped.saturating_sub(u64::from(session.rewrapped));
                return Ok(true);
            }
            Err(error) => error,
        };
        match error.code() {
            Code::DbTimeout | Code::WrongSecret => self.left.add(&session.account, error),
            Code::Unreadable => {
                self.left.add(&session.account, error);
                // The records that can be read are to stay so without the earlier secret.
                if self.secret_of(&session.key_id) == Secret::Previous {
                    self.rewrap(vec![session], false).await?;
                }
            }
            Code::DbUnavailable if self.faults < MOST_FAULTS => {
                self.faults += 1;
                return Ok(false);
            }
            _ => return Err(error),
        }
        Ok(true)
    }

    fn changed(&mut self, session: &Candidate, rekeyed: bool) {
        self.shared.core.pool.tell(Event::Rotated {
            account: session.account.clone(),
            rekeyed,
        });
        let Some(ids) = &self.ids else { return };
        self.tally
            .remove(ids.secret_of(&session.key_id), &short(&session.key_id));
        self.tally.add(Secret::Current, &short(ids.current()), 1);
    }

    /// Goes through the sessions in rows.
    async fn step_in_rows(&mut self, stop: &Stop) -> Result<()> {
        if self.change_next(stop).await? {
            return Ok(());
        }
        self.count().await?;
        if self.passes.another(self.rotated) {
            self.after = Uuid::nil();
        } else {
            self.is_past_rows = true;
        }
        Ok(())
    }

    fn report(&self, is_done: bool) -> Step {
        Step {
            is_done,
            rotated: self.rotated,
            keys: self.tally.counts(),
            rewrapped: self.rewrapped,
            left: self.left.len(),
            unrotated: if is_done { self.left.list() } else { Vec::new() },
        }
    }
}

#[async_trait]
impl Rotation for RowsRotation {
    async fn step(&mut self, stop: &Stop) -> Result<Step> {
        if self.ids.is_none() {
            let secrets = self.shared.secrets.clone();
            self.ids = Some(runtime::compute(move || secrets.ids()).await??);
            self.count().await?;
            return Ok(self.report(false));
        }
        if !self.is_past_rows {
            self.step_in_rows(stop).await?;
            return Ok(self.report(self.is_past_rows && self.original.is_none()));
        }
        let Some(original) = &mut self.original else {
            return Ok(self.report(true));
        };
        let step = original.step(stop).await?;
        Ok(self.report(step.is_done).and(step))
    }
}

/// Only what is known of the original texts is added: where none is left, which is usual, they are not mentioned.
impl Step {
    fn and(mut self, original: Step) -> Self {
        self.rotated += original.rotated;
        self.left += original.left;
        self.unrotated.extend(original.unrotated);
        self.keys
            .extend(original.keys.into_iter().filter(|key| key.sessions > 0));
        self
    }
}
