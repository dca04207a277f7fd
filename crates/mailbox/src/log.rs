//! What a mailbox needs of the storage below it.

use sidelight_format::{
    Bytes, Class, ClassSet, Direction, EnvelopeId, Item, MailboxName, Position, RelayInstance,
    Timestamp,
};

use crate::Ledger;

/// The storage of one relay: many mailboxes, each a ledger and a list of envelopes.
///
/// Changes gather until [`commit`](Log::commit) makes all of them durable or none; a crash loses
/// what was not committed. Reads need not show what is not committed yet: the
/// [`Host`](crate::Host) never asks for it. [`conformance`](crate::conformance) holds an
/// implementation to this page.
pub trait Log {
    /// This life of the data.
    fn instance(&self) -> RelayInstance;

    /// How many mailboxes there are.
    ///
    /// # Errors
    /// [`LogError`], as for all that follow.
    fn mailboxes(&self) -> Result<u64, LogError>;

    /// The ledger of a mailbox, if there is such a mailbox.
    ///
    /// # Errors
    /// [`LogError`].
    fn ledger(&self, mailbox: &MailboxName) -> Result<Option<Ledger>, LogError>;

    /// Where an envelope is, if it is listed. One whose body was dropped still is.
    ///
    /// # Errors
    /// [`LogError`].
    fn place_of(&self, mailbox: &MailboxName, id: &EnvelopeId) -> Result<Option<Place>, LogError>;

    /// What is listed in `range`: one item a position, in its direction, beginning with its first.
    ///
    /// At least one if there is one, then only as many as keep the bodies within `range.bytes`.
    ///
    /// # Errors
    /// [`LogError`].
    fn read(&self, mailbox: &MailboxName, range: &Range) -> Result<Vec<Item>, LogError>;

    /// Writes the ledger of a mailbox, which begins if there is none yet.
    ///
    /// # Errors
    /// [`LogError`].
    fn set_ledger(&mut self, mailbox: &MailboxName, ledger: &Ledger) -> Result<(), LogError>;

    /// Lists an envelope at `place.position`, which is the next free one. If its mailbox is new,
    /// the ledger may follow later, but before the commit.
    ///
    /// # Errors
    /// [`LogError`].
    fn append(
        &mut self,
        mailbox: &MailboxName,
        id: &EnvelopeId,
        place: &Place,
        envelope: Bytes,
    ) -> Result<(), LogError>;

    /// Forgets the body at a position, so that no backup made later has it; place and id stay.
    ///
    /// # Errors
    /// [`LogError`].
    fn drop_body(&mut self, mailbox: &MailboxName, position: Position) -> Result<(), LogError>;

    /// Removes mailboxes that expired before `now`, touching at most about `budget` rows; how
    /// many it touched. From the commit on such a mailbox is as if it had never been.
    ///
    /// # Errors
    /// [`LogError`].
    fn sweep(&mut self, now: Timestamp, budget: usize) -> Result<usize, LogError>;

    /// Makes everything since the last commit durable.
    ///
    /// # Errors
    /// [`LogError`]; then none of it happened, and it waits to be [discarded](Log::discard).
    fn commit(&mut self) -> Result<(), LogError>;

    /// Forgets everything since the last commit.
    fn discard(&mut self);
}

/// Where an envelope is listed, and what may be known of it without its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its position.
    pub position: Position,
    /// Its class.
    pub class: Class,
    /// The length of its body in bytes, also after the body was dropped.
    pub len: u32,
    /// The hash of its erase token.
    pub erase_hash: [u8; 32],
    /// Whether the body was dropped.
    pub dropped: bool,
}

/// Which part of a mailbox to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first position.
    pub first: Position,
    /// Which way from there.
    pub direction: Direction,
    /// How many positions at most.
    pub count: usize,
    /// How many bytes of bodies at most, but for the first.
    pub bytes: usize,
    /// Of which classes the bodies are wanted.
    pub classes: ClassSet,
}

/// Why the storage below the mailboxes failed. No variant carries anything that was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// No room is left.
    #[error("the disk is full, or the storage has reached its limit")]
    Full,
    /// What is stored contradicts itself or cannot be read.
    #[error("the stored data is damaged")]
    Damaged,
    /// The storage does not work at the moment.
    #[error("the storage cannot be reached")]
    Unreachable,
}
