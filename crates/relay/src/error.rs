//! Why a relay does not start, each with what to do.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use sidelight_format::InvalidAddress;
use sidelight_mailbox::LogError;

use crate::OpenLogError;

/// Why a relay did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// Somebody else listens there.
    #[error("{0}/udp is in use; stop what listens there, or choose another with --listen")]
    AddressInUse(SocketAddr),
    /// The system does not let it listen there.
    #[error("cannot listen on {0}/udp ({1}); choose another address with --listen")]
    Listen(SocketAddr, io::ErrorKind),
    /// What to advertise is not `host:port`.
    #[error("{0:?} is not what a device can reach ({1}); give --advertise HOST:PORT")]
    Advertise(String, InvalidAddress),
    /// The data directory cannot be made, read or written.
    #[error(
        "the data directory {path} cannot be used ({kind}); check that it exists, belongs to this \
         user and can be written, or choose another with --data"
    )]
    DataDir {
        /// The directory, or the file in it.
        path: PathBuf,
        /// What the system said.
        kind: io::ErrorKind,
    },
    /// Another relay uses the data directory.
    #[error("another relay is running on {0}; stop it first, or give this one its own --data")]
    Locked(PathBuf),
    /// The key file is there, but is no key.
    #[error(
        "the key file {0} is damaged; put its backup in place with `sidelight-relay key import \
         --force`. Without it devices will not accept this relay: then remove the file, and give \
         them the new address"
    )]
    DamagedKey(PathBuf),
    /// A file would be overwritten.
    #[error("{0} exists already; add --force to overwrite it")]
    Exists(PathBuf),
    /// No room for the data.
    #[error("there is no room for the data in {0}; free some, or choose another with --data")]
    Full(PathBuf),
    /// The database cannot be opened.
    #[error("the database {0} cannot be opened: {1}")]
    Database(PathBuf, OpenLogError),
    /// The system gives no random bytes or no thread.
    #[error("the system refused what a relay needs: {0}")]
    System(io::ErrorKind),
}

impl RunError {
    /// The exit code of the program for this error; `--help` lists them.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::AddressInUse(_) | Self::Listen(..) | Self::Advertise(..) => 3,
            Self::DataDir { .. } | Self::Exists(_) => 4,
            Self::Full(_) => 5,
            Self::Locked(_) => 6,
            Self::DamagedKey(_) | Self::Database(..) => 7,
            Self::System(_) => 1,
        }
    }

    pub(crate) fn file(path: impl Into<PathBuf>, error: &io::Error) -> Self {
        let path = path.into();
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full(path),
            kind => Self::DataDir { path, kind },
        }
    }

    pub(crate) fn database(path: impl Into<PathBuf>, error: OpenLogError) -> Self {
        let path = path.into();
        match error {
            OpenLogError::Log(LogError::Full) => Self::Full(path),
            error => Self::Database(path, error),
        }
    }
}
