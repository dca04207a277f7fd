//! What can happen next, and how often.

use sidelight::device::Draft;
use sidelight::device::view::{self, EntryView};
use sidelight_format::{Edit, EntryDate, EntryId, Kind, Mode, RelayInstance};

use super::World;
use super::oracle::{Broken, all_entries};

/// The text that must never be found outside a device.
pub(super) const PLANTED: &str = "PLANTEDTEXT, and nobody but us reads it";

/// The first of the characters that stand for acknowledged edits; each is used once.
const TOKENS: u32 = 0xE000;
const TOKENS_MAX: u32 = 6400;

/// Takes one step; returns what it was.
pub(super) fn take(world: &mut World) -> Result<&'static str, Broken> {
    let members = world.members();
    let home = world.dice.pick(&members).copied().unwrap_or_default();
    world.now.0 += world.dice.below(30) as i64;
    // Weather comes and goes: a world that is never connected shows little.
    if world.wires.is_empty() && world.dice.percent(50) {
        for home in world.in_play() {
            world.start(home)?;
            world.connect(home)?;
        }
    }
    let kind = match world.dice.below(100) {
        0..=8 => write(world, home)?,
        9..=16 => edit(world, home)?,
        17 if world.dice.percent(60) => erase(world, home)?,
        17 => edit(world, home)?,
        18..=19 => share(world, home)?,
        20..=26 => {
            let mut homes = world.linking();
            homes.push(home);
            for home in homes {
                world.start(home)?;
                world.connect(home)?;
            }
            "connect"
        }
        27..=30 => {
            world.pair_on(home)?;
            world.link_on(world.homes[home].person)?;
            "pair"
        }
        31..=58 => deliver_up(world),
        59..=76 => deliver_down(world)?,
        77..=86 => {
            world.commit_relay();
            "commit"
        }
        87..=89 => cut(world),
        90..=92 => {
            let in_play = world.in_play();
            let home = world.dice.pick(&in_play).copied().unwrap_or_default();
            world.crash(home);
            world.start(home)?;
            "crash"
        }
        93..=94 => {
            world.crash_relay();
            world.start_relay();
            "relay crash"
        }
        95 => snapshot(world),
        96 => evil(world),
        97 | 98 if world.has_more_devices() && world.dice.percent(80) => {
            let person = world.homes[home].person;
            match world.dice.below(2) {
                0 => world.remove(person)?,
                _ => link(world, person)?,
            }
        }
        97 if world.dice.percent(50) => rotate(world, home)?,
        98 if world.dice.percent(15) => month(world)?,
        97 => skew(world, home),
        98 => renew(world, home)?,
        _ => fill(world, home),
    };
    world.note(kind.as_bytes());
    Ok(kind)
}

/// How many outputs run before a crash: mostly all.
fn outputs_max(world: &mut World) -> usize {
    if world.dice.percent(6) {
        world.dice.below(4)
    } else {
        usize::MAX
    }
}

fn write(world: &mut World, home: usize) -> Result<&'static str, Broken> {
    let count = if world.dice.percent(5) {
        2 + world.dice.below(5)
    } else {
        1
    };
    let shared = world.dice.percent(70);
    let together = shared && world.dice.percent(40);
    let (mut drafts, mut tokens) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let token = token(world);
        let kind = if world.dice.percent(50) {
            Kind::moment()
        } else {
            Kind::gratitude()
        };
        drafts.push(Draft {
            kind,
            text: format!("{PLANTED} {token}{}", more_text(world)),
            date: EntryDate::new(2026, 1, 1 + world.dice.below(28) as u8, 60)
                .map_err(|_| Broken::new("January has 28 days"))?,
            together,
            shared,
            fields: Vec::new(),
            source: None,
        });
        tokens.push(token);
    }
    let outputs = outputs_max(world);
    let result = world.command(home, outputs, |device, outside| {
        device.write(&drafts, outside)
    })?;
    match result {
        Some(Ok(wrote)) => {
            for (wrote, token) in wrote.iter().zip(tokens) {
                let ledger = &mut world.homes[home].ledger;
                ledger.acknowledge(wrote.entry, token, shared);
            }
            Ok(if count > 1 { "write many" } else { "write" })
        }
        Some(Err(error)) if error.kind() == sidelight::ErrorKind::NotPaired => {
            Ok("write too early")
        }
        Some(Err(error)) if world.may_be_behind(home, &error) => Ok("write too early"),
        Some(Err(error)) => Err(error.into()),
        None => {
            world.start(home)?;
            crashed_over(world, home, |entry| {
                entry.rendered.text.contains(&tokens[..])
            })?;
            Ok("write and crash")
        }
    }
}

