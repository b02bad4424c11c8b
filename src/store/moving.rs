//! Moves sessions between the store and folders of files.
//!
//! Moving in is one write: an account has the whole session, or what it had before. What was written is read back from the
//! database and compared, value by value; only then the call succeeds.

use std::{collections::HashMap, future::Future, path::PathBuf, sync::Arc};

use tokio::sync::oneshot;

use super::{
    Store,
    current::says_nothing_of_moves,
    registry::{self, Place},
};
use crate::{
    codec::record::{Changes, RecordKey, Value},
    error::{Code, Error, Result},
    multi_file::{self, Folder, Written},
    pool, runtime,
    session::{Handle, Identity},
};

/// How a folder is moved in.
#[derive(Clone, Copy)]
pub(crate) struct ImportOptions {
    /// Whether a session that the account has already is replaced.
    pub(crate) replaces: bool,
    /// Whether one of the same identity is left as it is, and no error.
    pub(crate) resumes: bool,
    /// Whether broken files are left out; but for that of the credentials.
    pub(crate) skips_broken: bool,
}

/// What came of a folder.
pub(crate) struct Imported {
    pub(crate) folder: Folder,
    pub(crate) outcome: ImportOutcome,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ImportOutcome {
    /// It is the account's session now; the account had none.
    Added,
    /// It is the account's session now, in the place of another.
    Replaced,
    /// The account has its session already.
    Present,
    /// Files are broken: nothing was done.
    Refused,
}

/// What was written of a session.
pub(crate) struct Exported {
    pub(crate) session: Changes,
    pub(crate) written: Written,
}

impl Store {
    /// Makes a folder an account's session.
    pub(crate) fn import(
        self: &Arc<Self>,
        account: Arc<str>,
        folder: PathBuf,
        options: ImportOptions,
    ) -> impl Future<Output = Result<Imported>> + Send + use<> {
        let (store, place) = (self.clone(), registry::place(&self.target, &account));
        let turn = place.turn();
        async move {
            let _turn = turn.await;
            store.require_open()?;
            let folder = runtime::compute(move || multi_file::read(&folder)).await??;
            let is_complete = folder.broken.is_empty() || options.skips_broken && folder.broken_creds().is_none();
            let outcome = match is_complete {
                true => pool::on_behalf([&account], store.move_in(&place, &account, &folder.session, options)).await?,
                false => ImportOutcome::Refused,
            };
            Ok(Imported { folder, outcome })
        }
    }

    async fn move_in(
        &self,
        place: &Place,
        account: &Arc<str>,
        new: &Changes,
        options: ImportOptions,
    ) -> Result<ImportOutcome> {
        // Looked at before it is opened: an owner whose session stays is not to lose it.
        if let Some(old) = self.snapshot(account).await?
            && let Some(creds) = old.creds()
            && !options.replaces
        {
            let is_same = Identity::of(creds) == new.creds().and_then(Identity::of);
            return match options.resumes && is_same {
                true => Ok(ImportOutcome::Present),
                false => Err(exists(is_same)),
            };
        }
        self.as_owner(place, account, async |handle| {
            let old = self.snapshot(account).await?.unwrap_or_default();
            if old.creds().is_some() && !options.replaces {
                return Err(exists(false));
            }
            put(&handle, new).await?;
            if let Err(error) = self.compare(account, new).await {
                // That the database is not there says nothing against what was written.
                if !matches!(error.code(), Code::Unreadable | Code::Internal) {
                    return Err(error);
                }
                // Whoever has opened it since goes on from what was written, and is the reason that it is different.
                handle.session.flush().await?;
                put(&handle, &old).await?;
                return Err(error);
            }
            Ok(match old.creds() {
                None => ImportOutcome::Added,
                Some(_) => ImportOutcome::Replaced,
            })
        })
        .await
    }

    /// Writes an account's session into a folder. It stays its owner's, unless it is to be taken over: then nothing is written
    /// to it any more.
    pub(crate) fn export(
        self: &Arc<Self>,
        account: Arc<str>,
        folder: PathBuf,
        takes_over: bool,
    ) -> impl Future<Output = Result<Exported>> + Send + use<> {
        let (store, place) = (self.clone(), registry::place(&self.target, &account));
        let turn = place.turn();
        async move {
            let _turn = turn.await;
            store.require_open()?;
            let target = folder.clone();
            runtime::compute(move || multi_file::require_vacant(&target)).await??;
            let session = pool::on_behalf([&account], store.move_out(&place, &account, takes_over)).await?;
            runtime::compute(move || {
                let written = multi_file::write(&folder, &session)?;
                Ok(Exported { session, written })
            })
            .await?
        }
    }

