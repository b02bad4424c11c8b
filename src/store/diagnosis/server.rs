//! The server: what it is, what it is set to, and what it has to give.

use tokio_postgres::{Row, types::FromSql};

use super::{check::Check, clock::Moment};
use crate::{
    error::{Code, Error, Result},
    pool::{PoolStatus, Probe},
    sql::quoted,
};

/// The oldest that the statements run on, and the oldest that they are tested with.
const OLDEST: i32 = 12;
const OLDEST_TESTED: i32 = 15;
/// What the server says of itself. A setting that it does not know, as of a compatible server, is `None`.
#[derive(Debug, Default)]
pub(super) struct Server {
    version: String,
    /// As `server_version_num` has it.
    version_number: i32,
    is_standby: bool,
    is_read_only: bool,
    synchronous_commit: Option<String>,
    fsync: Option<String>,
    full_page_writes: Option<String>,
    max_connections: Option<i32>,
    /// Of these, those that are not for everybody.
    reserved: i32,
    is_superuser: bool,
    /// Negative: none.
    role_limit: i32,
    database_limit: i32,
    /// Connections to all databases.
    in_use: i64,
    role: String,
    database: String,
}

const LOOK: &str = "SELECT current_setting('server_version'), current_setting('server_version_num')::int4, \
     pg_is_in_recovery(), current_setting('transaction_read_only') = 'on', \
     current_setting('synchronous_commit', true), current_setting('fsync', true), \
     current_setting('full_page_writes', true), current_setting('max_connections', true)::int4, \
     coalesce(current_setting('superuser_reserved_connections', true)::int4, 0) \
       + coalesce(current_setting('reserved_connections', true)::int4, 0), \
     r.rolsuper, r.rolconnlimit, d.datconnlimit, \
     (SELECT coalesce(sum(numbackends), 0)::int8 FROM pg_catalog.pg_stat_database), \
     current_user::text, current_database()::text \
   FROM pg_catalog.pg_roles AS r, pg_catalog.pg_database AS d \
   WHERE r.rolname = current_user AND d.datname = current_database()";

/// Asks the server what it is like.
pub(super) async fn look(probe: &Probe) -> Result<Server> {
    let rows = probe.query(LOOK, &[]).await?;
    let row = rows.first().ok_or_else(strange)?;
    Ok(Server {
        version: get(row, 0)?,
        version_number: get(row, 1)?,
        is_standby: get(row, 2)?,
        is_read_only: get(row, 3)?,
        synchronous_commit: get(row, 4)?,
        fsync: get(row, 5)?,
        full_page_writes: get(row, 6)?,
        max_connections: get(row, 7)?,
        reserved: get(row, 8)?,
        is_superuser: get(row, 9)?,
        role_limit: get(row, 10)?,
        database_limit: get(row, 11)?,
        in_use: get(row, 12)?,
        role: get(row, 13)?,
        database: get(row, 14)?,
    })
}

pub(super) fn get<'a, T: FromSql<'a>>(row: &'a Row, at: usize) -> Result<T> {
    row.try_get(at).map_err(|_| strange())
}

pub(super) fn strange() -> Error {
    Error::new(
        Code::DbQuery,
        "the server does not answer as PostgreSQL does; see docs/scaling.md for compatible ones",
    )
}

impl Server {
    pub(super) fn connection(&self, probe: &Probe, moment: &Moment) -> Check {
        let found = format!(
            "{}, database {}, role {}; a round trip takes {:.1} ms",
            probe.host(),
            self.database,
            self.role,
            moment.round_trip_ms
        );
        Check::ok("connection", found)
    }

    pub(super) fn version(&self) -> Check {
        let found = format!("PostgreSQL {}", self.version);
        match self.version_number / 10_000 {
            ..OLDEST => Check::failed(
                "server",
                found,
                format!("upgrade it: PostgreSQL {OLDEST} or later is needed"),
            ),
            OLDEST..OLDEST_TESTED => Check::warning(
                "server",
                format!("{found}, older than the {OLDEST_TESTED} that this package is tested with"),
                "upgrade it when you can",
            ),
            _ => Check::ok("server", found),
        }
    }

