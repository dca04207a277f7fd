//! What is tried over the whole of Sidelight: the simulation is here, its runs, the stories and
//! the checks of the house are in `tests/`.

pub mod sim;
