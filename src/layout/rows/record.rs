//! A record as it is stored: its name's hash, its kind, and its sealed value.
//!
//! The plaintext is `form ‖ length of id (LEB128) ‖ id ‖ value in that form`. The id is in it so that `list` can give it
//! back; the form is the codec's business.

use zeroize::Zeroizing;

use crate::{
    codec::{
        CREDS, compact,
        record::{Bytes, RecordKey, Text, Value},
    },
    crypto::{RecordHash, RecordName, SessionKey},
    error::{Code, Error, Result},
};

/// Where the credentials are: every session has them at the same place, so that an open finds them before it has the
/// session's key.
pub(super) const CREDS_HASH: RecordHash = [0; 16];

/// A record ready to be stored.
pub(super) struct Sealed {
    pub(super) hash: RecordHash,
    pub(super) kind: Box<str>,
    pub(super) value: Vec<u8>,
}

/// A record's kind and id.
fn parts(key: &RecordKey) -> (&str, &str) {
    match key {
        RecordKey::Creds => (CREDS, ""),
        RecordKey::Key { kind, id } => (kind, id),
    }
}

/// What stands for a record's name in the database.
pub(super) fn hash(session: &SessionKey, key: &RecordKey) -> RecordHash {
    match key {
        RecordKey::Creds => CREDS_HASH,
        RecordKey::Key { kind, id } => session.hash(kind, id),
    }
}

/// Seals a record.
pub(super) fn seal(session: &SessionKey, account: &str, key: &RecordKey, value: &Value) -> Result<Sealed> {
    let (kind, id) = parts(key);
    let (form, packed) = compact::pack(match value {
        Value::Json(text) => compact::Content::Json(text.as_str()),
        Value::Bytes(bytes) => compact::Content::Bytes(bytes.as_slice()),
    });
    let mut plaintext = Zeroizing::new(Vec::with_capacity(6 + id.len() + packed.len()));
    plaintext.push(form);
    push_length(&mut plaintext, id.len())?;
    plaintext.extend_from_slice(id.as_bytes());
    plaintext.extend_from_slice(&packed);
    let hash = hash(session, key);
    let name = RecordName {
        account,
        kind,
        hash: &hash,
    };
    Ok(Sealed {
        hash,
        kind: kind.into(),
        value: session.seal(&name, &plaintext)?,
    })
}

/// Opens a stored record: its id and its value.
pub(super) struct Opened {
    plaintext: Zeroizing<Vec<u8>>,
    /// Where the id ends, and begins.
    id: std::ops::Range<usize>,
}

impl Opened {
    pub(super) fn open(session: &SessionKey, name: &RecordName<'_>, sealed: &[u8]) -> Result<Self> {
        let plaintext = session.open(name, sealed)?;
        let id = id_range(&plaintext).ok_or_else(|| malformed(name.kind))?;
        Ok(Self { plaintext, id })
    }

    pub(super) fn id(&self) -> Option<&str> {
        std::str::from_utf8(&self.plaintext[self.id.clone()]).ok()
    }

    pub(super) fn value(&self) -> Result<Value> {
        let packed = &self.plaintext[self.id.end..];
        Ok(match compact::unpack(self.plaintext[0], packed)? {
            compact::Unpacked::Json(text) => Value::Json(Text::from(text)),
            compact::Unpacked::Bytes(bytes) => Value::Bytes(Bytes::from(bytes)),
        })
    }
}

/// Seals a stored record for another key; its value stays packed as it is.
pub(super) fn reseal(
    from: &SessionKey,
    to: &SessionKey,
    account: &str,
    kind: &str,
    hash: &RecordHash,
    sealed: &[u8],
) -> Result<Sealed> {
    let name = RecordName { account, kind, hash };
    let opened = Opened::open(from, &name, sealed)?;
    let hash = match *hash {
        CREDS_HASH => CREDS_HASH,
        _ => to.hash(kind, opened.id().ok_or_else(|| malformed(kind))?),
    };
    let name = RecordName {
        account,
        kind,
        hash: &hash,
    };
    Ok(Sealed {
        hash,
        kind: kind.into(),
        value: to.seal(&name, &opened.plaintext)?,
    })
}

