//! The tone: nothing that presses, counts, judges or diagnoses. A list of words cannot make a
//! sentence kind; it keeps out what has no business here at all.

use sidelight::words::{Sentence, Words};

/// In everything a person is asked or told, but for cards.
const NEVER: &[&str] = &[
    // pressing
    "should ",
    "shouldn't",
    "must",
    "have to",
    "has to",
    "had to",
    "ought",
    "try harder",
    "make an effort",
    "don't forget",
    "remember to",
    "be sure to",
    "at least",
    "as soon as",
    "deadline",
    "promise",
    "hurry",
    "commit to",
    "goal",
    "challenge",
    "task",
    "homework",
    "overdue",
    "late again",
    // exhorting
    "positive",
    "cheer up",
    "look on the bright",
    "smile more",
    "stay strong",
    "snap out",
    "just do",
    "simply",
    "come on",
    "you can do",
    "count your blessings",
    "be grateful",
    // counting and comparing
    "streak",
    "score",
    "points",
    "rate ",
    "rating",
    "out of ten",
    "percent",
    "how many",
    "how often",
    "how much better",
    "every day",
    "each day",
    "daily",
    "in a row",
    "level",
    "progress",
    "compared",
    "more than last",
    "better than",
    "worse than",
    "average",
    "missed",
    "you haven't",
    "you have not",
    "you didn't",
    "you never",
    "you always",
    "again today",
    // judging
    "failed",
    "failure",
    "ignored",
    "selfish",
    "lazy",
    "fault",
    "blame",
    "excuse",
    "normal",
    "deserve",
    "disappoint",
    "ungrateful",
    "owe them",
    "owe your",
    "needy",
    "difficult person",
    // diagnosing
    "patient",
    "symptom",
    "diagnos",
    "disorder",
    "treatment",
    "therapy",
    "clinical",
    "episode",
    "relapse",
    "trigger",
    "compliance",
    "depress",
    "caregiver",
    "cure",
    "heal",
    "recover",
    "mental",
    "suicid",
    "risk",
    "toxic",
    "abus",
    // analysing
    "why",
    "how are you feeling",
    "how do you feel",
    "explain yourself",
    "analys",
    "reason for",
    // in the other's name, or over their shoulder
    "your partner wants",
    "your partner needs",
    "your partner is waiting",
    "waiting for you",
    "ask your partner why",
    "your partner feels",
    "tell your partner everything",
    "convince",
    "make them",
    "get them to",
    "persuade",
    // touch
    "sex",
    "intima",
    "perform",
    "arous",
    "perhaps more",
    "lead to more",
];

/// On cards, which speak of illness and of studies.
const NEVER_ON_CARDS: &[&str] = &[
    "should ",
    "shouldn't",
    "have to",
    "ought",
    "patient",
    "compliance",
    "caregiver",
    "streak",
    "ignored",
    "proves that",
    "proven",
    "guarantee",
    "always",
    "serotonin",
    "dopamine",
    "auckland",
    "phq",
];

/// Also in German.
const NEVER_IN_GERMAN: &[&str] = &[
    "solltest",
    "sollte ",
    "musst",
    "müsst",
    "muss ",
    "streng dich",
    "positiv",
    "jeden tag",
    "täglich",
    "wie oft",
    "wie viele",
    "punkte",
    "serie",
    "versagt",
    "schuld bist",
    "faul",
    "patient",
    "symptom",
    "diagnos",
    "therap",
    "depress",
    "heil",
    "warum",
    "wieso",
    "weshalb",
    "versprich",
    "vergiss nicht",
    "einfach ",
    "sex",
];

/// Looks for these at the beginnings of words.
fn found<'a>(text: &str, words: &[&'a str]) -> Vec<&'a str> {
    let text = format!(" {} ", text.to_lowercase().replace('’', "'"));
    let begins = |word: &&str| {
        text.match_indices(*word).any(|(at, _)| {
            text[..at]
                .chars()
                .next_back()
                .is_none_or(|before| !before.is_alphanumeric())
        })
    };
    words.iter().copied().filter(begins).collect()
}

#[test]
fn the_search_would_find_what_must_not_be_there() {
    assert_eq!(found("You SHOULD talk more.", NEVER), ["should "]);
    assert_eq!(found("Why? Don’t forget!", NEVER), ["don't forget", "why"]);
    assert_eq!(
        found("Five days in a row: a streak.", NEVER),
        ["streak", "in a row"]
    );
    assert_eq!(found("A mustard sandwich on the shoulder", NEVER), ["must"]);
    assert_eq!(found("a kind answer", NEVER), [""; 0]);
    assert_eq!(
        found("Du musst reden. Warum nicht?", NEVER_IN_GERMAN),
        ["musst", "warum"]
    );
}

