//! What apps see of the package, one line each, held to `bindings/api/swift.txt`: a change of the
//! interface is a change of that file in the same commit.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// What stands in the snapshot's first lines.
const HEAD: &str = "\
# What an app sees of the Swift package. Written by `UPDATE_API=1 cargo xtask swift`; the step\n\
# fails while it differs.\n";

/// Compares the interface in the symbol graphs in `folder` with the snapshot, or writes it if
/// `UPDATE_API` is set.
pub(super) fn compare(folder: &Path) -> Result<(), String> {
    let found = snapshot(folder)?;
    let path = Path::new(super::ROOT).join("bindings/api/swift.txt");
    if std::env::var_os("UPDATE_API").is_some() {
        let written =
            fs::create_dir_all(path.with_file_name("")).and_then(|()| fs::write(&path, &found));
        return written.map_err(|error| format!("{}: {error}", path.display()));
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    if kept == found {
        println!("the interface is that of bindings/api/swift.txt");
        return Ok(());
    }
    let (kept, found): (BTreeSet<&str>, BTreeSet<&str>) =
        (kept.lines().collect(), found.lines().collect());
    for line in kept.difference(&found) {
        eprintln!("- {line}");
    }
    for line in found.difference(&kept) {
        eprintln!("+ {line}");
    }
    Err(
        "the interface differs from bindings/api/swift.txt, as shown; if it should, run \
         `UPDATE_API=1 cargo xtask swift` and say so in the changelog"
            .to_owned(),
    )
}

fn snapshot(folder: &Path) -> Result<String, String> {
    let mut lines = BTreeSet::new();
    let files = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for file in files.filter_map(Result::ok) {
        let text = super::read(&file.path())?;
        let graph: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let module = graph["module"]["name"].as_str().unwrap_or("?").to_owned();
        let symbols = graph["symbols"].as_array().into_iter().flatten();
        lines.extend(symbols.filter_map(|symbol| line(&module, symbol)));
    }
    if lines.is_empty() {
        return Err("the symbol graphs name nothing".to_owned());
    }
    let lines: Vec<String> = lines.into_iter().collect();
    Ok(format!("{HEAD}{}\n", lines.join("\n")))
}

/// A symbol as a line; none for what the generator needs for itself, and for what the compiler
/// adds.
fn line(module: &str, symbol: &Value) -> Option<String> {
    let precise = symbol["identifier"]["precise"].as_str()?;
    let path: Vec<&str> = symbol["pathComponents"]
        .as_array()?
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let (first, last) = (path.first()?, path.last()?);
    let theirs = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.starts_with("ffi")
            || name.starts_with("uniffi")
            || name.starts_with("unsafefromhandle")
    };
    // Of the classes that the package wraps only the wrappers are for apps.
    if precise.contains("::SYNTHESIZED::") || theirs(first) || theirs(last) {
        return None;
    }
    let said: String = symbol["declarationFragments"]
        .as_array()?
        .iter()
        .filter_map(|part| part["spelling"].as_str())
        .collect();
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(format!("{module}.{}\t{said}", path.join(".")))
}
