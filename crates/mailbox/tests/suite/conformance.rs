//! The log in memory does what every log must do.

use sidelight_format::RelayInstance;
use sidelight_mailbox::conformance::{Reopen, check};
use sidelight_mailbox::{MemoryDisk, MemoryLog};

struct Memory(MemoryDisk);

impl Reopen for Memory {
    type Log = MemoryLog;

    fn reopen(&mut self) -> MemoryLog {
        self.0.log()
    }
}

#[test]
fn the_log_in_memory_conforms() {
    check(&mut Memory(MemoryDisk::new(RelayInstance([1; 16]))));
}
