//! The storage key, and the secret for private entries, while they are unlocked: with the kernel, in the keyring of this login session
//! (`session-keyring(7)`), never on a disk or in the swap, and for a limited time only. Programs
//! of the same user in the same session can read it, as they could read this one's memory.
//!
//! Where a login began no session keyring, the kernel lends the one of the user.

use std::path::Path;
use std::time::Duration;

use linux_keyutils::{KeyError, KeyRing, KeyRingIdentifier};
use sidelight::{ErrorKind, KEY_LEN, PASSPHRASE_LEN_MAX};
use zeroize::Zeroizing;

use crate::failure::Failure;

/// The key, if this session has it. Any doubt is none: the passphrase is asked for, then.
pub(super) fn find(home: &Path) -> Option<Zeroizing<[u8; KEY_LEN]>> {
    let found = keyring().ok()?.search(&name(home)).ok()?;
    let mut key = Zeroizing::new([0; KEY_LEN]);
    // The kernel answers with the whole length, however much had room.
    (found.read(&mut *key).ok()? == KEY_LEN).then_some(key)
}

/// Hands the key to this session for `time`.
pub(super) fn keep(home: &Path, key: &[u8], time: Duration) -> Result<(), Failure> {
    keep_as(&name(home), key, time)
}

fn keep_as(name: &str, key: &[u8], time: Duration) -> Result<(), Failure> {
    let keep = || {
        let kept = keyring()?.add_key(name, key)?;
        let seconds = usize::try_from(time.as_secs()).unwrap_or(usize::MAX);
        // Without an end it is not left there.
        kept.set_timeout(seconds).inspect_err(|_| {
            let _ = kept.invalidate();
        })
    };
    keep().map_err(|error| {
        Failure::of(
            ErrorKind::KeysLocked,
            format!(
                "the kernel keeps no key for this session ({error}), so nothing was unlocked; \
                 each command can ask for the passphrase instead"
            ),
        )
    })
}

/// The secret for private entries, if this session has it.
pub(super) fn find_secret(home: &Path) -> Option<Zeroizing<Vec<u8>>> {
    let found = keyring().ok()?.search(&secret_name(home)).ok()?;
    let mut secret = Zeroizing::new(vec![0; PASSPHRASE_LEN_MAX]);
    let len = found.read(&mut *secret).ok()?;
    secret.truncate(len);
    Some(secret)
}

/// Hands the secret for private entries to this session for `time`.
pub(super) fn keep_secret(home: &Path, secret: &[u8], time: Duration) -> Result<(), Failure> {
    keep_as(&secret_name(home), secret, time)
}

/// Takes the secret for private entries away from this session, if it has it.
pub(super) fn forget_secret(home: &Path) -> Result<(), Failure> {
    forget_as(&secret_name(home), || find_secret(home).is_none())
}

/// Takes the key away from this session, if it has it.
pub(super) fn forget(home: &Path) -> Result<(), Failure> {
    forget_as(&name(home), || find(home).is_none())
}

fn forget_as(name: &str, is_gone: impl Fn() -> bool) -> Result<(), Failure> {
    let forget = || match keyring()?.search(name) {
        Ok(key) => key.invalidate(),
        Err(error) => Err(error),
    };
    match forget() {
        // No keyring, or none that may be searched, has no key either: `find` looks the same way.
        _ if is_gone() => Ok(()),
        Ok(()) => Err(still_there(KeyError::AccessDenied)),
        Err(error) => Err(still_there(error)),
    }
}

fn still_there(error: KeyError) -> Failure {
    Failure::of(
        ErrorKind::Storage,
        format!("the kernel does not let go of the key ({error}); log out to end this session"),
    )
}

/// By its number: adding to it by its alias could begin a new one, which ends with this process.
fn keyring() -> Result<KeyRing, KeyError> {
    KeyRing::from_special_id(KeyRingIdentifier::Session, false)
}

/// Homes are told apart by their path; only this user can list it.
fn name(home: &Path) -> String {
    let path = home.canonicalize().unwrap_or_else(|_| home.to_owned());
    format!("sidelight:{}", path.display())
}

fn secret_name(home: &Path) -> String {
    format!("{}:private", name(home))
}
