//! Relays that are not as they should be.

use crate::run::{Couple, Home, Relay, place_of_its_own, run};

#[test]
fn an_address_that_is_none_is_told_when_it_is_typed() {
    let home = Home::empty();
    for (address, part) in [
        ("relay.example:4433", "sidelight://"),
        ("relay.example", "sidelight://"),
        (
            "sidelight://relay.example:4433/relay#short",
            "copy the whole link",
        ),
    ] {
        home.run(&["init", "--name", "Ana", "--relay", address])
            .fails(11, part);
    }
    assert_eq!(
        home.json(&["init", "--name", "Ana"])["relay"],
        serde_json::Value::Null
    );
    home.run(&["use-relay", "nonsense"])
        .fails(11, "sidelight://");
}

#[test]
fn another_relay_in_the_place_of_the_one_that_was_named_is_refused() {
    let couple = Couple::at(&place_of_its_own());
    let listen = couple.relay.listen.clone();
    couple.ana.sync();
    couple.relay.kill();
    // The same port, another key: whoever took the place over.
    let data = tempfile::tempdir().unwrap();
    let other = Relay::start(data.path(), &listen);
    couple.ana.write("kept");
    couple
        .ana
        .run(&["sync", "--deadline", "300"])
        .fails(8, "not the relay");
    drop(other);
    let _relay = Relay::start(couple.relay_data.path(), &listen);
    assert_eq!(couple.ana.sync()["waiting"], 0);
    assert_eq!(couple.ana.texts(), ["kept"]);
}

#[test]
fn a_relay_can_be_named_later_and_another_one_is_moved_to() {
    let data = tempfile::tempdir().unwrap();
    let relay = Relay::start(data.path(), "127.0.0.1:0");
    let ana = Home::of("Ana");
    ana.write("from before");
    ana.json(&["use-relay", &relay.address]);
    assert_eq!(ana.json(&["status"])["relay"], *relay.address);
    assert_eq!(ana.sync()["waiting"], 0);
    let elsewhere = tempfile::tempdir().unwrap();
    let other = Relay::start(elsewhere.path(), "127.0.0.1:0");
    ana.run(&["use-relay", &other.address])
        .fails(11, "another relay");
}

#[test]
fn both_move_to_another_relay_by_one_call_of_one_of_them() {
    let couple = Couple::paired();
    couple.ana.write("from before");
    couple.ana.sync();
    let data = tempfile::tempdir().unwrap();
    let relay = Relay::start(data.path(), "127.0.0.1:0");
    couple.ana.run(&["move-relay", &relay.address]).done();
    assert_eq!(couple.ana.sync()["waiting"], 0);
    let status = couple.ana.json(&["status"]);
    assert_eq!(status["relay"], *relay.address);
    assert_eq!(status["moving"], 0);
    couple.ben.sync();
    let status = couple.ben.json(&["status"]);
    assert_eq!(status["shared_relay"], *relay.address);
    assert_eq!(status["moving"], 0);
    assert_eq!(status["warnings"][0]["kind"], "moved");
    couple
        .ana
        .run(&["move-relay", &relay.address])
        .fails(11, "already");
}

#[test]
fn a_second_relay_on_the_same_port_or_data_says_so() {
    let data = tempfile::tempdir().unwrap();
    let relay = Relay::start(data.path(), "127.0.0.1:0");
    let elsewhere = tempfile::tempdir().unwrap();
    let taken = [
        "relay",
        "--listen",
        &relay.listen,
        "--data",
        elsewhere.path().to_str().unwrap(),
    ];
    run(&taken, b"").fails(33, "in use");
    let same = [
        "relay",
        "--listen",
        "127.0.0.1:0",
        "--data",
        data.path().to_str().unwrap(),
    ];
    run(&same, b"").fails(36, "another relay");
}
