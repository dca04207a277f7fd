//! The production device and the production mailbox, in one thread, from one seed.
//!
//! | file | what |
//! |---|---|
//! | `chance` | the seed's dice |
//! | `wire` | links that are cut at any byte and delayed; a stream never loses or reorders |
//! | `world` | the devices, one relay, the links between, the clock |
//! | `devices` | further devices of the two persons: linked, removed, brought back by words |
//! | `step` | what can happen next, and how often |
//! | `oracle` | what was acknowledged, and what must hold in the end |
//!
//! [`run`] lets a seed's story happen: pairing and writing in bad weather, crashes between any
//! two outputs, a relay that loses, rolls back, swaps. Then the weather ends and everything is
//! checked. The same seed gives the same trace.

mod chance;
mod devices;
mod oracle;
mod step;
mod wire;
mod world;

pub use chance::Chance;
pub use oracle::Broken;
pub use world::World;

/// How a run went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The hash over everything that happened, in order.
    pub trace: [u8; 32],
    /// How many steps of each kind were taken.
    pub steps: std::collections::BTreeMap<&'static str, u32>,
    /// How many entries both devices show.
    pub shared_entries: usize,
    /// How many distinct envelopes and rows were sealed, each under a nonce of its own.
    pub nonces: usize,
}

/// Runs one seed for `steps` steps of bad weather, then lets everything settle and checks it.
///
/// # Errors
/// [`Broken`]: which promise, in a sentence.
pub fn run(seed: u64, steps: u32) -> Result<Report, Broken> {
    let mut world = World::new(seed)?;
    if !seed.is_multiple_of(4) {
        // One in four runs pairs in bad weather; the others have more to say to each other.
        world.settle()?;
    }
    let mut counts = std::collections::BTreeMap::new();
    for _ in 0..steps {
        let kind = step::take(&mut world)?;
        *counts.entry(kind).or_default() += 1;
    }
    world.settle()?;
    let report = oracle::check(&world, counts)?;
    if !world.rolled_back {
        world.recover()?;
    }
    Ok(report)
}
