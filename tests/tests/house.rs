//! The rules of the house that no compiler holds.

use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Crates in which time and randomness are arguments and nothing touches the world.
const PURE: [&str; 6] = ["format", "crypto", "exchange", "journal", "mailbox", "sync"];

#[test]
fn no_source_file_has_more_than_600_lines() {
    let mut checked = 0;
    each_defect(|path, defects| {
        let source = ["rs", "swift", "kt", "kts", "sh"].map(Some);
        if !source.contains(&path.extension().and_then(|extension| extension.to_str())) {
            return;
        }
        checked += 1;
        let lines = read(path).lines().count();
        if lines > 600 {
            defects.push(format!(
                "{} has {lines} lines; which second idea moved in?",
                show(path)
            ));
        }
    });
    assert!(checked > 20, "only {checked} source files were found");
}

#[test]
fn no_file_names_the_host_of_a_package_registry() {
    // Put together here, so that this file does not name them either.
    let hosts = [
        ["crates", "io"],
        ["npmjs", "org"],
        ["npmjs", "com"],
        ["pypi", "org"],
        ["pythonhosted", "org"],
        ["rubygems", "org"],
        ["proxy.golang", "org"],
        ["jitpack", "io"],
        ["ghcr", "io"],
    ]
    .map(|parts| parts.join("."));
    each_defect(|path, defects| {
        // Cargo writes the lock file, and writes the registry's host into it.
        if path.file_name().is_some_and(|name| name == "Cargo.lock") {
            return;
        }
        let text = read(path).to_lowercase();
        for host in hosts.iter().filter(|host| text.contains(*host)) {
            defects.push(format!("{} names {host}", show(path)));
        }
    });
}

#[test]
fn no_file_is_named_after_nothing() {
    each_defect(|path, defects| {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .to_lowercase();
        for word in ["manager", "helper", "util"] {
            if name.contains(word) {
                defects.push(format!("{} says nothing by `{word}`", show(path)));
            }
        }
    });
}

#[test]
fn every_crate_has_the_lints_and_the_version_of_the_workspace() {
    let root = read(&Path::new(ROOT).join("Cargo.toml"));
    assert!(
        section(&root, "[workspace.lints.rust]").contains("unsafe_code = \"forbid\""),
        "the workspace forbids unsafe code"
    );
    let mut checked = 0;
    each_defect(|path, defects| {
        if path.file_name().is_none_or(|name| name != "Cargo.toml") {
            return;
        }
        let manifest = read(path);
        if manifest.contains("[workspace]") {
            return; // the root
        }
        checked += 1;
        let generated = ["crates/ffi/Cargo.toml", "crates/ffi-testing/Cargo.toml"];
        let lints = if generated.iter().any(|of| path.ends_with(of)) {
            // What uniffi generates counts as unsafe code; all else is as for everybody.
            let own = section(&manifest, "[lints.rust]").replace("\"deny\"", "\"forbid\"");
            own.trim() == section(&root, "[workspace.lints.rust]").trim()
                && section(&manifest, "[lints.clippy]").trim()
                    == section(&root, "[workspace.lints.clippy]").trim()
        } else {
            section(&manifest, "[lints]").trim() == "workspace = true"
        };
        if !lints {
            defects.push(format!(
                "{} does not take the workspace's lints",
                show(path)
            ));
        }
        let package = section(&manifest, "[package]");
        for field in ["version", "edition", "rust-version", "license", "publish"] {
            if !package.contains(&format!("\n{field}.workspace = true")) {
                defects.push(format!("{} has a {field} of its own", show(path)));
            }
        }
    });
    assert!(checked >= 12, "only {checked} manifests were found");
}

#[test]
fn the_packages_of_other_languages_have_the_version_of_the_workspace() {
    let root = read(&Path::new(ROOT).join("Cargo.toml"));
    let package = section(&root, "[workspace.package]");
    let version = package.split("version = \"").nth(1);
    let version = version.and_then(|rest| rest.split('"').next());
    let version = version.expect("the workspace has a version");
    let mut checked = 0;
    each_defect(|path, defects| {
        let (before, after) = match path.file_name().and_then(|name| name.to_str()) {
            // Its own, or its parent's, comes first.
            Some("pom.xml") => ("<version>", "<"),
            Some("build.gradle.kts") => ("\nversion = \"", "\""),
            _ => return,
        };
        checked += 1;
        let text = read(path);
        let found = text.split(before).nth(1);
        let found = found.and_then(|rest| rest.split(after).next());
        if found != Some(version) {
            defects.push(format!(
                "{} has the version {found:?}, the workspace {version}",
                show(path)
            ));
        }
    });
    assert!(checked >= 4, "only {checked} packages were found");
}

#[test]
fn pure_crates_name_no_clock_socket_file_thread_or_ambient_randomness() {
    let forbidden = [
        "::now()",
        "SystemTime",
        "std::net",
        "std::fs",
        "std::io",
        "std::thread",
        "std::env",
        "std::process",
        "SysRng",
        "OsRng",
        "ThreadRng",
        "rand::rng",
        "getrandom",
        "tokio",
        "println!",
    ];
    let mut checked = 0;
    each_defect(|path, defects| {
        let pure = PURE
            .iter()
            .any(|name| path.starts_with(Path::new(ROOT).join("crates").join(name).join("src")));
        if !pure {
            return;
        }
        checked += 1;
        for (number, line) in read(path).lines().enumerate() {
            // Prose may speak of clocks.
            let code = line.split("//").next().unwrap_or_default();
            // It is handed something to read; whoever opens that is the caller.
            let code = match path.starts_with(Path::new(ROOT).join("crates/exchange")) {
                true => code.replace("std::io", ""),
                false => code.to_owned(),
            };
            for word in forbidden.iter().filter(|word| code.contains(**word)) {
                defects.push(format!("{}:{} has {word}", show(path), number + 1));
            }
        }
    });
    assert!(
        checked >= 20,
        "only {checked} files of pure crates were found"
    );
}

/// Runs a check over every file of the repository and fails with all that it finds.
fn each_defect(mut check: impl FnMut(&Path, &mut Vec<String>)) {
    let mut defects = Vec::new();
    for path in files(Path::new(ROOT)) {
        check(&path, &mut defects);
    }
    assert!(defects.is_empty(), "\n{}", defects.join("\n"));
}

/// Every file, without what cargo builds and git keeps.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of the repository") {
        let path = entry.expect("an entry of it").path();
        let name = path.file_name().unwrap_or_default().to_owned();
        if path.is_symlink() || name == "target" || name == ".git" {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A file's text; what is not text is nobody's source.
fn read(path: &Path) -> String {
    String::from_utf8(fs::read(path).expect("a file of the repository")).unwrap_or_default()
}

fn show(path: &Path) -> String {
    path.strip_prefix(ROOT)
        .unwrap_or(path)
        .display()
        .to_string()
}

/// The lines of a manifest's section.
fn section<'a>(manifest: &'a str, heading: &str) -> &'a str {
    let after = manifest.split_once(heading).map_or("", |(_, after)| after);
    after.find("\n[").map_or(after, |end| &after[..end])
}
