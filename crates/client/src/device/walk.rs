//! The recovery walk: from the words and a relay's address to everything, on a device that has
//! nothing. It goes wherever the records lead, is kept step by step, and ends by leaving all
//! that anybody else may hold: a new generation of the person's keys, a list of devices and a
//! private epoch for the words and this device alone.

use std::collections::BTreeSet;

use sidelight_crypto::{MailboxKeys, RecoverySigningKey, recovery_keys};
use sidelight_format::record::{DeviceRecord, Recovering, SpaceRecord, Verdict};
use sidelight_format::{
    Bytes, EpochRecord, PersonId, RelayAddress, RosterAction, RosterRecord, SegmentId, SpaceId,
    Subject, VerifyingKey, encode,
};
use sidelight_store::{Key, Txn};
use sidelight_sync::{EpochGraph, Outside, Roster, RosterSigner, Start, Successor, check_start};

use super::core::Core;
use super::founding::device_keys;
use super::moving::epochs_of;
use super::recovery::read_words;
use super::space::{Epoch, Space};
use super::{Event, Output};
use crate::Error;

/// What a recovery begins with.
pub struct NewRecovery<'a> {
    /// The words, as they were typed.
    pub words: &'a str,
    /// The relay where the walk begins.
    pub relay: RelayAddress,
    /// Admits new mailboxes to it.
    pub ticket: Bytes,
    /// What the person calls this device: 1 to 64 bytes, no control characters.
    pub device: &'a str,
}

impl std::fmt::Debug for NewRecovery<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewRecovery").finish_non_exhaustive()
    }
}

impl NewRecovery<'_> {
    /// Whether the words are words, before anything is made for them.
    ///
    /// # Errors
    /// Invalid, saying which kind of mistake.
    pub(crate) fn check(&self) -> Result<(), Error> {
        read_words(self.words).map(drop)
    }
}

impl Core {
    /// A device that has the words and nothing else. One on which a walk has begun goes on with
    /// it; one whose words have led to nobody yet takes others.
    pub(super) fn begin_walk(
        txn: &mut Txn<'_>,
        new: &NewRecovery<'_>,
        segment: SegmentId,
        outside: &mut Outside<'_>,
    ) -> Result<Self, Error> {
        let words = read_words(new.words)?;
        let entropy = words.entropy();
        let before = txn.get::<DeviceRecord>(Key::One)?;
        if before.is_some_and(|me| me.recovering.is_none() || me.person != NOBODY) {
            return Err(Error::invalid(
                "a journal has begun here already, or is being brought back with other words; \
                 choose another home",
            ));
        }
        let mut core = Self::begin_nobodys(txn, new.device, segment, outside)?;
        let mailbox = recovery_keys(&entropy).mailbox;
        core.recovery = MailboxKeys::of_recovery(&mailbox);
        core.me.recovery_mailbox = mailbox;
        core.me.recovering = Some(Recovering {
            words: entropy,
            device: core.me.name.clone(),
            searched: false,
            replaced: false,
        });
        core.me.relay = Some(new.relay.clone());
        core.me.ticket = new.ticket.clone();
        core.save_me(txn);
        Ok(core)
    }

    /// Whether this device only reads, since what it reads is not complete yet.
    pub(super) fn is_walking(&self) -> bool {
        self.me.recovering.is_some()
    }

    /// A record in the recovery mailbox: whose words they are, and the first private epoch.
    pub(super) fn receive_start(
        &mut self,
        txn: &mut Txn<'_>,
        record: &EpochRecord,
        outside: &mut Outside<'_>,
    ) -> Result<Verdict, Error> {
        let Some(recovering) = &self.me.recovering else {
            return Ok(Verdict::Unknown);
        };
        if self.me.person != NOBODY {
            return Ok(Verdict::Accepted);
        }
        let start = check_start(record, &recovery_keys(&recovering.words));
        let Ok((start, roster)) = start.and_then(|start| {
            let roster = Roster::check(&start.person, &start.roster);
            roster
                .map(|roster| (start, roster))
                .map_err(|_| sidelight_sync::NoStart)
        }) else {
            // Of a person for whom the words do not vouch: nothing is said to be about anybody.
            return Ok(Verdict::Refused);
        };
        let Start {
            person,
            space,
            secret,
            keyring,
            name,
            signed_by,
            ..
        } = start;
        self.dirty = true;
        let me = person.id();
        self.me.person = me;
        if let Some(walk) = &mut self.me.recovering {
            walk.searched = false;
        }
        self.me.name = name.clone();
        self.me.private = space;
        self.me.since = outside.now;
        self.me.roster = roster.records();
        self.roster = Some(roster);
        self.know(txn, person.clone(), &name.0);
        self.take_keys(txn, &keyring.person, &person);
        let kept = SpaceRecord {
            persons: vec![me],
            epochs: Vec::new(),
            unread: Vec::new(),
            since: outside.now,
            left: false,
            unconfirmed: false,
            copied: Vec::new(),
            pending: Vec::new(),
            relay: None,
        };
        let mut known = Space::new(space, kept);
        known.graph.enter(EpochGraph::node_of(record, signed_by));
        self.spaces.insert(space, known);
        self.keep_epoch(txn, space, record.clone(), secret, &keyring.secrets)?;
        self.save_me(txn);
        Ok(Verdict::Accepted)
    }

