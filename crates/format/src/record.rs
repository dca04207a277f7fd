//! Records of a device's store, before they are sealed. Each begins with [`VERSION`].

use core::fmt;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub use crate::chain::{ChainBranch, ChainPlace, ChainRecord};
pub use crate::choices::{
    ChoicesRecord, DismissedRecord, HeldRecord, ImportedRecord, SharedRecord,
};
pub use crate::erasing::{
    CarriedRecord, DropRecord, ErasedRecord, ErasingRecord, Reach, UnseenErasure, UnseenRecord,
};
pub use crate::keeping::{EntryRecord, RenderedRecord};
pub use crate::locking::{PrivateKeysRecord, PrivateLockRecord};
pub use crate::moving::{MoveRecord, MoveStage};
pub use crate::packing::{
    Lane, PackedRecord, Packing, Taking, Unproved, UnprovedRecord, VolumesRecord,
};
pub use crate::pairing::PairingEnd;
pub use crate::renewal::RenewalRecord;
pub use crate::search::{
    PageWriter, Places, PlacesWriter, SearchChange, SearchDirectory, SearchKeys, SearchPage,
    SearchRun, Terms,
};
pub use crate::timeline::{IndexDirectory, IndexKey, IndexPage, IndexRow};
use crate::{
    AuthorCertificate, AuthorId, Bundle, Bytes, Class, DecodeError, EntryId, EnvelopeId, EpochId,
    EpochRecord, Generation, Head, Invitation, KeyHash, Link, MailboxName, PersonGenesis, PersonId,
    PersonKeys, PersonSuccessor, Position, ProofItem, RelayAddress, RelayInstance, RosterRecord,
    RunningHash, Secret, SegmentId, Sequence, SpaceId, Timestamp, VERSION, VerifyingKey, decode,
    encode,
};

/// The tables of a device's store. The number is stored; none is ever used again for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Table {
    /// One row: [`DeviceRecord`].
    Device = 0,
    /// [`SpaceRecord`] by space.
    Spaces = 1,
    /// [`EpochSecretRecord`] by epoch.
    Epochs = 2,
    /// [`OwnAuthorRecord`] by epoch.
    OwnAuthors = 3,
    /// [`AuthorRecord`] by author.
    Authors = 4,
    /// [`ChainRecord`] by author and sequence.
    Chain = 5,
    /// [`EnvelopeRecord`] by id.
    Envelopes = 6,
    /// [`ListedRecord`] by number, in the order in which envelopes came to be known here.
    Listed = 7,
    /// [`OutboxRecord`] by number, in the order of writing.
    Outbox = 8,
    /// [`ReplicaRecord`] by mailbox.
    Replicas = 9,
    /// [`EntryRecord`] by entry.
    Entries = 10,
    /// [`RenderedRecord`] by entry.
    Rendered = 11,
    /// [`IndexPage`] by number.
    IndexPages = 12,
    /// One row: [`IndexDirectory`].
    IndexDirectory = 13,
    /// [`WaitingRecord`] by number.
    Waiting = 14,
    /// [`FactRecord`] by number.
    Facts = 15,
    /// [`PairingRecord`] by the mailbox of its invitation.
    Pairings = 16,
    /// [`ImportedRecord`] by source and space.
    Imported = 17,
    /// [`PersonRecord`] by person.
    Persons = 18,
    /// [`SharedRecord`] by private entry.
    Shared = 19,
    /// [`CarriedRecord`] by entry.
    Carried = 20,
    /// [`ErasedRecord`] by entry.
    Erased = 21,
    /// [`UnseenRecord`] by author and sequence.
    Unseen = 22,
    /// [`DropRecord`] by number.
    Drops = 23,
    /// One row: [`ErasingRecord`].
    Erasing = 24,
    /// [`MoveRecord`] by number.
    Moves = 25,
    /// One row: [`RenewalRecord`].
    Renewal = 26,
    /// One row: [`SearchDirectory`].
    SearchDirectory = 27,
    /// [`SearchRun`] by number.
    SearchRuns = 28,
    /// [`SearchKeys`] by number.
    SearchKeys = 29,
    /// [`SearchPage`] by number.
    SearchPages = 30,
    /// [`SearchChange`] by entry.
    SearchChanges = 31,
    /// One row: [`ChoicesRecord`].
    Choices = 32,
    /// [`HeldRecord`] by entry.
    Held = 33,
    /// One row: [`VolumesRecord`].
    Volumes = 34,
    /// [`PackedRecord`] by entry.
    Packed = 35,
    /// [`UnprovedRecord`] by number.
    Unproved = 36,
    /// [`ProofItem`] by envelope: the envelopes that are known here from a volume's proof alone.
    Proofs = 37,
    /// One row: [`PrivateLockRecord`].
    PrivateLock = 40,
    /// One row: [`PrivateKeysRecord`].
    PrivateKeys = 41,
    /// [`DismissedRecord`] by what was dismissed.
    Dismissed = 45,
}

