//! Replication of one mailbox over one link.
//!
//! A [`Session`] follows the relay's list: it keeps the running hash, notices what the relay
//! lost, swapped or reordered, and says what to fetch, to keep and to send again. It holds no
//! envelope longer than the call that brought it.
//!
//! An up-to-date device is in sync in one round trip: opening, fetching and sending all leave
//! in the first flight.

mod holding;

use std::collections::{HashSet, VecDeque};

use self::holding::comparing;
use sidelight_crypto::MailboxKeys;
use sidelight_format::record::ReplicaRecord;
use sidelight_format::{
    Bytes, Class, ClassSet, Contents, Direction, EnvelopeId, Frame, Item, MailboxName, Position,
    Refusal, RelayInstance, RunningHash, Timestamp, VERSION, envelope_id, limits,
};

/// How many ids of a relay's list are held while it is compared with ours: four times what two
/// people write in fifty years. A relay that lists more is not believed.
const LISTED_MAX: u64 = 1 << 20;

/// How often a fetch may bring nothing although the relay lists more. Once happens when the
/// list grows at that moment.
const IN_VAIN_MAX: u8 = 3;

/// One link to one mailbox.
#[derive(Debug)]
pub struct Session {
    mailbox: MailboxName,
    record: Option<ReplicaRecord>,
    phase: Phase,
    /// The mailbox's length as the relay last said it.
    length: Position,
    /// Where the last fetch began, and how often in a row one brought nothing although the
    /// relay says that there is more.
    asked_from: Position,
    in_vain: u8,
    /// The first flight asked for the list, and for no body.
    lists: bool,
    /// Bodies are fetched only once [`go_on`](Self::go_on) says so.
    holds: bool,
    /// Bodies asked for while it holds and not yet answered.
    bulk: VecDeque<Position>,
    frames: VecDeque<Frame>,
}

#[derive(Debug)]
enum Phase {
    /// The relay has not yet said how the mailbox stands.
    Opening,
    /// Following the list from the cursor.
    Following { fetching: bool },
    /// The relay does not have what it once showed: its list is read from the start, ids only,
    /// then compared with ours.
    Comparing {
        instance: RelayInstance,
        at: Position,
        hash: RunningHash,
        listed: HashSet<EnvelopeId>,
        missing: VecDeque<(Position, EnvelopeId)>,
        bulk: Vec<(EnvelopeId, Position)>,
    },
    /// The list was read, and volumes are taken before any other body is fetched.
    Holding {
        wanted: VecDeque<(Position, EnvelopeId)>,
        record: ReplicaRecord,
        listed: HashSet<EnvelopeId>,
    },
    /// Bodies at these positions are wanted, a few fetches at a time. Only then does `record`
    /// hold: a link that is cut before leaves the old one, and the comparison begins again.
    Completing {
        wanted: VecDeque<(Position, EnvelopeId)>,
        asked: usize,
        record: ReplicaRecord,
        listed: HashSet<EnvelopeId>,
    },
    /// Of no further use.
    Over,
}

/// What a frame brought, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// An envelope, with the id that its bytes have.
    Envelope(EnvelopeId, Bytes),
    /// The relay has answered these puts: more can be sent.
    Answered(Vec<EnvelopeId>),
    /// The relay keeps these durably, at places that the running hash covers. Were a place
    /// beyond the cursor enough, a relay could lose it again and nobody would notice.
    Kept(Vec<EnvelopeId>),
    /// The relay says that it has dropped the body of this envelope.
    Gone(EnvelopeId),
    /// Of a session that holds: the whole list was read.
    Listed {
        /// Its volumes and proofs.
        bulk: Vec<(EnvelopeId, Position)>,
        /// Where all else is that is not known here, the oldest first.
        live: Vec<Position>,
    },
    /// What was asked for by [`Session::take`] or [`Session::look`] has come before this, if the
    /// relay has it.
    Took(Position),
    /// The relay once showed more, or other envelopes, than it has now.
    Rollback {
        /// Which life of the relay's data.
        instance: RelayInstance,
        /// How many positions it had shown.
        shown: Position,
        /// How many it has.
        found: Position,
    },
    /// The relay has been read in full after a loss: whatever is here and not in the set must
    /// be put again.
    Refill {
        /// Which life of the relay's data.
        instance: RelayInstance,
        /// What the relay has.
        listed: HashSet<EnvelopeId>,
    },
    /// All that the relay lists is here.
    UpToDate,
    /// The relay said no.
    Refused(Refusal),
    /// The other end does not keep to the protocol: the link is to be dropped.
    Broken,
}