/// What follows the planted text: mostly nothing, sometimes a page in any script, rarely nearly
/// as much as an entry may hold.
fn more_text(world: &mut World) -> String {
    const SCRIPTS: [&str; 5] = ["words ", "ōtautahi ", "שלום ", "🧡👩‍👩‍👧", "a\r\n\tβ"];
    let script = world.dice.pick(&SCRIPTS).copied().unwrap_or_default();
    let len = match world.dice.below(2000) {
        0 => 100_000 + world.dice.below(150_000),
        1..=9 => world.dice.below(20_000),
        10..=150 => world.dice.below(1500),
        _ => 0,
    };
    script.repeat(len / script.len())
}

fn edit(world: &mut World, home: usize) -> Result<&'static str, Broken> {
    let Some(device) = &world.homes[home].device else {
        return Ok("edit while down");
    };
    let (entries, _) = view::page(device.store(), None, 40)?;
    let me = view::status(device.store())?.person;
    let own: Vec<_> = entries
        .into_iter()
        .filter(|entry| entry.preimage.owner == me || entry.preimage.mode == Mode::Together)
        .collect();
    let Some(entry) = world.dice.pick(&own).cloned() else {
        return Ok("nothing to edit");
    };
    let token = token(world);
    let len = entry.rendered.text.chars().count();
    let edit = Edit::Splice {
        at: world.dice.below(len + 1) as u32,
        delete: 0,
        insert: token.to_string(),
    };
    let at = world.dice.percent(50).then(|| entry.version.clone());
    let outputs = outputs_max(world);
    let result = world.command(home, outputs, |device, outside| {
        device.edit(&entry.id, at.as_ref(), &[edit], outside)
    })?;
    match result {
        Some(Ok(_)) => {
            let shared = view_is_shared(world, home, &entry.id)?;
            world.homes[home]
                .ledger
                .acknowledge(entry.id, token, shared);
            Ok("edit")
        }
        Some(Err(error)) if world.may_be_behind(home, &error) => Ok("edit too early"),
        Some(Err(error)) => Err(error.into()),
        None => {
            world.start(home)?;
            world.homes[home].ledger.crashed_over([entry.id]);
            Ok("edit and crash")
        }
    }
}

/// Remembers what a device that has crashed kept of what it was about to write.
fn crashed_over(
    world: &mut World,
    home: usize,
    of_it: impl Fn(&EntryView) -> bool,
) -> Result<(), Broken> {
    let kept = &mut world.homes[home];
    if kept.device.is_none() {
        return Ok(());
    }
    let entries = all_entries(kept)?.into_values();
    let ledger = &mut kept.ledger;
    let new: Vec<EntryId> = entries
        .filter(|entry| of_it(entry) && !ledger.knows(&entry.id))
        .map(|entry| entry.id)
        .collect();
    ledger.crashed_over(new);
    Ok(())
}

fn view_is_shared(world: &World, home: usize, id: &EntryId) -> Result<bool, Broken> {
    let Some(device) = &world.homes[home].device else {
        return Ok(false);
    };
    let status = view::status(device.store())?;
    let entry = view::entry(device.store(), id)?;
    Ok(entry.is_some_and(|entry| Some(entry.space) == status.shared))
}

fn share(world: &mut World, home: usize) -> Result<&'static str, Broken> {
    let Some(device) = &world.homes[home].device else {
        return Ok("share while down");
    };
    let status = view::status(device.store())?;
    let (entries, _) = view::page(device.store(), None, 40)?;
    let private: Vec<_> = entries
        .into_iter()
        .filter(|entry| entry.space == status.private)
        .collect();
    let Some(entry) = world.dice.pick(&private).cloned() else {
        return Ok("nothing to share");
    };
    if status.shared.is_none() {
        return Ok("share too early");
    }
    let outputs = outputs_max(world);
    match world.command(home, outputs, |device, outside| {
        device.share(&[entry.id], outside)
    })? {
        Some(Err(error)) if world.may_be_behind(home, &error) => Ok("share too early"),
        Some(result) => {
            let copy = result?[0];
            world.homes[home].ledger.acknowledge_shared(copy);
            Ok("share")
        }
        None => {
            world.start(home)?;
            crashed_over(world, home, |entry| Some(entry.space) == status.shared)?;
            Ok("share and crash")
        }
    }
}

