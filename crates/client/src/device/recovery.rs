//! The recovery words on this device: shown, checked, wiped, replaced; and the calls of a device
//! that concern them.

use std::collections::VecDeque;

use sidelight_crypto::{MailboxKeys, RecoveryWords, new_secret, recovery_keys};
use sidelight_format::record::Verdict;
use sidelight_format::{InvitationLink, RosterAction, Secret, SegmentId};
use sidelight_store::{Store, Txn};
use sidelight_sync::{Outside, Roster};

use super::core::Core;
use super::{Device, NewRecovery, Queued};
use crate::Error;

impl Device {
    /// A device that has nothing but the recovery words: it fetches what they lead to, and is
    /// the person's only device when everything is here. One on which the same words lead
    /// somewhere already goes on.
    ///
    /// # Errors
    /// Invalid for words, saying which kind of mistake, for a name out of bounds, and for a store
    /// that holds another device; Storage.
    pub fn recover(
        store: Box<dyn Store>,
        new: &NewRecovery<'_>,
        outside: &mut Outside<'_>,
    ) -> Result<Self, Error> {
        let mut txn = Txn::begin(&*store)?;
        if Core::walks_already(&txn, new)? {
            drop(txn);
            return Self::open(store, outside);
        }
        let segment = SegmentId(outside.random());
        let core = Core::begin_walk(&mut txn, new, segment, outside)?;
        let batch = txn.into_batch();
        Ok(Self {
            store,
            core,
            queue: VecDeque::from([Queued::Persist(batch)]),
        })
    }

    /// The recovery words, to be written down, until they have been checked.
    ///
    /// # Errors
    /// Invalid once they have been: nothing shows them again.
    pub fn recovery_begin(&self) -> Result<RecoveryWords, Error> {
        self.core.recovery_begin()
    }

    /// Checks that the person has their recovery words. If these are right, the device forgets
    /// them.
    ///
    /// # Errors
    /// Invalid, saying which kind of mistake was made; Storage.
    pub fn recovery_check(&mut self, typed: &str) -> Result<(), Error> {
        self.act(|core, txn| core.recovery_check(txn, typed))
    }

    /// Replaces the recovery words, which takes the present ones. Returns the new ones, to be
    /// written down and checked.
    ///
    /// # Errors
    /// Removed; Invalid, saying which kind of mistake was made, or if the present ones have not
    /// been checked yet; Storage.
    pub fn recovery_replace(
        &mut self,
        typed: &str,
        outside: &mut Outside<'_>,
    ) -> Result<RecoveryWords, Error> {
        self.act(|core, txn| core.recovery_replace(txn, typed, outside))
    }

    /// Invites the partner that there is to compare once more.
    ///
    /// # Errors
    /// Not paired; else as [`invite`](Self::invite).
    pub fn invite_again(
        &mut self,
        lifetime_secs: u32,
        outside: &mut Outside<'_>,
    ) -> Result<InvitationLink, Error> {
        self.act(|core, txn| core.invite_again(txn, lifetime_secs, outside))
    }

    /// Takes up the invitation of the partner that there is, to compare once more.
    ///
    /// # Errors
    /// Not paired; else as [`join`](Self::join).
    pub fn join_again(
        &mut self,
        link: &InvitationLink,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        self.act(|core, txn| core.join_again(txn, link, outside))
    }

    /// Begins a new person over one's own copy, offline, needing no other key. Everything before
    /// is left quietly and stays readable; one's own entries become private ones of the new
    /// person. Returns how many.
    ///
    /// # Errors
    /// Invalid while a pairing is under way; Storage.
    pub fn refound(&mut self, outside: &mut Outside<'_>) -> Result<u64, Error> {
        self.run(|core, txn| core.refound(txn, outside))
    }
}

impl Core {
    /// The words, as long as they have not been checked: whoever closes the screen too early can
    /// still have them. Once they are checked, no call shows them again.
    pub(super) fn recovery_begin(&self) -> Result<RecoveryWords, Error> {
        self.is_unlocked()?;
        let entropy = self.me.recovery.as_ref().ok_or_else(|| {
            Error::invalid(
                "the recovery words were checked and are no longer on this device; with them at \
                 hand they can be replaced by others",
            )
        })?;
        Ok(RecoveryWords::of(entropy))
    }

