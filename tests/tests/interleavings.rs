//! Exhaustive: every order in which what two persons do to their devices and epochs can reach
//! their devices, up to a stated number of acts, over the production merge code.
//!
//! `SIDELIGHT_INTERLEAVINGS=4 cargo test -p sidelight-tests --test interleavings -- --nocapture`
//! goes one act deeper, and takes as many times longer.

use stateright::{Checker, Model, Property};

use sidelight_tests::merging::{Bounds, Couple, Move, State};

/// What the checker explores.
struct Explored(Couple);

impl Model for Explored {
    type State = State;
    type Action = Move;

    fn init_states(&self) -> Vec<State> {
        vec![self.0.start()]
    }

    fn actions(&self, state: &State, moves: &mut Vec<Move>) {
        moves.extend(self.0.moves(state));
    }

    fn next_state(&self, state: &State, step: Move) -> Option<State> {
        self.0.step(state, step)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("sound", |model: &Self, state| {
            let wrong = model.0.wrong(state);
            if let Some(wrong) = &wrong {
                eprintln!("{wrong}");
            }
            wrong.is_none()
        })]
    }
}

/// How many acts deeper than by default.
fn deeper() -> u8 {
    let asked = std::env::var("SIDELIGHT_INTERLEAVINGS");
    asked.map_or(0, |more| more.parse().expect("a number of further acts"))
}

fn explore(what: &str, mut bounds: Bounds) {
    bounds.acts += deeper();
    let began = std::time::Instant::now();
    let checker = Explored(Couple::new(bounds)).checker().spawn_bfs().join();
    let (knowledge, records) = checker.model().0.counts();
    println!(
        "{what}: {bounds:?}: {} states, {} steps, depth {}; {knowledge} states of knowledge, \
         {records} epoch records; {:.1} s",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth(),
        began.elapsed().as_secs_f32(),
    );
    checker.assert_properties();
}

#[test]
fn two_devices_and_one_agree_in_every_order() {
    explore(
        "two devices and one",
        Bounds {
            devices: [2, 1],
            acts: 2,
            recover: false,
        },
    );
}

#[test]
fn the_recovery_words_end_every_doubt() {
    explore(
        "with the recovery words",
        Bounds {
            devices: [2, 1],
            acts: 2,
            recover: true,
        },
    );
}

#[test]
fn two_devices_each_agree_in_every_order() {
    explore(
        "two devices each",
        Bounds {
            devices: [2, 2],
            acts: 2,
            recover: false,
        },
    );
}

#[test]
fn three_devices_agree_in_every_order() {
    explore(
        "three devices and one",
        Bounds {
            devices: [3, 1],
            acts: 2,
            recover: false,
        },
    );
}
