//! Persons, devices, epochs and pairing.

use sidelight_format::record::Name;
use sidelight_format::{
    AuthorCertificate, AuthorId, Bundle, Confirmation, ConfirmationStatement, DeviceKeys, EpochId,
    EpochRecord, EpochStatement, Founder, FounderStatement, Generation, Head, Hello, KeyHash,
    Keyring, Link, MailboxName, PairingMessage, PersonGenesis, PersonGenesisStatement, PersonId,
    PersonSuccessor, PersonSuccessorStatement, Purpose, RosterAction, RosterRecord,
    RosterStatement, SealedSecret, Secret, Sequence, SpaceId, SuccessorSigner, VerifyingKey,
    Welcome, Who,
};

use super::bodies::{directory, person_keys, space_copy};
use super::small::{invitation, relay, sealing_key, signature};
use super::{Sample, run, signed, value};

pub(crate) fn genesis() -> PersonGenesis {
    PersonGenesis {
        statement: PersonGenesisStatement {
            sealing: sealing_key(0),
            signing: VerifyingKey(run(0x31)),
            recovery: VerifyingKey(run(0x32)),
            random: run(0x33),
        },
        signature: signature(),
    }
}

pub(crate) fn successor(signer: SuccessorSigner) -> PersonSuccessor {
    PersonSuccessor {
        statement: PersonSuccessorStatement {
            person: PersonId(run(0x10)),
            generation: Generation(1),
            previous: run(0x34),
            sealing: sealing_key(1),
            signing: VerifyingKey(run(0x35)),
            recovery: match signer {
                SuccessorSigner::Predecessor => None,
                SuccessorSigner::Recovery => Some(VerifyingKey(run(0x36))),
            },
            signer,
        },
        signature: signature(),
    }
}

pub(crate) fn certificate() -> AuthorCertificate {
    AuthorCertificate {
        author: AuthorId(run(0x50)),
        person: PersonId(run(0x10)),
        generation: Generation(1),
        signature: signature(),
    }
}

pub(crate) fn head(first: u8) -> Head {
    Head {
        author: AuthorId(run(first)),
        sequence: Sequence(200),
        link: Link(run(0x70)),
    }
}

fn device() -> DeviceKeys {
    DeviceKeys {
        signing: VerifyingKey(run(0x37)),
        sealing: sealing_key(2),
    }
}

pub(crate) fn roster(action: RosterAction) -> RosterRecord {
    RosterRecord {
        statement: RosterStatement {
            person: PersonId(run(0x10)),
            sequence: Sequence(3),
            previous: vec![run(0x3b), run(0x3c)],
            action,
            signer: VerifyingKey(run(0x37)),
        },
        signature: signature(),
    }
}

pub(crate) fn roster_actions() -> [RosterAction; 4] {
    [
        RosterAction::Begin {
            device: device(),
            name: "phone".into(),
            recovery: sealing_key(3),
        },
        RosterAction::Add {
            device: device(),
            name: "tablet".into(),
        },
        RosterAction::Remove {
            device: VerifyingKey(run(0x37)),
        },
        RosterAction::Recovery {
            signing: VerifyingKey(run(0x3d)),
            recovery: sealing_key(4),
            mailbox: MailboxName(run(0x4f)),
        },
    ]
}

fn founder() -> Founder {
    Founder {
        genesis: genesis(),
        name: Name("Béla".into()),
        signature: signature(),
    }
}

fn vouched() -> FounderStatement {
    FounderStatement {
        person: PersonId(run(0x10)),
        epoch: EpochId(run(3)),
    }
}

fn sealed_secret(recipient: u8) -> SealedSecret {
    SealedSecret {
        recipient: KeyHash(run(recipient)),
        encapsulated: run::<1120>(5).to_vec().into(),
        ciphertext: run::<48>(6).to_vec().into(),
    }
}

pub(crate) fn epoch() -> EpochRecord {
    EpochRecord {
        statement: EpochStatement {
            space: SpaceId(run(2)),
            epoch: EpochId(run(3)),
            parents: vec![EpochId(run(0x90)), EpochId(run(0x91))],
            relay: Some(relay()),
            recipients: vec![sealed_secret(0x20), sealed_secret(0x21)],
            keyring: run::<40>(7).to_vec().into(),
            closing: vec![head(0x50), head(0x51)],
            successors: vec![successor(SuccessorSigner::Predecessor)],
            founder: Some(founder()),
            roster: {
                let [begin, ..] = roster_actions();
                vec![roster(begin)]
            },
            signer: PersonId(run(0x10)),
            generation: Generation(1),
        },
        signature: signature(),
    }
}

pub(crate) fn bundle(name: &str) -> Bundle {
    Bundle {
        who: Who::Person {
            genesis: genesis(),
            successors: vec![successor(SuccessorSigner::Predecessor)],
        },
        pairing: sealing_key(8),
        name: name.into(),
        commitment: Bundle::commitment(&run(0x38)),
    }
}

