//! The statements on `session` and `record`: schema-qualified, unnamed and free of session state, so that any pooler
//! will do.
//!
//! Locks: whoever writes holds its sessions' rows FOR KEY SHARE, in the order of their ids; whoever opens or clears takes
//! them FOR UPDATE or stronger, in that order too. So an open waits for every write under way, and what comes
//! after it finds another epoch. A batch leaves out sessions whose rows are taken: they are written alone, so that nobody
//! else waits for whoever takes them.
//!
//! A statement may be carried out late, when its answer was given up and its caller has gone on. So each finds what it was
//! meant for, or does nothing: a write its epoch, an open or a clear the opener that was seen before it.

use super::{departure, inspection, rotation};
use crate::{
    codec::CREDS,
    config::LayoutName,
    layout::{
        home,
        sql::{durability, quoted},
    },
};

pub(super) struct Statements {
    pub(super) peek: String,
    pub(super) take: String,
    pub(super) create: String,
    pub(super) read_creds: String,
    pub(super) read: String,
    pub(super) page: String,
    pub(super) snapshot: String,
    pub(super) raise_epoch: String,
    pub(super) owners: String,
    pub(super) find: String,
    pub(super) clear: String,
    /// A commit that sets one record.
    pub(super) set_one: String,
    /// A commit that only sets records, of one session.
    pub(super) set_many: String,
    commits: [String; 16],
    /// Those of a change of secret.
    pub(super) rotation: rotation::Statements,
    /// Those of a move to the original form.
    pub(super) departure: departure::Statements,
    /// Those of a look at sessions.
    pub(super) inspection: inspection::Statements,
}

/// What a commit does, and so which parameters it takes, in this order, after sessions and epochs. Commits that are prepared
/// differ in the number or types of their parameters, as [`Loan::query_often`] asks for, but for those that differ in
/// `waits` alone: one may well stand in for the other.
///
/// [`Loan::query_often`]: crate::pool::Loan::query_often
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Parts {
    /// Sessions whose keys are all deleted.
    pub(super) deletions_of_keys: bool,
    /// Sessions, hashes, kinds and values.
    pub(super) upserts: bool,
    /// Sessions and hashes.
    pub(super) deletions: bool,
    /// Whether a session that somebody holds is waited for, or left out.
    pub(super) waits: bool,
}

