//! The Swift package in `bindings/swift`: its generated half, its tests, its interface and its
//! documents.

mod inside;
mod interface;
mod toolchain;

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use crate::bindings::{self, Among};
use crate::bounded;
use crate::story::Program;
use toolchain::Toolchain;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// How long each step may take: a build of all takes a minute, the tests half of one.
const STEP_MAX: Duration = Duration::from_secs(20 * 60);

/// The targets of the package that apps see.
const MODULES: [&str; 3] = ["Sidelight", "SidelightCore", "SidelightTesting"];

/// What is generated, and for which target.
const GENERATED: [(&str, &str); 4] = [
    ("SidelightCore.swift", "SidelightCore"),
    ("SidelightFFI.h", "SidelightFFI"),
    ("SidelightTestingCore.swift", "SidelightTestingCore"),
    ("SidelightTestingFFI.h", "SidelightTestingFFI"),
];

/// `cargo xtask swift`: the step alone; behind `--`, a command of the toolchain's `swift` for the
/// package, such as `test --filter Events`.
pub(crate) fn command(arguments: &[&str]) -> ExitCode {
    let ended = match arguments {
        [] => check(Among::Themselves).map(|said| println!("{said}")),
        ["--measure"] => costs().map(|said| println!("{said}")),
        ["--", words @ ..] => {
            Package::prepare(Among::Themselves).and_then(|package| package.run(words))
        }
        _ => Err("cargo xtask swift [--measure | -- ARGUMENTS OF swift]".to_owned()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(defect) => {
            eprintln!("{defect}");
            ExitCode::FAILURE
        }
    }
}

/// Everything about Swift that CI checks. Its tests print their own closing lines.
///
/// # Errors
/// What failed, or why there is no toolchain and how to leave Swift out.
pub(crate) fn check(among: Among) -> Result<String, String> {
    let package = Package::prepare(among)?;
    package.run(&["build", "--build-tests"])?;
    let closing = package.test(&[])?;
    let graphs = package.symbol_graphs()?;
    interface::compare(&graphs)?;
    package.documents(&graphs)?;
    package.example()?;
    Ok(closing)
}

/// What a page costs from Swift and in Rust, both as an app gets them.
fn costs() -> Result<String, String> {
    let package = Package::of(&bindings::build_for_measuring()?, "release")?;
    package.run(&[
        "build",
        "-c",
        "release",
        "--build-tests",
        "-Xswiftc",
        "-enable-testing",
    ])?;
    package.test(&["-c", "release", "--filter", "aPageOfFifty|aPanicIsInternal"])
}

/// The example as a program, built, whose journals lie in the folder `folder`.
///
/// # Errors
/// If it cannot be built.
pub(crate) fn diary(folder: &Path, among: Among) -> Result<impl Program + use<>, String> {
    let package = Package::prepare(among)?;
    package.example()?;
    Ok(Diary {
        package,
        folder: folder.to_owned(),
    })
}

struct Diary {
    package: Package,
    folder: PathBuf,
}

impl Program for Diary {
    fn language(&self) -> &'static str {
        "Swift"
    }

    fn command(&self) -> Result<Command, String> {
        let program = self.package.target.join("diary/debug/diary");
        let program = program.to_string_lossy();
        let toolchain = &self.package.toolchain;
        toolchain.command(&program, &self.folder, &[&self.package.target])
    }
}

/// The package with its generated half, as it is under `target/swift`: generated code is nowhere
/// in the repository.
struct Package {
    toolchain: Toolchain,
    target: PathBuf,
    /// How the library is built, after which folders are named.
    how: &'static str,
}

impl Package {
    fn prepare(among: Among) -> Result<Self, String> {
        Self::of(&bindings::build(among)?, "")
    }

    /// The package of these libraries.
    fn of(built: &bindings::Built, how: &'static str) -> Result<Self, String> {
        let toolchain = Toolchain::find_or_make().map_err(|why| {
            format!("{why}; or leave Swift out: `cargo xtask test --without swift`")
        })?;
        let target = Path::new(ROOT).join("target/swift");
        let real = fs::create_dir_all(&target).and_then(|()| target.canonicalize());
        let target = real.map_err(|error| format!("{}: {error}", target.display()))?;
        let package = Self {
            toolchain,
            target,
            how,
        };
        for folder in ["bindings/swift", "examples/swift"] {
            let from = Path::new(ROOT).join(folder);
            stage(&from, &package.target.join(folder))
                .map_err(|error| format!("{}: {error}", from.display()))?;
        }
        package.generate(built)?;
        Ok(package)
    }

