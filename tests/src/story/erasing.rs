//! Taking back, own further devices, and what is left of an entry anywhere.

use sidelight::Error;
use sidelight::device::{Erased, Reach, view};
use sidelight_crypto::MailboxKeys;
use sidelight_format::record::{
    DeviceRecord, EntryRecord, EnvelopeRecord, EpochSecretRecord, OwnAuthorRecord, RenderedRecord,
    SpaceRecord,
};
use sidelight_format::{Body, Bytes, EntryId, EpochId, MailboxName, SpaceId, Subject};
use sidelight_store::{Batch, Key, Txn};

use super::Story;
use super::hand::envelope_keys;

impl Story {
    /// Erases one entry.
    ///
    /// # Errors
    /// The command's.
    pub fn erase(&mut self, home: usize, entry: &EntryId) -> Result<Reach, Error> {
        self.command(home, |device, outside| device.erase(&[*entry], outside))
            .map(|erased: Vec<Erased>| erased[0].reach)
    }

    /// The days on which a device says that something was taken back, with the entry.
    pub fn taken_back(&self, home: usize) -> Vec<EntryId> {
        let store = self.device(home).store();
        let (shown, _) = view::timeline(store, None, usize::MAX).expect("a store that works");
        let taken = shown.into_iter().filter_map(|shown| match shown {
            view::Shown::TakenBack(marker) => Some(marker.id),
            view::Shown::Entry(_) => None,
        });
        taken.collect()
    }

    /// A further device of the same person: it has what this one has now, and writes as authors
    /// of its own.
    pub fn other_device(&mut self, home: usize) -> usize {
        let other = self.clone_home(home);
        let epochs = self.epochs(other);
        self.change_store(other, |txn| {
            for (_, epoch, _) in &epochs {
                txn.delete::<OwnAuthorRecord>(Key::Name(&epoch.0));
            }
        });
        other
    }

    /// Changes a home's store behind its device's back, which starts anew then.
    pub fn change_store(&mut self, home: usize, change: impl FnOnce(&mut Txn<'_>)) {
        let mut store = self.take_store(home);
        let mut txn = Txn::begin(&*store).expect("a store that works");
        change(&mut txn);
        let batch = txn.into_batch();
        store.commit(batch).expect("a disk with room");
        drop(store);
        self.start(home);
    }

    /// As [`change_store`](Self::change_store), row by row: they need hold no record.
    pub fn change_rows(&mut self, home: usize, change: impl FnOnce(&mut Batch)) {
        let mut store = self.take_store(home);
        let mut batch = Batch::new();
        change(&mut batch);
        store.commit(batch).expect("a disk with room");
        drop(store);
        self.start(home);
    }

    /// Every epoch that a home has the secret of, with its mailbox.
    pub fn epochs(&self, home: usize) -> Vec<(SpaceId, EpochId, MailboxKeys)> {
        let me: DeviceRecord = self.device_record(home);
        let spaces = [Some(me.private), me.shared].into_iter().flatten();
        let mut epochs = Vec::new();
        for space in spaces.chain(me.former) {
            let record: SpaceRecord = self
                .record(home, Key::Name(&space.0))
                .expect("a space that is known");
            for node in record.epochs {
                let epoch: Option<EpochSecretRecord> = self.record(home, Key::Name(&node.epoch.0));
                epochs.extend(epoch.map(|epoch| (space, node.epoch, envelope_keys(&epoch))));
            }
        }
        epochs
    }

    /// Whether an envelope carries something of an entry.
    fn carries(
        epochs: &[(SpaceId, EpochId, MailboxKeys)],
        (mailbox, bytes): (&MailboxName, &[u8]),
        entry: &EntryId,
    ) -> bool {
        let known = epochs.iter().find(|(_, _, keys)| keys.name() == *mailbox);
        known.is_some_and(|(space, _, keys)| match keys.open(bytes) {
            Ok((_, Body::Authored(authored))) => {
                authored.subject == Subject::ENTRY
                    && authored.entry.map(|entry| entry.id(space)) == Some(*entry)
            }
            _ => false,
        })
    }

    /// The envelopes that the relay has and that carry something of an entry which `home` may
    /// read.
    pub fn at_relay(&self, home: usize, entry: &EntryId) -> Vec<(MailboxName, Bytes)> {
        let epochs = self.epochs(home);
        let mut found = Vec::new();
        for mailbox in self.relay_disk.mailboxes() {
            for bytes in self.listed(&mailbox) {
                if Self::carries(&epochs, (&mailbox, &bytes), entry) {
                    found.push((mailbox, bytes));
                }
            }
        }
        found
    }

    /// How much a device keeps of an entry: its document, what it shows, and the bodies of the
    /// envelopes that carried it, of all that were ever sent.
    pub fn kept_of(&self, home: usize, entry: &EntryId) -> usize {
        let epochs = self.epochs(home);
        let name = Key::Name(&entry.0);
        let rows = [
            self.record::<EntryRecord>(home, name).is_some(),
            self.record::<RenderedRecord>(home, name).is_some(),
        ];
        let sent = self.puts.iter().filter(|(_, mailbox, bytes)| {
            let id = sidelight_format::envelope_id(mailbox, bytes);
            Self::carries(&epochs, (mailbox, bytes), entry)
                && self
                    .record::<EnvelopeRecord>(home, Key::Name(&id.0))
                    .is_some_and(|kept| !kept.bytes.is_empty())
        });
        rows.iter().filter(|row| **row).count() + sent.count()
    }

    /// Nothing is left of an entry on any of these devices, nor at the relay.
    pub fn assert_gone(&self, homes: &[usize], entry: &EntryId) {
        for home in homes {
            assert_eq!(self.text(*home, entry), None, "home {home} shows it");
            assert_eq!(self.kept_of(*home, entry), 0, "home {home} keeps of it");
            let at_relay = self.at_relay(*home, entry);
            assert_eq!(at_relay.len(), 0, "the relay has of it");
        }
    }
}
