//! What was looked at, what was found, and what to do about it.

use crate::error::Error;

/// How something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Ok,
    /// It works, and somebody should look at it all the same.
    Warning,
    /// Sessions cannot be opened, or not be written.
    Failed,
    /// Something before it has failed.
    NotChecked,
}

impl Status {
    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::NotChecked => "not checked",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug)]
pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) status: Status,
    pub(crate) found: String,
    /// What to do, unless it is as it should be.
    pub(crate) next: Option<String>,
}

/// All that is looked at in a database, in this order.
pub(crate) const NAMES: [&str; 11] = [
    "connection",
    "tls",
    "server",
    "writable",
    "pooler",
    "durability",
    "connections",
    "clock",
    "tables",
    "grants",
    "secret",
];

impl Check {
    pub(super) fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self {
            name,
            status: Status::Ok,
            found: found.into(),
            next: None,
        }
    }

    pub(super) fn warning(name: &'static str, found: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            name,
            status: Status::Warning,
            found: found.into(),
            next: Some(next.into()),
        }
    }

    pub(super) fn failed(name: &'static str, found: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            status: Status::Failed,
            ..Self::warning(name, found, next)
        }
    }

    /// It could not be found out.
    pub(super) fn of_error(name: &'static str, error: &Error) -> Self {
        let next = error.advice().unwrap_or("do what it says, and look again");
        Self::failed(name, error.happened(), next)
    }

    pub(super) fn has_failed(&self) -> bool {
        self.status == Status::Failed
    }

    /// One that another one has to come before.
    fn not_checked(name: &'static str, before: &str) -> Self {
        Self {
            name,
            status: Status::NotChecked,
            found: String::new(),
            next: Some(format!("see to {before} first")),
        }
    }
}

/// The checks that were made, and those that were not, since the last of these, or what comes `before`, has to be seen to.
pub(crate) fn complete(mut made: Vec<Check>, before: &str) -> Vec<Check> {
    let before = made.last().map_or(before, |check| check.name);
    let missing = NAMES
        .iter()
        .skip(made.len())
        .map(|name| Check::not_checked(name, before));
    let missing: Vec<_> = missing.collect();
    made.extend(missing);
    made
}
