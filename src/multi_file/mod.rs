//! A session as the folder of files that Baileys' `useMultiFileAuthState` keeps: `creds.json`, and a file per record, named
//! `<type>-<id>.json` with the characters replaced that a file name cannot have.
//!
//! Texts are copied as they are, both ways. Knows nothing of SQL, keys or JavaScript.

mod file_name;
mod listing;
mod reading;
#[cfg(test)]
mod scratch;
mod writing;

pub(crate) use reading::{Folder, read};
pub(crate) use writing::{Written, require_vacant, write};

use std::{io, path::Path};

use crate::error::{Code, Error};

/// The credentials' file.
const CREDS_FILE: &str = "creds.json";

/// A folder or file could not be read or written; says which and why.
fn failure(doing: &str, path: &Path, error: &io::Error) -> Error {
    Error::new(Code::Folder, format!("{doing} {}: {error}", path.display()))
}
