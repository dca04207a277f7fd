//! What a link promises: whole frames, in order, once; and bounds on what the other end can do.
#![allow(clippy::unwrap_used, reason = "a failure here is the test's")]

mod common;

use common::{
    Pair, collect, foreign, give_up_at_once, large, link, listen, pair, pair_with, small, soon,
};
use sidelight_format::{encode, frame_bytes, limits::FRAME_LEN_MAX};
use sidelight_transport::{Connection, Goodbye, Limits, LinkError, Listener, PARTIAL_LEN_MAX};
use tokio::task::JoinSet;

/// A foreign device at our listener, which can send anything.
async fn foreign_device(limits: Limits) -> (Listener, quinn::Connection, Connection) {
    let (listener, _) = listen(limits);
    let client = foreign::trusting_client(foreign::hybrid());
    let at = listener.local_addr().unwrap();
    let connecting = client.connect(at, "relay.invalid").unwrap();
    let (device, relay) = tokio::join!(soon(connecting), soon(listener.accept()));
    (listener, device.unwrap(), relay.unwrap())
}

#[tokio::test]
async fn frames_sent_together_arrive_in_order() {
    let pair = pair().await;
    let ((mut sender, _), (_, mut receiver)) = link(&pair.device, &pair.relay).await;
    let frames: Vec<_> = (0..=255).map(small).collect();
    sender.send(&frames).await.unwrap();
    assert_eq!(collect(&mut receiver, 256).await, frames);
}

#[tokio::test]
async fn both_directions_and_many_links_do_not_disturb_each_other() {
    let pair = pair().await;
    let mut tasks = JoinSet::new();
    for number in 0..8 {
        let (device, relay) = link(&pair.device, &pair.relay).await;
        for ((mut sender, _keep), (_also, mut receiver)) in
            [(device, relay)].map(|(a, b)| ((a.0, a.1), (b.0, b.1)))
        {
            tasks.spawn(async move {
                let frames = vec![large(100_000), small(number), large(300_000)];
                let sending = sender.send(&frames);
                let (sent, received) = tokio::join!(sending, collect(&mut receiver, 3));
                assert_eq!(sent, Ok(()));
                assert_eq!(received, frames);
            });
        }
    }
    soon(tasks.join_all()).await;
}

#[tokio::test]
async fn a_frame_cut_at_any_byte_arrives_whole() {
    let (_listener, device, relay) = foreign_device(Limits::default()).await;
    let (mut send, _receive) = device.open_bi().await.unwrap();
    let (first, second) = (small(1), small(2));
    let (whole, cut) = (frame_bytes(&first), frame_bytes(&second));
    send.write_all(&whole).await.unwrap();
    let (_sender, mut receiver) = soon(relay.accept_link()).await.unwrap().split();
    assert_eq!(soon(receiver.recv()).await, Ok(Some(vec![first.clone()])));
    for at in 0..=cut.len() {
        // The first frame has come out before the second is completed.
        send.write_all(&[&whole, &cut[..at]].concat())
            .await
            .unwrap();
        let mut expected = vec![first.clone()];
        expected.extend((at == cut.len()).then(|| second.clone()));
        assert_eq!(collect(&mut receiver, expected.len()).await, expected);
        if at < cut.len() {
            send.write_all(&cut[at..]).await.unwrap();
            let frames = collect(&mut receiver, 1).await;
            assert_eq!(frames, std::slice::from_ref(&second), "cut at {at}");
        }
    }
}

#[tokio::test]
async fn an_end_in_the_middle_of_a_frame_is_malformed_and_one_between_frames_is_not() {
    let (_listener, device, relay) = foreign_device(Limits::default()).await;
    let bytes = frame_bytes(&small(1));
    for at in 0..=bytes.len() {
        let (mut send, _receive) = device.open_bi().await.unwrap();
        send.write_all(&bytes[..at]).await.unwrap();
        send.finish().unwrap();
        let (_sender, mut receiver) = soon(relay.accept_link()).await.unwrap().split();
        let end = if at == bytes.len() {
            assert_eq!(soon(receiver.recv()).await, Ok(Some(vec![small(1)])));
            Ok(None)
        } else if at == 0 {
            Ok(None)
        } else {
            Err(LinkError::Malformed)
        };
        for _ in 0..2 {
            assert_eq!(soon(receiver.recv()).await, end, "ended after {at}");
        }
    }
}

#[tokio::test]
async fn an_oversized_claim_is_refused_before_any_of_it_is_sent() {
    let (_listener, device, relay) = foreign_device(Limits::default()).await;
    for claim in [FRAME_LEN_MAX as u32 + 1, u32::MAX] {
        let (mut send, _receive) = device.open_bi().await.unwrap();
        let mut bytes = frame_bytes(&small(1));
        bytes.extend_from_slice(&encode(&claim));
        send.write_all(&bytes).await.unwrap();
        let (_sender, mut receiver) = soon(relay.accept_link()).await.unwrap().split();
        // What preceded it is not lost.
        assert_eq!(soon(receiver.recv()).await, Ok(Some(vec![small(1)])));
        assert_eq!(soon(receiver.recv()).await, Err(LinkError::Malformed));
        assert_eq!(soon(receiver.recv()).await, Err(LinkError::Malformed));
        // And the other end is told to stop.
        let stopped = soon(send.stopped()).await.unwrap();
        assert_eq!(stopped, Some(2u32.into()));
    }
}

