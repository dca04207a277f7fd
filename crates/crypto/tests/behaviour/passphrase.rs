//! A storage key under a passphrase.

use sidelight_crypto::*;

use crate::samples::rng;

const KEY: [u8; 32] = [7; 32];

#[test]
fn a_storage_key_opens_under_its_passphrase_and_no_other() {
    let sealed = seal_storage_key(&KEY, b"four random words", &mut rng(1)).unwrap();
    assert_eq!(sealed.len(), SEALED_STORAGE_KEY_LEN);
    assert_eq!(
        *open_storage_key(&sealed, b"four random words").unwrap(),
        KEY
    );
    for other in [&b""[..], b"four random word", b"Four random words"] {
        let error = open_storage_key(&sealed, other).unwrap_err();
        assert_eq!(error, PassphraseError::Wrong);
    }
}

#[test]
fn the_same_key_and_passphrase_never_give_the_same_bytes() {
    let [one, other] =
        [1, 2].map(|seed| seal_storage_key(&KEY, b"passphrase", &mut rng(seed)).unwrap());
    assert_ne!(one[3..19], other[3..19], "the salt");
    assert_ne!(one[19..], other[19..]);
}

#[test]
fn a_key_of_private_rows_is_no_storage_key() {
    let sealed = seal_private_key(&KEY, b"a further secret", &mut rng(1)).unwrap();
    assert_eq!(
        *open_private_key(&sealed, b"a further secret").unwrap(),
        KEY
    );
    let error = open_storage_key(&sealed, b"a further secret").unwrap_err();
    assert_eq!(error, PassphraseError::Wrong);
    let sealed = seal_storage_key(&KEY, b"a further secret", &mut rng(1)).unwrap();
    let error = open_private_key(&sealed, b"a further secret").unwrap_err();
    assert_eq!(error, PassphraseError::Wrong);
}

#[test]
fn what_it_costs_is_never_taken_from_the_bytes() {
    let sealed = seal_storage_key(&KEY, b"passphrase", &mut rng(1)).unwrap();
    // Version, suite, cost: any other is unknown before anything is computed.
    for place in 0..3 {
        for value in (0..=255).filter(|value| *value != sealed[place]) {
            let mut changed = sealed.clone();
            changed[place] = value;
            let error = open_storage_key(&changed, b"passphrase").unwrap_err();
            assert_eq!(error, PassphraseError::Unknown, "{place}: {value}");
        }
    }
    // And so is another length.
    for len in 0..sealed.len() {
        assert!(open_storage_key(&sealed[..len], b"passphrase").is_err());
    }
    let longer = [&sealed[..], &[0]].concat();
    assert!(open_storage_key(&longer, b"passphrase").is_err());
}

#[test]
fn changed_bytes_are_told_like_a_wrong_passphrase() {
    let sealed = seal_storage_key(&KEY, b"passphrase", &mut rng(1)).unwrap();
    // One bit in salt, nonce, ciphertext and tag each; all 704 would take a minute.
    for place in [3, 19, 43, 90] {
        let mut changed = sealed.clone();
        changed[place] ^= 1;
        let error = open_storage_key(&changed, b"passphrase").unwrap_err();
        assert_eq!(error, PassphraseError::Wrong, "{place}");
    }
}
