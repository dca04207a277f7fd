//! Nothing tells a relay, or somebody on the way, that two connections are one device's.
#![allow(clippy::unwrap_used, reason = "a failure here is the test's")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use common::foreign::{self, Keys, Sessions, Tickets};
use common::{PATIENCE, address, identity, listen, soon};
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{TokenLog, TokenReuseError, TokenStore, ValidationTokenConfig};
use rustls::client::Resumption;
use sidelight_transport::{Connection, Endpoint, Limits};

/// A foreign relay that tries to recognise its devices by every means that QUIC and TLS have.
struct Curious {
    quic: quinn::Endpoint,
    sessions: Arc<Sessions>,
}

impl Curious {
    fn new() -> Self {
        let sessions = Sessions::new();
        let mut tls = foreign::server_tls(foreign::hybrid(), Keys::of(7));
        tls.session_storage = sessions.clone();
        tls.send_tls13_tickets = 2;
        let mut config = foreign::quic_server(tls);
        let mut tokens = ValidationTokenConfig::default();
        tokens.sent(2).log(Arc::new(TakesAll));
        config.validation_token_config(tokens);
        Self {
            quic: foreign::server(config),
            sessions,
        }
    }

    /// The next connection, and whether its address token was recognised.
    async fn accept(&self) -> (quinn::Connection, bool) {
        let incoming = soon(self.quic.accept()).await.unwrap();
        let recognised = incoming.remote_address_validated();
        (soon(incoming.accept().unwrap()).await.unwrap(), recognised)
    }

    /// How many connections brought a session along.
    fn resumed(&self) -> usize {
        self.sessions.asked.load(Ordering::SeqCst)
    }
}

struct TakesAll;

impl TokenLog for TakesAll {
    fn check_and_insert(&self, _: u128, _: SystemTime, _: Duration) -> Result<(), TokenReuseError> {
        Ok(())
    }
}

/// Counts the address tokens with which a server wants to recognise its client.
#[derive(Default)]
struct Tokens(AtomicUsize);

impl TokenStore for Tokens {
    fn insert(&self, _: &str, _: bytes::Bytes) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn take(&self, _: &str) -> Option<bytes::Bytes> {
        None
    }
}

/// One byte each way: everything that follows a handshake has arrived by then.
async fn settle(device: &quinn::Connection, relay: &quinn::Connection) {
    let (mut send, mut receive) = soon(device.open_bi()).await.unwrap();
    send.write_all(&[1]).await.unwrap();
    let (mut back, mut there) = soon(relay.accept_bi()).await.unwrap();
    soon(there.read_exact(&mut [0])).await.unwrap();
    back.write_all(&[1]).await.unwrap();
    soon(receive.read_exact(&mut [0])).await.unwrap();
}

async fn settle_ours(device: &Connection, relay: &quinn::Connection) {
    let (mut sender, mut receiver) = soon(device.open_link()).await.unwrap().split();
    sender.send(&[common::small(1)]).await.unwrap();
    let (mut back, mut there) = soon(relay.accept_bi()).await.unwrap();
    let mut frame = sidelight_format::frame_bytes(&common::small(1));
    soon(there.read_exact(&mut frame)).await.unwrap();
    back.write_all(&frame).await.unwrap();
    assert!(soon(receiver.recv()).await.unwrap().is_some());
}

#[tokio::test]
async fn an_ordinary_client_would_be_recognised_by_session_and_token() {
    let relay = Curious::new();
    let at = relay.quic.local_addr().unwrap();
    let client = foreign::trusting_client(foreign::hybrid());
    let connecting = async { client.connect(at, "relay.invalid").unwrap().await.unwrap() };
    let (device, (theirs, recognised)) = tokio::join!(connecting, relay.accept());
    assert_eq!((recognised, relay.resumed()), (false, 0));
    let data = foreign::handshake_data(&theirs);
    assert_eq!(data.server_name.as_deref(), Some("relay.invalid"));
    settle(&device, &theirs).await;

    let second = client.connect(at, "relay.invalid").unwrap();
    let early = second.into_0rtt();
    assert!(early.is_ok(), "it would also send early data");
    let (_, recognised) = relay.accept().await;
    assert_eq!((recognised, relay.resumed()), (true, 1));
}

#[tokio::test]
async fn our_endpoint_brings_no_session_no_token_and_no_name() {
    let relay = Curious::new();
    let address = address(relay.quic.local_addr().unwrap(), &identity(7));
    let endpoint = Endpoint::new().unwrap();
    for _ in 0..3 {
        let (device, (theirs, recognised)) =
            tokio::join!(endpoint.connect(&address, PATIENCE), relay.accept());
        assert!(!recognised);
        let data = foreign::handshake_data(&theirs);
        assert_eq!(data.server_name, None);
        assert_eq!(data.protocol.as_deref(), Some(foreign::ALPN));
        assert!(theirs.peer_identity().is_none());
        settle_ours(&device.unwrap(), &theirs).await;
    }
    assert_eq!(relay.resumed(), 0);
    assert!(relay.sessions.kept.load(Ordering::SeqCst) > 0);
}

#[tokio::test]
async fn our_listener_hands_out_nothing_to_come_back_with() {
    let curious = Curious::new();
    let curious_at = curious.quic.local_addr().unwrap();
    let (listener, _) = listen(Limits::default());
    let at = listener.local_addr().unwrap();

    let tickets = Arc::new(Tickets::default());
    let tokens = Arc::new(Tokens::default());
    let mut tls = foreign::client_tls(foreign::hybrid(), identity(7).key());
    tls.resumption = Resumption::store(tickets.clone());
    let tls = QuicClientConfig::try_from(tls).unwrap();
    let mut config = quinn::ClientConfig::new(Arc::new(tls));
    config.token_store(tokens.clone());
    let client = quinn::Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
    let connect = |at| client.connect_with(config.clone(), at, "relay.invalid");
    let kept = || {
        (
            tickets.0.load(Ordering::SeqCst),
            tokens.0.load(Ordering::SeqCst),
        )
    };

    let connecting = connect(at).unwrap();
    let (device, relay) = tokio::join!(soon(connecting), soon(listener.accept()));
    let (device, relay) = (device.unwrap(), relay.unwrap());
    let echo = tokio::spawn(common::repeat(relay));
    let (mut send, mut receive) = device.open_bi().await.unwrap();
    let mut frame = sidelight_format::frame_bytes(&common::small(1));
    send.write_all(&frame).await.unwrap();
    soon(receive.read_exact(&mut frame)).await.unwrap();
    device.close(0u32.into(), b"");
    soon(echo).await.unwrap();
    assert_eq!(kept(), (0, 0));

    // An ordinary server does hand out both.
    let connecting = connect(curious_at).unwrap();
    let (device, (theirs, _)) = tokio::join!(soon(connecting), curious.accept());
    settle(&device.unwrap(), &theirs).await;
    assert_eq!(kept(), (2, 2));
}
