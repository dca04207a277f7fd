//! Records of a device's store.

use sidelight_format::record::{
    AuthorRecord, CarriedRecord, ChainBranch, ChainPlace, ChainRecord, ChoicesRecord, DeviceRecord,
    DismissedRecord, DropRecord, EntryRecord, EnvelopeRecord, EpochNode, EpochSecretRecord,
    ErasedRecord, ErasingRecord, Fact, FactRecord, HeldRecord, ImportedRecord, IndexDirectory,
    IndexKey, IndexPage, IndexRow, Lane, ListedRecord, MoveRecord, MoveStage, Name, OutboxRecord,
    OwnAuthorRecord, PackedRecord, Packing, PageWriter, PairingEnd, PairingRecord, PersonRecord,
    PlacesWriter, PrivateKeysRecord, PrivateLockRecord, Reach, Recovering, RenderedRecord,
    RenewalRecord, ReplicaRecord, SearchChange, SearchDirectory, SearchKeys, SearchPage, SearchRun,
    SharedRecord, SpaceRecord, Taking, Unproved, UnprovedRecord, UnseenErasure, UnseenRecord,
    Verdict, VolumesRecord, WaitingRecord,
};
use sidelight_format::{
    AuthorId, BodyHash, Class, EntryId, EnvelopeId, EpochId, EraseToken, Generation, KeyHash, Kind,
    Link, MailboxName, Mode, PersonId, Position, RelayInstance, RunningHash, Secret, SegmentId,
    Sequence, SpaceId, SuccessorSigner, Timestamp, VerifyingKey,
};

use super::bodies::{directory, erasure, person_keys, proof, volume};
use super::people::{bundle, certificate, epoch, genesis, head, roster, roster_actions, successor};
use super::small::{date, invitation, preimage, relay, rendered};
use super::{Sample, record, run, value};

const NOW: Timestamp = Timestamp(1_790_000_000);

fn branch() -> ChainBranch {
    ChainBranch {
        envelope: EnvelopeId(run(8)),
        previous: Link::START,
        body: BodyHash(run(13)),
        link: Link(run(12)),
        entry: Some(EntryId(run(4))),
        earlier: Some(place()),
        erased: false,
    }
}

fn place() -> ChainPlace {
    ChainPlace {
        author: AuthorId(run(0x50)),
        sequence: Sequence(200),
    }
}

fn unseen() -> UnseenErasure {
    UnseenErasure {
        person: PersonId(run(0x10)),
        entry: EntryId(run(4)),
        erasure: erasure(),
    }
}

fn key() -> IndexKey {
    IndexKey {
        day: date().day_number(),
        order: 3,
        entry: EntryId(run(4)),
    }
}

fn page() -> SearchPage {
    let mut places = PlacesWriter::default();
    places.push(2, &[0, 300]);
    places.push(9, &[1, 2, 3]);
    let mut page = PageWriter::default();
    page.push(b"\0river", &places.into_bytes());
    page.take()
}

fn row() -> IndexRow {
    IndexRow {
        key: key(),
        date: date(),
        space: SpaceId(run(2)),
        owner: PersonId(run(0x10)),
        together: true,
        kind: Kind::gratitude(),
    }
}

fn facts() -> Vec<(&'static str, Fact)> {
    let (person, author) = (PersonId(run(0x10)), AuthorId(run(0x50)));
    let instance = RelayInstance(run(9));
    let device = VerifyingKey(run(0x21));
    vec![
        (
            "Gap",
            Fact::Gap {
                person,
                author,
                from: Sequence(3),
                to: Sequence(200),
            },
        ),
        (
            "Fork",
            Fact::Fork {
                person,
                author,
                sequence: Sequence(7),
            },
        ),
        (
            "Rollback",
            Fact::Rollback {
                instance,
                shown: Position(300),
                found: Position(299),
            },
        ),
        (
            "Refilled",
            Fact::Refilled {
                instance,
                envelopes: 12,
            },
        ),
        (
            "Refused",
            Fact::Refused {
                person: None,
                envelope: EnvelopeId(run(8)),
            },
        ),
        ("SecondJoiner", Fact::SecondJoiner),
        (
            "PersonFork",
            Fact::PersonFork {
                person,
                generation: Generation(2),
            },
        ),
        ("Left", Fact::Left),
        ("Linked", Fact::Linked { device }),
        ("Unlinked", Fact::Unlinked { device }),
        ("Removed", Fact::Removed),
        ("RosterFork", Fact::RosterFork),
        ("TwoPairings", Fact::TwoPairings),
        ("Moved", Fact::Moved),
        ("Crowd", Fact::Crowd { person }),
        (
            "Volume",
            Fact::Volume {
                maker: VerifyingKey(run(0x20)),
            },
        ),
    ]
}

