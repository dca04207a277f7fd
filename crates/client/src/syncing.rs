//! Syncs under way, and how the device stands with its relays.

use std::time::{Duration, Instant};

use sidelight_format::RefusalCode;
use sidelight_transport::ConnectError;
use tokio::sync::oneshot;

use crate::device::{Device, Errand, Wanted};
use crate::driver::Driver;
use crate::events::{Event, SyncState};
use crate::links::Line;
use crate::records::SyncReport;
use crate::{Error, ErrorKind};

/// The longest deadline: beyond it nobody waits, and clocks overflow.
const DEADLINE_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// All syncs that somebody waits for.
#[derive(Default)]
pub(crate) struct Syncs {
    waiting: Vec<Sync>,
    told: Option<(SyncState, Option<String>)>,
}

struct Sync {
    began: Instant,
    deadline: Instant,
    sent: u64,
    received: u64,
    /// Whether anything came from a relay.
    reached: bool,
    answer: Answer,
}

type Answer = oneshot::Sender<Result<SyncReport, Error>>;

/// How what is wanted stands.
#[derive(Default)]
struct Standing {
    wanted: usize,
    /// In sync.
    quiet: usize,
    /// Connected, and not yet in sync.
    working: usize,
    /// Neither in sync nor given up.
    pending: usize,
    /// What is in the way of the others, each once.
    problems: Vec<(ErrorKind, String)>,
}

impl Syncs {
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(crate) fn next_wake(&self) -> Option<Instant> {
        self.waiting.iter().map(|sync| sync.deadline).min()
    }

    /// Counts what frames brought: envelopes that a relay has said it keeps, entries changed.
    pub(crate) fn count(&mut self, sent: usize, received: u64) {
        for sync in &mut self.waiting {
            sync.sent += sent as u64;
            sync.received += received;
            sync.reached = true;
        }
    }

    pub(crate) fn cancel(&mut self, error: &Error) {
        for sync in self.waiting.drain(..) {
            // Nobody may be waiting any more.
            let _ = sync.answer.send(Err(error.clone()));
        }
    }
}

impl Driver {
    /// Begins a sync; the answer comes when it is over.
    pub(crate) fn sync(&mut self, within: Duration, answer: Answer) {
        let wanted = match self.look(|device| Ok(device.wanted())) {
            Ok(wanted) => wanted,
            Err(error) => return drop(answer.send(Err(error))),
        };
        if wanted.is_empty() {
            let error = Error::invalid(
                "this journal has no relay, so it is kept on this device alone; name one first",
            );
            return drop(answer.send(Err(error)));
        }
        let now = Instant::now();
        self.links.hurry(now);
        self.failing = None;
        self.syncs.waiting.push(Sync {
            began: now,
            deadline: now + within.min(DEADLINE_MAX),
            sent: 0,
            received: 0,
            reached: false,
            answer,
        });
    }

    /// Answers those syncs that are over, and forgets those that nobody waits for.
    pub(crate) fn finish_syncs(&mut self, now: Instant) {
        // Nobody waits for these any more.
        self.syncs.waiting.retain(|sync| !sync.answer.is_closed());
        let failed = self.failing.as_ref().filter(|failing| !failing.passing);
        if let Some(failing) = failed {
            let error = failing.error.clone();
            return self.syncs.cancel(&error);
        }
        let Some(device) = &self.device else {
            return;
        };
        let wanted = device.wanted();
        let waiting = device.outbox_len() as u64;
        let mut at = 0;
        while let Some(sync) = self.syncs.waiting.get(at) {
            let standing = self.standing(&wanted, Some(sync));
            let in_sync = standing.quiet == standing.wanted;
            if standing.pending > 0 && now < sync.deadline {
                at += 1;
                continue;
            }
            let sync = self.syncs.waiting.remove(at);
            let report = SyncReport {
                sent: sync.sent,
                received: sync.received,
                waiting,
                up_to_date: in_sync,
                problems: Vec::new(),
            };
            let result = self.conclude(report, standing, sync.reached);
            let _ = sync.answer.send(result);
        }
    }

    fn conclude(
        &self,
        mut report: SyncReport,
        standing: Standing,
        reached: bool,
    ) -> Result<SyncReport, Error> {
        if report.up_to_date {
            return Ok(report);
        }
        if let Some(failing) = &self.failing {
            return Err(failing.error.clone());
        }
        let problems = standing.problems;
        let refused = problems
            .iter()
            .find(|(kind, _)| *kind != ErrorKind::Offline);
        if let Some((kind, sentence)) = refused {
            return Err(Error::new(*kind, sentence.clone()));
        }
        let up = standing.quiet + standing.working > 0;
        if !reached && !up {
            let why = problems.into_iter().next().map(|(_, sentence)| sentence);
            return Err(Error::new(
                ErrorKind::Offline,
                why.unwrap_or_else(|| offline(ConnectError::Unreachable)),
            ));
        }
        report.problems = problems.into_iter().map(|(_, sentence)| sentence).collect();
        if standing.pending > 0 {
            report.problems.push(
                "the time was over before everything was sent and received; sync again to go on"
                    .to_owned(),
            );
        }
        Ok(report)
    }

