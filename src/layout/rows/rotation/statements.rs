//! The SQL of a change of secret.
//!
//! Wrapping a key anew takes a lock that no writer minds (FOR NO KEY UPDATE), and is done only where the wrapped key is still
//! the one that was read: an open that has wrapped it meanwhile, or is about to, is none the worse for it. A new data key
//! takes the session's row FOR UPDATE, as an open does.

pub(in crate::layout::rows) struct Statements {
    pub(super) count: String,
    pub(super) page: String,
    /// Leaves out sessions that somebody holds.
    pub(super) rewrap: String,
    /// Waits for whoever holds the session.
    pub(super) rewrap_one: String,
    pub(super) lock: String,
    pub(super) sizes: String,
    pub(super) take_records: String,
    pub(super) put_records: String,
    pub(super) set_key: String,
}

impl Statements {
    /// `session` and `record` as SQL has them; `durability` for the end of a list of tables.
    pub(in crate::layout::rows) fn new(session: &str, record: &str, durability: &str) -> Self {
        let rewrap = |wait: &str| {
            format!(
                "WITH wanted AS MATERIALIZED ( \
                   SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS w (session_id, found_key, wrapped_key) \
                 ), held AS MATERIALIZED ( \
                   SELECT s.session_id FROM {session} AS s JOIN wanted AS w USING (session_id) \
                   WHERE s.wrapped_key IN (w.found_key, w.wrapped_key) ORDER BY s.session_id FOR NO KEY UPDATE OF s{wait} \
                 ) \
                 UPDATE {session} AS s SET wrapped_key = w.wrapped_key, key_id = $4, rewrapped = true \
                 FROM held JOIN wanted AS w USING (session_id){durability} WHERE s.session_id = held.session_id \
                 RETURNING s.session_id"
            )
        };
        Self {
            count: format!("SELECT key_id, count(*), count(*) FILTER (WHERE rewrapped) FROM {session} GROUP BY key_id"),
            page: format!(
                "SELECT session_id, account_id, key_id, wrapped_key, rewrapped FROM {session} \
                 WHERE session_id > $1 AND (key_id <> $2 OR (rewrapped AND $3)) ORDER BY session_id LIMIT $4"
            ),
            rewrap: rewrap(" SKIP LOCKED"),
            rewrap_one: rewrap(""),
            lock: format!("SELECT key_id, wrapped_key, rewrapped FROM {session} WHERE session_id = $1 FOR UPDATE"),
            sizes: format!("SELECT record_hash, octet_length(value) FROM {record} WHERE session_id = $1"),
            take_records: format!(
                "DELETE FROM {record} WHERE session_id = $1 AND record_hash = ANY ($2) \
                 RETURNING record_hash, kind, value"
            ),
            put_records: format!(
                "INSERT INTO {record} (session_id, record_hash, kind, value) \
                 SELECT $1::uuid, u.* FROM unnest($2::bytea[], $3::text[], $4::bytea[]) AS u (record_hash, kind, value)"
            ),
            set_key: format!(
                "UPDATE {session} AS s SET epoch = s.epoch + 1, wrapped_key = n.wrapped_key, key_id = n.key_id, \
                   rewrapped = false \
                 FROM (SELECT $2::bytea, $3::bytea) AS n (wrapped_key, key_id){durability} WHERE s.session_id = $1"
            ),
        }
    }
}
