//! Moving a space to another relay: a new epoch there, whose record is put where the others
//! still read; then everything earlier is brought along, mailbox by mailbox; then the former
//! relay is asked to drop what this person wrote.
//!
//! Where a space belongs follows from its epochs alone, so that own devices and the partner
//! come along by themselves. The names of mailboxes do not depend on their relay: whoever finds
//! the former one gone for good names the new one, and meets the others there.

use std::collections::BTreeSet;
use std::collections::btree_map::Entry;

use sidelight_format::record::{EpochSecretRecord, Fact, MoveRecord, MoveStage, ReplicaRecord};
use sidelight_format::{
    Body, Bytes, EpochId, MailboxName, Position, RelayAddress, RelayInstance, RunningHash, SpaceId,
};
use sidelight_store::{Key, Txn};
use sidelight_sync::{Outside, epoch_mailbox};

use super::core::{Core, open_epoch};
use super::space::Space;
use super::{LinkId, Output};
use crate::Error;

/// How many mailboxes are brought over at once, beside those that are listened to anyway.
const FILLING_MAX: usize = 8;

/// No relay's data has this instance: what is known of a mailbox there is nothing, and all that
/// is here is compared with what it has.
pub(super) const NOWHERE: RelayInstance = RelayInstance([0; 16]);

impl Core {
    /// Moves the person's journals to another relay: at once, needing nobody. With `lost`, the
    /// former relay is not asked for anything any more.
    pub(super) fn move_to(
        &mut self,
        txn: &mut Txn<'_>,
        relay: &RelayAddress,
        ticket: Bytes,
        lost: bool,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let Some(before) = self.me.relay.clone() else {
            return self.use_relay(txn, relay, ticket);
        };
        self.is_unlocked()?;
        if self.is_pairing() {
            return Err(Error::invalid(
                "a pairing is under way; finish it or call it off first",
            ));
        }
        let spaces: Vec<SpaceId> = [Some(self.me.private), self.me.shared]
            .into_iter()
            .flatten()
            .collect();
        // A partner whose keys are in doubt must not hold up one's own.
        let spaces: Vec<SpaceId> = spaces
            .into_iter()
            .filter(|space| *space == self.me.private || self.keys_are_certain(space))
            .collect();
        let there = |space: &SpaceId| self.relay_of(space).as_ref() == Some(relay);
        if before == *relay && spaces.iter().all(there) && !lost {
            return Err(Error::invalid("this journal is kept at that relay already"));
        }
        self.dirty = true;
        self.me.relay = Some(relay.clone());
        self.me.ticket = ticket;
        self.save_me(txn);
        // The recovery walk begins at the new relay too.
        self.arrive(txn, self.recovery.name());
        if lost {
            self.name_rendezvous_there(txn, relay);
        }
        for space in spaces {
            self.set_relay(txn, space, relay);
            if lost {
                self.leave_nothing(txn, space, relay)?;
            }
            self.begin_there(txn, space, outside)?;
        }
        Ok(())
    }

    fn is_pairing(&self) -> bool {
        let pairing = self.pairing.as_ref();
        pairing.is_some_and(|open| open.pairing.record().ended.is_none())
    }

    /// A new epoch of a space at its relay, unless there is one.
    fn begin_there(
        &mut self,
        txn: &mut Txn<'_>,
        space: SpaceId,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let epoch = self.writable_epoch(txn, space, outside)?;
        if space != self.me.private {
            return Ok(());
        }
        let opened = self.epoch_mut(space, epoch)?;
        if let Some(record) = opened.record.record.clone() {
            let words = self.recovery.name();
            self.post_body(txn, words, Body::Epoch(Box::new(record)), outside)?;
        }
        Ok(())
    }

