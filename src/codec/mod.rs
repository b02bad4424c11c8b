//! Records and the JSON text their values are stored as. Knows nothing of SQL, keys or JavaScript.

mod buffer_json;
mod nesting;
pub mod record;

pub(crate) use buffer_json::{decode_base64, may_hold_bytes};
pub(crate) use nesting::{MAX_NESTING, is_too_deep};

/// Stand-in.
pub(crate) mod compact {
    use zeroize::Zeroizing;
    pub(crate) enum Content<'a> {
        Json(&'a str),
        Bytes(&'a [u8]),
    }
    pub(crate) enum Unpacked {
        Json(Zeroizing<String>),
        Bytes(Zeroizing<Vec<u8>>),
    }
    pub(crate) fn pack(c: Content<'_>) -> (u8, Zeroizing<Vec<u8>>) {
        match c {
            Content::Json(t) => (0, Zeroizing::new(t.as_bytes().to_vec())),
            Content::Bytes(b) => (1, Zeroizing::new(b.to_vec())),
        }
    }
    pub(crate) fn unpack(form: u8, p: &[u8]) -> crate::error::Result<Unpacked> {
        Ok(if form == 0 {
            Unpacked::Json(Zeroizing::new(String::from_utf8(p.to_vec()).unwrap()))
        } else {
            Unpacked::Bytes(Zeroizing::new(p.to_vec()))
        })
    }
}
