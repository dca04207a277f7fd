//! Running a program with another folder as its root.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::bounded;

/// Where the programs of a root are.
const PATH: &str = "/usr/libexec/swift/bin:/usr/bin:/usr/sbin:/bin:/sbin";

/// Runs `$@` with the folder `$ROOT` as root, in `$FOLDER`. Each folder named in `$MOUNTED`, one
/// a line, is there under its own path.
const INSIDE: &str = r#"
set -eu
mount --rbind /proc "$ROOT/proc"
mount --rbind /dev "$ROOT/dev"
printf '%s\n' "$MOUNTED" | while IFS= read -r folder; do
    mkdir -p "$ROOT$folder"
    mount --bind "$folder" "$ROOT$folder"
done
exec chroot "$ROOT" env --chdir="$FOLDER" --unset=ROOT --unset=FOLDER --unset=MOUNTED "$@"
"#;

/// How long it may take to install proot: some 0.1 MB, and lists of packages.
const PROOT_MAX: Duration = Duration::from_secs(5 * 60);

/// How a program gets another root, with some folders of the machine in it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way {
    /// By mounts of its own, as root. They end with it, however it ends.
    Mounts,
    /// The same in a namespace in which whoever runs this is root: for others, and for a root
    /// that may not mount, as in many containers.
    UserMounts,
    /// By proot, which changes the paths of a program as a debugger does: slow, but for machines
    /// that let nobody mount.
    Proot,
}

impl Way {
    /// The first that this machine has.
    ///
    /// # Errors
    /// What it lets nobody do.
    pub(super) fn find() -> Result<Self, String> {
        let mut said = String::new();
        let both = [Self::Mounts, Self::UserMounts];
        for way in both.into_iter().skip(usize::from(!is_root())) {
            // What INSIDE does, without a root.
            let tried = way
                .namespace()
                .args(["sh", "-c"])
                .arg("mount --rbind /proc /proc && mount --rbind /dev /dev && chroot / true")
                .stdin(Stdio::null())
                .output();
            match tried {
                Ok(output) if output.status.success() => return Ok(way),
                Ok(output) => said = String::from_utf8_lossy(&output.stderr).trim().to_owned(),
                Err(error) => said = format!("unshare did not start: {error}"),
            }
        }
        let proot = || {
            let tried = ["-r", "/", "-b", "/proc", "-b", "/dev", "true"];
            said_by(Command::new("proot").args(tried)).is_some()
        };
        if !proot() && is_root() {
            println!("this machine lets no program mount folders ({said}); installing proot");
            for words in [
                &["update"][..],
                &["install", "--yes", "--no-install-recommends", "proot"][..],
            ] {
                let mut apt_get = Command::new("apt-get");
                apt_get.arg("-qq").args(words).stdin(Stdio::null());
                if let Err(why) = bounded::run(&mut apt_get, PROOT_MAX) {
                    println!("{why}");
                }
            }
        }
        if proot() {
            return Ok(Self::Proot);
        }
        Err(format!(
            "this machine lets no program mount folders ({said}), as a container without \
             CAP_SYS_ADMIN; give it that, install proot"
        ))
    }

    /// A program of the folder `root`, with that as its root, in the first of the folders
    /// `mounted`, which are there under their own paths.
    pub(super) fn command(self, root: &Path, program: &str, mounted: &[PathBuf]) -> Command {
        let list: Vec<&OsStr> = mounted.iter().map(|path| path.as_os_str()).collect();
        let mut command = if matches!(self, Self::Proot) {
            let mut proot = Command::new("proot");
            proot.arg("-r").arg(root);
            for folder in [OsStr::new("/proc"), OsStr::new("/dev")]
                .iter()
                .chain(&list)
            {
                proot.arg("-b").arg(folder);
            }
            // Found on the machine's own PATH, before that of the root is set.
            proot.arg("-w").arg(list[0]).args(["/usr/bin/env", "-i"]);
            proot.args([&format!("PATH={PATH}"), "LANG=C.UTF-8", "HOME=/tmp"]);
            proot.arg(program);
            return proot;
        } else {
            self.namespace()
        };
        command
            .args(["sh", "-c", INSIDE, "sh", program])
            .env_clear()
            .env("PATH", PATH)
            .env("LANG", "C.UTF-8")
            .env("HOME", "/tmp")
            .env("ROOT", root)
            .env("FOLDER", list[0])
            .env("MOUNTED", list.join(OsStr::new("\n")));
        command
    }

    /// A command for what follows to be run in mounts of its own.
    fn namespace(self) -> Command {
        let mut command = Command::new("unshare");
        if matches!(self, Self::UserMounts) {
            command.args(["--user", "--map-root-user"]);
        }
        command.args(["--mount", "--propagation", "private", "--"]);
        command
    }
}

pub(super) fn is_root() -> bool {
    said_by(Command::new("id").arg("-u")).is_some_and(|id| id.trim() == "0")
}

/// What a program says, if it ends well.
pub(super) fn said_by(command: &mut Command) -> Option<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    output.status.success().then_some(said)
}
