//! Seeds of bad weather. `cargo xtask sim --seeds 1 --seed 7` reruns one, `--seeds 100000` runs
//! many.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use sidelight_tests::sim;

/// Steps of a run, unless `SIDELIGHT_STEPS` says otherwise.
const STEPS: u32 = 220;

/// Seeds of an ordinary test run.
const SEEDS: u64 = 1000;

fn number(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|text| text.parse().expect("a number"))
}

#[derive(Default)]
struct Sums {
    entries: usize,
    nonces: usize,
    steps: BTreeMap<&'static str, u32>,
    broken: BTreeMap<u64, sim::Broken>,
}

#[test]
fn devices_converge_and_promises_hold_in_a_thousand_weathers() {
    let first = number("SIDELIGHT_SEED").unwrap_or(0);
    let seeds = match (number("SIDELIGHT_SEEDS"), number("SIDELIGHT_SEED")) {
        (Some(seeds), _) => seeds,
        (None, Some(_)) => 1,
        (None, None) => SEEDS,
    };
    let steps = number("SIDELIGHT_STEPS").map_or(STEPS, |steps| {
        u32::try_from(steps).expect("a number of steps")
    });
    let (next, sums) = (AtomicU64::new(first), Mutex::new(Sums::default()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + seeds {
                        return;
                    }
                    let result = sim::run(seed, steps);
                    let mut sums = sums.lock().expect("no thread panics while it adds");
                    match result {
                        Ok(report) => {
                            sums.entries += report.shared_entries;
                            sums.nonces += report.nonces;
                            for (kind, count) in report.steps {
                                *sums.steps.entry(kind).or_insert(0) += count;
                            }
                        }
                        Err(broken) => drop(sums.broken.insert(seed, broken)),
                    }
                }
            });
        }
    });
    let sums = sums.into_inner().expect("all threads have ended");
    println!(
        "{seeds} seeds, {} shared entries, {} nonces, steps: {:?}",
        sums.entries, sums.nonces, sums.steps
    );
    for (seed, broken) in sums.broken.iter().take(10) {
        println!("{broken:?}");
        println!("rerun: cargo xtask sim --seeds 1 --seed {seed} --steps {steps}");
    }
    assert!(
        sums.broken.is_empty(),
        "{} of {seeds} seeds",
        sums.broken.len()
    );
    assert!(
        seeds < 100 || steps < STEPS || sums.entries as u64 > seeds,
        "the weather lets something through"
    );
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in 0..10 {
        assert_eq!(sim::run(seed, STEPS), sim::run(seed, STEPS));
    }
    assert_ne!(
        sim::run(1, STEPS).map(|r| r.trace),
        sim::run(2, STEPS).map(|r| r.trace)
    );
}
