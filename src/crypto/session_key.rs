//! A session's random data key, and what comes of it: sealed records, and the hashes that stand for their names.
//!
//! HKDF-SHA-256 gives a sealing key and an index key of it. A sealed record is `version ‖ nonce(12) ‖ AES-256-GCM(…) ‖
//! tag(16)` (NIST SP 800-38D); its associated data say whose and which record it is, so that it opens nowhere else. A
//! key per session keeps random nonces far below the 2^32 per key that the standard allows.

use aes_gcm::{AeadInOut, Aes256Gcm, KeyInit, Nonce, Tag};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{IV_LEN, TAG_LEN};
use crate::error::{Code, Error, Result};

const VERSION: u8 = 1;
const HEAD_LEN: usize = 1 + IV_LEN;

/// Stands for a record's name in the database.
pub(crate) type RecordHash = [u8; 16];

/// Whose and which record.
pub(crate) struct RecordName<'a> {
    pub(crate) account: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) hash: &'a RecordHash,
}

/// A session's key, wiped when dropped. Boxed, since an array that is moved leaves copies on the stack that nobody wipes.
///
/// Ciphers are made of it when they are needed, for much less than a microsecond: ready-made they take a kilobyte, for every
/// account that is open and idle.
pub(crate) struct SessionKey(Box<Zeroizing<[[u8; 32]; 3]>>);

impl SessionKey {
    /// For a new session.
    pub(crate) fn random() -> Result<Self> {
        let mut data = Zeroizing::new([0; 32]);
        super::random(data.as_mut_slice())?;
        Ok(Self::new(&data))
    }

    #[allow(clippy::expect_used)]
    pub(crate) fn new(data_key: &[u8; 32]) -> Self {
        let mut keys = Box::new(Zeroizing::new([[0; 32]; 3]));
        let [data, sealing, index] = &mut **keys;
        data.copy_from_slice(data_key);
        let hkdf = Hkdf::<Sha256>::new(None, data);
        for (key, info) in [
            (sealing, b"baileys-postgres-auth record sealing".as_slice()),
            (index, b"baileys-postgres-auth record index"),
        ] {
            hkdf.expand(info, key).expect("32 bytes is a valid output length");
        }
        Self(keys)
    }

    /// Whether it is the same key.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.data_key() == other.data_key()
    }

    pub(super) fn data_key(&self) -> &[u8; 32] {
        &self.0[0]
    }

    fn sealing(&self) -> &[u8; 32] {
        &self.0[1]
    }

    fn index(&self) -> &[u8; 32] {
        &self.0[2]
    }

    /// HMAC-SHA-256 (RFC 2104) of a record's name, cut to 16 bytes.
    #[allow(clippy::expect_used)]
    pub(crate) fn hash(&self, kind: &str, id: &str) -> RecordHash {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(self.index()).expect("HMAC takes keys of any length");
        // The length keeps type and id apart.
        mac.update(&(kind.len() as u64).to_be_bytes());
        mac.update(kind.as_bytes());
        mac.update(id.as_bytes());
        let mut hash = RecordHash::default();
        hash.copy_from_slice(&mac.finalize().into_bytes()[..16]);
        hash
    }

    /// Seals a record.
    pub(crate) fn seal(&self, name: &RecordName<'_>, plaintext: &[u8]) -> Result<Vec<u8>> {
        seal(self.sealing(), VERSION, &associated_data(name), plaintext)
    }

    /// Opens a sealed record.
    pub(crate) fn open(&self, name: &RecordName<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        open(self.sealing(), VERSION, &associated_data(name), sealed).ok_or_else(|| {
            Error::new(
                Code::Unreadable,
                format!(
                    "a record of type {} cannot be read: authentication failed, it was changed or moved; \
                     nothing was overwritten",
                    name.kind
                ),
            )
        })
    }
}

fn associated_data(name: &RecordName<'_>) -> Vec<u8> {
    let length = |text: &str| (text.len() as u64).to_be_bytes();
    [
        &[VERSION],
        length(name.account).as_slice(),
        name.account.as_bytes(),
        length(name.kind).as_slice(),
        name.kind.as_bytes(),
        name.hash,
    ]
    .concat()
}

