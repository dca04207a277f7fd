use std::io;

/// Why a store cannot do what was asked. `Display` is a sentence for people; it never holds a
/// path, a key or anything that was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another opener kept the writer's turn for longer than the caller would wait.
    #[error("the journal is in use by another program; try again when it has finished")]
    Busy,
    /// The disk, or its quota, has no room for the change. Nothing was changed.
    #[error("the disk is full, so nothing was saved; free some space and try again")]
    Full,
    /// There is no store where one was to be opened.
    #[error("there is no journal here; create one first, or check the folder")]
    Missing,
    /// There is a store already where one was to be created.
    #[error("there is a journal here already; open it, or choose another folder")]
    Exists,
    /// The storage key is not the one that sealed this store, or the sealed row that every
    /// opening checks first was changed: one cannot be told from the other.
    #[error("the storage key does not open this journal; use the key it was created with")]
    WrongKey,
    /// What is on disk is not a store, is cut short, or was changed outside the library.
    #[error("the journal's files are damaged; restore them from a backup")]
    Damaged,
    /// A later version of the library wrote this store. It was left as it is.
    #[error("the journal was written by a newer version (format {0}); update this program")]
    NewerVersion(u8),
    /// An earlier version of the library wrote this store, and a read-only opening may not
    /// bring it up to date.
    #[error("the journal was written by an older version; open it for writing once")]
    OlderVersion,
    /// A change through an opening that may only read: it was opened so, or it has released
    /// the writer's turn.
    #[error("the journal is open for reading only; take the writer's turn before changing it")]
    ReadOnly,
    /// The row lies under a further key, which is not in hand.
    #[error("this is locked away under a further secret; unlock it, then try again")]
    Locked,
    /// The store is suspended.
    #[error("the journal is suspended; resume it first")]
    Suspended,
    /// The operating system refused.
    #[error(
        "the journal's files cannot be used ({0}); check the folder, its permissions and the disk"
    )]
    Io(io::ErrorKind),
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            kind => Self::Io(kind),
        }
    }
}
