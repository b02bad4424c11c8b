//! Writes a folder: all of it, or nothing.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Component, Path, PathBuf},
};

use uuid::Uuid;

use super::{failure, file_name::fold};
use crate::{
    codec::record::{Changes, Text, Value},
    error::{Code, Error, Result},
};

/// What was written.
pub(crate) struct Written {
    pub(crate) files: usize,
    pub(crate) bytes: u64,
}

/// Refuses a folder that has something in it, or is none.
pub(crate) fn require_vacant(folder: &Path) -> Result<()> {
    let entries = fs::read_dir(folder).and_then(|mut entries| entries.next().transpose());
    match entries {
        Ok(None) => Ok(()),
        Ok(Some(_)) => Err(Error::new(
            Code::Folder,
            format!("{} is not empty; name a new folder", folder.display()),
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failure("the folder cannot be read:", folder, &error)),
    }
}

/// Writes a session's records into a folder that is not there yet, or empty. Only its owner may read what is written.
pub(crate) fn write(folder: &Path, session: &Changes) -> Result<Written> {
    let files = files_of(session)?;
    let folder = resolved(folder)?;
    require_vacant(&folder)?;
    let draft = Draft::begin(&folder)?;
    let mut bytes = 0;
    for (name, text) in &files {
        draft.add(name, text.as_str())?;
        bytes += text.len() as u64;
    }
    draft.publish(&folder)?;
    Ok(Written {
        files: files.len(),
        bytes,
    })
}

/// The files of a session's records. Two records that share a file would be one afterwards: they are refused, unless they are
/// the same.
fn files_of(session: &Changes) -> Result<BTreeMap<String, Text>> {
    let mut files = BTreeMap::new();
    for (key, value) in &session.records {
        let Some(text) = value.as_ref().map(Value::to_text) else {
            continue;
        };
        let name = fold(key);
        if !is_plain(&name) {
            return Err(Error::new(
                Code::Folder,
                format!("the id of a record cannot be a file's name here: {name:?}; nothing was written"),
            ));
        }
        match files.insert(name.clone(), text.clone()) {
            Some(other) if other != text => {
                return Err(Error::new(
                    Code::Folder,
                    format!("two records would share the file {name:?}; nothing was written"),
                ));
            }
            _ => {}
        }
    }
    Ok(files)
}

/// Whether a name is that of a file in a folder, and no way out of it.
fn is_plain(name: &str) -> bool {
    let mut components = Path::new(name).components();
    let first = components.next();
    matches!(first, Some(Component::Normal(only)) if only == name)
        && components.next().is_none()
        && !name.contains('\0')
}

/// Where the folder really is, or will be: its draft has to be in the same file system.
fn resolved(folder: &Path) -> Result<PathBuf> {
    match fs::canonicalize(folder) {
        Ok(resolved) => Ok(resolved),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            std::path::absolute(folder).map_err(|error| failure("this is no folder:", folder, &error))
        }
        Err(error) => Err(failure("the folder cannot be reached:", folder, &error)),
    }
}

/// A folder under another name, which is gone if it is not published.
struct Draft(Option<PathBuf>);

impl Draft {
    fn begin(folder: &Path) -> Result<Self> {
        let Some(parent) = folder.parent() else {
            return Err(Error::new(
                Code::Folder,
                "the root of a file system is no folder to write to",
            ));
        };
        fs::create_dir_all(parent).map_err(|error| failure("the folder cannot be made:", parent, &error))?;
        let path = parent.join(format!(".export-{}", Uuid::new_v4().simple()));
        make_private(&path).map_err(|error| failure("the folder cannot be made:", &path, &error))?;
        Ok(Self(Some(path)))
    }

    fn path(&self) -> &Path {
        self.0.as_deref().unwrap_or(Path::new(""))
    }

    fn add(&self, name: &str, text: &str) -> Result<()> {
        let path = self.path().join(name);
        let write = || {
            let mut file = private_file().open(&path)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()
        };
        write().map_err(|error| {
            let doing = match error.kind() {
                // Where case does not count.
                io::ErrorKind::AlreadyExists => "two records share a file here:",
                _ => "a file cannot be written:",
            };
            failure(doing, Path::new(name), &error)
        })
    }

    /// Gives it its name, now that all is on the disk.
    fn publish(mut self, folder: &Path) -> Result<()> {
        let publish = || {
            sync(self.path())?;
            // Only Windows needs the place to be free; elsewhere the new folder takes the empty one's.
            #[cfg(windows)]
            if folder.exists() {
                fs::remove_dir(folder)?;
            }
            fs::rename(self.path(), folder)?;
            folder.parent().map_or(Ok(()), sync)
        };
        publish().map_err(|error| failure("the folder cannot be put in its place:", folder, &error))?;
        self.0 = None;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            // It failed for something that is told already.
            drop(fs::remove_dir_all(path));
        }
    }
}

#[cfg(unix)]
fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(not(unix))]
fn make_private(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}

fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes the names in a folder durable, where that is possible.
fn sync(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
