//! Homes and relay, and what befalls them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use sidelight::device::{Device, Event, LinkId, NewPerson, NewRecovery, Output};
use sidelight::{Error, ErrorKind};
use sidelight_format::record::Fact;
use sidelight_format::{
    Bytes, Frame, InvitationLink, MailboxName, RelayAddress, RelayInstance, RelayKey, Timestamp,
    frame_bytes,
};
use sidelight_mailbox::{Host, MemoryDisk as RelayDisk, MemoryLog, Policy};
use sidelight_store::{Access, MemoryDisk, Store};
use sidelight_sync::Outside;

use super::lines::Line;
use crate::SeededSealing;
use crate::sim::Chance;

/// The first home, which invites.
pub const ADA: usize = 0;
/// The second home, which joins.
pub const BO: usize = 1;
/// A third.
pub const CY: usize = 2;

/// The instance of the relay's data that a story begins with.
pub const RELAY: RelayInstance = RelayInstance([1; 16]);

/// How many outputs a device lives for at most that crashes again and again.
const OUTPUTS_LIVED: usize = 16;

/// When a story begins: January 2027.
const BEGINNING: i64 = 1_800_000_000;

/// A person's device, and what survives its crashes.
#[derive(Debug)]
pub struct Home {
    pub(super) disk: MemoryDisk,
    sealing: Arc<SeededSealing>,
    pub(super) key: u8,
    pub(super) device: Option<Device>,
    dice: Chance,
    /// What its clock shows beyond the story's.
    pub(super) skew: i64,
    pub(super) online: bool,
    /// What it has told whoever listens.
    pub(super) events: Vec<Event>,
}

/// Changes what the relay says to a home: the frames that arrive instead.
pub type Liar = Box<dyn FnMut(usize, &MailboxName, Frame) -> Vec<Frame>>;

/// The stage.
pub struct Story {
    /// Everything comes from it.
    pub seed: u64,
    /// Seconds since 1970, by the story's own clock.
    pub now: i64,
    /// What survives the relay's crashes, with all that a hostile one can do.
    pub relay_disk: RelayDisk,
    /// What the relay grants, from its next start on.
    pub policy: Policy,
    /// Changes what the relay says.
    pub liar: Option<Liar>,
    /// Crash whichever device it is after this many outputs of all devices.
    pub crash_after: Option<u64>,
    /// After each such crash, another one a few outputs later, so many times.
    pub crash_again: Option<(Chance, usize)>,
    /// Outputs of all devices up to now.
    pub outputs: u64,
    /// Crashes of all devices up to now.
    pub crashes: u64,
    pub(super) homes: Vec<Home>,
    pub(super) relay: Option<Host<MemoryLog>>,
    pub(super) lines: BTreeMap<u64, Line>,
    pub(super) next_line: u64,
    /// Lines that were opened since things last moved on: who hangs up is not called again.
    pub(super) tried: BTreeSet<(usize, MailboxName)>,
    /// Every envelope that a device ever sent, with the home.
    pub(super) puts: Vec<(usize, MailboxName, Bytes)>,
    /// Every byte that was ever on a line.
    pub(super) tapped: Vec<u8>,
    address: RelayAddress,
    forks: u64,
    asides: u64,
}

impl std::fmt::Debug for Story {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Story")
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

impl Story {
    /// A relay, and a home for each of `names`.
    pub fn new(seed: u64, names: &[&str]) -> Self {
        println!("story of seed {seed}");
        let relay_disk = RelayDisk::new(RELAY);
        let address = RelayAddress::new("relay.test:4433", RelayKey([7; 32]));
        let mut story = Self {
            seed,
            now: BEGINNING,
            relay: Some(Host::new(relay_disk.log(), policy())),
            relay_disk,
            policy: policy(),
            liar: None,
            crash_after: None,
            crash_again: None,
            outputs: 0,
            crashes: 0,
            homes: Vec::new(),
            lines: BTreeMap::new(),
            next_line: 0,
            tried: BTreeSet::new(),
            puts: Vec::new(),
            tapped: Vec::new(),
            address: address.expect("a host and a port"),
            forks: 0,
            asides: 0,
        };
        for name in names {
            story.begin(name);
        }
        story
    }

