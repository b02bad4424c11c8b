//! Takes keys and numbers out of a JSON text.
//!
//! The text is read as bytes, not parsed: a quoted string is whatever stands between two quotation marks. That is exact
//! all the same, since a piece is taken out only if it is spelt as `join` spells it.

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use super::varint;

/// Stands for a quoted base64 string; the number of its bytes follows.
pub(super) const BASE64: u8 = 1;
/// Stands for a decimal integer.
pub(super) const NUMBER: u8 = 2;
/// Stands for an array of numbers of a byte each; the count of them follows.
pub(super) const ARRAY: u8 = 3;
/// Stands for the same base64 string as one before; how many strings back follows, in one byte.
pub(super) const REPEAT: u8 = 4;

/// The shortest base64 string taken out, in bytes. Shorter words of that alphabet are names more often than keys.
const MIN_BASE64: usize = 10;
/// The shortest array of numbers taken out as bytes.
const MIN_ARRAY: usize = 8;
/// The most digits of a number taken out: as many as always fit into 64 bits with a sign.
const MAX_DIGITS: usize = 18;

/// A text in pieces. Joined again they give the text, byte for byte.
pub(super) struct Parts {
    /// The text with a marker in place of each piece that was taken out. Holds no zero byte.
    pub(super) skeleton: Zeroizing<Vec<u8>>,
    /// The numbers, in order.
    pub(super) numbers: Zeroizing<Vec<u8>>,
    /// The bytes of base64 strings and arrays, in order.
    pub(super) bytes: Zeroizing<Vec<u8>>,
}

/// Splits a text; `None` if it holds a byte that would be taken for a marker, which no JSON text does.
pub(super) fn split(text: &[u8]) -> Option<Parts> {
    // No piece is longer than what it stands for, so no buffer ever grows and leaves an unwiped copy behind.
    let buffer = || Zeroizing::new(Vec::with_capacity(text.len()));
    let mut splitter = Splitter {
        text,
        parts: Parts {
            skeleton: buffer(),
            numbers: buffer(),
            bytes: buffer(),
        },
        recent: Recent::default(),
    };
    let mut at = 0;
    while at < text.len() {
        at += splitter.take_literal(at);
        at += match text.get(at) {
            None => 0,
            Some(b'"') => splitter.take_string(at),
            Some(b'[') => splitter.take_array(at),
            Some(b'-' | b'0'..=b'9') => splitter.take_number(at),
            Some(_) => return None,
        };
    }
    Some(splitter.parts)
}

struct Splitter<'a> {
    text: &'a [u8],
    parts: Parts,
    recent: Recent,
}

/// Each of these takes what begins at a place of the text, and gives the number of bytes it took.
impl Splitter<'_> {
    fn take_literal(&mut self, at: usize) -> usize {
        let rest = &self.text[at..];
        let len = rest
            .iter()
            .position(|byte| STOPS[usize::from(*byte)])
            .unwrap_or(rest.len());
        self.keep(at, len)
    }

    /// Leaves bytes in the skeleton as they are.
    fn keep(&mut self, at: usize, len: usize) -> usize {
        self.parts.skeleton.extend_from_slice(&self.text[at..at + len]);
        len
    }

    fn take_string(&mut self, at: usize) -> usize {
        self.take_base64(&self.text[at + 1..])
            .unwrap_or_else(|| self.keep(at, 1))
    }

    fn take_base64(&mut self, rest: &[u8]) -> Option<usize> {
        let digits = &rest[..memchr::memchr(b'"', rest)?];
        if digits.len() < MIN_BASE64.div_ceil(3) * 4
            || !digits.len().is_multiple_of(4)
            || digits.iter().all(u8::is_ascii_alphabetic)
        {
            return None;
        }
        let Parts { skeleton, bytes, .. } = &mut self.parts;
        let start = bytes.len();
        bytes.resize(start + digits.len() / 4 * 3, 0);
        // Strict: padding as it must be and no stray bits, so that encoding the bytes gives the same digits.
        let decoded = STANDARD
            .decode_slice(digits, &mut bytes[start..])
            .ok()
            .filter(|len| *len >= MIN_BASE64);
        bytes.truncate(start + decoded.unwrap_or(0));
        let len = decoded?;
        match self.recent.find(bytes, start) {
            Some(distance) => {
                bytes.truncate(start);
                skeleton.extend([REPEAT, distance]);
            }
            None => {
                self.recent.push(start, len);
                skeleton.push(BASE64);
                varint::push(skeleton, len as u64);
            }
        }
        Some(digits.len() + 2)
    }

    fn take_array(&mut self, at: usize) -> usize {
        let Parts { skeleton, bytes, .. } = &mut self.parts;
        let start = bytes.len();
        match parse_array(&self.text[at + 1..], bytes) {
            Some(len) if bytes.len() - start >= MIN_ARRAY => {
                skeleton.push(ARRAY);
                varint::push(skeleton, (bytes.len() - start) as u64);
                len + 1
            }
            _ => {
                bytes.truncate(start);
                self.keep(at, 1)
            }
        }
    }

    fn take_number(&mut self, at: usize) -> usize {
        let rest = &self.text[at..];
        let sign = usize::from(rest[0] == b'-');
        let digits = &rest[sign..];
        let digits = &digits[..digits
            .iter()
            .position(|byte| !byte.is_ascii_digit())
            .unwrap_or(digits.len())];
        // Digits within a word belong to the word.
        let in_word = sign == 0 && at > 0 && self.text[at - 1].is_ascii_alphabetic();
        match parse_number(digits, sign > 0).filter(|_| !in_word) {
            Some(number) => {
                self.parts.skeleton.push(NUMBER);
                varint::push(&mut self.parts.numbers, varint::from_signed(number));
                sign + digits.len()
            }
            None => self.keep(at, sign + digits.len()),
        }
    }
}

