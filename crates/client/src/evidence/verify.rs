//! Checking a bundle, as anybody can: without a key, a journal or a network.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use sidelight_exchange::{Outgoing, html, json};
use sidelight_format::{
    EvidenceBody, EvidencePerson as Chain, EvidenceStatement, Mode, PersonId, Signature, VERSION,
    decode,
};
use sidelight_sync::Person;

use super::VERSION as FORM;
use super::prove::{Fault, Proved, prove};
use super::{ENTRIES, FILES, ITEM_LEN_MAX, MANIFEST, Manifest, PERSONS, PROOF};
use crate::device::private_space;
use crate::reader::on_pool;
use crate::words::Words;

/// How long a manifest may be: far more than names and hashes take.
const MANIFEST_LEN_MAX: u64 = 256 * 1024;

/// How many persons may write in one bundle: two a journal, and journals that were left.
const PERSONS_MAX: usize = 64;

/// What a bundle proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The id of who made it: 64 hexadecimal digits.
    pub exporter: String,
    /// How many entries it proves.
    pub entries: u64,
    /// Who wrote them.
    pub persons: Vec<EvidencePerson>,
}

/// Somebody who wrote in a bundle, or made it.
#[derive(Clone, PartialEq, Eq)]
pub struct EvidencePerson {
    /// Their id: 64 hexadecimal digits. This is what is proved.
    pub id: String,
    /// What whoever made the bundle says that they were called. Nothing proves it.
    pub name: String,
    /// How many of the entries they began.
    pub entries: u64,
}

impl core::fmt::Debug for EvidencePerson {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("EvidencePerson")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Why a folder is no evidence. `Display` is a sentence for whoever checks it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotEvidence {
    /// It cannot be read.
    #[error("there is no such folder, or it cannot be read; give the folder as it was exported")]
    Unreadable,
    /// A file is not there.
    #[error("the file {0} is missing, so nothing here is proved; ask for the whole folder")]
    Missing(&'static str),
    /// A file is there that does not belong to it.
    #[error(
        "there is a file that does not belong here, and that nothing proves; take the folder as \
         it was exported"
    )]
    Added,
    /// A newer version made it.
    #[error("this was made by a newer version of Sidelight; update, then check it")]
    Newer,
    /// The manifest is none.
    #[error("the manifest is damaged, so nothing here is proved; ask for the folder again")]
    Manifest,
    /// A file is another one than the manifest says.
    #[error("the file {0} was changed since the folder was made; ask for it again")]
    Changed(&'static str),
    /// Somebody's keys do not follow from one another.
    #[error("the keys of a person do not follow from one another: this was not made by Sidelight")]
    Person,
    /// The manifest is not signed by whom it names.
    #[error(
        "the manifest is not signed by the person whom it names: it was changed since, or somebody \
         else made it"
    )]
    Exporter,
    /// Nobody vouches for an author.
    #[error("entry {0}: nobody vouches for its author, so it is not proved")]
    Certificate(u64),
    /// An author did not sign.
    #[error("entry {0}: its author did not sign this, so it was changed or made up")]
    Signature(u64),
    /// Somebody wrote in an entry that is not theirs.
    #[error("entry {0}: it was written by somebody whose entry it is not")]
    Owner(u64),
    /// The changes do not make an entry.
    #[error("entry {0}: what was signed is not whole, so it does not show what was written")]
    Changes(u64),
    /// It is evidence, but its page cannot be written.
    #[error(
        "everything is proved, but the page cannot be written there, or is there already; choose \
         another place"
    )]
    Page,
    /// What is to be read says something else than what was signed.
    #[error("entry {0}: what stands in entries.json is not what its author signed")]
    Text(u64),
}

/// Checks a bundle that [`Journal::export`](crate::Journal::export) has made. It needs no key, no
/// journal and no network, and believes nothing that is not signed. With `page`, it writes what
/// it has proved as a page to read and to print; one that is there already is left alone.
///
/// What it proves, and what not, stands in the bundle's `README.txt`. Dropping the future stops
/// the check; no page is written then.
///
/// # Errors
/// [`NotEvidence`], by the first thing that is wrong.
pub async fn verify_evidence(
    folder: PathBuf,
    page: Option<PathBuf>,
) -> Result<Evidence, NotEvidence> {
    let waiting = Arc::new(()); // gone when nobody waits any more
    let waits = Arc::downgrade(&waiting);
    let checked = on_pool(move || Ok(verify(&folder, page.as_deref(), &waits))).await;
    drop(waiting);
    checked.unwrap_or(Err(NotEvidence::Unreadable))
}

