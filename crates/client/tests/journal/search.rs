//! Search: what is found is what reading everything would find.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use sidelight::{
    By, Date, Draft, Entry, Field, FieldValue, Journal, Page, PageRequest, Reader, SearchRequest,
    Space,
};
use sidelight_journal::search::words;

use crate::support::{PATIENCE, couple, home, relay, shared, sync};

/// Words that differ in one thing each, of many scripts.
const WORDS: &[&str] = &[
    "river",
    "River",
    "rivers",
    "riv",
    "walk",
    "walked",
    "Straße",
    "strasse",
    "STRASSEN",
    "café",
    "cafe\u{301}",
    "ışık",
    "IŞIK",
    "İstanbul",
    "日本語",
    "日本",
    "本",
    "カタカナ",
    "か",
    "が",
    "한국어",
    "한",
    "👩‍👩‍👧",
    "👩",
    "🌊",
    "naïve",
    "don’t",
    "мир",
    "МИР",
    "й",
    "שָׁלוֹם",
    "كتاب",
    "कि",
    "क",
    "มา",
    "ม้า",
    "3.5",
    "the",
    "the",
    "the",
    "and",
    "and",
    "of",
    "—",
    "…",
];

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        // Knuth's MMIX.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    fn text(&mut self) -> String {
        let words = (0..=self.roll(9)).map(|_| WORDS[self.roll(WORDS.len())]);
        format!("{} .", words.collect::<Vec<_>>().join(" "))
    }

    fn date(&mut self) -> Date {
        let first = Date::parse("2024-02-01", 60).unwrap();
        first.plus(self.roll(60) as u32).unwrap()
    }
}

fn looking_for(words: &str) -> SearchRequest {
    SearchRequest {
        words: words.to_owned(),
        limit: 1000,
        ..SearchRequest::default()
    }
}

async fn everything(journal: &Journal) -> Vec<Entry> {
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let page = journal
            .page(PageRequest { limit: 500, before })
            .await
            .unwrap();
        all.extend(page.entries);
        before = page.next;
        if before.is_none() {
            return all;
        }
    }
}

/// All pages of a search, each of another length.
async fn found(journal: &Journal, request: &SearchRequest) -> Vec<String> {
    let mut ids = Vec::new();
    let mut request = request.clone();
    for limit in [1, 7, 50].into_iter().chain(std::iter::repeat(1000)) {
        request.limit = limit;
        let page = journal.search(request.clone()).await.unwrap();
        assert!(page.entries.len() <= limit as usize);
        ids.extend(page.entries.into_iter().map(|entry| entry.id));
        request.before = page.next;
        if request.before.is_none() {
            break;
        }
    }
    ids
}

/// Whether a text has these words, one after another or each somewhere.
fn has(text: &str, looked_for: &[String], phrase: bool) -> bool {
    let words = words(text);
    if phrase {
        return words
            .windows(looked_for.len())
            .any(|some| some == looked_for);
    }
    let begins = |wanted: &String| words.iter().any(|word| word.starts_with(&**wanted));
    looked_for.iter().all(begins)
}

async fn check(journal: &Journal, dice: &mut Dice) {
    let all = everything(journal).await;
    for round in 0..12 {
        let count = 1 + dice.roll(3);
        let typed: Vec<&str> = (0..count).map(|_| WORDS[dice.roll(WORDS.len())]).collect();
        let phrase = dice.roll(2) == 0;
        // A word that falls apart into several is a phrase of its own, and not for this check.
        let whole = |word: &&str| words(word).len() == 1;
        if !phrase && !typed.iter().all(whole) {
            continue;
        }
        let looked_for = words(&typed.join(" "));
        if looked_for.is_empty() {
            continue;
        }
        let mut request = match phrase {
            true => looking_for(&format!("\"{}\"", typed.join(" "))),
            false => looking_for(&typed.join(" ")),
        };
        if round % 3 == 0 {
            request.from = Some(dice.date());
        }
        if round % 4 == 0 {
            request.to = Some(dice.date());
        }
        if round % 5 == 0 {
            request.kinds = vec!["gratitude".to_owned(), "bid".to_owned()];
        }
        let civil = |date: &Date| (date.year, date.month, date.day);
        let wanted = all.iter().filter(|entry| {
            has(&entry.text, &looked_for, phrase)
                && request
                    .from
                    .is_none_or(|from| civil(&entry.date) >= civil(&from))
                && request.to.is_none_or(|to| civil(&entry.date) <= civil(&to))
                && (request.kinds.is_empty() || request.kinds.contains(&entry.kind))
        });
        let wanted: Vec<String> = wanted.map(|entry| entry.id.clone()).collect();
        assert_eq!(found(journal, &request).await, wanted, "{typed:?} {phrase}");
    }
}