fn packing() -> Packing {
    Packing {
        through: Some(300),
        lanes: vec![Lane {
            space: SpaceId(run(2)),
            lane: Some(PersonId(run(0x10))),
            before: Some(key()),
        }],
    }
}

fn unproved() -> Unproved {
    Unproved {
        maker: VerifyingKey(run(0x20)),
        left: Some(vec![run(0x7c)]),
    }
}

fn taking() -> Taking {
    Taking {
        maker: VerifyingKey(run(0x20)),
        since: NOW,
        entries: vec![volume()],
        proofs: vec![volume()],
    }
}

fn volumes() -> VolumesRecord {
    VolumesRecord {
        number: 300,
        packed: vec![volume()],
        through: Some(300),
        packing: Some(packing()),
        shed: vec![volume()],
        others: vec![directory()],
        directory: Some((EpochId(run(3)), EnvelopeId(run(8)), EraseToken(run(0x40)))),
        taking: Some(taking()),
        unproved: 300,
        filled: true,
    }
}

fn recovering() -> Recovering {
    Recovering {
        words: Secret::new(run(0x4a)),
        device: Name("phone".into()),
        searched: true,
        replaced: false,
    }
}

fn pairing() -> PairingRecord {
    PairingRecord {
        invitation: invitation(),
        relay: relay(),
        inviter: true,
        pairing: Secret::new(run(0x41)),
        nonce: Secret::new(run(0x42)),
        own: bundle("Ana"),
        other: Some(bundle("Béla")),
        other_nonce: Some(run(0x43)),
        confirmed: Some(true),
        other_confirmed: Some(false),
        ended: Some(PairingEnd::RefusedThere),
        with: Some(PersonId(run(0x10))),
        unused: vec![EnvelopeId([0xe1; 32])],
    }
}

pub(super) fn epoch_node() -> EpochNode {
    EpochNode {
        epoch: EpochId(run(4)),
        parents: vec![EpochId(run(3))],
        recipients: vec![KeyHash(run(0x20)), KeyHash(run(0x21))],
        signer: PersonId(run(0x10)),
        generation: Generation(1),
        signed_by: VerifyingKey(run(0x31)),
        closing: vec![head(0x50)],
    }
}

