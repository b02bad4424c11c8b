//! A sealed text as the original service stores it: `{"iv":hex,"authTag":hex,"encrypted":hex}`, AES-256-GCM without
//! associated data.

use std::fmt;

use aes_gcm::{AeadInOut, Nonce, Tag};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny, MapAccess, Visitor},
};
use zeroize::Zeroizing;

use super::{SealingKey, random};
use crate::error::{Code, Error, Result};

/// Length of a nonce in bytes.
pub const IV_LEN: usize = 12;
/// Length of an authentication tag in bytes.
pub const TAG_LEN: usize = 16;

/// Nonces that are drawn together when many are tried.
const NONCES_AT_ONCE: usize = 256;

/// A nonce: random, and so unique per sealing.
pub type Iv = [u8; IV_LEN];

/// A sealed text, its parts as bytes.
pub struct Envelope {
    /// The nonce.
    pub iv: Iv,
    /// The authentication tag.
    pub tag: [u8; TAG_LEN],
    /// The encrypted text.
    pub encrypted: Vec<u8>,
}

/// The stored form; other fields are none of ours.
struct Stored {
    iv: String,
    auth_tag: String,
    encrypted: String,
}

impl<'de> Deserialize<'de> for Stored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_map(StoredVisitor)
    }
}

struct StoredVisitor;

impl<'de> Visitor<'de> for StoredVisitor {
    type Value = Stored;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sealed text")
    }

    /// Of fields of one name the last one counts, as for `JSON.parse`: a text that was sealed anew has two nonces.
    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> std::result::Result<Stored, A::Error> {
        let (mut iv, mut auth_tag, mut encrypted) = (None, None, None);
        while let Some(name) = fields.next_key::<String>()? {
            match &*name {
                "iv" => iv = Some(fields.next_value()?),
                "authTag" => auth_tag = Some(fields.next_value()?),
                "encrypted" => encrypted = Some(fields.next_value()?),
                _ => drop(fields.next_value::<IgnoredAny>()?),
            }
        }
        let missing = A::Error::missing_field;
        Ok(Stored {
            iv: iv.ok_or_else(|| missing("iv"))?,
            auth_tag: auth_tag.ok_or_else(|| missing("authTag"))?,
            encrypted: encrypted.ok_or_else(|| missing("encrypted"))?,
        })
    }
}

impl Envelope {
    /// Seals a plaintext in place under a fresh nonce.
    pub fn seal(key: &SealingKey, plaintext: Vec<u8>) -> Result<Self> {
        let mut iv = [0_u8; IV_LEN];
        random(&mut iv)?;
        Self::seal_under(key, iv, plaintext)
    }

    /// Seals a plaintext under the first of many fresh nonces whose envelope `accept` takes, or under any if none of
    /// `attempts` is taken.
    ///
    /// `accept` is asked by the first `head_len` bytes of the ciphertext, then once more when the tag is known too.
    pub fn seal_choosing(
        key: &SealingKey,
        plaintext: &Zeroizing<Vec<u8>>,
        head_len: usize,
        attempts: usize,
        mut accept: impl FnMut(&Iv, Option<&[u8; TAG_LEN]>, &[u8]) -> bool,
    ) -> Result<Self> {
        // In counter mode the beginning of the plaintext alone gives the beginning of the ciphertext.
        let plain_head = &plaintext[..plaintext.len().min(head_len)];
        let mut nonces = [Iv::default(); NONCES_AT_ONCE];
        for attempt in 0..attempts {
            if attempt % NONCES_AT_ONCE == 0 {
                random(nonces.as_flattened_mut())?;
            }
            let iv = nonces[attempt % NONCES_AT_ONCE];
            let head = Self::seal_under(key, iv, plain_head.to_vec())?.encrypted;
            if !accept(&iv, None, &head) {
                continue;
            }
            let envelope = Self::seal_under(key, iv, plaintext.to_vec())?;
            if accept(&iv, Some(&envelope.tag), &head) {
                return Ok(envelope);
            }
        }
        Self::seal(key, plaintext.to_vec())
    }

    fn seal_under(key: &SealingKey, iv: Iv, mut plaintext: Vec<u8>) -> Result<Self> {
        let tag = key
            .0
            .encrypt_inout_detached(&Nonce::from(iv), &[], plaintext.as_mut_slice().into())
            .map_err(|_| Error::new(Code::Overloaded, "the session is too large for AES-GCM (64 GiB)"))?;
        Ok(Self {
            iv,
            tag: tag.into(),
            encrypted: plaintext,
        })
    }

    /// Opens the envelope. Authentication fails alike for a wrong key and for changed data.
    pub fn open(&self, key: &SealingKey) -> Result<Zeroizing<Vec<u8>>> {
        let mut plaintext = Zeroizing::new(self.encrypted.clone());
        key.0
            .decrypt_inout_detached(
                &Nonce::from(self.iv),
                &[],
                plaintext.as_mut_slice().into(),
                &Tag::from(self.tag),
            )
            .map_err(|_| unreadable("authentication failed: the secret is another one, or the data was changed"))?;
        Ok(plaintext)
    }

    /// The stored form.
    pub fn to_text(&self) -> String {
        text(&self.iv, &self.tag, &self.encrypted)
    }

    /// Nonce, tag and encrypted text in hex.
    pub fn to_hex(&self) -> (String, String, String) {
        let hex = const_hex::encode::<&[u8]>;
        (hex(&self.iv), hex(&self.tag), hex(&self.encrypted))
    }

