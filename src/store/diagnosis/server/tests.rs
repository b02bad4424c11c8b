//! What is said of servers that no test can have: old ones, full ones.

use super::*;
use crate::store::diagnosis::check::Status;

fn server() -> Server {
    Server {
        version: "18.1".to_owned(),
        version_number: 180_001,
        synchronous_commit: Some("on".to_owned()),
        fsync: Some("on".to_owned()),
        full_page_writes: Some("on".to_owned()),
        max_connections: Some(100),
        reserved: 3,
        role_limit: -1,
        database_limit: -1,
        in_use: 1,
        role: "app".to_owned(),
        database: "a\"b".to_owned(),
        ..Server::default()
    }
}

/// The pool at rest, of at most so many connections.
fn pool(max: usize) -> PoolStatus {
    PoolStatus {
        size: 0,
        idle: 0,
        waiting: 0,
        max,
    }
}

#[test]
fn a_server_that_is_too_old_has_failed_and_one_that_is_not_tested_is_a_warning() {
    for (version_number, expected) in [
        (180_001, Status::Ok),
        (150_000, Status::Ok),
        (140_012, Status::Warning),
        (120_000, Status::Warning),
        (110_022, Status::Failed),
        (90_624, Status::Failed),
    ] {
        let server = Server {
            version_number,
            ..server()
        };
        assert_eq!(server.version().status, expected, "{version_number}");
    }
}

#[test]
fn what_cannot_be_written_to_has_failed() {
    assert_eq!(server().writable().status, Status::Ok);
    let standby = Server {
        is_standby: true,
        is_read_only: true,
        ..server()
    };
    assert!(standby.writable().next.unwrap().contains("name the primary"));
    let read_only = Server {
        is_read_only: true,
        ..server()
    };
    let check = read_only.writable();
    assert_eq!(check.status, Status::Failed);
    assert!(check.next.unwrap().contains(r#"ALTER DATABASE "a""b" RESET"#));
}

#[test]
fn what_loses_acknowledged_writes_is_a_warning_unless_the_store_asks_for_more() {
    let off = || Some("off".to_owned());
    let commit = Server {
        synchronous_commit: off(),
        ..server()
    };
    assert_eq!(commit.durability(None).status, Status::Warning);
    assert_eq!(commit.durability(Some("on")).status, Status::Ok);
    let disk = Server {
        fsync: off(),
        full_page_writes: off(),
        ..server()
    };
    let check = disk.durability(Some("on"));
    assert_eq!(check.status, Status::Warning);
    assert!(check.found.contains("fsync is off") && check.found.contains("full_page_writes is off"));
    let unknown = Server {
        synchronous_commit: None,
        fsync: None,
        full_page_writes: None,
        ..server()
    };
    assert_eq!(unknown.durability(None).status, Status::Ok);
}

#[test]
fn a_pool_has_to_fit_into_what_the_server_gives() {
    let of = |server: &Server, max| server.connections(&pool(max), true).status;
    assert_eq!(of(&server(), 97), Status::Ok);
    assert_eq!(of(&server(), 98), Status::Warning);
    let limited = Server {
        role_limit: 5,
        ..server()
    };
    assert_eq!(of(&limited, 5), Status::Ok);
    assert_eq!(of(&limited, 6), Status::Warning);
    let busy = Server { in_use: 91, ..server() };
    assert_eq!(of(&busy, 8), Status::Warning);
    // What is in use may be this pool's own.
    let own = PoolStatus { size: 8, ..pool(8) };
    assert_eq!(busy.connections(&own, true).status, Status::Ok);
    let superuser = Server {
        is_superuser: true,
        role_limit: 5,
        ..server()
    };
    assert_eq!(of(&superuser, 100), Status::Ok);
    // A pooler shares them.
    assert_eq!(server().connections(&pool(1_000), false).status, Status::Ok);
}
