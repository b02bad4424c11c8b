//! What a session's plaintext is read as and written as.

use super::*;
use proptest::prelude::*;

fn json(value: &str) -> Value {
    Value::from_text(text(value))
}

fn change(kind: &str, id: &str, value: Option<&str>) -> (RecordKey, Option<Value>) {
    (RecordKey::new(kind, id), value.map(json))
}

fn composed(image: &Image, changes: &Changes) -> String {
    String::from_utf8(image.compose(changes)).unwrap()
}

fn value(image: &Image, kind: &str, id: &str) -> Option<String> {
    let found = image.lookup(&RecordKey::new(kind, id));
    found.map(|value| value.to_text().as_str().to_owned())
}

#[test]
fn an_untouched_session_is_written_as_it_was_read() {
    for plaintext in [
        r#"{"creds":{},"keys":{}}"#,
        r#"{"creds":{"me":"Zoë 😀","x":"\ud800"},"keys":{"session-1.0":{"b":1,"a":[1.50,"\u0000"]},"pre-key-2":null}}"#,
        r#"{"creds":{},"keys":{"session-a\"b\\c\u0001":1,"session-\ud83d":2}}"#,
    ] {
        let image = Image::parse(plaintext.as_bytes()).unwrap();
        assert_eq!(composed(&image, &Changes::default()), plaintext);
    }
}

#[test]
fn credentials_that_were_never_filled_in_are_absent() {
    for plaintext in [r#"{"creds":{},"keys":{}}"#, r#"{"creds": { } ,"keys":{"pre-key-1":1}}"#] {
        assert_eq!(
            Image::parse(plaintext.as_bytes()).unwrap().lookup(&RecordKey::Creds),
            None
        );
    }
}

#[test]
fn what_is_not_a_session_is_unreadable_and_not_quoted() {
    for plaintext in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"keys":{}}"#,
        r#"{"creds":{},"keys":[]}"#,
        r#"{"creds":{},"keys":{}"#,
    ] {
        let error = Image::parse(plaintext.as_bytes()).err().unwrap();
        assert_eq!(error.code(), Code::Unreadable, "{plaintext}");
    }
    let error = Image::parse(b"{\"creds\":{},\"keys\":\"hunter2\"}").err().unwrap();
    assert!(!error.to_string().contains("hunter2"));
}

#[test]
fn values_nested_deeper_than_a_stack_are_carried_along() {
    let deep = format!("{}1{}", "[".repeat(200_000), "]".repeat(200_000));
    let plaintext = format!("{{\"creds\":{{}},\"keys\":{{\"session-x\":{deep}}}}}");
    let image = Image::parse(plaintext.as_bytes()).unwrap();
    assert_eq!(composed(&image, &Changes::default()), plaintext);
}

