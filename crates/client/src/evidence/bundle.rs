//! A bundle in the making.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use sidelight_exchange::{Outgoing, json};
use sidelight_format::{EvidenceBody, EvidenceStatement, PersonId, Signature, VERSION, encode};
use sidelight_store::Store;
use sidelight_sync::Person;

use super::prove::prove;
use super::{ENTRIES, FILES, FOLDER, Listed, MANIFEST, Manifest, Named, PERSONS, PROOF};
use super::{README_TEXT, VERSION as FORM};
use crate::Error;
use crate::device::evidence;
use crate::export::file::{NewFolder, failed};

/// A bundle in the making. Dropped unfinished, it is gone.
pub(crate) struct Bundle {
    folder: NewFolder,
    entries: Hashed,
    proof: Hashed,
    /// Who wrote in it.
    persons: BTreeSet<PersonId>,
    count: u64,
}

impl Bundle {
    pub(crate) fn begin(dir: &Path) -> Result<Self, Error> {
        let folder = NewFolder::begin(dir, FOLDER)?;
        let (mut entries, mut proof) = (
            Hashed::new(folder.open(FILES[ENTRIES])?),
            Hashed::new(folder.open(FILES[PROOF])?),
        );
        entries.write(json::begin().as_bytes())?;
        proof.write(&[VERSION])?;
        Ok(Self {
            folder,
            entries,
            proof,
            persons: BTreeSet::new(),
            count: 0,
        })
    }

    /// Takes an entry in, if `bodies` prove it as it is shown; says whether they do.
    pub(crate) fn write(
        &mut self,
        store: &dyn Store,
        entry: &Outgoing<'_>,
        bodies: &[EvidenceBody],
    ) -> Result<bool, Error> {
        let mut persons = Vec::new();
        for body in bodies {
            let authored = &body.authored;
            let owner = authored.entry.map(|entry| entry.owner);
            for id in owner.into_iter().chain([authored.certificate.person]) {
                if let Some((chain, _)) = evidence::person(store, &id)? {
                    persons.extend(Person::check(&chain.genesis, &chain.successors));
                }
            }
        }
        let proved = prove(bodies, &persons);
        let Some(proved) = proved
            .ok()
            .filter(|proved| proved.rendered == *entry.rendered)
        else {
            return Ok(false);
        };
        self.entries
            .write(json::entry(entry, self.count == 0).as_bytes())?;
        for body in bodies {
            self.proof.item(&encode(body))?;
        }
        // Where the next entry begins.
        self.proof.item(&[])?;
        self.persons.extend(proved.writers);
        self.persons.insert(proved.preimage.owner);
        self.count += 1;
        Ok(true)
    }

    /// Writes what is still missing; `sign` signs for the person whose journal it is.
    pub(crate) fn finish(
        mut self,
        store: &dyn Store,
        me: PersonId,
        sign: impl FnOnce([u8; 32]) -> (EvidenceStatement, Signature),
    ) -> Result<PathBuf, Error> {
        self.entries.write(json::end().as_bytes())?;
        self.persons.insert(me);
        let mut persons = Hashed::new(self.folder.open(FILES[PERSONS])?);
        persons.write(&[VERSION])?;
        let mut names = Vec::new();
        for id in &self.persons {
            let known = evidence::person(store, id)?;
            let (chain, name) = known.ok_or_else(|| Error::internal("a writer is not known"))?;
            persons.item(&encode(&chain))?;
            let person = id.to_hex();
            names.push(Named { person, name });
        }
        let mut readme = Hashed::new(self.folder.open(FILES[super::README])?);
        readme.write(README_TEXT.as_bytes())?;

        let hashes = [
            readme.finish()?,
            self.entries.finish()?,
            persons.finish()?,
            self.proof.finish()?,
        ];
        let files = FILES.iter().zip(hashes);
        let mut manifest = Manifest {
            format: "sidelight evidence".to_owned(),
            version: FORM,
            exporter: me.to_hex(),
            generation: 0,
            names,
            files: files
                .map(|(name, sha256)| Listed {
                    name: (*name).to_owned(),
                    sha256,
                })
                .collect(),
            signature: String::new(),
        };
        let (statement, signature) = sign(manifest.hash());
        manifest.generation = statement.generation.0;
        manifest.signature = HEXLOWER.encode(&signature.to_bytes());
        let text = serde_json::to_vec_pretty(&manifest);
        let text = text.map_err(|_| Error::internal("a manifest is not JSON"))?;
        self.folder.write("", MANIFEST, &text)?;
        self.folder.finish()
    }
}

/// A file that is hashed while it is written.
struct Hashed {
    file: BufWriter<File>,
    hash: Sha256,
}

impl Hashed {
    fn new(file: BufWriter<File>) -> Self {
        let hash = Sha256::new();
        Self { file, hash }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.hash.update(bytes);
        let written = self.file.write_all(bytes);
        written.map_err(|error| failed(&error))
    }

    /// An item behind its length. One without bytes ends a group.
    fn item(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let len = u32::try_from(bytes.len()).map_err(|_| Error::internal("a long item"))?;
        self.write(&len.to_le_bytes())?;
        self.write(bytes)
    }

    /// The hash, once all is written.
    fn finish(mut self) -> Result<String, Error> {
        self.file.flush().map_err(|error| failed(&error))?;
        Ok(HEXLOWER.encode(&self.hash.finalize()))
    }
}