#[test]
fn no_prompt_and_no_sentence_presses_counts_judges_or_diagnoses() {
    let words = Words::embedded("en");
    let mut checked = 0;
    let mut defects = Vec::new();
    let mut look = |id: &str, text: &str, list: &[&str]| {
        checked += 1;
        let found = found(text, list);
        if !found.is_empty() {
            defects.push(format!("{id}: {found:?} in «{text}»"));
        }
    };
    for prompt in words.prompts() {
        look(&prompt.id, &prompt.text, NEVER);
        for answer in &prompt.answers {
            look(&prompt.id, answer, NEVER);
        }
    }
    for sentence in Sentence::ALL {
        look(sentence.as_str(), words.sentence(*sentence), NEVER);
    }
    for card in words.cards() {
        // A myth says what it says.
        for text in [&card.reality, &card.limits] {
            look(&card.id, text, NEVER_ON_CARDS);
        }
    }
    let german = Words::embedded("de");
    for prompt in german
        .prompts()
        .iter()
        .filter(|prompt| prompt.locale == "de")
    {
        look(&prompt.id, &prompt.text, NEVER_IN_GERMAN);
    }
    for sentence in Sentence::ALL {
        look(
            sentence.as_str(),
            german.sentence(*sentence),
            NEVER_IN_GERMAN,
        );
    }
    assert!(checked > 400, "only {checked} texts were looked at");
    assert!(defects.is_empty(), "\n{}", defects.join("\n"));
}

/// Exclamation marks cheer people on; commands give orders.
#[test]
fn no_prompt_gives_an_order_or_raises_its_voice() {
    let orders = [
        "write ",
        "tell ",
        "say ",
        "list ",
        "think ",
        "describe ",
        "name ",
        "ask ",
        "give ",
        "do ",
        "go ",
        "hug ",
        "touch ",
        "kiss ",
        "apologise",
        "forgive",
        "thank ",
        "let ",
        "be ",
        "choose ",
        "take ",
        "make ",
        "stop ",
        "start ",
        "share ",
        "talk to ",
        "reflect",
        "consider",
    ];
    for prompt in Words::embedded("en").prompts() {
        let text = prompt.text.to_lowercase();
        assert!(!text.contains('!'), "{}", prompt.id);
        for order in orders {
            assert!(
                !text.starts_with(order),
                "{} begins with {order}",
                prompt.id
            );
        }
    }
}

/// A prompt of one tap has an answer that is no: «not now», «nothing», «don't know».
#[test]
fn whoever_taps_can_say_no() {
    let ways_out = [
        "not",
        "no ",
        "none",
        "nothing",
        "don't",
        "rather",
        "alone",
        "on my own",
        "later",
        "nearby",
        "two",
        "tomorrow",
        "drop",
        "leave",
        "let it go",
        "it is fine",
        "it depends",
        "across",
        "perhaps",
        "sleep on it",
        "a little talk is fine",
        "space",
        "a wave",
        "quiet",
    ];
    for prompt in Words::embedded("en").prompts() {
        if prompt.answers.is_empty() {
            continue;
        }
        let out = prompt.answers.iter().any(|answer| {
            ways_out.iter().any(|way| {
                answer.to_lowercase().starts_with(way) || answer.to_lowercase().contains(" not ")
            })
        });
        assert!(out, "{}: {:?}", prompt.id, prompt.answers);
    }
}

/// It stands on screens that others see.
#[test]
fn the_one_notice_names_nobody_and_nothing_in_any_language() {
    for locale in Words::locales() {
        let words = Words::embedded(&locale.tag);
        let notice = words.sentence(Sentence::Notice).to_lowercase();
        assert!(!notice.is_empty() && notice.len() < 80, "{notice}");
        assert!(!notice.contains(|c: char| c.is_ascii_digit()), "{notice}");
        let kinds = sidelight::kinds::ALL
            .iter()
            .map(|rules| rules.name.replace('_', " "));
        let telling = [
            "partner",
            "journal",
            "tagebuch",
            "sidelight",
            "shared",
            "new",
            "neu",
            "waiting",
        ];
        for word in kinds.chain(telling.map(str::to_owned)) {
            let told = notice
                .split(|c: char| !c.is_alphabetic())
                .any(|part| part == word);
            assert!(!told, "«{word}» is in «{notice}»");
        }
    }
}
