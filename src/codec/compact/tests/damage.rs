//! Damaged and forged records: an error or some value, never a panic, and never more memory than the bound.

use proptest::prelude::*;

use super::{round_trip::jsonlike, *};

const FORMS: [Form; 4] = [Form::Json, Form::Bytes, Form::PackedJson1, Form::PackedBytes1];

fn survives(form: u8, stored: &[u8]) {
    if let Ok(value) = unpacked(form, stored) {
        assert!(value.as_bytes().len() <= MAX_TEXT.max(stored.len()));
    }
}

#[test]
fn every_truncation_and_every_flipped_bit_of_records_is_survived() {
    let mut values: Vec<_> = records::samples()
        .into_iter()
        .map(|(_, value)| value)
        .filter(|value| value.as_bytes().len() < 1_500)
        .collect();
    values.push(records::own_sender_key(3));
    for value in values.iter().step_by(4) {
        let (form, stored) = value.pack();
        for len in 0..stored.len() {
            survives(form, &stored[..len]);
            if form >= Form::PackedJson1 as u8 {
                assert_ne!(
                    unpacked(form, &stored[..len]).ok().as_ref(),
                    Some(value),
                    "cut to {len} bytes"
                );
            }
        }
        for bit in 0..stored.len() * 8 {
            let mut flipped = stored.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            survives(form, &flipped);
        }
    }
}

#[test]
fn an_unknown_form_is_an_error_that_says_so() {
    for form in FORMS.len() as u8..=u8::MAX {
        let error = unpack(form, b"{}").err().unwrap();
        assert_eq!(error.code(), Code::Unreadable);
        assert!(error.to_string().contains("newer version"));
    }
}

#[test]
fn malformed_records_are_unreadable() {
    let max = u8::MAX;
    for stored in [
        &[][..],
        // A skeleton that no dictionary holds.
        &[max],
        // A pre-key pair of one byte too few, and of one too many.
        &[&[1][..], &[7; 63]].concat(),
        &[&[1][..], &[7; 65]].concat(),
        // A spelt-out skeleton without a length; with a frame past the end; with a frame that is none.
        &[0],
        &[0, 10, 10, 1],
        &[0, 10, 2, 1, 2],
        // A length of more than 64 bits.
        &[0, max, max, max, max, max, max, max, max, max, max, max, 1, 0],
    ] {
        for form in [Form::PackedJson1, Form::PackedBytes1] {
            let error = unpack(form as u8, stored).err().unwrap();
            assert_eq!(error.code(), Code::Unreadable, "{stored:?}");
        }
    }
}

#[test]
fn text_that_is_not_utf8_is_unreadable() {
    assert!(unpack(Form::Json as u8, &[b'"', 0xff, b'"']).is_err());
    let (form, stored) =
        Held::Bytes(b"[\"\xff\",\"abcdefghijklmnopqrstuvwxyz abcdefghijklmnopqrstuvwxyz\"]".to_vec()).pack();
    assert_eq!(form, Form::PackedBytes1 as u8);
    assert!(unpack(Form::PackedBytes1 as u8, &stored).is_ok());
    assert!(unpack(Form::PackedJson1 as u8, &stored).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 500 } else { 50_000 }))]

    #[test]
    fn garbage_is_survived(form in 0..4_u8, first in prop_oneof![Just(0_u8), 0..40_u8, any::<u8>()], rest: Vec<u8>) {
        survives(form, &[&[first], &rest[..]].concat());
    }

    #[test]
    fn damaged_records_are_survived(text in jsonlike(), at: prop::sample::Index, byte: u8, cut: prop::sample::Index) {
        let (form, stored) = json(text).pack();
        if !stored.is_empty() {
            let mut damaged = stored.to_vec();
            damaged[at.index(stored.len())] = byte;
            survives(form, &damaged);
            survives(form, &stored[..cut.index(stored.len())]);
        }
    }

    #[test]
    fn any_parts_are_joined_or_refused(skeleton in prop::collection::vec(prop_oneof![0..6_u8, any::<u8>()], 0..40), numbers: Vec<u8>, bytes: Vec<u8>) {
        if let Some(text) = join::join(&skeleton, &numbers, &bytes) {
            prop_assert_eq!(text.len(), text.capacity());
        }
    }
}
