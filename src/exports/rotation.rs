//! A change of secret, in JavaScript's shape.

use std::sync::Arc;

use async_trait::async_trait;
use napi_derive::napi;

use super::work::{NativeLeft, Work};
use crate::{
    error::Result,
    layout::{
        rotation::{Rotation, Sealed, Step},
        work::Stop,
    },
    outcome::Answer,
    store::Store,
};

/// A change of secret, begun by its first step.
pub(super) struct RotationWork {
    store: Arc<Store>,
    rekeys: bool,
    rotation: Option<Box<dyn Rotation>>,
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
    pub unrotated: Vec<NativeLeft>,
}

/// Sessions that are sealed under one key.
#[napi(object, object_from_js = false)]
#[allow(missing_docs)]
pub struct NativeKeyCount {
    pub key_id: String,
    pub secret: String,
    pub sessions: f64,
}

impl RotationWork {
    pub(super) fn new(store: Arc<Store>, rekeys: bool) -> Self {
        Self {
            store,
            rekeys,
            rotation: None,
        }
    }
}

#[async_trait]
impl Work for RotationWork {
    async fn step(&mut self, stop: &Stop) -> Result<Answer> {
        let rotation = match &mut self.rotation {
            Some(rotation) => rotation,
            none => none.insert(self.store.rotation(self.rekeys).await?),
        };
        Ok(Answer::Rotation(rotation.step(stop).await?))
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
            unrotated: step.unrotated.into_iter().map(NativeLeft::from).collect(),
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
