//! Entries of every kind, as lines of JSON with the names that exports have.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// Text that is easily changed on the way: composed and decomposed, with joiners, right to left,
/// a line of its own, an invisible mark at the end.
const TEXT: &str = "é e\u{301} 👩\u{200d}❤️\u{200d}👩 שלום \"\\/\r\n\ttab\u{2028}end\u{feff}";

/// The kind that answers another person's entry, and is written once that has come.
pub(super) const RESPONSE: &str = "support_response";

/// One of each but for a [`response`], by whoever `who` is; answers point at `target`. What may be
/// shared is.
pub(super) fn of_every_kind(who: &str, target: &str) -> Vec<Value> {
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
            json!({ "target": target, "gently": "i_hear_you" }),
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
    all.into_iter().map(entry).collect()
}

/// What `who` answers to another person's `offer` of support.
pub(super) fn response(who: &str, offer: &str) -> Value {
    let fields = json!({ "target": offer, "answer": "yes", "helped": true, "too_much": false });
    entry((RESPONSE, format!("nine, says {who}; {TEXT}"), fields))
}

fn entry((kind, text, fields): (&str, String, Value)) -> Value {
    let own = super::FOR_ONESELF.contains(&kind);
    json!({
        "kind": kind, "text": text, "fields": fields, "together": false,
        "space": if own { "private" } else { "shared" },
        "date": "2026-08-01", "offset_minutes": 120,
    })
}

/// All kinds.
pub(super) fn kinds() -> BTreeSet<String> {
    let mut entries = of_every_kind("nobody", "");
    entries.push(response("nobody", ""));
    let kinds = entries.iter().filter_map(|entry| entry["kind"].as_str());
    kinds.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    /// A kind that the library learns is in the story, or this fails.
    #[test]
    fn every_kind_of_the_library_is_written() {
        let table = include_str!("../../../crates/journal/src/kinds/table.rs");
        let names = table.lines().filter_map(|line| {
            let name = line.strip_prefix("        name: \"")?;
            name.strip_suffix("\",").map(str::to_owned)
        });
        assert_eq!(super::kinds(), names.collect());
        assert_eq!(super::kinds().len(), 21);
    }
}
