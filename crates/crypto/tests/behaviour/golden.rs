//! Golden bytes of version 1: what one seed seals. A change here is a change of format, and
//! takes a new version.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use sidelight_crypto::pairing::{self, Step};
use sidelight_crypto::*;
use sidelight_format::*;

use crate::samples::*;

/// Long bytes stand here by their SHA-256, short ones as they are.
const GOLDEN: &[(&str, &str)] = &[
    (
        "header and nonce",
        "01010000131e3c612370c39e3bc21a2eac14f79a355cd128b25ef0e6bd64eab8610af1e2be4be674c79d5b8e957de20ef94fa299aa9c97c44e4e15305ed80303780b928778774a186003cdaf73dfefce516edeaccb6e387de1e6234a",
    ),
    (
        "live envelope, 1 KiB",
        "c9a9f2535c3f3064a72af6521e2b06e682d96dcd96a2eea5eebb855382503efb",
    ),
    (
        "volume envelope, 1 KiB",
        "96170557a1bf25f9fa638510e112bef19fa4c3b03518b00e7919dd41b8678c53",
    ),
    (
        "proof envelope, 1 KiB",
        "f5258f27c5fc882c3aa3a864888acb75d80f322a48951a7e40721b357e107fe2",
    ),
    (
        "blob envelope, 100 KiB",
        "0484e7480b08c963c210d4f568147372be9b0d4e8422010a4a92204e112d6d0d",
    ),
    (
        "erase token",
        "81f17265f5d495d61ad6e4ddd690f8ef8acffb615b8a3f0915a81b7c9df4cff4",
    ),
    (
        "mailbox of an epoch",
        "907a6642d9dee87ed7b6a235e2878bb4797d0455020d32ab493e956d777e2027",
    ),
    (
        "mailbox of an invitation",
        "3e18b0b7351084ecb54cb86f9d63fb444112a408129d4cbf1689f7f868d54784",
    ),
    (
        "mailbox of recovery words",
        "91fbe60ce5f06d6310aa66b4354339d25ab8ccbd4688acf3574b8c3a1192a9fc",
    ),
    (
        "sealed epoch secret",
        "2420cf08fe642c662af17dc22265321a8c673834888c8f464483659738d54454",
    ),
    (
        "keyring",
        "2098217119ce18421a5577ef7f8e6774994fd0737e25625da57d6adb6b344b22",
    ),
    (
        "join",
        "5f470f7a661c93645806e8a32ad636f520adb1100fb45efadf77ecb64e2434cf",
    ),
    (
        "reveal",
        "9bd1187f87ce4713a2dce386cf154d9f97a5d1513f151fae27406eadd2c3ae37",
    ),
    (
        "inviter's confirmation",
        "417cca464f8459f4e6bdd2e82384ff662c4714184cb8e706d5f6521a2c62fb90",
    ),
    (
        "joiner's confirmation",
        "e96e25493be57b9fd50e419543bf0d4d007cdf76c6ad8a34067a8b90d4278344",
    ),
    (
        "welcome",
        "99315f63ad44908a8afd781109ffdcab296cf36ae89ce8e447788bffd4120edb",
    ),
    (
        "transcript",
        "39aa6ada1cb1f4984b42518d0749f3c9f02a70d887a14db0be806940acf2afa2",
    ),
    (
        "comparison",
        "carrot, cat, dog, alarm clock, grapes, tent, rainbow",
    ),
    (
        "stored row",
        "0101f6a12ca8ffc30a66ca140ccc7276336115819361186d3f53749d0159e47d2531eadbdff8000559f9cfcf442c20",
    ),
    ("blinded name", "503efbafeb441262076fad6c0e02a504"),
    (
        "storage key under a passphrase",
        "010101385553aa23a24b14d8bbc2dff606277f444e049797ae7e0404e3a9ba0ecef2fb904a64524ce3c87375e2a0b53861fbe0514ee38a029733a6e5b49076f0b8fdc559fa78750d641744c00b70c42bf92f5f445bb2ceaac7cacb",
    ),
    (
        "signature of a confirmation",
        "5835b1d47509c6f7a5344fd771307c6c5a4c2317e7ca945c63cc8fac23c95739",
    ),
    (
        "proof of a mailbox",
        "cdaf35c85834a730699825b8c3370d250f95d02a90263a304e4d915e4e50edf0",
    ),
];

