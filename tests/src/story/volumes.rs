//! Volumes: what devices pack for each other, and what a test makes of it.

use sidelight::device::Device;
use sidelight_crypto::MailboxKeys;
use sidelight_format::record::VolumesRecord;
use sidelight_format::{Body, Bytes, VolumePart};
use sidelight_store::Key;

use super::{ADA, BO, Story, draft, shared, together};

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

    /// A couple's journal of `entries` entries, in all lanes, some edited, over some epochs.
    pub fn with_journal(seed: u64, entries: usize) -> Self {
        let mut story = Self::of_a_couple(seed);
        for n in 0..entries {
            let text = format!(
                "entry {n}: the morning was quiet, and soup helped {}",
                n * 7919
            );
            let entry = match n % 4 {
                0 => story.write(ADA, draft(&text)),
                1 => story.write(ADA, shared(&text)),
                2 => story.write(BO, shared(&text)),
                _ => story.write(ADA, together(&text)),
            };
            if n % 12 == 3 {
                story.settle();
                let by = if n % 24 == 3 { ADA } else { BO };
                story.edit(by, &entry, (0, 0, "later: ")).expect("together");
            }
            if n % 100 == 50 {
                story.settle();
                story.command(ADA, Device::rotate).expect("certain");
            }
        }
        story.settle();
        story
    }

    /// Links a device after everything was packed and sent.
    pub fn link_packed(&mut self, home: usize) -> usize {
        let link = self.link(home).expect("nothing else is under way");
        self.pack(home);
        self.settle();
        let new = self.join_own(&link, "tablet").expect("a fresh link");
        self.exchange();
        for side in [home, new] {
            self.confirm(side, true).expect("there are emoji");
        }
        self.settle();
        new
    }

    /// The volumes that the relay has in the private mailboxes of a home.
    pub fn packed_at_relay(&self, home: usize) -> Vec<(MailboxKeys, Bytes, VolumePart)> {
        let private = self.device_record(home).private;
        let mut found = Vec::new();
        for (space, _, keys) in self.epochs(home) {
            if space != private {
                continue;
            }
            for envelope in self.listed(&keys.name()) {
                if let Ok((_, Body::Volume(part))) = keys.open(&envelope) {
                    found.push((keys.clone(), envelope, *part));
                }
            }
        }
        found
    }

    /// Whatever happened to it on the way, a device that was filled ends with what `of` has, and
    /// all of it proved.
    pub fn assert_whole(&mut self, of: usize, filled: usize) {
        self.liar = None;
        for _ in 0..4 {
            self.exchange();
            self.check_volumes(filled);
        }
        self.settle();
        self.check_volumes(filled);
        self.assert_same(of, filled);
        assert!(self.volumes(filled).taking.is_none());
        assert_eq!(self.volumes(filled).unproved, 0);
    }
}
