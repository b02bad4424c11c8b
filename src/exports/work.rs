//! Work over all sessions of a store, as JavaScript holds it: it asks for one step after the other.

use std::sync::Arc;

use async_trait::async_trait;
use napi_derive::napi;
use tokio::sync::Mutex;

use crate::{
    error::Result,
    layout::work::{Left, Stop},
    outcome::{Answer, Failure, Mailbox},
    runtime,
};

/// Something that is done in steps.
#[async_trait]
pub(super) trait Work: Send {
    /// Does the next part; the answer says how far it has come.
    async fn step(&mut self, stop: &Stop) -> Result<Answer>;
}

/// Work under way.
#[napi]
pub struct NativeWork {
    mailbox: Arc<Mailbox>,
    stop: Arc<Stop>,
    work: Arc<Mutex<dyn Work>>,
}

/// A session that could not be changed or moved.
#[napi(object, object_from_js = false)]
#[allow(missing_docs)]
pub struct NativeLeft {
    pub account_id: String,
    pub failure: Failure,
}

impl NativeWork {
    pub(super) fn new(mailbox: Arc<Mailbox>, work: impl Work + 'static) -> Self {
        Self {
            mailbox,
            stop: Arc::default(),
            work: Arc::new(Mutex::new(work)),
        }
    }
}

#[napi]
impl NativeWork {
    /// Does the next part; the token is answered with how far it has come.
    #[napi(catch_unwind)]
    pub fn step(&self, token: u32) {
        let (work, stop, mailbox) = (self.work.clone(), self.stop.clone(), self.mailbox.clone());
        let step = async move { work.lock().await.step(&stop).await };
        let answering = mailbox.clone();
        match runtime::handle() {
            Ok(runtime) => drop(runtime.spawn(async move { answering.answer(token, step.await) })),
            Err(error) => mailbox.answer(token, Err(error)),
        }
    }

    /// Lets the step under way end early; what it has not finished is left as it was.
    #[napi(catch_unwind)]
    pub fn stop(&self) {
        self.stop.set();
    }
}

impl From<Left> for NativeLeft {
    fn from(left: Left) -> Self {
        Self {
            account_id: left.account.to_string(),
            failure: Failure::from(&left.error),
        }
    }
}
