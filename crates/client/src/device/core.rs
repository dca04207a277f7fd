//! The hub's state, and its opening.

use std::collections::{BTreeMap, BTreeSet};

use sidelight_crypto::{MailboxKeys, PersonSigningKey, UnsealingKey};
use sidelight_format::record::{
    AuthorRecord, DeviceRecord, EnvelopeRecord, EpochSecretRecord, Fact, FactRecord, ListedRecord,
    OutboxRecord, OwnAuthorRecord, PairingEnd, PairingRecord, PersonRecord, SpaceRecord, Verdict,
    WaitingRecord,
};
use sidelight_format::{
    AuthorId, Bytes, Class, EntryId, EnvelopeId, EpochId, MailboxName, PersonId, PersonKeys,
    SealingKey, SegmentId, SpaceId, Timestamp, limits,
};
use sidelight_store::{Direction, Key, Store, Txn};
use sidelight_sync::{Pairing, Person, Roster};

use super::drops::Drops;
use super::entries::Documents;
use super::farewell::Farewell;
use super::gaps::Suspected;
use super::hold::Held;
use super::index::Index;
use super::links::Link;
use super::lock::Lock;
use super::moves::Moves;
use super::outbox::Outbox;
use super::space::{Epoch, Known, Space};
use super::volumes::Volumes;
use super::{Event, LinkId, Output};
use crate::Error;

/// How many facts are remembered: the newest replace none, so that a relay that lies without
/// end fills no disk. What happened first is the evidence.
const FACTS_MAX: usize = 1000;

/// Everything but the store.
pub(super) struct Core {
    pub(super) me: DeviceRecord,
    /// Whether private entries need a further secret, and whether it was given.
    pub(super) lock: Lock,
    pub(super) segment: SegmentId,
    /// The own devices; none as long as this one is nobody's.
    pub(super) roster: Option<Roster>,
    pub(super) persons: BTreeMap<PersonId, Known>,
    pub(super) spaces: BTreeMap<SpaceId, Space>,
    pub(super) recovery: MailboxKeys,
    pub(super) pairing: Option<Rendezvous>,
    pub(super) outbox: Outbox,
    pub(super) drops: Drops,
    pub(super) moves: Moves,
    pub(super) links: BTreeMap<LinkId, Link>,
    pub(super) farewells: BTreeMap<LinkId, Farewell>,
    pub(super) documents: Documents,
    pub(super) index: Index,
    pub(super) held: Held,
    pub(super) volumes: Volumes,
    pub(super) facts: BTreeSet<FactKey>,
    /// Gaps that may yet be explained.
    pub(super) suspected: BTreeMap<SpaceId, Suspected>,
    /// How many envelopes of each author wait for what they depend on.
    pub(super) waiting: BTreeMap<AuthorId, usize>,
    /// Mailboxes of which something was not remembered, since too much waited already; and
    /// whether there is room again.
    pub(super) missed: BTreeSet<MailboxName>,
    pub(super) released: bool,
    pub(super) outputs: Vec<Output>,
    /// Entries changed in this step, each told once.
    pub(super) changed: BTreeSet<EntryId>,
    /// Epochs that could not be followed may be now.
    pub(super) follow_again: bool,
    /// The partner has moved the shared space in this step.
    pub(super) told_of_move: bool,
    /// When keys are renewed: only while what the person wrote is on its way, or this device has
    /// been at work since.
    pub(super) renewal: Option<Timestamp>,
    /// When mailboxes that were left alone for long were last looked for.
    pub(super) kept: Option<Timestamp>,
    /// Entries erased in this step.
    pub(super) removed: BTreeSet<EntryId>,
    /// This step has changed something that is only right once it is kept.
    pub(super) dirty: bool,
}

/// A fact as it is compared with those already known.
pub(super) type FactKey = String;

/// A pairing and its mailbox.
pub(super) struct Rendezvous {
    pub(super) keys: MailboxKeys,
    pub(super) pairing: Pairing,
}

/// What a mailbox is for.
pub(super) enum Purpose {
    Epoch(SpaceId, EpochId),
    Pairing,
    Recovery,
}

