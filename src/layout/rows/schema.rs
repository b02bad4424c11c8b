//! The tables: whether they are there, and the numbered migrations that make them.

use tokio_postgres::{Row, types::Type};

use super::{
    ddl::{self, FORMAT, MIGRATIONS},
    malformed_row,
    rights::Rights,
    statements::table,
};
use crate::{
    crypto::{Kdf, SALT_LEN},
    error::{Code, Error, Result},
    layout::{
        home,
        sql::{literal, quoted},
    },
    pool::{Fault, Loan, Pool},
};

/// What there is to know of tables that are to be there.
pub(crate) struct Tables<'a> {
    pub(crate) schema: &'a str,
    /// Whether they may be made, and brought to this version's format.
    pub(crate) may_migrate: bool,
    /// Over how many partitions records are spread, if somebody has said so.
    pub(crate) partitions: Option<u32>,
    /// The accounts table, as SQL has it: in which no session is to be begun any more when these tables are made.
    pub(crate) accounts: &'a str,
}

/// Whether a schema has the tables, of whatever format.
pub(crate) async fn exists(pool: &Pool, schema: &str) -> Result<bool> {
    let store = table(schema, "store");
    let row = pool
        .query_opt("SELECT to_regclass($1) IS NOT NULL", &[(&store, Type::TEXT)])
        .await?;
    Ok(row.and_then(|row| row.try_get(0).ok()).unwrap_or(false))
}

/// The format of the tables that a schema has.
pub(crate) async fn format(pool: &Pool, schema: &str) -> Result<Option<i32>> {
    let statement = format!("SELECT format_version FROM {}", table(schema, "store"));
    let row = pool.query_opt(&statement, &[]).await?;
    let format = row.map(|row| row.try_get(0).map_err(|_| malformed_row().error));
    format.transpose()
}

/// Makes sure that the tables are there in this version's format, and gives how the store derives keys.
///
/// Safe when several processes start at once: each step is one transaction, one process after the other.
pub(crate) async fn prepare(pool: &Pool, tables: &Tables<'_>) -> Result<Kdf> {
    let schema = tables.schema;
    let stored = match exists(pool, schema).await? {
        true => {
            pool.repeat(pool.deadline(), || async {
                read(&mut pool.lend().await?, schema).await
            })
            .await?
        }
        false => None,
    };
    if stored.is_some() {
        require_partitions(pool, tables).await?;
    }
    let format = match stored {
        Some((format, kdf)) if format == FORMAT => return Ok(kdf),
        Some((format, _)) => {
            require_known(schema, format)?;
            Some(format)
        }
        None => None,
    };
    if !tables.may_migrate {
        return Err(Error::new(
            Code::Schema,
            format!(
                "the tables of schema {schema} are missing or of an older version, and autoMigrate is off; open an \
                 account once with autoMigrate and a role that may create them, or have {} run",
                script(format)
            ),
        ));
    }
    let migrated = migrate(pool, tables).await;
    match migrated {
        Err(error) => Err(explain_refusal(pool, schema, format, error).await),
        made => made,
    }
}

/// What an administrator runs who may do what the role may not.
fn script(format: Option<i32>) -> String {
    let from = format.map(|format| format!(" --from {format}")).unwrap_or_default();
    format!("what `npx baileys-postgres-auth migrate --sql{from}` prints")
}

/// Tables that are there have the partitions that they were made with.
async fn require_partitions(pool: &Pool, tables: &Tables<'_>) -> Result<()> {
    let Some(wanted) = tables.partitions else { return Ok(()) };
    let record = table(tables.schema, "record");
    let count = "SELECT count(*) FROM pg_catalog.pg_inherits WHERE inhparent = to_regclass($1)";
    let row = pool.query_opt(count, &[(&record, Type::TEXT)]).await?;
    let found: i64 = row.and_then(|row| row.try_get(0).ok()).unwrap_or(0);
    if found == i64::from(wanted) {
        return Ok(());
    }
    Err(ddl::partitions_come_first(tables.schema))
}

async fn migrate(pool: &Pool, tables: &Tables<'_>) -> Result<Kdf> {
    let fresh = Kdf::fresh()?;
    pool.repeat(pool.deadline(), || async {
        let mut loan = pool.lend().await?;
        match run(&mut loan, tables, &fresh).await {
            Ok(kdf) => Ok(kdf),
            Err(fault) => {
                // It may be in the middle of the transaction, which ends with the connection.
                loan.discard();
                Err(fault)
            }
        }
    })
    .await
}

/// Says what a role lacks that may not make tables, or change them.
async fn explain_refusal(pool: &Pool, schema: &str, format: Option<i32>, error: Error) -> Error {
    let Some(state @ "42501") = error.sql_state() else {
        return error;
    };
    let found = format!(
        "the role of databaseUrl may not create the tables of schema {schema} ({})",
        error.happened()
    );
    let script = script(format);
    let advice = match (format, Rights::look(pool, schema).await) {
        (None, Ok(rights)) => format!("{}, or have {script} run", rights.grant_to_make()),
        // Only their owner may change tables that are there.
        _ => format!("have {script} run by a role that may"),
    };
    Error::from_server(Code::Schema, found, state).advising(advice)
}

