//! The host: every mailbox of one relay, and every link to it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use ed25519_dalek::{Signature as Ed25519Signature, VerifyingKey};
use sidelight_format::{
    Bytes, ClassSet, Frame, MailboxName, MailboxProof, Refusal, RefusalCode, Signature, Suite,
    Timestamp, VERSION, signing_bytes,
};

use crate::link::{
    BACKLOG_MAX, CloseReason, FETCHES_MAX, Fetch, Link, LinkId, Output, PUSH_BACKLOG_MAX, wire_len,
};
use crate::open::OpenMailbox;
use crate::{Ledger, Log, LogError, Policy};

/// Every mailbox of one relay, without IO.
///
/// - *Handle*: [`handle_open_link`](Self::handle_open_link), [`handle_frame`](Self::handle_frame),
///   [`handle_malformed`](Self::handle_malformed), [`handle_sent`](Self::handle_sent),
///   [`handle_closed`](Self::handle_closed), [`handle_commit`](Self::handle_commit),
///   [`handle_stop`](Self::handle_stop).
/// - *Poll*: [`poll_output`](Self::poll_output) after each of them, until it has nothing more.
/// - *Ask*: [`has_work`](Self::has_work), [`counts`](Self::counts).
///
/// A driver takes in a burst of frames, drains the outputs (what arrived is forwarded before it
/// is durable), calls [`handle_commit`](Self::handle_commit), and drains them again (now it is
/// announced as stored, and fetches go on). While [`has_work`](Self::has_work) it does not wait
/// for the next burst.
pub struct Host<L> {
    pub(crate) log: L,
    pub(crate) policy: Policy,
    pub(crate) links: BTreeMap<LinkId, Link>,
    pub(crate) mailboxes: BTreeMap<MailboxName, OpenMailbox>,
    /// The mailboxes that wait for the commit.
    pub(crate) touched: BTreeSet<MailboxName>,
    /// The links whose fetches can go on, in the order of their turns.
    pub(crate) serving: VecDeque<LinkId>,
    /// Whether a change could not even be handed to the log: then the next commit fails.
    pub(crate) log_failed: bool,
    /// The first failure of the log since the last commit.
    pub(crate) trouble: Option<LogError>,
    /// What waits to leave, over all links, in bytes.
    pub(crate) backlog: usize,
    outputs: VecDeque<Output>,
    stopping: bool,
}

/// What a host holds in memory, for a driver's logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Links.
    pub links: usize,
    /// Mailboxes that are open.
    pub open_mailboxes: usize,
    /// Bytes that wait to leave.
    pub backlog_bytes: usize,
}

impl<L: Log> Host<L> {
    /// A host over a log that nobody else writes to.
    pub fn new(log: L, policy: Policy) -> Self {
        Self {
            log,
            policy,
            links: BTreeMap::new(),
            mailboxes: BTreeMap::new(),
            touched: BTreeSet::new(),
            serving: VecDeque::new(),
            log_failed: false,
            trouble: None,
            backlog: 0,
            outputs: VecDeque::new(),
            stopping: false,
        }
    }

    /// A link begins, on a connection with this TLS exporter. It has opened no mailbox yet.
    pub fn handle_open_link(&mut self, link: LinkId, exporter: [u8; 32]) {
        self.links.insert(link, Link::new(exporter));
    }

    /// A frame has come over a link. One that this host has given up is passed over.
    pub fn handle_frame(&mut self, link: LinkId, frame: Frame, now: Timestamp) {
        let Some(state) = self.links.get_mut(&link) else {
            return;
        };
        let Some(mailbox) = state.mailbox else {
            match frame {
                Frame::Open {
                    version,
                    mailbox,
                    proof,
                    ticket,
                } => match self.open(link, version, mailbox, &proof, &ticket, now) {
                    Ok(state) => self.send(link, state),
                    Err(code) => self.refuse_link(link, code),
                },
                _ => self.refuse_link(link, RefusalCode::Unexpected),
            }
            return;
        };
        match frame {
            Frame::Put { envelope } => self.put(link, mailbox, envelope, now),
            Frame::Drop { id, token } => self.drop_body(link, mailbox, id, &token),
            Frame::Fetch {
                from,
                direction,
                count,
                classes,
                ids_only,
            } if state.fetches.len() < FETCHES_MAX => {
                state.fetches.push_back(Fetch {
                    from,
                    direction,
                    left: count,
                    classes: if ids_only { ClassSet(0) } else { classes },
                });
                self.queue(link);
            }
            // A second mailbox, too many fetches, or what only a relay says.
            _ => self.refuse_link(link, RefusalCode::Unexpected),
        }
    }

