//! Re-founding: a new person over one's own copy, in one local call that needs no other key.

use sidelight_crypto::MailboxKeys;
use sidelight_format::record::{EntryRecord, RenderedRecord, SharedRecord};
use sidelight_format::{EntryId, MailboxName, Mode, SpaceId};
use sidelight_store::{Key, Txn, timeline};
use sidelight_sync::Outside;

use super::core::Core;
use super::erase::taken_back;
use super::founding::begin_person;
use super::lock::PrivateLock;
use super::{Draft, NewPerson};
use crate::{Error, ErrorKind};

impl Core {
    /// Begins a new person here. What was before is left, quietly: both spaces stay readable and
    /// nothing is sent to them any more. One's own entries become private ones of the new person;
    /// what was received, and what both kept together, stays as it was received, under the name
    /// of who wrote it. Returns how many entries were taken along.
    pub(super) fn refound(
        &mut self,
        txn: &mut Txn<'_>,
        outside: &mut Outside<'_>,
    ) -> Result<u64, Error> {
        // Also on a device that was removed, which has nobody else to ask.
        if !self.me.removed {
            self.may_act()?;
        }
        if self.lock.state != PrivateLock::None {
            return Err(Error::new(
                ErrorKind::KeysLocked,
                "your private entries lie under a further secret here; take that away first, \
                 with the secret, or bring your journal back on another device with the words",
            ));
        }
        let under_way = self
            .pairing
            .as_ref()
            .is_some_and(|open| open.pairing.record().ended.is_none());
        if under_way {
            return Err(Error::invalid(
                "a pairing is under way; finish it or call it off first",
            ));
        }
        self.dirty = true;
        self.leave_everything(txn);
        // All entries go under other ids: that is sooner made anew than taken in.
        self.drop_index(txn)?;
        let before = self.me.person;
        let mut former = std::mem::take(&mut self.me.former);
        former.push(self.me.private);
        former.extend(self.me.shared);
        let new = NewPerson {
            name: self.me.name.0.clone(),
            relay: self.me.relay.clone(),
            ticket: self.me.ticket.clone(),
        };
        let name = new.name.clone();
        let (person, roster, mut me) = begin_person(&name, &new, outside)?;
        me.former = former;
        self.recovery = MailboxKeys::of_recovery(&me.recovery_mailbox);
        self.me = me;
        self.roster = Some(roster);
        self.know(txn, person, &name);
        self.found_private(txn, outside)?;
        self.save_me(txn);

        // The oldest first, so that they keep their places in the day.
        let own = timeline::after(txn, None, usize::MAX, |row| {
            row.owner == before && !row.together && row.kind != taken_back()
        })?;
        let mut kept = 0;
        for row in own {
            match self.take_along(txn, row.key.entry, outside) {
                Ok(()) => {
                    timeline::remove(txn, &row.key)?;
                    kept += 1;
                }
                // What no new entry may say, as one that was emptied, stays where it was: nobody
                // is kept from beginning anew by it.
                Err(error) if error.kind() == ErrorKind::Invalid => {}
                Err(error) => return Err(error),
            }
        }
        Ok(kept)
    }

    /// One own entry becomes a private one of the new person, and is shown once.
    fn take_along(
        &mut self,
        txn: &mut Txn<'_>,
        entry: EntryId,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let name = Key::Name(&entry.0);
        let shown = txn
            .get::<RenderedRecord>(name)?
            .ok_or_else(|| Error::internal("an indexed entry is not kept"))?;
        debug_assert_eq!(shown.preimage.mode, Mode::Own);
        let rendered = shown.rendered;
        let draft = Draft {
            kind: rendered.kind,
            text: rendered.text,
            date: rendered.date,
            together: false,
            shared: false,
            fields: rendered.fields,
            source: None,
        };
        self.write_one(txn, &draft, None, outside)?;
        if shown.unproved.is_some() {
            self.count_proved(txn)?;
        }
        txn.delete::<RenderedRecord>(name);
        txn.delete::<EntryRecord>(name);
        txn.delete::<SharedRecord>(name);
        self.documents.forget(&entry);
        self.hold_no_more(txn, &entry);
        Ok(())
    }

    /// Nothing that waits for the former person's mailboxes is sent any more.
    fn leave_everything(&mut self, txn: &mut Txn<'_>) {
        let spaces: Vec<SpaceId> = self.spaces.keys().copied().collect();
        let epochs = self.spaces.values().flat_map(|space| space.open.values());
        let mut mailboxes: Vec<MailboxName> = epochs.map(|epoch| epoch.keys.name()).collect();
        mailboxes.push(self.recovery.name());
        mailboxes.extend(self.pairing.as_ref().map(|open| open.keys.name()));
        for mailbox in mailboxes {
            self.outbox.forget(txn, &mailbox);
        }
        self.drops.forget(txn, |_| true);
        for space in spaces {
            if let Some(known) = self.spaces.get_mut(&space) {
                known.record.left = true;
            }
            self.moves.forget(txn, &space);
            self.save_space(txn, space);
        }
    }
}
