//! What a device shows, what a relay has, what was ever said.

use std::collections::BTreeMap;

use sidelight::device::view::{self, EntryView, StatusView};
use sidelight_crypto::MailboxKeys;
use sidelight_format::record::{
    DeviceRecord, EnvelopeRecord, EpochSecretRecord, Fact, PersonRecord, SpaceRecord, WaitingRecord,
};
use sidelight_format::{
    Authored, Body, Bytes, EntryId, EnvelopeId, MailboxName, PersonId, Position, SpaceId, encode,
};
use sidelight_store::{Direction, Key, Txn};
use sidelight_sync::Person;

use super::Story;
use super::hand::envelope_keys;

impl Story {
    /// What a person should know.
    pub fn status(&self, home: usize) -> StatusView {
        view::status(self.device(home).store()).expect("a store that works")
    }

    /// All that a device shows, by id.
    pub fn entries(&self, home: usize) -> BTreeMap<EntryId, EntryView> {
        let (mut all, mut before) = (BTreeMap::new(), None);
        loop {
            let (page, next) = view::page(self.device(home).store(), before.as_ref(), 100)
                .expect("a store that works");
            for entry in page {
                assert!(all.insert(entry.id, entry).is_none(), "each is shown once");
            }
            match next {
                Some(next) => before = Some(next),
                None => return all,
            }
        }
    }

    /// What a device shows of the shared space, by id.
    pub fn shared_entries(&self, home: usize) -> BTreeMap<EntryId, EntryView> {
        let shared = self.status(home).shared;
        let mut entries = self.entries(home);
        entries.retain(|_, entry| Some(entry.space) == shared);
        entries
    }

    /// An entry's text.
    pub fn text(&self, home: usize, entry: &EntryId) -> Option<String> {
        let shown = view::entry(self.device(home).store(), entry).expect("a store that works");
        shown.map(|shown| shown.rendered.text)
    }

    /// The facts that a device keeps.
    pub fn facts(&self, home: usize) -> Vec<Fact> {
        let facts = self.status(home).facts;
        facts.into_iter().map(|record| record.fact).collect()
    }

    /// A record of a home's store.
    pub fn record<R: sidelight_format::record::Record>(
        &self,
        home: usize,
        key: Key<'_>,
    ) -> Option<R> {
        let txn = Txn::begin(self.device(home).store()).expect("a store that works");
        txn.get(key).expect("a store that works")
    }

    /// The device's own record, with its person's secrets.
    pub fn device_record(&self, home: usize) -> DeviceRecord {
        self.record(home, Key::One)
            .expect("a device that has begun")
    }

    /// The one epoch of a space of a home.
    pub fn epoch(&self, home: usize, space: &SpaceId) -> EpochSecretRecord {
        let space: SpaceRecord = self
            .record(home, Key::Name(&space.0))
            .expect("a space that is known");
        self.record(home, Key::Name(&space.epochs[0].epoch.0))
            .expect("an epoch that is kept")
    }

    /// The mailboxes of all epochs of a space that a home knows.
    pub fn mailboxes(&self, home: usize, space: &SpaceId) -> Vec<MailboxName> {
        let space: SpaceRecord = self
            .record(home, Key::Name(&space.0))
            .expect("a space that is known");
        let ids = space.epochs.iter().map(|node| node.epoch);
        let kept = ids.filter_map(|id| self.record::<EpochSecretRecord>(home, Key::Name(&id.0)));
        kept.map(|epoch| envelope_keys(&epoch).name()).collect()
    }

    /// A person's chain as a home knows it.
    pub fn person(&self, home: usize, person: &PersonId) -> Person {
        let kept: PersonRecord = self
            .record(home, Key::Name(&person.0))
            .expect("a person who is known");
        Person::check(&kept.genesis, &kept.successors).expect("a chain that was checked")
    }

    /// The keys of the shared space's mailbox.
    pub fn shared_keys(&self, home: usize) -> MailboxKeys {
        let shared = self.status(home).shared.expect("paired");
        envelope_keys(&self.epoch(home, &shared))
    }

    /// The keys of a private space's mailbox.
    pub fn private_keys(&self, home: usize) -> MailboxKeys {
        envelope_keys(&self.epoch(home, &self.status(home).private))
    }

    /// The shared space's mailbox.
    pub fn shared_mailbox(&self) -> MailboxName {
        self.shared_keys(super::ADA).name()
    }

    /// The envelopes that the relay has of a mailbox, in its order.
    pub fn listed(&self, mailbox: &MailboxName) -> Vec<Bytes> {
        self.relay_disk.envelopes(mailbox)
    }

