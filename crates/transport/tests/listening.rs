//! A relay's door: whom it admits, under load too, and how it closes.
#![allow(clippy::unwrap_used, reason = "a failure here is the test's")]

mod common;

use std::time::Duration;

use common::path::{Path, Weather};
use common::{PATIENCE, address, connect, give_up_at_once, identity, link, listen, small, soon};
use sidelight_transport::{
    BindError, ConnectError, Endpoint, Goodbye, Limits, LinkError, Listener,
};

/// Long enough for an answer on loopback, and for a repeated hello after a second.
const BRIEFLY: Duration = Duration::from_millis(1500);

#[tokio::test]
async fn under_load_a_device_must_show_its_address_first() {
    for (unproved, retries) in [(Limits::default().handshakes_unproved_max, 0), (0, 1)] {
        let (listener, address) = listen(Limits {
            handshakes_unproved_max: unproved,
            ..Limits::default()
        });
        let path = Path::to(&address, Weather::default()).await;
        let endpoint = Endpoint::new().unwrap();
        let (device, relay) = connect(&endpoint, &listener, &path.address).await;
        link(&device, &relay).await;
        // Each of the hello's two datagrams may be answered by one.
        assert!((retries..=2 * retries).contains(&path.seen().retries));
    }
}

#[tokio::test]
async fn a_full_relay_says_so_and_takes_the_next_when_one_has_left() {
    let (listener, address) = listen(Limits {
        connections_max: 1,
        ..Limits::default()
    });
    let endpoint = Endpoint::new().unwrap();
    let (first, relay) = connect(&endpoint, &listener, &address).await;
    let refused = endpoint.connect(&address, PATIENCE).await;
    assert_eq!(refused.err(), Some(ConnectError::Busy));
    first.hang_up();
    soon(relay.closed()).await;
    soon(async {
        while listener.connections() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    connect(&endpoint, &listener, &address).await;
}

#[tokio::test]
async fn a_handshake_that_never_ends_holds_nobody_up() {
    let (listener, address) = listen(Limits {
        // That of the other device must come to its end within it, on a busy machine too.
        handshake_timeout: Duration::from_secs(5),
        ..Limits::default()
    });
    // Only the device's first datagrams arrive, and no answer comes back.
    let weather = Weather {
        lost_from_device: !0b11,
        lost_from_relay: !0,
        ..Weather::default()
    };
    let mut path = Path::to(&address, weather).await;
    let slow = Endpoint::new().unwrap();
    let never = tokio::spawn(async move {
        let refused = slow.connect(&path.address, BRIEFLY).await;
        path.until(|seen| seen.from_device >= 2).await;
        refused.err()
    });
    let endpoint = Endpoint::new().unwrap();
    let (device, relay) = connect(&endpoint, &listener, &address).await;
    link(&device, &relay).await;
    assert_eq!(soon(never).await.unwrap(), Some(ConnectError::Unreachable));
    device.hang_up();
    drop(relay);
    // The unfinished handshake is forgotten too.
    soon(async {
        while listener.connections() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn beyond_the_handshakes_admitted_hellos_go_unanswered() {
    let (listener, address) = listen(Limits {
        handshakes_max: 0,
        ..Limits::default()
    });
    let endpoint = Endpoint::new().unwrap();
    let refused = endpoint.connect(&address, BRIEFLY).await;
    assert_eq!(refused.err(), Some(ConnectError::Unreachable));
    assert_eq!(listener.connections(), 0);
}

#[tokio::test]
async fn stopping_gives_those_there_are_time_and_takes_no_more() {
    let (listener, address) = listen(Limits::default());
    let endpoint = Endpoint::new().unwrap();
    let (device, relay) = connect(&endpoint, &listener, &address).await;
    let ((_s, mut receiver), (mut sender, _r)) = link(&device, &relay).await;

    // If it waited for the grace to run out, nobody would wait for it.
    let grace = 2 * PATIENCE;
    let mut stopping = Box::pin(listener.stop(Goodbye::Stopping, grace));
    assert!(give_up_at_once(stopping.as_mut()).await.is_none());
    let saying = async {
        let refused = endpoint.connect(&address, PATIENCE).await;
        assert_eq!(refused.err(), Some(ConnectError::Busy));
        assert!(listener.accept().await.is_none());
        sender.send(&[small(9)]).await.unwrap();
        sender.finish().await
    };
    let hearing = async {
        assert_eq!(receiver.recv().await, Ok(Some(vec![small(9)])));
        assert_eq!(receiver.recv().await, Ok(None));
    };
    let (said, ()) = soon(async { tokio::join!(saying, hearing) }).await;
    assert_eq!(said, Ok(()));
    device.hang_up();
    soon(stopping).await;
    assert_eq!(listener.connections(), 0);
}

#[tokio::test]
async fn stopping_without_grace_tells_the_devices_why() {
    let (listener, address) = listen(Limits::default());
    let endpoint = Endpoint::new().unwrap();
    let (device, relay) = connect(&endpoint, &listener, &address).await;
    let ((_s, mut receiver), _theirs) = link(&device, &relay).await;
    soon(listener.stop(Goodbye::Stopping, Duration::ZERO)).await;
    let closed = LinkError::Closed(Goodbye::Stopping);
    assert_eq!(soon(receiver.recv()).await, Err(closed));
    assert_eq!(soon(device.closed()).await, closed);
    assert_eq!(soon(relay.closed()).await, LinkError::HungUp);
    assert!(listener.accept().await.is_none());
}

#[tokio::test]
async fn a_dropped_listener_leaves_its_connections_alone() {
    let (listener, address) = listen(Limits::default());
    let endpoint = Endpoint::new().unwrap();
    let (device, relay) = connect(&endpoint, &listener, &address).await;
    drop(listener);
    link(&device, &relay).await;
    let refused = endpoint.connect(&address, BRIEFLY).await;
    assert_eq!(refused.err(), Some(ConnectError::Unreachable));
    link(&device, &relay).await;
}

#[tokio::test]
async fn nothing_is_left_running_when_both_ends_are_gone() {
    let tasks = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    let before = tasks();
    for stops in [true, false] {
        let (listener, address) = listen(Limits::default());
        let endpoint = Endpoint::new().unwrap();
        let mut connections = Vec::new();
        for _ in 0..10 {
            connections.push(connect(&endpoint, &listener, &address).await);
        }
        assert!(tasks() > before);
        if stops {
            soon(listener.stop(Goodbye::Stopping, Duration::ZERO)).await;
            soon(endpoint.stop()).await;
        }
        drop((listener, endpoint, connections));
        soon(async {
            while tasks() > before {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

#[tokio::test]
async fn an_address_that_cannot_be_had_says_who_can_do_something() {
    let (listener, _) = listen(Limits::default());
    let taken = listener.local_addr().unwrap();
    let bind = |at| Listener::bind(at, &identity(7), Limits::default()).err();
    assert_eq!(bind(taken), Some(BindError::InUse));
    // Reserved for documentation (RFC 5737), so no machine has it.
    let elsewhere = "192.0.2.1:0".parse().unwrap();
    assert_eq!(bind(elsewhere), Some(BindError::NotHere));
}

#[test]
fn outside_a_runtime_there_is_an_error_and_no_panic() {
    let at = "127.0.0.1:0".parse().unwrap();
    let bound = Listener::bind(at, &identity(7), Limits::default());
    assert!(matches!(bound.err(), Some(BindError::Socket(_))));
}

#[tokio::test]
async fn what_is_printed_names_no_address_and_no_secret() {
    let (listener, at) = listen(Limits::default());
    let endpoint = Endpoint::new().unwrap();
    let (device, relay) = connect(&endpoint, &listener, &at).await;
    let ((sender, receiver), _theirs) = link(&device, &relay).await;
    let printed = format!("{listener:?} {endpoint:?} {device:?} {relay:?} {sender:?} {receiver:?}");
    let port = listener.local_addr().unwrap().port().to_string();
    for hidden in ["127.0.0.1", &format!("{:?}", device.exporter())] {
        assert!(!printed.contains(hidden), "{hidden} in {printed}");
    }
    // As a number of its own: any five digits may stand in the middle of a longer one.
    let mut numbers = printed.split(|c: char| !c.is_ascii_digit());
    assert!(numbers.all(|number| number != port), "{port} in {printed}");
    let wrong = address(listener.local_addr().unwrap(), &identity(8));
    let refused = endpoint.connect(&wrong, PATIENCE).await.unwrap_err();
    assert!(!refused.to_string().contains("127.0.0.1"));
}
