//! What is in a folder, and whether it is still the same later.

use std::{collections::BTreeMap, ffi::OsString, fs, io, path::Path, time::SystemTime};

/// The entries of a folder, in the order of their names.
pub(super) type Listing = BTreeMap<OsString, Entry>;

/// An entry of a folder, itself and not what it may link to.
#[derive(PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) is_file: bool,
    pub(super) bytes: u64,
    modified: Option<SystemTime>,
}

/// Looks at a folder; `None` if something went while it looked.
pub(super) fn list(folder: &Path) -> io::Result<Option<Listing>> {
    let mut listing = Listing::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = match entry.metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let seen = Entry {
            is_file: metadata.is_file(),
            bytes: metadata.len(),
            modified: metadata.modified().ok(),
        };
        listing.insert(entry.file_name(), seen);
    }
    Ok(Some(listing))
}

#[cfg(test)]
mod tests {
    use super::{super::scratch::Scratch, *};

    fn seen(folder: &Path) -> Listing {
        list(folder).unwrap().unwrap()
    }

    #[test]
    fn whatever_changes_is_noticed() {
        let scratch = Scratch::with(&[("session-1.0.json", "{}")]);
        let before = seen(scratch.path());
        assert!(seen(scratch.path()) == before);
        scratch.add("session-1.0.json", "{\"a\":1}");
        assert!(seen(scratch.path()) != before);
        let before = seen(scratch.path());
        scratch.add("session-2.0.json", "{}");
        assert!(seen(scratch.path()) != before);
        let before = seen(scratch.path());
        let file = fs::File::open(scratch.path().join("session-2.0.json")).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        assert!(seen(scratch.path()) != before);
        fs::remove_file(scratch.path().join("session-2.0.json")).unwrap();
        assert!(seen(scratch.path()) != before);
    }
}
