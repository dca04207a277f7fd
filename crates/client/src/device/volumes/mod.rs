//! Volumes: what one own device packs, so that another one starts from few envelopes.
//!
//! [`pack`] builds them in the background of what [`item`] makes of each entry, [`fill`] is how a new
//! device is filled from them, [`ahead`] how a recovered one finds them, [`proof`] how it becomes
//! certain who wrote what it was filled with. Whatever is missing or not right in a volume comes
//! envelope by envelope instead, as if there were none.

mod ahead;
mod fill;
pub(super) mod item;
mod pack;
mod proof;
mod shed;

pub(super) use fill::change_hash;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use sidelight_format::record::VolumesRecord;
use sidelight_format::{EnvelopeId, MailboxName, Position};
use sidelight_store::{Key, Txn};

use super::core::Core;
use crate::Error;

/// What this opening knows of volumes.
#[derive(Default)]
pub(super) struct Volumes {
    pub(super) record: VolumesRecord,
    /// It differs from the one that is kept.
    changed: bool,
    /// A device is about to be linked: whatever is not packed is to be packed now.
    hurry: bool,
    /// The numbers of the rows that name entries that are not proved yet, once they were looked up;
    /// in the order of looking.
    unproved: Option<VecDeque<u64>>,
    /// Mailboxes of which something is to be fetched that was thought to be here.
    relist: BTreeSet<MailboxName>,
    /// What a recovery walk has looked at.
    ahead: ahead::Ahead,
}

/// What one link does about volumes.
#[derive(Default)]
pub(super) struct Filling {
    /// Where the volumes and proofs of its mailbox are, once its list was read.
    listed: Option<BTreeMap<EnvelopeId, Position>>,
    /// What was asked for and has not been answered.
    asked: VecDeque<EnvelopeId>,
    /// What a recovery walk looks at in its mailbox, once its list was read.
    looking: Option<ahead::Looking>,
}

impl Volumes {
    pub(super) fn open(txn: &Txn<'_>) -> Result<Self, Error> {
        Ok(Self {
            record: txn.get(Key::One)?.unwrap_or_default(),
            ..Self::default()
        })
    }

    /// To be kept, at the latest when the step ends.
    fn change(&mut self) -> &mut VolumesRecord {
        self.changed = true;
        &mut self.record
    }
}

impl Core {
    /// Keeps what has changed.
    pub(super) fn keep_volumes(&mut self, txn: &mut Txn<'_>) {
        if std::mem::take(&mut self.volumes.changed) {
            self.dirty = true;
            txn.put(Key::One, &self.volumes.record);
        }
    }
}
