//! Writes the generated half of the Swift and Kotlin packages from a built `sidelight-ffi`.
//!
//! ```text
//! sidelight-bindgen kotlin LIBRARY FOLDER
//! sidelight-bindgen swift LIBRARY FOLDER
//! ```
//!
//! LIBRARY is a shared or static library that still has its symbols; the same library gives the
//! same bytes. FOLDER gets `org/sidelight/*.kt`, or `*.swift`, `*.h` and `module.modulemap`.
//!
//! What the generator writes is mended in two places: it would show an error's fields where people
//! look for a sentence, and Kotlin's loader is to ask which library there is.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use uniffi_bindgen::bindings::{
    GenerateOptions, SwiftBindingsOptions, TargetLanguage, generate, generate_swift_bindings,
};

const USAGE: &str = "sidelight-bindgen kotlin|swift LIBRARY FOLDER";

/// Where the settings of each crate's bindings are.
const CONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/uniffi.toml");

/// Where Swift's errors begin.
const ENUM: &str = "enum JournalError:";

/// How many kinds of errors an app tells apart.
const ERROR_KINDS: usize = 11;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let written = match arguments.as_slice() {
        ["kotlin", library, folder] => kotlin(library, Path::new(folder)),
        ["swift", library, folder] => swift(library, Path::new(folder)),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn kotlin(library: &str, folder: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    generate(GenerateOptions {
        languages: vec![TargetLanguage::Kotlin],
        source: library.into(),
        out_dir: utf8(folder)?.into(),
        config_override: Some(CONFIG.into()),
        ..GenerateOptions::default()
    })?;
    let path = folder.join("org/sidelight/sidelight.kt");
    let text = fs::read_to_string(&path)?;
    let text = replaced(
        &text,
        "get() = \"detail=${ `detail` }\"",
        "get() = `detail`",
        ERROR_KINDS,
    )?;
    let text = replaced(
        &text,
        "return \"sidelight_ffi\"",
        "return NativeLibrary.name",
        1,
    )?;
    fs::write(path, text)?;
    Ok(())
}

/// Replaces what stands in a text so many times.
fn replaced(text: &str, from: &str, to: &str, times: usize) -> Result<String, String> {
    match text.matches(from).count() {
        found if found == times => Ok(text.replace(from, to)),
        found => Err(format!("{from:?} is there {found} times, not {times}")),
    }
}

fn swift(library: &str, folder: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    generate_swift_bindings(SwiftBindingsOptions {
        generate_swift_sources: true,
        generate_headers: true,
        generate_modulemap: true,
        source: library.into(),
        out_dir: utf8(folder)?.into(),
        xcframework: false,
        module_name: Some("SidelightFFI".to_owned()),
        modulemap_filename: Some("module.modulemap".to_owned()),
        metadata_no_deps: false,
        link_frameworks: Vec::new(),
        config: Some(CONFIG.into()),
    })?;
    let path = folder.join("SidelightCore.swift");
    let text = fs::read_to_string(&path)?;
    let (before, of_error) = text.split_once(ENUM).ok_or("there is no JournalError")?;
    let (declared, _) = of_error
        .split_once("errorDescription")
        .ok_or("JournalError describes nothing")?;
    let kinds: Vec<_> = declared
        .lines()
        .filter_map(|line| line.trim().strip_prefix("case "))
        .filter_map(|case| case.strip_suffix('('))
        .collect();
    if kinds.len() != ERROR_KINDS {
        return Err(format!("{} errors have a sentence, not {ERROR_KINDS}", kinds.len()).into());
    }
    let cases: Vec<_> = kinds
        .iter()
        .map(|kind| format!(".{kind}(let detail)"))
        .collect();
    let shown = format!("switch self {{ case {}: detail }}", cases.join(", "));
    let mended = of_error.replacen("String(reflecting: self)", &shown, 1);
    fs::write(path, format!("{before}{ENUM}{mended}"))?;
    Ok(())
}

fn utf8(path: &Path) -> Result<&str, Box<dyn Error>> {
    Ok(path.to_str().ok_or("the folder's name is no Unicode")?)
}
