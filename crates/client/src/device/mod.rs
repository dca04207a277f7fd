//! The synchronous hub where neighbours meet: documents, sealing, replication and the store.
//!
//! [`Device`] knows no socket and no clock. A driver (the [`Journal`](crate::Journal), or a
//! simulator) hands in commands, frames, the time and randomness, and then drains
//! [`Device::poll_output`]: one ordered queue in which what must be kept stands before what
//! may be sent, so that the two cannot swap.

mod choices;
mod copies;
mod core;
mod drops;
mod entries;
mod epochs;
mod erase;
pub mod evidence;
mod farewell;
mod follow;
mod founding;
mod gaps;
mod hold;
mod import;
mod index;
mod keeping;
mod linking;
mod links;
pub(crate) mod lock;
mod moves;
mod moving;
mod obey;
mod outbox;
mod own;
mod pair;
mod parting;
mod permit;
mod receive;
mod recovery;
mod refound;
mod schedule;
pub mod seek;
mod space;
mod types;
mod veil;
pub mod view;
mod volumes;
mod walk;
mod write;

use std::collections::VecDeque;

pub use self::import::{Import, Took};
pub use sidelight_format::record::Reach;
use sidelight_format::{
    Bytes, Edit, EntryId, EvidenceStatement, Frame, InvitationLink, MailboxName, PersonId,
    RelayAddress, SegmentId, Signature, Timestamp, VerifyingKey,
};
use sidelight_journal::Version;
use sidelight_store::{Batch, Store, Txn};
use sidelight_sync::Outside;

use self::core::Core;
pub use self::hold::{Promotion, Retracted};
pub(crate) use self::linking::private_space;
pub use self::lock::PrivateLock;
pub(crate) use self::receive::admit_all;
pub(crate) use self::types::redacted;
pub use self::types::{
    Draft, Erased, Errand, Event, Group, LinkId, NewPerson, Output, OwnDevice, PairingView, Wanted,
    Wrote,
};
pub use self::veil::Veil;
pub use self::walk::NewRecovery;
use crate::{Error, ErrorKind};

enum Queued {
    Persist(Batch),
    Output(Output),
}

/// One device of one person.
pub struct Device {
    store: Box<dyn Store>,
    core: Core,
    queue: VecDeque<Queued>,
}

impl std::fmt::Debug for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Device")
            .field("queue", &self.queue.len())
            .finish_non_exhaustive()
    }
}

impl Device {
    /// Begins a person on this device: keys, recovery key, private space, roster.
    ///
    /// # Errors
    /// Invalid for a name out of bounds or a store that holds a device; Storage.
    pub fn create(
        store: Box<dyn Store>,
        person: &NewPerson,
        outside: &mut Outside<'_>,
    ) -> Result<Self, Error> {
        let mut txn = Txn::begin(&*store)?;
        let core = Core::found(&mut txn, person, outside)?;
        let batch = txn.into_batch();
        let mut device = Self {
            store,
            core,
            queue: VecDeque::new(),
        };
        device.queue.push_back(Queued::Persist(batch));
        Ok(device)
    }

    /// Opens the device that `store` keeps. Each opening is a new segment, so that a restored
    /// or cloned store repeats no actor.
    ///
    /// # Errors
    /// Not found if the store holds no device; Storage.
    pub fn open(store: Box<dyn Store>, outside: &mut Outside<'_>) -> Result<Self, Error> {
        let core = Core::open(&*store, SegmentId(outside.random()))?;
        Ok(Self {
            store,
            core,
            queue: VecDeque::new(),
        })
    }

