//! Searching: entries by their words, kind, author, tags and days.

use std::sync::Arc;

use crate::mirror::{Take, mirrored, taken};
use crate::task::{duration, run, run_until};
use crate::{CancelToken, Day, Journal, JournalError, Page, Reader, Space};

/// What is looked for. An entry is found that has all of what is given; with nothing given, every
/// one is.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct SearchRequest {
    /// Words of its text, or of fields that are in words: each the beginning of one, in any
    /// order. Words in quotation marks follow one another as they stand; the last one may be the
    /// beginning of a word until the second mark is typed. Case and diacritics do not matter.
    #[uniffi(default = "")]
    pub words: String,
    /// Its kind is one of these; none for any.
    #[uniffi(default = [])]
    pub kinds: Vec<String>,
    /// Who wrote it; none for both.
    #[uniffi(default = None)]
    pub by: Option<By>,
    /// Where it is kept; none for anywhere.
    #[uniffi(default = None)]
    pub space: Option<Space>,
    /// It has all of these tags, whatever their case.
    #[uniffi(default = [])]
    pub tags: Vec<String>,
    /// It is about this day or a later one.
    #[uniffi(default = None)]
    pub from: Option<Day>,
    /// It is about this day or an earlier one.
    #[uniffi(default = None)]
    pub to: Option<Day>,
    /// How many at most: 1 to 1,000. Beyond that it is taken for the nearest.
    #[uniffi(default = 50)]
    pub limit: i32,
    /// `next` of the page before; none for the newest.
    #[uniffi(default = None)]
    pub before: Option<String>,
}

impl core::fmt::Debug for SearchRequest {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SearchRequest(…)")
    }
}

impl Take<sidelight::SearchRequest> for SearchRequest {
    fn take(self) -> Result<sidelight::SearchRequest, JournalError> {
        Ok(sidelight::SearchRequest {
            words: self.words,
            kinds: self.kinds,
            by: self.by.map(Into::into),
            space: self.space.map(Into::into),
            tags: self.tags,
            from: self.from.map(Take::take).transpose()?,
            to: self.to.map(Take::take).transpose()?,
            limit: self.limit.try_into().unwrap_or(0), // taken for one
            before: self.before,
        })
    }
}

mirrored! {
    /// Who wrote an entry.
    #[of(sidelight::By, Partner)]
    pub enum By {
        /// This person.
        Me,
        /// Their partner, or a former one.
        Partner,
    }
}

taken!(By, sidelight::By, Me, Partner);

/// Searching.
#[uniffi::export]
impl Journal {
    /// Looks for entries, the newest first. What has not been indexed yet is looked through, which
    /// takes longer in a long journal; nothing is left out.
    ///
    /// Fails as Invalid for a cursor, kind or day that is none, and for more than 64 words;
    /// Storage.
    pub async fn search(&self, request: SearchRequest) -> Result<Page, JournalError> {
        let journal = self.journal();
        let request = request.take()?;
        run(async move { journal.search(request).await }).await
    }

    /// Brings the search index up to date, which a journal otherwise does by itself when it has
    /// been left alone for a moment: for an app that is about to be suspended. Other calls get in
    /// between. Says whether nothing is left to do; false if `deadline_ms` milliseconds were over
    /// before.
    ///
    /// Fails as Storage; Cancelled by `cancel`.
    #[uniffi::method(default(cancel = None))]
    pub async fn prepare_search(
        &self,
        deadline_ms: i64,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<bool, JournalError> {
        let journal = self.journal();
        let deadline = duration(deadline_ms)?;
        run_until(
            cancel,
            async move { journal.prepare_search(deadline).await },
        )
        .await
    }
}

/// Searching.
#[uniffi::export]
impl Reader {
    /// Looks for entries, as `Journal.search` does.
    pub async fn search(&self, request: SearchRequest) -> Result<Page, JournalError> {
        let reader = self.reader();
        let request = request.take()?;
        run(async move { reader.search(request).await }).await
    }
}
