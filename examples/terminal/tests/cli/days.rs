//! Rhythms, quiet times, recall, and what else one says by a command of its own.

use serde_json::Value;

use crate::run::{Couple, Home, text_of};

fn len(list: &Value) -> usize {
    list.as_array().map_or(0, Vec::len)
}

fn id(document: &Value) -> String {
    text_of(&document["id"])
}

#[test]
fn rhythms_and_quiet_times_are_said_shown_paused_and_ended() {
    let ana = Home::of("Ana");
    assert_eq!(len(&ana.json(&["rhythm"])["rhythms"]), 0);
    let walk = ["rhythm", "a walk", "--on", "monday,friday", "--at", "08:30"];
    ana.json(&walk);
    let shown = &ana.json(&["rhythm"])["rhythms"][0];
    assert_eq!(
        (&shown["intention"], &shown["at"]),
        (&"a walk".into(), &"08:30".into())
    );
    assert_eq!(shown["weekdays"], serde_json::json!(["monday", "friday"]));
    ana.json(&["pause"]);
    assert_eq!(ana.json(&["rhythm"])["rhythms"][0]["paused"], true);
    ana.json(&["resume"]);
    assert_eq!(ana.json(&["rhythm"])["rhythms"][0]["paused"], false);

    let first = ana.json(&["quiet", "22:00-07:30"]);
    // Another one comes beside it, in the same entry.
    assert_eq!(id(&ana.json(&["quiet", "00:00-00:00"])), id(&first));
    let quiet = ana.json(&["quiet"]);
    assert_eq!((len(&quiet["quiet"]), &quiet["now"]), (2, &true.into()));
    let silent = ana.json(&["notices", "--on"]);
    assert_eq!(
        (&silent["now"], &silent["next_ms"]),
        (&false.into(), &Value::Null)
    );
    ana.json(&["quiet", "--end", "00:00-00:00"]);
    assert_eq!(
        ana.json(&["quiet"])["quiet"],
        serde_json::json!(["22:00-07:30"])
    );
    assert!(ana.json(&["notices"])["next_ms"].is_i64());
    assert_eq!(ana.json(&["notices", "--off"])["wanted"], false);
    let german = ana.json(&["notices", "--locale", "de"]);
    assert_ne!(german["text"], ana.json(&["notices"])["text"]);

    for (command, part) in [
        (&["quiet", "22-7"][..], "22:00-07:30"),
        (
            &["quiet", "--end", "01:00-02:00"],
            "none of your quiet times",
        ),
        (&["rhythm", "a walk", "--at", "25:00"], "20:00"),
    ] {
        ana.run(command).fails(11, part);
    }
    for command in [
        &["rhythm"][..],
        &["quiet"],
        &["notices"],
        &["pause"],
        &["recall"],
    ] {
        ana.run(command).done();
    }
}

#[test]
fn what_goes_together_is_recalled_until_it_is_dismissed() {
    let ana = Home::of("Ana");
    // Noon of 1 August 2026, UTC.
    let clock = ["--clock", "1785585600"];
    let run = |command: &[&str]| ana.json(&[&clock[..], command].concat());
    for day in 10..16 {
        let date = format!("2026-07-{day}");
        let lake = [
            "write",
            "--date",
            &date,
            "--tag",
            "lake",
            "--tag",
            "slept well",
            "a",
        ];
        run(&lake);
        let date = format!("2026-06-{day}");
        run(&["write", "--date", &date, "--tag", "work", "b"]);
    }
    let recalled = run(&["recall"]);
    let one = &recalled["recalled"][0];
    assert_eq!(len(&recalled["recalled"]), 1);
    assert_eq!(
        (&one["on"], &one["also"]),
        (&"lake".into(), &"slept well".into())
    );
    run(&["recall", "--dismiss", &id(one)[..8]]);
    assert_eq!(len(&run(&["recall"])["recalled"]), 0);
    assert_eq!(run(&["recall", "--anew"]), recalled);
    ana.run(&["recall", "--dismiss", "abcd1234"])
        .fails(11, "recall");
}

