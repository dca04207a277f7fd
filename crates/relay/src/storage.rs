//! The one thread that owns the host and its log, and what is said to it and by it.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sidelight_format::{Frame, Timestamp};
use sidelight_mailbox::{Host, LinkId, Log, LogError, Output, Policy};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc as tokio_mpsc, oneshot};
use tracing::{debug, error, info};

use crate::DataDir;

/// What the links say to the storage.
pub(crate) enum Input {
    /// A link begins; what is for it goes `to` there.
    Opened {
        link: LinkId,
        exporter: [u8; 32],
        to: Outgoing,
    },
    /// Frames have come.
    Frames {
        link: LinkId,
        frames: Vec<Frame>,
        /// Room in the queue, given back once they are handled.
        room: [OwnedSemaphorePermit; 2],
    },
    /// Something has come that is not a frame.
    Malformed { link: LinkId },
    /// The first so many frames have left.
    Sent { link: LinkId, frames: usize },
    /// The link is gone.
    Closed { link: LinkId },
    /// Commit, and tell every link that the relay stops.
    Stop,
    /// End.
    Exit,
}

/// Where the frames of one link wait to be sent. Boxed: a queue has room for 32 from the start,
/// and most links are idle. The host bounds how much waits here.
pub(crate) type Outgoing = tokio_mpsc::UnboundedSender<Box<Frame>>;

/// How the links reach the storage thread. The queue itself is unbounded, so that no link ever
/// fails to say that it is gone; what it can hold is bounded by the room that frames need, and by
/// the number of links for everything else.
#[derive(Clone)]
pub(crate) struct Storage {
    inputs: mpsc::Sender<Input>,
    room: Arc<Semaphore>,
}

/// How many bytes of frames may wait for the storage thread: 32 MiB, some hundred milliseconds of
/// its work.
const QUEUE_BYTES_MAX: u32 = 32 * 1024 * 1024;

/// How many frames share a commit.
const BURST_FRAMES_MAX: usize = 1_000;

/// How long a burst gathers, at least and at most. It never waits for frames; it takes what is
/// there. In between it gathers for as long as the last commit took: on a slow disk, what came
/// while it was busy shares one commit, and not one each millisecond of it.
const BURST_TIME_MIN: Duration = Duration::from_millis(1);
const BURST_TIME_MAX: Duration = Duration::from_millis(20);

/// How often expired mailboxes are looked for, and how many rows are removed at a time: some
/// milliseconds of work.
const SWEEP_INTERVAL: Duration = Duration::from_secs(600);
const SWEEP_ROWS: usize = 500;

impl Storage {
    /// Starts the thread; the receiver hears when it has ended. `lock` is let go after the log.
    pub(crate) fn start<L: Log + Send + 'static>(
        log: L,
        lock: Option<DataDir>,
        policy: Policy,
    ) -> io::Result<(Self, oneshot::Receiver<()>)> {
        let (inputs, queue) = mpsc::channel();
        let (ended, end) = oneshot::channel();
        thread::Builder::new()
            .name("storage".to_owned())
            .spawn(move || {
                Worker::new(Host::new(log, policy)).work(&queue);
                drop(lock);
                // Nobody listens if the relay was dropped instead of stopped.
                let _ = ended.send(());
            })?;
        let storage = Self {
            inputs,
            room: Arc::new(Semaphore::new(QUEUE_BYTES_MAX as usize)),
        };
        Ok((storage, end))
    }

    /// Says something to the thread; whether it still listens.
    pub(crate) fn send(&self, input: Input) -> bool {
        self.inputs.send(input).is_ok()
    }

    /// Waits for room for frames of so many bytes.
    pub(crate) async fn room(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let bytes = u32::try_from(bytes)
            .unwrap_or(u32::MAX)
            .min(QUEUE_BYTES_MAX);
        self.room.clone().acquire_many_owned(bytes).await.ok()
    }
}

struct Worker<L> {
    host: Host<L>,
    links: HashMap<LinkId, Outgoing>,
    /// Whether the last commit failed, so that a full disk is one line in the log, not a thousand.
    failing: Option<LogError>,
    swept: Instant,
    sweeping: bool,
    /// How long a burst may gather.
    gather: Duration,
}

