//! Every bound on what is accepted, in one place. Bytes are counted unless a name says otherwise.

/// The longest text of an entry, in UTF-8. The shortest is 1 byte.
pub const TEXT_LEN_MAX: usize = 256 * 1024;

/// The longest Automerge change. A text of [`TEXT_LEN_MAX`] pasted at once makes a change of
/// up to three times its length when its characters alternate in width.
pub const CHANGE_LEN_MAX: usize = 900 * 1024;

/// How many changes one envelope may carry.
pub const PARTS_MAX: usize = 256;

/// The most operations in one change: one a character, and some for the fields.
pub const OPERATIONS_MAX: usize = TEXT_LEN_MAX + 4096;

/// The most dependencies of one change. Two people with a handful of devices have fewer
/// concurrent heads than this by far.
pub const DEPENDENCIES_MAX: usize = 64;

/// How far a change's first operation may lie past the highest one known.
pub const OPERATION_STEP_MAX: u64 = (TEXT_LEN_MAX as u64) * 4;

/// The longest envelope, and a member of the padded lengths.
pub const ENVELOPE_LEN_MAX: usize = 1024 * 1024;

/// The longest frame: one envelope and its surroundings.
pub const FRAME_LEN_MAX: usize = ENVELOPE_LEN_MAX + 64 * 1024;

/// How many heads of other authors one envelope may report.
pub const HEADS_MAX: usize = 64;

/// The most recipients of an epoch: two persons, or one's own devices and the recovery key.
pub const RECIPIENTS_MAX: usize = 32;

/// The most parents of an epoch.
pub const PARENTS_MAX: usize = 16;

/// The most epochs in a keyring. Ten years of weekly rotations have 520.
pub const KEYRING_MAX: usize = 4096;

/// The most successors that one record or bundle may bring of a person's chain.
pub const SUCCESSORS_MAX: usize = 256;

/// How many steps beside those that count are kept of a person's chain. One shows the fork; more
/// are kept so that whichever the recovery key continues is there. It has room for as many again.
pub const RIVALS_MAX: usize = 64;

/// The most records of a roster: as many changes of one's own devices.
pub const ROSTER_MAX: usize = 256;

/// How many of the [`ROSTER_MAX`] places only the recovery key may take, so that a stolen device
/// that fills the rest cannot keep it from deciding.
pub const ROSTER_RECOVERY_ROOM: usize = 32;

/// How many records a roster record may follow at once: as many devices that changed it without
/// hearing of each other.
pub const ROSTER_PREVIOUS_MAX: usize = 16;

/// How many devices a person may have at once.
pub const DEVICES_MAX: usize = 16;

/// How many epochs that one key signed may continue the same parent: as many devices that had not heard
/// of each other. With more, none of them is written in, and it is reported.
pub const SIBLINGS_MAX: usize = 16;

/// How many epochs that one key signed and that continue the same parent are followed at all. Between this
/// and [`SIBLINGS_MAX`] all devices agree on which is written in, whatever came first.
pub const SIBLINGS_FOLLOWED_MAX: usize = 64;

/// The most heads that an epoch may fix in its parents: all authors of a person in all of them,
/// so that nobody who certifies authors without end keeps their person from closing an epoch.
pub const CLOSING_MAX: usize = AUTHORS_MAX * PARENTS_MAX;

/// The longest name of a person or device, in UTF-8.
pub const NAME_LEN_MAX: usize = 64;

/// The longest host name or address of a relay, with its port (RFC 1035 allows 253 for the name).
pub const HOST_LEN_MAX: usize = 260;

/// The longest admission ticket.
pub const TICKET_LEN_MAX: usize = 256;

/// The longest plaintext of one part of a volume.
pub const VOLUME_PART_LEN_MAX: usize = 256 * 1024;

/// How many volumes a directory may name: two hundred years of two people.
pub const VOLUMES_MAX: usize = 2048;

/// How many parts the proof of one volume may have.
pub const VOLUME_PROOFS_MAX: usize = 256;

/// In how many epochs the envelopes that one volume proves may have been written.
pub const VOLUME_EPOCHS_MAX: usize = 1024;

/// How many items one frame of fetched items may hold.
pub const ITEMS_MAX: usize = 4096;

/// How many authenticated envelopes of one author may wait for what they depend on.
pub const WAITING_PER_AUTHOR_MAX: usize = 1024;

/// How many messages of a pairing may wait for one that they follow. A whole pairing has six.
pub const PAIRING_UNUSED_MAX: usize = 32;

/// How many branches of one place in an author's log are remembered. The first two show the
/// fork; a store that was copied has one for each copy.
pub const BRANCHES_MAX: usize = 16;

/// How many authors one person may have in one epoch: as many devices as anybody has, and more.
pub const AUTHORS_MAX: usize = 64;

/// How many epochs of one space may be kept until they can be followed.
pub const PENDING_EPOCHS_MAX: usize = 64;

/// How many earlier epochs a copy of a space names: as many as a keyring would hold if a third of
/// the longest part were left for it. Forty years of weekly rotations.
pub const COPIED_EPOCHS_MAX: usize = 2048;

/// How many erasures of envelopes that never came are remembered of one person: more than a
/// person writes in ten years, and some 20 MB. Beyond that the entries are gone all the same;
/// only their places look missing.
pub const UNSEEN_MAX: u32 = 65_536;
