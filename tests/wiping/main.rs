//! What is left in the memory of a process of the keys and values that it has used: nothing, once they are let go of.
//!
//! The process looks through its own memory. A control shows that it finds what is held. It is alone in its binary, so
//! that no other test holds anything.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod keys;
mod memory;
#[path = "../postgres/support.rs"]
#[allow(dead_code)]
mod support;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use baileys_postgres_auth::{
    config::{LayoutName, Settings},
    record::{Bytes, Changes, RecordKey, Text, Value},
    store::Store,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use memory::{Needle, Place};
use support::{Database, Handle, open};

/// Enough that what is looked for occurs nowhere by chance.
const KEY_LEN: usize = 32;

/// How long what was let go of may take to be dropped.
const PATIENCE: Duration = Duration::from_secs(20);

/// A value as Baileys has them: keys in base64 within JSON. Gives what is to be looked for with it: the base64 and the
/// bytes, since a sealed record holds bytes.
fn secret_json(name: &str) -> (Value, Vec<Needle>) {
    let mut key = Zeroizing::new([0_u8; KEY_LEN]);
    getrandom::fill(key.as_mut_slice()).unwrap();
    let mut base64 = Zeroizing::new([0_u8; 44]);
    STANDARD.encode_slice(key.as_slice(), base64.as_mut_slice()).unwrap();
    let needles = vec![
        Needle::new(&format!("{name} in base64"), Place::NotOnStacks, &base64[..40]),
        Needle::new(&format!("{name} as bytes"), Place::NotOnStacks, key.as_slice()),
    ];
    let mut text = String::with_capacity(200);
    text.push_str(r#"{"registrationId":7,"noiseKey":{"private":{"type":"Buffer","data":""#);
    text.push_str(std::str::from_utf8(base64.as_slice()).unwrap());
    text.push_str(r#""}}}"#);
    (Value::from_text(Text::new(text)), needles)
}

/// A byte array, as most records are.
fn secret_bytes(name: &str) -> (Value, Vec<Needle>) {
    let mut key = vec![0_u8; KEY_LEN];
    getrandom::fill(&mut key).unwrap();
    let needle = Needle::new(name, Place::NotOnStacks, &key);
    (Value::Bytes(Bytes::new(key)), vec![needle])
}

async fn write(handle: &Handle, key: RecordKey, value: Value) {
    let (sender, receiver) = oneshot::channel();
    let changes = Changes::from_iter([(key, Some(value))]);
    let reply = Box::new(move |result| drop(sender.send(result)));
    handle.session.write(handle.number, changes, reply);
    handle.session.start();
    receiver.await.unwrap().unwrap();
}

async fn fetch(handle: &Handle, kind: &str) {
    let (sender, receiver) = oneshot::channel();
    let reply = Box::new(move |values: Result<Vec<Option<Value>>, _>| {
        let found = values.is_ok_and(|values| values.iter().all(Option::is_some));
        let _ = sender.send(found);
    });
    handle.session.fetch(vec![RecordKey::new(kind, "1")], reply);
    assert!(receiver.await.unwrap(), "the record is there");
}

/// Waits until none of the needles is found any more.
async fn expect_wiped(needles: &[Needle]) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = memory::find(needles);
        if found.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "still in memory: {found:#?}");
        tokio::task::yield_now().await;
    }
}

async fn leaves_nothing(layout: LayoutName) {
    let database = Database::new(&["an account"]).await;
    let settings = || Settings {
        layout: Some(layout),
        ..database.settings()
    };
    let mut needles = Vec::new();
    let store: Arc<Store> = database.observed_store(settings()).0;
    let handle = open(&store, "an account").await.unwrap();
    for (key, (value, found)) in [
        (RecordKey::Creds, secret_json("the credentials' key")),
        (RecordKey::new("session", "1"), secret_json("a session's key")),
        (RecordKey::new("identity-key", "1"), secret_bytes("a byte array")),
    ] {
        needles.extend(found);
        write(&handle, key, value).await;
    }
    if layout == LayoutName::Rows {
        needles.extend(keys::of_session(&database).await);
    }
    // The control: what is held is found. Rows hold what was handed over, and the credentials no longer than it takes to write
    // them; the column holds texts.
    let held = memory::find(&needles);
    let expected: &[&str] = match layout {
        LayoutName::Rows => &[
            "a session's key in base64",
            "a byte array",
            "the data key",
            "the sealing key",
            "the index key",
        ],
        LayoutName::Column => &["the credentials' key in base64", "a session's key in base64"],
    };
    for name in expected {
        assert!(
            held.iter().any(|found| found.name == *name),
            "{name} is not found while it is held"
        );
    }
    store.close().await.unwrap();
    drop((handle, store));
    expect_wiped(&needles).await;

    // The way back: an open reads the credentials, and a fetch the rest.
    let store = database
        .observed_store(Settings {
            cache_bytes: 0,
            ..settings()
        })
        .0;
    let handle = open(&store, "an account").await.unwrap();
    for kind in ["session", "identity-key"] {
        fetch(&handle, kind).await;
    }
    assert_eq!(handle.session.keys(Some("session")).await.unwrap().len(), 1);
    assert!(!memory::find(&needles).is_empty(), "the credentials are held");
    store.close().await.unwrap();
    drop((handle, store));
    expect_wiped(&needles).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_closed_store_leaves_no_key_and_no_value_in_memory() {
    leaves_nothing(LayoutName::Rows).await;
    leaves_nothing(LayoutName::Column).await;
}
