//! The device thread: owns the device, does what the handle asks, one after another, and feeds
//! it with what links bring. Whatever a step leaves in the device's queue is kept, sent and
//! told before the step's answer is given.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sidelight_format::{PersonId, Timestamp};
use sidelight_store::Access;
use sidelight_sync::Outside;
use tracing::{debug, warn};

use crate::device::{Device, LinkId};
use crate::events::Events;
use crate::home::{Home, Place, TURN_WAIT};
use crate::links::{Links, pause_after};
use crate::records::NewPerson;
use crate::sealing::system_rng;
use crate::syncing::Syncs;
use crate::turn::Turn;
use crate::wire::{Batch, News};
use crate::{Error, ErrorKind, KeyStore, Recover, convert, reading, runtime};

/// How long what arrived waits for the writer's turn. Less than a command: it comes again.
pub(crate) const FRAMES_WAIT: Duration = Duration::from_secs(1);

/// While live: how often to look whether another program has written.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// When nothing has happened for so long, the search index is brought up to date.
const INDEX_AFTER: Duration = Duration::from_millis(250);

/// However much happens, a step of that is not put off for longer: an app that asks for a page ten
/// times a second has its index, too.
const INDEX_WITHIN: Duration = Duration::from_secs(2);

/// How long to leave the index, or what is held, alone when it could not be written.
const INDEX_AGAIN: Duration = Duration::from_secs(5);

/// How often to look at the clock while something is held.
const RELEASE_LOOK: Duration = Duration::from_secs(600);

/// What the device thread is told.
pub(crate) enum Message {
    Command(Box<dyn FnOnce(&mut Driver) + Send>),
    Line(u64, News),
    Frames(LinkId, Batch),
    LinkDown(LinkId),
    Quit,
}

/// What time it is.
#[derive(Clone, Debug)]
pub(crate) enum Clock {
    System,
    /// Seconds since 1970, set by a test.
    Set(Arc<AtomicI64>),
}

/// The device thread's state.
pub(crate) struct Driver {
    pub(crate) home: Home,
    pub(crate) clock: Clock,
    pub(crate) me: PersonId,
    /// None while suspended, or when it could not be opened again.
    pub(crate) device: Option<Device>,
    pub(crate) turn: Turn,
    pub(crate) links: Links,
    pub(crate) syncs: Syncs,
    live: bool,
    pub(crate) suspended: bool,
    looked: Instant,
    pub(crate) failing: Option<Failing>,
    /// When to look after the search index, if it may be due.
    index_at: Option<Instant>,
    /// Until when whatever happens may put that off.
    index_by: Option<Instant>,
    /// When what is held may be released again.
    release_again: Instant,
    pub(crate) events: Arc<Events>,
    over: Arc<AtomicBool>,
}

/// How a journal is begun, or gone on with.
pub(crate) enum Begin {
    /// A new person's.
    Person(NewPerson),
    /// On a further device of a person, by a link, under a name.
    OwnDevice(String, String),
    /// Brought back by the recovery words.
    Recover(Recover),
    /// The one that is there.
    Open,
}

/// Why what arrives cannot be kept now.
pub(crate) struct Failing {
    pub(crate) error: Error,
    /// Another program has the turn: that passes by itself.
    pub(crate) passing: bool,
    failures: u32,
    until: Instant,
}

