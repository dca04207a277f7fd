//! Lines between homes and the relay, and what is carried over them.

use std::collections::VecDeque;

use sidelight::device::{Device, Errand, LinkId};
use sidelight_crypto::MailboxKeys;
use sidelight_format::{Bytes, Frame, MailboxName, Timestamp, VERSION, frame_bytes};
use sidelight_mailbox::{Host, LinkId as HostLink, Output as HostOutput};

use super::stage::{Home, Story};

/// How many frames a device is handed at once.
const BURST: usize = 256;

/// Rounds until a story must have come to rest: thrice what the longest needs.
const ROUNDS: usize = 300;

/// A line between a home and the relay, or a test that plays one.
pub(super) struct Line {
    pub(super) home: usize,
    pub(super) mailbox: MailboxName,
    pub(super) up: Vec<Frame>,
    down: VecDeque<Frame>,
    /// The far end has given it up; what is on the way still arrives.
    closing: bool,
    /// The test is at the far end.
    puppet: bool,
}

impl Story {
    /// Carries everything to where it goes, until nothing is on the way. A line that a device
    /// hangs up is not opened again before the next exchange.
    pub fn exchange(&mut self) {
        self.tried.clear();
        for _ in 0..ROUNDS {
            let crashes = self.crashes;
            self.connect();
            let mut moved = false;
            let lines = self.lines.iter().filter(|(_, line)| !line.puppet);
            let lines: Vec<u64> = lines.map(|(id, _)| *id).collect();
            for line in &lines {
                moved |= self.deliver_up(*line);
            }
            if let Some(relay) = &mut self.relay
                && (moved || relay.has_work())
            {
                moved = true;
                relay
                    .handle_commit(Timestamp(self.now))
                    .expect("the relay's disk works");
                self.drain_relay();
            }
            for line in &lines {
                moved |= self.deliver_down(*line);
            }
            if !moved && crashes == self.crashes && !self.index_what_proofs_wait_for() {
                return;
            }
        }
        panic!("seed {}: the story does not come to rest", self.seed);
    }

    /// As a device's thread does when nothing else is to be done: one that is filled asks for
    /// proofs once what has come is searchable.
    fn index_what_proofs_wait_for(&mut self) -> bool {
        let up = |story: &Self, home: usize| {
            let home = &story.homes[home];
            home.online && home.device.is_some()
        };
        let waits = |story: &Self, home: usize| {
            let taking = story.volumes(home).taking;
            taking.is_some_and(|it| !it.proofs.is_empty())
        };
        let mut indexed = false;
        for home in 0..self.homes.len() {
            if up(self, home) && waits(self, home) {
                indexed |= self.command(home, Device::index).unwrap_or_default();
            }
        }
        indexed
    }

    fn connect(&mut self) {
        for home in 0..self.homes.len() {
            let wanted = match &self.homes[home] {
                Home {
                    device: Some(device),
                    online: true,
                    ..
                } => device.wanted(),
                _ => continue,
            };
            for wanted in wanted {
                let has = |line: &Line| line.home == home && line.mailbox == wanted.mailbox;
                if !self.lines.values().any(has) && self.tried.insert((home, wanted.mailbox)) {
                    self.open_line(home, wanted.mailbox, false);
                }
            }
        }
    }

    fn open_line(&mut self, home: usize, mailbox: MailboxName, puppet: bool) -> u64 {
        let id = self.next_line;
        self.next_line += 1;
        let mut exporter = [0; 32];
        exporter[..8].copy_from_slice(&id.to_be_bytes());
        let line = Line {
            home,
            mailbox,
            up: Vec::new(),
            down: VecDeque::new(),
            closing: false,
            puppet,
        };
        self.lines.insert(id, line);
        if let (false, Some(relay)) = (puppet, &mut self.relay) {
            relay.handle_open_link(HostLink(id), exporter);
        }
        self.try_command(home, |device, _| {
            device.handle_up(LinkId(id), mailbox, Errand::Replicate, &exporter)
        });
        id
    }

    pub(super) fn cut(&mut self, line: u64) {
        let Some(gone) = self.lines.remove(&line) else {
            return;
        };
        if let (false, Some(relay)) = (gone.puppet, &mut self.relay) {
            relay.handle_closed(HostLink(line));
        }
        if let Some(device) = &mut self.homes[gone.home].device {
            device.handle_down(LinkId(line));
        }
    }

    pub(super) fn deliver_up(&mut self, id: u64) -> bool {
        let Some(line) = self.lines.get_mut(&id).filter(|line| !line.puppet) else {
            return false;
        };
        let frames = std::mem::take(&mut line.up);
        let Some(relay) = &mut self.relay else {
            return false;
        };
        let moved = !frames.is_empty();
        for frame in frames {
            relay.handle_frame(HostLink(id), frame, Timestamp(self.now));
        }
        self.drain_relay();
        moved
    }

