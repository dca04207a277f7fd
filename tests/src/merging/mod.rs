//! Every interleaving of what two persons and their devices do to rosters and epochs: states are
//! small (numbers of what each device knows), and each step of production code is done once and
//! remembered, however many interleavings it is part of.

mod member;
mod reading;
mod receiving;

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use sidelight_format::{EpochId, KeyHash, digest, encode};
use sidelight_sync::{Doubt, Standing};

pub use member::{Act, DEVICES, DeviceNumber, Member, Received, Sent};
use member::{couple, device_keys};

/// How many rounds of writing and delivering lead to an agreed epoch, at most. One device begins
/// it; concurrent ones are settled by the lowest id, and what a device learns while settling can
/// make one more necessary for each person.
const ROUNDS_MAX: usize = 6;

/// Everybody and everything on its way, as numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct State {
    /// What each device knows; none for one that has not begun.
    pub members: Members,
    /// What was sent, sorted.
    pub sent: Vec<u32>,
    /// What each device has dealt with, sorted.
    pub seen: [Vec<u32>; 2 * DEVICES],
    /// How often somebody has done something.
    pub acts: u8,
}

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Move {
    /// A device does something.
    Act(DeviceNumber, Act),
    /// A person begins anew with the words, on this device.
    Recover(DeviceNumber),
    /// A record reaches a device.
    Deliver(DeviceNumber, u32),
}

/// What is to be explored.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How many devices Ana and Ben have at first.
    pub devices: [usize; 2],
    /// How often somebody does something.
    pub acts: u8,
    /// Whether the recovery words may be used.
    pub recover: bool,
}

type Members = [Option<u32>; 2 * DEVICES];
type Acted = Option<(u32, Vec<u32>, Option<u32>)>;

/// All that was ever known and sent, and what followed from what.
#[derive(Default)]
struct World {
    members: Vec<Member>,
    /// Where each of them would write, privately and shared.
    current: Vec<[Option<EpochId>; 2]>,
    of_member: HashMap<([u8; 32], usize), u32>,
    readings: HashMap<[u8; 32], [u8; 32]>,
    sent: Vec<Sent>,
    of_sent: HashMap<EpochId, u32>,
    acted: HashMap<(u32, Act), Acted>,
    received: HashMap<(u32, u32), (u32, Received)>,
    recovered: HashMap<(usize, Vec<u32>), Acted>,
    /// What is wrong with a state in which everything is delivered, by members and records.
    settled: HashMap<(Members, Vec<u32>), Option<String>>,
    /// What went wrong, the first time.
    wrong: Option<String>,
}

/// Explores a couple.
pub struct Couple {
    /// What is explored.
    pub bounds: Bounds,
    world: Mutex<World>,
    start: State,
    first: [Member; 2],
}

impl std::fmt::Debug for Couple {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Couple")
            .field("bounds", &self.bounds)
            .finish_non_exhaustive()
    }
}

impl World {
    fn keep(&mut self, member: Member) -> u32 {
        let (set, reading) = (member.set(), member.reading());
        // Devices of one person that have the same records read the same.
        if *self.readings.entry(set).or_insert(reading) != reading {
            self.wrong
                .get_or_insert_with(|| "the same records read in two ways".to_owned());
        }
        let key = (digest("member", &[&set, &reading]), member.number);
        let place = self.members.len() as u32;
        let place = *self.of_member.entry(key).or_insert(place);
        if place as usize == self.members.len() {
            if let Some(wrong) = sealed_wrongly(&member) {
                self.wrong.get_or_insert(wrong);
            }
            let current = [member.private_current(), member.shared_current()];
            self.current.push(current);
            self.members.push(member);
        }
        place
    }

    /// The devices that are on their own list, and not off that of another of their person's.
    fn active(&self, state: &State) -> Vec<&Member> {
        let all: Vec<&Member> = members(state)
            .map(|(_, member)| &self.members[member as usize])
            .filter(|member| member.is_active())
            .collect();
        // A device that was added by one which had been removed may hear of that from nobody:
        // the others seal nothing to it.
        let is_out = |member: &Member| {
            let key = device_keys(member.number).signing;
            let mut own = all.iter().filter(|other| other.own.id() == member.own.id());
            own.any(|other| other.roster.standing(&key) == Standing::Removed)
        };
        all.iter().filter(|it| !is_out(it)).copied().collect()
    }

