//! The SQL that makes the tables: the numbered migrations, and all of it as one script for somebody who may create schemas.
//!
//! In the migrations' files braces stand for what is not the same everywhere: the schema's name, quoted, and how the table
//! of records is stored.

use std::fmt::Write;

use crate::{
    config::AccountsTable,
    crypto::Kdf,
    error::{Code, Error, Result},
    layout::{
        column,
        sql::{literal, quoted},
    },
};

/// What takes a store from one format to the next, in order: the first makes format 1.
pub(super) const MIGRATIONS: [&str; 4] = [
    include_str!("migrations/0001_create.sql"),
    QUARANTINE,
    include_str!("migrations/0003_credentials.sql"),
    include_str!("migrations/0004_layout.sql"),
];

/// The one that layout column needs too, and alone.
const QUARANTINE: &str = include_str!("migrations/0002_quarantine.sql");

/// The format that this version reads and writes.
pub(crate) const FORMAT: i32 = MIGRATIONS.len() as i32;

/// How records are stored, in one table or in each partition. Most writes replace a record: room on its page keeps the index
/// out of it.
const RECORD_STORAGE: &str = " WITH (
  fillfactor = 90,
  autovacuum_vacuum_scale_factor = 0.05,
  autovacuum_analyze_scale_factor = 0.2
)";

/// What a role needs that uses the tables without being their owner; on the `layout` of a store only to move its sessions.
const GRANTS: [&str; 3] = [
    "USAGE ON SCHEMA {schema}",
    "SELECT, UPDATE (layout) ON {schema}.store",
    "SELECT, INSERT, UPDATE, DELETE ON {schema}.session, {schema}.record, {schema}.quarantine, {schema}.quarantined_record",
];

/// What takes tables of this format to the next one.
pub(super) fn migration(format: usize, schema: &str, partitions: Option<u32>) -> String {
    let (storage, parts) = match partitions {
        None => (RECORD_STORAGE.to_owned(), String::new()),
        Some(count) => (" PARTITION BY HASH (session_id)".to_owned(), record_partitions(count)),
    };
    // The name last: it may hold what looks like one of the others.
    MIGRATIONS[format]
        .replace("{record_storage}", &storage)
        .replace("{record_partitions}", &parts)
        .replace("{schema}", &quoted(schema))
}

/// The quarantine's tables alone.
pub(super) fn quarantine(schema: &str) -> String {
    QUARANTINE.replace("{schema}", &quoted(schema))
}

fn record_partitions(count: u32) -> String {
    let mut sql = String::new();
    for number in 0..count {
        // Writing to a string does not fail.
        let _ = writeln!(
            sql,
            "CREATE TABLE {{schema}}.record_{number} PARTITION OF {{schema}}.record \
             FOR VALUES WITH (MODULUS {count}, REMAINDER {number}){RECORD_STORAGE};"
        );
    }
    sql
}

/// What makes the tables, or takes them on from a format, in one transaction, and lets a role use them.
pub(crate) struct Script {
    pub(crate) schema: String,
    pub(crate) partitions: Option<u32>,
    /// The format of tables that are there.
    pub(crate) from: Option<u32>,
    pub(crate) role: String,
    pub(crate) accounts_table: AccountsTable,
}

impl Script {
    /// The script. That of new tables holds a salt of its own, so it is not to be run for two databases.
    pub(crate) fn text(&self) -> Result<String> {
        let (from, schema) = (self.format()?, quoted(&self.schema));
        let mut sql = format!(
            "-- Tables of baileys-postgres-auth, layout rows, format {FORMAT}: to be run by a role that may create them.\nBEGIN;\n\n"
        );
        if from == 0 {
            sql += &format!("CREATE SCHEMA IF NOT EXISTS {schema};\n\n");
        }
        for format in from..MIGRATIONS.len() {
            sql += &migration(format, &self.schema, self.partitions);
            sql += "\n";
        }
        sql += &match from {
            0 => self.insert(&Kdf::fresh()?),
            _ => format!("UPDATE {schema}.store SET format_version = {FORMAT};\n"),
        };
        sql += "\n";
        let role = quoted(&self.role);
        for grant in GRANTS {
            sql += &format!("GRANT {} TO {role};\n", grant.replace("{schema}", &schema));
        }
        Ok(sql + "\nCOMMIT;\n")
    }

