//! Words that come with the library: prompts, learning cards, help in a crisis, and the few
//! sentences around them.
//!
//! They let an app begin without a psychologist, and bring along the tone that people on a bad
//! day can bear: nothing here asks why, counts, compares, reminds or expects an answer, and «not
//! today» stands beside every prompt. They were written with care and with sources; no clinician
//! and no advocate has reviewed them yet.
//!
//! All of them are data, by locale. What an app brings itself is read and checked in the same
//! way: see [`Words::from_json`] and [`Help::from_json`].
//!
//! This module deliberately knows no journal, store, link, log, file or clock. Opening a prompt,
//! a card or the list of help therefore leaves no trace that Sidelight made; there is no call
//! that could record it.
//!
//! ```
//! use sidelight::Date;
//! use sidelight::words::{Help, PromptRequest, Sentence, Theme, Words};
//!
//! let words = Words::embedded("en");
//! let request = PromptRequest {
//!     seed: 20_260_801, // the same seed gives the same prompt: an app may take the day
//!     theme: Some(Theme::Gratitude),
//!     ..PromptRequest::default()
//! };
//! let prompt = words.choose(&request).expect("there are prompts of gratitude");
//! assert_eq!(prompt.theme, Theme::Gratitude);
//! assert_eq!(words.sentence(Sentence::NotToday), "Not today");
//!
//! // Help is for the place that a person chooses; it is never guessed.
//! let help = Help::embedded();
//! let place = help.region("NZ").unwrap_or(help.elsewhere());
//! assert!(place.resources.iter().any(|resource| resource.name.starts_with("1737")));
//! assert!(place.stale(Date::parse("2030-01-01", 0)?));
//! # Ok::<(), sidelight::Error>(())
//! ```
//!
//! # The files
//!
//! A file of words is one JSON object:
//!
//! | field | |
//! |---|---|
//! | `format` | 1 |
//! | `locale` | a language tag: `de`, `pt-BR` |
//! | `partial` | true if not everything is translated yet |
//! | `author`, `reviewed_on` | who wrote it; when it was last read through |
//! | `sentences` | list of `id`, `text`: see [`Sentence`] |
//! | `labels` | list of `id`, `text`: see [`Words::label`] |
//! | `prompts` | list of `id`, `theme`, `who`, `audience`, `effort`, `text`; `answers`, for the effort `tap` alone; `sensitive`: see [`Prompt`] |
//! | `cards` | list of `id`, `myth`, `reality`, `limits`, `source`, `checked_on`, `review_by`; `url`, `sensitive`: see [`Card`] |
//!
//! Each of the lists may be left out, and a locale may be spread over several files. Fields and
//! sentences that this version does not know are ignored, so that a newer file still serves. An
//! unknown theme, effort or reader is refused: a prompt must not turn up where its author did
//! not want it. [`Help::from_json`] describes the file of help.
//!
//! Files are data from outside. At most [`FILE_LEN_MAX`] bytes are read; numbers and lengths have
//! bounds; ids are 1 to 64 of `a`–`z`, `0`–`9`, `-`, `_`, `.` and stand once. Texts hold no line
//! breaks, no controls, nothing that turns the reading direction or cannot be seen, and no
//! markup, so that an app may show them as they are.

mod card;
mod check;
mod file;
mod help;
mod named;
mod prompt;
mod sentence;

use std::sync::OnceLock;

use crate::Error;

pub use card::Card;
pub use check::FILE_LEN_MAX;
pub use help::{Channel, Help, Purpose, Reach, Region, Resource};
pub use prompt::{Audience, Effort, Prompt, PromptRequest, Theme, Who};
pub use sentence::Sentence;

use sentence::Sentences;

/// The locales that come with the library, each with its files. English is complete.
const EMBEDDED: [(&str, &[&str]); 2] = [
    (
        "en",
        &[
            include_str!("../../words/en/sentences.json"),
            include_str!("../../words/en/labels.json"),
            include_str!("../../words/en/prompts.json"),
            include_str!("../../words/en/cards.json"),
        ],
    ),
    (
        "de",
        &[
            include_str!("../../words/de/sentences.json"),
            include_str!("../../words/de/labels.json"),
            include_str!("../../words/de/prompts.json"),
        ],
    ),
];

/// The words of one locale, and those of another where it has none.
#[derive(Clone, Debug)]
pub struct Words {
    locale: String,
    partial: bool,
    prompts: Vec<Prompt>,
    cards: Vec<Card>,
    sentences: Sentences,
    labels: Sentences,
}

/// A locale that comes with the library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locale {
    /// Its tag.
    pub tag: String,
    /// Whether English stands in for a part of it.
    pub partial: bool,
}

