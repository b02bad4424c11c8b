//! Spares PostgreSQL from compressing what does not compress.
//!
//! A long text is stored out of line, and before that PostgreSQL tries its own compression, pglz, on it: some 30 ms per
//! megabyte, in vain, since hex of ciphertext hardly repeats itself. The column could be told not to (`SET STORAGE
//! EXTERNAL`), but the table is the application's. Yet pglz gives up early if nothing of the beginning repeats
//! (`first_success_by` in PostgreSQL's pg_lzcompress.c), and for about one nonce in 300 that is so. Trying nonces costs
//! a fraction of a millisecond, so a session that is large enough is sealed under the first one that has this property.
//! Nonces stay random and the ciphertext says nothing more about its plaintext: the property is one of the ciphertext
//! alone.

use zeroize::Zeroizing;

use crate::{
    crypto::{Envelope, IV_LEN, Iv, SealingKey, TAG_LEN},
    error::Result,
};

/// Plaintexts from here on are worth the search: pglz would take 4 ms for them.
const WORTHWHILE: usize = 64 << 10;

/// How much of a text pglz looks at before it gives up: it has written 1,024 bytes by then, nine for eight that it read,
/// and looks three bytes ahead.
const HEAD_LEN: usize = 913;

/// As many bytes of ciphertext as reach, in hex and behind nonce and tag in their frame, to the end of the head.
const ENCRYPTED_LEN: usize = (HEAD_LEN - FRAME_LEN) / 2 - IV_LEN - TAG_LEN;

/// Length of the names and quotation marks before the ciphertext.
const FRAME_LEN: usize = r#"{"iv":"","authTag":"","encrypted":""#.len();

/// Nonces to try at most: one search in 10,000 ends without success, and costs what it would have saved.
const ATTEMPTS: usize = 4_096;

/// Seals a plaintext; a large one so that PostgreSQL does not try to compress it.
pub(super) fn seal(key: &SealingKey, plaintext: Vec<u8>) -> Result<Envelope> {
    if plaintext.len() < WORTHWHILE {
        return Envelope::seal(key, plaintext);
    }
    let mut detector = Detector::new();
    let accept = |iv: &Iv, tag: Option<&[u8; TAG_LEN]>, encrypted: &[u8]| {
        !detector.repeats(iv, tag.map(|tag| &tag[..]), encrypted)
    };
    Envelope::seal_choosing(key, &Zeroizing::new(plaintext), ENCRYPTED_LEN, ATTEMPTS, accept)
}

/// Finds repetitions in the head of a sealed text as pglz does: of four bytes, which is what it looks places up by.
struct Detector {
    /// Per four hex digits: the pass in which they were last seen.
    seen: Box<[u16; 1 << 16]>,
    pass: u16,
}

impl Detector {
    fn new() -> Self {
        Self {
            seen: Box::new([0; 1 << 16]),
            pass: 0,
        }
    }

    fn repeats(&mut self, iv: &[u8], tag: Option<&[u8]>, encrypted: &[u8]) -> bool {
        self.pass = self.pass.wrapping_add(1);
        if self.pass == 0 {
            self.seen.fill(0);
            self.pass = 1;
        }
        let tag = tag.unwrap_or_default();
        repeat_at_the_quotes(iv, tag, encrypted)
            || self.repeats_within(iv)
            || self.repeats_within(tag)
            || self.repeats_within(encrypted)
    }

    /// Whether four hex digits of these bytes have occurred before, in this pass.
    fn repeats_within(&mut self, bytes: &[u8]) -> bool {
        let mut four = 0_u16;
        let mut digits = 0;
        for byte in bytes {
            for digit in [byte >> 4, byte & 0x0f] {
                four = four << 4 | u16::from(digit);
                digits += 1;
                if digits >= 4 && std::mem::replace(&mut self.seen[usize::from(four)], self.pass) == self.pass {
                    return true;
                }
            }
        }
        false
    }
}

/// Whether four bytes around a quotation mark repeat: `":"` with the same digit behind it, or `","` with the same digit
/// before it.
fn repeat_at_the_quotes(iv: &[u8], tag: &[u8], encrypted: &[u8]) -> bool {
    let first = |bytes: &[u8]| bytes.first().map(|byte| byte >> 4);
    let last = |bytes: &[u8]| bytes.last().map(|byte| byte & 0x0f);
    let firsts = [first(iv), first(tag), first(encrypted)];
    let alike = |one: usize, other: usize| firsts[one].is_some() && firsts[one] == firsts[other];
    alike(0, 1) || alike(1, 2) || alike(0, 2) || (last(iv) == last(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same by the text itself.
    fn repeats(text: &[u8]) -> bool {
        let mut seen = std::collections::HashSet::new();
        text.windows(4).any(|four| !seen.insert(four))
    }

    #[test]
    fn a_large_session_is_sealed_so_that_nothing_in_its_head_repeats() {
        let key = crate::crypto::derive_key("an-example-secret-of-good-length");
        let plaintext = b"{}".repeat(WORTHWHILE);
        let sealed = seal(&key, plaintext.clone()).unwrap();
        assert!(!repeats(&sealed.to_text().as_bytes()[..HEAD_LEN]));
        assert_eq!(*sealed.open(&key).unwrap(), plaintext);
    }

    #[test]
    fn the_detector_sees_what_is_in_the_text() {
        let key = crate::crypto::derive_key("an-example-secret-of-good-length");
        let mut detector = Detector::new();
        let (mut repeating, mut others) = (0, 0);
        for len in (0..140).cycle().take(3_000) {
            let sealed = Envelope::seal(&key, vec![0; len]).unwrap();
            let text = sealed.to_text();
            let expected = repeats(text.strip_suffix("\"}").unwrap().as_bytes());
            assert_eq!(
                detector.repeats(&sealed.iv, Some(&sealed.tag), &sealed.encrypted),
                expected,
                "{text}"
            );
            *(if expected { &mut repeating } else { &mut others }) += 1;
        }
        assert!(repeating > 100 && others > 100, "{repeating} {others}");
    }

    #[test]
    fn passes_do_not_see_each_other() {
        let mut detector = Detector::new();
        for _ in 0..=u16::MAX {
            assert!(!detector.repeats(&[0x01, 0x23], Some(&[0x45, 0x67]), &[0x89, 0xab]));
        }
    }
}