impl Driver {
    /// Begins a person's journal at `place`, or opens the one there. Called on its thread.
    pub(crate) fn begin(
        place: Place,
        keys: &dyn KeyStore,
        begin: &Begin,
        clock: Clock,
        (to, events, over): (Sender<Message>, Arc<Events>, Arc<AtomicBool>),
    ) -> Result<Self, Error> {
        let mut rng = system_rng();
        let mut outside = Outside {
            now: clock.now(),
            rng: &mut rng,
        };
        let (home, mut device) = match begin {
            Begin::Person(person) => {
                let person = convert::person(person)?;
                let (home, store) = place.create(keys)?;
                (home, Device::create(store, &person, &mut outside)?)
            }
            Begin::OwnDevice(link, name) => {
                let link = convert::invitation(link)?;
                let (home, store) = place.create(keys)?;
                (home, Device::join_own(store, &link, name, &mut outside)?)
            }
            Begin::Recover(recover) => {
                let new = convert::recovery(recover)?;
                // Whatever is wrong with the words is said before anything is made.
                new.check()?;
                let (home, store) = place.create(keys)?;
                (home, Device::recover(store, &new, &mut outside)?)
            }
            Begin::Open => {
                let home = place.open(keys)?;
                let store = home.open(Access::Write { wait: TURN_WAIT })?;
                (home, Device::open(store, &mut outside)?)
            }
        };
        while device.poll_output()?.is_some() {}
        let (me, _) = reading::me(device.store())?;
        let mut turn = Turn::default();
        turn.taken();
        Ok(Self {
            home,
            clock,
            me,
            device: Some(device),
            turn,
            links: Links::new(runtime::get()?, to),
            syncs: Syncs::default(),
            live: false,
            suspended: false,
            looked: Instant::now(),
            failing: None,
            index_at: Some(Instant::now() + INDEX_AFTER),
            index_by: None,
            release_again: Instant::now(),
            events,
            over,
        })
    }

    /// Works until it is told to quit.
    pub(crate) fn run(mut self, inbox: &Receiver<Message>) {
        while !self.over.load(Ordering::Acquire) {
            let message = match inbox.try_recv() {
                Ok(message) => Some(message),
                Err(TryRecvError::Disconnected) => break,
                Err(TryRecvError::Empty) => {
                    self.release_turn();
                    let wakes = [self.next_wake(), self.index_at, self.release_wake()];
                    let wake = wakes.into_iter().flatten().min();
                    let wait = wake.map(|at| at.saturating_duration_since(Instant::now()));
                    match inbox.recv_timeout(wait.unwrap_or(Duration::MAX)) {
                        Ok(message) => Some(message),
                        Err(RecvTimeoutError::Timeout) => None,
                        Err(RecvTimeoutError::Disconnected) => break,
                    }
                }
            };
            match message {
                Some(Message::Quit) => break,
                Some(message) => {
                    self.handle(message);
                    self.put_index_off();
                }
                None => self.look_after_index(),
            }
            self.tend();
        }
        self.events.end();
        // The tasks say goodbye by themselves.
        self.links.drop_all();
    }

    fn handle(&mut self, message: Message) {
        let now = Instant::now();
        let down = match message {
            Message::Command(command) => {
                command(self);
                Vec::new()
            }
            Message::Line(line, news) => self.links.handle_news(line, news, now),
            Message::Frames(link, batch) => {
                self.handle_frames(link, batch);
                Vec::new()
            }
            Message::LinkDown(link) => {
                self.links.drop_link(link, now);
                vec![link]
            }
            Message::Quit => Vec::new(),
        };
        self.handle_down(&down);
    }

    pub(crate) fn handle_down(&mut self, links: &[LinkId]) {
        if let Some(device) = &mut self.device {
            links.iter().for_each(|link| device.handle_down(*link));
        }
    }

    /// What is due after each message, or by time.
    fn tend(&mut self) {
        if self.suspended {
            return;
        }
        self.release_due();
        let now = Instant::now();
        if self.live && now.saturating_duration_since(self.looked) >= LOOK_EVERY {
            self.look_for_others();
        }
        if self.is_online() {
            self.renew_if_due();
            self.follow(now);
            self.finish_syncs(now);
        }
        if !self.is_online() {
            let down = self.links.drop_all();
            self.handle_down(&down);
        }
        self.tell_state();
    }

    pub(crate) fn is_online(&self) -> bool {
        !self.suspended && (self.live || !self.syncs.is_empty())
    }

