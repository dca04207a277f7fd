//! Journals as programs see them, over relays in the same process.

#![allow(clippy::unwrap_used, reason = "a test fails where it stands")]

mod between;
mod damage;
mod evidence;
mod holding;
mod homes;
mod imports;
mod kinds;
mod leaving;
mod lives;
mod locking;
mod memories;
mod moving;
mod own_devices;
mod recalls;
mod relays;
mod rhythms;
mod rights;
mod search;
mod support;
mod together;