    /// Reads the stored form.
    pub fn from_text(text: &str) -> Result<Self> {
        let stored: Stored = serde_json::from_str(text)
            .map_err(|_| unreadable("it is not a sealed session as this store writes them"))?;
        Self::from_hex(&stored.iv, &stored.auth_tag, &stored.encrypted)
    }

    /// Puts an envelope together from its hex parts.
    pub fn from_hex(iv: &str, auth_tag: &str, encrypted: &str) -> Result<Self> {
        Ok(Self {
            iv: const_hex::decode_to_array(iv).map_err(|_| unreadable("its iv is not 12 bytes of hex"))?,
            tag: const_hex::decode_to_array(auth_tag).map_err(|_| unreadable("its authTag is not 16 bytes of hex"))?,
            encrypted: const_hex::decode(encrypted).map_err(|_| unreadable("its encrypted text is not hex"))?,
        })
    }
}

/// The stored form of an envelope's parts.
fn text(iv: &[u8], tag: &[u8], encrypted: &[u8]) -> String {
    let parts = [
        ("{\"iv\":\"", iv),
        ("\",\"authTag\":\"", tag),
        ("\",\"encrypted\":\"", encrypted),
        ("\"}", &[]),
    ];
    let len = parts.iter().map(|(name, bytes)| name.len() + 2 * bytes.len()).sum();
    let mut text = String::with_capacity(len);
    for (name, bytes) in parts {
        text.push_str(name);
        text.push_str(&const_hex::encode(bytes));
    }
    text
}

fn unreadable(reason: &str) -> Error {
    Error::new(
        Code::Unreadable,
        format!("the stored session cannot be read: {reason}; nothing was overwritten"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::derive_key;
    use super::*;

    const SECRET: &str = "an-example-secret-of-good-length";

    #[test]
    fn what_was_sealed_opens_again() {
        let key = derive_key(SECRET);
        for text in ["", "{}", "Zoë 😀"] {
            let stored = Envelope::seal(&key, text.as_bytes().to_vec()).unwrap().to_text();
            let opened = Envelope::from_text(&stored).unwrap().open(&key).unwrap();
            assert_eq!(opened.as_slice(), text.as_bytes());
        }
    }

    #[test]
    fn every_sealing_has_a_nonce_of_its_own_within_the_first_forty_characters() {
        let key = derive_key(SECRET);
        let seal = || Envelope::seal(&key, b"{}".to_vec()).unwrap().to_text();
        let (first, second) = (seal(), seal());
        assert_ne!(first[..40], second[..40]);
        assert!(first[..40].starts_with("{\"iv\":\""));
    }

    #[test]
    fn a_chosen_nonce_gives_what_was_asked_for_and_opens() {
        let key = derive_key(SECRET);
        let plaintext = Zeroizing::new(b"a plaintext".repeat(1_000));
        let accept = |_: &Iv, tag: Option<&[u8; TAG_LEN]>, head: &[u8]| {
            head.len() == 100 && head[99] < 16 && tag.is_none_or(|tag| tag[0] < 128)
        };
        let sealed = Envelope::seal_choosing(&key, &plaintext, 100, 10_000, accept).unwrap();
        assert!(sealed.encrypted[99] < 16 && sealed.tag[0] < 128);
        assert_eq!(sealed.open(&key).unwrap(), plaintext);
    }

    #[test]
    fn where_no_nonce_is_taken_any_will_do() {
        let key = derive_key(SECRET);
        let plaintext = Zeroizing::new(b"short".to_vec());
        let mut seen = std::collections::HashSet::new();
        let accept = |iv: &Iv, _: Option<&[u8; TAG_LEN]>, _: &[u8]| !seen.insert(*iv);
        let sealed = Envelope::seal_choosing(&key, &plaintext, 100, 300, accept).unwrap();
        assert_eq!(sealed.open(&key).unwrap(), plaintext);
        assert_eq!(seen.len(), 300, "every attempt has a nonce of its own");
    }

    #[test]
    fn any_changed_byte_is_refused() {
        let key = derive_key(SECRET);
        let sealed = || Envelope::seal(&key, b"a plaintext".to_vec()).unwrap();
        let changes: [fn(&mut Envelope); 4] = [
            |envelope| envelope.iv[0] ^= 1,
            |envelope| envelope.tag[15] ^= 0x80,
            |envelope| envelope.encrypted[3] ^= 1,
            |envelope| envelope.encrypted.truncate(5),
        ];
        for change in changes {
            let mut envelope = sealed();
            change(&mut envelope);
            assert_eq!(envelope.open(&key).unwrap_err().code(), Code::Unreadable);
        }
        assert_eq!(
            sealed()
                .open(&derive_key("another secret of good length"))
                .unwrap_err()
                .code(),
            Code::Unreadable
        );
    }

    #[test]
    fn malformed_texts_are_unreadable_and_say_why_without_their_content() {
        let whole = Envelope::seal(&derive_key(SECRET), b"{}".to_vec()).unwrap().to_text();
        for text in [
            "",
            "null",
            "[]",
            "{}",
            "{\"iv\":\"00\",\"authTag\":\"00\",\"encrypted\":\"00\"}",
            "{\"iv\":1,\"authTag\":2,\"encrypted\":3}",
            &whole[..whole.len() - 1],
            &whole.replace("\"encrypted\":\"", "\"encrypted\":\"x"),
        ] {
            let error = Envelope::from_text(text).err().unwrap();
            assert_eq!(error.code(), Code::Unreadable);
            assert!(!error.to_string().contains(&whole[8..20]));
        }
    }
}
