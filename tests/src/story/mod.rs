//! A stage for stories: production devices, the production mailbox, and a test that plays the
//! persons, the weather and whoever lies.
//!
//! | file | what |
//! |---|---|
//! | `stage` | homes and relay, and what befalls them |
//! | `lines` | the lines between, and what is carried over them |
//! | `look` | what a device shows, what a relay has, what was ever said |
//! | `people` | pairing and writing, as persons do it |
//! | `said` | what an honest relay says |
//! | `hand` | envelopes made by hand, as a changed client makes them |
//! | `chunk` | changes taken apart and put together wrongly |
//! | `erasing` | taking back, own further devices, what is left of an entry anywhere |
//! | `volumes` | what devices pack for each other |
//! | `orders` | every order of a few things, and every run of a story with choices |
//!
//! Where the [simulation](crate::sim) leaves everything to chance, a story is told. Everything
//! in it comes from its seed, and whatever a panic says names it.

mod chunk;
mod erasing;
mod hand;
mod lines;
mod look;
mod orders;
mod people;
mod said;
mod stage;
mod volumes;

pub use chunk::Chunk;
pub use hand::{Hand, envelope_keys};
pub use look::{plain, same_shown};
pub use orders::{Choices, every_order, every_run};
pub use people::{day, draft, shared, splice, together};
pub use said::{honest, whole};
pub use stage::{ADA, BO, CY, Home, Liar, RELAY, Story};