    /// Where the relay lists an envelope.
    pub fn position(&self, mailbox: &MailboxName, envelope: &EnvelopeId) -> Option<Position> {
        let listed = self.listed(mailbox);
        let at = listed
            .iter()
            .position(|bytes| sidelight_format::envelope_id(mailbox, bytes) == *envelope);
        at.map(|at| Position(at as u64))
    }

    /// What became of an envelope on a device.
    pub fn envelope(&self, home: usize, id: &EnvelopeId) -> Option<EnvelopeRecord> {
        self.record(home, Key::Name(&id.0))
    }

    /// How many envelopes wait on a device for what they depend on.
    pub fn waiting(&self, home: usize) -> usize {
        let txn = Txn::begin(self.device(home).store()).expect("a store that works");
        let waiting = txn.range::<WaitingRecord>(0, Direction::Up, usize::MAX);
        waiting.expect("a store that works").len()
    }

    /// Every envelope that a device ever sent, with its home.
    pub fn puts(&self) -> &[(usize, MailboxName, Bytes)] {
        &self.puts
    }

    /// Everything that was ever on a line.
    pub fn tapped(&self) -> &[u8] {
        &self.tapped
    }

    /// Every row that a home's disk ever had.
    pub fn sealed_rows(&self, home: usize) -> Vec<Vec<u8>> {
        self.homes[home].disk.sealed()
    }

    /// What authors wrote into the shared mailbox, in the relay's order.
    pub fn authored(&self, home: usize) -> Vec<(EnvelopeId, Authored)> {
        let keys = self.shared_keys(home);
        let listed = self.listed(&keys.name());
        let opened = listed.iter().filter_map(|bytes| match keys.open(bytes) {
            Ok((_, Body::Authored(authored))) => Some((
                sidelight_format::envelope_id(&keys.name(), bytes),
                *authored,
            )),
            _ => None,
        });
        opened.collect()
    }

    /// Everything that authors of any home ever sent, whatever became of it.
    pub fn ever_authored(&self) -> Vec<(EnvelopeId, Authored)> {
        let mut keys = Vec::new();
        for home in 0..self.homes.len() {
            let status = self.status(home);
            let spaces = [Some(status.private), status.shared];
            let epochs = spaces.iter().flatten().map(|s| self.epoch(home, s));
            keys.extend(epochs.map(|epoch| envelope_keys(&epoch)));
        }
        let opened = self.puts.iter().filter_map(|(_, mailbox, bytes)| {
            let keys = keys.iter().find(|keys| keys.name() == *mailbox)?;
            match keys.open(bytes) {
                Ok((_, Body::Authored(authored))) => {
                    Some((sidelight_format::envelope_id(mailbox, bytes), *authored))
                }
                _ => None,
            }
        });
        opened.collect()
    }

    /// No device ever sent two envelopes for one place of its log, and no nonce was used twice
    /// under one key, on a line or on a disk.
    pub fn assert_nothing_repeats(&self) {
        let mut places = BTreeMap::new();
        for (id, authored) in self.ever_authored() {
            let place = (authored.certificate.author, authored.sequence);
            let before = places.insert(place, id);
            assert!(
                before.is_none_or(|before| before == id),
                "seed {}",
                self.seed
            );
        }
        let mut nonces = BTreeMap::new();
        let sent = self.puts.iter().map(|(_, _, bytes)| {
            let bytes = bytes.as_slice();
            (
                (bytes[4..36].to_vec(), bytes[68..92].to_vec()),
                bytes.to_vec(),
            )
        });
        let rows = self.homes.iter().flat_map(|home| {
            let key = vec![home.key];
            let sealed = home.disk.sealed().into_iter();
            sealed.map(move |row| ((key.clone(), row[2..26].to_vec()), row))
        });
        for (nonce, whole) in sent.chain(rows) {
            let before = nonces.insert(nonce, whole.clone());
            assert!(
                before.is_none_or(|before| before == whole),
                "seed {}: a nonce is used once",
                self.seed
            );
        }
    }

    /// Both devices show the same of the shared space: text, fields and version of each entry.
    pub fn assert_same(&self, a: usize, b: usize) {
        let (a, b) = (self.shared_entries(a), self.shared_entries(b));
        assert!(same_shown(&a, &b), "seed {}: both show the same", self.seed);
    }
}

/// Whether the same is shown.
pub fn same_shown(a: &BTreeMap<EntryId, EntryView>, b: &BTreeMap<EntryId, EntryView>) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|((a_id, a), (b_id, b))| {
            a_id == b_id && a.version == b.version && a.rendered == b.rendered
        })
}

/// What an envelope holds, once opened: all bytes that its readers get.
pub fn plain(keys: &MailboxKeys, envelope: &[u8]) -> Vec<u8> {
    match keys.open(envelope).expect("sealed under these keys").1 {
        Body::Authored(authored) => encode(&authored),
        body => body.encode().1,
    }
}
