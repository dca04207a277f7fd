//! What runs `instructions` under valgrind: gungraun's own program, from the version in the lock
//! file, so that nothing has to be installed beside valgrind itself.

fn main() {
    if let Err(error) = gungraun_runner::runner::run::run() {
        eprintln!("{error:?}");
        std::process::exit(1);
    }
}