    /// What came over a link is not a frame.
    pub fn handle_malformed(&mut self, link: LinkId) {
        if self.links.contains_key(&link) {
            self.refuse_link(link, RefusalCode::Unexpected);
        }
    }

    /// The first `frames` of those that waited on this link have left.
    pub fn handle_sent(&mut self, link: LinkId, frames: usize) {
        if let Some(state) = self.links.get_mut(&link) {
            self.backlog -= state.sent(frames);
            self.queue(link);
        }
    }

    /// The other end of a link is gone. What it put before is still committed.
    pub fn handle_closed(&mut self, link: LinkId) {
        self.forget(link);
    }

    /// The relay is about to stop: every link is told so and closed. Commit before.
    pub fn handle_stop(&mut self) {
        self.stopping = true;
        let links: Vec<LinkId> = self.links.keys().copied().collect();
        for link in links {
            self.refuse_link(link, RefusalCode::Stopping);
        }
    }

    /// What the driver is to do next, if anything.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Whether [`handle_commit`](Self::handle_commit) has something to do although nothing new
    /// has come: a fetch whose link has room again.
    pub fn has_work(&self) -> bool {
        !self.serving.is_empty()
    }

    /// What it holds in memory.
    pub fn counts(&self) -> Counts {
        Counts {
            links: self.links.len(),
            open_mailboxes: self.mailboxes.len(),
            backlog_bytes: self.backlog,
        }
    }

    /// The storage below.
    pub fn log(&self) -> &L {
        &self.log
    }

    /// Removes mailboxes that nobody has opened for [`Policy::retention_days`], touching about
    /// `budget` rows at most; how many it touched. Call again while that is not 0. To be called
    /// between a commit and the next burst; with changes waiting it does nothing.
    ///
    /// # Errors
    /// [`LogError`]; then nothing was removed.
    pub fn sweep(&mut self, now: Timestamp, budget: usize) -> Result<usize, LogError> {
        if !self.touched.is_empty() {
            return Ok(0);
        }
        let swept = self.sweep_uncommitted(now, budget);
        if swept.is_err() {
            self.log.discard();
        }
        swept
    }

    fn sweep_uncommitted(&mut self, now: Timestamp, budget: usize) -> Result<usize, LogError> {
        // A link may stay for longer than the retention; its mailbox does not expire under it.
        for (name, mailbox) in &mut self.mailboxes {
            let mut ledger = mailbox.ledger;
            if ledger.renew(&self.policy, now) && self.log.ledger(name)?.is_some() {
                self.log.set_ledger(name, &ledger)?;
                mailbox.ledger = ledger;
            }
        }
        self.log.commit()?;
        let touched = self.log.sweep(now, budget)?;
        self.log.commit()?;
        Ok(touched)
    }

    fn open(
        &mut self,
        link: LinkId,
        version: u8,
        mailbox: MailboxName,
        proof: &Signature,
        ticket: &Bytes,
        now: Timestamp,
    ) -> Result<Frame, RefusalCode> {
        if self.stopping {
            return Err(RefusalCode::Stopping);
        }
        if version != VERSION {
            return Err(RefusalCode::Version);
        }
        let Some(state) = self.links.get_mut(&link) else {
            return Err(RefusalCode::Unexpected);
        };
        if !proves(&mailbox, state.exporter, proof) {
            return Err(RefusalCode::Proof);
        }
        if !self.mailboxes.contains_key(&mailbox) {
            let found = self.find(mailbox, ticket, now).map_err(|error| {
                self.trouble.get_or_insert(error);
                RefusalCode::Storage
            })?;
            self.mailboxes.insert(mailbox, found?);
        }
        let (Some(state), Some(open)) =
            (self.links.get_mut(&link), self.mailboxes.get_mut(&mailbox))
        else {
            return Err(RefusalCode::Unexpected);
        };
        state.mailbox = Some(mailbox);
        open.links.insert(link);
        let (length, hash) = open.durable;
        Ok(Frame::State {
            instance: self.log.instance(),
            length,
            hash,
        })
    }

