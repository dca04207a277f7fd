//! The last message of linking an own device: what the new one begins with.

use sidelight_crypto::UnsealingKey;
use sidelight_crypto::pairing::{Step, open, seal};
use sidelight_format::record::PairingEnd;
use sidelight_format::{Bytes, PairingMessage, Welcome, decode, encode};
use zeroize::Zeroizing;

use super::{Outcome, PROOF, Pairing};
use crate::Outside;

impl Pairing {
    /// The new device learns whose it is, once both sides have confirmed and not before.
    pub(super) fn handle_welcome(&self, encapsulated: &Bytes, ciphertext: &Bytes) -> Vec<Outcome> {
        let record = &self.record;
        let (true, None, false, Some(transcript)) = (
            self.is_agreed(),
            record.ended,
            record.inviter,
            self.transcript(),
        ) else {
            return Vec::new();
        };
        let key = UnsealingKey::from_seed(&record.pairing);
        let opened = open(
            Step::Welcome,
            &record.invitation,
            &key,
            &transcript,
            encapsulated,
            ciphertext,
        );
        let welcome = opened.ok().and_then(|bytes| decode::<Welcome>(&bytes).ok());
        welcome.map_or_else(Vec::new, |welcome| {
            vec![Outcome::Welcomed(Box::new(welcome))]
        })
    }

    /// What the inviter tells a further own device, once both sides have confirmed; none before.
    pub fn welcome(&self, welcome: &Welcome, outside: &mut Outside<'_>) -> Option<PairingMessage> {
        let (Some(transcript), Some(other), true, true) = (
            self.transcript(),
            &self.record.other,
            self.is_agreed(),
            self.record.inviter,
        ) else {
            return None;
        };
        let (encapsulated, ciphertext) = seal(
            Step::Welcome,
            &self.record.invitation,
            &other.pairing,
            &transcript,
            &Zeroizing::new(encode(welcome)),
            outside.rng,
        )
        .expect(PROOF);
        Some(PairingMessage::Welcome {
            encapsulated,
            ciphertext,
        })
    }

    /// The other side broke the rules in what it said after both had confirmed.
    pub fn end_broken(&mut self) {
        self.record.ended = Some(PairingEnd::Broken);
    }
}
