//! Learning cards.

use super::check::stale;
use crate::Date;

/// Something that is often said, and what is known about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Its id, the same in every locale and for ever.
    pub id: String,
    /// The locale it is written in.
    pub locale: String,
    /// What is said.
    pub myth: String,
    /// What is known: at most 600 characters.
    pub reality: String,
    /// How sure that is, and which part of it is the card's own conclusion.
    pub limits: String,
    /// Where it is from.
    pub source: String,
    /// Where that can be read, `https` only, if it was read on the web.
    pub url: Option<String>,
    /// Whether it touches what not everybody wants to come upon.
    pub sensitive: bool,
    /// When the source was last looked at.
    pub checked_on: Date,
    /// When it is due to be looked at again.
    pub review_by: Date,
}

impl Card {
    /// Whether it is past its review on this day, or the day is before the card was made, so
    /// that the clock cannot be right.
    pub fn stale(&self, on: Date) -> bool {
        stale(on, self.checked_on, self.review_by)
    }
}
