//! What a search looks for: the words of entries, folded, and what else an entry is found by.
//!
//! Folding takes away what people leave out when they look for something: the case of letters
//! (in full, so that `straße` is found by `STRASSE` and `ışık` by `isik`), diacritics, and forms
//! that differ in their looks alone, such as letters of full width. What makes another letter
//! of a letter stays: the vowels and tones of Devanagari or Thai, the marks that tell が from か.
//! Words end where Unicode says so (UAX #29), and at everything that is no letter, digit, mark or
//! pictograph; scripts without spaces are taken character by character. The same is done to what
//! is looked for, so that nothing depends on how either was typed.

use std::collections::{BTreeMap, BTreeSet};

use sidelight_format::{EntryDate, EntryId, FieldValue, Kind, PersonId, Rendered};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, is_combining_mark};
use unicode_segmentation::UnicodeSegmentation;

use crate::kinds::{self, Holds, Meaning, words::Standing};

/// A longer word is known by its beginning, in bytes of UTF-8. Longer than words are; what is
/// longer is an address or a slip.
pub const WORD_LEN_MAX: usize = 64;

/// Terms of an entry, each with the positions at which it stands; none for what is said of the
/// entry as a whole.
pub type Terms = BTreeMap<Vec<u8>, Vec<u32>>;

/// The words of a text, folded.
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    each_word(text, &mut String::new(), |word| words.push(word.to_owned()));
    words
}

/// Words that are looked for as they stand: one after another.
#[derive(Clone, PartialEq, Eq)]
pub struct Phrase {
    /// The words, folded; one at least.
    pub words: Vec<String>,
    /// Whether the last one may be the beginning of a longer word.
    pub open: bool,
}

impl core::fmt::Debug for Phrase {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Phrase(…)")
    }
}

/// What a person looks for who types `text`. What stands in quotation marks is one phrase of
/// whole words; while the second mark has not been typed the last word may go on. Outside, each
/// word is the beginning of one.
pub fn phrases(text: &str) -> Vec<Phrase> {
    let mut found = Vec::new();
    let mut push = |part: &str, open| {
        let words = words(part);
        if !words.is_empty() {
            found.push(Phrase { words, open });
        }
    };
    let mut quoted = false;
    let mut rest = text;
    while !rest.is_empty() {
        let mark = rest.find(['"', '“', '”', '„', '«', '»']);
        let (part, after) = match mark {
            Some(at) => (&rest[..at], Some(&rest[at..])),
            None => (rest, None),
        };
        if quoted {
            push(part, after.is_none());
        } else {
            part.split_whitespace().for_each(|part| push(part, true));
        }
        rest = match after.and_then(|after| after.chars().next().map(|mark| (after, mark))) {
            Some((after, mark)) => &after[mark.len_utf8()..],
            None => "",
        };
        quoted = !quoted;
    }
    found
}

/// All terms of an entry.
pub fn terms(shown: &Rendered, owner: &PersonId) -> Terms {
    let mut terms = Terms::new();
    each_term(shown, owner, |term, position| match terms.get_mut(term) {
        Some(positions) => positions.extend(position),
        None => {
            terms.insert(term.to_vec(), position.into_iter().collect());
        }
    });
    terms
}

/// Shows `visit` the terms of an entry as they come, each once for every position at which it
/// stands; the positions grow. What is said of the entry as a whole has none.
pub fn each_term(shown: &Rendered, owner: &PersonId, mut visit: impl FnMut(&[u8], Option<u32>)) {
    let mut position = 0;
    let (mut buffer, mut word_term) = (String::new(), term::word(""));
    let bare = word_term.len();
    each_text(shown, |text| {
        each_word(text, &mut buffer, |word| {
            word_term.truncate(bare);
            word_term.extend_from_slice(word.as_bytes());
            visit(&word_term, Some(position));
            position += 1;
        });
        // No phrase reaches from one text into another.
        position += 1;
    });
    for (name, tags) in fields_in_words(shown) {
        if let (FieldValue::List(members), "tags") = (tags, name.as_str()) {
            let tags: BTreeSet<Vec<u8>> = members.iter().map(|tag| term::tag(tag)).collect();
            tags.iter().for_each(|tag| visit(tag, None));
        }
    }
    visit(&term::kind(&shown.kind), None);
    visit(&term::owner(owner), None);
    visit(&term::day_of_year(&shown.date), None);
    if let Some(target) = kinds::target_of(&shown.fields) {
        visit(&term::target(&target), None);
    }
    if let Some(day) = holds_until(shown) {
        visit(&term::until(day), None);
    }
}

/// Whether an entry may have a word that begins with `word`, which is folded: a look that costs a
/// tenth of taking its words apart, and is never wrong when it says no. `buffer` is for its use
/// alone.
pub fn may_have_word(shown: &Rendered, word: &str, buffer: &mut String) -> bool {
    let mut found = false;
    each_text(shown, |text| {
        found = found || text_may_have(text, word, buffer);
    });
    found
}