    /// A further home, of a person who begins now.
    pub fn begin(&mut self, name: &str) -> usize {
        let person = NewPerson {
            name: name.to_owned(),
            relay: Some(self.address.clone()),
            ticket: Bytes::default(),
        };
        self.begin_with(|store, outside| Device::create(store, &person, outside))
            .expect("a person begins")
    }

    /// A further home, of a device that takes up the link of another one.
    ///
    /// # Errors
    /// The command's; there is no such home then.
    pub fn join_own(&mut self, link: &InvitationLink, name: &str) -> Result<usize, Error> {
        self.begin_with(|store, outside| Device::join_own(store, link, name, outside))
    }

    /// A further home, of a device that has nothing but recovery words.
    ///
    /// # Errors
    /// The command's; there is no such home then.
    pub fn recover(&mut self, name: &str, words: &str) -> Result<usize, Error> {
        let (relay, ticket) = (self.address.clone(), Bytes::default());
        let new = NewRecovery {
            words,
            relay,
            ticket,
            device: name,
        };
        self.begin_with(|store, outside| Device::recover(store, &new, outside))
    }

    /// Recovers once more, in a home whose words have led to nothing.
    ///
    /// # Errors
    /// The command's.
    pub fn recover_again(&mut self, home: usize, name: &str, words: &str) -> Result<(), Error> {
        let (relay, ticket) = (self.address.clone(), Bytes::default());
        let new = NewRecovery {
            words,
            relay,
            ticket,
            device: name,
        };
        self.crash(home);
        self.start_with(home, |store, outside| Device::recover(store, &new, outside))?;
        self.drain(home);
        Ok(())
    }

