//! One field of a kind: what it may hold, and what becomes of values said at the same time.

use std::collections::BTreeSet;

use sidelight_format::{EntryId, FieldValue};

use super::{Day, Quiet, TimeOfDay, Window};

/// A field as its kind has it.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name: at most 31 of `a`–`z` and `_`.
    pub name: &'static str,
    /// What it may hold.
    pub holds: Holds,
    /// What becomes of values that were said at the same time.
    pub merge: Merge,
}

/// What a field may hold.
#[derive(Clone, Copy, Debug)]
pub enum Holds {
    /// Words of the person's own.
    Words,
    /// One of these, beginning with the one that wins.
    Choice(&'static [&'static str]),
    /// Yes or no.
    Flag,
    /// A number from 1.
    Number,
    /// A day, `YYYY-MM-DD`.
    Day,
    /// Two days and all between them.
    Days,
    /// An entry's id, in hexadecimal.
    Entry,
    /// The hash of a wording, in hexadecimal.
    Hash,
    /// A set of words of the person's own.
    SetOfWords,
    /// A set of some of these.
    SetOf(&'static [&'static str]),
    /// A set of times of the day, `22:00-07:30`.
    SetOfTimes,
    /// A time of the day, `20:00`.
    Time,
}

/// What becomes of values that were said at the same time. A value that was said later, by
/// somebody who had seen the others, stands alone whatever it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// The one with the highest number, which every device picks alike.
    Latest,
    /// All of them, one a line, sorted.
    Joined,
    /// The first in the field's list; a value that this version does not know comes before all.
    First,
    /// The first in the field's list; a value that this version does not know comes last.
    FirstKnown,
    /// Yes.
    YesWins,
    /// No.
    NoWins,
    /// What all of the days have in common; nothing, if they have nothing in common.
    Narrowest,
    /// Said once, with the entry. Several different values count as none.
    Fixed,
    /// The one that all agree on; otherwise none.
    Agreed,
    /// A set into which a member comes although it was taken out at the same time.
    AddWins,
    /// A set out of which a member goes although it was put in at the same time.
    RemoveWins,
}

impl Merge {
    /// The rule in a few words.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Latest => "latest",
            Self::Joined => "all, joined",
            Self::First => "first listed; unknown before all",
            Self::FirstKnown => "first listed; unknown last",
            Self::YesWins => "yes wins",
            Self::NoWins => "no wins",
            Self::Narrowest => "narrowest",
            Self::Fixed => "fixed",
            Self::Agreed => "agreed or none",
            Self::AddWins => "union, adding wins",
            Self::RemoveWins => "union, removing wins",
        }
    }
}

impl Field {
    /// Whether it is a set, whose members come and go one by one.
    pub fn is_set(&self) -> bool {
        matches!(
            self.holds,
            Holds::SetOfWords | Holds::SetOf(_) | Holds::SetOfTimes
        )
    }

    /// Whether it can be taken away. A restrictive value cannot: whoever relaxes it says so.
    pub fn is_removable(&self) -> bool {
        matches!(self.merge, Merge::Latest | Merge::Joined)
    }

    /// Whether `value` is one that a person may give it.
    pub fn accepts(&self, value: &FieldValue) -> bool {
        match value {
            FieldValue::List(members) => {
                let distinct: BTreeSet<_> = members.iter().collect();
                self.is_set()
                    && distinct.len() == members.len()
                    && members.iter().all(|member| self.accepts_member(member))
            }
            FieldValue::Text(text) => match self.holds {
                Holds::Words => is_words(text),
                Holds::Choice(choices) => choices.contains(&text.as_str()),
                Holds::Day => Day::parse(text).is_some(),
                Holds::Time => TimeOfDay::parse(text).is_some(),
                Holds::Days => Window::parse(text).is_some_and(|window| window.check().is_ok()),
                Holds::Entry | Holds::Hash => EntryId::from_hex(text).is_some(),
                _ => false,
            },
            FieldValue::Flag(_) => matches!(self.holds, Holds::Flag),
            FieldValue::Number(number) => matches!(self.holds, Holds::Number) && *number >= 1,
            FieldValue::Unknown(_) => false,
        }
    }

