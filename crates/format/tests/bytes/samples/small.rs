//! Ids, numbers, dates and the other small values.

use sidelight_format::{
    AuthorId, BodyHash, Class, ClassSet, Edit, EntryDate, EntryId, EntryPreimage, EnvelopeId,
    EpochId, EraseToken, FieldValue, Generation, Invitation, InvitationLink, KeyHash, Kind, Link,
    MailboxName, MailboxProof, Mode, PartHash, PersonId, Position, Purpose, RelayAddress,
    RelayInstance, RelayKey, Rendered, RunningHash, Salt, SealingKey, Secret, SecretBytes,
    SegmentId, Sequence, Signature, SpaceId, Subject, Suite, Timestamp, VERSION, VerifyingKey,
    digest, envelope_id,
};

use super::{Sample, link_text, relay_text, run, signed, value};

pub(crate) fn preimage(mode: Mode) -> EntryPreimage {
    EntryPreimage {
        owner: PersonId(run(0x10)),
        mode,
        random: run(0xa0),
    }
}

pub(crate) fn sealing_key(first: u8) -> SealingKey {
    SealingKey::from(run::<{ SealingKey::LEN }>(first))
}

pub(crate) fn signature() -> Signature {
    Signature::from_bytes(&run(0x40))
}

pub(crate) fn date() -> EntryDate {
    EntryDate::new(1660, 1, 1, -75).expect("a day")
}

pub(crate) fn relay() -> RelayAddress {
    RelayAddress::new("relay.example:4433", RelayKey(run(0x60))).expect("a host")
}

pub(crate) fn invitation() -> Invitation {
    Invitation {
        version: VERSION,
        suite: Suite::One,
        purpose: Purpose::Partner,
        secret: Secret::new(run(0x01)),
        fingerprint: run(0x21),
        relay: relay().key(),
        expires: Timestamp(1_800_000_000),
        ticket: b"ticket".to_vec().into(),
    }
}

pub(crate) fn rendered() -> Rendered {
    Rendered {
        kind: Kind::moment(),
        date: date(),
        day_order: 3,
        text: "Blessed be God, ¡día bueno! 🌿".into(),
        fields: vec![
            ("flag".into(), FieldValue::Flag(true)),
            (
                "list".into(),
                FieldValue::List(vec!["a".into(), String::new()]),
            ),
            ("number".into(), FieldValue::Number(-300)),
            ("text".into(), FieldValue::Text("ü".into())),
            ("unknown".into(), FieldValue::Unknown(vec![0, 255].into())),
        ],
        amendments: 200,
    }
}

