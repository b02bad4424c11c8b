//! Removes from a value whatever an account could be known by, before its skeleton is looked at.
//!
//! Keys and numbers never reach a skeleton; this is about the other strings: names, message ids, pairing codes.

use serde_json::Value;

/// The strings that are the same for every account.
const WORDS: [&str; 8] = ["Buffer", "v1", "android", "iphone", "smba", "smbi", "pn", "lid"];
/// What may follow the number in the address of a user, a device or a group.
const SERVERS: [&str; 3] = ["s.whatsapp.net", "lid", "g.us"];

/// The value with its strings emptied, but for those that every account has.
pub(crate) fn scrub(value: Value) -> Value {
    match value {
        Value::String(text) if is_common(&text) => Value::String(text),
        Value::String(_) => Value::String(String::new()),
        Value::Array(items) => items.into_iter().map(scrub).collect(),
        Value::Object(entries) => entries
            .into_iter()
            .filter(|(name, _)| is_common(name) || is_property(name))
            .map(|(name, value)| (name, scrub(value)))
            .collect(),
        other => other,
    }
}

fn is_common(text: &str) -> bool {
    WORDS.contains(&text) || is_number(text) || is_address(text) || is_key(text)
}

fn is_property(name: &str) -> bool {
    name.len() <= 32 && name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
}

/// Whether it is spelt as the numbers are that a skeleton leaves out.
fn is_number(text: &str) -> bool {
    text.len() <= 18 && text.parse::<u64>().is_ok_and(|number| number.to_string() == text)
}

fn is_address(text: &str) -> bool {
    text.split_once('@')
        .is_some_and(|(user, server)| SERVERS.contains(&server) && user.split(':').all(is_number))
}

/// Whether nothing but its length is left of a string in a skeleton.
fn is_key(text: &str) -> bool {
    let quoted = format!("\"{text}\"");
    !text.contains('"')
        && crate::skeleton::split(quoted.as_bytes())
            .is_some_and(|parts| parts.skeleton.first() == Some(&crate::skeleton::BASE64))
}
