//! 24 words: the form in which a person keeps the secret of their recovery key, on paper.
//!
//! BIP-39 in English, without a passphrase: 256 bits and 8 of a checksum, 11 bits a word. The
//! secret is the entropy itself, never the seed that wallets derive from the words.

use core::fmt;
use std::borrow::Cow;

use bip39::{Language, Mnemonic};
use sidelight_format::Secret;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// How many words: 256 bits with their checksum.
pub const RECOVERY_WORDS: usize = 24;

/// A person's recovery words.
///
/// ```
/// use sidelight_crypto::RecoveryWords;
/// use sidelight_format::Secret;
///
/// let entropy = Secret::new([7; 32]);
/// let words = RecoveryWords::of(&entropy);
/// assert_eq!(words.expose().count(), 24);
///
/// let typed = words.expose().collect::<Vec<_>>().join("\n");
/// assert_eq!(RecoveryWords::parse(&typed)?.entropy(), entropy);
/// # Ok::<(), sidelight_crypto::WordsError>(())
/// ```
#[derive(Clone, PartialEq, Eq, ZeroizeOnDrop)]
pub struct RecoveryWords(Mnemonic);

/// Why something typed is not anybody's recovery words. It names places, never words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WordsError {
    /// More than half of them are on no English list.
    #[error(
        "most of these words are not on the English list, as those of another language are not; \
         Sidelight's recovery words are English ones"
    )]
    OtherLanguage,
    /// They are too few or too many.
    #[error(
        "there are 24 recovery words, and here {} {found}; look whether one is missing, or stands \
         there twice", if *.found == 1 { "is" } else { "are" }
    )]
    Count {
        /// How many there are.
        found: usize,
    },
    /// One is on no list, and much like one that is.
    #[error(
        "word {place} is misspelt: it is not on the list, and differs by a letter or two from one \
         that is; look at it again"
    )]
    Misspelt {
        /// Which, counted from 1.
        place: usize,
    },
    /// One is on no list, and like none that is.
    #[error("word {place} is not one of the words that are used for this; look at it again")]
    Unknown {
        /// Which, counted from 1.
        place: usize,
    },
    /// Each is on the list, but not these together in this order.
    #[error(
        "each of the 24 words is on the list, but not these in this order: two have changed \
         places, or one is another word; compare them with what you wrote down"
    )]
    Checksum,
}

impl RecoveryWords {
    /// The words of 256 bits.
    pub fn of(entropy: &Secret) -> Self {
        Self(
            Mnemonic::from_entropy_in(Language::English, entropy.expose())
                .expect("32 bytes are a length that BIP-39 has"),
        )
    }

    /// Reads what a person typed: in any case, with any white space or commas between, numbered
    /// or not.
    ///
    /// # Errors
    /// [`WordsError`], by the mistake that explains most.
    pub fn parse(typed: &str) -> Result<Self, WordsError> {
        let text = normalized(typed);
        let words = words_of(&text);
        let unknown = |word: &&str| Language::English.find_word(word).is_none();
        // The other lists themselves would be a megabyte in every app.
        if words.iter().filter(|word| unknown(word)).count() * 2 > words.len() {
            return Err(WordsError::OtherLanguage);
        }
        if words.len() != RECOVERY_WORDS {
            return Err(WordsError::Count { found: words.len() });
        }
        if let Some(at) = words.iter().position(unknown) {
            let place = at + 1;
            return Err(match nearest(words[at]) {
                Some(_) => WordsError::Misspelt { place },
                None => WordsError::Unknown { place },
            });
        }
        let line = Zeroizing::new(words.join(" "));
        Mnemonic::parse_in_normalized(Language::English, &line)
            .map(Self)
            .map_err(|_| WordsError::Checksum)
    }

    /// What somebody may have meant who misspelt a word: its place, counted from 1, and the word
    /// on the list that is most like it. For the eyes of whoever typed it, and no log: what is
    /// offered is most likely one of their words.
    pub fn meant(typed: &str) -> Option<(usize, &'static str)> {
        let Err(WordsError::Misspelt { place }) = Self::parse(typed) else {
            return None;
        };
        let text = normalized(typed);
        let word = words_of(&text).get(place - 1).copied()?;
        Some((place, nearest(word)?))
    }

    /// The words, in order: for the eyes of the person whose they are.
    pub fn expose(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.words()
    }

    /// The secret that they stand for.
    pub fn entropy(&self) -> Secret {
        let (mut bytes, _) = self.0.to_entropy_array();
        let mut entropy = [0; 32];
        entropy.copy_from_slice(&bytes[..32]);
        let secret = Secret::new(entropy);
        bytes.zeroize();
        entropy.zeroize();
        secret
    }
}

impl fmt::Debug for RecoveryWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryWords(…)")
    }
}

