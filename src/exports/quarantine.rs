//! Sessions in quarantine, in JavaScript's shape.

use napi_derive::napi;

use super::inspection::{NativeKind, kinds};
use crate::layout::quarantine::Quarantined;

/// A session in quarantine.
#[napi(object, object_from_js = false)]
#[allow(missing_docs)]
pub struct NativeQuarantined {
    pub id: String,
    pub account_id: String,
    pub reason: String,
    /// In ms since 1970.
    pub since_ms: f64,
    pub layout: String,
    pub kinds: Vec<NativeKind>,
    pub bytes: f64,
}

impl From<Quarantined> for NativeQuarantined {
    fn from(session: Quarantined) -> Self {
        Self {
            id: session.id.to_string(),
            account_id: session.account,
            reason: session.reason,
            since_ms: session.since_ms as f64,
            layout: session.layout.to_owned(),
            kinds: kinds(session.kinds),
            bytes: session.bytes as f64,
        }
    }
}