impl<L: Log> Worker<L> {
    fn new(host: Host<L>) -> Self {
        Self {
            host,
            links: HashMap::new(),
            failing: None,
            swept: Instant::now(),
            sweeping: true,
            gather: BURST_TIME_MIN,
        }
    }

    fn work(mut self, queue: &Receiver<Input>) {
        loop {
            let wait = if self.host.has_work() || self.sweeping {
                Duration::ZERO
            } else {
                SWEEP_INTERVAL.saturating_sub(self.swept.elapsed())
            };
            let goes_on = match queue.recv_timeout(wait) {
                Ok(input) => self.burst(input, queue),
                Err(RecvTimeoutError::Timeout) => true,
                Err(RecvTimeoutError::Disconnected) => false,
            };
            self.commit();
            if !goes_on {
                return;
            }
            self.sweep();
        }
    }

    /// Handles what is in the queue, up to a limit; whether work goes on after it.
    fn burst(&mut self, first: Input, queue: &Receiver<Input>) -> bool {
        let begun = Instant::now();
        let mut frames = 0;
        let mut next = Some(first);
        while let Some(input) = next {
            if let Input::Frames { frames: more, .. } = &input {
                frames += more.len();
            }
            if !self.handle(input) {
                return false;
            }
            // Forwarded before it is durable.
            self.pass_on();
            if frames >= BURST_FRAMES_MAX || begun.elapsed() >= self.gather {
                break;
            }
            next = queue.try_recv().ok();
        }
        true
    }

    fn handle(&mut self, input: Input) -> bool {
        match input {
            Input::Opened { link, exporter, to } => {
                self.links.insert(link, to);
                self.host.handle_open_link(link, exporter);
            }
            Input::Frames {
                link,
                frames,
                room: _room,
            } => {
                let now = now();
                for frame in frames {
                    self.host.handle_frame(link, frame, now);
                }
            }
            Input::Malformed { link } => self.host.handle_malformed(link),
            Input::Sent { link, frames } => self.host.handle_sent(link, frames),
            Input::Closed { link } => {
                self.links.remove(&link);
                self.host.handle_closed(link);
            }
            Input::Stop => {
                self.commit();
                self.host.handle_stop();
            }
            Input::Exit => return false,
        }
        true
    }

    fn commit(&mut self) {
        let begun = Instant::now();
        let result = self.host.handle_commit(now());
        if let Ok(true) = result {
            self.gather = begun.elapsed().clamp(BURST_TIME_MIN, BURST_TIME_MAX);
        }
        self.pass_on();
        match (result, self.failing) {
            (Err(trouble), None) => {
                error!(%trouble, "storage fails: nothing is kept until that is mended");
                self.failing = Some(trouble);
            }
            (Err(trouble), _) => self.failing = Some(trouble),
            (Ok(true), Some(_)) => {
                info!("storage works again");
                self.failing = None;
            }
            (Ok(_), _) => {}
        }
    }

    /// Removes expired mailboxes, a little after each burst, until none is left for now.
    fn sweep(&mut self) {
        if !self.sweeping && self.swept.elapsed() < SWEEP_INTERVAL {
            return;
        }
        match self.host.sweep(now(), SWEEP_ROWS) {
            Ok(rows) => {
                self.sweeping = rows > 0;
                debug!(rows, "swept");
            }
            Err(trouble) => {
                self.sweeping = false;
                error!(%trouble, "expired mailboxes could not be removed");
            }
        }
        self.swept = Instant::now();
    }

    fn pass_on(&mut self) {
        while let Some(output) = self.host.poll_output() {
            match output {
                Output::Send { link, frame } => {
                    if let Some(to) = self.links.get(&link) {
                        // If its task is gone, it has said or will say so.
                        let _ = to.send(Box::new(frame));
                    }
                }
                Output::Close { link, why } => {
                    debug!(link = link.0, %why, "link given up");
                    // Its task sends what is left, then ends.
                    self.links.remove(&link);
                }
            }
        }
    }
}

fn now() -> Timestamp {
    // Before 1970 the clock is wrong anyway.
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let secs = since.map_or(0, |since| since.as_secs());
    Timestamp(i64::try_from(secs).unwrap_or(i64::MAX))
}