    /// A partner or device of one's own may not yet have heard how the pairing ended.
    fn name_rendezvous_there(&mut self, txn: &mut Txn<'_>, relay: &RelayAddress) {
        let Some(rendezvous) = &mut self.pairing else {
            return;
        };
        let mailbox = rendezvous.keys.name();
        rendezvous.pairing.set_relay(relay.clone());
        txn.put(Key::Name(&mailbox.0), rendezvous.pairing.record());
        self.arrive(txn, mailbox);
    }

    /// Leads everybody over to where the space belongs who began an epoch elsewhere at the same
    /// time, if this person has moved it: that act goes on until it is done.
    pub(super) fn gather(
        &mut self,
        txn: &mut Txn<'_>,
        space: SpaceId,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let Some(known) = self.spaces.get(&space).filter(|known| !known.record.left) else {
            return Ok(());
        };
        let leaves = known.graph.leaves();
        let opened = leaves.iter().filter_map(|leaf| known.open.get(leaf));
        let relays: BTreeSet<_> = opened.clone().map(|epoch| stated(&epoch.record)).collect();
        let own = opened.filter_map(|epoch| epoch.record.record.as_ref());
        let moved_by_me = own
            .filter(|record| record.statement.signer == self.me.person)
            .any(|record| {
                let relay = record.statement.relay.as_ref();
                relay.is_some_and(|relay| has_moved(known, &record.statement.epoch, relay))
            });
        if relays.len() < 2 || !moved_by_me || self.me.removed || !self.can_write_now(&space) {
            return Ok(());
        }
        if let Some(recipients) = self.recipients(known) {
            self.begin_next_epoch(txn, space, &recipients, None, outside)?;
        }
        Ok(())
    }

    fn set_relay(&mut self, txn: &mut Txn<'_>, space: SpaceId, relay: &RelayAddress) {
        if let Some(known) = self.spaces.get_mut(&space) {
            known.record.relay = Some(relay.clone());
        }
        self.save_space(txn, space);
    }

    /// The relay is gone: its mailboxes are brought to `relay` without it.
    fn leave_nothing(
        &mut self,
        txn: &mut Txn<'_>,
        space: SpaceId,
        relay: &RelayAddress,
    ) -> Result<(), Error> {
        self.moves.forget(txn, &space);
        for (epoch, kept) in epochs_of(txn, &space)? {
            if kept.relay.is_none() {
                continue;
            }
            let mailbox = epoch_mailbox(&space, &kept.secret).name();
            let listened = self.spaces[&space].open.contains_key(&epoch);
            if listened {
                self.name_there(txn, space, epoch, relay)?;
            }
            let stage = if listened {
                MoveStage::Filling
            } else {
                MoveStage::Leaving
            };
            let record = begin_move(space, epoch, None, stage);
            self.moves.push(txn, mailbox, record);
        }
        Ok(())
    }

    /// Where a space belongs: where the epochs are that nothing continues. While there are
    /// several, one that left its parents' relay says so.
    pub(super) fn relay_of(&self, space: &SpaceId) -> Option<RelayAddress> {
        let known = self.spaces.get(space)?;
        let leaves = known.graph.leaves();
        let leaves = leaves.iter().filter_map(|leaf| {
            let relay = stated(&known.open.get(leaf)?.record)?;
            Some((!has_moved(known, leaf, &relay), *leaf, relay))
        });
        let stated = leaves.min_by_key(|(stayed, leaf, _)| (*stayed, *leaf));
        let kept = stated.map(|(_, _, relay)| relay);
        kept.or_else(|| known.record.relay.clone())
    }

