//! Comparing once more with a partner whom one has: after a recovery, or when keys are in doubt.

use sidelight_format::{Bundle, PersonId, Who};

use super::Pairing;

impl Pairing {
    /// This pairing compares with `partner` once more: anybody else ends it.
    #[must_use]
    pub fn with(mut self, partner: PersonId) -> Self {
        self.record.with = Some(partner);
        self
    }

    /// Whether the other side is somebody else than the partner that this is for.
    pub(super) fn is_stranger(&self, other: &Bundle) -> bool {
        self.record.with.is_some_and(
            |partner| !matches!(&other.who, Who::Person { genesis, .. } if genesis.id() == partner),
        )
    }
}
