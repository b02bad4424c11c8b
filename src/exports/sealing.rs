//! The original service's `encryptData` and `decryptData`.

use napi::bindgen_prelude::Either;
use napi_derive::napi;

use crate::{
    crypto::{self, Envelope},
    error::{Code, Error, Result},
    outcome::Failure,
};

/// A sealed text in hex.
#[napi(object)]
#[allow(missing_docs)]
pub struct NativeSealed {
    pub iv: String,
    pub auth_tag: String,
    pub encrypted: String,
}

/// Seals a text.
#[napi(catch_unwind)]
pub fn seal_text(data: String, secret: String) -> Either<NativeSealed, Failure> {
    let seal = || -> Result<NativeSealed> {
        crypto::require_length(&secret)?;
        let envelope = Envelope::seal(&crypto::derive_key(&secret), data.into_bytes())?;
        let (iv, auth_tag, encrypted) = envelope.to_hex();
        Ok(NativeSealed {
            iv,
            auth_tag,
            encrypted,
        })
    };
    match seal() {
        Ok(sealed) => Either::A(sealed),
        Err(error) => Either::B(Failure::from(&error)),
    }
}

/// Opens a sealed text.
#[napi(catch_unwind)]
pub fn open_text(sealed: NativeSealed, secret: String) -> Either<String, Failure> {
    let open = || -> Result<String> {
        let envelope = Envelope::from_hex(&sealed.iv, &sealed.auth_tag, &sealed.encrypted)?;
        let plaintext = envelope.open(&crypto::derive_key(&secret))?;
        let text = std::str::from_utf8(&plaintext);
        Ok(text
            .map_err(|_| Error::new(Code::Unreadable, "what was sealed is not text"))?
            .to_owned())
    };
    match open() {
        Ok(text) => Either::A(text),
        Err(error) => Either::B(Failure::from(&error)),
    }
}
