//! What the tests share: relays in this process, journals in temporary folders, and waiting
//! that ends.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sidelight::{
    Draft, Entry, Event, Journal, MemoryKeyStore, NewPerson, PageRequest, PairingStage, SyncReport,
};
use sidelight_crypto::StorageKey;
use sidelight_relay::{Config, Data, Running};
use sidelight_store::{Access, Sealing, SqliteStore, StoreError, Unreadable};
use tempfile::TempDir;

/// Far more than anything here takes, however much else the machine does, so that only what hangs
/// gets there.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);

/// Waits for what must come.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    let waited = tokio::time::timeout(PATIENCE, what).await;
    waited.expect("it comes within five minutes")
}

pub(crate) async fn relay() -> Running {
    sidelight_relay::run(Config::in_memory()).await.unwrap()
}

/// A relay with its data in `dir`, at `listen` or any free port.
pub(crate) async fn relay_at(dir: &Path, listen: Option<std::net::SocketAddr>) -> Running {
    let mut config = Config::in_memory();
    config.data = Data::Dir(dir.to_owned());
    if let Some(listen) = listen {
        // Its last life's socket is closed by a task that may still have to run.
        soon(async {
            while std::net::UdpSocket::bind(listen).is_err() {
                tokio::task::yield_now().await;
            }
        })
        .await;
        config.listen = listen;
    }
    sidelight_relay::run(config).await.unwrap()
}

/// A journal in a folder of its own.
pub(crate) struct Home {
    pub(crate) folder: TempDir,
    pub(crate) keys: Arc<MemoryKeyStore>,
    pub(crate) journal: Journal,
}

impl Home {
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("journal")
    }

    /// The same journal, opened by another program.
    pub(crate) async fn open_again(&self) -> Journal {
        Journal::open(self.path(), self.keys.clone()).await.unwrap()
    }
}

pub(crate) fn person(name: &str, relay: Option<String>) -> NewPerson {
    NewPerson {
        name: name.to_owned(),
        relay,
        ticket: None,
    }
}

pub(crate) async fn home(name: &str, relay: Option<String>) -> Home {
    let folder = tempfile::tempdir().unwrap();
    let keys = Arc::new(MemoryKeyStore::new());
    let at = folder.path().join("journal");
    let journal = Journal::create(at, keys.clone(), person(name, relay)).await;
    Home {
        journal: journal.unwrap(),
        folder,
        keys,
    }
}

/// Syncs to the end.
pub(crate) async fn sync(journal: &Journal) -> SyncReport {
    let report = journal.sync_now(PATIENCE).await.unwrap();
    assert!(report.up_to_date, "{report:?}");
    report
}

/// Pairs two journals by syncs alone.
pub(crate) async fn pair(inviter: &Journal, joiner: &Journal) {
    let invited = inviter.invite(Duration::from_secs(3600)).await.unwrap();
    sync(inviter).await;
    joiner.join(invited.link).await.unwrap();
    for _ in 0..3 {
        sync(joiner).await;
        sync(inviter).await;
    }
    let (ours, theirs) = (stage(inviter).await, stage(joiner).await);
    assert_eq!(
        (ours, theirs),
        (PairingStage::Compare, PairingStage::Compare)
    );
    let ours = inviter.pairing().await.unwrap().unwrap().comparison;
    let theirs = joiner.pairing().await.unwrap().unwrap().comparison;
    assert_eq!(ours.len(), 7);
    assert_eq!(ours, theirs);
    inviter.confirm(true).await.unwrap();
    joiner.confirm(true).await.unwrap();
    for _ in 0..2 {
        sync(joiner).await;
        sync(inviter).await;
    }
    assert_eq!(stage(inviter).await, PairingStage::Done);
    sync(joiner).await;
    assert_eq!(stage(joiner).await, PairingStage::Done);
}

pub(crate) async fn stage(journal: &Journal) -> PairingStage {
    journal.pairing().await.unwrap().unwrap().stage
}

