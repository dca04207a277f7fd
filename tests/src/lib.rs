//! What is tried over the whole of Sidelight: the simulation and the stage for stories are
//! here; their runs, the stories and the checks of the house are in `tests/`.

pub mod merging;
mod sealing;
pub mod sim;
pub mod story;

pub use sealing::SeededSealing;
