//! Changed or moved secrets, keyrings, pairing messages and rows: one error, whatever was done.

use sidelight_crypto::pairing::{self, Step};
use sidelight_crypto::*;
use sidelight_format::*;

use crate::samples::*;

#[test]
fn every_bit_of_a_sealed_epoch_secret_counts() {
    let secret = secret(1);
    let key = UnsealingKey::from_seed(&crate::samples::secret(2));
    let context = context(&secret);
    let sealed = seal_epoch_secret(&secret, &key.sealing_key(), &context, &mut rng(3)).unwrap();
    assert_eq!(open_epoch_secret(&sealed, &key, &context), Ok(secret));
    let refused = |sealed: &SealedSecret, part: &str, bit: usize| {
        assert_eq!(
            open_epoch_secret(sealed, &key, &context),
            Err(Tampered),
            "{part}, bit {bit}"
        );
    };
    let mut bits = each_bit_flipped(&sealed.recipient.0, |bit, flipped| {
        let recipient = KeyHash::try_from(flipped).unwrap();
        refused(
            &SealedSecret {
                recipient,
                ..sealed.clone()
            },
            "recipient",
            bit,
        );
    });
    bits += each_bit_flipped(&sealed.encapsulated, |bit, flipped| {
        let encapsulated = Bytes::from(flipped.to_vec());
        refused(
            &SealedSecret {
                encapsulated,
                ..sealed.clone()
            },
            "encapsulated",
            bit,
        );
    });
    bits += each_bit_flipped(&sealed.ciphertext, |bit, flipped| {
        let ciphertext = Bytes::from(flipped.to_vec());
        refused(
            &SealedSecret {
                ciphertext,
                ..sealed.clone()
            },
            "ciphertext",
            bit,
        );
    });
    assert_eq!(bits, (32 + 1120 + 48) * 8);
    for len in [0, 1, 15, 16, 47, 1119] {
        let cut = |bytes: &Bytes| Bytes::from(bytes[..len.min(bytes.len() - 1)].to_vec());
        let (encapsulated, ciphertext) = (cut(&sealed.encapsulated), cut(&sealed.ciphertext));
        refused(
            &SealedSecret {
                encapsulated,
                ..sealed.clone()
            },
            "cut",
            len,
        );
        refused(
            &SealedSecret {
                ciphertext,
                ..sealed.clone()
            },
            "cut",
            len,
        );
    }
}

#[test]
fn a_sealed_epoch_secret_opens_in_its_own_record_only() {
    let secret = secret(1);
    let key = UnsealingKey::from_seed(&crate::samples::secret(2));
    let context = context(&secret);
    let sealed = seal_epoch_secret(&secret, &key.sealing_key(), &context, &mut rng(3)).unwrap();
    let reversed = [PARENTS[1], PARENTS[0]];
    let joined = [EpochId([0x11; 32])];
    for elsewhere in [
        EpochContext {
            space: SpaceId([9; 32]),
            ..context
        },
        EpochContext {
            epoch: EpochId([9; 32]),
            ..context
        },
        EpochContext {
            parents: &[],
            ..context
        },
        EpochContext {
            parents: &reversed,
            ..context
        },
        EpochContext {
            parents: &joined,
            ..context
        },
        EpochContext {
            signer: PersonId([9; 32]),
            ..context
        },
        EpochContext {
            generation: Generation(5),
            ..context
        },
    ] {
        assert_eq!(open_epoch_secret(&sealed, &key, &elsewhere), Err(Tampered));
    }
    let other = UnsealingKey::from_seed(&crate::samples::secret(4));
    assert_eq!(open_epoch_secret(&sealed, &other, &context), Err(Tampered));
    let recipient = other.sealing_key().hash();
    let renamed = SealedSecret {
        recipient,
        ..sealed
    };
    assert_eq!(open_epoch_secret(&renamed, &other, &context), Err(Tampered));
}

#[test]
fn a_signer_cannot_give_one_epoch_two_secrets() {
    let (secret, another) = (secret(1), secret(2));
    let key = UnsealingKey::from_seed(&crate::samples::secret(3));
    let context = context(&secret); // commits to `secret`
    let sealed = seal_epoch_secret(&another, &key.sealing_key(), &context, &mut rng(4)).unwrap();
    assert_eq!(open_epoch_secret(&sealed, &key, &context), Err(Tampered));
}

