//! `cargo xtask bench`.

fn main() -> Result<(), sidelight_benches::measure::Failed> {
    sidelight_benches::main()
}
