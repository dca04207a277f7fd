//! Two weeks of one couple, each step a process of its own, by a clock that is set. Ana lives
//! with depression, Ben beside her. After every step stands what the partner's device shows, and
//! it shows nothing else: no pause, no lapse, no day without a word.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::run::{Couple, Home, run, text_of};

const DAY: i64 = 24 * 3600;

/// The couple, and the midnight (UTC) with which the first day begins: some days from now, so
/// that nothing of the pairing is younger.
struct Fortnight {
    couple: Couple,
    begin: i64,
    /// The moment that both devices show.
    now: i64,
}

impl Fortnight {
    fn begin() -> Self {
        let couple = Couple::paired();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let today = i64::try_from(now.as_secs()).unwrap() / DAY;
        let begin = (today + 2) * DAY;
        Self {
            couple,
            begin,
            now: begin,
        }
    }

    /// It is so late on this day, the first being 0.
    fn clock(&mut self, day: i64, hour: i64) {
        let now = self.begin + day * DAY + hour * 3600;
        assert!(now >= self.now, "days follow one another");
        self.now = now;
    }

    fn run(&self, home: &Home, command: &[&str]) -> Value {
        let now = self.now.to_string();
        let mut all = vec!["--clock", &now];
        all.extend(command);
        home.json(&all)
    }

    fn ana(&self, command: &[&str]) -> Value {
        self.run(&self.couple.ana, command)
    }

    fn ben(&self, command: &[&str]) -> Value {
        self.run(&self.couple.ben, command)
    }

    /// Everything is sent and received on both sides. How much each side received.
    fn meet(&self) -> (Value, Value) {
        let first = self.ana(&["sync"]);
        let ben = self.ben(&["sync"]);
        let ana = self.ana(&["sync"]);
        assert_eq!(first["up_to_date"], true);
        (ana["received"].clone(), ben["received"].clone())
    }

    /// What Ben's device shows of Ana.
    fn ben_sees(&self) -> Vec<String> {
        seen(
            &self.ben(&["today"]),
            &self.ben(&["list", "--limit", "1000"]),
        )
    }

    /// What Ana's device shows of Ben.
    fn ana_sees(&self) -> Vec<String> {
        seen(
            &self.ana(&["today"]),
            &self.ana(&["list", "--limit", "1000"]),
        )
    }
}

/// What a device shows of the other person: what matters now, then their entries, the oldest
/// first.
fn seen(today: &Value, list: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    let theirs = |list: &Value| -> Vec<Value> {
        let all = list.as_array().unwrap().iter();
        all.filter(|one| one["mine"] != true).cloned().collect()
    };
    if let Some(need) = today["partner"].as_object() {
        let parts = ["need", "not_wanted", "capacity", "words"];
        let said = parts.map(|part| need[part].to_string());
        lines.push(format!("needs {}", said.join(" ")));
    }
    for offer in today["offers"].as_array().unwrap() {
        lines.push(format!(
            "offers {} within {}",
            offer["offers"], offer["limits"]
        ));
    }
    for bid in theirs(&today["bids"]) {
        lines.push(format!("asks {}", text_of(&bid["bid"])));
    }
    for card in theirs(&today["comfort"]) {
        let (subject, comfort) = (text_of(&card["subject"]), text_of(&card["comfort"]));
        lines.push(format!("{subject}: {comfort}"));
    }
    for line in theirs(&today["boundaries"]) {
        lines.push(format!("line: {}", text_of(&line["statement"])));
    }
    for entry in theirs(&list["entries"]).iter().rev() {
        let (kind, text) = (text_of(&entry["kind"]), text_of(&entry["text"]));
        lines.push(format!("{kind} «{text}»"));
    }
    lines
}

fn id(document: &Value) -> String {
    text_of(&document["id"])
}

/// The files below a folder. What SQLite keeps for whoever has it open is no file of the journal.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if !path.to_string_lossy().ends_with("-shm") {
            let bytes = fs::read(&path).unwrap();
            found.insert(path, bytes);
        }
    }
    // A log that was begun and holds nothing is as good as none.
    found.retain(|path, bytes| !(bytes.is_empty() && path.to_string_lossy().ends_with("-wal")));
    found
}

/// Adds to what was there.
fn and(lines: &[&str], before: &[String]) -> Vec<String> {
    let mut all = before.to_vec();
    all.extend(lines.iter().map(|line| (*line).to_owned()));
    all
}

