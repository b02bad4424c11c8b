//! Guards an account's identity: credentials of another one never replace it.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    codec::{self, record::Text},
    error::{Code, Error, Result},
};

/// The part of the credentials that says who the account is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Creds<'a> {
    #[serde(borrow)]
    signed_identity_key: KeyPair<'a>,
}

#[derive(Deserialize)]
struct KeyPair<'a> {
    #[serde(borrow)]
    public: &'a RawValue,
}

/// A byte array in one of the forms that are found stored.
#[derive(Deserialize)]
#[serde(untagged)]
enum Bytes {
    Base64 { data: String },
    Numbers { data: Vec<u8> },
    Indexed(HashMap<String, u8>),
}

/// Refuses credentials whose identity key is another one than that of the current credentials.
pub(super) fn require_same(current: Option<&Text>, new: &Text) -> Result<()> {
    let Some(current) = current.and_then(|creds| identity(creds.as_str())) else {
        return Ok(());
    };
    if identity(new.as_str()).as_ref() == Some(&current) {
        return Ok(());
    }
    Err(Error::new(
        Code::IdentityChanged,
        "the credentials belong to another identity than the stored ones, which are kept; \
         clear the session first if the account is to be paired anew",
    ))
}

/// The public identity key, if the credentials hold one.
fn identity(creds: &str) -> Option<Vec<u8>> {
    let public = serde_json::from_str::<Creds<'_>>(creds)
        .ok()?
        .signed_identity_key
        .public;
    match serde_json::from_str(public.get()).ok()? {
        Bytes::Base64 { data } => Some(codec::decode_base64(&data)),
        Bytes::Numbers { data } => Some(data),
        Bytes::Indexed(bytes) => in_order(&bytes),
    }
}

/// Bytes by their index, in order; `None` if one is missing.
fn in_order(bytes: &HashMap<String, u8>) -> Option<Vec<u8>> {
    (0..bytes.len())
        .map(|index| bytes.get(&index.to_string()).copied())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn creds(public: &str) -> Text {
        Text::new(format!(
            r#"{{"noiseKey":"\ud800","signedIdentityKey":{{"private":{{"type":"Buffer","data":"AA=="}},"public":{public}}},"n":1}}"#
        ))
    }

    #[test]
    fn the_same_key_is_known_in_every_form() {
        let forms = [
            r#"{"type":"Buffer","data":"AQID"}"#,
            r#"{"type":"Buffer","data":[1,2,3]}"#,
            r#"{"0":1,"1":2,"2":3}"#,
        ];
        for current in forms {
            for new in forms {
                assert!(
                    require_same(Some(&creds(current)), &creds(new)).is_ok(),
                    "{current} {new}"
                );
            }
        }
    }

    #[test]
    fn another_key_and_no_key_are_refused() {
        let current = creds(r#"{"type":"Buffer","data":"AQID"}"#);
        for new in [
            creds(r#"{"type":"Buffer","data":"AQIE"}"#),
            Text::new("{}".into()),
            creds("null"),
        ] {
            let error = require_same(Some(&current), &new).unwrap_err();
            assert_eq!(error.code(), Code::IdentityChanged);
        }
    }

    #[test]
    fn where_there_was_none_any_identity_may_come() {
        let new = creds(r#"{"type":"Buffer","data":"AQID"}"#);
        assert!(require_same(None, &new).is_ok());
        assert!(require_same(Some(&Text::new(r#"{"me":1}"#.into())), &new).is_ok());
    }
}