    /// The space's epochs have changed: what is kept elsewhere than where they belong begins to
    /// move.
    pub(super) fn plan_moves(&mut self, txn: &mut Txn<'_>, space: SpaceId) -> Result<(), Error> {
        // What is being recovered is read where it is.
        if self.is_walking() {
            return Ok(());
        }
        let Some(relay) = self.relay_of(&space) else {
            return Ok(());
        };
        let Some(known) = self.spaces.get(&space).filter(|known| !known.record.left) else {
            return Ok(());
        };
        let before = known.record.relay.clone();
        let leaves = known.graph.leaves();
        let signers = leaves.iter().filter(|leaf| {
            let opened = known.open.get(leaf);
            opened.and_then(|opened| stated(&opened.record)).as_ref() == Some(&relay)
        });
        let mut signers = signers.filter_map(|leaf| known.open.get(leaf)?.record.record.as_ref());
        let by_partner = signers.any(|record| record.statement.signer != self.me.person);
        if before.as_ref() == Some(&relay) && !self.has_strays(known, &relay) {
            return Ok(());
        }
        for (epoch, kept) in epochs_of(txn, &space)? {
            let elsewhere = kept.relay.as_ref().is_some_and(|there| *there != relay);
            if !elsewhere || leaves.contains(&epoch) || self.moves.has_epoch(&epoch) {
                continue;
            }
            let mailbox = epoch_mailbox(&space, &kept.secret).name();
            let record = begin_move(space, epoch, kept.relay, MoveStage::Leaving);
            self.moves.push(txn, mailbox, record);
        }
        if before.as_ref() == Some(&relay) {
            return Ok(());
        }
        self.set_relay(txn, space, &relay);
        if space == self.me.private {
            // Another own device has moved it; what the new relay asks for is not known here.
            if self.me.relay.as_ref() != Some(&relay) {
                self.me.relay = Some(relay);
                self.me.ticket = Bytes::default();
                self.save_me(txn);
            }
        } else if before.is_some() && by_partner {
            self.told_of_move = true;
        }
        Ok(())
    }

    /// Whether an epoch that something continues is kept elsewhere, and not on its way.
    fn has_strays(&self, space: &Space, relay: &RelayAddress) -> bool {
        let leaves = space.graph.leaves();
        space.open.iter().any(|(epoch, opened)| {
            let there = opened.record.relay.as_ref();
            there.is_some_and(|there| there != relay)
                && !leaves.contains(epoch)
                && !self.moves.has_epoch(epoch)
        })
    }

    /// Takes each mailbox as far on its way as it can go now.
    pub(super) fn go_on_moving(&mut self, txn: &mut Txn<'_>) -> Result<(), Error> {
        if self.moves.is_empty() {
            return Ok(());
        }
        let mut filling = self.moves.filling().len();
        for number in self.moves.numbers() {
            let Some((mailbox, record)) = self.moves.get(number) else {
                continue;
            };
            let record = record.clone();
            let Some(known) = self.spaces.get(&record.space) else {
                continue;
            };
            let waits = self.outbox.waits_at(&mailbox) || self.drops.waits_at(&mailbox);
            match record.stage {
                MoveStage::Leaving => {
                    let listened = known.listened().contains(&record.epoch);
                    let ready = match listened {
                        true => !waits && self.is_read(&mailbox),
                        // It was read to its end when it dropped out of sight.
                        false => !waits && filling < FILLING_MAX,
                    };
                    let relay = known.record.relay.clone();
                    if let (true, Some(relay)) = (ready, relay) {
                        filling += usize::from(!listened);
                        self.name_there(txn, record.space, record.epoch, &relay)?;
                        self.moves.set_stage(txn, number, MoveStage::Filling);
                    }
                }
                MoveStage::Filling if !waits && self.moves.is_filled(&mailbox) => {
                    self.moves.renamed(&mailbox);
                    if record.from.is_some() {
                        self.moves.set_stage(txn, number, MoveStage::Dropping);
                    } else {
                        self.moves.remove(txn, number);
                    }
                }
                MoveStage::Filling | MoveStage::Dropping => {}
            }
        }
        Ok(())
    }

    /// Whether all that a mailbox's relay lists is here.
    pub(super) fn is_read(&self, mailbox: &MailboxName) -> bool {
        let mut links = self.links.values();
        links.any(|link| link.mailbox == *mailbox && link.is_up_to_date())
    }

