//! Looks through the process's own memory.

use std::{fs, fs::File, ops::Range, os::unix::fs::FileExt};

use memchr::memmem;
use zeroize::Zeroize;

/// Memory that is read at a time.
const CHUNK: usize = 1 << 16;

/// The size of the page before a thread's stack.
const GUARD: usize = 4096;

const MASK: u8 = 0x5a;

/// What is looked for, masked: it is not to be found here.
pub(crate) struct Needle {
    pub(crate) name: String,
    place: Place,
    masked: Vec<u8>,
}

/// Where a needle is looked for.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Place {
    /// Keys must be nowhere.
    Anywhere,
    /// A value that is encrypted passes through the cipher's blocks, which lie on a stack until the next call overwrites them.
    NotOnStacks,
}

impl Needle {
    pub(crate) fn new(name: &str, place: Place, bytes: &[u8]) -> Self {
        Self {
            name: name.to_owned(),
            place,
            masked: bytes.iter().map(|byte| byte ^ MASK).collect(),
        }
    }
}

/// Where a needle is.
#[derive(Debug)]
#[allow(dead_code)]
pub(crate) struct Found {
    pub(crate) name: String,
    address: usize,
    region: String,
}

/// All places in writable memory where needles are.
pub(crate) fn find(needles: &[Needle]) -> Vec<Found> {
    let memory = File::open("/proc/self/mem").expect("a Linux process can read its own memory");
    let longest = needles.iter().map(|needle| needle.masked.len()).max().unwrap_or(0);
    let mut buffer = vec![0_u8; CHUNK + longest];
    let zeros = vec![0_u8; buffer.len()];
    let own = buffer.as_ptr() as usize..buffer.as_ptr() as usize + buffer.len();
    let mut found = Vec::new();
    for Region { range, is_stack, line } in writable_regions() {
        let needles = needles
            .iter()
            .filter(|needle| !is_stack || needle.place == Place::Anywhere);
        for part in without(range, &own) {
            let mut at = part.start;
            while at < part.end {
                let len = (part.end - at).min(CHUNK + longest);
                // Memory may be given back meanwhile, and most of what the allocator has reserved was never used.
                if memory.read_exact_at(&mut buffer[..len], at as u64).is_ok() && buffer[..len] != zeros[..len] {
                    // Masked like the needles, so that they need not be unmasked.
                    buffer[..len].iter_mut().for_each(|byte| *byte ^= MASK);
                    for needle in needles.clone() {
                        let offsets = memmem::find_iter(&buffer[..len], &needle.masked);
                        found.extend(offsets.filter(|&offset| offset < CHUNK).map(|offset| Found {
                            name: needle.name.clone(),
                            address: at + offset,
                            region: line.clone(),
                        }));
                    }
                }
                at += CHUNK;
            }
        }
    }
    buffer.zeroize();
    found
}

struct Region {
    range: Range<usize>,
    is_stack: bool,
    line: String,
}

fn writable_regions() -> Vec<Region> {
    let maps = fs::read_to_string("/proc/self/maps").expect("a Linux process can read its own maps");
    let mut regions = Vec::new();
    let mut guarded = 0;
    for line in maps.lines() {
        let mut fields = line.split_whitespace();
        let (Some(range), Some(access)) = (fields.next().and_then(range), fields.next()) else {
            continue;
        };
        // A thread's stack lies behind a page that nobody may touch.
        let is_stack = range.start == guarded || line.ends_with("[stack]");
        guarded = match access.starts_with("---") && range.len() == GUARD {
            true => range.end,
            false => 0,
        };
        if access.starts_with("rw") {
            let line = line.to_owned();
            regions.push(Region { range, is_stack, line });
        }
    }
    regions
}

fn range(text: &str) -> Option<Range<usize>> {
    let (start, end) = text.split_once('-')?;
    Some(usize::from_str_radix(start, 16).ok()?..usize::from_str_radix(end, 16).ok()?)
}

/// A region without the memory that it is copied into.
fn without(region: Range<usize>, own: &Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let before = region.start..region.end.min(own.start.max(region.start));
    let after = region.start.max(own.end.min(region.end))..region.end;
    let parts = if own.end <= region.start || own.start >= region.end {
        [region, 0..0]
    } else {
        [before, after]
    };
    parts.into_iter().filter(|part| !part.is_empty())
}
