//! Looks through the process's own memory.

use std::{fs, fs::File, ops::Range, os::unix::fs::FileExt};

use zeroize::Zeroize;

/// Memory that is read at a time.
const CHUNK: usize = 1 << 20;

const MASK: u8 = 0x5a;

/// What is looked for, masked: it is not to be found here.
pub(crate) struct Needle {
    pub(crate) name: String,
    masked: Vec<u8>,
}

impl Needle {
    pub(crate) fn new(name: &str, bytes: &[u8]) -> Self {
        Self {
            name: name.to_owned(),
            masked: bytes.iter().map(|byte| byte ^ MASK).collect(),
        }
    }

    fn is_at(&self, bytes: &[u8]) -> bool {
        bytes.len() >= self.masked.len()
            && self
                .masked
                .iter()
                .zip(bytes)
                .all(|(masked, byte)| masked ^ MASK == *byte)
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
    let own = buffer.as_ptr() as usize..buffer.as_ptr() as usize + buffer.len();
    let mut found = Vec::new();
    for (region, name) in writable_regions() {
        for part in without(region, &own) {
            let mut at = part.start;
            while at < part.end {
                let len = (part.end - at).min(CHUNK + longest);
                // Memory may be given back meanwhile.
                if memory.read_exact_at(&mut buffer[..len], at as u64).is_ok() {
                    for offset in 0..len.min(CHUNK) {
                        let rest = &buffer[offset..len];
                        found.extend(needles.iter().filter(|needle| needle.is_at(rest)).map(|needle| Found {
                            name: needle.name.clone(),
                            address: at + offset,
                            region: name.clone(),
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

fn writable_regions() -> Vec<(Range<usize>, String)> {
    let maps = fs::read_to_string("/proc/self/maps").expect("a Linux process can read its own maps");
    let region = |line: &str| {
        let mut fields = line.split_whitespace();
        let (start, end) = fields.next()?.split_once('-')?;
        let is_ours = fields.next()?.starts_with("rw");
        let range = usize::from_str_radix(start, 16).ok()?..usize::from_str_radix(end, 16).ok()?;
        is_ours.then(|| (range, line.to_owned()))
    };
    maps.lines().filter_map(region).collect()
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
