//! Seeds of bad weather. `SIDELIGHT_SEED=7 cargo test -p sidelight-tests --test simulation`
//! reruns one; `cargo xtask sim --seeds 100000` runs many.

use sidelight_tests::sim;

/// Steps of a run.
const STEPS: u32 = 220;

fn number(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|text| text.parse().expect("a number"))
}

#[test]
fn devices_converge_and_promises_hold_in_a_thousand_weathers() {
    let first = number("SIDELIGHT_SEED").unwrap_or(0);
    let one = std::env::var_os("SIDELIGHT_SEED").is_some() && number("SIDELIGHT_SEEDS").is_none();
    let seeds = if one {
        1
    } else {
        number("SIDELIGHT_SEEDS").unwrap_or(1000)
    };
    let (mut steps, mut entries, mut nonces) = (std::collections::BTreeMap::new(), 0, 0);
    for seed in first..first + seeds {
        match sim::run(seed, STEPS) {
            Ok(report) => {
                entries += report.shared_entries;
                nonces += report.nonces;
                for (kind, count) in report.steps {
                    *steps.entry(kind).or_insert(0) += count;
                }
            }
            Err(broken) => panic!(
                "{broken:?}\nrerun: SIDELIGHT_SEED={seed} cargo test -p sidelight-tests --test simulation"
            ),
        }
    }
    println!("{seeds} seeds, {entries} shared entries, {nonces} nonces, steps: {steps:?}");
    assert!(
        one || entries as u64 > seeds,
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