    async fn move_out(&self, place: &Place, account: &Arc<str>, takes_over: bool) -> Result<Changes> {
        if let Some((session, _)) = place.occupant() {
            session.flush_if_pending().await?;
        }
        // An account that has none would get an empty one by being opened.
        let session = self.existing(account).await?;
        if !takes_over {
            return Ok(session);
        }
        self.as_owner(place, account, async |_| self.existing(account).await)
            .await
    }

    /// The account's session at this moment.
    async fn existing(&self, account: &Arc<str>) -> Result<Changes> {
        let session = self.snapshot(account).await?;
        session.filter(|session| session.creds().is_some()).ok_or_else(|| {
            Error::new(
                Code::AccountNotFound,
                "the account has no session; check its id, and which database and layout this is",
            )
        })
    }

    async fn snapshot(&self, account: &Arc<str>) -> Result<Option<Changes>> {
        pool::until(self.pool.deadline(), async {
            let backend = self.backend().await?;
            match backend.layout.snapshot(account).await {
                Ok(Some(session)) => Ok(Some(session)),
                Err(error) if says_nothing_of_moves(&error) => Err(error),
                // Perhaps it is in another layout by now.
                missing => match self.current_backend().await? {
                    same if Arc::ptr_eq(&same, &backend) => missing,
                    current => current.layout.snapshot(account).await,
                },
            }
        })
        .await
    }

    /// Takes the account over for some work. Who had it open here learns that he has it no longer.
    async fn as_owner<T>(
        &self,
        place: &Place,
        account: &Arc<str>,
        work: impl AsyncFnOnce(Handle) -> Result<T>,
    ) -> Result<T> {
        let is_open = place.occupant().is_some_and(|(session, _)| session.ended().is_none());
        let handle = self.open_in_turn(place, account.clone()).await?.admit();
        let (session, number) = (handle.session.clone(), handle.number);
        let result = work(handle).await;
        session.end_by(number, &if is_open { Error::superseded() } else { Error::closed() });
        result
    }

    /// Fails if an account's session is not this one.
    async fn compare(&self, account: &Arc<str>, written: &Changes) -> Result<()> {
        let read = self.snapshot(account).await?.unwrap_or_default();
        let (written, read) = (by_name(written), by_name(&read));
        let differing = written
            .iter()
            .filter(|(name, value)| read.get(*name) != Some(value))
            .count();
        let added = read.keys().filter(|name| !written.contains_key(*name)).count();
        if differing + added == 0 {
            return Ok(());
        }
        Err(Error::new(
            Code::Internal,
            format!(
                "{} of {} records did not read back as they were written, so the account has again what it had before; \
                 see whether a trigger or rule changes rows, else report this",
                differing + added,
                written.len()
            ),
        ))
    }
}

/// Makes this the session, in one commit.
async fn put(handle: &Handle, session: &Changes) -> Result<()> {
    let mut changes = session.clone();
    changes.deletes_keys = true;
    changes.records.entry(RecordKey::Creds).or_insert(None);
    let (reply, answer) = oneshot::channel();
    let reply = Box::new(|result| drop(reply.send(result)));
    handle.session.replace(handle.number, changes, reply);
    handle.session.start();
    answer.await.unwrap_or_else(|_| Err(Error::closed()))
}

/// Values by names that every layout can tell apart; `None` is that of the credentials.
fn by_name(session: &Changes) -> HashMap<Option<String>, &Value> {
    let name = |key: &RecordKey| match key {
        RecordKey::Creds => None,
        RecordKey::Key { kind, id } => Some(format!("{kind}-{id}")),
    };
    let records = session.records.iter();
    records
        .filter_map(|(key, value)| Some((name(key), value.as_ref()?)))
        .collect()
}

fn exists(is_same: bool) -> Error {
    let whose = match is_same {
        true => "the very one, as it has gone on since",
        false => "another one",
    };
    Error::new(
        Code::SessionExists,
        format!(
            "the account has a session already, {whose}; it was left as it is: ask for it to be replaced if that is meant"
        ),
    )
}