    fn send(&mut self, sent: Sent) -> u32 {
        let epoch = sent.record.statement.epoch;
        let place = self.sent.len() as u32;
        let place = *self.of_sent.entry(epoch).or_insert(place);
        if place as usize == self.sent.len() {
            self.sent.push(sent);
        }
        place
    }

    fn act(&mut self, member: u32, act: Act) -> Acted {
        if let Some(done) = self.acted.get(&(member, act)) {
            return done.clone();
        }
        let mut after = self.members[member as usize].clone();
        let seed = digest(
            "act",
            &[
                &after.set(),
                &[after.number as u8],
                format!("{act:?}").as_bytes(),
            ],
        );
        let done = after.act(act, seed).map(|(sent, new)| {
            let sent = sent.into_iter().map(|it| self.send(it)).collect();
            let new = new.map(|new| self.keep(new));
            (self.keep(after), sent, new)
        });
        self.acted.insert((member, act), done.clone());
        done
    }

    fn receive(&mut self, member: u32, sent: u32) -> (u32, Received) {
        if let Some(done) = self.received.get(&(member, sent)) {
            return *done;
        }
        let mut after = self.members[member as usize].clone();
        let received = after.receive(&self.sent[sent as usize]);
        let done = (self.keep(after), received);
        self.received.insert((member, sent), done);
        done
    }
}

/// Whether an epoch that a device would write in is sealed to anybody else than the devices on
/// its list and its person's words, or the two persons' newest keys.
fn sealed_wrongly(member: &Member) -> Option<String> {
    let node = |graph: &sidelight_sync::EpochGraph, epoch| {
        let nodes = graph.nodes();
        nodes.into_iter().find(|node| node.epoch == epoch)
    };
    if let Some(epoch) = member.private_current() {
        let node = node(&member.private, epoch)?;
        let gone = (0..2 * DEVICES).map(device_keys).find(|keys| {
            member.roster.standing(&keys.signing) != Standing::Member
                && node.recipients.contains(&keys.sealing.hash())
        });
        if gone.is_some() {
            return Some(
                "a private epoch is sealed to a device that is not on the list".to_owned(),
            );
        }
    }
    if let Some(epoch) = member.shared_current() {
        let node = node(&member.shared, epoch)?;
        let newest = member.shared_recipients()?;
        let known = |key: &KeyHash| newest.iter().any(|it| it.hash() == *key);
        if !node.recipients.iter().all(known) {
            return Some("a shared epoch is sealed to a key that is not the newest".to_owned());
        }
    }
    None
}

impl Couple {
    /// Two paired persons with their first devices, and all that they have sent delivered.
    pub fn new(bounds: Bounds) -> Self {
        let mut world = World::default();
        let first = couple();
        let mut state = State::default();
        for member in &first {
            state.members[member.number] = Some(world.keep(member.clone()));
        }
        let mut couple = Self {
            bounds,
            world: Mutex::new(world),
            start: State::default(),
            first,
        };
        for (person, devices) in bounds.devices.into_iter().enumerate() {
            for device in 1..devices {
                let number = person * DEVICES;
                let add = Move::Act(number, Act::Add(number + device));
                state = couple.step(&state, add).expect("a first device may add");
                state = couple.deliver_all(&state);
            }
        }
        // How it began is behind everybody.
        state.acts = 0;
        couple.start = state;
        couple
    }

    /// Where it begins.
    pub fn start(&self) -> State {
        self.start.clone()
    }

    /// How many different states of knowledge devices were in, and how many records were sent.
    pub fn counts(&self) -> (usize, usize) {
        let world = self.world();
        (world.members.len(), world.sent.len())
    }

    fn world(&self) -> std::sync::MutexGuard<'_, World> {
        self.world
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// What can happen next.
    pub fn moves(&self, state: &State) -> Vec<Move> {
        let mut moves = self.deliveries(state);
        if state.acts >= self.bounds.acts {
            return moves;
        }
        for (number, member) in members(state) {
            let world = self.world();
            let known = &world.members[member as usize];
            if !known.is_active() {
                continue;
            }
            let person = number / DEVICES * DEVICES;
            let mut acts = vec![Act::Rotate];
            if !known.left {
                acts.extend([Act::Write, Act::Leave, Act::Refound]);
            }
            let fresh = (person..person + DEVICES).find(|it| state.members[*it].is_none());
            acts.extend(fresh.map(Act::Add));
            let others = (person..person + DEVICES).filter(|it| *it != number);
            acts.extend(others.map(Act::Remove));
            drop(world);
            let possible = |act: &Act| self.world().act(member, *act).is_some();
            moves.extend(
                acts.into_iter()
                    .filter(possible)
                    .map(|act| Move::Act(number, act)),
            );
        }
        if self.bounds.recover {
            moves.extend((0..2).filter_map(|person| self.recovery(state, person)));
        }
        moves
    }