impl Statements {
    pub(super) fn new(schema: &str, synchronous_commit: Option<&str>) -> Self {
        let (session, record) = (table(schema, "session"), table(schema, "record"));
        let setting = durability(synchronous_commit);
        let deletion = setting
            .as_ref()
            .map(|setting| format!(" USING {setting}"))
            .unwrap_or_default();
        let durability = setting.map(|setting| format!(", {setting}")).unwrap_or_default();
        let is_home = is_home(schema);
        Self {
            peek: format!(
                "SELECT s.account_id, s.session_id, s.key_id, s.wrapped_key, r.value, s.opener, s.owner, s.has_creds \
                 FROM {session} AS s \
                 LEFT JOIN {record} AS r ON r.session_id = s.session_id AND r.record_hash = $2 \
                 WHERE s.account_id = ANY ($1)"
            ),
            take: format!(
                "WITH wanted AS MATERIALIZED ( \
                   SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::uuid[], $4::uuid[], $5::bytea[], $6::bytea[], $8::boolean[]) \
                     AS w (session_id, found_key, found_opener, opener, wrapped_key, key_id, has_creds) \
                 ), held AS MATERIALIZED ( \
                   SELECT s.session_id FROM {session} AS s JOIN wanted AS w USING (session_id) \
                   WHERE s.wrapped_key = w.found_key AND s.opener = w.found_opener \
                   ORDER BY s.session_id FOR UPDATE OF s \
                 ) \
                 UPDATE {session} AS s SET epoch = s.epoch + 1, opener = w.opener, owner = $7, opened_at = now(), \
                   wrapped_key = w.wrapped_key, rewrapped = s.rewrapped OR s.key_id <> w.key_id, key_id = w.key_id, \
                   has_creds = s.has_creds OR w.has_creds \
                 FROM held JOIN wanted AS w USING (session_id){durability} WHERE s.session_id = held.session_id \
                 RETURNING s.session_id, s.epoch"
            ),
            create: format!(
                "INSERT INTO {session} (session_id, account_id, epoch, opener, wrapped_key, key_id, owner) \
                 SELECT n.session_id, n.account_id, 1, n.opener, n.wrapped_key, n.key_id, $6 \
                 FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::bytea[], $5::bytea[]) \
                   AS n (session_id, account_id, opener, wrapped_key, key_id){durability} WHERE {is_home} \
                 ON CONFLICT (account_id) DO NOTHING RETURNING session_id, epoch"
            ),
            read_creds: format!(
                "SELECT s.session_id, s.opener, s.epoch, r.value FROM {session} AS s \
                 LEFT JOIN {record} AS r ON r.session_id = s.session_id AND r.record_hash = $2 \
                 WHERE s.session_id = ANY ($1)"
            ),
            read: format!(
                "SELECT s.opener, s.epoch, r.value FROM unnest($1::uuid[], $2::bytea[]) WITH ORDINALITY \
                   AS w (session_id, record_hash, position) \
                 LEFT JOIN {session} AS s ON s.session_id = w.session_id \
                 LEFT JOIN {record} AS r ON r.session_id = w.session_id AND r.record_hash = w.record_hash \
                 ORDER BY w.position"
            ),
            page: format!(
                "SELECT kind, record_hash, value FROM {record} WHERE session_id = $1 AND record_hash > $2 \
                 AND kind <> '{CREDS}' AND ($3::text IS NULL OR kind = $3) ORDER BY record_hash LIMIT $4"
            ),
            // One statement sees one moment.
            snapshot: format!(
                "SELECT s.session_id, s.key_id, s.wrapped_key, r.kind, r.record_hash, r.value, s.has_creds FROM {session} AS s \
                 LEFT JOIN {record} AS r ON r.session_id = s.session_id WHERE s.account_id = $1 ORDER BY r.record_hash"
            ),
            raise_epoch: format!(
                "WITH held AS MATERIALIZED ( \
                   SELECT s.session_id FROM unnest($1::uuid[], $2::uuid[]) AS w (session_id, opener) \
                   JOIN {session} AS s USING (session_id) WHERE s.opener = w.opener ORDER BY s.session_id FOR UPDATE OF s \
                 ) \
                 UPDATE {session} AS s SET epoch = s.epoch + 1 FROM held WHERE s.session_id = held.session_id \
                 RETURNING s.session_id, s.opener, s.epoch, s.key_id, s.wrapped_key"
            ),
            owners: format!(
                "SELECT session_id, opener, epoch, key_id, wrapped_key FROM {session} WHERE session_id = ANY ($1)"
            ),
            set_one: format!(
                "INSERT INTO {record} AS r (session_id, record_hash, kind, value) \
                 SELECT s.session_id, $3::bytea, $4::text, $5::bytea FROM {session} AS s{durability} \
                 WHERE s.session_id = $1 AND s.epoch = $2 FOR KEY SHARE OF s \
                 ON CONFLICT (session_id, record_hash) DO UPDATE SET value = excluded.value"
            ),
            set_many: format!(
                "INSERT INTO {record} AS r (session_id, record_hash, kind, value) \
                 SELECT s.session_id, u.* FROM \
                   (SELECT session_id FROM {session} WHERE session_id = $1 AND epoch = $2 FOR KEY SHARE) AS s, \
                   unnest($3::bytea[], $4::text[], $5::bytea[]) AS u (record_hash, kind, value){durability} \
                 ON CONFLICT (session_id, record_hash) DO UPDATE SET value = excluded.value"
            ),
            find: format!("SELECT session_id, opener FROM {session} WHERE account_id = $1"),
            clear: format!("DELETE FROM {session} AS s{deletion} WHERE s.session_id = $1 AND s.opener = $2"),
            rotation: rotation::Statements::new(&session, &record, &durability),
            departure: departure::Statements::new(&session),
            inspection: inspection::Statements::new(&session, &record),
            commits: std::array::from_fn(|number| commit(&session, &record, &durability, Parts::from_number(number))),
        }
    }