/// Two journals that are paired over `relay`.
pub(crate) async fn couple(relay: &Running) -> (Home, Home) {
    let address = relay.address().to_string();
    let ada = home("Ada", Some(address.clone())).await;
    let bo = home("Bo", Some(address)).await;
    pair(&ada.journal, &bo.journal).await;
    (ada, bo)
}

pub(crate) fn shared(text: &str) -> Draft {
    Draft {
        shared: true,
        ..Draft::new(text)
    }
}

pub(crate) async fn entries(journal: &Journal) -> Vec<Entry> {
    let request = PageRequest {
        limit: 1000,
        before: None,
    };
    journal.page(request).await.unwrap().entries
}

/// The texts, sorted.
pub(crate) async fn texts(journal: &Journal) -> Vec<String> {
    let mut texts: Vec<_> = entries(journal)
        .await
        .into_iter()
        .map(|entry| entry.text)
        .collect();
    texts.sort();
    texts
}

/// Pulls events until the journal is as it should be.
pub(crate) async fn until<F: Future<Output = bool>>(
    journal: &Journal,
    mut reached: impl FnMut() -> F,
) {
    soon(async {
        while !reached().await {
            journal
                .next_event()
                .await
                .expect("the journal is not shut down");
        }
    })
    .await;
}

/// Pulls events until one is wanted.
pub(crate) async fn event(journal: &Journal, wanted: impl Fn(&Event) -> bool) -> Event {
    soon(async {
        loop {
            let event = journal
                .next_event()
                .await
                .expect("the journal is not shut down");
            if wanted(&event) {
                return event;
            }
        }
    })
    .await
}

/// A store of the journal at `home`, under its key.
pub(crate) fn store_at(home: &Home, key: &[u8], access: Access) -> SqliteStore {
    let key = StorageKey::new(key.try_into().unwrap());
    SqliteStore::open(&home.path(), Arc::new(KeySealing(key)), access).unwrap()
}

/// The same, as this library opens it without a further secret.
pub(crate) fn veiled_store_at(home: &Home, key: &[u8], access: Access) -> SqliteStore {
    let key = StorageKey::new(key.try_into().unwrap());
    let veil = sidelight::device::Veil::new(Arc::new(KeySealing(key)));
    SqliteStore::open(&home.path(), Arc::new(veil), access).unwrap()
}

#[derive(Debug)]
struct KeySealing(StorageKey);

impl Sealing for KeySealing {
    fn seal(&self, place: &[u8], plain: &[u8]) -> Vec<u8> {
        self.0
            .seal(place, plain, &mut rand_core::UnwrapErr(getrandom::SysRng))
    }
    fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Unreadable> {
        self.0.open(place, sealed).map_err(|_| Unreadable::Changed)
    }
    fn blind(&self, place: &[u8], name: &[u8]) -> [u8; 16] {
        self.0.blind(place, name)
    }
}

/// The files of this home that this process has open; elsewhere than on Linux nothing is known.
pub(crate) fn open_files_in(home: &Home) -> Vec<PathBuf> {
    files_below(home.folder.path())
}

pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(open) = std::fs::read_dir("/proc/self/fd") else {
        return Vec::new();
    };
    let paths = open.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok());
    paths.filter(|path| path.starts_with(folder)).collect()
}

/// Opens nothing: for openers that only want the writer's turn.
#[derive(Debug)]
struct NoSealing;

impl Sealing for NoSealing {
    fn seal(&self, _: &[u8], plain: &[u8]) -> Vec<u8> {
        plain.to_vec()
    }
    fn open(&self, _: &[u8], _: &[u8]) -> Result<Vec<u8>, Unreadable> {
        Err(Unreadable::Changed)
    }
    fn blind(&self, _: &[u8], _: &[u8]) -> [u8; 16] {
        [0; 16]
    }
}

/// Whether somebody keeps the writer's turn of the journal at `home`.
pub(crate) fn is_taken(home: &Home) -> bool {
    let wait = Duration::ZERO;
    match SqliteStore::open(&home.path(), Arc::new(NoSealing), Access::Write { wait }) {
        Err(StoreError::Busy) => true,
        // It got the turn, and then found that it cannot read.
        Err(StoreError::WrongKey) => false,
        other => panic!("{other:?}"),
    }
}