    pub(super) fn writable(&self) -> Check {
        if self.is_standby {
            return Check::failed(
                "writable",
                "it is a standby, and can only be read",
                "name the primary in databaseUrl, or all hosts with target_session_attrs=read-write",
            );
        }
        if self.is_read_only {
            let (role, database) = (quoted(&self.role), quoted(&self.database));
            return Check::failed(
                "writable",
                "transactions are read-only (default_transaction_read_only)",
                format!(
                    "ALTER ROLE {role} RESET default_transaction_read_only; ALTER DATABASE {database} RESET \
                     default_transaction_read_only; or, in postgresql.conf, turn it off"
                ),
            );
        }
        Check::ok("writable", "it is a primary")
    }

    /// `asked`: the option `durability`, which overrules the server's setting.
    pub(super) fn durability(&self, asked: Option<&str>) -> Check {
        let is_off = |setting: &Option<String>| setting.as_deref() == Some("off");
        let commit = asked.or(self.synchronous_commit.as_deref()).unwrap_or("unknown");
        let (mut found, mut next) = (Vec::new(), Vec::new());
        if commit == "off" {
            found.push("synchronous_commit is off: a crash of the server loses acknowledged writes");
            next.push(format!(
                "give the store durability: 'on', or ALTER ROLE {} SET synchronous_commit = on",
                quoted(&self.role)
            ));
        }
        if is_off(&self.fsync) {
            found.push("fsync is off: a power failure loses acknowledged writes, or the whole database");
            next.push("set fsync = on in postgresql.conf".to_owned());
        }
        if is_off(&self.full_page_writes) {
            found.push("full_page_writes is off: a power failure may damage the database");
            next.push(
                "set full_page_writes = on in postgresql.conf, unless the file system never tears a page".to_owned(),
            );
        }
        if found.is_empty() {
            return Check::ok("durability", format!("synchronous_commit is {commit}, fsync on"));
        }
        Check::warning("durability", found.join("; "), next.join("; "))
    }

    /// Whether the store's pool fits in. A pooler has limits of its own, which the server does not know.
    pub(super) fn connections(&self, pool: &PoolStatus, is_direct: bool) -> Check {
        let wanted = i64::try_from(pool.max).unwrap_or(i64::MAX);
        if !is_direct {
            return Check::ok("connections", format!("at most {wanted}, to a pooler"));
        }
        let Some(limit) = self.limit() else {
            return Check::ok("connections", format!("at most {wanted}; the server tells no limit"));
        };
        let own = i64::try_from(pool.size).unwrap_or(0);
        // The one that asks is none of the pool's.
        let free = limit - (self.in_use - 1 - own).max(0);
        if wanted <= free {
            return Check::ok(
                "connections",
                format!(
                    "at most {wanted}, of {limit} that the role can have; {} are in use",
                    self.in_use
                ),
            );
        }
        Check::warning(
            "connections",
            format!(
                "at most {wanted}, of {limit} that the role can have; {} are in use",
                self.in_use
            ),
            format!(
                "lower pool.size to {} or less, or raise max_connections (or CONNECTION LIMIT)",
                free.max(1)
            ),
        )
    }

    /// How many connections the role can have at most.
    fn limit(&self) -> Option<i64> {
        let reserved = if self.is_superuser { 0 } else { self.reserved };
        let limits = [
            self.max_connections.map(|most| most - reserved),
            Some(self.role_limit).filter(|limit| *limit >= 0 && !self.is_superuser),
            Some(self.database_limit).filter(|limit| *limit >= 0 && !self.is_superuser),
        ];
        limits.into_iter().flatten().min().map(i64::from)
    }
}

#[cfg(test)]
mod tests;
