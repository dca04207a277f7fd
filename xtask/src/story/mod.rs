//! One story across languages: a device in Swift and one in Kotlin pair remotely through a relay,
//! the terminal client becomes a second device of one of them, each writes entries of all kinds,
//! and the others read them as they were written.
//!
//! Each is a program of its own: the examples, which see no more than the public packages, and
//! the terminal client. Without Kotlin both partners are Swift's, and the other way round.

mod entries;
mod programs;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;

pub(crate) use self::programs::Program;
use self::programs::{Home, Relay, Terminal};
use crate::bindings::{self, Among};
use crate::steps::Extent;

/// Where the story takes place, below cargo's target folder.
const FOLDER: &str = "story";

/// `cargo xtask story`.
pub(crate) fn command(extent: Extent) -> ExitCode {
    match check(extent, Among::Themselves) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(defect) => {
            eprintln!("{defect}");
            ExitCode::FAILURE
        }
    }
}

/// Builds the programs of the languages that are not left out, and tells the story with them.
///
/// # Errors
/// What was not as it should be, or could not be built.
pub(crate) fn check(extent: Extent, among: Among) -> Result<String, String> {
    let terminal = Terminal(bindings::terminal(among)?);
    let folder = bindings::target().join(FOLDER);
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let made = fs::create_dir_all(&folder).and_then(|()| folder.canonicalize());
    let folder = made.map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut programs: Vec<Box<dyn Program>> = Vec::new();
    if !extent.without_swift {
        programs.push(Box::new(crate::swift::diary(&folder, among)?));
    }
    if !extent.without_kotlin {
        programs.push(Box::new(crate::kotlin::diary()?));
    }
    match &programs[..] {
        [one, other, ..] => tell(&**one, &**other, &terminal, &folder),
        [one] => tell(&**one, &**one, &terminal, &folder),
        [] => Err("all languages are left out; there is nothing to tell".to_owned()),
    }
}

/// Entries by id, as they are read in one place.
type Readings = BTreeMap<String, Value>;

/// How many kinds are for their author alone, and reach own devices only.
const FOR_ONESELF: [&str; 2] = ["own_support_plan", "reflection"];

/// Tells the story with these programs, in the folder `folder`, which all of them see.
///
/// # Errors
/// What was not as it should be.
fn tell(
    anas: &dyn Program,
    bens: &dyn Program,
    terminal: &Terminal,
    folder: &Path,
) -> Result<String, String> {
    let relay = Relay::start(terminal, &folder.join("relay"))?;
    let ana = Home::begin(anas, &folder.join("ana"), "Ana", &relay.address)?;
    let ben = Home::begin(bens, &folder.join("ben"), "Ben", &relay.address)?;
    pair(&ana, &ben, ["Ana", "Ben"])?;
    let tablet = link(&ana, terminal, &folder.join("tablet"))?;
    println!(
        "Ana ({}) and Ben ({}) are paired; the terminal client is Ana's second device",
        anas.language(),
        bens.language()
    );

    // Each shares what may be shared, and keeps the rest.
    let all: [(&str, &dyn Device); 3] = [("Ana", &ana), ("Ben", &ben), ("tablet", &tablet)];
    let mut written = Vec::new();
    for (who, device) in all {
        let target = device.share("what others point at")?;
        written.push((who, device.put(&entries::of_every_kind(who, &target))?));
    }
    twice(&all)?;
    // An offer is answered by the other person, who has it by now.
    let offer = |by: usize| offered(written[by].0, &written[by].1);
    let (anas_offer, bens_offer) = (offer(0)?, offer(1)?);
    for (number, offer) in [&bens_offer, &anas_offer, &bens_offer]
        .into_iter()
        .enumerate()
    {
        let (who, device) = all[number];
        let answers = device.put(&[entries::response(who, offer)])?;
        written[number].1.extend(answers);
    }
    twice(&all)?;
    let (with_ana, with_ben, on_tablet) = (ana.read()?, ben.read()?, tablet.read()?);
    same(&with_ana, &on_tablet, "Ana's device and her second one")?;
    same(
        &shared(&with_ana),
        &shared(&with_ben),
        "Ana's device and Ben's",
    )?;
    for (who, written) in &written {
        let read = if *who == "Ben" { &with_ben } else { &with_ana };
        as_written(who, written, read)?;
    }
    // Each of the examples pairs with a partner who has the terminal client, too.
    for (home, who) in [(anas, "Cy"), (bens, "Dee")] {
        let path = folder.join(who);
        let one = Home::begin(home, &path, who, &relay.address)?;
        let path = folder.join(format!("of-{who}"));
        let partner = programs::TerminalHome::begin(terminal, &path, &relay.address)?;
        pair(&one, &partner, [who, "Tom"])?;
    }
    for (home, who) in [(&ana, "Ana"), (&ben, "Ben")] {
        let said = home.killed_while_it_writes()?;
        let there = home.read()?;
        if let Some(lost) = said.iter().find(|id| !there.contains_key(*id)) {
            return Err(format!(
                "{who}'s diary was killed and lost {lost}, which it had said"
            ));
        }
    }
    // Whoever takes everything and answers nothing keeps a sync in its middle.
    let silent = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0));
    let silent = silent.map_err(|error| format!("no silent relay: {error}"))?;
    let place = silent.local_addr().map_err(|error| error.to_string())?;
    let silence = format!("sidelight://{place}/relay#{}", "A".repeat(43));
    for (program, who) in [(anas, "Eve"), (bens, "Fay")] {
        let home = Home::begin(program, &folder.join(who), who, &silence)?;
        home.sleeps_in_the_middle_of_a_sync()?;
    }
    println!(
        "entries read alike: {} with Ana, {} on her second device, {} with Ben, {} of them shared",
        with_ana.len(),
        on_tablet.len(),
        with_ben.len(),
        shared(&with_ana).len()
    );
    Ok(format!(
        "{} and {} paired, terminal linked; {} kinds written in each, read alike in all",
        anas.language(),
        bens.language(),
        entries::kinds().len()
    ))
}

