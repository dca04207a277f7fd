//! Envelopes and what is in them.

use sidelight_format::{
    AuthorId, Authored, Body, BodyHash, Class, Ending, EnvelopeHeader, EnvelopeId, EpochId,
    Erasure, EvidenceBody, EvidencePerson, EvidenceStatement, Generation, Link, Mode, PersonId,
    PersonKeys, ProofItem, ProofPart, Salt, Secret, SegmentId, Sequence, SignedDirectory,
    SpaceCopy, SpaceId, Subject, SuccessorSigner, Suite, Timestamp, VerifyingKey, Voice, Volume,
    VolumeDirectory, VolumeItem, VolumePart, VolumePartHeader, part_hash, volume_part_hash,
};

use super::people::{certificate, epoch, genesis, head, pairing_messages, successor};
use super::records::epoch_node;
use super::small::{preimage, rendered, signature};
use super::{Sample, body, envelope, run, signed, value};

fn authored() -> Authored {
    Authored {
        certificate: certificate(),
        segment: SegmentId(run(6)),
        sequence: Sequence(129),
        previous: Link(run(0x70)),
        heads: vec![head(0x51), head(0x52)],
        salt: Salt(run(16)),
        subject: Subject::ENTRY,
        entry: Some(preimage(Mode::Together)),
        voice: Some(voice()),
        parts: vec![
            run::<5>(0xe0).to_vec().into(),
            run::<3>(0xf0).to_vec().into(),
        ],
        signature: signature(),
    }
}

fn evidence() -> EvidenceStatement {
    EvidenceStatement {
        person: PersonId(run(5)),
        generation: Generation(3),
        files: run(0x79),
    }
}

fn voice() -> Voice {
    Voice {
        epoch: EpochId(run(4)),
        certificate: certificate(),
        segment: SegmentId(run(7)),
    }
}

pub(super) fn space_copy() -> SpaceCopy {
    SpaceCopy {
        space: SpaceId(run(2)),
        persons: vec![(
            genesis(),
            vec![successor(SuccessorSigner::Predecessor)],
            "Ana".into(),
        )],
        epoch: (EpochId(run(3)), Secret::new(run(0x76)), epoch()),
        earlier: vec![epoch_node()],
        left: false,
        former: vec![SpaceId(run(4))],
        since: Timestamp(1_790_000_000),
    }
}

pub(super) fn erasure() -> Erasure {
    Erasure {
        epoch: EpochId(run(3)),
        author: AuthorId(run(0x50)),
        sequence: Sequence(129),
        envelope: EnvelopeId(run(8)),
        body: BodyHash(run(13)),
    }
}

pub(crate) fn person_keys() -> PersonKeys {
    PersonKeys {
        generation: Generation(1),
        sealing: Secret::new(run(0x71)),
        signing: Secret::new(run(0x72)),
        erasing: Secret::new(run(0x73)),
    }
}

fn part_header(envelope: u8) -> VolumePartHeader {
    VolumePartHeader {
        envelope: EnvelopeId(run(envelope)),
        hash: run(0x74),
        inflated_len: 262_144,
        items: 90,
    }
}

pub(super) fn volume() -> Volume {
    Volume {
        name: run(0x76),
        generation: Generation(3),
        epoch: EpochId(run(3)),
        space: SpaceId(run(2)),
        lane: Some(PersonId(run(0x10))),
        days: (1_037_345, 1_037_413),
        written_in: vec![EpochId(run(4))],
        entries: part_header(8),
        proofs: vec![part_header(9)],
    }
}

pub(super) fn directory() -> SignedDirectory {
    SignedDirectory {
        directory: VolumeDirectory {
            space: SpaceId(run(2)),
            maker: VerifyingKey(run(0x20)),
            number: 300,
            volumes: vec![volume()],
        },
        signature: signature(),
    }
}

fn volume_part() -> VolumePart {
    VolumePart {
        volume: run(0x76),
        contents: run::<7>(0x79).to_vec().into(),
    }
}

fn proof_part() -> ProofPart {
    ProofPart {
        volume: run(0x76),
        contents: run::<7>(0x7a).to_vec().into(),
    }
}

