//! Journals as programs see them, over relays in the same process.

mod imports;
mod lives;
mod relays;
mod support;
mod together;