    /// The mailbox as it is stored, renewed; or a new one, which is stored with its first
    /// envelope only, so that looking into mailboxes that do not exist costs no storage.
    fn find(
        &mut self,
        name: MailboxName,
        ticket: &Bytes,
        now: Timestamp,
    ) -> Result<Result<OpenMailbox, RefusalCode>, LogError> {
        if let Some(ledger) = self.log.ledger(&name)? {
            let mut mailbox = OpenMailbox::new(ledger);
            if mailbox.ledger.renew(&self.policy, now) {
                self.touched.insert(name);
            }
            return Ok(Ok(mailbox));
        }
        if !self.policy.admission.admits(ticket) {
            return Ok(Err(RefusalCode::Ticket));
        }
        if self.log.mailboxes()? >= self.policy.mailboxes_max {
            return Ok(Err(RefusalCode::Full));
        }
        Ok(Ok(OpenMailbox::new(Ledger::new(&self.policy, now))))
    }

    /// Gives a link its place in the queue of those to be served, if it wants one and has room.
    pub(crate) fn queue(&mut self, link: LinkId) {
        if let Some(state) = self.links.get_mut(&link)
            && !state.queued
            && !state.fetches.is_empty()
            && state.has_room()
        {
            state.queued = true;
            self.serving.push_back(link);
        }
    }

    /// Lets a frame wait to leave. A link that lets too much wait is given up.
    pub(crate) fn send(&mut self, link: LinkId, frame: Frame) {
        let Some(state) = self.links.get_mut(&link) else {
            return;
        };
        let len = wire_len(&frame);
        if state.backlog() + len > BACKLOG_MAX {
            self.close(link, CloseReason::Behind);
            return;
        }
        state.add(len);
        self.backlog += len;
        self.outputs.push_back(Output::Send { link, frame });
    }

    /// Forwards what has just arrived, unless the link is behind as it is.
    pub(crate) fn push(&mut self, link: LinkId, envelope: &Bytes) {
        let behind = |state: &Link| state.backlog() + envelope.len() > PUSH_BACKLOG_MAX;
        if !self.links.get(&link).is_none_or(behind) {
            let envelope = envelope.clone();
            self.send(link, Frame::Arrived { envelope });
        }
    }

    /// Refuses one thing, and keeps the link.
    pub(crate) fn refuse(&mut self, link: LinkId, refusal: Refusal) {
        self.send(link, Frame::Refused(refusal));
    }

    /// Refuses the link as a whole.
    pub(crate) fn refuse_link(&mut self, link: LinkId, code: RefusalCode) {
        let refusal = Refusal {
            code,
            about: None,
            retry_after_secs: match code {
                RefusalCode::Storage => STORAGE_RETRY_SECS,
                RefusalCode::Stopping => STOPPING_RETRY_SECS,
                _ => 0,
            },
        };
        self.refuse(link, refusal);
        self.close(link, CloseReason::Refused(code));
    }

    fn close(&mut self, link: LinkId, why: CloseReason) {
        if self.forget(link) {
            self.outputs.push_back(Output::Close { link, why });
        }
    }

    fn forget(&mut self, link: LinkId) -> bool {
        let Some(state) = self.links.remove(&link) else {
            return false;
        };
        self.backlog -= state.backlog();
        if let Some(name) = state.mailbox {
            if let Some(mailbox) = self.mailboxes.get_mut(&name) {
                mailbox.links.remove(&link);
            }
            self.let_go(&name);
        }
        true
    }

    /// Forgets a mailbox that nobody has open and that waits for nothing.
    pub(crate) fn let_go(&mut self, name: &MailboxName) {
        let unused = |mailbox: &OpenMailbox| mailbox.links.is_empty();
        if !self.touched.contains(name) && self.mailboxes.get(name).is_some_and(unused) {
            self.mailboxes.remove(name);
        }
    }
}

/// Whether `proof` is by the mailbox's key over this connection. Strict verification: a key of
/// small order, for which one signature fits many messages, is refused.
fn proves(mailbox: &MailboxName, exporter: [u8; 32], proof: &Signature) -> bool {
    let statement = MailboxProof {
        exporter,
        mailbox: *mailbox,
    };
    let signed = signing_bytes(Suite::One, &statement);
    let signature = Ed25519Signature::from_bytes(&proof.to_bytes());
    VerifyingKey::from_bytes(&mailbox.0)
        .is_ok_and(|key| key.verify_strict(&signed, &signature).is_ok())
}

impl<L> fmt::Debug for Host<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("links", &self.links.len())
            .field("open_mailboxes", &self.mailboxes.len())
            .finish_non_exhaustive()
    }
}

/// When to try again after the storage failed, in seconds. A full disk is mended by a person.
pub(crate) const STORAGE_RETRY_SECS: u32 = 30;

/// When to try again after the relay stopped, in seconds: a restart takes less.
const STOPPING_RETRY_SECS: u32 = 2;
