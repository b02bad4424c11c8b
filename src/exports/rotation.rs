//! A change of secret, as JavaScript holds it: it asks for one step after the other.

use std::sync::Arc;

use napi_derive::napi;
use tokio::sync::Mutex;

use crate::{
    layout::rotation::{Left, Rotation, Sealed, Step, Stop},
    outcome::{Answer, Failure, Mailbox},
    runtime,
    store::Store,
};

/// A change of secret under way.
#[napi]
pub struct NativeRotation {
    store: Arc<Store>,
    mailbox: Arc<Mailbox>,
    rekeys: bool,
    stop: Arc<Stop>,
    /// From the first step on.
    rotation: Arc<Mutex<Option<Box<dyn Rotation>>>>,
}

/// How far it has come.
#[napi(object, object_from_js = false)]
#[allow(missing_docs)]
pub struct NativeRotationStep {
    pub is_done: bool,
    pub rotated: f64,
    pub keys: Vec<NativeKeyCount>,
    pub rewrapped: f64,
    pub left: f64,
    pub unrotated: Vec<NativeUnrotated>,
}

/// Sessions that are sealed under one key.
#[napi(object, object_from_js = false)]
#[allow(missing_docs)]
pub struct NativeKeyCount {
    pub key_id: String,
    pub secret: String,
    pub sessions: f64,
}

/// A session that could not be changed.
#[napi(object, object_from_js = false)]
#[allow(missing_docs)]
pub struct NativeUnrotated {
    pub account_id: String,
    pub failure: Failure,
}

impl NativeRotation {
    pub(super) fn new(store: Arc<Store>, mailbox: Arc<Mailbox>, rekeys: bool) -> Self {
        Self {
            store,
            mailbox,
            rekeys,
            stop: Arc::default(),
            rotation: Arc::default(),
        }
    }
}

#[napi]
impl NativeRotation {
    /// Does the next part; the token is answered with how far it has come.
    #[napi(catch_unwind)]
    pub fn step(&self, token: u32) {
        let (store, stop, rekeys) = (self.store.clone(), self.stop.clone(), self.rekeys);
        let (rotation, mailbox) = (self.rotation.clone(), self.mailbox.clone());
        let work = async move {
            let mut rotation = rotation.lock().await;
            let rotation = match &mut *rotation {
                Some(rotation) => rotation,
                none => none.insert(store.rotation(rekeys).await?),
            };
            Ok(Answer::Rotation(rotation.step(&stop).await?))
        };
        match runtime::handle() {
            Ok(runtime) => drop(runtime.spawn(async move { mailbox.answer(token, work.await) })),
            Err(error) => mailbox.answer(token, Err(error)),
        }
    }

    /// Lets the step under way end early; what it has not finished is left as it was.
    #[napi(catch_unwind)]
    pub fn stop(&self) {
        self.stop.set();
    }
}

impl From<Step> for NativeRotationStep {
    fn from(step: Step) -> Self {
        Self {
            is_done: step.is_done,
            rotated: step.rotated as f64,
            keys: step.keys.into_iter().map(NativeKeyCount::from).collect(),
            rewrapped: step.rewrapped as f64,
            left: step.left as f64,
            unrotated: step.unrotated.into_iter().map(NativeUnrotated::from).collect(),
        }
    }
}

impl From<Sealed> for NativeKeyCount {
    fn from(sealed: Sealed) -> Self {
        Self {
            key_id: sealed.key_id,
            secret: sealed.secret.name().to_owned(),
            sessions: sealed.sessions as f64,
        }
    }
}

impl From<Left> for NativeUnrotated {
    fn from(left: Left) -> Self {
        Self {
            account_id: left.account.to_string(),
            failure: Failure::from(&left.error),
        }
    }
}