fn text_may_have(text: &str, word: &str, buffer: &mut String) -> bool {
    buffer.clear();
    buffer.push_str(text);
    buffer.make_ascii_lowercase();
    if buffer.contains(word) {
        return true;
    }
    let foreign = text.split_whitespace().filter(|part| !part.is_ascii());
    !text.is_ascii() && foreign.map(fold).any(|part| part.contains(word))
}

/// Shows `visit` each text of an entry whose words count.
fn each_text(shown: &Rendered, mut visit: impl FnMut(&str)) {
    visit(&shown.text);
    for (name, value) in fields_in_words(shown) {
        match value {
            FieldValue::Text(text) if name != "target" => visit(text),
            FieldValue::List(members) => members.iter().for_each(|member| visit(member)),
            _ => {}
        }
    }
}

/// The fields that hold words: what is chosen from a list is no word of anybody's.
fn fields_in_words(shown: &Rendered) -> impl Iterator<Item = &(String, FieldValue)> {
    shown.fields.iter().filter(|(name, _)| {
        kinds::rules(&shown.kind)
            .field(name)
            .is_none_or(|field| matches!(field.holds, Holds::Words | Holds::SetOfWords))
    })
}

/// The last day on which what an entry says may matter by itself, as a
/// [day number](EntryDate::day_number); none for what only tells.
fn holds_until(shown: &Rendered) -> Option<u32> {
    match Meaning::of(shown) {
        Meaning::CheckIn(check_in) => Some(check_in.days().until().day_number()),
        Meaning::SupportOffer(offer) => Some(offer.days().until().day_number()),
        Meaning::Bid(bid) => Some(bid.days().until().day_number()),
        Meaning::Capacity(_) => Some(shown.date.day_number()),
        Meaning::Boundary(boundary) if boundary.standing != Standing::Active => None,
        Meaning::ComfortCard(_)
        | Meaning::Boundary(_)
        | Meaning::LowDayPlan(_)
        | Meaning::OwnSupportPlan(_)
        | Meaning::Rhythm(_) => Some(u32::MAX),
        _ => None,
    }
}

/// Terms: a byte for what they say, and what it is.
pub mod term {
    use super::{EntryDate, EntryId, Kind, PersonId};

    /// A folded word stands somewhere.
    pub fn word(word: &str) -> Vec<u8> {
        with(0, word.as_bytes())
    }

    /// The entry is of a kind.
    pub fn kind(kind: &Kind) -> Vec<u8> {
        with(1, kind.as_str().as_bytes())
    }

    /// The entry is in somebody's lane.
    pub fn owner(person: &PersonId) -> Vec<u8> {
        with(2, person.as_bytes())
    }

    /// The entry has a tag, whatever its case and diacritics.
    pub fn tag(tag: &str) -> Vec<u8> {
        with(3, super::words(tag).join(" ").as_bytes())
    }

    /// The entry is about a day of some year.
    pub fn day_of_year(date: &EntryDate) -> Vec<u8> {
        vec![4, date.month(), date.day()]
    }

    /// The entry points at another.
    pub fn target(entry: &EntryId) -> Vec<u8> {
        with(5, entry.as_bytes())
    }

    /// What the entry says may hold until the end of a day; `u32::MAX` for ever.
    pub fn until(day_number: u32) -> Vec<u8> {
        with(6, &day_number.to_be_bytes())
    }

    /// After all terms.
    pub fn end() -> Vec<u8> {
        vec![7]
    }

    fn with(what: u8, rest: &[u8]) -> Vec<u8> {
        let mut term = Vec::with_capacity(1 + rest.len());
        term.push(what);
        term.extend_from_slice(rest);
        term
    }
}

/// Shows `visit` the words of a text, folded.
fn each_word(text: &str, word: &mut String, mut visit: impl FnMut(&str)) {
    for part in text.split_whitespace() {
        if part.is_ascii() {
            for run in part.split(|c: char| !c.is_ascii_alphanumeric()) {
                if !run.is_empty() {
                    word.clear();
                    word.push_str(cut(run));
                    word.make_ascii_lowercase();
                    visit(word);
                }
            }
            continue;
        }
        let folded = fold(part);
        for segment in folded.split_word_bounds() {
            for run in segment.split(|c: char| !is_of_a_word(c)) {
                if !run.is_empty() {
                    visit(cut(run));
                }
            }
        }
    }
}

fn fold(text: &str) -> String {
    let kept = text.nfkd().filter(|c| !is_left_out(*c));
    // In small letters, for ẞ; in capitals, for ß, ς and ı; and back.
    let small = kept.flat_map(char::to_lowercase);
    let folded = small
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase);
    let mut out = String::with_capacity(text.len());
    for c in folded.nfkd().filter(|c| !is_left_out(*c)) {
        match c {
            // Letters whose stroke is no mark of its own to Unicode, and their kin.
            'ø' => out.push('o'),
            'ł' => out.push('l'),
            'đ' | 'ð' => out.push('d'),
            'ħ' => out.push('h'),
            'ŧ' => out.push('t'),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            'þ' => out.push_str("th"),
            c => out.push(c),
        }
    }
    out
}

