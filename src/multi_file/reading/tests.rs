use super::{
    super::scratch::{CREDS, Scratch},
    *,
};

fn value(folder: &Folder, key: &RecordKey) -> String {
    let value = folder.session.records[key].as_ref().unwrap();
    value.to_text().as_str().to_owned()
}

fn session(id: &str) -> RecordKey {
    RecordKey::new("session", id)
}

fn broken(folder: &Folder) -> Vec<(&str, &str)> {
    let broken = folder.broken.iter();
    broken.map(|broken| (&*broken.file, &*broken.reason)).collect()
}

#[test]
fn texts_are_copied_as_they_are() {
    let texts = [
        r#"{"b":1,"a":2,"1":3}"#,
        r#"{"x":1.0,"y":1e2,"z":-0,"big":12345678901234567890}"#,
        r#"{"lone":"\ud800","pair":"\ud83d\ude00","raw":"😀","e":"\u00e9"}"#,
        r#"{"twice":1,"twice":2}"#,
        "[ 1 ,\n 2 ]",
        r#"{"type":"Buffer","data":"AQL/"}"#,
        r#"{"type":"Buffer","data":[1,2]}"#,
        r#""digits""#,
        "true",
        "1",
        "1e999",
    ];
    for text in texts {
        let folder = read(Scratch::with(&[("session-1.0.json", text)]).path()).unwrap();
        assert_eq!(value(&folder, &session("1.0")), text);
        assert_eq!(value(&folder, &RecordKey::Creds), CREDS);
        assert_eq!(folder.bytes, (text.len() + CREDS.len()) as u64);
    }
}

#[test]
fn white_space_around_a_text_is_none_of_it() {
    let folder = read(Scratch::with(&[("session-1.0.json", "\n {\"a\": 1}\r\n")]).path()).unwrap();
    assert_eq!(value(&folder, &session("1.0")), r#"{"a": 1}"#);
}

#[test]
fn what_is_no_record_is_named_and_left() {
    let scratch = Scratch::with(&[
        (".DS_Store", "\0"),
        ("a-coming-type-1.json", "{}"),
        ("notes.txt", ""),
        ("session-1.0.json~", "{}"),
    ]);
    fs::create_dir(scratch.path().join("older")).unwrap();
    let folder = read(scratch.path()).unwrap();
    assert_eq!(
        folder.unknown,
        [
            ".DS_Store",
            "a-coming-type-1.json",
            "notes.txt",
            "older",
            "session-1.0.json~"
        ]
    );
    assert_eq!(folder.session.records.len(), 1);
    assert!(folder.broken.is_empty());
}

#[test]
fn what_is_named_as_a_record_and_is_none_is_broken() {
    let scratch = Scratch::with(&[
        ("pre-key-1.json", ""),
        ("pre-key-2.json", r#"{"private":{"type":"Buf"#),
        ("pre-key-3.json", "\0\0\0\0"),
        ("pre-key-4.json", "null"),
        ("pre-key-5.json", "{} {}"),
        ("pre-key-6.json", "-0.0"),
        ("session-1.0.json", "{}"),
    ]);
    scratch.add("pre-key-8.json", b"\"\xff\"");
    scratch.add("pre-key-7.json", "[".repeat(1_001) + &"]".repeat(1_001));
    fs::create_dir(scratch.path().join("pre-key-9.json")).unwrap();
    let folder = read(scratch.path()).unwrap();
    assert_eq!(
        broken(&folder),
        [
            ("pre-key-1.json", "it is empty"),
            ("pre-key-2.json", "it is cut off: its JSON does not end"),
            ("pre-key-3.json", "it is not JSON: see line 1, column 1"),
            ("pre-key-4.json", "it holds no value"),
            ("pre-key-5.json", "it is not JSON: see line 1, column 4"),
            ("pre-key-6.json", "it holds no value"),
            ("pre-key-7.json", "it is nested deeper than 1000 levels"),
            ("pre-key-8.json", "it is not UTF-8"),
            ("pre-key-9.json", "it is no file, but a link, a folder or the like"),
        ]
    );
    assert!(folder.broken_creds().is_none());
    assert_eq!(folder.session.records.len(), 2);
}

#[cfg(unix)]
#[test]
fn a_link_is_no_file_wherever_it_leads() {
    let scratch = Scratch::with(&[("session-1.0.json", "{}")]);
    for name in ["session-2.0.json", "elsewhere"] {
        std::os::unix::fs::symlink("session-1.0.json", scratch.path().join(name)).unwrap();
    }
    let folder = read(scratch.path()).unwrap();
    assert_eq!(broken(&folder)[0].0, "session-2.0.json");
    assert_eq!(folder.unknown, ["elsewhere"]);
}

#[test]
fn credentials_are_somebodys() {
    for text in ["{}", "[]", "7", r#"{"noiseKey":1}"#, r#"{"signedIdentityKey":{}}"#, ""] {
        let scratch = Scratch::with(&[]);
        scratch.add("creds.json", text);
        assert!(read(scratch.path()).unwrap().broken_creds().is_some(), "{text}");
    }
}

#[test]
fn a_folder_without_credentials_is_none() {
    let scratch = Scratch::new();
    scratch.add("session-1.0.json", "{}");
    let refused = |path: &Path| read(path).unwrap_err();
    assert_eq!(refused(scratch.path()).code(), Code::Folder);
    assert_eq!(refused(&scratch.path().join("none")).code(), Code::Folder);
    assert_eq!(refused(&scratch.path().join("session-1.0.json")).code(), Code::Folder);
}

#[test]
fn two_files_of_one_record_are_not_chosen_from() {
    let scratch = Scratch::with(&[
        ("app-state-sync-key-A__B.json", "{}"),
        ("sender-key-g--u--0.json", "\"a\""),
    ]);
    scratch.add("sender-key-g::u::0.json", "\"b\"");
    let folder = read(scratch.path()).unwrap();
    assert_eq!(
        broken(&folder),
        [("sender-key-g::u::0.json", "another file holds the same record")]
    );
}

#[test]
fn old_sender_keys_are_taken_as_bytes() {
    let array = r#"[{"senderKeyId":1,"senderChainKey":{"seed":{"type":"Buffer","data":"AQID"}}}]"#;
    let bytes = r#"{"type":"Buffer","data":"W10="}"#;
    let scratch = Scratch::with(&[
        ("sender-key-g@g.us--1--0.json", array),
        ("sender-key-h@g.us--1--0.json", bytes),
        ("device-list-1.json", r#"["0"]"#),
    ]);
    let folder = read(scratch.path()).unwrap();
    assert_eq!(folder.healed, ["sender-key-g@g.us--1--0.json"]);
    let key = |id| &folder.session.records[&RecordKey::new("sender-key", id)];
    assert_eq!(key("g@g.us::1::0"), &Some(Value::Bytes(Bytes::new(array.into()))));
    assert_eq!(key("h@g.us::1::0"), &Some(Value::Bytes(Bytes::new(b"[]".to_vec()))));
    assert_eq!(value(&folder, &RecordKey::new("device-list", "1")), r#"["0"]"#);
}

#[test]
fn nothing_that_is_said_quotes_a_file() {
    let scratch = Scratch::with(&[("pre-key-1.json", r#"{"private":hush}"#)]);
    scratch.add("creds.json", r#"{"signedIdentityKey":"hush"}"#);
    let folder = read(scratch.path()).unwrap();
    assert!(!format!("{folder:?}").contains("hush"));
}
