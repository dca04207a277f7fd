//! Links: one replication session each, and what waits to be sent on it.

use std::collections::{BTreeSet, HashMap};

use sidelight_crypto::MailboxKeys;
use sidelight_format::record::{
    EnvelopeRecord, Fact, ListedRecord, OutboxRecord, ReplicaRecord, Verdict,
};
use sidelight_format::{EnvelopeId, Frame, MailboxName, Position, RefusalCode};
use sidelight_store::{Direction, Key, Txn};
use sidelight_sync::{Found, Outside, Session};

use super::core::{Core, Purpose};
use super::drops::DropsInFlight;
use super::moving::NOWHERE;
use super::space::{Epoch, Space};
use super::volumes::Filling;
use super::{Errand, Event, Group, LinkId, Output, Wanted};
use crate::Error;

/// How many bytes may be on their way without an answer: enough to fill 20 Mbit/s at a round
/// trip of 800 ms, little enough for any phone.
const IN_FLIGHT_MAX: usize = 2 * 1024 * 1024;

/// How many rows of the list are read at once when a relay is refilled.
const REFILL_PAGE: usize = 1024;

/// One link.
pub(super) struct Link {
    pub(super) mailbox: MailboxName,
    session: Session,
    /// The number of the last outbox row sent on it.
    sent: Option<u64>,
    /// What was sent and not yet answered, by length.
    in_flight: HashMap<EnvelopeId, usize>,
    in_flight_len: usize,
    /// The drops that were asked for and not yet answered.
    pub(super) drops: DropsInFlight,
    /// The mailbox is being brought to this relay: that it lacks something is no loss.
    arriving: bool,
    /// What it does about volumes.
    pub(super) filling: Filling,
}

impl Link {
    /// Whether all that its relay lists is here.
    pub(super) fn is_up_to_date(&self) -> bool {
        self.session.is_up_to_date()
    }

    /// Whether it fetches no more than volumes for now.
    pub(super) fn holds(&self) -> bool {
        self.session.holds()
    }

    /// Asks for a volume or a proof.
    pub(super) fn take(&mut self, position: Position) {
        self.session.take(position);
    }

    /// Asks for what else is listed from one position to another.
    pub(super) fn look(&mut self, first: Position, last: Position) {
        self.session.look(first, last);
    }
}

impl Core {
    pub(super) fn wanted(&self) -> Vec<Wanted> {
        let mut wanted = Vec::new();
        if self.me.removed {
            return wanted;
        }
        let walk = self.me.recovering.as_ref();
        let walking = walk.is_some_and(|walk| !walk.replaced);
        for space in self.spaces.values() {
            // What is shared comes after the walk: there may be volumes of it.
            if walking && space.id != self.me.private {
                continue;
            }
            let group = if space.id == self.me.private {
                Group::Private
            } else {
                Group::Shared
            };
            for epoch in space.open.values() {
                let mailbox = epoch.keys.name();
                let waits = self.outbox.waits_at(&mailbox) || self.drops.waits_at(&mailbox);
                let silent = space.record.left && !waits;
                if let Some(relay) = epoch.record.relay.clone()
                    && !silent
                    && self.is_announced(space, epoch)
                {
                    wanted.push(Wanted {
                        mailbox,
                        relay,
                        group,
                        errand: Errand::Replicate,
                    });
                }
            }
        }
        if let Some(rendezvous) = &self.pairing {
            let record = rendezvous.pairing.record();
            let mailbox = rendezvous.keys.name();
            // An ended pairing is wanted until the other side can learn how it ended; the first
            // epoch until the partner has written in it, since a relay may yet lose it.
            let unheard = self.is_unheard();
            if record.ended.is_none() || unheard || self.outbox.waits_at(&mailbox) {
                wanted.push(Wanted {
                    mailbox,
                    relay: record.relay.clone(),
                    group: Group::Pairing,
                    errand: Errand::Replicate,
                });
            }
        }
        // Always, since nothing else would notice that the relay has lost where the recovery walk
        // begins; and opening it keeps it.
        if let Some(relay) = self.me.relay.clone() {
            wanted.push(Wanted {
                mailbox: self.recovery.name(),
                relay,
                group: Group::Private,
                errand: Errand::Replicate,
            });
        }
        for (mailbox, record) in self.moves.leave_taking() {
            let group = if record.space == self.me.private {
                Group::Private
            } else {
                Group::Shared
            };
            wanted.extend(record.from.clone().map(|relay| Wanted {
                mailbox: *mailbox,
                relay,
                group,
                errand: Errand::TakeLeave,
            }));
        }
        wanted
    }

