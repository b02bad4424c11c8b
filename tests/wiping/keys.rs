//! The keys of a session in rows, derived anew from what is stored: nobody hands them out.

use aes_gcm::{AeadInOut, Aes256Gcm, KeyInit, Nonce, Tag};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{
    memory::{Needle, Place},
    support::{Database, SECRET},
};

/// The data key of the only session, and the two keys that come of it.
pub(crate) async fn of_session(database: &Database) -> Vec<Needle> {
    let schema = format!("{}_rows", database.schema);
    let row = database
        .client
        .query_one(
            &format!(
                "SELECT kdf_salt, kdf_log_n, kdf_block_size, kdf_parallelism, key_id, session_id, account_id, wrapped_key \
                 FROM {schema}.store, {schema}.session"
            ),
            &[],
        )
        .await
        .expect("one session");
    let (salt, log_n): (&[u8], i16) = (row.get(0), row.get(1));
    let (block_size, parallelism): (i32, i32) = (row.get(2), row.get(3));
    let params = scrypt::Params::new(log_n as u8, block_size as u32, parallelism as u32).unwrap();
    let mut stretched = Zeroizing::new([0_u8; 32]);
    scrypt::scrypt(SECRET.as_bytes(), salt, &params, stretched.as_mut_slice()).unwrap();
    let kek = expand(stretched.as_slice(), b"baileys-postgres-auth key-encryption key");

    let (key_id, session_id, account): (&[u8], uuid::Uuid, &str) = (row.get(4), row.get(5), row.get(6));
    let wrapped: &[u8] = row.get(7);
    let associated = [&[1][..], key_id, session_id.as_bytes(), account.as_bytes()].concat();
    let mut data = Zeroizing::new(<[u8; 32]>::try_from(&wrapped[13..45]).unwrap());
    let (nonce, tag): ([u8; 12], [u8; 16]) = (wrapped[1..13].try_into().unwrap(), wrapped[45..].try_into().unwrap());
    Aes256Gcm::new((&*kek).into())
        .decrypt_inout_detached(
            &Nonce::from(nonce),
            &associated,
            data.as_mut_slice().into(),
            &Tag::from(tag),
        )
        .expect("the session's key");
    let sealing = expand(data.as_slice(), b"baileys-postgres-auth record sealing");
    let index = expand(data.as_slice(), b"baileys-postgres-auth record index");
    vec![
        Needle::new("the data key", Place::Anywhere, data.as_slice()),
        Needle::new("the sealing key", Place::Anywhere, sealing.as_slice()),
        Needle::new("the index key", Place::Anywhere, index.as_slice()),
    ]
}

fn expand(key: &[u8], info: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut expanded = Zeroizing::new([0_u8; 32]);
    Hkdf::<Sha256>::new(None, key)
        .expand(info, expanded.as_mut_slice())
        .unwrap();
    expanded
}
