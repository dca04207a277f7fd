//! Where Swift comes from: `swift` on PATH, or on Debian a root of our own outside the tree.
//!
//! Older releases of Debian have no Swift, and what trixie's compiler builds needs trixie's C
//! library. So its packages are unpacked into a folder, and programs run with that folder as
//! their root. apt fetches them, by its own configuration: mirror, proxy and keyring are those of
//! this machine. Nothing is installed on it: no script of a package runs, and what is mounted
//! is mounted in a namespace that ends with the program, however that ends.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::inside::{Way, is_root, said_by};
use crate::bounded;

/// The oldest Swift whose language mode 6 the package needs.
const VERSION_MIN: u32 = 6;

/// The release of Debian whose packages are taken: the first that has Swift 6.
const SUITE: &str = "trixie";

/// What is unpacked, with all that it depends on: the compiler, what its linker takes from C and
/// C++, and the few programs that a shell script expects. `base-files` is unpacked first: it
/// makes `/lib` a link to `/usr/lib`, which the others' paths go through.
const PACKAGES: [&str; 8] = [
    "base-files",
    "bash",
    "coreutils",
    "dash",
    "libc6-dev",
    "libstdc++-14-dev",
    "swiftlang",
    "tzdata",
];

/// What is left packed, because neither a build nor a test reads it: 1.4 of 2.6 GB.
const LEFT_OUT: [&str; 16] = [
    "./usr/lib/*/perl*",
    "./usr/lib/python3*",
    "./usr/libexec/gcc/*/*/cc1",
    "./usr/libexec/gcc/*/*/lto1",
    "./usr/libexec/swift/bin/*lldb*",
    "./usr/libexec/swift/bin/clangd",
    "./usr/libexec/swift/bin/sourcekit-lsp",
    "./usr/libexec/swift/lib/libLTO*",
    "./usr/libexec/swift/lib/liblldb*",
    "./usr/libexec/swift/lib/libsourcekitd*",
    "./usr/libexec/swift/lib/swift/embedded",
    "./usr/libexec/swift/lib/swift_static",
    "./usr/share/doc",
    "./usr/share/locale",
    "./usr/share/man",
    "./usr/share/perl*",
];

/// How long apt may take to fetch the list of packages: some 10 MB.
const LIST_MAX: Duration = Duration::from_secs(5 * 60);

/// How long it may take to fetch the packages: 0.6 GB, at half a megabyte in a second.
const PACKAGES_MAX: Duration = Duration::from_secs(20 * 60);

/// How long one package may take to unpack; the largest takes half a minute.
const UNPACK_MAX: Duration = Duration::from_secs(10 * 60);

/// How long apt waits for a mirror that says nothing, in seconds, and how often it asks again.
const APT_PATIENCE: [&str; 6] = [
    "-o",
    "Acquire::http::Timeout=30",
    "-o",
    "Acquire::https::Timeout=30",
    "-o",
    "Acquire::Retries=2",
];

/// Says how a root was made. One that was made otherwise is made anew.
fn recipe() -> String {
    format!("{SUITE}: {}; {}\n", PACKAGES.join(" "), LEFT_OUT.join(" "))
}

/// The file in a root that holds its recipe, written last: without it, a root is half made.
const RECIPE: &str = ".sidelight";

/// Swift, and how its programs are run.
#[derive(Debug)]
pub(super) enum Toolchain {
    /// From PATH.
    Path,
    /// In a root of our own.
    Root(PathBuf, Way),
}

impl Toolchain {
    /// Finds a toolchain, or makes one, and says so.
    ///
    /// # Errors
    /// Why there is none, and what to do.
    pub(super) fn find_or_make() -> Result<Self, String> {
        let wanted = std::env::var_os("SIDELIGHT_SWIFT").map(PathBuf::from);
        if wanted.is_none() && on_path() {
            return Ok(Self::Path);
        }
        let Some(kept) = wanted.or_else(cache) else {
            return Err("neither HOME nor SIDELIGHT_SWIFT says where to keep Swift".into());
        };
        let root = kept.join("root");
        let made = || fs::read_to_string(root.join(RECIPE)).is_ok_and(|text| text == recipe());
        if made() {
            return Ok(Self::Root(root, way()?));
        }
        let Some(repository) = debian() else {
            return Err(format!(
                "no Swift {VERSION_MIN} is on PATH, and only on Debian is it fetched; install it \
                 from swift.org or your system"
            ));
        };
        // What cannot be used need not be fetched.
        let way = way()?;
        make(&kept, &repository)?;
        Ok(Self::Root(root, way))
    }

