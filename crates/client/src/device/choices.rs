//! What the person of this device has chosen. It is kept here alone: one's own other devices may
//! lie where others see them, and each is asked anew.

use sidelight_format::record::{ChoicesRecord, DismissedRecord};
use sidelight_store::{Key, Txn};

use super::Device;
use crate::Error;

impl Device {
    /// Says whether the same day of other years may be shown on this device.
    ///
    /// # Errors
    /// Storage.
    pub fn want_on_this_day(&mut self, wanted: bool) -> Result<(), Error> {
        self.choose(|choices| choices.on_this_day = wanted)
    }

    /// Says whether an app on this device may tell that something came or is to be done.
    ///
    /// # Errors
    /// Storage.
    pub fn want_notices(&mut self, wanted: bool) -> Result<(), Error> {
        self.choose(|choices| choices.notices = wanted)
    }

    /// What has this hash is not recalled on this device any more.
    ///
    /// # Errors
    /// Storage.
    pub fn dismiss(&mut self, what: [u8; 32]) -> Result<(), Error> {
        self.run(|core, txn| {
            core.is_unlocked()?;
            txn.put(Key::Name(&what), &DismissedRecord { what });
            Ok(())
        })
    }

    /// Everything may be recalled again.
    ///
    /// # Errors
    /// Storage.
    pub fn dismiss_nothing(&mut self) -> Result<(), Error> {
        self.run(|core, txn| {
            core.is_unlocked()?;
            for record in txn.all::<DismissedRecord>()? {
                txn.delete::<DismissedRecord>(Key::Name(&record.what));
            }
            Ok(())
        })
    }

    fn choose(&mut self, choose: impl FnOnce(&mut ChoicesRecord)) -> Result<(), Error> {
        self.run(|_, txn: &mut Txn<'_>| {
            let mut choices: ChoicesRecord = txn.get(Key::One)?.unwrap_or_default();
            choose(&mut choices);
            txn.put(Key::One, &choices);
            Ok(())
        })
    }
}
