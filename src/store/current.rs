//! Which layout a store works with: another one when sessions were moved meanwhile, of which nobody tells it.

use std::sync::{Arc, PoisonError};

use super::{Store, backend::Backend};
use crate::{
    error::{Code, Error, Result},
    layout::Tenure,
};

/// How often an open begins anew because sessions were moved meanwhile.
const TAKE_ATTEMPTS: usize = 3;

impl Store {
    /// Takes an account, where its session is by now.
    pub(super) async fn take(&self, account: &Arc<str>) -> Result<(Arc<Backend>, Arc<dyn Tenure>)> {
        let mut backend = self.backend().await?;
        for _ in 1..TAKE_ATTEMPTS {
            let error = match backend.layout.open(account).await {
                Ok(tenure) => return Ok((backend, tenure)),
                Err(error) if says_nothing_of_moves(&error) => return Err(error),
                Err(error) => error,
            };
            let current = self.current_backend().await?;
            // One that lost it to a move may find that the sessions have moved back since.
            if Arc::ptr_eq(&current, &backend) && !error.is_loss_of_ownership() {
                return Err(error);
            }
            backend = current;
        }
        let tenure = backend.layout.open(account).await?;
        Ok((backend, tenure))
    }

    /// The layout, as it was found when the store was first used, or when sessions were last found to have moved.
    pub(super) async fn backend(&self) -> Result<Arc<Backend>> {
        if let Some(backend) = self.known_backend() {
            return Ok(backend);
        }
        let _building = self.building.lock().await;
        if let Some(backend) = self.known_backend() {
            return Ok(backend);
        }
        // Boxed: every open would have room for it else, and thousands may be under way at once.
        let backend = Arc::new(Box::pin(self.blueprint.build()).await?);
        *self.backend.write().unwrap_or_else(PoisonError::into_inner) = Some(backend.clone());
        Ok(backend)
    }

    /// The same, if sessions are where they were when it was made; else another one.
    pub(super) async fn current_backend(&self) -> Result<Arc<Backend>> {
        let backend = self.backend().await?;
        if backend.layout.is_current().await? {
            return Ok(backend);
        }
        {
            let mut known = self.backend.write().unwrap_or_else(PoisonError::into_inner);
            if known.as_ref().is_some_and(|known| Arc::ptr_eq(known, &backend)) {
                *known = None;
            }
        }
        self.backend().await
    }

    pub(super) fn known_backend(&self) -> Option<Arc<Backend>> {
        self.backend.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Whether an error cannot come of it that sessions were moved to another layout.
pub(super) fn says_nothing_of_moves(error: &Error) -> bool {
    !error.is_loss_of_ownership() && !matches!(error.code(), Code::AccountNotFound | Code::Schema)
}