    /// Goes on with the walk after a mailbox was read to its end: once all that leads on has
    /// been, it is over.
    pub(super) fn go_on_walking(
        &mut self,
        txn: &mut Txn<'_>,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let (Some(walk), Some(roster)) = (&mut self.me.recovering, &self.roster) else {
            return Ok(());
        };
        let words = recovery_keys(&walk.words).signing.verifying_key();
        if roster.recovery_key() != words {
            // They open what was written under them, and decide nothing any more.
            if !std::mem::replace(&mut walk.replaced, true) {
                self.dirty = true;
                self.save_me(txn);
            }
            return Ok(());
        }
        let private = self.spaces.get(&self.me.private);
        let read = private.is_some_and(|space| space.record.unread.is_empty());
        // The first mailbox holds the person's keys; a relay that shows it empty has lost them.
        if read && !self.me.keys.is_empty() && !self.go_where_it_moved(txn)? {
            self.fill_after_walk(txn, outside)?;
            self.end_walk(txn, outside)?;
        }
        Ok(())
    }

    /// A private space that was moved to another relay has been brought there whole, and emptied
    /// where it was: all of it is read there once more. False if it is there already.
    fn go_where_it_moved(&mut self, txn: &mut Txn<'_>) -> Result<bool, Error> {
        let private = self.me.private;
        let Some(relay) = self.spaces.get(&private).and_then(newest_relay) else {
            return Ok(false);
        };
        let moved = self.name_all_there(txn, private, &relay)?;
        if moved {
            // What both keep may still lie there, and is brought along from there.
            for known in self.spaces.values_mut().filter(|known| known.id != private) {
                known.record.relay.clone_from(&self.me.relay);
            }
            self.me.relay = Some(relay);
            self.me.ticket = Bytes::new();
            self.save_me(txn);
            self.arrive(txn, self.recovery.name());
            for space in self.spaces.keys().copied().collect::<Vec<_>>() {
                self.save_space(txn, space);
            }
        }
        Ok(moved)
    }

    /// What both keep is at the relay to which the words led, and its former one may be gone.
    fn read_where_it_is(&mut self, txn: &mut Txn<'_>) -> Result<(), Error> {
        let here = self.spaces.values().filter(|known| {
            known.id != self.me.private
                && known.record.relay.is_none()
                && newest_relay(known) == self.me.relay
        });
        let here: Vec<SpaceId> = here.map(|known| known.id).collect();
        if let Some(relay) = self.me.relay.clone() {
            for space in here {
                self.name_all_there(txn, space, &relay)?;
            }
        }
        Ok(())
    }

    /// All epochs of a space are read at `relay`. False if they are already.
    fn name_all_there(
        &mut self,
        txn: &mut Txn<'_>,
        space: SpaceId,
        relay: &RelayAddress,
    ) -> Result<bool, Error> {
        let mut moved = false;
        for (epoch, kept) in epochs_of(txn, &space)? {
            if kept.relay.as_ref() == Some(relay) {
                continue;
            }
            self.name_there(txn, space, epoch, relay)?;
            if let Some(known) = self.spaces.get_mut(&space)
                && !known.record.unread.contains(&epoch)
            {
                known.record.unread.push(epoch);
                known.record.unread.sort_unstable();
            }
            self.save_space(txn, space);
            moved = true;
        }
        Ok(moved)
    }

    /// Nothing was found where the words lead.
    pub(super) fn has_searched(&mut self, txn: &mut Txn<'_>) {
        if self.me.person == NOBODY
            && let Some(recovering) = &mut self.me.recovering
            && !recovering.searched
        {
            recovering.searched = true;
            self.dirty = true;
            self.save_me(txn);
        }
    }

    /// Everything is here: from now on the person's keys, list of devices and private space are
    /// new, and nobody has them but the words and this device. What both partners keep can be
    /// read, and is written in only after they have compared again: whoever had an own device
    /// until now may have put somebody else in the partner's place.
    fn end_walk(&mut self, txn: &mut Txn<'_>, outside: &mut Outside<'_>) -> Result<(), Error> {
        let Some(recovering) = self.me.recovering.take() else {
            return Ok(());
        };
        self.dirty = true;
        let words = recovery_keys(&recovering.words);
        let action = RosterAction::Begin {
            device: device_keys(&self.me.signing, &self.me.sealing),
            name: recovering.device.0.clone(),
            recovery: words.sealing.sealing_key(),
        };
        let listed = self.words_change_roster(action, &words.signing)?;
        self.me.removed = false;
        self.read_where_it_is(txn)?;
        self.renew_by_words(txn, (&words.signing, None), &listed, outside)?;
        for space in self.spaces.keys().copied().collect::<Vec<_>>() {
            self.plan_moves(txn, space)?;
        }
        self.outputs.push(Output::Event(Event::PairingChanged));
        Ok(())
    }
}