pub(super) fn samples() -> Vec<Sample> {
    let mut samples = vec![
        value("ids/PersonId", &PersonId(run(1))),
        value("ids/SpaceId", &SpaceId(run(2))),
        value("ids/EpochId", &EpochId(run(3))),
        value("ids/EntryId", &EntryId(run(4))),
        value("ids/AuthorId", &AuthorId(run(5))),
        value("ids/SegmentId", &SegmentId(run(6))),
        value("ids/MailboxName", &MailboxName(run(7))),
        value("ids/EnvelopeId", &EnvelopeId(run(8))),
        value("ids/RelayInstance", &RelayInstance(run(9))),
        value("ids/RelayKey", &RelayKey(run(10))),
        value("ids/RunningHash", &RunningHash(run(11))),
        value("ids/Link", &Link(run(12))),
        value("ids/BodyHash", &BodyHash(run(13))),
        value("ids/PartHash", &PartHash(run(14))),
        value("ids/KeyHash", &KeyHash(run(15))),
        value("ids/Salt", &Salt(run(16))),
        value("ids/EraseToken", &EraseToken(run(17))),
        value("ids/VerifyingKey", &VerifyingKey(run(18))),
        value("ids/Signature", &signature()),
        value("ids/SealingKey", &sealing_key(0)),
        value("ids/Secret", &Secret::new(run(19))),
        value("ids/SecretBytes", &SecretBytes::new(vec![1, 2, 3])),
        value("numbers/Position 0", &Position(0)),
        value("numbers/Position 127", &Position(127)),
        value("numbers/Position 128", &Position(128)),
        value("numbers/Position max", &Position(u64::MAX)),
        value("numbers/Sequence 300", &Sequence(300)),
        value("numbers/Generation max", &Generation(u32::MAX)),
        value("numbers/Timestamp 1800000000", &Timestamp(1_800_000_000)),
        value("numbers/Timestamp -1", &Timestamp(-1)),
        value("numbers/Timestamp min", &Timestamp(i64::MIN)),
        value("numbers/Subject 2", &Subject::PERSON_KEYS),
        value("numbers/Subject max", &Subject(u16::MAX)),
        value("numbers/ClassSet live", &ClassSet::LIVE),
        value("numbers/ClassSet all", &ClassSet::ALL),
        value("numbers/Suite One", &Suite::One),
        value("entries/Kind gratitude", &Kind::gratitude()),
        value("entries/EntryDate 1660-01-01", &date()),
        value(
            "entries/EntryDate 9999-12-31",
            &EntryDate::new(9999, 12, 31, 1080).expect("a day"),
        ),
        value("entries/EntryPreimage", &preimage(Mode::Own)),
        value("entries/Edit Date", &Edit::Date(date())),
        value(
            "entries/Edit Splice",
            &Edit::Splice {
                at: 5,
                delete: 1000,
                insert: "é\0".into(),
            },
        ),
        value(
            "entries/Edit Field",
            &Edit::Field {
                name: "need".into(),
                value: Some(FieldValue::Text("quiet".into())),
            },
        ),
        value(
            "entries/Edit Field none",
            &Edit::Field {
                name: "toward".into(),
                value: None,
            },
        ),
        value(
            "entries/Edit Add",
            &Edit::Add {
                name: "not_wanted".into(),
                member: "touch".into(),
            },
        ),
        value(
            "entries/Edit Remove",
            &Edit::Remove {
                name: "not_wanted".into(),
                member: "touch".into(),
            },
        ),
        value("entries/Rendered", &rendered()),
        value("ids/RelayAddress", &relay()),
        relay_text("texts/relay address", &relay()),
        link_text(
            "texts/invitation",
            &InvitationLink::new(&relay(), invitation()),
        ),
    ];
    for (_, field) in rendered().fields {
        let kind = match field {
            FieldValue::Text(_) => "Text",
            FieldValue::Number(_) => "Number",
            FieldValue::Flag(_) => "Flag",
            FieldValue::List(_) => "List",
            FieldValue::Unknown(_) => "Unknown",
        };
        samples.push(value(&format!("entries/FieldValue {kind}"), &field));
    }
    for class in Class::ALL {
        samples.push(value(&format!("numbers/Class {class:?}"), &class));
    }
    for mode in [Mode::Own, Mode::Together] {
        samples.push(value(&format!("numbers/Mode {mode:?}"), &mode));
    }
    samples
}

pub(super) fn derived() -> Vec<(String, Vec<u8>)> {
    let hash = |name: &str, hash: &[u8]| (format!("derived/{name}"), hash.to_vec());
    let mailbox = MailboxName(run(7));
    let first = EnvelopeId(run(8));
    vec![
        hash("digest of no part", &digest("label", &[])),
        hash("digest of two parts", &digest("label", &[b"ab", b""])),
        hash("entry id, own", &preimage(Mode::Own).id(&SpaceId(run(2))).0),
        hash(
            "entry id, together",
            &preimage(Mode::Together).id(&SpaceId(run(2))).0,
        ),
        hash(
            "epoch id",
            &EpochId::of(&SpaceId(run(2)), &Secret::new(run(19))).0,
        ),
        hash("envelope id", &envelope_id(&mailbox, b"envelope").0),
        hash("running hash of one", &RunningHash::START.after(&first).0),
        hash(
            "running hash of two",
            &RunningHash::START.after(&first).after(&first).0,
        ),
        hash("erase hash", &EraseToken(run(17)).hash()),
        hash("sealing key hash", &sealing_key(0).hash().0),
        signed(
            "signed/sidelight mailbox proof",
            &MailboxProof {
                exporter: run(0x80),
                mailbox,
            },
        ),
    ]
}