    fn deliver_down(&mut self, id: u64) -> bool {
        let Some(line) = self.lines.get_mut(&id) else {
            return false;
        };
        let count = line.down.len().min(BURST);
        let frames: Vec<Frame> = line.down.drain(..count).collect();
        let (home, mailbox, ends) = (
            line.home,
            line.mailbox,
            line.closing && line.down.is_empty(),
        );
        if let (true, Some(relay)) = (count > 0, &mut self.relay) {
            relay.handle_sent(HostLink(id), count);
        }
        let frames = match &mut self.liar {
            None => frames,
            Some(liar) => frames
                .into_iter()
                .flat_map(|frame| liar(home, &mailbox, frame))
                .collect(),
        };
        self.hand_over(id, frames);
        if ends {
            self.cut(id);
        }
        count > 0
    }

    fn hand_over(&mut self, id: u64, frames: Vec<Frame>) {
        let Some(home) = self.lines.get(&id).map(|line| line.home) else {
            return;
        };
        for frame in &frames {
            self.tapped.extend(frame_bytes(frame));
        }
        if !frames.is_empty() {
            let handed = self.try_command(home, |device, outside| {
                device.handle_frames(LinkId(id), frames, outside)
            });
            if let Some(Err(error)) = handed {
                panic!("seed {}: whatever comes, no error: {error:?}", self.seed);
            }
        }
    }

    /// Opens a mailbox at the relay, says these frames, and is gone.
    pub(super) fn speak_to_relay(&mut self, keys: &MailboxKeys, frames: Vec<Frame>) {
        let id = self.next_line;
        self.next_line += 1;
        let exporter = [9; 32];
        let now = Timestamp(self.now);
        let relay = self.relay.as_mut().expect("the relay is up");
        relay.handle_open_link(HostLink(id), exporter);
        let open = Frame::Open {
            version: VERSION,
            mailbox: keys.name(),
            proof: keys.prove(&exporter),
            ticket: Bytes::default(),
        };
        for frame in std::iter::once(open).chain(frames) {
            relay.handle_frame(HostLink(id), frame, now);
        }
        relay.handle_commit(now).expect("the relay's disk works");
        self.drain_relay();
        if let Some(relay) = &mut self.relay {
            relay.handle_closed(HostLink(id));
        }
    }

    fn drain_relay(&mut self) {
        while let Some(output) = self.relay.as_mut().and_then(Host::poll_output) {
            match output {
                HostOutput::Send {
                    link: HostLink(line),
                    frame,
                } => {
                    if let Some(line) = self.lines.get_mut(&line) {
                        line.down.push_back(frame);
                    }
                }
                HostOutput::Close {
                    link: HostLink(line),
                    ..
                } => {
                    if let Some(line) = self.lines.get_mut(&line) {
                        line.closing = true;
                    }
                }
            }
        }
    }

    /// Opens a line on which the test plays the relay.
    pub fn puppet(&mut self, home: usize, mailbox: MailboxName) -> u64 {
        self.open_line(home, mailbox, true)
    }

    /// What the device has said on a line since it was last asked.
    pub fn heard(&mut self, line: u64) -> Vec<Frame> {
        let line = self.lines.get_mut(&line);
        line.map(|line| std::mem::take(&mut line.up))
            .unwrap_or_default()
    }

    /// Says something to the device, as the relay.
    pub fn say(&mut self, line: u64, frames: Vec<Frame>) {
        self.hand_over(line, frames);
    }

    /// Whether a line is still up.
    pub fn is_up(&self, line: u64) -> bool {
        self.lines.contains_key(&line)
    }

    /// Ends a line.
    pub fn hang_up(&mut self, line: u64) {
        self.cut(line);
    }

    /// Whether every home that is online has the lines it wants, all in sync, and nothing waits
    /// to be sent.
    pub fn is_in_sync(&self) -> bool {
        self.unrest().is_none()
    }

    /// What is not in sync: a home, and how much of what it has to do is left.
    fn unrest(&self) -> Option<String> {
        self.homes.iter().enumerate().find_map(|(home, kept)| {
            let Some(device) = kept.device.as_ref().filter(|_| kept.online) else {
                return kept.online.then(|| format!("home {home} is down"));
            };
            let quiet = |mailbox| {
                self.lines.iter().any(|(id, line)| {
                    line.home == home && line.mailbox == mailbox && device.is_quiet(LinkId(*id))
                })
            };
            let mut wanted = device.wanted();
            wanted.retain(|wanted| !quiet(wanted.mailbox));
            let unsent = device.outbox_len();
            let groups: Vec<_> = wanted.iter().map(|wanted| wanted.group).collect();
            let left = unsent > 0 || !groups.is_empty();
            left.then(|| format!("home {home}: {unsent} unsent, busy links: {groups:?}"))
        })
    }

    /// Carries everything, and everything is in sync then.
    pub fn settle(&mut self) {
        self.exchange();
        let unrest = self.unrest();
        assert_eq!(unrest, None, "seed {}: all is in sync", self.seed);
    }
}
