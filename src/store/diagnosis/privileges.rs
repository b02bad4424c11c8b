//! Whether the role may do what opening an account and writing to it take.

use super::{
    check::Check,
    tables::{Found, Place},
};
use crate::{config::OnUnreadable, store::backend::Blueprint};

pub(super) fn check(blueprint: &Blueprint, found: &Found, place: Place) -> Check {
    let (rights, accounts) = (&found.rights, &found.accounts);
    let role = &rights.role;
    if place == Place::Nowhere && !rights.may_make() {
        return Check::failed(
            "grants",
            format!("role {role} may not make the tables"),
            format!(
                "{}, or have an administrator run what `npx baileys-postgres-auth migrate --sql` prints",
                rights.grant_to_make()
            ),
        );
    }
    let mut missing = Vec::new();
    if rights.has_store() {
        missing.extend(rights.missing_grants());
    }
    // In rows, too: there may be sessions that are yet to be adopted.
    if place != Place::Nowhere && accounts.holds_sessions() {
        missing.extend(accounts.missing_grants(role));
    }
    if !missing.is_empty() {
        return Check::failed(
            "grants",
            format!("role {role} lacks some on the tables"),
            missing.join("; "),
        );
    }
    // Nobody else comes to use it.
    if blueprint.on_unreadable == OnUnreadable::Fresh && blueprint.may_migrate {
        let aside = rights.missing_grants_aside();
        if !aside.is_empty() {
            return Check::warning(
                "grants",
                format!("role {role} cannot use the quarantine, so that what cannot be read is refused instead"),
                aside.join("; "),
            );
        }
    }
    Check::ok("grants", format!("role {role} has all that it needs"))
}
