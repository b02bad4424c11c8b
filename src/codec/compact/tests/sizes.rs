//! How small records get. The figures are what a change must not spoil.

use std::collections::BTreeMap;

use super::*;

fn share(value: &Held) -> f64 {
    check(value) as f64 / value.as_bytes().len() as f64
}

#[test]
fn recorded_values_come_back_and_are_small() {
    let mut sums = BTreeMap::<String, (usize, usize)>::new();
    for (kind, value) in records::samples() {
        let (stored, len) = (check(&value), value.as_bytes().len());
        let sum = sums.entry(kind).or_default();
        *sum = (sum.0 + stored, sum.1 + len);
    }
    for (kind, limit) in [
        ("app-state-sync-key", 0.36),
        // Keys in base64 and little else: 64 bytes of an entry's 132 are random.
        ("app-state-sync-version", 0.56),
        ("creds", 0.34),
        ("device-list", 1.0),
        ("lid-mapping", 0.55),
        ("pre-key", 0.4),
        ("sender-key", 0.25),
        ("sender-key-memory", 0.3),
        ("session", 0.35),
        ("tctoken", 0.65),
    ] {
        let (stored, len) = sums.remove(kind).unwrap();
        let share = stored as f64 / len as f64;
        assert!(share <= limit, "{kind}: {share:.3}");
    }
    assert!(sums.is_empty(), "{sums:?}");
}

#[test]
fn a_pre_key_takes_a_byte_more_than_its_keys() {
    for (_, value) in records::samples().iter().filter(|(kind, _)| kind == "pre-key") {
        assert_eq!(check(value), 65);
    }
}

#[test]
fn a_young_session_takes_little_more_than_its_keys() {
    let young = |value: &Held| (850..1_000).contains(&value.as_bytes().len());
    let sessions = records::samples();
    let sessions: Vec<_> = sessions
        .iter()
        .filter(|(kind, value)| kind == "session" && young(value))
        .collect();
    assert!(sessions.len() >= 3);
    for (_, session) in sessions {
        assert!(check(session) <= 330, "{session:?}");
    }
}

#[test]
fn a_session_of_many_turns_takes_a_third() {
    for turns in [1, 10, 100, 1_000] {
        let share = share(&records::session(turns));
        assert!(share <= 0.35, "{turns} turns: {share:.3}");
    }
}

#[test]
fn an_own_sender_key_takes_a_fifth() {
    for sends in [0, 1, 10, 100, 2_000] {
        let share = share(&records::own_sender_key(sends));
        assert!(share <= 0.22, "{sends} sends: {share:.3}");
    }
}
