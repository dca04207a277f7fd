//! The page: its text is the source's, and nothing of it runs.

use html5ever::tendril::TendrilSink;
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use proptest::prelude::*;
use sidelight_exchange::Outgoing;
use sidelight_exchange::html::{Labels, Page};
use sidelight_format::{EntryDate, FieldValue};

use crate::support::*;

pub(crate) fn page(kept: &[Kept]) -> String {
    let mut years: Vec<_> = kept.iter().map(|one| one.rendered.date.year()).collect();
    years.dedup();
    let mut page = Page::default();
    let mut html = Page::begin(&years);
    for entry in kept {
        html.push_str(&page.entry(&entry.out()));
    }
    html + &Page::end()
}

/// Every element with its attributes, in document order.
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
}

impl Element {
    fn says(&self, name: &str) -> Option<&str> {
        let mut said = self.attributes.iter();
        let found = said.find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

fn text_of(node: &Handle) -> String {
    if let NodeData::Text { contents } = &node.data {
        return contents.borrow().to_string();
    }
    node.children.borrow().iter().map(text_of).collect()
}

fn elements(html: &str) -> Vec<Element> {
    let dom = parse_document(RcDom::default(), ParseOpts::default()).one(html);
    let (mut all, mut open) = (Vec::new(), vec![dom.document.clone()]);
    while let Some(node) = open.pop() {
        if let NodeData::Element { name, attrs, .. } = &node.data {
            let attributes = attrs.borrow();
            let attributes = attributes.iter();
            all.push(Element {
                name: name.local.to_string(),
                attributes: attributes
                    .map(|said| (said.name.local.to_string(), said.value.to_string()))
                    .collect(),
                text: text_of(&node),
            });
        }
        open.extend(node.children.borrow().iter().rev().cloned());
    }
    all
}

fn texts(all: &[Element]) -> Vec<&str> {
    let texts = all.iter().filter(|one| one.says("class") == Some("text"));
    texts.map(|one| one.text.as_str()).collect()
}

/// Elements and attributes that the page is made of; any other came out of an entry.
fn is_ours(all: &[Element]) {
    const ELEMENTS: [&str; 19] = [
        "html", "head", "meta", "title", "style", "body", "main", "nav", "a", "h2", "time",
        "article", "p", "bdi", "div", "dl", "dt", "dd", "link",
    ];
    for one in all {
        assert!(
            ELEMENTS[..18].contains(&one.name.as_str()),
            "<{}>",
            one.name
        );
        for (name, value) in &one.attributes {
            let ours = match name.as_str() {
                "href" => value.starts_with("#y"),
                "lang" | "charset" | "http-equiv" | "content" | "name" | "id" | "class" | "dir"
                | "datetime" => true,
                _ => false,
            };
            assert!(ours, "{name}={value}");
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_text_on_the_page(mut kept in prop::collection::vec(kept(), 1..6)) {
        kept.sort_by_key(|one| one.rendered.date);
        let html = page(&kept);
        let all = elements(&html);
        is_ours(&all);
        let expected: Vec<_> = kept.iter().map(|one| one.rendered.text.as_str())
            .filter(|text| !text.is_empty()).collect();
        prop_assert_eq!(texts(&all), expected);
    }
}

#[test]
fn the_page_has_the_text_of_the_whole_diary() {
    let diary = kept_diary();
    let html = page(&diary);
    let all = elements(&html);
    is_ours(&all);
    let expected: Vec<_> = diary.iter().map(|one| one.rendered.text.as_str()).collect();
    assert!(texts(&all) == expected, "the page's text is another one");
    println!("{} entries, {} bytes", diary.len(), html.len());
    // For a look at it in a browser.
    if let Some(path) = std::env::var_os("SIDELIGHT_PAGE") {
        std::fs::write(path, html).unwrap();
    }
}

#[test]
fn the_page_fetches_nothing_and_allows_nothing() {
    let html = page(&[Kept::moment("<img src=x onerror=alert(1)>")]);
    let all = elements(&html);
    let policy = all
        .iter()
        .find(|one| one.says("http-equiv") == Some("Content-Security-Policy"));
    let policy = policy.unwrap().says("content").unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"));
    let style = &all.iter().find(|one| one.name == "style").unwrap().text;
    assert!(!style.contains("url(") && !style.contains("@import") && !style.contains('<'));
    let title = &all.iter().find(|one| one.name == "title").unwrap().text;
    assert_eq!(title, "Notes");
    assert!(!html.contains("http://") && !html.contains("https://"));
}

#[test]
fn labels_are_those_of_a_language_and_names_without_one_stand_as_they_are() {
    let texts = [
        ("kind.moment", "Augenblick"),
        ("page.private", "nur für mich"),
        ("page.after_day", "."),
        ("month.3", "März<b>"),
    ];
    let texts = texts.map(|(id, text)| (id.to_owned(), text.to_owned()));
    let mut page = Page::new(Labels::new(texts));
    let kept = Kept::moment("rain");
    let mut rendered = kept.rendered.clone();
    rendered.date = EntryDate::new(2026, 3, 1, 0).unwrap();
    rendered.fields = vec![("not_wanted".into(), FieldValue::Flag(true))];
    let shown = page.entry(&Outgoing {
        rendered: &rendered,
        shared: false,
        ..kept.out()
    });
    // What a label says is text, too.
    for part in [
        "1. März&lt;b&gt; 2026",
        "Augenblick",
        "nur für mich",
        "not wanted",
        "yes",
    ] {
        assert!(shown.contains(part), "«{part}» is not in {shown}");
    }
}

/// Where words were chosen from a list they stand in the reader's language, and what somebody
/// typed stands as it is.
#[test]
fn words_that_were_chosen_have_labels_and_what_was_typed_stays() {
    let kept = chosen();
    let shown = Page::new(labels()).entry(&kept.out());
    let all = elements(&shown);
    let said = all
        .iter()
        .filter(|one| one.name == "dt" || one.name == "dd");
    let said: Vec<_> = said.map(|one| one.text.as_str()).collect();
    let expected = [
        "Wie es ist",
        "nicht jetzt",
        "note",
        "not_now",
        "tags",
        "monday",
        "weekdays",
        "Montag",
        "Freitag\n---\n<b>",
        "someday",
    ];
    assert_eq!(said, expected);
    assert_eq!(texts(&all), ["not_now"]);
}

#[test]
fn days_are_read_out_and_what_is_no_days_stays() {
    for (held, shown) in [
        (
            "2026-03-01+60/2026-04-02-120",
            "1 March 2026 – 2 April 2026",
        ),
        ("2026-04-02+0/2026-04-02+0", "2 April 2026"),
        ("2026-04-02+0/2026-04-31+0", "2026-04-02+0/2026-04-31+0"),
        (
            "2026-04-02 or so/2026-04-03+0",
            "2026-04-02 or so/2026-04-03+0",
        ),
        ("some/day", "some/day"),
    ] {
        let mut kept = Kept::moment("");
        kept.rendered.fields = vec![("days".into(), FieldValue::Text(held.into()))];
        let all = elements(&Page::default().entry(&kept.out()));
        let said = all.iter().find(|one| one.name == "dd").unwrap();
        assert_eq!(said.text, shown);
    }
}

/// What a real browser makes of it, whole. Needs `chromium`, or what `SIDELIGHT_BROWSER` names.
#[test]
#[ignore = "needs a browser: cargo test -p sidelight-exchange --test suite browser -- --ignored"]
fn a_browser_shows_the_text_of_the_whole_diary_and_runs_nothing() {
    let mut kept = kept_diary();
    for hostile in [
        "<script>document.title = 'ran'; document.body.append('ran')</script>",
        "</div></article></main><script>document.title = 'ran'</script>",
        "<img src=x onerror=\"document.title = 'ran'\"><svg onload=\"document.title = 'ran'\">",
        "<meta http-equiv=refresh content=0><style>*{display:none}</style>\r\n\r\u{85}\u{202e}",
    ] {
        kept.push(Kept::moment(hostile));
    }
    let path = std::env::temp_dir().join(format!("sidelight-page-{}.html", std::process::id()));
    std::fs::write(&path, page(&kept)).unwrap();
    let browser = std::env::var_os("SIDELIGHT_BROWSER").unwrap_or_else(|| "chromium".into());
    let shown = std::process::Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .arg(&path)
        .output();
    std::fs::remove_file(&path).unwrap();
    let shown = shown.expect("a browser that starts");
    assert!(shown.status.success());
    let all = elements(core::str::from_utf8(&shown.stdout).unwrap());
    is_ours(&all);
    let title = &all.iter().find(|one| one.name == "title").unwrap().text;
    assert_eq!(title, "Notes");
    // What a browser writes down has its ends of lines made one.
    let lines = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n");
    let expected: Vec<_> = kept.iter().map(|one| lines(&one.rendered.text)).collect();
    assert!(texts(&all) == expected, "the browser shows another text");
    println!("{} entries", expected.len());
}