#[test]
fn sealed_bytes_are_those_of_version_1() {
    let mut found = Vec::new();
    envelopes(&mut found);
    epochs(&mut found);
    pairings(&mut found);
    storage(&mut found);
    signatures(&mut found);
    let found: Vec<_> = found
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    assert_eq!(found, GOLDEN, "as it is now:\n{found:#?}");
}

type Found = Vec<(&'static str, String)>;

fn hash(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

fn envelopes(found: &mut Found) {
    let keys = MailboxKeys::of_epoch(&SPACE, &EpochId([2; 32]), &secret(1));
    let token = erase_token(&secret(2), &Salt([3; 16]));
    let seal = |class, len| keys.seal(class, &blob(len), &token, &mut rng(4)).unwrap();
    let live = seal(Class::Live, 40);
    found.push(("header and nonce", HEXLOWER.encode(&live[..92])));
    found.push(("live envelope, 1 KiB", hash(&live)));
    found.push(("volume envelope, 1 KiB", hash(&seal(Class::Volume, 40))));
    found.push(("proof envelope, 1 KiB", hash(&seal(Class::Proof, 40))));
    found.push(("blob envelope, 100 KiB", hash(&seal(Class::Blob, 100_000))));
    found.push(("erase token", token.to_hex()));
    found.push(("mailbox of an epoch", keys.name().to_hex()));
    let invitation = MailboxKeys::of_invitation(&secret(1));
    found.push(("mailbox of an invitation", invitation.name().to_hex()));
    let recovery = MailboxKeys::of_recovery(&secret(1));
    found.push(("mailbox of recovery words", recovery.name().to_hex()));
}

fn epochs(found: &mut Found) {
    let secret = secret(1);
    let context = context(&secret);
    let to = UnsealingKey::from_seed(&crate::samples::secret(2)).sealing_key();
    let sealed = seal_epoch_secret(&secret, &to, &context, &mut rng(3)).unwrap();
    found.push(("sealed epoch secret", hash(&encode(&sealed))));
    let keyring = Keyring {
        secrets: vec![(context.epoch, secret.clone())],
        person: Vec::new(),
    };
    let keyring = seal_keyring(&keyring, &SPACE, &context.epoch, &secret, &mut rng(4));
    found.push(("keyring", hash(&keyring)));
}

fn pairings(found: &mut Found) {
    let to = UnsealingKey::from_seed(&secret(2)).sealing_key();
    for (name, step) in [
        ("join", Step::Join),
        ("reveal", Step::Reveal),
        ("inviter's confirmation", Step::ConfirmInviter),
        ("joiner's confirmation", Step::ConfirmJoiner),
        ("welcome", Step::Welcome),
    ] {
        let (encapsulated, ciphertext) =
            pairing::seal(step, &invitation(1), &to, &[3; 32], b"message", &mut rng(4)).unwrap();
        found.push((name, hash(&[encapsulated.as_slice(), &ciphertext].concat())));
    }
    let (ada, bo) = (bundle(1, "Ada"), bundle(5, "Bo"));
    let transcript = pairing::transcript(&invitation(1), &ada, &bo, &[1; 32], &[2; 32]);
    found.push(("transcript", HEXLOWER.encode(&transcript)));
    let names = pairing::comparison(&transcript).map(|emoji| emoji.name);
    found.push(("comparison", names.join(", ")));
}

fn storage(found: &mut Found) {
    let key = StorageKey::new(*secret(1).expose());
    let row = key.seal(b"\x0aplace", b"a day", &mut rng(2));
    found.push(("stored row", HEXLOWER.encode(&row)));
    found.push((
        "blinded name",
        HEXLOWER.encode(&key.blind(b"\x0a", b"name")),
    ));
    let under = seal_storage_key(&[7; 32], b"four random words", &mut rng(3)).unwrap();
    found.push(("storage key under a passphrase", HEXLOWER.encode(&under)));
}

fn signatures(found: &mut Found) {
    let statement = ConfirmationStatement {
        transcript: [2; 32],
        inviter: true,
        same: true,
    };
    let signature = PersonSigningKey::from_seed(&secret(1)).sign(&statement);
    found.push(("signature of a confirmation", hash(&signature.to_bytes())));
    let proof = MailboxKeys::of_invitation(&secret(1)).prove(&[3; 32]);
    found.push(("proof of a mailbox", hash(&proof.to_bytes())));
}
