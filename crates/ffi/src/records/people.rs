//! People, devices, and how they stand.

use core::fmt;

use crate::events::Warning;
use crate::locking::PrivateLock;
use crate::mirror::{Give, given, mirrored};

/// Who begins a journal.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct NewPerson {
    /// What they want to be called: 1 to 64 bytes, no control characters.
    pub name: String,
    /// The relay's address, `sidelight://host:port/relay#key`. Without one the journal is kept
    /// on this device alone until `use_relay`.
    #[uniffi(default = None)]
    pub relay: Option<String>,
    /// What the relay asks of those who begin mailboxes there; most ask nothing.
    #[uniffi(default = None)]
    pub ticket: Option<String>,
}

impl NewPerson {
    /// As `sidelight` has it.
    pub fn back(self) -> sidelight::NewPerson {
        sidelight::NewPerson {
            name: self.name,
            relay: self.relay,
            ticket: self.ticket,
        }
    }
}

impl fmt::Debug for NewPerson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewPerson(…)")
    }
}

given! {
    /// An invitation to show to one person.
    #[of(sidelight::Invited)]
    pub struct Invited {
        /// The link; whoever has it can take the invitation up.
        pub link: String,
        /// When it ends, in milliseconds since 1970, by this device's clock.
        pub expires_ms: i64,
    }
}

given! {
    /// One of a person's own devices.
    #[of(sidelight::OwnDevice)]
    pub struct OwnDevice {
        /// Names it: 16 hexadecimal digits.
        pub id: String,
        /// What its person calls it; empty for the one on which the journal began.
        pub name: String,
        /// Whether it is this one.
        pub this: bool,
    }
}

given! {
    /// How a pairing stands.
    #[of(sidelight::Pairing)]
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
}

/// How far a pairing is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum PairingStage {
    /// The other side has not answered yet.
    WaitingForPartner,
    /// Both show seven emoji: compare them, in person or by a call, then `confirm`.
    Compare,
    /// Confirmed here; the other side has yet to, or to hear of it.
    WaitingForConfirmation,
    /// The two are paired.
    Done,
    /// It ended without.
    Ended {
        /// Why.
        why: PairingEnd,
        /// The same as a sentence for people.
        detail: String,
    },
}

impl Give<PairingStage> for sidelight::PairingStage {
    fn give(self) -> PairingStage {
        match self {
            Self::WaitingForPartner => PairingStage::WaitingForPartner,
            Self::Compare => PairingStage::Compare,
            Self::WaitingForConfirmation => PairingStage::WaitingForConfirmation,
            Self::Done => PairingStage::Done,
            Self::Ended(why) => PairingStage::Ended {
                why: why.give(),
                detail: why.to_string(),
            },
        }
    }
}

mirrored! {
    /// Why a pairing ended without a partner.
    #[of(sidelight::PairingEnd, Broken)]
    pub enum PairingEnd {
        /// The comparison was refused here.
        RefusedHere,
        /// The comparison was refused on the other side.
        RefusedThere,
        /// Called off here.
        Cancelled,
        /// The invitation ran out.
        Expired,
        /// The other side broke the rules.
        Broken,
        /// Somebody else than the partner who was to be compared with once more.
        Stranger,
    }
}

given! {
    /// One of 64 pictures.
    #[of(sidelight::Emoji)]
    pub struct Emoji {
        /// The picture.
        pub symbol: String,
        /// Its name, to be read out.
        pub name: String,
    }
}

given! {
    /// What a sync did.
    #[of(sidelight::SyncReport)]
    pub struct SyncReport {
        /// How many envelopes a relay has said it keeps.
        pub sent: i64,
        /// How many times an entry came or changed by what was received.
        pub received: i64,
        /// How many envelopes still wait to be sent.
        pub waiting: i64,
        /// Whether all that the relays have is here, and all that is here is there.
        pub up_to_date: bool,
        /// What kept it from that: sentences for people.
        pub problems: Vec<String>,
    }
}

given! {
    /// What a person should know of this device.
    #[of(sidelight::Status)]
    pub struct Status {
        /// What they want to be called.
        pub name: String,
        /// The beginning of their id, in hexadecimal.
        pub person: String,
        /// Whom the journal is shared with.
        pub partner: Option<Partner>,
        /// How it stands with the recovery words.
        pub recovery: RecoveryStage,
        /// Whether the partner must be compared with again before anything is shared, as after a
        /// recovery: invite them, or join them, once more.
        pub compare_again: bool,
        /// The relay's address, if there is one.
        pub relay: Option<String>,
        /// The address of the relay of the shared journal, if that is another one.
        pub shared_relay: Option<String>,
        /// How many mailboxes are still on their way from a former relay: being brought to the
        /// new one, or to be dropped at the former one.
        pub moving: i64,
        /// How many devices this person has, this one among them. The partner never learns it.
        pub devices: i64,
        /// How many envelopes wait to be sent.
        pub outbox_len: i64,
        /// When *this* device last had sent and received all that there was, in milliseconds
        /// since 1970, by its own clock. It tells nothing of the partner.
        pub last_synced_ms: Option<i64>,
        /// How many entries there are.
        pub entries: i64,
        /// How many of them another device of this person has packed for this one, and it is not
        /// certain yet that they are what was signed. That is looked at in the background.
        pub unproved: i64,
        /// Whether private entries need a further secret on this device.
        pub private_lock: PrivateLock,
        /// What was found about relays and logs, the oldest first.
        pub warnings: Vec<Warning>,
    }
}

mirrored! {
    /// How it stands with the recovery words.
    #[of(sidelight::RecoveryStage, UnderWay)]
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
}

given! {
    /// Whom the journal is shared with.
    #[of(sidelight::Partner)]
    pub struct Partner {
        /// What they want to be called.
        pub name: String,
        /// Since when, in milliseconds since 1970, by this device's clock.
        pub since_ms: i64,
    }
}
