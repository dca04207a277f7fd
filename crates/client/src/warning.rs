//! What the people should know about relays and logs, in their words.

use core::fmt;

use sidelight_format::record::{Fact, FactRecord};
use sidelight_format::{PersonId, VerifyingKey};

/// Something that was found about a relay or a log. Evidence, not opinion: it says what was
/// seen, not who meant what.
#[derive(Clone, PartialEq, Eq)]
pub struct Warning {
    /// What kind of thing.
    pub kind: WarningKind,
    /// A sentence for people. Of an own device it has what its person called it; no other name is
    /// in it, and no text.
    pub text: String,
    /// When it was found, in milliseconds since 1970, by this device's clock.
    pub found_ms: i64,
}

/// What kind of thing was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WarningKind {
    /// Something that was written has not come.
    Gap,
    /// A log goes on in two ways.
    Fork,
    /// The relay has lost or reordered what it had.
    Rollback,
    /// The relay was given again what it had lost.
    Refilled,
    /// Something that breaks the rules was refused.
    Refused,
    /// Somebody else took up an invitation that was spent.
    SecondJoiner,
    /// The partner has left the shared journal, and says so.
    PartnerLeft,
    /// A person's keys go on in two ways.
    PersonFork,
    /// A device was linked to one's own journal.
    DeviceLinked,
    /// What an own device had packed for the others was not what was written.
    Volume,
    /// A device of one's own was removed.
    DeviceRemoved,
    /// This device was removed.
    RemovedHere,
    /// Own devices have removed each other.
    DevicesDisagree,
    /// Two own devices had paired with a partner each.
    TwoPairings,
    /// The partner has moved the shared journal to another relay.
    Moved,
    /// Somebody began new keys for the journal without end.
    Crowd,
    /// Something that only a newer version can tell.
    Other,
}

impl Warning {
    /// The warning of a fact, as `me` reads it, whose devices `names` gives the names of.
    pub(crate) fn of(
        record: &FactRecord,
        me: &PersonId,
        names: impl Fn(&VerifyingKey) -> Option<String>,
    ) -> Self {
        // The first device has no name before it gets one.
        let which = |device: &VerifyingKey| match names(device).filter(|name| !name.is_empty()) {
            Some(name) => format!("«{name}» (device {})", device_id(device)),
            None => format!("device {}", device_id(device)),
        };
        let whose = |person: &PersonId| {
            if person == me {
                "your own"
            } else {
                "your partner's"
            }
        };
        let (kind, text) = match &record.fact {
            Fact::Gap {
                person, from, to, ..
            } => {
                let count = to.0.saturating_sub(from.0).saturating_add(1);
                (
                    WarningKind::Gap,
                    format!(
                        "{count} of {} changes have not come; they may still, or the relay \
                         holds them back",
                        whose(person)
                    ),
                )
            }
            Fact::Fork { person, .. } => (
                WarningKind::Fork,
                format!(
                    "one of {} devices has written twice in one place, as a copied or restored \
                     one does; both are kept",
                    whose(person)
                ),
            ),
            Fact::Rollback { shown, found, .. } => (
                WarningKind::Rollback,
                format!(
                    "the relay once listed {} items of a mailbox and now {}, or others; it was \
                     restored from a backup, lost data, or lies. What is here is kept",
                    shown.0, found.0
                ),
            ),
            Fact::Refilled { envelopes, .. } => (
                WarningKind::Refilled,
                format!("the relay was given again {envelopes} items that it had lost"),
            ),
            Fact::Refused { person, .. } => (
                WarningKind::Refused,
                match person {
                    Some(person) => format!(
                        "something from one of {} devices breaks the rules and was not taken in; \
                         update the app there",
                        whose(person)
                    ),
                    None => "something that breaks the rules was not taken in; if it goes on, \
                             update the app on all devices"
                        .to_owned(),
                },
            ),
            Fact::SecondJoiner => (
                WarningKind::SecondJoiner,
                "a second device took up your invitation after the first; if that was not your \
                 partner, somebody else has seen the link"
                    .to_owned(),
            ),
            Fact::Left => (
                WarningKind::PartnerLeft,
                "your partner has left the shared journal; what it holds stays here, and nothing \
                 new goes into it"
                    .to_owned(),
            ),
            Fact::PersonFork { person, .. } => (
                WarningKind::PersonFork,
                format!(
                    "{} keys were renewed in two ways; nothing new is shared under either until \
                     you have compared again",
                    whose(person)
                ),
            ),
            Fact::Linked { device } => (
                WarningKind::DeviceLinked,
                format!(
                    "{} was linked to your journal and reads all of it; if that was not you, \
                     remove it",
                    which(device)
                ),
            ),
            Fact::Unlinked { device } => (
                WarningKind::DeviceRemoved,
                format!(
                    "{} was removed from your journal; it opens nothing written from then on",
                    which(device)
                ),
            ),
            Fact::Removed => (
                WarningKind::RemovedHere,
                "this device was removed from your journal by another of yours; what it holds can \
                 still be read"
                    .to_owned(),
            ),
            Fact::RosterFork => (
                WarningKind::DevicesDisagree,
                "your devices have removed each other, so all of those are out; recover your \
                 journal with the recovery words, which decide"
                    .to_owned(),
            ),
            Fact::TwoPairings => (
                WarningKind::TwoPairings,
                "two of your devices had paired with a partner each; one of the two journals was \
                 left, and what it holds can still be read"
                    .to_owned(),
            ),
            Fact::Moved => (
                WarningKind::Moved,
                "your partner has moved the shared journal to another relay, where you read and \
                 write it now; your private journal stays where it was. Whoever runs that relay \
                 sees from where and when your devices come, and can read nothing"
                    .to_owned(),
            ),
            Fact::Crowd { person } => (
                WarningKind::Crowd,
                format!(
                    "one of {} devices gives the journal new keys without end; nothing is \
                     written under them; update the app there, and remove the device if it goes on",
                    whose(person)
                ),
            ),
            Fact::Volume { maker } => (
                WarningKind::Volume,
                format!(
                    "what device {} had packed for your other devices is not what was written; \
                     every entry was fetched from the relay instead. If it is not in your hands, \
                     remove it",
                    device_id(maker)
                ),
            ),
            _ => (
                WarningKind::Other,
                "a newer version of this program has noted something here; update to read it"
                    .to_owned(),
            ),
        };
        Self {
            kind,
            text,
            found_ms: record.found.0.saturating_mul(1000),
        }
    }
}

impl fmt::Debug for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Warning")
            .field("kind", &self.kind)
            .field("found_ms", &self.found_ms)
            .finish_non_exhaustive()
    }
}

/// How many hexadecimal digits of a device's id are shown: enough to tell a few devices apart.
pub(crate) const DEVICE_ID_LEN: usize = 16;

/// A device as people name it at a prompt.
pub(crate) fn device_id(device: &VerifyingKey) -> String {
    device.to_hex()[..DEVICE_ID_LEN].to_owned()
}
