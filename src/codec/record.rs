//! What a session consists of: records, each a key and a value.

use std::sync::Arc;

use indexmap::IndexMap;
use zeroize::Zeroizing;

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

/// What a write does: to each record a new value, or `None` to delete it.
pub type Changes = IndexMap<RecordKey, Option<Text>>;

/// About how much memory a change holds, for bounds and statistics.
pub fn size_of_change(key: &RecordKey, value: Option<&Text>) -> usize {
    let key = match key {
        RecordKey::Creds => 0,
        RecordKey::Key { kind, id } => kind.len() + id.len(),
    };
    key + value.map_or(0, Text::len)
}
