//! Renewal of keys on schedule: what a device keeps of it.

use serde::{Deserialize, Serialize};

use crate::{Generation, Timestamp};

/// When this device's person is to have new keys.
///
/// All times are by this device's clock and are compared with no other's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewalRecord {
    /// The keys that are to be renewed.
    pub generation: Generation,
    /// When this device first wrote something shared with them.
    pub since: Timestamp,
    /// When they are renewed, once that is due.
    pub at: Option<Timestamp>,
}
