//! A folder for a test, which is gone afterwards.

use std::{
    fs,
    path::{Path, PathBuf},
};

use uuid::Uuid;

/// Credentials with an identity.
pub(super) const CREDS: &str =
    r#"{"noiseKey":1,"signedIdentityKey":{"private":1,"public":{"type":"Buffer","data":"AQID"}},"me":"\ud800"}"#;

pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn new() -> Self {
        let path = std::env::temp_dir().join(format!("multi-file-{}", Uuid::new_v4().simple()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    /// With credentials, and these files.
    pub(super) fn with(files: &[(&str, &str)]) -> Self {
        let scratch = Self::new();
        scratch.add("creds.json", CREDS);
        for (name, text) in files {
            scratch.add(name, text);
        }
        scratch
    }

    pub(super) fn add(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.0.join(name), text).unwrap();
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// The names of what is in it, in order.
    pub(super) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}
