//! People, pairing, epochs and replication, without IO.
//!
//! This floor decides who is who, which secret seals what, whose word counts for what, and
//! what two ends of a link say to each other. It knows no clock, socket, file or thread and
//! no document: time and randomness come in as [`Outside`], changes are bytes to it.
//!
//! `PROTOCOL.md` describes the exchanges, `THREATS.md` what they withstand; both are included
//! below.
#![doc = include_str!("../PROTOCOL.md")]
#![doc = include_str!("../THREATS.md")]

pub mod authors;
pub mod chain;
mod epochs;
pub mod erasure;
mod graph;
mod pairing;
mod people;
mod recovery;
mod replica;
mod roster;
pub mod schedule;
pub mod volumes;

use rand_core::CryptoRng;
use sidelight_format::Timestamp;

pub use epochs::{
    BadEpoch, Epoch, NewEpoch, begin_epoch, check_epoch, epoch_mailbox, open_epoch, read_epoch,
};
pub use graph::{Admission, EpochGraph, Limit};
pub use pairing::{NotJoined, Outcome, Pairing, Side, Signer};
pub use people::{BrokenChain, Person, Step, Successor};
pub use recovery::{NoStart, Start, check_start, private_space};
pub use replica::{Found, Session};
pub use roster::{BadRoster, Device, Doubt, Merged, Roster, RosterSigner, Standing, Taken};

/// The outside forces, handed in: what time it is, and randomness.
pub struct Outside<'a> {
    /// By this device's own clock, which may be wrong.
    pub now: Timestamp,
    /// Cryptographically strong, or seeded in a simulation.
    pub rng: &'a mut dyn CryptoRng,
}

impl Outside<'_> {
    /// `N` random bytes.
    pub fn random<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }
}

impl core::fmt::Debug for Outside<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Outside")
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}
