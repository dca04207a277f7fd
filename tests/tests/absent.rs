//! What must not exist in the public interface: walked with `syn`, item by item.
//!
//! An app cannot show a streak, a score or who was last seen if the library has no word for it.
//! The walk takes every `pub` item, field, variant, method, and parameter of the crate
//! `sidelight`, but for the module `device`, which is hidden: the simulator drives it; and of the
//! crate from which Swift and Kotlin are generated.

use std::path::{Path, PathBuf};

use syn::visit::Visit;
use syn::{Fields, FnArg, ImplItem, Item, Pat, TraitItem, Visibility};

/// Words that stand in no name.
const ABSENT: &[&str] = &[
    // counting and ranking people
    "streak",
    "streaks",
    "gap",
    "gaps",
    "score",
    "scores",
    "scoring",
    "rank",
    "ranking",
    "rating",
    "ratings",
    "badge",
    "badges",
    "achievement",
    "achievements",
    "points",
    "level",
    "levels",
    "completion",
    "completions",
    "completed",
    "missed",
    "overdue",
    "leaderboard",
    "percentage",
    // watching
    "seen",
    "typing",
    "online",
    "presence",
    "receipt",
    "receipts",
    "unread",
    "viewed",
    "viewer",
    "viewers",
    "idle",
    "heartbeat",
    "delivered",
    // inferring
    "sentiment",
    "mood",
    "risk",
    "diagnosis",
    "inferred",
    // placing
    "location",
    "latitude",
    "longitude",
    "gps",
    "geo",
    "coordinates",
    // what lapsed, and what is private, as somebody else would see it
    "lapsed",
    "expired",
    "ignored",
    "unanswered",
    "hidden",
    // putting words into somebody's mouth
    "impersonate",
    "behalf",
    "autoshare",
];

/// Two words in a row that stand in no name.
const ABSENT_PAIRS: &[(&str, &str)] = &[
    ("last", "active"),
    ("last", "online"),
    ("last", "read"),
    ("last", "opened"),
    ("read", "at"),
    ("read", "by"),
    ("opened", "at"),
    ("opened", "by"),
    ("share", "all"),
    ("auto", "share"),
    ("private", "count"),
];

/// Names that have such a word and mean something else, with the reason.
const ALLOWED: &[(&str, &str)] = &[
    (
        "WarningKind::Gap",
        "envelopes that a relay withholds; never days without writing",
    ),
    (
        "PairingEnd::Expired",
        "an invitation; never an entry or an answer that did not come",
    ),
];

/// A public name, where it is, and what of its type matters.
#[derive(Debug)]
struct Name {
    path: String,
    last: String,
    /// The names in its type.
    types: Vec<String>,
    parameter: bool,
}

#[test]
fn no_public_name_counts_ranks_watches_places_or_infers() {
    let names = public_names();
    // The walk did see the interface.
    for known in [
        "Journal::write",
        "Draft::shared",
        "WarningKind::Gap",
        "Words::choose",
        "Entry::mine",
        "Theme::Guilt",
    ] {
        assert!(
            names.iter().any(|name| name.path == known),
            "{known} was not seen"
        );
    }
    assert!(names.len() > 250, "only {} names were seen", names.len());
    let defects = defects(&names);
    assert!(defects.is_empty(), "\n{}", defects.join("\n"));
    for (allowed, reason) in ALLOWED {
        let used = names.iter().any(|name| name.path == *allowed);
        assert!(used, "{allowed} is allowed ({reason}) and is not there");
    }
}

/// What crosses into Swift and Kotlin is generated from these names.
#[test]
fn no_name_that_crosses_into_another_language_does_either() {
    // How much a log tells a developer is no level of a person's.
    let of_logs = ["LogLevel", "LogSink::log(level)", "set_log_sink(level)"];
    let mut names = names_below("../crates/ffi/src");
    let found = names.len();
    names.retain(|name| !of_logs.contains(&name.path.as_str()));
    assert_eq!(names.len() + of_logs.len(), found);
    for known in [
        "Journal::write",
        "Draft::shared",
        "Entry::mine",
        "Today::quiet",
    ] {
        assert!(
            names.iter().any(|name| name.path == known),
            "{known} was not seen"
        );
    }
    let defects = defects(&names);
    assert!(defects.is_empty(), "\n{}", defects.join("\n"));
}

