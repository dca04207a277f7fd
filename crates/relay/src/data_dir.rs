//! The data directory: its lock, its key, its database.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use data_encoding::BASE64URL_NOPAD;
use sidelight_format::{RelayInstance, Secret, SecretBytes, digest};

use crate::{RunError, SqliteLog};

/// A data directory that nobody else uses while this lives.
#[derive(Debug)]
pub struct DataDir {
    dir: PathBuf,
    /// The system lets go of the lock when the file is closed, also when the process is killed.
    _lock: File,
}

impl DataDir {
    /// Makes the directory if it does not exist (readable by its owner only), and takes its lock.
    ///
    /// # Errors
    /// [`RunError::DataDir`], [`RunError::Full`] and [`RunError::Locked`].
    pub fn lock(dir: &Path) -> Result<Self, RunError> {
        let error = |error: io::Error| RunError::file(dir, &error);
        make_private_dir(dir).map_err(error)?;
        let lock = private(OpenOptions::new().create(true).write(true))
            .open(dir.join(LOCK_FILE))
            .map_err(error)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                dir: dir.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(RunError::Locked(dir.to_owned())),
            Err(TryLockError::Error(io)) => Err(error(io)),
        }
    }

    /// The seed of the relay's key, made if there is none.
    ///
    /// # Errors
    /// [`RunError::DamagedKey`], and those of reading and writing.
    pub fn seed(&self) -> Result<Secret, RunError> {
        let path = self.key_path();
        if let Some(seed) = read_key(&path)? {
            return Ok(seed);
        }
        let seed = Secret::new(random()?);
        write_private(&path, key_text(&seed).expose(), false)?;
        Ok(seed)
    }

    /// Copies the relay's key in `dir` into a file of its own, readable by its owner only. Needs
    /// no lock: a relay may be running on `dir`.
    ///
    /// # Errors
    /// [`RunError::DataDir`] if there is no key yet; [`RunError::DamagedKey`];
    /// [`RunError::Exists`] unless `force`.
    pub fn export_key(dir: &Path, to: &Path, force: bool) -> Result<(), RunError> {
        let path = dir.join(KEY_FILE);
        let missing = || RunError::file(&path, &io::ErrorKind::NotFound.into());
        let seed = read_key(&path)?.ok_or_else(missing)?;
        write_private(to, key_text(&seed).expose(), force)
    }

    /// Puts the key of a file in place, as the key by which devices know this relay.
    ///
    /// # Errors
    /// [`RunError::DamagedKey`] if the file is not a key; [`RunError::Exists`] if there is a key
    /// already, unless `force`.
    pub fn import_key(&self, from: &Path, force: bool) -> Result<(), RunError> {
        let text = fs::read(from).map_err(|error| RunError::file(from, &error))?;
        let seed = key_from_text(&SecretBytes::new(text), from)?;
        write_private(&self.key_path(), key_text(&seed).expose(), force)
    }

    /// The database, made if there is none, of at most so many bytes. `restored` begins another
    /// life of what is there.
    ///
    /// # Errors
    /// [`RunError::Database`] and [`RunError::Full`].
    pub fn database(&self, restored: bool, bytes_max: Option<u64>) -> Result<SqliteLog, RunError> {
        let path = self.dir.join(DATABASE_FILE);
        if !path.exists() {
            // SQLite gives its further files the mode of this one.
            private(OpenOptions::new().create(true).append(true))
                .open(&path)
                .map_err(|error| RunError::file(&path, &error))?;
        }
        let instance = RelayInstance(random()?);
        let open = || {
            let mut log = SqliteLog::open(&path, instance)?;
            if let Some(bytes) = bytes_max {
                log.limit_bytes(bytes)?;
            }
            if restored {
                log.begin_instance(instance)?;
            }
            Ok(log)
        };
        open().map_err(|error| RunError::database(&path, error))
    }

    fn key_path(&self) -> PathBuf {
        self.dir.join(KEY_FILE)
    }
}

/// Bytes of the system's generator.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], RunError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| RunError::System(io::ErrorKind::Other))?;
    Ok(bytes)
}

/// A key file: what it is and in which version, then seed and check in base64url. The check is
/// there because any 32 bytes are a key, and a wrong one would turn every device away.
fn key_text(seed: &Secret) -> SecretBytes {
    let mut bytes = Vec::with_capacity(36);
    bytes.extend_from_slice(seed.expose());
    bytes.extend_from_slice(&check(seed));
    let bytes = SecretBytes::new(bytes);
    let mut text = KEY_PREFIX.to_owned();
    // In one piece: a buffer that grows leaves copies behind.
    text.reserve_exact(BASE64URL_NOPAD.encode_len(bytes.expose().len()) + 1);
    BASE64URL_NOPAD.encode_append(bytes.expose(), &mut text);
    text.push('\n');
    SecretBytes::new(text.into_bytes())
}

fn read_key(path: &Path) -> Result<Option<Secret>, RunError> {
    match fs::read(path) {
        Ok(text) => key_from_text(&SecretBytes::new(text), path).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(RunError::file(path, &error)),
    }
}

fn key_from_text(text: &SecretBytes, path: &Path) -> Result<Secret, RunError> {
    let parse = || {
        let encoded = text
            .expose()
            .trim_ascii()
            .strip_prefix(KEY_PREFIX.as_bytes())?;
        let bytes = SecretBytes::new(BASE64URL_NOPAD.decode(encoded).ok()?);
        let (seed, checked) = bytes.expose().split_first_chunk::<32>()?;
        let seed = Secret::new(*seed);
        (checked == check(&seed)).then_some(seed)
    };
    parse().ok_or_else(|| RunError::DamagedKey(path.to_owned()))
}

fn check(seed: &Secret) -> [u8; 4] {
    let hash = digest("relay key file", &[seed.expose()]);
    [hash[0], hash[1], hash[2], hash[3]]
}

/// Writes a file that only its owner can read: whole or not at all, and on the disk on return.
fn write_private(path: &Path, bytes: &[u8], replace: bool) -> Result<(), RunError> {
    if !replace && path.exists() {
        return Err(RunError::Exists(path.to_owned()));
    }
    let error = |error: io::Error| RunError::file(path, &error);
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = dir.join(name);
    let write = || {
        // What an interrupted attempt left may have another mode.
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = private(OpenOptions::new().create_new(true).write(true)).open(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        sync_dir(dir)
    };
    write().map_err(error)
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(unix)]
fn make_private_dir(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
}

#[cfg(not(unix))]
fn make_private_dir(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)
}

#[cfg(unix)]
fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

#[cfg(not(unix))]
fn sync_dir(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The relay's key, in the data directory.
pub const KEY_FILE: &str = "relay.key";

/// The mailboxes, in the data directory.
pub const DATABASE_FILE: &str = "mailboxes.sqlite";

/// Held by the relay that runs on the data directory. Its content is nothing.
pub const LOCK_FILE: &str = "relay.lock";

const KEY_PREFIX: &str = "sidelight-relay-key-1:";
