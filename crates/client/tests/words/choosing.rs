//! How a prompt is chosen.

use std::collections::BTreeSet;

use sidelight::words::{Effort, PromptRequest, Theme, Who, Words};

fn seeded(seed: u64) -> PromptRequest {
    PromptRequest {
        seed,
        ..PromptRequest::default()
    }
}

#[test]
fn the_same_request_gives_the_same_prompt_and_seeds_spread() {
    let words = Words::embedded("en");
    let mut seen = BTreeSet::new();
    for seed in 0..1000 {
        let chosen = words.choose(&seeded(seed)).unwrap();
        assert_eq!(Some(chosen), words.clone().choose(&seeded(seed)));
        seen.insert(&chosen.id);
    }
    // A thousand draws of some 70 miss hardly any.
    let candidates = words
        .prompts()
        .iter()
        .filter(|prompt| prompt.who == Who::Either && !prompt.sensitive);
    assert!(seen.len() + 2 >= candidates.count(), "only {}", seen.len());
}

#[test]
fn no_prompt_comes_twice_in_a_row() {
    let words = Words::embedded("en");
    let mut request = seeded(7);
    for _ in 0..500 {
        let chosen = words.choose(&request).unwrap().id.clone();
        assert_ne!(request.last.as_ref(), Some(&chosen));
        request.last = Some(chosen);
    }
    // Even if it is the only one that is left.
    request.theme = Some(Theme::Guilt);
    let guilt = words.prompts().iter().filter(|p| p.theme == Theme::Guilt);
    let ids: Vec<String> = guilt.map(|prompt| prompt.id.clone()).collect();
    request.last = Some(ids[0].clone());
    request.dismissed = ids[1..].to_vec();
    assert_eq!(words.choose(&request), None);
    request.last = None;
    assert_eq!(words.choose(&request).unwrap().id, ids[0]);
}

#[test]
fn dismissing_a_prompt_changes_only_the_choice_that_was_that_prompt() {
    let words = Words::embedded("en");
    let dismissed = words.choose(&seeded(3)).unwrap().id.clone();
    let mut changed = 0;
    for seed in 0..300 {
        let before = words.choose(&seeded(seed)).unwrap();
        let after = words
            .choose(&PromptRequest {
                dismissed: vec![dismissed.clone(), "no such prompt".to_owned()],
                ..seeded(seed)
            })
            .unwrap();
        assert_ne!(after.id, dismissed);
        if before.id == dismissed {
            changed += 1;
        } else {
            assert_eq!(before, after);
        }
    }
    assert!(changed > 0);
}

#[test]
fn all_dismissed_is_nothing_to_show() {
    let words = Words::embedded("en");
    let all = words.prompts().iter().map(|prompt| prompt.id.clone());
    let request = PromptRequest {
        dismissed: all.collect(),
        ..seeded(1)
    };
    assert_eq!(words.choose(&request), None);
}

#[test]
fn what_is_sensitive_or_for_one_alone_comes_only_if_it_is_named() {
    let words = Words::embedded("en");
    for seed in 0..500 {
        let any = words.choose(&seeded(seed)).unwrap();
        assert!(!any.sensitive && any.who == Who::Either, "{}", any.id);

        let low = PromptRequest {
            who: Some(Who::Low),
            effort_max: Some(Effort::Tap),
            ..seeded(seed)
        };
        let low = words.choose(&low).unwrap();
        assert!(low.who != Who::Supporter && low.effort == Effort::Tap);

        let touch = PromptRequest {
            theme: Some(Theme::TouchWithoutExpectation),
            ..seeded(seed)
        };
        assert!(words.choose(&touch).unwrap().sensitive);
    }
}

#[test]
fn prompts_of_the_locale_come_before_those_of_the_fallback() {
    let words = Words::embedded("de");
    let mut request = seeded(11);
    let mut locales = Vec::new();
    while let Some(prompt) = words.choose(&request) {
        locales.push(prompt.locale.clone());
        request.dismissed.push(prompt.id.clone());
    }
    assert!(locales.len() > 60);
    assert!(locales.first().unwrap() == "de" && locales.last().unwrap() == "en");
    assert!(locales.is_sorted_by_key(|locale| locale != "de"));
}
