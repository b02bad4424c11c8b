//! Folders of files that were moved in and out, in JavaScript's shape.

use std::collections::BTreeMap;

use napi_derive::napi;

use crate::{
    codec::record::{Changes, RecordKey},
    store::{Exported, ImportOptions, ImportOutcome, Imported},
};

/// How a folder is moved in.
#[napi(object, object_to_js = false)]
#[allow(missing_docs)]
pub struct NativeImportOptions {
    pub replace: bool,
    pub resume: bool,
    pub skip_broken: bool,
}

/// What came of a folder.
#[napi(object, object_from_js = false)]
#[allow(missing_docs)]
pub struct NativeImport {
    /// `added`, `replaced`, `present` or `refused`.
    pub outcome: String,
    pub kinds: Vec<NativeKindCount>,
    pub bytes: f64,
    pub healed: Vec<String>,
    pub unknown: Vec<String>,
    pub broken: Vec<NativeBrokenFile>,
}

/// What was written of a session.
#[napi(object, object_from_js = false)]
#[allow(missing_docs)]
pub struct NativeExport {
    pub kinds: Vec<NativeKindCount>,
    pub files: u32,
    pub bytes: f64,
}

/// How many records of a type there are.
#[napi(object, object_from_js = false)]
#[allow(missing_docs)]
pub struct NativeKindCount {
    pub kind: String,
    pub records: u32,
}

/// A file that should hold a record and does not.
#[napi(object, object_from_js = false)]
#[allow(missing_docs)]
pub struct NativeBrokenFile {
    pub file: String,
    pub reason: String,
}

impl From<NativeImportOptions> for ImportOptions {
    fn from(options: NativeImportOptions) -> Self {
        Self {
            replaces: options.replace,
            resumes: options.resume,
            skips_broken: options.skip_broken,
        }
    }
}

impl From<Imported> for NativeImport {
    fn from(Imported { folder, outcome }: Imported) -> Self {
        let outcome = match outcome {
            ImportOutcome::Added => "added",
            ImportOutcome::Replaced => "replaced",
            ImportOutcome::Present => "present",
            ImportOutcome::Refused => "refused",
        };
        let broken = folder.broken.into_iter();
        Self {
            outcome: outcome.to_owned(),
            kinds: kinds_of(&folder.session),
            bytes: folder.bytes as f64,
            healed: folder.healed,
            unknown: folder.unknown,
            broken: broken
                .map(|broken| NativeBrokenFile {
                    file: broken.file,
                    reason: broken.reason,
                })
                .collect(),
        }
    }
}

impl From<Exported> for NativeExport {
    fn from(Exported { session, written }: Exported) -> Self {
        Self {
            kinds: kinds_of(&session),
            files: u32::try_from(written.files).unwrap_or(u32::MAX),
            bytes: written.bytes as f64,
        }
    }
}

/// The credentials are not counted: there is one of them.
fn kinds_of(session: &Changes) -> Vec<NativeKindCount> {
    let mut kinds = BTreeMap::<&str, u32>::new();
    for key in session.records.keys() {
        if let RecordKey::Key { kind, .. } = key {
            *kinds.entry(kind).or_default() += 1;
        }
    }
    let counts = kinds.into_iter();
    counts
        .map(|(kind, records)| NativeKindCount {
            kind: kind.to_owned(),
            records,
        })
        .collect()
}
