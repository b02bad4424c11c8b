//! What is repeated. Nothing connects here: attempts are made up.

use std::sync::atomic::AtomicBool;

use tokio::sync::Barrier;

use super::*;
use crate::config::Settings;

fn pool() -> Pool {
    observed_pool(Arc::new(|_| {}))
}

fn observed_pool(observer: Observer) -> Pool {
    let connection = Connection::from_settings(&Settings::of("postgresql://me@localhost/nowhere")).unwrap();
    Pool::new(connection, Duration::from_secs(10), observer, Arc::default()).unwrap()
}

fn confused() -> Fault {
    Fault {
        is_of_pooler: true,
        ..Fault::lasting(Error::new(Code::DbQuery, "prepared statement \"s0\" already exists"))
    }
}

#[tokio::test]
async fn all_whom_a_pooler_confuses_at_the_same_time_try_again_without_preparing() {
    let pool = pool();
    let both_are_under_way = Barrier::new(2);
    let operation = async || {
        let is_first = AtomicBool::new(true);
        let attempt = || async {
            if !is_first.swap(false, Ordering::Relaxed) {
                return Ok(());
            }
            both_are_under_way.wait().await;
            Err(confused())
        };
        pool.repeat(pool.deadline(), attempt).await
    };
    let (one, other) = tokio::join!(operation(), operation());
    assert!(one.is_ok() && other.is_ok());
    assert!(!pool.prepares.load(Ordering::Relaxed));
}

#[tokio::test]
async fn what_fails_without_preparing_too_is_an_error() {
    let pool = pool();
    let answer = pool
        .repeat(pool.deadline(), || async { Err::<(), _>(confused()) })
        .await;
    assert_eq!(answer.unwrap_err().code(), Code::DbQuery);
}

/// What is told of an operation that is repeated once, done for these accounts: the account and how many there are.
async fn told_of(accounts: &[&str]) -> (Option<String>, usize) {
    let events: Arc<Mutex<Vec<Event>>> = Arc::default();
    let told = events.clone();
    let pool = observed_pool(Arc::new(move |event| told.lock().unwrap().push(event)));
    let accounts: Vec<Arc<str>> = accounts.iter().map(|account| (*account).into()).collect();
    let is_first = AtomicBool::new(true);
    let attempt = || async {
        match is_first.swap(false, Ordering::Relaxed) {
            true => Err(Fault::no_connection()),
            false => Ok(()),
        }
    };
    let operation = pool.repeat(pool.deadline(), attempt);
    match accounts.is_empty() {
        true => operation.await.unwrap(),
        false => on_behalf(&accounts, operation).await.unwrap(),
    }
    assert_eq!(pool.retries(), 1);
    match &events.lock().unwrap()[..] {
        [Event::Retrying { account, accounts, .. }] => (account.as_deref().map(str::to_owned), *accounts),
        events => panic!("{events:?}"),
    }
}

#[tokio::test]
async fn a_repetition_names_the_account_that_waits_for_it_if_it_is_one_alone() {
    assert_eq!(told_of(&["a"]).await, (Some("a".to_owned()), 1));
    assert_eq!(told_of(&["a", "b", "c"]).await, (None, 3));
    assert_eq!(told_of(&[]).await, (None, 0));
}
