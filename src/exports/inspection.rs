//! A look at sessions, in JavaScript's shape.

use std::sync::Arc;

use async_trait::async_trait;
use napi_derive::napi;

use super::work::Work;
use crate::{
    config::LayoutName,
    error::Result,
    layout::{
        inspection::{Finding, Kinds, Status, Verification, Verified},
        work::Stop,
    },
    outcome::{Answer, Failure},
    store::{Cursor, Store},
};

/// The last session of a page.
#[napi(object, object_to_js = false)]
#[allow(missing_docs)]
pub struct NativeCursor {
    pub layout: String,
    pub account_id: String,
}

/// How many records there are of a type.
#[napi(object, object_from_js = false)]
#[allow(missing_docs)]
pub struct NativeKind {
    pub kind: String,
    pub records: f64,
}

/// What is known of a session without opening it; times in ms since 1970.
#[napi(object, object_from_js = false)]
#[allow(missing_docs)]
pub struct NativeStatus {
    pub account_id: String,
    pub layout: String,
    pub kinds: Option<Vec<NativeKind>>,
    pub bytes: f64,
    pub owner: Option<String>,
    pub opened_ms: Option<f64>,
    pub created_ms: Option<f64>,
    pub written_ms: Option<f64>,
    pub key_id: Option<String>,
    pub secret: Option<String>,
}

/// How far a verification has come.
#[napi(object, object_from_js = false)]
#[allow(missing_docs)]
pub struct NativeVerificationStep {
    pub is_done: bool,
    pub total: f64,
    pub sessions: f64,
    pub bytes: f64,
    pub kinds: Vec<NativeKind>,
    pub found: f64,
    pub findings: Vec<NativeFinding>,
}

/// A session, or a record of it, that cannot be read.
#[napi(object, object_from_js = false)]
#[allow(missing_docs)]
pub struct NativeFinding {
    pub account_id: String,
    pub layout: String,
    pub kind: Option<String>,
    pub record_hash: Option<String>,
    pub failure: Failure,
}

/// A verification, begun by its first step.
pub(super) struct VerificationWork {
    store: Arc<Store>,
    only: Option<Arc<str>>,
    verification: Option<Verification>,
}

impl VerificationWork {
    pub(super) fn new(store: Arc<Store>, only: Option<String>) -> Self {
        Self {
            store,
            only: only.map(Arc::from),
            verification: None,
        }
    }
}

#[async_trait]
impl Work for VerificationWork {
    async fn step(&mut self, stop: &Stop) -> Result<Answer> {
        let verification = match &mut self.verification {
            Some(verification) => verification,
            none => none.insert(self.store.verification(self.only.clone()).await?),
        };
        Ok(Answer::Verification(verification.step(stop).await?))
    }
}

impl From<NativeCursor> for Cursor {
    fn from(cursor: NativeCursor) -> Self {
        Self {
            layout: LayoutName::of(&cursor.layout),
            account: cursor.account_id,
        }
    }
}

impl From<Status> for NativeStatus {
    fn from(status: Status) -> Self {
        let ms = |time: Option<i64>| time.map(|ms| ms as f64);
        let (key_id, secret) = status.key.unzip();
        Self {
            account_id: status.account.to_string(),
            layout: status.layout.name().to_owned(),
            kinds: status.kinds.map(kinds),
            bytes: status.bytes as f64,
            owner: status.owner,
            opened_ms: ms(status.opened_ms),
            created_ms: ms(status.created_ms),
            written_ms: ms(status.written_ms),
            key_id,
            secret: secret.map(|secret| secret.name().to_owned()),
        }
    }
}

impl From<Verified> for NativeVerificationStep {
    fn from(verified: Verified) -> Self {
        Self {
            is_done: verified.is_done,
            total: verified.total as f64,
            sessions: verified.sessions as f64,
            bytes: verified.bytes as f64,
            kinds: kinds(verified.kinds),
            found: verified.found as f64,
            findings: verified.findings.into_iter().map(NativeFinding::from).collect(),
        }
    }
}

impl From<Finding> for NativeFinding {
    fn from(finding: Finding) -> Self {
        let (kind, record_hash) = finding.unread.record.unzip();
        Self {
            account_id: finding.account.to_string(),
            layout: finding.layout.name().to_owned(),
            kind,
            record_hash,
            failure: Failure::from(&finding.unread.error),
        }
    }
}

pub(super) fn kinds(kinds: Kinds) -> Vec<NativeKind> {
    let native = kinds.into_iter().map(|(kind, records)| NativeKind {
        kind,
        records: records as f64,
    });
    native.collect()
}
