//! Measuring: medians, processes that begin cold, their memory and their time on the processor.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;

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

/// The median of `tries` runs.
pub fn median(tries: usize, mut run: impl FnMut() -> Duration) -> Duration {
    let mut times = Times::default();
    for _ in 0..tries {
        times.push(run());
    }
    times.median()
}

pub fn timed<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    let value = run();
    (value, began.elapsed())
}

/// The most memory that this process has had resident, in bytes.
pub fn peak_memory() -> u64 {
    status("VmHWM:") * 1024
}

fn status(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(field));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
    kilobytes.and_then(|n| n.parse().ok()).unwrap_or(0)
}

/// Runs this program again as `child ARGS`: what it prints, and how long it took from its start
/// to its end. Nothing of the parent's memory is warm in it; the disk's cache may be.
pub fn child<T: DeserializeOwned>(arguments: &[&str]) -> Result<(T, Duration), Failed> {
    let began = Instant::now();
    let output = Command::new(std::env::current_exe()?)
        .arg("child")
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    let took = began.elapsed();
    if !output.status.success() {
        return Err(format!("child {arguments:?} failed: {}", output.status).into());
    }
    Ok((serde_json::from_slice(&output.stdout)?, took))
}

pub type Failed = Box<dyn std::error::Error>;
