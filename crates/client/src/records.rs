//! What goes in and out of a [`Journal`](crate::Journal): plain records that own what they hold.
//!
//! Ids, cursors and versions are text: programs keep them and hand them back, and read nothing
//! else out of them. What holds a person's words prints none of them in `Debug`.

use core::fmt;

use sidelight_exchange::SkipReason;
use sidelight_journal::kinds::Typed;

use crate::{Date, Warning, convert};

/// Who begins a journal.
#[derive(Clone, PartialEq, Eq)]
pub struct NewPerson {
    /// What they want to be called: 1 to 64 bytes, no control characters.
    pub name: String,
    /// The relay's address, `sidelight://host:port/relay#key`. Without one the journal is kept
    /// on this device alone until [`use_relay`](crate::Journal::use_relay).
    pub relay: Option<String>,
    /// What the relay asks of those who begin mailboxes there; most ask nothing.
    pub ticket: Option<String>,
}

/// A new entry.
#[derive(Clone, PartialEq, Eq)]
pub struct Draft {
    /// Its kind: `moment`, one of the others in [`kinds`](crate::kinds), or another name of 1
    /// to 32 of `a`–`z` and `_`.
    pub kind: String,
    /// Its text: 1 byte to 256 KiB of UTF-8, without U+0000; for some kinds it may be empty.
    pub text: String,
    /// The day it is about; none for today, in the zone of this device.
    pub date: Option<Date>,
    /// Whether both may change it. Only in the shared journal.
    pub together: bool,
    /// Written into the shared journal. Otherwise it is private until it is shared.
    pub shared: bool,
    /// Its other fields, each name once: those of its kind hold what [`kinds`](crate::kinds)
    /// says.
    pub fields: Vec<Field>,
    /// Where it was imported from: the same source is written once, shared or private.
    pub source: Option<String>,
}

impl Draft {
    /// A private moment of today.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            kind: "moment".to_owned(),
            text: text.into(),
            date: None,
            together: false,
            shared: false,
            fields: Vec::new(),
            source: None,
        }
    }

    /// A private entry of today, of a kind that is a type: `Draft::of(&check_in)`.
    pub fn of(entry: &impl Typed) -> Self {
        let content = entry.content();
        let fields = content.fields().iter().cloned();
        Self {
            kind: content.kind().as_str().to_owned(),
            fields: fields.map(convert::field).collect(),
            ..Self::new(content.text())
        }
    }
}

/// A field of an entry beside its text and date.
#[derive(Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name: 1 to 64 bytes.
    pub name: String,
    /// Its value.
    pub value: FieldValue,
}

/// What a field holds.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldValue {
    /// Text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
    /// Several texts.
    List(Vec<String>),
    /// Something that this version does not know; it survives being shared and exported.
    Unknown(Vec<u8>),
}

/// An entry as it is shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its id: 64 hexadecimal digits.
    pub id: String,
    /// Where it is kept.
    pub space: Space,
    /// Its kind; one that this version does not know is shown like a moment.
    pub kind: String,
    /// The day it is about.
    pub date: Date,
    /// Its place among the entries of that day.
    pub order: u32,
    /// Its text.
    pub text: String,
    /// Its other fields, sorted by name.
    pub fields: Vec<Field>,
    /// What its author wants to be called.
    pub author_name: String,
    /// Whether this person wrote it.
    pub mine: bool,
    /// Whether both may change it.
    pub together: bool,
    /// How many changes it has had since it was written.
    pub amendments: u32,
    /// What is shown, for [`edit`](crate::Journal::edit): positions are counted in this text.
    pub version: String,
    /// Its writer has taken it back, and this is all that is left: whose it was, in which
    /// space, and the day, so that whoever had read it knows that they did. Its text, fields and
    /// version are empty.
    pub taken_back: bool,
    /// Another device of this person has packed it for this one, and it is not certain yet that
    /// this is what was signed. That is looked at in the background; until then it is in no
    /// evidence.
    pub unproved: bool,
}

