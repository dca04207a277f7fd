//! Who may say what: the kinds' rules, with what this device knows of the entries involved.

use sidelight_format::record::RenderedRecord;
use sidelight_format::{EntryId, Kind, Mode, Rendered, SpaceId};
use sidelight_journal::kinds::{self, NotAllowed, Place, Pointed};
use sidelight_store::{Key, StoreError, Txn};

use super::Draft;
use super::core::Core;
use super::view::EntryView;
use crate::Error;

impl Core {
    /// Whether this person may write `draft`.
    pub(super) fn check_kind(&self, txn: &Txn<'_>, draft: &Draft) -> Result<(), Error> {
        let place = self.place(draft);
        let target = target(txn, &draft.fields, self.me.private)?;
        kinds::may_write(
            &draft.kind,
            &draft.text,
            &draft.fields,
            &place,
            target.as_ref(),
        )
        .map_err(refused)
    }

    /// What of a private entry goes along when it is shared.
    pub(super) fn copy_to_share(&self, txn: &Txn<'_>, shown: &Rendered) -> Result<Draft, Error> {
        let content = kinds::promote(shown).map_err(refused)?;
        let draft = Draft {
            kind: content.kind().clone(),
            text: content.text().to_owned(),
            date: shown.date,
            together: false,
            shared: true,
            fields: content.fields().to_vec(),
            source: None,
        };
        // Fields that only a newer version can judge go along, so what is asked is whether the
        // copy counts. What it points at has to be here: an id of something private is no
        // business of the partner's.
        let target = target(txn, &draft.fields, self.me.private)?;
        if kinds::target_of(&draft.fields).is_some() && target.is_none() {
            return Err(refused(NotAllowed::TargetGone));
        }
        let copy = Rendered {
            fields: draft.fields.clone(),
            ..shown.clone()
        };
        kinds::counts(&copy, &self.place(&draft), target.as_ref()).map_err(refused)?;
        Ok(draft)
    }

    fn place(&self, draft: &Draft) -> Place {
        let together = draft.together;
        Place {
            shared: draft.shared,
            owner: self.me.person,
            mode: if together { Mode::Together } else { Mode::Own },
        }
    }
}

/// An entry as it may be shown. What somebody says in it who may not say that counts for nothing:
/// their words are shown and nothing else of it, like an entry of a kind that nobody knows.
pub(super) fn heed(
    txn: &Txn<'_>,
    private: SpaceId,
    mut view: EntryView,
) -> Result<EntryView, Error> {
    let place = Place {
        shared: view.space != private,
        owner: view.preimage.owner,
        mode: view.preimage.mode,
    };
    let target = target(txn, &view.rendered.fields, private)?;
    if kinds::counts(&view.rendered, &place, target.as_ref()).is_err() {
        view.heeded = false;
        view.rendered.kind = Kind::named("unknown").expect("`unknown` is of a–z");
        view.rendered.fields.clear();
    }
    Ok(view)
}

/// Where an entry stands that is kept here.
pub(crate) fn stands(shown: &RenderedRecord, private: SpaceId) -> Place {
    Place {
        shared: shown.space != private,
        owner: shown.preimage.owner,
        mode: shown.preimage.mode,
    }
}

/// What fields point at, if it is here.
fn target(
    txn: &Txn<'_>,
    fields: &[(String, sidelight_format::FieldValue)],
    private: SpaceId,
) -> Result<Option<Pointed>, Error> {
    let Some(EntryId(id)) = kinds::target_of(fields) else {
        return Ok(None);
    };
    let shown = match txn.get::<RenderedRecord>(Key::Name(&id)) {
        Err(StoreError::Locked) => None,
        shown => shown?,
    };
    Ok(shown.map(|shown| Pointed {
        place: stands(&shown, private),
        points: kinds::target_of(&shown.rendered.fields).is_some(),
        kind: shown.rendered.kind,
    }))
}

fn refused(error: NotAllowed) -> Error {
    Error::invalid(error.to_string())
}
