//! A person's own devices: a signed, hash-chained list that every own device keeps for itself
//! and merges without a clock.
//!
//! A record names the records before it by their hashes; it is valid if what *they* say allows
//! it, so whether it is valid does not depend on what else has come. Two records that name one
//! predecessor are a **fork**: two devices changed the list without hearing of each other. The
//! next record names both ends, and the list is one again. Out of the same records every device
//! reads the same list, whatever the order in which they came:
//!
//! - **Removal outranks.** A device that any valid record removes is out. Two devices that
//!   remove each other are both out.
//! - **An addition does not count if its signer was removed by a record that neither knew of
//!   it nor was known to it**, and neither do the additions of a device so added. What a
//!   device did before somebody who knew of it removed it stays.
//! - **The recovery key decides.** A `Begin` that it signs makes one device the only one, and
//!   only what follows it counts. Of several, the one farthest from the start counts. Its
//!   replacement outranks what the replaced key begins without knowing of it.
//! - **Doubt.** If no device is left, or two records replace one recovery key by different
//!   ones, or two beginnings are equally far, [`Roster::recipients`] gives a [`Doubt`] instead
//!   of keys: nothing is sealed until the recovery key has signed another beginning. Between
//!   two replacements of one recovery key nothing decides, since an old one may have been
//!   replaced because it was stolen: such a person founds themselves anew.
//! - A device's key is listed once. A device that comes back makes new keys.
//!
//! A removed device can still sign records that follow what it knew, and removal outranks: it
//! can remove others, as it could while it was a device. Take records only from where a removed
//! device cannot write (the current private epoch, or an epoch record that is followed).
//!
//! ```
//! use sidelight_crypto::{DeviceSigningKey, UnsealingKey, recovery_keys};
//! use sidelight_format::{DeviceKeys, RosterAction, Secret, Timestamp};
//! use sidelight_sync::{Outside, Person, Roster, RosterSigner, Standing};
//! # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
//! # let mut rng = ChaCha20Rng::seed_from_u64(1);
//! # let mut outside = Outside { now: Timestamp(0), rng: &mut rng };
//! let words = recovery_keys(&Secret::new([1; 32]));
//! let (person, _) = Person::begin(words.signing.verifying_key(), &mut outside);
//! let signing = |seed| DeviceSigningKey::from_seed(&Secret::new([seed; 32]));
//! let sealing = |seed| UnsealingKey::from_seed(&Secret::new([seed; 32])).sealing_key();
//!
//! // The phone begins the list and adds the tablet.
//! let phone = signing(2);
//! let mut own = Roster::begin(&person, &phone, sealing(3), "phone", words.sealing.sealing_key())?;
//! let tablet = DeviceKeys { signing: signing(4).verifying_key(), sealing: sealing(5) };
//! let add = RosterAction::Add { device: tablet.clone(), name: "tablet".into() };
//! let record = own.next(add, &RosterSigner::Device(&phone))?;
//! own.extend(&record)?;
//!
//! // The tablet reads the same list, and is removed from it.
//! let mut other = Roster::check(&person, &own.records())?;
//! assert_eq!(other.devices(), own.devices());
//! let remove = RosterAction::Remove { device: tablet.signing };
//! let record = own.next(remove, &RosterSigner::Device(&phone))?;
//! other.extend(&record)?;
//! assert_eq!(other.standing(&tablet.signing), Standing::Removed);
//! assert_eq!(other.recipients()?.len(), 2); // the phone and the words
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod check;
mod merge;
#[cfg(test)]
mod tests;

use core::fmt;

use sidelight_crypto::{DeviceSigningKey, RecoverySigningKey};
use sidelight_format::{
    DeviceKeys, MailboxName, PersonId, RosterAction, RosterRecord, RosterStatement, SealingKey,
    Sequence, VerifyingKey, limits,
};

use self::merge::{Set, State};
use crate::Person;

/// A person's list of devices, every record of it checked.
#[derive(Clone)]
pub struct Roster {
    person: PersonId,
    /// What verified the recovery key when the person began.
    recovery: VerifyingKey,
    /// In an order in which each follows what it names.
    entries: Vec<Entry>,
    state: State,
}

/// A record in its place.
#[derive(Clone)]
struct Entry {
    record: RosterRecord,
    hash: [u8; 32],
    /// All that it follows, directly or not.
    ancestors: Set,
    /// The recovery key signed it.
    by_recovery: bool,
}

