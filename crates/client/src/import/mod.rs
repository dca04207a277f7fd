//! Journals from elsewhere.
//!
//! A file is read twice: first to see that it is whole and how much it holds, then to write.
//! So a file that is damaged at its end brings nothing, and progress has an end to go to. What
//! answers another entry is written after all others, in one more reading, so that it points at
//! that entry here.

mod from;

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::tz::TimeZone;
use sidelight_exchange::{Format, Found, Incoming, Place, SkipReason};
use sidelight_format::{EntryDate, FieldValue};
use sidelight_journal::kinds;
use tokio::sync::mpsc;

use self::from::From;
use crate::device::{self, Import, Took};
use crate::progress::Underway;
use crate::reader::on_pool;
use crate::records::{ExchangeProgress, ImportFormat, ImportOptions, ImportReport, Skipped};
use crate::{Error, ErrorKind, Journal};

/// How many entries are written in one go: durable together, and other calls get in between.
const BATCH: usize = 128;

/// How many places are told for each reason.
const PLACES_MAX: usize = 5;

/// What keeps, in a copy, who wrote the original, if it was somebody else.
const WRITTEN_BY: &str = "written_by";

/// Which entries of a file a reading is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Round {
    All,
    Plain,
    Answers,
}

impl Round {
    fn wants(self, found: &Found) -> bool {
        let answers = matches!(found, Found::Entry(entry) if answers(entry));
        match self {
            Self::All => true,
            Self::Plain => !answers,
            Self::Answers => answers,
        }
    }
}

fn answers(entry: &Incoming) -> bool {
    kinds::target_of(&entry.fields).is_some()
}

/// What a first reading has shown.
#[derive(Default)]
struct Looked {
    found: u64,
    answers: u64,
    days: Option<(EntryDate, EntryDate)>,
}

impl Looked {
    fn at(&mut self, found: &Found) {
        self.found += 1;
        if let Found::Entry(entry) = found {
            self.answers += u64::from(answers(entry));
            let day = entry.date;
            let key = |day: &EntryDate| (day.year(), day.month(), day.day());
            let (first, last) = self.days.get_or_insert((day, day));
            *first = std::cmp::min_by_key(*first, day, key);
            *last = std::cmp::max_by_key(*last, day, key);
        }
    }
}

impl Journal {
    /// Imports a journal from elsewhere: what Sidelight itself exported as JSON, Day One (its
    /// zip, or the JSON in it), Daylio, jrnl, or a folder of Markdown files; plain or gzip.
    /// Entries are private unless `options` say otherwise. Importing again brings nothing twice.
    /// Photos, recordings, places and the like stay behind; NUL characters, which no entry may
    /// hold, are taken out.
    ///
    /// What Sidelight exported comes as it was, with its place in the day, also what this
    /// version does not know; an entry of somebody else's name keeps that name in its field
    /// `written_by`. Answers point at what they answer if that was imported, too.
    ///
    /// An import that is interrupted, by a full disk or by [`shutdown`](Journal::shutdown),
    /// keeps what it has written; importing again goes on.
    ///
    /// # Errors
    /// Invalid for a file that is no such export, is damaged or larger than 256 MiB, and
    /// while another import is under way; Update needed; Not found; those of
    /// [`write`](Journal::write).
    pub async fn import(
        &self,
        path: PathBuf,
        options: ImportOptions,
    ) -> Result<ImportReport, Error> {
        let sentence = "an import is under way already; wait until it is done";
        let underway = self.shared.importing.begin(sentence)?;
        let status = self.status().await?;
        if options.shared && status.partner.is_none() {
            return Err(Error::new(
                ErrorKind::NotPaired,
                "there is no partner to share the entries with yet; pair first, or import \
                 them as private ones",
            ));
        }
        let zone = TimeZone::system();
        let (at, in_zone) = (path, zone.clone());
        let (from, format, looked) = on_pool(move || {
            let from = From::at(at, options.format)?;
            let mut looked = Looked::default();
            let format = from.read(&in_zone, &mut |found| {
                looked.at(&found);
                true
            })?;
            Ok((from, format, looked))
        })
        .await?;
        underway.total(looked.found);

        let rounds: &[Round] = match looked.answers {
            0 => &[Round::All],
            _ => &[Round::Plain, Round::Answers],
        };
        let mut tally = Tally::default();
        for round in rounds {
            let (from, zone, round) = (from.clone(), zone.clone(), *round);
            // Read on a thread of its own, so little ahead of the writing that a phone can
            // hold it.
            let (to, mut entries) = mpsc::channel(BATCH);
            let reading = on_pool(move || {
                from.read(&zone, &mut |found| {
                    !round.wants(&found) || to.blocking_send(found).is_ok()
                })
            });
            let writing = async {
                let how = How {
                    options,
                    me: &status.name,
                    underway: &underway,
                };
                let written = self.take_all(&mut entries, &how, &mut tally).await;
                // After a failure, what is left unread is not waited for.
                entries.close();
                written
            };
            let (read, written) = tokio::join!(reading, writing);
            written?;
            read?;
        }
        Ok(tally.into_report(format, looked.days))
    }