    /// From now on an epoch's mailbox is at `relay`.
    pub(super) fn name_there(
        &mut self,
        txn: &mut Txn<'_>,
        space: SpaceId,
        epoch: EpochId,
        relay: &RelayAddress,
    ) -> Result<(), Error> {
        self.dirty = true;
        let Some(known) = self.spaces.get_mut(&space) else {
            return Ok(());
        };
        if let Entry::Vacant(place) = known.open.entry(epoch) {
            let Some(opened) = open_epoch(txn, &epoch)? else {
                return Ok(());
            };
            place.insert(opened);
        }
        if !known.listened().contains(&epoch) {
            known.record.unread.push(epoch);
            known.record.unread.sort_unstable();
        }
        let opened = self.epoch_mut(space, epoch)?;
        opened.record.relay = Some(relay.clone());
        let mailbox = opened.keys.name();
        txn.put(Key::Name(&epoch.0), &opened.record);
        self.save_space(txn, space);
        self.moves.renamed(&mailbox);
        self.arrive(txn, mailbox);
        Ok(())
    }

    /// A mailbox is at another relay from now on: nothing is known of what that one has.
    pub(super) fn arrive(&mut self, txn: &mut Txn<'_>, mailbox: MailboxName) {
        let nothing = ReplicaRecord {
            instance: NOWHERE,
            cursor: Position(0),
            hash: RunningHash::START,
            synced: None,
        };
        txn.put(Key::Name(&mailbox.0), &nothing);
        let links = self.links.iter();
        let links = links.filter(|(_, link)| link.mailbox == mailbox);
        for link in links.map(|(link, _)| *link).collect::<Vec<LinkId>>() {
            self.links.remove(&link);
            self.outputs.push(Output::Hangup(link));
        }
    }

    /// Tells of a move by the partner.
    pub(super) fn tell_of_move(
        &mut self,
        txn: &mut Txn<'_>,
        outside: &Outside<'_>,
    ) -> Result<(), Error> {
        if std::mem::take(&mut self.told_of_move) {
            self.report(txn, Fact::Moved, outside.now)?;
        }
        Ok(())
    }
}

fn begin_move(
    space: SpaceId,
    epoch: EpochId,
    from: Option<RelayAddress>,
    stage: MoveStage,
) -> MoveRecord {
    MoveRecord {
        space,
        epoch,
        from,
        stage,
        next: 0,
        also: Vec::new(),
        since: None,
    }
}

/// All epochs of a space whose secrets are here.
pub(super) fn epochs_of(
    txn: &Txn<'_>,
    space: &SpaceId,
) -> Result<Vec<(EpochId, EpochSecretRecord)>, Error> {
    let kept = txn.all::<EpochSecretRecord>()?.into_iter();
    let own = kept.filter(|kept| kept.space == *space);
    Ok(own
        .map(|kept| (EpochId::of(space, &kept.secret), kept))
        .collect())
}

/// The relay that whoever began an epoch named.
pub(super) fn stated(kept: &EpochSecretRecord) -> Option<RelayAddress> {
    let record = kept.record.as_ref();
    let stated = record.and_then(|record| record.statement.relay.clone());
    stated.or_else(|| kept.relay.clone())
}

/// Whether an epoch names another relay than one that it continues.
fn has_moved(space: &Space, epoch: &EpochId, relay: &RelayAddress) -> bool {
    let record = space
        .open
        .get(epoch)
        .and_then(|opened| opened.record.record.as_ref());
    let parents = record.map(|record| record.statement.parents.as_slice());
    parents.unwrap_or_default().iter().any(|parent| {
        let parent = space
            .open
            .get(parent)
            .and_then(|opened| opened.record.record.as_ref());
        let named = parent.and_then(|record| record.statement.relay.as_ref());
        named.is_some_and(|named| named != relay)
    })
}