/// A device on the list.
#[derive(Clone, PartialEq, Eq)]
pub struct Device {
    /// Its public keys.
    pub keys: DeviceKeys,
    /// What its person calls it.
    pub name: String,
}

/// Names are private.
impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device")
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

/// Who signs a record.
#[derive(Debug)]
pub enum RosterSigner<'a> {
    /// A device that is on the list.
    Device(&'a DeviceSigningKey),
    /// The recovery key.
    Recovery(&'a RecoverySigningKey),
}

/// What a record did to a roster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The roster has it now.
    New,
    /// The roster had it.
    Known,
    /// The roster has it now, and another record follows the same one: to be reported.
    Fork,
}

/// What several records did to a roster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// How many were new.
    pub new: usize,
    /// One of them follows what another record follows too: to be reported.
    pub forked: bool,
    /// Why the first of those that are not in the roster now is not.
    pub refused: Option<BadRoster>,
}

/// Where a device stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// On the list.
    Member,
    /// It was added, and is not on the list: removed, replaced by a beginning of the recovery
    /// key, or added by one that was removed.
    Removed,
    /// No record adds it.
    Unknown,
}

/// Why nothing may be sealed to a roster's devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Doubt {
    /// All devices were removed. The recovery key decides.
    #[error("no device is left on the list; the recovery words begin it anew")]
    NoDevice,
    /// The recovery key began the list anew twice, unaware of each other. Beginning once more
    /// decides.
    #[error("the list of devices was begun anew twice; begin it once more with the words")]
    Beginnings,
    /// The recovery key was replaced twice, by different ones. Nothing decides.
    #[error("the recovery words were replaced twice; only founding anew helps")]
    Recovery,
}

/// Why a record is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadRoster {
    /// A name, or the list of what it follows, is too long or not sorted, or its sequence is
    /// not one more than theirs.
    #[error("a record of the list of devices breaks the limits of the format")]
    Limits,
    /// It is of another person's list.
    #[error("a record belongs to another person's list of devices")]
    Person,
    /// It follows a record that is not here: show it again when that one is.
    #[error("a record of the list of devices follows one that is not here")]
    Orphan,
    /// Where the list begins there is another record, or one that begins nothing.
    #[error("the list of devices begins with another record")]
    First,
    /// Its signer was not on the list, or is not the one whom this change needs.
    #[error("a change of the list of devices is not signed by a device on it")]
    Signer,
    /// The signature is not its signer's.
    #[error("a change of the list of devices does not verify")]
    Signature,
    /// It changes nothing: the device or recovery key was listed before, is not on the list, or
    /// is the last one.
    #[error("a change of the list of devices changes nothing, or leaves no device")]
    Action,
    /// A key in it is none.
    #[error("a key in the list of devices is none")]
    Key,
    /// No place is left: [`limits::ROSTER_MAX`] records, or [`limits::DEVICES_MAX`] devices.
    #[error("the list of devices is full")]
    Full,
}

impl Roster {
    /// Begins a person's list with their first device.
    ///
    /// `recovery` is where epochs are sealed to for the recovery words.
    ///
    /// # Errors
    /// [`BadRoster::Limits`] for the name, [`BadRoster::Key`].
    pub fn begin(
        person: &Person,
        signer: &DeviceSigningKey,
        sealing: SealingKey,
        name: &str,
        recovery: SealingKey,
    ) -> Result<Self, BadRoster> {
        let signing = signer.verifying_key();
        let statement = RosterStatement {
            person: person.id(),
            sequence: Sequence(0),
            previous: Vec::new(),
            action: RosterAction::Begin {
                device: DeviceKeys { signing, sealing },
                name: name.to_owned(),
                recovery,
            },
            signer: signing,
        };
        let record = RosterRecord {
            signature: signer.sign(&statement),
            statement,
        };
        Self::check(person, &[record])
    }

    /// Checks a whole list: the first record, then the others in any order.
    ///
    /// # Errors
    /// [`BadRoster`] of the first record that is refused.
    pub fn check(person: &Person, records: &[RosterRecord]) -> Result<Self, BadRoster> {
        let (first, others) = records.split_first().ok_or(BadRoster::First)?;
        let mut roster = Self {
            person: person.id(),
            recovery: person.genesis().statement.recovery,
            entries: Vec::new(),
            state: State::default(),
        };
        roster.extend(first)?;
        match roster.merge(others).refused {
            None => Ok(roster),
            Some(refused) => Err(refused),
        }
    }