/// Opens a stored record's value.
pub(super) fn open(session: &SessionKey, account: &str, key: &RecordKey, sealed: &[u8]) -> Result<Value> {
    authenticate(session, account, key, sealed)?.value()
}

/// Opens a stored record, whatever the form of its value.
pub(super) fn authenticate(session: &SessionKey, account: &str, key: &RecordKey, sealed: &[u8]) -> Result<Opened> {
    let (kind, hash) = (parts(key).0, hash(session, key));
    let name = RecordName {
        account,
        kind,
        hash: &hash,
    };
    Opened::open(session, &name, sealed)
}

fn push_length(bytes: &mut Vec<u8>, length: usize) -> Result<()> {
    let mut rest =
        u32::try_from(length).map_err(|_| Error::new(Code::Argument, "an id is longer than four gigabytes"))?;
    while rest >= 0x80 {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
    Ok(())
}

/// Where the id is in a plaintext; `None` if it is not one.
fn id_range(plaintext: &[u8]) -> Option<std::ops::Range<usize>> {
    let (mut length, mut at) = (0_usize, 1);
    for shift in (0..35).step_by(7) {
        let byte = *plaintext.get(at)?;
        at += 1;
        length |= usize::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            let end = at.checked_add(length).filter(|end| *end <= plaintext.len())?;
            return Some(at..end);
        }
    }
    None
}

fn malformed(kind: &str) -> Error {
    Error::new(
        Code::Unreadable,
        format!("a record of type {kind} opens, but is of no known form; nothing was overwritten"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_credentials_are_where_every_session_has_them() {
        let session = SessionKey::random().unwrap();
        assert_eq!(hash(&session, &RecordKey::Creds), CREDS_HASH);
        assert_ne!(hash(&session, &RecordKey::new("creds", "")), CREDS_HASH);
    }

    #[test]
    fn lengths_of_ids_are_bounded_by_what_is_there() {
        for plaintext in [
            &[][..],
            &[0],
            &[0, 0x80],
            &[0, 2, 1],
            &[0, 0xff, 0xff, 0xff, 0xff, 0x0f],
            &[0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert_eq!(id_range(plaintext), None, "{plaintext:?}");
        }
        assert_eq!(id_range(&[0, 2, 1, 1, 7]), Some(2..4));
    }

    #[test]
    fn a_record_that_is_sealed_for_another_key_is_found_and_read_under_that_one_alone() {
        let (from, to) = (SessionKey::random().unwrap(), SessionKey::random().unwrap());
        let value = Value::Json(Text::new("{\"a\":1}".into()));
        for key in [
            RecordKey::Creds,
            RecordKey::new("session", "1.0"),
            RecordKey::new("creds", ""),
        ] {
            let old = seal(&from, "an account", &key, &value).unwrap();
            let new = reseal(&from, &to, "an account", &old.kind, &old.hash, &old.value).unwrap();
            assert_eq!(new.hash, hash(&to, &key));
            assert_eq!(open(&to, "an account", &key, &new.value).unwrap(), value);
            assert!(open(&from, "an account", &key, &new.value).is_err());
            assert!(reseal(&from, &to, "another", &old.kind, &old.hash, &old.value).is_err());
        }
    }

    proptest! {
        #[test]
        fn any_record_comes_back_with_its_id(kind: String, id in ".{0,300}", bytes: Vec<u8>, text: String) {
            let session = SessionKey::random().unwrap();
            let key = RecordKey::new(kind.as_str(), id.as_str());
            for value in [Value::Bytes(Bytes::new(bytes)), Value::Json(Text::new(text))] {
                let sealed = seal(&session, "an account", &key, &value).unwrap();
                prop_assert_eq!(&open(&session, "an account", &key, &sealed.value).unwrap(), &value);
                let name = RecordName { account: "an account", kind: &kind, hash: &sealed.hash };
                let opened = Opened::open(&session, &name, &sealed.value).unwrap();
                prop_assert_eq!(opened.id(), Some(id.as_str()));
            }
        }
    }
}
