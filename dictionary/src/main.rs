//! Makes the dictionary that `src/codec/compact` embeds, from the traces in `__test__/data/traces`. See the README.

mod scrub;
// The codec's own code, so that the dictionary's skeletons are the ones that it will look up.
#[path = "../../src/codec/compact/skeleton.rs"]
#[allow(dead_code)]
mod skeleton;
mod traces;
#[path = "../../src/codec/compact/varint.rs"]
#[allow(dead_code)]
mod varint;

use std::{
    collections::{BTreeMap, HashMap},
    env,
    error::Error,
    fs::File,
    io::Write,
    path::Path,
};

/// The bytes of the dictionary that each record type may fill. Skeletons of the first types stand first.
const SHARES: [(&str, usize); 10] = [
    ("pre-key", 128),
    ("lid-mapping", 16),
    ("device-list", 128),
    ("tctoken", 128),
    ("app-state-sync-key", 256),
    ("sender-key-memory", 64),
    ("app-state-sync-version", 512),
    ("creds", 2560),
    ("sender-key", 2048),
    ("session", 8192),
];
/// The longest skeleton that is taken: longer ones are of one record, and compress well by the others.
const MAX_SKELETON: usize = 1536;
/// As many as one byte names, one number being kept for skeletons that are not in the dictionary.
const MAX_SKELETONS: usize = 255;

type Counts = HashMap<Vec<u8>, usize>;

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args_os().nth(1).ok_or("name the file to write; see the README")?;
    let traces = Path::new(env!("CARGO_MANIFEST_DIR")).join("../__test__/data/traces");
    let mut skeletons = BTreeMap::<String, Counts>::new();
    for name in ["boot-v7", "dm-v6", "dm-v7", "socket-v7"] {
        traces::read(&traces.join(format!("{name}.jsonl.gz")), |kind, text| {
            if let Some(skeleton) = skeleton_of(text) {
                *skeletons
                    .entry(kind.to_owned())
                    .or_default()
                    .entry(skeleton)
                    .or_default() += 1;
            }
        })?;
    }
    let mut chosen = Vec::new();
    for (kind, share) in SHARES {
        chosen.extend(choose(skeletons.remove(kind).unwrap_or_default(), share));
    }
    if chosen.len() > MAX_SKELETONS {
        return Err(format!("{} skeletons are more than a byte can name", chosen.len()).into());
    }
    let dictionary = chosen.join(&0);
    println!("{} skeletons, {} bytes", chosen.len(), dictionary.len());
    // Never over an old one: records are stored that only it can unpack.
    File::create_new(path)?.write_all(&dictionary)?;
    Ok(())
}

fn skeleton_of(text: &str) -> Option<Vec<u8>> {
    let scrubbed = scrub::scrub(serde_json::from_str(text).ok()?).to_string();
    Some(skeleton::split(scrubbed.as_bytes())?.skeleton.to_vec())
}

/// The most frequent skeletons, as many as fit.
fn choose(counts: Counts, share: usize) -> Vec<Vec<u8>> {
    let mut ranked: Vec<_> = counts
        .into_iter()
        .filter(|(skeleton, _)| skeleton.len() <= MAX_SKELETON)
        .collect();
    ranked.sort_by(|(a, a_count), (b, b_count)| (b_count, a.len(), a).cmp(&(a_count, b.len(), b)));
    let mut room = share;
    let mut chosen = Vec::new();
    for (skeleton, _) in ranked {
        if let Some(left) = room.checked_sub(skeleton.len() + 1) {
            room = left;
            chosen.push(skeleton);
        }
    }
    chosen
}
