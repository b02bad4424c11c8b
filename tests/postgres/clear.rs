//! A clear deletes exactly one session, and nothing brings it back.

use baileys_postgres_auth::error::Code;

use super::support::{Database, open};

#[tokio::test(flavor = "multi_thread")]
async fn a_clear_puts_null_and_refuses_every_later_write() {
    let database = Database::new(&["a_b", "a%b", "aXb"]).await;
    let store = database.store();
    let cleared = open(&store, "a_b").await.unwrap();
    let (others, elsewhere) = (
        [open(&store, "a%b").await.unwrap(), open(&store, "aXb").await.unwrap()],
        database.store(),
    );
    cleared.set(&[("x", Some("1"))]).await.unwrap();
    elsewhere.clear("a_b".into()).await.unwrap();
    assert_eq!(
        cleared.set(&[("x", Some("2"))]).await.unwrap_err().code(),
        Code::SessionCleared
    );
    assert_eq!(database.stored("a_b").await, None);
    for other in &others {
        other.set(&[("x", Some("1"))]).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clear_by_another_process_is_noticed_at_the_next_write() {
    let database = Database::new(&["a"]).await;
    let handle = open(&database.store(), "a").await.unwrap();
    database
        .execute("UPDATE whatsapp_accounts SET session_data = NULL", &[])
        .await;
    assert_eq!(
        handle.set(&[("x", Some("1"))]).await.unwrap_err().code(),
        Code::SessionCleared
    );
    assert_eq!(database.stored("a").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handle_that_never_wrote_cannot_bring_a_cleared_session_back() {
    let database = Database::new(&["a"]).await;
    let fresh = open(&database.store(), "a").await.unwrap();
    database
        .execute("UPDATE whatsapp_accounts SET session_data = NULL", &[])
        .await;
    assert_eq!(fresh.save("{\"n\":1}").await.unwrap_err().code(), Code::SessionCleared);
    assert_eq!(database.stored("a").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn clearing_what_is_not_there_is_no_error_and_a_cleared_account_opens_fresh() {
    let database = Database::new(&["a"]).await;
    let store = database.store();
    store.clear("nobody".into()).await.unwrap();
    store.clear("a".into()).await.unwrap();
    open(&store, "a").await.unwrap().save("{\"n\":1}").await.unwrap();
    store.clear("a".into()).await.unwrap();
    let again = open(&store, "a").await.unwrap();
    assert_eq!(again.creds(), None);
    again.save("{\"n\":2}").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_store_clears_nothing_and_ends_nobody() {
    let database = Database::new(&["a"]).await;
    let (store, closed) = (database.store(), database.store());
    closed.close().await.unwrap();
    let handle = open(&store, "a").await.unwrap();
    assert_eq!(closed.clear("a".into()).await.unwrap_err().code(), Code::Closed);
    handle.set(&[("x", Some("1"))]).await.unwrap();
}
