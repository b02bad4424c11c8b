//! Reads a folder: all of it, or what is wrong with it.

use std::{ffi::OsStr, fs, io, path::Path};

use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::{
    CREDS_FILE, failure,
    file_name::unfold,
    listing::{Listing, list},
};
use crate::{
    codec::{
        MAX_NESTING, is_too_deep,
        record::{Bytes, Changes, RecordKey, Text, Value},
    },
    error::{Code, Error, Result},
    session::Identity,
};

/// Records of one folder, at most: as much as may wait for a commit.
const MOST_BYTES: u64 = 256 << 20;

/// What a folder holds.
#[derive(Debug)]
pub(crate) struct Folder {
    /// What makes its session of an empty one.
    pub(crate) session: Changes,
    /// Its size as text.
    pub(crate) bytes: u64,
    /// Files whose record was taken in a form that Baileys 7 can read, too.
    pub(crate) healed: Vec<String>,
    /// What is no record.
    pub(crate) unknown: Vec<String>,
    /// What is named as a record, and cannot be read as one.
    pub(crate) broken: Vec<Broken>,
}

/// A file that should hold a record and does not.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) file: String,
    pub(crate) reason: String,
}

/// Reads a folder.
pub(crate) fn read(folder: &Path) -> Result<Folder> {
    let failed = |error: io::Error| failure("the folder cannot be read:", folder, &error);
    let listing = list(folder).map_err(failed)?.ok_or_else(|| changed(folder))?;
    require_size(folder, &listing)?;
    let mut found = Folder {
        session: Changes::default(),
        bytes: 0,
        healed: Vec::new(),
        unknown: Vec::new(),
        broken: Vec::new(),
    };
    for (name, entry) in &listing {
        let file = name.to_string_lossy().into_owned();
        let Some(key) = name.to_str().and_then(unfold) else {
            found.unknown.push(file);
            continue;
        };
        let value = match entry.is_file {
            true => value_in(&folder.join(name), &key),
            false => Err("it is no file, but a link, a folder or the like".to_owned()),
        };
        match value {
            Ok(_) if found.session.records.contains_key(&key) => {
                found.refuse(file, "another file holds the same record");
            }
            Ok(found_value) => found.add(file, key, found_value),
            Err(reason) => found.refuse(file, reason),
        }
    }
    // Whoever still writes here would leave half of what it does behind.
    if list(folder).map_err(failed)?.as_ref() != Some(&listing) {
        return Err(changed(folder));
    }
    if !listing.contains_key(OsStr::new(CREDS_FILE)) {
        return Err(Error::new(
            Code::Folder,
            format!(
                "there are no credentials in {}: it has no file {CREDS_FILE}",
                folder.display()
            ),
        ));
    }
    Ok(found)
}

impl Folder {
    /// The file of the credentials, if that is broken: without them there is no session.
    pub(crate) fn broken_creds(&self) -> Option<&Broken> {
        self.broken.iter().find(|broken| broken.file == CREDS_FILE)
    }

    fn add(&mut self, file: String, key: RecordKey, found: Found) {
        self.bytes += found.bytes as u64;
        if found.is_healed {
            self.healed.push(file);
        }
        self.session.records.insert(key, Some(found.value));
    }

    fn refuse(&mut self, file: String, reason: impl Into<String>) {
        let reason = reason.into();
        self.broken.push(Broken { file, reason });
    }
}

fn changed(folder: &Path) -> Error {
    Error::new(
        Code::Folder,
        format!(
            "{} changed while it was read; stop whatever uses it, and import it again",
            folder.display()
        ),
    )
}

fn require_size(folder: &Path, listing: &Listing) -> Result<()> {
    let bytes: u64 = listing
        .values()
        .filter(|entry| entry.is_file)
        .map(|entry| entry.bytes)
        .sum();
    if bytes > MOST_BYTES {
        return Err(Error::new(
            Code::Folder,
            format!("{} holds more than 256 MiB, which is no session", folder.display()),
        ));
    }
    Ok(())
}

struct Found {
    value: Value,
    bytes: usize,
    is_healed: bool,
}

/// The value in a file, or what is wrong with it.
fn value_in(path: &Path, key: &RecordKey) -> std::result::Result<Found, String> {
    let mut bytes = Zeroizing::new(fs::read(path).map_err(|error| format!("it cannot be read: {error}"))?);
    let text = String::from_utf8(std::mem::take(&mut *bytes)).map_err(|error| {
        drop(Zeroizing::new(error.into_bytes()));
        "it is not UTF-8".to_owned()
    })?;
    let text = Zeroizing::new(text);
    let json = json_in(&text)?;
    if *key == RecordKey::Creds {
        require_creds(json)?;
    }
    let is_healed = is_old_sender_key(key, json);
    let value = match is_healed {
        // As Baileys has stored it from 6.7.19 on: the text as a byte array. 7 reads no other.
        true => Value::Bytes(Bytes::new(json.as_bytes().to_vec())),
        false => Value::from_text(Text::new(json.to_owned())),
    };
    Ok(Found {
        value,
        bytes: json.len(),
        is_healed,
    })
}

/// The JSON text in a file's text, without the white space around it. Its strings are not decoded: they may hold lone surrogates.
fn json_in(text: &str) -> std::result::Result<&str, String> {
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    let json = match serde_json::from_str::<&RawValue>(text) {
        Ok(json) => json.get(),
        Err(error) if error.is_eof() => return Err("it is cut off: its JSON does not end".to_owned()),
        // Its own words may quote the text.
        Err(error) => {
            return Err(format!(
                "it is not JSON: see line {}, column {}",
                error.line(),
                error.column()
            ));
        }
    };
    // What Baileys takes for "no such record", and so never writes.
    if matches!(json, "null" | "false" | "\"\"") || json.parse() == Ok(0.0) {
        return Err("it holds no value".to_owned());
    }
    if is_too_deep(json) {
        return Err(format!("it is nested deeper than {MAX_NESTING} levels"));
    }
    Ok(json)
}

/// Credentials without an identity are nobody's.
fn require_creds(json: &str) -> std::result::Result<(), String> {
    let creds = Value::Json(Text::new(json.to_owned()));
    match Identity::of(&creds) {
        Some(_) => Ok(()),
        None => Err("it holds no credentials: there is no signedIdentityKey".to_owned()),
    }
}

/// Whether it is a sender key as Baileys up to 6.7.18 stored it: an array, on which 7 fails whenever it reads it.
fn is_old_sender_key(key: &RecordKey, json: &str) -> bool {
    matches!(key, RecordKey::Key { kind, .. } if &**kind == "sender-key") && json.starts_with('[')
}

#[cfg(test)]
mod tests;
