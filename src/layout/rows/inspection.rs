//! A look at the sessions in rows, and at those that the accounts table holds beside them.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use tokio_postgres::{
    Row,
    types::{ToSql, Type},
};
use uuid::Uuid;

use super::{
    Shared,
    adoption::in_both,
    fence::{key_id, uuid},
    malformed_row, movers,
    opener::lost_creds,
    secrets::{KeyIds, Secrets, short},
    snapshot,
};
use crate::{
    codec::CREDS,
    config::LayoutName,
    crypto::SessionKey,
    error::Result,
    layout::inspection::{Contents, Inspector, Status, Unread, count},
    runtime,
};

/// Records that are read at a time.
const PAGE: i64 = 256;

/// The SQL of it.
pub(in crate::layout::rows) struct Statements {
    status: String,
    page: String,
}

impl Statements {
    /// `session` and `record` as SQL has them.
    pub(in crate::layout::rows) fn new(session: &str, record: &str) -> Self {
        let ms = |time: &str| format!("(extract(epoch FROM {time}) * 1000)::bigint");
        // When a record was written is nowhere in it: PostgreSQL knows, if it was told to keep that.
        let written = "max(CASE WHEN current_setting('track_commit_timestamp')::boolean THEN pg_xact_commit_timestamp(r.xmin) END)";
        Self {
            status: format!(
                "SELECT s.account_id, s.owner, {opened}, {created}, s.key_id, r.kind, count(r.kind), \
                   coalesce(sum(octet_length(r.value)), 0)::bigint, {written} \
                 FROM ( \
                   SELECT * FROM {session} WHERE ($1::text IS NULL OR account_id > $1) AND ($2::text IS NULL OR account_id = $2) \
                   ORDER BY account_id LIMIT $3 \
                 ) AS s LEFT JOIN {record} AS r ON r.session_id = s.session_id \
                 GROUP BY s.account_id, s.owner, s.opened_at, s.created_at, s.key_id, r.kind ORDER BY s.account_id, r.kind",
                opened = ms("s.opened_at"),
                created = ms("s.created_at"),
                written = ms(written),
            ),
            // The columns are those of a snapshot. The key comes along with each page, since it may change between two.
            page: format!(
                "SELECT s.session_id, s.key_id, s.wrapped_key, r.kind, r.record_hash, r.value, s.has_creds FROM {session} AS s \
                 LEFT JOIN {record} AS r ON r.session_id = s.session_id AND r.record_hash > $2 \
                 WHERE s.account_id = $1 ORDER BY r.record_hash LIMIT $3"
            ),
        }
    }
}

/// Looks at sessions in rows.
pub(super) struct RowsInspector(Arc<Shared>);

impl RowsInspector {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// Reads a session page by page; `None` if it got another key in between.
    async fn attempt(&self, account: &Arc<str>) -> Result<Option<Look>> {
        let mut look = Look::default();
        loop {
            let page = self.page(account, &look.last).await?;
            if page.is_empty() {
                // Cleared meanwhile, or moved.
                return Ok(Some(Look::default()));
            }
            if !look.is_of(&page[0])? {
                return Ok(None);
            }
            let (secrets, account) = (self.0.secrets.clone(), account.clone());
            look = runtime::compute(move || look.take(&secrets, &account, &page)).await??;
            if look.is_done {
                return Ok(Some(look));
            }
        }
    }

    async fn page(&self, account: &str, last: &[u8]) -> Result<Vec<Row>> {
        let core = &self.0.core;
        let params: [(&(dyn ToSql + Sync), Type); 3] =
            [(&account, Type::TEXT), (&last, Type::BYTEA), (&PAGE, Type::INT8)];
        core.pool.query(&core.statements.inspection.page, &params).await
    }
}

#[async_trait]
impl Inspector for RowsInspector {
    fn layout(&self) -> LayoutName {
        LayoutName::Rows
    }

    async fn count(&self) -> Result<u64> {
        movers::count(&self.0).await
    }

    async fn list(&self, after: Option<&str>, limit: i64) -> Result<Vec<Arc<str>>> {
        movers::list(&self.0, after, limit).await
    }

    async fn status(&self, after: Option<&str>, only: Option<&str>, limit: i64) -> Result<Vec<Status>> {
        let (core, secrets) = (&self.0.core, self.0.secrets.clone());
        let ids = runtime::compute(move || secrets.ids()).await??;
        let params: [(&(dyn ToSql + Sync), Type); 3] =
            [(&after, Type::TEXT), (&only, Type::TEXT), (&limit, Type::INT8)];
        let rows = core.pool.query(&core.statements.inspection.status, &params).await?;
        let mut statuses: Vec<Status> = Vec::new();
        for row in &rows {
            let account: &str = row.try_get(0).map_err(|_| malformed_row().error)?;
            if statuses.last().is_none_or(|last| *last.account != *account) {
                statuses.push(status(row, account, &ids)?);
            }
            if let Some(status) = statuses.last_mut() {
                add_kind(status, row).map_err(|_| malformed_row().error)?;
            }
        }
        Ok(statuses)
    }

    async fn read(&self, account: &Arc<str>) -> Result<Option<Contents>> {
        // Ends: each time but the last somebody has given the session a new key.
        loop {
            if let Some(look) = self.attempt(account).await? {
                return Ok(look.session.map(|_| look.contents));
            }
        }
    }
}

