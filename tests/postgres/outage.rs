//! Connections that break, and commits whose answer is lost.

use std::time::Duration;

use baileys_postgres_auth::{error::Code, event::Event};
use tokio_postgres::NoTls;

use super::support::{Database, open};

/// Ends every connection that has this schema's statements on it.
async fn cut(database: &Database) -> u64 {
    let pattern = format!("%{}%", database.schema);
    let statement =
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE $1 AND pid <> pg_backend_pid()";
    database.execute(statement, &[&pattern]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_connection_costs_a_retry_and_no_write() {
    let database = Database::new(&["a"]).await;
    let (store, events) = database.observed_store(database.settings());
    let handle = open(&store, "a").await.unwrap();
    for n in 0..10 {
        assert!(cut(&database).await > 0);
        handle.set(&[("x", Some(&n.to_string()))]).await.unwrap();
    }
    assert_eq!(
        open(&database.store(), "a").await.unwrap().value("x").as_deref(),
        Some("9")
    );
    assert_eq!(
        store.retries() > 0,
        events
            .lock()
            .unwrap()
            .iter()
            .any(|event| matches!(event, Event::Retrying { .. }))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_was_given_up_but_took_effect_is_adopted_by_the_next() {
    let database = Database::new(&["a"]).await;
    let mut settings = database.settings();
    settings.write_timeout_ms = 600;
    let (store, _) = database.observed_store(settings);
    let handle = open(&store, "a").await.unwrap();
    handle.set(&[("x", Some("1"))]).await.unwrap();
    // The row is locked until the set has given up; then its statement, still running on the server, commits.
    let url = std::env::var("TEST_DATABASE_URL").unwrap();
    let (mut locker, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    tokio::spawn(connection);
    let lock = locker.transaction().await.unwrap();
    let locking = format!("SELECT 1 FROM {}.whatsapp_accounts FOR UPDATE", database.schema);
    lock.execute(&locking, &[]).await.unwrap();
    let error = handle.set(&[("x", Some("2")), ("y", Some("2"))]).await.unwrap_err();
    assert_eq!(error.code(), Code::DbTimeout);
    assert_eq!(handle.value("x").as_deref(), Some("1"));
    let before = database.stored("a").await;
    lock.rollback().await.unwrap();
    wait_until(|| async { database.stored("a").await != before }).await;
    handle.set(&[("z", Some("3"))]).await.unwrap();
    for (id, value) in [("x", "2"), ("y", "2"), ("z", "3")] {
        assert_eq!(handle.value(id).as_deref(), Some(value), "{id}");
    }
    let again = open(&database.store(), "a").await.unwrap();
    assert_eq!(again.value("y").as_deref(), Some("2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_unavailable_and_a_wrong_password_is_told_at_once() {
    let database = Database::new(&["a"]).await;
    let mut settings = database.settings();
    settings.write_timeout_ms = 300;
    settings.database_url = "postgresql://me:hunter2@127.0.0.1:1/nowhere".to_owned().into();
    let (store, _) = database.observed_store(settings);
    let error = open(&store, "a").await.err().unwrap();
    assert_eq!(error.code(), Code::DbUnavailable);
    assert!(!error.to_string().contains("hunter2"));

    let mut settings = database.settings();
    let url = std::env::var("TEST_DATABASE_URL").unwrap();
    settings.database_url = format!("{url}?user=nobody_of_this_name&password=hunter2").into();
    let (store, _) = database.observed_store(settings);
    let error = open(&store, "a").await.err().unwrap();
    assert_eq!(error.code(), Code::DbUnavailable);
    assert!(
        error.sql_state().is_some_and(|state| state.starts_with("28")),
        "{error}"
    );
    assert_eq!(store.retries(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_table_is_a_matter_of_the_schema() {
    let database = Database::new(&[]).await;
    let mut settings = database.settings();
    settings.accounts_table.table = "no_such_table".into();
    let (store, _) = database.observed_store(settings);
    let error = open(&store, "a").await.err().unwrap();
    assert_eq!((error.code(), error.sql_state()), (Code::Schema, Some("42P01")));
}

/// Waits for a condition of the database, for ten seconds at most.
async fn wait_until<F: Future<Output = bool>>(condition: impl Fn() -> F) {
    let waiting = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waiting)
        .await
        .expect("the condition to come true");
}
