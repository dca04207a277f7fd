//! `sidelight prompts` and `cards`: words, for which no journal is opened and of which nothing is
//! kept.

use std::fmt::Write as _;

use serde::Serialize;
use sidelight::kinds::{Day, LearningCard, Said};
use sidelight::words::{Card, Effort, Prompt, PromptRequest, Sentence, Theme, Who, Words};
use sidelight::{Date, Draft, ErrorKind};

use crate::cli;
use crate::failure::Failure;
use crate::home::Home;
use crate::output::Output;
use crate::screen::Line;

#[derive(Serialize)]
struct PromptsRecord<'a> {
    locale: &'a str,
    prompts: Vec<PromptRecord<'a>>,
    not_today: &'a str,
}

#[derive(Serialize)]
struct PromptRecord<'a> {
    id: &'a str,
    locale: &'a str,
    theme: &'a str,
    who: &'a str,
    audience: &'a str,
    effort: &'a str,
    sensitive: bool,
    text: &'a str,
    answers: &'a [String],
}

impl<'a> From<&'a Prompt> for PromptRecord<'a> {
    fn from(prompt: &'a Prompt) -> Self {
        Self {
            id: &prompt.id,
            locale: &prompt.locale,
            theme: prompt.theme.as_str(),
            who: prompt.who.as_str(),
            audience: prompt.audience.as_str(),
            effort: prompt.effort.as_str(),
            sensitive: prompt.sensitive,
            text: &prompt.text,
            answers: &prompt.answers,
        }
    }
}

/// `sidelight prompts`.
pub(crate) fn prompts(options: cli::Prompts, output: Output) -> Result<(), Failure> {
    let words = in_locale(options.locale.as_deref())?;
    let known = |name: Option<&str>, of: &str, names: Vec<&str>| match name {
        Some(name) if !names.contains(&name) => Err(Failure::invalid(format!(
            "there is no such {of}; there are: {}",
            names.join(", ")
        ))),
        _ => Ok(()),
    };
    let (theme, who) = (options.theme.as_deref(), options.who.as_deref());
    let effort = options.effort.as_deref();
    known(
        theme,
        "theme",
        Theme::ALL.iter().map(|t| t.as_str()).collect(),
    )?;
    known(who, "reader", Who::ALL.iter().map(|w| w.as_str()).collect())?;
    known(
        effort,
        "effort",
        Effort::ALL.iter().map(|e| e.as_str()).collect(),
    )?;
    let request = PromptRequest {
        seed: options.seed.unwrap_or_else(seed_of_the_day),
        theme: theme.and_then(Theme::parse),
        who: who.and_then(Who::parse),
        effort_max: effort.and_then(Effort::parse),
        last: options.last,
        dismissed: options.without,
        ..PromptRequest::default()
    };
    let chosen: Vec<&Prompt> = if options.all {
        let of_theme = |prompt: &&Prompt| request.theme.is_none_or(|only| prompt.theme == only);
        words.prompts().iter().filter(of_theme).collect()
    } else {
        words.choose(&request).into_iter().collect()
    };
    let document = PromptsRecord {
        locale: words.locale(),
        prompts: chosen
            .iter()
            .map(|prompt| PromptRecord::from(*prompt))
            .collect(),
        not_today: words.sentence(Sentence::NotToday),
    };
    output.result(&document, || match (options.all, &chosen[..]) {
        (true, all) => by_theme(&words, all),
        (false, [prompt, ..]) => one_prompt(&words, prompt),
        (false, []) => words.sentence(Sentence::NoPromptLeft).to_owned(),
    })
}

/// The same prompt all day; whoever wants another says so.
fn seed_of_the_day() -> u64 {
    let day = Date::today();
    u64::from(day.year.unsigned_abs()) * 10_000 + u64::from(day.month) * 100 + u64::from(day.day)
}

fn one_prompt(words: &Words, prompt: &Prompt) -> String {
    let mut text = format!(
        "{}. {}.\n\n  {}\n",
        words.theme_title(prompt.theme).trim_end_matches('?'),
        words.sentence(Sentence::of_effort(prompt.effort)),
        Line(&prompt.text)
    );
    answers(&mut text, prompt);
    let _ = write!(
        text,
        "\n{}: {}\n{}: sidelight prompts --last {}",
        words.sentence(Sentence::NotToday),
        words.sentence(Sentence::NothingExpected),
        words.sentence(Sentence::Another),
        prompt.id
    );
    let near_harm = matches!(
        prompt.theme,
        Theme::TouchWithoutExpectation
            | Theme::ExpectationsAndBoundaries
            | Theme::RepairAfterAHardDay
    );
    if near_harm {
        let afraid = words.sentence(Sentence::IfAfraid);
        let _ = write!(text, "\n{afraid} (sidelight help-now)");
    }
    text
}