    /// A new device for a journal that there is: makes keys of its own, and takes up the link that
    /// an own device shows. It is nobody's until both sides have confirmed; what it may do until
    /// then is that, and joining again.
    ///
    /// # Errors
    /// Invalid for a name out of bounds, a store that holds a person's device, and for a link as
    /// [`join`](Self::join); Storage.
    pub fn join_own(
        store: Box<dyn Store>,
        link: &InvitationLink,
        name: &str,
        outside: &mut Outside<'_>,
    ) -> Result<Self, Error> {
        let segment = SegmentId(outside.random());
        let mut txn = Txn::begin(&*store)?;
        let mut core = match Core::open(&*store, segment) {
            Ok(core) => core.again_nobodys(&mut txn, name)?,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Core::begin_nobodys(&mut txn, name, segment, outside)?
            }
            Err(error) => return Err(error),
        };
        core.join(&mut txn, link, outside)?;
        let batch = txn.into_batch();
        let outputs = std::mem::take(&mut core.outputs);
        let mut device = Self {
            store,
            core,
            queue: VecDeque::from([Queued::Persist(batch)]),
        };
        device.queue.extend(outputs.into_iter().map(Queued::Output));
        Ok(device)
    }

    /// Whose device this is; nobody's while the recovery words have led to nobody yet.
    pub fn person(&self) -> PersonId {
        self.core.me.person
    }

    /// The store, for the driver that opens it anew.
    pub fn into_store(self) -> Box<dyn Store> {
        self.store
    }

    /// The store, for reading.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// The store, for the driver that takes and gives up the writer's turn. When somebody else
    /// has committed meanwhile, the device is to be opened anew.
    pub fn store_mut(&mut self) -> &mut dyn Store {
        &mut *self.store
    }

    /// What to do next. Call until there is nothing left, after every other call and before
    /// the next: what a call returned is durable only then.
    ///
    /// # Errors
    /// Storage if something could not be kept. Nothing after it was sent; the device is of no
    /// further use and is to be opened anew from [`into_store`](Self::into_store).
    pub fn poll_output(&mut self) -> Result<Option<Output>, Error> {
        match self.queue.pop_front() {
            None => Ok(None),
            Some(Queued::Output(output)) => Ok(Some(output)),
            Some(Queued::Persist(batch)) => match self.store.commit(batch) {
                Ok(()) => Ok(Some(Output::Persisted)),
                Err(error) => {
                    self.queue.clear();
                    Err(error.into())
                }
            },
        }
    }

    /// Runs one step of the core: what it wants kept goes before what it wants sent. A step
    /// that fails half-way leaves nothing behind: the core is read again from the store.
    fn run<T>(
        &mut self,
        step: impl FnOnce(&mut Core, &mut Txn<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        debug_assert!(
            self.queue.is_empty(),
            "the queue is drained before the next call"
        );
        let mut txn = Txn::begin(&*self.store)?;
        self.core.dirty = false;
        let result = step(&mut self.core, &mut txn)
            .and_then(|value| self.core.pump(&mut txn).map(|()| value));
        let value = match result {
            Ok(value) => value,
            Err(error) => {
                drop(txn);
                if self.core.dirty {
                    let links: Vec<LinkId> = self.core.link_ids().collect();
                    self.core = Core::open(&*self.store, self.core.segment)?;
                    let hangups = links.into_iter().map(Output::Hangup);
                    self.queue.extend(hangups.map(Queued::Output));
                } else {
                    self.core.outputs.clear();
                    self.core.changed.clear();
                    self.core.removed.clear();
                }
                return Err(error);
            }
        };
        let batch = txn.into_batch();
        if !batch.is_empty() {
            self.queue.push_back(Queued::Persist(batch));
        }
        self.queue.extend(
            std::mem::take(&mut self.core.outputs)
                .into_iter()
                .map(Queued::Output),
        );
        Ok(value)
    }

    /// Runs a step that changes something for the person whose device it is.
    fn act<T>(
        &mut self,
        step: impl FnOnce(&mut Core, &mut Txn<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.core.may_act()?;
        self.run(step)
    }

    /// Runs a step that may write into the shared space, after which its keys may be due.
    fn write_shared<T>(
        &mut self,
        outside: &mut Outside<'_>,
        step: impl FnOnce(&mut Core, &mut Txn<'_>, &mut Outside<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.act(|core, txn| {
            let before = core.written();
            let done = step(core, txn, outside)?;
            if core.written() != before {
                core.has_written(txn, outside)?;
            }
            Ok(done)
        })
    }

    /// Invites a further own device: the link to show to it and to nothing else.
    ///
    /// # Errors
    /// Removed; Invalid without a relay, while a pairing waits for an answer, or when there are
    /// as many devices as can be; Storage.
    pub fn link(
        &mut self,
        lifetime_secs: u32,
        outside: &mut Outside<'_>,
    ) -> Result<InvitationLink, Error> {
        self.act(|core, txn| core.link(txn, lifetime_secs, outside))
    }

    /// Removes an own device: at once, offline, needing nobody. It opens nothing that is sealed
    /// afterwards by any device that has heard of it.
    ///
    /// # Errors
    /// Removed; Not found; Invalid for this very device; Storage.
    pub fn remove_device(
        &mut self,
        device: &VerifyingKey,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        self.act(|core, txn| core.remove_device(txn, device, outside))
    }

    /// What the person called a device that is or was on their list.
    pub fn name_of(&self, device: &VerifyingKey) -> Option<String> {
        let mut named = view::named(&self.core.me.roster);
        named
            .find(|(known, _)| known == device)
            .map(|(_, name)| name)
    }

    /// The person's own devices, in the order in which they came.
    pub fn devices(&self) -> Vec<OwnDevice> {
        self.core.own_devices()
    }

    /// Writes entries, all or none.
    ///
    /// # Errors
    /// Invalid, Not paired, Storage.
    pub fn write(
        &mut self,
        drafts: &[Draft],
        outside: &mut Outside<'_>,
    ) -> Result<Vec<Wrote>, Error> {
        self.write_shared(outside, |core, txn, outside| {
            core.write(txn, drafts, outside)
        })
    }

    /// Signs what a bundle of evidence holds, for this device's person.
    pub fn sign_evidence(&self, files: [u8; 32]) -> (EvidenceStatement, Signature) {
        self.core.sign_evidence(files)
    }

    /// Takes entries in from another journal: each whole or not at all, and none twice. With
    /// `dry_run` it only says what would become of them.
    ///
    /// # Errors
    /// Not paired for a shared entry without a partner; Storage.
    pub fn import(
        &mut self,
        imports: &[Import],
        dry_run: bool,
        outside: &mut Outside<'_>,
    ) -> Result<Vec<Took>, Error> {
        self.write_shared(outside, |core, txn, outside| {
            core.import(txn, imports, dry_run, outside)
        })
    }

    /// Edits an entry: all edits or none, as one change. Positions are those of the text of
    /// version `at`, the one that the person saw; none means the current one. Returns the
    /// entry's version with the edits.
    ///
    /// # Errors
    /// Not found, Invalid (also if the entry is not one's own to change), Storage.
    pub fn edit(
        &mut self,
        entry: &EntryId,
        at: Option<&Version>,
        edits: &[Edit],
        outside: &mut Outside<'_>,
    ) -> Result<Version, Error> {
        self.write_shared(outside, |core, txn, outside| {
            core.edit(txn, entry, at, edits, outside)
        })
    }

    /// Copies private entries into the shared space, each under a fresh id; one that was
    /// shared before gives the copy that there is. Returns the copies.
    ///
    /// # Errors
    /// Not found, Invalid, Not paired, Storage.
    pub fn share(
        &mut self,
        entries: &[EntryId],
        outside: &mut Outside<'_>,
    ) -> Result<Vec<EntryId>, Error> {
        self.write_shared(outside, |core, txn, outside| {
            core.share(txn, entries, outside)
        })
    }

    /// Erases entries, all or none: at once on this device, and elsewhere as soon as it is
    /// heard there. What is one's own goes from every device that keeps it and from the relay;
    /// of what is kept together, or was left, one's own copy goes, and the other keeps theirs.
    ///
    /// # Errors
    /// Not found; Invalid for an entry that is the other's alone; Storage.
    pub fn erase(
        &mut self,
        entries: &[EntryId],
        outside: &mut Outside<'_>,
    ) -> Result<Vec<Erased>, Error> {
        self.write_shared(outside, |core, txn, outside| {
            core.erase(txn, entries, outside)
        })
    }

    /// Invites a partner: the link to show to them and nobody else.
    ///
    /// # Errors
    /// Invalid without a relay, while a pairing waits for an answer, or when there is a
    /// partner; Storage.
    pub fn invite(
        &mut self,
        lifetime_secs: u32,
        outside: &mut Outside<'_>,
    ) -> Result<InvitationLink, Error> {
        self.act(|core, txn| core.invite(txn, lifetime_secs, outside))
    }

    /// Takes an invitation up.
    ///
    /// # Errors
    /// Invalid for an invitation that is expired, spent here, one's own or of another version,
    /// or when there is a partner; Storage.
    pub fn join(&mut self, link: &InvitationLink, outside: &mut Outside<'_>) -> Result<(), Error> {
        self.run(|core, txn| core.join(txn, link, outside))
    }

    /// Says whether both sides show the same emoji.
    ///
    /// # Errors
    /// Invalid if there is nothing to compare; Storage.
    pub fn confirm(&mut self, same: bool, outside: &mut Outside<'_>) -> Result<(), Error> {
        self.run(|core, txn| core.confirm(txn, same, outside))
    }

    /// Calls the pairing off; its invitation is spent.
    ///
    /// # Errors
    /// Invalid if there is none; Storage.
    pub fn cancel_pairing(&mut self, outside: &mut Outside<'_>) -> Result<(), Error> {
        self.run(|core, txn| core.cancel_pairing(txn, outside))
    }

    /// The pairing under way, or the last one.
    pub fn pairing(&self) -> Option<PairingView> {
        self.core.pairing_view()
    }

    /// Names the relay for the private space and for coming invitations, if there was none. For
    /// the relay that is named already, the ticket with which it admits from now on.
    ///
    /// # Errors
    /// Invalid if another one is named; Storage.
    pub fn use_relay(&mut self, relay: &RelayAddress, ticket: Bytes) -> Result<(), Error> {
        self.act(|core, txn| core.use_relay(txn, relay, ticket))
    }

    /// Moves the person's journals to another relay, at once and needing nobody: new epochs
    /// there, to which own devices and the partner are led over where the former relay is still
    /// read. All that is here is brought along, and the former relay asked to drop what this
    /// person wrote.
    ///
    /// With `lost` the former relay is given up: nothing is sent to it or asked of it any more.
    /// The partner cannot be led over then; they name the same relay, and both meet there.
    ///
    /// # Errors
    /// Removed; Invalid if everything is there already or a pairing is under way; Storage.
    pub fn move_to(
        &mut self,
        relay: &RelayAddress,
        ticket: Bytes,
        lost: bool,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        self.act(|core, txn| core.move_to(txn, relay, ticket, lost, outside))
    }

    /// Gives everything new keys and new epochs.
    ///
    /// # Errors
    /// Invalid while somebody's keys are in doubt; Storage.
    pub fn rotate(&mut self, outside: &mut Outside<'_>) -> Result<(), Error> {
        self.act(|core, txn| core.rotate(txn, outside))
    }

    /// Whether [`renew_if_due`](Self::renew_if_due) has something to do. Ask while links are up.
    pub fn is_renewal_due(&self, now: Timestamp) -> bool {
        self.core.is_renewal_due(now)
    }

    /// Gives everything new keys, if they are old or have served for much, a while after the
    /// person has written something shared. Whether it did. A device that only reads renews
    /// nothing: it would be seen to be there.
    ///
    /// # Errors
    /// Storage.
    pub fn renew_if_due(&mut self, outside: &mut Outside<'_>) -> Result<bool, Error> {
        self.run(|core, txn| core.renew_if_due(txn, outside))
    }

    /// Leaves the shared journal: at once, offline, needing nobody. Both keep what they had;
    /// nothing later is sealed to the other. Unless `quietly`, the partner is told; quietly,
    /// what was not sent yet stays unsent, and to the partner it looks like writing nothing.
    ///
    /// # Errors
    /// Not paired; Storage.
    pub fn leave(&mut self, quietly: bool, outside: &mut Outside<'_>) -> Result<(), Error> {
        self.act(|core, txn| core.leave(txn, quietly, outside))
    }

    /// The links that the device wants now. Ask again after every drain.
    pub fn wanted(&self) -> Vec<Wanted> {
        self.core.wanted()
    }

    /// A link that was wanted is up.
    ///
    /// # Errors
    /// Storage.
    pub fn handle_up(
        &mut self,
        link: LinkId,
        mailbox: MailboxName,
        errand: Errand,
        exporter: &[u8; 32],
    ) -> Result<(), Error> {
        self.run(|core, txn| match errand {
            Errand::Replicate => core.handle_up(txn, link, mailbox, exporter),
            Errand::TakeLeave => core.begin_farewell(txn, link, mailbox, exporter),
        })
    }

    /// Frames have come. Hand over all that have, up to some 256: they are kept in one batch.
    ///
    /// # Errors
    /// Storage.
    pub fn handle_frames(
        &mut self,
        link: LinkId,
        frames: Vec<Frame>,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        self.run(|core, txn| {
            core.dirty = true;
            core.handle_frames(txn, link, frames, outside)
        })
    }

    /// A link is down.
    pub fn handle_down(&mut self, link: LinkId) {
        self.core.handle_down(link);
    }

    /// Whether a link is in sync: all that its relay lists is here, all that is here is kept
    /// there.
    pub fn is_quiet(&self, link: LinkId) -> bool {
        self.core.is_quiet(link)
    }

    /// How many envelopes wait for a relay to keep them.
    pub fn outbox_len(&self) -> usize {
        self.core.outbox_len()
    }
}
