//! Files of words, as they are read.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::check::{self, At, Defect};
use super::sentence::{DATE, Sentences};
use super::{Audience, Card, Effort, Prompt, Sentence, Theme, Who, Words};

/// Several times what the library itself has.
const PROMPTS_MAX: usize = 2000;
const CARDS_MAX: usize = 500;
const SENTENCES_MAX: usize = 1000;
/// A locale is spread over a handful of files.
const FILES_MAX: usize = 16;

/// A prompt is read at a glance.
const PROMPT_LEN_MAX: usize = 280;
const ANSWER_LEN_MAX: usize = 60;
const ANSWERS_MAX: usize = 8;
const SENTENCE_LEN_MAX: usize = 400;
const CARD_LEN_MAX: usize = 600;
const NAME_LEN_MAX: usize = 200;

#[derive(Deserialize)]
struct File {
    format: u32,
    locale: String,
    #[serde(default)]
    partial: bool,
    author: String,
    reviewed_on: String,
    #[serde(default)]
    sentences: Vec<SentenceForm>,
    #[serde(default)]
    labels: Vec<SentenceForm>,
    #[serde(default)]
    prompts: Vec<PromptForm>,
    #[serde(default)]
    cards: Vec<CardForm>,
}

#[derive(Deserialize)]
struct SentenceForm {
    id: String,
    text: String,
}

#[derive(Deserialize)]
struct PromptForm {
    id: String,
    theme: String,
    who: String,
    audience: String,
    effort: String,
    #[serde(default)]
    sensitive: bool,
    text: String,
    #[serde(default)]
    answers: Vec<String>,
}

#[derive(Deserialize)]
struct CardForm {
    id: String,
    myth: String,
    reality: String,
    limits: String,
    source: String,
    url: Option<String>,
    #[serde(default)]
    sensitive: bool,
    checked_on: String,
    review_by: String,
}

/// The words of all these files, which are of one locale.
pub(super) fn words(files: &[&str]) -> Result<Words, Defect> {
    check::count("files", files.len(), FILES_MAX)?;
    let mut words: Option<Words> = None;
    for file in files {
        let file: File = check::parse(file)?;
        check::format(file.format)?;
        let at = At("file", 0);
        let locale = check::locale(at, "locale", file.locale)?;
        check::text(at, "author", file.author, NAME_LEN_MAX)?;
        check::date(at, "reviewed_on", &file.reviewed_on)?;
        let words = words.get_or_insert_with(|| Words {
            locale: locale.clone(),
            partial: false,
            prompts: Vec::new(),
            cards: Vec::new(),
            sentences: Sentences::default(),
            labels: Sentences::default(),
        });
        if words.locale != locale {
            return Err(Defect::Locales);
        }
        words.partial |= file.partial;
        check::count("sentences", file.sentences.len(), SENTENCES_MAX)?;
        for (place, form) in file.sentences.into_iter().enumerate() {
            sentence(At("sentence", place + 1), form, &mut words.sentences)?;
        }
        check::count("labels", file.labels.len(), SENTENCES_MAX)?;
        for (place, form) in file.labels.into_iter().enumerate() {
            let at = At("label", place + 1);
            let text = check::text(at, "text", form.text, ANSWER_LEN_MAX)?;
            if !words.labels.insert(check::id(at, form.id)?, text) {
                return Err(Defect::Twice { at });
            }
        }
        for (place, form) in file.prompts.into_iter().enumerate() {
            let prompt = prompt(At("prompt", place + 1), form, &locale)?;
            words.prompts.push(prompt);
        }
        for (place, form) in file.cards.into_iter().enumerate() {
            words
                .cards
                .push(card(At("card", place + 1), form, &locale)?);
        }
        check::count("prompts", words.prompts.len(), PROMPTS_MAX)?;
        check::count("cards", words.cards.len(), CARDS_MAX)?;
    }
    let words = words.ok_or(Defect::Nothing)?;
    once("prompt", words.prompts.iter().map(|prompt| &prompt.id))?;
    once("card", words.cards.iter().map(|card| &card.id))?;
    Ok(words)
}

/// Ids that stand once.
pub(super) fn once<'a>(
    what: &'static str,
    ids: impl Iterator<Item = &'a String>,
) -> Result<(), Defect> {
    let mut seen = BTreeSet::new();
    for (place, id) in ids.enumerate() {
        if !seen.insert(id) {
            return Err(Defect::Twice {
                at: At(what, place + 1),
            });
        }
    }
    Ok(())
}

/// Keeps a sentence that this version knows.
fn sentence(at: At, form: SentenceForm, sentences: &mut Sentences) -> Result<(), Defect> {
    let id = check::id(at, form.id)?;
    let text = check::text(at, "text", form.text, SENTENCE_LEN_MAX)?;
    let Some(known) = Sentence::parse(&id) else {
        return Ok(()); // a newer version's
    };
    let dates = text.matches(DATE).count();
    let braces = text.matches(['{', '}']).count();
    // The date exactly once where one belongs, and no other place to fill anywhere.
    if dates != usize::from(known.holds_date()) || braces != 2 * dates {
        return Err(Defect::Field { at, field: "text" });
    }
    if !sentences.insert(id, text) {
        return Err(Defect::Twice { at });
    }
    Ok(())
}

fn prompt(at: At, form: PromptForm, locale: &str) -> Result<Prompt, Defect> {
    let unknown = |field| Defect::Field { at, field };
    let effort = Effort::parse(&form.effort).ok_or(unknown("effort"))?;
    let taps = effort == Effort::Tap;
    let answered = match form.answers.len() {
        0 => !taps,
        len => taps && (2..=ANSWERS_MAX).contains(&len),
    };
    if !answered {
        return Err(unknown("answers"));
    }
    let answers = form
        .answers
        .into_iter()
        .map(|answer| check::text(at, "answers", answer, ANSWER_LEN_MAX))
        .collect::<Result<_, _>>()?;
    Ok(Prompt {
        id: check::id(at, form.id)?,
        locale: locale.to_owned(),
        theme: Theme::parse(&form.theme).ok_or(unknown("theme"))?,
        who: Who::parse(&form.who).ok_or(unknown("who"))?,
        audience: Audience::parse(&form.audience).ok_or(unknown("audience"))?,
        effort,
        sensitive: form.sensitive,
        text: check::text(at, "text", form.text, PROMPT_LEN_MAX)?,
        answers,
    })
}

fn card(at: At, form: CardForm, locale: &str) -> Result<Card, Defect> {
    let (checked_on, review_by) = check::review(at, &form.checked_on, &form.review_by)?;
    Ok(Card {
        id: check::id(at, form.id)?,
        locale: locale.to_owned(),
        myth: check::text(at, "myth", form.myth, CARD_LEN_MAX)?,
        reality: check::text(at, "reality", form.reality, CARD_LEN_MAX)?,
        limits: check::text(at, "limits", form.limits, CARD_LEN_MAX)?,
        source: check::text(at, "source", form.source, CARD_LEN_MAX)?,
        url: form.url.map(|url| check::url(at, "url", url)).transpose()?,
        sensitive: form.sensitive,
        checked_on,
        review_by,
    })
}
