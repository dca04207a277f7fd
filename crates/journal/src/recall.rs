//! Recall: what a person's own entries say of what has helped, and of what goes together.
//!
//! It repeats what somebody said, and draws no conclusion about them. It looks at two things:
//! answers in which they said of an offer whether it helped, and tags that they put on entries of
//! one day. Either is recalled only when it was said often enough ([`HELPED_MIN`],
//! [`TOGETHER_MIN`]), and not when other entries say otherwise. Nothing is counted for anybody:
//! what comes out has no number, no order of merit, and is about one person.
//!
//! Whoever calls this hands in the entries of one person alone.

use std::collections::{BTreeMap, BTreeSet};

use sidelight_format::digest;

use crate::kinds::words::{Support, Word};
use crate::search::words;

/// How often somebody said of one kind of help that it helped, at least.
pub const HELPED_MIN: usize = 3;

/// On how many days two tags stood together, at least; and how many other days there must be to
/// tell that from tags which stand everywhere.
pub const TOGETHER_MIN: usize = 5;

/// How many tags of one day are looked at. More are no one's by hand.
const TAGS_A_DAY_MAX: usize = 32;

/// What can be recalled.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Recalled {
    /// They said again and again that this helped.
    Helped(Support),
    /// On days with the one tag there mostly was the other, as on other days there was not.
    Together {
        /// The one.
        on: String,
        /// The other.
        also: String,
    },
}

impl Recalled {
    /// Names it, the same whenever the same is recalled.
    pub fn id(&self) -> [u8; 32] {
        match self {
            Self::Helped(support) => digest("recalled", &[b"helped", support.name().as_bytes()]),
            Self::Together { on, also } => {
                let (on, also) = (folded(on), folded(also));
                digest("recalled", &[b"together", on.as_bytes(), also.as_bytes()])
            }
        }
    }
}

/// What one person's entries say, as it is gathered.
#[derive(Clone, Debug, Default)]
pub struct Recall {
    /// By day, the tags of that day.
    days: BTreeMap<u32, BTreeSet<String>>,
    /// How a tag is written, by how it is folded.
    spelt: BTreeMap<String, String>,
    /// How often somebody said of some help that it helped, and that it did not.
    helped: BTreeMap<Support, (usize, usize)>,
}

impl Recall {
    /// Takes in the tags of one entry about a day, given as a
    /// [day number](sidelight_format::EntryDate::day_number).
    pub fn take_tags<'a>(&mut self, day: u32, tags: impl IntoIterator<Item = &'a str>) {
        for tag in tags {
            let of_day = self.days.entry(day).or_default();
            let key = folded(tag);
            if of_day.len() < TAGS_A_DAY_MAX && of_day.insert(key.clone()) {
                self.spelt.entry(key).or_insert_with(|| tag.to_owned());
            }
        }
    }

    /// Takes in whether something that was offered helped. An offer of several kinds of help
    /// does not tell which of them it was.
    pub fn take_answer(&mut self, offered: &BTreeSet<Support>, helped: bool) {
        let mut offered = offered.iter();
        if let (Some(support), None) = (offered.next(), offered.next()) {
            let said = self.helped.entry(*support).or_default();
            if helped {
                said.0 += 1;
            } else {
                said.1 += 1;
            }
        }
    }

    /// What can be recalled, in the order of the alphabet.
    pub fn recalled(&self) -> Vec<Recalled> {
        let helped = self.helped.iter().filter(|(_, (yes, no))| {
            // At most one in four said otherwise.
            *yes >= HELPED_MIN && no * 3 <= *yes
        });
        let mut recalled: Vec<_> = helped.map(|(help, _)| Recalled::Helped(*help)).collect();
        recalled.extend(self.together());
        recalled.sort();
        recalled
    }

    fn together(&self) -> Vec<Recalled> {
        let mut days_of: BTreeMap<&str, usize> = BTreeMap::new();
        for tag in self.days.values().flatten() {
            *days_of.entry(tag).or_default() += 1;
        }
        days_of.retain(|_, days| *days >= TOGETHER_MIN);
        let mut pairs: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for tags in self.days.values() {
            let often = tags.iter().map(String::as_str);
            let often: Vec<_> = often.filter(|tag| days_of.contains_key(tag)).collect();
            for (place, one) in often.iter().enumerate() {
                for other in &often[place + 1..] {
                    *pairs.entry((one, other)).or_default() += 1;
                }
            }
        }
        let tends = |on: &str, also: &str, both: usize| {
            let (with, also) = (days_of[on], days_of[also]);
            let (without, only_also) = (self.days.len() - with, also - both);
            // On two of three days with the one; on at most one of three without it.
            both >= TOGETHER_MIN
                && both * 3 >= with * 2
                && without >= TOGETHER_MIN
                && only_also * 3 <= without
        };
        let mut found = Vec::new();
        for ((one, other), both) in pairs {
            // One sentence for two tags, in the direction in which it holds.
            let way = if tends(one, other, both) {
                Some((one, other))
            } else {
                tends(other, one, both).then_some((other, one))
            };
            found.extend(way.map(|(on, also)| Recalled::Together {
                on: self.spelt[on].clone(),
                also: self.spelt[also].clone(),
            }));
        }
        found
    }
}

