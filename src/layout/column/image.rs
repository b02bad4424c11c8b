//! A whole session in memory, and its plaintext: `{"creds":{…},"keys":{"<type>-<id>":…}}`.
//!
//! Values stay the JSON text they are; only the frame around them is read and written.

use std::{collections::HashSet, sync::Arc};

use indexmap::{IndexMap, map::Entry};

use super::{
    frame::{self, Writer},
    name,
};
use crate::{
    codec::{
        CREDS,
        record::{Changes, RecordKey, Text, Value, size_of_record},
    },
    error::{Code, Error, Result},
    layout::inspection::{Kinds, count},
};

/// The type under which records are carried along whose name is none of this form's.
const UNNAMEABLE: &str = "unnameable";

#[derive(Default)]
pub(crate) struct Image {
    creds: Option<Text>,
    keys: IndexMap<Arc<str>, Text>,
    /// Records whose name, a JSON string, holds lone surrogates: nobody can ask for them, but they are carried along.
    unnameable: Vec<(String, Text)>,
}

impl Image {
    /// Reads a plaintext.
    pub(super) fn parse(plaintext: &[u8]) -> Result<Self> {
        // The parser's own message may quote the text.
        let stored = frame::read(plaintext).map_err(|_| {
            Error::new(
                Code::Unreadable,
                "the stored session opens, but is not of the form {creds, keys}; nothing was overwritten",
            )
        })?;
        let mut image = Self {
            creds: Some(stored.creds.get())
                .filter(|creds| !is_empty_object(creds))
                .map(text),
            ..Self::default()
        };
        for (name, value) in stored.entries() {
            match frame::name_of(name) {
                Some(name) => drop(image.keys.insert(name.into(), text(value))),
                None => image.unnameable.push((name.to_owned(), text(value))),
            }
        }
        Ok(image)
    }

    /// The plaintext as it will be with these changes.
    pub(super) fn compose(&self, changes: &Changes) -> Vec<u8> {
        let mut creds = self.creds.clone();
        let mut changed: IndexMap<String, Option<Text>> = IndexMap::with_capacity(changes.records.len());
        for (key, value) in &changes.records {
            let value = value.as_ref().map(Value::to_text);
            match name::of(key) {
                None => creds = value,
                // Of two records that the form cannot tell apart, the later call wins.
                Some(name) => drop(changed.insert(name, value)),
            }
        }
        let mut writer = Writer::new(creds.as_ref().map_or("{}", Text::as_str), self.size_with(changes));
        for (name, value) in &self.keys {
            match changed.swap_remove(&**name) {
                None if changes.deletes_keys => {}
                None => writer.entry(name, value.as_str()),
                Some(Some(value)) => writer.entry(name, value.as_str()),
                Some(None) => {}
            }
        }
        for key in changes.records.keys() {
            // What is left is new; in the order of the calls, which swap_remove did not keep.
            if let Some((name, Some(value))) = name::of(key).and_then(|name| changed.swap_remove_entry(&name)) {
                writer.entry(&name, value.as_str());
            }
        }
        for (name, value) in self.unnameable.iter().filter(|_| !changes.deletes_keys) {
            writer.raw_entry(name, value.as_str());
        }
        writer.finish()
    }

    /// Takes the changes over, once they are durable.
    pub(super) fn apply(&mut self, changes: &Changes) {
        if changes.deletes_keys {
            self.keys.clear();
            self.unnameable.clear();
        }
        let mut deleted = HashSet::new();
        for (key, value) in &changes.records {
            let value = value.as_ref().map(Value::to_text);
            match (name::of(key), value) {
                (None, value) => self.creds = value,
                (Some(name), Some(value)) => {
                    deleted.remove(&name);
                    match self.keys.get_mut(&*name) {
                        Some(place) => *place = value,
                        None => drop(self.keys.insert(name.into(), value)),
                    }
                }
                (Some(name), None) => drop(deleted.insert(name)),
            }
        }
        if !deleted.is_empty() {
            self.keys.retain(|name, _| !deleted.contains(&**name));
        }
    }

    pub(super) fn lookup(&self, key: &RecordKey) -> Option<Value> {
        let text = match name::of(key) {
            None => self.creds.clone(),
            Some(name) => self.keys.get(&*name).cloned(),
        };
        text.map(Value::from_text)
    }

