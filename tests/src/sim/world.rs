//! The devices, one relay, the links between, and the clock.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use sidelight::device::{Device, Errand, Event, LinkId, NewPerson, Output, view};
use sidelight_format::{
    Frame, InvitationLink, MailboxName, RelayAddress, RelayInstance, RelayKey, Timestamp,
};
use sidelight_mailbox::{
    Host, LinkId as HostLink, MemoryDisk as RelayDisk, MemoryLog, MemorySnapshot,
    Output as HostOutput, Policy,
};
use sidelight_store::{Access, MemoryDisk};
use sidelight_sync::Outside;

use super::devices::Standing;
use super::oracle::{Broken, Ledger};
use super::{Chance, wire::Wire};
use crate::SeededSealing;

/// So many rounds of fine weather are more than a linking takes that can come to something.
const LINKS_GIVEN_UP_AFTER: usize = 60;

/// Where time begins.
const BEGINNING: Timestamp = Timestamp(1_800_000_000);

/// One device with what survives its crashes.
pub(super) struct Home {
    pub(super) disk: MemoryDisk,
    pub(super) sealing: Arc<SeededSealing>,
    pub(super) device: Option<Device>,
    pub(super) dice: Chance,
    pub(super) clock_skew: i64,
    pub(super) ledger: Ledger,
    /// Whose it is: the place of that person's first device.
    pub(super) person: usize,
    pub(super) standing: Standing,
}

/// Everything.
pub struct World {
    pub(super) seed: u64,
    pub(super) dice: Chance,
    pub(super) now: Timestamp,
    pub(super) homes: Vec<Home>,
    pub(super) relay_disk: RelayDisk,
    pub(super) relay: Option<Host<MemoryLog>>,
    pub(super) snapshots: Vec<MemorySnapshot>,
    pub(super) wires: BTreeMap<u64, Wire>,
    next_wire: u64,
    pub(super) invitation: Option<InvitationLink>,
    trace: Sha256,
    /// Every byte that ever was on a link, for the search of planted text.
    pub(super) tapped: Vec<u8>,
    pub(super) tokens: u32,
    pub(super) rolled_back: bool,
    /// The relay was set back to a backup: it may have bodies that nobody fetches.
    pub(super) restored: bool,
    pub(super) address: RelayAddress,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World")
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

impl World {
    /// Two persons who have just begun, and a relay.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn new(seed: u64) -> Result<Self, Broken> {
        let relay_disk = RelayDisk::new(RelayInstance([1; 16]));
        let address = RelayAddress::new("relay.test:4433", RelayKey([7; 32]))
            .map_err(|_| Broken::new("a plain address is one"))?;
        let mut world = Self {
            seed,
            dice: Chance::new(seed, 0),
            now: BEGINNING,
            homes: Vec::new(),
            relay: Some(Host::new(relay_disk.log(), policy())),
            relay_disk,
            snapshots: Vec::new(),
            wires: BTreeMap::new(),
            next_wire: 0,
            invitation: None,
            trace: Sha256::new(),
            tapped: Vec::new(),
            tokens: 0,
            rolled_back: false,
            restored: false,
            address,
        };
        for (place, name) in ["Ada PLANTEDNAME", "Bo PLANTEDNAME"].iter().enumerate() {
            let stream = place as u64 + 1;
            let sealing = Arc::new(SeededSealing::new(
                stream as u8,
                Chance::new(seed, stream + 100),
            ));
            let disk = MemoryDisk::recording();
            let mut dice = Chance::new(seed, stream);
            let store = disk.create(sealing.clone()).map_err(Broken::from_store)?;
            let person = NewPerson {
                name: (*name).to_owned(),
                relay: Some(world.address.clone()),
                ticket: Default::default(),
            };
            let mut outside = Outside {
                now: BEGINNING,
                rng: dice.rng(),
            };
            let device = Device::create(Box::new(store), &person, &mut outside)?;
            let ledger = Ledger::default();
            world.homes.push(Home {
                disk,
                sealing,
                device: Some(device),
                dice,
                clock_skew: 0,
                ledger,
                person: place,
                standing: Standing::Member,
            });
            world.drain(place, usize::MAX)?;
        }
        Ok(world)
    }

