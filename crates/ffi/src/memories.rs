//! Reading what belongs together: an entry's answers, its past, and the same day of other years.

use crate::mirror::{Take, given};
use crate::task::run;
use crate::{Day, Entry, Journal, JournalError, Page, Reader};

given! {
    /// An entry and what answers it. It is not called `Thread`, which both languages own.
    #[of(sidelight::Thread)]
    pub struct EntryThread {
        /// The entry; none if it is not here, whether it never came or was taken back.
        pub entry: Option<Entry>,
        /// Whether it was taken back, or its copy here was erased. What answers it stays: it is
        /// its writer's own.
        pub taken_back: bool,
        /// What points at it: replies, answers to offers, turns of a conversation, assents. The
        /// oldest first, up to 1,000.
        pub replies: Vec<Entry>,
    }
}

given! {
    /// What an entry said at one time.
    #[of(sidelight::Amendment)]
    pub struct Amendment {
        /// Its version.
        pub version: String,
        /// Its text.
        pub text: String,
        /// The day that it was about.
        pub date: Day,
    }
}

/// What belongs together.
#[uniffi::export]
impl Journal {
    /// An entry and what answers it.
    ///
    /// Fails as Invalid for what names no entry or several; NotFound for what names none that is
    /// or was here; Storage.
    pub async fn thread(&self, id: String) -> Result<EntryThread, JournalError> {
        let journal = self.journal();
        run(async move { journal.thread(id).await }).await
    }

    /// What an entry said after each of its last changes, up to 100, the oldest first; the last
    /// is what it says now. Who may read an entry may read this: an amendment takes nothing back.
    /// Only `erase` does, and takes all of it.
    ///
    /// Fails as NotFound; Invalid for what names none or several; Storage.
    pub async fn history(&self, id: String) -> Result<Vec<Amendment>, JournalError> {
        let journal = self.journal();
        run(async move { journal.history(id).await }).await
    }

    /// Whether `on_this_day` shows anything. It does not until the person of this device wants it
    /// to, and only on this device.
    pub async fn wants_on_this_day(&self) -> Result<bool, JournalError> {
        let journal = self.journal();
        run(async move { journal.wants_on_this_day().await }).await
    }

    /// Turns `on_this_day` on or off.
    pub async fn want_on_this_day(&self, wanted: bool) -> Result<(), JournalError> {
        let journal = self.journal();
        run(async move { journal.want_on_this_day(wanted).await }).await
    }

    /// Entries about the same day of earlier years than `day`, the newest first. Those of a 29
    /// February come on the 28th in a year that has none. For when somebody asks: nothing is
    /// brought up by itself, least of all on a bad day.
    ///
    /// Fails as Invalid for a day or cursor that is none, and as long as it is not wanted;
    /// Storage.
    #[uniffi::method(default(limit = 50, before = None))]
    pub async fn on_this_day(
        &self,
        day: Day,
        limit: i32,
        before: Option<String>,
    ) -> Result<Page, JournalError> {
        let journal = self.journal();
        let day = day.take()?;
        let limit = limit.try_into().unwrap_or(0); // taken for one
        run(async move { journal.on_this_day(day, limit, before).await }).await
    }
}

/// What belongs together.
#[uniffi::export]
impl Reader {
    /// An entry and what answers it, as `Journal.thread`.
    pub async fn thread(&self, id: String) -> Result<EntryThread, JournalError> {
        let reader = self.reader();
        run(async move { reader.thread(id).await }).await
    }

    /// What an entry said after each of its last changes, as `Journal.history`.
    pub async fn history(&self, id: String) -> Result<Vec<Amendment>, JournalError> {
        let reader = self.reader();
        run(async move { reader.history(id).await }).await
    }
}
