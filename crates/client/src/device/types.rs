//! What a device takes and gives.

use sidelight_format::record::{Fact, PairingEnd, Reach};
use sidelight_format::{
    Bytes, EntryDate, EntryId, FieldValue, Frame, Kind, MailboxName, Refusal, RelayAddress,
    VerifyingKey,
};

/// Names one link of a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u64);

/// Who begins a journal.
#[derive(Clone)]
pub struct NewPerson {
    /// What they want to be called: 1 to 64 bytes, no control characters.
    pub name: String,
    /// The relay for new spaces.
    pub relay: Option<RelayAddress>,
    /// Admits new mailboxes to it.
    pub ticket: Bytes,
}

/// A new entry.
#[derive(Clone)]
pub struct Draft {
    /// Its kind.
    pub kind: Kind,
    /// Its text: 1 byte to 256 KiB of UTF-8.
    pub text: String,
    /// The day it is about.
    pub date: EntryDate,
    /// Whether both may change it; only in the shared space.
    pub together: bool,
    /// Written into the shared space rather than the private one.
    pub shared: bool,
    /// Its other fields.
    pub fields: Vec<(String, FieldValue)>,
    /// Where it was imported from: the same source is written once a space.
    pub source: Option<String>,
}

/// What became of a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wrote {
    /// The entry.
    pub entry: EntryId,
    /// Whether it is new; otherwise its source had been imported before.
    pub new: bool,
}

/// What became of an entry that was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erased {
    /// The entry.
    pub entry: EntryId,
    /// From where it goes.
    pub reach: Reach,
}

/// A link that the device wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The mailbox to open on it.
    pub mailbox: MailboxName,
    /// Where that is.
    pub relay: RelayAddress,
    /// Links of different groups never share a connection: the partner may be the one who
    /// runs the relay, and must not see that two mailboxes are one person's.
    pub group: Group,
    /// What to do there.
    pub errand: Errand,
}

/// What a link to a mailbox is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Errand {
    /// To send and receive.
    Replicate,
    /// To have dropped what this person put there, at a relay that was left. Nobody need wait
    /// for a relay that does not answer any more.
    TakeLeave,
}

/// What a mailbox is for, as far as connections are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// The private space and the recovery walk.
    Private,
    /// The shared space.
    Shared,
    /// A pairing under way.
    Pairing,
}

/// What the driver must do or tell, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Everything before this is kept durably.
    Persisted,
    /// Send a frame.
    Send(LinkId, Frame),
    /// Drop a link; whoever wants it opens another.
    Hangup(LinkId),
    /// Drop a link of which nothing failed: its mailbox is to be opened anew at once.
    Reopen(LinkId),
    /// Tell whoever listens.
    Event(Event),
}

/// What may interest whoever shows the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// An entry is new or has changed.
    EntryChanged(EntryId),
    /// An entry was erased, here or by who wrote it.
    EntryRemoved(EntryId),
    /// A pairing has come further.
    PairingChanged,
    /// All that a mailbox's relay lists is here.
    UpToDate(MailboxName),
    /// A relay said no.
    Refused(MailboxName, Refusal),
    /// Something that the people should know about.
    Warning(Fact),
}

impl Event {
    /// Whether it tells of an entry.
    pub fn is_of_entry(&self) -> bool {
        matches!(self, Self::EntryChanged(_) | Self::EntryRemoved(_))
    }
}

/// How far a pairing is.
#[derive(Clone, PartialEq, Eq)]
pub struct PairingView {
    /// Whether this side invites.
    pub inviter: bool,
    /// Whether it links an own device; otherwise it is with a partner.
    pub own_device: bool,
    /// The other side's name for themselves, once it is known; to be trusted after both
    /// have confirmed.
    pub other_name: Option<String>,
    /// Symbol and spoken name of the seven emoji, once there is something to compare.
    pub comparison: Option<Vec<(&'static str, &'static str)>>,
    /// This side's answer.
    pub confirmed: Option<bool>,
    /// How it ended.
    pub ended: Option<PairingEnd>,
}

/// One of a person's own devices.
#[derive(Clone, PartialEq, Eq)]
pub struct OwnDevice {
    /// Names it to the other own devices.
    pub id: VerifyingKey,
    /// What its person calls it; empty for the first one.
    pub name: String,
    /// Whether it is this one.
    pub this: bool,
}

/// Words, names and what is compared stay out of logs.
macro_rules! redacted {
    ($($name:ident { $($shown:ident),* })+) => {
        $(impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name))
                    $(.field(stringify!($shown), &self.$shown))*
                    .finish_non_exhaustive()
            }
        })+
    };
}
pub(crate) use redacted;

redacted! {
    NewPerson {}
    Draft { kind, date, together, shared }
    OwnDevice { id, this }
    PairingView { inviter, own_device, confirmed, ended }
}
