//! What is repeated. Nothing connects here: attempts are made up.

use std::sync::atomic::AtomicBool;

use tokio::sync::Barrier;

use super::*;
use crate::config::Settings;

fn pool() -> Pool {
    let connection = Connection::from_settings(&Settings::of("postgresql://me@localhost/nowhere")).unwrap();
    Pool::new(connection, Duration::from_secs(10), Arc::new(|_| {}), Arc::default()).unwrap()
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
