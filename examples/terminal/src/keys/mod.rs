//! Where the storage key is kept: with the desktop's secret service, under a passphrase, or in a
//! file. Which of them, the files in the home say, and nothing else.

mod passphrase;
mod private;
#[cfg_attr(not(target_os = "linux"), path = "service_elsewhere.rs")]
mod service;
#[cfg_attr(not(target_os = "linux"), path = "session_elsewhere.rs")]
mod session;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sidelight::{
    ErrorKind, FileKeyStore, KeyStore, KeyStoreError, MemoryKeyStore, PassphraseKeyStore,
};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::output;
use service::ServiceKeyStore;

/// Where the storage key is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kept {
    /// With the desktop's secret service, which locks with the session
    SecretService,
    /// In a file, under a passphrase that every command asks for, unless `unlock` spares it
    Passphrase,
    /// In a file that only you can read: whoever gets the home can read the journal
    File,
}

impl Kept {
    /// The safest first: if a move was interrupted, and a key is in two places, this one counts.
    const ALL: [Self; 3] = [Self::SecretService, Self::Passphrase, Self::File];

    /// As `--json` calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SecretService => "secret_service",
            Self::Passphrase => "passphrase",
            Self::File => "file",
        }
    }

    /// As options call it.
    pub(crate) fn option(self) -> &'static str {
        match self {
            Self::SecretService => "secret-service",
            other => other.name(),
        }
    }
}

/// The storage key of one home.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    home: PathBuf,
}

impl Keys {
    pub(crate) fn new(home: &Path) -> Self {
        Self {
            home: home.to_owned(),
        }
    }

    /// The file that says that the key is kept there, and, but for the secret service, keeps it.
    pub(crate) fn path(&self, kept: Kept) -> PathBuf {
        self.home.join(match kept {
            Kept::SecretService => "storage.key.service",
            Kept::Passphrase => "storage.key.sealed",
            Kept::File => "storage.key",
        })
    }

    /// Where it is kept, and then, if a move was interrupted, where it is as well. Empty before
    /// a journal has begun.
    pub(crate) fn kept(&self) -> Vec<Kept> {
        let there = |kept: &Kept| self.path(*kept).exists();
        Kept::ALL.into_iter().filter(there).collect()
    }

    /// The key of a journal that has begun.
    pub(crate) async fn open(&self) -> Result<Arc<dyn KeyStore>, Failure> {
        let keys = self.clone();
        match self.kept().first() {
            None | Some(Kept::File) => Ok(Arc::new(self.file())),
            Some(Kept::Passphrase) => {
                if let Some(key) = session::find(&self.home) {
                    return in_hand(&*key);
                }
                blocking(move || in_hand(&keys.under_passphrase()?.1)).await
            }
            Some(Kept::SecretService) => {
                blocking(move || in_hand(&keys.service().require()?)).await
            }
        }
    }

    /// Where the key of a new journal goes, or already is if its beginning was interrupted.
    /// Nothing chosen: a person at a terminal gets the best there is, a script the file.
    pub(crate) async fn begin(
        &self,
        chosen: Option<Kept>,
        script: bool,
    ) -> Result<Arc<dyn KeyStore>, Failure> {
        let there = self.kept();
        if let Some(&kept) = there.first() {
            if chosen.is_some_and(|chosen| chosen != kept) {
                return Err(Failure::invalid(format!(
                    "there is a storage key here already, kept otherwise; leave --keys out, and \
                     move it later with `sidelight keys move {}`",
                    chosen.unwrap_or(kept).option()
                )));
            }
            return self.open().await;
        }
        let keys = self.clone();
        blocking(move || {
            let ask = !script && output::can_ask();
            let chosen = match chosen {
                None if !ask => Kept::File,
                None if keys.service().is_open() => Kept::SecretService,
                None => match passphrase::choose_or_none()? {
                    Some(chosen) => return Ok(Arc::new(keys.sealed(&chosen)) as _),
                    None => Kept::File,
                },
                Some(chosen) => chosen,
            };
            keys.new_store(chosen)
        })
        .await
    }

    /// Hands the key to this session, or has the secret service unlocked.
    pub(crate) async fn unlock(&self, time: Duration) -> Result<Kept, Failure> {
        let keys = self.clone();
        let kept = self.kept().first().copied().ok_or_else(no_journal)?;
        blocking(move || {
            match kept {
                Kept::File => {}
                Kept::SecretService => keys.service().unlock()?,
                Kept::Passphrase => {
                    let (_, key) = keys.under_passphrase()?;
                    session::keep(&keys.home, &key, time)?;
                }
            }
            Ok(kept)
        })
        .await
    }

