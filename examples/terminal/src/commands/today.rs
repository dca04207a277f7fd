//! What matters now.

use std::fmt::Write;

use serde::Serialize;
use sidelight::{Entry, FieldValue, NeedNow, Today};

use super::write::short;
use crate::failure::Failure;
use crate::home::Home;
use crate::labels::Labels;
use crate::output::Output;
use crate::records::EntryRecord;
use crate::screen::Line;

#[derive(Serialize)]
struct TodayRecord<'a> {
    partner: Option<NeedRecord<'a>>,
    own: Option<NeedRecord<'a>>,
    offers: Vec<OfferRecord<'a>>,
    bids: Vec<BidRecord<'a>>,
    comfort: Vec<ComfortRecord<'a>>,
    boundaries: Vec<BoundaryRecord<'a>>,
    plans: Vec<EntryRecord<'a>>,
    quiet: bool,
}

#[derive(Serialize)]
struct NeedRecord<'a> {
    id: &'a str,
    need: Option<&'a str>,
    not_wanted: &'a [String],
    capacity: Option<&'a str>,
    words: Option<&'a str>,
}

#[derive(Serialize)]
struct OfferRecord<'a> {
    id: &'a str,
    offers: &'a [String],
    limits: &'a [String],
    words: Option<&'a str>,
}

#[derive(Serialize)]
struct BidRecord<'a> {
    id: &'a str,
    mine: bool,
    bid: &'a str,
    effort: Option<&'a str>,
    no_further: bool,
    words: Option<&'a str>,
}

#[derive(Serialize)]
struct ComfortRecord<'a> {
    id: &'a str,
    mine: bool,
    shared: bool,
    about: &'a str,
    subject: &'a str,
    comfort: &'a str,
    note: Option<&'a str>,
}

#[derive(Serialize)]
struct BoundaryRecord<'a> {
    id: &'a str,
    mine: bool,
    shared: bool,
    statement: &'a str,
    i_will: Option<&'a str>,
}

/// `sidelight today`.
pub(crate) async fn today(home: &Home, output: Output) -> Result<(), Failure> {
    let today = home.read().await?.today().await?;
    output.result(&record(&today), || words(&today))
}

/// `sidelight plan`, to read it.
pub(super) async fn plan(home: &Home, output: Output) -> Result<(), Failure> {
    let plans = home.read().await?.today().await?.plans;
    let records: Vec<_> = plans.iter().map(EntryRecord::from).collect();
    output.result(&records, || {
        let mut words = String::new();
        plans.iter().for_each(|plan| write_plan(&mut words, plan));
        if words.is_empty() {
            words.push_str("No plan yet. On a better day: sidelight plan helps 'a walk'");
        }
        words.trim_end().to_owned()
    })
}

fn record(today: &Today) -> TodayRecord<'_> {
    TodayRecord {
        partner: today.partner.as_ref().map(need),
        own: today.own.as_ref().map(need),
        offers: today
            .offers
            .iter()
            .map(|offer| OfferRecord {
                id: &offer.id,
                offers: &offer.offers,
                limits: &offer.limits,
                words: offer.words.as_deref(),
            })
            .collect(),
        bids: today
            .bids
            .iter()
            .map(|bid| BidRecord {
                id: &bid.id,
                mine: bid.mine,
                bid: &bid.bid,
                effort: bid.effort.as_deref(),
                no_further: bid.no_further,
                words: bid.words.as_deref(),
            })
            .collect(),
        comfort: today
            .comfort
            .iter()
            .map(|card| ComfortRecord {
                id: &card.id,
                mine: card.mine,
                shared: card.shared,
                about: &card.about,
                subject: &card.subject,
                comfort: &card.comfort,
                note: card.note.as_deref(),
            })
            .collect(),
        boundaries: today
            .boundaries
            .iter()
            .map(|boundary| BoundaryRecord {
                id: &boundary.id,
                mine: boundary.mine,
                shared: boundary.shared,
                statement: &boundary.statement,
                i_will: boundary.i_will.as_deref(),
            })
            .collect(),
        plans: today.plans.iter().map(EntryRecord::from).collect(),
        quiet: today.quiet,
    }
}

