//! What the library brings: how much of it, and that it is whole.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;
use sidelight::kinds::Holds;
use sidelight::words::{Audience, Effort, Sentence, Theme, Who, Words};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("words")
}

/// A file as it lies there.
pub(crate) fn file(path: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder().join(path)).unwrap()).unwrap()
}

#[test]
fn there_are_at_least_120_prompts_and_ten_in_each_of_ten_themes() {
    let words = Words::embedded("en");
    assert!(words.prompts().len() >= 120, "{}", words.prompts().len());
    assert_eq!(Theme::ALL.len(), 10);
    for theme in Theme::ALL {
        let of_it = || words.prompts().iter().filter(|p| p.theme == *theme);
        assert!(of_it().count() >= 10, "{theme:?} has {}", of_it().count());
        // On every kind of day there is one that takes no more than a tap.
        for effort in Effort::ALL {
            assert!(of_it().any(|p| p.effort == *effort), "{theme:?} {effort:?}");
        }
        assert!(of_it().any(|p| p.audience == Audience::Own), "{theme:?}");
    }
    for who in Who::ALL {
        let of_them = words.prompts().iter().filter(|p| p.who == *who).count();
        assert!(of_them >= 10, "{who:?} has {of_them}");
    }
    // Who supports is not asked for more on the pages that are for them alone.
    let own = Theme::SupportersOwnWellbeing;
    assert!(
        words
            .prompts()
            .iter()
            .filter(|p| p.theme == own)
            .all(|p| p.who == Who::Supporter && p.audience == Audience::Own)
    );
    // Touch is never come upon.
    let touch = Theme::TouchWithoutExpectation;
    assert!(
        words
            .prompts()
            .iter()
            .filter(|p| p.theme == touch)
            .all(|p| p.sensitive)
    );
}

#[test]
fn no_two_prompts_say_the_same() {
    let words = Words::embedded("en");
    let mut texts = BTreeSet::new();
    for prompt in words.prompts() {
        let plain: String = prompt
            .text
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || *c == ' ')
            .collect();
        assert!(texts.insert(plain), "{} is there twice", prompt.id);
    }
}

#[test]
fn there_are_at_least_twelve_cards_each_with_a_source_its_limits_and_two_dates() {
    let words = Words::embedded("en");
    assert!(words.cards().len() >= 12, "{}", words.cards().len());
    for card in words.cards() {
        assert!(
            card.source.chars().any(|c| c.is_ascii_digit()) || card.url.is_some(),
            "{} has neither a year nor an address",
            card.id
        );
        assert!(!card.limits.is_empty(), "{}", card.id);
        assert!(!card.stale(card.checked_on) && !card.stale(card.review_by));
    }
}