#[test]
fn changes_replace_in_place_append_in_call_order_and_delete() {
    let image = Image::parse(br#"{"creds":{"a":1},"keys":{"session-1":1,"session-2":2,"session-3":3}}"#).unwrap();
    let changes = Changes::from_iter([
        change("session", "9", Some("9")),
        change("session", "2", Some("22")),
        change("session", "3", None),
        change("pre-key", "1", Some("{}")),
        change("pre-key", "absent", None),
        (RecordKey::Creds, Some(json(r#"{"a":2}"#))),
    ]);
    let expected = r#"{"creds":{"a":2},"keys":{"session-1":1,"session-2":22,"session-9":9,"pre-key-1":{}}}"#;
    assert_eq!(composed(&image, &changes), expected);
    let mut applied = image;
    applied.apply(&changes);
    assert_eq!(
        composed(&applied, &Changes::default()),
        expected,
        "what was written is what is held afterwards"
    );
    assert_eq!(value(&applied, "session", "3"), None);
    assert_eq!(value(&applied, "session", "2").as_deref(), Some("22"));
}

#[test]
fn of_two_records_that_the_form_cannot_tell_apart_the_later_call_wins() {
    let changes = Changes::from_iter([
        change("sender-key", "memory-x", Some("1")),
        change("sender-key-memory", "x", Some("2")),
    ]);
    let mut image = Image::default();
    assert_eq!(
        composed(&image, &changes),
        r#"{"creds":{},"keys":{"sender-key-memory-x":2}}"#
    );
    image.apply(&changes);
    assert_eq!(
        composed(&image, &Changes::default()),
        r#"{"creds":{},"keys":{"sender-key-memory-x":2}}"#
    );
}

#[test]
fn the_plaintext_never_outgrows_its_buffer() {
    let id = "\u{1}\"\\é😀".repeat(50);
    let mut image = Image::default();
    for change in [
        change("session", &id, Some("{}")),
        change("session", "b", Some("[1,2]")),
    ] {
        let changes = Changes::from_iter([change]);
        assert!(image.compose(&changes).len() <= image.size_with(&changes));
        image.apply(&changes);
    }
}

proptest! {
    #[test]
    fn any_ids_and_values_come_back(
        records in prop::collection::btree_map(any::<(String, String)>(), any::<String>(), 0..8)
    ) {
        let changes: Changes = records.iter()
            .map(|((kind, id), value)| change(kind, id, Some(&serde_json::Value::from(value.as_str()).to_string())))
            .collect();
        let image = Image::parse(&Image::default().compose(&changes)).unwrap();
        let mut applied = Image::default();
        applied.apply(&changes);
        prop_assert_eq!(composed(&image, &Changes::default()), composed(&applied, &Changes::default()));
        for (key, value) in changes.records.iter().filter(|(key, _)| !collides(&changes, key)) {
            prop_assert_eq!(image.lookup(key), value.clone());
        }
    }

    #[test]
    fn any_bytes_are_parsed_without_panic(bytes: Vec<u8>) {
        let _ = Image::parse(&bytes);
    }
}

fn collides(changes: &Changes, one: &RecordKey) -> bool {
    changes
        .records
        .keys()
        .filter(|other| name::of(other) == name::of(one))
        .count()
        > 1
}

#[test]
fn a_deletion_of_all_keys_leaves_the_credentials_and_what_is_set_with_it() {
    let plaintext = br#"{"creds":{"a":1},"keys":{"session-1":1,"session-2":2,"session-\ud83d":2}}"#;
    let mut image = Image::parse(plaintext).unwrap();
    let mut changes = Changes::deletion_of_keys();
    changes.records.extend([change("session", "2", Some("22"))]);
    let expected = r#"{"creds":{"a":1},"keys":{"session-2":22}}"#;
    assert_eq!(composed(&image, &changes), expected);
    image.apply(&changes);
    assert_eq!(composed(&image, &Changes::default()), expected);
}

#[test]
fn what_makes_the_same_session_elsewhere_misses_nothing() {
    let plaintext = r#"{"creds":{"a":1},"keys":{"session-1.0":{"b":1},"sender-key-memory-x":2,"odd":3,"my-x":4,"session-\ud83d":5}}"#;
    let changes = Image::parse(plaintext.as_bytes()).unwrap().into_changes();
    let keys: Vec<_> = changes.records.keys().cloned().collect();
    let expected = [
        RecordKey::Creds,
        RecordKey::new("session", "1.0"),
        RecordKey::new("sender-key-memory", "x"),
        RecordKey::new(UNNAMEABLE, r#""odd""#),
        RecordKey::new("my", "x"),
        RecordKey::new(UNNAMEABLE, r#""session-\ud83d""#),
    ];
    assert_eq!(keys, expected);
    assert_eq!(changes.records[1], Some(json(r#"{"b":1}"#)));
}

#[test]
fn what_comes_back_from_elsewhere_is_the_session_that_went() {
    let plaintext = r#"{"creds":{"a":1},"keys":{"session-1.0":{"b":1},"my-type-a-b":2,"odd":3,"session-\ud83d":5}}"#;
    let there = Image::parse(plaintext.as_bytes()).unwrap().into_changes();
    let back = Image::of(&there).unwrap();
    assert_eq!(composed(&back, &Changes::default()), plaintext);
}

#[test]
fn two_records_of_one_name_are_refused_unless_they_are_one() {
    let mut changes = Changes::default();
    let put = |changes: &mut Changes, (key, value)| drop(changes.records.insert(key, value));
    put(&mut changes, change("sender-key", "memory-x", Some("1")));
    put(&mut changes, change("sender-key-memory", "x", Some("1")));
    assert!(Image::of(&changes).is_ok());
    put(&mut changes, change("sender-key-memory", "x", Some("2")));
    let error = Image::of(&changes).err().unwrap();
    assert_eq!(error.code(), Code::Argument);
    assert!(error.to_string().contains("of type sender-key"));
}

#[test]
fn a_type_of_the_name_that_is_set_apart_is_one_like_any_other() {
    let mut changes = Changes::default();
    changes.records.extend([change(UNNAMEABLE, r#""a" "#, Some("1"))]);
    let expected = r#"{"creds":{},"keys":{"unnameable-\"a\" ":1}}"#;
    assert_eq!(composed(&Image::of(&changes).unwrap(), &Changes::default()), expected);
}

proptest! {
    #[test]
    fn any_session_comes_back_from_elsewhere(names in proptest::collection::vec(".{0,12}", 0..8)) {
        let mut writer = Writer::new("{}", 0);
        let distinct: HashSet<_> = names.iter().collect();
        for name in &distinct {
            writer.entry(name, "1");
        }
        let plaintext = writer.finish();
        let image = Image::parse(&plaintext).unwrap();
        let names = |image: &Image| {
            let mut names: Vec<_> = image.keys.keys().map(|name| name.to_string()).collect();
            names.sort();
            names
        };
        let before = names(&image);
        let back = Image::of(&image.into_changes()).unwrap();
        // Those that nobody can ask for are carried by their text.
        let back = Image::parse(&back.compose(&Changes::default())).unwrap();
        prop_assert_eq!(names(&back), before);
    }
}
