//! Programs that may take so long and no longer: downloads, above all.

use std::io::{self, IsTerminal as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

/// How often it is looked whether a program has ended.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Runs a program to its end, which must be a good one and come within `at_most`.
///
/// # Errors
/// What it is called, and how it ended.
pub(crate) fn run(command: &mut Command, at_most: Duration) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = start(command).map_err(|error| format!("{program} did not start: {error}"))?;
    let begun = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("{program} ended with {status}; see above")),
            Err(error) => return Err(format!("{program} was lost: {error}")),
            Ok(None) if begun.elapsed() < at_most => std::thread::sleep(LOOK_EVERY),
            Ok(None) => {
                stop(&mut child);
                let _ = child.wait();
                let minutes = at_most.as_secs_f64() / 60.0;
                return Err(format!(
                    "{program} was stopped after {minutes:.0} minutes; is the network there, or \
                     slow?"
                ));
            }
        }
    }
}

/// Starts a program that can be stopped with all that it has started.
pub(crate) fn start(command: &mut Command) -> io::Result<Child> {
    // At a terminal they stay in the group that Ctrl-C is for.
    #[cfg(unix)]
    if !io::stdin().is_terminal() {
        std::os::unix::process::CommandExt::process_group(command, 0);
    }
    command.spawn()
}

/// Stops a program, and what it has started: compilers and tests that went on would hold its output
/// open. It may have ended meanwhile.
fn stop(child: &mut Child) {
    // The shell's own: not every machine has the program.
    let _ = Command::new("sh")
        .args(["-c", &format!("kill -9 -{}", child.id())])
        .stderr(Stdio::null())
        .status();
    let _ = child.kill();
}

/// A program that is stopped once its time is over, while somebody reads what it prints.
pub(crate) struct Watched {
    child: Arc<Mutex<Child>>,
    done: mpsc::Sender<()>,
}

/// Watches a program that [`start`] has started.
pub(crate) fn watch(child: Child, at_most: Duration) -> Watched {
    let child = Arc::new(Mutex::new(child));
    let (done, ended) = mpsc::channel();
    let watched = child.clone();
    std::thread::spawn(move || {
        if ended.recv_timeout(at_most) == Err(mpsc::RecvTimeoutError::Timeout) {
            eprintln!(
                "it takes longer than {} s and is stopped",
                at_most.as_secs()
            );
            stop(&mut watched.lock().unwrap_or_else(PoisonError::into_inner));
        }
    });
    Watched { child, done }
}

impl Watched {
    /// Waits for its end, once all that it prints has been read.
    pub(crate) fn wait(self) -> io::Result<ExitStatus> {
        drop(self.done);
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        child.wait()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::process::{Command, Stdio};
    use std::time::Duration;

    #[test]
    fn a_program_that_does_not_end_is_stopped_and_one_that_fails_is_told() {
        let soon = Duration::from_millis(200);
        let late = super::run(Command::new("sleep").arg("600"), soon).unwrap_err();
        assert!(late.contains("sleep was stopped"), "{late}");
        let minute = Duration::from_secs(60);
        assert_eq!(super::run(&mut Command::new("true"), minute), Ok(()));
        let failed = super::run(&mut Command::new("false"), minute).unwrap_err();
        assert!(failed.contains("false ended with"), "{failed}");
        // What a program has started holds its output, too. In a group of its own also when
        // somebody runs this at a terminal.
        let mut sleep = Command::new("sh");
        std::os::unix::process::CommandExt::process_group(&mut sleep, 0);
        sleep.args(["-c", "sleep 600; true"]).stdin(Stdio::null());
        let mut sleep = super::start(sleep.stdout(Stdio::piped())).unwrap();
        let mut printed = sleep.stdout.take().unwrap();
        let watched = super::watch(sleep, soon);
        // It prints nothing, and its output ends when it is stopped.
        assert_eq!(printed.read_to_end(&mut Vec::new()).unwrap(), 0);
        assert!(!watched.wait().unwrap().success());
        let none = super::run(&mut Command::new("no-such-program"), minute).unwrap_err();
        assert!(none.contains("did not start"), "{none}");
    }
}
