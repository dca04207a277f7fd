//! What sealing gives: padded lengths, fresh nonces, the same body back.

use proptest::prelude::*;
use rand_core::CryptoRng;
use sidelight_crypto::*;
use sidelight_format::limits::ENVELOPE_LEN_MAX;
use sidelight_format::*;
use std::collections::HashSet;

use crate::samples::*;

fn keys() -> MailboxKeys {
    MailboxKeys::of_epoch(&SPACE, &EpochId([2; 32]), &secret(3))
}

const TOKEN: EraseToken = EraseToken([8; 32]);

/// Kind, length, and the length within a blob's own encoding, which has one to three bytes.
fn overhead(blob_len: usize) -> usize {
    let prefix = if blob_len < 1 << 7 {
        1
    } else if blob_len < 1 << 14 {
        2
    } else {
        3
    };
    Envelope::OVERHEAD + 5 + prefix
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_body_comes_back_from_an_envelope_of_a_padded_length(
        len in prop_oneof![0usize..20_000, 0usize..250_000],
        class in prop::sample::select(&Class::ALL[..]),
    ) {
        let envelope = keys().seal(class, &blob(len), &TOKEN, &mut rng(1)).unwrap();
        prop_assert_eq!(envelope.len(), padded_len(len + overhead(len)));
        prop_assert!(Envelope::parse(&envelope).is_ok());
        let (header, body) = keys().open(&envelope).unwrap();
        prop_assert_eq!((header.class, header.erase_hash), (class, TOKEN.hash()));
        prop_assert_eq!(body, blob(len));
    }
}

#[test]
fn lengths_come_from_the_bucket_set_only() {
    let buckets = HashSet::from([1024, 2048, 4096, 8192, 16384]);
    let mut seen = HashSet::new();
    for len in 0..16384 - overhead(16383) {
        // The length is decided before anything is encrypted; every 29th will do beyond 1 KiB.
        if len < 1024 || len % 29 == 0 {
            seen.insert(
                keys()
                    .seal(Class::Live, &blob(len), &TOKEN, &mut rng(1))
                    .unwrap()
                    .len(),
            );
        }
    }
    assert_eq!(seen, buckets);
}

#[test]
fn a_body_at_the_edge_of_a_bucket_takes_the_next_one() {
    let fits = 1024 - overhead(1000);
    let len = |body: usize| {
        keys()
            .seal(Class::Live, &blob(body), &TOKEN, &mut rng(1))
            .unwrap()
            .len()
    };
    assert_eq!((len(fits), len(fits + 1)), (1024, 2048));
}

#[test]
fn the_longest_body_fits_and_one_byte_more_is_refused() {
    let fits = ENVELOPE_LEN_MAX - overhead(ENVELOPE_LEN_MAX);
    let envelope = keys()
        .seal(Class::Volume, &blob(fits), &TOKEN, &mut rng(1))
        .unwrap();
    assert_eq!(envelope.len(), ENVELOPE_LEN_MAX);
    assert!(keys().open(&envelope).is_ok());
    let max = ENVELOPE_LEN_MAX - Envelope::OVERHEAD - 5;
    let refused = keys().seal(Class::Volume, &blob(fits + 1), &TOKEN, &mut rng(1));
    assert_eq!(
        refused,
        Err(TooLong {
            found: max + 1,
            max
        })
    );
}

#[test]
fn no_nonce_repeats_over_ten_thousand_seals() {
    let (keys, storage, mut rng) = (keys(), StorageKey::new([1; 32]), rng(1));
    let mut nonces = HashSet::new();
    for _ in 0..10_000 {
        let envelope = keys.seal(Class::Live, &blob(1), &TOKEN, &mut rng).unwrap();
        assert!(nonces.insert(<[u8; 24]>::try_from(&envelope[68..92]).unwrap()));
        let row = storage.seal(b"place", b"row", &mut rng);
        assert!(nonces.insert(<[u8; 24]>::try_from(&row[2..26]).unwrap()));
    }
    assert_eq!(nonces.len(), 20_000);
}

#[test]
fn sealing_the_same_body_twice_shows_nothing_in_common_but_the_header() {
    let (keys, mut rng) = (keys(), rng(1));
    let mut seal = || keys.seal(Class::Live, &blob(40), &TOKEN, &mut rng).unwrap();
    let (a, b) = (seal(), seal());
    assert_eq!(a[..68], b[..68]);
    let same = a[68..].iter().zip(&b[68..]).filter(|(a, b)| a == b).count();
    assert!(same < 32, "{same} of 956 bytes agree; chance gives 4");
}

#[test]
fn a_generator_behind_a_trait_object_is_enough() {
    let mut rng = rng(1);
    let rng: &mut dyn CryptoRng = &mut rng;
    let secret = new_secret(rng);
    let key = UnsealingKey::from_seed(&new_secret(rng));
    let context = context(&secret);
    let sealed = seal_epoch_secret(&secret, &key.sealing_key(), &context, rng).unwrap();
    assert_eq!(
        open_epoch_secret(&sealed, &key, &context),
        Ok(secret.clone())
    );
    seal_keyring(&Keyring::default(), &SPACE, &context.epoch, &secret, rng);
    let to = key.sealing_key();
    pairing::seal(pairing::Step::Join, &invitation(1), &to, &[0; 32], b"", rng).unwrap();
    keys().seal(Class::Live, &blob(1), &TOKEN, rng).unwrap();
    StorageKey::new([1; 32]).seal(b"", b"", rng);
}

#[test]
fn a_keyring_is_sorted_when_sealed() {
    let (space, epoch, secret) = (SPACE, EpochId([2; 32]), secret(1));
    let mut secrets: Vec<_> = (10..20)
        .map(|seed| {
            (
                EpochId::of(&space, &crate::samples::secret(seed)),
                crate::samples::secret(seed),
            )
        })
        .collect();
    assert!(!secrets.is_sorted_by_key(|(epoch, _)| *epoch));
    let keyring = Keyring {
        secrets: secrets.clone(),
        person: Vec::new(),
    };
    let sealed = seal_keyring(&keyring, &space, &epoch, &secret, &mut rng(3));
    secrets.sort_by_key(|(epoch, _)| *epoch);
    assert_eq!(
        open_keyring(&sealed, &space, &epoch, &secret),
        Ok(Keyring {
            secrets,
            person: Vec::new()
        })
    );
}

#[test]
fn a_blinded_name_depends_on_key_table_and_name() {
    let (a, b) = (StorageKey::new([1; 32]), StorageKey::new([2; 32]));
    assert_eq!(a.blind(b"\x0a", b"name"), a.blind(b"\x0a", b"name"));
    let seen = HashSet::from([
        a.blind(b"\x0a", b"name"),
        b.blind(b"\x0a", b"name"),
        a.blind(b"\x0b", b"name"),
        a.blind(b"\x0a", b"names"),
        a.blind(b"\x0an", b"ame"),
        a.blind(b"", b"\x0aname"),
    ]);
    assert_eq!(seen.len(), 6);
}

#[test]
fn an_erase_token_belongs_to_one_salt_and_person() {
    let token = |seed, salt| erase_token(&secret(seed), &Salt([salt; 16]));
    assert_eq!(token(1, 2), token(1, 2));
    assert_ne!(token(1, 2), token(1, 3));
    assert_ne!(token(1, 2), token(2, 2));
    assert_ne!(token(1, 2).hash(), token(1, 3).hash());
}
