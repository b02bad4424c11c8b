//! The compact form of values: what a sealed record holds instead of the JSON text.
//!
//! Signal records are random keys, spelt in base64 or as arrays of numbers, within a frame of names that hardly varies.
//! So a text is split into its *skeleton* (the frame, with a marker where a key or a number was), its numbers, and the
//! keys as bytes. The skeleton is named by its place in a dictionary of the known ones or, if it is not among them,
//! compressed with that dictionary's help; keys are random and stay as they are.
//!
//! Nothing here knows what a record means, and exactness does not depend on it: every piece that is taken out of the
//! text is spelt in the one way in which it is put back, all else stays in the skeleton byte by byte. What the length
//! of a packed value tells is its shape, never a key: no key is compressed.

mod dictionary;
mod join;
mod skeleton;
#[cfg(test)]
mod tests;
mod varint;

use zeroize::Zeroizing;

use self::dictionary::Dictionary;
use crate::error::{Code, Error, Result};

/// The longest text that is packed, far above any record of Baileys'; longer ones are stored as they are. So whatever
/// claims to unpack to more lies.
const MAX_TEXT: usize = 32 << 20;

/// What packing has to save, in bytes, to be worth the unpacking.
const MIN_SAVING: usize = 4;

/// The stored forms. A code once given keeps its meaning for ever; a new dictionary gets new codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// JSON text as it is.
    Json = 0,
    /// A byte array as it is.
    Bytes = 1,
    /// JSON text, packed with the first dictionary.
    PackedJson1 = 2,
    /// A byte array that holds JSON text, as sender-keys do, packed with the first dictionary.
    PackedBytes1 = 3,
}

impl Form {
    fn from_code(code: u8) -> Option<Self> {
        [Self::Json, Self::Bytes, Self::PackedJson1, Self::PackedBytes1]
            .into_iter()
            .find(|form| *form as u8 == code)
    }
}

/// A value to be packed.
#[derive(Clone, Copy)]
pub(crate) enum Content<'a> {
    /// A JSON text.
    Json(&'a str),
    /// A byte array.
    Bytes(&'a [u8]),
}

/// A value that was unpacked.
pub(crate) enum Unpacked {
    /// A JSON text.
    Json(Zeroizing<String>),
    /// A byte array.
    Bytes(Zeroizing<Vec<u8>>),
}

/// The code of the stored form, and what is stored: never more bytes than the value has.
pub(crate) fn pack(content: Content<'_>) -> (u8, Zeroizing<Vec<u8>>) {
    let (plain, packed, value) = match content {
        Content::Json(text) => (Form::Json, Form::PackedJson1, text.as_bytes()),
        Content::Bytes(bytes) => (Form::Bytes, Form::PackedBytes1, bytes),
    };
    match pack_text(value) {
        Some(body) => (packed as u8, body),
        None => (plain as u8, Zeroizing::new(value.to_vec())),
    }
}

/// The value of a stored form.
pub(crate) fn unpack(form: u8, stored: &[u8]) -> Result<Unpacked> {
    let form = Form::from_code(form).ok_or_else(|| {
        Error::new(
            Code::Unreadable,
            "a record has a form that this version does not know; a newer version wrote it",
        )
    })?;
    let value = match form {
        Form::Json | Form::Bytes => Some(Zeroizing::new(stored.to_vec())),
        Form::PackedJson1 | Form::PackedBytes1 => unpack_text(stored),
    };
    let unpacked = match form {
        Form::Json | Form::PackedJson1 => value.and_then(into_text).map(Unpacked::Json),
        Form::Bytes | Form::PackedBytes1 => value.map(Unpacked::Bytes),
    };
    unpacked.ok_or_else(|| Error::new(Code::Unreadable, "a record's value is malformed"))
}

fn pack_text(value: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    // Keys and hashes are byte arrays too, and random.
    if !matches!(value.first(), Some(b'{' | b'[' | b'"')) || value.len() > MAX_TEXT {
        return None;
    }
    let room = value.len().checked_sub(MIN_SAVING)?;
    let parts = skeleton::split(value)?;
    Dictionary::first()?.pack(&parts, room)
}

fn unpack_text(stored: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    Dictionary::first()?.unpack(stored)
}

fn into_text(mut value: Zeroizing<Vec<u8>>) -> Option<Zeroizing<String>> {
    match String::from_utf8(std::mem::take(&mut *value)) {
        Ok(text) => Some(Zeroizing::new(text)),
        Err(error) => {
            drop(Zeroizing::new(error.into_bytes()));
            None
        }
    }
}
