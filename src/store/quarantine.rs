//! What a store can say of its quarantine, and how a session comes back from it.

use std::sync::Arc;

use uuid::Uuid;

use super::{Store, registry};
use crate::{
    error::{Error, Result},
    layout::quarantine::{Quarantined, not_found},
    pool,
};

impl Store {
    /// The sessions that are in quarantine, the oldest first.
    pub async fn quarantine(self: Arc<Self>) -> Result<Vec<Quarantined>> {
        self.require_open()?;
        pool::until(self.pool.deadline(), async {
            self.current_backend().await?.layout.quarantine().await
        })
        .await
    }

    /// Puts a session from quarantine back where it was. Whoever has the account open is not its owner any more.
    ///
    /// With `replace` a session that the account has meanwhile goes into quarantine in turn; else it is an error.
    pub async fn restore(self: Arc<Self>, id: String, replace: bool) -> Result<()> {
        self.require_open()?;
        let id = Uuid::parse_str(&id).map_err(|_| not_found())?;
        let (layout, entry) = pool::until(self.pool.deadline(), async {
            let layout = self.current_backend().await?.layout.clone();
            let entry = layout.find_quarantined(id).await?.ok_or_else(not_found)?;
            Ok::<_, Error>((layout, entry))
        })
        .await?;
        let place = registry::place(&self.target, &entry.account);
        let _turn = place.turn().await;
        if let Some((session, _)) = place.occupant() {
            // What was called before is part of the session that goes into quarantine; what fails is answered there.
            drop(session.flush_if_pending().await);
        }
        pool::until(self.pool.deadline(), layout.restore(&entry, replace)).await?;
        place.end_occupant(&Error::superseded());
        Ok(())
    }
}
