//! Reads of records that are not in memory: those of one moment go together, over sessions.

use std::sync::Arc;

use tokio::time::Instant;
use tokio_postgres::{
    Row,
    types::{ToSql, Type},
};
use uuid::Uuid;

use super::{
    Core,
    batch::Limits,
    fence::{self, Ownership},
    malformed_row, record,
    tenure::RowsTenure,
};
use crate::{
    codec::record::{RecordKey, Value},
    crypto::{RecordHash, SessionKey},
    error::{Code, Error, Result},
    layout::ValuesReply,
    pool::{self, Fault},
    runtime,
    waiting::Waiting,
};

/// Two, so that one can be unsealed while the other is under way.
pub(super) const LIMITS: Limits = Limits {
    lanes: 2,
    weight: 2_000,
};

/// Answers up to this size are opened where they are: handing them to another thread would take longer.
const OPENED_IN_PLACE: usize = 64 << 10;

/// Records of one session that somebody waits for. Dropped without an answer, it answers with an internal error, so that
/// nobody waits for ever.
pub(super) struct Request {
    tenure: Arc<RowsTenure>,
    keys: Vec<RecordKey>,
    reply: Option<ValuesReply>,
    deadline: Instant,
}

impl Request {
    pub(super) fn new(tenure: Arc<RowsTenure>, keys: Vec<RecordKey>, reply: ValuesReply) -> Self {
        Self {
            deadline: tenure.shared.core.pool.deadline(),
            tenure,
            keys,
            reply: Some(reply),
        }
    }

    pub(super) fn weight(&self) -> usize {
        self.keys.len()
    }

    /// It cannot be done in time.
    pub(super) fn refuse(mut self) {
        let error = self.tenure.shared.core.pool.no_connection();
        self.answer(Err(error));
    }

    fn answer(&mut self, values: Result<Vec<Option<Value>>>) {
        self.tenure.end_reading(&self.keys, values.as_deref().ok());
        if let Some(reply) = self.reply.take() {
            reply(values);
        }
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        if self.reply.is_some() {
            self.answer(Err(Error::new(Code::Internal, "a read broke off; please report this")));
        }
    }
}

impl Waiting for Request {
    fn deadline(&self) -> Option<Instant> {
        Some(self.deadline)
    }
}

/// Reads what is asked for, and answers.
pub(super) async fn read(core: Arc<Core>, mut requests: Vec<Request>) {
    while !requests.is_empty() {
        let accounts: Vec<_> = requests.iter().map(|request| request.tenure.account.clone()).collect();
        match pool::on_behalf(&accounts, round(&core, &mut requests)).await {
            Ok(again) => requests = again,
            Err(error) => {
                return requests
                    .iter_mut()
                    .for_each(|request| request.answer(Err(error.clone())));
            }
        }
    }
}

/// Answers requests, and gives those whose session has got a new key since they were sent: under the old one nothing is
/// found.
async fn round(core: &Core, requests: &mut Vec<Request>) -> Result<Vec<Request>> {
    let wanted = Wanted::by(requests);
    let rows = core
        .pool
        .repeat(deadline_of(requests), || attempt(core, &wanted))
        .await?;
    let bytes: usize = rows.iter().map(Row::raw_size_bytes).sum();
    let (requests, keys) = (std::mem::take(requests), wanted.keys);
    let work = move || {
        let (mut rows, mut outdated) = (rows.iter(), Vec::new());
        for (mut request, key) in requests.into_iter().zip(keys) {
            match open(&request, &key, rows.by_ref().take(request.keys.len())) {
                Ok(Some(values)) => request.answer(Ok(values)),
                Ok(None) => outdated.push(request),
                Err(error) => request.answer(Err(error)),
            }
        }
        outdated
    };
    let outdated = if bytes <= OPENED_IN_PLACE {
        work()
    } else {
        // A computation that broke off has dropped its requests, which answers them.
        runtime::compute(work).await.unwrap_or_default()
    };
    relearn(core, outdated).await
}