#[tokio::test]
async fn what_is_found_is_what_reading_everything_would_find() {
    let home = home("Ada", None).await;
    let journal = &home.journal;
    let mut dice = Dice(7);
    let draft = |dice: &mut Dice| Draft {
        date: Some(dice.date()),
        kind: ["moment", "gratitude"][dice.roll(2)].to_owned(),
        ..Draft::new(dice.text())
    };
    // More than a run holds, and then little by little: none indexed, some, all, and again.
    for _ in 0..6 {
        let drafts = (0..200).map(|_| draft(&mut dice)).collect();
        journal.write_many(drafts).await.unwrap();
    }
    check(journal, &mut dice).await;
    assert!(journal.prepare_search(PATIENCE).await.unwrap());
    check(journal, &mut dice).await;
    for round in 0..9 {
        let all = everything(journal).await;
        for _ in 0..30 {
            let some = &all[dice.roll(all.len())].id;
            let changed = match dice.roll(5) {
                0 => journal.write(draft(&mut dice)).await.map(drop),
                1 => journal.set_text(some.clone(), dice.text()).await.map(drop),
                2 => journal.set_date(some.clone(), dice.date()).await.map(drop),
                3 => journal.erase(vec![some.clone()]).await.map(drop),
                _ => Ok(()),
            };
            // It may have been erased in this round.
            if let Err(error) = changed {
                assert_eq!(error.kind(), sidelight::ErrorKind::NotFound);
            }
        }
        if round % 3 == 2 {
            journal.prepare_search(PATIENCE).await.unwrap();
        }
        check(journal, &mut dice).await;
    }
    // An import of more than is taken in one by one.
    for _ in 0..6 {
        let drafts = (0..200).map(|_| draft(&mut dice)).collect();
        journal.write_many(drafts).await.unwrap();
    }
    check(journal, &mut dice).await;
    journal.prepare_search(PATIENCE).await.unwrap();
    check(journal, &mut dice).await;

    // A second program that only reads finds the same.
    let reader = Reader::open(home.path(), home.keys.clone()).await.unwrap();
    let request = looking_for("river");
    let there = reader.search(request.clone()).await.unwrap();
    assert_eq!(there, journal.search(request).await.unwrap());
}

#[tokio::test]
async fn after_beginning_anew_everything_is_found_again() {
    let home = home("Ada", None).await;
    let journal = &home.journal;
    let drafts = (0..70).map(|_| Draft::new("by the river")).collect();
    let ids = journal.write_many(drafts).await.unwrap();
    journal.prepare_search(PATIENCE).await.unwrap();
    assert_eq!(journal.refound().await.unwrap(), 70);
    for _ in 0..2 {
        let found = found(journal, &looking_for("river")).await;
        assert_eq!(found.len(), 70);
        assert!(ids.iter().all(|id| !found.contains(id)));
        journal.today().await.unwrap();
        assert!(journal.thread(found[0].clone()).await.is_ok());
        journal.prepare_search(PATIENCE).await.unwrap();
    }
}

/// Neither what was written nor what is looked up in its place: lower case, without accents.
#[tokio::test]
async fn no_word_lies_open_in_the_files_of_a_journal_that_was_searched() {
    let home = home("Ada", None).await;
    let tagged = Draft {
        fields: vec![Field {
            name: "tags".to_owned(),
            value: FieldValue::List(vec!["Canarytag".to_owned()]),
        }],
        ..Draft::new("Beside the Canaryrivière, long ago.")
    };
    home.journal.write(tagged).await.unwrap();
    let more = (0..100).map(|n| Draft::new(format!("canaryword {n}")));
    home.journal.write_many(more.collect()).await.unwrap();
    assert!(home.journal.prepare_search(PATIENCE).await.unwrap());
    let canaries = ["canaryriviere", "canarytag", "canaryword"];
    for canary in canaries {
        let page = home.journal.search(looking_for(canary)).await.unwrap();
        assert!(!page.entries.is_empty(), "{canary}");
    }
    home.journal.suspend().await.unwrap();
    let lies_open = || -> Vec<&str> {
        let files = std::fs::read_dir(home.path()).unwrap();
        let mut all = Vec::new();
        for file in files {
            all.extend(std::fs::read(file.unwrap().path()).unwrap());
        }
        all.make_ascii_lowercase();
        let lies = |word: &&str| all.windows(word.len()).any(|part| part == word.as_bytes());
        let written = "canaryrivière";
        canaries.into_iter().chain([written]).filter(lies).collect()
    };
    assert!(lies_open().is_empty(), "{:?}", lies_open());
    let control = home.path().join("control");
    std::fs::write(&control, "Canarytag").unwrap();
    assert_eq!(lies_open(), ["canarytag"], "the control: it would be found");
}

