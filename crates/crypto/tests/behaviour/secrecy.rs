//! Secret types print nothing and wipe themselves.

use sidelight_crypto::*;
use sidelight_format::{EpochId, SpaceId};
use zeroize::ZeroizeOnDrop;

use crate::samples::secret;

#[test]
fn the_debug_form_of_every_secret_type_is_its_name_alone() {
    let seed = secret(1);
    let epoch = MailboxKeys::of_epoch(&SpaceId([1; 32]), &EpochId([2; 32]), &seed);
    for (printed, name) in [
        (format!("{seed:?}"), "Secret"),
        (
            format!("{:?}", PersonSigningKey::from_seed(&seed)),
            "PersonSigningKey",
        ),
        (
            format!("{:?}", DeviceSigningKey::from_seed(&seed)),
            "DeviceSigningKey",
        ),
        (
            format!("{:?}", AuthorSigningKey::from_seed(&seed)),
            "AuthorSigningKey",
        ),
        (
            format!("{:?}", RecoverySigningKey::from_seed(&seed)),
            "RecoverySigningKey",
        ),
        (
            format!("{:?}", UnsealingKey::from_seed(&seed)),
            "UnsealingKey",
        ),
        (format!("{epoch:?}"), "MailboxKeys"),
        (format!("{:?}", RecoveryWords::of(&seed)), "RecoveryWords"),
        (
            format!("{:#?}", StorageKey::new(*seed.expose())),
            "StorageKey",
        ),
    ] {
        assert_eq!(printed, format!("{name}(…)"));
    }
}

#[test]
fn every_secret_type_wipes_itself_when_dropped() {
    fn wiped<T: ZeroizeOnDrop>() {}
    wiped::<sidelight_format::Secret>();
    wiped::<sidelight_format::SecretBytes>();
    wiped::<PersonSigningKey>();
    wiped::<DeviceSigningKey>();
    wiped::<AuthorSigningKey>();
    wiped::<RecoverySigningKey>();
    wiped::<UnsealingKey>();
    wiped::<MailboxKeys>();
    wiped::<StorageKey>();
    wiped::<RecoveryWords>();
    // And what is below: a crate that loses the feature which wipes no longer compiles here.
    wiped::<ed25519_dalek::SigningKey>();
    wiped::<chacha20poly1305::XChaCha20Poly1305>();
    wiped::<x25519_dalek::StaticSecret>();
}

#[test]
fn errors_say_nothing_of_what_failed_inside() {
    assert_eq!(
        Tampered.to_string(),
        "the sealed bytes do not open under this key in this place"
    );
    assert_eq!(
        Unopened::Tampered(Tampered).to_string(),
        Tampered.to_string()
    );
    assert_eq!(Unverified.to_string(), "the signature does not verify");
}
