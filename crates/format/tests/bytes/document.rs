//! `FORMAT.md` names what the code has: labels, records and limits.

use std::fs;
use std::path::Path;

use sidelight_format::record::Table;
use sidelight_format::{Context, EntryDate, Envelope, EnvelopeHeader, Kind, SealingKey, limits::*};

fn document() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("FORMAT.md");
    fs::read_to_string(path).expect("FORMAT.md")
}

/// With a comma between thousands.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[test]
fn the_document_has_every_limit() {
    let document = document();
    let (_, limits) = document
        .split_once("## 8. Limits")
        .expect("the last section");
    for limit in [
        TEXT_LEN_MAX,
        CHANGE_LEN_MAX,
        PARTS_MAX,
        OPERATIONS_MAX,
        DEPENDENCIES_MAX,
        OPERATION_STEP_MAX as usize,
        ENVELOPE_LEN_MAX,
        FRAME_LEN_MAX,
        HEADS_MAX,
        RECIPIENTS_MAX,
        PARENTS_MAX,
        KEYRING_MAX,
        SUCCESSORS_MAX,
        NAME_LEN_MAX,
        HOST_LEN_MAX,
        TICKET_LEN_MAX,
        VOLUME_PART_LEN_MAX,
        WAITING_PER_AUTHOR_MAX,
    ] {
        let number = grouped(limit);
        let there = limits
            .split(|c: char| !c.is_ascii_digit() && c != ',')
            .any(|word| word.trim_matches(',') == number);
        assert!(there, "§8 does not say {number}");
    }
    assert!(document.contains(&grouped(ITEMS_MAX)));
}

#[test]
fn the_document_has_every_label_and_every_record() {
    let document = document();
    for context in Context::ALL {
        assert!(
            document.contains(&format!("| `{}` |", context.label())),
            "{context:?}"
        );
    }
    for table in Table::ALL {
        let row = format!("\n{:>2} ", *table as u8);
        assert!(document.contains(&row), "table {table:?}");
    }
}

#[test]
fn the_document_has_the_lengths_that_the_code_has() {
    let document = document();
    assert_eq!((EnvelopeHeader::LEN, Envelope::OVERHEAD), (68, 108));
    assert!(document.contains("Bytes 0 to 67 are the associated data"));
    assert!(document.contains("length − 108"));
    assert!(document.contains(&format!("`bytes` of length {}", grouped(SealingKey::LEN))));
    assert!(document.contains(&format!("1 to {} of `a`–`z`", Kind::LEN_MAX)));
    let day = EntryDate::new(2, 3, 4, 0).expect("a day").day_number();
    assert_eq!(day, 2 << 9 | 3 << 5 | 4);
}