impl Session {
    /// Opens a mailbox on a link: asks for everything from the cursor on, in one flight.
    pub fn open(
        keys: &MailboxKeys,
        record: Option<ReplicaRecord>,
        exporter: &[u8; 32],
        ticket: Bytes,
    ) -> Self {
        let mut session = Self::opening(keys, record, exporter, ticket);
        session.fetch(session.cursor(), u32::MAX, false);
        session
    }

    fn opening(
        keys: &MailboxKeys,
        record: Option<ReplicaRecord>,
        exporter: &[u8; 32],
        ticket: Bytes,
    ) -> Self {
        Self {
            mailbox: keys.name(),
            record,
            phase: Phase::Opening,
            length: Position(0),
            asked_from: Position(0),
            in_vain: 0,
            lists: false,
            holds: false,
            bulk: VecDeque::new(),
            frames: VecDeque::from([Frame::Open {
                version: VERSION,
                mailbox: keys.name(),
                proof: keys.prove(exporter),
                ticket,
            }]),
        }
    }

    /// How far this device and the relay agree; to be kept together with what was found.
    pub fn record(&self) -> Option<&ReplicaRecord> {
        self.record.as_ref()
    }

    /// Notes when this device was last in sync, so that it is kept with the rest.
    pub fn set_synced(&mut self, now: Timestamp) {
        if let Some(record) = &mut self.record {
            record.synced = Some(now);
        }
    }

    /// The next frame to send.
    pub fn poll_frame(&mut self) -> Option<Frame> {
        self.frames.pop_front()
    }

    /// Reads the relay's whole list once more, for what is listed and was not kept here.
    pub fn read_again(&mut self) {
        if let Some(record) = &self.record {
            self.begin_comparing(record.instance);
        }
    }

    /// Asks for what is listed by now, if nothing is being asked for: the other end of the list
    /// is read once more.
    pub fn read_on(&mut self) {
        if let Phase::Following { fetching } = &mut self.phase
            && !*fetching
        {
            *fetching = true;
            self.fetch(self.cursor(), u32::MAX, false);
        }
    }

    /// Whether all that the relay has listed so far is here.
    pub fn is_up_to_date(&self) -> bool {
        matches!(self.phase, Phase::Following { fetching: false })
    }

    /// Takes in one frame. `has` says whether an envelope is known here and wanted no more. One
    /// whose body was erased is not: a relay that has it again must be told again.
    pub fn handle(&mut self, frame: Frame, has: &mut dyn FnMut(&EnvelopeId) -> bool) -> Vec<Found> {
        match frame {
            _ if matches!(self.phase, Phase::Over) => Vec::new(),
            Frame::State {
                instance,
                length,
                hash,
            } => self.handle_state(instance, length, hash),
            Frame::Items { first, items } => self.handle_items(first, items, has),
            Frame::Fetched { next, length, hash } => self.handle_fetched(next, length, hash),
            Frame::Stored { first, ids } => self.handle_stored(first, ids, has),
            Frame::Arrived { envelope } => {
                vec![Found::Envelope(
                    envelope_id(&self.mailbox, &envelope),
                    envelope,
                )]
            }
            Frame::Dropped { id } => vec![Found::Gone(id)],
            Frame::Refused(refusal) => vec![Found::Refused(refusal)],
            Frame::Open { .. } | Frame::Fetch { .. } | Frame::Put { .. } | Frame::Drop { .. } => {
                self.broken()
            }
        }
    }

