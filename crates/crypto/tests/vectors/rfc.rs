//! The test values printed in the RFCs.

use chacha20poly1305::ChaCha20Poly1305;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use ed25519_dalek::Signer;
use hkdf::Hkdf;
use hpke::{
    Deserializable, Kem, OpModeR, OpModeS, PskBundle, Serializable, kdf::HkdfSha256,
    kem::X25519HkdfSha256,
};
use serde_json::Value;
use sha2::Sha256;

use crate::{Fixed, field, field_array, hex, list, report};

fn vectors() -> Value {
    serde_json::from_str(include_str!("rfc.json")).unwrap()
}

#[test]
fn rfc8439_chacha20_poly1305() {
    let all = vectors();
    for vector in list(&all["rfc8439"]) {
        let cipher = ChaCha20Poly1305::new(&field_array(vector, "key").into());
        let nonce = field_array::<12>(vector, "nonce").into();
        let (plain, aad) = (field(vector, "pt"), field(vector, "aad"));
        let sealed = [field(vector, "ct"), field(vector, "tag")].concat();
        let payload = |msg| Payload { msg, aad: &aad };
        assert_eq!(cipher.decrypt(&nonce, payload(&sealed)).unwrap(), plain);
        assert_eq!(cipher.encrypt(&nonce, payload(&plain)).unwrap(), sealed);
    }
    assert_eq!(list(&all["rfc8439"]).len(), 2);
    report(
        "RFC 8439 AEAD: 2 (§2.8.2, A.5) opened and sealed alike; A.1–A.4 test parts of the AEAD \
         that its crate does not offer apart",
    );
}

#[test]
fn rfc7748_x25519() {
    let all = &vectors()["rfc7748"];
    for vector in list(&all["single"]) {
        let out = x25519_dalek::x25519(field_array(vector, "scalar"), field_array(vector, "u"));
        assert_eq!(out, field_array(vector, "out"));
    }
    for vector in list(&all["iterated"]) {
        let (mut k, mut u) = (
            x25519_dalek::X25519_BASEPOINT_BYTES,
            x25519_dalek::X25519_BASEPOINT_BYTES,
        );
        for _ in 0..vector["times"].as_u64().unwrap() {
            (k, u) = (x25519_dalek::x25519(k, u), k);
        }
        assert_eq!(k, field_array(vector, "out"));
    }
    let exchange = &all["exchange"];
    let secret = |key| x25519_dalek::StaticSecret::from(field_array::<32>(exchange, key));
    let (a, b) = (secret("a"), secret("b"));
    let public = |secret| x25519_dalek::PublicKey::from(secret);
    assert_eq!(public(&a).to_bytes(), field_array(exchange, "a_public"));
    assert_eq!(public(&b).to_bytes(), field_array(exchange, "b_public"));
    for shared in [a.diffie_hellman(&public(&b)), b.diffie_hellman(&public(&a))] {
        assert_eq!(shared.to_bytes(), field_array(exchange, "shared"));
    }
    report(
        "RFC 7748 X25519: 2 single, iterated 1 and 1,000 times, 1 exchange; left out: iterated \
         1,000,000 times (a minute of arithmetic that adds no new case)",
    );
}

#[test]
fn rfc8032_ed25519() {
    let all = vectors();
    for vector in list(&all["rfc8032"]) {
        let key = ed25519_dalek::SigningKey::from_bytes(&field_array(vector, "seed"));
        let message = field(vector, "msg");
        let signature = ed25519_dalek::Signature::from_bytes(&field_array(vector, "sig"));
        assert_eq!(
            key.verifying_key().to_bytes(),
            field_array(vector, "public")
        );
        assert_eq!(key.sign(&message), signature, "{}", vector["name"]);
        assert!(
            key.verifying_key()
                .verify_strict(&message, &signature)
                .is_ok()
        );
    }
    assert_eq!(list(&all["rfc8032"]).len(), 5);
    report(
        "RFC 8032 Ed25519: 5 (1, 2, 3, 1024, SHA(abc)) signed alike and verified; left out: \
         Ed25519ctx, Ed25519ph and Ed448, which are not used",
    );
}

