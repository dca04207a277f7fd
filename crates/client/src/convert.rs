//! Between the public records and those of the floors below.

use sidelight_format::record::{ErasedRecord, IndexKey, PairingEnd as KeptEnd};
use sidelight_format::{
    Bytes, Edit, EntryId, FieldValue as KeptValue, InvalidAddress, InvitationLink, Kind, Mode,
    PersonId, RelayAddress, SpaceId, Timestamp, limits,
};
use sidelight_journal::Version;
use sidelight_store::Store;

use crate::device::view::{self, EntryView, Shown, StatusView};
use crate::device::{self, Erased, PairingView, Reach};
use crate::records::{
    self, Draft, Emoji, Entry, ErasedFrom, Field, FieldEdit, FieldValue, NewPerson, OwnDevice,
    Pairing, PairingEnd, PairingStage, Partner, PrivateLock, RecoveryStage, Space, Status,
    TextEdit,
};
use crate::warning::device_id;
use crate::{Date, Error, ErrorKind, Recover, Warning, reading};

/// How many hexadecimal digits name an entry at least.
const PREFIX_LEN_MIN: usize = 4;

/// How many hexadecimal digits of a person's id are shown.
const PERSON_LEN: usize = 12;

pub(crate) fn person(person: &NewPerson) -> Result<device::NewPerson, Error> {
    Ok(device::NewPerson {
        name: person.name.clone(),
        relay: person.relay.as_deref().map(relay).transpose()?,
        ticket: ticket(person.ticket.as_deref())?,
    })
}

pub(crate) fn recovery(recover: &Recover) -> Result<device::NewRecovery<'_>, Error> {
    Ok(device::NewRecovery {
        words: &recover.words,
        relay: relay(&recover.relay)?,
        ticket: ticket(recover.ticket.as_deref())?,
        device: &recover.device,
    })
}

pub(crate) fn relay(text: &str) -> Result<RelayAddress, Error> {
    text.parse()
        .map_err(|error| address("this is no relay's address", error))
}

pub(crate) fn invitation(text: &str) -> Result<InvitationLink, Error> {
    text.parse()
        .map_err(|error| address("this is no invitation", error))
}

fn address(what: &str, error: InvalidAddress) -> Error {
    match error {
        InvalidAddress::Version => Error::new(ErrorKind::UpdateNeeded, error.to_string()),
        error => Error::invalid(format!("{what}: {error}")),
    }
}

pub(crate) fn ticket(text: Option<&str>) -> Result<Bytes, Error> {
    let ticket = text.unwrap_or_default().as_bytes().to_vec();
    if ticket.len() > limits::TICKET_LEN_MAX {
        return Err(Error::invalid(
            "this is no relay's ticket: it is too long; ask who runs the relay",
        ));
    }
    Ok(Bytes::from(ticket))
}

/// A draft as the device takes it, written at `now`.
pub(crate) fn draft(draft: Draft, now: Timestamp) -> Result<device::Draft, Error> {
    let kind = Kind::named(&draft.kind)
        .ok_or_else(|| Error::invalid("a kind is named by 1 to 32 of a–z and _; choose another"))?;
    Ok(device::Draft {
        kind,
        text: draft.text,
        date: match draft.date {
            Some(date) => date.checked()?,
            // By a clock that no calendar has, what somebody writes is kept all the same.
            None => Date::at(now).unwrap_or_else(|_| Date::today()).checked()?,
        },
        together: draft.together,
        shared: draft.shared,
        fields: draft
            .fields
            .into_iter()
            .map(|field| (field.name, kept_value(field.value)))
            .collect(),
        source: draft.source,
    })
}

fn kept_value(value: FieldValue) -> KeptValue {
    match value {
        FieldValue::Text(text) => KeptValue::Text(text),
        FieldValue::Number(number) => KeptValue::Number(number),
        FieldValue::Flag(flag) => KeptValue::Flag(flag),
        FieldValue::List(list) => KeptValue::List(list),
        FieldValue::Unknown(bytes) => KeptValue::Unknown(Bytes::from(bytes)),
    }
}

fn shown_value(value: KeptValue) -> FieldValue {
    match value {
        KeptValue::Text(text) => FieldValue::Text(text),
        KeptValue::Number(number) => FieldValue::Number(number),
        KeptValue::Flag(flag) => FieldValue::Flag(flag),
        KeptValue::List(list) => FieldValue::List(list),
        KeptValue::Unknown(bytes) => FieldValue::Unknown(bytes.into_vec()),
    }
}

pub(crate) fn field((name, value): (String, KeptValue)) -> Field {
    Field {
        name,
        value: shown_value(value),
    }
}

