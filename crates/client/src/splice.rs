//! The splice between two texts.

use sidelight_format::Edit;

/// The one splice that makes `new` of `old` and leaves the longest common beginning, then the
/// longest common end, as they are; counted in Unicode scalar values. Where one letter of
/// several equal ones came or went, it is taken to be the last of them.
pub(crate) fn between(old: &str, new: &str) -> Edit {
    let same = |(a, b): &(char, char)| a == b;
    let pairs = old.chars().zip(new.chars());
    let (mut begin, mut begin_len) = (0, 0);
    for (letter, _) in pairs.take_while(same) {
        begin += 1;
        begin_len += letter.len_utf8();
    }
    let (old, new) = (&old[begin_len..], &new[begin_len..]);
    let pairs = old.chars().rev().zip(new.chars().rev());
    let end_len: usize = pairs
        .take_while(same)
        .map(|(letter, _)| letter.len_utf8())
        .sum();
    Edit::Splice {
        at: begin,
        // A text has far fewer letters than this; a longer one is refused by the entry.
        delete: u32::try_from(old[..old.len() - end_len].chars().count()).unwrap_or(u32::MAX),
        insert: new[..new.len() - end_len].to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_splice_is_minimal_and_counts_scalar_values() {
        for (old, new, at, delete, insert) in [
            ("abc", "abc", 3, 0, ""),
            ("", "new", 0, 0, "new"),
            ("old", "", 0, 3, ""),
            ("a cat sat", "a dog sat", 2, 3, "dog"),
            ("aaa", "aa", 2, 1, ""),
            ("aa", "aaa", 2, 0, "a"),
            ("héllo wörld", "héllo, wörld", 5, 0, ","),
            // One letter of a family that shares its first bytes with the other's.
            ("👩‍👧", "👩‍👦", 2, 1, "👦"),
            ("é", "è", 0, 1, "è"),
            ("שלום", "שלומות", 3, 1, "מות"),
        ] {
            let splice = Edit::Splice {
                at,
                delete,
                insert: insert.to_owned(),
            };
            assert!(between(old, new) == splice, "{old} {new}");
        }
    }
}