/// Something that a store keeps.
pub trait Record: Serialize + DeserializeOwned {
    /// Where it is kept.
    const TABLE: Table;

    /// Its bytes: the version, then its encoding.
    fn to_record(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&encode(self));
        bytes
    }

    /// From [`to_record`](Self::to_record)'s form.
    ///
    /// # Errors
    /// [`DecodeError`] for another version or other bytes.
    fn from_record(bytes: &[u8]) -> Result<Self, DecodeError> {
        match bytes.split_first() {
            Some((&VERSION, encoded)) => decode(encoded),
            _ => Err(DecodeError::Malformed),
        }
    }
}

macro_rules! record {
    ($($name:ident in $table:ident),+ $(,)?) => {
        $(impl Record for $name { const TABLE: Table = Table::$table; })+

        impl Table {
            /// Every table, in the order of its numbers.
            pub const ALL: &[Self] = &[$(Self::$table),+];
        }
    };
}

record! {
    DeviceRecord in Device,
    SpaceRecord in Spaces,
    EpochSecretRecord in Epochs,
    OwnAuthorRecord in OwnAuthors,
    AuthorRecord in Authors,
    ChainRecord in Chain,
    EnvelopeRecord in Envelopes,
    ListedRecord in Listed,
    OutboxRecord in Outbox,
    ReplicaRecord in Replicas,
    EntryRecord in Entries,
    RenderedRecord in Rendered,
    IndexPage in IndexPages,
    IndexDirectory in IndexDirectory,
    WaitingRecord in Waiting,
    FactRecord in Facts,
    PairingRecord in Pairings,
    ImportedRecord in Imported,
    PersonRecord in Persons,
    SharedRecord in Shared,
    CarriedRecord in Carried,
    ErasedRecord in Erased,
    UnseenRecord in Unseen,
    DropRecord in Drops,
    ErasingRecord in Erasing,
    MoveRecord in Moves,
    RenewalRecord in Renewal,
    SearchDirectory in SearchDirectory,
    SearchRun in SearchRuns,
    SearchKeys in SearchKeys,
    SearchPage in SearchPages,
    SearchChange in SearchChanges,
    ChoicesRecord in Choices,
    HeldRecord in Held,
    VolumesRecord in Volumes,
    PackedRecord in Packed,
    UnprovedRecord in Unproved,
    ProofItem in Proofs,
    PrivateLockRecord in PrivateLock,
    PrivateKeysRecord in PrivateKeys,
    DismissedRecord in Dismissed,
}

/// This device and the person whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRecord {
    /// The person.
    pub person: PersonId,
    /// What the person wants to be called.
    pub name: Name,
    /// The seed of the device's Ed25519 signing key.
    pub signing: Secret,
    /// The seed of the device's X-Wing sealing key.
    pub sealing: Secret,
    /// The person's secrets, the newest generation last.
    pub keys: Vec<PersonKeys>,
    /// The entropy of the recovery words until they have been shown and checked, then nothing.
    pub recovery: Option<Secret>,
    /// What the recovery mailbox derives from, so that devices can append to it.
    pub recovery_mailbox: Secret,
    /// A recovery under way here; nothing once everything is.
    pub recovering: Option<Recovering>,
    /// The own list of devices so far.
    pub roster: Vec<RosterRecord>,
    /// The relay for new spaces.
    pub relay: Option<RelayAddress>,
    /// Admits new mailboxes to it.
    pub ticket: Bytes,
    /// The person's private space.
    pub private: SpaceId,
    /// The shared space, once there is one.
    pub shared: Option<SpaceId>,
    /// Spaces that were left: still read, never written.
    pub former: Vec<SpaceId>,
    /// An own device removed this one.
    pub removed: bool,
    /// When this device began, by its own clock.
    pub since: Timestamp,
}

/// A recovery under way on a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovering {
    /// The entropy of the words that were typed.
    pub words: Secret,
    /// What the person calls this device.
    pub device: Name,
    /// The mailbox where the words lead was read to its end.
    pub searched: bool,
    /// The words were replaced by others.
    pub replaced: bool,
}

