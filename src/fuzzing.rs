//! Every parser of stored bytes, for the fuzzer and for the tests that run its corpus: each takes whatever it is given,
//! and asserts what must hold of what it accepts. Not part of a release.
//!
//! What is authenticated would end at its tag, whatever the fuzzer tries; so the keys are fixed, and what stands behind
//! the tag is tried too, sealed for the occasion.

use std::sync::{Arc, LazyLock};

use crate::{
    codec::compact,
    config::{Connection, Settings},
    crypto::{Kdf, KeyEncryptionKey, SALT_LEN, SessionKey, SessionName},
    error::Result,
    layout::{column, rows},
};

/// No secrets: everybody knows them.
const SECRET: &str = "an-example-secret-of-good-length";
/// Whose session it is.
pub const ACCOUNT: &str = "an account";
/// The session.
pub const SESSION_ID: [u8; 16] = [7; 16];
/// Its data key.
pub const DATA_KEY: [u8; 32] = [1; 32];
const SALT: [u8; SALT_LEN] = [3; SALT_LEN];
/// The least that a store may ask for.
const LOG_N: u8 = 14;

static SESSION_KEY: LazyLock<SessionKey> = LazyLock::new(|| SessionKey::new(&DATA_KEY));

/// A record as it is stored, of a session with known keys. Gives the length of its value.
pub fn sealed_record(sealed: &[u8]) -> Result<usize> {
    rows::fuzzing::record(&SESSION_KEY, ACCOUNT, sealed)
}

/// What is within a sealed record: form, id and value. Gives the length of the value.
pub fn record_plaintext(plaintext: &[u8]) -> Result<usize> {
    sealed_record(&rows::fuzzing::seal_plaintext(&SESSION_KEY, ACCOUNT, plaintext)?)
}

/// A session's wrapped key, as it is stored.
#[allow(clippy::missing_panics_doc)]
pub fn wrapped_key(wrapped: &[u8]) -> Result<()> {
    let (kek, name) = (key_encryption_key()?, session_name());
    let key = kek.unwrap(&name, wrapped)?;
    assert!(
        kek.unwrap(&name, &kek.wrap(&name, &key)?).is_ok(),
        "a key that was unwrapped can be wrapped again"
    );
    Ok(())
}

/// A value in the form that `form` says. Gives its length.
#[allow(clippy::missing_panics_doc)]
pub fn compact_value(form: u8, stored: &[u8]) -> Result<usize> {
    let content = |value: &[u8], is_text: bool| {
        let text = std::str::from_utf8(value).unwrap_or_default();
        let content = if is_text {
            compact::Content::Json(text)
        } else {
            compact::Content::Bytes(value)
        };
        let (form, packed) = compact::pack(content);
        compact::unpack(form, &packed)
    };
    let (len, again) = match compact::unpack(form, stored)? {
        compact::Unpacked::Json(text) => {
            let again = content(text.as_bytes(), true);
            (
                text.len(),
                matches!(again, Ok(compact::Unpacked::Json(same)) if same == text),
            )
        }
        compact::Unpacked::Bytes(bytes) => {
            let again = content(&bytes, false);
            (
                bytes.len(),
                matches!(again, Ok(compact::Unpacked::Bytes(same)) if same == bytes),
            )
        }
    };
    assert!(again, "a value that was unpacked comes back when it is packed again");
    Ok(len)
}

/// A session in the original form, as it is stored. Gives how many records it has.
pub fn original_blob(text: &str) -> Result<usize> {
    column::fuzzing::text(SECRET, text)
}

/// What is within a session in the original form: its JSON text.
pub fn original_plaintext(plaintext: &[u8]) -> Result<usize> {
    original_blob(&column::fuzzing::seal(SECRET, plaintext)?)
}

/// A connection string. Gives how many hosts it names.
pub fn connection_string(text: &str) -> Result<usize> {
    let connection = Connection::from_settings(&Settings::of(text))?;
    connection.target();
    Ok(connection.hosts.len())
}

/// Seals what the corpus and the malformed vectors begin with: a record's plaintext, of a session that has this data key.
pub fn seal_record(account: &str, data_key: [u8; 32], plaintext: &[u8]) -> Result<Vec<u8>> {
    rows::fuzzing::seal_plaintext(&SessionKey::new(&data_key), account, plaintext)
}

/// Likewise a session's key.
pub fn wrap_key(account: &str, session_id: &[u8; 16]) -> Result<Vec<u8>> {
    key_encryption_key()?.wrap(&SessionName { account, session_id }, &SESSION_KEY)
}

/// Likewise a text in the original form.
pub fn seal_text(plaintext: &[u8]) -> Result<String> {
    column::fuzzing::seal(SECRET, plaintext)
}

/// Likewise a value: its form, and how it is stored.
pub fn pack_json(text: &str) -> (u8, Vec<u8>) {
    let (form, packed) = compact::pack(compact::Content::Json(text));
    (form, packed.to_vec())
}

/// The store that the vectors are of, as JSON.
pub fn describe() -> Result<String> {
    let hex = const_hex::encode::<&[u8]>;
    Ok(format!(
        r#"{{"secret":"{SECRET}","accountId":"{ACCOUNT}","sessionId":"{}","salt":"{}","logN":{LOG_N},"keyId":"{}","recordHash":"{}"}}"#,
        hex(&SESSION_ID),
        hex(&SALT),
        hex(key_encryption_key()?.id()),
        hex(&rows::fuzzing::record_hash(&SESSION_KEY)),
    ))
}

fn session_name() -> SessionName<'static> {
    SessionName {
        account: ACCOUNT,
        session_id: &SESSION_ID,
    }
}

fn key_encryption_key() -> Result<Arc<KeyEncryptionKey>> {
    KeyEncryptionKey::derive(
        SECRET,
        &Kdf {
            salt: SALT,
            log_n: LOG_N,
            block_size: 8,
            parallelism: 1,
        },
    )
}

#[cfg(test)]
mod tests;