#[test]
fn every_sentence_is_there_in_english_and_every_place_for_a_date_is_filled() {
    let english = file("en/sentences.json");
    let there: BTreeSet<&str> = english["sentences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|sentence| sentence["id"].as_str().unwrap())
        .collect();
    let known: BTreeSet<&str> = Sentence::ALL.iter().map(|s| s.as_str()).collect();
    assert_eq!(there, known);
    let day = sidelight::Date::parse("2026-08-01", 0).unwrap();
    for locale in Words::locales() {
        let words = Words::embedded(&locale.tag);
        for sentence in Sentence::ALL {
            let text = words.dated(*sentence, day);
            assert!(!text.contains(['{', '}']), "{text}");
            assert_eq!(text.contains("2026-08-01"), sentence.holds_date(), "{text}");
        }
    }
    for theme in Theme::ALL {
        assert_ne!(Words::embedded("en").theme_title(*theme), "");
    }
}

/// Everything but its words is the same in every locale: whom a prompt is for and how much it
/// takes is decided once.
#[test]
fn every_id_of_every_locale_is_there_in_english_and_means_the_same() {
    let words = Words::embedded("en");
    let mut checked = BTreeMap::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_dir() {
            continue;
        }
        let tag = path.file_name().unwrap().to_string_lossy().into_owned();
        let listed = Words::locales().into_iter().find(|l| l.tag == tag);
        let listed = listed.unwrap_or_else(|| panic!("{tag} is not built in"));
        assert_eq!(listed.partial, tag != "en", "{tag}");
        for entry in std::fs::read_dir(&path).unwrap() {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            let file = file(&format!("{tag}/{name}"));
            assert_eq!(file["locale"], tag, "{tag}/{name}");
            for list in ["sentences", "prompts", "cards"] {
                for item in file[list].as_array().into_iter().flatten() {
                    let id = item["id"].as_str().unwrap();
                    *checked.entry((tag.clone(), list)).or_insert(0) += 1;
                    let same = match list {
                        "sentences" => Sentence::parse(id).is_some(),
                        "cards" => words.card(id).is_some(),
                        _ => words.prompt(id).is_some_and(|prompt| {
                            item["theme"] == prompt.theme.as_str()
                                && item["who"] == prompt.who.as_str()
                                && item["audience"] == prompt.audience.as_str()
                                && item["effort"] == prompt.effort.as_str()
                                && item["sensitive"].as_bool().unwrap_or(false) == prompt.sensitive
                                && item["answers"].as_array().map_or(0, Vec::len)
                                    == prompt.answers.len()
                        }),
                    };
                    assert!(same, "{tag}/{name}: {id}");
                }
            }
        }
    }
    assert_eq!(
        checked[&("de".to_owned(), "sentences")],
        Sentence::ALL.len()
    );
    assert!(checked[&("de".to_owned(), "prompts")] >= 20);
}

#[test]
fn what_a_locale_lacks_is_there_in_english() {
    let (english, german) = (Words::embedded("en"), Words::embedded("de-AT"));
    assert_eq!((german.locale(), german.partial()), ("de", true));
    assert_eq!((english.locale(), english.partial()), ("en", false));
    assert_eq!(german.prompts().len(), english.prompts().len());
    assert_eq!(german.cards(), english.cards());
    assert_eq!(german.sentence(Sentence::NotToday), "Heute nicht");
    let translated = german.prompt("need-now").unwrap();
    assert_eq!(translated.locale, "de");
    let lacking = german.prompt("own-news").unwrap();
    assert_eq!(Some(lacking), english.prompt("own-news"));
    for unknown in ["", "xx", "de_", "../../etc", "\u{202e}", "-"] {
        let words = Words::embedded(unknown);
        let expected = if unknown == "de_" { "de" } else { "en" };
        assert_eq!(words.locale(), expected, "{unknown:?}");
    }
}

/// An exported page names what this library knows in the reader's language.
#[test]
fn every_kind_every_field_every_choice_and_every_month_has_a_label_in_every_locale() {
    let mut choices = 0;
    for locale in Words::locales() {
        let words = Words::embedded(&locale.tag);
        let labelled = |id: String| assert!(words.label(&id).is_some(), "{id} in {}", locale.tag);
        for rules in sidelight::kinds::ALL {
            labelled(format!("kind.{}", rules.name));
            for field in rules.fields.iter().chain(sidelight::kinds::COMMON) {
                labelled(format!("field.{}", field.name));
                // Every list of words that any field chooses from.
                let words = match field.holds {
                    Holds::Choice(words) | Holds::SetOf(words) => words,
                    _ => &[],
                };
                for word in words {
                    labelled(format!("value.{}.{word}", field.name));
                    choices += 1;
                }
            }
        }
        (1..=12).for_each(|month| labelled(format!("month.{month}")));
        for id in ["private", "together", "yes", "no", "newer"] {
            labelled(format!("page.{id}"));
        }
    }
    let (english, german) = (Words::embedded("en"), Words::embedded("de"));
    assert_eq!(english.label("month.8"), Some("August"));
    assert_eq!(german.label("month.3"), Some("März"));
    assert_eq!(german.label("kind.kind_to_come"), None);
    assert_eq!(
        german.label("value.comfort.ask_first"),
        Some("vorher fragen")
    );
    assert!(choices > 100, "{choices}: the fields were walked");
}
