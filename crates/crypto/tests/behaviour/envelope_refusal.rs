//! Changed, cut or moved envelopes.

use sidelight_crypto::*;
use sidelight_format::*;

use crate::samples::*;

const TAMPERED: Result<(), Unopened> = Err(Unopened::Tampered(Tampered));

fn envelope(keys: &MailboxKeys) -> Vec<u8> {
    keys.seal(Class::Live, &blob(40), &EraseToken([8; 32]), &mut rng(9))
        .unwrap()
}

fn of_epoch(space: u8, epoch: u8, seed: u8) -> MailboxKeys {
    MailboxKeys::of_epoch(&SpaceId([space; 32]), &EpochId([epoch; 32]), &secret(seed))
}

#[test]
fn every_bit_of_an_envelope_counts() {
    let keys = of_epoch(1, 2, 3);
    let envelope = envelope(&keys);
    assert_eq!(envelope.len(), 1024);
    let bits = each_bit_flipped(&envelope, |bit, flipped| {
        let opened = keys.open(flipped).map(|_| ());
        // The first four bytes are read without a key: all but another known class have a name.
        let malformed = Envelope::parse(flipped).map(|_| ());
        match malformed {
            Err(malformed) if bit < 32 => assert_eq!(opened, Err(malformed.into())),
            _ => assert_eq!(opened, TAMPERED, "bit {bit}"),
        }
    });
    assert_eq!(bits, 8192);
}

#[test]
fn another_version_suite_or_class_is_refused() {
    let keys = of_epoch(1, 2, 3);
    let envelope = envelope(&keys);
    for byte in (0..=255).filter(|byte| *byte != VERSION) {
        let mut changed = envelope.clone();
        changed[0] = byte;
        assert_eq!(keys.open(&changed), Err(Malformed::Version(byte).into()));
    }
    for byte in (0..=255).filter(|byte| *byte != Suite::One as u8) {
        let mut changed = envelope.clone();
        changed[1] = byte;
        assert_eq!(keys.open(&changed), Err(Malformed::Suite(byte).into()));
    }
    for class in [Class::Volume, Class::Proof, Class::Blob] {
        let mut changed = envelope.clone();
        changed[2] = class as u8;
        assert_eq!(keys.open(&changed).map(|_| ()), TAMPERED);
    }
}

#[test]
fn a_truncated_or_lengthened_envelope_is_refused() {
    let keys = of_epoch(1, 2, 3);
    let whole = keys
        .seal(Class::Live, &blob(1500), &EraseToken([8; 32]), &mut rng(9))
        .unwrap();
    assert_eq!(whole.len(), 2048);
    for len in 0..whole.len() {
        let opened = keys.open(&whole[..len]).map(|_| ());
        if len == 1024 {
            assert_eq!(opened, TAMPERED);
        } else {
            assert_eq!(opened, Err(Malformed::Length(len).into()));
        }
    }
    let mut longer = whole.clone();
    longer.resize(4096, 0);
    assert_eq!(keys.open(&longer).map(|_| ()), TAMPERED);
}

#[test]
fn an_envelope_opens_in_its_own_mailbox_only() {
    let keys = of_epoch(1, 2, 3);
    let envelope = envelope(&keys);
    assert!(keys.open(&envelope).is_ok());
    for other in [
        of_epoch(9, 2, 3),
        of_epoch(1, 9, 3),
        of_epoch(1, 2, 9),
        MailboxKeys::of_invitation(&secret(3)),
        MailboxKeys::of_recovery(&secret(3)),
    ] {
        assert_ne!(other.name(), keys.name());
        assert_eq!(other.open(&envelope).map(|_| ()), TAMPERED);
        // Not even when the attacker forges the commitment to fit.
        let fitting = other
            .seal(Class::Live, &blob(1), &EraseToken([8; 32]), &mut rng(9))
            .unwrap();
        let mut forged = envelope.clone();
        forged[4..36].copy_from_slice(&fitting[4..36]);
        assert_eq!(other.open(&forged).map(|_| ()), TAMPERED);
    }
}