#[test]
fn rfc5869_hkdf_sha256() {
    let all = vectors();
    for vector in list(&all["rfc5869"]) {
        let (prk, hkdf) =
            Hkdf::<Sha256>::extract(Some(&field(vector, "salt")), &field(vector, "ikm"));
        assert_eq!(prk.as_slice(), field(vector, "prk"));
        let expected = field(vector, "okm");
        let mut okm = vec![0; expected.len()];
        hkdf.expand(&field(vector, "info"), &mut okm).unwrap();
        assert_eq!(okm, expected, "{}", vector["name"]);
    }
    assert_eq!(list(&all["rfc5869"]).len(), 3);
    report("RFC 5869 HKDF-SHA256: 3 (A.1–A.3); left out: A.4–A.7, which use SHA-1");
}

/// RFC 9180 prints messages 0, 1, 2, 4, 255 and 256; those between are sealed here.
#[test]
fn rfc9180_x25519_base_and_psk() {
    type Aead = hpke::aead::ChaCha20Poly1305;
    let all = vectors();
    let mut opened = 0;
    for vector in list(&all["rfc9180"]) {
        let (psk, psk_id) = (field(vector, "psk"), field(vector, "psk_id"));
        let (info, plain) = (field(vector, "info"), field(vector, "pt"));
        let bundle = PskBundle::new(&psk, &psk_id).unwrap();
        let (sending, receiving) = match vector["mode"].as_u64().unwrap() {
            0 => (OpModeS::Base, OpModeR::Base),
            1 => (OpModeS::Psk(bundle), OpModeR::Psk(bundle)),
            mode => panic!("mode {mode}"),
        };
        let private = <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(&field(vector, "skRm"));
        let private = private.unwrap();
        let public = X25519HkdfSha256::sk_to_pk(&private);
        assert_eq!(public.to_bytes().as_slice(), field(vector, "pkRm"));
        let (encapsulated, mut sender) =
            hpke::setup_sender_with_rng::<Aead, HkdfSha256, X25519HkdfSha256>(
                &sending,
                &public,
                &info,
                &mut Fixed(field(vector, "ikmE")),
            )
            .unwrap();
        assert_eq!(encapsulated.to_bytes().as_slice(), field(vector, "enc"));
        let mut receiver = hpke::setup_receiver::<Aead, HkdfSha256, X25519HkdfSha256>(
            &receiving,
            &private,
            &encapsulated,
            &info,
        )
        .unwrap();

        let printed = list(&vector["encryptions"]);
        for number in 0..=256u64 {
            let aad = format!("Count-{number}");
            let mut sealed = sender.seal(&plain, aad.as_bytes()).unwrap();
            if let Some(line) = printed.iter().find(|line| line[0].as_u64() == Some(number)) {
                let expected = hex(line[1].as_str().unwrap());
                assert_eq!(sealed, expected, "{} {number}", vector["name"]);
                sealed = expected;
                opened += 1;
            }
            assert_eq!(receiver.open(&sealed, aad.as_bytes()).unwrap(), plain);
        }
        for line in list(&vector["exports"]) {
            let mut out = [0; 32];
            let text = |at: usize| hex(line[at].as_str().unwrap());
            receiver.export(&text(0), &mut out).unwrap();
            assert_eq!(out.as_slice(), text(1));
        }
    }
    assert_eq!(opened, 12);
    report(
        "RFC 9180 A.2 (X25519, HKDF-SHA256, ChaCha20-Poly1305): base and PSK, 12 messages sealed \
         alike and opened, 6 exports; left out: the authenticated modes, which X-Wing does not have",
    );
}

#[test]
fn rfc9106_argon2id() {
    let vector = &vectors()["rfc9106"];
    let (associated, secret) = (field(vector, "ad"), field(vector, "secret"));
    let params = argon2::ParamsBuilder::new()
        .m_cost(32)
        .t_cost(3)
        .p_cost(4)
        .data(argon2::AssociatedData::new(&associated).unwrap())
        .output_len(32)
        .build()
        .unwrap();
    let argon2 = argon2::Argon2::new_with_secret(
        &secret,
        argon2::Algorithm::Argon2id,
        argon2::Version::V0x13,
        params,
    )
    .unwrap();
    let mut memory = vec![argon2::Block::new(); argon2.params().block_count()];
    let mut tag = [0; 32];
    let (password, salt) = (field(vector, "password"), field(vector, "salt"));
    argon2
        .hash_password_into_with_memory(&password, &salt, &mut tag, memory.as_mut_slice())
        .unwrap();
    assert_eq!(tag, field_array(vector, "tag"));
    report("RFC 9106 Argon2id: 1 (§5.3); §5.1 and §5.2 are of variants that are not used");
}