#[test]
fn the_walk_would_find_what_must_not_be_there() {
    for (planted, expected) in [
        ("pub struct S { pub streak_days: u32 }", "S::streak_days"),
        (
            "pub struct Partner { pub last_active: i64 }",
            "Partner::last_active",
        ),
        (
            "pub struct Partner { pub wrote_ms: i64 }",
            "Partner::wrote_ms",
        ),
        (
            "pub struct Entry { pub opened_ms: Option<i64> }",
            "Entry::opened_ms",
        ),
        (
            "pub struct J; impl J { pub fn mood_of(&self) {} }",
            "J::mood_of",
        ),
        (
            "pub struct J; impl J { pub async fn lastSeen(&self) -> i64 { 0 } }",
            "J::lastSeen",
        ),
        (
            "pub struct J; impl J { pub fn write(&self, author: String) {} }",
            "J::write(author)",
        ),
        ("pub struct Draft { pub author: String }", "Draft::author"),
        ("pub enum Event { PartnerTyping }", "Event::PartnerTyping"),
        (
            "pub enum E { Read { seen_by: String } }",
            "E::Read::seen_by",
        ),
        ("pub trait T { fn location(&self); }", "T::location"),
        ("pub mod m { pub const SCORE_MAX: u8 = 1; }", "SCORE_MAX"),
        ("pub fn relationship_score() {}", "relationship_score"),
        ("pub type Ranking = u8;", "Ranking"),
        ("pub static GPS: u8 = 1;", "GPS"),
    ] {
        let found = defects(&names_in(planted));
        assert_eq!(found.len(), 1, "{planted}: {found:?}");
        assert!(found[0].starts_with(&format!("`{expected}`")), "{found:?}");
    }
    for innocent in [
        "struct S { streak: u8 }",
        "pub struct S { streak: u8 }",
        "pub(crate) fn score() {}",
        "pub struct Overscored { pub scoreboardless: u8, pub last_synced_ms: i64 }",
        "#[cfg(test)] mod tests { pub fn streak() {} }",
        "pub struct Partner { pub name: String, pub since_ms: i64 }",
    ] {
        let found = defects(&names_in(innocent));
        assert!(found.is_empty(), "{innocent}: {found:?}");
    }
}

/// What of these names must not exist.
fn defects(names: &[Name]) -> Vec<String> {
    let mut found = Vec::new();
    for name in names {
        if ALLOWED.iter().any(|(allowed, _)| *allowed == name.path) {
            continue;
        }
        let words = words(&name.last);
        let word = words.iter().find(|word| ABSENT.contains(&word.as_str()));
        let pair = words
            .windows(2)
            .find(|pair| ABSENT_PAIRS.contains(&(pair[0].as_str(), pair[1].as_str())));
        if let Some(word) = word {
            found.push(format!("`{}` has the word {word}", name.path));
        } else if let Some(pair) = pair {
            found.push(format!("`{}` has the words {pair:?}", name.path));
        } else if let Some(shape) = shape(name, &words) {
            found.push(format!("`{}` {shape}", name.path));
        }
    }
    found
}

/// Shapes that must not exist, whatever they are called.
fn shape(name: &Name, words: &[String]) -> Option<&'static str> {
    let of = name.path.split("::").next().unwrap_or_default();
    let of_others = ["Partner", "Entry", "Pairing"].contains(&of);
    let moment = words
        .iter()
        .any(|word| word == "ms" || word == "time" || word == "timestamp")
        || name
            .types
            .iter()
            .any(|part| ["Timestamp", "SystemTime", "Instant"].contains(&part.as_str()));
    // Since when two are paired is known to both; any other moment would be watching.
    if of_others && moment && name.path != "Partner::since_ms" {
        return Some("is a moment of somebody's doing");
    }
    let author = words.iter().any(|word| word == "author" || word == "owner");
    if author && (name.parameter || of == "Draft") {
        return Some("lets somebody write in another's name");
    }
    None
}

