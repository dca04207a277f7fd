//! What couples say to each other: needs, offers, bids, comfort, boundaries, plans.

use serde::Serialize;
use sidelight::kinds::words::Word;
use sidelight::kinds::{self, Comfort, ComfortCard, LowDayPlan, Said, SupportOffer, Window};
use sidelight::{Draft, Entry, Field, FieldEdit, FieldValue, Journal, PageRequest, Space};

use super::write::short;
use crate::cli::needs as cli;
use crate::failure::Failure;
use crate::home::Home;
use crate::output::Output;
use crate::records::space_name;

#[derive(Serialize)]
struct Kept<'a> {
    id: &'a str,
    space: &'static str,
}

/// `sidelight check-in`.
pub(crate) async fn check_in(
    home: &Home,
    options: cli::CheckIn,
    output: Output,
) -> Result<(), Failure> {
    let saying = &options.saying;
    let mut check_in = kinds::CheckIn::for_days(window(home, saying.days)?);
    if let Some(need) = options.need.as_deref().and_then(Word::named) {
        check_in = check_in.need(need);
    }
    for need in options
        .not_wanted
        .iter()
        .filter_map(|need| Word::named(need))
    {
        check_in = check_in.not_wanted(need);
    }
    if let Some(capacity) = options.capacity.as_deref().and_then(Word::named) {
        check_in = check_in.capacity(capacity);
    }
    if let Some(words) = &saying.words {
        check_in = check_in.words(said(words)?);
    }
    keep(home, Draft::of(&check_in), saying.share, output).await
}

/// `sidelight need`.
pub(crate) async fn need(
    home: &Home,
    options: cli::SayNeed,
    output: Output,
) -> Result<(), Failure> {
    let options = cli::CheckIn {
        need: Some(options.need),
        not_wanted: Vec::new(),
        capacity: None,
        saying: options.saying,
    };
    check_in(home, options, output).await
}

/// `sidelight offer`.
pub(crate) async fn offer(home: &Home, options: cli::Offer, output: Output) -> Result<(), Failure> {
    if let Some(id) = options.withdraw {
        return yes(home, id, "support_offer", "withdrawn", output).await;
    }
    let saying = &options.saying;
    let mut offers = options.offers.iter().filter_map(|offer| Word::named(offer));
    let Some(first) = offers.next() else {
        return Err(Failure::invalid("say what you offer"));
    };
    let mut offer = offers.fold(
        SupportOffer::of(first, window(home, saying.days)?),
        SupportOffer::or,
    );
    for limit in &options.limit {
        offer = offer.within(said(limit)?);
    }
    if let Some(words) = &saying.words {
        offer = offer.words(said(words)?);
    }
    keep(home, Draft::of(&offer), saying.share, output).await
}

/// `sidelight bid`.
pub(crate) async fn bid(home: &Home, options: cli::Bid, output: Output) -> Result<(), Failure> {
    if let Some(id) = options.withdraw {
        return yes(home, id, "bid", "withdrawn", output).await;
    }
    let saying = &options.saying;
    let Some(invitation) = options.bid.as_deref().and_then(Word::named) else {
        return Err(Failure::invalid("say what you would like to share"));
    };
    let mut bid = kinds::Bid::for_(invitation, window(home, saying.days)?);
    if let Some(effort) = options.effort.as_deref().and_then(Word::named) {
        bid = bid.taking(effort);
    }
    if options.no_further {
        bid = bid.going_no_further();
    }
    if let Some(words) = &saying.words {
        bid = bid.words(said(words)?);
    }
    keep(home, Draft::of(&bid), saying.share, output).await
}

/// `sidelight comfort`.
pub(crate) async fn comfort(
    home: &Home,
    options: cli::Comfort,
    output: Output,
) -> Result<(), Failure> {
    let comfort = match options.comfort.as_str() {
        "welcome" => Comfort::Welcome(window(home, options.days)?),
        "ask_first" => Comfort::AskFirst,
        _ => Comfort::NotNow,
    };
    let Some(about) = Word::named(&options.about) else {
        return Err(Failure::invalid(
            "a card is about a touch, a topic or a time",
        ));
    };
    let card = ComfortCard::new(about, said(&options.subject)?, comfort);
    let draft = Draft::of(&card);
    // A card about the same says something else from now on, rather than there being two.
    let journal = home.open().await?;
    let same = |entry: &Entry| {
        entry.mine
            && entry.kind == draft.kind
            && entry.text == draft.text
            && (entry.space == Space::Shared) == options.share
            && about_of(&entry.fields) == Some(options.about.as_str())
    };
    let found = entries(&journal).await?.into_iter().find(same);
    let Some(card) = found else {
        journal.shutdown().await;
        return keep(home, draft, options.share, output).await;
    };
    let says = draft.fields.into_iter();
    let says = says.filter(|field| matches!(field.name.as_str(), "comfort" | "days"));
    let edits = says.map(FieldEdit::Set).collect();
    journal
        .edit_fields(card.id.clone(), Some(card.version), edits)
        .await?;
    journal.shutdown().await;
    changed(&card.id, card.space, output)
}

