//! Names of files and of records.
//!
//! Baileys 6 and 7 name a record's file `<type>-<id>.json`, and in all of it make `/` to `__` and `:` to `-`. That cannot be
//! undone in general, so it is by what the ids of each type look like: only app state sync keys have a `/`, being base64,
//! which has no `_`; only sender keys have a `:`, as `group::user::device`.

use super::CREDS_FILE;
use crate::codec::{record::RecordKey, split_known};

const EXTENSION: &str = ".json";

/// The name of a record's file, as Baileys has it.
pub(super) fn fold(key: &RecordKey) -> String {
    match key {
        RecordKey::Creds => CREDS_FILE.to_owned(),
        RecordKey::Key { kind, id } => format!("{kind}-{id}{EXTENSION}").replace('/', "__").replace(':', "-"),
    }
}

/// The record that a file of this name holds; `None` if the name is not one of a record of a known type.
pub(super) fn unfold(file: &str) -> Option<RecordKey> {
    if file == CREDS_FILE {
        return Some(RecordKey::Creds);
    }
    let (kind, id) = split_known(file.strip_suffix(EXTENSION)?)?;
    Some(RecordKey::new(
        kind,
        match kind {
            "app-state-sync-key" => id.replace("__", "/"),
            "sender-key" => sender_key(id),
            _ => id.to_owned(),
        },
    ))
}

/// `group--user--device` as `group::user::device`; of the three only the group's name can have hyphens of its own.
fn sender_key(folded: &str) -> String {
    let mut parts: Vec<_> = folded.rsplitn(3, "--").collect();
    parts.reverse();
    parts.join("::")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(kind: &str, id: &str) -> RecordKey {
        RecordKey::new(kind, id)
    }

    #[test]
    fn the_names_of_every_type_are_undone() {
        for (file, record) in [
            ("creds.json", RecordKey::Creds),
            ("pre-key-16777215.json", key("pre-key", "16777215")),
            ("session-5511999990000.0.json", key("session", "5511999990000.0")),
            ("session-999_1.12.json", key("session", "999_1.12")),
            (
                "sender-key-12036304@g.us--5511_1--3.json",
                key("sender-key", "12036304@g.us::5511_1::3"),
            ),
            (
                "sender-key-5511-1400000000@g.us--5511--0.json",
                key("sender-key", "5511-1400000000@g.us::5511::0"),
            ),
            (
                "sender-key-status@broadcast--5511--0.json",
                key("sender-key", "status@broadcast::5511::0"),
            ),
            (
                "sender-key-memory-5511-1400000000@g.us.json",
                key("sender-key-memory", "5511-1400000000@g.us"),
            ),
            (
                "app-state-sync-key-AA__AAb+=.json",
                key("app-state-sync-key", "AA/AAb+="),
            ),
            ("app-state-sync-key-A______A.json", key("app-state-sync-key", "A///A")),
            (
                "app-state-sync-version-critical_unblock_low.json",
                key("app-state-sync-version", "critical_unblock_low"),
            ),
            ("lid-mapping-999_reverse.json", key("lid-mapping", "999_reverse")),
            ("device-list-5511.json", key("device-list", "5511")),
            ("tctoken-__index.json", key("tctoken", "__index")),
            ("tctoken-999@lid.json", key("tctoken", "999@lid")),
            ("identity-key-5511.0.json", key("identity-key", "5511.0")),
        ] {
            assert_eq!(unfold(file), Some(record.clone()), "{file}");
            assert_eq!(fold(&record), file);
        }
    }

    #[test]
    fn other_names_are_no_records() {
        for file in [
            "",
            ".DS_Store",
            ".json",
            "creds.json.bak",
            "creds",
            "Creds.json",
            "package.json",
            "session-5511.0",
            "session-5511.0.json.tmp",
            "session.json",
            "a-coming-type-1.json",
        ] {
            assert_eq!(unfold(file), None, "{file}");
        }
    }

    #[test]
    fn no_name_leads_out_of_its_folder() {
        for key in [
            key("session", "../../etc/passwd"),
            key("../..", "x"),
            key("/etc", "/passwd"),
            key("..", ""),
        ] {
            assert!(!fold(&key).contains('/'), "{key:?}");
        }
    }

    proptest! {
        #[test]
        fn ids_of_base64_come_back(id in "[A-Za-z0-9+/]{1,12}={0,2}") {
            let record = key("app-state-sync-key", &id);
            prop_assert_eq!(unfold(&fold(&record)), Some(record));
        }

        #[test]
        fn names_of_sender_keys_come_back(
            group in "([0-9]{5,12}-)?[0-9]{5,18}@g\\.us|status@broadcast",
            user in "[0-9]{5,15}(_[0-9]{1,3})?",
            device in 0..100_u8,
        ) {
            let record = key("sender-key", &format!("{group}::{user}::{device}"));
            prop_assert_eq!(unfold(&fold(&record)), Some(record));
        }

        #[test]
        fn what_is_undone_has_the_same_file(name in "[a-z0-9@._+=-]{0,12}", kind in 0..10_usize) {
            let file = format!("{}-{name}.json", crate::codec::KINDS[kind]);
            prop_assert_eq!(unfold(&file).map(|record| fold(&record)), Some(file));
        }
    }
}