/// Text that `Debug` does not print.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Name(pub String);

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Name(…)")
    }
}

/// A person known here: oneself or a partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRecord {
    /// What they want to be called.
    pub name: Name,
    /// Pinned at pairing.
    pub genesis: PersonGenesis,
    /// Their chain since, with all branches.
    pub successors: Vec<PersonSuccessor>,
    /// Two successors of one step: nothing is sealed to either.
    pub forked: bool,
    /// The step up to which a comparison chose their chain: others beside it count no more.
    pub settled: Option<[u8; 32]>,
}

/// A space known here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpaceRecord {
    /// Who keeps it: one person or two.
    pub persons: Vec<PersonId>,
    /// The epochs accepted, sorted.
    pub epochs: Vec<EpochNode>,
    /// Epochs known from a keyring whose mailbox has not been read to its end here, sorted.
    pub unread: Vec<EpochId>,
    /// When it began, by this device's clock.
    pub since: Timestamp,
    /// Left: nothing is written here any more.
    pub left: bool,
    /// Found again by the recovery words: read, and written in only after the partner was compared
    /// with again.
    pub unconfirmed: bool,
    /// Of the epochs that nothing continues, those of which the private space has a
    /// [`SpaceCopy`](crate::SpaceCopy), sorted.
    pub copied: Vec<EpochId>,
    /// Envelopes with an epoch that cannot be followed yet, in the order in which they came. At
    /// most [`limits::PENDING_EPOCHS_MAX`](crate::limits::PENDING_EPOCHS_MAX).
    pub pending: Vec<EnvelopeId>,
    /// The relay to which all of it was last to be brought, once that is known.
    pub relay: Option<RelayAddress>,
}

/// An epoch's place among the others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EpochNode {
    /// The epoch.
    pub epoch: EpochId,
    /// The epochs that it continues, sorted.
    pub parents: Vec<EpochId>,
    /// To whom it is sealed, sorted.
    pub recipients: Vec<KeyHash>,
    /// Who began it.
    pub signer: PersonId,
    /// With which of their keys.
    pub generation: Generation,
    /// That key: in a fork, two have one generation.
    pub signed_by: VerifyingKey,
    /// Where the signer's own authors stood in the parents, sorted by author.
    pub closing: Vec<Head>,
}

/// An epoch whose secret is known here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochSecretRecord {
    /// Its space.
    pub space: SpaceId,
    /// Its secret.
    pub secret: Secret,
    /// Its record; none for one that is known from a keyring only.
    pub record: Option<EpochRecord>,
    /// The relay that has its mailbox.
    pub relay: Option<RelayAddress>,
    /// The authors seen in it, sorted.
    pub authors: Vec<AuthorId>,
}

/// This device as an author of one epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnAuthorRecord {
    /// The seed of the author's Ed25519 key.
    pub signing: Secret,
    /// The person vouches for it.
    pub certificate: AuthorCertificate,
    /// The opening of the store in which it last wrote.
    pub segment: SegmentId,
    /// The sequence of the next envelope.
    pub next: Sequence,
    /// The link after the last one; zeros before the first.
    pub link: Link,
    /// Heads of others as this author last reported them, sorted by author.
    pub reported: Vec<Head>,
}

/// Somebody's author, as far as it is known here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorRecord {
    /// Its epoch.
    pub epoch: EpochId,
    /// Whose it is.
    pub person: PersonId,
    /// The end of the longest unbroken run from 0, if its first envelope is here.
    pub head: Option<Head>,
    /// The highest sequence seen, here or in somebody's heads.
    pub highest: Sequence,
    /// Two envelopes with one sequence were seen.
    pub forked: bool,
}

/// An envelope kept as refill material.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvelopeRecord {
    /// Its mailbox.
    pub mailbox: MailboxName,
    /// Its class.
    pub class: Class,
    /// What became of it here.
    pub verdict: Verdict,
    /// Its bytes; empty once erased, or for one that did not open.
    pub bytes: Bytes,
}

/// What became of an envelope on this device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum Verdict {
    /// Opened, checked and applied, or written here.
    Accepted = 0,
    /// Authenticated, and waiting for what it depends on.
    Waiting = 1,
    /// Did not open, or was refused; remembered by its id only.
    Refused = 2,
    /// Of a newer version: kept until an update understands it.
    Unknown = 3,
    /// Erased: the body is gone, or goes as soon as the relay has it.
    Erased = 4,
}

/// An envelope of a mailbox, in the order in which it came to be known here: what a lost relay
/// is refilled from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedRecord {
    /// Its mailbox.
    pub mailbox: MailboxName,
    /// Its id.
    pub envelope: EnvelopeId,
}

