//! Files of an app's own: good, malformed and hostile.

use serde_json::{Value, json};
use sidelight::words::{FILE_LEN_MAX, Help, Sentence, Words};
use sidelight::{Error, ErrorKind};

fn prompt() -> Value {
    json!({"id": "own-1", "theme": "guilt", "who": "low", "audience": "self", "effort": "line",
        "text": "A line of our own."})
}

fn card() -> Value {
    json!({"id": "card-1", "myth": "It is said.", "reality": "It is known.", "limits": "A little.",
        "source": "Somebody, 2020", "url": "https://example.org/a?b=c#d",
        "checked_on": "2026-01-01", "review_by": "2027-01-01"})
}

fn words() -> Value {
    json!({"format": 1, "locale": "fr", "author": "an app", "reviewed_on": "2026-08-01",
        "sentences": [{"id": "not_today", "text": "Pas aujourd'hui"}],
        "prompts": [prompt()], "cards": [card()]})
}

/// A list of help with a resource each in these places, due by these days.
pub(crate) fn help(places: &[(&str, &str)]) -> String {
    let regions: Vec<Value> = places
        .iter()
        .map(|(code, review_by)| {
            json!({"code": code, "name": "A place", "resources": [{
                "id": format!("{}-1", code.to_lowercase()), "purpose": "distress", "name": "A line",
                "reach": [{"channel": "call", "to": "0800 1"}], "languages": ["en"],
                "audience": "everyone", "source": "its page", "checked_on": "2019-01-01",
                "review_by": review_by}]})
        })
        .collect();
    json!({"format": 1, "author": "an app", "regions": regions}).to_string()
}

fn read(file: &Value) -> Result<Words, Error> {
    Words::from_json(&[&file.to_string()])
}

/// The file with one thing in it changed.
fn with(pointer: &str, value: Value) -> Value {
    let mut file = words();
    match file.pointer_mut(pointer) {
        Some(place) => *place = value,
        None => {
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            let parent = file.pointer_mut(parent).unwrap().as_object_mut().unwrap();
            parent.insert(name.to_owned(), value);
        }
    }
    file
}

#[track_caller]
fn refused(result: Result<impl Sized, Error>, kind: ErrorKind, part: &str) {
    let error = result.err().expect("it is refused");
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.detail().contains(part), "«{part}» is not in: {error}");
    // It says what to do, and repeats nothing of the file.
    assert!(error.detail().contains("load it again"), "{error}");
    assert!(
        error.detail().is_ascii() && !error.detail().contains("EVIL"),
        "{error}"
    );
}

#[test]
fn an_apps_own_words_are_read_and_stand_before_those_of_the_library() {
    let own = read(&words()).unwrap();
    assert_eq!((own.prompts().len(), own.cards().len()), (1, 1));
    assert_eq!((own.locale(), own.partial()), ("fr", false));
    assert_eq!(own.sentence(Sentence::NotToday), "Pas aujourd'hui");
    // Sentences around help are never missing.
    assert!(
        own.sentence(Sentence::HelpCannotKnow)
            .starts_with("Sidelight cannot")
    );
    let english = Words::embedded("en");
    let both = own.with_fallback(&english);
    assert_eq!(both.prompts().len(), english.prompts().len() + 1);
    assert_eq!(both.prompts()[0].id, "own-1");
    assert_eq!(both.sentence(Sentence::Another), "Another one");
}

#[test]
fn what_a_newer_file_has_more_of_is_ignored() {
    let mut file = words();
    file["colour"] = json!({"deep": [1, 2, 3]});
    file["prompts"][0]["music"] = json!("soft");
    file["sentences"]
        .as_array_mut()
        .unwrap()
        .push(json!({"id": "new_one", "text": "New {x}"}));
    assert_eq!(read(&file).unwrap().prompts().len(), 1);
}