    /// Whether `member` is one that a person may put into the set.
    pub fn accepts_member(&self, member: &str) -> bool {
        match self.holds {
            Holds::SetOfWords => is_words(member),
            Holds::SetOf(members) => members.contains(&member),
            Holds::SetOfTimes => Quiet::parse(member).is_some(),
            _ => false,
        }
    }

    /// What the field says if `values` were all said at the same time, in the order in which
    /// every device has them: [`Merge::Latest`] takes the last, no other rule looks at it.
    /// None for a set.
    ///
    /// Values that do not belong here never end anything: where a rule restricts, they do too.
    pub fn merge(&self, values: &[FieldValue]) -> Option<FieldValue> {
        match self.merge {
            Merge::Latest => values.last().cloned(),
            Merge::Joined => self.joined(values),
            Merge::First | Merge::FirstKnown | Merge::YesWins | Merge::NoWins => {
                let ranked = values.iter().map(|value| (self.rank(value), order(value)));
                let first = ranked.zip(values).min_by(|(a, _), (b, _)| a.cmp(b));
                first.map(|(_, value)| value.clone())
            }
            Merge::Narrowest => narrowest(values),
            Merge::Fixed | Merge::Agreed => {
                let (first, rest) = values.split_first()?;
                rest.iter()
                    .all(|value| value == first)
                    .then(|| first.clone())
            }
            Merge::AddWins | Merge::RemoveWins => None,
        }
    }

    /// Whether a member is in the set if `said` are all that was said of it at the same time:
    /// yes for in, no for out.
    pub fn is_member(&self, said: &[bool]) -> bool {
        match self.merge {
            Merge::RemoveWins => !said.is_empty() && said.iter().all(|is_in| *is_in),
            _ => said.contains(&true),
        }
    }

    fn rank(&self, value: &FieldValue) -> usize {
        match (self.holds, value) {
            (Holds::Choice(choices), FieldValue::Text(text)) => {
                let place = choices.iter().position(|choice| choice == text);
                place.map_or_else(|| self.rank_of_unknown(), |place| place + 1)
            }
            (Holds::Flag, FieldValue::Flag(flag)) => {
                1 + usize::from(*flag != (self.merge == Merge::YesWins))
            }
            _ => self.rank_of_unknown(),
        }
    }

    fn rank_of_unknown(&self) -> usize {
        if self.merge == Merge::FirstKnown {
            usize::MAX
        } else {
            0
        }
    }

    fn joined(&self, values: &[FieldValue]) -> Option<FieldValue> {
        let texts: BTreeSet<&str> = values.iter().filter_map(text).collect();
        if texts.is_empty() {
            return values.iter().min_by_key(|value| order(value)).cloned();
        }
        let texts: Vec<_> = texts.into_iter().collect();
        Some(FieldValue::Text(texts.join("\n")))
    }
}

fn narrowest(values: &[FieldValue]) -> Option<FieldValue> {
    let window = |value| text(value).and_then(Window::parse);
    let foreign = values.iter().filter(|value| window(value).is_none());
    if let Some(foreign) = foreign.min_by_key(|value| order(value)) {
        return Some(foreign.clone());
    }
    let common = values.iter().filter_map(window).reduce(Window::and)?;
    Some(FieldValue::Text(common.to_string()))
}

fn text(value: &FieldValue) -> Option<&str> {
    match value {
        FieldValue::Text(text) => Some(text),
        _ => None,
    }
}

/// Words that a person may write: some, without U+0000.
pub(super) fn is_words(text: &str) -> bool {
    !text.trim().is_empty()
        && text.len() <= sidelight_format::limits::TEXT_LEN_MAX
        && !text.contains('\0')
}

/// Any order of values that all devices have alike.
fn order(value: &FieldValue) -> (u8, Vec<u8>) {
    match value {
        FieldValue::Text(text) => (0, text.clone().into_bytes()),
        FieldValue::Number(number) => (1, number.to_be_bytes().to_vec()),
        FieldValue::Flag(flag) => (2, vec![u8::from(*flag)]),
        FieldValue::List(members) => {
            let sized = members.iter().flat_map(|member| {
                [&(member.len() as u32).to_be_bytes(), member.as_bytes()].concat()
            });
            (3, sized.collect())
        }
        FieldValue::Unknown(bytes) => (4, bytes.as_slice().to_vec()),
    }
}
