//! What a session consists of: records, each a key and a value.

use std::sync::Arc;

use indexmap::IndexMap;
use zeroize::Zeroizing;

use super::buffer_json;

/// Names a record of a session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RecordKey {
    /// The credentials.
    Creds,
    /// A record of a Signal key type, such as `session`, with its id.
    Key {
        /// The record type.
        kind: Box<str>,
        /// The id within the type; opaque.
        id: Box<str>,
    },
}

impl RecordKey {
    /// A record of a Signal key type.
    pub fn new(kind: impl Into<Box<str>>, id: impl Into<Box<str>>) -> Self {
        Self::Key {
            kind: kind.into(),
            id: id.into(),
        }
    }

    /// Whether it names a Signal key, of the wanted type if one is given.
    pub fn is_key_of(&self, wanted: Option<&str>) -> bool {
        match self {
            Self::Creds => false,
            Self::Key { kind, .. } => wanted.is_none_or(|wanted| wanted == &**kind),
        }
    }
}

/// A value as JSON text in UTF-8, shared and wiped when the last holder drops it.
///
/// The text is opaque: JavaScript strings may hold lone surrogates, which JSON text carries as the six characters
/// `\ud800` and a Rust `String` could not hold decoded.
#[derive(Clone, PartialEq, Eq)]
pub struct Text(Arc<Zeroizing<String>>);

impl Text {
    /// Takes a JSON text.
    pub fn new(text: String) -> Self {
        Self(Arc::new(Zeroizing::new(text)))
    }

    /// The JSON text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no text at all, which no value has.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Debug for Text {
    /// The length only: the text is key material.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Text({} bytes)", self.len())
    }
}

impl From<Zeroizing<String>> for Text {
    fn from(text: Zeroizing<String>) -> Self {
        Self(Arc::new(text))
    }
}

/// A byte array, shared and wiped when the last holder drops it.
#[derive(Clone, PartialEq, Eq)]
pub struct Bytes(Arc<Zeroizing<Vec<u8>>>);

impl Bytes {
    /// Takes bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Zeroizing::new(bytes)))
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl From<Zeroizing<Vec<u8>>> for Bytes {
    fn from(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(Arc::new(bytes))
    }
}

impl std::fmt::Debug for Bytes {
    /// The length only: the bytes are key material.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bytes({})", self.0.len())
    }
}

/// The value of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Anything but a byte array.
    Json(Text),
    /// A byte array as such: most types are.
    Bytes(Bytes),
}

impl Value {
    /// The value that a JSON text stands for.
    pub fn from_text(text: Text) -> Self {
        match buffer_json::to_bytes(text.as_str()) {
            Some(bytes) => Self::Bytes(Bytes::new(bytes)),
            None => Self::Json(text),
        }
    }

    /// It as JSON text, in the form of Baileys' `BufferJSON`.
    pub fn to_text(&self) -> Text {
        match self {
            Self::Json(text) => text.clone(),
            Self::Bytes(bytes) => Text::new(buffer_json::from_bytes(bytes.as_slice())),
        }
    }

    /// Its length in bytes, as it is held.
    pub fn len(&self) -> usize {
        match self {
            Self::Json(text) => text.len(),
            Self::Bytes(bytes) => bytes.as_slice().len(),
        }
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What a write does to a session.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Whether it first deletes every record but the credentials.
    pub deletes_keys: bool,
    /// To each record a new value, or `None` to delete it; in the order of the calls.
    pub records: IndexMap<RecordKey, Option<Value>>,
}

impl Changes {
    /// Deletes every record but the credentials.
    pub fn deletion_of_keys() -> Self {
        Self {
            deletes_keys: true,
            ..Self::default()
        }
    }

    /// What it makes of a record, `None` if it leaves it as it is.
    pub fn get(&self, key: &RecordKey) -> Option<Option<&Value>> {
        match self.records.get(key) {
            Some(value) => Some(value.as_ref()),
            None if self.deletes_keys && *key != RecordKey::Creds => Some(None),
            None => None,
        }
    }

    /// The new credentials, if it has any.
    pub fn creds(&self) -> Option<&Value> {
        self.records.get(&RecordKey::Creds)?.as_ref()
    }

    /// About how much memory it holds, for bounds and statistics.
    pub fn size(&self) -> usize {
        self.records
            .iter()
            .map(|(key, value)| size_of_record(key, value.as_ref()))
            .sum()
    }
}

impl FromIterator<(RecordKey, Option<Value>)> for Changes {
    fn from_iter<T: IntoIterator<Item = (RecordKey, Option<Value>)>>(records: T) -> Self {
        Self {
            deletes_keys: false,
            records: records.into_iter().collect(),
        }
    }
}

/// About how much memory a record holds.
pub fn size_of_record(key: &RecordKey, value: Option<&Value>) -> usize {
    let key = match key {
        RecordKey::Creds => 0,
        RecordKey::Key { kind, id } => kind.len() + id.len(),
    };
    key + value.map_or(0, Value::len)
}
