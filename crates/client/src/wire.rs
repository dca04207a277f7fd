//! The tasks that carry frames between sockets and the device thread.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use sidelight_format::{Frame, RelayAddress};
use sidelight_transport::{
    ConnectError, Connection, Endpoint, EndpointSettings, FrameReceiver, FrameSender, LinkError,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::device::LinkId;
use crate::driver::Message;

/// How many frames leave in one write.
const WRITE_FRAMES_MAX: usize = 64;

/// How many frames are handed to the device at once, and so kept in one commit.
const FRAMES_MAX: usize = 256;

/// How many batches of frames of one link may wait for the device thread: the one that it works
/// on, and the next.
const BATCHES_PER_LINK: usize = 2;

/// How long one attempt to connect takes at most: several repetitions of the first packet.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// What becomes known of a line.
pub(crate) enum News {
    Up(Connection),
    NotUp(ConnectError),
    Down(LinkError),
}

/// A relay that was killed and started again says so only when it is asked: what was sent just
/// before and not yet stored would wait for the next stirring.
const STIR_EVERY: Duration = Duration::from_secs(4);

fn settings() -> EndpointSettings {
    EndpointSettings {
        keep_alive: STIR_EVERY,
        ..EndpointSettings::default()
    }
}

/// Connects, then holds the connection until it ends or is no longer wanted.
pub(crate) async fn carry(
    relay: RelayAddress,
    line: u64,
    to: Sender<Message>,
    mut stopped: oneshot::Receiver<()>,
) {
    // The device thread may be gone: then so is everybody who would want to know.
    let tell = |news| drop(to.send(Message::Line(line, news)));
    let endpoint = match Endpoint::with_settings(settings()) {
        Ok(endpoint) => endpoint,
        Err(error) => return tell(News::NotUp(error)),
    };
    tokio::select! {
        connected = endpoint.connect(&relay, CONNECT_MAX) => match connected {
            Ok(connection) => {
                tell(News::Up(connection.clone()));
                tokio::select! {
                    error = connection.closed() => tell(News::Down(error)),
                    _ = &mut stopped => {}
                }
            }
            Err(error) => tell(News::NotUp(error)),
        },
        _ = &mut stopped => {}
    }
    endpoint.stop().await;
}

/// Carries the frames of one link until either end drops it.
pub(crate) async fn carry_link(
    connection: Connection,
    link: LinkId,
    outgoing: mpsc::UnboundedReceiver<Frame>,
    to: Sender<Message>,
) {
    if let Ok(opened) = connection.open_link().await {
        let (sender, receiver) = opened.split();
        tokio::select! {
            () = receive(receiver, link, &to) => {}
            () = send(sender, outgoing) => {}
        }
    }
    let _ = to.send(Message::LinkDown(link));
}

async fn receive(mut receiver: FrameReceiver, link: LinkId, to: &Sender<Message>) {
    let batches = Arc::new(Semaphore::new(BATCHES_PER_LINK));
    while let Ok(Some(mut frames)) = receiver.recv().await {
        while !frames.is_empty() {
            let Ok(room) = batches.clone().acquire_owned().await else {
                return;
            };
            let rest = frames.split_off(frames.len().min(FRAMES_MAX));
            let batch = Batch {
                frames,
                _room: room,
            };
            if to.send(Message::Frames(link, batch)).is_err() {
                return;
            }
            frames = rest;
        }
    }
}

/// Frames that have arrived, in the room that their link has with the device thread.
pub(crate) struct Batch {
    pub(crate) frames: Vec<Frame>,
    _room: OwnedSemaphorePermit,
}

async fn send(mut sender: FrameSender, mut outgoing: mpsc::UnboundedReceiver<Frame>) {
    let mut batch = Vec::new();
    while outgoing.recv_many(&mut batch, WRITE_FRAMES_MAX).await > 0 {
        if sender.send(&batch).await.is_err() {
            return;
        }
        batch.clear();
    }
}