/// An envelope that the relay has not yet said it keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxRecord {
    /// Its mailbox.
    pub mailbox: MailboxName,
    /// Its id.
    pub envelope: EnvelopeId,
}

/// How far this device and a relay agree about one mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaRecord {
    /// The relay's instance; the rest holds for it alone.
    pub instance: RelayInstance,
    /// How many positions were seen, without a gap.
    pub cursor: Position,
    /// The hash over their ids.
    pub hash: RunningHash,
    /// When this device last completed a sync, by its own clock.
    pub synced: Option<Timestamp>,
}

/// An authenticated envelope that waits for what it depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingRecord {
    /// The envelope.
    pub envelope: EnvelopeId,
    /// Its author.
    pub author: AuthorId,
    /// The entry whose earlier changes it needs.
    pub entry: EntryId,
}

/// Something that the people should know about the relay or a log. Evidence, not opinion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactRecord {
    /// When it was found, by this device's clock.
    pub found: Timestamp,
    /// What was found.
    pub fact: Fact,
}

/// What can be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Fact {
    /// Envelopes of an author that others have seen have not come.
    Gap {
        /// Whose.
        person: PersonId,
        /// Which log.
        author: AuthorId,
        /// The first that is missing.
        from: Sequence,
        /// The last that is missing.
        to: Sequence,
    },
    /// An author's log has two continuations; both are kept.
    Fork {
        /// Whose.
        person: PersonId,
        /// Which log.
        author: AuthorId,
        /// Where.
        sequence: Sequence,
    },
    /// The relay no longer has what it once listed, or lists it in another order.
    Rollback {
        /// Which life of the relay's data.
        instance: RelayInstance,
        /// How many positions it had once shown.
        shown: Position,
        /// How many it has now.
        found: Position,
    },
    /// The relay began a new life of its data and was refilled.
    Refilled {
        /// Which.
        instance: RelayInstance,
        /// How many envelopes it was given again.
        envelopes: u64,
    },
    /// An envelope that a member's key sealed breaks a rule and was refused.
    Refused {
        /// Who wrote it, if that much is certain.
        person: Option<PersonId>,
        /// Which envelope.
        envelope: EnvelopeId,
    },
    /// A second joiner took up an invitation that was spent.
    SecondJoiner,
    /// A person's chain has two successors of one generation.
    PersonFork {
        /// Whose.
        person: PersonId,
        /// Which generation.
        generation: Generation,
    },
    /// The partner has left the shared journal, and says so.
    Left,
    /// A device came to the own list of devices.
    Linked {
        /// Which.
        device: VerifyingKey,
    },
    /// A device was removed from the own list of devices.
    Unlinked {
        /// Which.
        device: VerifyingKey,
    },
    /// This device was removed from the own list of devices.
    Removed,
    /// Own devices have removed each other: all of them are out.
    RosterFork,
    /// Two own devices have paired with a partner each, without knowing of each other.
    TwoPairings,
    /// The partner has moved the shared journal to another relay.
    Moved,
    /// Somebody has continued one epoch by so many that none of them is written in.
    Crowd {
        /// Who.
        person: PersonId,
    },
    /// What an own device has packed for the others is not what it says, or was not signed.
    Volume {
        /// Which device.
        maker: VerifyingKey,
    },
}

/// A pairing under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairingRecord {
    /// The invitation.
    pub invitation: Invitation,
    /// The relay that has its mailbox.
    pub relay: RelayAddress,
    /// Whether this side invites.
    pub inviter: bool,
    /// The seed of this side's pairing key.
    pub pairing: Secret,
    /// This side's nonce.
    pub nonce: Secret,
    /// This side's bundle.
    pub own: Bundle,
    /// The other side's bundle, once it is known and fixed.
    pub other: Option<Bundle>,
    /// The other side's nonce, once it is known.
    pub other_nonce: Option<[u8; 32]>,
    /// This side's answer to the comparison.
    pub confirmed: Option<bool>,
    /// The other side's answer.
    pub other_confirmed: Option<bool>,
    /// How it ended.
    pub ended: Option<PairingEnd>,
    /// The partner, if they are compared with once more: nobody else counts.
    pub with: Option<PersonId>,
    /// Messages that came before what they follow, tried again after each step: the relay may
    /// show them in any order. At most [`limits::PAIRING_UNUSED_MAX`](crate::limits::PAIRING_UNUSED_MAX).
    pub unused: Vec<EnvelopeId>,
}