impl Core {
    pub(super) fn open(store: &dyn Store, segment: SegmentId) -> Result<Self, Error> {
        let txn = Txn::begin(store)?;
        let me = txn
            .get::<DeviceRecord>(Key::One)?
            .ok_or_else(|| Error::not_found("no journal has begun here yet; begin one first"))?;
        let mut core = Self::empty(me, segment);
        let (lock, keys) = Lock::of(&txn)?;
        core.lock = lock;
        if let Some(keys) = keys {
            core.me.sealing = keys.sealing;
            core.me.recovery = keys.recovery;
        }
        for record in txn.all::<PersonRecord>()? {
            let person = Person::resume(
                &record.genesis,
                &record.successors,
                record.forked,
                record.settled,
            )
            .map_err(|_| Error::internal("a kept person does not check"))?;
            core.persons.insert(person.id(), Known { person });
        }
        core.roster = core.kept_roster()?;
        for id in core.space_ids() {
            let Some(record) = txn.get::<SpaceRecord>(Key::Name(&id.0))? else {
                continue;
            };
            let mut space = Space::new(id, record);
            let hidden = core.lock.hides(&id);
            for epoch in space.listened().into_iter().filter(|_| !hidden) {
                if let Some(opened) = open_epoch(&txn, &epoch)? {
                    space.open.insert(epoch, opened);
                }
            }
            core.spaces.insert(id, space);
        }
        core.outbox = Outbox::open(&txn)?;
        core.index = Index::open(&txn)?;
        core.held = Held::open(&txn)?;
        core.volumes = Volumes::open(&txn)?;
        core.drops = Drops::open(&txn)?;
        core.reopen_for_drops(&txn)?;
        core.moves = Moves::open(&txn)?;
        core.reopen_for_moves(&txn)?;
        core.reopen_for_renewal(&txn)?;
        // Pairings are few, and one counts: that which is under way, or led to the partner, or
        // has something left to say. When each would have expired tells nothing of that.
        let pairings = txn
            .all::<PairingRecord>()?
            .into_iter()
            .map(Rendezvous::resume);
        core.pairing = pairings.max_by_key(|rendezvous| {
            let record = rendezvous.pairing.record();
            (
                record.ended.is_none(),
                record.ended == Some(PairingEnd::Paired),
                core.outbox.waits_at(&rendezvous.keys.name()),
                record.invitation.expires,
            )
        });
        for (_, record) in txn.range::<FactRecord>(0, Direction::Up, FACTS_MAX)? {
            core.facts.insert(fact_key(&record.fact));
        }
        for (_, record) in txn.range::<WaitingRecord>(0, Direction::Up, usize::MAX)? {
            *core.waiting.entry(record.author).or_default() += 1;
        }
        // With so much waiting, more may have come and found no room.
        if core
            .waiting
            .values()
            .any(|own| *own >= limits::WAITING_PER_AUTHOR_MAX)
        {
            let open = core.spaces.values().flat_map(|space| space.open.values());
            core.missed = open.map(|epoch| epoch.keys.name()).collect();
        }
        Ok(core)
    }

    pub(super) fn empty(me: DeviceRecord, segment: SegmentId) -> Self {
        Self {
            recovery: MailboxKeys::of_recovery(&me.recovery_mailbox),
            me,
            lock: Lock::default(),
            segment,
            roster: None,
            persons: BTreeMap::new(),
            spaces: BTreeMap::new(),
            pairing: None,
            outbox: Outbox::default(),
            drops: Drops::default(),
            moves: Moves::default(),
            links: BTreeMap::new(),
            farewells: BTreeMap::new(),
            documents: Documents::default(),
            index: Index::default(),
            held: Held::default(),
            volumes: Volumes::default(),
            facts: BTreeSet::new(),
            suspected: BTreeMap::new(),
            waiting: BTreeMap::new(),
            missed: BTreeSet::new(),
            released: false,
            outputs: Vec::new(),
            changed: BTreeSet::new(),
            follow_again: false,
            told_of_move: false,
            renewal: None,
            kept: None,
            removed: BTreeSet::new(),
            dirty: false,
        }
    }

    fn space_ids(&self) -> Vec<SpaceId> {
        let former = self.me.former.iter().copied();
        [Some(self.me.private), self.me.shared]
            .into_iter()
            .flatten()
            .chain(former)
            .collect()
    }

    /// The person's newest secrets.
    pub(super) fn keys(&self) -> &PersonKeys {
        self.me
            .keys
            .last()
            .expect("a device is founded with its person's keys")
    }

    pub(super) fn signing(&self) -> PersonSigningKey {
        PersonSigningKey::from_seed(&self.keys().signing)
    }

    pub(super) fn unsealing(&self) -> Vec<UnsealingKey> {
        self.me
            .keys
            .iter()
            .rev()
            .map(|keys| UnsealingKey::from_seed(&keys.sealing))
            .collect()
    }

    /// To whom an epoch of `space` must be sealed now: in the shared space the two persons'
    /// keys, in the private one the own devices and the recovery words. None while somebody's
    /// keys are in doubt.
    pub(super) fn recipients(&self, space: &Space) -> Option<Vec<SealingKey>> {
        if space.id == self.me.private {
            return self.roster.as_ref()?.recipients().ok();
        }
        let members = space.members(&self.persons);
        members
            .iter()
            .map(|person| person.sealing_key().cloned())
            .collect()
    }

