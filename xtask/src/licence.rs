//! Whether the terms of a dependency are ones under which Sidelight may be shipped.

/// Licences that ask for a notice and no more.
const ACCEPTED: [&str; 12] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Whether an SPDX expression can be met by accepted licences alone: one side of each `OR`, both
/// of each `AND`. What does not parse is not accepted.
pub(crate) fn accepted(expression: &str) -> bool {
    // Old manifests write MIT/Apache-2.0 and mean OR.
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace(" WITH ", "\u{a0}WITH\u{a0}");
    let tokens: Vec<String> = spaced
        .split(' ')
        .filter(|token| !token.is_empty())
        .map(|token| token.replace('\u{a0}', " "))
        .collect();
    let mut rest = tokens.as_slice();
    either(&mut rest).is_some_and(|accepted| accepted && rest.is_empty())
}

fn either(rest: &mut &[String]) -> Option<bool> {
    let mut accepted = both(rest)?;
    while took(rest, "OR") {
        accepted |= both(rest)?;
    }
    Some(accepted)
}

fn both(rest: &mut &[String]) -> Option<bool> {
    let mut accepted = one(rest)?;
    while took(rest, "AND") {
        accepted &= one(rest)?;
    }
    Some(accepted)
}

fn one(rest: &mut &[String]) -> Option<bool> {
    if took(rest, "(") {
        let accepted = either(rest)?;
        return took(rest, ")").then_some(accepted);
    }
    let (first, others) = rest.split_first()?;
    *rest = others;
    Some(ACCEPTED.contains(&first.as_str()))
}

fn took(rest: &mut &[String], word: &str) -> bool {
    let found = rest.first().is_some_and(|first| first == word);
    if found {
        *rest = &rest[1..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::accepted;

    #[test]
    fn an_expression_is_accepted_when_accepted_licences_meet_it() {
        for expression in [
            "MIT",
            "MIT/Apache-2.0",
            "GPL-3.0 OR MIT",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR GPL-3.0",
        ] {
            assert!(accepted(expression), "{expression}");
        }
    }

    #[test]
    fn an_expression_is_refused_when_it_needs_another_licence_or_does_not_parse() {
        for expression in [
            "",
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "(MIT OR Apache-2.0) AND MPL-2.0",
            "(MIT",
            "MIT MIT",
            "MIT OR",
        ] {
            assert!(!accepted(expression), "{expression}");
        }
    }
}