/// Marks that people leave out, and what is not seen.
fn is_left_out(c: char) -> bool {
    match c {
        '\u{ad}' | '\u{34f}' | '\u{640}' | '\u{feff}' => true,
        '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{20dd}'..='\u{20e4}' => true,
        // Selectors of looks, and tones of skin.
        '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e01ef}' | '\u{1f3fb}'..='\u{1f3ff}' => true,
        // Points of Hebrew, Arabic and Syriac; marks above and below of Latin, Greek, Cyrillic.
        c => matches!(canonical_combining_class(c), 10..=36 | 200..=240),
    }
}

fn is_of_a_word(c: char) -> bool {
    let pictograph = matches!(c, '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}');
    c.is_alphanumeric() || is_combining_mark(c) || pictograph
}

fn cut(word: &str) -> &str {
    let mut end = WORD_LEN_MAX.min(word.len());
    while !word.is_char_boundary(end) {
        end -= 1; // 0 is a boundary
    }
    &word[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_however_they_are_typed() {
        for (text, typed) in [
            ("Straße", "STRASSE"),
            ("café", "cafe\u{301}"),
            ("Crème brûlée", "creme BRULEE"),
            ("ışık İstanbul", "ISIK istanbul"),
            ("ΟΔΥΣΣΕΎΣ", "οδυσσευς"),
            ("smørrebrød, Łódź", "smorrebrod lodz"),
            ("Ёлка", "елка"),
            ("שָׁלוֹם", "שלום"),
            ("كِتَابٌ", "كتاب"),
            ("ｆｕｌｌ　ｗｉｄｔｈ", "full width"),
            ("ﬁne", "fine"),
            ("don’t", "don't"),
            ("co\u{ad}operate", "cooperate"),
            ("👍🏽", "👍"),
            ("❤️", "❤"),
            ("naïve—really", "naive really"),
        ] {
            assert_eq!(words(text), words(typed), "{text}");
            assert!(!words(text).is_empty());
        }
    }

    #[test]
    fn other_letters_are_other_words() {
        for (one, other) in [
            ("が", "か"),
            ("कि", "क"),
            ("มา", "ม้า"),
            ("cat", "cart"),
            ("日", "本"),
            ("👍", "👎"),
        ] {
            assert_ne!(words(one), words(other), "{one}");
        }
    }

    #[test]
    fn scripts_without_spaces_are_taken_apart() {
        assert_eq!(words("日本語"), ["日", "本", "語"]);
        assert_eq!(words("カタカナ語"), ["カタカナ", "語"]);
        assert_eq!(words("👨‍👩‍👧 at 7:30"), ["👨", "👩", "👧", "at", "7", "30"]);
        assert_eq!(words("l'amour, 3.5%"), ["l", "amour", "3", "5"]);
        assert_eq!(words(" \u{a0}—…!? "), Vec::<String>::new());
    }

    #[test]
    fn folding_what_is_folded_changes_nothing() {
        for c in (0..=0x10_ffff_u32).filter_map(char::from_u32) {
            let once = fold(c.encode_utf8(&mut [0; 4]));
            assert_eq!(fold(&once), once, "U+{:04X}", c as u32);
        }
    }

    #[test]
    fn a_quick_look_misses_no_word() {
        let texts = [
            "Straße, café — ｆｕｌｌ　ｗｉｄｔｈ don’t",
            "ﬁne Łódź smørrebrød co\u{ad}operate İstanbul ΟΔΥΣΣΕΎΣ",
            "日本語 カタカナ 👍🏽 كِتَابٌ plain WORDS-and_7:30",
            "",
        ];
        let mut buffer = String::new();
        for text in texts {
            for word in words(text) {
                assert!(text_may_have(text, &word, &mut buffer), "{word}");
                for (end, _) in word.char_indices() {
                    assert!(text_may_have(text, &word[..end], &mut buffer));
                }
            }
            assert!(!text_may_have(text, "zeppelin", &mut buffer));
        }
    }

    #[test]
    fn a_word_without_end_is_known_by_its_beginning() {
        let long = "ab".repeat(1000);
        assert_eq!(words(&long), [long[..WORD_LEN_MAX].to_owned()]);
        let wide = "한".repeat(1000);
        assert!(words(&wide)[0].len() <= WORD_LEN_MAX);
        let tall = format!("a{}", "\u{301}".repeat(10_000));
        assert_eq!(words(&tall), ["a"]);
    }

    #[test]
    fn quotation_marks_make_a_phrase_that_is_open_until_it_ends() {
        let phrase = |text: &str, open| Phrase {
            words: words(text),
            open,
        };
        for (typed, wanted) in [
            (
                "river walk",
                vec![phrase("river", true), phrase("walk", true)],
            ),
            ("\"river walk\"", vec![phrase("river walk", false)]),
            ("\"river wa", vec![phrase("river wa", true)]),
            (
                "the “River Walk” to",
                vec![
                    phrase("the", true),
                    phrase("river walk", false),
                    phrase("to", true),
                ],
            ),
            ("l'amour", vec![phrase("l amour", true)]),
            ("日本", vec![phrase("日本", true)]),
            ("", vec![]),
            ("\"\" \" — \"", vec![]),
        ] {
            assert_eq!(phrases(typed), wanted, "{typed}");
        }
    }
}
