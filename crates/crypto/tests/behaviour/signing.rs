//! A signature is worth something in one context only.

use serde::Serialize;
use sidelight_crypto::{
    AuthorSigningKey, DeviceSigningKey, MailboxKeys, PersonSigningKey, RecoverySigningKey,
    SignedBy, UnsealingKey, Unverified, verify,
};
use sidelight_format::*;

use crate::samples::{SPACE, each_bit_flipped, secret};

/// The same 32 bytes as a statement of any context: only the label differs.
#[derive(Serialize)]
struct Labelled<const CONTEXT: usize>([u8; 32]);

impl<const N: usize> Statement for Labelled<N> {
    const CONTEXT: Context = Context::ALL[N];
}

impl<const N: usize> SignedBy<PersonSigningKey> for Labelled<N> {}

type Sign = fn(&PersonSigningKey) -> Signature;
type Verify = fn(&VerifyingKey, &Signature) -> Result<(), Unverified>;

fn labelled<const N: usize>() -> (Sign, Verify) {
    (
        |key| key.sign(&Labelled::<N>([7; 32])),
        |key, signature| verify(key, &Labelled::<N>([7; 32]), signature),
    )
}

#[test]
fn equal_bytes_signed_in_one_context_verify_in_no_other() {
    let all = [
        labelled::<0>(),
        labelled::<1>(),
        labelled::<2>(),
        labelled::<3>(),
        labelled::<4>(),
        labelled::<5>(),
        labelled::<6>(),
        labelled::<7>(),
        labelled::<8>(),
        labelled::<9>(),
        labelled::<10>(),
    ];
    assert_eq!(all.len(), Context::ALL.len());
    let key = PersonSigningKey::from_seed(&secret(1));
    for (signed, (sign, _)) in all.iter().enumerate() {
        let signature = sign(&key);
        for (verified, (_, verify)) in all.iter().enumerate() {
            let expected = if signed == verified {
                Ok(())
            } else {
                Err(Unverified)
            };
            assert_eq!(
                verify(&key.verifying_key(), &signature),
                expected,
                "{:?} as {:?}",
                Context::ALL[signed],
                Context::ALL[verified]
            );
        }
    }
}

/// One value of each real statement but the mailbox proof, which [`MailboxKeys`] signs.
struct Statements {
    genesis: PersonGenesisStatement,
    successor: PersonSuccessorStatement,
    roster: RosterStatement,
    certificate: AuthorCertificateStatement,
    authored: AuthoredStatement,
    epoch: EpochStatement,
    founder: FounderStatement,
    confirmation: ConfirmationStatement,
    evidence: EvidenceStatement,
    volumes: VolumeDirectory,
}

fn statements() -> Statements {
    let sealing = UnsealingKey::from_seed(&secret(2)).sealing_key();
    let verifying = VerifyingKey([3; 32]);
    let (person, epoch, author) = (PersonId([4; 32]), EpochId([5; 32]), AuthorId([6; 32]));
    Statements {
        genesis: PersonGenesisStatement {
            sealing: sealing.clone(),
            signing: verifying,
            recovery: verifying,
            random: [7; 16],
        },
        successor: PersonSuccessorStatement {
            person,
            generation: Generation(1),
            previous: [8; 32],
            sealing,
            signing: verifying,
            recovery: None,
            signer: SuccessorSigner::Predecessor,
        },
        roster: RosterStatement {
            person,
            sequence: Sequence(1),
            previous: vec![[9; 32]],
            action: RosterAction::Remove { device: verifying },
            signer: verifying,
        },
        certificate: AuthorCertificateStatement {
            space: SPACE,
            epoch,
            author,
            person,
            generation: Generation(1),
        },
        authored: AuthoredStatement {
            space: SPACE,
            epoch,
            author,
            segment: SegmentId([10; 16]),
            sequence: Sequence(1),
            previous: Link([11; 32]),
            heads: vec![],
            salt: Salt([12; 16]),
            subject: Subject::ENTRY,
            entry: None,
            voice: None,
            parts: vec![],
        },
        epoch: EpochStatement {
            space: SPACE,
            epoch,
            parents: vec![],
            relay: None,
            recipients: vec![],
            keyring: Bytes::default(),
            closing: vec![],
            successors: vec![],
            founder: None,
            roster: vec![],
            signer: person,
            generation: Generation(1),
        },
        founder: FounderStatement { person, epoch },
        confirmation: ConfirmationStatement {
            transcript: [13; 32],
            inviter: true,
            same: true,
        },
        evidence: EvidenceStatement {
            person,
            generation: Generation(1),
            files: [15; 32],
        },
        volumes: VolumeDirectory {
            space: SPACE,
            maker: verifying,
            number: 1,
            volumes: vec![],
        },
    }
}

