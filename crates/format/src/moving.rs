//! Moving to another relay: what a device keeps of a mailbox that is on its way.

use serde::{Deserialize, Serialize};

use crate::{EnvelopeId, EpochId, EraseToken, RelayAddress, SpaceId, Timestamp};

/// A mailbox that is being brought to another relay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveRecord {
    /// Its space.
    pub space: SpaceId,
    /// Its epoch.
    pub epoch: EpochId,
    /// The relay that it leaves; none if that one is lost, and nothing is to be done there.
    pub from: Option<RelayAddress>,
    /// How far it has come.
    pub stage: MoveStage,
    /// The number of the first [`ListedRecord`](crate::record::ListedRecord) that was not yet
    /// looked at for what the former relay is to drop.
    pub next: u64,
    /// What was erased since it left, which the former relay is to drop too.
    pub also: Vec<(EnvelopeId, EraseToken)>,
    /// When the former relay was first to drop something, by this device's clock.
    pub since: Option<Timestamp>,
}

/// How far a mailbox has come on its way to another relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum MoveStage {
    /// What waits is still sent to the former relay, and what that one has is read.
    Leaving = 0,
    /// The new relay is being given all that is here.
    Filling = 1,
    /// The new relay keeps it; the former one is asked to drop what this person wrote.
    Dropping = 2,
}