    /// The links that there are.
    pub(super) fn link_ids(&self) -> impl Iterator<Item = LinkId> {
        let farewells = self.farewells.keys();
        self.links.keys().chain(farewells).copied()
    }

    /// Nothing is written under an epoch before its record is in the mailbox of each parent, so
    /// that whoever still listens there is led over. A parent at another relay may be gone with
    /// it, and holds nobody up; nor does one that comes along to this relay.
    fn is_announced(&self, space: &Space, epoch: &Epoch) -> bool {
        let Some(record) = &epoch.record.record else {
            return true;
        };
        record
            .statement
            .parents
            .iter()
            .filter_map(|parent| space.open.get(parent))
            .all(|parent| {
                let mailbox = parent.keys.name();
                parent.record.relay != epoch.record.relay
                    || self.moves.has(&mailbox)
                    || !self.outbox.waits_at(&mailbox)
            })
    }

    pub(super) fn has_heard_from_partner(&self) -> bool {
        let shared = self.me.shared.and_then(|shared| self.spaces.get(&shared));
        shared.is_some_and(|space| {
            let mut authors = space.open.values().flat_map(|epoch| epoch.authors.values());
            authors.any(|author| author.person != self.me.person)
        })
    }

    pub(super) fn handle_up(
        &mut self,
        txn: &mut Txn<'_>,
        link: LinkId,
        mailbox: MailboxName,
        exporter: &[u8; 32],
    ) -> Result<(), Error> {
        let (fills, relists) = (self.fills(&mailbox), self.relists(&mailbox));
        let ticket = match self.purpose(&mailbox) {
            Some(Purpose::Pairing) => match &self.pairing {
                Some(rendezvous) => rendezvous.pairing.record().invitation.ticket.clone(),
                None => Default::default(),
            },
            _ => self.me.ticket.clone(),
        };
        let Some(keys) = self.mailbox_keys(&mailbox) else {
            self.outputs.push(Output::Hangup(link));
            return Ok(());
        };
        let record = txn.get::<ReplicaRecord>(Key::Name(&mailbox.0))?;
        let arriving = record.is_some_and(|record| record.instance == NOWHERE);
        let session = if fills {
            Session::open_holding(keys, record, exporter, ticket)
        } else if relists {
            let mut session = Session::open_holding(keys, record, exporter, ticket);
            session.go_on(&mut |_| false);
            session
        } else {
            Session::open(keys, record, exporter, ticket)
        };
        let opened = Link {
            mailbox,
            session,
            sent: None,
            in_flight: HashMap::new(),
            in_flight_len: 0,
            drops: DropsInFlight::new(),
            arriving,
            filling: Filling::default(),
        };
        self.links.insert(link, opened);
        self.send_session(link);
        Ok(())
    }

    /// The keys of a mailbox that is known here.
    pub(super) fn mailbox_keys(&self, mailbox: &MailboxName) -> Option<&MailboxKeys> {
        match self.purpose(mailbox)? {
            Purpose::Epoch(space, epoch) => Some(&self.spaces.get(&space)?.open.get(&epoch)?.keys),
            Purpose::Pairing => self.pairing.as_ref().map(|rendezvous| &rendezvous.keys),
            Purpose::Recovery => Some(&self.recovery),
        }
    }

    pub(super) fn handle_down(&mut self, link: LinkId) {
        self.links.remove(&link);
        self.farewells.remove(&link);
    }

    pub(super) fn is_quiet(&self, link: LinkId) -> bool {
        self.links.get(&link).is_some_and(|opened| {
            let mailbox = &opened.mailbox;
            let waits = self.outbox.waits_at(mailbox) || self.drops.waits_at(mailbox);
            opened.session.is_up_to_date() && !waits
        })
    }

    /// Reads on in mailboxes: what their relay has by now.
    pub(super) fn read_again(&mut self, mailboxes: &BTreeSet<MailboxName>) {
        let mut asked = Vec::new();
        for (link, opened) in &mut self.links {
            if mailboxes.contains(&opened.mailbox) {
                opened.session.read_on();
                asked.push(*link);
            }
        }
        for link in asked {
            self.send_session(link);
        }
    }

