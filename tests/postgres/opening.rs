//! What an open finds, and whose the account is afterwards.

use baileys_postgres_auth::{
    crypto::{Envelope, derive_key},
    error::Code,
};
use zeroize::Zeroizing;

use super::support::{Database, SECRET, open};

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_row_is_not_found_and_one_without_session_is_fresh() {
    let database = Database::new(&["a"]).await;
    let store = database.store();
    assert_eq!(open(&store, "b").await.err().unwrap().code(), Code::AccountNotFound);
    let handle = open(&store, "a").await.unwrap();
    assert_eq!(handle.creds(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_set_is_there_in_another_store() {
    let database = Database::new(&["a"]).await;
    let first = open(&database.store(), "a").await.unwrap();
    first.save(r#"{"n":1}"#).await.unwrap();
    first
        .set(&[("x", Some(r#"{"a":"\ud800"}"#)), ("y", Some("1"))])
        .await
        .unwrap();
    first.set(&[("y", None)]).await.unwrap();
    let second = open(&database.store(), "a").await.unwrap();
    assert_eq!(second.creds().as_deref(), Some(r#"{"n":1}"#));
    assert_eq!(second.value("x").as_deref(), Some(r#"{"a":"\ud800"}"#));
    assert_eq!(second.value("y"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opener_takes_over_from_one_that_it_does_not_know() {
    let database = Database::new(&["a"]).await;
    let store = database.store();
    let older = open(&store, "a").await.unwrap();
    older.set(&[("x", Some("1"))]).await.unwrap();
    // Another process: it re-seals what it read.
    let text = database.stored("a").await.unwrap();
    let key = derive_key(SECRET);
    let plaintext = Envelope::from_text(&text).unwrap().open(&key).unwrap();
    let resealed = Envelope::seal(&key, plaintext.to_vec()).unwrap().to_text();
    database
        .execute("UPDATE whatsapp_accounts SET session_data = $1", &[&resealed])
        .await;
    assert_eq!(
        older.set(&[("x", Some("2"))]).await.unwrap_err().code(),
        Code::SessionSuperseded
    );
    assert_eq!(
        database.stored("a").await,
        Some(resealed),
        "the newer owner's session is untouched"
    );
    let newer = open(&store, "a").await.unwrap();
    assert_eq!(newer.value("x").as_deref(), Some("1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_openers_at_once_exactly_one_owns_the_account_afterwards() {
    let database = Database::new(&["a"]).await;
    let stores: Vec<_> = (0..4).map(|_| database.store()).collect();
    let mut handles = Vec::new();
    for store in &stores {
        handles.push(open(store, "a").await.unwrap());
    }
    let mut accepted = 0;
    for handle in &handles {
        match handle.set(&[("x", Some("1"))]).await {
            Ok(()) => accepted += 1,
            Err(error) => assert_eq!(error.code(), Code::SessionSuperseded),
        }
    }
    assert_eq!(accepted, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_again_loses_nothing_that_the_older_handle_wrote_meanwhile() {
    let database = Database::new(&["a"]).await;
    let store = database.store();
    let older = open(&store, "a").await.unwrap();
    let unawaited = older.start_save(r#"{"n":1}"#);
    let opened = store.open("a".into()).await.unwrap();
    let late = older.start_set(&[("x", Some("1"))]);
    let newer = super::support::Handle::from(opened.admit());
    assert_eq!(newer.creds().as_deref(), Some(r#"{"n":1}"#));
    assert_eq!(newer.value("x").as_deref(), Some("1"));
    unawaited.await.unwrap().unwrap();
    late.await.unwrap().unwrap();
    assert_eq!(
        older.set(&[("x", Some("2"))]).await.unwrap_err().code(),
        Code::SessionSuperseded
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_writes_without_pause_cannot_keep_an_opener_out() {
    let database = Database::new(&["a"]).await;
    open(&database.store(), "a")
        .await
        .unwrap()
        .save(r#"{"n":1}"#)
        .await
        .unwrap();
    let text = database.stored("a").await.unwrap();
    let store = database.store();
    // An owner faster than any: whenever an opener wants to replace the text that it read, it was written again.
    let statements = format!(
        "CREATE TABLE owner AS SELECT left(session_data, 40) AS mark FROM whatsapp_accounts;
         CREATE FUNCTION write_before() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           IF NEW.session_data LIKE ' %' OR left(OLD.session_data, 40) <> (SELECT mark FROM {}.owner) THEN RETURN NEW; END IF;
           RETURN NULL; END $$;
         CREATE TRIGGER write_before BEFORE UPDATE ON whatsapp_accounts FOR EACH ROW EXECUTE FUNCTION write_before()",
        database.schema
    );
    database
        .client
        .batch_execute(&statements)
        .await
        .expect("the test's own statements");
    let opened = open(&store, "a").await.unwrap();
    assert_eq!(opened.creds().as_deref(), Some(r#"{"n":1}"#));
    opened.set(&[("x", Some("1"))]).await.unwrap();
    assert_ne!(database.stored("a").await.unwrap(), text);
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_on_one_account_have_their_turns_in_the_order_in_which_they_were_made() {
    let database = Database::new(&["a"]).await;
    let store = database.store();
    for round in 0..50 {
        let older = open(&store, "a").await.unwrap();
        older.save(&format!("{{\"n\":{round}}}")).await.unwrap();
        let closed = store.close_session(&older.session, older.number);
        let opened = store.open("a".into());
        let cleared = store.clear("a".into());
        let fresh = store.open("a".into());
        // They may be polled in whatever order.
        let (fresh, cleared, opened, closed) = tokio::join!(fresh, cleared, opened, closed);
        closed.unwrap();
        cleared.unwrap();
        assert_eq!(
            opened.unwrap().admit().session.ended().unwrap().code(),
            Code::SessionCleared
        );
        let fresh = super::support::Handle::from(fresh.unwrap().admit());
        assert_eq!(fresh.creds(), None);
        fresh.set(&[("x", Some("1"))]).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_is_told_and_changes_nothing() {
    let database = Database::new(&["a"]).await;
    open(&database.store(), "a")
        .await
        .unwrap()
        .save(r#"{"n":1}"#)
        .await
        .unwrap();
    let stored = database.stored("a").await;
    let mut settings = database.settings();
    settings.secret = Zeroizing::new("another secret of good length".to_owned());
    let (stranger, _) = database.observed_store(settings);
    assert_eq!(open(&stranger, "a").await.err().unwrap().code(), Code::Unreadable);
    assert_eq!(database.stored("a").await, stored);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_previous_secret_opens_and_the_current_one_seals() {
    let database = Database::new(&["a"]).await;
    open(&database.store(), "a")
        .await
        .unwrap()
        .save(r#"{"n":1}"#)
        .await
        .unwrap();
    let new = "another secret of good length";
    let mut settings = database.settings();
    settings.secret = Zeroizing::new(new.to_owned());
    settings.previous_secrets = vec![Zeroizing::new(SECRET.to_owned())];
    let (store, _) = database.observed_store(settings);
    assert_eq!(open(&store, "a").await.unwrap().creds().as_deref(), Some(r#"{"n":1}"#));
    let sealed = Envelope::from_text(&database.stored("a").await.unwrap()).unwrap();
    assert!(sealed.open(&derive_key(new)).is_ok());
}
