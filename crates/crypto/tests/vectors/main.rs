//! The primitives against vectors that others published: all of them, counted, none left out
//! without a reason. The counts are pinned, so a set that shrinks unnoticed fails.

#![allow(
    clippy::unwrap_used,
    reason = "a vector that is not as expected is a failure"
)]

mod bip39_vectors;
mod hpke_vectors;
mod rfc;
mod wycheproof_vectors;

use std::io::Write;

/// Prints past the test harness's capture, so that an ordinary run shows what was checked.
fn report(line: &str) {
    writeln!(std::io::stderr().lock(), "vectors: {line}").expect("stderr takes a line");
}

fn hex(text: &str) -> Vec<u8> {
    data_encoding::HEXLOWER_PERMISSIVE
        .decode(text.as_bytes())
        .unwrap()
}

fn array<const LEN: usize>(text: &str) -> [u8; LEN] {
    hex(text).try_into().unwrap()
}

/// The string in `value` under `key`, as bytes.
fn field(value: &serde_json::Value, key: &str) -> Vec<u8> {
    hex(value[key].as_str().unwrap_or_else(|| panic!("no {key}")))
}

fn field_array<const LEN: usize>(value: &serde_json::Value, key: &str) -> [u8; LEN] {
    array(value[key].as_str().unwrap_or_else(|| panic!("no {key}")))
}

fn list(value: &serde_json::Value) -> &[serde_json::Value] {
    value.as_array().expect("a list")
}

/// Gives out the bytes that a vector fixes, and no more.
struct Fixed(Vec<u8>);

impl rand_core::TryRng for Fixed {
    type Error = core::convert::Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        unreachable!("no vector draws numbers")
    }
    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        unreachable!("no vector draws numbers")
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        let rest = self.0.split_off(bytes.len());
        bytes.copy_from_slice(&self.0);
        self.0 = rest;
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Fixed {}