    /// Runs a command on a device, then its outputs; none if it is down.
    pub(super) fn command<T>(
        &mut self,
        home: usize,
        outputs_max: usize,
        command: impl FnOnce(&mut Device, &mut Outside<'_>) -> Result<T, sidelight::Error>,
    ) -> Result<Option<Result<T, sidelight::Error>>, Broken> {
        let now = Timestamp(self.now.0 + self.homes[home].clock_skew);
        let Home { device, dice, .. } = &mut self.homes[home];
        let Some(device) = device else {
            return Ok(None);
        };
        let mut outside = Outside {
            now,
            rng: dice.rng(),
        };
        let result = command(device, &mut outside);
        let whole = self.drain(home, outputs_max)?;
        Ok(whole.then_some(result))
    }

    /// Runs at most `outputs_max` outputs of a device; with more to come it crashes there.
    /// Whether it ran to the end.
    pub(super) fn drain(&mut self, home: usize, outputs_max: usize) -> Result<bool, Broken> {
        let mut left = outputs_max;
        loop {
            if left == 0 {
                self.crash(home);
                return Ok(false);
            }
            left -= 1;
            let Some(device) = &mut self.homes[home].device else {
                return Ok(false);
            };
            let output = match device.poll_output() {
                Ok(Some(output)) => output,
                Ok(None) => return Ok(true),
                Err(error) if error.kind() == sidelight::ErrorKind::Storage => {
                    self.note(b"full");
                    self.crash(home);
                    return Ok(false);
                }
                Err(error) => return Err(error.into()),
            };
            match output {
                Output::Persisted => self.note(b"kept"),
                Output::Send(LinkId(link), frame) => {
                    if let Some(wire) = self.wires.get_mut(&link) {
                        self.tapped.extend(sidelight_format::frame_bytes(&frame));
                        wire.up.send(&frame);
                    }
                }
                Output::Hangup(LinkId(link)) | Output::Reopen(LinkId(link)) => self.cut(link),
                Output::Event(Event::Warning(fact)) => self.homes[home].ledger.facts.push(fact),
                Output::Event(_) => {}
            }
        }
    }

    /// The device's process ends here; what was committed stays.
    pub(super) fn crash(&mut self, home: usize) {
        self.note(b"crash");
        self.homes[home].device = None;
        let gone: Vec<u64> = self
            .wires
            .iter()
            .filter(|(_, wire)| wire.device == home)
            .map(|(link, _)| *link)
            .collect();
        for link in gone {
            self.cut(link);
        }
    }

    /// The device starts again.
    pub(super) fn start(&mut self, home: usize) -> Result<(), Broken> {
        let now = Timestamp(self.now.0 + self.homes[home].clock_skew);
        let Home {
            disk,
            sealing,
            device,
            dice,
            standing,
            ..
        } = &mut self.homes[home];
        if device.is_some() || *standing == Standing::Gone {
            return Ok(());
        }
        let access = Access::Write {
            wait: std::time::Duration::ZERO,
        };
        let store = disk
            .open(sealing.clone(), access)
            .map_err(Broken::from_store)?;
        let mut outside = Outside {
            now,
            rng: dice.rng(),
        };
        *device = Some(Device::open(Box::new(store), &mut outside)?);
        Ok(())
    }

    /// Opens the links that a device wants and has not.
    pub(super) fn connect(&mut self, home: usize) -> Result<(), Broken> {
        let (Some(device), Some(_)) = (&self.homes[home].device, &self.relay) else {
            return Ok(());
        };
        for wanted in device.wanted() {
            let has = self
                .wires
                .values()
                .any(|wire| wire.device == home && wire.mailbox == wanted.mailbox && !wire.closing);
            if !has {
                self.open_wire(home, wanted.mailbox)?;
            }
        }
        Ok(())
    }

    fn open_wire(&mut self, home: usize, mailbox: MailboxName) -> Result<(), Broken> {
        let link = self.next_wire;
        self.next_wire += 1;
        let mut exporter = [0; 32];
        exporter[..8].copy_from_slice(&link.to_be_bytes());
        self.wires.insert(link, Wire::new(home, mailbox));
        if let Some(relay) = &mut self.relay {
            relay.handle_open_link(HostLink(link), exporter);
        }
        if let Some(device) = &mut self.homes[home].device {
            device.handle_up(LinkId(link), mailbox, Errand::Replicate, &exporter)?;
        }
        self.drain(home, usize::MAX)?;
        Ok(())
    }

    /// A link ends, with whatever is on it.
    pub(super) fn cut(&mut self, link: u64) {
        let Some(wire) = self.wires.remove(&link) else {
            return;
        };
        self.note(b"cut");
        if let Some(relay) = &mut self.relay {
            relay.handle_closed(HostLink(link));
        }
        if let Some(device) = &mut self.homes[wire.device].device {
            device.handle_down(LinkId(link));
        }
    }

    /// Bytes of a link arrive at the relay.
    pub(super) fn deliver_up(&mut self, link: u64, len: usize) {
        let Some(wire) = self.wires.get_mut(&link) else {
            return;
        };
        let frames = wire.up.arrive(len);
        self.note(format!("up {link} {}", frames.len()).as_bytes());
        let now = self.now;
        for frame in frames {
            if let Some(relay) = &mut self.relay {
                relay.handle_frame(HostLink(link), frame, now);
            }
            self.drain_relay();
        }
    }

    /// Bytes of a link arrive at the device.
    pub(super) fn deliver_down(
        &mut self,
        link: u64,
        len: usize,
        outputs_max: usize,
    ) -> Result<(), Broken> {
        let Some(wire) = self.wires.get_mut(&link) else {
            return Ok(());
        };
        let frames = wire.down.arrive(len);
        let (home, ended) = (wire.device, wire.closing && wire.down.len() == 0);
        self.note(format!("down {link} {}", frames.len()).as_bytes());
        if !frames.is_empty() {
            let sent = frames.len();
            if let Some(relay) = &mut self.relay {
                relay.handle_sent(HostLink(link), sent);
            }
            if let Some(result) = self.command(home, outputs_max, |device, outside| {
                device.handle_frames(LinkId(link), frames, outside)
            })? {
                result?;
            }
        }
        if ended {
            self.cut(link);
        }
        Ok(())
    }

    /// The relay commits what it has.
    pub(super) fn commit_relay(&mut self) {
        let now = self.now;
        if let Some(relay) = &mut self.relay {
            // A failing commit is told to the links; here the disk never fails by itself.
            let _ = relay.handle_commit(now);
        }
        self.drain_relay();
    }

    fn drain_relay(&mut self) {
        while let Some(output) = self.relay.as_mut().and_then(Host::poll_output) {
            match output {
                HostOutput::Send {
                    link: HostLink(link),
                    frame,
                } => {
                    self.tapped.extend(sidelight_format::frame_bytes(&frame));
                    self.note(frame_name(&frame));
                    if let Some(wire) = self.wires.get_mut(&link) {
                        wire.down.send(&frame);
                    }
                }
                HostOutput::Close {
                    link: HostLink(link),
                    ..
                } => {
                    if let Some(wire) = self.wires.get_mut(&link) {
                        wire.closing = true;
                    }
                }
            }
        }
    }

    /// The relay's process ends: what it had not committed is lost.
    pub(super) fn crash_relay(&mut self) {
        self.note(b"relay crash");
        self.relay = None;
        let links: Vec<u64> = self.wires.keys().copied().collect();
        for link in links {
            self.cut(link);
        }
    }

    /// The relay starts again, on whatever its disk holds.
    pub(super) fn start_relay(&mut self) {
        if self.relay.is_none() {
            self.relay = Some(Host::new(self.relay_disk.log(), policy()));
        }
    }

    /// The weather ends: everything runs until nothing is left to do.
    pub(super) fn settle(&mut self) -> Result<(), Broken> {
        for home in &mut self.homes {
            // A device that is gone stays off.
            home.disk.recover();
            home.clock_skew = 0;
        }
        for round in 0..400 {
            if round == LINKS_GIVEN_UP_AFTER {
                self.give_links_up()?;
            }
            if self.calm()? {
                return Ok(());
            }
        }
        Err(Broken::new(format!(
            "the devices and a relay in fine weather come to rest; instead {}",
            self.unrest()
        )))
    }

    /// A moment of fine weather: everything on the way arrives. Whether nothing is left to do.
    pub(super) fn calm(&mut self) -> Result<bool, Broken> {
        self.start_relay();
        for home in self.in_play() {
            self.start(home)?;
            self.connect(home)?;
            self.pair_on(home)?;
        }
        for person in 0..2 {
            self.link_on(person)?;
        }
        let links: Vec<u64> = self.wires.keys().copied().collect();
        for link in &links {
            self.deliver_up(*link, usize::MAX);
        }
        self.commit_relay();
        for link in links {
            self.deliver_down(link, usize::MAX, usize::MAX)?;
        }
        Ok(self.linking().is_empty() && self.is_settled())
    }

    /// What keeps the world from coming to rest.
    fn unrest(&self) -> String {
        let homes = self.homes.iter().enumerate().map(|(home, kept)| {
            let Some(device) = &kept.device else {
                return format!("device {home} is down");
            };
            let pairing = device.pairing().map(|view| {
                (
                    view.inviter,
                    view.comparison.is_some(),
                    view.confirmed,
                    view.ended,
                )
            });
            let links: Vec<_> = self
                .wires
                .iter()
                .filter(|(_, wire)| wire.device == home)
                .map(|(link, wire)| {
                    (
                        *link,
                        wire.mailbox,
                        device.is_quiet(LinkId(*link)),
                        wire.closing,
                    )
                })
                .collect();
            format!(
                "device {home}: pairing {pairing:?}, outbox {}, links {links:?}",
                device.outbox_len()
            )
        });
        homes.collect::<Vec<_>>().join("; ")
    }

    fn is_settled(&self) -> bool {
        let at_rest = self.wires.iter().all(|(link, wire)| {
            let device = self.homes[wire.device].device.as_ref();
            let quiet = device.is_some_and(|device| device.is_quiet(LinkId(*link)));
            wire.up.len() == 0 && wire.down.len() == 0 && quiet
        });
        let wanted = self.in_play().into_iter().all(|home| {
            let kept = &self.homes[home];
            kept.device.as_ref().is_some_and(|device| {
                view::status(device.store()).is_ok_and(|status| status.shared.is_some())
                    && device.wanted().iter().all(|wanted| {
                        self.wires
                            .values()
                            .any(|w| w.device == home && w.mailbox == wanted.mailbox)
                    })
            })
        });
        at_rest && wanted && self.relay.as_ref().is_some_and(|relay| !relay.has_work())
    }

    /// Puts something into the trace.
    pub(super) fn note(&mut self, what: &[u8]) {
        self.trace.update((what.len() as u32).to_le_bytes());
        self.trace.update(what);
    }

    /// The hash over everything that happened.
    pub(super) fn trace(&self) -> [u8; 32] {
        self.trace.clone().finalize().into()
    }

    /// The mailboxes that both sides and the relay have ever had.
    pub(super) fn envelopes(&self) -> BTreeSet<Vec<u8>> {
        let mut all = BTreeSet::new();
        for mailbox in self.relay_disk.mailboxes() {
            all.extend(
                self.relay_disk
                    .envelopes(&mailbox)
                    .into_iter()
                    .map(sidelight_format::Bytes::into_vec),
            );
        }
        all
    }
}

fn policy() -> Policy {
    Policy {
        live_burst_bytes: u64::MAX / 4,
        ..Policy::default()
    }
}

fn frame_name(frame: &Frame) -> &'static [u8] {
    match frame {
        Frame::State { .. } => b"state",
        Frame::Items { .. } => b"items",
        Frame::Fetched { .. } => b"fetched",
        Frame::Stored { .. } => b"stored",
        Frame::Arrived { .. } => b"arrived",
        _ => b"other",
    }
}