/// Seals under a fresh random nonce; the plaintext is encrypted where it comes to lie, so that no copy is left.
pub(super) fn seal(key: &[u8; 32], version: u8, associated_data: &[u8], plaintext: &[u8]) -> Result<Vec<u8>> {
    let mut sealed = Vec::with_capacity(HEAD_LEN + plaintext.len() + TAG_LEN);
    sealed.push(version);
    sealed.extend_from_slice(&[0; IV_LEN]);
    sealed.extend_from_slice(plaintext);
    let (head, body) = sealed.split_at_mut(HEAD_LEN);
    let mut nonce = [0; IV_LEN];
    super::random(&mut nonce)?;
    head[1..].copy_from_slice(&nonce);
    let tag = Aes256Gcm::new(key.into())
        .encrypt_inout_detached(&Nonce::from(nonce), associated_data, body.into())
        .map_err(|_| Error::new(Code::Overloaded, "the record is too large for AES-GCM (64 GiB)"))?;
    sealed.extend_from_slice(&tag);
    Ok(sealed)
}

/// Opens what [`seal`] made; `None` if it was not made with this key for these associated data.
pub(super) fn open(key: &[u8; 32], version: u8, associated_data: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (head, rest) = sealed.split_at_checked(HEAD_LEN)?;
    let (body, tag) = rest.split_at_checked(rest.len().checked_sub(TAG_LEN)?)?;
    let (nonce, tag): ([u8; IV_LEN], [u8; TAG_LEN]) = (head[1..].try_into().ok()?, tag.try_into().ok()?);
    if head[0] != version {
        return None;
    }
    let mut plaintext = Zeroizing::new(body.to_vec());
    Aes256Gcm::new(key.into())
        .decrypt_inout_detached(
            &Nonce::from(nonce),
            associated_data,
            plaintext.as_mut_slice().into(),
            &Tag::from(tag),
        )
        .ok()?;
    Some(plaintext)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name<'a>(account: &'a str, kind: &'a str, hash: &'a RecordHash) -> RecordName<'a> {
        RecordName { account, kind, hash }
    }

    #[test]
    fn a_sealed_record_opens_as_that_record_alone() {
        let (key, other) = (SessionKey::random().unwrap(), SessionKey::random().unwrap());
        let hash = key.hash("session", "1.0");
        let sealed = key.seal(&name("a", "session", &hash), b"a plaintext").unwrap();
        assert_eq!(
            key.open(&name("a", "session", &hash), &sealed).unwrap().as_slice(),
            b"a plaintext"
        );
        for wrong in [
            name("b", "session", &hash),
            name("a", "pre-key", &hash),
            name("a", "session", &[0; 16]),
        ] {
            assert_eq!(key.open(&wrong, &sealed).unwrap_err().code(), Code::Unreadable);
        }
        assert!(other.open(&name("a", "session", &hash), &sealed).is_err());
    }

    #[test]
    fn any_changed_or_missing_byte_is_refused() {
        let key = SessionKey::random().unwrap();
        let sealed = key.seal(&name("a", "session", &[7; 16]), b"a plaintext").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 0x10;
            assert!(
                key.open(&name("a", "session", &[7; 16]), &changed).is_err(),
                "byte {at}"
            );
            assert!(
                key.open(&name("a", "session", &[7; 16]), &sealed[..at]).is_err(),
                "{at} bytes"
            );
        }
    }

    #[test]
    fn hashes_keep_type_and_id_apart_and_sessions_too() {
        let key = SessionKey::random().unwrap();
        assert_eq!(key.hash("session", "1"), key.hash("session", "1"));
        assert_ne!(key.hash("sender-key", "-memory"), key.hash("sender-key-", "memory"));
        assert_ne!(
            key.hash("session", "1"),
            SessionKey::random().unwrap().hash("session", "1")
        );
    }
}
