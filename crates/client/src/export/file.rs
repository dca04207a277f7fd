//! Files and folders in the making: whole at the end, or gone.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::{Error, ErrorKind};

/// Removes what is not finished.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        // It may be gone: renamed, because it was finished.
        let _ = fs::remove_file(&self.0);
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn beside(path: &Path) -> Unfinished {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", std::process::id()));
    Unfinished(path.with_file_name(name))
}

/// One that only its owner may read, where the system knows owners.
fn create(path: &Path) -> io::Result<BufWriter<File>> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(BufWriter::new)
}

/// A file in the making, in place of an earlier one.
pub(super) struct NewFile {
    file: BufWriter<File>,
    new: Unfinished,
    path: PathBuf,
}

impl NewFile {
    pub(super) fn begin(dir: &Path, name: &str) -> Result<Self, Error> {
        let begin = || {
            fs::create_dir_all(dir)?;
            let path = dir.join(name);
            let new = beside(&path);
            // What an interrupted one with this number left.
            let _ = fs::remove_file(&new.0);
            let file = create(&new.0)?;
            Ok(Self { file, new, path })
        };
        begin().map_err(|error| failed(&error))
    }

    pub(super) fn write(&mut self, text: &str) -> Result<(), Error> {
        let written = self.file.write_all(text.as_bytes());
        written.map_err(|error| failed(&error))
    }

    pub(super) fn finish(mut self) -> Result<PathBuf, Error> {
        let mut finish = || {
            self.file.flush()?;
            self.file.get_ref().sync_all()?;
            fs::rename(&self.new.0, &self.path)
        };
        finish().map_err(|error| failed(&error))?;
        Ok(self.path)
    }
}

/// A folder in the making. It never takes the place of an earlier one, in which somebody may have
/// written since.
pub(crate) struct NewFolder {
    new: Unfinished,
    path: PathBuf,
}

impl NewFolder {
    pub(crate) fn begin(dir: &Path, name: &str) -> Result<Self, Error> {
        let path = dir.join(name);
        if fs::symlink_metadata(&path).is_ok() {
            return Err(Error::invalid(format!(
                "there is a folder {name} already; choose another folder to export into, or \
                 remove that one"
            )));
        }
        let begin = || {
            fs::create_dir_all(dir)?;
            let new = beside(&path);
            let _ = fs::remove_dir_all(&new.0);
            folder(&new.0)?;
            Ok(Self { new, path })
        };
        begin().map_err(|error| failed(&error))
    }

    /// Writes a file, in a folder in this one unless that has no name.
    pub(crate) fn write(&self, inside: &str, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let write = || {
            let place = self.new.0.join(inside);
            if !place.is_dir() {
                folder(&place)?;
            }
            let mut file = create(&place.join(name))?;
            file.write_all(bytes)?;
            file.flush()
        };
        write().map_err(|error| failed(&error))
    }

    /// Begins a file in this folder.
    pub(crate) fn open(&self, name: &str) -> Result<BufWriter<File>, Error> {
        create(&self.new.0.join(name)).map_err(|error| failed(&error))
    }

    pub(crate) fn finish(self) -> Result<PathBuf, Error> {
        let renamed = fs::rename(&self.new.0, &self.path);
        renamed.map_err(|error| failed(&error))?;
        Ok(self.path)
    }
}

fn folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

pub(crate) fn failed(error: &io::Error) -> Error {
    let what = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "the disk is full, so nothing was exported; free some space and try again".to_owned()
        }
        kind => format!(
            "the folder cannot be written ({kind}), so nothing was exported; choose another one"
        ),
    };
    Error::new(ErrorKind::Storage, what)
}