fn texts(page: &Page) -> Vec<&str> {
    page.entries
        .iter()
        .map(|entry| entry.text.as_str())
        .collect()
}

#[tokio::test]
async fn entries_are_found_by_tag_field_author_space_and_day_and_words_are_never_mixed_up() {
    let relay = relay().await;
    let (ada, bo) = couple(&relay).await;
    let field = |name: &str, value| Field {
        name: name.to_owned(),
        value,
    };
    let list = |members: &[&str]| FieldValue::List(members.iter().map(|m| (*m).into()).collect());
    let draft = |text: &str, fields: Vec<Field>| Draft {
        fields,
        ..Draft::new(text)
    };
    ada.journal
        .write_many(vec![
            draft("one", vec![field("tags", list(&["Sea Side", "été"]))]),
            draft("two", vec![field("tags", list(&["sea"]))]),
            Draft {
                kind: "gratitude".to_owned(),
                ..draft(
                    "three",
                    vec![field("toward", FieldValue::Text("the neighbour".into()))],
                )
            },
            Draft {
                kind: "bid".to_owned(),
                ..draft(
                    "",
                    vec![field("bid", FieldValue::Text("quiet_company".into()))],
                )
            },
            shared("four of both"),
        ])
        .await
        .unwrap();
    bo.journal.write(shared("five by Bo")).await.unwrap();
    sync(&ada.journal).await;
    sync(&bo.journal).await;
    sync(&ada.journal).await;

    let search = async |request| ada.journal.search(request).await.unwrap();
    let tagged = |tag: &str| SearchRequest {
        tags: vec![tag.to_owned()],
        ..looking_for("")
    };
    assert_eq!(texts(&search(tagged("SEA SIDE")).await), ["one"]);
    assert_eq!(texts(&search(tagged("ete")).await), ["one"]);
    assert_eq!(texts(&search(tagged("sea")).await), ["two"]);
    // Tags are words as well; a word chosen from a list is not.
    assert_eq!(texts(&search(looking_for("sea")).await), ["two", "one"]);
    assert_eq!(texts(&search(looking_for("neighb")).await), ["three"]);
    assert!(search(looking_for("quiet")).await.entries.is_empty());
    // No phrase reaches from the text into a field.
    assert!(
        search(looking_for("\"three the\""))
            .await
            .entries
            .is_empty()
    );
    assert_eq!(texts(&search(looking_for("three the")).await), ["three"]);
    let by = |by| SearchRequest {
        by: Some(by),
        ..looking_for("")
    };
    assert_eq!(texts(&search(by(By::Partner)).await), ["five by Bo"]);
    assert_eq!(search(by(By::Me)).await.entries.len(), 5);
    let space = |space, words| SearchRequest {
        space: Some(space),
        ..looking_for(words)
    };
    assert_eq!(search(space(Space::Shared, "")).await.entries.len(), 2);
    assert_eq!(
        texts(&search(space(Space::Private, "o")).await),
        ["two", "one"][1..]
    );
    let tomorrow = Date::today().plus(1).unwrap();
    let later = SearchRequest {
        from: Some(tomorrow),
        ..looking_for("")
    };
    assert!(search(later).await.entries.is_empty());
    assert!(search(looking_for(" — ")).await.entries.is_empty());
    assert_eq!(search(looking_for("")).await.entries.len(), 6);
    let many = ada.journal.search(looking_for(&"word ".repeat(65))).await;
    assert_eq!(many.unwrap_err().kind(), sidelight::ErrorKind::Invalid);

    // What Ada keeps for herself Bo does not find, and what she takes back nobody does.
    let id = search(looking_for("four")).await.entries[0].id.clone();
    let on_bos = bo.journal.search(looking_for("o")).await.unwrap();
    assert_eq!(texts(&on_bos), ["four of both"]);
    ada.journal.erase(vec![id]).await.unwrap();
    sync(&ada.journal).await;
    sync(&bo.journal).await;
    for journal in [&ada.journal, &bo.journal] {
        assert!(
            journal
                .search(looking_for("four"))
                .await
                .unwrap()
                .entries
                .is_empty()
        );
    }
}