    fn handle_state(
        &mut self,
        instance: RelayInstance,
        length: Position,
        hash: RunningHash,
    ) -> Vec<Found> {
        if !matches!(self.phase, Phase::Opening) {
            return self.broken();
        }
        self.length = length;
        if self.lists {
            let shown = self.cursor();
            let lost = self
                .record
                .is_some_and(|record| record.instance != instance || length < record.cursor);
            self.phase = comparing(instance);
            let found = length;
            return lost
                .then_some(Found::Rollback {
                    instance,
                    shown,
                    found,
                })
                .into_iter()
                .collect();
        }
        let Some(record) = &self.record else {
            self.record = Some(ReplicaRecord {
                instance,
                cursor: Position(0),
                hash: RunningHash::START,
                synced: None,
            });
            self.phase = Phase::Following { fetching: true };
            return Vec::new();
        };
        let same_place = length == record.cursor && hash != record.hash;
        if record.instance != instance || length < record.cursor || same_place {
            return self.compare(instance, length);
        }
        self.phase = Phase::Following { fetching: true };
        Vec::new()
    }

    /// The relay is not where we left it: read its whole list, ids only.
    fn compare(&mut self, instance: RelayInstance, found: Position) -> Vec<Found> {
        let shown = self.cursor();
        self.begin_comparing(instance);
        vec![Found::Rollback {
            instance,
            shown,
            found,
        }]
    }

    fn begin_comparing(&mut self, instance: RelayInstance) {
        self.phase = comparing(instance);
        self.fetch(Position(0), u32::MAX, true);
    }

    fn handle_items(
        &mut self,
        first: Position,
        items: Vec<Item>,
        has: &mut dyn FnMut(&EnvelopeId) -> bool,
    ) -> Vec<Found> {
        // What breaks the rules is found before anything has changed: a cursor that had moved
        // over envelopes which are then not handed on would lose them.
        let out_of_place = matches!(self.phase, Phase::Following { .. }) && first > self.cursor();
        let swapped = items.iter().any(|item| match &item.contents {
            Contents::Whole(bytes) => envelope_id(&self.mailbox, bytes) != item.id,
            Contents::Dropped | Contents::Skipped => false,
        });
        if items.len() > limits::ITEMS_MAX || out_of_place || swapped {
            return self.broken();
        }
        let mut found = Vec::new();
        let mut kept = Vec::new();
        for (place, item) in items.into_iter().enumerate() {
            let position = Position(first.0.saturating_add(place as u64));
            let gone = matches!(item.contents, Contents::Dropped);
            let whole = match item.contents {
                Contents::Whole(bytes) => Some(Found::Envelope(item.id, bytes)),
                Contents::Dropped => Some(Found::Gone(item.id)),
                Contents::Skipped => None,
            };
            match &mut self.phase {
                Phase::Following { .. } => {
                    let Some(record) = &mut self.record else {
                        return self.broken();
                    };
                    if position == record.cursor {
                        record.hash = record.hash.after(&item.id);
                        record.cursor = record.cursor.next();
                        kept.push(item.id);
                    }
                    found.extend(whole);
                }
                // Answers to what was asked before the relay's state was known say nothing here.
                Phase::Comparing {
                    at,
                    hash,
                    listed,
                    missing,
                    bulk,
                    ..
                } if position == *at && !matches!(whole, Some(Found::Envelope(..))) => {
                    *hash = hash.after(&item.id);
                    *at = at.next();
                    match item.class {
                        _ if gone => {}
                        Class::Live if !has(&item.id) => missing.push_back((position, item.id)),
                        Class::Volume | Class::Proof => bulk.push((item.id, position)),
                        Class::Live | Class::Blob => {}
                    }
                    found.extend(whole);
                    listed.insert(item.id);
                    // Positions, not ids: a list may name one id again and again.
                    if at.0 > LISTED_MAX {
                        return self.broken();
                    }
                }
                Phase::Comparing { .. } => {}
                Phase::Holding { .. } | Phase::Completing { .. } => found.extend(whole),
                Phase::Opening | Phase::Over => return self.broken(),
            }
        }
        if !kept.is_empty() {
            found.push(Found::Kept(kept));
        }
        found
    }