    pub(super) fn commit(&self, parts: Parts) -> &str {
        &self.commits[parts.number()]
    }
}

/// A table of a schema, as SQL has it.
pub(super) fn table(schema: &str, name: &str) -> String {
    format!("{}.{name}", quoted(schema))
}

/// What holds in SQL as long as sessions are kept in rows: only so long any is begun here, or moved here.
pub(super) fn is_home(schema: &str) -> String {
    home::condition(&table(schema, "store"), LayoutName::Rows)
}

impl Parts {
    fn number(self) -> usize {
        let flags = [self.deletions_of_keys, self.upserts, self.deletions, self.waits];
        flags
            .iter()
            .rev()
            .fold(0, |number, flag| number << 1 | usize::from(*flag))
    }

    fn from_number(number: usize) -> Self {
        Self {
            deletions_of_keys: number & 1 != 0,
            upserts: number & 2 != 0,
            deletions: number & 4 != 0,
            waits: number & 8 != 0,
        }
    }

    /// Whether it only sets records.
    pub(super) fn are_upserts(self) -> bool {
        self.upserts && !self.deletions_of_keys && !self.deletions
    }
}

/// One statement for a batch: it fences, writes what passes the fence, and gives the sessions that did.
fn commit(session: &str, record: &str, durability: &str, parts: Parts) -> String {
    let mut next = 3;
    let mut parameter = || {
        next += 1;
        next - 1
    };
    let skip = if parts.waits { "" } else { " SKIP LOCKED" };
    let mut sql = format!(
        "WITH fence AS MATERIALIZED ( \
           SELECT s.session_id FROM unnest($1::uuid[], $2::bigint[]) AS w (session_id, epoch) \
           JOIN {session} AS s ON s.session_id = w.session_id AND s.epoch = w.epoch \
           ORDER BY s.session_id FOR KEY SHARE OF s{skip} \
         )"
    );
    let cleared = parts.deletions_of_keys.then(&mut parameter);
    if parts.upserts {
        let (a, b, c, d) = (parameter(), parameter(), parameter(), parameter());
        sql += &format!(
            ", upsert AS ( \
               SELECT u.* FROM unnest(${a}::uuid[], ${b}::bytea[], ${c}::text[], ${d}::bytea[]) \
                 AS u (session_id, record_hash, kind, value) JOIN fence USING (session_id) \
             ), upserted AS ( \
               INSERT INTO {record} (session_id, record_hash, kind, value) SELECT * FROM upsert \
               ON CONFLICT (session_id, record_hash) DO UPDATE SET value = excluded.value \
             )"
        );
    }
    if let Some(cleared) = cleared {
        let kept = if parts.upserts {
            " AND NOT EXISTS (SELECT FROM upsert AS u \
               WHERE u.session_id = r.session_id AND u.record_hash = r.record_hash)"
        } else {
            ""
        };
        sql += &format!(
            ", emptied AS ( \
               DELETE FROM {record} AS r USING fence WHERE r.session_id = fence.session_id \
               AND r.session_id = ANY (${cleared}) AND r.kind <> '{CREDS}'{kept} \
             )"
        );
    }
    if parts.deletions {
        let (a, b) = (parameter(), parameter());
        sql += &format!(
            ", deleted AS ( \
               DELETE FROM {record} AS r USING unnest(${a}::uuid[], ${b}::bytea[]) AS d (session_id, record_hash) \
               JOIN fence USING (session_id) WHERE r.session_id = d.session_id AND r.record_hash = d.record_hash \
             )"
        );
    }
    sql + &format!(" SELECT fence.session_id FROM fence{durability}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_of_parts_has_a_number_of_its_own() {
        for number in 0..16 {
            assert_eq!(Parts::from_number(number).number(), number);
        }
    }
}
