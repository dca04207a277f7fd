//! New keys for everything, and leaving: one local call each, offline, needing nobody.

use sidelight_format::record::Fact;
use sidelight_format::{MailboxName, PersonId, SpaceId, Subject};
use sidelight_store::Txn;
use sidelight_sync::{Outside, Successor};

use super::core::Core;
use crate::{Error, ErrorKind};

impl Core {
    /// New keys and new epochs for everything, as after a removal: so that a removal is not
    /// told apart from a rotation.
    pub(super) fn rotate(
        &mut self,
        txn: &mut Txn<'_>,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let pairing = self
            .pairing
            .as_ref()
            .is_some_and(|open| open.pairing.record().ended.is_none());
        if pairing {
            return Err(Error::invalid(
                "a pairing is under way; finish it or call it off first",
            ));
        }
        self.renew(txn, outside)
    }

    /// New keys for the person, a new private epoch and, if there is a shared space, a new one
    /// there.
    pub(super) fn renew(
        &mut self,
        txn: &mut Txn<'_>,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        self.is_unlocked()?;
        let private = self.me.private;
        let own = self
            .persons
            .get(&self.me.person)
            .ok_or_else(|| Error::internal("who is me?"))?;
        let mut person = own.person.clone();
        // While the person's keys are in doubt, a device goes on with those that it has: nobody
        // is kept from removing a device by that.
        if self.is_behind() {
            return Err(Error::invalid(
                "your newest keys are not on this device yet; sync, then try again",
            ));
        }
        self.dirty = true;
        let (step, keys) = person.succeed(&Successor::Predecessor(&self.signing()), None, outside);
        person
            .extend(&step)
            .map_err(|_| Error::internal("an own step does not follow"))?;
        self.know_more(txn, person)?;
        let parts = vec![
            sidelight_format::encode(&keys),
            sidelight_format::encode(&step),
        ];
        self.me.keys.push(keys);
        self.save_me(txn);
        let devices = self.private_recipients()?;
        self.begin_next_epoch(txn, private, &devices, None, outside)?;
        self.author(
            txn,
            private,
            (Subject::PERSON_KEYS, None, None),
            parts,
            outside,
        )?;
        // A partner whose keys are in doubt must not hold up one's own: the shared space goes on
        // with a new epoch once they are certain.
        if let Some(shared) = self.me.shared
            && self.keys_are_certain(&shared)
        {
            self.writable_epoch(txn, shared, outside)?;
        }
        Ok(())
    }

    /// Leaves the shared space: at once, offline, needing nobody. Unless quietly, the partner is
    /// told; quietly, what was not yet sent stays unsent, and it looks like writing nothing.
    pub(super) fn leave(
        &mut self,
        txn: &mut Txn<'_>,
        quietly: bool,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let shared = self.me.shared.ok_or_else(|| {
            Error::new(ErrorKind::NotPaired, "there is no shared journal to leave")
        })?;
        self.dirty = true;
        if quietly || !self.keys_are_certain(&shared) {
            // Nobody can hold a person by bringing their own keys into doubt.
            self.forget_unsent(txn, &shared);
        } else {
            self.author(
                txn,
                shared,
                (Subject::LEFT, None, None),
                vec![Vec::new()],
                outside,
            )?;
        }
        self.end_here(txn, shared);
        self.copy_left(txn, shared, outside)
    }

    /// What waits for a space's mailboxes is never sent.
    fn forget_unsent(&mut self, txn: &mut Txn<'_>, space: &SpaceId) {
        let open = self.spaces.get(space).into_iter();
        let open = open.flat_map(|known| known.open.values());
        let mailboxes: Vec<MailboxName> = open.map(|epoch| epoch.keys.name()).collect();
        // Nor is a body dropped of which nobody will ever read that it was erased.
        let outbox = &self.outbox;
        self.drops.forget(txn, |drop| {
            drop.space == *space && outbox.waits(&drop.after.0, &drop.after.1)
        });
        for mailbox in mailboxes {
            self.outbox.forget(txn, &mailbox);
        }
    }

    pub(super) fn keys_are_certain(&self, space: &SpaceId) -> bool {
        let known = self.spaces.get(space);
        known.is_some_and(|known| !known.record.unconfirmed && self.recipients(known).is_some())
    }

    /// A person says that they have left: the partner, or oneself on another device.
    pub(super) fn has_left(
        &mut self,
        txn: &mut Txn<'_>,
        space: SpaceId,
        person: PersonId,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        if self.me.shared == Some(space) {
            self.end_here(txn, space);
            if person != self.me.person {
                self.report(txn, Fact::Left, outside.now)?;
            }
            self.copy_left(txn, space, outside)?;
        }
        Ok(())
    }

    /// Another own device has left a space: nothing goes there from this one either.
    pub(super) fn end_space(&mut self, txn: &mut Txn<'_>, space: SpaceId) {
        let known = self.spaces.get(&space);
        if known.is_none_or(|known| !known.record.left) {
            self.forget_unsent(txn, &space);
            self.end_here(txn, space);
        }
    }

    /// A space is written in no more; what it holds stays.
    fn end_here(&mut self, txn: &mut Txn<'_>, space: SpaceId) {
        if let Some(known) = self.spaces.get_mut(&space) {
            known.record.left = true;
        }
        self.save_space(txn, space);
        if self.me.shared == Some(space) {
            self.me.shared = None;
        }
        if !self.me.former.contains(&space) {
            self.me.former.push(space);
        }
        self.save_me(txn);
    }
}
