//! Where this person's journal is, and how it is opened.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use directories::ProjectDirs;
use sidelight::{Date, Journal, KeyStore, NewPerson, PrivateLock, Reader, Recover};

use crate::failure::Failure;
use crate::keys::Keys;

/// A home: the journal, its storage key, and, if one runs here, a relay.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    dir: PathBuf,
    /// A clock that was set; otherwise it is this device's.
    clock: Option<i64>,
}

impl Home {
    /// The folder that was given, else `$SIDELIGHT_HOME`, else the platform's.
    pub(crate) fn new(given: Option<PathBuf>, clock: Option<i64>) -> Result<Self, Failure> {
        let variable = std::env::var_os("SIDELIGHT_HOME").filter(|value| !value.is_empty());
        let dir = given
            .or_else(|| variable.map(PathBuf::from))
            .or_else(|| {
                ProjectDirs::from("", "", "sidelight").map(|dirs| dirs.data_dir().to_owned())
            })
            .ok_or_else(|| {
                Failure::invalid(
                    "this system does not say where to keep a journal; name a folder with --home DIR",
                )
            })?;
        Ok(Self { dir, clock })
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where the storage key is.
    pub(crate) fn keys(&self) -> Keys {
        Keys::new(&self.dir)
    }

    /// Where a relay that runs here keeps what it carries.
    pub(crate) fn relay_dir(&self) -> PathBuf {
        self.dir.join("relay")
    }

    fn journal_dir(&self) -> PathBuf {
        self.dir.join("journal")
    }

    /// Begins a journal, with its storage key kept in `keys`.
    pub(crate) async fn create(
        &self,
        keys: Arc<dyn KeyStore>,
        person: NewPerson,
    ) -> Result<Journal, Failure> {
        Ok(Journal::create(self.journal_dir(), keys, person).await?)
    }

    /// Makes this device one of a person's who has a journal.
    pub(crate) async fn join_own(
        &self,
        keys: Arc<dyn KeyStore>,
        link: String,
        name: String,
    ) -> Result<Journal, Failure> {
        Ok(Journal::join_own(self.journal_dir(), keys, link, name).await?)
    }

    /// Brings a journal back from the recovery words.
    pub(crate) async fn recover(
        &self,
        keys: Arc<dyn KeyStore>,
        recover: Recover,
    ) -> Result<Journal, Failure> {
        Ok(Journal::recover(self.journal_dir(), keys, recover).await?)
    }

    /// Opens the journal, to change it or to reach a relay; with private entries unlocked if
    /// their secret is at hand.
    pub(crate) async fn open(&self) -> Result<Journal, Failure> {
        let journal = self.open_locked().await?;
        if self.keys().has_private_secret()
            && journal.status().await?.private_lock == PrivateLock::Locked
            && let Some(secret) = self.keys().private_secret_in_hand()?
        {
            journal.unlock_private(text(&secret)).await?;
        }
        Ok(journal)
    }

    /// Opens the journal as it is.
    pub(crate) async fn open_locked(&self) -> Result<Journal, Failure> {
        let (dir, keys) = (self.journal_dir(), self.keys().open().await?);
        Ok(match self.set_clock() {
            Some(clock) => Journal::open_at(dir, keys, clock).await?,
            None => Journal::open(dir, keys).await?,
        })
    }

    /// Opens the journal only to read, whoever else is writing.
    pub(crate) async fn read(&self) -> Result<Reader, Failure> {
        let reader = self.read_with(self.keys().open().await?).await?;
        if self.keys().has_private_secret()
            && reader.status().await?.private_lock == PrivateLock::Locked
            && let Some(secret) = self.keys().private_secret_in_hand()?
        {
            reader.unlock_private(text(&secret)).await?;
        }
        Ok(reader)
    }

    /// Opens it with these keys.
    pub(crate) async fn read_with(&self, keys: Arc<dyn KeyStore>) -> Result<Reader, Failure> {
        Ok(match self.set_clock() {
            Some(clock) => Reader::open_at(self.journal_dir(), keys, clock).await?,
            None => Reader::open(self.journal_dir(), keys).await?,
        })
    }

    /// What day it is here.
    pub(crate) fn today(&self) -> Result<Date, Failure> {
        match self.clock {
            Some(seconds) => Ok(Date::by_clock(seconds)?),
            None => Ok(Date::today()),
        }
    }

    fn set_clock(&self) -> Option<Arc<AtomicI64>> {
        self.clock.map(|seconds| Arc::new(AtomicI64::new(seconds)))
    }
}

/// A secret as it was typed. One that is no text opens nothing.
fn text(secret: &[u8]) -> String {
    String::from_utf8_lossy(secret).into_owned()
}
