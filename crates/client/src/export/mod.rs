//! Everything readable, or a part of it, as files: for people who leave or keep their own copies.

pub(crate) mod file;

use std::path::{Path, PathBuf};

use sidelight_exchange::{Outgoing, html, json, markdown};
use sidelight_format::{EntryId, Mode};
use sidelight_store::{Store, Txn, timeline};

use self::file::{NewFile, NewFolder};
use crate::convert::{self, People};
use crate::device::lock::locked;
use crate::device::view::{self, EntryView};
use crate::device::{Device, evidence};
use crate::evidence::Bundle;
use crate::records::{ExchangeProgress, ExportFormat, ExportOptions, ExportReport, ExportScope};
use crate::words::Words;
use crate::{Error, Journal, reading};

/// How many entries are read and written in one go; other calls get in between.
const STEP: usize = 256;

impl Journal {
    /// Writes entries into the folder `dir`, unencrypted, so mind where; offline, and nobody is
    /// told. As JSON into the file `sidelight.json`, as a page into `sidelight.html`, each in
    /// place of an earlier one; as Markdown into the folder `sidelight-markdown`, which must not
    /// be there yet, and so as evidence into `sidelight-evidence`. Nothing half-written is left, whatever happens. What was taken back is not
    /// in it. The forms are described in
    /// `sidelight-exchange`'s EXPORT.md.
    ///
    /// # Errors
    /// Storage: the folder cannot be written, or is full. Not found or Invalid for what `only`
    /// names. Invalid if there is such a folder already, or while another export is under way.
    /// Those of reading.
    pub async fn export(
        &self,
        dir: PathBuf,
        options: ExportOptions,
    ) -> Result<ExportReport, Error> {
        let sentence = "an export is under way already; wait until it is done";
        let underway = self.shared.exporting.begin(sentence)?;
        let (format, locale) = (options.format, options.locale.clone());
        let chosen = self
            .call(move |driver| driver.read(|store| chosen(store, &options)))
            .await?;
        underway.total(chosen.len() as u64);
        let mut years: Vec<_> = chosen.iter().map(|one| one.year).collect();
        years.dedup();
        let mut writer = self
            .call(move |_| Writer::begin(&dir, (format, locale.as_deref()), &years))
            .await?;
        for step in chosen.chunks(STEP) {
            let step: Vec<_> = step.iter().map(|one| one.id).collect();
            let count = step.len();
            writer = self
                .call(move |driver| {
                    driver.read(|store| writer.write_all(store, &step))?;
                    Ok(writer)
                })
                .await?;
            underway.done(count);
        }
        self.call(move |driver| {
            // The person's newest keys, if another program has changed them.
            driver.look(|device| writer.finish(device))
        })
        .await
    }

    /// How far the export under way is; none if there is none.
    pub fn export_progress(&self) -> Option<ExchangeProgress> {
        self.shared.exporting.progress()
    }
}

/// An entry that is to be exported.
struct Chosen {
    id: EntryId,
    year: i16,
}

/// The entries to export, the oldest first.
fn chosen(store: &dyn Store, options: &ExportOptions) -> Result<Vec<Chosen>, Error> {
    let (me, private) = reading::me(store)?;
    if options.private && view::is_locked(store)? {
        return Err(locked());
    }
    let named = options.only.iter().map(|id| convert::entry_id(store, id));
    let named = named.collect::<Result<Vec<_>, _>>()?;
    for id in &named {
        match view::entry(store, id)? {
            None => return Err(reading::no_entry(store, id)?),
            Some(shown) if shown.space == private && !options.private => {
                return Err(Error::invalid(
                    "one of these entries is private; say that private ones are to be exported, \
                     or leave it out",
                ));
            }
            Some(_) => {}
        }
    }
    let txn = Txn::begin(store)?;
    let rows = timeline::page(&txn, None, usize::MAX, |row| {
        let whose = match options.scope {
            ExportScope::Own => row.owner == me || row.together,
            ExportScope::Received => row.owner != me || row.together,
            ExportScope::Both => true,
        };
        let may = options.private || row.space != private;
        whose && may && (named.is_empty() || named.contains(&row.key.entry))
    })?;
    let rows = rows.into_iter().rev();
    Ok(rows
        .map(|row| Chosen {
            id: row.key.entry,
            year: row.date.year(),
        })
        .collect())
}

