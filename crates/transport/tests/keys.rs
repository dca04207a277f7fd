//! Who is at the other end, and by which key exchange.
#![allow(clippy::unwrap_used, reason = "a failure here is the test's")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::foreign::{self, Keys};
use common::{PATIENCE, address, identity, listen, pair, soon};
use quinn::{ConnectionError, TransportErrorCode};
use rustls::crypto::CryptoProvider;
use sidelight_transport::{ConnectError, Connection, Endpoint, Goodbye, Limits};

/// What our endpoint makes of a foreign server, which it expects to have the key of seed 7.
async fn meet(
    server: quinn::ServerConfig,
) -> Result<(Connection, quinn::Connection), ConnectError> {
    let server = foreign::server(server);
    let address = address(server.local_addr().unwrap(), &identity(7));
    let endpoint = Endpoint::new().unwrap();
    let accepting = async { server.accept().await.unwrap().await };
    let (ours, theirs) = tokio::join!(endpoint.connect(&address, PATIENCE), soon(accepting));
    ours.map(|ours| (ours, theirs.unwrap()))
}

fn server(provider: Arc<CryptoProvider>, keys: Keys) -> quinn::ServerConfig {
    foreign::quic_server(foreign::server_tls(provider, keys))
}

#[tokio::test]
async fn the_right_key_connects() {
    let pair = pair().await;
    common::link(&pair.device, &pair.relay).await;
}

#[tokio::test]
async fn another_key_is_refused_as_the_wrong_one() {
    let (listener, right) = listen(Limits::default());
    let wrong = address(listener.local_addr().unwrap(), &identity(8));
    let endpoint = Endpoint::new().unwrap();
    let refused = endpoint.connect(&wrong, PATIENCE).await;
    assert_eq!(refused.err(), Some(ConnectError::WrongKey));
    // Nothing else was wrong.
    common::connect(&endpoint, &listener, &right).await;
}

#[tokio::test]
async fn the_right_key_without_its_private_half_is_refused_as_the_wrong_one() {
    let met = meet(server(foreign::hybrid(), Keys::presenting(7, 8))).await;
    assert_eq!(met.err(), Some(ConnectError::WrongKey));
}

#[tokio::test]
async fn a_certificate_in_place_of_a_raw_key_is_refused() {
    let keys = Keys {
        raw: false,
        ..Keys::of(7)
    };
    let met = meet(server(foreign::hybrid(), keys)).await;
    assert_eq!(met.err(), Some(ConnectError::Version));
}

#[tokio::test]
async fn another_protocol_is_refused_by_both_ends() {
    let mut tls = foreign::server_tls(foreign::hybrid(), Keys::of(7));
    tls.alpn_protocols = vec![b"sidelight/2".to_vec()];
    let met = meet(foreign::quic_server(tls)).await;
    assert_eq!(met.err(), Some(ConnectError::Version));

    let mut tls = foreign::server_tls(foreign::hybrid(), Keys::of(7));
    tls.alpn_protocols = Vec::new(); // ignores what it is asked for
    let met = meet(foreign::quic_server(tls)).await;
    assert_eq!(met.err(), Some(ConnectError::Version));

    for offered in [vec![b"h3".to_vec()], Vec::new()] {
        let (listener, _) = listen(Limits::default());
        let mut tls = foreign::client_tls(foreign::hybrid(), identity(7).key());
        tls.alpn_protocols = offered;
        let refused = dial(&foreign::client(tls), &listener).await.unwrap_err();
        assert_eq!(alert(&refused), Some(120), "{refused}"); // no_application_protocol
    }
}

#[tokio::test]
async fn a_classical_server_is_refused_by_our_endpoint() {
    let met = meet(server(foreign::classical(), Keys::of(7))).await;
    assert_eq!(met.err(), Some(ConnectError::Version));
}

#[tokio::test]
async fn a_classical_client_is_refused_by_our_listener() {
    let (listener, _) = listen(Limits::default());
    let client = foreign::trusting_client(foreign::classical());
    let refused = dial(&client, &listener).await.unwrap_err();
    assert_eq!(alert(&refused), Some(40), "{refused}"); // handshake_failure
    listener.stop(Goodbye::Stopping, Duration::ZERO).await;
    assert!(listener.accept().await.is_none());
}

#[tokio::test]
async fn aws_lc_rs_as_the_server_agrees_on_the_hybrid_group() {
    for provider in [foreign::hybrid(), foreign::everything()] {
        let (ours, theirs) = meet(server(provider, Keys::of(7))).await.unwrap();
        assert_eq!(ours.exporter(), foreign::exporter(&theirs));
    }
}

#[tokio::test]
async fn aws_lc_rs_as_the_client_agrees_on_the_hybrid_group() {
    for provider in [foreign::hybrid(), foreign::everything()] {
        let (listener, _) = listen(Limits::default());
        let client = foreign::trusting_client(provider);
        let (theirs, ours) = tokio::join!(dial(&client, &listener), soon(listener.accept()));
        assert_eq!(
            ours.unwrap().exporter(),
            foreign::exporter(&theirs.unwrap())
        );
    }
}

#[tokio::test]
async fn exporters_are_equal_on_both_ends_and_differ_between_connections() {
    let (listener, address) = listen(Limits::default());
    let endpoint = Endpoint::new().unwrap();
    let mut seen = std::collections::HashSet::new();
    for _ in 0..8 {
        let (device, relay) = common::connect(&endpoint, &listener, &address).await;
        assert_eq!(device.exporter(), relay.exporter());
        assert!(seen.insert(device.exporter()));
    }
}

async fn dial(
    client: &quinn::Endpoint,
    listener: &sidelight_transport::Listener,
) -> Result<quinn::Connection, ConnectionError> {
    let at = listener.local_addr().unwrap();
    soon(client.connect(at, "relay.invalid").unwrap()).await
}

/// The TLS alert that the other end gave.
fn alert(error: &ConnectionError) -> Option<u64> {
    let ConnectionError::ConnectionClosed(close) = error else {
        return None;
    };
    let alerts = u64::from(TransportErrorCode::crypto(0));
    u64::from(close.error_code).checked_sub(alerts)
}
