//! A few secret bytes in a file that only its owner may read: there whole, or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::KeyStoreError;

/// What the file at `path` holds, if there is one: `len` bytes, or one more for a file that is
/// too long, whatever its length.
pub(super) fn read(path: &Path, len: usize) -> Result<Option<Vec<u8>>, KeyStoreError> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(kind)?,
    };
    let mut bytes = Vec::with_capacity(len + 1);
    file.take(len as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(kind)?;
    Ok(Some(bytes))
}

/// Begins the file at `path`, never in place of another; its folder is made if need be.
pub(super) fn begin(path: &Path, bytes: &[u8]) -> Result<(), KeyStoreError> {
    write(path, bytes, link).map_err(kind)
}

/// Puts a new file at `path` in place of the one that is there.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), KeyStoreError> {
    write(path, bytes, |new, path| fs::rename(new, path)).map_err(kind)
}

/// Writes beside `path`, then lets `place` bring it there: whoever is killed midway leaves all
/// of it there or nothing.
fn write(
    path: &Path,
    bytes: &[u8],
    place: impl FnOnce(&Path, &Path) -> io::Result<()>,
) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    let mut new = path.to_owned().into_os_string();
    new.push(format!(".{}", std::process::id()));
    let new = PathBuf::from(new);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&new).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        place(&new, path)
    });
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return written.and(Err(error));
        }
        _ => written?,
    }
    // The new name must be durable as well. Windows opens no folders and needs no such thing.
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn link(new: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(new, path) {
        // Some file systems have no links; there nobody but us can be quicker.
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => match path.try_exists()? {
            false => fs::rename(new, path),
            true => Err(error),
        },
        linked => linked,
    }
}

fn kind(error: io::Error) -> KeyStoreError {
    match error.kind() {
        io::ErrorKind::PermissionDenied => KeyStoreError::Denied,
        _ => KeyStoreError::Other,
    }
}
