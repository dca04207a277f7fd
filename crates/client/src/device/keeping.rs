//! Mailboxes that nobody listens to any more: they hold what a new or recovered device reads, and
//! a relay lets go of what is never opened. So each is opened once in a while.

use sidelight_format::record::ReplicaRecord;
use sidelight_format::{EpochId, SpaceId, Timestamp};
use sidelight_store::{Key, Txn};
use sidelight_sync::epoch_mailbox;

use super::core::Core;
use super::moving::epochs_of;
use super::space::STEPS_BACK;
use crate::Error;

/// How long a mailbox is left alone, by this device's clock: 90 days. Relays keep what was not
/// opened for 400, so that a device that is used every few months comes in time.
const LEFT_ALONE_SECS: i64 = 90 * DAY_SECS;

/// How many mailboxes of a space are opened in one go.
const AT_ONCE: usize = 8;

const DAY_SECS: i64 = 24 * 3600;

impl Core {
    /// Opens mailboxes again that were left alone for long: a few at each opening of this device,
    /// and a few on each day that it stays open. One that its relay has lost is begun and filled
    /// again by that.
    pub(super) fn keep_from_expiring(
        &mut self,
        txn: &mut Txn<'_>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let lately = |at: Timestamp| now.0.saturating_sub(at.0).saturating_abs() < DAY_SECS;
        if self.kept.is_some_and(lately) || self.me.removed || self.is_walking() {
            return Ok(());
        }
        self.kept = Some(now);
        let spaces = self.spaces.values().filter(|known| !known.record.left);
        let spaces: Vec<SpaceId> = spaces.map(|known| known.id).collect();
        for space in spaces {
            let due = self.left_alone(txn, space, now)?;
            if due.is_empty() {
                continue;
            }
            self.dirty = true;
            if let Some(known) = self.spaces.get_mut(&space) {
                known.record.unread.extend(due);
            }
            self.listen(txn, space)?;
        }
        Ok(())
    }

    /// The epochs of a space whose mailboxes are to be opened, those first that were left alone
    /// for longest.
    fn left_alone(
        &self,
        txn: &Txn<'_>,
        space: SpaceId,
        now: Timestamp,
    ) -> Result<Vec<EpochId>, Error> {
        let Some(known) = self.spaces.get(&space).filter(|_| !self.lock.hides(&space)) else {
            return Ok(Vec::new());
        };
        // As long as there are no more, all of them are listened to.
        if known.graph.nodes().len() <= STEPS_BACK {
            return Ok(Vec::new());
        }
        let listened = known.listened();
        let mut due = Vec::new();
        for (epoch, kept) in epochs_of(txn, &space)? {
            if listened.contains(&epoch) {
                continue;
            }
            let mailbox = epoch_mailbox(&space, &kept.secret).name();
            let replica = txn.get::<ReplicaRecord>(Key::Name(&mailbox.0))?;
            let synced = replica.and_then(|replica| replica.synced);
            // A clock that was ahead then is no reason to wait until it would be again.
            let alone = |at: Timestamp| now.0.saturating_sub(at.0).saturating_abs();
            if synced.is_none_or(|at| alone(at) >= LEFT_ALONE_SECS) {
                due.push((synced, epoch));
            }
        }
        due.sort_unstable();
        Ok(due
            .into_iter()
            .take(AT_ONCE)
            .map(|(_, epoch)| epoch)
            .collect())
    }
}