/// `sidelight boundary`.
pub(crate) async fn boundary(
    home: &Home,
    options: cli::Boundary,
    output: Output,
) -> Result<(), Failure> {
    if let Some(id) = options.lift {
        let lifted = FieldValue::Text("lifted".to_owned());
        return set(home, id, "boundary", ("state", lifted), output).await;
    }
    let mut boundary =
        kinds::Boundary::new(said(options.statement.as_deref().unwrap_or_default())?);
    if let Some(act) = &options.i_will {
        boundary = boundary.i_will(said(act)?);
    }
    keep(home, Draft::of(&boundary), options.share, output).await
}

/// `sidelight plan`.
pub(crate) async fn plan(home: &Home, options: cli::Plan, output: Output) -> Result<(), Failure> {
    let edit = match (options.section, options.text, options.offer) {
        (Some(name), Some(member), _) => FieldEdit::Add { name, member },
        (.., Some(member)) => FieldEdit::Add {
            name: "offered".to_owned(),
            member,
        },
        _ => return super::today::plan(home, output).await,
    };
    let journal = home.open().await?;
    let plans = journal.today().await?.plans;
    let found = plans.into_iter().find(|plan| plan.kind == "low_day_plan");
    let plan = match found {
        Some(plan) => plan,
        None => {
            let id = journal.write(Draft::of(&LowDayPlan::new())).await?;
            journal.entry(id).await?
        }
    };
    journal
        .edit_fields(plan.id.clone(), Some(plan.version), vec![edit])
        .await?;
    journal.shutdown().await;
    changed(&plan.id, plan.space, output)
}

pub(super) async fn keep(
    home: &Home,
    draft: Draft,
    share: bool,
    output: Output,
) -> Result<(), Failure> {
    let journal = home.open().await?;
    let draft = Draft {
        shared: share,
        ..draft
    };
    let id = journal.write(draft).await?;
    journal.shutdown().await;
    let space = if share { Space::Shared } else { Space::Private };
    let document = Kept {
        id: &id,
        space: space_name(space),
    };
    output.result(&document, || {
        let whose = if share {
            "Kept. Your partner can see it after `sidelight sync`."
        } else {
            "Kept, for you alone."
        };
        format!("{whose}\n{}", short(&id))
    })
}

async fn yes(
    home: &Home,
    id: String,
    kind: &str,
    name: &str,
    output: Output,
) -> Result<(), Failure> {
    set(home, id, kind, (name, FieldValue::Flag(true)), output).await
}

pub(super) async fn set(
    home: &Home,
    id: String,
    kind: &str,
    (name, value): (&str, FieldValue),
    output: Output,
) -> Result<(), Failure> {
    let journal = home.open().await?;
    let entry = journal.entry(id).await?;
    if entry.kind != kind {
        journal.shutdown().await;
        return Err(Failure::invalid(
            "this entry is of another kind; take the id from `sidelight today`",
        ));
    }
    let field = Field {
        name: name.to_owned(),
        value,
    };
    let edits = vec![FieldEdit::Set(field)];
    journal
        .edit_fields(entry.id.clone(), Some(entry.version), edits)
        .await?;
    journal.shutdown().await;
    changed(&entry.id, entry.space, output)
}

pub(super) fn changed(id: &str, space: Space, output: Output) -> Result<(), Failure> {
    let document = Kept {
        id,
        space: space_name(space),
    };
    output.result(&document, || format!("Changed.\n{}", short(id)))
}

async fn entries(journal: &Journal) -> Result<Vec<Entry>, Failure> {
    let mut entries = Vec::new();
    let mut before = None;
    loop {
        let page = journal
            .page(PageRequest {
                limit: 1000,
                before,
            })
            .await?;
        entries.extend(page.entries);
        before = page.next;
        if before.is_none() {
            return Ok(entries);
        }
    }
}

fn about_of(fields: &[Field]) -> Option<&str> {
    let field = fields.iter().find(|field| field.name == "about")?;
    match &field.value {
        FieldValue::Text(about) => Some(about),
        _ => None,
    }
}

pub(super) fn said(text: &str) -> Result<Said, Failure> {
    Said::new(text).map_err(|_| Failure::invalid("say it in some words, or leave it out"))
}

/// Today and the days after it, `days` in all.
pub(super) fn window(home: &Home, days: u16) -> Result<Window, Failure> {
    let today = home.today()?;
    let until = today.plus(u32::from(days) - 1)?;
    Ok(today.to(&until)?)
}