#[test]
fn a_later_form_asks_for_an_update() {
    refused(
        read(&with("/format", json!(2))),
        ErrorKind::UpdateNeeded,
        "later form",
    );
    refused(
        read(&with("/format", json!(0))),
        ErrorKind::Invalid,
        "format",
    );
    let later = help(&[("ZZ", "2030-01-01")]).replace("\"format\":1", "\"format\":9");
    refused(
        Help::from_json(&later),
        ErrorKind::UpdateNeeded,
        "later form",
    );
}

#[test]
fn what_is_no_such_json_is_refused_with_its_place() {
    for text in [
        "",
        "{",
        "null",
        "[]",
        "\u{feff}{}",
        "{\"format\":1}",
        "EVIL",
        "{\"format\":1,\"format\":1}",
    ] {
        refused(Words::from_json(&[text]), ErrorKind::Invalid, "line 1");
        refused(Help::from_json(text), ErrorKind::Invalid, "line 1");
    }
    refused(Words::from_json(&[]), ErrorKind::Invalid, "no file");
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(200_000), "]".repeat(200_000));
    refused(Words::from_json(&[&deep]), ErrorKind::Invalid, "JSON");
    let long = " ".repeat(FILE_LEN_MAX + 1);
    refused(Words::from_json(&[&long]), ErrorKind::Invalid, "bytes");
    refused(Help::from_json(&long), ErrorKind::Invalid, "bytes");
    let other = with("/locale", json!("es")).to_string();
    refused(
        Words::from_json(&[&words().to_string(), &other]),
        ErrorKind::Invalid,
        "locales",
    );
}

#[test]
fn every_field_is_checked() {
    for (pointer, value) in [
        ("/locale", json!("f")),
        ("/locale", json!("fr_FR")),
        ("/locale", json!("../en")),
        ("/reviewed_on", json!("August")),
        ("/prompts/0/id", json!("")),
        ("/prompts/0/id", json!("Own One")),
        ("/prompts/0/id", json!("x".repeat(65))),
        ("/prompts/0/theme", json!("money")),
        ("/prompts/0/who", json!("patient")),
        ("/prompts/0/audience", json!("everyone")),
        ("/prompts/0/effort", json!("marathon")),
        ("/prompts/0/effort", json!("tap")),
        ("/prompts/0/answers", json!(["Yes", "No"])),
        ("/prompts/0/text", json!("")),
        ("/prompts/0/text", json!(" padded ")),
        ("/prompts/0/text", json!("x".repeat(281))),
        ("/sentences/0/text", json!("On {date}")),
        ("/sentences/0/text", json!("Hello {name}")),
        ("/cards/0/url", json!("http://example.org")),
        ("/cards/0/url", json!("javascript:alert(1)")),
        ("/cards/0/url", json!("https://good.org@evil.org/")),
        ("/cards/0/url", json!("https://localhost")),
        ("/cards/0/url", json!("https://example.org/\"onclick=x")),
        ("/cards/0/review_by", json!("2025-01-01")),
        ("/cards/0/checked_on", json!("2026-02-30")),
        ("/cards/0/reality", json!("x".repeat(601))),
    ] {
        let file = with(pointer, value);
        refused(read(&file), ErrorKind::Invalid, "the ");
    }
}

#[test]
fn hostile_characters_are_refused_wherever_they_stand() {
    let places = [
        "/author",
        "/sentences/0/text",
        "/prompts/0/text",
        "/cards/0/myth",
        "/cards/0/reality",
        "/cards/0/limits",
        "/cards/0/source",
    ];
    let hostile = [
        "\u{1b}[31mEVIL",
        "EVIL\u{7}x",
        "two\nlines",
        "tab\tbed",
        "del\u{7f}ete",
        "c1\u{9b}2J",
        "<b>EVIL</b>",
        "a > b",
        "&lt;script&gt;",
        "&#60;b",
        "EVIL &amp; co",
        "\u{202e}LIVE",
        "x\u{2066}y",
        "zero\u{200b}width",
        "bom\u{feff}x",
        "line\u{2028}x",
        "soft\u{ad}x",
        "tag\u{e0041}x",
        "what\u{fffd}x",
        "\u{e000}x",
    ];
    for place in places {
        for text in hostile {
            refused(
                read(&with(place, json!(text))),
                ErrorKind::Invalid,
                "character",
            );
        }
        for text in [
            "Tea & toast",
            "שלום \u{200f}",
            "می\u{200c}خواهم",
            "👩\u{200d}❤\u{fe0f}\u{200d}👩",
            "&;",
            "日本語",
        ] {
            assert!(read(&with(place, json!(text))).is_ok(), "{place} {text:?}");
        }
    }
}