    /// Takes one more record in.
    ///
    /// # Errors
    /// [`BadRoster`]; the roster is as it was.
    pub fn extend(&mut self, record: &RosterRecord) -> Result<Taken, BadRoster> {
        let hash = record.hash();
        if self.place(&hash).is_some() {
            return Ok(Taken::Known);
        }
        let entry = self.verify(record, hash)?;
        let rival = self.entries.iter().any(|other| {
            let theirs = &other.record.statement.previous;
            theirs
                .iter()
                .any(|it| record.statement.previous.contains(it))
        });
        self.entries.push(entry);
        self.state = self.evaluate(&Set::first(self.entries.len()));
        Ok(if rival { Taken::Fork } else { Taken::New })
    }

    /// Takes in records in any order, as far as they are valid.
    pub fn merge(&mut self, records: &[RosterRecord]) -> Merged {
        let mut merged = Merged::default();
        let mut left: Vec<&RosterRecord> = records.iter().collect();
        // Each round takes in one at least, or is the last.
        while !left.is_empty() {
            let before = left.len();
            merged.refused = None;
            left.retain(|record| match self.extend(record) {
                Ok(taken) => {
                    merged.new += usize::from(taken != Taken::Known);
                    merged.forked |= taken == Taken::Fork;
                    false
                }
                Err(refused) => {
                    merged.refused = merged.refused.or(Some(refused));
                    refused == BadRoster::Orphan || refused == BadRoster::Full
                }
            });
            if left.len() == before {
                break;
            }
        }
        merged
    }

    /// The next record of the list: it follows all that is here. [`extend`](Self::extend) takes
    /// it in.
    ///
    /// # Errors
    /// [`BadRoster`] if it would be refused.
    pub fn next(
        &self,
        action: RosterAction,
        signer: &RosterSigner<'_>,
    ) -> Result<RosterRecord, BadRoster> {
        let mut ends = self.ends();
        // Those farthest from the start, if there are too many: the others stay ends.
        ends.sort_unstable_by_key(|place| core::cmp::Reverse(self.order(*place)));
        ends.truncate(limits::ROSTER_PREVIOUS_MAX);
        let mut previous: Vec<_> = ends.iter().map(|place| self.entries[*place].hash).collect();
        previous.sort_unstable();
        let statement = RosterStatement {
            person: self.person,
            sequence: self.sequence_after(&ends),
            previous,
            action,
            signer: match signer {
                RosterSigner::Device(key) => key.verifying_key(),
                RosterSigner::Recovery(key) => key.verifying_key(),
            },
        };
        let signature = match signer {
            RosterSigner::Device(key) => key.sign(&statement),
            RosterSigner::Recovery(key) => key.sign(&statement),
        };
        let record = RosterRecord {
            statement,
            signature,
        };
        self.verify(&record, record.hash())?;
        Ok(record)
    }

    /// Every record, each after what it follows: to be kept, and for [`check`](Self::check).
    /// The same records give the same list of them.
    pub fn records(&self) -> Vec<RosterRecord> {
        self.since(&[])
    }

    /// The records that whoever knows `ends`, and all that those follow, lacks; each after what
    /// it follows. Ends that are not here are passed over.
    pub fn since(&self, ends: &[[u8; 32]]) -> Vec<RosterRecord> {
        let mut known = Set::default();
        for place in ends.iter().filter_map(|end| self.place(end)) {
            known.insert(place);
            known.extend(&self.entries[place].ancestors);
        }
        let mut places: Vec<usize> = (0..self.entries.len())
            .filter(|place| !known.contains(*place))
            .collect();
        places.sort_unstable_by_key(|place| self.order(*place));
        let record = |place: &usize| self.entries[*place].record.clone();
        places.iter().map(record).collect()
    }

    /// The hashes of the records that none follows, sorted.
    pub fn heads(&self) -> Vec<[u8; 32]> {
        let mut heads: Vec<_> = self
            .ends()
            .iter()
            .map(|place| self.entries[*place].hash)
            .collect();
        heads.sort_unstable();
        heads
    }

    /// Whether concurrent changes are not yet followed by one that knows them all.
    pub fn is_forked(&self) -> bool {
        self.ends().len() > 1
    }

    /// The devices, the one that was listed first first.
    pub fn devices(&self) -> Vec<Device> {
        let device = |place: &usize| match &self.entries[*place].record.statement.action {
            RosterAction::Begin { device, name, .. } | RosterAction::Add { device, name } => {
                Some(Device {
                    keys: device.clone(),
                    name: name.clone(),
                })
            }
            RosterAction::Remove { .. } | RosterAction::Recovery { .. } => None,
        };
        self.state.listings.iter().filter_map(device).collect()
    }

