//! The names of records in the original form: `<type>-<id>`.
//!
//! The form is ambiguous: `sender-key-memory-x` begins with `sender-key-`. Of the known types a name belongs to the longest
//! that it begins with; beside that, to any longer one that is not known and asked for.

use crate::codec::{KINDS, id_within, record::RecordKey, split_known};

/// The name of a record; `None` for the credentials, which stand apart.
pub(super) fn of(key: &RecordKey) -> Option<String> {
    match key {
        RecordKey::Creds => None,
        RecordKey::Key { kind, id } => Some(format!("{kind}-{id}")),
    }
}

/// The record that a name stands for, seen from a type if one is asked for.
pub(super) fn read(name: &str, asked: Option<&str>) -> Option<RecordKey> {
    let known = split_known(name).map(|(kind, _)| kind);
    let kind = match (known, asked) {
        (Some(known), Some(asked)) if known != asked && (KINDS.contains(&asked) || asked.len() < known.len()) => {
            return None;
        }
        (_, Some(asked)) => asked,
        (Some(known), None) => known,
        (None, None) => name.split_once('-')?.0,
    };
    Some(RecordKey::new(kind, id_within(name, kind)?))
}

/// Every record that a name may stand for, if it begins with no known type: any hyphen may be where the type ends.
pub(super) fn candidates(name: &str) -> Vec<RecordKey> {
    match read(name, None) {
        Some(RecordKey::Key { kind, .. }) if !KINDS.contains(&&*kind) => name
            .match_indices('-')
            .map(|(at, _)| RecordKey::new(&name[..at], &name[at + 1..]))
            .collect(),
        known => known.into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_known_type_wins() {
        let memory = RecordKey::new("sender-key-memory", "1@g.us");
        assert_eq!(
            read("sender-key-memory-1@g.us", Some("sender-key-memory")),
            Some(memory.clone())
        );
        assert_eq!(read("sender-key-memory-1@g.us", None), Some(memory));
        assert_eq!(read("sender-key-memory-1@g.us", Some("sender-key")), None);
        assert_eq!(
            read("sender-key-1@g.us::2::3", Some("sender-key")),
            Some(RecordKey::new("sender-key", "1@g.us::2::3"))
        );
    }

    #[test]
    fn unknown_types_are_found_by_who_asks_for_them() {
        assert_eq!(
            read("my-type-a-b", Some("my-type")),
            Some(RecordKey::new("my-type", "a-b"))
        );
        assert_eq!(
            read("my-type-a-b", Some("my-type-a")),
            Some(RecordKey::new("my-type-a", "b"))
        );
        assert_eq!(read("my-type-a-b", Some("session")), None);
        assert_eq!(
            read("session-x-9", Some("session-x")),
            Some(RecordKey::new("session-x", "9"))
        );
        let any = read("my-type-a-b", None).unwrap();
        assert_eq!(
            of(&any).as_deref(),
            Some("my-type-a-b"),
            "some split that gives the name back"
        );
    }

    #[test]
    fn a_name_of_unknown_type_may_stand_for_several_records() {
        assert_eq!(candidates("session-a-b"), [RecordKey::new("session", "a-b")]);
        assert_eq!(
            candidates("my-type-a"),
            [RecordKey::new("my", "type-a"), RecordKey::new("my-type", "a")]
        );
        assert_eq!(candidates("odd"), []);
    }

    #[test]
    fn ids_are_opaque() {
        for id in ["", "-", "a-b", "::", "emoji 😀", "__proto__"] {
            let key = RecordKey::new("session", id);
            assert_eq!(read(&of(&key).unwrap(), Some("session")), Some(key));
        }
    }
}