/// Erases something of one's own, or one's copy of what both keep.
fn erase(world: &mut World, home: usize) -> Result<&'static str, Broken> {
    let Some(device) = &world.homes[home].device else {
        return Ok("erase while down");
    };
    let (entries, _) = view::page(device.store(), None, 40)?;
    let me = view::status(device.store())?.person;
    let own: Vec<_> = entries
        .into_iter()
        .filter(|entry| entry.preimage.owner == me || entry.preimage.mode == Mode::Together)
        .map(|entry| entry.id)
        .collect();
    let Some(entry) = world.dice.pick(&own).copied() else {
        return Ok("nothing to erase");
    };
    let outputs = outputs_max(world);
    let result = world.command(home, outputs, |device, outside| {
        device.erase(&[entry], outside)
    })?;
    match result {
        Some(Err(error)) if world.may_be_behind(home, &error) => Ok("erase too early"),
        Some(erased) => {
            let reach = erased?[0].reach;
            world.homes[home].ledger.erase(entry, reach);
            Ok("erase")
        }
        None => {
            world.start(home)?;
            // It may have been kept before the crash: then it holds.
            if let Some(device) = &world.homes[home].device
                && let Some(erased) = view::taken_back(device.store(), &entry)?
            {
                world.homes[home].ledger.erase(entry, erased.reach);
            }
            Ok("erase and crash")
        }
    }
}

fn rotate(world: &mut World, home: usize) -> Result<&'static str, Broken> {
    if world.homes[home].person != home {
        // Two own devices that renew at once bring their keys into doubt, which stories tell.
        return Ok("another device's to rotate");
    }
    let outputs = outputs_max(world);
    match world.command(home, outputs, sidelight::device::Device::rotate)? {
        Some(Ok(())) => Ok("rotate"),
        Some(Err(error)) if error.kind() == sidelight::ErrorKind::Invalid => Ok("rotate too early"),
        Some(Err(error)) => Err(error.into()),
        None => {
            world.start(home)?;
            Ok("rotate and crash")
        }
    }
}

/// Fine weather for a while, in which what was begun comes to an end.
const CALM: usize = 40;

/// A month in fine weather: keys are old by then, both write, and those are renewed whose moment
/// has come.
fn month(world: &mut World) -> Result<&'static str, Broken> {
    world.now.0 += 31 * 24 * 3600;
    for home in 0..2 {
        world.start(home)?;
        write(world, home)?;
    }
    for _ in 0..CALM {
        if world.calm()? {
            break;
        }
    }
    // The longest that a renewal waits is six hours.
    world.now.0 += 7 * 3600;
    for home in 0..2 {
        world.start(home)?;
        if renew(world, home)? == "renew" {
            return Ok("renew");
        }
    }
    Ok("time")
}

/// Links a further device; in half of all cases in weather in which that comes to an end, so that
/// there are some to remove.
fn link(world: &mut World, person: usize) -> Result<&'static str, Broken> {
    let linked = world.link(person)?;
    if linked == "link" && world.dice.percent(50) {
        for _ in 0..CALM {
            if world.calm()? {
                break;
            }
        }
    }
    Ok(linked)
}

fn renew(world: &mut World, home: usize) -> Result<&'static str, Broken> {
    let outputs = outputs_max(world);
    match world.command(home, outputs, sidelight::device::Device::renew_if_due)? {
        Some(Ok(true)) => Ok("renew"),
        Some(Ok(false)) => Ok("nothing to renew"),
        Some(Err(error)) => Err(error.into()),
        None => {
            world.start(home)?;
            Ok("renew and crash")
        }
    }
}

fn deliver_up(world: &mut World) -> &'static str {
    let links: Vec<u64> = world
        .wires
        .iter()
        .filter(|(_, wire)| wire.up.len() > 0)
        .map(|(link, _)| *link)
        .collect();
    let Some(link) = world.dice.pick(&links).copied() else {
        return "nothing to deliver";
    };
    let len = piece(world);
    world.deliver_up(link, len);
    "deliver up"
}

fn deliver_down(world: &mut World) -> Result<&'static str, Broken> {
    let links: Vec<u64> = world
        .wires
        .iter()
        .filter(|(_, wire)| wire.down.len() > 0)
        .map(|(link, _)| *link)
        .collect();
    let Some(link) = world.dice.pick(&links).copied() else {
        return Ok("nothing to deliver");
    };
    let (len, outputs) = (piece(world), outputs_max(world));
    world.deliver_down(link, len, outputs)?;
    Ok("deliver down")
}

