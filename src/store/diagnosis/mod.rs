//! What a store needs of its database, looked at piece by piece. Nothing is made or changed.

mod check;
mod clock;
mod privileges;
mod secret;
mod server;
mod tables;
mod way;

use std::sync::Arc;

pub(crate) use self::check::{Check, complete};
use self::clock::Moment;
use super::Store;
use crate::{
    error::Result,
    pool::{self, Probe},
};

impl Store {
    /// Looks at everything that opening an account takes. What stands in the way of the rest ends it.
    pub(crate) async fn diagnose(self: Arc<Self>) -> Result<Vec<Check>> {
        self.require_open()?;
        let mut made = Vec::new();
        let examined = pool::until(self.pool.deadline(), self.examine(&mut made)).await;
        if let Err(error) = examined
            && let Some(name) = check::NAMES.get(made.len())
        {
            made.push(Check::of_error(name, &error));
        }
        Ok(complete(made, "settings"))
    }

    /// Makes the checks in the order of their names. An error is the result of the one that would have been next.
    async fn examine(&self, made: &mut Vec<Check>) -> Result<()> {
        let probe = self.pool.probe().await?;
        self.examine_server(&probe, made).await?;
        let blueprint = &self.blueprint;
        let found = tables::look(blueprint).await?;
        let (check, place) = found.judge(blueprint);
        made.push(check);
        let Some(place) = place else { return Ok(()) };
        let check = privileges::check(blueprint, &found, place);
        let has_failed = check.has_failed();
        made.push(check);
        if !has_failed {
            made.push(secret::check(blueprint, place).await?);
        }
        Ok(())
    }

    async fn examine_server(&self, probe: &Probe, made: &mut Vec<Check>) -> Result<()> {
        let server = server::look(probe).await?;
        let moment = Moment::take(probe).await?;
        made.push(server.connection(probe, &moment));
        made.push(way::tls(probe).await);
        made.push(server.version());
        made.push(server.writable());
        made.push(way::pooler(probe));
        made.push(server.durability(self.blueprint.synchronous_commit.as_deref()));
        made.push(server.connections(&self.pool.status(), probe.is_direct()));
        made.push(moment.clock());
        Ok(())
    }
}