    /// Everything in it, as changes that make the same of an empty session. A record whose name does not tell where its type
    /// ends stands under every name that it may be asked for by; one that nobody can ask for, by its name as a JSON
    /// string, under a type that nobody uses.
    pub(crate) fn into_changes(self) -> Changes {
        let mut changes = Changes::default();
        let mut add = |key, text: &Text| drop(changes.records.insert(key, Some(Value::from_text(text.clone()))));
        if let Some(creds) = &self.creds {
            add(RecordKey::Creds, creds);
        }
        for (name, value) in &self.keys {
            let keys = name::candidates(name);
            if keys.is_empty() {
                add(RecordKey::new(UNNAMEABLE, frame::json_string(name)), value);
            }
            keys.into_iter().for_each(|key| add(key, value));
        }
        for (name, value) in &self.unnameable {
            add(RecordKey::new(UNNAMEABLE, name.as_str()), value);
        }
        changes
    }

    /// The session that [`Image::into_changes`] makes such changes of, as far as the form can hold it: two records that would
    /// have one name are refused, unless they are the same.
    pub(super) fn of(changes: &Changes) -> Result<Self> {
        let mut image = Self::default();
        for (key, value) in &changes.records {
            let Some(value) = value.as_ref().map(Value::to_text) else {
                continue;
            };
            match (key, name::of(key)) {
                (RecordKey::Key { kind, id }, _) if &**kind == UNNAMEABLE && frame::is_json_string(id) => {
                    image.unnameable.push((id.to_string(), value));
                }
                (_, None) => image.creds = Some(value),
                (_, Some(name)) => match image.keys.entry(name.into()) {
                    Entry::Vacant(place) => drop(place.insert(value)),
                    Entry::Occupied(place) if place.get().as_str() == value.as_str() => {}
                    Entry::Occupied(_) => return Err(one_name(key)),
                },
            }
        }
        Ok(image)
    }

    /// How many records there are of each type, the credentials among them.
    pub(super) fn kinds(&self) -> Kinds {
        let mut kinds = Kinds::new();
        if self.creds.is_some() {
            count(&mut kinds, CREDS, 1);
        }
        for name in self.keys.keys() {
            match name::read(name, None) {
                Some(RecordKey::Key { kind, .. }) => count(&mut kinds, &kind, 1),
                _ => count(&mut kinds, UNNAMEABLE, 1),
            }
        }
        if !self.unnameable.is_empty() {
            count(&mut kinds, UNNAMEABLE, self.unnameable.len() as u64);
        }
        kinds
    }

    pub(super) fn keys(&self, kind: Option<&str>) -> Vec<RecordKey> {
        self.keys.keys().filter_map(|name| name::read(name, kind)).collect()
    }

    /// At least the size of the plaintext, so that it is never moved, and no copy of it left behind, by growing.
    fn size_with(&self, changes: &Changes) -> usize {
        // A name may grow sixfold by escapes; a hyphen within, quotes, colon and comma come on top.
        let entry = |name: &str, value: &Text| 6 * name.len() + value.len() + 5;
        let held: usize = self.keys.iter().map(|(name, value)| entry(name, value)).sum();
        let raw: usize = self.unnameable.iter().map(|(name, value)| entry(name, value)).sum();
        // A byte array grows by a third as base64, and its frame comes on top.
        let new: usize = changes
            .records
            .iter()
            .map(|(key, value)| 6 * size_of_record(key, None) + 2 * value.as_ref().map_or(0, Value::len) + 64)
            .sum();
        self.creds.as_ref().map_or(2, Text::len) + held + raw + new + 32
    }
}

fn one_name(key: &RecordKey) -> Error {
    let kind = match key {
        RecordKey::Creds => "creds",
        RecordKey::Key { kind, .. } => kind,
    };
    Error::new(
        Code::Argument,
        format!(
            "two of its records would have one name in layout column, where type and id are joined by a hyphen, one of them of \
             type {kind}; delete one of them first"
        ),
    )
}

fn text(json: &str) -> Text {
    Text::new(json.to_owned())
}

/// Whether a JSON text is `{}`: what the original service wrote for a session that was never paired.
fn is_empty_object(json: &str) -> bool {
    json.strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .is_some_and(|inside| inside.trim().is_empty())
}

#[cfg(test)]
mod tests;