    /// A program of the toolchain, to be run in `folder`, with nothing to read from the terminal.
    /// It sees `folder` and the folders `also`, under their own paths; on a toolchain from PATH,
    /// all there is. All are made if need be.
    ///
    /// # Errors
    /// If one is not there and cannot be made.
    pub(super) fn command(
        &self,
        program: &str,
        folder: &Path,
        also: &[&Path],
    ) -> Result<Command, String> {
        let mut mounted = Vec::new();
        for folder in [folder].iter().chain(also) {
            let real = fs::create_dir_all(folder).and_then(|()| folder.canonicalize());
            mounted.push(real.map_err(|error| format!("{}: {error}", folder.display()))?);
        }
        let mut command = match self {
            Self::Path => {
                let mut command = Command::new(program);
                command.current_dir(&mounted[0]);
                command
            }
            Self::Root(root, way) => way.command(root, program, &mounted),
        };
        command.stdin(Stdio::null());
        Ok(command)
    }
}

/// A way into a root of our own.
fn way() -> Result<Way, String> {
    Way::find().map_err(|why| {
        format!(
            "no Swift {VERSION_MIN} is on PATH, and that of Debian {SUITE} cannot be run: {why}, or \
             install Swift {VERSION_MIN} on PATH"
        )
    })
}

/// Whether PATH has a Swift that is new enough.
fn on_path() -> bool {
    let Some(said) = said_by(Command::new("swift").arg("--version")) else {
        return false;
    };
    let found = version(&said);
    if found.is_some_and(|found| found >= VERSION_MIN) {
        return true;
    }
    println!(
        "the swift on PATH is older than {VERSION_MIN}: {}",
        said.trim()
    );
    false
}

