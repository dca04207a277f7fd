//! Bad roads: loss, narrow paths, changing addresses, relays that vanish.
#![allow(clippy::unwrap_used, reason = "a failure here is the test's")]

mod common;

use std::time::{Duration, Instant};

use common::path::{Path, Weather};
use common::{
    PATIENCE, address, collect, connect, echo, identity, large, link, listen, repeat, soon,
};
use sidelight_transport::{
    ConnectError, Connection, Endpoint, EndpointSettings, Goodbye, Limits, LinkError, Listener,
};
use tokio::net::UdpSocket;
use tokio::task::JoinSet;

/// An idle timeout that no test lives to see.
const FOREVER: Duration = Duration::from_secs(10 * 60);

/// Megabytes both ways at once, all of which arrives.
async fn exchange(device: &Connection, relay: &Connection) {
    let ((mut up, mut down), (mut back, mut there)) = link(device, relay).await;
    let frames: Vec<_> = (0..8).map(|n| large(250_000 + n)).collect();
    let (sent, sent_back, received, received_back) = tokio::join!(
        up.send(&frames),
        back.send(&frames),
        collect(&mut there, frames.len()),
        collect(&mut down, frames.len())
    );
    assert_eq!((sent, sent_back), (Ok(()), Ok(())));
    assert!(received == frames && received_back == frames);
}

/// The hello has two datagrams, and so has its answer: whichever of the first few is lost, in
/// either direction, the handshake comes through.
#[tokio::test]
async fn the_handshake_survives_the_loss_of_any_of_its_datagrams() {
    let (listener, address) = listen(Limits::default());
    let mut attempts = JoinSet::new();
    let from_device = (0..16).map(|lost| (lost, 0));
    let from_relay = (0..16).map(|lost| (0, lost));
    let both = (1..4).map(|lost| (lost, lost));
    let mut count = 0;
    for (lost_from_device, lost_from_relay) in from_device.chain(from_relay).chain(both) {
        let weather = Weather {
            lost_from_device,
            lost_from_relay,
            len_max: 1200,
            ..Weather::default()
        };
        let path = Path::to(&address, weather).await;
        count += 1;
        attempts.spawn(async move {
            let endpoint = Endpoint::new().unwrap();
            let connection = endpoint
                .connect(&path.address, PATIENCE)
                .await
                .unwrap_or_else(|e| panic!("{lost_from_device:b}, {lost_from_relay:b}: {e}"));
            let seen = path.seen();
            // The hello does not fit in one datagram, so the first two are always sent.
            assert!(seen.from_device >= 2, "{seen:?}");
            let lost = (lost_from_device & 0b11).count_ones() + (lost_from_relay & 1) as u32;
            assert!(seen.lost >= lost as usize, "{seen:?}");
            // The relay may still wait for what was lost last.
            (path, endpoint, connection)
        });
    }
    let mut exporters = Vec::new();
    for _ in 0..count {
        exporters.push(soon(listener.accept()).await.unwrap().exporter());
    }
    for (_path, _endpoint, connection) in soon(attempts.join_all()).await {
        assert!(exporters.contains(&connection.exporter()));
    }
}

#[tokio::test]
async fn a_path_of_1200_bytes_with_loss_carries_everything() {
    for seed in 0..3 {
        let (listener, address) = listen(Limits::default());
        let weather = Weather {
            seed,
            lost_per_mille: 20,
            len_max: 1200,
            ..Weather::default()
        };
        let path = Path::to(&address, weather).await;
        let endpoint = Endpoint::new().unwrap();
        let (device, relay) = connect(&endpoint, &listener, &path.address).await;
        soon(exchange(&device, &relay)).await;
        let seen = path.seen();
        assert!(seen.lost > 20, "{seen:?}");
        // Discovery asked for more, and took the answer.
        assert!(seen.too_long > 0, "{seen:?}");
        assert_eq!(seen.longest, 1200);
    }
}

#[tokio::test]
async fn a_path_that_becomes_narrow_is_noticed() {
    let (listener, address) = listen(Limits::default());
    let weather = Weather {
        narrow_from: 400,
        ..Weather::default()
    };
    let path = Path::to(&address, weather).await;
    let endpoint = Endpoint::new().unwrap();
    let (device, relay) = connect(&endpoint, &listener, &path.address).await;
    soon(exchange(&device, &relay)).await;
    let seen = path.seen();
    assert!(seen.longest > 1200, "{seen:?}");
    assert!(seen.too_long > 0, "{seen:?}");
}