    fn next_wake(&self) -> Option<Instant> {
        if !self.is_online() {
            return None;
        }
        let now = Instant::now();
        let look = self.live.then(|| self.looked + LOOK_EVERY);
        let links = match &self.failing {
            Some(failing) if failing.until > now => Some(failing.until),
            _ => self.links.next_wake(now),
        };
        [look, links, self.syncs.next_wake()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Opens and drops links as the device wants.
    fn follow(&mut self, now: Instant) {
        if self
            .failing
            .as_ref()
            .is_some_and(|failing| failing.until > now)
        {
            return;
        }
        if self.device.is_none()
            && let Err(error) = self.reopen(FRAMES_WAIT)
        {
            return self.fail(error, false);
        }
        let Some(device) = &mut self.device else {
            return;
        };
        let wanted = device.wanted();
        let links = wanted
            .iter()
            .filter_map(|wanted| self.links.link_of(wanted));
        let quiet: Vec<_> = links.filter(|link| device.is_quiet(*link)).collect();
        quiet.into_iter().for_each(|link| self.links.succeed(link));
        let followed = self.links.follow(&wanted, now);
        self.handle_down(&followed.down);
        for (link, wanted, exporter) in followed.up {
            let Some(device) = &mut self.device else {
                return;
            };
            let opened = device.handle_up(link, wanted.mailbox, wanted.errand, &exporter);
            if let Err(error) = self.drain().and(opened) {
                return self.fail(error, false);
            }
        }
    }

    /// New keys on schedule: once all that the relays have is here.
    fn renew_if_due(&mut self) {
        let now = self.clock.now();
        let due =
            |device: &Option<Device>| device.as_ref().is_some_and(|it| it.is_renewal_due(now));
        if !due(&self.device) {
            return;
        }
        if let Err(error) = self.take_turn(Duration::ZERO) {
            debug!(%error, "another program has the turn; renewing keys later");
            return;
        }
        // It may have been opened anew because another program wrote.
        let Some(device) = &mut self.device else {
            return;
        };
        let mut rng = system_rng();
        let mut outside = Outside { now, rng: &mut rng };
        let renewed = device.renew_if_due(&mut outside);
        if let Err(error) = self.drain().and(renewed) {
            self.fail(error, false);
        }
    }

    /// When to look for held entries that are due. Clocks may be set, so at the latest in a while.
    fn release_wake(&self) -> Option<Instant> {
        if self.suspended || self.release_again > Instant::now() {
            return (!self.suspended).then_some(self.release_again);
        }
        let due = self.device.as_ref()?.next_release()?;
        let secs = due.0.saturating_sub(self.clock.now().0).max(0);
        let wait = Duration::from_secs(secs.unsigned_abs()).min(RELEASE_LOOK);
        Some(Instant::now() + wait)
    }

    /// Shares what is held no longer.
    fn release_due(&mut self) {
        let now = self.clock.now();
        while self.release_again <= Instant::now() {
            let next = self.device.as_ref().and_then(Device::next_release);
            if next.is_none_or(|due| due > now) {
                return;
            }
            match self.act(Device::release_due) {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    debug!(kind = ?error.kind(), "what is held has to wait");
                    self.release_again = Instant::now() + INDEX_AGAIN;
                }
            }
        }
    }

    fn put_index_off(&mut self) {
        let now = Instant::now();
        let by = *self.index_by.get_or_insert(now + INDEX_WITHIN);
        self.index_at = Some(by.min(now + INDEX_AFTER));
    }

    /// Nothing has happened for a while, or it was put off for long enough.
    fn look_after_index(&mut self) {
        if self.index_at.is_none_or(|at| at > Instant::now()) {
            return;
        }
        self.index_by = None;
        if self.suspended {
            // Nothing is due before it is resumed.
            self.index_at = None;
            return;
        }
        let indexed = self.index(Duration::ZERO);
        let done = indexed.and_then(|indexed| Ok(indexed || self.tend_volumes(Duration::ZERO)?));
        self.index_at = match done {
            // Whatever has come meanwhile goes first.
            Ok(true) => Some(Instant::now()),
            Ok(false) => None,
            Err(error) => {
                debug!(kind = ?error.kind(), "the search index and the volumes have to wait");
                Some(Instant::now() + INDEX_AGAIN)
            }
        };
    }

    /// While live: what another program wrote is sent from here.
    fn look_for_others(&mut self) {
        self.looked = Instant::now();
        if let Some(device) = &self.device
            && self.turn.is_stale(device.store())
            && let Err(error) = self.take_turn(Duration::ZERO)
        {
            debug!(%error, "another program has the turn; looking again later");
        }
    }

    fn handle_frames(&mut self, link: LinkId, batch: Batch) {
        if !self.links.has(link) {
            return;
        }
        if let Err(error) = self.take_turn(FRAMES_WAIT) {
            // Another program has the turn, or the disk says no; but no store comes back.
            let passing = error.kind() == ErrorKind::Storage;
            return self.fail(error, passing);
        }
        // It may have been dropped because another program wrote.
        if !self.links.has(link) {
            return;
        }
        let Some(device) = &mut self.device else {
            return;
        };
        let waited = device.outbox_len();
        let mut rng = system_rng();
        let mut outside = Outside {
            now: self.clock.now(),
            rng: &mut rng,
        };
        let handled = device.handle_frames(link, batch.frames, &mut outside);
        match self.drain().and_then(|changed| handled.map(|()| changed)) {
            Ok(changed) => {
                self.failing = None;
                let waits = self.device.as_ref().map_or(0, Device::outbox_len);
                self.syncs.count(waited.saturating_sub(waits), changed);
            }
            Err(error) => self.fail(error, false),
        }
    }

    /// What arrives cannot be kept: links are dropped, so that it comes again, after a pause.
    fn fail(&mut self, error: Error, passing: bool) {
        warn!(kind = ?error.kind(), "what arrives cannot be kept now");
        let failures = self.failing.as_ref().map_or(0, |failing| failing.failures);
        self.failing = Some(Failing {
            error,
            passing,
            failures: failures + 1,
            until: Instant::now() + pause_after(failures),
        });
        let down = self.links.drop_links();
        self.handle_down(&down);
    }

    /// Keeps connections from now on, or no longer.
    pub(crate) fn set_live(&mut self, live: bool) -> Result<(), Error> {
        if self.suspended {
            return Err(suspended());
        }
        if live && !self.live {
            self.links.hurry(Instant::now());
        }
        self.live = live;
        Ok(())
    }

    /// Closes every connection, socket, file and lock.
    pub(crate) fn suspend(&mut self) {
        self.syncs.cancel(&Error::new(
            ErrorKind::Cancelled,
            "the sync was stopped because the journal was suspended; what waits is kept",
        ));
        self.links.drop_all();
        self.links.wait_parted();
        self.device = None;
        self.turn.lost();
        self.failing = None;
        if !self.suspended {
            self.suspended = true;
            self.tell_state();
        }
    }

    /// Opens the files again; what is due goes on by itself.
    pub(crate) fn resume(&mut self) -> Result<(), Error> {
        if self.suspended {
            self.reopen(TURN_WAIT)?;
            self.suspended = false;
        }
        Ok(())
    }

    /// Closes everything for good.
    pub(crate) fn shutdown(&mut self) {
        self.over.store(true, Ordering::Release);
        self.suspend();
        self.events.end();
    }
}

impl Clock {
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp(match self {
            Self::Set(seconds) => seconds.load(Ordering::Relaxed),
            Self::System => match SystemTime::now().duration_since(UNIX_EPOCH) {
                Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
                Err(before) => i64::try_from(before.duration().as_secs()).map_or(i64::MIN, |s| -s),
            },
        })
    }
}

pub(crate) fn suspended() -> Error {
    Error::new(
        ErrorKind::Cancelled,
        "the journal is suspended; resume it first",
    )
}