    pub(super) fn outbox_len(&self) -> usize {
        self.outbox.len()
    }

    pub(super) fn handle_frames(
        &mut self,
        txn: &mut Txn<'_>,
        link: LinkId,
        frames: Vec<Frame>,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        if self.handle_farewell(txn, link, &frames)? {
            self.moves.tire(txn, outside.now);
            return Ok(());
        }
        for frame in frames {
            if !self.links.contains_key(&link) {
                return Ok(());
            }
            self.step_session(txn, link, outside, |session, has| {
                session.handle(frame, has)
            })?;
        }
        self.follow_pending(txn, outside)?;
        self.go_on_filling(txn, outside)?;
        self.tell_of_move(txn, outside)?;
        self.moves.tire(txn, outside.now);
        self.go_on_walking(txn, outside)?;
        self.expire_pairing(txn, outside)?;
        self.keep_from_expiring(txn, outside.now)?;
        if let Some(opened) = self.links.get_mut(&link)
            && self.released
            && opened.session.is_up_to_date()
            && self.missed.remove(&opened.mailbox)
        {
            // There is room again for what was not remembered.
            self.released = false;
            opened.session.read_again();
            self.send_session(link);
        }
        Ok(())
    }

    /// Lets a link's session make a step, and takes in what it found.
    fn step_session(
        &mut self,
        txn: &mut Txn<'_>,
        link: LinkId,
        outside: &mut Outside<'_>,
        step: impl FnOnce(&mut Session, &mut dyn FnMut(&EnvelopeId) -> bool) -> Vec<Found>,
    ) -> Result<(), Error> {
        let Some(mut opened) = self.links.remove(&link) else {
            return Ok(());
        };
        let before = opened.session.record().copied();
        let mut unreadable = None;
        let found = step(&mut opened.session, &mut |id| {
            txn.get::<EnvelopeRecord>(Key::Name(&id.0)).map_or_else(
                |error| {
                    unreadable = Some(error);
                    true
                },
                |known| known.is_some_and(|known| known.verdict != Verdict::Erased),
            )
        });
        if let Some(error) = unreadable {
            return Err(error.into());
        }
        let mailbox = opened.mailbox;
        let changed = opened
            .session
            .record()
            .copied()
            .filter(|now| Some(*now) != before);
        if let Some(record) = changed {
            txn.put(Key::Name(&mailbox.0), &record);
        }
        self.links.insert(link, opened);
        for found in found {
            self.take(txn, link, mailbox, found, outside)?;
        }
        self.send_session(link);
        Ok(())
    }

    /// Nothing holds a link up any more: it fetches what no volume has brought.
    pub(super) fn let_go_on(
        &mut self,
        txn: &mut Txn<'_>,
        link: LinkId,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        self.step_session(txn, link, outside, |session, has| session.go_on(has))
    }