fn verify(folder: &Path, page: Option<&Path>, waits: &Weak<()>) -> Result<Evidence, NotEvidence> {
    let manifest = manifest(folder)?;
    check_files(folder, &manifest)?;
    let persons = persons(folder)?;
    let exporter = exporter(&manifest, &persons)?;
    let mut began: BTreeMap<PersonId, u64> = BTreeMap::new();
    let mut shown = Vec::new();
    let entries = prove_all(folder, &manifest, &persons, exporter, &mut |proved| {
        *began.entry(proved.preimage.owner).or_default() += 1;
        if page.is_some() {
            shown.push(proved);
        }
        match waits.strong_count() {
            0 => Err(NotEvidence::Unreadable), // which nobody hears
            _ => Ok(()),
        }
    })?;
    if let Some(page) = page {
        write_page(page, &shown, &manifest, exporter).map_err(|_| NotEvidence::Page)?;
    }
    let persons = persons.iter().map(|person| EvidencePerson {
        id: person.id().to_hex(),
        name: manifest.name_of(&person.id()).to_owned(),
        entries: began.get(&person.id()).copied().unwrap_or_default(),
    });
    Ok(Evidence {
        exporter: exporter.to_hex(),
        entries,
        persons: persons.collect(),
    })
}

/// That the files are those that the manifest names, and no others.
fn check_files(folder: &Path, manifest: &Manifest) -> Result<(), NotEvidence> {
    for (name, listed) in FILES.into_iter().zip(&manifest.files) {
        let hash = hash(&folder.join(name)).map_err(|error| missing(&error, name))?;
        if listed.name != name || listed.sha256 != hash {
            return Err(NotEvidence::Changed(name));
        }
    }
    for entry in fs::read_dir(folder).map_err(|_| NotEvidence::Unreadable)? {
        let name = entry.map_err(|_| NotEvidence::Unreadable)?.file_name();
        if name != MANIFEST && !FILES.iter().any(|file| name == *file) {
            return Err(NotEvidence::Added);
        }
    }
    Ok(())
}

/// Who made it, if they signed it.
fn exporter(manifest: &Manifest, persons: &[Person]) -> Result<PersonId, NotEvidence> {
    let exporter = PersonId::from_hex(&manifest.exporter).ok_or(NotEvidence::Manifest)?;
    let statement = EvidenceStatement {
        person: exporter,
        generation: manifest.generation(),
        files: manifest.hash(),
    };
    let signed = || {
        let person = persons.iter().find(|person| person.id() == exporter)?;
        let key = person.signing_key(statement.generation)?;
        let signature = HEXLOWER.decode(manifest.signature.as_bytes()).ok()?;
        let signature = Signature::from_bytes(&signature.try_into().ok()?);
        sidelight_crypto::verify(&key, &statement, &signature).ok()
    };
    signed().ok_or(NotEvidence::Exporter)?;
    Ok(exporter)
}

/// Proves each entry, compares it with what is to be read, and hands it to `take`. Returns how
/// many there are.
fn prove_all(
    folder: &Path,
    manifest: &Manifest,
    persons: &[Person],
    exporter: PersonId,
    take: &mut dyn FnMut(Proved) -> Result<(), NotEvidence>,
) -> Result<u64, NotEvidence> {
    let mut reading = Reading {
        proof: open(folder, PROOF)?,
        text: open(folder, ENTRIES)?,
        number: 0,
    };
    reading.expect(&json::begin(), 0)?;
    while let Some(proved) = reading.next(persons)? {
        let number = reading.number;
        let text = json::entry(&outgoing(&proved, manifest, exporter), number == 1);
        reading.expect(&text, number)?;
        take(proved)?;
    }
    let number = reading.number;
    reading.expect(&json::end(), number)?;
    reading.at_end()?;
    Ok(number)
}

/// A proved entry as it is exported. Its author's name is what the manifest says.
fn outgoing<'a>(proved: &'a Proved, manifest: &'a Manifest, exporter: PersonId) -> Outgoing<'a> {
    let owner = proved.preimage.owner;
    Outgoing {
        id: proved.id,
        shared: proved.space != private_space(&owner),
        mine: owner == exporter,
        together: proved.preimage.mode == Mode::Together,
        author: manifest.name_of(&owner),
        rendered: &proved.rendered,
    }
}

