//! A store's settings in JavaScript's shape.

use napi_derive::napi;

use crate::config::{AccountsTable, LayoutName, OnUnreadable, PoolSettings, Settings, TlsSettings};

/// Settings, with the environment's already filled in.
#[napi(object, object_to_js = false)]
pub struct NativeSettings {
    /// PostgreSQL's connection string.
    pub database_url: String,
    /// The secret that sessions are sealed with.
    pub secret: String,
    /// Secrets that only open.
    pub previous_secrets: Vec<String>,
    /// `rows` or `column`; `None`: whatever the database holds.
    pub layout: Option<String>,
    /// The schema of the tables of layout rows.
    pub schema: String,
    /// Whether these tables may be made.
    pub auto_migrate: bool,
    /// `throw` or `fresh`.
    pub on_unreadable: String,
    /// Bytes of records that layout rows holds in memory at most.
    pub cache_bytes: f64,
    /// Who opens sessions, for operators.
    pub owner: String,
    /// The accounts table.
    pub accounts_table: NativeAccountsTable,
    /// The connection pool.
    pub pool: NativePool,
    /// TLS.
    pub tls: Option<NativeTls>,
    /// In ms.
    pub write_timeout_ms: u32,
    /// `None`: as the server has it.
    pub synchronous_commit: Option<String>,
}

/// Names of the accounts table and its columns.
#[napi(object, object_to_js = false)]
#[allow(missing_docs)]
pub struct NativeAccountsTable {
    pub schema: Option<String>,
    pub table: Option<String>,
    pub id: Option<String>,
    pub session_data: Option<String>,
    /// Empty: the table has none.
    pub updated_at: Option<String>,
}

/// The connection pool.
#[napi(object, object_to_js = false)]
#[allow(missing_docs)]
pub struct NativePool {
    pub size: Option<u32>,
    pub wait_timeout_ms: Option<u32>,
    pub connect_timeout_ms: Option<u32>,
    pub recycle_timeout_ms: Option<u32>,
}

/// TLS settings, PEM.
#[napi(object, object_to_js = false)]
#[allow(missing_docs)]
pub struct NativeTls {
    pub mode: Option<String>,
    pub ca: Option<String>,
    pub cert: Option<String>,
    pub key: Option<String>,
}

impl From<NativeSettings> for Settings {
    fn from(native: NativeSettings) -> Self {
        Self {
            database_url: native.database_url.into(),
            secret: native.secret.into(),
            previous_secrets: native.previous_secrets.into_iter().map(Into::into).collect(),
            layout: native.layout.map(|name| LayoutName::of(&name)),
            schema: native.schema,
            auto_migrate: native.auto_migrate,
            on_unreadable: match native.on_unreadable.as_str() {
                "fresh" => OnUnreadable::Fresh,
                _ => OnUnreadable::Throw,
            },
            cache_bytes: native.cache_bytes as u64,
            owner: native.owner,
            accounts_table: native.accounts_table.into(),
            pool: PoolSettings {
                size: native.pool.size,
                wait_timeout_ms: native.pool.wait_timeout_ms,
                connect_timeout_ms: native.pool.connect_timeout_ms,
                recycle_timeout_ms: native.pool.recycle_timeout_ms,
            },
            tls: native.tls.map(|tls| TlsSettings {
                mode: tls.mode,
                ca: tls.ca,
                cert: tls.cert,
                key: tls.key,
            }),
            write_timeout_ms: native.write_timeout_ms,
            synchronous_commit: native.synchronous_commit,
        }
    }
}

impl From<NativeAccountsTable> for AccountsTable {
    fn from(names: NativeAccountsTable) -> Self {
        let defaults = Self::default();
        Self {
            schema: names.schema,
            table: names.table.unwrap_or(defaults.table),
            id: names.id.unwrap_or(defaults.id),
            session_data: names.session_data.unwrap_or(defaults.session_data),
            updated_at: names.updated_at.or(defaults.updated_at).filter(|name| !name.is_empty()),
        }
    }
}
