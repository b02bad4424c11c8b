//! The one error type. Its codes say what a caller can do about it; they are the stable `code` that JavaScript sees.
//!
//! A message never holds a secret, a value, a password, or what a server puts into `detail`.

use std::{fmt, sync::Arc};

/// Result with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// What an error is about. The names are documented in `index.d.ts`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Code {
    Argument,
    Config,
    SecretTooShort,
    WrongSecret,
    Unreadable,
    AccountNotFound,
    SessionSuperseded,
    SessionCleared,
    IdentityChanged,
    SessionExists,
    Folder,
    DbUnavailable,
    DbTimeout,
    DbQuery,
    Schema,
    Tls,
    Overloaded,
    Closed,
    Internal,
}

impl Code {
    /// The stable string that JavaScript sees as `code`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Argument => "ERR_ARGUMENT",
            Self::Config => "ERR_CONFIG",
            Self::SecretTooShort => "ERR_SECRET_TOO_SHORT",
            Self::WrongSecret => "ERR_WRONG_SECRET",
            Self::Unreadable => "ERR_UNREADABLE",
            Self::AccountNotFound => "ERR_ACCOUNT_NOT_FOUND",
            Self::SessionSuperseded => "ERR_SESSION_SUPERSEDED",
            Self::SessionCleared => "ERR_SESSION_CLEARED",
            Self::IdentityChanged => "ERR_IDENTITY_CHANGED",
            Self::SessionExists => "ERR_SESSION_EXISTS",
            Self::Folder => "ERR_FOLDER",
            Self::DbUnavailable => "ERR_DB_UNAVAILABLE",
            Self::DbTimeout => "ERR_DB_TIMEOUT",
            Self::DbQuery => "ERR_DB_QUERY",
            Self::Schema => "ERR_SCHEMA",
            Self::Tls => "ERR_TLS",
            Self::Overloaded => "ERR_OVERLOADED",
            Self::Closed => "ERR_CLOSED",
            Self::Internal => "ERR_INTERNAL",
        }
    }
}

/// An error; cheap to clone, since every caller that waits for a commit gets the commit's error.
#[derive(Clone, Debug)]
pub struct Error(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    code: Code,
    message: String,
    /// What to do about it, where the message does not say so itself.
    advice: Option<String>,
    sql_state: Option<String>,
}

impl Error {
    /// An error of a kind, with a message that says what happened and what to do next.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            code,
            message: message.into(),
            advice: None,
            sql_state: None,
        }))
    }

    /// An error that a server reported, with its SQLSTATE.
    pub fn from_server(code: Code, message: impl Into<String>, sql_state: &str) -> Self {
        Self(Arc::new(Inner {
            code,
            message: message.into(),
            advice: None,
            sql_state: Some(sql_state.to_owned()),
        }))
    }

    /// The same error, which says what to do about it.
    pub(crate) fn advising(&self, advice: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            code: self.0.code,
            message: self.0.message.clone(),
            advice: Some(advice.into()),
            sql_state: self.0.sql_state.clone(),
        }))
    }

    /// What happened, without the advice.
    pub(crate) fn happened(&self) -> &str {
        &self.0.message
    }

    /// What to do about it, where that is said apart.
    pub(crate) fn advice(&self) -> Option<&str> {
        self.0.advice.as_deref()
    }

    /// What the error is about.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// PostgreSQL's five-character code, where a server sent one.
    pub fn sql_state(&self) -> Option<&str> {
        self.0.sql_state.as_deref()
    }

    /// Whether it means that the account is no longer its opener's: taken over, or cleared.
    pub fn is_loss_of_ownership(&self) -> bool {
        matches!(self.code(), Code::SessionSuperseded | Code::SessionCleared)
    }

    /// Another process or handle has opened the account.
    pub fn superseded() -> Self {
        Self::new(
            Code::SessionSuperseded,
            "the account was opened again elsewhere, and the newest opener owns it; close this socket",
        )
    }

    /// The session is stored in another layout by now.
    pub fn moved(layout: &str) -> Self {
        Self::new(
            Code::SessionSuperseded,
            format!(
                "the session was moved to layout {layout}, with all that was written to it; close this socket, and open the \
                 account again"
            ),
        )
    }

    /// The session was cleared while this handle was open.
    pub fn cleared() -> Self {
        Self::new(
            Code::SessionCleared,
            "the session was cleared; open the account again to start a fresh one",
        )
    }

    /// The account has no row.
    pub fn account_not_found() -> Self {
        Self::new(
            Code::AccountNotFound,
            "the accounts table has no row with this id",
        )
        .advising("create the account first: insert its row into the table that accountsTable names, by default whatsapp_accounts")
    }

    /// The handle or its store was closed.
    pub fn closed() -> Self {
        Self::new(Code::Closed, "it was closed; open the account again")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        match &self.0.advice {
            Some(advice) => write!(f, "; {advice}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}
