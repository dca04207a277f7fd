//! Connections and links of one device, as the device thread knows them; [`wire`](crate::wire)
//! has the tasks that carry frames.
//!
//! Mailboxes of one relay and group share a *line*: one connection from a socket of its own.
//! Links of different groups share neither, so that a relay cannot tell by them that two
//! mailboxes are one person's.

use std::collections::{BTreeMap, HashMap};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use rand_core::Rng;
use sidelight_format::{Frame, MailboxName, Refusal, RelayAddress};
use sidelight_transport::{ConnectError, Connection};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tracing::debug;

use crate::device::{Errand, Group, LinkId, Wanted};
use crate::driver::Message;
use crate::sealing::system_rng;
use crate::wire::{News, carry, carry_link};

/// The pause before the second attempt; each later one is twice as long.
const PAUSE_FIRST: Duration = Duration::from_millis(500);

/// The longest pause: a relay that is back is noticed within a minute.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// The longest pause that a relay can ask for: one that is mended is noticed within the hour.
const ASKED_PAUSE_MAX: Duration = Duration::from_secs(60 * 60);

/// The pause after a refusal that waiting does not mend: each try costs what is sent before the
/// refusal comes. Whoever asks for a sync need not wait for it.
const REFUSED_PAUSE: Duration = Duration::from_secs(10 * 60);

/// How long the other ends are given to hear that a device hangs up.
const PARTING_MAX: Duration = Duration::from_millis(1500);

/// Which line: its relay and group.
pub(crate) type LineKey = (RelayAddress, Group);

/// Which mailbox, where, and what for.
type Opened = (MailboxName, LineKey, Errand);

/// All lines and links.
pub(crate) struct Links {
    runtime: &'static Runtime,
    to: Sender<Message>,
    lines: BTreeMap<LineKey, Line>,
    links: HashMap<LinkId, OpenLink>,
    pauses: HashMap<Opened, Pause>,
    /// Lines and links are numbered, so that late news of an old one is told apart.
    next: u64,
    parting: Vec<JoinHandle<()>>,
}

/// One connection, or the wish for one.
pub(crate) struct Line {
    number: u64,
    state: LineState,
    failures: u32,
    /// Why the last attempt failed, and when. None once it is up.
    pub(crate) failed: Option<(Instant, ConnectError)>,
}

enum LineState {
    /// To be tried at this time.
    Waiting(Instant),
    Connecting(Task),
    Up(Connection, Task),
}

/// A line's task. It ends, and says goodbye, when `_stop` is dropped.
struct Task {
    _stop: oneshot::Sender<()>,
    handle: JoinHandle<()>,
}

/// A link that is up, as far as is known.
struct OpenLink {
    mailbox: MailboxName,
    line: LineKey,
    errand: Errand,
    frames: mpsc::UnboundedSender<Frame>,
}

/// Why a mailbox is not opened again at once.
pub(crate) struct Pause {
    pub(crate) until: Instant,
    failures: u32,
    /// When its relay refused it, and why.
    pub(crate) refused: Option<(Instant, Refusal)>,
}

/// Links to tell the device of.
pub(crate) struct Followed {
    /// They are down.
    pub(crate) down: Vec<LinkId>,
    /// They are up, each for what was wanted, on a connection with this exporter.
    pub(crate) up: Vec<(LinkId, Wanted, [u8; 32])>,
}

impl Links {
    pub(crate) fn new(runtime: &'static Runtime, to: Sender<Message>) -> Self {
        Self {
            runtime,
            to,
            lines: BTreeMap::new(),
            links: HashMap::new(),
            pauses: HashMap::new(),
            next: 0,
            parting: Vec::new(),
        }
    }

