//! Diaries from elsewhere.
//!
//! A file is read twice: first to see that it is whole and how much it holds, then to write.
//! So a file that is damaged at its end brings nothing, and progress has an end to go to.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

use crate::day_one::{self, Found};
use crate::device::view;
use crate::reader::on_pool;
use crate::records::{Draft, ImportOptions, ImportProgress, ImportReport, SkipReason, Skipped};
use crate::{Error, ErrorKind, Journal, reading};

/// How many entries are written in one go: durable together, and other calls get in between.
const BATCH: usize = 128;

/// How far an import is, for whoever asks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Importing(Arc<Mutex<Option<ImportProgress>>>);

/// Ends an import, however it ends.
struct Underway(Importing);

impl Importing {
    pub(crate) fn progress(&self) -> Option<ImportProgress> {
        *self.lock()
    }

    fn begin(&self) -> Result<Underway, Error> {
        let mut progress = self.lock();
        if progress.is_some() {
            return Err(Error::invalid(
                "an import is under way already; wait until it is done",
            ));
        }
        *progress = Some(ImportProgress::default());
        Ok(Underway(self.clone()))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<ImportProgress>> {
        // Each change is one assignment.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Underway {
    fn total(&self, total: u64) {
        *self.0.lock() = Some(ImportProgress { done: 0, total });
    }

    fn done(&self, count: usize) {
        if let Some(progress) = &mut *self.0.lock() {
            progress.done += count as u64;
        }
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        *self.0.lock() = None;
    }
}

impl Journal {
    /// Imports a Day One export: its JSON file, plain or gzip. Entries become moments of their
    /// day, with their tags and star; photos, places and the like are left behind. Importing a
    /// file again brings nothing twice. NUL characters, which no entry may hold, are taken out.
    ///
    /// An import that is interrupted, by a full disk or by [`shutdown`](Journal::shutdown),
    /// keeps what it has written; importing again goes on.
    ///
    /// # Errors
    /// Invalid for a file that is no such export, is damaged or larger than 256 MiB, and
    /// while another import is under way; Not found; those of [`write`](Journal::write).
    pub async fn import_day_one(
        &self,
        path: PathBuf,
        options: ImportOptions,
    ) -> Result<ImportReport, Error> {
        let underway = self.shared.importing.begin()?;
        if options.shared {
            let status = self.status().await?;
            if status.partner.is_none() {
                return Err(Error::new(
                    ErrorKind::NotPaired,
                    "there is no partner to share the entries with yet; pair first, or import \
                     them as private ones",
                ));
            }
        }
        let first = path.clone();
        let found = on_pool(move || {
            let mut found = 0_u64;
            day_one::read(&first, options.shared, &mut |_| {
                found += 1;
                true
            })?;
            Ok(found)
        })
        .await?;
        underway.total(found);

        // Read on a thread of its own, so little ahead of the writing that a phone can hold it.
        let (to, mut entries) = mpsc::channel(BATCH);
        let reading = on_pool(move || {
            day_one::read(&path, options.shared, &mut |found| {
                to.blocking_send(found).is_ok()
            })
        });
        let writing = async {
            let written = self.take_all(&mut entries, options, &underway).await;
            // After a failure, what is left unread is not waited for.
            entries.close();
            written
        };
        let (read, written) = tokio::join!(reading, writing);
        let report = written?.into_report();
        read.map(|()| report)
    }

    /// How far the import under way is; none if there is none.
    pub fn import_progress(&self) -> Option<ImportProgress> {
        self.shared.importing.progress()
    }

    async fn take_all(
        &self,
        entries: &mut mpsc::Receiver<Found>,
        options: ImportOptions,
        underway: &Underway,
    ) -> Result<Tally, Error> {
        let mut tally = Tally::default();
        let mut batch = Vec::new();
        loop {
            let room = BATCH - batch.len();
            let more = entries.recv_many(&mut batch, room).await > 0;
            if batch.len() == BATCH || !more {
                let batch = std::mem::take(&mut batch);
                self.take_in(batch, options, &mut tally, underway).await?;
            }
            if !more {
                return Ok(tally);
            }
        }
    }

    /// Writes a batch, or only looks what would be new.
    async fn take_in(
        &self,
        batch: Vec<Found>,
        options: ImportOptions,
        tally: &mut Tally,
        underway: &Underway,
    ) -> Result<(), Error> {
        let count = batch.len();
        let mut drafts: Vec<Draft> = Vec::with_capacity(count);
        let mut cleaned = Vec::with_capacity(count);
        for found in batch {
            match found {
                Found::Entry {
                    draft,
                    cleaned: lost,
                } => {
                    drafts.push(draft);
                    cleaned.push(lost);
                }
                Found::Skipped(reason) => tally.skip(reason),
            }
        }
        if drafts.is_empty() {
            underway.done(count);
            return Ok(());
        }
        let new: Vec<bool> = if options.dry_run {
            let sources: Vec<_> = drafts
                .into_iter()
                .filter_map(|draft| draft.source)
                .collect();
            self.call(move |driver| {
                driver.read(|store| {
                    let space = reading::space(store, options.shared)?;
                    view::imported(store, &space, &sources)
                })
            })
            .await?
            .into_iter()
            .map(|known| !known)
            .collect()
        } else {
            let wrote = self.write_drafts(drafts).await?;
            wrote.into_iter().map(|one| one.new).collect()
        };
        for (new, cleaned) in new.into_iter().zip(cleaned) {
            if new {
                tally.imported += 1;
                tally.cleaned += u64::from(cleaned);
            } else {
                tally.already_there += 1;
            }
        }
        underway.done(count);
        Ok(())
    }
}

/// What became of the entries so far.
#[derive(Debug, Default)]
struct Tally {
    imported: u64,
    already_there: u64,
    cleaned: u64,
    skipped: std::collections::BTreeMap<SkipReason, u64>,
}

impl Tally {
    fn skip(&mut self, reason: SkipReason) {
        *self.skipped.entry(reason).or_default() += 1;
    }

    fn into_report(self) -> ImportReport {
        let skipped = self.skipped;
        ImportReport {
            found: self.imported + self.already_there + skipped.values().sum::<u64>(),
            imported: self.imported,
            already_there: self.already_there,
            skipped: skipped
                .into_iter()
                .map(|(reason, count)| Skipped { reason, count })
                .collect(),
            cleaned: self.cleaned,
        }
    }
}