    /// Writes what is generated from the libraries.
    fn generate(&self, built: &bindings::Built) -> Result<(), String> {
        // The one for tests stands in the place of the other, in a folder with nothing else:
        // beside a shared library the linker would take that one.
        let archive = built.testing.with_extension("a");
        let folder = self.target.join(format!("lib{}", self.how));
        let linked = folder.join("libsidelight_ffi.a");
        let made = fs::create_dir_all(&folder)
            .and_then(|()| gone(&linked))
            .and_then(|()| fs::hard_link(&archive, &linked));
        made.map_err(|error| format!("{}: {error}", linked.display()))?;
        self.unlink_before(&archive)?;

        let (shipped, testing) = (self.target.join("shipped"), self.target.join("testing"));
        bindings::generate("swift", &built.shipped, &shipped)?;
        bindings::generate("swift", &built.testing, &testing)?;
        for (name, target) in GENERATED {
            let text = read(&testing.join(name))?;
            if read(&shipped.join(name)).is_ok_and(|other| other != text) {
                return Err(format!(
                    "the library and the one for tests give another {name}"
                ));
            }
            // The generator leaves out where the one crate's types are from the other's.
            let (before, after) = match target {
                "SidelightTestingCore" => (
                    "import Foundation\n",
                    "import Foundation\nimport SidelightCore\n",
                ),
                _ => ("", ""),
            };
            self.place(target, name, &text.replacen(before, after, 1))?;
        }
        for module in ["SidelightFFI", "SidelightTestingFFI"] {
            let map = format!("module {module} {{\n    header \"{module}.h\"\n    export *\n}}\n");
            self.place(module, "module.modulemap", &map)?;
        }
        Ok(())
    }

