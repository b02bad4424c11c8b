//! Sealed records of a session with a known key; see `crate::fuzzing`.

use super::record::{self, Opened};
use crate::{
    codec::record::RecordKey,
    crypto::{RecordHash, RecordName, SessionKey},
    error::Result,
};

const KIND: &str = "session";
const ID: &str = "1.0";

pub(crate) fn record_hash(session: &SessionKey) -> RecordHash {
    record::hash(session, &RecordKey::new(KIND, ID))
}

/// Opens a stored record in every way in which one is opened; gives the length of its value.
pub(crate) fn record(session: &SessionKey, account: &str, sealed: &[u8]) -> Result<usize> {
    let (hash, key) = (record_hash(session), RecordKey::new(KIND, ID));
    let name = RecordName {
        account,
        kind: KIND,
        hash: &hash,
    };
    // As a list reads it.
    Opened::open(session, &name, sealed)?.id();
    let value = record::open(session, account, &key, sealed)?;
    let again = record::seal(session, account, &key, &value)?;
    assert!(
        record::open(session, account, &key, &again.value).is_ok_and(|same| same == value),
        "a record that was opened can be sealed again"
    );
    Ok(value.len())
}

/// Seals any plaintext as that record.
pub(crate) fn seal_plaintext(session: &SessionKey, account: &str, plaintext: &[u8]) -> Result<Vec<u8>> {
    let hash = record_hash(session);
    let name = RecordName {
        account,
        kind: KIND,
        hash: &hash,
    };
    session.seal(&name, plaintext)
}
