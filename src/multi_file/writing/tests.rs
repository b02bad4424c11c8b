use super::{
    super::{
        read,
        scratch::{CREDS, Scratch},
    },
    *,
};
use crate::codec::record::RecordKey;

fn changes(records: &[(&str, &str, &str)]) -> Changes {
    let records = records.iter().map(|(kind, id, text)| {
        let value = Value::from_text(Text::new((*text).to_owned()));
        (RecordKey::new(*kind, *id), Some(value))
    });
    records.collect()
}

#[test]
fn what_was_read_is_written_byte_for_byte() {
    let files = [
        (
            "app-state-sync-key-A__A+.json",
            r#"{"keyData":"AA==","z":1,"a":"\ud800"}"#,
        ),
        ("pre-key-1.json", r#"{"private":{"type":"Buffer","data":"AQ=="}}"#),
        ("sender-key-g@g.us--1--0.json", r#"{"type":"Buffer","data":"W10="}"#),
        ("tctoken-__index.json", r#"{"token":{"type":"Buffer","data":""}}"#),
    ];
    let (from, to) = (Scratch::with(&files), Scratch::new());
    let session = read(from.path()).unwrap().session;
    let target = to.path().join("new").join("session");
    let written = write(&target, &session).unwrap();
    assert_eq!(written.files, 5);
    for (name, text) in files.iter().chain(&[("creds.json", CREDS)]) {
        assert_eq!(fs::read_to_string(target.join(name)).unwrap(), *text);
    }
    assert_eq!(fs::read_dir(&target).unwrap().count(), 5);
    let bytes: usize = files.iter().map(|(_, text)| text.len()).sum();
    assert_eq!(written.bytes, (bytes + CREDS.len()) as u64);
}

#[cfg(unix)]
#[test]
fn only_its_owner_may_look() {
    use std::os::unix::fs::PermissionsExt;
    let to = Scratch::new();
    let target = to.path().join("session");
    write(&target, &changes(&[("session", "1", "{}")])).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&target), 0o700);
    assert_eq!(mode(&target.join("session-1.json")), 0o600);
}

#[test]
fn an_empty_folder_is_taken_and_any_other_refused() {
    let to = Scratch::new();
    let session = changes(&[("session", "1", "{}")]);
    write(to.path(), &session).unwrap();
    assert_eq!(to.names(), ["session-1.json"]);
    assert_eq!(write(to.path(), &session).err().unwrap().code(), Code::Folder);
    assert_eq!(
        write(&to.path().join("session-1.json"), &session).err().unwrap().code(),
        Code::Folder
    );
    assert_eq!(to.names(), ["session-1.json"]);
}

#[test]
fn records_that_would_share_a_file_are_refused_unless_they_are_the_same() {
    let to = Scratch::new();
    let target = to.path().join("session");
    let shared = changes(&[("session", "a:b", "1"), ("session", "a-b", "2")]);
    assert_eq!(write(&target, &shared).err().unwrap().code(), Code::Folder);
    assert!(to.names().is_empty());
    write(&target, &changes(&[("my-type", "a", "1"), ("my", "type-a", "1")])).unwrap();
    assert_eq!(fs::read_to_string(target.join("my-type-a.json")).unwrap(), "1");
}

#[test]
fn no_id_leads_out_of_the_folder() {
    let to = Scratch::new();
    let target = to.path().join("session");
    let session = changes(&[("session", "../../x", "1"), ("..", "", "2"), ("/", "/", "3")]);
    write(&target, &session).unwrap();
    assert_eq!(to.names(), ["session"]);
    assert_eq!(fs::read_dir(&target).unwrap().count(), 3);
}

#[test]
fn what_cannot_be_written_leaves_nothing_behind() {
    let to = Scratch::new();
    for id in ["nul\0", &"x".repeat(300)] {
        let session = changes(&[("session", "1", "{}"), ("session", id, "{}")]);
        let refused = write(&to.path().join("session"), &session).err().unwrap();
        assert_eq!(refused.code(), Code::Folder);
        assert!(to.names().is_empty());
    }
}