    /// Removes programs that were linked with an earlier archive: the compiler does not look at it.
    fn unlink_before(&self, archive: &Path) -> Result<(), String> {
        let made = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified());
        let newest = made(archive).map_err(|error| format!("{}: {error}", archive.display()))?;
        for program in ["SidelightPackageTests.xctest", "diary"] {
            for folder in ["build/debug", "buildrelease/release", "diary/debug"] {
                let program = self.target.join(folder).join(program);
                if made(&program).is_ok_and(|made| made < newest) {
                    gone(&program).map_err(|error| format!("{}: {error}", program.display()))?;
                }
            }
        }
        Ok(())
    }

    /// Writes a file of a generated target.
    fn place(&self, target: &str, name: &str, text: &str) -> Result<(), String> {
        let folder = self.target.join("bindings/swift/Sources").join(target);
        let written =
            fs::create_dir_all(&folder).and_then(|()| write(&folder.join(name), text.as_bytes()));
        written.map_err(|error| format!("{}: {error}", folder.display()))
    }

    /// `swift` for the package.
    fn swift(&self, words: &[&str]) -> Result<Command, String> {
        let folder = self.target.join("bindings/swift");
        let mut swift = self.toolchain.command("swift", &folder, &[&self.target])?;
        let (first, others) = words.split_first().unwrap_or((&"--version", &[]));
        swift.arg(first);
        if matches!(*first, "build" | "test" | "run" | "package") {
            let scratch = self.target.join(format!("build{}", self.how));
            swift.arg("--scratch-path").arg(scratch);
        }
        if matches!(*first, "build" | "test" | "run") {
            swift.arg("-Xlinker").arg(self.search());
            swift.args(["-Xswiftc", "-warnings-as-errors"]);
        }
        swift.args(others);
        println!("swift {}", words.join(" "));
        Ok(swift)
    }

    fn run(&self, words: &[&str]) -> Result<(), String> {
        bounded::run(&mut self.swift(words)?, STEP_MAX)
    }

    /// Runs the tests, and gives their closing line.
    fn test(&self, options: &[&str]) -> Result<String, String> {
        let all = [&["test", "--skip-build", "--disable-xctest"], options].concat();
        let mut swift = self.swift(&all)?;
        let mut child = bounded::start(swift.stdout(Stdio::piped()))
            .map_err(|error| format!("swift did not start: {error}"))?;
        let stdout = child.stdout.take().expect("stdout was piped above");
        let watched = bounded::watch(child, STEP_MAX);
        let mut closing = None;
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let mut out = io::stdout().lock();
            let _ = writeln!(out, "{line}");
            if let Some((_, said)) = line.split_once(" Test run with ") {
                closing = Some(format!("Swift: test run with {said}"));
            }
        }
        let succeeded = watched.wait().is_ok_and(|status| status.success());
        match closing {
            Some(closing) if succeeded && closing.contains(" passed ") => Ok(closing),
            Some(closing) => Err(closing),
            None => Err("the Swift tests did not come to an end; see above".to_owned()),
        }
    }

    /// Builds the example, which sees no more of the package than any app does.
    fn example(&self) -> Result<(), String> {
        let folder = self.target.join("examples/swift/diary");
        let mut swift = self.toolchain.command("swift", &folder, &[&self.target])?;
        swift
            .arg("build")
            .arg("--scratch-path")
            .arg(self.target.join("diary"));
        swift.arg("-Xlinker").arg(self.search());
        println!("swift build (examples/swift/diary)");
        bounded::run(&mut swift, STEP_MAX)
    }

    /// Tells the linker where the library is.
    fn search(&self) -> String {
        format!(
            "-L{}",
            self.target.join(format!("lib{}", self.how)).display()
        )
    }

    /// What the compiler knows of the package's interface, as a file for each module.
    fn symbol_graphs(&self) -> Result<PathBuf, String> {
        self.run(&[
            "package",
            "dump-symbol-graph",
            "--minimum-access-level",
            "public",
        ])?;
        let build = self.target.join("build");
        let platforms = fs::read_dir(&build).map_err(|error| error.to_string())?;
        let all = self.target.join("symbols");
        // Those of the tests would be documented, too.
        let made = gone(&all).and_then(|()| fs::create_dir_all(&all));
        made.map_err(|error| format!("{}: {error}", all.display()))?;
        for platform in platforms.filter_map(Result::ok) {
            let folder = platform.path().join("symbolgraph");
            let Ok(files) = fs::read_dir(&folder) else {
                continue;
            };
            for file in files.filter_map(Result::ok) {
                let name = file.file_name().to_string_lossy().into_owned();
                if MODULES
                    .iter()
                    .any(|module| name.split(['.', '@']).next() == Some(module))
                {
                    fs::copy(file.path(), all.join(name)).map_err(|error| error.to_string())?;
                }
            }
        }
        Ok(all)
    }

    /// The documents, whose links must hold.
    fn documents(&self, graphs: &Path) -> Result<(), String> {
        let catalogue = self
            .target
            .join("bindings/swift/Sources/Sidelight/Sidelight.docc");
        let into = self.target.join("Sidelight.doccarchive");
        let mut docc = self.toolchain.command("docc", &self.target, &[])?;
        docc.arg("convert").arg(&catalogue);
        docc.arg("--additional-symbol-graph-dir").arg(graphs);
        docc.arg("--output-path").arg(&into);
        docc.args(["--fallback-bundle-identifier", "sidelight"]);
        docc.args(["--warnings-as-errors"]);
        println!("docc convert");
        bounded::run(&mut docc, STEP_MAX)
    }
}

/// What the compiler makes for itself, and what is generated into a package.
const NOT_STAGED: [&str; 5] = [
    ".build",
    "SidelightCore",
    "SidelightFFI",
    "SidelightTestingCore",
    "SidelightTestingFFI",
];

/// Makes a folder the same as another one. What is the same already is left as it is, since
/// builds go by times.
fn stage(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for old in fs::read_dir(to)? {
        let old = old?;
        let here = from.join(old.file_name());
        let ours = NOT_STAGED.iter().any(|name| old.file_name() == *name);
        if !ours && !here.exists() {
            gone(&old.path())?;
        }
    }
    for new in fs::read_dir(from)? {
        let new = new?;
        let there = to.join(new.file_name());
        if NOT_STAGED.iter().any(|name| new.file_name() == *name) {
            continue;
        }
        if new.file_type()?.is_dir() {
            stage(&new.path(), &there)?;
        } else {
            write(&there, &fs::read(new.path())?)?;
        }
    }
    Ok(())
}

/// Writes a file, if it says something else.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    fs::write(path, bytes)
}

/// Removes a file or folder, if it is there.
fn gone(path: &Path) -> io::Result<()> {
    let removed = match path.is_dir() {
        true => fs::remove_dir_all(path),
        false => fs::remove_file(path),
    };
    removed.or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    })
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