    /// Takes the key away from this session, and the secret for private entries.
    pub(crate) fn lock(&self) -> Result<(), Failure> {
        let had_private = self.forget_private_secret()?;
        match self.kept().first().ok_or_else(no_journal)? {
            Kept::Passphrase => session::forget(&self.home),
            _ if had_private => Ok(()),
            Kept::SecretService => Err(Failure::invalid(
                "the storage key is with the desktop's secret service, which other programs use \
                 as well; lock that, or move the key with `sidelight keys move passphrase`",
            )),
            Kept::File => Err(Failure::invalid(
                "the storage key lies in a file, which cannot be locked; put it under a \
                 passphrase with `sidelight keys move passphrase`",
            )),
        }
    }

    /// Whether this session has the key, where it needs one.
    pub(crate) fn unlocked(&self) -> Option<bool> {
        let kept = self.kept();
        (kept.first() == Some(&Kept::Passphrase)).then(|| session::find(&self.home).is_some())
    }

    /// Another passphrase. The session forgets the key: the next command asks for the new one.
    pub(crate) async fn change_passphrase(&self) -> Result<(), Failure> {
        match self.kept().first() {
            None => return Err(no_journal()),
            Some(Kept::Passphrase) => {}
            Some(_) => {
                return Err(Failure::invalid(
                    "the storage key is not under a passphrase; put it under one with \
                     `sidelight keys move passphrase`",
                ));
            }
        }
        let keys = self.clone();
        blocking(move || {
            let (mut store, _) = keys.under_passphrase()?;
            store
                .change(passphrase::choose()?.to_vec())
                .map_err(refused)?;
            session::forget(&keys.home)
        })
        .await
    }

    /// Brings `key`, which opens the journal, to another place, and takes it away from all
    /// others. Killed midway, it is in both, and `kept` says so.
    pub(crate) async fn move_to(
        &self,
        to: Kept,
        key: Zeroizing<Vec<u8>>,
    ) -> Result<Vec<Kept>, Failure> {
        let keys = self.clone();
        blocking(move || {
            let there = keys.kept();
            let others: Vec<_> = there.iter().copied().filter(|kept| *kept != to).collect();
            if there == [to] {
                return Err(Failure::invalid(
                    "the storage key is kept there already; `sidelight status` says where",
                ));
            }
            if there.first() != Some(&to) {
                if there.contains(&to) {
                    // Left behind by a move. The key in hand opens the journal; this may not.
                    keys.remove(to)?;
                }
                let store = keys.new_store(to)?;
                store.save(&key).map_err(refused)?;
                let kept = store.load().map_err(refused)?.map(Zeroizing::new);
                if kept != Some(key) {
                    return Err(Failure::of(
                        ErrorKind::Storage,
                        "the key did not come back as it was kept; it stays where it was, try \
                         another place",
                    ));
                }
            }
            session::forget(&keys.home)?;
            for other in &others {
                keys.remove(*other)?;
            }
            Ok(others)
        })
        .await
    }

    /// The store with the passphrase that opens it, and the key.
    fn under_passphrase(&self) -> Result<(PassphraseKeyStore, Zeroizing<Vec<u8>>), Failure> {
        let store = self.sealed(&passphrase::current()?);
        let key = store.load().map_err(refused)?;
        let key = key.map(Zeroizing::new).ok_or_else(no_journal)?;
        Ok((store, key))
    }

    /// A place in which no key is yet.
    fn new_store(&self, kept: Kept) -> Result<Arc<dyn KeyStore>, Failure> {
        Ok(match kept {
            Kept::File => Arc::new(self.file()),
            Kept::Passphrase => Arc::new(self.sealed(&passphrase::choose()?)),
            Kept::SecretService => {
                let service = self.service();
                service.ready()?;
                Arc::new(service)
            }
        })
    }

    fn remove(&self, kept: Kept) -> Result<(), Failure> {
        if kept == Kept::SecretService {
            return self.service().remove();
        }
        let path = self.path(kept);
        std::fs::remove_file(&path).map_err(|error| {
            Failure::of(
                ErrorKind::Storage,
                format!(
                    "the storage key still lies in {} as well ({error}); delete that file",
                    path.display()
                ),
            )
        })
    }

    fn file(&self) -> FileKeyStore {
        FileKeyStore::new(self.path(Kept::File))
    }

    fn sealed(&self, passphrase: &[u8]) -> PassphraseKeyStore {
        PassphraseKeyStore::new(self.path(Kept::Passphrase), passphrase)
    }

    fn service(&self) -> ServiceKeyStore {
        ServiceKeyStore::new(self.path(Kept::SecretService))
    }
}

/// A key that was had from where it is kept, for the library to take.
fn in_hand(key: &[u8]) -> Result<Arc<dyn KeyStore>, Failure> {
    let hand = MemoryKeyStore::new();
    hand.save(key).map_err(refused)?;
    Ok(Arc::new(hand))
}

/// What a store said, in the library's words.
fn refused(error: KeyStoreError) -> Failure {
    sidelight::Error::from(error).into()
}

fn no_journal() -> Failure {
    Failure::of(
        ErrorKind::NotFound,
        "no journal has begun here yet; begin one with `sidelight init`",
    )
}

/// Does what waits for a person, a daemon, or a deliberately long computation.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(Failure::internal(error.to_string())))
}