#[tokio::test]
async fn bytes_that_are_no_frame_are_malformed() {
    let (_listener, device, relay) = foreign_device(Limits::default()).await;
    for bytes in [&[1, 0xff][..], &[0]] {
        let (mut send, _receive) = device.open_bi().await.unwrap();
        send.write_all(bytes).await.unwrap();
        let (_sender, mut receiver) = soon(relay.accept_link()).await.unwrap().split();
        assert_eq!(soon(receiver.recv()).await, Err(LinkError::Malformed));
    }
}

#[tokio::test]
async fn the_longest_frame_passes_and_a_longer_one_is_not_sent() {
    let pair = pair().await;
    let ((mut sender, _), (_, mut receiver)) = link(&pair.device, &pair.relay).await;
    let longest = large(FRAME_LEN_MAX);
    let too_long = [small(1), large(FRAME_LEN_MAX + 1)];
    assert_eq!(sender.send(&too_long).await, Err(LinkError::TooLong));
    let sending = [longest.clone(), small(2)];
    let (sent, received) = tokio::join!(sender.send(&sending), collect(&mut receiver, 2));
    assert_eq!(sent, Ok(()));
    assert_eq!(received, [longest, small(2)]);
}

/// Seven frames of a megabyte in the making are honest; thirty are an attack on memory.
#[tokio::test]
async fn unfinished_frames_of_one_connection_are_bounded_together() {
    const HONEST: usize = PARTIAL_LEN_MAX / (FRAME_LEN_MAX + 3);
    let (_listener, device, relay) = foreign_device(Limits::default()).await;
    let bytes = frame_bytes(&large(FRAME_LEN_MAX));
    let (last, most) = bytes.split_last().unwrap();

    let mut open = Vec::new();
    let mut receiving = JoinSet::new();
    for _ in 0..HONEST {
        let (mut send, receive) = device.open_bi().await.unwrap();
        send.write_all(&bytes[..1]).await.unwrap();
        let (sender, mut receiver) = soon(relay.accept_link()).await.unwrap().split();
        receiving.spawn(async move {
            let frames = receiver.recv().await;
            drop(sender);
            frames.map(|frames| frames.map(|frames| frames.len()))
        });
        soon(send.write_all(&most[1..])).await.unwrap();
        open.push((send, receive));
    }
    for (send, _) in &mut open {
        soon(send.write_all(&[*last])).await.unwrap();
    }
    for received in soon(receiving.join_all()).await {
        assert_eq!(received, Ok(Some(1)));
    }

    let mut refused = JoinSet::new();
    let mut open = Vec::new();
    for _ in 0..30 {
        let (mut send, receive) = soon(device.open_bi()).await.unwrap();
        send.write_all(&bytes[..1]).await.unwrap();
        let (sender, mut receiver) = soon(relay.accept_link()).await.unwrap().split();
        refused.spawn(async move {
            let frames = receiver.recv().await;
            drop(sender);
            frames
        });
        // Once the bound is reached, the relay stops the stream in the middle.
        let written = soon(send.write_all(&most[1..])).await;
        open.push((send, receive));
        if written.is_err() {
            break;
        }
    }
    let first = soon(refused.join_next()).await.unwrap().unwrap();
    assert_eq!(first, Err(LinkError::Malformed));
    assert!(open.len() > HONEST, "after {}", open.len());
}

#[tokio::test]
async fn giving_up_on_sending_neither_cuts_nor_repeats_a_frame() {
    let pair = pair().await;
    let ((mut sender, _), (_, mut receiver)) = link(&pair.device, &pair.relay).await;
    let mut expected = Vec::new();
    for number in 0..4 {
        let frames = [large(FRAME_LEN_MAX - number), small(number as u8)];
        // More than the windows hold, and nobody reads.
        assert_eq!(give_up_at_once(sender.send(&frames)).await, None);
        expected.extend(frames);
    }
    let (finished, received) = tokio::join!(sender.finish(), async {
        let received = collect(&mut receiver, expected.len()).await;
        assert_eq!(soon(receiver.recv()).await, Ok(None));
        received
    });
    assert_eq!(finished, Ok(()));
    assert!(received == expected);
}