/// The major version in what `swift --version` says.
fn version(said: &str) -> Option<u32> {
    let (_, after) = said.split_once("Swift version ")?;
    after
        .split(|c: char| !c.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

/// Where a toolchain is kept between runs, unless `SIDELIGHT_SWIFT` says otherwise.
fn cache() -> Option<PathBuf> {
    if let Some(cache) = std::env::var_os("XDG_CACHE_HOME").filter(|path| !path.is_empty()) {
        return Some(PathBuf::from(cache).join("sidelight/swift"));
    }
    if is_root() {
        return Some("/var/cache/sidelight/swift".into());
    }
    Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache/sidelight/swift"))
}

/// On Debian, the repository that its apt takes packages from.
fn debian() -> Option<String> {
    let system = fs::read_to_string("/etc/os-release").ok()?;
    let value = |name: &str| {
        let line = system.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.strip_prefix('=')?.trim_matches('"').to_owned())
    };
    if value("ID")? != "debian" {
        return None;
    }
    let codename = value("VERSION_CODENAME")?;
    let targets = said_by(Command::new("apt-get").args([
        "indextargets",
        "--format",
        "$(RELEASE) $(REPO_URI)",
        "Created-By: Packages",
    ]))?;
    let mut targets = targets.lines().filter_map(|line| line.split_once(' '));
    let (_, repository) = targets.find(|(release, _)| *release == codename)?;
    Some(repository.to_owned())
}

/// Makes a root in the folder `kept`.
fn make(kept: &Path, repository: &str) -> Result<(), String> {
    let made = |path: &Path| {
        fs::create_dir_all(path).map_err(|error| format!("{}: {error}", path.display()))
    };
    made(kept)?;
    // Another run may be making it: the second one waits, and finds it made.
    let lock = File::create(kept.join("lock")).and_then(|file| file.lock().map(|()| file));
    let _lock = lock.map_err(|error| format!("{}: {error}", kept.display()))?;
    let root = kept.join("root");
    if fs::read_to_string(root.join(RECIPE)).is_ok_and(|text| text == recipe()) {
        return Ok(());
    }

    println!(
        "no Swift {VERSION_MIN} on PATH; unpacking that of Debian {SUITE} into {} (once; it takes \
         0.6 GB from the mirror, 1.3 GB of disk, and a minute or two; SIDELIGHT_SWIFT names \
         another folder)",
        root.display()
    );
    let begun = Instant::now();
    let apt = kept.join("apt");
    for old in [&root, &apt] {
        if old.exists() {
            fs::remove_dir_all(old).map_err(|error| format!("{}: {error}", old.display()))?;
        }
    }
    for folder in ["state/lists/partial", "cache/archives/partial"] {
        made(&apt.join(folder))?;
    }
    made(&root)?;

    let packages = fetch(&apt, repository)?;
    let bytes = packages
        .iter()
        .filter_map(|package| Some(package.metadata().ok()?.len()));
    println!(
        "fetched {} packages, {:.0} MB, in {:.0} s",
        packages.len(),
        bytes.sum::<u64>() as f64 / 1e6,
        begun.elapsed().as_secs_f64()
    );
    for package in &packages {
        unpack(package, &root)?;
    }
    let recipe = fs::write(root.join(RECIPE), recipe());
    recipe.map_err(|error| format!("{}: {error}", root.display()))?;
    fs::remove_dir_all(&apt).map_err(|error| format!("{}: {error}", apt.display()))?;
    println!("made in {:.0} s", begun.elapsed().as_secs_f64());
    Ok(())
}

/// Fetches the packages with apt, under a configuration of our own beside this machine's, and
/// gives their files, `base-files` first.
fn fetch(apt: &Path, repository: &str) -> Result<Vec<PathBuf>, String> {
    let folder = apt.display();
    // The machine's own hooks concern its own packages. The status is empty: nothing is there.
    let configuration = format!(
        r#"
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::Languages "none";
APT::Update::Error-Mode "any";
APT::Install-Recommends "false";
APT::Keep-Downloaded-Packages "true";
Debug::NoLocking "true";
Dir::Cache "{folder}/cache";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::Etc::SourceList "{folder}/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State "{folder}/state";
Dir::State::Status "{folder}/status";
"#
    );
    let keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
    let source = format!("deb [signed-by={keyring}] {repository} {SUITE} main\n");
    let written = fs::write(apt.join("apt.conf"), configuration)
        .and_then(|()| fs::write(apt.join("sources.list"), source))
        .and_then(|()| fs::write(apt.join("status"), ""));
    written.map_err(|error| format!("{folder}: {error}"))?;

    let apt_get = || {
        let mut command = Command::new("apt-get");
        command.arg("-qq").args(APT_PATIENCE);
        command.arg("--config-file").arg(apt.join("apt.conf"));
        command.stdin(Stdio::null());
        command
    };
    let failed = |why| format!("the packages of Debian {SUITE} cannot be fetched: {why}");
    bounded::run(apt_get().arg("update"), LIST_MAX).map_err(failed)?;
    let mut install = apt_get();
    install.args(["install", "--download-only", "--yes"]);
    bounded::run(install.args(PACKAGES), PACKAGES_MAX).map_err(failed)?;

    let archives = apt.join("cache/archives");
    let files = fs::read_dir(&archives).map_err(|error| format!("{folder}: {error}"))?;
    let mut files: Vec<PathBuf> = files.filter_map(|file| Some(file.ok()?.path())).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "deb"));
    let first = |path: &PathBuf| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("base-files_"))
    };
    files.sort_by_key(|path| (!first(path), path.clone()));
    if files.first().is_some_and(first) {
        Ok(files)
    } else {
        Err(format!(
            "apt-get put no packages into {}",
            archives.display()
        ))
    }
}

/// Unpacks a package's files, as ours, but for those left out.
fn unpack(package: &Path, root: &Path) -> Result<(), String> {
    let mut reading = Command::new("dpkg-deb")
        .arg("--fsys-tarfile")
        .arg(package)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("dpkg-deb did not start: {error}"))?;
    let bytes = reading.stdout.take().expect("stdout was piped above");
    let mut tar = Command::new("tar");
    tar.args(["--extract", "--no-same-owner", "--wildcards", "--directory"])
        .arg(root);
    tar.args(
        LEFT_OUT
            .iter()
            .map(|pattern| format!("--exclude={pattern}")),
    );
    // A folder that is a link in the root, such as /lib, stays one.
    tar.arg("--keep-directory-symlink").stdin(bytes);
    let unpacked = bounded::run(&mut tar, UNPACK_MAX);
    let read = reading.wait();
    unpacked?;
    match read {
        Ok(status) if status.success() => Ok(()),
        _ => Err(format!("{} could not be read", package.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn a_toolchain_says_its_version() {
        for (said, expected) in [
            (
                "Swift version 6.0.3 (swift-6.0.3-RELEASE)\nTarget: x86_64-pc-linux-gnu\n",
                Some(6),
            ),
            (
                "swift-driver version: 1.115 Apple Swift version 5.10 (…)\n",
                Some(5),
            ),
            ("Swift version 10.1\n", Some(10)),
            ("Python 3\n", None),
        ] {
            assert_eq!(version(said), expected, "{said}");
        }
    }
}