#[test]
fn every_statement_is_refused_in_place_of_every_other() {
    let of = statements();
    // One seed for all keys, so that only the statement tells one signature from another.
    let seed = secret(1);
    let person = PersonSigningKey::from_seed(&seed);
    let device = DeviceSigningKey::from_seed(&seed);
    let author = AuthorSigningKey::from_seed(&seed);
    let recovery = RecoverySigningKey::from_seed(&seed);
    let mailbox = MailboxKeys::of_invitation(&seed);
    let key = person.verifying_key();
    let proof = MailboxProof {
        exporter: [14; 32],
        mailbox: mailbox.name(),
    };
    let proof_key = VerifyingKey(mailbox.name().0);

    let signed = [
        (Context::PersonGenesis, key, person.sign(&of.genesis)),
        (Context::PersonSuccessor, key, person.sign(&of.successor)),
        (Context::PersonSuccessor, key, recovery.sign(&of.successor)),
        (Context::Roster, key, device.sign(&of.roster)),
        (Context::Roster, key, recovery.sign(&of.roster)),
        (
            Context::AuthorCertificate,
            key,
            person.sign(&of.certificate),
        ),
        (Context::Authored, key, author.sign(&of.authored)),
        (Context::Epoch, key, person.sign(&of.epoch)),
        (Context::Founder, key, recovery.sign(&of.founder)),
        (
            Context::PairingConfirmation,
            key,
            person.sign(&of.confirmation),
        ),
        (Context::Evidence, key, person.sign(&of.evidence)),
        (Context::Volumes, key, device.sign(&of.volumes)),
        (
            Context::MailboxProof,
            proof_key,
            mailbox.prove(&proof.exporter),
        ),
    ];
    for (context, key, signature) in &signed {
        let verified = [
            (Context::PersonGenesis, verify(key, &of.genesis, signature)),
            (
                Context::PersonSuccessor,
                verify(key, &of.successor, signature),
            ),
            (Context::Roster, verify(key, &of.roster, signature)),
            (
                Context::AuthorCertificate,
                verify(key, &of.certificate, signature),
            ),
            (Context::Authored, verify(key, &of.authored, signature)),
            (Context::Epoch, verify(key, &of.epoch, signature)),
            (Context::Founder, verify(key, &of.founder, signature)),
            (
                Context::PairingConfirmation,
                verify(key, &of.confirmation, signature),
            ),
            (Context::Evidence, verify(key, &of.evidence, signature)),
            (Context::Volumes, verify(key, &of.volumes, signature)),
            (Context::MailboxProof, verify(key, &proof, signature)),
        ];
        assert_eq!(verified.len(), Context::ALL.len());
        for (other, result) in verified {
            assert_eq!(
                result.is_ok(),
                other == *context,
                "{context:?} as {other:?}"
            );
        }
    }
}

#[test]
fn every_bit_of_a_signature_counts() {
    let (key, statement) = (
        PersonSigningKey::from_seed(&secret(1)),
        statements().confirmation,
    );
    let bytes = key.sign(&statement).to_bytes();
    let bits = each_bit_flipped(&bytes, |bit, flipped| {
        let signature = Signature::from_bytes(flipped.try_into().unwrap());
        let verified = verify(&key.verifying_key(), &statement, &signature);
        assert_eq!(verified, Err(Unverified), "bit {bit}");
    });
    assert_eq!(bits, 512);
}

#[test]
fn a_key_or_nonce_of_small_order_verifies_nothing() {
    // The neutral element as key and as R, and s = 0: satisfies the equation for every message,
    // which only a strict check refuses.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let mut signature = [0; 64];
    signature[0] = 1;
    let verified = verify(
        &VerifyingKey(neutral),
        &statements().confirmation,
        &Signature::from_bytes(&signature),
    );
    assert_eq!(verified, Err(Unverified));
}

#[test]
fn a_proof_is_worth_nothing_on_another_connection_or_mailbox() {
    let keys = MailboxKeys::of_invitation(&secret(1));
    let other = MailboxKeys::of_invitation(&secret(2));
    let signature = keys.prove(&[1; 32]);
    let proof = |exporter, mailbox| MailboxProof { exporter, mailbox };
    let check =
        |keys: &MailboxKeys, proof| verify(&VerifyingKey(keys.name().0), &proof, &signature);
    assert_eq!(check(&keys, proof([1; 32], keys.name())), Ok(()));
    assert_eq!(check(&keys, proof([2; 32], keys.name())), Err(Unverified));
    assert_eq!(check(&keys, proof([1; 32], other.name())), Err(Unverified));
    assert_eq!(check(&other, proof([1; 32], other.name())), Err(Unverified));
}
