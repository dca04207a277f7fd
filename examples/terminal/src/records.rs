//! The documents of `--json`. README.md describes them; names are never changed, only added.

use serde::Serialize;
use sidelight::{Entry, Field, FieldValue, Pairing, PairingStage, Space, Warning, WarningKind};

/// An entry.
#[derive(Serialize)]
pub(crate) struct EntryRecord<'a> {
    id: &'a str,
    space: &'static str,
    kind: &'a str,
    date: String,
    offset_minutes: i16,
    text: &'a str,
    fields: Vec<FieldRecord<'a>>,
    author: &'a str,
    mine: bool,
    together: bool,
    amendments: u32,
    version: &'a str,
    taken_back: bool,
    unproved: bool,
}

#[derive(Serialize)]
struct FieldRecord<'a> {
    name: &'a str,
    value: ValueRecord<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ValueRecord<'a> {
    Text(&'a str),
    Number(i64),
    Flag(bool),
    List(&'a [String]),
    /// Something that only a newer version can read.
    Unknown(()),
}

/// A pairing, as `join`, `confirm`, `cancel` and `status` show it.
#[derive(Serialize)]
pub(crate) struct PairingRecord<'a> {
    stage: &'static str,
    inviter: bool,
    own_device: bool,
    partner_name: Option<&'a str>,
    comparison: Vec<EmojiRecord<'a>>,
    ended: Option<String>,
}

#[derive(Serialize)]
struct EmojiRecord<'a> {
    symbol: &'a str,
    name: &'a str,
}

/// Something that was found about a relay or a log.
#[derive(Serialize)]
pub(crate) struct WarningRecord<'a> {
    kind: &'static str,
    text: &'a str,
    found_ms: i64,
}

impl<'a> From<&'a Entry> for EntryRecord<'a> {
    fn from(entry: &'a Entry) -> Self {
        Self {
            id: &entry.id,
            space: space_name(entry.space),
            kind: &entry.kind,
            date: entry.date.to_string(),
            offset_minutes: entry.date.offset_minutes,
            text: &entry.text,
            fields: entry.fields.iter().map(FieldRecord::from).collect(),
            author: &entry.author_name,
            mine: entry.mine,
            together: entry.together,
            amendments: entry.amendments,
            version: &entry.version,
            taken_back: entry.taken_back,
            unproved: entry.unproved,
        }
    }
}

impl<'a> From<&'a Field> for FieldRecord<'a> {
    fn from(field: &'a Field) -> Self {
        let value = match &field.value {
            FieldValue::Text(text) => ValueRecord::Text(text),
            FieldValue::Number(number) => ValueRecord::Number(*number),
            FieldValue::Flag(flag) => ValueRecord::Flag(*flag),
            FieldValue::List(list) => ValueRecord::List(list),
            _ => ValueRecord::Unknown(()),
        };
        Self {
            name: &field.name,
            value,
        }
    }
}

impl<'a> From<&'a Pairing> for PairingRecord<'a> {
    fn from(pairing: &'a Pairing) -> Self {
        let comparison = pairing.comparison.iter();
        Self {
            stage: stage_name(pairing.stage),
            inviter: pairing.inviter,
            own_device: pairing.own_device,
            partner_name: pairing.partner_name.as_deref(),
            comparison: comparison
                .map(|emoji| EmojiRecord {
                    symbol: &emoji.symbol,
                    name: &emoji.name,
                })
                .collect(),
            ended: match pairing.stage {
                PairingStage::Ended(why) => Some(why.to_string()),
                _ => None,
            },
        }
    }
}

impl<'a> From<&'a Warning> for WarningRecord<'a> {
    fn from(warning: &'a Warning) -> Self {
        Self {
            kind: match warning.kind {
                WarningKind::Gap => "gap",
                WarningKind::Fork => "fork",
                WarningKind::Rollback => "rollback",
                WarningKind::Refilled => "refilled",
                WarningKind::Refused => "refused",
                WarningKind::SecondJoiner => "second_joiner",
                WarningKind::PartnerLeft => "partner_left",
                WarningKind::PersonFork => "person_fork",
                WarningKind::DeviceLinked => "device_linked",
                WarningKind::Volume => "volume",
                WarningKind::DeviceRemoved => "device_removed",
                WarningKind::RemovedHere => "removed_here",
                WarningKind::DevicesDisagree => "devices_disagree",
                WarningKind::TwoPairings => "two_pairings",
                WarningKind::Moved => "moved",
                WarningKind::Crowd => "crowd",
                _ => "other",
            },
            text: &warning.text,
            found_ms: warning.found_ms,
        }
    }
}

/// Where an entry is kept.
pub(crate) fn space_name(space: Space) -> &'static str {
    match space {
        Space::Private => "private",
        Space::Shared => "shared",
    }
}

/// How far a pairing is.
pub(crate) fn stage_name(stage: PairingStage) -> &'static str {
    match stage {
        PairingStage::WaitingForPartner => "waiting_for_partner",
        PairingStage::Compare => "compare",
        PairingStage::WaitingForConfirmation => "waiting_for_confirmation",
        PairingStage::Done => "done",
        PairingStage::Ended(_) => "ended",
    }
}
