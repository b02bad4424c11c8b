//! Spares PostgreSQL from compressing what does not compress.
//!
//! A long text is stored out of line, and before that PostgreSQL tries its own compression, pglz, on it: some 30 ms per
//! megabyte, in vain, since hex of ciphertext hardly repeats itself. The column could be told not to (`SET STORAGE
//! EXTERNAL`), but the table is the application's. Yet pglz gives up at once if nothing of the first 1,024 bytes repeats
//! (`first_success_by` in PostgreSQL's pg_lzcompress.c), and for about one nonce in 1,800 that is so. Trying nonces costs
//! a millisecond, so a session that is large enough is sealed under the first one that has this property. Nonces stay
//! random and the ciphertext says nothing more about its plaintext: the property is one of the ciphertext alone.

/// How much of a text pglz looks at before it gives up.
pub(super) const HEAD_LEN: usize = 1_024;

/// Plaintexts from here on are worth the search: pglz would take 4 ms for them.
pub(super) const WORTHWHILE: usize = 64 << 10;

/// Nonces to try at most: then one in 10,000 searches ends without success, and costs what it would have saved.
pub(super) const ATTEMPTS: usize = 16_384;

/// Finds repetitions as pglz does: it looks places up by a hash of four bytes, of which those with the first three alike
/// and the fourth another never share a slot, and takes a match from three bytes on.
pub(super) struct Detector {
    /// Per four bytes, hashed: the pass in which they were last seen.
    seen: Box<[u16; 1 << 16]>,
    pass: u16,
}

impl Detector {
    pub(super) fn new() -> Self {
        Self {
            seen: Box::new([0; 1 << 16]),
            pass: 0,
        }
    }

    /// Whether any four bytes of a text's head occur twice in it; may say yes where they do not.
    pub(super) fn repeats(&mut self, head: &[u8]) -> bool {
        self.pass = self.pass.wrapping_add(1);
        if self.pass == 0 {
            self.seen.fill(0);
            self.pass = 1;
        }
        head.windows(4).any(|four| {
            let slot = &mut self.seen[slot(four)];
            std::mem::replace(slot, self.pass) == self.pass
        })
    }
}

/// A slot for four bytes; of its own for four hex digits, whose low nibbles with bit 6 tell them apart.
fn slot(four: &[u8]) -> usize {
    four.iter().fold(0, |slot, byte| {
        // '0'..'9' are 0x30..0x39, 'a'..'f' 0x61..0x66: nine more than their low nibble says.
        let nibble = (byte & 0x0f) + 9 * (byte >> 6 & 1);
        (slot << 4 | usize::from(nibble & 0x0f)) & 0xffff
    })
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;
    use crate::crypto::Envelope;

    #[test]
    fn hex_digits_have_slots_of_their_own() {
        let mut slots = std::collections::HashSet::new();
        for number in 0..=u16::MAX {
            assert!(slots.insert(slot(format!("{number:04x}").as_bytes())));
        }
    }

    #[test]
    fn a_repetition_of_four_is_one_and_of_three_is_none() {
        let mut detector = Detector::new();
        assert!(detector.repeats(b"0123--0123"));
        assert!(!detector.repeats(b"0123--x012y"));
        assert!(detector.repeats(b"aaaaa"));
        assert!(!detector.repeats(b"012"));
    }

    #[test]
    fn a_large_session_is_sealed_so_that_nothing_in_its_head_repeats() {
        let key = crate::crypto::derive_key("an-example-secret-of-good-length");
        let plaintext = Zeroizing::new(b"{}".repeat(WORTHWHILE));
        let mut detector = Detector::new();
        let accept = |head: &[u8]| !detector.repeats(head);
        let sealed = Envelope::seal_choosing(&key, &plaintext, HEAD_LEN, ATTEMPTS, accept).unwrap();
        let text = sealed.to_text();
        assert!(!Detector::new().repeats(&text.as_bytes()[..HEAD_LEN]));
        assert_eq!(sealed.open(&key).unwrap(), plaintext);
    }

    #[test]
    fn passes_do_not_see_each_other() {
        let mut detector = Detector::new();
        for _ in 0..=u16::MAX {
            assert!(!detector.repeats(b"0123"));
        }
    }
}