    /// How far the import under way is; none if there is none.
    pub fn import_progress(&self) -> Option<ExchangeProgress> {
        self.shared.importing.progress()
    }

    async fn take_all(
        &self,
        entries: &mut mpsc::Receiver<Found>,
        how: &How<'_>,
        tally: &mut Tally,
    ) -> Result<(), Error> {
        let mut batch = Vec::new();
        loop {
            let room = BATCH - batch.len();
            let more = entries.recv_many(&mut batch, room).await > 0;
            if batch.len() == BATCH || !more {
                self.take_in(std::mem::take(&mut batch), how, tally).await?;
            }
            if !more {
                return Ok(());
            }
        }
    }

    /// Writes a batch, or only looks what would be new.
    async fn take_in(
        &self,
        batch: Vec<Found>,
        how: &How<'_>,
        tally: &mut Tally,
    ) -> Result<(), Error> {
        let count = batch.len();
        let (mut imports, mut losses) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for found in batch {
            match found {
                Found::Entry(entry) => {
                    losses.push((entry.cleaned, entry.attachments, entry.missing));
                    match import(*entry, how) {
                        Ok(import) => imports.push(import),
                        Err(reason) => {
                            losses.pop();
                            tally.skip(reason, None);
                        }
                    }
                }
                Found::Skipped { reason, place } => tally.skip(reason, Some(place)),
            }
        }
        let dry_run = how.options.dry_run;
        let took = match imports.is_empty() {
            true => Vec::new(),
            false => {
                self.call(move |driver| {
                    driver.act(|device, outside| device.import(&imports, dry_run, outside))
                })
                .await?
            }
        };
        for (took, (cleaned, attachments, missing)) in took.into_iter().zip(losses) {
            match took {
                Took::New => {
                    tally.imported += 1;
                    tally.cleaned += u64::from(cleaned);
                    tally.attachments += u64::from(attachments);
                    tally.missing += u64::from(missing);
                }
                Took::Known => tally.already_there += 1,
                Took::Unfit => tally.skip(SkipReason::Unfit, None),
                Took::NotShared => tally.skip(SkipReason::NotShared, None),
            }
        }
        how.underway.done(count);
        Ok(())
    }
}

/// How entries are taken in.
struct How<'a> {
    options: ImportOptions,
    /// What this person wants to be called.
    me: &'a str,
    underway: &'a Underway,
}

fn import(entry: Incoming, how: &How<'_>) -> Result<Import, SkipReason> {
    let shared = how.options.shared;
    let mut fields = entry.fields;
    let author = entry.author.filter(|author| !author.is_empty());
    if let Some(author) = author.filter(|author| author != how.me) {
        if shared {
            return Err(SkipReason::NotYours);
        }
        if !fields.iter().any(|(name, _)| name == WRITTEN_BY) {
            fields.push((WRITTEN_BY.to_owned(), FieldValue::Text(author)));
            fields.sort_by(|(a, _), (b, _)| a.cmp(b));
        }
    }
    if shared && fields.iter().any(|(name, _)| name == WRITTEN_BY) {
        return Err(SkipReason::NotYours);
    }
    if shared && entry.source.starts_with("dayone:") {
        // Names of files that only lie on this person's disk.
        fields.retain(|(name, _)| name != "media");
    }
    Ok(Import {
        draft: device::Draft {
            kind: entry.kind,
            text: entry.text,
            date: entry.date,
            together: false,
            shared,
            fields,
            source: Some(entry.source),
        },
        order: entry.order,
        original: entry.original,
    })
}

/// What became of the entries so far.
#[derive(Debug, Default)]
struct Tally {
    imported: u64,
    already_there: u64,
    cleaned: u64,
    attachments: u64,
    missing: u64,
    skipped: BTreeMap<SkipReason, (u64, Vec<String>)>,
}

impl Tally {
    fn skip(&mut self, reason: SkipReason, place: Option<Place>) {
        let (count, places) = self.skipped.entry(reason).or_default();
        *count += 1;
        if places.len() < PLACES_MAX {
            places.extend(place.map(|place| place.to_string()));
        }
    }

    fn into_report(self, format: Format, days: Option<(EntryDate, EntryDate)>) -> ImportReport {
        let skipped = self.skipped.into_iter();
        let skipped = skipped.map(|(reason, (count, places))| Skipped {
            reason,
            count,
            places,
        });
        let skipped: Vec<_> = skipped.collect();
        let left_out: u64 = skipped.iter().map(|one| one.count).sum();
        ImportReport {
            format: match format {
                Format::Sidelight => ImportFormat::Sidelight,
                Format::Daylio => ImportFormat::Daylio,
                Format::Jrnl => ImportFormat::Jrnl,
                Format::Markdown => ImportFormat::Markdown,
                _ => ImportFormat::DayOne,
            },
            found: self.imported + self.already_there + left_out,
            imported: self.imported,
            already_there: self.already_there,
            skipped,
            first_day: days.map(|(first, _)| first.into()),
            last_day: days.map(|(_, last)| last.into()),
            cleaned: self.cleaned,
            attachments: self.attachments,
            missing: self.missing,
        }
    }
}
