//! What connection strings of all kinds come to.

use super::*;
use crate::error::Code;
use tokio_postgres::config::SslMode;

fn connection(database_url: &str) -> Connection {
    Connection::from_settings(&Settings::of(database_url)).unwrap()
}

#[test]
fn a_prisma_url_is_understood_whole() {
    let connection = connection(
        "postgresql://me:p%40ss%2Fword@db.example:6543/app?schema=crm&connection_limit=3&pool_timeout=7&connect_timeout=4&socket_timeout=9&pgbouncer=true&statement_cache_size=0&sslmode=prefer&application_name=backend",
    );
    let config = &connection.hosts[0];
    assert_eq!(config.get_hosts(), [Host::Tcp("db.example".into())]);
    assert_eq!(config.get_ports(), [6543]);
    assert_eq!((config.get_user(), config.get_dbname()), (Some("me"), Some("app")));
    assert_eq!(config.get_password(), Some(b"p@ss/word".as_slice()));
    assert_eq!(config.get_application_name(), Some("backend"));
    assert_eq!(config.get_ssl_mode(), SslMode::Prefer);
    assert_eq!((connection.pool_size, connection.schema.as_deref()), (3, Some("crm")));
    assert_eq!(
        (connection.wait, connection.connect),
        (Duration::from_secs(7), Duration::from_secs(4))
    );
    assert_eq!(connection.statement, Some(Duration::from_secs(9)));
    assert!(connection.ignored.is_empty());
}

#[test]
fn options_overrule_the_url() {
    let mut settings = Settings::of("postgresql://me@h/app?connection_limit=3&pool_timeout=7");
    settings.pool.size = Some(5);
    settings.pool.wait_timeout_ms = Some(250);
    let connection = Connection::from_settings(&settings).unwrap();
    assert_eq!((connection.pool_size, connection.wait), (5, Duration::from_millis(250)));
}

#[test]
fn keyword_form_and_sockets_work() {
    let connection = connection(r"host=/var/run/postgresql user=me password='it\'s' dbname=app");
    assert_eq!(
        connection.hosts[0].get_hosts(),
        [Host::Unix("/var/run/postgresql".into())]
    );
    assert_eq!(connection.hosts[0].get_password(), Some(b"it's".as_slice()));
}

#[test]
fn with_several_hosts_the_writable_one_is_wanted() {
    let several = connection("postgresql://me@one:5432,two:5433/app");
    assert_eq!(several.hosts.len(), 2);
    assert_eq!(
        several.hosts[1].get_target_session_attrs(),
        TargetSessionAttrs::ReadWrite
    );
    assert_eq!(several.hosts[1].get_hosts(), [Host::Tcp("two".into())]);
    assert_eq!(several.hosts[1].get_ports(), [5433]);
    let primary = connection("postgresql://me@h/app?target_session_attrs=primary");
    assert_eq!(
        primary.hosts[0].get_target_session_attrs(),
        TargetSessionAttrs::ReadWrite
    );
}

#[test]
fn unknown_parameters_are_named_and_ignored() {
    assert_eq!(
        connection("postgresql://me@h/app?zeal=1&schema=x&color=2").ignored,
        ["zeal", "color"]
    );
}

#[test]
fn asking_for_tls_means_tls() {
    assert_eq!(
        connection("postgresql://me@h/a").hosts[0].get_ssl_mode(),
        SslMode::Prefer
    );
    assert_eq!(
        connection("postgresql://me@h/a?sslmode=disable").hosts[0].get_ssl_mode(),
        SslMode::Disable
    );
    assert_eq!(
        connection("postgresql://me@h/a?sslmode=require").hosts[0].get_ssl_mode(),
        SslMode::Require
    );
    assert_eq!(
        connection("postgresql://me@h/a?sslaccept=strict").hosts[0].get_ssl_mode(),
        SslMode::Require
    );
}

#[test]
fn refusals_name_the_setting_and_never_the_password() {
    for url in [
        "postgresql://me:hunter2@h:port/app",
        "postgresql://me:hunter2@h/app?connection_limit=hunter2",
        "postgresql://me:hunter2@h/app?sslmode=hunter2",
        "postgresql://me:hunter2@h/app?sslrootcert=/nonexistent/hunter2",
        "postgresql://me:hunter2@h/app?connection_limit=0",
        "postgresql://me:hunter2@h/app?target_session_attrs=standby",
        "dbname=app password=hunter2",
    ] {
        let error = Connection::from_settings(&Settings::of(url)).err().unwrap();
        assert_eq!(error.code(), Code::Config, "{url}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