/// An export in the making. Dropped unfinished, it is gone.
struct Writer {
    form: Form,
    entries: u64,
    unproved: u64,
}

enum Form {
    Json(NewFile),
    Html(NewFile, html::Page),
    Markdown(NewFolder, html::Labels),
    Evidence(Box<Bundle>),
}

impl Writer {
    fn begin(
        dir: &Path,
        (format, locale): (ExportFormat, Option<&str>),
        years: &[i16],
    ) -> Result<Self, Error> {
        let labels = Words::embedded(locale.unwrap_or("en")).labels();
        let labels = html::Labels::new(labels);
        let form = match format {
            ExportFormat::Json => {
                let mut file = NewFile::begin(dir, "sidelight.json")?;
                file.write(&json::begin())?;
                Form::Json(file)
            }
            ExportFormat::Html => {
                let mut file = NewFile::begin(dir, "sidelight.html")?;
                file.write(&html::Page::begin(years))?;
                Form::Html(file, html::Page::new(labels))
            }
            ExportFormat::Markdown => {
                Form::Markdown(NewFolder::begin(dir, "sidelight-markdown")?, labels)
            }
            ExportFormat::Evidence => Form::Evidence(Box::new(Bundle::begin(dir)?)),
        };
        Ok(Self {
            form,
            entries: 0,
            unproved: 0,
        })
    }

    /// Writes those of `ids` that are still there.
    fn write_all(&mut self, store: &dyn Store, ids: &[EntryId]) -> Result<(), Error> {
        let people = People::of(store)?;
        for id in ids {
            let Some(shown) = view::entry(store, id)? else {
                continue;
            };
            let author = people.name(&shown.preimage.owner);
            if self.write(store, &outgoing(&people, &shown, &author))? {
                self.entries += 1;
            } else {
                self.unproved += 1;
            }
        }
        Ok(())
    }

    fn write(&mut self, store: &dyn Store, entry: &Outgoing<'_>) -> Result<bool, Error> {
        match &mut self.form {
            Form::Json(file) => file.write(&json::entry(entry, self.entries == 0))?,
            Form::Html(file, page) => file.write(&page.entry(entry))?,
            Form::Markdown(folder, labels) => {
                let (inside, name) = markdown::path(entry);
                folder.write(&inside, &name, markdown::file(entry, labels).as_bytes())?;
            }
            Form::Evidence(bundle) => {
                let bodies = evidence::bodies(store, &entry.id)?;
                return bundle.write(store, entry, &bodies);
            }
        }
        Ok(true)
    }

    fn finish(self, device: &Device) -> Result<ExportReport, Error> {
        let path = match self.form {
            Form::Json(mut file) => {
                file.write(&json::end())?;
                file.finish()?
            }
            Form::Html(mut file, _) => {
                file.write(&html::Page::end())?;
                file.finish()?
            }
            Form::Markdown(folder, _) => folder.finish()?,
            Form::Evidence(bundle) => {
                let (me, _) = reading::me(device.store())?;
                bundle.finish(device.store(), me, |files| device.sign_evidence(files))?
            }
        };
        Ok(ExportReport {
            path,
            entries: self.entries,
            unproved: self.unproved,
        })
    }
}

fn outgoing<'a>(people: &People, shown: &'a EntryView, author: &'a str) -> Outgoing<'a> {
    Outgoing {
        id: shown.id,
        shared: !people.is_private(&shown.space),
        mine: people.is_me(&shown.preimage.owner),
        together: shown.preimage.mode == Mode::Together,
        author,
        rendered: &shown.rendered,
    }
}
