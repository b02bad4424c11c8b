//! What went wrong between us and PostgreSQL, and whether trying again can help.

use std::{error::Error as _, io};

use deadpool_postgres::PoolError;
use tokio_postgres::error::SqlState;

use super::{target::Target, tls_problem::tls_problem};
use crate::{
    error::{Code, Error},
    sql::quoted,
};

/// An error and whether it passes.
pub(crate) struct Fault {
    pub(crate) error: Error,
    pub(super) transient: bool,
    /// Whether the server said that the statement had no effect; else it may have had, or have it yet.
    pub(crate) is_undone: bool,
    /// Whether it says that statements cannot be prepared here.
    pub(super) is_of_pooler: bool,
    /// Whether the unused connections will probably have it as well: made to a host that cannot be written to any more, or
    /// forgotten by something on the way.
    pub(super) is_shared: bool,
}

impl Fault {
    fn passing(error: Error) -> Self {
        Self {
            transient: true,
            ..Self::lasting(error)
        }
    }

    /// One that passes not.
    pub(crate) fn lasting(error: Error) -> Self {
        Self {
            error,
            transient: false,
            is_undone: false,
            is_of_pooler: false,
            is_shared: false,
        }
    }

    /// An attempt took longer than it may.
    pub(crate) fn timeout() -> Self {
        let error = Error::new(
            Code::DbTimeout,
            "the database did not answer in time; nothing is known to be written, and writing again is safe",
        );
        Self {
            is_shared: true,
            ..Self::passing(error)
        }
    }

    /// The commit is in this server's log, and may be in no other's.
    pub(super) fn unreplicated() -> Self {
        Self::passing(unavailable(
            "the wait for its synchronous standby was cancelled, so what was written may be lost with the primary; writing \
             again is safe",
        ))
    }

    /// No connection came about.
    pub(super) fn not_connected(error: PoolError, target: &Target) -> Self {
        let mut fault = Self::from(error);
        if let Some(advice) = advice_to_connect(&fault, target) {
            fault.error = fault.error.advising(advice);
        }
        fault
    }

    /// No host answered in time.
    pub(super) fn silence() -> Self {
        Self::passing(unavailable("connecting took too long"))
    }

    /// No attempt could be made.
    pub(crate) fn no_connection() -> Self {
        Self::passing(Error::new(
            Code::DbTimeout,
            "no connection became free in time; the pool is too small for the load, or the database too slow",
        ))
    }
}

impl From<PoolError> for Fault {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => error.into(),
            PoolError::Timeout(deadpool_postgres::TimeoutType::Wait) => Self::no_connection(),
            PoolError::Timeout(_) => Self::silence(),
            PoolError::Closed => Self::lasting(Error::closed()),
            PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => Self::lasting(Error::new(
                Code::Internal,
                "the connection pool failed; please report this",
            )),
        }
    }
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(reported) => Self {
                is_undone: undoes(reported.code()),
                is_of_pooler: confuses_statements(reported.code()),
                is_shared: *reported.code() == SqlState::READ_ONLY_SQL_TRANSACTION,
                ..from_server(reported)
            },
            None => from_client(&error),
        }
    }
}

/// Whether a connection can go on after an error.
pub(super) fn leaves_usable(error: &tokio_postgres::Error) -> bool {
    // One that is no answer of the server says that something is wrong with the connection.
    error
        .as_db_error()
        .is_some_and(|reported| !is_of_session(reported.code()))
}

/// Whether an error may come from what a server's session was given when it began, and keeps: a default for its
/// transactions or a time limit, of the database or the role, or a host that is a standby now. Where it is changed
/// back, only a new connection learns of it.
fn is_of_session(state: &SqlState) -> bool {
    [
        SqlState::READ_ONLY_SQL_TRANSACTION,
        SqlState::QUERY_CANCELED,
        SqlState::LOCK_NOT_AVAILABLE,
    ]
    .contains(state)
}

/// Whether an error ends the statement's transaction; one that ends the connection may come when it is committed already.
fn undoes(state: &SqlState) -> bool {
    !matches!(&state.code()[..2], "08" | "57") || *state == SqlState::QUERY_CANCELED
}

/// Whether an error says that what was prepared is not there, or that another statement is, which cannot read our parameters
/// or has its hash checked.
fn confuses_statements(state: &SqlState) -> bool {
    [
        SqlState::INVALID_SQL_STATEMENT_NAME,
        SqlState::DUPLICATE_PSTATEMENT,
        SqlState::PROTOCOL_VIOLATION,
        SqlState::INVALID_BINARY_REPRESENTATION,
        SqlState::CHARACTER_NOT_IN_REPERTOIRE,
        SqlState::DATATYPE_MISMATCH,
        SqlState::PROGRAM_LIMIT_EXCEEDED,
        SqlState::CHECK_VIOLATION,
    ]
    .contains(state)
}

