//! Golden bytes: what was written once is written for ever, and nothing is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use sidelight_format::record::{Fact, PairingEnd, Record, Table, Verdict};
use sidelight_format::{
    Body, Class, Contents, Context, Direction, Edit, FieldValue, Frame, Mode, PairingMessage,
    Purpose, RefusalCode, RosterAction, SuccessorSigner, VERSION, Who,
};

use crate::samples::{self, Sample};
use crate::variants::variants_of;

/// The folder of this version. Folders of earlier versions stay as they are.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/v{VERSION}"))
}

#[test]
fn every_sample_has_its_golden_bytes() {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    let mut names = BTreeSet::new();
    let samples = samples::all()
        .into_iter()
        .map(|sample| (sample.name, sample.bytes));
    for (name, bytes) in samples.chain(samples::derived()) {
        assert!(names.insert(name.clone()), "{name} is there twice");
        let (file, name) = name.split_once('/').expect("a file and a name");
        let text = files.entry(format!("{file}.hex")).or_default();
        text.push_str(&format!("[{name}]\n"));
        for line in bytes.chunks(32) {
            text.push_str(&data_encoding::HEXLOWER.encode(line));
            text.push('\n');
        }
    }

    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1") {
        for (file, text) in &files {
            fs::write(folder().join(file), text).expect("a golden file is written");
        }
    }
    let found: BTreeSet<String> = fs::read_dir(folder())
        .expect("the folder of golden files")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    assert_eq!(
        found,
        files.keys().cloned().collect(),
        "left: on disk; right: of samples"
    );
    for (file, text) in &files {
        let golden = fs::read_to_string(folder().join(file)).expect("a golden file");
        let difference = golden.lines().zip(text.lines()).position(|(a, b)| a != b);
        assert!(
            golden == *text,
            "{file} differs, from line {} on. If that is meant, and this version is not released \
             yet: UPDATE_GOLDEN=1 cargo test -p sidelight-format",
            difference.unwrap_or(golden.lines().count().min(text.lines().count())) + 1
        );
    }
}

#[test]
fn every_type_that_can_be_encoded_has_a_sample() {
    let mut source = String::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in fs::read_dir(folder).expect("src") {
        source += &fs::read_to_string(entry.expect("an entry").path()).expect("a source file");
    }
    let types = encodable(&source);
    assert!(types.len() > 80, "only {types:?} were found");

    let mut sampled: BTreeSet<String> =
        samples::all().into_iter().map(|sample| sample.of).collect();
    // Signed on one connection, never sent: its bytes are among the signed ones.
    sampled.insert("MailboxProof".into());
    let missing: Vec<_> = types.difference(&sampled).collect();
    assert!(missing.is_empty(), "no sample of {missing:?}");
}

/// The public types of `source` that derive `Serialize`, and those of its `id!` macro.
fn encodable(source: &str) -> BTreeSet<String> {
    let mut types = BTreeSet::new();
    let mut derives = false;
    let mut in_macro = false;
    for line in source.lines() {
        if line.starts_with("#[derive(") {
            derives = line.contains("Serialize");
        } else if line.starts_with("id! {") || line.starts_with("number! {") {
            in_macro = true;
        } else if line == "}" {
            in_macro = false;
        }
        let declared = line
            .strip_prefix("pub struct ")
            .or(line.strip_prefix("pub enum "));
        let name = match declared {
            Some(declared) if derives => declared,
            // `    Name[32] true` or `    Name(u64)`
            None if in_macro && line.starts_with("    ") && !line.contains("//") => line.trim(),
            _ => continue,
        };
        derives = false;
        let end = name
            .find(|c: char| !c.is_alphanumeric())
            .unwrap_or(name.len());
        types.insert(name[..end].to_owned());
    }
    types
}

#[test]
fn every_variant_of_every_enum_has_a_sample() {
    let samples = samples::all();
    let check = |of: &str, variants: Option<&'static [&'static str]>| {
        let variants = variants.unwrap_or_else(|| panic!("{of} is an enum"));
        let sampled: BTreeSet<usize> = samples
            .iter()
            .filter(|sample| sample.of == of)
            .map(|sample| sample.bytes[0].into()) // fewer than 128 variants: one byte
            .collect();
        let expected: BTreeSet<usize> = (0..variants.len()).collect();
        assert_eq!(sampled, expected, "{of} has the variants {variants:?}");
    };
    check("Class", variants_of::<Class>());
    check("Contents", variants_of::<Contents>());
    check("Direction", variants_of::<Direction>());
    check("Edit", variants_of::<Edit>());
    check("Fact", variants_of::<Fact>());
    check("FieldValue", variants_of::<FieldValue>());
    check("Frame", variants_of::<Frame>());
    check("Mode", variants_of::<Mode>());
    check("PairingEnd", variants_of::<PairingEnd>());
    check("PairingMessage", variants_of::<PairingMessage>());
    check("Purpose", variants_of::<Purpose>());
    check("RefusalCode", variants_of::<RefusalCode>());
    check("RosterAction", variants_of::<RosterAction>());
    check("SuccessorSigner", variants_of::<SuccessorSigner>());
    check("Verdict", variants_of::<Verdict>());
    check("Who", variants_of::<Who>());
}

#[test]
fn every_kind_of_body_has_a_sample() {
    let known: BTreeSet<u8> = (0..=255)
        .filter(|kind| !matches!(Body::decode(*kind, &[]), Ok(Body::Unknown(_))))
        .collect();
    let sampled = first_bytes("Body", &samples::all());
    assert_eq!(sampled, known);
    assert_eq!(known.len(), 7);
}

#[test]
fn every_table_has_the_sample_of_its_record() {
    let records: BTreeSet<u8> = samples::all()
        .iter()
        .filter_map(|sample| sample.name.strip_prefix("records/")?.split_once(' '))
        .filter_map(|(number, _)| number.parse().ok())
        .collect();
    let tables: BTreeSet<u8> = Table::ALL.iter().map(|table| *table as u8).collect();
    assert_eq!(records, tables);
    assert_eq!(Table::ALL.len(), tables.len(), "each number is used once");
    assert_eq!(sidelight_format::record::SharedRecord::TABLE as u8, 19);
}

#[test]
fn every_context_has_the_signed_bytes_of_its_statement() {
    let signed: BTreeSet<String> = samples::derived()
        .into_iter()
        .filter_map(|(name, _)| Some(name.strip_prefix("signed/")?.to_owned()))
        .collect();
    for context in Context::ALL {
        assert!(signed.contains(context.label()), "{context:?}");
    }
}

#[test]
fn a_record_of_another_version_is_refused() {
    for sample in samples::all() {
        if sample.name.starts_with("records/") && sample.of.ends_with("Record") {
            let mut newer = sample.bytes.clone();
            newer[0] = VERSION + 1;
            assert_eq!((sample.again)(&newer), None, "{}", sample.name);
        }
    }
}

fn first_bytes(of: &str, samples: &[Sample]) -> BTreeSet<u8> {
    samples
        .iter()
        .filter(|sample| sample.of == of)
        .map(|sample| sample.bytes[0])
        .collect()
}
