//! Every value comes back as it was, of whatever kind or spelling.

use base64::{Engine, engine::general_purpose::STANDARD};
use proptest::{collection::vec, prelude::*, sample::select};

use super::*;

/// Text as JSON might hold it, with each of the spellings that must not be taken for the usual one.
fn piece() -> impl Strategy<Value = String> {
    let base64 = || vec(any::<u8>(), 0..50).prop_map(|bytes| STANDARD.encode(bytes));
    prop_oneof![
        4 => base64().prop_map(|text| format!("\"{text}\"")),
        // Keys come in a few lengths, and come twice.
        4 => (any::<u8>(), select(vec![32, 33, 64, 65])).prop_map(|(byte, len)| format!("\"{}\"", STANDARD.encode(vec![byte; len]))),
        1 => base64().prop_map(|text| format!("\"{}\"", text.trim_end_matches('='))),
        1 => base64().prop_map(|text| format!("\"{text}=\"")),
        1 => base64().prop_map(|text| format!("\"{}\"", text.replace('+', "-").replace('/', "_"))),
        // Stray bits behind the last byte.
        1 => "\"[A-Za-z0-9+/]{14,46}={0,3}\"",
        1 => base64().prop_map(|text| format!("\"{}\"", text.replacen('A', r"\u0041", 1))),
        1 => base64().prop_map(|text| format!("\"{text}")),
        3 => vec(any::<u8>(), 0..40).prop_map(|bytes| format!("{bytes:?}").replace(' ', "")),
        1 => vec(any::<u8>(), 0..12).prop_map(|bytes| format!("{bytes:?}")),
        1 => vec(0_u16..300, 7..12).prop_map(|numbers| format!("{numbers:?}").replace(' ', "")),
        1 => vec(select(vec!["0", "00", "01", "-1", "256", "1.5", "1e3", "7", "255", ""]), 7..12).prop_map(|numbers| format!("[{}]", numbers.join(","))),
        1 => "\\[{0,3}([0-9]{1,3},){8,10}[0-9]{0,3}\\]?",
        3 => any::<i64>().prop_map(|number| number.to_string()),
        3 => (-200_i16..200).prop_map(|number| number.to_string()),
        1 => "-{0,2}[0-9]{0,22}",
        1 => "[a-z]{0,2}[0-9]{1,3}(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,2})?",
        2 => r#"\{?"[a-zA-Z]{1,24}":"#,
        1 => select(vec![r#""\ud800""#, r#"\""#, "\"", "\\", "{", "}", "[", "]", ",", ":", "\n", " ", "true", "null"]).prop_map(str::to_owned),
        1 => ".{0,8}",
        1 => r#"\{"type":"Buffer","data":""#,
    ]
}

/// Something like a JSON text, with none of its rules.
pub(super) fn jsonlike() -> impl Strategy<Value = String> {
    (select(vec!["{", "[", "\"", ""]), vec(piece(), 0..24))
        .prop_map(|(start, pieces)| start.to_owned() + &pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 500 } else { 20_000 }))]

    #[test]
    fn any_text_comes_back(text: String) {
        check(&json(text));
    }

    #[test]
    fn any_text_with_control_characters_comes_back(text in "[{\\[\"][\u{0}-\u{8}0-9a\",\\[\\]]{0,64}") {
        check(&json(text));
    }

    #[test]
    fn any_bytes_come_back(start in "[\\[{]?", bytes: Vec<u8>) {
        check(&Held::Bytes([start.into_bytes(), bytes].concat()));
    }

    #[test]
    fn whatever_looks_like_json_comes_back(text in jsonlike()) {
        check(&json(text.clone()));
        check(&Held::Bytes(text.into_bytes()));
    }

    #[test]
    fn parts_join_to_the_text(text in jsonlike()) {
        if let Some(parts) = skeleton::split(text.as_bytes()) {
            let joined = join::join(&parts.skeleton, &parts.numbers, &parts.bytes).unwrap();
            prop_assert_eq!(std::str::from_utf8(&joined).unwrap(), &text);
            prop_assert!(!parts.skeleton.contains(&0));
            for buffer in [&parts.skeleton, &parts.numbers, &parts.bytes] {
                prop_assert_eq!(buffer.capacity(), text.len(), "a buffer grew");
            }
        }
    }

    #[test]
    fn a_string_with_stray_bits_is_not_taken_for_the_bytes(bytes in vec(any::<u8>(), 10..40), stray in 1_u8..16) {
        let text = STANDARD.encode(&bytes);
        if let Some(at) = text.find('=') {
            let mut spelling = text.into_bytes();
            let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
            let digit = alphabet.iter().position(|digit| *digit == spelling[at - 1]).unwrap();
            spelling[at - 1] = alphabet[digit ^ usize::from(stray & 3).max(1)];
            check(&json(format!("{{\"k\":\"{}\"}}", String::from_utf8(spelling).unwrap())));
        }
    }
}

#[test]
fn numbers_at_the_ends_of_their_range_come_back() {
    for number in [
        "0",
        "-0",
        "00",
        "-1",
        "-01",
        "999999999999999999",
        "-999999999999999999",
        "1000000000000000000",
        "9223372036854775807",
        "-9223372036854775808",
        "18446744073709551616",
        "1.0",
        "-",
        "--1",
        "1-1",
        "1e-7",
    ] {
        check(&json(format!("[{number},{number},{number},{number}]")));
    }
}

#[test]
fn values_too_small_or_random_are_left_alone() {
    let random = records::Random(3).bytes(128);
    for (value, form) in [
        (json("\"\""), Form::Json),
        (json("[]"), Form::Json),
        (json(""), Form::Json),
        (json("{\"a\":true}"), Form::Json),
        (Held::Bytes(vec![]), Form::Bytes),
        (Held::Bytes(b"[]".to_vec()), Form::Bytes),
        (Held::Bytes(random.clone()), Form::Bytes),
        (Held::Bytes([b"[", &random[..]].concat()), Form::Bytes),
    ] {
        check(&value);
        assert_eq!(value.pack().0, form as u8, "{value:?}");
    }
}

#[test]
fn a_text_too_long_to_be_packed_is_stored_as_it_is() {
    let longest = json(format!("[{}]", "1".repeat(MAX_TEXT - 2)));
    assert_eq!(longest.pack().0, Form::PackedJson1 as u8);
    assert!(check(&longest) < 10_000);
    let longer = json(format!("[{}]", "1".repeat(MAX_TEXT - 1)));
    let (form, stored) = longer.pack();
    assert_eq!(form, Form::Json as u8);
    assert!(*stored == longer.as_bytes());
}

#[test]
fn a_text_whose_pieces_are_as_many_as_its_digits_comes_back() {
    check(&json(format!("[{}3]", "3,".repeat((MAX_TEXT >> 4) - 2))));
    check(&json("{\"".to_owned() + &"-1".repeat(100_000)));
}