pub(super) fn proof() -> ProofItem {
    ProofItem {
        envelope: EnvelopeId(run(8)),
        certificate: certificate(),
        statement: authored().statement(SpaceId(run(2)), EpochId(run(3))),
        signature: signature(),
    }
}

fn header(class: Class) -> EnvelopeHeader {
    EnvelopeHeader {
        suite: Suite::One,
        class,
        key_commitment: run(0x11),
        erase_hash: run(0x51),
    }
}

fn whole_envelope(class: Class, len: usize) -> Vec<u8> {
    let mut bytes = header(class).to_bytes().to_vec();
    bytes.extend((0..len - EnvelopeHeader::LEN).map(|at| at as u8));
    bytes
}

pub(super) fn samples() -> Vec<Sample> {
    let mut samples = vec![
        value("bodies/Voice", &voice()),
        value("bodies/SpaceCopy", &space_copy()),
        value("bodies/Head", &head(0x51)),
        value("bodies/Authored", &authored()),
        value(
            "bodies/AuthoredStatement",
            &authored().statement(SpaceId(run(2)), EpochId(run(3))),
        ),
        value("bodies/Erasure", &erasure()),
        value(
            "bodies/Ending",
            &Ending {
                space: SpaceId(run(2)),
                entry: preimage(Mode::Together),
            },
        ),
        value("bodies/PersonKeys", &person_keys()),
        value(
            "evidence/EvidenceBody",
            &EvidenceBody {
                space: SpaceId(run(2)),
                epoch: EpochId(run(3)),
                authored: authored(),
            },
        ),
        value(
            "evidence/EvidencePerson",
            &EvidencePerson {
                genesis: genesis(),
                successors: vec![successor(SuccessorSigner::Predecessor)],
            },
        ),
        value("evidence/EvidenceStatement", &evidence()),
        body("bodies/0 authored", &Body::Authored(Box::new(authored()))),
        body("bodies/1 epoch", &Body::Epoch(Box::new(epoch()))),
        body("bodies/3 volume", &Body::Volume(Box::new(volume_part()))),
        body("bodies/4 proof", &Body::Proof(Box::new(proof_part()))),
        body("bodies/5 blob", &Body::Blob(run::<9>(0x77).to_vec().into())),
        body(
            "bodies/6 directory",
            &Body::Directory(Box::new(directory())),
        ),
        value("volumes/VolumePartHeader", &part_header(8)),
        value("volumes/Volume", &volume()),
        value("volumes/VolumeDirectory", &directory().directory),
        value("volumes/SignedDirectory", &directory()),
        value("volumes/VolumePart", &volume_part()),
        value(
            "volumes/VolumeItem",
            &VolumeItem {
                preimage: preimage(Mode::Own),
                changes: vec![run::<6>(0x78).to_vec().into()],
                version: vec![run(0x7b)],
                rendered: rendered(),
            },
        ),
        value("volumes/ProofItem", &proof()),
        value("volumes/ProofPart", &proof_part()),
        envelope("envelopes/2048 bytes", whole_envelope(Class::Live, 2048)),
    ];
    for class in Class::ALL {
        let name = format!("envelopes/{class:?}, 1024 bytes");
        samples.push(envelope(&name, whole_envelope(class, 1024)));
    }
    for (message, name) in pairing_messages()
        .into_iter()
        .zip(["offer", "join", "reveal", "confirm", "welcome"])
    {
        let message = Body::Pairing(Box::new(message));
        samples.push(body(&format!("bodies/2 pairing {name}"), &message));
    }
    samples
}

pub(super) fn derived() -> Vec<(String, Vec<u8>)> {
    let hash = |name: &str, hash: &[u8]| (format!("derived/{name}"), hash.to_vec());
    let statement = authored().statement(SpaceId(run(2)), EpochId(run(3)));
    vec![
        hash("part hash", &part_hash(&Salt(run(16)), b"part").0),
        hash("body hash", &statement.body_hash().0),
        hash("link", &statement.link().0),
        signed("signed/sidelight authored", &statement),
        signed("signed/sidelight evidence", &evidence()),
        signed("signed/sidelight volumes", &directory().directory),
        hash("volume part hash", &volume_part_hash(b"part")),
    ]
}
