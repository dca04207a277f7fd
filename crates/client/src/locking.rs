//! A further secret for the private entries of one device.

use rand_core::Rng;
use sidelight_crypto::{PassphraseError, open_private_key, seal_private_key};
use sidelight_format::record::PrivateLockRecord;
use sidelight_store::{Key, Store, Txn};
use zeroize::Zeroizing;

use crate::device::{Device, Veil};
use crate::driver::Driver;
use crate::home::TURN_WAIT;
use crate::keystore::{KEY_LEN, PASSPHRASE_LEN_MAX, PASSPHRASE_LEN_MIN};
use crate::sealing::system_rng;
use crate::{Error, ErrorKind, Event, Journal, KeyStoreError, Reader};

/// A secret as somebody typed it, wiped when dropped.
type Typed = Zeroizing<String>;

impl Journal {
    /// Puts the private entries of this device under a further secret, of 8 to 1,024 bytes: once
    /// they are [locked](Self::lock_private), and whenever the journal is opened, nobody reads one
    /// here without it, whoever holds the device unlocked. It is guessed no faster than a
    /// passphrase, and nobody can put a forgotten one back: the recovery words, or another device,
    /// still have everything.
    ///
    /// It is this device's: another own device asks for none, or its own.
    ///
    /// # Errors
    /// Invalid for a secret out of bounds, if there is one already, or as long as the recovery
    /// words have not been checked; Removed; Storage.
    pub async fn begin_private_secret(&self, secret: String) -> Result<(), Error> {
        let secret = Zeroizing::new(secret);
        self.call(move |driver| driver.begin_private_secret(&secret))
            .await
    }

    /// Another secret for the private entries in place of the present one. A backup from before
    /// still opens with the one that it had.
    ///
    /// # Errors
    /// Keys locked for a wrong secret; Invalid for a new one out of bounds, or if there is none;
    /// Storage.
    pub async fn change_private_secret(&self, secret: String, new: String) -> Result<(), Error> {
        let (secret, new) = (Zeroizing::new(secret), Zeroizing::new(new));
        self.call(move |driver| driver.change_private_secret(&secret, &new))
            .await
    }

    /// Takes the further secret away: private entries need none on this device any more.
    ///
    /// # Errors
    /// Keys locked for a wrong secret; Invalid if there is none; Storage.
    pub async fn end_private_secret(&self, secret: String) -> Result<(), Error> {
        let secret = Zeroizing::new(secret);
        self.call(move |driver| driver.end_private_secret(&secret))
            .await
    }

    /// Unlocks private entries for this journal, until it is [locked](Self::lock_private) or shut
    /// down. It takes 64 MiB for an instant.
    ///
    /// # Errors
    /// Keys locked for a wrong secret; Invalid if there is none; Storage.
    pub async fn unlock_private(&self, secret: String) -> Result<(), Error> {
        let secret = Zeroizing::new(secret);
        self.call(move |driver| driver.unlock_private(&secret))
            .await
    }

    /// Locks private entries. While they are, they cannot be read, written or shared here, and
    /// nothing private is fetched or sent; own devices cannot be linked or removed, nor keys
    /// renewed. What is shared is read, written and kept in sync as ever.
    ///
    /// # Errors
    /// Invalid if there is no further secret; Storage.
    pub async fn lock_private(&self) -> Result<(), Error> {
        self.call(Driver::lock_private).await
    }
}

impl Reader {
    /// Unlocks private entries for this reader and its clones.
    ///
    /// # Errors
    /// As [`Journal::unlock_private`].
    pub async fn unlock_private(&self, secret: String) -> Result<(), Error> {
        let secret = Zeroizing::new(secret);
        let veil = self.veil().clone();
        self.read(move |store| unlock(&veil, &kept(store)?, &secret).map(drop))
            .await
    }
}

impl Driver {
    fn begin_private_secret(&mut self, secret: &Typed) -> Result<(), Error> {
        if self.read(found)?.is_some() {
            return Err(Error::invalid(
                "there is a secret for your private entries already; change it, or take it away",
            ));
        }
        let mut key = Zeroizing::new([0; KEY_LEN]);
        system_rng().fill_bytes(&mut *key);
        let sealed = seal(&key, secret)?;
        let veil = self.home.veil().clone();
        self.relock(move |device| {
            let lock = PrivateLockRecord {
                sealed: sealed.into(),
                spaces: device.private_spaces()?,
            };
            veil.draw(&lock, &key);
            device.keep_private_lock(&lock)
        })
    }

