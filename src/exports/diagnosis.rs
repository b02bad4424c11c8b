//! What was looked at, in JavaScript's shape.

use napi_derive::napi;

use crate::store::{Check, complete};

/// One thing that was looked at.
#[napi(object, object_from_js = false)]
#[allow(missing_docs)]
pub struct NativeCheck {
    pub name: String,
    /// `ok`, `warning`, `failed` or `not checked`.
    pub status: String,
    pub found: String,
    /// What to do, unless it is ok.
    pub next: Option<String>,
}

impl From<Check> for NativeCheck {
    fn from(check: Check) -> Self {
        Self {
            name: check.name.to_owned(),
            status: check.status.name().to_owned(),
            found: check.found,
            next: check.next,
        }
    }
}

/// The checks of a database that cannot be asked, since something `before` it is wrong.
#[napi(catch_unwind)]
pub fn checks_of_nothing(before: String) -> Vec<NativeCheck> {
    let checks = complete(Vec::new(), &before);
    checks.into_iter().map(NativeCheck::from).collect()
}