#[test]
fn a_sealing_key_out_of_range_is_refused_before_anything_is_sealed() {
    // Twelve bits of ones are a coefficient above ML-KEM's modulus (FIPS 203 §7.2).
    let invalid = SealingKey::from([0xff; SealingKey::LEN]);
    assert_eq!(check_sealing_key(&invalid), Err(InvalidSealingKey));
    let secret = secret(1);
    let sealed = seal_epoch_secret(&secret, &invalid, &context(&secret), &mut rng(2));
    assert_eq!(sealed, Err(InvalidSealingKey));
    let valid = UnsealingKey::from_seed(&secret).sealing_key();
    assert_eq!(check_sealing_key(&valid), Ok(()));
}

fn keyring() -> Keyring {
    let mut secrets: Vec<_> = (10..14)
        .map(|seed| (EpochId::of(&SPACE, &secret(seed)), secret(seed)))
        .collect();
    secrets.sort_by_key(|(epoch, _)| *epoch);
    Keyring {
        secrets,
        person: Vec::new(),
    }
}

#[test]
fn every_bit_of_a_keyring_counts() {
    let (secret, epoch) = (secret(1), EpochId([2; 32]));
    let sealed = seal_keyring(&keyring(), &SPACE, &epoch, &secret, &mut rng(3));
    assert_eq!(
        open_keyring(&sealed, &SPACE, &epoch, &secret),
        Ok(keyring())
    );
    let bits = each_bit_flipped(&sealed, |bit, flipped| {
        let opened = open_keyring(flipped, &SPACE, &epoch, &secret);
        assert_eq!(opened, Err(Tampered), "bit {bit}");
    });
    // Nonce, two counts, four epochs with their secrets, tag.
    assert_eq!(bits, (24 + 2 + 4 * 64 + 16) * 8);
    for len in 0..sealed.len() {
        assert_eq!(
            open_keyring(&sealed[..len], &SPACE, &epoch, &secret),
            Err(Tampered)
        );
    }
    for (space, epoch, secret) in [
        (SpaceId([9; 32]), epoch, secret.clone()),
        (SPACE, EpochId([9; 32]), secret.clone()),
        (SPACE, epoch, crate::samples::secret(9)),
    ] {
        assert_eq!(
            open_keyring(&sealed, &space, &epoch, &secret),
            Err(Tampered)
        );
    }
}

#[test]
fn a_keyring_cannot_name_a_secret_after_another_epoch() {
    let (secret, epoch) = (secret(1), EpochId([2; 32]));
    let mut lying = keyring();
    lying.secrets[1].1 = crate::samples::secret(99);
    let sealed = seal_keyring(&lying, &SPACE, &epoch, &secret, &mut rng(3));
    assert_eq!(
        open_keyring(&sealed, &SPACE, &epoch, &secret),
        Err(Tampered)
    );
}

#[test]
fn every_bit_of_a_pairing_message_counts() {
    let (invitation, context) = (invitation(1), [2; 32]);
    let key = UnsealingKey::from_seed(&secret(3));
    let to = key.sealing_key();
    let (encapsulated, ciphertext) = pairing::seal(
        Step::Reveal,
        &invitation,
        &to,
        &context,
        &[5; 32],
        &mut rng(4),
    )
    .unwrap();
    let open = |encapsulated: &[u8], ciphertext: &[u8]| {
        pairing::open(
            Step::Reveal,
            &invitation,
            &key,
            &context,
            encapsulated,
            ciphertext,
        )
    };
    assert_eq!(
        open(&encapsulated, &ciphertext).unwrap().as_slice(),
        [5; 32]
    );
    let mut bits = each_bit_flipped(&encapsulated, |bit, flipped| {
        assert_eq!(open(flipped, &ciphertext), Err(Tampered), "bit {bit}");
    });
    bits += each_bit_flipped(&ciphertext, |bit, flipped| {
        assert_eq!(open(&encapsulated, flipped), Err(Tampered), "bit {bit}");
    });
    assert_eq!(bits, (1120 + 48) * 8);
}