    fn change_private_secret(&mut self, secret: &Typed, new: &Typed) -> Result<(), Error> {
        let key = self.open_private(secret)?;
        let sealed = seal(&key, new)?;
        let veil = self.home.veil().clone();
        self.relock(move |device| {
            let lock = PrivateLockRecord {
                sealed: sealed.into(),
                spaces: device.private_spaces()?,
            };
            veil.draw(&lock, &key);
            device.keep_private_lock(&lock)
        })
    }

    fn end_private_secret(&mut self, secret: &Typed) -> Result<(), Error> {
        self.open_private(secret)?;
        let veil = self.home.veil().clone();
        self.relock(move |device| {
            let lock = PrivateLockRecord {
                sealed: Vec::new().into(),
                spaces: device.private_spaces()?,
            };
            veil.lift();
            device.keep_private_lock(&lock)
        })?;
        self.home.veil().close();
        Ok(())
    }

    fn unlock_private(&mut self, secret: &Typed) -> Result<(), Error> {
        self.open_private(secret)?;
        self.act(Device::catch_up)
    }

    fn lock_private(&mut self) -> Result<(), Error> {
        self.read(kept)?;
        self.home.veil().close();
        // Whatever is open has what opens them: it goes at once, whoever has the turn.
        let down = self.links.drop_links();
        self.handle_down(&down);
        self.device = None;
        self.turn.lost();
        self.events.push(Event::Lagged);
        Ok(())
    }

    /// Opens private entries, with everything that was read without them.
    fn open_private(&mut self, secret: &Typed) -> Result<Zeroizing<[u8; KEY_LEN]>, Error> {
        let lock = self.read(kept)?;
        let veil = self.home.veil().clone();
        let key = unlock(&veil, &lock, secret)?;
        self.take_turn(TURN_WAIT)?;
        self.reopen(TURN_WAIT)?;
        self.events.push(Event::Lagged);
        Ok(key)
    }

    /// Has private rows sealed otherwise: all of them, or none.
    fn relock(&mut self, step: impl FnOnce(&mut Device) -> Result<(), Error>) -> Result<(), Error> {
        let done = self.act(|device, _| step(device));
        if done.is_err() {
            // What the store says counts.
            self.home.veil().forget();
            self.device = None;
            self.turn.lost();
        }
        done
    }
}

/// The lock, if there is one.
fn found(store: &dyn Store) -> Result<Option<PrivateLockRecord>, Error> {
    let kept = Txn::begin(store)?.get::<PrivateLockRecord>(Key::One)?;
    Ok(kept.filter(|kept| !kept.sealed.is_empty()))
}

fn kept(store: &dyn Store) -> Result<PrivateLockRecord, Error> {
    found(store)?.ok_or_else(|| {
        Error::invalid("there is no further secret for your private entries; choose one first")
    })
}

fn unlock(
    veil: &Veil,
    lock: &PrivateLockRecord,
    secret: &Typed,
) -> Result<Zeroizing<[u8; KEY_LEN]>, Error> {
    let key = open_private_key(&lock.sealed, secret.as_bytes()).map_err(|error| match error {
        PassphraseError::Wrong => Error::new(
            ErrorKind::KeysLocked,
            "this secret does not open your private entries; try again. Nobody can put a \
             forgotten one back, but your recovery words and other devices still have everything",
        ),
        error => KeyStoreError::from(error).into(),
    })?;
    veil.unlock(&key);
    Ok(key)
}

fn seal(key: &[u8; KEY_LEN], secret: &Typed) -> Result<Vec<u8>, Error> {
    if !(PASSPHRASE_LEN_MIN..=PASSPHRASE_LEN_MAX).contains(&secret.len()) {
        return Err(Error::invalid(
            "a secret has 8 to 1,024 bytes; choose another, such as five random words",
        ));
    }
    let sealed = seal_private_key(key, secret.as_bytes(), &mut system_rng());
    sealed.map_err(|error| KeyStoreError::from(error).into())
}
