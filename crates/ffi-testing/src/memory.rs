//! Journals that leave nothing behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use sidelight_ffi::{Journal, JournalError, KeyStore, KeyStoreError, NewPerson};
use sidelight_store::MemoryDisk;

use crate::run;

/// A place for one device's journal, in memory. It outlives the journal: what was written is
/// there when it is opened again.
#[derive(Debug, uniffi::Object)]
pub struct MemoryHome {
    disk: MemoryDisk,
    keys: Arc<dyn KeyStore>,
    clock: Option<Arc<AtomicI64>>,
}

#[uniffi::export]
impl MemoryHome {
    /// An empty one. Its journal goes by `clock`; by the system's, if there is none.
    #[uniffi::constructor(default(clock = None))]
    pub fn new(clock: Option<Arc<TestClock>>) -> Self {
        Self {
            disk: MemoryDisk::default(),
            keys: sidelight_ffi::memory_key_store(),
            clock: clock.map(|clock| clock.seconds.clone()),
        }
    }

    /// Begins a journal here.
    ///
    /// Fails as `Journal.create` does.
    pub async fn create(&self, person: NewPerson) -> Result<Arc<Journal>, JournalError> {
        self.begin(Some(person)).await
    }

    /// Opens the journal here.
    ///
    /// Fails as `Journal.open` does.
    pub async fn open(&self) -> Result<Arc<Journal>, JournalError> {
        self.begin(None).await
    }
}

impl MemoryHome {
    async fn begin(&self, person: Option<NewPerson>) -> Result<Arc<Journal>, JournalError> {
        let (disk, clock) = (self.disk.clone(), self.clock.clone());
        let keys = sidelight_ffi::keys(self.keys.clone());
        let person = person.map(NewPerson::back);
        run(async move {
            let journal = sidelight::Journal::in_memory(&disk, keys, person, clock).await?;
            Ok(Journal::of(journal)?)
        })
        .await
    }
}

/// A clock that stands still until it is set. Journals read it in whole seconds.
#[derive(Debug, uniffi::Object)]
pub struct TestClock {
    seconds: Arc<AtomicI64>,
}

#[uniffi::export]
impl TestClock {
    /// One that shows `now_ms`, in milliseconds since 1970.
    #[uniffi::constructor]
    pub fn new(now_ms: i64) -> Self {
        Self {
            seconds: Arc::new(AtomicI64::new(now_ms.div_euclid(1000))),
        }
    }

    /// Sets it, forwards or back.
    pub fn set(&self, now_ms: i64) {
        self.seconds
            .store(now_ms.div_euclid(1000), Ordering::Relaxed);
    }

    /// Lets so many milliseconds go by.
    pub fn advance(&self, ms: i64) {
        let seconds = ms.div_euclid(1000);
        self.seconds.fetch_add(seconds, Ordering::Relaxed);
    }

    /// What it shows, in milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        self.seconds.load(Ordering::Relaxed).saturating_mul(1000)
    }
}

/// A key store in memory that can be locked, as a phone is.
#[derive(Debug, uniffi::Object)]
pub struct LockableKeyStore {
    vault: Vault,
}

/// Clones are the same one.
#[derive(Clone, Debug)]
struct Vault(sidelight::MemoryKeyStore);

#[uniffi::export]
impl LockableKeyStore {
    /// Empty and open.
    #[uniffi::constructor]
    #[expect(
        clippy::new_without_default,
        reason = "other languages know no Default"
    )]
    pub fn new() -> Self {
        Self {
            vault: Vault(sidelight::MemoryKeyStore::new()),
        }
    }

    /// Locks it, or unlocks it.
    pub fn set_locked(&self, locked: bool) {
        self.vault.0.lock(locked);
    }

    /// The key store, for a journal.
    pub fn keys(&self) -> Arc<dyn KeyStore> {
        Arc::new(self.vault.clone())
    }
}

impl KeyStore for Vault {
    fn load(&self) -> Result<Option<Vec<u8>>, KeyStoreError> {
        sidelight::KeyStore::load(&self.0).map_err(|_| KeyStoreError::Locked)
    }

    fn save(&self, key: Vec<u8>) -> Result<(), KeyStoreError> {
        sidelight::KeyStore::save(&self.0, &key).map_err(|_| KeyStoreError::Locked)
    }
}

/// Fails as nothing else can be made to: by a panic inside the library, which is Internal.
#[uniffi::export]
pub async fn fail_internally() -> Result<(), JournalError> {
    run(async { panic!("on purpose, for a test") }).await
}
