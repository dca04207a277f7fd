//! Entries of every kind, as lines of JSON with the names that exports have.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// The id that stands for that of an entry that is there already, which answers point at.
pub(super) const TARGET: &str = "@target";

/// Text that is easily changed on the way: composed and decomposed, with joiners, right to left,
/// a line of its own, an invisible mark at the end.
const TEXT: &str = "é e\u{301} 👩\u{200d}❤️\u{200d}👩 שלום \"\\/\r\n\ttab\u{2028}end\u{feff}";

/// One of each, by whoever `who` is. What may be shared is. A response to an offer of support is
/// not among them, because it answers another person's entry.
pub(super) fn of_every_kind(who: &str) -> Vec<Value> {
    let days = "2026-08-01+120/2026-08-31+120";
    let said = |what: &str| format!("{what}, says {who}; {TEXT}");
    let all = [
        ("reflection", said("one"), json!({ "prompt": "guilt.3" })),
        (
            "moment",
            said("two"),
            json!({ "media": ["a.jpg"], "tags": ["sea", "é"] }),
        ),
        ("gratitude", said("three"), json!({ "toward": TEXT })),
        (
            "appreciation",
            said("four"),
            json!({ "meant_to_me": "a lot" }),
        ),
        (
            "micro_connection",
            said("five"),
            json!({ "both": true, "effort": "tiny" }),
        ),
        (
            "check_in",
            said("six"),
            json!({
                "need": "quiet", "not_wanted": ["information", "touch"],
                "capacity": "very_little", "days": days,
            }),
        ),
        ("capacity", said("seven"), json!({ "capacity": "some" })),
        (
            "support_offer",
            said("eight"),
            json!({
                "offers": ["company", "listening"], "limits": ["until ten"],
                "days": days, "withdrawn": false,
            }),
        ),
        (
            "bid",
            said("ten"),
            json!({ "bid": "quiet_company", "effort": "small", "no_further": true, "days": days }),
        ),
        (
            "comfort_card",
            said("eleven"),
            json!({ "about": "touch", "comfort": "welcome", "days": days, "note": "at home" }),
        ),
        (
            "boundary",
            said("twelve"),
            json!({ "i_will": "leave the room", "state": "active", "review": "2026-08-30" }),
        ),
        (
            "conversation",
            said("thirteen"),
            json!({ "needs": ["rest"], "expectations": ["a call"] }),
        ),
        (
            "agreement",
            said("fourteen"),
            json!({ "review": "2026-09-01" }),
        ),
        (
            "low_day_plan",
            said("fifteen"),
            json!({ "helps": ["tea", "the dog"], "who_to_call": ["Jo"], "offered": ["helps"] }),
        ),
        (
            "own_support_plan",
            said("sixteen"),
            json!({ "my_people": ["Sam"], "rest": ["sleep", "the lake"] }),
        ),
        (
            "care_contact",
            said("seventeen"),
            json!({ "role": "GP", "name": "Dr. Ito", "how": "by phone", "share": true }),
        ),
        (
            "learning_card",
            said("eighteen"),
            json!({
                "card": "effort", "edition": 2, "reality": "closeness can overwhelm",
                "source": "a review", "reviewed_on": "2026-08-01",
            }),
        ),
        (
            "reply",
            said("nineteen"),
            json!({ "target": TARGET, "gently": "i_hear_you" }),
        ),
        (
            "rhythm",
            said("twenty"),
            json!({ "weekdays": ["friday", "monday"], "quiet": ["22:00-07:30"] }),
        ),
        (
            "consent",
            said("twenty-one"),
            json!({ "audience": "partner_and_care", "days": days }),
        ),
    ];
    all.into_iter()
        .map(|(kind, text, fields)| {
            let own = super::FOR_ONESELF.contains(&kind);
            json!({
                "kind": kind, "text": text, "fields": fields, "together": false,
                "space": if own { "private" } else { "shared" },
                "date": "2026-08-01", "offset_minutes": 120,
            })
        })
        .collect()
}

/// The kinds of these entries.
pub(super) fn kinds(who: &str) -> BTreeSet<String> {
    let entries = of_every_kind(who);
    let kinds = entries.iter().filter_map(|entry| entry["kind"].as_str());
    kinds.map(str::to_owned).collect()
}
