//! What own devices know of each other: the list of devices and the person's keys, taken in
//! from private epochs and from what another own device wrote.

use sidelight_crypto::{PersonSigningKey, UnsealingKey};
use sidelight_format::record::Fact;
use sidelight_format::{
    Generation, PersonKeys, RosterAction, RosterRecord, SealingKey, SpaceId, VerifyingKey,
};
use sidelight_store::Txn;
use sidelight_sync::{Outside, Person, Roster, Standing};

use super::core::Core;
use super::founding::device_keys;
use crate::{Error, ErrorKind};

/// What a private epoch carries beyond what any epoch does: nothing in another space.
#[derive(Default)]
pub(super) struct PrivateParts {
    pub(super) roster: Vec<RosterRecord>,
    pub(super) keys: Vec<PersonKeys>,
}

impl Core {
    /// The list of own devices as this one keeps it.
    pub(super) fn kept_roster(&self) -> Result<Option<Roster>, Error> {
        let Some(own) = self.persons.get(&self.me.person) else {
            return Ok(None);
        };
        Roster::check(&own.person, &self.me.roster)
            .map(Some)
            .map_err(|_| Error::internal("a kept list of devices does not check"))
    }

    /// The own devices.
    pub(super) fn roster(&self) -> Result<&Roster, Error> {
        self.roster
            .as_ref()
            .ok_or_else(|| Error::internal("a device without a person has no list"))
    }

    /// This device, as others name it.
    pub(super) fn own_device(&self) -> VerifyingKey {
        device_keys(&self.me.signing, &self.me.sealing).signing
    }

    /// Whether this device may still change anything.
    ///
    /// # Errors
    /// Removed; Invalid for a device that is nobody's yet.
    pub(super) fn may_act(&self) -> Result<(), Error> {
        if self.me.removed {
            return Err(Error::new(
                ErrorKind::Removed,
                "this device was removed from your journal by another of yours; what it holds can \
                 still be read, and it can be linked again in a new home",
            ));
        }
        if self.is_walking() {
            return Err(Error::invalid(
                "your journal is still being brought back here; sync until all of it has come",
            ));
        }
        if self.roster.is_none() {
            return Err(Error::invalid(
                "this device is not linked to a journal yet; compare the emoji and confirm on \
                 both devices first",
            ));
        }
        Ok(())
    }

    /// What an epoch of `space` tells own devices, if it is a private one. The person's secrets
    /// must never be in any other: this is the one place that hands them out.
    pub(super) fn private_parts(&self, space: &SpaceId) -> PrivateParts {
        if *space != self.me.private {
            return PrivateParts::default();
        }
        PrivateParts {
            roster: self.me.roster.clone(),
            keys: self.me.keys.clone(),
        }
    }

    /// To whom private epochs are sealed: the own devices and the recovery words.
    ///
    /// # Errors
    /// Invalid while that is in doubt.
    pub(super) fn private_recipients(&self) -> Result<Vec<SealingKey>, Error> {
        let recipients = self.roster()?.recipients();
        recipients.map_err(|doubt| Error::invalid(doubt.to_string()))
    }

    /// The sealing keys of all devices that ever were on the list, and of all recovery keys.
    pub(super) fn all_private_recipients(&self) -> Result<Vec<SealingKey>, Error> {
        let keys = self.me.roster.iter().flat_map(|record| {
            let (device, words) = match &record.statement.action {
                RosterAction::Begin {
                    device, recovery, ..
                } => (Some(device), Some(recovery)),
                RosterAction::Add { device, .. } => (Some(device), None),
                RosterAction::Recovery { recovery, .. } => (None, Some(recovery)),
                RosterAction::Remove { .. } => (None, None),
            };
            device.map(|keys| &keys.sealing).into_iter().chain(words)
        });
        Ok(keys.cloned().collect())
    }

    /// Takes records of the list of devices in, as far as they count, and goes on with it: tells
    /// of devices that came and went, also of this one. What is not a device's or the recovery
    /// key's word changes nothing.
    pub(super) fn take_roster(
        &mut self,
        txn: &mut Txn<'_>,
        records: &[RosterRecord],
        outside: &Outside<'_>,
    ) -> Result<(), Error> {
        let Some(before) = self.roster.clone() else {
            return Ok(());
        };
        let mut roster = before.clone();
        let merged = roster.merge(records);
        if merged.new == 0 {
            return Ok(());
        }
        self.dirty = true;
        let own = self.own_device();
        let signing = |roster: &Roster| -> Vec<VerifyingKey> {
            let devices = roster.devices().into_iter();
            devices.map(|device| device.keys.signing).collect()
        };
        let (old, new) = (signing(&before), signing(&roster));
        let kept = roster.records();
        let has_removed = |device: &VerifyingKey| {
            kept.iter().any(|record| {
                record.statement.signer == *device
                    && matches!(record.statement.action, RosterAction::Remove { .. })
            })
        };
        for device in new.iter().filter(|device| !old.contains(device)) {
            self.report(txn, Fact::Linked { device: *device }, outside.now)?;
        }
        for device in old.iter().filter(|device| !new.contains(device)) {
            let fact = if *device == own {
                Fact::Removed
            } else {
                Fact::Unlinked { device: *device }
            };
            self.report(txn, fact, outside.now)?;
            self.shed_of(txn, device)?;
            if merged.forked && has_removed(device) {
                self.report(txn, Fact::RosterFork, outside.now)?;
            }
        }
        // One that is being recovered comes onto the list when it has read all of it.
        self.me.removed = !self.is_walking() && roster.standing(&own) != Standing::Member;
        self.me.roster = kept;
        self.roster = Some(roster);
        self.forget_replaced_words();
        self.follow_again = true;
        self.save_me(txn);
        Ok(())
    }

    /// Takes the person's secrets in, as far as they are those of `own`'s chain. True if there
    /// were new ones.
    pub(super) fn take_keys(
        &mut self,
        txn: &mut Txn<'_>,
        keys: &[PersonKeys],
        own: &Person,
    ) -> bool {
        let mut new = false;
        for keys in keys {
            if fits(keys, own) && !self.me.keys.contains(keys) {
                self.me.keys.push(keys.clone());
                new = true;
            }
        }
        if new {
            // Those in force stand last; what a chain no longer has still opens what it opened.
            self.me
                .keys
                .sort_by_key(|keys| (fits(keys, own), keys.generation));
            self.dirty = true;
            self.follow_again = true;
            self.save_me(txn);
        }
        new
    }

    /// Whether other own devices have newer keys of their person than this one. Not while those
    /// keys are in doubt.
    pub(super) fn is_behind(&self) -> bool {
        let own = self.persons.get(&self.me.person);
        let newest = own.and_then(|own| own.person.newest_signing_key());
        newest.is_some_and(|newest| newest != self.signing().verifying_key())
    }
}

/// Whether secrets are those whose public halves stand in a chain.
fn fits(keys: &PersonKeys, own: &Person) -> bool {
    let sealing = match keys.generation {
        Generation(0) => Some(&own.genesis().statement.sealing),
        Generation(later) => own
            .successors()
            .get(later as usize - 1)
            .map(|step| &step.statement.sealing),
    };
    let signing = PersonSigningKey::from_seed(&keys.signing).verifying_key();
    own.signing_key(keys.generation) == Some(signing)
        && sealing == Some(&UnsealingKey::from_seed(&keys.sealing).sealing_key())
}
