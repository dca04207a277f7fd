//! Volumes: what devices pack for each other, and what a test makes of it.

use sidelight::device::Device;
use sidelight_format::record::VolumesRecord;
use sidelight_store::Key;

use super::Story;

impl Story {
    /// A device packs all that there is to be packed, a volume a step.
    pub fn pack(&mut self, home: usize) -> usize {
        let mut steps = 0;
        while self.command(home, Device::pack).expect("it can be packed") {
            steps += 1;
            assert!(steps < 10_000, "packing comes to an end");
        }
        steps
    }

    /// A device looks at what came in volumes, until there is nothing to look at.
    pub fn check_volumes(&mut self, home: usize) {
        let mut steps = 0;
        while self
            .command(home, Device::check_volumes)
            .expect("it can be checked")
        {
            steps += 1;
            assert!(steps < 10_000, "checking comes to an end");
        }
    }

    /// What a device knows of volumes.
    pub fn volumes(&self, home: usize) -> VolumesRecord {
        self.record(home, Key::One).unwrap_or_default()
    }
}
