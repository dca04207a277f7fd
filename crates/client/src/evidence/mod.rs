//! Evidence that a third party can check: who wrote what, by the signatures that the entries
//! came with.

mod bundle;
mod prove;
mod verify;

pub(crate) use self::bundle::Bundle;
pub use self::verify::{Evidence, EvidencePerson, NotEvidence, verify_evidence};

use serde::{Deserialize, Serialize};
use sidelight_format::{Generation, PersonId, digest};

/// The version of a bundle's form. A program that reads it refuses a higher one.
const VERSION: u64 = 1;

/// The folder.
pub(crate) const FOLDER: &str = "sidelight-evidence";

/// The files of a bundle, beside its manifest, in the order in which they are hashed.
const FILES: [&str; 4] = ["README.txt", "entries.json", "persons", "proof"];

/// Where a file stands in [`FILES`].
const README: usize = 0;
const ENTRIES: usize = 1;
const PERSONS: usize = 2;
const PROOF: usize = 3;

/// The file that names the others.
const MANIFEST: &str = "manifest.json";

/// What people find beside the entries.
const README_TEXT: &str = include_str!("README.txt");

/// How long one encoded item may be: a frame's length holds any body.
const ITEM_LEN_MAX: usize = sidelight_format::limits::FRAME_LEN_MAX;

/// The file that names the others.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    format: String,
    version: u64,
    /// Who made the bundle.
    exporter: String,
    generation: u32,
    /// What persons want to be called, as the exporter knows them.
    names: Vec<Named>,
    files: Vec<Listed>,
    signature: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    person: String,
    name: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    name: String,
    sha256: String,
}

impl Manifest {
    /// What is signed of it, beside person and generation.
    fn hash(&self) -> [u8; 32] {
        let names = self.names.iter().flat_map(|one| [&one.person, &one.name]);
        let files = self.files.iter().flat_map(|one| [&one.name, &one.sha256]);
        let count = (self.names.len() as u64).to_be_bytes();
        let mut parts: Vec<&[u8]> = vec![&count];
        parts.extend(names.chain(files).map(String::as_bytes));
        digest("evidence", &parts)
    }

    fn name_of(&self, person: &PersonId) -> &str {
        let hex = person.to_hex();
        let mut names = self.names.iter();
        let found = names.find(|one| one.person == hex);
        found.map_or("", |one| one.name.as_str())
    }

    fn generation(&self) -> Generation {
        Generation(self.generation)
    }
}