/// What pairs, writes, syncs and reads.
trait Device {
    /// Takes up a partner's link.
    fn join(&self, link: &str) -> Result<(), String>;
    /// The names of the emoji to compare, or how the pairing stands.
    fn standing(&self) -> Result<String, String>;
    /// Says that they are the same.
    fn confirm(&self) -> Result<(), String>;
    /// Shares a moment, and gives its id.
    fn share(&self, text: &str) -> Result<String, String>;
    /// Writes these entries, and gives them with their ids.
    fn put(&self, entries: &[Value]) -> Result<Readings, String>;
    fn sync(&self) -> Result<(), String>;
    /// All entries that it has.
    fn read(&self) -> Result<Readings, String>;
}

/// All of them sync, and once more, so that the first have what the last sent.
fn twice(all: &[(&str, &dyn Device)]) -> Result<(), String> {
    all.iter()
        .chain(all)
        .try_for_each(|(_, device)| device.sync())
}

/// The id of the support that `who` has offered.
fn offered(who: &str, written: &Readings) -> Result<String, String> {
    let mut offers = written
        .iter()
        .filter(|(_, entry)| entry["kind"] == "support_offer");
    let offer = offers.next().map(|(id, _)| id.clone());
    offer.ok_or_else(|| format!("{who} has offered nothing"))
}

/// Two people pair remotely, by a link, and compare.
fn pair(ana: &Home<'_>, ben: &dyn Device, [one, other]: [&str; 2]) -> Result<(), String> {
    let link = ana.line(&["invite"])?;
    ana.sync()?;
    ben.join(&link)?;
    ben.sync()?;
    ana.sync()?;
    ben.sync()?;
    alike(ana, ben)?;
    ana.confirm()?;
    ben.confirm()?;
    for _ in 0..2 {
        ana.sync()?;
        ben.sync()?;
    }
    ana.sync()?;
    for (standing, partner) in [(ana.standing()?, other), (ben.standing()?, one)] {
        if standing != format!("paired with {partner}") {
            return Err(format!("it should be paired with {partner}: «{standing}»"));
        }
    }
    Ok(())
}

/// Both show the same seven emoji.
fn alike(one: &dyn Device, other: &dyn Device) -> Result<(), String> {
    let (one, other) = (one.standing()?, other.standing()?);
    match one == other && one.split(", ").count() == 7 {
        true => Ok(()),
        false => Err(format!("the comparison differs: «{one}» and «{other}»")),
    }
}

/// The terminal client becomes a second device of `ana`.
fn link<'t>(
    ana: &Home<'_>,
    terminal: &'t Terminal,
    folder: &Path,
) -> Result<programs::TerminalHome<'t>, String> {
    let link = ana.line(&["link"])?;
    let tablet = programs::TerminalHome::join_own(terminal, folder, &link)?;
    ana.sync()?;
    tablet.sync()?;
    ana.sync()?;
    tablet.sync()?;
    alike(ana, &tablet)?;
    ana.confirm()?;
    tablet.confirm()?;
    for _ in 0..2 {
        ana.sync()?;
        tablet.sync()?;
    }
    Ok(tablet)
}

fn shared(readings: &Readings) -> Readings {
    let of_both = readings
        .iter()
        .filter(|(_, entry)| entry["space"] == "shared");
    of_both
        .map(|(id, entry)| (id.clone(), entry.clone()))
        .collect()
}

/// Two devices read the same.
fn same(one: &Readings, other: &Readings, who: &str) -> Result<(), String> {
    for (id, entry) in one {
        match other.get(id) {
            Some(found) if found == entry => {}
            Some(found) => return Err(format!("{who} differ:\n{entry}\n{found}")),
            None => return Err(format!("{who} differ: only the first has {entry}")),
        }
    }
    if let Some((_, entry)) = other.iter().find(|(id, _)| !one.contains_key(*id)) {
        return Err(format!("{who} differ: only the second has {entry}"));
    }
    Ok(())
}

/// What was written is read back, every byte of it.
fn as_written(who: &str, written: &Readings, read: &Readings) -> Result<(), String> {
    for (id, entry) in written {
        let Some(found) = read.get(id) else {
            return Err(format!("what {who} wrote is not there: {entry}"));
        };
        for name in ["kind", "text", "date", "offset_minutes", "fields", "space"] {
            // Of a plan only the sections that it offers go along when it is shared.
            let partly = name == "fields" && entry["kind"] == "low_day_plan";
            if found[name] != entry[name] && !partly {
                return Err(format!("what {who} wrote has changed:\n{entry}\n{found}"));
            }
        }
        let own = FOR_ONESELF.iter().any(|kind| entry["kind"] == *kind);
        if own != (found["space"] == "private") {
            return Err(format!("it is in the wrong space: {found}"));
        }
    }
    let kinds = written.values().filter_map(|entry| entry["kind"].as_str());
    let kinds: BTreeSet<_> = kinds.map(str::to_owned).collect();
    match kinds == entries::kinds() {
        true => Ok(()),
        false => Err(format!("{who} wrote these kinds only: {kinds:?}")),
    }
}
