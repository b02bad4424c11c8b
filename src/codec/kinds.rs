//! Baileys' record types, and names of the form `<type>-<id>`, which are ambiguous: `sender-key-memory-x` begins with
//! `sender-key-`.

/// Baileys' record types.
pub(crate) const KINDS: [&str; 10] = [
    "pre-key",
    "session",
    "sender-key",
    "sender-key-memory",
    "app-state-sync-key",
    "app-state-sync-version",
    "lid-mapping",
    "device-list",
    "tctoken",
    "identity-key",
];

/// What stands for a type where records are counted or stored by it, and the credentials are one of them.
pub(crate) const CREDS: &str = "creds";

/// The longest known type that a name begins with, and the rest of the name: the id.
pub(crate) fn split_known(name: &str) -> Option<(&'static str, &str)> {
    KINDS
        .into_iter()
        .filter_map(|kind| Some((kind, id_within(name, kind)?)))
        .max_by_key(|(kind, _)| kind.len())
}

/// The id in a name, if the name is one of this type.
pub(crate) fn id_within<'a>(name: &'a str, kind: &str) -> Option<&'a str> {
    name.strip_prefix(kind)?.strip_prefix('-')
}
