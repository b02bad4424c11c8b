//! Reads of records that are not in memory: those of one moment go together, over sessions.

use std::sync::Arc;

use tokio::time::Instant;
use tokio_postgres::{
    Row,
    types::{ToSql, Type},
};
use uuid::Uuid;

use super::{Core, batch::Limits, fence, malformed_row, record, tenure::RowsTenure};
use crate::{
    codec::record::{RecordKey, Value},
    crypto::RecordHash,
    error::{Code, Error, Result},
    layout::ValuesReply,
    pool::Fault,
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
    let wanted = Wanted::by(&requests);
    let deadlines = requests.iter().map(|request| request.deadline);
    let deadline = deadlines.min().unwrap_or_else(Instant::now);
    let rows = match core.pool.repeat(deadline, || attempt(&core, &wanted)).await {
        Ok(rows) => rows,
        Err(error) => {
            return requests
                .iter_mut()
                .for_each(|request| request.answer(Err(error.clone())));
        }
    };
    let bytes: usize = rows.iter().map(Row::raw_size_bytes).sum();
    let mut work = move || {
        let mut rows = rows.iter();
        for request in &mut requests {
            let values = open(request, rows.by_ref().take(request.keys.len()));
            request.answer(values);
        }
    };
    if bytes <= OPENED_IN_PLACE {
        work();
    } else {
        // A computation that broke off has dropped its requests, which answers them.
        drop(runtime::compute(work).await);
    }
}

/// What requests ask for together.
#[derive(Default)]
struct Wanted {
    tenures: Vec<Arc<RowsTenure>>,
    sessions: Vec<Uuid>,
    hashes: Vec<RecordHash>,
}

impl Wanted {
    fn by(requests: &[Request]) -> Self {
        let mut wanted = Self::default();
        for Request { tenure, keys, .. } in requests {
            wanted.tenures.push(tenure.clone());
            for key in keys {
                wanted.sessions.push(tenure.session_id);
                wanted.hashes.push(record::hash(&tenure.key, key));
            }
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

/// The values in one request's rows, if the session is still ours.
fn open<'a>(request: &Request, rows: impl Iterator<Item = &'a Row>) -> Result<Vec<Option<Value>>> {
    let Request { tenure, keys, .. } = request;
    let mut values = Vec::with_capacity(keys.len());
    for (key, row) in keys.iter().zip(rows) {
        let opener: Option<Uuid> = row.try_get(0).map_err(|_| malformed_row().error)?;
        match opener {
            None => return Err(Error::cleared()),
            Some(opener) if opener != tenure.opener => return Err(Error::superseded()),
            Some(_) => {}
        }
        let sealed: Option<&[u8]> = row.try_get(1).map_err(|_| malformed_row().error)?;
        let value = sealed.map(|sealed| record::open(&tenure.key, &tenure.account, key, sealed));
        values.push(value.transpose()?);
    }
    Ok(values)
}
