//! Byte arrays in JSON text, in the form of Baileys' `BufferJSON`: `{"type":"Buffer","data":"<base64>"}`.

use std::ops::Range;

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use memchr::memmem;
use zeroize::Zeroizing;

const HEAD: &str = "{\"type\":\"Buffer\",\"data\":\"";
const TAIL: &str = "\"}";

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A byte array as JSON text.
pub(super) fn from_bytes(bytes: &[u8]) -> String {
    // The capacity is exact, so that no half-written copy is left behind unwiped by a growing string.
    let mut text = String::with_capacity(HEAD.len() + bytes.len().div_ceil(3) * 4 + TAIL.len());
    text.push_str(HEAD);
    STANDARD.encode_string(bytes, &mut text);
    text.push_str(TAIL);
    text
}

/// The bytes, if a JSON text is one byte array in exactly the form that [`from_bytes`] writes.
///
/// Other spellings (white space, another order, base64 without padding) are left to JavaScript's reader.
pub(super) fn to_bytes(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text.strip_prefix(HEAD)?.strip_suffix(TAIL)?).ok()
}

/// Decodes base64 as `Buffer.from(text, 'base64')` does: either alphabet, padding or none, other characters skipped,
/// nothing after the first `=`.
pub(crate) fn decode_base64(text: &str) -> Vec<u8> {
    let digits = text
        .bytes()
        .take_while(|byte| *byte != b'=')
        .filter_map(|byte| match byte {
            b'-' => Some(b'+'),
            b'_' => Some(b'/'),
            b'+' | b'/' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => Some(byte),
            _ => None,
        });
    let mut digits = Zeroizing::new(digits.collect::<Vec<u8>>());
    // A single digit left over carries no whole byte.
    if digits.len() % 4 == 1 {
        digits.pop();
    }
    LENIENT.decode(&*digits).unwrap_or_default()
}

/// Whether reading a JSON text as `BufferJSON` could give another value than plain JSON: it may hold a byte array, as
/// `{"type":"Buffer",…}` or as Baileys' older object of numbers, `{"0":1,"1":2}`.
///
/// May say yes where the answer is no, never the reverse: then plain `JSON.parse` is exact, and four times as fast.
pub(crate) fn may_hold_bytes(text: &str) -> bool {
    let bytes = text.as_bytes();
    // A name could be spelt with escapes; nobody's writer does that to ASCII, so such a text takes the careful way.
    memmem::find(bytes, b"Buffer").is_some()
        || memmem::find(bytes, b"\\u00").is_some()
        || memchr::memchr_iter(b'{', bytes).any(|at| opens_object_of_numbers(&bytes[at + 1..]))
}

/// Whether what follows a `{` is a name that JavaScript's `parseInt` takes for a number, with a number as its value.
fn opens_object_of_numbers(rest: &[u8]) -> bool {
    let Some(name) = quoted(rest) else { return false };
    let Some(first) = rest[name.clone()].iter().find(|byte| !is_blank(**byte)) else {
        return false;
    };
    // A name may also begin with JavaScript's white space outside of ASCII, or an escaped control character.
    if !(first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'\\') || !first.is_ascii()) {
        return false;
    }
    rest[name.end + 1..]
        .iter()
        .find(|byte| !is_blank(**byte) && **byte != b':')
        .is_none_or(|byte| byte.is_ascii_digit() || *byte == b'-')
}

/// The inside of the string that the text begins with, white space skipped.
fn quoted(rest: &[u8]) -> Option<Range<usize>> {
    let open = rest.iter().position(|byte| !is_blank(*byte))?;
    if rest[open] != b'"' {
        return None;
    }
    let start = open + 1;
    let mut end = start;
    loop {
        end += memchr::memchr2(b'"', b'\\', rest.get(end..)?)?;
        if rest[end] == b'"' {
            return Some(start..end);
        }
        end += 2;
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bytes_have_the_form_that_baileys_writes() {
        assert_eq!(from_bytes(&[1, 2, 255]), r#"{"type":"Buffer","data":"AQL/"}"#);
        assert_eq!(from_bytes(&[]), r#"{"type":"Buffer","data":""}"#);
        assert_eq!(to_bytes(r#"{"type":"Buffer","data":"AQL/"}"#), Some(vec![1, 2, 255]));
    }

    #[test]
    fn other_spellings_are_left_to_javascript() {
        for text in [
            r#"{"type":"Buffer","data":"AQL"}"#,
            r#"{"type":"Buffer","data":"AQ-_"}"#,
            r#"{"data":"AQL/","type":"Buffer"}"#,
            r#"{"type":"Buffer","data":"AQL/","x":1}"#,
            r#"{"type":"Buffer","data":[1,2]}"#,
            r#"{"a":{"type":"Buffer","data":"AQL/"}}"#,
        ] {
            assert_eq!(to_bytes(text), None, "{text}");
        }
    }

    #[test]
    fn base64_is_read_as_leniently_as_node_reads_it() {
        for (text, bytes) in [
            ("AQL/", vec![1, 2, 255]),
            ("AQL_", vec![1, 2, 255]),
            ("AQ==", vec![1]),
            ("AQ", vec![1]),
            ("AR", vec![1]),
            ("A", vec![]),
            (" A Q\nL*/ ", vec![1, 2, 255]),
            ("AQ==AQ==", vec![1]),
            ("", vec![]),
        ] {
            assert_eq!(decode_base64(text), bytes, "{text:?}");
        }
    }

    #[test]
    fn a_session_record_is_plain_json() {
        let session = r#"{"_sessions":{"BQ==/x":{"registrationId":1,"currentRatchet":{"rootKey":"aa"},"indexInfo":
            {"created":1700000000000,"closed":-1},"_chains":{"BXY=":{"chainKey":{"counter":-1},"chainType":2,
            "messageKeys":{"0":"b64","7":"b64"}}}}},"version":"v1"}"#;
        assert!(!may_hold_bytes(session));
        assert!(!may_hold_bytes(r#"{"5511911111111:3@s.whatsapp.net":true}"#));
        assert!(!may_hold_bytes(r#"["0","3"]"#));
        assert!(!may_hold_bytes("{}"));
    }

    #[test]
    fn whatever_could_be_a_byte_array_is_read_with_care() {
        for text in [
            r#"{"type":"Buffer","data":"AQL/"}"#,
            r#"{"type":"\u0042uffer","data":"AQL/"}"#,
            r#"{"0":1,"1":2}"#,
            r#"{ "0" : 1}"#,
            r#"{"a":[{"5511@s":1}]}"#,
            r#"{"-1":-1}"#,
            "{\"\u{a0}1\":1}",
            r#"{"\t1":1}"#,
            r#"{"1\"":1}"#,
        ] {
            assert!(may_hold_bytes(text), "{text}");
        }
    }

    #[test]
    fn cut_texts_do_not_panic() {
        for text in ["{", "{\"", "{\"0", "{\"0\\", "{\"0\\\"", "{\"0\"", "{\"0\":", "{ "] {
            may_hold_bytes(text);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(bytes: Vec<u8>) {
            prop_assert_eq!(to_bytes(&from_bytes(&bytes)), Some(bytes));
        }

        #[test]
        fn any_text_is_looked_at_without_panic(text: String) {
            may_hold_bytes(&text);
        }
    }
}