    /// The mailbox's purpose, if this device knows it.
    pub(super) fn purpose(&self, mailbox: &MailboxName) -> Option<Purpose> {
        for space in self.spaces.values() {
            for (epoch, opened) in &space.open {
                if opened.keys.name() == *mailbox {
                    return Some(Purpose::Epoch(space.id, *epoch));
                }
            }
        }
        if self
            .pairing
            .as_ref()
            .is_some_and(|rendezvous| rendezvous.keys.name() == *mailbox)
        {
            return Some(Purpose::Pairing);
        }
        (self.recovery.name() == *mailbox).then_some(Purpose::Recovery)
    }

    /// Keeps an envelope of our own and lets it wait for the relay.
    pub(super) fn post(
        &mut self,
        txn: &mut Txn<'_>,
        mailbox: MailboxName,
        envelope: EnvelopeId,
        bytes: Vec<u8>,
    ) -> Result<(), Error> {
        self.keep(
            txn,
            mailbox,
            envelope,
            Verdict::Accepted,
            Bytes::from(bytes),
        )?;
        self.outbox.push(txn, OutboxRecord { mailbox, envelope });
        Ok(())
    }

    /// Keeps an envelope as refill material, or only its id.
    pub(super) fn keep(
        &mut self,
        txn: &mut Txn<'_>,
        mailbox: MailboxName,
        envelope: EnvelopeId,
        verdict: Verdict,
        bytes: Bytes,
    ) -> Result<(), Error> {
        let bytes = if verdict == Verdict::Refused {
            Bytes::new()
        } else {
            bytes
        };
        txn.put(
            Key::Name(&envelope.0),
            &EnvelopeRecord {
                mailbox,
                class: Class::Live,
                verdict,
                bytes,
            },
        );
        if !matches!(verdict, Verdict::Refused | Verdict::Erased) {
            txn.append(&ListedRecord { mailbox, envelope })?;
        }
        Ok(())
    }

    /// Reports something once.
    pub(super) fn report(
        &mut self,
        txn: &mut Txn<'_>,
        fact: Fact,
        now: Timestamp,
    ) -> Result<(), Error> {
        if self.facts.len() < FACTS_MAX && self.facts.insert(fact_key(&fact)) {
            txn.append(&FactRecord { found: now, fact })?;
            self.outputs.push(Output::Event(Event::Warning(fact)));
        }
        Ok(())
    }

    /// Ends a step: tells what changed and sends what waits, as far as links take it.
    pub(super) fn pump(&mut self, txn: &mut Txn<'_>) -> Result<(), Error> {
        self.keep_entries(txn)?;
        self.go_on_moving(txn)?;
        self.forget_indexed(txn)?;
        self.keep_volumes(txn);
        let changed = std::mem::take(&mut self.changed);
        self.outputs.extend(
            changed
                .into_iter()
                .map(|id| Output::Event(Event::EntryChanged(id))),
        );
        let removed = std::mem::take(&mut self.removed).into_iter();
        self.outputs
            .extend(removed.map(|id| Output::Event(Event::EntryRemoved(id))));
        self.send_waiting(txn)?;
        self.send_drops();
        Ok(())
    }
}

/// An epoch as it is kept, with its authors. None if it is only known to have been: it lay
/// further back than a keyring goes.
pub(super) fn open_epoch(txn: &Txn<'_>, id: &EpochId) -> Result<Option<Epoch>, Error> {
    let Some(kept) = txn.get::<EpochSecretRecord>(Key::Name(&id.0))? else {
        return Ok(None);
    };
    let mut opened = Epoch::new(kept);
    opened.own = txn.get::<OwnAuthorRecord>(Key::Name(&id.0))?;
    for author in &opened.record.authors {
        if let Some(known) = txn.get::<AuthorRecord>(Key::Name(&author.0))? {
            opened.authors.insert(*author, known);
        }
    }
    Ok(Some(opened))
}

impl Rendezvous {
    pub(super) fn new(pairing: Pairing) -> Self {
        let keys = MailboxKeys::of_invitation(&pairing.record().invitation.secret);
        Self { keys, pairing }
    }

    fn resume(record: PairingRecord) -> Self {
        Self::new(Pairing::resume(record))
    }
}

/// A gap that grows is the same gap, and a log that forked stays forked, or each further step of
/// either branch would be told; everything else is compared whole.
pub(super) fn fact_key(fact: &Fact) -> FactKey {
    match fact {
        Fact::Gap { author, from, .. } => format!("gap {} {}", author.to_hex(), from.0),
        Fact::Fork { author, .. } => format!("fork {}", author.to_hex()),
        fact => format!("{fact:?}"),
    }
}