/// What became of an entry that was erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erased {
    /// Its id.
    pub id: String,
    /// From where it goes.
    pub from: ErasedFrom,
}

/// From where an erased entry goes. What somebody photographed, exported, or keeps with a
/// changed program stays theirs in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErasedFrom {
    /// From every device of whoever keeps it, and from the relay: each obeys when it next
    /// connects. The partner's device goes on to say that something was taken back that day.
    Everywhere,
    /// From this person's own devices only. It is kept together, or belongs to a journal that
    /// was left: the other keeps it, with what either of both wrote in it, and is not told.
    OwnDevices,
}

/// Where an entry is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Space {
    /// Only on this person's own devices.
    Private,
    /// Where the partner reads it too.
    Shared,
}

/// Which entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// How many at most: 1 to 1,000. Beyond that it is taken for the nearest.
    pub limit: u32,
    /// [`Page::next`] of the page before; none for the newest.
    pub before: Option<String>,
}

/// Some entries, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The entries.
    pub entries: Vec<Entry>,
    /// For the page after this one; none if this is the last. The last page may be empty.
    pub next: Option<String>,
}

/// One splice of an entry's text, counted in Unicode scalar values. Each of several edits is in
/// the text that the ones before it left.
#[derive(Clone, PartialEq, Eq)]
pub struct TextEdit {
    /// Where.
    pub at: u32,
    /// How much goes.
    pub delete: u32,
    /// What comes.
    pub insert: String,
}

/// One edit of an entry's fields.
#[derive(Clone, PartialEq, Eq)]
pub enum FieldEdit {
    /// The field says this from now on.
    Set(Field),
    /// The field of this name goes. What restricts cannot go; it is answered by another value.
    Clear(String),
    /// A member comes into a set.
    Add {
        /// The set's name.
        name: String,
        /// What comes.
        member: String,
    },
    /// A member of a set goes.
    Remove {
        /// The set's name.
        name: String,
        /// What goes.
        member: String,
    },
}

/// An invitation to show to one person.
#[derive(Clone, PartialEq, Eq)]
pub struct Invited {
    /// The link; whoever has it can take the invitation up.
    pub link: String,
    /// When it ends, in milliseconds since 1970, by this device's clock.
    pub expires_ms: i64,
}

/// One of a person's own devices.
#[derive(Clone, PartialEq, Eq)]
pub struct OwnDevice {
    /// Names it: 16 hexadecimal digits.
    pub id: String,
    /// What its person calls it; empty for the one on which the journal began.
    pub name: String,
    /// Whether it is this one.
    pub this: bool,
}

/// How a pairing stands.
#[derive(Clone, PartialEq, Eq)]
pub struct Pairing {
    /// How far it is.
    pub stage: PairingStage,
    /// Whether this side invited.
    pub inviter: bool,
    /// Whether it links a device of the same person; otherwise it is with a partner.
    pub own_device: bool,
    /// What the other side wants to be called, once that is known. It is theirs for certain
    /// only after both have confirmed.
    pub partner_name: Option<String>,
    /// The seven emoji to compare, once there are any.
    pub comparison: Vec<Emoji>,
}

/// How far a pairing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PairingStage {
    /// The other side has not answered yet.
    WaitingForPartner,
    /// Both show seven emoji: compare them, in person or by a call, then
    /// [`confirm`](crate::Journal::confirm).
    Compare,
    /// Confirmed here; the other side has yet to, or to hear of it.
    WaitingForConfirmation,
    /// The two are paired.
    Done,
    /// It ended without.
    Ended(PairingEnd),
}