    fn format(&self) -> Result<usize> {
        let Some(from) = self.from else { return Ok(0) };
        if self.partitions.is_some() {
            return Err(partitions_come_first(&self.schema));
        }
        let format = usize::try_from(from).unwrap_or(usize::MAX);
        if (1..MIGRATIONS.len()).contains(&format) {
            return Ok(format);
        }
        Err(Error::new(
            Code::Argument,
            format!("there is nothing to change in tables of format {from}; this version's is {FORMAT}"),
        ))
    }

    fn insert(&self, kdf: &Kdf) -> String {
        let Kdf {
            salt,
            log_n,
            block_size,
            parallelism,
        } = kdf;
        format!(
            "-- Sessions that are in an accounts table stay there until they are moved.\n\
             INSERT INTO {}.store (format_version, kdf_salt, kdf_log_n, kdf_block_size, kdf_parallelism, layout)\n\
             SELECT {FORMAT}, decode({}, 'hex'), {log_n}, {block_size}, {parallelism},\n  \
             CASE WHEN {} THEN 'column' ELSE 'rows' END;\n",
            quoted(&self.schema),
            literal(&const_hex::encode(salt)),
            column::is_there(&self.accounts_table),
        )
    }
}

/// Partitions were asked for in tables that are there already.
pub(super) fn partitions_come_first(schema: &str) -> Error {
    Error::new(
        Code::Config,
        format!(
            "partitions: the tables of schema {schema} are there already, and partitions are made with them alone; nothing was \
             changed: leave partitions out, or move the sessions back to column, drop these tables, and move again, or name \
             another schema"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(schema: &str, partitions: Option<u32>, from: Option<u32>) -> Result<String> {
        let script = Script {
            schema: schema.to_owned(),
            partitions,
            from,
            role: "an \"app\"".to_owned(),
            accounts_table: AccountsTable::default(),
        };
        script.text()
    }

    #[test]
    fn no_brace_is_left_and_names_cannot_break_out() {
        for partitions in [None, Some(3)] {
            let text = script(r#"a"b"#, partitions, None).unwrap();
            assert!(!text.contains('{') && !text.contains('}'));
            assert!(text.contains(r#"CREATE TABLE "a""b".record ("#));
            assert!(text.contains(r#"TO "an ""app""";"#));
            assert_eq!(text.matches("PARTITION OF").count(), partitions.unwrap_or(0) as usize);
        }
    }

    #[test]
    fn a_name_that_looks_like_a_brace_is_a_name() {
        let text = script("{record_partitions}", Some(2), None).unwrap();
        assert!(
            text.contains(r#"CREATE TABLE "{record_partitions}".record_1 PARTITION OF "{record_partitions}".record"#)
        );
    }

    #[test]
    fn each_has_a_salt_of_its_own() {
        assert_ne!(script("a", None, None).unwrap(), script("a", None, None).unwrap());
    }

    #[test]
    fn tables_that_are_there_are_changed_and_not_made() {
        let text = script("a", None, Some(3)).unwrap();
        assert!(!text.contains("CREATE") && text.contains("ADD COLUMN layout"));
        assert!(text.contains(&format!("SET format_version = {FORMAT}")));
        for from in [0, FORMAT as u32, 99] {
            assert_eq!(script("a", None, Some(from)).unwrap_err().code(), Code::Argument);
        }
        assert_eq!(script("a", Some(2), Some(3)).unwrap_err().code(), Code::Config);
    }
}