    fn deliveries(&self, state: &State) -> Vec<Move> {
        let world = self.world();
        let mut moves = Vec::new();
        for (number, member) in members(state) {
            let known = &world.members[member as usize];
            let unseen = state.sent.iter().filter(|sent| {
                state.seen[number].binary_search(sent).is_err()
                    && known.finds(&world.sent[**sent as usize])
            });
            moves.extend(unseen.map(|sent| Move::Deliver(number, *sent)));
        }
        moves
    }

    /// What the recovery words of a person can do: begin with a device that was not there.
    fn recovery(&self, state: &State, person: usize) -> Option<Move> {
        let mut own = person * DEVICES..(person + 1) * DEVICES;
        own.find(|it| state.members[*it].is_none())
            .map(Move::Recover)
    }

    /// A step, if it can be done.
    pub fn step(&self, state: &State, step: Move) -> Option<State> {
        let mut world = self.world();
        let mut next = state.clone();
        match step {
            Move::Deliver(number, sent) => {
                let member = state.members[number]?;
                let (after, received) = world.receive(member, sent);
                next.members[number] = Some(after);
                if received != Received::Waits {
                    insert(&mut next.seen[number], sent);
                } else if after == member {
                    return None;
                }
            }
            Move::Act(number, act) => {
                let member = state.members[number]?;
                let (after, sent, new) = world.act(member, act)?;
                next.members[number] = Some(after);
                for sent in sent {
                    insert(&mut next.sent, sent);
                    insert(&mut next.seen[number], sent);
                }
                if let (Some(new), Act::Add(device)) = (new, act) {
                    next.members[device] = Some(new);
                    next.seen[device] = next.seen[number].clone();
                }
                next.acts += 1;
            }
            Move::Recover(number) => {
                // The words walk through everything that was ever sent.
                let key = (number, state.sent.clone());
                let done = match world.recovered.get(&key) {
                    Some(done) => done.clone(),
                    None => {
                        let mut walker = Member::of_words(&self.first[number / DEVICES]);
                        walker.number = number;
                        for _ in 0..state.sent.len() {
                            for sent in &state.sent {
                                let sent = &world.sent[*sent as usize];
                                if walker.finds(sent) {
                                    walker.receive(sent);
                                }
                            }
                        }
                        let seed = digest("recover", &[&encode(&key)]);
                        let done = walker.recover(number, seed).map(|sent| {
                            let sent = sent.into_iter().map(|it| world.send(it)).collect();
                            (world.keep(walker), sent, None)
                        });
                        world.recovered.insert(key, done.clone());
                        done
                    }
                };
                let (after, sent, _) = done?;
                next.members[number] = Some(after);
                next.seen[number] = next.sent.clone();
                for sent in sent {
                    insert(&mut next.sent, sent);
                    insert(&mut next.seen[number], sent);
                }
                next.acts += 1;
            }
        }
        Some(next)
    }

    /// Everything reaches everybody whom it can reach.
    pub fn deliver_all(&self, state: &State) -> State {
        let mut state = state.clone();
        loop {
            let mut delivered = false;
            for delivery in self.deliveries(&state) {
                if let Some(next) = self.step(&state, delivery) {
                    (state, delivered) = (next, true);
                }
            }
            if !delivered {
                return state;
            }
        }
    }

    /// What is wrong with a state, if anything.
    pub fn wrong(&self, state: &State) -> Option<String> {
        if let Some(wrong) = &self.world().wrong {
            return Some(wrong.clone());
        }
        self.read_by_the_removed(state)
            .or_else(|| self.cannot(Act::Leave, state))
            .or_else(|| self.unsettled(state))
    }

    /// Nobody who knows of a removal writes in an epoch that the removed device can read.
    fn read_by_the_removed(&self, state: &State) -> Option<String> {
        let world = self.world();
        for (number, member) in members(state) {
            let current = &world.current[member as usize];
            let member = &world.members[member as usize];
            if !member.is_active() {
                continue;
            }
            for (other, knows) in members(state) {
                let own = other / DEVICES == number / DEVICES;
                let standing = member.roster.standing(&device_keys(other).signing);
                let knows = &world.members[knows as usize].secrets;
                let read = current
                    .iter()
                    .flatten()
                    .any(|epoch| knows.contains_key(epoch));
                if own && standing == Standing::Removed && read {
                    return Some(format!(
                        "device {number} writes where {other}, removed, reads"
                    ));
                }
            }
        }
        None
    }

