//! What couples say to each other, and what they see of it today.

use crate::run::{Couple, Home};

#[test]
fn what_one_says_the_other_sees_today_until_it_is_taken_back() {
    let couple = Couple::paired();
    let (ana, ben) = (&couple.ana, &couple.ben);
    // Two days, so that no midnight falls into the test.
    let need = [
        "need",
        "quiet",
        "--share",
        "--days",
        "2",
        "--words",
        "no need to talk",
    ];
    ana.json(&need);
    let offer = ben.json(&[
        "offer",
        "listening",
        "--share",
        "--days",
        "2",
        "--limit",
        "until ten",
    ]);
    let bid = ben.json(&[
        "bid",
        "quiet_company",
        "--share",
        "--days",
        "2",
        "--effort",
        "tiny",
    ]);
    let card = ["comfort", "touch", "hugs", "welcome", "--share"];
    let hugs = ana.json(&card);
    let line = ana.json(&[
        "boundary",
        "no shouting",
        "--share",
        "--i-will",
        "leave the room",
    ]);
    ana.json(&["comfort", "topic", "work", "not_now"]);
    ana.json(&["plan", "helps", "a walk"]);
    let both_sync = || {
        ana.sync();
        ben.sync();
        ana.sync();
    };
    both_sync();

    let seen = ben.json(&["today"]);
    assert_eq!(seen["partner"]["need"], "quiet");
    assert_eq!(seen["partner"]["words"], "no need to talk");
    assert_eq!(seen["comfort"].as_array().map(Vec::len), Some(1));
    assert_eq!(seen["comfort"][0]["comfort"], "welcome");
    assert_eq!(seen["boundaries"][0]["i_will"], "leave the room");
    assert_eq!(seen["plans"].as_array().map(Vec::len), Some(0));
    let seen = ana.json(&["today"]);
    assert_eq!(seen["own"]["need"], "quiet");
    assert_eq!(seen["offers"][0]["limits"][0], "until ten");
    assert_eq!(seen["bids"][0]["bid"], "quiet_company");
    assert_eq!(seen["plans"][0]["fields"][0]["value"][0], "a walk");

    // The card says something else: it is the same card.
    let again = ana.json(&["comfort", "touch", "hugs", "not_now", "--share"]);
    assert_eq!(again["id"], hugs["id"]);
    let id = |document: &serde_json::Value| document["id"].as_str().unwrap().to_owned();
    ana.json(&["boundary", "--lift", &id(&line)]);
    ben.json(&["offer", "--withdraw", &id(&offer)]);
    ben.json(&["bid", "--withdraw", &id(&bid)]);
    both_sync();
    let seen = ben.json(&["today"]);
    assert_eq!(seen["comfort"][0]["comfort"], "not_now");
    assert_eq!(seen["boundaries"].as_array().map(Vec::len), Some(0));
    let seen = ana.json(&["today"]);
    assert_eq!(seen["offers"].as_array().map(Vec::len), Some(0));
    assert_eq!(seen["bids"].as_array().map(Vec::len), Some(0));
    // Nobody else lifts a line, and reading leaves nothing to send.
    ben.run(&["boundary", "--lift", &id(&line)])
        .fails(11, "only the one who wrote");
    assert_eq!(ben.json(&["status"])["waiting"], 0);
}

/// Whoever does not remember the words is shown them, and has said nothing by asking.
#[test]
fn without_a_word_the_words_are_shown_and_nothing_is_written() {
    let ana = Home::of("Ana");
    for (command, word) in [
        ("check-in", "very_little"),
        ("need", "dont_know"),
        ("offer", "listening"),
        ("bid", "quiet_company"),
        ("comfort", "ask_first"),
        ("capacity", "very_little"),
        ("answer", "not_now"),
        ("consent", "partner_and_care"),
        ("hold", "--for"),
    ] {
        let ran = ana.run(&[command]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
        assert!(ran.err.contains(word), "{ran:?}");
    }
    assert!(ana.texts().is_empty());
    // To be there without words is something to share, when it is meant.
    ana.json(&["check-in", "--words", "here"]);
    assert_eq!(ana.texts(), ["here"]);
}

/// For people: what is chosen from lists is read as language, on the page of a day, in a list and
/// by itself.
#[test]
fn what_was_said_is_shown_in_words() {
    let ana = Home::of("Ana");
    let id = |document: &serde_json::Value| document["id"].as_str().unwrap().to_owned();
    let need = ["need", "practical_help", "--days", "2"];
    ana.json(&need);
    let hugs = id(&ana.json(&["comfort", "touch", "hugs", "ask_first"]));
    let line = id(&ana.json(&["boundary", "no shouting", "--i-will", "leave"]));
    let says = |command: &[&str], parts: &[&str]| {
        let ran = ana.run(command);
        ran.done();
        for part in parts {
            assert!(ran.out.contains(part), "«{part}» is not in {ran:?}");
        }
        assert!(!ran.out.contains('_'), "{ran:?}");
    };
    says(
        &["today"],
        &[
            "need: practical help",
            "hugs – ask first",
            "you will: leave",
        ],
    );
    says(
        &["list"],
        &[
            "check-in: practical help",
            "comfort card: hugs",
            "boundary: no shouting",
        ],
    );
    says(
        &["show", &hugs],
        &["\nhugs\n", "comfort: ask first\n", "sidelight today"],
    );
    says(
        &["show", &line],
        &["what I will do: leave\n", "state: stands"],
    );
}

#[test]
fn a_thought_for_oneself_is_never_shared() {
    let couple = Couple::paired();
    let ana = &couple.ana;
    let kept = ana.json(&["write", "--kind", "reflection", "for me"]);
    let id = kept["id"].as_str().unwrap();
    ana.run(&["share", id]).fails(11, "for you alone");
    ana.run(&["write", "--share", "--kind", "reflection", "for me"])
        .fails(11, "for you alone");
}
