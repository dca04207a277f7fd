//! Journals as programs see them, over relays in the same process.

#![allow(clippy::unwrap_used, reason = "a test fails where it stands")]

mod evidence;
mod homes;
mod imports;
mod kinds;
mod leaving;
mod lives;
mod moving;
mod relays;
mod support;
mod together;
