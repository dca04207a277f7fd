//! HPKE with X-Wing, HKDF-SHA256 and ChaCha20-Poly1305: the shipped suite.
//!
//! The vectors of our suite are kept beside this file, with their licence. Where the whole
//! published files are at hand (`SIDELIGHT_DATA`, or `shared/data` beside the checkout), they are
//! run from there too, and what belongs to other suites is counted.

use hpke::{
    Deserializable, Kem, OpModeR, OpModeS, Serializable, aead::ChaCha20Poly1305, kdf::HkdfSha256,
    kem::XWing,
};
use serde_json::Value;
use sidelight_crypto::UnsealingKey;
use sidelight_format::Secret;
use std::path::PathBuf;

use crate::{Fixed, field, field_array, list, report};

fn is_ours(vector: &Value) -> bool {
    let id = |key: &str| vector[key].as_u64().unwrap();
    (id("mode"), id("kem_id"), id("kdf_id"), id("aead_id")) == (0, 0x647a, 1, 3)
}

/// Runs one vector of our suite in both directions; gives the number of messages.
fn run(vector: &Value) -> usize {
    let private = <XWing as Kem>::PrivateKey::from_bytes(&field(vector, "skRm")).unwrap();
    let public = XWing::sk_to_pk(&private);
    assert_eq!(public.to_bytes().as_slice(), field(vector, "pkRm"));
    let own = UnsealingKey::from_seed(&Secret::new(field_array(vector, "skRm")));
    assert_eq!(
        own.sealing_key().as_bytes().as_slice(),
        field(vector, "pkRm")
    );
    let (derived, _) = XWing::derive_keypair(&field(vector, "ikmR"));
    assert_eq!(derived.to_bytes().as_slice(), field(vector, "skRm"));

    let info = field(vector, "info");
    let (encapsulated, mut sender) =
        hpke::setup_sender_with_rng::<ChaCha20Poly1305, HkdfSha256, XWing>(
            &OpModeS::Base,
            &public,
            &info,
            &mut Fixed(field(vector, "ikmE")),
        )
        .unwrap();
    assert_eq!(encapsulated.to_bytes().as_slice(), field(vector, "enc"));
    let mut receiver = hpke::setup_receiver::<ChaCha20Poly1305, HkdfSha256, XWing>(
        &OpModeR::Base,
        &private,
        &<XWing as Kem>::EncappedKey::from_bytes(&field(vector, "enc")).unwrap(),
        &info,
    )
    .unwrap();
    for message in list(&vector["encryptions"]) {
        let (plain, aad) = (field(message, "pt"), field(message, "aad"));
        let sealed = field(message, "ct");
        assert_eq!(receiver.open(&sealed, &aad).unwrap(), plain);
        assert_eq!(sender.seal(&plain, &aad).unwrap(), sealed);
    }
    for export in list(&vector["exports"]) {
        let mut out = vec![0; export["L"].as_u64().unwrap() as usize];
        receiver
            .export(&field(export, "exporter_context"), &mut out)
            .unwrap();
        assert_eq!(out, field(export, "exported_value"));
    }
    list(&vector["encryptions"]).len()
}

fn kept() -> Value {
    serde_json::from_str(include_str!("hpke-xwing.json")).unwrap()
}

#[test]
fn hpke_xwing_as_kept_here() {
    let kept = kept();
    for set in list(&kept) {
        let messages: usize = list(&set["vectors"]).iter().map(run).sum();
        assert_eq!(messages, 10);
        report(&format!(
            "HPKE X-Wing, excerpt of {}: 1 vector, {messages} messages opened and sealed alike",
            set["file"].as_str().unwrap()
        ));
    }
    assert_eq!(list(&kept).len(), 2);
}

#[test]
fn hpke_xwing_whole_files_where_present() {
    let data = std::env::var_os("SIDELIGHT_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    let kept = kept();
    for set in list(&kept) {
        let name = set["file"].as_str().unwrap();
        let path = data.join("vectors").join(name);
        let Ok(text) = std::fs::read_to_string(&path) else {
            report(&format!(
                "HPKE {name}: LEFT OUT, {} is not there; the excerpt kept here ran",
                path.display()
            ));
            continue;
        };
        let whole: Value = serde_json::from_str(&text).unwrap();
        let (ours, others): (Vec<_>, Vec<_>) =
            list(&whole).iter().partition(|vector| is_ours(vector));
        assert!(!ours.is_empty(), "{name} has none of our suite");
        assert_eq!(
            ours,
            list(&set["vectors"]).iter().collect::<Vec<_>>(),
            "excerpt of {name}"
        );
        let messages: usize = ours.iter().copied().map(run).sum();
        report(&format!(
            "HPKE {name}: {} of our suite, {messages} messages opened and sealed alike; {} out of suite (another KEM, KDF or AEAD)",
            ours.len(),
            others.len()
        ));
    }
}
