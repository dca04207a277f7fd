//! Reading beside whoever writes: an extension of an app, a widget, a second program.

use core::fmt;
use std::path::PathBuf;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, PoisonError};

use sidelight_store::{Access, Store};

use crate::device::Veil;
use crate::driver::Clock;
use crate::home::Place;
use crate::records::{Entry, Page, PageRequest, Status};
use crate::{Error, KeyStore, Today, reading, runtime, today};

/// A journal opened for reading only. It takes no turn and never waits for whoever writes; each
/// call reads what is committed at that moment. It keeps files open: drop it before the app is
/// suspended.
#[derive(Clone)]
pub struct Reader {
    store: Arc<Mutex<Box<dyn Store>>>,
    veil: Arc<Veil>,
    clock: Clock,
}

impl Reader {
    /// Opens the journal in the folder `home`.
    ///
    /// # Errors
    /// Not found if none has begun there; Keys locked; Update needed; Storage.
    pub async fn open(home: PathBuf, keys: Arc<dyn KeyStore>) -> Result<Self, Error> {
        Self::start(home, keys, Clock::System).await
    }

    /// Opens it by a clock that was set: to see what another day shows.
    #[doc(hidden)]
    pub async fn open_at(
        home: PathBuf,
        keys: Arc<dyn KeyStore>,
        clock: Arc<AtomicI64>,
    ) -> Result<Self, Error> {
        Self::start(home, keys, Clock::Set(clock)).await
    }

    async fn start(home: PathBuf, keys: Arc<dyn KeyStore>, clock: Clock) -> Result<Self, Error> {
        on_pool(move || {
            let home = Place::Folder(home).open(&*keys)?;
            let store = home.open(Access::Read)?;
            // A store whose beginning was interrupted is no journal yet.
            reading::me(&*store)?;
            Ok(Self {
                store: Arc::new(Mutex::new(store)),
                veil: home.veil().clone(),
                clock,
            })
        })
        .await
    }

    /// Some entries, the newest first.
    ///
    /// # Errors
    /// Invalid for a cursor that is none; Storage.
    pub async fn page(&self, request: PageRequest) -> Result<Page, Error> {
        self.read(move |store| reading::page(store, &request)).await
    }

    /// One entry, by its id or by four or more digits that no other begins with.
    ///
    /// # Errors
    /// Not found; Invalid for what names none or several; Storage.
    pub async fn entry(&self, id: String) -> Result<Entry, Error> {
        self.read(move |store| reading::entry(store, &id)).await
    }

    /// What matters now.
    ///
    /// # Errors
    /// Storage.
    pub async fn today(&self) -> Result<Today, Error> {
        let now = self.clock().now();
        self.read(move |store| today::today(store, now, today::minute_of_day(now)))
            .await
    }

    /// What a person should know of this device.
    ///
    /// # Errors
    /// Storage.
    pub async fn status(&self) -> Result<Status, Error> {
        self.read(reading::status).await
    }

    pub(crate) fn veil(&self) -> &Arc<Veil> {
        &self.veil
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Store) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let store = self.store.clone();
        on_pool(move || {
            // Reading leaves nothing half done.
            let store = store.lock().unwrap_or_else(PoisonError::into_inner);
            read(&**store)
        })
        .await
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

/// Does what waits for a disk on a thread of the library's own.
pub(crate) async fn on_pool<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = runtime::get()?.spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(Error::internal("a task of the library failed")))
}