/// How many bytes arrive at once: a few, or many.
fn piece(world: &mut World) -> usize {
    if world.dice.percent(30) {
        1 + world.dice.below(600)
    } else {
        1 + world.dice.below(20_000)
    }
}

fn cut(world: &mut World) -> &'static str {
    let links: Vec<u64> = world.wires.keys().copied().collect();
    if let Some(link) = world.dice.pick(&links).copied() {
        world.cut(link);
    }
    "cut"
}

fn snapshot(world: &mut World) -> &'static str {
    let snapshot = world.relay_disk.snapshot();
    world.snapshots.push(snapshot);
    "relay backup"
}

/// What a relay does that lies, or is restored.
fn evil(world: &mut World) -> &'static str {
    world.crash_relay();
    world.rolled_back = true;
    let instance = RelayInstance([world.dice.below(256) as u8; 16]);
    let kind = match world.dice.below(4) {
        0 => {
            world.relay_disk.lose_everything(instance);
            "relay loses everything"
        }
        1 => {
            world.relay_disk.begin_instance(instance);
            "relay begins anew"
        }
        2 => {
            let snapshot = world.dice.pick(&world.snapshots).cloned();
            if let Some(snapshot) = snapshot {
                world.relay_disk.restore(&snapshot);
                world.restored = true;
            }
            "relay rolls back"
        }
        _ => {
            let mailboxes = world.relay_disk.mailboxes();
            if let Some(mailbox) = world.dice.pick(&mailboxes).copied() {
                let len = world.relay_disk.envelopes(&mailbox).len();
                let (a, b) = (world.dice.below(len) as u64, world.dice.below(len) as u64);
                let position = sidelight_format::Position;
                world.relay_disk.swap(&mailbox, position(a), position(b));
            }
            "relay swaps"
        }
    };
    world.start_relay();
    kind
}

/// A clock is set: anywhere between 1970 and 2100.
fn skew(world: &mut World, home: usize) -> &'static str {
    let target = world.dice.below(4_102_444_800) as i64;
    world.homes[home].clock_skew = if world.dice.percent(50) {
        0
    } else {
        target - world.now.0
    };
    "clock"
}

/// The disk has room for a few commits only, or for all again.
fn fill(world: &mut World, home: usize) -> &'static str {
    let commits = world.dice.below(3) as u64;
    if world.dice.percent(50) {
        world.homes[home].disk.fail_after(commits);
        "disk fills"
    } else {
        world.homes[home].disk.recover();
        "disk has room"
    }
}

fn token(world: &mut World) -> char {
    world.tokens = (world.tokens + 1) % TOKENS_MAX;
    char::from_u32(TOKENS + world.tokens).expect("the private use area has 6,400 characters")
}

impl World {
    /// Takes the pairing one step further on a device, as its person would.
    pub(super) fn pair_on(&mut self, home: usize) -> Result<(), Broken> {
        let Some(device) = &self.homes[home].device else {
            return Ok(());
        };
        if self.homes[home].person != home || view::status(device.store())?.shared.is_some() {
            return Ok(());
        }
        let view = device.pairing();
        let ended = view.as_ref().is_none_or(|view| view.ended.is_some());
        let answered = view.as_ref().is_some_and(|view| view.confirmed.is_some());
        let comparison = view.and_then(|view| view.comparison);
        if home == 0 && ended {
            // The first invitation, or the one before came to nothing.
            self.invitation = None;
        }
        if home == 0 && self.invitation.is_none() && comparison.is_none() {
            let invited = self.command(0, usize::MAX, |device, outside| {
                device.invite(u32::MAX, outside)
            })?;
            self.invitation = invited.and_then(Result::ok);
            return Ok(());
        }
        if home == 1 && ended {
            let Some(link) = self.invitation.clone() else {
                return Ok(());
            };
            // Refused if this very invitation was taken up before, or a clock says it is over.
            self.command(1, usize::MAX, |device, outside| device.join(&link, outside))?;
            return Ok(());
        }
        if let (Some(comparison), false) = (comparison, answered) {
            let other = self.homes[1 - home]
                .device
                .as_ref()
                .and_then(sidelight::device::Device::pairing);
            if let Some(theirs) = other.and_then(|view| view.comparison)
                && theirs != comparison
            {
                return Err(Broken::new(
                    "both sides of an honest pairing see the same emoji",
                ));
            }
            let confirmed = self.command(home, usize::MAX, |device, outside| {
                device.confirm(true, outside)
            })?;
            if let Some(Err(error)) = confirmed {
                return Err(error.into());
            }
        }
        Ok(())
    }
}