/// Finds out what became of sessions; gives the requests on those that are still ours.
async fn relearn(core: &Core, requests: Vec<Request>) -> Result<Vec<Request>> {
    if requests.is_empty() {
        return Ok(requests);
    }
    let tenures: Vec<_> = requests.iter().map(|request| &*request.tenure).collect();
    let ownership = fence::ask(&core.pool, &core.statements, &tenures, deadline_of(&requests)).await;
    let mut again = Vec::with_capacity(requests.len());
    let ownership = match ownership {
        Ok(ownership) => ownership,
        Err(error) => {
            requests
                .into_iter()
                .for_each(|mut request| request.answer(Err(error.clone())));
            return Ok(again);
        }
    };
    for (mut request, ownership) in requests.into_iter().zip(ownership) {
        match ownership {
            Ownership::Ours => again.push(request),
            Ownership::Lost(error) => request.answer(Err(error)),
        }
    }
    Ok(again)
}

/// When the first of them has waited long enough.
fn deadline_of(requests: &[Request]) -> Instant {
    let deadlines = requests.iter().map(|request| request.deadline);
    deadlines.min().unwrap_or_else(Instant::now)
}

/// What requests ask for together.
#[derive(Default)]
struct Wanted {
    tenures: Vec<Arc<RowsTenure>>,
    /// What each request is asked for under.
    keys: Vec<Arc<SessionKey>>,
    sessions: Vec<Uuid>,
    hashes: Vec<RecordHash>,
}

impl Wanted {
    fn by(requests: &[Request]) -> Self {
        let mut wanted = Self::default();
        for Request { tenure, keys, .. } in requests {
            let session_key = tenure.key();
            for key in keys {
                wanted.sessions.push(tenure.session_id);
                wanted.hashes.push(record::hash(&session_key, key));
            }
            wanted.tenures.push(tenure.clone());
            wanted.keys.push(session_key);
        }
        wanted
    }
}

async fn attempt(core: &Core, wanted: &Wanted) -> std::result::Result<Vec<Row>, Fault> {
    let mut loan = core.pool.lend().await?;
    fence::settle_doubts(&mut loan, &core.statements, wanted.tenures.iter()).await?;
    let hashes: Vec<&[u8]> = wanted.hashes.iter().map(RecordHash::as_slice).collect();
    let params: [(&(dyn ToSql + Sync), Type); 2] = [(&wanted.sessions, Type::UUID_ARRAY), (&hashes, Type::BYTEA_ARRAY)];
    loan.query(&core.statements.read, &params).await
}

/// The values in one request's rows, if the session is still ours; `None` if it is gone, or its key may not be this one any
/// more.
fn open<'a>(
    request: &Request,
    session_key: &Arc<SessionKey>,
    rows: impl Iterator<Item = &'a Row>,
) -> Result<Option<Vec<Option<Value>>>> {
    let Request { tenure, keys, .. } = request;
    let mut values = Vec::with_capacity(keys.len());
    for (key, row) in keys.iter().zip(rows) {
        let opener: Option<Uuid> = row.try_get(0).map_err(|_| malformed_row().error)?;
        match opener {
            // Who asks after its owner is told what became of it.
            None => return Ok(None),
            Some(opener) if opener != tenure.opener => return Err(Error::superseded()),
            Some(_) => {}
        }
        let epoch: i64 = row.try_get(1).map_err(|_| malformed_row().error)?;
        if epoch != tenure.epoch_under(session_key) {
            return Ok(None);
        }
        let sealed: Option<&[u8]> = row.try_get(2).map_err(|_| malformed_row().error)?;
        let value = sealed.map(|sealed| record::open(session_key, &tenure.account, key, sealed));
        values.push(value.transpose()?);
    }
    Ok(Some(values))
}