fn manifest(folder: &Path) -> Result<Manifest, NotEvidence> {
    if !folder.is_dir() {
        return Err(NotEvidence::Unreadable);
    }
    let file = File::open(folder.join(MANIFEST)).map_err(|error| missing(&error, MANIFEST))?;
    let mut text = Vec::new();
    let read = file.take(MANIFEST_LEN_MAX + 1).read_to_end(&mut text);
    read.map_err(|_| NotEvidence::Unreadable)?;
    let manifest: Manifest = serde_json::from_slice(&text).map_err(|_| NotEvidence::Manifest)?;
    if manifest.format != "sidelight evidence" {
        return Err(NotEvidence::Manifest);
    }
    if manifest.version > FORM {
        return Err(NotEvidence::Newer);
    }
    if manifest.files.len() != FILES.len() {
        return Err(NotEvidence::Manifest);
    }
    Ok(manifest)
}

fn missing(error: &io::Error, name: &'static str) -> NotEvidence {
    match error.kind() {
        io::ErrorKind::NotFound => NotEvidence::Missing(name),
        _ => NotEvidence::Unreadable,
    }
}

fn hash(path: &Path) -> io::Result<String> {
    let mut file = BufReader::new(File::open(path)?);
    let mut hash = Sha256::new();
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut bytes)?;
        if read == 0 {
            return Ok(HEXLOWER.encode(&hash.finalize()));
        }
        hash.update(&bytes[..read]);
    }
}

/// One of the files that begin with a version, or the text, which does not.
fn open(folder: &Path, which: usize) -> Result<BufReader<File>, NotEvidence> {
    let name = FILES[which];
    let file = File::open(folder.join(name)).map_err(|error| missing(&error, name))?;
    let mut file = BufReader::new(file);
    if which != ENTRIES {
        let mut version = [0];
        let read = file.read_exact(&mut version);
        if read.is_err() || version != [VERSION] {
            return Err(NotEvidence::Newer);
        }
    }
    Ok(file)
}

/// The next item; none at the end.
fn item(file: &mut impl Read) -> Result<Option<Vec<u8>>, ()> {
    let mut len = [0; 4];
    let mut got = 0;
    while got < len.len() {
        match file.read(&mut len[got..]).map_err(|_| ())? {
            0 if got == 0 => return Ok(None),
            0 => return Err(()),
            read => got += read,
        }
    }
    let len = usize::try_from(u32::from_le_bytes(len)).map_err(|_| ())?;
    if len > ITEM_LEN_MAX {
        return Err(());
    }
    let mut item = vec![0; len];
    file.read_exact(&mut item).map_err(|_| ())?;
    Ok(Some(item))
}

fn persons(folder: &Path) -> Result<Vec<Person>, NotEvidence> {
    let mut file = open(folder, PERSONS)?;
    let mut persons = Vec::new();
    while let Some(item) = item(&mut file).map_err(|()| NotEvidence::Person)? {
        let chain: Chain = decode(&item).map_err(|_| NotEvidence::Person)?;
        let person = Person::check(&chain.genesis, &chain.successors);
        persons.push(person.map_err(|_| NotEvidence::Person)?);
        if persons.len() > PERSONS_MAX {
            return Err(NotEvidence::Person);
        }
    }
    Ok(persons)
}

/// Proof and text side by side, one entry at a time.
struct Reading {
    proof: BufReader<File>,
    text: BufReader<File>,
    number: u64,
}

impl Reading {
    /// The next entry, as far as it is proved; none after the last one.
    fn next(&mut self, persons: &[Person]) -> Result<Option<Proved>, NotEvidence> {
        let number = self.number + 1;
        let mut bodies: Vec<EvidenceBody> = Vec::new();
        loop {
            let item = item(&mut self.proof).map_err(|()| NotEvidence::Changes(number))?;
            match item {
                None if bodies.is_empty() => return Ok(None),
                None => return Err(NotEvidence::Changes(number)),
                Some(end) if end.is_empty() => break,
                Some(body) => {
                    let body = decode(&body).map_err(|_| NotEvidence::Changes(number))?;
                    bodies.push(body);
                }
            }
        }
        self.number = number;
        let proved = prove(&bodies, persons).map_err(|fault| match fault {
            Fault::Certificate => NotEvidence::Certificate(number),
            Fault::Signature => NotEvidence::Signature(number),
            Fault::Owner => NotEvidence::Owner(number),
            Fault::Changes => NotEvidence::Changes(number),
        })?;
        Ok(Some(proved))
    }

    /// That the text goes on like this, and in no other way.
    fn expect(&mut self, text: &str, number: u64) -> Result<(), NotEvidence> {
        let mut there = vec![0; text.len()];
        match self.text.read_exact(&mut there) {
            Ok(()) if there == text.as_bytes() => Ok(()),
            _ => Err(NotEvidence::Text(number)),
        }
    }