#[test]
fn a_fortnight_of_one_couple() {
    let mut days = Fortnight::begin();
    let nothing: Vec<String> = Vec::new();

    // A good day. Ana prepares for others: all of it hers alone. Ben keeps what holds him up.
    days.clock(0, 10);
    days.ana(&["plan", "helps", "a walk by the river"]);
    days.ana(&["plan", "who_to_call", "Jo, any time"]);
    let rhythm = [
        "rhythm",
        "one line in the evening",
        "--on",
        "monday,tuesday,wednesday,thursday,friday,saturday,sunday",
        "--at",
        "20:00",
    ];
    days.ana(&rhythm);
    days.ana(&["quiet", "22:00-07:00"]);
    days.ana(&["notices", "--on"]);
    days.ben(&["own-plan", "rest", "the lake, alone"]);
    days.ben(&["contact", "Dr. Ito", "--role", "my own therapist"]);
    assert_eq!(days.meet(), (0.into(), 0.into()));
    assert_eq!(
        (days.ben_sees(), days.ana_sees()),
        (nothing.clone(), nothing.clone())
    );
    let told = days.ana(&["notices"]);
    assert_eq!(
        (&told["wanted"], &told["now"]),
        (&true.into(), &true.into())
    );
    assert_eq!(told["reminder_ms"], (days.begin + 20 * 3600) * 1000);
    assert_eq!(
        days.ben(&["notices"])["wanted"],
        false,
        "off until he wants it"
    );

    // What she gives on good days.
    days.clock(1, 10);
    days.ana(&[
        "write",
        "--share",
        "--kind",
        "gratitude",
        "the tea you made",
    ]);
    days.ana(&[
        "comfort", "touch", "hugs", "welcome", "--share", "--days", "7",
    ]);
    let line = id(&days.ana(&["boundary", "no plans before coffee", "--share"]));
    days.meet();
    let kept = and(
        &[
            "gratitude «the tea you made»",
            "comfort_card «hugs»",
            "boundary «no plans before coffee»",
        ],
        &[],
    );
    let with = |now: &[&str], kept: &[String]| [and(now, &[]), kept.to_vec()].concat();
    assert_eq!(
        days.ben_sees(),
        with(&["hugs: welcome", "line: no plans before coffee"], &kept)
    );

    // Ben offers, and asks for something that holds for this day.
    days.clock(2, 10);
    let offer = [
        "offer",
        "listening",
        "--share",
        "--days",
        "7",
        "--limit",
        "until ten",
    ];
    let offer = id(&days.ben(&offer));
    let bid = id(&days.ben(&["bid", "walk", "--share", "--effort", "small"]));
    days.meet();
    let bens = and(&["support_offer «»", "bid «»"], &[]);
    let offers = "offers [\"listening\"] within [\"until ten\"]";
    assert_eq!(days.ana_sees(), with(&[offers, "asks walk"], &bens));
    let asked = days.ben(&["show", &bid]);

    // A bad day. The invitation is over: nobody answered, and nowhere is that written.
    days.clock(3, 9);
    assert_eq!(days.ana_sees(), with(&[offers], &bens));
    assert_eq!(
        days.ben(&["today"])["bids"].as_array().map(Vec::len),
        Some(0)
    );
    assert_eq!(days.ben(&["show", &bid]), asked);
    assert_eq!(days.ben(&["status"])["waiting"], 0);
    assert_eq!(days.meet(), (0.into(), 0.into()));
    // She needs to be alone, draws her lines closer, and pauses what she meant to do.
    let need = [
        "check-in",
        "--need",
        "space",
        "--not-wanted",
        "touch",
        "--capacity",
        "very_little",
        "--share",
        "--words",
        "it is not you",
    ];
    days.ana(&need);
    days.ana(&["comfort", "touch", "hugs", "not_now", "--share"]);
    let closer = id(&days.ana(&["boundary", "no plans before noon", "--share"]));
    days.ana(&["boundary", "--lift", &line]);
    days.ana(&["pause"]);
    days.meet();
    let kept = and(
        &[
            "check_in «it is not you»",
            "boundary «no plans before noon»",
        ],
        &kept,
    );
    let needs = "needs \"space\" [\"touch\"] \"very_little\" \"it is not you\"";
    let lines = ["hugs: not_now", "line: no plans before noon"];
    assert_eq!(days.ben_sees(), with(&[needs, lines[0], lines[1]], &kept));
    assert_eq!(
        days.ana(&["notices"])["reminder_ms"],
        Value::Null,
        "she paused"
    );

    // That night she opens her plan, and the list of whom to call. Neither is written down
    // anywhere, and nothing of it leaves.
    days.clock(4, 3);
    assert_eq!(days.ana(&["notices"])["now"], false, "it is quiet at night");
    days.meet();
    let before = (
        files(&days.couple.ana.path()),
        files(days.couple.relay_data.path()),
    );
    let plan = days.ana(&["plan"]);
    assert!(plan.to_string().contains("a walk by the river"), "{plan}");
    assert!(plan.to_string().contains("Jo, any time"), "{plan}");
    let help = run(&["help-now", "--region", "NZ"], b"");
    assert!(help.code == 0 && help.out.contains("1737"), "{help:?}");
    let after = (
        files(&days.couple.ana.path()),
        files(days.couple.relay_data.path()),
    );
    assert!(
        before.0 == after.0,
        "opening a plan left something on her device"
    );
    assert!(
        before.1 == after.1,
        "opening a plan left something at the relay"
    );
    assert_eq!(days.ana(&["status"])["waiting"], 0);
    assert_eq!(days.meet(), (0.into(), 0.into()));
    assert_eq!(
        days.ben_sees(),
        with(&lines, &kept),
        "and the need was for its day"
    );

    // A day without a word. Ben looks, more than once; hers shows nothing of that, nor his of hers.
    days.clock(4, 20);
    for _ in 0..3 {
        assert_eq!(days.meet(), (0.into(), 0.into()));
        assert_eq!(days.ben_sees(), with(&lines, &kept));
        assert_eq!(days.ana_sees(), with(&[offers], &bens));
    }
    // What he feels about it is his; what he wants to say to her is one sentence.
    days.ben(&["write", "--kind", "reflection", "I am so tired of waiting"]);
    let noticed = [
        "write",
        "--share",
        "--kind",
        "appreciation",
        "you told me it is not me",
    ];
    let noticed = id(&days.ben(&noticed));
    days.meet();
    let bens = and(&["appreciation «you told me it is not me»"], &bens);
    assert_eq!(days.ana_sees(), with(&[offers], &bens));

    // She answers without words, and takes the offer up.
    days.clock(5, 18);
    days.ana(&[
        "write",
        "--share",
        "--reply-to",
        &noticed,
        "--gently",
        "i_am_here",
    ]);
    days.ana(&["answer", &offer, "yes", "--helped"]);
    days.meet();
    let kept = and(&["reply «»", "support_response «»"], &kept);
    assert_eq!(days.ben_sees(), with(&lines, &kept));
    let thread = days.ben(&["show", &offer]);
    assert_eq!(thread["replies"].as_array().map(Vec::len), Some(1));

    // She holds something and thinks better of it: nobody learns that there was anything.
    days.clock(6, 12);
    let held = days.couple.ana.write("I nearly said this");
    let at_relay = files(days.couple.relay_data.path());
    days.ana(&["hold", &held, "--for", "60"]);
    assert_eq!(days.ana(&["retract", &held])["retracted"], "held");
    days.clock(6, 14);
    assert!(at_relay == files(days.couple.relay_data.path()));
    days.meet();
    assert_eq!(days.ben_sees(), with(&lines, &kept));
    // She shares something, he reads it, and she takes it back: a marker stays, and no word.
    let said = id(&days.ana(&["write", "--share", "I cannot do this any more"]));
    days.meet();
    let with_it = and(&["moment «I cannot do this any more»"], &kept);
    assert_eq!(days.ben_sees(), with(&lines, &with_it));
    assert_eq!(days.ana(&["retract", &said])["retracted"], "everywhere");
    days.meet();
    let kept = and(&["taken_back «»"], &kept);
    assert_eq!(days.ben_sees(), with(&lines, &kept));
    let ben = days.ben(&["search", "cannot"]);
    assert_eq!(ben["entries"].as_array().map(Vec::len), Some(0));

    // Of a draft of hers the words go along, and neither its tags nor its day.
    days.clock(7, 11);
    let draft = [
        "write",
        "--tag",
        "therapy",
        "--date",
        "2020-02-02",
        "we danced once",
    ];
    let draft = id(&days.ana(&draft));
    days.ana(&["share", &draft, "--fields", "text"]);
    days.meet();
    let kept = and(&["moment «we danced once»"], &kept);
    assert_eq!(days.ben_sees(), with(&lines, &kept));
    let list = days.ben(&["list", "--author", "partner"]);
    let shared = &list["entries"][0];
    assert_eq!(shared["text"], "we danced once");
    assert_eq!(shared["fields"].as_array().map(Vec::len), Some(0));
    assert_ne!(shared["date"], "2020-02-02");
    assert_ne!(id(shared), draft);

    // They agree on something, and one letter is no longer what they agreed on.
    days.clock(9, 19);
    let agreed = id(&days.ben(&["agreement", "propose", "phones off at nine"]));
    days.meet();
    days.ana(&["agreement", "assent", &agreed]);
    days.meet();
    let state = |days: &Fortnight| {
        let both = [days.ana(&["agreement"]), days.ben(&["agreement"])];
        both.map(|one| text_of(&one["agreements"][0]["state"]))
    };
    assert_eq!(state(&days), ["in_force", "in_force"]);
    days.ben(&["edit", &agreed, "--text", "phones off at ten"]);
    days.meet();
    assert_eq!(state(&days), ["open", "open"]);
    let kept = and(&["agreement «»"], &kept);
    // The offer was for a week.
    let bens = and(&["agreement «phones off at ten»"], &bens);
    assert_eq!(
        (days.ben_sees(), days.ana_sees()),
        (with(&lines, &kept), bens.clone())
    );

    // A better day. She relaxes what she had drawn closer, and goes on where she likes.
    days.clock(11, 10);
    days.ana(&[
        "comfort", "touch", "hugs", "welcome", "--share", "--days", "2",
    ]);
    days.ana(&["boundary", "--lift", &closer]);
    days.ana(&["resume"]);
    days.meet();
    assert_eq!(days.ben_sees(), with(&["hugs: welcome"], &kept));
    let resumed = days.ana(&["notices"]);
    assert_eq!(
        resumed["reminder_ms"],
        (days.begin + 11 * DAY + 20 * 3600) * 1000
    );

    // Of her plan she shares the one section that she chose.
    days.clock(12, 16);
    days.ana(&["plan", "--offer", "helps"]);
    let plan = id(&days.ana(&["plan"])[0]);
    days.ana(&["share", &plan]);
    days.meet();
    // It is about the day on which she wrote it, like everything that is shared whole.
    let kept = [and(&["low_day_plan «»"], &[]), kept].concat();
    assert_eq!(days.ben_sees(), with(&["hugs: welcome"], &kept));
    let shown = days.ben(&["list", "--author", "partner", "--kind", "low_day_plan"]);
    let fields = shown["entries"][0]["fields"].to_string();
    assert!(
        fields.contains("a walk by the river") && !fields.contains("Jo"),
        "{fields}"
    );

    // What was welcome for two days is asked for again. They talk, and she asks for a pause.
    days.clock(13, 10);
    let talk = id(&days.ben(&[
        "conversation",
        "begin",
        "Sundays",
        "--need",
        "rest",
        "--share",
    ]));
    days.meet();
    days.ana(&["conversation", "say", &talk, "slow ones"]);
    days.ana(&["conversation", "pause", &talk]);
    days.meet();
    let kept = and(&["conversation «slow ones»"], &kept);
    assert_eq!(days.ben_sees(), with(&["hugs: ask_first"], &kept));
    for home in [&days.couple.ana, &days.couple.ben] {
        assert_eq!(
            days.run(home, &["conversation", "show", &talk])["paused"],
            true
        );
    }
    assert_eq!(days.ana_sees(), and(&["conversation «Sundays»"], &bens));

    // What either kept to themselves never came near the other's device.
    for (home, alone) in [
        (
            &days.couple.ben,
            &[
                "Jo, any time",
                "one line in the evening",
                "nearly said",
                "therapy",
                "22:00-07:00",
            ][..],
        ),
        (
            &days.couple.ana,
            &["tired of waiting", "the lake, alone", "Dr. Ito"][..],
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().to_str().unwrap();
        let exported = days.run(home, &["export", "--private", folder]);
        let exported = fs::read_to_string(text_of(&exported["path"])).unwrap();
        assert!(exported.contains("the tea you made"));
        for words in alone {
            assert!(!exported.contains(words), "{words}");
        }
    }
}