/// A server's error. Its `detail`, `hint` and context stay out: they may quote values of the row.
fn from_server(reported: &tokio_postgres::error::DbError) -> Fault {
    let (state, said) = (reported.code(), reported.message());
    let error = |code, what: &str| Error::from_server(code, format!("{what}: {said}"), state.code());
    match *state {
        SqlState::UNDEFINED_TABLE
        | SqlState::UNDEFINED_COLUMN
        | SqlState::UNDEFINED_FUNCTION
        | SqlState::INVALID_SCHEMA_NAME => Fault::lasting(error(
            Code::Schema,
            "the tables are not as they are expected; check databaseUrl, accountsTable and schema",
        )),
        SqlState::QUERY_CANCELED | SqlState::LOCK_NOT_AVAILABLE => {
            Fault::passing(error(Code::DbTimeout, "PostgreSQL gave up on the statement"))
        }
        SqlState::ADMIN_SHUTDOWN
        | SqlState::CRASH_SHUTDOWN
        | SqlState::CANNOT_CONNECT_NOW
        | SqlState::T_R_SERIALIZATION_FAILURE
        | SqlState::T_R_DEADLOCK_DETECTED
        | SqlState::READ_ONLY_SQL_TRANSACTION => {
            Fault::passing(error(Code::DbUnavailable, "PostgreSQL is unavailable"))
        }
        // Connection exceptions, and insufficient resources such as too many connections.
        _ if matches!(&state.code()[..2], "08" | "53") => {
            Fault::passing(error(Code::DbUnavailable, "PostgreSQL is unavailable"))
        }
        // A role or database that does not let us in.
        _ if matches!(&state.code()[..2], "28" | "3D") => {
            Fault::lasting(error(Code::DbUnavailable, "PostgreSQL refused the connection"))
        }
        SqlState::INSUFFICIENT_PRIVILEGE => Fault::lasting(
            error(Code::DbQuery, "PostgreSQL refused the statement")
                .advising("`npx baileys-postgres-auth doctor` says what is to be granted to the role of databaseUrl"),
        ),
        _ => Fault::lasting(error(Code::DbQuery, "PostgreSQL refused the statement")),
    }
}

/// What to do where no connection comes about, if the error does not say so itself.
fn advice_to_connect(fault: &Fault, target: &Target) -> Option<String> {
    let Target { hosts, database, role } = target;
    let advice = match (fault.error.code(), fault.error.sql_state()) {
        (_, Some("28P01")) => {
            "set the right user and password in databaseUrl (DATABASE_URL), special characters of the \
             password percent-encoded"
                .to_owned()
        }
        (_, Some("3D000")) => format!(
            "CREATE DATABASE {}, or set the right name in databaseUrl (DATABASE_URL)",
            quoted(database)
        ),
        (_, Some("42501")) => format!("GRANT CONNECT ON DATABASE {} TO {}", quoted(database), quoted(role)),
        (_, Some("53300")) => "raise max_connections on the server, or lower pool.size".to_owned(),
        (_, Some(state)) if state.starts_with("28") => {
            format!(
                "let the server's pg_hba.conf admit role {role} from here, or set the right databaseUrl (DATABASE_URL)"
            )
        }
        (Code::DbUnavailable, None) => format!(
            "see that it runs and can be reached at {hosts}, or set the right host and port in databaseUrl (DATABASE_URL)"
        ),
        _ => return None,
    };
    Some(advice)
}

/// An error of the connection rather than of a statement.
fn from_client(error: &tokio_postgres::Error) -> Fault {
    let Some(source) = error.source() else {
        return Fault::passing(unavailable(&error.to_string()));
    };
    if let Some(problem) = tls_problem(error) {
        return Fault::lasting(Error::new(
            Code::Tls,
            format!("no TLS connection could be made: {problem}"),
        ));
    }
    match source.downcast_ref::<io::Error>() {
        Some(cause) => Fault::passing(unavailable(&format!("{error} ({cause})"))),
        // What the driver itself refuses: a login without password, an answer out of protocol.
        None => Fault::lasting(unavailable(&format!("{error} ({source})"))),
    }
}

fn unavailable(reason: &str) -> Error {
    Error::new(Code::DbUnavailable, format!("PostgreSQL is unavailable: {reason}"))
}