    /// Makes lines and links those that are wanted, as far as their pauses allow. Returns the
    /// links to tell the device of.
    pub(crate) fn follow(&mut self, wanted: &[Wanted], now: Instant) -> Followed {
        let is_wanted = |link: &OpenLink| wanted.iter().any(|wanted| link.is_for(wanted));
        let unwanted = self.links.extract_if(|_, link| !is_wanted(link));
        let down = unwanted.map(|(link, _)| link).collect();
        let keys: Vec<_> = wanted.iter().map(key).collect();
        let lines = std::mem::take(&mut self.lines);
        let (wanted_lines, unwanted): (BTreeMap<_, _>, BTreeMap<_, _>) =
            lines.into_iter().partition(|(line, _)| keys.contains(line));
        self.lines = wanted_lines;
        unwanted.into_values().for_each(|line| self.part(line));
        for line in keys {
            let known = self.lines.entry(line.clone()).or_insert(Line {
                number: 0,
                state: LineState::Waiting(now),
                failures: 0,
                failed: None,
            });
            if matches!(known.state, LineState::Waiting(at) if at <= now) {
                self.next += 1;
                known.number = self.next;
                let (stop, stopped) = oneshot::channel();
                let carry = carry(line.0, known.number, self.to.clone(), stopped);
                let handle = self.runtime.spawn(carry);
                known.state = LineState::Connecting(Task {
                    _stop: stop,
                    handle,
                });
            }
        }
        let mut up = Vec::new();
        for wanted in wanted {
            let paused = |pause: &Pause| pause.until > now;
            if self.link_of(wanted).is_some() || self.pause_of(wanted).is_some_and(paused) {
                continue;
            }
            let line = key(wanted);
            let Some(LineState::Up(connection, _)) = self.lines.get(&line).map(|line| &line.state)
            else {
                continue;
            };
            self.next += 1;
            let link = LinkId(self.next);
            let (frames, outgoing) = mpsc::unbounded_channel();
            up.push((link, wanted.clone(), connection.exporter()));
            self.runtime.spawn(carry_link(
                connection.clone(),
                link,
                outgoing,
                self.to.clone(),
            ));
            self.links.insert(
                link,
                OpenLink {
                    mailbox: wanted.mailbox,
                    line,
                    errand: wanted.errand,
                    frames,
                },
            );
        }
        Followed { down, up }
    }

    /// Takes in what became known of a line. Returns the links that are down with it.
    pub(crate) fn handle_news(&mut self, number: u64, news: News, now: Instant) -> Vec<LinkId> {
        let Some((key, line)) = self
            .lines
            .iter_mut()
            .find(|(_, line)| line.number == number)
        else {
            return Vec::new();
        };
        match news {
            News::Up(connection) => {
                debug!(line = number, "connected");
                line.failed = None;
                let waiting = LineState::Waiting(now);
                line.state = match std::mem::replace(&mut line.state, waiting) {
                    LineState::Connecting(task) => LineState::Up(connection, task),
                    other => other,
                };
                Vec::new()
            }
            News::NotUp(error) => {
                debug!(line = number, %error, "not connected");
                line.wait(Some(error), now);
                Vec::new()
            }
            News::Down(error) => {
                debug!(line = number, %error, "connection lost");
                line.wait(None, now);
                let key = key.clone();
                let down = self.links.extract_if(|_, link| link.line == key);
                down.map(|(link, _)| link).collect()
            }
        }
    }

    pub(crate) fn has(&self, link: LinkId) -> bool {
        self.links.contains_key(&link)
    }

    pub(crate) fn link_of(&self, wanted: &Wanted) -> Option<LinkId> {
        let found = self.links.iter().find(|(_, link)| link.is_for(wanted));
        found.map(|(link, _)| *link)
    }

    pub(crate) fn line_of(&self, wanted: &Wanted) -> Option<&Line> {
        self.lines.get(&key(wanted))
    }

    pub(crate) fn pause_of(&self, wanted: &Wanted) -> Option<&Pause> {
        self.pauses
            .get(&(wanted.mailbox, key(wanted), wanted.errand))
    }

    /// Sends a frame. One for a link that is down is not needed: what it carries is kept, and
    /// goes over the next link.
    pub(crate) fn send(&self, link: LinkId, frame: Frame) {
        if let Some(open) = self.links.get(&link) {
            let _ = open.frames.send(frame);
        }
    }

    /// A link is down, or to be dropped: its mailbox is opened again after a pause.
    pub(crate) fn drop_link(&mut self, link: LinkId, now: Instant) {
        if let Some(open) = self.links.remove(&link) {
            let opened = (open.mailbox, open.line, open.errand);
            let pause = self.pauses.entry(opened).or_insert(Pause::none(now));
            pause.until = pause.until.max(now + pause_after(pause.failures));
            pause.failures += 1;
        }
    }

    /// Drops a link of which nothing failed: its mailbox is opened again without a pause.
    pub(crate) fn leave(&mut self, link: LinkId) {
        self.links.remove(&link);
    }

    /// Drops all links, to be opened again at once, on the connections that there are.
    pub(crate) fn drop_links(&mut self) -> Vec<LinkId> {
        self.links.drain().map(|(link, _)| link).collect()
    }