fn need(need: &NeedNow) -> NeedRecord<'_> {
    NeedRecord {
        id: &need.id,
        need: need.need.as_deref(),
        not_wanted: &need.not_wanted,
        capacity: need.capacity.as_deref(),
        words: need.words.as_deref(),
    }
}

fn words(today: &Today) -> String {
    let (mut words, labels) = (String::new(), Labels::new());
    let out = &mut words;
    // Writing to a string does not fail.
    if let Some(need) = &today.partner {
        let _ = writeln!(out, "Your partner: {}", need_words(need, &labels));
    }
    if let Some(need) = &today.own {
        let _ = writeln!(out, "You: {}", need_words(need, &labels));
    }
    for offer in &today.offers {
        let _ = writeln!(
            out,
            "{}  they offer {}",
            short(&offer.id),
            labels.choices("offers", &offer.offers)
        );
        under(out, "", offer.words.as_deref());
        for limit in &offer.limits {
            under(out, "within: ", Some(limit));
        }
    }
    for bid in &today.bids {
        let who = if bid.mine {
            "your invitation"
        } else {
            "their invitation"
        };
        let further = if bid.no_further {
            ", and no further"
        } else {
            ""
        };
        let _ = writeln!(
            out,
            "{}  {who}: {}{further}",
            short(&bid.id),
            labels.choice("bid", &bid.bid)
        );
        let effort = bid.effort.as_deref();
        let effort = effort.map(|effort| labels.choice("effort", effort));
        under(out, "it takes: ", effort.as_deref());
        under(out, "", bid.words.as_deref());
    }
    for card in &today.comfort {
        let who = if card.mine { "you" } else { "they" };
        let comfort = labels.choice("comfort", &card.comfort);
        let subject = Line(&card.subject);
        let _ = writeln!(out, "{}  {who}: {subject} – {comfort}", short(&card.id));
        under(out, "", card.note.as_deref());
    }
    for line in &today.boundaries {
        let who = if line.mine { "your line" } else { "their line" };
        let _ = writeln!(out, "{}  {who}: {}", short(&line.id), Line(&line.statement));
        let will = if line.mine {
            "you will: "
        } else {
            "they will: "
        };
        under(out, will, line.i_will.as_deref());
    }
    today.plans.iter().for_each(|plan| write_plan(out, plan));
    if today.quiet {
        out.push_str("This is one of your quiet times.\n");
    }
    if out.is_empty() {
        out.push_str("Nothing is asked of anybody now.");
    }
    words.trim_end().to_owned()
}

/// What belongs to the line above, if there is something.
fn under(out: &mut String, what: &str, words: Option<&str>) {
    if let Some(words) = words.filter(|words| !words.is_empty()) {
        let _ = writeln!(out, "          {what}{}", Line(words));
    }
}

fn need_words(need: &NeedNow, labels: &Labels) -> String {
    let mut parts = Vec::new();
    let said = need.need.as_deref();
    parts.extend(said.map(|need| format!("need: {}", labels.choice("need", need))));
    if !need.not_wanted.is_empty() {
        let not_wanted = labels.choices("not_wanted", &need.not_wanted);
        parts.push(format!("not wanted: {not_wanted}"));
    }
    let capacity = need.capacity.as_deref();
    let capacity = capacity.map(|capacity| labels.choice("capacity", capacity));
    parts.extend(capacity.map(|capacity| format!("capacity: {capacity}")));
    parts.extend(need.words.as_deref().map(|words| Line(words).to_string()));
    if parts.is_empty() {
        "here, without words".to_owned()
    } else {
        parts.join("; ")
    }
}

pub(super) fn write_plan(out: &mut String, plan: &Entry) {
    for field in &plan.fields {
        if let (FieldValue::List(members), true) = (&field.value, field.name != "offered") {
            for member in members {
                let _ = writeln!(out, "{}: {}", plain(&field.name), Line(member));
            }
        }
    }
}

fn plain(word: &str) -> String {
    Line(&word.replace('_', " ")).to_string()
}