fn status(row: &Row, account: &str, ids: &KeyIds) -> Result<Status> {
    let id = key_id(row, 4).map_err(|fault| fault.error)?;
    let times = || Ok::<_, tokio_postgres::Error>((row.try_get(1)?, row.try_get(2)?, row.try_get(3)?));
    let (owner, opened, created) = times().map_err(|_| malformed_row().error)?;
    Ok(Status {
        account: account.into(),
        layout: LayoutName::Rows,
        kinds: Some(BTreeMap::new()),
        bytes: 0,
        owner: Some(owner),
        opened_ms: Some(opened),
        created_ms: Some(created),
        written_ms: None,
        key: Some((short(&id), ids.secret_of(&id))),
    })
}

fn add_kind(status: &mut Status, row: &Row) -> std::result::Result<(), tokio_postgres::Error> {
    let (kind, records): (Option<String>, i64) = (row.try_get(5)?, row.try_get(6)?);
    status.bytes += row.try_get::<_, i64>(7)?;
    status.written_ms = status.written_ms.max(row.try_get(8)?);
    if let (Some(kinds), Some(kind)) = (&mut status.kinds, kind) {
        kinds.insert(kind, u64::try_from(records).unwrap_or(0));
    }
    Ok(())
}

/// What was seen of a session so far.
#[derive(Default)]
struct Look {
    /// Which it is, and its wrapped key; `None` before the first page.
    session: Option<(Uuid, Vec<u8>)>,
    key: Option<SessionKey>,
    /// The hash of the last record.
    last: Vec<u8>,
    is_done: bool,
    contents: Contents,
}

impl Look {
    /// Whether a page is of the session of which the earlier ones are.
    fn is_of(&mut self, row: &Row) -> Result<bool> {
        let id = uuid(row, 0).map_err(|fault| fault.error)?;
        let wrapped: &[u8] = row.try_get(2).map_err(|_| malformed_row().error)?;
        let (known_id, known_wrapped) = self.session.get_or_insert_with(|| (id, wrapped.to_vec()));
        Ok(*known_id == id && *known_wrapped == wrapped)
    }

    /// Takes a page, which has one row at least.
    fn take(mut self, secrets: &Secrets, account: &str, page: &[Row]) -> Result<Self> {
        if self.key.is_none() {
            match snapshot::session_key(secrets, account, &page[0]) {
                Ok(key) => self.key = Some(key),
                Err(error) => {
                    self.contents = Contents::unreadable(error, 0);
                    self.is_done = true;
                    return Ok(self);
                }
            }
        }
        for row in page {
            self.add(account, row)?;
        }
        self.is_done = (page.len() as i64) < PAGE;
        let had_creds: bool = page[0].try_get(6).map_err(|_| malformed_row().error)?;
        let contents = &mut self.contents;
        let has_creds = contents.kinds.contains_key(CREDS) || contents.unreadable.iter().any(is_of_creds);
        if self.is_done && had_creds && !has_creds {
            contents.unreadable.push(Unread {
                record: None,
                error: lost_creds(),
            });
        }
        Ok(self)
    }

    fn add(&mut self, account: &str, row: &Row) -> Result<()> {
        let columns = || Ok::<_, tokio_postgres::Error>((row.try_get(3)?, row.try_get(4)?, row.try_get(5)?));
        // A session without more records is one row without one.
        let (kind, hash, value): (Option<&str>, Option<&[u8]>, Option<&[u8]>) =
            columns().map_err(|_| malformed_row().error)?;
        let (Some(kind), Some(hash), Some(value), Some(key)) = (kind, hash, value, &self.key) else {
            return Ok(());
        };
        self.last = hash.to_vec();
        self.contents.bytes += value.len() as u64;
        match snapshot::record(key, account, kind, row) {
            Ok(_) => count(&mut self.contents.kinds, kind, 1),
            Err(error) => self.contents.unreadable.push(Unread {
                record: Some((kind.to_owned(), const_hex::encode(hash))),
                error,
            }),
        }
        Ok(())
    }
}

fn is_of_creds(unread: &Unread) -> bool {
    unread.record.as_ref().is_some_and(|(kind, _)| kind == CREDS)
}

/// Looks at sessions in the original form that are yet to be adopted.
pub(super) struct LegacyInspector {
    shared: Arc<Shared>,
    texts: Arc<dyn Inspector>,
}

impl LegacyInspector {
    pub(super) fn new(shared: Arc<Shared>, texts: Arc<dyn Inspector>) -> Self {
        Self { shared, texts }
    }
}

#[async_trait]
impl Inspector for LegacyInspector {
    fn layout(&self) -> LayoutName {
        self.texts.layout()
    }

    async fn count(&self) -> Result<u64> {
        self.texts.count().await
    }

    async fn list(&self, after: Option<&str>, limit: i64) -> Result<Vec<Arc<str>>> {
        self.texts.list(after, limit).await
    }

    async fn status(&self, after: Option<&str>, only: Option<&str>, limit: i64) -> Result<Vec<Status>> {
        self.texts.status(after, only, limit).await
    }

    async fn read(&self, account: &Arc<str>) -> Result<Option<Contents>> {
        let Some(mut contents) = self.texts.read(account).await? else {
            return Ok(None);
        };
        if self.shared.home.has_in_rows(account).await? {
            contents.unreadable.push(Unread {
                record: None,
                error: in_both(),
            });
        }
        Ok(Some(contents))
    }
}