    fn handle_fetched(
        &mut self,
        next: Position,
        length: Position,
        hash: RunningHash,
    ) -> Vec<Found> {
        self.length = length;
        match &mut self.phase {
            Phase::Following { fetching } => {
                let Some(record) = &self.record else {
                    return self.broken();
                };
                if record.cursor < length {
                    let from = record.cursor;
                    return self.ask_again(from, false);
                }
                if record.cursor == length && record.hash != hash {
                    let instance = record.instance;
                    return self.compare(instance, length);
                }
                *fetching = false;
                vec![Found::UpToDate]
            }
            Phase::Comparing {
                instance,
                at,
                hash: computed,
                listed,
                missing,
                bulk,
            } => {
                if next != *at || *at != length {
                    // The end of the fetch that left in the first flight, or the list grew.
                    let from = *at;
                    if from < length && next == from {
                        return self.ask_again(from, true);
                    }
                    return Vec::new();
                }
                if *computed != hash {
                    return self.broken();
                }
                let (instance, wanted) = (*instance, core::mem::take(missing));
                let listed = core::mem::take(listed);
                let synced = self.record.as_ref().and_then(|record| record.synced);
                let record = ReplicaRecord {
                    instance,
                    cursor: *at,
                    hash,
                    synced,
                };
                if self.holds {
                    let bulk = core::mem::take(bulk);
                    let live = wanted.iter().map(|(position, _)| *position).collect();
                    self.phase = Phase::Holding {
                        wanted,
                        record,
                        listed,
                    };
                    return vec![Found::Listed { bulk, live }];
                }
                self.phase = Phase::Completing {
                    wanted,
                    asked: 0,
                    record,
                    listed,
                };
                self.complete()
            }
            Phase::Holding { .. } => match self.bulk.pop_front() {
                Some(position) => vec![Found::Took(position)],
                None => self.broken(),
            },
            Phase::Completing { asked, .. } => {
                *asked = asked.saturating_sub(1);
                self.complete()
            }
            Phase::Opening | Phase::Over => self.broken(),
        }
    }

    fn handle_stored(
        &mut self,
        first: Position,
        ids: Vec<EnvelopeId>,
        has: &mut dyn FnMut(&EnvelopeId) -> bool,
    ) -> Vec<Found> {
        let Phase::Following { fetching } = &mut self.phase else {
            return vec![Found::Answered(ids)];
        };
        let Some(record) = &mut self.record else {
            return self.broken();
        };
        let mut refetch = first > record.cursor && !*fetching;
        let mut kept = Vec::new();
        for (place, id) in ids.iter().enumerate() {
            let position = Position(first.0.saturating_add(place as u64));
            if position == record.cursor {
                if !has(id) {
                    // It was pushed before this link listened, or was lost on the way.
                    refetch = !*fetching;
                    break;
                }
                record.hash = record.hash.after(id);
                record.cursor = record.cursor.next();
                kept.push(*id);
            }
        }
        if refetch {
            *fetching = true;
            self.fetch(self.cursor(), u32::MAX, false);
        }
        vec![Found::Answered(ids), Found::Kept(kept)]
    }

    fn cursor(&self) -> Position {
        self.record
            .as_ref()
            .map_or(Position(0), |record| record.cursor)
    }

    fn fetch(&mut self, from: Position, count: u32, ids_only: bool) {
        self.asked_from = from;
        self.frames.push_back(Frame::Fetch {
            from,
            direction: Direction::Forward,
            count,
            classes: ClassSet::LIVE,
            ids_only,
        });
    }

    /// Asks for what is still to come, unless the relay only promises it.
    fn ask_again(&mut self, from: Position, ids_only: bool) -> Vec<Found> {
        self.in_vain = if from == self.asked_from {
            self.in_vain + 1
        } else {
            0
        };
        if self.in_vain > IN_VAIN_MAX {
            return self.broken();
        }
        self.fetch(from, u32::MAX, ids_only);
        Vec::new()
    }

    fn broken(&mut self) -> Vec<Found> {
        self.phase = Phase::Over;
        vec![Found::Broken]
    }
}