#[tokio::test]
async fn a_new_socket_keeps_the_connection_and_its_links() {
    let (listener, address) = listen(Limits::default());
    let path = Path::to(&address, Weather::default()).await;
    let endpoint = Endpoint::new().unwrap();
    let (device, relay) = connect(&endpoint, &listener, &path.address).await;
    let before = device.exporter();
    let ((mut sender, _r), (_s, mut receiver)) = link(&device, &relay).await;
    for moves in 1..=3 {
        endpoint.rebind().unwrap();
        sender.send(&[common::small(moves)]).await.unwrap();
        assert_eq!(collect(&mut receiver, 1).await, [common::small(moves)]);
        soon(exchange(&device, &relay)).await;
        assert_eq!(path.seen().sources.len(), 1 + usize::from(moves));
    }
    assert_eq!(device.exporter(), before);
    // And new connections are made from the new socket.
    let (device, relay) = connect(&endpoint, &listener, &path.address).await;
    link(&device, &relay).await;
}

/// It gives nothing up by itself.
fn patient_endpoint() -> Endpoint {
    let settings = EndpointSettings {
        idle_timeout: FOREVER,
        ..EndpointSettings::default()
    };
    Endpoint::with_settings(settings).unwrap()
}

/// A killed relay says nothing. The one that comes after it, with the same key, does.
#[test]
fn a_relay_that_was_killed_and_started_again_is_noticed_at_once() {
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap()
    };
    let identity = identity(7);
    let doomed = runtime();
    let limits = Limits {
        idle_timeout: FOREVER,
        ..Limits::default()
    };
    let listener = doomed.block_on(async {
        Listener::bind("127.0.0.1:0".parse().unwrap(), &identity, limits).unwrap()
    });
    let at = listener.local_addr().unwrap();
    let address = address(at, &identity);
    doomed.spawn(async move { repeat(listener.accept().await.unwrap()).await });

    let device_runtime = runtime();
    let (_endpoint, device) = device_runtime.block_on(async {
        let endpoint = patient_endpoint();
        let device = endpoint.connect(&address, PATIENCE).await.unwrap();
        echo(&device).await;
        (endpoint, device)
    });
    // Its tasks are dropped where they stand: nobody is left to send a goodbye.
    doomed.shutdown_timeout(PATIENCE);

    let reborn = runtime();
    let _listener = reborn.block_on(async {
        // Some other program may have been given the port meanwhile.
        soon(async {
            while std::net::UdpSocket::bind(at).is_err() {
                tokio::task::yield_now().await;
            }
        })
        .await;
        Listener::bind(at, &identity, Limits::default()).unwrap()
    });
    device_runtime.block_on(async {
        let (mut sender, _receiver) = device.open_link().await.unwrap().split();
        sender.send(&[common::small(1)]).await.unwrap();
        assert_eq!(soon(device.closed()).await, LinkError::Lost);
    });
}

#[tokio::test]
async fn a_relay_that_falls_silent_is_given_up_after_the_idle_timeout() {
    let (listener, address) = listen(Limits::default());
    let path = Path::to(&address, Weather::default()).await;
    let settings = EndpointSettings {
        keep_alive: Duration::from_millis(200),
        // Long enough for a busy machine to connect.
        idle_timeout: Duration::from_secs(5),
        ..EndpointSettings::default()
    };
    let endpoint = Endpoint::with_settings(settings).unwrap();
    let (device, relay) = connect(&endpoint, &listener, &path.address).await;
    let ((_s, mut receiver), _theirs) = link(&device, &relay).await;
    path.fall_silent();
    assert_eq!(soon(receiver.recv()).await, Err(LinkError::Lost));
    assert_eq!(soon(device.closed()).await, LinkError::Lost);
    assert_eq!(soon(relay.closed()).await, LinkError::Lost);
}

#[tokio::test]
async fn a_silent_connection_is_kept_alive_by_the_device() {
    let (listener, address) = listen(Limits::default());
    let mut path = Path::to(&address, Weather::default()).await;
    let settings = EndpointSettings {
        keep_alive: Duration::from_millis(200),
        idle_timeout: Duration::from_secs(5),
        ..EndpointSettings::default()
    };
    let endpoint = Endpoint::with_settings(settings).unwrap();
    let (device, relay) = connect(&endpoint, &listener, &path.address).await;
    link(&device, &relay).await;
    let begun = Instant::now();
    // Longer than the idle timeout, measured in what is to keep it from passing.
    let quiet = path.seen().from_device;
    path.until(|seen| seen.from_device >= quiet + 20 && begun.elapsed() > Duration::from_secs(6))
        .await;
    link(&device, &relay).await;
}