    /// A relay has refused a mailbox.
    pub(crate) fn refuse(&mut self, mailbox: MailboxName, refusal: Refusal, now: Instant) {
        let mut links = self.links.values();
        let Some(open) = links.find(|link| {
            // Who takes leave hangs up instead of telling.
            link.mailbox == mailbox && link.errand == Errand::Replicate
        }) else {
            return;
        };
        let opened = (mailbox, open.line.clone(), open.errand);
        let pause = self.pauses.entry(opened).or_insert(Pause::none(now));
        let wait = match refusal.retry_after_secs {
            0 => REFUSED_PAUSE,
            secs => Duration::from_secs(secs.into()).min(ASKED_PAUSE_MAX),
        };
        pause.until = pause.until.max(now + wait);
        pause.refused = Some((now, refusal));
    }

    /// A link is in sync: whatever was in its way is over.
    pub(crate) fn succeed(&mut self, link: LinkId) {
        if let Some(open) = self.links.get(&link) {
            let opened = (open.mailbox, open.line.clone(), open.errand);
            self.pauses.remove(&opened);
            if let Some(line) = self.lines.get_mut(&open.line) {
                line.failures = 0;
            }
        }
    }

    /// Somebody asks now: no pause but one that a relay asked for.
    pub(crate) fn hurry(&mut self, now: Instant) {
        for line in self.lines.values_mut() {
            if let LineState::Waiting(at) = &mut line.state {
                *at = now;
            }
        }
        let asked_for = |refused: &(Instant, Refusal)| refused.1.retry_after_secs > 0;
        self.pauses
            .retain(|_, pause| pause.until > now && pause.refused.as_ref().is_some_and(asked_for));
    }

    /// When to [`follow`](Self::follow) again if nothing happens.
    pub(crate) fn next_wake(&self, now: Instant) -> Option<Instant> {
        let lines = self.lines.values().filter_map(|line| match line.state {
            LineState::Waiting(at) => Some(at),
            _ => None,
        });
        let pauses = self.pauses.values().map(|pause| pause.until);
        // What is due already waits for something else: for its line to be up, say.
        lines.chain(pauses).filter(|at| *at > now).min()
    }

    /// Hangs up everything.
    pub(crate) fn drop_all(&mut self) -> Vec<LinkId> {
        for (_, line) in std::mem::take(&mut self.lines) {
            self.part(line);
        }
        self.pauses.clear();
        self.drop_links()
    }

    /// Waits until every socket is closed.
    pub(crate) fn wait_parted(&mut self) {
        let parting = std::mem::take(&mut self.parting);
        let aborts: Vec<_> = parting.iter().map(JoinHandle::abort_handle).collect();
        self.runtime.block_on(async {
            let all = async {
                for handle in parting {
                    // Fails only if the task was stopped.
                    let _ = handle.await;
                }
            };
            if tokio::time::timeout(PARTING_MAX, all).await.is_err() {
                aborts.iter().for_each(tokio::task::AbortHandle::abort);
            }
        });
    }

    fn part(&mut self, line: Line) {
        self.parting.retain(|handle| !handle.is_finished());
        if let LineState::Connecting(task) | LineState::Up(_, task) = line.state {
            self.parting.push(task.handle);
        }
    }
}

impl OpenLink {
    fn is_for(&self, wanted: &Wanted) -> bool {
        self.mailbox == wanted.mailbox && self.errand == wanted.errand && self.line == key(wanted)
    }
}

impl Line {
    pub(crate) fn is_up(&self) -> bool {
        matches!(self.state, LineState::Up(..))
    }

    /// Waits for the next attempt: after one that failed, or after the connection was lost.
    fn wait(&mut self, error: Option<ConnectError>, now: Instant) {
        self.failed = error.map(|error| (now, error));
        self.state = LineState::Waiting(now + pause_after(self.failures));
        self.failures += 1;
    }
}

impl Pause {
    fn none(now: Instant) -> Self {
        Self {
            until: now,
            failures: 0,
            refused: None,
        }
    }
}

fn key(wanted: &Wanted) -> LineKey {
    (wanted.relay.clone(), wanted.group)
}

/// How long to wait after so many failures in a row: twice as long each time, and by chance up
/// to half of that less, so that the devices of a relay that restarts do not come all at once.
pub(crate) fn pause_after(failures: u32) -> Duration {
    let whole = PAUSE_FIRST
        .saturating_mul(1 << failures.min(10))
        .min(PAUSE_MAX);
    let chance = f64::from(system_rng().next_u32()) / f64::from(u32::MAX);
    whole.mul_f64(0.5 + chance / 2.0)
}
