//! `cargo xtask sim`: many seeds of the simulation, or one again.

use std::process::ExitCode;
use std::time::Instant;

/// What to run.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    seeds: u64,
    seed: u64,
    steps: Option<u64>,
    release: bool,
}

/// `cargo xtask sim …`.
pub(crate) fn command(options: &[&str]) -> ExitCode {
    let plan = match plan(options) {
        Ok(plan) => plan,
        Err(sentence) => {
            eprintln!("{sentence}");
            return ExitCode::from(2);
        }
    };
    let mut cargo = crate::cargo();
    cargo.args(["test", "-p", "sidelight-tests", "--test", "simulation"]);
    if plan.release {
        cargo.arg("--release");
    }
    cargo.args(["--", "--nocapture", "devices_converge"]);
    cargo.env("SIDELIGHT_SEED", plan.seed.to_string());
    cargo.env("SIDELIGHT_SEEDS", plan.seeds.to_string());
    if let Some(steps) = plan.steps {
        cargo.env("SIDELIGHT_STEPS", steps.to_string());
    }
    let begun = Instant::now();
    let passed = cargo.status().is_ok_and(|status| status.success());
    let seconds = begun.elapsed().as_secs_f64();
    let last = plan.seed.saturating_add(plan.seeds - 1);
    let range = format!("seeds {} to {last} in {seconds:.1} s", plan.seed);
    if passed {
        println!("every promise held in {} runs: {range}", plan.seeds);
        ExitCode::SUCCESS
    } else {
        println!("a promise did not hold, or the simulation did not run: {range}");
        println!("each `rerun` line above repeats one run");
        ExitCode::FAILURE
    }
}

fn plan(options: &[&str]) -> Result<Plan, String> {
    let (mut seeds, mut seed, mut steps, mut release) = (None, 0, None, false);
    let mut rest = options.iter();
    while let Some(option) = rest.next() {
        if *option == "--release" {
            release = true;
            continue;
        }
        let value = rest.next().and_then(|value| value.parse::<u64>().ok());
        let value = value.ok_or_else(|| format!("{option} takes a number after it"))?;
        match *option {
            "--seeds" if value > 0 => seeds = Some(value),
            "--seed" => seed = value,
            "--steps" => steps = Some(value),
            _ => return Err(format!("`sim` does not know {option} {value}")),
        }
    }
    Ok(Plan {
        seeds: seeds.ok_or("how many? `cargo xtask sim --seeds 10000`")?,
        seed,
        steps,
        release,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_in_any_order_and_wrong_ones_are_told() {
        let read = plan(&["--steps", "50", "--release", "--seeds", "7", "--seed", "3"]);
        let expected = Plan {
            seeds: 7,
            seed: 3,
            steps: Some(50),
            release: true,
        };
        assert_eq!(read, Ok(expected));
        for wrong in [
            &[][..],
            &["--seeds"],
            &["--seeds", "0"],
            &["--seeds", "many"],
            &["--seeds", "1", "--weather", "2"],
        ] {
            assert!(plan(wrong).is_err(), "{wrong:?}");
        }
    }
}
