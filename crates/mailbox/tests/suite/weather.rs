//! Any order of puts, drops, commits, failures, crashes and comings and goings keeps the promises.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use sidelight_format::{Contents, EnvelopeId, Frame, RefusalCode, RunningHash};
use sidelight_mailbox::{LinkId, LogError, Policy};

use crate::common::{Key, NOW, Relay, forward, live, token};

#[derive(Clone, Debug)]
enum Step {
    Open(u8),
    Close(u8),
    Put(u8, u8),
    Drop(u8, u8),
    Fetch(u8),
    Commit,
    FailCommit,
    Crash,
    Sweep,
}

const DEVICES: u8 = 4;

fn step() -> impl Strategy<Value = Step> {
    let device = 0..DEVICES;
    prop_oneof![
        3 => device.clone().prop_map(Step::Open),
        1 => device.clone().prop_map(Step::Close),
        9 => (device.clone(), 0..40u8).prop_map(|(device, n)| Step::Put(device, n)),
        2 => (device.clone(), 0..40u8).prop_map(|(device, n)| Step::Drop(device, n)),
        2 => device.prop_map(Step::Fetch),
        4 => Just(Step::Commit),
        1 => Just(Step::FailCommit),
        1 => Just(Step::Crash),
        1 => Just(Step::Sweep),
    ]
}

/// What a device with an open link knows.
struct Device {
    link: u64,
    length: u64,
    hash: RunningHash,
}

struct World {
    relay: Relay,
    key: Key,
    links: u64,
    devices: BTreeMap<u8, Device>,
    /// Everything that any device was told is kept, with its position.
    acknowledged: BTreeMap<EnvelopeId, u64>,
    /// Everything whose body any device was told is gone.
    dropped: BTreeSet<EnvelopeId>,
}

impl World {
    fn new() -> Self {
        Self {
            relay: Relay::new(Policy::default()),
            key: Key::new(1),
            links: 0,
            devices: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            dropped: BTreeSet::new(),
        }
    }

    fn run(&mut self, step: &Step) {
        match *step {
            Step::Open(device) if !self.devices.contains_key(&device) => self.open(device),
            Step::Close(device) => {
                if let Some(device) = self.devices.remove(&device) {
                    self.relay.host.handle_closed(LinkId(device.link));
                }
            }
            Step::Put(device, n) => {
                let envelope = live(n.into());
                self.say(device, Frame::Put { envelope });
            }
            Step::Drop(device, n) => {
                let (id, token) = (self.key.id(&live(n.into())), token(n.into()));
                self.say(device, Frame::Drop { id, token });
            }
            Step::Fetch(device) => self.say(device, forward(0)),
            Step::Commit => {
                self.relay.commit();
                self.hear();
                self.compare();
            }
            Step::FailCommit => {
                self.relay.disk.fail_commits(Some(LogError::Full));
                let _ = self.relay.host.handle_commit(NOW);
                self.relay.disk.fail_commits(None);
                self.relay.deliver(true);
                self.hear();
            }
            Step::Crash => {
                self.devices.clear();
                self.relay.restart();
            }
            Step::Sweep => {
                self.relay.host.sweep(NOW, 9).expect("the log works");
            }
            Step::Open(_) => {}
        }
        self.hear();
    }

    fn say(&mut self, device: u8, frame: Frame) {
        if let Some(device) = self.devices.get(&device) {
            self.relay.say(device.link, frame);
        }
    }

    fn open(&mut self, device: u8) {
        self.links += 1;
        let link = self.links;
        let Frame::State { length, hash, .. } = self.relay.open(link, &self.key) else {
            panic!("an open mailbox is refused");
        };
        let length = length.0;
        let told = self.acknowledged.values().max();
        assert!(
            told.is_none_or(|told| *told < length),
            "what was acknowledged is lost"
        );
        self.devices.insert(device, Device { link, length, hash });
    }

    /// Takes in what has come, as a device does.
    fn hear(&mut self) {
        for device in self.devices.values_mut() {
            let mut fetched = 0;
            for frame in self.relay.take(device.link) {
                match frame {
                    Frame::Stored { first, ids } if first.0 == device.length => {
                        for id in ids {
                            let position = device.length;
                            device.hash = device.hash.after(&id);
                            device.length += 1;
                            let known = self.acknowledged.insert(id, position);
                            assert!(known.is_none_or(|known| known == position), "it has moved");
                        }
                    }
                    Frame::Stored { first, ids } => {
                        assert!(first.0 < device.length, "a position was left out");
                        let [id] = ids[..] else {
                            panic!("positions came twice");
                        };
                        let known = self.acknowledged.insert(id, first.0);
                        assert!(known.is_none_or(|known| known == first.0), "it has moved");
                    }
                    Frame::Items { first, items } => {
                        assert_eq!(first.0, fetched, "a fetch left something out");
                        fetched += items.len() as u64;
                    }
                    Frame::Fetched { next, length, .. } => {
                        assert_eq!((next.0, length.0), (fetched, device.length));
                        fetched = 0;
                    }
                    Frame::Dropped { id } => {
                        self.dropped.insert(id);
                    }
                    Frame::Arrived { .. } => {}
                    Frame::Refused(refusal) => {
                        let known = [RefusalCode::Token, RefusalCode::Storage];
                        assert!(known.contains(&refusal.code), "{refusal:?}");
                    }
                    other => panic!("not expected: {other:?}"),
                }
            }
            assert_eq!(self.relay.closed(device.link), None);
        }
    }

    /// After a commit every device knows the whole list, and the list is what was acknowledged.
    fn compare(&mut self) {
        self.links += 1;
        let link = self.links;
        let Frame::State { length, hash, .. } = self.relay.open(link, &self.key) else {
            panic!("an open mailbox is refused");
        };
        for device in self.devices.values() {
            assert_eq!(
                (device.length, device.hash),
                (length.0, hash),
                "a device has missed some"
            );
        }
        let (items, fetched) = self.relay.fetch(link, forward(0));
        assert_eq!(items.len() as u64, length.0, "positions are gapless");
        let listed = items
            .iter()
            .fold(RunningHash::START, |hash, item| hash.after(&item.id));
        assert_eq!(listed, hash);
        let next = length;
        assert_eq!(fetched, Frame::Fetched { next, length, hash });
        for (id, position) in &self.acknowledged {
            assert_eq!(
                items[*position as usize].id, *id,
                "acknowledged, and not there"
            );
        }
        for item in &items {
            if self.dropped.contains(&item.id) {
                assert_eq!(item.contents, Contents::Dropped, "dropped, and still there");
            }
        }
        self.relay.host.handle_closed(LinkId(link));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn nothing_acknowledged_is_lost_and_every_position_reaches_every_link_once(
        steps in proptest::collection::vec(step(), 1..120)
    ) {
        let mut world = World::new();
        for step in &steps {
            world.run(step);
        }
        world.run(&Step::Commit);
        world.run(&Step::Crash);
        world.run(&Step::Open(0));
        world.run(&Step::Commit);
    }
}