impl Core {
    /// Whether the same words already lead somewhere on the device that is kept.
    pub(super) fn walks_already(txn: &Txn<'_>, new: &NewRecovery<'_>) -> Result<bool, Error> {
        let entropy = read_words(new.words)?.entropy();
        let me = txn.get::<DeviceRecord>(Key::One)?;
        Ok(me.is_some_and(|me| {
            let same = me.recovering.is_some_and(|walk| walk.words == entropy);
            same && me.person != NOBODY
        }))
    }

    /// A change of the own list of devices that the recovery key signs.
    pub(super) fn words_change_roster(
        &mut self,
        action: RosterAction,
        signing: &RecoverySigningKey,
    ) -> Result<RosterRecord, Error> {
        let full = |_| {
            Error::invalid(
                "the list of your devices takes no more changes; only beginning anew helps",
            )
        };
        let mut roster = self.roster()?.clone();
        let listed = roster
            .next(action, &RosterSigner::Recovery(signing))
            .map_err(full)?;
        let _ = roster.extend(&listed).map_err(full)?;
        self.me.roster = roster.records();
        self.roster = Some(roster);
        Ok(listed)
    }

    /// New keys for the person, signed by the recovery key, and a private epoch that begins with
    /// them. With `key`, another recovery key takes the place of the one that signs; its walk
    /// begins with that epoch.
    pub(super) fn renew_by_words(
        &mut self,
        txn: &mut Txn<'_>,
        (signing, key): (&RecoverySigningKey, Option<VerifyingKey>),
        listed: &RosterRecord,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let own = self
            .persons
            .get(&self.me.person)
            .ok_or_else(|| Error::internal("who is me?"))?;
        let mut person = own.person.clone();
        let (step, keys) = person.succeed(&Successor::Recovery(signing), key, outside);
        let _ = person
            .extend(&step)
            .map_err(|_| Error::internal("an own step does not follow"))?;
        self.know_more(txn, person)?;
        let parts = vec![encode(&keys), encode(&step)];
        self.me.keys.push(keys);
        self.save_me(txn);

        let private = self.me.private;
        let known = self.spaces.get(&private);
        let devices = known.and_then(|known| self.recipients(known));
        let devices = devices.ok_or_else(|| Error::internal("the recovery key decides"))?;
        let words = match (key, &self.me.recovery) {
            (Some(_), Some(entropy)) => Some(recovery_keys(entropy)),
            _ => None,
        };
        self.begin_next_epoch(txn, private, &devices, words.as_ref(), outside)?;
        self.author(
            txn,
            private,
            (Subject::PERSON_KEYS, None, None),
            parts,
            outside,
        )?;
        self.author(
            txn,
            private,
            (Subject::ROSTER, None, None),
            vec![encode(listed)],
            outside,
        )?;
        if key.is_some() {
            // The other own devices keep it filled as well.
            let mailbox = encode(&self.me.recovery_mailbox);
            let about = (Subject::RECOVERY, None, None);
            self.author(txn, private, about, vec![mailbox], outside)?;
        }
        if let Some(shared) = self.me.shared
            && self.keys_are_certain(&shared)
        {
            self.writable_epoch(txn, shared, outside)?;
        }
        Ok(())
    }
}

/// Where the epochs are that nothing continues, if they are at one relay.
fn newest_relay(known: &Space) -> Option<RelayAddress> {
    let leaves = known.graph.leaves();
    let leaves = leaves.iter().filter_map(|leaf| known.open.get(leaf));
    let relays: BTreeSet<_> = leaves
        .filter_map(|leaf| leaf.record.relay.clone())
        .collect();
    let mut relays = relays.into_iter();
    relays.next().filter(|_| relays.next().is_none())
}

/// Where the mailbox of an epoch is that a walk has come to. The words lead to the first one at the
/// relay that the person gave, whatever relay it was begun at: everything is brought along when a
/// journal is moved. From there each is where the one before it was, unless it names another
/// relay than that one did.
pub(super) fn walked_to(
    known: &Space,
    record: &EpochRecord,
    given: Option<&RelayAddress>,
) -> Option<RelayAddress> {
    let stated = &record.statement.relay;
    let parents = record.statement.parents.iter();
    let mut parents = parents.filter_map(|parent| known.open.get(parent));
    let as_stated = |parent: &&Epoch| {
        let record = parent.record.record.as_ref();
        record.is_some_and(|record| record.statement.relay == *stated)
    };
    match parents.find(as_stated) {
        Some(parent) => parent.record.relay.clone(),
        None if known.open.is_empty() => given.cloned(),
        None => stated.clone().or_else(|| given.cloned()),
    }
}

/// A device that is nobody's yet.
pub(super) const NOBODY: PersonId = PersonId([0; PersonId::LEN]);