/// A tag whatever its case and diacritics; one without a letter, as it is.
fn folded(tag: &str) -> String {
    let folded = words(tag).join(" ");
    if folded.is_empty() {
        tag.to_owned()
    } else {
        folded
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn together(on: &str, also: &str) -> Recalled {
        let (on, also) = (on.to_owned(), also.to_owned());
        Recalled::Together { on, also }
    }

    fn of_days<'a>(days: impl IntoIterator<Item = &'a [&'a str]>) -> Vec<Recalled> {
        let mut recall = Recall::default();
        for (day, tags) in days.into_iter().enumerate() {
            recall.take_tags(day as u32, tags.iter().copied());
        }
        recall.recalled()
    }

    #[test]
    fn tags_go_together_from_five_days_on_and_only_if_other_days_differ() {
        let both: &[&str] = &["lake", "slept well"];
        let other: &[&str] = &["work"];
        let days = |times: usize, others: usize| {
            let others = std::iter::repeat_n(other, others);
            of_days(std::iter::repeat_n(both, times).chain(others))
        };
        assert_eq!(days(5, 5), [together("lake", "slept well")]);
        assert_eq!(days(4, 50), [], "too few");
        assert_eq!(days(50, 4), [], "nothing to tell it from");
        // What stands on most days anyway goes with nothing.
        let anyway: &[&str] = &["work", "slept well"];
        let days = std::iter::repeat_n(both, 6).chain(std::iter::repeat_n(anyway, 6));
        assert_eq!(of_days(days), []);
    }

    #[test]
    fn a_tag_is_the_same_in_any_case_and_a_day_counts_once() {
        let mut recall = Recall::default();
        for day in 0..5 {
            recall.take_tags(day, ["Lake", "café"]);
            recall.take_tags(day, ["lake", "CAFE"]);
        }
        for day in 10..15 {
            recall.take_tags(day, ["❤"]);
        }
        let recalled = recall.recalled();
        assert_eq!(recalled, [together("café", "Lake")]);
        assert_eq!(recalled[0].id(), together("cafe", "LAKE").id());
        assert_ne!(recalled[0].id(), together("lake", "cafe").id());
        let mut of_one_day = Recall::default();
        (0..9).for_each(|_| of_one_day.take_tags(3, ["lake", "cafe"]));
        assert_eq!(of_one_day.recalled(), []);
    }

    #[test]
    fn what_helped_is_what_was_said_to_and_not_what_others_contradict() {
        let offered = |all: &[Support]| all.iter().copied().collect::<BTreeSet<_>>();
        let mut recall = Recall::default();
        let listening = offered(&[Support::Listening]);
        (0..2).for_each(|_| recall.take_answer(&listening, true));
        assert_eq!(recall.recalled(), [], "twice is not often");
        recall.take_answer(&listening, true);
        let helped = [Recalled::Helped(Support::Listening)];
        assert_eq!(recall.recalled(), helped);
        recall.take_answer(&listening, false);
        assert_eq!(recall.recalled(), helped);
        recall.take_answer(&listening, false);
        assert_eq!(recall.recalled(), [], "they said otherwise, too");
        // Which of two it was, nobody said.
        let either = offered(&[Support::Company, Support::Quiet]);
        (0..9).for_each(|_| recall.take_answer(&either, true));
        assert_eq!(recall.recalled(), []);
    }

    proptest! {
        #[test]
        fn the_order_of_entries_does_not_matter_and_nothing_is_recalled_below_the_least(
            entries in prop::collection::vec((0..40_u32, prop::collection::vec("[a-e]", 0..4)), 0..120),
        ) {
            let gather = |entries: &mut dyn Iterator<Item = &(u32, Vec<String>)>| {
                let mut recall = Recall::default();
                for (day, tags) in entries {
                    recall.take_tags(*day, tags.iter().map(String::as_str));
                }
                recall
            };
            let recall = gather(&mut entries.iter());
            let recalled = recall.recalled();
            prop_assert_eq!(&recalled, &gather(&mut entries.iter().rev()).recalled());
            for found in recalled {
                let Recalled::Together { on, also } = found else { unreachable!("no answers") };
                let both = recall.days.values().filter(|tags| tags.contains(&on) && tags.contains(&also));
                prop_assert!(on != also && both.count() >= TOGETHER_MIN);
            }
        }
    }
}
