//! A further secret for private entries: what a device keeps of it.

use serde::{Deserialize, Serialize};

use crate::{Bytes, Secret, SpaceId};

/// Whether this device keeps private rows under a key of their own, and that key, sealed under a
/// secret that only the person has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivateLockRecord {
    /// The key of private rows, sealed; empty once they lie under no key of their own any more.
    pub sealed: Bytes,
    /// The private spaces, the former ones among them.
    pub spaces: Vec<SpaceId>,
}

/// What of this device opens private epochs: apart from [`DeviceRecord`](crate::record::DeviceRecord),
/// which has zeros instead, while private rows lie under a key of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivateKeysRecord {
    /// The seed of the device's X-Wing sealing key.
    pub sealing: Secret,
    /// The entropy of recovery words that have not been checked yet.
    pub recovery: Option<Secret>,
}
