//! Guards an account's identity: credentials of another one never replace it.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    codec::{self, record::Value},
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

/// A public identity key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Identity(Box<[u8]>);

impl Identity {
    /// The identity that credentials hold, if they hold one.
    pub(crate) fn of(creds: &Value) -> Option<Self> {
        let creds = creds.to_text();
        let public = serde_json::from_str::<Creds<'_>>(creds.as_str())
            .ok()?
            .signed_identity_key
            .public;
        let bytes = match serde_json::from_str(public.get()).ok()? {
            Bytes::Base64 { data } => codec::decode_base64(&data),
            Bytes::Numbers { data } => data,
            Bytes::Indexed(bytes) => in_order(&bytes)?,
        };
        Some(Self(bytes.into()))
    }
}

/// Refuses credentials of another identity than the current one, if there is one.
pub(super) fn require_same(current: Option<&Identity>, new: &Value) -> Result<()> {
    if current.is_none() || Identity::of(new).as_ref() == current {
        return Ok(());
    }
    Err(Error::new(
        Code::IdentityChanged,
        "the credentials belong to another identity than the stored ones, which are kept; \
         clear the session first if the account is to be paired anew",
    ))
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
    use crate::codec::record::Text;

    fn json(text: &str) -> Value {
        Value::from_text(Text::new(text.into()))
    }

    fn creds(public: &str) -> Value {
        json(&format!(
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
                    require_same(Identity::of(&creds(current)).as_ref(), &creds(new)).is_ok(),
                    "{current} {new}"
                );
            }
        }
    }

    #[test]
    fn another_key_and_no_key_are_refused() {
        let current = Identity::of(&creds(r#"{"type":"Buffer","data":"AQID"}"#));
        for new in [creds(r#"{"type":"Buffer","data":"AQIE"}"#), json("{}"), creds("null")] {
            let error = require_same(current.as_ref(), &new).unwrap_err();
            assert_eq!(error.code(), Code::IdentityChanged);
        }
    }

    #[test]
    fn where_there_was_none_any_identity_may_come() {
        let new = creds(r#"{"type":"Buffer","data":"AQID"}"#);
        assert!(require_same(None, &new).is_ok());
        assert!(require_same(Identity::of(&json(r#"{"me":1}"#)).as_ref(), &new).is_ok());
    }
}
