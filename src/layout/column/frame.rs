//! The frame of a session's plaintext, `{"creds":…,"keys":{"name":…,…}}`, read and written without decoding values.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// The frame as it is stored.
#[derive(Deserialize)]
pub(super) struct Stored<'a> {
    #[serde(borrow)]
    pub(super) creds: &'a RawValue,
    #[serde(borrow, default)]
    keys: Entries<'a>,
}

#[derive(Default)]
struct Entries<'a>(Vec<(&'a RawValue, &'a RawValue)>);

/// Reads a frame. The error may quote the text: it is not to be passed on.
pub(super) fn read(plaintext: &[u8]) -> serde_json::Result<Stored<'_>> {
    serde_json::from_slice(plaintext)
}

impl Stored<'_> {
    /// The records: their names and values as JSON text.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.keys.0.iter().map(|(name, value)| (name.get(), value.get()))
    }
}

/// Writes a frame.
pub(super) struct Writer {
    plaintext: Vec<u8>,
    first: bool,
}

impl Writer {
    /// `capacity` is to be the whole size at least: a plaintext that moves when it grows leaves a copy behind.
    pub(super) fn new(creds: &str, capacity: usize) -> Self {
        let mut plaintext = Vec::with_capacity(capacity);
        plaintext.extend_from_slice(b"{\"creds\":");
        plaintext.extend_from_slice(creds.as_bytes());
        plaintext.extend_from_slice(b",\"keys\":{");
        Self { plaintext, first: true }
    }

    /// A record by its name.
    pub(super) fn entry(&mut self, name: &str, value: &str) {
        self.separate();
        if name.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
            self.plaintext.push(b'"');
            self.plaintext.extend_from_slice(name.as_bytes());
            self.plaintext.push(b'"');
        } else {
            self.plaintext.extend_from_slice(json_string(name).as_bytes());
        }
        self.value(value);
    }

    /// A record by its name as a JSON string.
    pub(super) fn raw_entry(&mut self, name: &str, value: &str) {
        self.separate();
        self.plaintext.extend_from_slice(name.as_bytes());
        self.value(value);
    }

    /// The plaintext.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.plaintext.extend_from_slice(b"}}");
        self.plaintext
    }

    fn separate(&mut self) {
        if !std::mem::take(&mut self.first) {
            self.plaintext.push(b',');
        }
    }

    fn value(&mut self, value: &str) {
        self.plaintext.push(b':');
        self.plaintext.extend_from_slice(value.as_bytes());
    }
}

/// A name as a JSON string, as `JSON.stringify` writes it.
pub(super) fn json_string(name: &str) -> String {
    serde_json::Value::from(name).to_string()
}

/// The name that a JSON string stands for; none if lone surrogates are in it, which no text can hold.
pub(super) fn name_of(json: &str) -> Option<Cow<'_, str>> {
    match json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(name) if !name.contains('\\') => Some(Cow::Borrowed(name)),
        _ => serde_json::from_str(json).ok().map(Cow::Owned),
    }
}

/// Whether a text is a JSON string, and nothing beside.
pub(super) fn is_json_string(text: &str) -> bool {
    text.starts_with('"') && serde_json::from_str::<&RawValue>(text).is_ok_and(|json| json.get() == text)
}

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of records")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Entries(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}
