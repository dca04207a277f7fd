//! Measuring: medians, processes that begin cold, their memory and their time on the processor.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;

pub type Failed = Box<dyn std::error::Error>;

/// What a number of tries took.
#[derive(Clone, Debug, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    pub fn push(&mut self, time: Duration) {
        self.0.push(time);
    }

    fn at(&self, part: f64) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let last = sorted.len().saturating_sub(1);
        let place = (last as f64 * part).round() as usize;
        sorted.get(place).copied().unwrap_or_default()
    }

    pub fn median(&self) -> Duration {
        self.at(0.5)
    }

    pub fn p99(&self) -> Duration {
        self.at(0.99)
    }
}

impl FromIterator<Duration> for Times {
    fn from_iter<T: IntoIterator<Item = Duration>>(times: T) -> Self {
        Self(times.into_iter().collect())
    }
}

/// The one in the middle of a few figures.
pub fn middle(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

pub fn timed<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    let value = run();
    (value, began.elapsed())
}

/// The most memory that this process has had resident, in bytes.
pub fn peak_memory() -> u64 {
    status("self", "VmHWM:")
}

/// How much memory a process has resident, in bytes.
pub fn resident(process: u32) -> u64 {
    status(&process.to_string(), "VmRSS:")
}

fn status(process: &str, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(field));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
    kilobytes.and_then(|n| n.parse().ok()).unwrap_or(0) * 1024
}

/// How long this process has been on the processor, on all its threads.
pub fn processor_time() -> Duration {
    // In hundredths of a second, whatever the kernel's own tick; the name may hold spaces.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = rest.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// Runs this program again as `child ARGS`: what it prints, and how long it took from its start
/// to its end. Nothing of the parent's memory is warm in it; the disk's cache may be.
pub fn child<T: DeserializeOwned>(arguments: &[&str]) -> Result<(T, Duration), Failed> {
    let began = Instant::now();
    let output = command(arguments)?.stdin(Stdio::null()).output()?;
    let took = began.elapsed();
    if !output.status.success() {
        return Err(format!("child {arguments:?} failed: {}", output.status).into());
    }
    Ok((serde_json::from_slice(&output.stdout)?, took))
}

fn command(arguments: &[&str]) -> Result<Command, Failed> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg("child")
        .args(arguments)
        .stderr(Stdio::inherit());
    Ok(command)
}

/// This program once more, serving something until it is dropped. It says in a line when it is
/// ready.
pub struct Server {
    child: Child,
    pub said: String,
}

impl Server {
    pub fn start(arguments: &[&str]) -> Result<Self, Failed> {
        use std::io::BufRead;
        let mut child = command(arguments)?
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let out = child.stdout.take().ok_or("the server has no output")?;
        let mut said = String::new();
        std::io::BufReader::new(out).read_line(&mut said)?;
        if said.is_empty() {
            return Err(format!("server {arguments:?} did not start").into());
        }
        Ok(Self {
            child,
            said: said.trim().to_owned(),
        })
    }

    pub fn resident(&self) -> u64 {
        resident(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its input ends, and it with it; killed it has nothing to lose.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until a UDP address is free: the socket that had it is closed by a task that may still have
/// to run.
pub async fn freed(address: &str) -> Result<(), Failed> {
    let began = Instant::now();
    while let Err(error) = std::net::UdpSocket::bind(address) {
        if began.elapsed() > Duration::from_secs(10) {
            return Err(format!("{address}: {error}").into());
        }
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// Copies a folder with all that is in it.
pub fn copy(from: &std::path::Path, to: &std::path::Path) -> Result<(), Failed> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