/// The number that digits are the one spelling of: no leading zero, no negative zero.
fn parse_number(digits: &[u8], negative: bool) -> Option<i64> {
    let canonical = match digits {
        [] => false,
        [b'0'] => !negative,
        [b'0', ..] => false,
        _ => digits.len() <= MAX_DIGITS,
    };
    let number = || {
        digits
            .iter()
            .fold(0, |number, digit| number * 10 + i64::from(digit - b'0'))
    };
    canonical.then(|| if negative { -number() } else { number() })
}

/// Appends the numbers of an array, and gives the length of its text; the text begins after the bracket.
fn parse_array(text: &[u8], bytes: &mut Vec<u8>) -> Option<usize> {
    let mut at = 0;
    loop {
        let number = text[at..]
            .iter()
            .take(4)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let number = &text[at..at + number];
        bytes.push(u8::try_from(parse_number(number, false)?).ok()?);
        at += number.len() + 1;
        match text.get(at - 1)? {
            b',' => {}
            b']' => return Some(at),
            _ => return None,
        }
    }
}

/// Where a literal ends: at whatever may begin a piece, and at bytes that a marker or the terminator could be.
const STOPS: [bool; 256] = {
    let mut stops = [false; 256];
    let mut byte = 0;
    while byte <= REPEAT {
        stops[byte as usize] = true;
        byte += 1;
    }
    byte = b'0';
    while byte <= b'9' {
        stops[byte as usize] = true;
        byte += 1;
    }
    stops[b'"' as usize] = true;
    stops[b'[' as usize] = true;
    stops[b'-' as usize] = true;
    stops
};

/// The last few base64 strings. A session names its base key and its ratchet keys twice or three times each.
pub(super) struct Recent {
    strings: [(usize, usize); Self::SIZE],
    count: usize,
}

impl Recent {
    const SIZE: usize = 64;
    /// The longest string kept. A repeat is two bytes of the skeleton, which must not stand for a whole record.
    const MAX_LEN: usize = 64;

    /// Keeps a string, given by its place among the bytes.
    pub(super) fn push(&mut self, start: usize, len: usize) {
        if len <= Self::MAX_LEN {
            self.strings[self.count % Self::SIZE] = (start, len);
            self.count += 1;
        }
    }

    /// The place of the string that many strings back.
    pub(super) fn get(&self, distance: u8) -> Option<(usize, usize)> {
        let distance = usize::from(distance);
        let known = (1..=self.count.min(Self::SIZE)).contains(&distance);
        known.then(|| self.strings[(self.count - distance) % Self::SIZE])
    }

    /// How many strings back the one that ends the bytes was kept.
    fn find(&self, bytes: &[u8], start: usize) -> Option<u8> {
        let (before, wanted) = bytes.split_at(start);
        (1..=self.count.min(Self::SIZE) as u8).find(|distance| {
            self.get(*distance)
                .is_some_and(|(start, len)| before.get(start..start + len) == Some(wanted))
        })
    }
}

impl Default for Recent {
    fn default() -> Self {
        Self {
            strings: [(0, 0); Self::SIZE],
            count: 0,
        }
    }
}
