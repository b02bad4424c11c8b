//! The fuzzer's corpus and the malformed vectors, each through every parser that may meet it, without a fuzzer.

use std::{collections::HashMap, fs, path::Path, sync::LazyLock};

use proptest::prelude::*;

use super::*;
use crate::error::Code;

const FORMS: u8 = 4;

/// The files of a folder, by name.
fn files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, fs::read(&path).unwrap())
        })
        .collect();
    assert!(!files.is_empty(), "{} has no files", folder.display());
    files.sort();
    files
}

/// What a target of the fuzzer does with its input: the same lines stand in `fuzz/fuzz_targets`.
fn survive(target: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match target {
        "sealed_record" => {
            _ = sealed_record(bytes);
            _ = record_plaintext(bytes);
        }
        "wrapped_key" => _ = wrapped_key(bytes),
        "compact_value" => {
            if let Some((form, stored)) = bytes.split_first() {
                _ = compact_value(form % FORMS, stored);
            }
        }
        "original_blob" => {
            _ = original_blob(&text);
            _ = original_plaintext(bytes);
        }
        "connection_string" => _ = connection_string(&text),
        _ => panic!("{target} is no target"),
    }
}

const TARGETS: [&str; 5] = [
    "sealed_record",
    "wrapped_key",
    "compact_value",
    "original_blob",
    "connection_string",
];

/// What every target has been found to tell apart: the seeds, by name, and what the fuzzer has grown from them.
static CORPORA: LazyLock<HashMap<&str, Vec<Vec<u8>>>> = LazyLock::new(|| {
    let corpus = |target| {
        files(&format!("fuzz/corpus/{target}"))
            .into_iter()
            .map(|(_, bytes)| bytes)
    };
    TARGETS.map(|target| (target, corpus(target).collect())).into()
});

#[test]
fn the_corpus_of_every_target_is_survived() {
    for (target, corpus) in &*CORPORA {
        corpus.iter().for_each(|bytes| survive(target, bytes));
    }
}

#[test]
fn the_corpus_reaches_what_is_behind_the_first_checks() {
    let accepted =
        |target: &str, accepts: fn(&[u8]) -> bool| CORPORA[target].iter().filter(|bytes| accepts(bytes)).count();
    assert!(accepted("sealed_record", |bytes| sealed_record(bytes).is_ok()) > 0);
    assert!(accepted("sealed_record", |bytes| record_plaintext(bytes).is_ok()) > 0);
    assert!(accepted("wrapped_key", |bytes| wrapped_key(bytes).is_ok()) > 0);
    assert!(
        accepted("compact_value", |bytes| {
            bytes
                .split_first()
                .is_some_and(|(form, stored)| compact_value(form % FORMS, stored).is_ok())
        }) > 0
    );
    assert!(
        accepted("original_blob", |bytes| {
            std::str::from_utf8(bytes).is_ok_and(|text| original_blob(text).is_ok())
        }) > 0
    );
    assert!(accepted("original_blob", |bytes| original_plaintext(bytes).is_ok()) > 0);
    assert!(
        accepted("connection_string", |bytes| {
            std::str::from_utf8(bytes).is_ok_and(|text| connection_string(text).is_ok())
        }) > 0
    );
}

/// The malformed vectors of a kind, in hex where they are bytes.
fn malformed(kind: &str) -> Vec<(String, Vec<u8>)> {
    files(&format!("__test__/data/malformed/{kind}"))
}

fn from_hex(text: &[u8]) -> Vec<u8> {
    const_hex::decode(std::str::from_utf8(text).unwrap().trim_end()).unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap().trim_end_matches('\n')
}

#[test]
fn malformed_records_are_unreadable() {
    for (name, vector) in malformed("sealed-record") {
        let error = sealed_record(&from_hex(&vector)).err();
        assert_eq!(error.map(|error| error.code()), Some(Code::Unreadable), "{name}");
    }
}

#[test]
fn malformed_wrapped_keys_are_unreadable() {
    for (name, vector) in malformed("wrapped-key") {
        let error = wrapped_key(&from_hex(&vector)).err();
        assert_eq!(error.map(|error| error.code()), Some(Code::Unreadable), "{name}");
    }
}

#[test]
fn malformed_values_are_unreadable() {
    for (name, vector) in malformed("compact-value") {
        let vector = from_hex(&vector);
        let error = compact_value(vector[0], &vector[1..]).err();
        assert_eq!(error.map(|error| error.code()), Some(Code::Unreadable), "{name}");
        // The same within a record.
        let plaintext = [&vector[..1], &[3], b"1.0", &vector[1..]].concat();
        let error = record_plaintext(&plaintext).err();
        assert_eq!(error.map(|error| error.code()), Some(Code::Unreadable), "{name}");
    }
}

#[test]
fn malformed_texts_are_unreadable() {
    for (name, vector) in malformed("original-blob") {
        let error = original_blob(text(&vector)).err();
        assert_eq!(error.map(|error| error.code()), Some(Code::Unreadable), "{name}");
    }
}

#[test]
fn malformed_connection_strings_name_the_setting_and_quote_nothing() {
    let mut accepted = Vec::new();
    for (name, vector) in malformed("connection-string") {
        let Some(error) = connection_string(text(&vector)).err() else {
            accepted.push(name);
            continue;
        };
        assert!(matches!(error.code(), Code::Config | Code::Tls), "{name}");
        assert!(!error.to_string().contains("hunter2"), "{name}");
    }
    assert!(accepted.is_empty(), "{accepted:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 200 } else { 20_000 }))]

    #[test]
    fn anything_is_survived(target in prop::sample::select(&TARGETS[..]), bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        survive(target, &bytes);
    }

    #[test]
    fn corpora_with_bytes_changed_are_survived(
        target in prop::sample::select(&TARGETS[..]),
        which: prop::sample::Index,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        cut: prop::sample::Index,
    ) {
        let corpus = &CORPORA[target];
        let mut bytes = corpus[which.index(corpus.len())].clone();
        if !bytes.is_empty() {
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            survive(target, &bytes);
            survive(target, &bytes[..cut.index(bytes.len())]);
        }
    }

    #[test]
    fn connection_strings_of_their_own_parts_are_survived(
        parts in prop::collection::vec(prop::sample::select(&[
            "postgresql://", "postgres://", "u", ":", "p%40", "@", "[::1]", "h", ",", "/", "db", "?", "&", "=", " ", "'", "\\", "%",
            "sslmode", "verify-full", "schema", "connection_limit", "99999999999999999999", "-1", "host", "port", "5432", "\u{e9}", "\0",
        ][..]), 0..24),
    ) {
        survive("connection_string", parts.concat().as_bytes());
    }
}
