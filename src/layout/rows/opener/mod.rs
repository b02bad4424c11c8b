//! Opens accounts; those of one moment go together.
//!
//! An account is looked at before it is touched: a session whose secret is another, or that cannot be read, stays its
//! owner's and as it is. Only then its epoch is raised, and after that the credentials are read, so that they are the newest
//! that anybody was told to be durable.

mod examination;
mod takeover;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use tokio::{sync::oneshot, time::Instant};
use tokio_postgres::{Row, types::Type};
use uuid::Uuid;

pub(super) use self::examination::lost_creds;
use self::{
    examination::{Refusal, account_of, examine},
    takeover::take,
};
use super::{Shared, adoption, batch::Limits, creation, record::CREDS_HASH, tenure::RowsTenure};
use crate::{
    error::{Error, Result},
    pool, runtime,
    waiting::Waiting,
};

pub(super) const LIMITS: Limits = Limits { lanes: 2, weight: 500 };

/// How often an open starts over because somebody else was faster.
const ATTEMPTS: usize = 16;

/// An account that somebody wants to have opened.
pub(super) struct Request {
    pub(super) account: Arc<str>,
    pub(super) reply: oneshot::Sender<Result<Arc<RowsTenure>>>,
    pub(super) deadline: Instant,
}

impl Waiting for Request {
    // It is never refused: those before it may be deriving keys, which takes its time and says nothing of the database.
    fn deadline(&self) -> Option<Instant> {
        None
    }
}

/// Opens what is asked for, and answers.
pub(super) async fn open(shared: Arc<Shared>, requests: Vec<Request>) {
    let start = Instant::now();
    let secrets = shared.secrets.clone();
    // What comes of it is told by those who need the key.
    drop(runtime::compute(move || secrets.current().is_ok()).await);
    let deadlines = requests.iter().map(|request| request.deadline);
    let deadline = deadlines.max().unwrap_or(start) + start.elapsed();
    let accounts: Vec<_> = requests.iter().map(|request| request.account.clone()).collect();
    pool::until(deadline, pool::on_behalf(&accounts, open_all(shared, requests))).await;
}

async fn open_all(shared: Arc<Shared>, requests: Vec<Request>) {
    let mut waiting: HashMap<Arc<str>, Vec<Request>> = HashMap::new();
    for request in requests {
        waiting.entry(request.account.clone()).or_default().push(request);
    }
    let accounts: Vec<_> = waiting.keys().cloned().collect();
    let mut answer = |account: &Arc<str>, result: Result<Arc<RowsTenure>>| {
        for request in waiting.remove(account).into_iter().flatten() {
            // Who does not wait any more has given up.
            drop(request.reply.send(result.clone()));
        }
    };
    let (mut remaining, mut adopted) = (accounts, HashSet::new());
    for _ in 0..ATTEMPTS {
        if remaining.is_empty() {
            return;
        }
        match round(&shared, &remaining, &mut adopted).await {
            Ok(opened) => {
                remaining.retain(|account| !opened.iter().any(|(done, _)| done == account));
                opened
                    .into_iter()
                    .for_each(|(account, result)| answer(&account, result));
            }
            Err(error) => {
                remaining.iter().for_each(|account| answer(account, Err(error.clone())));
                return;
            }
        }
    }
    remaining
        .iter()
        .for_each(|account| answer(account, Err(Error::superseded())));
}

pub(super) type Opened = Vec<(Arc<str>, Result<Arc<RowsTenure>>)>;

/// Takes each account one step further; gives those that are open or cannot be opened. `adopted` are the sessions that this
/// open has moved from the original form.
async fn round(shared: &Arc<Shared>, accounts: &[Arc<str>], adopted: &mut HashSet<Uuid>) -> Result<Opened> {
    let core = &shared.core;
    let names: Vec<&str> = accounts.iter().map(|account| &**account).collect();
    let creds = CREDS_HASH.as_slice();
    let rows = core
        .pool
        .query(
            &core.statements.peek,
            &[(&names, Type::TEXT_ARRAY), (&creds, Type::BYTEA)],
        )
        .await?;
    let secrets = shared.secrets.clone();
    let peeked = runtime::compute(move || {
        let read = |row: &Row| (account_of(row), examine(&secrets, row));
        rows.iter().map(read).collect::<Vec<_>>()
    })
    .await?;

    let (mut opened, mut found, mut present) = (Opened::new(), Vec::new(), Vec::new());
    for (account, session) in peeked {
        let account = account?;
        present.push(account.clone());
        match session {
            Ok(session) => found.push(session),
            Err(Refusal { error, unread }) => match (shared.fresh_if_unreadable, unread) {
                // What was moved, or is another by now, is looked at again in the next round.
                (true, Some(unread)) => {
                    if let Err(error) = shared.quarantine.move_aside(&account, &unread, &error).await {
                        opened.push((account, Err(error)));
                    }
                }
                _ => opened.push((account, Err(error))),
            },
        }
    }
    let mut absent: Vec<_> = accounts
        .iter()
        .filter(|account| !present.contains(account))
        .cloned()
        .collect();
    if !absent.is_empty()
        && let Some(legacy) = &shared.legacy
    {
        let outcomes = adoption::adopt(shared, legacy, &absent).await?;
        absent.retain(|account| !outcomes.iter().any(|(done, _)| done == account));
        for (account, moved) in outcomes {
            match moved {
                // What was adopted is opened in the next round.
                Ok(session) => adopted.extend(session),
                Err(error) => opened.push((account, Err(error))),
            }
        }
    }
    if !absent.is_empty() {
        let created = creation::create(shared, &absent).await?;
        // Those that are missing were begun by others, or none is begun here any more.
        if created.len() < absent.len() {
            shared.require_home().await?;
        }
        opened.extend(created);
    }
    if !found.is_empty() {
        opened.extend(take(shared, found, adopted).await?);
    }
    Ok(opened)
}
