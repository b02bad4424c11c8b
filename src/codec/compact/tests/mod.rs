//! What packing promises: the same value back, whatever it is; small records; no harm from damaged ones.

mod damage;
mod dictionary;
mod frozen;
mod records;
mod round_trip;
mod sizes;

use super::*;

/// A value that a test holds on to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Held {
    Json(String),
    Bytes(Vec<u8>),
}

impl Held {
    fn content(&self) -> Content<'_> {
        match self {
            Self::Json(text) => Content::Json(text),
            Self::Bytes(bytes) => Content::Bytes(bytes),
        }
    }

    fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Json(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }

    fn pack(&self) -> (u8, Zeroizing<Vec<u8>>) {
        pack(self.content())
    }
}

fn unpacked(form: u8, stored: &[u8]) -> Result<Held> {
    Ok(match unpack(form, stored)? {
        Unpacked::Json(text) => {
            assert_eq!(text.capacity(), text.len(), "a text that grew left copies behind");
            Held::Json(text.to_string())
        }
        Unpacked::Bytes(bytes) => {
            assert_eq!(bytes.capacity(), bytes.len(), "a buffer that grew left copies behind");
            Held::Bytes(bytes.to_vec())
        }
    })
}

/// Packs a value and checks that it comes back; gives its stored length.
fn check(value: &Held) -> usize {
    let (form, stored) = value.pack();
    assert_eq!(stored.capacity(), stored.len(), "a buffer that grew left copies behind");
    assert!(stored.len() <= value.as_bytes().len(), "{value:?} grew");
    assert_eq!(&unpacked(form, &stored).unwrap(), value);
    stored.len()
}

fn json(text: impl Into<String>) -> Held {
    Held::Json(text.into())
}
