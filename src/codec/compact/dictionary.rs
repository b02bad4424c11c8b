//! A dictionary of skeletons: names the known ones by their place, and helps to compress others.

use std::{cell::RefCell, collections::HashMap, sync::LazyLock};

use zeroize::Zeroizing;
use zstd_safe::{CCtx, CDict, CParameter, DCtx, DDict, DParameter, FrameFormat};

use super::{MAX_TEXT, join, skeleton::Parts, varint};

/// Between the skeletons of the dictionary, and between a spelt-out skeleton and its numbers.
pub(super) const END: u8 = 0;
/// In the place of a skeleton's place: it is spelt out.
const SPELT_OUT: u8 = 0;
/// Skeletons are so regular that the slowest level makes a record only 2 % smaller than the fastest does.
const LEVEL: i32 = 1;
/// The longest skeleton with its numbers: each digit of a text may become a marker and a number of a byte.
pub(super) const MAX_PLAIN: usize = 2 * MAX_TEXT + 1;
/// The most that a block of a zstd frame unpacks to, and the fewest bytes that such a block has.
const BLOCK: (usize, usize) = (128 << 10, 4);

/// A dictionary, ready for use in both directions.
pub(super) struct Dictionary {
    skeletons: Vec<Skeleton>,
    /// The place of each skeleton, counted from 1. Those past the 255th only help to compress.
    places: HashMap<&'static [u8], u8>,
    compression: CDict<'static>,
    decompression: DDict<'static>,
}

struct Skeleton {
    text: &'static [u8],
    /// How many numbers belong to it.
    numbers: usize,
}

impl Dictionary {
    /// The first dictionary; `None` if there is no memory for it.
    pub(super) fn first() -> Option<&'static Self> {
        static FIRST: LazyLock<Option<Dictionary>> =
            LazyLock::new(|| Dictionary::load(include_bytes!("dictionary-1.bin")));
        FIRST.as_ref()
    }

    fn load(content: &'static [u8]) -> Option<Self> {
        let skeletons: Vec<_> = content
            .split(|byte| *byte == END)
            .map(|text| Skeleton {
                text,
                numbers: join::count_numbers(text),
            })
            .collect();
        Some(Self {
            places: (1..=u8::MAX)
                .zip(&skeletons)
                .map(|(place, skeleton)| (skeleton.text, place))
                .collect(),
            skeletons,
            compression: CDict::try_create(content, LEVEL)?,
            decompression: DDict::try_create(content)?,
        })
    }

    /// The packed form of a text's parts, unless it takes more bytes than there is room for.
    pub(super) fn pack(&'static self, parts: &Parts, room: usize) -> Option<Zeroizing<Vec<u8>>> {
        let packed = match self.places.get(&**parts.skeleton) {
            Some(place) => concat(&[&[*place], &parts.numbers, &parts.bytes]),
            None => {
                let plain = concat(&[&parts.skeleton, &[END], &parts.numbers]);
                let frame = self.compress(&plain)?;
                let mut head = vec![SPELT_OUT];
                varint::push(&mut head, plain.len() as u64);
                varint::push(&mut head, frame.len() as u64);
                concat(&[&head, &frame, &parts.bytes])
            }
        };
        (packed.len() <= room).then_some(packed)
    }

    /// The text of a packed form; `None` if it is malformed.
    pub(super) fn unpack(&'static self, packed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (&place, mut rest) = packed.split_first()?;
        if place != SPELT_OUT {
            let skeleton = self.skeletons.get(usize::from(place) - 1)?;
            let (numbers, bytes) = rest.split_at(len_of_numbers(rest, skeleton.numbers)?);
            return join::join(skeleton.text, numbers, bytes);
        }
        let plain_len = varint::take_len(&mut rest)?;
        let frame_len = varint::take_len(&mut rest)?;
        let (frame, bytes) = rest.split_at_checked(frame_len)?;
        let plain = self.decompress(frame, plain_len)?;
        let end = memchr::memchr(END, &plain)?;
        join::join(&plain[..end], &plain[end + 1..], bytes)
    }

    pub(super) fn compress(&'static self, plain: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        thread_local! {
            // Its tables and its copy of the last literals are not wiped. Keys that are spelt as usual never get here.
            static CONTEXT: RefCell<Option<CCtx<'static>>> = const { RefCell::new(None) };
        }
        CONTEXT.with_borrow_mut(|context| {
            if context.is_none() {
                *context = Some(make_compressor()?);
            }
            let context = context.as_mut()?;
            context.ref_cdict(&self.compression).ok()?;
            let mut frame = Zeroizing::new(Vec::with_capacity(zstd_safe::compress_bound(plain.len())));
            context.compress2(&mut *frame, plain).ok()?;
            Some(frame)
        })
    }

    fn decompress(&'static self, frame: &[u8], plain_len: usize) -> Option<Zeroizing<Vec<u8>>> {
        thread_local! {
            static CONTEXT: RefCell<Option<DCtx<'static>>> = const { RefCell::new(None) };
        }
        // No frame of this length can hold more, so a short lie is not worth an allocation.
        let most = (frame.len() / BLOCK.1).saturating_mul(BLOCK.0);
        if plain_len > most.min(MAX_PLAIN) {
            return None;
        }
        CONTEXT.with_borrow_mut(|context| {
            if context.is_none() {
                *context = Some(make_decompressor()?);
            }
            let mut plain = Zeroizing::new(Vec::with_capacity(plain_len));
            let len = context
                .as_mut()?
                .decompress_using_ddict(&mut *plain, frame, &self.decompression)
                .ok()?;
            (len == plain_len).then_some(plain)
        })
    }
}

fn make_compressor() -> Option<CCtx<'static>> {
    let mut context = CCtx::try_create()?;
    // Sealing authenticates and the length stands before the frame: neither needs bytes of zstd's own.
    for parameter in [
        CParameter::Format(FrameFormat::Magicless),
        CParameter::ContentSizeFlag(false),
        CParameter::ChecksumFlag(false),
        CParameter::DictIdFlag(false),
    ] {
        context.set_parameter(parameter).ok()?;
    }
    Some(context)
}

fn make_decompressor() -> Option<DCtx<'static>> {
    let mut context = DCtx::try_create()?;
    context.set_parameter(DParameter::Format(FrameFormat::Magicless)).ok()?;
    Some(context)
}

/// The pieces in one buffer of exactly their length, so that it never grew and left an unwiped copy behind.
fn concat(pieces: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let mut whole = Zeroizing::new(Vec::with_capacity(pieces.iter().map(|piece| piece.len()).sum()));
    for piece in pieces {
        whole.extend_from_slice(piece);
    }
    whole
}

/// How many bytes so many numbers take at the front.
fn len_of_numbers(bytes: &[u8], count: usize) -> Option<usize> {
    let mut rest = bytes;
    for _ in 0..count {
        varint::take(&mut rest)?;
    }
    Some(bytes.len() - rest.len())
}
