//! Where dependencies come from and under which terms.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use serde_json::Value;

use crate::licence;

/// Crates whose licence is accepted for them alone, and why.
const LICENCE_EXCEPTIONS: [(&str, &str, &str); 9] = [
    (
        "option-ext",
        "MPL-2.0",
        "one small file, used unmodified by `directories` in the terminal client; the licence asks \
         only that changes to that file be published",
    ),
    ("uniffi", "MPL-2.0", UNIFFI),
    ("uniffi_bindgen", "MPL-2.0", UNIFFI),
    ("uniffi_core", "MPL-2.0", UNIFFI),
    ("uniffi_internal_macros", "MPL-2.0", UNIFFI),
    ("uniffi_macros", "MPL-2.0", UNIFFI),
    ("uniffi_meta", "MPL-2.0", UNIFFI),
    ("uniffi_pipeline", "MPL-2.0", UNIFFI),
    ("uniffi_udl", "MPL-2.0", UNIFFI),
];

const UNIFFI: &str = "used unmodified, and only in the bindings; the licence asks only that changes \
                      to its own files be published";

/// Crates that are here in more than one version, and why nothing can be done about it yet.
const SEVERAL_VERSIONS: [(&str, &str); 9] = [
    (
        "embedded-io",
        "two optional adapters of postcard, of which neither is built",
    ),
    (
        "getrandom",
        "ring 0.17 keeps 0.2, stateright 0.3; everything else has 0.4",
    ),
    ("hashbrown", "stateright's map keeps 0.14; tests only"),
    ("r-efi", "of stateright's getrandom; built nowhere"),
    ("rand", "stateright 0.31 keeps 0.9; tests only"),
    ("rand_chacha", "stateright 0.31 keeps 0.9; tests only"),
    ("rand_core", "stateright 0.31 keeps 0.9; tests only"),
    (
        "syn",
        "procedural macros of dalek, jiff, tracing and zeroize keep 2; build time only",
    ),
    (
        "windows-sys",
        "ring 0.17 keeps 0.52 on Windows; everything else has 0.61",
    ),
];

/// `cargo xtask sources`.
pub(crate) fn command() -> ExitCode {
    match check() {
        Ok(summary) => {
            println!("{summary}");
            ExitCode::SUCCESS
        }
        Err(defects) => {
            eprintln!("{defects}");
            ExitCode::FAILURE
        }
    }
}

/// Checks every dependency on every platform.
///
/// # Errors
/// One line for each defect.
pub(crate) fn check() -> Result<String, String> {
    let output = crate::cargo()
        .args(["metadata", "--format-version", "1", "--locked"])
        .output()
        .map_err(|error| format!("cargo metadata did not start: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("cargo metadata did not print JSON: {error}"))?;
    judge(&metadata)
}

fn judge(metadata: &Value) -> Result<String, String> {
    let packages = metadata["packages"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let mut defects = Vec::new();
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut licence_exceptions_met = BTreeSet::new();
    let mut outside = 0;

    for package in packages {
        let text = |field: &str| package[field].as_str().unwrap_or_default();
        let (name, version) = (text("name"), text("version"));
        versions.entry(name).or_default().insert(version);
        let source = text("source");
        if package["source"].is_null() {
            continue; // a member of the workspace
        }
        outside += 1;
        if !source.starts_with("registry+") {
            defects.push(format!(
                "{name} {version} comes from {source}; dependencies come from the registry only"
            ));
        }
        let terms = text("license");
        let excepted = LICENCE_EXCEPTIONS
            .iter()
            .any(|(excepted, licence, _)| *excepted == name && *licence == terms);
        if excepted {
            licence_exceptions_met.insert(name);
        } else if !licence::accepted(terms) {
            defects.push(format!(
                "{name} {version} has the licence {terms:?}, which is not an accepted one"
            ));
        }
    }

    for (name, found) in &versions {
        let explained = SEVERAL_VERSIONS
            .iter()
            .any(|(crate_name, _)| crate_name == name);
        if found.len() > 1 && !explained {
            defects.push(format!("{name} is here in several versions: {found:?}"));
        }
        // An explanation that no longer explains anything would hide the next case.
        if found.len() == 1 && explained {
            defects.push(format!("{name} is in one version now; drop its exception"));
        }
    }
    for (name, _, _) in LICENCE_EXCEPTIONS {
        if !licence_exceptions_met.contains(name) {
            defects.push(format!(
                "{name} needs no licence exception any more; drop it"
            ));
        }
    }

    if outside == 0 {
        defects.push("cargo metadata lists no dependency at all".into());
    }
    if defects.is_empty() {
        Ok(format!(
            "{outside} dependencies, all from the registry under accepted licences, each in one \
             version but for {} that are explained",
            SEVERAL_VERSIONS.len()
        ))
    } else {
        Err(defects.join("\n"))
    }
}
