//! Taking in what comes from another journal: nothing twice, and nothing that could not stand
//! there if it were written here.

use sidelight_format::record::{ImportedRecord, RenderedRecord};
use sidelight_format::{EntryId, FieldValue, SpaceId};
use sidelight_journal::kinds;
use sidelight_store::{Key, Txn};
use sidelight_sync::Outside;

use super::Draft;
use super::core::Core;
use super::write::{imported_key, new_entry};
use crate::Error;

/// An entry that comes from elsewhere.
#[derive(Clone)]
pub struct Import {
    /// What it says, and its source.
    pub draft: Draft,
    /// Its place in the day, if it is private; otherwise, and for none, the next one. The place
    /// that an entry had among private ones is no business of a partner's.
    pub order: Option<u32>,
    /// Its id in the journal that it left, which may be this one.
    pub original: Option<EntryId>,
}

super::redacted! {
    Import { order, original }
}

/// What became of it, or would.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Took {
    /// It is new here.
    New,
    /// It was here before.
    Known,
    /// It holds more than an entry can.
    Unfit,
    /// It cannot be shared.
    NotShared,
}

impl Core {
    /// Takes entries in; with `dry_run` only says what would become of them.
    pub(super) fn import(
        &mut self,
        txn: &mut Txn<'_>,
        imports: &[Import],
        dry_run: bool,
        outside: &mut Outside<'_>,
    ) -> Result<Vec<Took>, Error> {
        let mut took = Vec::with_capacity(imports.len());
        for import in imports {
            let shared = import.draft.shared;
            let space = self.space_for(shared)?;
            if is_here(txn, import, &space)? {
                took.push(Took::Known);
                continue;
            }
            let mut draft = import.draft.clone();
            follow_target(txn, &mut draft, &space)?;
            if new_entry(&draft, 0).check().is_err() {
                took.push(Took::Unfit);
                continue;
            }
            // What is private may hold what only a newer version can judge: it came out of a
            // journal, and whoever reads it takes what it cannot hold for what restricts most.
            if shared && self.check_kind(txn, &draft).is_err() {
                took.push(Took::NotShared);
                continue;
            }
            if !dry_run {
                let order = import.order.filter(|_| !shared);
                self.write_one(txn, &draft, order, outside)?;
            }
            took.push(Took::New);
        }
        Ok(took)
    }
}

/// Whether an entry is here: as itself, or because it was imported before.
fn is_here(txn: &Txn<'_>, import: &Import, space: &SpaceId) -> Result<bool, Error> {
    if let Some(EntryId(original)) = import.original
        && txn.get::<RenderedRecord>(Key::Name(&original))?.is_some()
    {
        return Ok(true);
    }
    match &import.draft.source {
        Some(source) => {
            let key = imported_key(space, source);
            Ok(txn.get::<ImportedRecord>(Key::Name(&key))?.is_some())
        }
        None => Ok(false),
    }
}

/// Lets what an entry points at be the copy of it that was imported, if there is one.
fn follow_target(txn: &Txn<'_>, draft: &mut Draft, space: &SpaceId) -> Result<(), Error> {
    let Some(target) = kinds::target_of(&draft.fields) else {
        return Ok(());
    };
    if txn.get::<RenderedRecord>(Key::Name(&target.0))?.is_some() {
        return Ok(());
    }
    let key = imported_key(space, &format!("sidelight:{}", target.to_hex()));
    let copy = txn.get::<ImportedRecord>(Key::Name(&key))?;
    let field = draft.fields.iter_mut().find(|(name, _)| name == "target");
    if let (Some(copy), Some((_, value))) = (copy, field) {
        *value = FieldValue::Text(copy.entry.to_hex());
    }
    Ok(())
}
