//! Sessions that hold: a device that starts empty reads the whole list, takes volumes, and only
//! then asks for what they did not bring.

use std::collections::{HashSet, VecDeque};

use sidelight_crypto::MailboxKeys;
use sidelight_format::record::ReplicaRecord;
use sidelight_format::{
    Bytes, ClassSet, Direction, EnvelopeId, Frame, Position, RelayInstance, RunningHash,
};

use super::{Found, Phase, Session};

/// How many runs of wanted bodies are asked for at once. A relay takes 16 fetches on a link.
const RUNS_MAX: usize = 8;

impl Session {
    /// Opens a mailbox for a device that starts empty: reads its list, ids only, and holds then,
    /// until volumes were [taken](Self::take) and it is told to [`go_on`](Self::go_on).
    pub fn open_holding(
        keys: &MailboxKeys,
        record: Option<ReplicaRecord>,
        exporter: &[u8; 32],
        ticket: Bytes,
    ) -> Self {
        let mut session = Self::opening(keys, record, exporter, ticket);
        (session.lists, session.holds) = (true, true);
        session.fetch(Position(0), u32::MAX, true);
        session
    }

    /// Whether it holds, or will when the list was read.
    pub fn holds(&self) -> bool {
        self.holds
    }

    /// Asks for the one volume or proof at `position`. Only of a session that holds, and whose
    /// list was read.
    pub fn take(&mut self, position: Position) {
        if matches!(self.phase, Phase::Holding { .. }) {
            self.bulk.push_back(position);
            self.frames.push_back(Frame::Fetch {
                from: position,
                direction: Direction::Forward,
                count: 1,
                classes: ClassSet::VOLUMES,
                ids_only: false,
            });
        }
    }

    /// Asks for what else is listed from `first` to `last`. Only of a session that holds, and whose
    /// list was read. It stays wanted, unless it is known when [`go_on`](Self::go_on) asks.
    pub fn look(&mut self, first: Position, last: Position) {
        if matches!(self.phase, Phase::Holding { .. }) {
            self.bulk.push_back(first);
            let count = last.0.saturating_sub(first.0).saturating_add(1);
            self.frames.push_back(Frame::Fetch {
                from: first,
                direction: Direction::Forward,
                count: u32::try_from(count).unwrap_or(u32::MAX),
                classes: ClassSet::LIVE,
                ids_only: false,
            });
        }
    }

    /// Holds no more: fetches whatever is listed and not here by now, once what was asked for
    /// has been answered. Before the list was read, it will not hold then.
    pub fn go_on(&mut self, has: &mut dyn FnMut(&EnvelopeId) -> bool) -> Vec<Found> {
        self.holds = false;
        if !self.bulk.is_empty() {
            self.holds = true;
            return Vec::new();
        }
        match core::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Holding {
                mut wanted,
                record,
                listed,
            } => {
                wanted.retain(|(_, id)| !has(id));
                self.phase = Phase::Completing {
                    wanted,
                    asked: 0,
                    record,
                    listed,
                };
                self.complete()
            }
            other => {
                self.phase = other;
                Vec::new()
            }
        }
    }

    /// Asks for the next runs of wanted bodies, or goes back to following.
    pub(super) fn complete(&mut self) -> Vec<Found> {
        let mut runs = Vec::new();
        let Phase::Completing {
            wanted,
            asked,
            record,
            listed,
        } = &mut self.phase
        else {
            return Vec::new();
        };
        while *asked < RUNS_MAX
            && let Some((first, _)) = wanted.front().copied()
        {
            let places = wanted.iter().zip(first.0..);
            let run = places.take_while(|((p, _), expected)| p.0 == *expected);
            let run = run.count();
            wanted.drain(..run);
            *asked += 1;
            runs.push((first, run as u32));
        }
        if *asked == 0 {
            // Only together with the record: were the list believed before, and the link cut,
            // a relay that goes back to its earlier life would lose what only the list had.
            let (instance, listed) = (record.instance, core::mem::take(listed));
            self.record = Some(*record);
            self.phase = Phase::Following { fetching: true };
            self.fetch(self.cursor(), u32::MAX, false);
            return vec![Found::Refill { instance, listed }];
        }
        for (first, run) in runs {
            self.fetch(first, run, false);
        }
        Vec::new()
    }
}

/// A list that is about to be read.
pub(super) fn comparing(instance: RelayInstance) -> Phase {
    Phase::Comparing {
        instance,
        at: Position(0),
        hash: RunningHash::START,
        listed: HashSet::new(),
        missing: VecDeque::new(),
        bulk: Vec::new(),
    }
}