pub(crate) fn field_edits(edits: Vec<FieldEdit>) -> Vec<Edit> {
    let edit = |edit| match edit {
        FieldEdit::Set(Field { name, value }) => Edit::Field {
            name,
            value: Some(kept_value(value)),
        },
        FieldEdit::Clear(name) => Edit::Field { name, value: None },
        FieldEdit::Add { name, member } => Edit::Add { name, member },
        FieldEdit::Remove { name, member } => Edit::Remove { name, member },
    };
    edits.into_iter().map(edit).collect()
}

pub(crate) fn splices(edits: Vec<TextEdit>) -> Vec<Edit> {
    let splice = |edit: TextEdit| Edit::Splice {
        at: edit.at,
        delete: edit.delete,
        insert: edit.insert,
    };
    edits.into_iter().map(splice).collect()
}

pub(crate) fn version(text: &str) -> Result<Version, Error> {
    Version::from_hex(text).ok_or_else(|| {
        Error::invalid("this is no version of an entry; take it from the entry as it was shown")
    })
}

/// Who is who in one store: what entries need to be shown.
pub(crate) struct People {
    me: PersonId,
    private: SpaceId,
    names: Vec<(PersonId, String)>,
}

impl People {
    pub(crate) fn of(store: &dyn Store) -> Result<Self, Error> {
        let (me, private) = reading::me(store)?;
        Ok(Self {
            me,
            private,
            names: view::names(store)?,
        })
    }

    pub(crate) fn entry(&self, shown: EntryView) -> Entry {
        let owner = shown.preimage.owner;
        Entry {
            id: shown.id.to_hex(),
            space: self.space(&shown.space),
            kind: shown.rendered.kind.into(),
            date: shown.rendered.date.into(),
            order: shown.rendered.day_order,
            text: shown.rendered.text,
            fields: shown.rendered.fields.into_iter().map(field).collect(),
            author_name: self.name(&owner),
            mine: owner == self.me,
            together: shown.preimage.mode == Mode::Together,
            amendments: shown.rendered.amendments,
            version: shown.version.to_hex(),
            taken_back: false,
            unproved: shown.unproved,
        }
    }

    /// What a page shows.
    pub(crate) fn shown(&self, shown: Shown) -> Entry {
        let marker = match shown {
            Shown::Entry(entry) => return self.entry(entry),
            Shown::TakenBack(marker) => marker,
        };
        Entry {
            id: marker.id.to_hex(),
            space: self.space(&marker.space),
            kind: "taken_back".to_owned(),
            date: marker.date.into(),
            order: 0,
            text: String::new(),
            fields: Vec::new(),
            author_name: self.name(&marker.owner),
            mine: marker.owner == self.me,
            together: false,
            amendments: 0,
            version: String::new(),
            taken_back: true,
            unproved: false,
        }
    }

    pub(crate) fn is_me(&self, person: &PersonId) -> bool {
        *person == self.me
    }

    pub(crate) fn is_private(&self, space: &SpaceId) -> bool {
        *space == self.private
    }

    fn space(&self, space: &SpaceId) -> Space {
        if self.is_private(space) {
            Space::Private
        } else {
            Space::Shared
        }
    }

    pub(crate) fn name(&self, person: &PersonId) -> String {
        let mut names = self.names.iter();
        let known = names.find(|(known, _)| known == person);
        known.map(|(_, name)| name.clone()).unwrap_or_default()
    }
}

/// The entry that `text` names: its id, or the beginning of it if no other begins so.
pub(crate) fn entry_id(store: &dyn Store, text: &str) -> Result<EntryId, Error> {
    if let Some(id) = EntryId::from_hex(text) {
        return Ok(id);
    }
    if text.len() < PREFIX_LEN_MIN || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Error::invalid(
            "an entry is named by its id, or by four or more digits that it begins with",
        ));
    }
    match view::by_prefix(store, text)?.as_slice() {
        [id] => Ok(*id),
        [] => Err(no_entry()),
        _ => Err(Error::invalid(
            "more than one entry begins so; give more digits of its id",
        )),
    }
}

pub(crate) fn no_entry() -> Error {
    Error::not_found("there is no such entry; reload the list")
}

pub(crate) fn cursor(key: &IndexKey) -> String {
    format!("{:08x}{:08x}{}", key.day, key.order, key.entry.to_hex())
}

pub(crate) fn index_key(cursor: &str) -> Result<IndexKey, Error> {
    let parsed = || {
        let (day, rest) = cursor.split_at_checked(8)?;
        let (order, entry) = rest.split_at_checked(8)?;
        Some(IndexKey {
            day: u32::from_str_radix(day, 16).ok()?,
            order: u32::from_str_radix(order, 16).ok()?,
            entry: EntryId::from_hex(entry)?,
        })
    };
    parsed()
        .ok_or_else(|| Error::invalid("this is no place in the list; take it from the page before"))
}

