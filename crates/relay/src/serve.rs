//! Connections and links: between the transport and the storage thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use sidelight_format::{Frame, Refusal, RefusalCode};
use sidelight_mailbox::LinkId;
use sidelight_transport::{
    Connection, FrameReceiver, FrameSender, Goodbye, Link, LinkError, Listener,
};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{debug, warn};

use crate::storage::{Input, Storage};

/// What every connection shares.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) storage: Storage,
    pub(crate) links_max: usize,
    pub(crate) stopping: watch::Receiver<bool>,
    links: Arc<AtomicUsize>,
    next_link: Arc<AtomicU64>,
}

/// How many batches of frames of one link may wait for the storage thread: one that it works on,
/// and the next.
const BATCHES_PER_LINK: usize = 2;

/// How many frames leave in one write at most.
const WRITE_FRAMES_MAX: usize = 64;

/// How long one write may wait for the other end to read. A device in a tunnel loses its
/// connection long before; who answers pings and reads nothing holds memory for no longer.
const STALL_MAX: Duration = Duration::from_secs(120);

/// How long the last frames may take to arrive.
const FINISH_MAX: Duration = Duration::from_secs(2);

/// When to come back to a relay that has too many links, in seconds.
const TOO_MANY_LINKS_RETRY_SECS: u32 = 30;

impl Server {
    pub(crate) fn new(storage: Storage, links_max: usize, stopping: watch::Receiver<bool>) -> Self {
        Self {
            storage,
            links_max,
            stopping,
            links: Arc::default(),
            next_link: Arc::default(),
        }
    }

    /// Serves connections until the listener stops.
    pub(crate) async fn accept(self, listener: Arc<Listener>) {
        while let Some(connection) = listener.accept().await {
            debug!(connections = listener.connections(), "connected");
            tokio::spawn(self.clone().serve(connection));
        }
    }

    async fn serve(self, connection: Connection) {
        let mut links = JoinSet::new();
        let mut stopping = self.stopping.clone();
        loop {
            tokio::select! {
                link = connection.accept_link() => match link {
                    Some(link) => {
                        links.spawn(self.clone().serve_link(link, connection.exporter()));
                    }
                    // Its links find out by themselves, and tell the storage.
                    None => return links.detach_all(),
                },
                Some(_) = links.join_next() => {}
                _ = stopping.wait_for(|stopping| *stopping) => break,
            }
        }
        // Every link is being told; when all have heard, nothing holds the connection.
        while links.join_next().await.is_some() {}
        connection.hang_up_because(Goodbye::Stopping);
    }

    async fn serve_link(self, link: Link, exporter: [u8; 32]) {
        let (sender, receiver) = link.split();
        let Some(_place) = Place::take(&self.links, self.links_max) else {
            warn!("link refused: there are as many as --links-max allows");
            return Box::pin(refuse(sender)).await;
        };
        let link = LinkId(self.next_link.fetch_add(1, Ordering::Relaxed));
        let (to, outgoing) = mpsc::unbounded_channel();
        let opened = Input::Opened { link, exporter, to };
        if !self.storage.send(opened) {
            return;
        }
        tokio::select! {
            () = read(&self.storage, link, receiver) => {}
            () = write(&self.storage, link, sender, outgoing) => {}
        }
        self.storage.send(Input::Closed { link });
    }
}

/// Says that there is no place for another link.
async fn refuse(mut sender: FrameSender) {
    let refused = Frame::Refused(Refusal {
        code: RefusalCode::Rate,
        about: None,
        retry_after_secs: TOO_MANY_LINKS_RETRY_SECS,
    });
    if sender.send(&[refused]).await.is_ok() {
        let _ = timeout(FINISH_MAX, sender.finish()).await;
    }
}

/// Hands what comes to the storage, as fast as it takes it.
async fn read(storage: &Storage, link: LinkId, mut receiver: FrameReceiver) {
    let batches = Arc::new(Semaphore::new(BATCHES_PER_LINK));
    loop {
        match receiver.recv().await {
            Ok(Some(frames)) => {
                let Ok(turn) = batches.clone().acquire_owned().await else {
                    return;
                };
                let Some(room) = storage.room(frames.iter().map(weight).sum()).await else {
                    return;
                };
                let room = [turn, room];
                if !storage.send(Input::Frames { link, frames, room }) {
                    return;
                }
            }
            Ok(None) => return,
            Err(LinkError::Malformed) => {
                storage.send(Input::Malformed { link });
                // The refusal goes out, and the link ends with it.
                return std::future::pending().await;
            }
            Err(_) => return,
        }
    }
}

/// Sends what the storage says, and tells it what has left.
async fn write(
    storage: &Storage,
    link: LinkId,
    mut sender: FrameSender,
    mut outgoing: mpsc::UnboundedReceiver<Box<Frame>>,
) {
    let mut batch = Vec::new();
    loop {
        let frames = outgoing.recv_many(&mut batch, WRITE_FRAMES_MAX).await;
        if frames == 0 {
            let _ = Box::pin(timeout(FINISH_MAX, sender.finish())).await;
            return;
        }
        // Idle links are many; none keeps the room of its largest batch, nor of its sending.
        let batch: Vec<Frame> = std::mem::take(&mut batch).into_iter().map(|f| *f).collect();
        match Box::pin(timeout(STALL_MAX, sender.send(&batch))).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return,
            Err(_) => {
                debug!(link = link.0, "link given up: it does not read");
                return;
            }
        }
        if !storage.send(Input::Sent { link, frames }) {
            return;
        }
    }
}

/// About what a frame weighs in memory.
fn weight(frame: &Frame) -> usize {
    size_of::<Frame>()
        + match frame {
            Frame::Put { envelope } | Frame::Arrived { envelope } => envelope.len(),
            Frame::Open { ticket, .. } => ticket.len(),
            Frame::Stored { ids, .. } => ids.len() * 32,
            // A device has no reason to send these; what they weigh was bounded by a frame's length.
            Frame::Items { .. } => sidelight_format::limits::FRAME_LEN_MAX,
            _ => 0,
        }
}

/// One of the places that there are for links.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(taken: &Arc<AtomicUsize>, max: usize) -> Option<Self> {
        let place = Self(taken.clone());
        // Counted first and given back on drop: two at once cannot both take the last.
        (taken.fetch_add(1, Ordering::Relaxed) < max).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
