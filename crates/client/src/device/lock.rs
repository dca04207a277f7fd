//! A further secret for private entries: what a device can do without it, and putting their rows
//! under its key.
//!
//! While it is locked, a device has nothing that opens the private space: neither its entries and
//! epochs nor its own key to further ones. It reads no private mailbox and writes nothing there;
//! what is shared goes on, as far as it needs no new keys of the person's.

use sidelight_crypto::MailboxKeys;
use sidelight_format::record::{
    DeviceRecord, DismissedRecord, EntryRecord, EpochSecretRecord, IndexRow, PairingRecord,
    PrivateKeysRecord, PrivateLockRecord, RenderedRecord, SpaceRecord,
};
use sidelight_format::{EpochId, Kind, Purpose, Secret, SpaceId};
use sidelight_store::{Key, StoreError, Txn, timeline};
use sidelight_sync::Outside;

use super::Device;
use super::core::Core;
use super::entries::index_row;
use crate::{Error, ErrorKind};

/// Whether private entries need a further secret on a device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PrivateLock {
    /// They do not.
    #[default]
    None,
    /// They do, and it was given.
    Open,
    /// They do, and it was not given.
    Locked,
}

/// The lock as it is read from a store.
#[derive(Clone, Debug, Default)]
pub(super) struct Lock {
    pub(super) state: PrivateLock,
    spaces: Vec<SpaceId>,
}

impl Lock {
    /// The lock, and what it has of the device's keys if it is open.
    pub(super) fn of(txn: &Txn<'_>) -> Result<(Self, Option<PrivateKeysRecord>), Error> {
        let kept = txn.get::<PrivateLockRecord>(Key::One)?;
        let Some(kept) = kept.filter(|kept| !kept.sealed.is_empty()) else {
            return Ok(Default::default());
        };
        let (state, keys) = match txn.get::<PrivateKeysRecord>(Key::One) {
            Ok(Some(keys)) => (PrivateLock::Open, Some(keys)),
            Err(StoreError::Locked) => (PrivateLock::Locked, None),
            Ok(None) => return Err(Error::internal("private keys are kept with their lock")),
            Err(error) => return Err(error.into()),
        };
        let lock = Self {
            state,
            spaces: kept.spaces,
        };
        Ok((lock, keys))
    }

    /// A row of the timeline, which lies under the storage key alone, as it is kept: of a private
    /// entry it does not tell the kind.
    pub(super) fn disguise(&self, row: IndexRow) -> IndexRow {
        if self.spaces.contains(&row.space) {
            return IndexRow {
                kind: private_kind(),
                ..row
            };
        }
        row
    }

    /// Whether nothing of a space opens now.
    pub(super) fn hides(&self, space: &SpaceId) -> bool {
        self.state == PrivateLock::Locked && self.spaces.contains(space)
    }
}

/// The kind that the timeline has of a private entry while there is a further secret. No entry
/// shows it: those have their rendered row.
pub(super) fn private_kind() -> Kind {
    Kind::named("private").expect("`private` is of a–z")
}

/// What a device's own record has in place of what is kept apart.
fn without_private_keys(me: &DeviceRecord) -> DeviceRecord {
    DeviceRecord {
        sealing: Secret::new([0; 32]),
        recovery: None,
        ..me.clone()
    }
}

/// Why something cannot be done while private entries are locked.
pub(crate) fn locked() -> Error {
    Error::new(
        ErrorKind::KeysLocked,
        "your private entries are locked on this device, and this needs them; unlock them with \
         their secret, then try again",
    )
}

impl Device {
    /// Whether private entries need a further secret here.
    pub fn private_lock(&self) -> PrivateLock {
        self.core.lock.state
    }

    /// The private spaces, which a further secret concerns.
    ///
    /// # Errors
    /// Storage.
    pub fn private_spaces(&self) -> Result<Vec<SpaceId>, Error> {
        self.core.private_spaces(&Txn::begin(&*self.store)?)
    }

    /// Keeps that private rows lie under a key of their own from now on, or, where `lock` has
    /// none, that they do not. The sealing of the store seals so already.
    ///
    /// # Errors
    /// Removed; Keys locked; Invalid while the recovery words lie here unchecked; Storage.
    pub fn keep_private_lock(&mut self, lock: &PrivateLockRecord) -> Result<(), Error> {
        self.act(|core, txn| core.keep_private_lock(txn, lock))
    }

    /// Does what could not be done while private entries were locked: tells own devices what has
    /// become of shared spaces.
    ///
    /// # Errors
    /// Storage.
    pub fn catch_up(&mut self, outside: &mut Outside<'_>) -> Result<(), Error> {
        self.run(|core, txn| core.catch_up(txn, outside))
    }
}