/// Why a pairing ended without a partner. `Display` is a sentence for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum PairingEnd {
    /// The comparison was refused here.
    #[error("you said that the emoji differ, so nothing was shared; invite again")]
    RefusedHere,
    /// The comparison was refused on the other side.
    #[error("your partner said that the emoji differ, so nothing was shared; invite again")]
    RefusedThere,
    /// Called off here.
    #[error("the pairing was called off here; invite again when you like")]
    Cancelled,
    /// The invitation ran out.
    #[error("the invitation has expired; make a new one")]
    Expired,
    /// The other side broke the rules.
    #[error("the other side did not keep to the protocol, so nothing was shared; invite again")]
    Broken,
    /// Somebody else than the partner who was to be compared with once more.
    #[error(
        "this was somebody else than the partner of this journal, so nothing was shared; ask your \
         partner, or leave this journal and pair anew"
    )]
    Stranger,
}

/// One of 64 pictures.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Emoji {
    /// The picture.
    pub symbol: String,
    /// Its name, to be read out.
    pub name: String,
}

/// What a sync did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyncReport {
    /// How many envelopes a relay has said it keeps.
    pub sent: u64,
    /// How many times an entry came or changed by what was received.
    pub received: u64,
    /// How many envelopes still wait to be sent.
    pub waiting: u64,
    /// Whether all that the relays have is here, and all that is here is there.
    pub up_to_date: bool,
    /// What kept it from that: sentences for people.
    pub problems: Vec<String>,
}

/// What a person should know of this device.
#[derive(Clone, PartialEq, Eq)]
pub struct Status {
    /// What they want to be called.
    pub name: String,
    /// The beginning of their id, in hexadecimal.
    pub person: String,
    /// Whom the journal is shared with.
    pub partner: Option<Partner>,
    /// How it stands with the recovery words.
    pub recovery: RecoveryStage,
    /// Whether private entries need a further secret on this device.
    pub private_lock: PrivateLock,
    /// Whether the partner must be compared with again before anything is shared, as after a
    /// recovery: invite them, or join them, once more.
    pub compare_again: bool,
    /// The relay's address, if there is one.
    pub relay: Option<String>,
    /// The address of the relay of the shared journal, if that is another one.
    pub shared_relay: Option<String>,
    /// How many mailboxes are still on their way from a former relay: being brought to the new
    /// one, or to be dropped at the former one.
    pub moving: u64,
    /// How many devices this person has, this one among them. The partner never learns it.
    pub devices: u64,
    /// How many envelopes wait to be sent.
    pub outbox_len: u64,
    /// When *this* device last had sent and received all that there was, in milliseconds since
    /// 1970, by its own clock. It tells nothing of the partner, whose visits nobody is told of.
    pub last_synced_ms: Option<i64>,
    /// How many entries there are.
    pub entries: u64,
    /// How many of them another device of this person has packed for this one, and it is not
    /// certain yet that they are what was signed. That is looked at in the background.
    pub unproved: u64,
    /// What was found about relays and logs, the oldest first.
    pub warnings: Vec<Warning>,
}

/// Whether private entries need a further secret on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PrivateLock {
    /// They do not.
    None,
    /// They do, and it was given.
    Open,
    /// They do, and it was not given: they are neither shown nor written, sent or fetched.
    Locked,
}

/// How it stands with the recovery words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RecoveryStage {
    /// They are on this device, and wait to be written down and checked.
    Unchecked,
    /// They are on paper, and on no device.
    Checked,
    /// They were typed here, and what they lead to is still being fetched.
    UnderWay,
    /// They were typed here, and the relay has no journal for them.
    NotFound,
    /// They were typed here, and had been replaced by others, which alone bring it back.
    Replaced,
}

/// Whom the journal is shared with.
#[derive(Clone, PartialEq, Eq)]
pub struct Partner {
    /// What they want to be called.
    pub name: String,
    /// Since when, in milliseconds since 1970, by this device's clock.
    pub since_ms: i64,
}

/// What made a journal that is imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ImportFormat {
    /// Sidelight's own JSON.
    Sidelight,
    /// Day One: its zip file, or the JSON in it.
    DayOne,
    /// Daylio's table (CSV).
    Daylio,
    /// The JSON of jrnl.
    Jrnl,
    /// A folder of Markdown files, or one.
    Markdown,
}