pub(crate) fn pairing(view: PairingView) -> Pairing {
    let comparison = view.comparison.unwrap_or_default();
    let stage = match (view.ended, view.confirmed) {
        (Some(KeptEnd::Paired), _) => PairingStage::Done,
        (Some(end), _) => PairingStage::Ended(match end {
            KeptEnd::Paired | KeptEnd::RefusedHere => PairingEnd::RefusedHere,
            KeptEnd::RefusedThere => PairingEnd::RefusedThere,
            KeptEnd::Cancelled => PairingEnd::Cancelled,
            KeptEnd::Expired => PairingEnd::Expired,
            KeptEnd::Stranger => PairingEnd::Stranger,
            KeptEnd::Broken => PairingEnd::Broken,
        }),
        (None, Some(_)) => PairingStage::WaitingForConfirmation,
        (None, None) if comparison.is_empty() => PairingStage::WaitingForPartner,
        (None, None) => PairingStage::Compare,
    };
    Pairing {
        stage,
        inviter: view.inviter,
        own_device: view.own_device,
        partner_name: view.other_name,
        comparison: comparison
            .into_iter()
            .map(|(symbol, name)| Emoji {
                symbol: symbol.to_owned(),
                name: name.to_owned(),
            })
            .collect(),
    }
}

pub(crate) fn own_device(device: device::OwnDevice) -> OwnDevice {
    OwnDevice {
        id: device_id(&device.id),
        name: device.name,
        this: device.this,
    }
}

/// The device whose id is, or begins with, `id`.
pub(crate) fn chosen_device(
    devices: &[device::OwnDevice],
    id: &str,
) -> Result<sidelight_format::VerifyingKey, Error> {
    let id = id.to_ascii_lowercase();
    let mut chosen = devices
        .iter()
        .map(|device| device.id)
        .filter(|own| !id.is_empty() && device_id(own).starts_with(&id));
    match (chosen.next(), chosen.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(Error::not_found(
            "there is no such device; look at the list of devices again",
        )),
        (Some(_), Some(_)) => Err(Error::invalid(
            "several devices begin like that; give more of the id",
        )),
    }
}

pub(crate) fn status(view: StatusView, devices: u64, outbox_len: u64) -> Status {
    let me = view.person;
    Status {
        name: view.name,
        person: me.to_hex()[..PERSON_LEN].to_owned(),
        partner: view.partner.map(|(_, name, since)| Partner {
            name,
            since_ms: milliseconds(since),
        }),
        recovery: match view.recovery {
            view::Recovery::Unchecked => RecoveryStage::Unchecked,
            view::Recovery::Checked => RecoveryStage::Checked,
            view::Recovery::UnderWay => RecoveryStage::UnderWay,
            view::Recovery::NotFound => RecoveryStage::NotFound,
            view::Recovery::Replaced => RecoveryStage::Replaced,
        },
        private_lock: match view.private_lock {
            device::PrivateLock::None => PrivateLock::None,
            device::PrivateLock::Open => PrivateLock::Open,
            device::PrivateLock::Locked => PrivateLock::Locked,
        },
        compare_again: view.unconfirmed,
        relay: view.relay.map(|relay| relay.to_string()),
        shared_relay: view.shared_relay.map(|relay| relay.to_string()),
        moving: view.moving,
        devices,
        outbox_len,
        last_synced_ms: view.synced.map(milliseconds),
        entries: view.entries,
        unproved: view.unproved,
        warnings: view
            .facts
            .iter()
            .map(|fact| {
                Warning::of(fact, &me, |key| {
                    let mut devices = view.devices.iter();
                    devices
                        .find(|(known, _)| known == key)
                        .map(|(_, name)| name.clone())
                })
            })
            .collect(),
    }
}

pub(crate) fn erased(erased: Erased) -> records::Erased {
    records::Erased {
        id: erased.entry.to_hex(),
        from: match erased.reach {
            Reach::Everywhere => ErasedFrom::Everywhere,
            Reach::OwnDevices => ErasedFrom::OwnDevices,
        },
    }
}

/// Why an entry that was erased is not shown.
pub(crate) fn gone(erased: &ErasedRecord, me: &PersonId) -> Error {
    Error::not_found(match (erased.reach, erased.preimage.owner == *me) {
        (Reach::Everywhere, true) => "you took this entry back; nothing of it is kept",
        (Reach::Everywhere, false) => {
            "the one who wrote this entry took it back; nothing of it is kept"
        }
        (Reach::OwnDevices, _) => {
            "you erased your copy of this entry; your partner may still have theirs"
        }
    })
}

/// Clocks may say anything.
pub(crate) fn milliseconds(time: Timestamp) -> i64 {
    time.0.saturating_mul(1000)
}