#[tokio::test]
async fn connecting_takes_no_longer_than_it_may() {
    let nobody = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = address(nobody.local_addr().unwrap(), &identity(7));
    let endpoint = patient_endpoint();
    for within in [Duration::ZERO, Duration::from_millis(300)] {
        let begun = Instant::now();
        let refused = soon(endpoint.connect(&address, within)).await;
        assert_eq!(refused.err(), Some(ConnectError::Unreachable));
        assert!(begun.elapsed() >= within);
    }
}

#[tokio::test]
async fn a_name_is_resolved_and_its_addresses_are_tried_in_turn() {
    // Where it stands for ::1 as well, nobody listens there.
    let (listener, address) = listen(Limits::default());
    let host = address.host().replace("127.0.0.1", "localhost");
    let address = sidelight_format::RelayAddress::new(&host, address.key()).unwrap();
    let endpoint = Endpoint::new().unwrap();
    let (device, relay) = connect(&endpoint, &listener, &address).await;
    link(&device, &relay).await;
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_the_addresss_fault() {
    // No label may be this long (RFC 1035 §2.3.4), so no server is asked.
    let host = format!("{}.example:4433", "a".repeat(64));
    let address = sidelight_format::RelayAddress::new(&host, identity(7).key()).unwrap();
    let endpoint = Endpoint::new().unwrap();
    let refused = endpoint.connect(&address, PATIENCE).await;
    assert_eq!(refused.err(), Some(ConnectError::Address));
}

#[tokio::test]
async fn a_stopped_endpoint_has_said_goodbye_and_stays_stopped() {
    let (listener, address) = listen(Limits::default());
    let endpoint = Endpoint::new().unwrap();
    let (device, relay) = connect(&endpoint, &listener, &address).await;
    soon(endpoint.stop()).await;
    assert_eq!(soon(relay.closed()).await, LinkError::Closed(Goodbye::Done));
    assert_eq!(device.closed().await, LinkError::HungUp);
    assert_eq!(endpoint.rebind(), Err(ConnectError::Stopped));
    let refused = endpoint.connect(&address, PATIENCE).await;
    assert_eq!(refused.err(), Some(ConnectError::Stopped));
}

/// quinn itself would keep both sockets for seconds more.
#[tokio::test]
async fn a_stopped_endpoint_has_closed_its_socket_even_if_nobody_answers() {
    let is_free = |port: u16| {
        let at = (std::net::Ipv6Addr::UNSPECIFIED, port);
        let v4 = (std::net::Ipv4Addr::UNSPECIFIED, port);
        std::net::UdpSocket::bind(at).or_else(|_| std::net::UdpSocket::bind(v4))
    };
    // While it connects.
    let mut took = Vec::new();
    for _ in 0..5 {
        let nobody = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let relay = address(nobody.local_addr().unwrap(), &identity(7));
        let endpoint = Endpoint::new().unwrap();
        let connecting = tokio::spawn({
            let endpoint = endpoint.clone();
            async move { endpoint.connect(&relay, PATIENCE).await }
        });
        let hello = soon(nobody.recv_from(&mut [0; 2000])).await;
        let port = hello.unwrap().1.port();
        assert!(is_free(port).is_err());
        let begun = Instant::now();
        soon(endpoint.stop()).await;
        took.push(begun.elapsed());
        let connected = soon(connecting).await.unwrap();
        assert_eq!(connected.err(), Some(ConnectError::Stopped));
        assert!(is_free(port).is_ok());
    }
    // The shortest, since a machine may do something else meanwhile.
    assert!(
        took.iter().min() < Some(&Duration::from_secs(1)),
        "nobody is waited for: {took:?}"
    );

    // Once it was connected.
    let (listener, address) = listen(Limits::default());
    let path = Path::to(&address, Weather::default()).await;
    let endpoint = Endpoint::new().unwrap();
    let (device, relay) = connect(&endpoint, &listener, &path.address).await;
    let (ours, _theirs) = link(&device, &relay).await;
    let port = path.seen().sources[0].port();
    path.fall_silent();
    drop((device, ours));
    soon(endpoint.stop()).await;
    assert!(is_free(port).is_ok());
}