#[test]
fn every_kind_is_reached_by_a_command() {
    let couple = Couple::paired();
    let (ana, ben) = (&couple.ana, &couple.ben);
    ana.json(&[
        "write",
        "--kind",
        "reflection",
        "--field",
        "prompt=guilt-1",
        "for me",
    ]);
    ana.json(&[
        "write",
        "--tag",
        "rain",
        "--tag",
        "roof",
        "rain on the roof",
    ]);
    let gratitude = [
        "write",
        "--kind",
        "gratitude",
        "--field",
        "toward=you",
        "the tea",
    ];
    ana.json(&gratitude);
    ana.json(&[
        "write",
        "--kind",
        "appreciation",
        "--field",
        "meant_to_me=much",
        "you rang",
    ]);
    let hands = [
        "write",
        "--kind",
        "micro_connection",
        "--field",
        "effort=tiny",
        "--field",
        "both=yes",
        "hands held",
    ];
    ana.json(&hands);
    ana.json(&["check-in", "--need", "dont_know"]);
    ana.json(&["capacity", "very_little"]);
    ana.json(&["bid", "quiet_company"]);
    ana.json(&["comfort", "time", "mornings", "ask_first"]);
    ana.json(&["boundary", "no shouting"]);
    let talk = id(&ana.json(&["conversation", "begin", "Sundays", "--share"]));
    let agreed = id(&ana.json(&[
        "agreement",
        "propose",
        "phones off",
        "--review",
        "2030-01-01",
    ]));
    ana.json(&["plan", "helps", "tea"]);
    ana.json(&["own-plan", "my_people", "Sam"]);
    let contact = [
        "contact", "Dr. Ito", "--role", "GP", "--how", "0800 1", "--hours", "9-17",
    ];
    ana.json(&contact);
    let card = ana.json(&["cards"])["cards"][0]["id"].clone();
    ana.json(&["cards", &text_of(&card), "--keep"]);
    ana.json(&["rhythm", "a walk"]);
    let consent = id(&ana.json(&["consent", "my plan", "--audience", "partner_and_care"]));
    ana.json(&["consent", "--revoke", &consent]);
    let offer = id(&ben.json(&["offer", "listening", "--share"]));
    let moment = id(&ben.json(&["write", "--share", "the lake"]));
    for home in [ana, ben, ana] {
        home.sync();
    }
    ana.json(&["answer", &offer, "yes", "--words", "please"]);
    // What one says later of an answer is said in it.
    ana.json(&["answer", &offer, "yes", "--too-much"]);
    ana.json(&["write", "--reply-to", &moment, "--gently", "i_hear_you"]);
    ana.sync();
    ben.sync();
    ben.json(&["agreement", "assent", &agreed]);
    ben.json(&["conversation", "say", &talk, "slow ones", "--need", "rest"]);
    ben.json(&["conversation", "pause", &talk]);
    ben.sync();
    ana.sync();
    assert_eq!(
        ana.json(&["agreement"])["agreements"][0]["state"],
        "in_force"
    );
    assert_eq!(ana.json(&["conversation", "show", &talk])["paused"], true);
    ben.json(&["conversation", "resume", &talk]);
    ana.json(&["agreement", "withdraw", &agreed]);
    for home in [ben, ana, ben] {
        home.sync();
    }
    assert_eq!(
        ben.json(&["agreement"])["agreements"][0]["state"],
        "withdrawn"
    );
    assert_eq!(ana.json(&["conversation", "show", &talk])["paused"], false);
    assert_eq!(len(&ana.json(&["contact"])["contacts"]), 1);

    let list = ana.json(&["list", "--limit", "1000"]);
    let entries = list["entries"].as_array().unwrap();
    for rules in sidelight::kinds::ALL {
        let kind = entries.iter().any(|entry| entry["kind"] == rules.name);
        assert!(kind, "no command writes a {}", rules.name);
    }
    // For people, too.
    for command in [
        &["agreement"][..],
        &["conversation", "show", &talk],
        &["contact"],
        &["own-plan"],
        &["today"],
    ] {
        let ran = ana.run(command);
        ran.done();
        assert!(!ran.out.trim().is_empty(), "{command:?}");
    }
    for (command, part) in [
        (&["write", "--field", "effort", "x"][..], "NAME=VALUE"),
        (
            &[
                "write",
                "--kind",
                "micro_connection",
                "--field",
                "both=maybe",
                "x",
            ],
            "yes or no",
        ),
        (
            &[
                "write",
                "--kind",
                "micro_connection",
                "--field",
                "effort=huge",
                "x",
            ],
            "cannot hold",
        ),
        (&["agreement", "assent", &moment], "no agreement"),
        (&["conversation", "show", &moment], "no conversation"),
    ] {
        ana.run(command).fails(11, part);
    }
}
