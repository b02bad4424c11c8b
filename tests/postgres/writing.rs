//! What a write does to the row, and to the neighbours.

use std::time::SystemTime;

use baileys_postgres_auth::error::Code;

use super::support::{Database, open};

#[tokio::test(flavor = "multi_thread")]
async fn the_time_of_the_last_change_is_utc_whatever_the_servers_time_zone() {
    let database = Database::new(&["a"]).await;
    let role = "ALTER ROLE CURRENT_USER IN DATABASE postgres SET timezone = 'Asia/Tokyo'";
    database
        .client
        .batch_execute(role)
        .await
        .expect("the test's own statement");
    let handle = open(&database.store(), "a").await.unwrap();
    handle.set(&[("x", Some("1"))]).await.unwrap();
    let row = database
        .client
        .query_one("SELECT updated_at FROM whatsapp_accounts", &[])
        .await
        .unwrap();
    let updated: SystemTime = row.get(0);
    let age = SystemTime::now().duration_since(updated).unwrap_or_default();
    assert!(age.as_secs() < 60, "{age:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_identity_never_replaces_the_stored_one() {
    let creds = |key: &str| format!(r#"{{"signedIdentityKey":{{"public":{{"type":"Buffer","data":"{key}"}}}}}}"#);
    let database = Database::new(&["a"]).await;
    let handle = open(&database.store(), "a").await.unwrap();
    handle.save(&creds("AQID")).await.unwrap();
    assert_eq!(
        handle.save(&creds("AQIE")).await.unwrap_err().code(),
        Code::IdentityChanged
    );
    let again = open(&database.store(), "a").await.unwrap();
    assert_eq!(again.creds(), Some(creds("AQID")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_the_database_refuses_fails_alone() {
    let database = Database::new(&["good", "bad"]).await;
    let store = database.store();
    let (good, bad) = (open(&store, "good").await.unwrap(), open(&store, "bad").await.unwrap());
    bad.set(&[("x", Some("1"))]).await.unwrap();
    database
        .client
        .batch_execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
               IF NEW.id = 'bad' THEN RAISE EXCEPTION 'no' USING ERRCODE = 'P0099', DETAIL = 'a detail'; END IF;
               RETURN NEW; END $$;
             CREATE TRIGGER refuse BEFORE UPDATE ON whatsapp_accounts FOR EACH ROW EXECUTE FUNCTION refuse()",
        )
        .await
        .expect("the test's own statements");
    let (one, other) = (good.start_set(&[("x", Some("1"))]), bad.start_set(&[("x", Some("2"))]));
    one.await.unwrap().unwrap();
    let error = other.await.unwrap().unwrap_err();
    assert_eq!((error.code(), error.sql_state()), (Code::DbQuery, Some("P0099")));
    assert!(!error.to_string().contains("a detail"));
    assert_eq!(bad.value("x").as_deref(), Some("1"), "as the database has it");
    database
        .client
        .batch_execute("DROP TRIGGER refuse ON whatsapp_accounts")
        .await
        .expect("the test's own statement");
    bad.set(&[("x", Some("3"))]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_was_deleted_is_told_and_not_made_again() {
    let database = Database::new(&["a"]).await;
    let handle = open(&database.store(), "a").await.unwrap();
    database.execute("DELETE FROM whatsapp_accounts", &[]).await;
    assert_eq!(
        handle.set(&[("x", Some("1"))]).await.unwrap_err().code(),
        Code::AccountNotFound
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_store_has_written_everything() {
    let database = Database::new(&["a"]).await;
    let store = database.store();
    let handle = open(&store, "a").await.unwrap();
    let sets: Vec<_> = (0..50)
        .map(|n| handle.start_set(&[("x", Some(&n.to_string()))]))
        .collect();
    store.close().await.unwrap();
    for set in sets {
        set.await.unwrap().unwrap();
    }
    assert_eq!(handle.set(&[("x", Some("50"))]).await.unwrap_err().code(), Code::Closed);
    assert_eq!(
        open(&database.store(), "a").await.unwrap().value("x").as_deref(),
        Some("49")
    );
}