/// Prints how long a search takes beside `str::contains` over the same text in memory. With
/// `--ignored`, optimised, and the diary in `../shared/data`.
#[tokio::test]
#[ignore = "takes minutes, and measures"]
async fn figures() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let file = data.join("pepys.dayone.json.gz");
    if !file.exists() {
        println!("no diary in {}; nothing measured", data.display());
        return;
    }
    let home = home("Ada", None).await;
    let journal = &home.journal;
    let options = sidelight::ImportOptions::default();
    journal.import(file, options).await.unwrap();
    let diary = everything(journal).await;
    // Ten years of two people: the diary's sentences, drawn anew.
    let sentences: Vec<&str> = diary
        .iter()
        .flat_map(|entry| entry.text.split_inclusive(". "))
        .collect();
    let mut dice = Dice(1);
    let mut written = diary.len();
    while written < 36_500 {
        let drafts: Vec<Draft> = (0..500)
            .map(|at| {
                let mut text = String::new();
                while text.len() < 400 {
                    text.push_str(sentences[dice.roll(sentences.len())]);
                }
                text.truncate(text.floor_char_boundary(2000));
                let day = Date::parse("2014-01-01", 0).unwrap();
                let day = day.plus(((written + at) / 10) as u32).unwrap();
                Draft {
                    date: Some(day),
                    ..Draft::new(text)
                }
            })
            .collect();
        written += drafts.len();
        journal.write_many(drafts).await.unwrap();
    }
    let all = everything(journal).await;
    let whole: String = all.iter().map(|entry| entry.text.as_str()).collect();
    let size = || {
        std::fs::metadata(home.path().join("journal.db"))
            .unwrap()
            .len()
    };
    let before = size();
    let began = Instant::now();
    let slow = time(
        || async {
            journal
                .search(looking_for("\"zeppelin hydraulics\""))
                .await
                .unwrap();
        },
        1,
    )
    .await;
    journal
        .prepare_search(Duration::from_secs(600))
        .await
        .unwrap();
    let built = began.elapsed() - slow;
    println!(
        "{} entries, {} characters; built in {built:?}; {} KiB more on disk ({} before); without index {slow:?}",
        all.len(),
        whole.len(),
        size().saturating_sub(before) / 1024,
        before / 1024,
    );
    let mut results = BTreeMap::new();
    for phrase in [
        "\"up betimes\"",
        "\"my lord sandwich\"",
        "\"the and of\"",
        "\"of the\"",
        "\"zeppelin hydraulics\"",
        "\"great fire\"",
        "plague lon",
        "e",
    ] {
        let needle = phrase.trim_matches('"');
        let scan = {
            let began = Instant::now();
            for _ in 0..20 {
                std::hint::black_box(std::hint::black_box(&whole).contains("zeppelin hydraulics"));
            }
            began.elapsed() / 20
        };
        let request = SearchRequest {
            limit: 50,
            ..looking_for(phrase)
        };
        let hits = journal.search(request.clone()).await.unwrap().entries.len();
        let took = time(
            || async {
                journal.search(request.clone()).await.unwrap();
            },
            20,
        )
        .await;
        results.insert(
            needle.to_owned(),
            (hits, took, took.as_secs_f64() / scan.as_secs_f64()),
        );
    }
    for (needle, (hits, took, ratio)) in results {
        println!("{needle:24} {hits:3} hits {took:10.1?}  {ratio:5.1} times str::contains");
    }
}

async fn time<F: Future<Output = ()>>(mut what: impl FnMut() -> F, times: u32) -> Duration {
    let began = Instant::now();
    for _ in 0..times {
        what().await;
    }
    began.elapsed() / times
}
