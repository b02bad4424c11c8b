//! Parts of the layouts' SQL.

pub(super) use crate::sql::{literal, quoted};

/// What to put behind a statement's last table, so that its own transaction has this `synchronous_commit`.
pub(super) fn durability(synchronous_commit: Option<&str>) -> Option<String> {
    synchronous_commit.map(|level| {
        let level = literal(level);
        format!("(SELECT set_config('synchronous_commit', {level}, true)) AS setting")
    })
}