    fn begin_with(
        &mut self,
        begin: impl FnOnce(Box<dyn Store>, &mut Outside<'_>) -> Result<Device, Error>,
    ) -> Result<usize, Error> {
        let place = self.homes.len();
        let key = place as u8 + 1;
        let mut dice = Chance::new(self.seed, u64::from(key));
        let sealing = Chance::new(self.seed, u64::from(key) + 100);
        let sealing = Arc::new(SeededSealing::new(key, sealing));
        let disk = MemoryDisk::recording();
        let store = disk.create(sealing.clone()).expect("an empty disk");
        let mut outside = Outside {
            now: Timestamp(self.now),
            rng: dice.rng(),
        };
        let device = begin(Box::new(store), &mut outside)?;
        self.homes.push(Home {
            disk,
            sealing,
            key,
            device: Some(device),
            dice,
            skew: 0,
            online: true,
            events: Vec::new(),
        });
        self.drain(place);
        Ok(place)
    }

    /// The same story up to here, to go on in another way: homes and relay are copies, every
    /// device has just started, nothing is on the way.
    #[must_use]
    pub fn fork(&mut self) -> Self {
        self.forks += 1;
        let relay_disk = RelayDisk::new(RELAY);
        relay_disk.restore(&self.relay_disk.snapshot());
        let mut fork = Self {
            seed: self.seed,
            now: self.now,
            relay: Some(Host::new(relay_disk.log(), self.policy.clone())),
            relay_disk,
            policy: self.policy.clone(),
            liar: None,
            crash_after: None,
            crash_again: None,
            outputs: 0,
            crashes: 0,
            homes: Vec::new(),
            lines: BTreeMap::new(),
            next_line: 0,
            tried: BTreeSet::new(),
            puts: self.puts.clone(),
            tapped: Vec::new(),
            address: self.address.clone(),
            forks: self.forks * 1000,
            asides: self.asides,
        };
        for home in &self.homes {
            fork.homes.push(home.copy(self.seed, fork.forks));
        }
        for home in 0..fork.homes.len() {
            fork.start(home);
        }
        fork
    }

    /// A second device on a copy of a home, as a cloned phone is.
    pub fn clone_home(&mut self, home: usize) -> usize {
        self.forks += 1;
        let copy = self.homes[home].copy(self.seed, self.forks);
        self.homes.push(copy);
        let place = self.homes.len() - 1;
        self.start(place);
        place
    }

    /// What a home's clock shows: seconds since 1970.
    pub fn set_clock(&mut self, home: usize, shows: i64) {
        self.homes[home].skew = shows.saturating_sub(self.now);
    }

    /// Lets `commits` more commits of a home succeed; the disk is full then, until the crash.
    pub fn fill_disk_after(&mut self, home: usize, commits: u64) {
        self.homes[home].disk.fail_after(commits);
    }

    /// The home's device, which is up.
    pub fn device(&self, home: usize) -> &Device {
        self.homes[home]
            .device
            .as_ref()
            .expect("the device is up in this story")
    }

    /// A person does something. None if the device crashed before it was done: then nothing was
    /// acknowledged. It has started again by now.
    pub fn try_command<T>(
        &mut self,
        home: usize,
        command: impl FnOnce(&mut Device, &mut Outside<'_>) -> Result<T, Error>,
    ) -> Option<Result<T, Error>> {
        let Home {
            device, dice, skew, ..
        } = &mut self.homes[home];
        let device = device.as_mut().expect("the device is up in this story");
        let mut outside = Outside {
            now: Timestamp(self.now.saturating_add(*skew)),
            rng: dice.rng(),
        };
        let result = command(device, &mut outside);
        self.drain(home).then_some(result)
    }

    /// A person does something, and nothing crashes.
    ///
    /// # Errors
    /// The command's.
    pub fn command<T>(
        &mut self,
        home: usize,
        command: impl FnOnce(&mut Device, &mut Outside<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.try_command(home, command)
            .expect("nothing crashes in this story")
    }

    /// Lets a home do something that uses none of its own randomness, so that what it does
    /// afterwards is what it would have done without.
    pub fn aside<T>(&mut self, home: usize, act: impl FnOnce(&mut Self) -> T) -> T {
        self.asides += 1;
        let other = Chance::new(self.seed, 5_000_000 + self.asides);
        let own = std::mem::replace(&mut self.homes[home].dice, other);
        let result = act(self);
        self.homes[home].dice = own;
        result
    }

    /// Does what a device wants done; whether it lived to see the end.
    fn drain(&mut self, home: usize) -> bool {
        loop {
            let Some(device) = &mut self.homes[home].device else {
                return false;
            };
            let output = match device.poll_output() {
                Ok(Some(output)) => output,
                Ok(None) => return true,
                Err(error) if error.kind() == ErrorKind::Storage => {
                    self.crash(home);
                    self.start(home);
                    return false;
                }
                Err(error) => panic!("seed {}: {error:?}", self.seed),
            };
            match output {
                Output::Persisted => {}
                Output::Send(LinkId(line), frame) => self.send(home, line, frame),
                Output::Hangup(LinkId(line)) | Output::Reopen(LinkId(line)) => self.cut(line),
                Output::Event(event) => self.homes[home].events.push(event),
            }
            self.outputs += 1;
            if self.crash_after == Some(self.outputs) {
                if let Some((dice, left @ 1..)) = &mut self.crash_again {
                    *left -= 1;
                    self.crash_after = Some(self.outputs + 1 + dice.below(OUTPUTS_LIVED) as u64);
                }
                self.crash(home);
                self.start(home);
                return false;
            }
        }
    }

    fn send(&mut self, home: usize, line: u64, frame: Frame) {
        let Some(line) = self.lines.get_mut(&line) else {
            return;
        };
        self.tapped.extend(frame_bytes(&frame));
        if let Frame::Put { envelope } = &frame {
            self.puts.push((home, line.mailbox, envelope.clone()));
        }
        line.up.push(frame);
    }

    /// The device's process ends. What it had sent arrives; what it had kept stays; its disk has
    /// room again.
    pub fn crash(&mut self, home: usize) {
        self.crashes += 1;
        self.homes[home].device = None;
        self.homes[home].disk.recover();
        self.tried.retain(|(whose, _)| *whose != home);
        let lines = self.lines.iter().filter(|(_, line)| line.home == home);
        let lines: Vec<u64> = lines.map(|(id, _)| *id).collect();
        for line in lines {
            self.deliver_up(line);
            self.cut(line);
        }
    }

    /// The device starts.
    pub fn start(&mut self, home: usize) {
        self.start_with(home, Device::open)
            .expect("what a device keeps, it opens");
    }

    fn start_with(
        &mut self,
        home: usize,
        begin: impl FnOnce(Box<dyn Store>, &mut Outside<'_>) -> Result<Device, Error>,
    ) -> Result<(), Error> {
        let store = self.open_store(home);
        let Home {
            device, dice, skew, ..
        } = &mut self.homes[home];
        let mut outside = Outside {
            now: Timestamp(self.now.saturating_add(*skew)),
            rng: dice.rng(),
        };
        *device = Some(begin(store, &mut outside)?);
        Ok(())
    }

    /// Ends the device's process, and gives its store to whoever changes it.
    pub(super) fn take_store(&mut self, home: usize) -> Box<dyn Store> {
        self.crash(home);
        self.open_store(home)
    }

    fn open_store(&self, home: usize) -> Box<dyn Store> {
        let Home { disk, sealing, .. } = &self.homes[home];
        let access = Access::Write {
            wait: Duration::ZERO,
        };
        let store = disk.open(sealing.clone(), access);
        Box::new(store.expect("nobody else has the turn"))
    }

    /// Ends the device's process and starts it anew.
    pub fn restart(&mut self, home: usize) {
        self.crash(home);
        self.start(home);
    }

    /// From now on nothing reaches this home, or goes out from it.
    pub fn go_offline(&mut self, home: usize) {
        self.homes[home].online = false;
        let lines = self.lines.iter().filter(|(_, line)| line.home == home);
        let lines: Vec<u64> = lines.map(|(id, _)| *id).collect();
        for line in lines {
            self.cut(line);
        }
    }

    /// From now on the home is reached again.
    pub fn go_online(&mut self, home: usize) {
        self.homes[home].online = true;
    }

    /// The relay lets go of what nobody has opened for long.
    pub fn sweep_relay(&mut self) {
        let now = Timestamp(self.now);
        if let Some(relay) = &mut self.relay {
            while relay.sweep(now, 1000).expect("its disk works") > 0 {}
        }
    }

    /// The relay's process ends, and starts again on what its disk has by then: what it keeps,
    /// or what `change` makes of that.
    pub fn restart_relay(&mut self, change: impl FnOnce(&RelayDisk)) {
        self.relay = None;
        let lines: Vec<u64> = self.lines.keys().copied().collect();
        for line in lines {
            self.cut(line);
        }
        change(&self.relay_disk);
        self.relay = Some(Host::new(self.relay_disk.log(), self.policy.clone()));
    }

    /// What was told of by a device since it was last asked, but for facts that it keeps.
    pub fn events(&mut self, home: usize) -> Vec<Event> {
        std::mem::take(&mut self.homes[home].events)
    }

    /// The facts that a device told of while it was up, in order.
    pub fn told(&self, home: usize) -> Vec<Fact> {
        let events = self.homes[home].events.iter();
        events
            .filter_map(|event| match event {
                Event::Warning(fact) => Some(*fact),
                _ => None,
            })
            .collect()
    }
}

impl Home {
    fn copy(&self, seed: u64, fork: u64) -> Self {
        let stream = 1_000_000 * fork + u64::from(self.key);
        let sealing = Chance::new(seed, stream + 100);
        Self {
            disk: self.disk.fork(),
            sealing: Arc::new(SeededSealing::new(self.key, sealing)),
            key: self.key,
            device: None,
            dice: Chance::new(seed, stream),
            skew: self.skew,
            online: true,
            events: Vec::new(),
        }
    }
}

fn policy() -> Policy {
    Policy {
        live_burst_bytes: u64::MAX / 4,
        ..Policy::default()
    }
}