fn by_theme(words: &Words, prompts: &[&Prompt]) -> String {
    let mut text = String::new();
    for theme in Theme::ALL {
        let mut of_it = prompts.iter().filter(|p| p.theme == *theme).peekable();
        if of_it.peek().is_some() {
            let _ = writeln!(text, "{}", words.theme_title(*theme));
        }
        for prompt in of_it {
            let _ = writeln!(text, "\n  {}\n  {}", prompt.id, Line(&prompt.text));
            answers(&mut text, prompt);
        }
        text.push('\n');
    }
    text.trim_end().to_owned()
}

fn answers(text: &mut String, prompt: &Prompt) {
    for answer in &prompt.answers {
        let _ = writeln!(text, "    · {}", Line(answer));
    }
}

#[derive(Serialize)]
struct CardsRecord<'a> {
    locale: &'a str,
    cards: Vec<CardRecord<'a>>,
}

#[derive(Serialize)]
struct CardRecord<'a> {
    id: &'a str,
    locale: &'a str,
    myth: &'a str,
    reality: &'a str,
    limits: &'a str,
    source: &'a str,
    url: Option<&'a str>,
    sensitive: bool,
    checked_on: String,
    review_by: String,
    stale: bool,
}

impl<'a> CardRecord<'a> {
    fn of(card: &'a Card, today: Date) -> Self {
        Self {
            id: &card.id,
            locale: &card.locale,
            myth: &card.myth,
            reality: &card.reality,
            limits: &card.limits,
            source: &card.source,
            url: card.url.as_deref(),
            sensitive: card.sensitive,
            checked_on: card.checked_on.to_string(),
            review_by: card.review_by.to_string(),
            stale: card.stale(today),
        }
    }
}

/// `sidelight cards`.
pub(crate) fn cards(options: cli::Cards, output: Output) -> Result<(), Failure> {
    let words = in_locale(options.locale.as_deref())?;
    let cards: Vec<&Card> = match &options.id {
        None => words.cards().iter().collect(),
        Some(id) => vec![words.card(id).ok_or_else(no_card)?],
    };
    let today = Date::today();
    let document = CardsRecord {
        locale: words.locale(),
        cards: cards
            .iter()
            .map(|card| CardRecord::of(card, today))
            .collect(),
    };
    output.result(&document, || {
        let mut text = String::new();
        for card in &cards {
            let lines = [
                (Sentence::CardMyth, card.myth.as_str()),
                (Sentence::CardReality, &card.reality),
                (Sentence::CardLimits, &card.limits),
                (Sentence::CardSource, &card.source),
            ];
            let _ = writeln!(text, "{}", card.id);
            for (heading, line) in lines {
                let _ = writeln!(text, "  {}: {}", words.sentence(heading), Line(line));
            }
            if let Some(url) = &card.url {
                let _ = writeln!(text, "  {}", Line(url));
            }
            let checked = words.dated(Sentence::HelpChecked, card.checked_on);
            let _ = writeln!(text, "  {checked}");
            if card.stale(today) {
                let stale = words.dated(Sentence::CardStale, card.review_by);
                let _ = writeln!(text, "  {stale}");
            }
            text.push('\n');
        }
        text.trim_end().to_owned()
    })
}

/// `sidelight cards ID --keep`.
pub(crate) async fn keep(home: &Home, options: cli::Cards, output: Output) -> Result<(), Failure> {
    let words = in_locale(options.locale.as_deref())?;
    let card = options.id.as_deref().and_then(|id| words.card(id));
    let card = card.ok_or_else(no_card)?;
    let said = |text: &str| Said::new(text).map_err(|_| Failure::internal("an empty card"));
    let reviewed_on = Day::parse(&card.checked_on.to_string());
    let kept = LearningCard {
        card: said(&card.id)?,
        // Of several that were kept the one counts that was looked at last.
        edition: 1,
        myth: said(&card.myth)?,
        reality: said(&card.reality)?,
        source: said(&card.source)?,
        reviewed_on: reviewed_on.ok_or_else(|| Failure::internal("a card without a day"))?,
    };
    super::needs::keep(home, Draft::of(&kept), false, output).await
}

fn no_card() -> Failure {
    Failure::of(
        ErrorKind::NotFound,
        "there is no card of this id; `sidelight cards` lists them",
    )
}

/// The words of the locale that was asked for, else English.
fn in_locale(asked: Option<&str>) -> Result<Words, Failure> {
    let words = Words::embedded(asked.unwrap_or("en"));
    let language = |tag: &str| {
        tag.split(['-', '_'])
            .next()
            .unwrap_or_default()
            .to_lowercase()
    };
    if asked.is_some_and(|asked| language(asked) != words.locale()) {
        let locales: Vec<String> = Words::locales()
            .into_iter()
            .map(|locale| match locale.partial {
                true => format!("{} (in part)", locale.tag),
                false => locale.tag,
            })
            .collect();
        return Err(Failure::of(
            ErrorKind::NotFound,
            format!(
                "there are no words in this language; there are: {}",
                locales.join(", ")
            ),
        ));
    }
    Ok(words)
}
