//! What the committed dictionary holds, and what a forged skeleton is kept from.

use std::collections::BTreeSet;

use super::{
    super::{
        dictionary::{END, MAX_PLAIN},
        skeleton::{ARRAY, BASE64, NUMBER, REPEAT},
    },
    *,
};

const CONTENT: &[u8] = include_bytes!("../dictionary-1.bin");

/// The words of a skeleton, its markers and their lengths left out.
fn words(skeleton: &[u8]) -> Vec<String> {
    let mut literals = String::new();
    let mut rest = skeleton;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            NUMBER => literals.push(' '),
            BASE64 | ARRAY | REPEAT => {
                varint::take(&mut rest).unwrap();
                literals.push(' ');
            }
            _ => literals.push(char::from(byte)),
        }
    }
    assert!(literals.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{literals}");
    literals
        .split(|letter: char| !(letter.is_ascii_alphanumeric() || "+/=_".contains(letter)))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn it_holds_names_only() {
    for skeleton in CONTENT.split(|byte| *byte == END) {
        for word in words(skeleton) {
            // No number, nothing of base64's kind, nothing of its length: 16 digits are 12 bytes of a key.
            assert!(
                word == "v1" || !word.contains(|letter: char| letter.is_ascii_digit() || "+/=".contains(letter)),
                "{word}"
            );
            assert!(word.len() <= "ephemeralSettingTimestamp".len(), "{word}");
        }
    }
}

#[test]
fn it_holds_nothing_of_any_key() {
    for (kind, value) in records::samples() {
        let parts = skeleton::split(value.as_bytes()).unwrap();
        // The index of tctokens is a list of addresses in bytes, whose server every account has.
        let windows = parts
            .bytes
            .windows(6)
            .filter(|window| !window.iter().all(u8::is_ascii_graphic));
        for window in windows {
            assert!(memchr::memmem::find(CONTENT, window).is_none(), "a key of a {kind}");
        }
    }
    let spelt: BTreeSet<_> = CONTENT.split(|byte| *byte == END).flat_map(words).collect();
    for (_, value) in records::samples() {
        let text = String::from_utf8(value.as_bytes().to_vec()).unwrap();
        for string in text
            .split('"')
            .filter(|string| string.len() >= 8 && string.contains(|letter: char| letter.is_ascii_digit()))
        {
            assert!(!spelt.contains(string), "{string}");
        }
    }
}

#[test]
fn each_of_its_skeletons_has_a_place_of_its_own() {
    let skeletons: Vec<_> = CONTENT.split(|byte| *byte == END).collect();
    assert!(skeletons.len() <= usize::from(u8::MAX));
    assert_eq!(skeletons.iter().collect::<BTreeSet<_>>().len(), skeletons.len());
}

/// A record whose skeleton, numbers and bytes are forged, truthful in its lengths.
fn forge(plain: &[u8], bytes: &[u8]) -> Vec<u8> {
    let frame = Dictionary::first().unwrap().compress(plain).unwrap();
    let mut forged = vec![0];
    varint::push(&mut forged, plain.len() as u64);
    varint::push(&mut forged, frame.len() as u64);
    forged.extend_from_slice(&frame);
    forged.extend_from_slice(bytes);
    forged
}

fn is_refused(forged: &[u8]) -> bool {
    unpack(Form::PackedBytes1 as u8, forged).is_err()
}

#[test]
fn a_short_record_that_claims_gigabytes_is_refused() {
    let plain = [b"{\"a\":true}", &[END][..]].concat();
    let truthful = forge(&plain, &[]);
    assert!(!is_refused(&truthful));
    let frame = &truthful[3..];
    // The last is within the bound, but no frame of so few bytes holds it.
    for claimed in [
        u64::MAX,
        1 << 40,
        4 << 30,
        MAX_PLAIN as u64 + 1,
        MAX_PLAIN as u64,
        10 << 20,
        12,
    ] {
        let mut forged = vec![0];
        varint::push(&mut forged, claimed);
        varint::push(&mut forged, frame.len() as u64);
        forged.extend_from_slice(frame);
        assert!(is_refused(&forged), "{claimed}");
    }
}

#[test]
fn a_skeleton_that_stands_for_gigabytes_is_refused() {
    let end = [END];
    let repeats = [&[BASE64, 64][..], &[REPEAT, 1].repeat(4 << 20), &end].concat();
    assert!(is_refused(&forge(&repeats, &[7; 64])));
    let numbers = [
        &[NUMBER].repeat(2 << 20)[..],
        &end,
        &[[0xff; 8], [0xff, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]].concat(),
    ]
    .concat();
    assert!(is_refused(&forge(&numbers, &[])));
    let spaces = [&[b' '].repeat(MAX_TEXT + 1)[..], &end].concat();
    assert!(is_refused(&forge(&spaces, &[])));
    assert!(!is_refused(&forge(&spaces[1..], &[])));
}

#[test]
fn a_skeleton_and_its_pieces_must_fit_together() {
    for (skeleton, numbers, bytes) in [
        // Too few and too many of each.
        (&[NUMBER, NUMBER][..], &[1][..], &[][..]),
        (&[NUMBER], &[1, 2], &[]),
        (&[NUMBER], &[0x80], &[]),
        (&[BASE64, 3], &[], &[1, 2]),
        (&[BASE64, 3], &[], &[1, 2, 3, 4]),
        (&[ARRAY, 3], &[], &[1, 2]),
        (b"{}", &[1], &[]),
        (b"{}", &[], &[1]),
        // Markers without what follows them, and repeats of what was not.
        (&[BASE64], &[], &[]),
        (&[ARRAY], &[], &[]),
        (&[REPEAT], &[], &[]),
        (&[REPEAT, 1], &[], &[]),
        (&[BASE64, 1, REPEAT, 0], &[], &[1]),
        (&[BASE64, 1, REPEAT, 2], &[], &[1]),
        (&[BASE64, 65, REPEAT, 1], &[], &[1; 65]),
        (&[END], &[], &[]),
    ] {
        assert!(join::join(skeleton, numbers, bytes).is_none(), "{skeleton:?}");
    }
    let joined = join::join(&[BASE64, 1, REPEAT, 1, NUMBER, ARRAY, 2], &[3], &[1, 2, 255]).unwrap();
    assert_eq!(&joined[..], br#""AQ==""AQ=="-2[2,255]"#);
}
