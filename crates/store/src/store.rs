use core::{fmt, time::Duration};

use sidelight_format::record::Table;

use crate::{Batch, StoreError};

/// What is sealed on one device: rows in numbered tables, changed by atomic batches.
///
/// Most callers read and write records through a [`Txn`](crate::Txn); the rows here are plain
/// bytes on their way to and from it. One opener at a time may write; any number may read
/// meanwhile, each a consistent state.
///
/// Every method fails with [`StoreError::Suspended`] between [`suspend`](Self::suspend) and
/// [`resume`](Self::resume), and with [`StoreError::Damaged`] or [`StoreError::Io`] if the disk
/// no longer gives back what was put on it. A row that is sealed under a further key which
/// is not in hand is [`StoreError::Locked`].
pub trait Store: Send + fmt::Debug {
    /// The row at `key`.
    ///
    /// # Errors
    /// Those of every method.
    fn read(&self, table: Table, key: Key<'_>) -> Result<Option<Vec<u8>>, StoreError>;

    /// At most `limit` rows of a number-keyed table, beginning with the row numbered `from`
    /// if it is there: upwards those at and above it, downwards those at and below it.
    ///
    /// # Errors
    /// Those of every method.
    fn range(
        &self,
        table: Table,
        from: u64,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<(u64, Vec<u8>)>, StoreError>;

    /// All rows of a table, in no particular order, but for those that are locked away. Only for
    /// tables that stay small.
    ///
    /// # Errors
    /// Those of every method.
    fn all(&self, table: Table) -> Result<Vec<Vec<u8>>, StoreError>;

    /// Whether a table has no row at all.
    ///
    /// # Errors
    /// Those of every method.
    fn is_empty(&self, table: Table) -> Result<bool, StoreError>;

    /// Does all of `batch`, durably when it returns, or nothing of it. An empty batch is no
    /// commit.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`] without the writer's turn, [`StoreError::Full`], and those of
    /// every method. After an error nothing has changed, and later commits may succeed.
    fn commit(&mut self, batch: Batch) -> Result<(), StoreError>;

    /// A number that grows with every commit by anyone, so that an opener sees whether
    /// another one wrote.
    ///
    /// # Errors
    /// Those of every method.
    fn revision(&self) -> Result<u64, StoreError>;

    /// From here to the matching [`release`](Self::release) all reads see one state of the
    /// store, whatever others commit. Holds nest; a [`Txn`](crate::Txn) is one.
    ///
    /// # Errors
    /// Those of every method.
    fn hold(&self) -> Result<(), StoreError>;

    /// Ends a [`hold`](Self::hold).
    fn release(&self);

    /// Takes the writer's turn, waiting for at most `wait`, and says whether anybody else has
    /// committed since this opener last had it. At once `false` for who has the turn already.
    ///
    /// # Errors
    /// [`StoreError::Busy`] after `wait`, [`StoreError::ReadOnly`] if the store was opened for
    /// reading, and those of every method.
    fn take_turn(&mut self, wait: Duration) -> Result<bool, StoreError>;

    /// Gives the writer's turn to whoever waits for it; reading goes on.
    fn release_turn(&mut self);

    /// Gives up every lock, file and key-dependent state, at once: phones kill an app that
    /// keeps a lock while it is suspended. All that was committed is durable already.
    fn suspend(&mut self);

    /// Ends [`suspend`](Self::suspend): with the writer's turn if the opener had it then,
    /// waiting as long as at its opening. Says whether anybody else has committed meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Busy`] and those of opening; the store then stays suspended.
    fn resume(&mut self) -> Result<bool, StoreError>;
}

/// Which row of a table. Each table uses one of the forms only.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Key<'a> {
    /// The only row.
    One,
    /// The row of a number; shown on disk.
    Number(u64),
    /// The row of a name; blinded on disk.
    Name(&'a [u8]),
}

impl fmt::Debug for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One => f.write_str("One"),
            Self::Number(number) => write!(f, "Number({number})"),
            // A mailbox's name is a secret of sorts: no log may have it.
            Self::Name(_) => f.write_str("Name(…)"),
        }
    }
}

/// Which way a range goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To higher numbers.
    Up,
    /// To lower numbers.
    Down,
}

/// What an opener means to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Write, taking the writer's turn at once; wait for at most this long.
    Write {
        /// How long to wait for the turn.
        wait: Duration,
    },
    /// Only read, beside whoever writes.
    Read,
}