#[test]
fn ids_stand_once_also_over_several_files() {
    let one = words().to_string();
    refused(
        Words::from_json(&[&one, &one]),
        ErrorKind::Invalid,
        "before",
    );
    for list in ["prompts", "cards", "sentences"] {
        let mut file = words();
        let first = file[list][0].clone();
        file[list].as_array_mut().unwrap().push(first);
        refused(read(&file), ErrorKind::Invalid, "before");
    }
}

#[test]
fn lists_have_bounds() {
    let many = |of: fn() -> Value, number: usize| -> Value {
        (0..number)
            .map(|place| {
                let mut item = of();
                item["id"] = json!(format!("id-{place}"));
                item
            })
            .collect()
    };
    assert!(read(&with("/prompts", many(prompt, 2000))).is_ok());
    refused(
        read(&with("/prompts", many(prompt, 2001))),
        ErrorKind::Invalid,
        "too many",
    );
    assert!(read(&with("/cards", many(card, 500))).is_ok());
    refused(
        read(&with("/cards", many(card, 501))),
        ErrorKind::Invalid,
        "too many",
    );
    let files = vec!["{}"; 17];
    refused(Words::from_json(&files), ErrorKind::Invalid, "too many");
}

#[test]
fn a_list_of_help_is_checked() {
    let good = help(&[("ZZ", "2030-01-01"), ("AA", "2030-01-01")]);
    let read = Help::from_json(&good).unwrap();
    assert_eq!(
        (read.regions().len(), read.elsewhere().code.as_str()),
        (2, "ZZ")
    );
    for (from, to) in [
        ("0800 1", "*21*0900#"),
        ("0800 1", "0800;ext=1"),
        ("0800 1", "call us"),
        ("0800 1", ""),
        ("0800 1", "1234567890123456789012345"),
        ("\"call\"", "\"carrier pigeon\""),
        ("\"call\"", "\"web\""),
        ("\"distress\"", "\"sales\""),
        ("\"AA\"", "\"ZZ\""),
        ("\"AA\"", "\"aa\""),
        ("\"AA\"", "\"AAA\""),
        ("\"aa-1\"", "\"zz-1\""),
        ("\"ZZ\"", "\"BB\""),
        ("A line", "EVIL\\u202eenil"),
        ("its page", "<a href=EVIL>"),
        ("2019-01-01", "2031-01-01"),
    ] {
        let changed = good.replace(from, to);
        assert_ne!(changed, good, "{from}");
        refused(Help::from_json(&changed), ErrorKind::Invalid, "");
    }
    let mut empty: Value = serde_json::from_str(&good).unwrap();
    empty["regions"][0]["resources"] = json!([]);
    refused(
        Help::from_json(&empty.to_string()),
        ErrorKind::Invalid,
        "resources",
    );
}

/// Whatever is cut off, flipped or doubled in a file: an answer, never a panic.
#[test]
fn damaged_files_are_answered() {
    let files = [words().to_string(), help(&[("ZZ", "2030-01-01")])];
    for file in &files {
        for at in 0..file.len() {
            if file.is_char_boundary(at) {
                let _ = Words::from_json(&[&file[..at]]);
                let _ = Help::from_json(&file[..at]);
            }
            for flip in [0x01, 0x20, 0x40] {
                let mut bytes = file.clone().into_bytes();
                bytes[at] ^= flip;
                if let Ok(text) = String::from_utf8(bytes) {
                    let _ = Words::from_json(&[&text]);
                    let _ = Help::from_json(&text);
                }
            }
        }
    }
}