    fn at_end(&mut self) -> Result<(), NotEvidence> {
        match self.text.read(&mut [0]) {
            Ok(0) => Ok(()),
            _ => Err(NotEvidence::Text(self.number)),
        }
    }
}

fn write_page(
    path: &Path,
    proved: &[Proved],
    manifest: &Manifest,
    exporter: PersonId,
) -> io::Result<()> {
    let mut years: Vec<_> = proved.iter().map(|one| one.rendered.date.year()).collect();
    years.dedup();
    let mut text = html::Page::begin(&years);
    let mut page = html::Page::new(html::Labels::new(Words::embedded("en").labels()));
    for one in proved {
        text.push_str(&page.entry(&outgoing(one, manifest, exporter)));
    }
    text.push_str(&html::Page::end());
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    io::Write::write_all(&mut options.open(path)?, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::records::{Draft, ExportFormat, ExportOptions, NewPerson};
    use crate::{Journal, MemoryKeyStore};

    /// A bundle of two entries, of which one was edited.
    async fn bundle(dir: &Path) -> PathBuf {
        let disk = sidelight_store::MemoryDisk::new();
        let person = NewPerson {
            name: "Ada".to_owned(),
            relay: None,
            ticket: None,
        };
        let keys = Arc::new(MemoryKeyStore::new());
        let journal = Journal::in_memory(&disk, keys, Some(person), None).await;
        let journal = journal.unwrap();
        let id = journal.write(Draft::new("a first wording")).await.unwrap();
        journal
            .set_text(id, "a second wording".to_owned())
            .await
            .unwrap();
        journal.write(Draft::new("another entry")).await.unwrap();
        let options = ExportOptions {
            format: ExportFormat::Evidence,
            private: true,
            ..ExportOptions::default()
        };
        let report = journal.export(dir.to_owned(), options).await.unwrap();
        assert_eq!((report.entries, report.unproved), (2, 0));
        report.path
    }

    /// What is proved whatever the manifest says of hashes: what somebody could reach who makes
    /// a manifest of their own and signs it.
    fn proved(folder: &Path) -> Result<u64, NotEvidence> {
        let manifest = manifest(folder)?;
        let persons = persons(folder)?;
        let exporter = PersonId::from_hex(&manifest.exporter).unwrap();
        prove_all(folder, &manifest, &persons, exporter, &mut |_| Ok(()))
    }

    #[tokio::test]
    async fn whoever_signs_a_manifest_of_their_own_proves_nothing_that_was_not_signed() {
        let dir = tempfile::tempdir().unwrap();
        let folder = bundle(dir.path()).await;
        assert_eq!(proved(&folder), Ok(2));
        // Any bit of what was signed.
        let path = folder.join(FILES[PROOF]);
        let whole = fs::read(&path).unwrap();
        let step = whole.len() / 250;
        for (round, at) in (0..whole.len()).step_by(step).enumerate() {
            let mut changed = whole.clone();
            changed[at] ^= 1 << (round % 8);
            fs::write(&path, &changed).unwrap();
            assert!(proved(&folder).is_err(), "byte {at} of {}", whole.len());
        }
        // An edit that is left out, and an entry that is.
        let mut ends = Vec::new();
        let mut rest = &whole[1..];
        while let Some(item) = item(&mut rest).unwrap() {
            ends.push((whole.len() - rest.len(), item.len()));
        }
        assert_eq!(ends.len(), 5, "two bodies, one body, and two ends");
        for keep in [1, 4] {
            fs::write(&path, &whole[..ends[keep - 1].0]).unwrap();
            assert!(proved(&folder).is_err());
        }
        let without_edit = [&whole[..ends[0].0], &whole[ends[1].0..]].concat();
        fs::write(&path, without_edit).unwrap();
        assert!(matches!(
            proved(&folder),
            Err(NotEvidence::Text(1) | NotEvidence::Changes(1))
        ));
        fs::write(&path, &whole).unwrap();
        // Another text to read.
        let path = folder.join(FILES[ENTRIES]);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("another", "a forged")).unwrap();
        assert_eq!(proved(&folder), Err(NotEvidence::Text(2)));
        fs::write(&path, text.clone() + " ").unwrap();
        assert_eq!(proved(&folder), Err(NotEvidence::Text(2)));
        fs::write(&path, text).unwrap();
        assert_eq!(proved(&folder), Ok(2));
    }
}
