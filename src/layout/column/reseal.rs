//! Seals a text anew under another key, so that its owner does not notice.
//!
//! An owner knows its text by the first 40 characters, which hold the nonce, and may be any process: its next write would be
//! refused if these changed. Yet the nonce has to: under the new key one that somebody else has chosen, who knows the old
//! secret and can write to the table, could be one that is in use. So the new nonce stands at the end, as a second member of
//! the same name, which is the one that counts, for `JSON.parse` and so for the original service too; the first stays as
//! the mark. The owner's next write, or the next open, puts the usual form in its place.

use zeroize::Zeroizing;

use super::{pglz, table};
use crate::{
    crypto::{Envelope, SealingKey},
    error::Result,
};

/// The place of the key that seals among a store's keys.
pub(super) const CURRENT: usize = 0;

/// What a stored text is sealed under.
pub(super) enum Sealing {
    /// The current key.
    Current,
    /// An earlier key, at this place; and the same text under the current one.
    Earlier(usize, String),
}

/// Finds the key that opens a text, and seals it under the first one.
pub(super) fn reseal(keys: &[impl AsRef<SealingKey>], text: &str) -> Result<Sealing> {
    let envelope = Envelope::from_text(text)?;
    let refused = match envelope.open(keys[CURRENT].as_ref()) {
        Ok(_) => return Ok(Sealing::Current),
        Err(refused) => refused,
    };
    for (place, key) in keys.iter().enumerate().skip(CURRENT + 1) {
        if let Ok(plaintext) = envelope.open(key.as_ref()) {
            return Ok(Sealing::Earlier(place, anew(keys[CURRENT].as_ref(), plaintext, text)?));
        }
    }
    Err(refused)
}

/// The plaintext under another key, in a text that begins as this one does, if this one is of the usual form. One that is not
/// has no owner that would know it by its mark: opening puts the usual form in its place.
fn anew(key: &SealingKey, plaintext: Zeroizing<Vec<u8>>, text: &str) -> Result<String> {
    let envelope = pglz::seal(key, plaintext.to_vec())?;
    let (iv, tag, encrypted) = envelope.to_hex();
    let json = text.trim_start();
    let space = &text[..text.len() - json.len()];
    let mark = json.strip_prefix("{\"iv\":\"").and_then(|rest| rest.split('"').next());
    let resealed =
        mark.map(|mark| format!(r#"{space}{{"iv":"{mark}","authTag":"{tag}","encrypted":"{encrypted}","iv":"{iv}"}}"#));
    Ok(resealed
        .filter(|resealed| table::mark(resealed) == table::mark(text))
        .unwrap_or_else(|| envelope.to_text()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::crypto::derive_key;

    const PLAINTEXT: &[u8] = br#"{"creds":{"a":1},"keys":{}}"#;

    fn keys() -> [Arc<SealingKey>; 3] {
        [
            derive_key("the-new-secret-of-good-length"),
            derive_key("the-old-secret-of-good-length"),
            derive_key("an-older-secret-of-good-length"),
        ]
    }

    fn sealed(key: &SealingKey) -> String {
        Envelope::seal(key, PLAINTEXT.to_vec()).unwrap().to_text()
    }

    fn resealed(keys: &[Arc<SealingKey>], text: &str) -> (usize, String) {
        match reseal(keys, text).unwrap() {
            Sealing::Earlier(place, text) => (place, text),
            Sealing::Current => panic!("it is sealed under the current key"),
        }
    }

    #[test]
    fn it_opens_with_the_new_key_alone_and_keeps_its_mark() {
        let keys = keys();
        for place in [1, 2] {
            for space in ["", " ", "\t \t"] {
                let text = format!("{space}{}", sealed(&keys[place]));
                let (from, anew) = resealed(&keys, &text);
                assert_eq!(from, place);
                assert_eq!(table::mark(&anew), table::mark(&text));
                let envelope = Envelope::from_text(&anew).unwrap();
                assert_eq!(envelope.open(&keys[0]).unwrap().as_slice(), PLAINTEXT);
                assert!(envelope.open(&keys[place]).is_err());
                assert!(matches!(reseal(&keys, &anew).unwrap(), Sealing::Current));
            }
        }
    }

    #[test]
    fn its_nonce_is_fresh_so_that_nobody_can_choose_it() {
        let keys = keys();
        let text = sealed(&keys[1]);
        let nonce = |text: &str| Envelope::from_text(text).unwrap().iv;
        let (first, second) = (resealed(&keys, &text).1, resealed(&keys, &text).1);
        assert_ne!(nonce(&first), nonce(&text));
        assert_ne!(nonce(&first), nonce(&second));
    }

    #[test]
    fn it_can_be_sealed_anew_again_and_again() {
        let keys = keys();
        let text = sealed(&keys[1]);
        let (_, first) = resealed(&keys, &text);
        let back = [keys[1].clone(), keys[0].clone()];
        let (_, second) = resealed(&back, &first);
        assert_eq!(table::mark(&second), table::mark(&text));
        assert_eq!(second.matches("\"iv\"").count(), 2);
        let opened = Envelope::from_text(&second).unwrap().open(&keys[1]).unwrap();
        assert_eq!(opened.as_slice(), PLAINTEXT);
    }

    #[test]
    fn a_text_of_another_form_gets_the_usual_one() {
        let keys = keys();
        let (iv, tag, encrypted) = Envelope::from_text(&sealed(&keys[1])).unwrap().to_hex();
        for text in [
            format!(r#"{{"authTag":"{tag}","iv":"{iv}","encrypted":"{encrypted}"}}"#),
            format!(r#"{{"iv":"{iv}", "authTag":"{tag}","encrypted":"{encrypted}"}}"#),
            format!(r#"{{ "iv":"{iv}","authTag":"{tag}","encrypted":"{encrypted}"}}"#),
        ] {
            let (_, anew) = resealed(&keys, &text);
            assert_eq!(anew.matches("\"iv\"").count(), 1);
            let opened = Envelope::from_text(&anew).unwrap().open(&keys[0]).unwrap();
            assert_eq!(opened.as_slice(), PLAINTEXT);
        }
    }

    #[test]
    fn what_no_key_opens_is_refused() {
        let keys = keys();
        let text = sealed(&derive_key("a-secret-that-nobody-has-here"));
        assert!(reseal(&keys, &text).is_err());
        assert!(reseal(&keys, "{}").is_err());
    }
}
