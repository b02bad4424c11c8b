//! Settings as JavaScript hands them over, and what they mean. Knows nothing of SQL.

mod connection;
mod connection_string;
mod server_certificate;
mod tls;

pub use connection::Connection;
pub(crate) use connection_string::schema_of;
pub(crate) use server_certificate::is_own_authority;
use zeroize::Zeroizing;

use crate::error::{Code, Error, Result};

/// How a store is set up.
pub struct Settings {
    /// PostgreSQL's connection string.
    pub database_url: Zeroizing<String>,
    /// The secret that sessions are sealed with.
    pub secret: Zeroizing<String>,
    /// Earlier secrets, which only open.
    pub previous_secrets: Vec<Zeroizing<String>>,
    /// `None`: whatever the database holds.
    pub layout: Option<LayoutName>,
    /// The schema of the tables of layout rows.
    pub schema: String,
    /// Whether these tables may be made.
    pub auto_migrate: bool,
    /// What becomes of a session that cannot be read.
    pub on_unreadable: OnUnreadable,
    /// Bytes of records that layout rows holds in memory at most.
    pub cache_bytes: u64,
    /// Who opens sessions, for operators.
    pub owner: String,
    /// Where the accounts table is.
    pub accounts_table: AccountsTable,
    /// The connection pool.
    pub pool: PoolSettings,
    /// TLS; overrules the connection string.
    pub tls: Option<TlsSettings>,
    /// How long a read or write goes on trying, in ms.
    pub write_timeout_ms: u32,
    /// `synchronous_commit` of the writes; `None` leaves it as the server has it.
    pub synchronous_commit: Option<String>,
}

/// A way to store sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayoutName {
    /// A row per record.
    Rows,
    /// The original service's: one text an account.
    Column,
}

impl LayoutName {
    /// That with a name which was found to be one; rows is what there is by default.
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "column" => Self::Column,
            _ => Self::Rows,
        }
    }

    /// As the option has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Column => "column",
        }
    }
}

/// What an open does with a session that cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnUnreadable {
    /// Refuses it, and leaves it as it is.
    #[default]
    Throw,
    /// Moves it to the quarantine, and begins a fresh one.
    Fresh,
}

/// Names of the accounts table and its columns, not quoted.
#[derive(Clone)]
pub struct AccountsTable {
    /// `None`: the connection string's `schema` parameter, else `public`.
    pub schema: Option<String>,
    /// The table.
    pub table: String,
    /// The column of the account's id.
    pub id: String,
    /// The column of the session.
    pub session_data: String,
    /// The column of the last change, if there is one.
    pub updated_at: Option<String>,
}

impl Default for AccountsTable {
    /// The original Prisma model's names.
    fn default() -> Self {
        Self {
            schema: None,
            table: "whatsapp_accounts".into(),
            id: "id".into(),
            session_data: "session_data".into(),
            updated_at: Some("updated_at".into()),
        }
    }
}

/// Pool settings; what is `None` comes from the connection string, else from the defaults.
#[derive(Clone, Copy, Default)]
#[allow(missing_docs)]
pub struct PoolSettings {
    pub size: Option<u32>,
    pub wait_timeout_ms: Option<u32>,
    pub connect_timeout_ms: Option<u32>,
    pub recycle_timeout_ms: Option<u32>,
}

/// TLS settings: PEM texts, and how far the server is verified.
#[derive(Clone, Default)]
#[allow(missing_docs)]
pub struct TlsSettings {
    pub mode: Option<String>,
    pub ca: Option<String>,
    pub cert: Option<String>,
    pub key: Option<String>,
}

/// An error about one setting; the text names it and never quotes a value that could be secret.
fn invalid(setting: &str, problem: &str) -> Error {
    Error::new(Code::Config, format!("{setting}: {problem}"))
}

/// Reads a file that the connection string names.
fn read_file(setting: &str, path: &str) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| invalid(setting, &format!("the file cannot be read ({})", error.kind())))
}

#[cfg(any(test, feature = "fuzzing"))]
impl Settings {
    /// The defaults, for a connection string.
    pub(crate) fn of(database_url: &str) -> Self {
        Self {
            layout: None,
            schema: "baileys_auth".to_owned(),
            auto_migrate: true,
            on_unreadable: OnUnreadable::default(),
            cache_bytes: 0,
            owner: String::new(),
            database_url: Zeroizing::new(database_url.to_owned()),
            secret: Zeroizing::default(),
            previous_secrets: Vec::new(),
            accounts_table: AccountsTable::default(),
            pool: PoolSettings::default(),
            tls: None,
            write_timeout_ms: 10_000,
            synchronous_commit: None,
        }
    }
}