/// How to import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// What made it; none to find out.
    pub format: Option<ImportFormat>,
    /// Into the shared journal; otherwise the entries are private.
    pub shared: bool,
    /// Only report what would happen.
    pub dry_run: bool,
}

/// How far a long call is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExchangeProgress {
    /// Entries dealt with.
    pub done: u64,
    /// Entries in all; 0 while they are being counted.
    pub total: u64,
}

/// What an import did, or would do. `found` is the sum of `imported`, `already_there` and all
/// `skipped`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportReport {
    /// What made the journal.
    pub format: ImportFormat,
    /// Entries in the file.
    pub found: u64,
    /// Entries that are new here.
    pub imported: u64,
    /// Entries that were here already, by themselves or by an earlier import.
    pub already_there: u64,
    /// Entries that were left out, by reason.
    pub skipped: Vec<Skipped>,
    /// The first day that an entry of the file is of: a look at both days shows whether years
    /// were counted by another calendar.
    pub first_day: Option<Date>,
    /// The last day.
    pub last_day: Option<Date>,
    /// How many of the imported ones lost NUL characters, which no entry may hold.
    pub cleaned: u64,
    /// How many photos, recordings and the like the imported ones name; none of them comes along.
    pub attachments: u64,
    /// How many of those are not in the file either.
    pub missing: u64,
}

/// Entries that an import left out.
#[derive(Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Why.
    pub reason: SkipReason,
    /// How many.
    pub count: u64,
    /// Where the first of them stand, as far as that is known.
    pub places: Vec<String>,
}

/// The form of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExportFormat {
    /// One JSON file, which loses nothing and can be imported again.
    #[default]
    Json,
    /// A folder of Markdown files, one for each entry.
    Markdown,
    /// One page, to read in a browser and to print.
    Html,
    /// A folder with the entries and the proof of who wrote them, for a third party to check
    /// with [`verify_evidence`](crate::verify_evidence). It holds every earlier wording, too.
    Evidence,
}

/// Whose entries are exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ExportScope {
    /// One's own, and those kept together.
    Own,
    /// The partner's, and those kept together.
    Received,
    /// All.
    #[default]
    Both,
}

/// What to export. By default all that is shared, as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportOptions {
    /// The form.
    pub format: ExportFormat,
    /// Whose entries.
    pub scope: ExportScope,
    /// Private entries, too: otherwise none of them leaves, also none that `only` names.
    pub private: bool,
    /// Only these, by their ids or the beginnings of them; empty for every one.
    pub only: Vec<String>,
    /// The language of what a page says around the entries, such as `de`; none for English.
    /// Entries are as somebody wrote them.
    pub locale: Option<String>,
}

/// What an export wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportReport {
    /// The file or folder.
    pub path: std::path::PathBuf,
    /// How many entries are in it.
    pub entries: u64,
    /// How many were left out of evidence, because what was signed of them is not here whole.
    pub unproved: u64,
}

macro_rules! redacted {
    ($($name:ident { $($shown:ident),* })+) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name))
                    $(.field(stringify!($shown), &self.$shown))*
                    .finish_non_exhaustive()
            }
        })+
    };
}

redacted! {
    Skipped { reason, count }
    NewPerson {}
    Draft { kind, date, together, shared }
    Entry { id, space, kind, mine, together, amendments, taken_back, unproved }
    Field {}
    TextEdit { at, delete }
    Invited { expires_ms }
    OwnDevice { id, this }
    Pairing { stage, inviter, own_device }
    Status { person, devices, outbox_len, entries, warnings }
    Partner { since_ms }
}

impl fmt::Debug for FieldEdit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FieldEdit(…)")
    }
}

impl fmt::Debug for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FieldValue(…)")
    }
}