/// In lower case, with accents as BIP-39 compares them.
fn normalized(typed: &str) -> Zeroizing<String> {
    let lower = Zeroizing::new(typed.to_lowercase());
    let mut text = Cow::Borrowed(lower.as_str());
    Mnemonic::normalize_utf8_cow(&mut text);
    Zeroizing::new(text.into_owned())
}

/// What stands between white space and commas and has a letter.
fn words_of(text: &str) -> Vec<&str> {
    text.split(|between: char| between.is_whitespace() || between == ',')
        .filter(|word| word.chars().any(char::is_alphabetic))
        .collect()
}

/// The word of the list that this one becomes by one slip, or two in a word of six letters and
/// more: a letter too many, too few, another one, or two that changed places.
fn nearest(word: &str) -> Option<&'static str> {
    let letters = word.chars().count();
    // No word of the list has more than eight letters.
    if letters > 10 {
        return None;
    }
    let most = if letters < 6 { 1 } else { 2 };
    let list = Language::English.word_list().iter();
    list.map(|listed| (strsim::osa_distance(word, listed), *listed))
        .filter(|(slips, _)| *slips <= most)
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, listed)| listed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 24 words of a fixed secret, to be spoilt.
    fn words() -> Vec<String> {
        let words = RecoveryWords::of(&Secret::new([0x5a; 32]));
        words.expose().map(str::to_owned).collect()
    }

    fn mistake(words: &[String]) -> WordsError {
        RecoveryWords::parse(&words.join(" ")).expect_err("spoilt words")
    }

    #[test]
    fn words_are_read_however_they_were_typed() {
        let words = words();
        let entropy = Secret::new([0x5a; 32]);
        let numbered: Vec<String> = words
            .iter()
            .enumerate()
            .map(|(at, word)| format!("{}. {}", at + 1, word.to_uppercase()))
            .collect();
        for typed in [
            words.join(" "),
            words.join("\r\n"),
            words.join(", "),
            format!("\t {}  \n\n", words.join("   ")),
            numbered.join("\n"),
        ] {
            let read = RecoveryWords::parse(&typed).expect("the same words");
            assert_eq!(read.entropy(), entropy);
        }
    }

    #[test]
    fn each_kind_of_mistake_is_told_apart() {
        let right = words();
        for place in 1..=24 {
            let mut letters: Vec<char> = right[place - 1].chars().collect();
            letters.insert(2, 'q');
            let mut wrong = right.clone();
            wrong[place - 1] = letters.iter().collect();
            assert_eq!(mistake(&wrong), WordsError::Misspelt { place });
            let (at, meant) = RecoveryWords::meant(&wrong.join(" ")).expect("one is misspelt");
            assert_eq!((at, meant), (place, right[place - 1].as_str()));
            wrong[place - 1] = "qqqqqq".to_owned();
            assert_eq!(mistake(&wrong), WordsError::Unknown { place });
            assert_eq!(RecoveryWords::meant(&wrong.join(" ")), None);
        }
        assert_eq!(RecoveryWords::meant(&right.join(" ")), None);
        assert_eq!(mistake(&right[..23]), WordsError::Count { found: 23 });
        assert_eq!(mistake(&[]), WordsError::Count { found: 0 });
        let more = [right.clone(), vec![right[0].clone()]].concat();
        assert_eq!(mistake(&more), WordsError::Count { found: 25 });

        // The first 24 of those lists that are most like the English one, and least like it.
        let french = "abaisser abandon abdiquer abeille abolir aborder aboutir aboyer abrasif \
                      abreuver abriter abroger abrupt absence absolu absurde abusif abyssal \
                      académie acajou acarien accabler accepter acclamer";
        let french: Vec<String> = french.split(' ').map(str::to_owned).collect();
        assert_eq!(mistake(&french), WordsError::OtherLanguage);
        assert_eq!(mistake(&french[..20]), WordsError::OtherLanguage);
        let typed = ["あいこくしん"; 24].join("\u{3000}");
        assert_eq!(RecoveryWords::parse(&typed), Err(WordsError::OtherLanguage));
    }

    #[test]
    fn of_two_words_that_changed_places_the_checksum_tells() {
        let right = words();
        let (mut told, mut swaps) = (0, 0);
        for a in 0..24 {
            for b in a + 1..24 {
                let mut wrong = right.clone();
                wrong.swap(a, b);
                if wrong == right {
                    continue;
                }
                swaps += 1;
                told += usize::from(RecoveryWords::parse(&wrong.join(" ")).is_err());
            }
        }
        // Eight bits of checksum miss one in 256.
        assert!(swaps > 200 && told * 50 >= swaps * 49, "{told} of {swaps}");
    }

    #[test]
    fn no_mistake_repeats_a_word() {
        let mut wrong = words();
        wrong[3] = "canaryword".to_owned();
        for words in [wrong, words()[1..].to_vec()] {
            let said = mistake(&words).to_string();
            for word in &words {
                assert!(!said.split_whitespace().any(|said| said == word), "{said}");
            }
        }
    }
}
