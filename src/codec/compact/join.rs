//! Puts keys and numbers back into a skeleton.

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use super::{
    MAX_TEXT,
    skeleton::{ARRAY, BASE64, NUMBER, REPEAT, Recent},
    varint,
};

/// The text of a skeleton, numbers and bytes; `None` if they do not fit together or the text would be too long.
pub(super) fn join(skeleton: &[u8], numbers: &[u8], bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    // Measured first: the memory taken is what the text needs, whatever a forged record claims.
    let mut length = Length(0);
    walk(skeleton, numbers, bytes, &mut length)?;
    let mut text = Zeroizing::new(Vec::with_capacity(length.0));
    walk(skeleton, numbers, bytes, &mut *text)?;
    Some(text)
}

/// How many numbers a skeleton stands for.
pub(super) fn count_numbers(skeleton: &[u8]) -> usize {
    let mut rest = skeleton;
    let mut count = 0;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            NUMBER => count += 1,
            BASE64 | ARRAY | REPEAT => _ = varint::take(&mut rest),
            _ => {}
        }
    }
    count
}

/// Where the pieces of a text go; `None` ends the walk.
trait Sink {
    fn literal(&mut self, literal: &[u8]) -> Option<()>;
    fn number(&mut self, number: i64) -> Option<()>;
    fn base64(&mut self, bytes: &[u8]) -> Option<()>;
    fn array(&mut self, bytes: &[u8]) -> Option<()>;
}

fn walk(skeleton: &[u8], mut numbers: &[u8], mut bytes: &[u8], sink: &mut impl Sink) -> Option<()> {
    let all_bytes = bytes;
    let mut recent = Recent::default();
    let mut rest = skeleton;
    loop {
        let literal = rest.iter().position(|byte| *byte <= REPEAT).unwrap_or(rest.len());
        sink.literal(&rest[..literal])?;
        rest = &rest[literal..];
        let Some((&marker, after)) = rest.split_first() else {
            break;
        };
        rest = after;
        match marker {
            NUMBER => sink.number(varint::to_signed(varint::take(&mut numbers)?))?,
            BASE64 => {
                let start = all_bytes.len() - bytes.len();
                let string = take_bytes(&mut bytes, varint::take_len(&mut rest)?)?;
                recent.push(start, string.len());
                sink.base64(string)?;
            }
            ARRAY => sink.array(take_bytes(&mut bytes, varint::take_len(&mut rest)?)?)?,
            REPEAT => {
                let (&distance, after) = rest.split_first()?;
                rest = after;
                let (start, len) = recent.get(distance)?;
                sink.base64(all_bytes.get(start..start + len)?)?;
            }
            _ => return None,
        }
    }
    (numbers.is_empty() && bytes.is_empty()).then_some(())
}

fn take_bytes<'a>(bytes: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    Some(taken)
}

/// Measures a text, up to the longest that is allowed.
struct Length(usize);

impl Length {
    fn add(&mut self, len: usize) -> Option<()> {
        self.0 = self.0.checked_add(len).filter(|len| *len <= MAX_TEXT)?;
        Some(())
    }
}

impl Sink for Length {
    fn literal(&mut self, literal: &[u8]) -> Option<()> {
        self.add(literal.len())
    }

    fn number(&mut self, number: i64) -> Option<()> {
        let digits = number.unsigned_abs().checked_ilog10().unwrap_or(0) as usize + 1;
        self.add(usize::from(number < 0) + digits)
    }

    fn base64(&mut self, bytes: &[u8]) -> Option<()> {
        self.add(bytes.len().div_ceil(3) * 4 + 2)
    }

    fn array(&mut self, bytes: &[u8]) -> Option<()> {
        let digits: usize = bytes.iter().map(|byte| OCTETS[usize::from(*byte)].1).sum();
        self.add(digits + bytes.len().saturating_sub(1) + 2)
    }
}

impl Sink for Vec<u8> {
    fn literal(&mut self, literal: &[u8]) -> Option<()> {
        self.extend_from_slice(literal);
        Some(())
    }

    fn number(&mut self, number: i64) -> Option<()> {
        if number < 0 {
            self.push(b'-');
        }
        let start = self.len();
        let mut rest = number.unsigned_abs();
        loop {
            self.push(b'0' + (rest % 10) as u8);
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self[start..].reverse();
        Some(())
    }

    fn base64(&mut self, bytes: &[u8]) -> Option<()> {
        self.push(b'"');
        let start = self.len();
        self.resize(start + bytes.len().div_ceil(3) * 4, 0);
        STANDARD.encode_slice(bytes, &mut self[start..]).ok()?;
        self.push(b'"');
        Some(())
    }

    fn array(&mut self, bytes: &[u8]) -> Option<()> {
        self.push(b'[');
        for (at, byte) in bytes.iter().enumerate() {
            if at > 0 {
                self.push(b',');
            }
            let (digits, len) = &OCTETS[usize::from(*byte)];
            self.extend_from_slice(&digits[..*len]);
        }
        self.push(b']');
        Some(())
    }
}

/// The decimals of every byte, and how many digits they have.
const OCTETS: [([u8; 3], usize); 256] = {
    let mut octets = [([0; 3], 0); 256];
    let mut byte = 0;
    while byte < 256 {
        let digits = [
            b'0' + (byte / 100) as u8,
            b'0' + (byte / 10 % 10) as u8,
            b'0' + (byte % 10) as u8,
        ];
        octets[byte] = match byte {
            0..10 => ([digits[2], 0, 0], 1),
            10..100 => ([digits[1], digits[2], 0], 2),
            _ => (digits, 3),
        };
        byte += 1;
    }
    octets
};