impl Words {
    /// The words that come with the library, for a language tag such as `de` or `de-AT`. What
    /// that language lacks is there in English; for an unknown language all of it is.
    /// [`locale`](Self::locale) says which it is.
    pub fn embedded(locale: &str) -> Self {
        let language = locale.split(['-', '_']).next().unwrap_or_default();
        let known = EMBEDDED
            .iter()
            .skip(1) // English is the fallback itself
            .find(|(tag, _)| tag.eq_ignore_ascii_case(language));
        match known {
            Some((_, files)) => Self::checked(files).with_fallback(english()),
            None => english().clone(),
        }
    }

    /// The locales that come with the library.
    pub fn locales() -> Vec<Locale> {
        let of = |(tag, files): &(&str, &[&str])| Locale {
            tag: (*tag).to_owned(),
            partial: Self::checked(files).partial,
        };
        EMBEDDED.iter().map(of).collect()
    }

    /// An app's own words: the files of one locale, of the form that is described
    /// [above](self). They stand alone; [`with_fallback`](Self::with_fallback) adds others.
    ///
    /// # Errors
    /// Invalid if a file is not of that form, is over its bounds, or holds what a text must not
    /// hold; update needed if its `format` is a later one.
    pub fn from_json(files: &[&str]) -> Result<Self, Error> {
        Ok(file::words(files)?)
    }

    /// These words, and after them the prompts and cards of `fallback` whose ids they have not.
    #[must_use]
    pub fn with_fallback(mut self, fallback: &Self) -> Self {
        for prompt in &fallback.prompts {
            if self.prompt(&prompt.id).is_none() {
                self.prompts.push(prompt.clone());
            }
        }
        for card in &fallback.cards {
            if self.card(&card.id).is_none() {
                self.cards.push(card.clone());
            }
        }
        self.sentences.add_missing(&fallback.sentences);
        self.labels.add_missing(&fallback.labels);
        self
    }

    /// The tag of their locale.
    pub fn locale(&self) -> &str {
        &self.locale
    }

    /// Whether they say of themselves that they are not everything yet.
    pub fn partial(&self) -> bool {
        self.partial
    }

    /// All prompts: those of this locale first, as their file has them.
    pub fn prompts(&self) -> &[Prompt] {
        &self.prompts
    }

    /// The prompt of this id.
    pub fn prompt(&self, id: &str) -> Option<&Prompt> {
        self.prompts.iter().find(|prompt| prompt.id == id)
    }

    /// One prompt, or none if none fits: then there is nothing to show, and nothing is missing.
    ///
    /// The choice depends on the request alone, and dismissing a prompt changes it only where it
    /// would have been that one. The prompt that was shown last does not come again, even if it
    /// is the only one. Prompts of this locale come before those of a fallback. A prompt that is
    /// [sensitive](Prompt::sensitive), or for one of the two alone, comes only if its theme or
    /// its reader is named.
    pub fn choose(&self, request: &PromptRequest) -> Option<&Prompt> {
        self.prompts
            .iter()
            .filter(|prompt| request.admits(prompt))
            .min_by_key(|prompt| (prompt.locale != self.locale, request.place(&prompt.id)))
    }

    /// All learning cards.
    pub fn cards(&self) -> &[Card] {
        &self.cards
    }

    /// The learning card of this id.
    pub fn card(&self, id: &str) -> Option<&Card> {
        self.cards.iter().find(|card| card.id == id)
    }

    /// A sentence; in English if these words have none. A [date](Sentence::holds_date) stands in
    /// it as `{date}`.
    pub fn sentence(&self, sentence: Sentence) -> &str {
        let own = self.sentences.text(sentence.as_str());
        own.or_else(|| english().sentences.text(sentence.as_str()))
            .unwrap_or_default()
    }

    /// All labels, by their ids.
    pub(crate) fn labels(&self) -> Vec<(String, String)> {
        let all = self.labels.all();
        all.map(|(id, text)| (id.clone(), text.clone())).collect()
    }

    /// What a kind or a field is called, or a month, and what else stands on an exported page:
    /// by an id such as `kind.moment`, `field.not_wanted` or `month.8`; and a word that a field
    /// chooses from a list, by the field and the word: `value.comfort.ask_first`. None for what
    /// these words have no label for, such as kinds to come: show its name then.
    pub fn label(&self, id: &str) -> Option<&str> {
        self.labels.text(id)
    }

    /// What a theme is called.
    pub fn theme_title(&self, theme: Theme) -> &str {
        self.sentence(Sentence::of_theme(theme))
    }

    /// Files of the library itself.
    fn checked(files: &[&str]) -> Self {
        file::words(files).expect("a test reads each of the library's own files")
    }
}

fn english() -> &'static Words {
    static ENGLISH: OnceLock<Words> = OnceLock::new();
    ENGLISH.get_or_init(|| Words::checked(EMBEDDED[0].1))
}
