//! Reading beside whoever writes.

use std::sync::Arc;

use crate::mirror::Give;
use crate::task::run;
use crate::{Entry, JournalError, KeyStore, Page, PageRequest, Status, Today};

/// A journal opened for reading only, as by an app's extension. It takes no turn and never waits
/// for whoever writes; each call reads what is committed at that moment. It keeps files open: let
/// it go before the app is suspended.
#[derive(Debug, uniffi::Object)]
pub struct Reader {
    reader: sidelight::Reader,
}

impl Give<Arc<Reader>> for sidelight::Reader {
    fn give(self) -> Arc<Reader> {
        Arc::new(Reader { reader: self })
    }
}

impl Reader {
    pub(crate) fn reader(&self) -> sidelight::Reader {
        self.reader.clone()
    }
}

#[uniffi::export]
impl Reader {
    /// Opens the journal in the folder `home`.
    ///
    /// Fails as NotFound if none has begun there; KeysLocked; UpdateNeeded; Storage.
    #[uniffi::constructor]
    pub async fn open(home: String, keys: Arc<dyn KeyStore>) -> Result<Arc<Self>, JournalError> {
        let keys = crate::keys::keys(keys);
        run(async move { sidelight::Reader::open(home.into(), keys).await }).await
    }

    /// Some entries, the newest first.
    ///
    /// Fails as Invalid for a cursor that is none; Storage.
    pub async fn page(&self, request: PageRequest) -> Result<Page, JournalError> {
        let reader = self.reader.clone();
        let request = request.back();
        run(async move { reader.page(request).await }).await
    }

    /// One entry, by its id or by four or more digits that no other begins with.
    ///
    /// Fails as NotFound; Invalid for what names none or several; Storage.
    pub async fn entry(&self, id: String) -> Result<Entry, JournalError> {
        let reader = self.reader.clone();
        run(async move { reader.entry(id).await }).await
    }

    /// What matters now.
    pub async fn today(&self) -> Result<Today, JournalError> {
        let reader = self.reader.clone();
        run(async move { reader.today().await }).await
    }

    /// What a person should know of this device.
    pub async fn status(&self) -> Result<Status, JournalError> {
        let reader = self.reader.clone();
        run(async move { reader.status().await }).await
    }
}