/// All migrations that are missing, in one transaction.
async fn run(loan: &mut Loan, tables: &Tables<'_>, fresh: &Kdf) -> std::result::Result<Kdf, Fault> {
    let schema = tables.schema;
    let stored = match begin(loan, schema).await? {
        true => read(loan, schema).await?,
        false => None,
    };
    let format = stored.as_ref().map_or(0, |(format, _)| *format);
    require_known(schema, format).map_err(Fault::lasting)?;
    for format in usize::try_from(format).unwrap_or(0)..MIGRATIONS.len() {
        loan.batch(&ddl::migration(format, schema, tables.partitions)).await?;
    }
    let kdf = match stored {
        Some((_, kdf)) => {
            let update = format!("UPDATE {} SET format_version = $1", table(schema, "store"));
            loan.execute(&update, &[(&FORMAT, Type::INT4)]).await?;
            kdf
        }
        None => {
            insert(loan, schema, fresh).await?;
            home::lock(loan, tables.accounts).await?;
            fresh.clone()
        }
    };
    loan.batch("COMMIT").await?;
    Ok(kdf)
}

/// Begins a transaction that makes tables, and the schema if it is missing; gives whether the store is there.
async fn begin(loan: &mut Loan, schema: &str) -> std::result::Result<bool, Fault> {
    // One process at a time; the lock ends with the transaction.
    let lock = literal(&format!("baileys-postgres-auth migrations of {schema}"));
    loan.batch(&format!(
        "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended({lock}, 0))"
    ))
    .await?;
    let exists = loan
        .query(
            "SELECT to_regnamespace($1) IS NOT NULL, to_regclass($2) IS NOT NULL",
            &[(&quoted(schema), Type::TEXT), (&table(schema, "store"), Type::TEXT)],
        )
        .await?;
    let flag = |at| exists.first().and_then(|row| row.try_get(at).ok()).unwrap_or(false);
    if !flag(0) {
        loan.batch(&format!("CREATE SCHEMA {}", quoted(schema))).await?;
    }
    Ok(flag(1))
}

/// Makes the quarantine's tables for a store that keeps its sessions elsewhere, and none of the others.
pub(in crate::layout) async fn make_quarantine(pool: &Pool, schema: &str) -> Result<()> {
    let made = pool
        .repeat(pool.deadline(), || async {
            let mut loan = pool.lend().await?;
            let made = async {
                begin(&mut loan, schema).await?;
                loan.batch(&ddl::quarantine(schema)).await?;
                loan.batch("COMMIT").await
            };
            match made.await {
                Ok(()) => Ok(()),
                Err(fault) => {
                    loan.discard();
                    Err(fault)
                }
            }
        })
        .await;
    match made {
        Err(error) => Err(explain_refusal(pool, schema, None, error).await),
        made => made,
    }
}

async fn insert(loan: &mut Loan, schema: &str, kdf: &Kdf) -> std::result::Result<(), Fault> {
    let statement = format!(
        "INSERT INTO {} (format_version, kdf_salt, kdf_log_n, kdf_block_size, kdf_parallelism) \
         VALUES ($1, $2, $3, $4, $5)",
        table(schema, "store")
    );
    let (salt, log_n) = (kdf.salt.as_slice(), i16::from(kdf.log_n));
    let (block_size, parallelism) = (kdf.block_size as i32, kdf.parallelism as i32);
    let params: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 5] = [
        (&FORMAT, Type::INT4),
        (&salt, Type::BYTEA),
        (&log_n, Type::INT2),
        (&block_size, Type::INT4),
        (&parallelism, Type::INT4),
    ];
    loan.execute(&statement, &params).await.map(drop)
}

/// The store's format and how it derives keys.
async fn read(loan: &mut Loan, schema: &str) -> std::result::Result<Option<(i32, Kdf)>, Fault> {
    let statement = format!(
        "SELECT format_version, kdf_salt, kdf_log_n, kdf_block_size, kdf_parallelism FROM {}",
        table(schema, "store")
    );
    let rows = loan.query(&statement, &[]).await?;
    rows.first().map(read_row).transpose()
}

fn read_row(row: &Row) -> std::result::Result<(i32, Kdf), Fault> {
    let number = |at| {
        row.try_get::<_, i32>(at)
            .ok()
            .and_then(|number| u32::try_from(number).ok())
    };
    let salt = row.try_get::<_, &[u8]>(1).ok();
    let log_n = row.try_get::<_, i16>(2).ok().and_then(|log_n| u8::try_from(log_n).ok());
    let kdf = || {
        Some(Kdf {
            salt: <[u8; SALT_LEN]>::try_from(salt?).ok()?,
            log_n: log_n?,
            block_size: number(3)?,
            parallelism: number(4)?,
        })
    };
    let format = row.try_get(0).map_err(|_| malformed_row())?;
    Ok((format, kdf().ok_or_else(malformed_row)?))
}

fn require_known(schema: &str, format: i32) -> Result<()> {
    if format > FORMAT {
        return Err(Error::new(
            Code::Schema,
            format!(
                "the tables of schema {schema} are of format {format}, made by a newer version of baileys-postgres-auth \
                 than this one, which knows format {FORMAT}; install that version here too"
            ),
        ));
    }
    Ok(())
}