impl Core {
    /// Whether private entries are not locked.
    ///
    /// # Errors
    /// Keys locked.
    pub(super) fn is_unlocked(&self) -> Result<(), Error> {
        if self.lock.state == PrivateLock::Locked {
            return Err(locked());
        }
        Ok(())
    }

    /// Keeps this device's own record, and apart from it what opens private epochs, if it is to
    /// lie under another key.
    pub(super) fn save_me(&self, txn: &mut Txn<'_>) {
        if self.lock.state == PrivateLock::None {
            return txn.put(Key::One, &self.me);
        }
        txn.put(Key::One, &without_private_keys(&self.me));
        if self.lock.state == PrivateLock::Open {
            let keys = PrivateKeysRecord {
                sealing: self.me.sealing.clone(),
                recovery: self.me.recovery.clone(),
            };
            txn.put(Key::One, &keys);
        }
    }

    fn private_spaces(&self, txn: &Txn<'_>) -> Result<Vec<SpaceId>, Error> {
        let mut spaces = vec![self.me.private];
        for former in &self.me.former {
            let record = txn.get::<SpaceRecord>(Key::Name(&former.0))?;
            if record.is_some_and(|record| record.persons.len() == 1) {
                spaces.push(*former);
            }
        }
        Ok(spaces)
    }

    fn keep_private_lock(
        &mut self,
        txn: &mut Txn<'_>,
        lock: &PrivateLockRecord,
    ) -> Result<(), Error> {
        self.is_unlocked()?;
        let begins = !lock.sealed.is_empty();
        if begins && self.me.recovery.is_some() {
            return Err(Error::invalid(
                "your recovery words have not been checked yet, so this device can still show \
                 them, and they open everything; write them down and check them first",
            ));
        }
        self.dirty = true;
        txn.put(Key::One, lock);
        self.lock = if begins {
            Lock {
                state: PrivateLock::Open,
                spaces: lock.spaces.clone(),
            }
        } else {
            Lock::default()
        };
        if !begins {
            txn.delete::<PrivateKeysRecord>(Key::One);
        }
        self.save_me(txn);
        self.seal_private_anew(txn, &lock.spaces)?;
        forget_welcomes(txn)?;
        // What lay under the storage key alone leaves the disk.
        txn.scrub();
        Ok(())
    }

    /// Puts every private row where it is: it is sealed as it is to be from now on.
    fn seal_private_anew(&mut self, txn: &mut Txn<'_>, spaces: &[SpaceId]) -> Result<(), Error> {
        // It has the words of private entries, and is made anew.
        self.drop_index(txn)?;
        let rows = timeline::page(txn, None, usize::MAX, |row| spaces.contains(&row.space))?;
        for row in rows {
            let name = Key::Name(&row.key.entry.0);
            if let Some(entry) = txn.get::<EntryRecord>(name)? {
                txn.put(name, &entry);
            }
            if let Some(shown) = txn.get::<RenderedRecord>(name)? {
                txn.put(name, &shown);
                let row = self.lock.disguise(index_row(row.key.entry, &shown));
                timeline::replace(txn, &row.key, row.clone())?;
            }
        }
        for kept in txn.all::<EpochSecretRecord>()? {
            if spaces.contains(&kept.space) {
                let epoch = EpochId::of(&kept.space, &kept.secret);
                txn.put(Key::Name(&epoch.0), &kept);
            }
        }
        // Whoever guesses at private words would find them in what was dismissed.
        for dismissed in txn.all::<DismissedRecord>()? {
            txn.put(Key::Name(&dismissed.what), &dismissed);
        }
        Ok(())
    }

    fn catch_up(&mut self, txn: &mut Txn<'_>, outside: &mut Outside<'_>) -> Result<(), Error> {
        if self.lock.state != PrivateLock::Open || self.may_act().is_err() {
            return Ok(());
        }
        for space in self.spaces.keys().copied().collect::<Vec<_>>() {
            let untold = self.spaces.get(&space).is_some_and(|known| {
                known.record.left
                    && known.record.copied.is_empty()
                    && known.record.persons.len() > 1
            });
            if untold {
                self.copy_left(txn, space, outside)?;
            } else {
                self.copy_space(txn, space, outside)?;
            }
        }
        Ok(())
    }
}

/// A device that was linked keeps what opened its welcome, in which a private epoch's secret is.
fn forget_welcomes(txn: &mut Txn<'_>) -> Result<(), Error> {
    for mut record in txn.all::<PairingRecord>()? {
        let welcomed = record.ended.is_some() && !record.inviter;
        if welcomed && record.invitation.purpose == Purpose::OwnDevice {
            record.pairing = Secret::new([0; 32]);
            record.nonce = Secret::new([0; 32]);
            let mailbox = MailboxKeys::of_invitation(&record.invitation.secret).name();
            txn.put(Key::Name(&mailbox.0), &record);
        }
    }
    Ok(())
}