#[tokio::test]
async fn giving_up_on_receiving_loses_nothing() {
    let pair = pair().await;
    let ((mut sender, _), (_, mut receiver)) = link(&pair.device, &pair.relay).await;
    let mut received = Vec::new();
    let frames: Vec<_> = (0..20).map(|n| large(20_000 + n)).collect();
    let sending = async {
        for frame in &frames {
            sender.send(std::slice::from_ref(frame)).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    let receiving = async {
        while received.len() < frames.len() {
            match give_up_at_once(receiver.recv()).await {
                Some(more) => received.extend(more.unwrap().unwrap()),
                None => tokio::task::yield_now().await,
            }
        }
    };
    soon(async { tokio::join!(sending, receiving) }).await;
    assert!(received == frames);
}

#[tokio::test]
async fn a_sender_dropped_in_the_middle_of_a_frame_says_so() {
    let pair = pair().await;
    let ((mut sender, _), (_, mut receiver)) = link(&pair.device, &pair.relay).await;
    let frames = [large(FRAME_LEN_MAX), large(FRAME_LEN_MAX)];
    assert_eq!(give_up_at_once(sender.send(&frames)).await, None);
    drop(sender);
    let ended = async {
        loop {
            if let Err(error) = receiver.recv().await {
                return error;
            }
        }
    };
    assert_eq!(soon(ended).await, LinkError::Closed(Goodbye::Abandoned));
}

#[tokio::test]
async fn a_dropped_sender_delivers_what_it_was_given() {
    let pair = pair().await;
    let ((mut sender, _), (_, mut receiver)) = link(&pair.device, &pair.relay).await;
    sender.send(&[small(3)]).await.unwrap();
    drop(sender);
    assert_eq!(soon(receiver.recv()).await, Ok(Some(vec![small(3)])));
    assert_eq!(soon(receiver.recv()).await, Ok(None));
}

#[tokio::test]
async fn a_dropped_receiver_stops_the_sender() {
    let pair = pair().await;
    let ((mut sender, _), (_, receiver)) = link(&pair.device, &pair.relay).await;
    drop(receiver);
    let stopped = async {
        loop {
            if let Err(error) = sender.send(&[small(1)]).await {
                return error;
            }
            tokio::task::yield_now().await;
        }
    };
    assert_eq!(soon(stopped).await, LinkError::Closed(Goodbye::Done));
}

#[tokio::test]
async fn hanging_up_ends_both_ends_for_the_reason_given() {
    let Pair {
        device,
        relay,
        listener: _listener,
        endpoint: _endpoint,
    } = pair().await;
    let ((_s, mut ours), (_t, mut theirs)) = link(&device, &relay).await;
    relay.hang_up_because(Goodbye::Misbehaved);
    let closed = LinkError::Closed(Goodbye::Misbehaved);
    assert_eq!(soon(ours.recv()).await, Err(closed));
    assert_eq!(soon(device.closed()).await, closed);
    assert_eq!(device.open_link().await.err(), Some(closed));
    assert_eq!(soon(theirs.recv()).await, Err(LinkError::HungUp));
    assert!(relay.accept_link().await.is_none());
}

#[tokio::test]
async fn only_the_device_opens_links() {
    let pair = pair().await;
    // The device grants none, so this waits; it ends with the connection.
    let mut opening = Box::pin(pair.relay.open_link());
    assert!(give_up_at_once(opening.as_mut()).await.is_none());
    link(&pair.device, &pair.relay).await;
    pair.device.hang_up();
    assert_eq!(
        soon(opening).await.err(),
        Some(LinkError::Closed(Goodbye::Done))
    );
}

#[tokio::test]
async fn as_many_links_as_are_allowed_are_granted_to_who_opens_them_at_once() {
    let pair = pair().await;
    let most = Limits::default().links_per_connection_max;
    let mut open = Vec::new();
    for _ in 0..most {
        open.push(link(&pair.device, &pair.relay).await);
    }
    let mut opening = Box::pin(pair.device.open_link());
    assert!(give_up_at_once(opening.as_mut()).await.is_none());
    // quinn says so when more than an eighth has come free.
    open.truncate(open.len() / 2);
    assert!(soon(opening).await.is_ok());
}

#[tokio::test]
async fn a_thousand_links_come_and_go_and_leave_nothing() {
    const AT_ONCE: u32 = 20;
    let pair = pair_with(Limits {
        links_per_connection_max: AT_ONCE,
        ..Limits::default()
    })
    .await;
    let tasks = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    let before = tasks();
    for _ in 0..1000 / AT_ONCE {
        let mut ending = JoinSet::new();
        for _ in 0..AT_ONCE {
            let ((sender, mut receiver), (back, mut there)) = link(&pair.device, &pair.relay).await;
            ending.spawn(async move {
                sender.finish().await?;
                receiver.recv().await.map(|frames| assert_eq!(frames, None))
            });
            ending.spawn(async move {
                assert_eq!(there.recv().await, Ok(None));
                back.finish().await
            });
        }
        for ended in soon(ending.join_all()).await {
            assert_eq!(ended, Ok(()));
        }
        assert_eq!(tasks(), before);
    }
}