#[test]
fn a_pairing_message_opens_in_its_step_invitation_and_context_only() {
    let key = UnsealingKey::from_seed(&secret(3));
    let steps = [
        Step::Join,
        Step::Reveal,
        Step::ConfirmInviter,
        Step::ConfirmJoiner,
        Step::Welcome,
    ];
    for step in steps {
        let sealed = pairing::seal(
            step,
            &invitation(1),
            &key.sealing_key(),
            &[2; 32],
            b"x",
            &mut rng(4),
        );
        let (encapsulated, ciphertext) = sealed.unwrap();
        let opens = |step, invitation: &Invitation, key: &UnsealingKey, context: [u8; 32]| {
            pairing::open(step, invitation, key, &context, &encapsulated, &ciphertext).is_ok()
        };
        for other in steps {
            assert_eq!(opens(other, &invitation(1), &key, [2; 32]), other == step);
        }
        assert!(!opens(step, &invitation(1), &key, [3; 32]));
        assert!(!opens(
            step,
            &invitation(1),
            &UnsealingKey::from_seed(&secret(9)),
            [2; 32]
        ));
        for other in [
            invitation(9),
            Invitation {
                version: 2,
                ..invitation(1)
            },
            Invitation {
                purpose: Purpose::OwnDevice,
                ..invitation(1)
            },
            Invitation {
                fingerprint: [9; 32],
                ..invitation(1)
            },
            Invitation {
                relay: RelayKey([9; 32]),
                ..invitation(1)
            },
            Invitation {
                expires: Timestamp(9),
                ..invitation(1)
            },
            Invitation {
                ticket: Bytes::from(vec![9]),
                ..invitation(1)
            },
        ] {
            assert!(!opens(step, &other, &key, [2; 32]), "{other:?}");
        }
    }
}

#[test]
fn the_transcript_binds_all_that_the_two_must_agree_on() {
    let (ada, bo) = (bundle(1, "Ada"), bundle(5, "Bo"));
    let transcript =
        |invitation: &Invitation, inviter: &Bundle, joiner: &Bundle, nonces: [u8; 2]| {
            pairing::transcript(
                invitation,
                inviter,
                joiner,
                &[nonces[0]; 32],
                &[nonces[1]; 32],
            )
        };
    let base = transcript(&invitation(1), &ada, &bo, [1, 2]);
    let mut other_key = ada.clone();
    other_key.pairing = bo.pairing.clone();
    let mut seen = vec![
        base,
        transcript(&invitation(2), &ada, &bo, [1, 2]),
        transcript(
            &Invitation {
                relay: RelayKey([9; 32]),
                ..invitation(1)
            },
            &ada,
            &bo,
            [1, 2],
        ),
        transcript(&invitation(1), &bo, &ada, [1, 2]),
        transcript(&invitation(1), &other_key, &bo, [1, 2]),
        transcript(&invitation(1), &ada, &bundle(5, "Bob"), [1, 2]),
        transcript(&invitation(1), &ada, &bo, [2, 1]),
        transcript(&invitation(1), &ada, &bo, [1, 3]),
    ];
    assert_eq!(transcript(&invitation(1), &ada, &bo, [1, 2]), base);
    let count = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), count);
}

#[test]
fn every_bit_of_a_stored_row_counts_and_it_opens_in_its_place_only() {
    let key = StorageKey::new([1; 32]);
    let sealed = key.seal(b"\x0aplace", b"a day", &mut rng(2));
    assert_eq!(sealed.len(), STORED_OVERHEAD + 5);
    assert_eq!(key.open(b"\x0aplace", &sealed).unwrap(), b"a day");
    let bits = each_bit_flipped(&sealed, |bit, flipped| {
        assert_eq!(key.open(b"\x0aplace", flipped), Err(Tampered), "bit {bit}");
    });
    assert_eq!(bits, (STORED_OVERHEAD + 5) * 8);
    for len in 0..sealed.len() {
        assert_eq!(key.open(b"\x0aplace", &sealed[..len]), Err(Tampered));
    }
    for place in [&b"\x0bplace"[..], b"\x0aplac", b"\x0aplace ", b""] {
        assert_eq!(key.open(place, &sealed), Err(Tampered));
    }
    let other = StorageKey::new([2; 32]);
    assert_eq!(other.open(b"\x0aplace", &sealed), Err(Tampered));
}
