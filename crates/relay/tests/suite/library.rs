//! A relay in this process, and devices over QUIC on loopback.

use sidelight_format::{Contents, Frame, Position, Refusal, RefusalCode, RunningHash};
use sidelight_mailbox::{Admission, Policy};
use sidelight_relay::{Config, Data, RunError, run};
use sidelight_transport::LinkError;

use crate::common::{Device, Key, TOKEN, live, soon};

fn refusal(code: RefusalCode, retry_after_secs: u32) -> Frame {
    Frame::Refused(Refusal {
        code,
        about: None,
        retry_after_secs,
    })
}

#[tokio::test]
async fn what_one_device_puts_the_other_has_at_once_and_durably() {
    let relay = run(Config::in_memory()).await.unwrap();
    let key = Key::new(1);
    let (mut ada, state) = Device::open(&relay.address(), &key).await;
    assert_eq!(
        (state.length, state.hash),
        (Position(0), RunningHash::START)
    );
    let (mut ben, other) = Device::open(&relay.address(), &key).await;
    assert_eq!(state, other);

    let envelope = live(1, 2048);
    let id = key.id(&envelope);
    assert_eq!(ada.put(envelope.clone()).await, Position(0));
    assert_eq!(
        ben.next().await,
        Some(Frame::Arrived {
            envelope: envelope.clone()
        })
    );
    let stored = Frame::Stored {
        first: Position(0),
        ids: vec![id],
    };
    assert_eq!(ben.next().await, Some(stored));

    ben.send(&[Frame::Drop { id, token: TOKEN }]).await.unwrap();
    assert_eq!(ben.next().await, Some(Frame::Dropped { id }));
    assert_eq!(ada.next().await, Some(Frame::Dropped { id }));
    assert_eq!(ada.list().await[0].contents, Contents::Dropped);
    soon(relay.stop()).await;
}

#[tokio::test]
async fn one_connection_carries_links_to_several_mailboxes() {
    let relay = run(Config::in_memory()).await.unwrap();
    let (first, second) = (Key::new(1), Key::new(2));
    let (mut device, _) = Device::open(&relay.address(), &first).await;
    let link = soon(device.connection.open_link()).await.unwrap();
    let (mut sender, mut receiver) = link.split();
    // The proof of one mailbox on this connection is worth nothing for another.
    let (mut other, _) = Device::open(&relay.address(), &second).await;
    other.put(live(9, 1024)).await;
    sender
        .send(&[Frame::Put {
            envelope: live(1, 1024),
        }])
        .await
        .unwrap();
    let answer = soon(receiver.recv()).await.unwrap();
    assert_eq!(answer, Some(vec![refusal(RefusalCode::Unexpected, 0)]));
    assert_eq!(soon(receiver.recv()).await, Ok(None), "that link ends");
    assert_eq!(
        device.put(live(1, 1024)).await,
        Position(0),
        "the other link stands"
    );
    soon(relay.stop()).await;
}

#[tokio::test]
async fn a_long_list_arrives_whole_while_live_traffic_goes_on() {
    let relay = run(Config::in_memory()).await.unwrap();
    let key = Key::new(1);
    let (mut writer, _) = Device::open(&relay.address(), &key).await;
    for n in 0..40 {
        writer.put(live(n, 256 * 1024)).await;
    }
    let (mut reader, state) = Device::open(&relay.address(), &key).await;
    assert_eq!(state.length, Position(40));
    let items = reader.list().await;
    for (n, item) in items.iter().enumerate() {
        assert_eq!(item.contents, Contents::Whole(live(n as u64, 256 * 1024)));
    }
    assert_eq!(items.len(), 40);
    soon(relay.stop()).await;
}

#[tokio::test]
async fn tickets_admit_to_a_relay_that_asks_for_them() {
    let relay = run(Config {
        policy: Policy {
            admission: Admission::by_tickets(["welcome"]),
            ..Policy::default()
        },
        ..Config::in_memory()
    });
    let relay = relay.await.unwrap();
    let key = Key::new(1);
    let mut stranger = Device::connect(&relay.address()).await;
    assert_eq!(
        stranger.open_with(&key, "").await,
        refusal(RefusalCode::Ticket, 0)
    );
    assert_eq!(stranger.next().await, None);
    let mut guest = Device::connect(&relay.address()).await;
    assert!(matches!(
        guest.open_with(&key, "welcome").await,
        Frame::State { .. }
    ));
    soon(relay.stop()).await;
}

#[tokio::test]
async fn more_links_than_allowed_are_told_to_come_back() {
    let relay = run(Config {
        links_max: 1,
        ..Config::in_memory()
    });
    let relay = relay.await.unwrap();
    let key = Key::new(1);
    let (first, _) = Device::open(&relay.address(), &key).await;
    let mut second = Device::connect(&relay.address()).await;
    assert_eq!(
        second.open_with(&key, "").await,
        refusal(RefusalCode::Rate, 30)
    );
    assert_eq!(second.next().await, None);
    drop(first);
    // The relay hears of it before or after the next link; only how many tries it takes differs.
    for _ in 0..1000 {
        let mut third = Device::connect(&relay.address()).await;
        if matches!(third.open_with(&key, "").await, Frame::State { .. }) {
            return soon(relay.stop()).await;
        }
    }
    panic!("the place is never free again");
}

#[tokio::test]
async fn stopping_tells_every_link_and_keeps_what_came_before() {
    let dir = tempfile::TempDir::new().unwrap();
    let config = Config {
        data: Data::Dir(dir.path().into()),
        ..Config::in_memory()
    };
    let key = Key::new(1);
    let relay = run(config.clone()).await.unwrap();
    let address = relay.address();
    let (mut device, before) = Device::open(&address, &key).await;
    device.put(live(1, 1024)).await;
    soon(relay.stop()).await;
    assert_eq!(device.next().await, Some(refusal(RefusalCode::Stopping, 2)));
    assert!(matches!(
        device.try_next().await,
        Ok(None) | Err(LinkError::Closed(_))
    ));

    let relay = run(config.clone()).await.unwrap();
    assert_eq!(relay.address().key(), address.key(), "the key stays");
    let (_device, after) = Device::open(&relay.address(), &key).await;
    assert_eq!(
        (after.instance, after.length),
        (before.instance, Position(1))
    );
    soon(relay.stop()).await;

    let restored = Config {
        restored: true,
        ..config
    };
    let relay = run(restored).await.unwrap();
    let (_device, restored) = Device::open(&relay.address(), &key).await;
    assert_ne!(
        restored.instance, after.instance,
        "another life of the data"
    );
    assert_eq!((restored.length, restored.hash), (after.length, after.hash));
    soon(relay.stop()).await;
}

#[tokio::test]
async fn a_relay_that_is_dropped_lets_go_of_its_data_and_its_devices() {
    let dir = tempfile::TempDir::new().unwrap();
    let config = Config {
        data: Data::Dir(dir.path().into()),
        ..Config::in_memory()
    };
    let mut relay = run(config.clone()).await.unwrap();
    let (mut device, _) = Device::open(&relay.address(), &Key::new(1)).await;
    assert!(matches!(
        run(config.clone()).await,
        Err(RunError::Locked(_))
    ));
    relay.listen();
    let failed = tokio::time::timeout(std::time::Duration::ZERO, relay.failed()).await;
    assert!(failed.is_err(), "it runs");
    drop(relay);
    while let Ok(Some(_)) = device.try_next().await {}
}
