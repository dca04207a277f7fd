//! Systems without a secret service.

use std::path::PathBuf;

use sidelight::{ErrorKind, KeyStore, KeyStoreError};
use zeroize::Zeroizing;

use crate::failure::Failure;

#[derive(Clone, Debug)]
pub(super) struct ServiceKeyStore;

impl ServiceKeyStore {
    pub(super) fn new(_path: PathBuf) -> Self {
        Self
    }

    pub(super) fn is_open(&self) -> bool {
        false
    }

    pub(super) fn ready(&self) -> Result<(), Failure> {
        Err(none())
    }

    pub(super) fn require(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        Err(none())
    }

    pub(super) fn unlock(&self) -> Result<(), Failure> {
        Err(none())
    }

    pub(super) fn remove(&self) -> Result<(), Failure> {
        Err(none())
    }
}

impl KeyStore for ServiceKeyStore {
    fn load(&self) -> Result<Option<Vec<u8>>, KeyStoreError> {
        Err(KeyStoreError::Other)
    }

    fn save(&self, _key: &[u8]) -> Result<(), KeyStoreError> {
        Err(KeyStoreError::Other)
    }
}

fn none() -> Failure {
    Failure::of(
        ErrorKind::KeysLocked,
        "this version knows no secret service on this system; choose passphrase or file",
    )
}
