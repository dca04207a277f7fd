//! Both ends, foreign ends made of quinn and rustls alone, and a path that loses datagrams.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a failure here is the test's")]

pub(crate) mod foreign;
pub(crate) mod path;

use std::future::Future;
use std::time::Duration;

use sidelight_format::{EnvelopeId, EraseToken, Frame, RelayAddress, Secret};
use sidelight_transport::{
    Connection, Endpoint, FrameReceiver, FrameSender, Limits, Listener, RelayIdentity,
};

/// No test waits longer for anything; reaching it is a failure. Far more than anything takes, also
/// on a machine that does much else.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("it happens soon")
}

pub(crate) fn identity(seed: u8) -> RelayIdentity {
    RelayIdentity::from_seed(&Secret::new([seed; 32]))
}

pub(crate) fn address(at: std::net::SocketAddr, identity: &RelayIdentity) -> RelayAddress {
    RelayAddress::new(&at.to_string(), identity.key()).unwrap()
}

pub(crate) fn listen(limits: Limits) -> (Listener, RelayAddress) {
    let identity = identity(7);
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), &identity, limits).unwrap();
    let address = address(listener.local_addr().unwrap(), &identity);
    (listener, address)
}

/// A device and a relay, connected.
pub(crate) struct Pair {
    pub(crate) listener: Listener,
    pub(crate) endpoint: Endpoint,
    pub(crate) device: Connection,
    pub(crate) relay: Connection,
}

pub(crate) async fn pair() -> Pair {
    pair_with(Limits::default()).await
}

pub(crate) async fn pair_with(limits: Limits) -> Pair {
    let (listener, address) = listen(limits);
    let endpoint = Endpoint::new().unwrap();
    let (device, relay) = connect(&endpoint, &listener, &address).await;
    Pair {
        listener,
        endpoint,
        device,
        relay,
    }
}

pub(crate) async fn connect(
    endpoint: &Endpoint,
    listener: &Listener,
    address: &RelayAddress,
) -> (Connection, Connection) {
    let (device, relay) =
        tokio::join!(endpoint.connect(address, PATIENCE), soon(listener.accept()));
    (device.unwrap(), relay.unwrap())
}

/// One link, both its ends: the device's, then the relay's. One frame has been each way.
pub(crate) async fn link(
    device: &Connection,
    relay: &Connection,
) -> ((FrameSender, FrameReceiver), (FrameSender, FrameReceiver)) {
    let mut ours = soon(device.open_link()).await.unwrap().split();
    ours.0.send(&[small(0)]).await.unwrap();
    let mut theirs = soon(relay.accept_link()).await.unwrap().split();
    assert_eq!(soon(theirs.1.recv()).await, Ok(Some(vec![small(0)])));
    theirs.0.send(&[small(1)]).await.unwrap();
    assert_eq!(soon(ours.1.recv()).await, Ok(Some(vec![small(1)])));
    (ours, theirs)
}

/// Answers every frame of every link with itself, until the connection ends.
pub(crate) async fn repeat(connection: Connection) {
    while let Some(link) = connection.accept_link().await {
        let (mut sender, mut receiver) = link.split();
        tokio::spawn(async move {
            while let Ok(Some(frames)) = receiver.recv().await {
                if sender.send(&frames).await.is_err() {
                    return;
                }
            }
            let _ = sender.finish().await;
        });
    }
}

/// Sends a frame on a new link and waits for its echo.
pub(crate) async fn echo(connection: &Connection) {
    let (mut sender, mut receiver) = soon(connection.open_link()).await.unwrap().split();
    sender.send(&[small(9)]).await.unwrap();
    assert_eq!(soon(receiver.recv()).await, Ok(Some(vec![small(9)])));
}

/// A frame of 65 bytes and its length.
pub(crate) fn small(number: u8) -> Frame {
    Frame::Drop {
        id: EnvelopeId([number; 32]),
        token: EraseToken([number; 32]),
    }
}

/// A frame whose encoding has exactly this many bytes: from 16,388 to 2,097,156.
pub(crate) fn large(encoded_len: usize) -> Frame {
    let envelope = vec![0x5a; encoded_len - 4];
    let frame = Frame::Put {
        envelope: sidelight_format::Bytes::from(envelope),
    };
    assert_eq!(sidelight_format::encode(&frame).len(), encoded_len);
    frame
}

/// Collects this many frames.
pub(crate) async fn collect(receiver: &mut FrameReceiver, count: usize) -> Vec<Frame> {
    let mut all = Vec::new();
    while all.len() < count {
        all.extend(soon(receiver.recv()).await.unwrap().expect("more frames"));
    }
    all
}

/// Polls once: what happens if a caller gives up at its first chance.
pub(crate) async fn give_up_at_once<F: Future>(future: F) -> Option<F::Output> {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|cx| {
        std::task::Poll::Ready(match future.as_mut().poll(cx) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        })
    })
    .await
}