/// The words of a name in either case, in small letters.
fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut before_small = false;
    for c in name.chars() {
        if c == '_' || (c.is_uppercase() && before_small) {
            words.push(std::mem::take(&mut word));
        }
        if c != '_' {
            word.extend(c.to_lowercase());
        }
        before_small = c.is_lowercase() || c.is_ascii_digit();
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// Every public name of the crate `sidelight`.
fn public_names() -> Vec<Name> {
    names_below("../crates/client/src")
}

fn names_below(folder: &str) -> Vec<Name> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut names = Vec::new();
    for path in files(&source) {
        if path.starts_with(source.join("device")) {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a source file");
        names.extend(names_in(&text));
    }
    names
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry of it").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn names_in(text: &str) -> Vec<Name> {
    let file = syn::parse_file(text).expect("source that compiles");
    let mut walk = Walk::default();
    walk.items(&file.items);
    walk.names
}

#[derive(Default)]
struct Walk {
    names: Vec<Name>,
}

impl Walk {
    fn items(&mut self, items: &[Item]) {
        for item in items {
            match item {
                // A private module may hold what is exported from elsewhere.
                Item::Mod(module) if !is_test(&module.attrs) => {
                    if let Some((_, items)) = &module.content {
                        self.items(items);
                    }
                }
                Item::Struct(item) if public(&item.vis) => {
                    let of = item.ident.to_string();
                    self.name(&of, None);
                    self.fields(&of, &item.fields, false);
                }
                Item::Enum(item) if public(&item.vis) => {
                    let of = item.ident.to_string();
                    self.name(&of, None);
                    for variant in &item.variants {
                        let path = format!("{of}::{}", variant.ident);
                        self.name(&path, None);
                        self.fields(&path, &variant.fields, true);
                    }
                }
                Item::Trait(item) if public(&item.vis) => {
                    let of = item.ident.to_string();
                    self.name(&of, None);
                    for item in &item.items {
                        if let TraitItem::Fn(method) = item {
                            self.function(Some(&of), &method.sig);
                        }
                    }
                }
                Item::Impl(item) if item.trait_.is_none() => {
                    let of = type_names(&item.self_ty)
                        .into_iter()
                        .next()
                        .unwrap_or_default();
                    for item in &item.items {
                        match item {
                            ImplItem::Fn(method) if public(&method.vis) => {
                                self.function(Some(&of), &method.sig);
                            }
                            ImplItem::Const(item) if public(&item.vis) => {
                                self.name(&format!("{of}::{}", item.ident), Some(&item.ty));
                            }
                            _ => {}
                        }
                    }
                }
                // `named!` holds an enum as it would stand without it.
                Item::Macro(item) => {
                    if let Ok(item) = item.mac.parse_body::<Item>() {
                        self.items(&[item]);
                    }
                }
                Item::Fn(item) if public(&item.vis) => self.function(None, &item.sig),
                Item::Const(item) if public(&item.vis) => {
                    self.name(&item.ident.to_string(), Some(&item.ty));
                }
                Item::Static(item) if public(&item.vis) => {
                    self.name(&item.ident.to_string(), Some(&item.ty));
                }
                Item::Type(item) if public(&item.vis) => {
                    self.name(&item.ident.to_string(), Some(&item.ty));
                }
                _ => {}
            }
        }
    }

    fn fields(&mut self, of: &str, fields: &Fields, all: bool) {
        for field in fields {
            if let Some(ident) = &field.ident
                && (all || public(&field.vis))
            {
                self.name(&format!("{of}::{ident}"), Some(&field.ty));
            }
        }
    }

    fn function(&mut self, of: Option<&str>, signature: &syn::Signature) {
        let path = match of {
            Some(of) => format!("{of}::{}", signature.ident),
            None => signature.ident.to_string(),
        };
        let returned = match &signature.output {
            syn::ReturnType::Type(_, returned) => Some(&**returned),
            _ => None,
        };
        self.name(&path, returned);
        for input in &signature.inputs {
            if let FnArg::Typed(input) = input
                && let Pat::Ident(pattern) = &*input.pat
            {
                self.names.push(Name {
                    path: format!("{path}({})", pattern.ident),
                    last: pattern.ident.to_string(),
                    types: type_names(&input.ty),
                    parameter: true,
                });
            }
        }
    }

    fn name(&mut self, path: &str, of_type: Option<&syn::Type>) {
        self.names.push(Name {
            last: path.rsplit("::").next().unwrap_or(path).to_owned(),
            path: path.to_owned(),
            types: of_type.map(type_names).unwrap_or_default(),
            parameter: false,
        });
    }
}

fn public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes
        .iter()
        .any(|attribute| attribute.path().is_ident("cfg"))
}

/// The names in a type, from the outside inwards.
fn type_names(of_type: &syn::Type) -> Vec<String> {
    #[derive(Default)]
    struct Idents(Vec<String>);
    impl<'ast> Visit<'ast> for Idents {
        fn visit_path_segment(&mut self, segment: &'ast syn::PathSegment) {
            self.0.push(segment.ident.to_string());
            syn::visit::visit_path_segment(self, segment);
        }
    }
    let mut idents = Idents::default();
    idents.visit_type(of_type);
    idents.0
}
