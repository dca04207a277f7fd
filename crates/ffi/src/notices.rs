//! Rhythms, quiet times, and when an app may draw attention.

use crate::mirror::given;
use crate::task::run;
use crate::{Journal, JournalError, Reader};

given! {
    /// When an app may show its one notice. It holds where this device is now, and until an entry
    /// changes or the person travels: ask again then.
    ///
    /// Nothing at all until the person of this device wants it. For something that came: never in
    /// a quiet time of theirs. To remind of a rhythm: on its days, at its time, unless it is
    /// paused. A quiet time of their own does not hold that back, for they set the time
    /// themselves. A rhythm that is shared concerns both, so quiet times that the partner shared
    /// hold it back, and their need for space. A reminder that was held back is not made up for.
    #[of(sidelight::Notices)]
    pub struct Notices {
        /// Whether the person of this device wants any.
        pub wanted: bool,
        /// Whether one may be shown now because something came.
        pub now: bool,
        /// From when on one may be shown because something came, in milliseconds since 1970 by
        /// this device's clock: this moment, or the end of a quiet time. None if it is always
        /// quiet.
        pub next_ms: Option<i64>,
        /// When one is to be shown next to remind of a rhythm; none within a week.
        pub reminder_ms: Option<i64>,
    }
}

given! {
    /// A rhythm: something meant for some days. Nothing says whether it was done.
    #[of(sidelight::RhythmShown)]
    pub struct RhythmShown {
        /// The entry.
        pub id: String,
        /// Whether it is this person's own.
        pub mine: bool,
        /// Whether both see it.
        pub shared: bool,
        /// What is meant.
        pub intention: String,
        /// On which days, `monday` to `sunday`.
        pub weekdays: Vec<String>,
        /// When its person wants to be reminded, as `20:00`.
        pub at: Option<String>,
        /// When nothing may disturb them, as `22:00-07:30`.
        pub quiet: Vec<String>,
        /// Whether it is paused.
        pub paused: bool,
        /// Whether this is one of its days.
        pub today: bool,
    }
}

/// Rhythms and notices.
#[uniffi::export]
impl Journal {
    /// When an app may show its one notice, by the time zone of this device.
    pub async fn notices(&self) -> Result<Notices, JournalError> {
        let journal = self.journal();
        run(async move { journal.notices().await }).await
    }

    /// Says whether the person of this device wants notices here. They do not until they say so.
    pub async fn want_notices(&self, wanted: bool) -> Result<(), JournalError> {
        let journal = self.journal();
        run(async move { journal.want_notices(wanted).await }).await
    }

    /// The rhythms of this person, and those that the partner shared; the newest first.
    pub async fn rhythms(&self) -> Result<Vec<RhythmShown>, JournalError> {
        let journal = self.journal();
        run(async move { journal.rhythms().await }).await
    }

    /// Pauses every rhythm of this person, or goes on with them, on all of their devices. Quiet
    /// times hold all the same.
    pub async fn pause_rhythms(&self, paused: bool) -> Result<(), JournalError> {
        let journal = self.journal();
        run(async move { journal.pause_rhythms(paused).await }).await
    }
}

/// Notices.
#[uniffi::export]
impl Reader {
    /// When an app may show its one notice, as `Journal.notices`.
    pub async fn notices(&self) -> Result<Notices, JournalError> {
        let reader = self.reader();
        run(async move { reader.notices().await }).await
    }
}