    /// To whom private epochs are sealed now: the devices and the recovery words. At most
    /// [`limits::RECIPIENTS_MAX`]: of more devices, which only concurrent additions can make,
    /// those listed first.
    ///
    /// # Errors
    /// [`Doubt`].
    pub fn recipients(&self) -> Result<Vec<SealingKey>, Doubt> {
        if let Some(doubt) = self.state.doubt {
            return Err(doubt);
        }
        let mut recipients: Vec<SealingKey> = Vec::new();
        let devices = self.devices().into_iter().map(|device| device.keys.sealing);
        for key in self.recovery_sealing().cloned().into_iter().chain(devices) {
            if recipients.len() < limits::RECIPIENTS_MAX && !recipients.contains(&key) {
                recipients.push(key);
            }
        }
        Ok(recipients)
    }

    /// Why nothing may be sealed to the devices now.
    pub fn doubt(&self) -> Option<Doubt> {
        self.state.doubt
    }

    /// What verifies the recovery key's records now; in [`Doubt::Recovery`], the last that was
    /// undisputed.
    pub fn recovery_key(&self) -> VerifyingKey {
        self.state.recovery.unwrap_or(self.recovery)
    }

    /// The mailbox to which the recovery words lead, once they have been replaced; the first
    /// ones' no record names.
    pub fn recovery_mailbox(&self) -> Option<MailboxName> {
        let key = self.recovery_key();
        self.entries
            .iter()
            .find_map(|entry| match &entry.record.statement.action {
                RosterAction::Recovery {
                    signing, mailbox, ..
                } if *signing == key => Some(*mailbox),
                _ => None,
            })
    }

    /// Where a device stands; a device asks it of itself.
    pub fn standing(&self, device: &VerifyingKey) -> Standing {
        let listed = |place: &usize| self.listed(*place).is_some_and(|it| it.signing == *device);
        if self.state.listings.iter().any(listed) {
            Standing::Member
        } else if (0..self.entries.len()).any(|place| listed(&place)) {
            Standing::Removed
        } else {
            Standing::Unknown
        }
    }

    fn recovery_sealing(&self) -> Option<&SealingKey> {
        match &self
            .entries
            .get(self.state.recovery_at)?
            .record
            .statement
            .action
        {
            RosterAction::Begin { recovery, .. } | RosterAction::Recovery { recovery, .. } => {
                Some(recovery)
            }
            RosterAction::Add { .. } | RosterAction::Remove { .. } => None,
        }
    }

    fn sequence_after(&self, before: &[usize]) -> Sequence {
        let sequence = |place: &usize| self.entries[*place].record.statement.sequence;
        let highest = before.iter().map(sequence).max();
        highest.map_or(Sequence(0), Sequence::next)
    }

    fn place(&self, hash: &[u8; 32]) -> Option<usize> {
        self.entries.iter().position(|entry| entry.hash == *hash)
    }

    /// The device that a record lists.
    fn listed(&self, place: usize) -> Option<&DeviceKeys> {
        match &self.entries[place].record.statement.action {
            RosterAction::Begin { device, .. } | RosterAction::Add { device, .. } => Some(device),
            RosterAction::Remove { .. } | RosterAction::Recovery { .. } => None,
        }
    }

    /// The recovery key that a record puts in the place of its signer.
    fn replacement(&self, place: usize) -> Option<(&VerifyingKey, &SealingKey)> {
        match &self.entries[place].record.statement.action {
            RosterAction::Recovery {
                signing, recovery, ..
            } => Some((signing, recovery)),
            _ => None,
        }
    }

    fn ends(&self) -> Vec<usize> {
        let mut followed = Set::default();
        for entry in &self.entries {
            followed.extend(&entry.ancestors);
        }
        let end = |place: &usize| !followed.contains(*place);
        (0..self.entries.len()).filter(end).collect()
    }

    /// Sorts records so that each comes after what it follows, alike on every device.
    fn order(&self, place: usize) -> (Sequence, [u8; 32]) {
        let entry = &self.entries[place];
        (entry.record.statement.sequence, entry.hash)
    }
}

impl PartialEq for Roster {
    fn eq(&self, other: &Self) -> bool {
        self.records() == other.records()
    }
}

impl Eq for Roster {}

impl fmt::Debug for Roster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Roster")
            .field("records", &self.entries.len())
            .field("devices", &self.state.listings.len())
            .field("doubt", &self.state.doubt)
            .finish_non_exhaustive()
    }
}
