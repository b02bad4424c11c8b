//! The way to the server: whether it can be listened in to, and who stands on it.

use super::check::Check;
use crate::pool::Probe;

/// Whether what is sent can be read on the way. The server knows; what it says is of the connection that it has itself.
pub(super) async fn tls(probe: &Probe) -> Check {
    let statement = "SELECT ssl, version, cipher FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid()";
    let rows = match probe.is_direct() {
        true => probe.query(statement, &[]).await.unwrap_or_default(),
        false => Vec::new(),
    };
    let told = rows.first().and_then(|row| {
        let name = |at| row.try_get::<_, Option<String>>(at).ok().flatten().unwrap_or_default();
        Some((row.try_get(0).ok()?, name(1), name(2)))
    });
    let way = match told {
        Some((true, version, cipher)) => Way::Sealed(format!("{version}, {cipher}")),
        Some((false, ..)) => Way::Clear,
        None if probe.requires_tls() => Way::Sealed("TLS, as sslmode asks for".to_owned()),
        None => Way::Unknown,
    };
    judge_tls(way, probe.is_local())
}

/// How a connection goes over the network.
enum Way {
    Sealed(String),
    Clear,
    Unknown,
}

fn judge_tls(way: Way, is_local: bool) -> Check {
    let (found, next) = match way {
        Way::Sealed(how) => return Check::ok("tls", how),
        Way::Clear if is_local => return Check::ok("tls", "clear text, which does not leave this machine"),
        Way::Unknown if is_local => return Check::ok("tls", "not known, and nothing leaves this machine"),
        Way::Clear => (
            "clear text: who listens in sees which accounts there are",
            "turn TLS on at the server (ssl = on), and add sslmode=verify-full to databaseUrl",
        ),
        Way::Unknown => (
            "the server cannot tell whether TLS is used up to the pooler",
            "add sslmode=require to databaseUrl, or verify-full, so that it is",
        ),
    };
    Check::warning("tls", found, next)
}

pub(super) fn pooler(probe: &Probe) -> Check {
    Check::ok(
        "pooler",
        match probe.is_direct() {
            true => "none: statements are prepared",
            false => "one in between, or something like it: nothing is prepared through it",
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::diagnosis::check::Status;

    #[test]
    fn clear_text_matters_where_it_leaves_the_machine() {
        assert_eq!(judge_tls(Way::Clear, true).status, Status::Ok);
        assert_eq!(judge_tls(Way::Unknown, true).status, Status::Ok);
        assert_eq!(judge_tls(Way::Sealed("TLSv1.3".to_owned()), false).status, Status::Ok);
        assert_eq!(judge_tls(Way::Clear, false).status, Status::Warning);
        assert_eq!(judge_tls(Way::Unknown, false).status, Status::Warning);
    }
}