    /// Leaving can always be done, by whoever has not left, and needs nobody.
    fn cannot(&self, act: Act, state: &State) -> Option<String> {
        members(state).find_map(|(number, member)| {
            let done = self.world().act(member, act);
            let world = self.world();
            let done = done.is_some_and(|(after, sent, _)| {
                sent.is_empty() && world.members[after as usize].left
            });
            (!done).then(|| format!("device {number} cannot do this: {act:?}"))
        })
    }

    /// Once everything is delivered and everybody has written, all agree, or all say that they
    /// are in doubt; and what the recovery words say ends the doubt.
    fn unsettled(&self, state: &State) -> Option<String> {
        // Whatever is on its way arrives in another state, which is explored as well.
        let on_its_way = |delivery: Move| self.step(state, delivery).is_some();
        if self.deliveries(state).into_iter().any(on_its_way) {
            return None;
        }
        let key = (state.members, state.sent.clone());
        if let Some(known) = self.world().settled.get(&key) {
            return known.clone();
        }
        let wrong = self.unsettled_when_delivered(state);
        self.world().settled.insert(key, wrong.clone());
        wrong
    }

    fn unsettled_when_delivered(&self, state: &State) -> Option<String> {
        if let Some(wrong) = self.cannot(Act::Refound, state) {
            return Some(wrong);
        }
        let mut settled = match self.settle(state) {
            Ok(settled) => settled,
            Err(wrong) => return Some(wrong),
        };
        for person in 0..2 {
            if !self.is_doubtful(&settled, person) {
                continue;
            }
            let step = self.recovery(&settled, person)?;
            let Some(next) = self.step(&settled, step) else {
                return Some("the recovery words cannot end a doubt".to_owned());
            };
            settled = match self.settle(&next) {
                Ok(settled) => settled,
                Err(wrong) => return Some(wrong),
            };
            if self.is_doubtful(&settled, person) {
                return Some("a doubt is left when the recovery words have spoken".to_owned());
            }
        }
        self.disagreement(&settled)
    }

    fn settle(&self, state: &State) -> Result<State, String> {
        let mut state = self.deliver_all(state);
        for _ in 0..ROUNDS_MAX {
            let before = state.sent.len();
            for number in 0..2 * DEVICES {
                for act in [Act::WritePrivately, Act::Write] {
                    let Some(member) = state.members[number] else {
                        continue;
                    };
                    if self.world().members[member as usize].is_active() {
                        let next = self.step(&state, Move::Act(number, act));
                        state = next.unwrap_or(state);
                    }
                }
            }
            state = self.deliver_all(&state);
            if state.sent.len() == before {
                return Ok(state);
            }
        }
        Err("epochs are begun without end".to_owned())
    }

    fn is_doubtful(&self, state: &State, person: usize) -> bool {
        let world = self.world();
        let active = world.active(state);
        let mut own = active.iter().filter(|it| it.number / DEVICES == person);
        own.any(|it| it.own.is_forked() || it.roster.doubt() == Some(Doubt::NoDevice))
            || members(state).all(|(number, member)| {
                number / DEVICES != person || !world.members[member as usize].is_active()
            })
    }

    /// All devices that are left agree on where to write, and there is such a place.
    fn disagreement(&self, state: &State) -> Option<String> {
        let world = self.world();
        let active = world.active(state);
        let mut private: BTreeMap<_, Option<EpochId>> = BTreeMap::new();
        for member in &active {
            let current = member.private_current();
            let agreed = *private.entry(member.own.id()).or_insert(current);
            if current.is_none() || current != agreed {
                return Some(format!(
                    "device {} has no private epoch with the others",
                    member.number
                ));
            }
        }
        if active.iter().any(|member| member.left) {
            return None;
        }
        let shared = active.first()?.shared_current();
        let apart = active.iter().find(|member| {
            member.shared_current().is_none() || member.shared_current() != shared
        })?;
        Some(format!(
            "device {} has no shared epoch with the others",
            apart.number
        ))
    }
}

fn members(state: &State) -> impl Iterator<Item = (DeviceNumber, u32)> {
    let members = state.members.into_iter().enumerate();
    members.filter_map(|(number, member)| member.map(|member| (number, member)))
}

fn insert(sorted: &mut Vec<u32>, number: u32) {
    if let Err(place) = sorted.binary_search(&number) {
        sorted.insert(place, number);
    }
}