    /// How what is wanted stands: for a sync, or for whoever looks.
    fn standing(&self, wanted: &[Wanted], sync: Option<&Sync>) -> Standing {
        let mut standing = Standing {
            wanted: wanted.len(),
            ..Standing::default()
        };
        for wanted in wanted {
            let link = self.links.link_of(wanted);
            let quiet = |device: &Device| link.is_some_and(|link| device.is_quiet(link));
            if self.device.as_ref().is_some_and(quiet) {
                standing.quiet += 1;
                continue;
            }
            let line = self.links.line_of(wanted);
            let problem = match line.and_then(|line| line.failed) {
                Some((at, error)) => not_connected(at, error, sync),
                None => self.refused(wanted, sync),
            };
            let shut = link.is_none() && self.links.pause_of(wanted).is_some();
            if wanted.errand == Errand::TakeLeave && (problem.is_some() || shut) {
                // Nobody waits for a relay that was left and does not answer.
                standing.quiet += 1;
                continue;
            }
            match problem {
                Some(problem) if standing.problems.contains(&problem) => {}
                Some(problem) => standing.problems.push(problem),
                None => {
                    standing.pending += 1;
                    standing.working += usize::from(line.is_some_and(Line::is_up));
                }
            }
        }
        standing
    }

    /// The refusal that keeps a mailbox shut for longer than the sync waits.
    fn refused(&self, wanted: &Wanted, sync: Option<&Sync>) -> Option<(ErrorKind, String)> {
        let pause = self.links.pause_of(wanted)?;
        let (at, refusal) = pause.refused.as_ref()?;
        if let Some(sync) = sync {
            let asked_to_wait = refusal.retry_after_secs > 0;
            let over = if asked_to_wait {
                pause.until >= sync.deadline
            } else {
                *at >= sync.began
            };
            if !over {
                return None;
            }
        }
        let kind = match refusal.code {
            RefusalCode::Version => ErrorKind::UpdateNeeded,
            RefusalCode::Stopping => ErrorKind::Offline,
            _ => ErrorKind::Refused,
        };
        Some((kind, format!("{refusal}; everything is kept here")))
    }

    /// Tells how the device stands, if that has changed.
    pub(crate) fn tell_state(&mut self) {
        let told = self.state();
        if self
            .syncs
            .told
            .as_ref()
            .map_or((SyncState::Off, None), Clone::clone)
            != told
        {
            self.syncs.told = Some(told.clone());
            let (state, detail) = told;
            self.events.push(Event::SyncChanged { state, detail });
        }
    }

    fn state(&self) -> (SyncState, Option<String>) {
        if !self.is_online() {
            return (SyncState::Off, None);
        }
        if let Some(failing) = &self.failing {
            return (SyncState::Failing, Some(failing.error.to_string()));
        }
        let wanted = self.device.as_ref().map(Device::wanted).unwrap_or_default();
        let standing = self.standing(&wanted, None);
        if standing.quiet == standing.wanted {
            return (SyncState::UpToDate, None);
        }
        if standing.working > 0 {
            return (SyncState::Working, None);
        }
        match standing.problems.into_iter().next() {
            Some((ErrorKind::Offline, sentence)) => (SyncState::Offline, Some(sentence)),
            Some((_, sentence)) => (SyncState::Refused, Some(sentence)),
            None => (SyncState::Connecting, None),
        }
    }
}

/// What a failed attempt to connect means. A sync waits for a relay that is only busy, and for
/// what was tried before it began.
fn not_connected(
    at: Instant,
    error: ConnectError,
    sync: Option<&Sync>,
) -> Option<(ErrorKind, String)> {
    if let Some(sync) = sync
        && (at < sync.began || error == ConnectError::Busy)
    {
        return None;
    }
    Some(match error {
        ConnectError::WrongKey => (
            ErrorKind::Refused,
            format!("{error}; nothing was sent, everything is kept here"),
        ),
        ConnectError::Version => (
            ErrorKind::UpdateNeeded,
            format!("{error}; everything is kept"),
        ),
        error => (ErrorKind::Offline, offline(error)),
    })
}

fn offline(error: ConnectError) -> String {
    format!("{error}; everything is kept here and will be sent later")
}
