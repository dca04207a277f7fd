//! Journals as programs see them, over relays in the same process.

mod imports;
mod support;
mod together;
