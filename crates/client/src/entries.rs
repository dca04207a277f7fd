//! Entries: written, shared, edited, read.

use sidelight_format::{Edit, EntryId};

use crate::device::{Wrote, view};
use crate::records::{Draft, Entry, FieldEdit, Page, PageRequest, TextEdit};
use crate::{Date, Error, Journal, Today, convert, reading, splice, today};

impl Journal {
    /// Writes an entry, and returns its id when it is durable on this device, online or not.
    ///
    /// # Errors
    /// Invalid; Not paired for a shared entry without a partner; Storage.
    pub async fn write(&self, draft: Draft) -> Result<String, Error> {
        let ids = self.write_many(vec![draft]).await?;
        ids.into_iter()
            .next()
            .ok_or_else(|| Error::internal("an entry without an id"))
    }

    /// Writes entries, all or none; their ids in the same order. One whose source was imported
    /// before gives the id that it got then.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub async fn write_many(&self, drafts: Vec<Draft>) -> Result<Vec<String>, Error> {
        let wrote = self.write_drafts(drafts).await?;
        Ok(wrote.into_iter().map(|one| one.entry.to_hex()).collect())
    }

    pub(crate) async fn write_drafts(&self, drafts: Vec<Draft>) -> Result<Vec<Wrote>, Error> {
        self.call(move |driver| {
            let now = driver.clock.now();
            let drafts = drafts.into_iter().map(|draft| convert::draft(draft, now));
            let drafts = drafts.collect::<Result<Vec<_>, _>>()?;
            driver.act(|device, outside| device.write(&drafts, outside))
        })
        .await
    }

    /// Copies private entries into the shared journal, each under a new id, as far as its kind
    /// may be shared; one that was shared before gives the copy that there is. Returns the ids of the copies. This is the only way
    /// from private to shared.
    ///
    /// # Errors
    /// Not found; Invalid for an entry that is shared, is for its author alone, or says nothing
    /// that could be shared; Not paired; Storage.
    pub async fn share(&self, ids: Vec<String>) -> Result<Vec<String>, Error> {
        self.call(move |driver| {
            let copies = driver.act(|device, outside| {
                let ids = ids.iter().map(|id| convert::entry_id(device.store(), id));
                let ids = ids.collect::<Result<Vec<_>, _>>()?;
                device.share(&ids, outside)
            })?;
            Ok(copies.iter().map(EntryId::to_hex).collect())
        })
        .await
    }

    /// Edits the text of an entry, all edits or none. Positions are those of the text of
    /// `version`, the one that the person saw; none means the current one. What others wrote
    /// meanwhile stays. Returns the version with the edits: what the person sees now.
    ///
    /// # Errors
    /// Not found; Invalid for a position past the end, a text that would be empty or too long,
    /// or an entry that is not one's own to change; Storage.
    pub async fn edit(
        &self,
        id: String,
        version: Option<String>,
        edits: Vec<TextEdit>,
    ) -> Result<String, Error> {
        self.call(move |driver| {
            let at = version.as_deref().map(convert::version).transpose()?;
            let edits = convert::splices(edits);
            let version = driver.act(|device, outside| {
                let id = convert::entry_id(device.store(), &id)?;
                device.edit(&id, at.as_ref(), &edits, outside)
            })?;
            Ok(version.to_hex())
        })
        .await
    }

    /// Makes `text` the text of an entry, by one splice: what the old and the new text have in
    /// common at the beginning and at the end, counted in Unicode scalar values, stays as it
    /// is. So what the partner types elsewhere in it at the same time stays, too. Returns the
    /// version with the text.
    ///
    /// # Errors
    /// As [`edit`](Self::edit).
    pub async fn set_text(&self, id: String, text: String) -> Result<String, Error> {
        self.call(move |driver| {
            let version = driver.act(|device, outside| {
                let id = convert::entry_id(device.store(), &id)?;
                let shown = view::entry(device.store(), &id)?.ok_or_else(convert::no_entry)?;
                let splice = splice::between(&shown.rendered.text, &text);
                device.edit(&id, Some(&shown.version), &[splice], outside)
            })?;
            Ok(version.to_hex())
        })
        .await
    }

    /// Moves an entry to another day. Returns the version with it.
    ///
    /// # Errors
    /// As [`edit`](Self::edit).
    pub async fn set_date(&self, id: String, date: Date) -> Result<String, Error> {
        self.call(move |driver| {
            let edit = Edit::Date(date.checked()?);
            let version = driver.act(|device, outside| {
                let id = convert::entry_id(device.store(), &id)?;
                device.edit(&id, None, &[edit], outside)
            })?;
            Ok(version.to_hex())
        })
        .await
    }

    /// Edits fields of an entry, all edits or none. `version` is what the person saw: what
    /// others said since counts as said at the same time, and may win over these edits; none
    /// means that the person saw everything. Returns the version with the edits.
    ///
    /// # Errors
    /// As [`edit`](Self::edit); Invalid, too, for a field or value that the kind does not have.
    pub async fn edit_fields(
        &self,
        id: String,
        version: Option<String>,
        edits: Vec<FieldEdit>,
    ) -> Result<String, Error> {
        self.call(move |driver| {
            let at = version.as_deref().map(convert::version).transpose()?;
            let edits = convert::field_edits(edits);
            let version = driver.act(|device, outside| {
                let id = convert::entry_id(device.store(), &id)?;
                device.edit(&id, at.as_ref(), &edits, outside)
            })?;
            Ok(version.to_hex())
        })
        .await
    }

    /// What matters now.
    ///
    /// # Errors
    /// Storage.
    pub async fn today(&self) -> Result<Today, Error> {
        self.call(|driver| {
            let now = driver.clock.now();
            driver.read(|store| today::today(store, now, today::minute_of_day(now)))
        })
        .await
    }

    /// Some entries, the newest first.
    ///
    /// # Errors
    /// Invalid for a cursor that is none; Storage.
    pub async fn page(&self, request: PageRequest) -> Result<Page, Error> {
        self.call(move |driver| driver.read(|store| reading::page(store, &request)))
            .await
    }

    /// One entry, by its id or by four or more digits that no other begins with.
    ///
    /// # Errors
    /// Not found; Invalid for what names none or several; Storage.
    pub async fn entry(&self, id: String) -> Result<Entry, Error> {
        self.call(move |driver| driver.read(|store| reading::entry(store, &id)))
            .await
    }
}