pub(super) fn samples() -> Vec<Sample> {
    let [begin, ..] = roster_actions();
    let mut samples = vec![
        value("records/EpochNode", &epoch_node()),
        record(
            "records/0 device",
            &DeviceRecord {
                person: PersonId(run(0x10)),
                name: Name("Ana".into()),
                signing: Secret::new(run(0x44)),
                sealing: Secret::new(run(0x45)),
                keys: vec![person_keys()],
                recovery: Some(Secret::new(run(0x46))),
                recovery_mailbox: Secret::new(run(0x47)),
                recovering: Some(recovering()),
                roster: vec![roster(begin)],
                relay: Some(relay()),
                ticket: b"ticket".to_vec().into(),
                private: SpaceId(run(2)),
                shared: Some(SpaceId(run(3))),
                former: vec![SpaceId(run(4))],
                removed: false,
                since: NOW,
            },
        ),
        record(
            "records/1 space",
            &SpaceRecord {
                persons: vec![PersonId(run(0x10)), PersonId(run(0x11))],
                epochs: vec![epoch_node()],
                unread: vec![EpochId(run(3))],
                since: NOW,
                left: false,
                unconfirmed: true,
                copied: vec![EpochId(run(4))],
                pending: vec![EnvelopeId(run(8))],
                relay: Some(relay()),
            },
        ),
        record(
            "records/2 epoch",
            &EpochSecretRecord {
                space: SpaceId(run(2)),
                secret: Secret::new(run(19)),
                record: Some(epoch()),
                relay: Some(relay()),
                authors: vec![AuthorId(run(0x50)), AuthorId(run(0x51))],
            },
        ),
        record(
            "records/3 own author",
            &OwnAuthorRecord {
                signing: Secret::new(run(0x48)),
                certificate: certificate(),
                segment: SegmentId(run(6)),
                next: Sequence(130),
                link: Link(run(12)),
                reported: vec![head(0x51)],
            },
        ),
        record(
            "records/4 author",
            &AuthorRecord {
                epoch: EpochId(run(3)),
                person: PersonId(run(0x10)),
                head: Some(head(0x50)),
                highest: Sequence(201),
                forked: true,
            },
        ),
        record(
            "records/5 chain",
            &ChainRecord {
                branches: vec![branch(), branch()],
            },
        ),
        record(
            "records/6 envelope",
            &EnvelopeRecord {
                mailbox: MailboxName(run(7)),
                class: Class::Live,
                verdict: Verdict::Accepted,
                bytes: run::<7>(0x90).to_vec().into(),
            },
        ),
        record(
            "records/7 listed",
            &ListedRecord {
                mailbox: MailboxName(run(7)),
                envelope: EnvelopeId(run(8)),
            },
        ),
        record(
            "records/8 outbox",
            &OutboxRecord {
                mailbox: MailboxName(run(7)),
                envelope: EnvelopeId(run(8)),
            },
        ),
        record(
            "records/9 replica",
            &ReplicaRecord {
                instance: RelayInstance(run(9)),
                cursor: Position(300),
                hash: RunningHash(run(11)),
                synced: Some(NOW),
            },
        ),
        record(
            "records/10 entry",
            &EntryRecord {
                space: SpaceId(run(2)),
                preimage: preimage(Mode::Together),
                document: run::<8>(0x49).to_vec().into(),
                tail: vec![run::<3>(0x4a).to_vec().into()],
            },
        ),
        record(
            "records/11 rendered",
            &RenderedRecord {
                space: SpaceId(run(2)),
                preimage: preimage(Mode::Own),
                version: vec![run(0x4b)],
                rendered: rendered(),
                changes: vec![run::<3>(0x4a).to_vec().into()],
                unproved: Some(unproved()),
            },
        ),
        record("records/12 index page", &IndexPage { rows: vec![row()] }),
        record(
            "records/13 index directory",
            &IndexDirectory {
                pages: vec![(key(), 128, 0)],
                next: 1,
            },
        ),
        record(
            "records/14 waiting",
            &WaitingRecord {
                envelope: EnvelopeId(run(8)),
                author: AuthorId(run(0x50)),
                entry: EntryId(run(4)),
            },
        ),
        record("records/16 pairing", &pairing()),
        record(
            "records/17 imported",
            &ImportedRecord {
                entry: EntryId(run(4)),
            },
        ),
        record(
            "records/18 person",
            &PersonRecord {
                name: Name("Béla".into()),
                genesis: genesis(),
                successors: vec![successor(SuccessorSigner::Predecessor)],
                forked: true,
                settled: Some(run(0x4e)),
            },
        ),
        record(
            "records/19 shared",
            &SharedRecord {
                copy: EntryId(run(4)),
            },
        ),
        record("records/20 carried", &CarriedRecord { last: place() }),
        record(
            "records/21 erased",
            &ErasedRecord {
                space: SpaceId(run(2)),
                preimage: preimage(Mode::Own),
                reach: Reach::Everywhere,
            },
        ),
        record(
            "records/22 unseen",
            &UnseenRecord {
                erased: vec![unseen()],
            },
        ),
        record(
            "records/23 drop",
            &DropRecord {
                space: SpaceId(run(2)),
                epoch: EpochId(run(3)),
                mailbox: MailboxName(run(7)),
                envelope: EnvelopeId(run(8)),
                token: EraseToken(run(0x4c)),
                after: (MailboxName(run(7)), EnvelopeId(run(0x4d))),
            },
        ),
        record(
            "records/24 erasing",
            &ErasingRecord {
                markers: 3,
                unseen: vec![(PersonId(run(0x10)), 300)],
            },
        ),
        record(
            "records/25 move",
            &MoveRecord {
                space: SpaceId(run(2)),
                epoch: EpochId(run(3)),
                from: Some(relay()),
                stage: MoveStage::Dropping,
                next: 300,
                also: vec![(EnvelopeId(run(8)), EraseToken(run(0x4c)))],
                since: Some(NOW),
            },
        ),
        record(
            "records/26 renewal",
            &RenewalRecord {
                generation: Generation(300),
                since: NOW,
                at: Some(NOW),
            },
        ),
        record(
            "records/27 search",
            &SearchDirectory {
                runs: vec![(key(), 300)],
                next: 301,
            },
        ),
        record(
            "records/28 run",
            &SearchRun {
                entries: 1024,
                keys: vec![(key(), 1)],
                pages: vec![(b"\0river".to_vec().into(), 2)],
            },
        ),
        record("records/29 keys", &SearchKeys { keys: vec![key()] }),
        record("records/30 page", &page()),
        record(
            "records/31 change",
            &SearchChange {
                entry: EntryId(run(4)),
                indexed: Some(key()),
            },
        ),
        record(
            "records/32 choices",
            &ChoicesRecord {
                on_this_day: true,
                notices: false,
            },
        ),
        record(
            "records/33 held",
            &HeldRecord {
                entry: EntryId(run(4)),
                due: NOW,
                text: true,
                fields: Some(vec!["tags".into()]),
                date: Some(date()),
            },
        ),
        record("records/34 volumes", &volumes()),
        record(
            "records/35 packed",
            &PackedRecord {
                version: run(0x7b),
                volumes: vec![run(0x76)],
            },
        ),
        record(
            "records/36 unproved",
            &UnprovedRecord {
                entries: vec![EntryId(run(4))],
            },
        ),
        record("records/37 proof", &proof()),
        value("records/Packing", &packing()),
        value("records/Lane", &packing().lanes[0]),
        value("records/Taking", &taking()),
        value("records/Unproved", &unproved()),
        record(
            "records/40 private lock",
            &PrivateLockRecord {
                sealed: run::<91>(0x60).to_vec().into(),
                spaces: vec![SpaceId(run(9))],
            },
        ),
        record(
            "records/41 private keys",
            &PrivateKeysRecord {
                sealing: Secret::new(run(2)),
                recovery: Some(Secret::new(run(3))),
            },
        ),
        record("records/45 dismissed", &DismissedRecord { what: run(5) }),
        value("records/ChainPlace", &place()),
        value("records/UnseenErasure", &unseen()),
        value("records/Name", &Name("Ana".into())),
        value("records/Recovering", &recovering()),
        value("records/ChainBranch", &branch()),
        value("records/IndexKey", &key()),
        value("records/IndexRow", &row()),
    ];
    for (name, fact) in facts() {
        samples.push(record(
            &format!("records/15 fact {name}"),
            &FactRecord { found: NOW, fact },
        ));
        samples.push(value(&format!("records/Fact {name}"), &fact));
    }
    for stage in [MoveStage::Leaving, MoveStage::Filling, MoveStage::Dropping] {
        samples.push(value(&format!("records/MoveStage {stage:?}"), &stage));
    }
    for reach in [Reach::OwnDevices, Reach::Everywhere] {
        samples.push(value(&format!("records/Reach {reach:?}"), &reach));
    }
    for verdict in [
        Verdict::Accepted,
        Verdict::Waiting,
        Verdict::Refused,
        Verdict::Unknown,
        Verdict::Erased,
    ] {
        samples.push(value(&format!("records/Verdict {verdict:?}"), &verdict));
    }
    for end in [
        PairingEnd::Paired,
        PairingEnd::RefusedHere,
        PairingEnd::RefusedThere,
        PairingEnd::Cancelled,
        PairingEnd::Expired,
        PairingEnd::Broken,
        PairingEnd::Stranger,
    ] {
        samples.push(value(&format!("records/PairingEnd {end:?}"), &end));
    }
    samples
}
