//! Systems whose kernel keeps no keys: every command asks for the passphrase.

use std::path::Path;
use std::time::Duration;

use sidelight::KEY_LEN;
use zeroize::Zeroizing;

use crate::failure::Failure;

pub(super) fn find(_home: &Path) -> Option<Zeroizing<[u8; KEY_LEN]>> {
    None
}

pub(super) fn keep(_home: &Path, _key: &[u8], _time: Duration) -> Result<(), Failure> {
    Err(Failure::invalid(
        "this system's kernel keeps no keys, so nothing was unlocked; each command asks for the \
         passphrase instead",
    ))
}

pub(super) fn forget(_home: &Path) -> Result<(), Failure> {
    Ok(())
}

pub(super) fn find_secret(_home: &Path) -> Option<Zeroizing<Vec<u8>>> {
    None
}

pub(super) fn keep_secret(home: &Path, secret: &[u8], time: Duration) -> Result<(), Failure> {
    keep(home, secret, time)
}

pub(super) fn forget_secret(_home: &Path) -> Result<(), Failure> {
    Ok(())
}