    fn take(
        &mut self,
        txn: &mut Txn<'_>,
        link: LinkId,
        mailbox: MailboxName,
        found: Found,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        match found {
            Found::Envelope(id, bytes) => match txn.get::<EnvelopeRecord>(Key::Name(&id.0))? {
                None => self.receive(txn, mailbox, id, bytes, outside)?,
                Some(known) if known.verdict == Verdict::Erased => {
                    self.shown_again(txn, mailbox, id, &bytes)?;
                }
                Some(_) => {}
            },
            Found::Answered(ids) => self.answered(link, &ids),
            Found::Kept(ids) => {
                for id in &ids {
                    self.kept_there(txn, &mailbox, id)?;
                }
            }
            // The relay's word, and no more: an erasure is signed, and comes by itself. Nothing is
            // remembered, so that the envelope is taken in if it comes after all.
            Found::Gone(id) => {
                self.dropped(txn, &mailbox, &id);
                self.volume_is_gone(txn, &id)?;
            }
            Found::Listed { bulk, live } => self.has_listed(link, bulk, live),
            Found::Took(_) => self.has_answered(link),
            Found::Rollback {
                instance,
                shown,
                found,
            } => {
                if shown > Position(0) {
                    let fact = Fact::Rollback {
                        instance,
                        shown,
                        found,
                    };
                    self.report(txn, fact, outside.now)?;
                }
            }
            Found::Refill { instance, listed } => {
                for id in &listed {
                    self.kept_there(txn, &mailbox, id)?;
                }
                self.forget_lost_volumes(txn, &mailbox, &listed)?;
                let mut envelopes = 0;
                let mut from = 0;
                loop {
                    let rows = txn.range::<ListedRecord>(from, Direction::Up, REFILL_PAGE)?;
                    let Some((last, _)) = rows.last() else { break };
                    from = last + 1;
                    for (_, row) in rows {
                        if row.mailbox == mailbox
                            && !listed.contains(&row.envelope)
                            && !self.outbox.waits(&mailbox, &row.envelope)
                            && self.has_body(txn, &row.envelope)?
                        {
                            self.outbox.push(
                                txn,
                                OutboxRecord {
                                    mailbox,
                                    envelope: row.envelope,
                                },
                            );
                            envelopes += 1;
                        }
                    }
                }
                if envelopes > 0 && !self.is_arriving(link) {
                    self.report(
                        txn,
                        Fact::Refilled {
                            instance,
                            envelopes,
                        },
                        outside.now,
                    )?;
                }
            }
            Found::UpToDate => {
                self.has_read(txn, &mailbox);
                self.look_again();
                self.moves.has_filled(&mailbox);
                if mailbox == self.recovery.name() {
                    self.has_searched(txn);
                }
                self.report_gaps(txn, &mailbox, outside)?;
                if let Some(mut record) = txn.get::<ReplicaRecord>(Key::Name(&mailbox.0))? {
                    record.synced = Some(outside.now);
                    txn.put(Key::Name(&mailbox.0), &record);
                    if let Some(opened) = self.links.get_mut(&link) {
                        opened.session.set_synced(outside.now);
                    }
                }
                self.outputs.push(Output::Event(Event::UpToDate(mailbox)));
            }
            Found::Refused(refusal)
                if refusal.code == RefusalCode::Token
                    && refusal
                        .about
                        .is_some_and(|id| self.dropped(txn, &mailbox, &id)) => {}
            Found::Refused(refusal) => {
                if let (RefusalCode::Full, Some(id)) = (refusal.code, refusal.about)
                    && self.does_without_room(txn, &mailbox, &id)?
                {
                    self.answered(link, &[id]);
                    return Ok(());
                }
                self.outputs
                    .push(Output::Event(Event::Refused(mailbox, refusal)));
                // A token that the relay does not know concerns one envelope; everything else
                // concerns the link, and whoever opens the next one waits first.
                if refusal.code != RefusalCode::Token {
                    self.outputs.push(Output::Hangup(link));
                    self.links.remove(&link);
                }
            }
            Found::Broken => {
                self.has_broken(link);
                self.outputs.push(Output::Hangup(link));
                self.links.remove(&link);
            }
        }
        Ok(())
    }

    fn is_arriving(&self, link: LinkId) -> bool {
        self.links.get(&link).is_some_and(|opened| opened.arriving)
    }

    fn answered(&mut self, link: LinkId, ids: &[EnvelopeId]) {
        let Some(opened) = self.links.get_mut(&link) else {
            return;
        };
        for id in ids {
            if let Some(len) = opened.in_flight.remove(id) {
                opened.in_flight_len -= len;
            }
        }
    }

    pub(super) fn send_session(&mut self, link: LinkId) {
        if let Some(opened) = self.links.get_mut(&link) {
            while let Some(frame) = opened.session.poll_frame() {
                self.outputs.push(Output::Send(link, frame));
            }
        }
    }

    /// Sends what waits, as far as the links' windows go.
    pub(super) fn send_waiting(&mut self, txn: &mut Txn<'_>) -> Result<(), Error> {
        for (link, opened) in &mut self.links {
            while opened.in_flight_len < IN_FLIGHT_MAX {
                let Some((number, id)) = self.outbox.after(&opened.mailbox, opened.sent) else {
                    break;
                };
                opened.sent = Some(number);
                let Some(kept) = txn.get::<EnvelopeRecord>(Key::Name(&id.0))? else {
                    continue;
                };
                if kept.bytes.is_empty() {
                    continue;
                }
                opened.in_flight_len += kept.bytes.len();
                opened.in_flight.insert(id, kept.bytes.len());
                self.outputs.push(Output::Send(
                    *link,
                    Frame::Put {
                        envelope: kept.bytes,
                    },
                ));
            }
        }
        Ok(())
    }
}