    /// Checks that a person has their words. If they are right, this device forgets them.
    pub(super) fn recovery_check(&mut self, txn: &mut Txn<'_>, typed: &str) -> Result<(), Error> {
        self.is_unlocked()?;
        self.own_words(typed)?;
        if self.me.recovery.take().is_some() {
            self.dirty = true;
            self.save_me(txn);
        }
        Ok(())
    }

    /// Replaces the recovery words, which only the present ones can: a new generation of the
    /// person's keys names the new recovery key, and a private epoch sealed to it is where its
    /// walk begins. Returns the new words, to be written down and checked.
    pub(super) fn recovery_replace(
        &mut self,
        txn: &mut Txn<'_>,
        typed: &str,
        outside: &mut Outside<'_>,
    ) -> Result<RecoveryWords, Error> {
        self.is_unlocked()?;
        if self.me.recovery.is_some() {
            return Err(Error::invalid(
                "your recovery words have not been checked yet; check them before you replace them",
            ));
        }
        let old = recovery_keys(&self.own_words(typed)?.entropy());
        self.dirty = true;
        let entropy = new_secret(outside.rng);
        let new = recovery_keys(&entropy);
        let action = RosterAction::Recovery {
            signing: new.signing.verifying_key(),
            recovery: new.sealing.sealing_key(),
            mailbox: MailboxKeys::of_recovery(&new.mailbox).name(),
        };
        let listed = self.words_change_roster(action, &old.signing)?;
        let former = self.recovery.name();
        self.outbox.forget(txn, &former);
        self.recovery = MailboxKeys::of_recovery(&new.mailbox);
        self.me.recovery_mailbox = new.mailbox.clone();
        self.me.recovery = Some(entropy.clone());
        let key = Some(new.signing.verifying_key());
        self.renew_by_words(txn, (&old.signing, key), &listed, outside)?;
        Ok(RecoveryWords::of(&entropy))
    }

    /// Another own device has replaced the words: what leads to everything lies in another mailbox
    /// now, if the old words' key has said so on the list of devices.
    pub(super) fn take_recovery_mailbox(
        &mut self,
        txn: &mut Txn<'_>,
        mailbox: &Secret,
    ) -> Result<Verdict, Error> {
        let keys = MailboxKeys::of_recovery(mailbox);
        let former = self.recovery.name();
        if self.roster()?.recovery_mailbox() == Some(keys.name()) && former != keys.name() {
            self.dirty = true;
            self.outbox.forget(txn, &former);
            self.recovery = keys;
            self.me.recovery_mailbox = mailbox.clone();
            self.save_me(txn);
        }
        Ok(Verdict::Accepted)
    }

    /// Forgets words that are this person's no more.
    pub(super) fn forget_replaced_words(&mut self) {
        let key = self.roster.as_ref().map(Roster::recovery_key);
        let is_former =
            |entropy: &Secret| Some(recovery_keys(entropy).signing.verifying_key()) != key;
        if self.me.recovery.as_ref().is_some_and(is_former) {
            self.me.recovery = None;
        }
    }

    /// Reads words, which must be those of this person now.
    pub(super) fn own_words(&self, typed: &str) -> Result<RecoveryWords, Error> {
        let words = read_words(typed)?;
        let own = self
            .persons
            .get(&self.me.person)
            .ok_or_else(|| Error::internal("who is me?"))?;
        let key = recovery_keys(&words.entropy()).signing.verifying_key();
        if key != own.person.recovery_key() {
            return Err(Error::invalid(
                "these are recovery words, but not those of this journal; look whether they \
                 belong to another one, or were replaced",
            ));
        }
        Ok(words)
    }
}

/// Reads words that somebody typed; the error says which kind of mistake it is.
pub(super) fn read_words(typed: &str) -> Result<RecoveryWords, Error> {
    RecoveryWords::parse(typed).map_err(|error| Error::invalid(error.to_string()))
}
