//! Two people, one relay: the whole story.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::Value;

use crate::run::{Couple, Relay, place_of_its_own, program, text_of};

#[test]
fn two_pair_share_and_change_what_they_keep_together() {
    let couple = Couple::comparing();
    let (ana, ben) = (&couple.ana, &couple.ben);

    let (of_ana, of_ben) = (ana.json(&["status"]), ben.json(&["status"]));
    let comparison = &of_ana["pairing"]["comparison"];
    assert_eq!(comparison, &of_ben["pairing"]["comparison"]);
    assert_eq!(comparison.as_array().unwrap().len(), 7);
    assert!(comparison[0]["name"].as_str().unwrap().len() > 1);
    assert_eq!(of_ana["pairing"]["stage"], "compare");
    assert!(of_ana["partner"].is_null());
    let words = ana.run(&["status"]).out;
    assert!(
        words.contains(comparison[6]["name"].as_str().unwrap()),
        "{words}"
    );

    // What was there before stays out of it.
    ana.write("before, for me alone");
    let confirmed = ana.json(&["confirm", "--yes"]);
    assert_eq!(confirmed["stage"], "waiting_for_confirmation");
    let confirmed = ben.json(&["confirm", "--yes"]);
    assert_eq!(confirmed["partner_name"], "Ana");
    ana.sync();
    ben.sync();
    assert_eq!(ana.json(&["status"])["partner"]["name"], "Ben");
    assert_eq!(ben.json(&["status"])["partner"]["name"], "Ana");
    assert_eq!(ben.json(&["status"])["pairing"]["stage"], "done");
    assert!(ben.texts().is_empty());

    let private = ana.write("a private one, shared afterwards");
    let copy = ana.json(&["share", &private[..8]]);
    assert_eq!(copy["shared"][0]["from"], *private);
    assert_ne!(copy["shared"][0]["id"], *private);
    let own = text_of(&ana.json(&["write", "--share", "my own"])["id"]);
    let both = text_of(&ana.json(&["write", "--share", "--together", "Sunday: "])["id"]);
    let sent = ana.sync();
    assert_eq!(
        (&sent["waiting"], &sent["up_to_date"]),
        (&0.into(), &true.into())
    );
    assert_eq!(ben.sync()["received"], 3);
    assert_eq!(
        ben.texts(),
        ["Sunday: ", "my own", "a private one, shared afterwards"]
    );

    // Only its writer changes an entry; what both keep, both change, even at the same time.
    ben.run(&["edit", &own, "--text", "yours"])
        .fails(11, "only the one who wrote");
    ana.json(&["edit", &both, "--text", "Our Sunday: "]);
    ben.json(&["edit", &both, "--text", "Sunday: pancakes"]);
    ana.sync();
    ben.sync();
    ana.sync();
    for home in [ana, ben] {
        assert_eq!(home.json(&["show", &both])["text"], "Our Sunday: pancakes");
    }
}

#[test]
fn offline_everything_is_kept_and_a_relay_that_died_is_found_again() {
    let couple = Couple::at(&place_of_its_own()).pair();
    let (ana, ben) = (&couple.ana, &couple.ben);
    let listen = couple.relay.listen.clone();
    couple.relay.kill();
    ana.json(&["write", "--share", "while the relay was dead"]);
    ana.run(&["sync", "--deadline", "1"])
        .fails(7, "try again later");
    assert_eq!(ana.json(&["status"])["waiting"], 1);
    assert_eq!(ana.texts(), ["while the relay was dead"]);

    let _relay = Relay::start(couple.relay_data.path(), &listen);
    assert_eq!(ana.sync()["sent"], 1);
    assert_eq!(ben.sync()["received"], 1);
    assert_eq!(ben.texts(), ["while the relay was dead"]);
}

#[test]
fn watch_tells_each_thing_on_a_line_of_json_while_others_write() {
    let couple = Couple::paired();
    let mut watch = program()
        .arg("--home")
        .arg(couple.ben.path())
        .args(["--json", "watch"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    let mut next = |event: &str| -> Value {
        loop {
            let line = lines.next().expect("watch goes on").unwrap();
            let told: Value = serde_json::from_str(&line).unwrap();
            if told["event"] == event {
                return told;
            }
        }
    };
    next("sync_changed");
    // Another process writes into the home that is watched, and the partner over the relay.
    couple.ben.write("beside the watch");
    couple.ana.json(&["write", "--share", "hello"]);
    couple.ana.sync();
    loop {
        let told = next("entry_changed");
        if told["entry"]["text"] == "hello" {
            assert_eq!(told["entry"]["author"], "Ana");
            break;
        }
    }
    watch.kill().unwrap();
    watch.wait().unwrap();
    assert_eq!(couple.ben.texts().len(), 2);
}

#[test]
fn invite_and_join_wait_for_each_other() {
    let couple = Couple::apart();
    let mut invite = program()
        .arg("--home")
        .arg(couple.ana.path())
        .args(["--json", "invite"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // The link is there while it still waits.
    let mut line = String::new();
    let mut stdout = BufReader::new(invite.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    let invited: Value = serde_json::from_str(&line).unwrap();
    let link = text_of(&invited["link"]);
    assert!(invited["expires_ms"].as_i64().unwrap() > 0);

    let joined = couple
        .ben
        .run_with(&["--json", "join", "-"], format!("{link}\n").as_bytes());
    let joined = joined.json();
    assert_eq!(joined["stage"], "compare");
    assert_eq!(joined["partner_name"], "Ana");
    assert!(invite.wait().unwrap().success());
    let of_ana = couple.ana.json(&["status"]);
    assert_eq!(of_ana["pairing"]["comparison"], joined["comparison"]);
}