pub(crate) fn pairing_messages() -> [PairingMessage; 5] {
    let encapsulated = || run::<1120>(9).to_vec().into();
    [
        PairingMessage::Offer(bundle("Ana")),
        PairingMessage::Join {
            encapsulated: encapsulated(),
            ciphertext: run::<20>(0x0a).to_vec().into(),
        },
        PairingMessage::Reveal {
            encapsulated: encapsulated(),
            ciphertext: run::<48>(0x0b).to_vec().into(),
        },
        PairingMessage::Confirm {
            encapsulated: encapsulated(),
            ciphertext: run::<81>(0x0c).to_vec().into(),
        },
        PairingMessage::Welcome {
            encapsulated: encapsulated(),
            ciphertext: run::<40>(0x0d).to_vec().into(),
        },
    ]
}

pub(super) fn samples() -> Vec<Sample> {
    let mut samples = vec![
        value("people/PersonGenesisStatement", &genesis().statement),
        value("people/PersonGenesis", &genesis()),
        value(
            "people/PersonSuccessorStatement",
            &successor(SuccessorSigner::Recovery).statement,
        ),
        value(
            "people/PersonSuccessor",
            &successor(SuccessorSigner::Predecessor),
        ),
        value(
            "people/SuccessorSigner Predecessor",
            &SuccessorSigner::Predecessor,
        ),
        value(
            "people/SuccessorSigner Recovery",
            &SuccessorSigner::Recovery,
        ),
        value("people/AuthorCertificate", &certificate()),
        value(
            "people/AuthorCertificateStatement",
            &certificate().statement(SpaceId(run(2)), EpochId(run(3))),
        ),
        value("people/DeviceKeys", &device()),
        value("people/Founder", &founder()),
        value("people/FounderStatement", &vouched()),
        value("epochs/SealedSecret", &sealed_secret(0x20)),
        value("epochs/EpochStatement", &epoch().statement),
        value("epochs/EpochRecord", &epoch()),
        value(
            "epochs/Keyring",
            &Keyring {
                secrets: vec![
                    (EpochId(run(0x90)), Secret::new(run(1))),
                    (EpochId(run(0x91)), Secret::new(run(2))),
                ],
                person: vec![person_keys()],
            },
        ),
        value(
            "pairing/Welcome",
            &Welcome {
                private: space_copy(),
                recovery_mailbox: Secret::new(run(0x47)),
                relay: Some(relay()),
                ticket: b"ticket".to_vec().into(),
                volumes: Some(directory()),
            },
        ),
        value("pairing/Who Person", &bundle("Ana").who),
        value("pairing/Who Device", &Who::Device(device())),
        value("pairing/Purpose Partner", &Purpose::Partner),
        value("pairing/Purpose OwnDevice", &Purpose::OwnDevice),
        value("pairing/Invitation", &invitation()),
        value("pairing/Bundle", &bundle("Ana")),
        value(
            "pairing/Hello",
            &Hello {
                bundle: bundle("Béla"),
                nonce: run(0x39),
            },
        ),
        value(
            "pairing/Confirmation",
            &Confirmation {
                same: true,
                signature: signature(),
            },
        ),
        value("pairing/ConfirmationStatement", &confirmation()),
    ];
    for (action, name) in roster_actions()
        .into_iter()
        .zip(["Begin", "Add", "Remove", "Recovery"])
    {
        samples.push(value(&format!("people/RosterAction {name}"), &action));
    }
    let [begin, ..] = roster_actions();
    samples.push(value(
        "people/RosterStatement",
        &roster(begin.clone()).statement,
    ));
    samples.push(value("people/RosterRecord", &roster(begin)));
    for (message, name) in pairing_messages()
        .iter()
        .zip(["Offer", "Join", "Reveal", "Confirm", "Welcome"])
    {
        samples.push(value(&format!("pairing/PairingMessage {name}"), message));
    }
    samples
}

fn confirmation() -> ConfirmationStatement {
    ConfirmationStatement {
        transcript: run(0x3a),
        inviter: true,
        same: false,
    }
}

pub(super) fn derived() -> Vec<(String, Vec<u8>)> {
    let hash = |name: &str, hash: &[u8]| (format!("derived/{name}"), hash.to_vec());
    let [_, _, remove, _] = roster_actions();
    vec![
        hash("person id", &genesis().id().0),
        hash("person genesis hash", &genesis().hash()),
        hash(
            "person successor hash",
            &successor(SuccessorSigner::Predecessor).hash(),
        ),
        hash("roster record hash", &roster(remove.clone()).hash()),
        hash("bundle fingerprint", &bundle("Ana").fingerprint()),
        hash("nonce commitment", &Bundle::commitment(&run(0x38))),
        signed("signed/sidelight person genesis", &genesis().statement),
        signed(
            "signed/sidelight person successor",
            &successor(SuccessorSigner::Predecessor).statement,
        ),
        signed("signed/sidelight roster", &roster(remove).statement),
        signed(
            "signed/sidelight author certificate",
            &certificate().statement(SpaceId(run(2)), EpochId(run(3))),
        ),
        signed("signed/sidelight epoch", &epoch().statement),
        signed("signed/sidelight founder", &vouched()),
        signed("signed/sidelight pairing confirmation", &confirmation()),
    ]
}
