//! What a document's changes did, as far as judging the next one takes.
//!
//! Automerge trusts what it applies: an operation on an object or character that does not exist
//! ends the program, and one that overwrites a value which is not there is saved and never loads
//! again. So each reference is looked up here first. The answer depends only on the change and on
//! those before it, so that every device, whatever else it knows, decides alike.

use std::collections::{BTreeMap, BTreeSet};

use automerge::legacy::{ElementId, Key, ObjectId, Op, OpId, OpType};
use automerge::{Change, ObjType, ScalarValue};
use sidelight_format::limits;

use crate::sequence::{Id, Sequence};
use crate::{ChangeId, DEPTH_MAX, Refused, Version, field};

/// Places in [`Index::changes`], [`Index::actors`] and so on.
pub(crate) type Place = u32;

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    /// In an order in which each comes after its dependencies.
    changes: Vec<Node>,
    places: BTreeMap<ChangeId, Place>,
    heads: BTreeSet<Place>,
    actors: Vec<Actor>,
    actor_places: BTreeMap<automerge::ActorId, Place>,
    objects: Vec<Object>,
    object_places: BTreeMap<(Place, u32), Place>,
    names: BTreeMap<String, Place>,
    /// The highest number of an operation.
    end: u32,
    text: Texts,
}

/// What stands under the name of the text.
#[derive(Clone, Debug)]
enum Texts {
    None,
    One(Id, Box<Sequence>),
    /// Somebody began the entry twice: Automerge chooses.
    Several,
}

/// The text, as somebody sees it who types in it.
pub(crate) struct TextAt {
    /// The operation that made it.
    pub(crate) object: Id,
    pub(crate) seen: Vec<Id>,
    /// The typist's place, how many changes of theirs there are, and the number that their next
    /// operation has.
    pub(crate) own: Place,
    pub(crate) sequence: u64,
    pub(crate) start: u32,
}

#[derive(Clone, Debug)]
struct Node {
    id: ChangeId,
    actor: Place,
    start: u32,
    /// The number of its last operation; above all numbers before it.
    end: u32,
    dependencies: Vec<Place>,
}

#[derive(Clone, Debug)]
struct Actor {
    id: automerge::ActorId,
    sequence: u64,
    /// What the actor's operations made, by the number of the first of a run.
    runs: BTreeMap<u32, Run>,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    len: u32,
    made: Made,
}

/// What one operation made that others can refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Made {
    /// An element of the list or text.
    Element(Place),
    /// A value of the map, under a name.
    Value(Place, Place),
    /// Nothing: it took something away.
    Nothing,
}

#[derive(Clone, Copy, Debug)]
struct Object {
    kind: ObjType,
    depth: u8,
}

/// Which operations a change's writer cannot have seen: per actor, from this number on. An
/// actor's changes form a chain, so what is unseen of it is its end.
type Unseen = BTreeMap<Place, u32>;

const ROOT: Place = 0;

impl Default for Index {
    fn default() -> Self {
        Self {
            changes: Vec::new(),
            places: BTreeMap::new(),
            heads: BTreeSet::new(),
            actors: Vec::new(),
            actor_places: BTreeMap::new(),
            objects: vec![Object {
                kind: ObjType::Map,
                depth: 0,
            }],
            object_places: BTreeMap::new(),
            names: BTreeMap::new(),
            end: 0,
            text: Texts::None,
        }
    }
}

impl Index {
    pub(crate) fn contains(&self, id: &ChangeId) -> bool {
        self.places.contains_key(id)
    }

    pub(crate) fn len(&self) -> usize {
        self.changes.len()
    }

    pub(crate) fn version(&self) -> Version {
        let heads = self.heads.iter();
        Version::new(heads.map(|place| self.changes[*place as usize].id))
    }

    /// Adds `change`, which does `operations` and whose dependencies are all here, if it may
    /// follow them. Otherwise nothing has changed.
    pub(crate) fn add(&mut self, change: &Change, operations: &[Op]) -> Result<(), Refused> {
        let dependencies: Vec<Place> = change
            .deps()
            .iter()
            .map(|hash| self.places.get(&(*hash).into()).copied())
            .collect::<Option<_>>()
            .ok_or(Refused::Reference)?;
        let before = dependencies
            .iter()
            .map(|place| self.changes[*place as usize].end);
        let before = u64::from(before.max().unwrap_or(0));
        let start = change.start_op().get();
        if start <= before || start - before > limits::OPERATION_STEP_MAX {
            return Err(Refused::StartOperation);
        }
        // Fits: the gate bounds the last operation's number by OPERATION_COUNTER_MAX.
        let (start, end) = (start as u32, change.max_op() as u32);

        let unseen = self.unseen(&dependencies);
        let known = self.actor_places.get(change.actor_id()).copied();
        let sequence = known.map_or(0, |actor| self.actors[actor as usize].sequence);
        let chained = known.is_none_or(|actor| !unseen.contains_key(&actor));
        if change.seq() != sequence + 1 || !chained {
            return Err(Refused::Sequence);
        }

        let mut draft = Draft {
            index: self,
            own: known,
            own_id: change.actor_id(),
            start,
            unseen,
            made: Vec::new(),
            objects: Vec::new(),
            names: BTreeMap::new(),
        };
        draft.read(operations)?;
        let Draft {
            made,
            objects,
            names,
            ..
        } = draft;
        let actor = known.unwrap_or_else(|| {
            self.actor_places
                .insert(change.actor_id().clone(), self.actors.len() as Place);
            self.actors.push(Actor {
                id: change.actor_id().clone(),
                sequence: 0,
                runs: BTreeMap::new(),
            });
            (self.actors.len() - 1) as Place
        });
        for (number, object) in objects {
            self.object_places
                .insert((actor, number), self.objects.len() as Place);
            self.objects.push(object);
        }
        self.names.extend(names);
        self.actors[actor as usize].extend(start, &made);
        self.end = self.end.max(end);
        self.write(actor, start, operations);
        let place = self.changes.len() as Place;
        for dependency in &dependencies {
            self.heads.remove(dependency);
        }
        self.heads.insert(place);
        let id = change.hash().into();
        self.places.insert(id, place);
        self.changes.push(Node {
            id,
            actor,
            start,
            end,
            dependencies,
        });
        Ok(())
    }

    /// The whole text, if there is one.
    pub(crate) fn text(&self) -> Option<String> {
        match &self.text {
            Texts::One(_, sequence) => Some(sequence.text()),
            Texts::None | Texts::Several => None,
        }
    }

    /// The text at `version` for `actor`, who has seen all their own changes there. `None` also
    /// where more has come since than a change may skip.
    pub(crate) fn text_at(&self, version: &Version, actor: &automerge::ActorId) -> Option<TextAt> {
        let Texts::One(object, sequence) = &self.text else {
            return None;
        };
        let heads = version.heads().iter();
        let heads: Vec<Place> = heads
            .map(|id| self.places.get(id).copied())
            .collect::<Option<_>>()?;
        let seen_end = heads.iter().map(|place| self.changes[*place as usize].end);
        let step = u64::from(self.end - seen_end.max()?);
        let unseen = self.unseen(&heads);
        let own = self.actor_places.get(actor).copied();
        if heads.len() >= limits::DEPENDENCIES_MAX
            || step >= limits::OPERATION_STEP_MAX
            || own.is_some_and(|own| unseen.contains_key(&own))
        {
            return None;
        }
        let firsts: Vec<u32> = (0..self.actors.len() as Place)
            .map(|place| unseen.get(&place).copied().unwrap_or(u32::MAX))
            .collect();
        Some(TextAt {
            object: *object,
            seen: sequence.seen_by(|id| id.number() < firsts[id.actor() as usize]),
            own: own.unwrap_or(self.actors.len() as Place),
            sequence: own.map_or(0, |own| self.actors[own as usize].sequence),
            start: self.end + 1,
        })
    }

    pub(crate) fn actor(&self, place: Place) -> Option<&automerge::ActorId> {
        Some(&self.actors.get(place as usize)?.id)
    }

    /// Whether a change with these operations leaves all but the text as it is.
    pub(crate) fn is_of_text(&self, operations: &[Op]) -> bool {
        let Texts::One(text, _) = &self.text else {
            return false;
        };
        operations.iter().all(|operation| match &operation.obj {
            ObjectId::Root => false,
            ObjectId::Id(id) => self.id(id) == Some(*text),
        })
    }

    fn id(&self, id: &OpId) -> Option<Id> {
        let actor = *self.actor_places.get(id.actor())?;
        Some(Id::new(u32::try_from(id.0).ok()?, actor))
    }

    /// Takes into the text what a change does there that was let in.
    fn write(&mut self, actor: Place, start: u32, operations: &[Op]) {
        let mut text = std::mem::replace(&mut self.text, Texts::Several);
        let is_above = |a: Id, b: Id| {
            let actor = |id: Id| &self.actors[id.actor() as usize].id;
            (a.number(), actor(a)) > (b.number(), actor(b))
        };
        let mut run = Typed::default();
        for (number, operation) in (start..).zip(operations) {
            let own = Id::new(number, actor);
            match (&operation.obj, &operation.key, &operation.action) {
                (ObjectId::Root, Key::Map(name), OpType::Make(ObjType::Text))
                    if *name == field::TEXT =>
                {
                    text = match text {
                        Texts::None => Texts::One(own, Box::default()),
                        _ => Texts::Several,
                    };
                }
                (ObjectId::Id(object), Key::Seq(element), action) => {
                    let Texts::One(made, sequence) = &mut text else {
                        continue;
                    };
                    if self.id(object) != Some(*made) {
                        continue;
                    }
                    let element = match element {
                        ElementId::Head => None,
                        ElementId::Id(id) => self.id(id),
                    };
                    match (action, element) {
                        (OpType::Put(ScalarValue::Str(character)), after) => {
                            if !run.goes_on(after) {
                                run.end(sequence, is_above);
                                run.begin(after, own);
                            }
                            run.characters.extend(character.chars());
                        }
                        (OpType::Delete, Some(id)) => {
                            run.end(sequence, is_above);
                            sequence.delete(id, own);
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        if let Texts::One(_, sequence) = &mut text {
            run.end(sequence, is_above);
        }
        self.text = text;
    }

    /// What does not come before a change with these dependencies. Walks back no further than
    /// where the branches part.
    fn unseen(&self, dependencies: &[Place]) -> Unseen {
        let mut unseen = Unseen::new();
        if self.heads.len() == dependencies.len()
            && dependencies.iter().all(|place| self.heads.contains(place))
        {
            return unseen;
        }
        // Places grow along the order of changes, so taking the highest place first takes a change
        // only after all that comes after it.
        let mut pending: BTreeMap<Place, Seen> = BTreeMap::new();
        pending.extend(self.heads.iter().map(|place| (*place, Seen::No)));
        pending.extend(dependencies.iter().map(|place| (*place, Seen::Yes)));
        let mut open = pending.values().filter(|seen| **seen == Seen::No).count();
        while open > 0 {
            let Some((place, seen)) = pending.pop_last() else {
                break;
            };
            let node = &self.changes[place as usize];
            if seen == Seen::No {
                open -= 1;
                // Falling order: the lowest start of each actor comes last and stays.
                unseen.insert(node.actor, node.start);
            }
            for parent in &node.dependencies {
                match pending.get_mut(parent) {
                    None => {
                        pending.insert(*parent, seen);
                        open += usize::from(seen == Seen::No);
                    }
                    Some(parent) if *parent == Seen::No && seen == Seen::Yes => {
                        *parent = Seen::Yes;
                        open -= 1;
                    }
                    Some(_) => {}
                }
            }
        }
        unseen
    }
}

/// Characters of one change, each behind the one before.
#[derive(Default)]
struct Typed {
    after: Option<Id>,
    first: Option<Id>,
    characters: Vec<char>,
}

impl Typed {
    fn goes_on(&self, after: Option<Id>) -> bool {
        let last = self.first.map(|first| {
            let number = first.number() + self.characters.len() as u32 - 1;
            Id::new(number, first.actor())
        });
        last.is_some() && after == last
    }

    fn begin(&mut self, after: Option<Id>, first: Id) {
        (self.after, self.first) = (after, Some(first));
    }

    fn end(&mut self, sequence: &mut Sequence, is_above: impl Fn(Id, Id) -> bool) {
        if let Some(first) = self.first.take() {
            sequence.insert(self.after, first, &self.characters, is_above);
            self.characters.clear();
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    No,
    Yes,
}

impl Actor {
    fn made(&self, number: u32) -> Option<Made> {
        let (first, run) = self.runs.range(..=number).next_back()?;
        (number - first < run.len).then_some(run.made)
    }

    fn extend(&mut self, start: u32, made: &[Made]) {
        self.sequence += 1;
        let mut next = start;
        for run in made.chunk_by(|a, b| a == b) {
            let len = run.len() as u32;
            match self.runs.last_entry() {
                Some(mut last)
                    if *last.key() + last.get().len == next && last.get().made == run[0] =>
                {
                    last.get_mut().len += len;
                }
                _ => {
                    self.runs.insert(next, Run { len, made: run[0] });
                }
            }
            next += len;
        }
    }
}

/// A change on its way into an index.
struct Draft<'a> {
    index: &'a Index,
    /// The change's actor, if it wrote before.
    own: Option<Place>,
    own_id: &'a automerge::ActorId,
    /// The number of its first operation.
    start: u32,
    unseen: Unseen,
    /// What its operations so far made.
    made: Vec<Made>,
    /// The objects among that, by the number of their operation.
    objects: Vec<(u32, Object)>,
    /// Names that no change before used.
    names: BTreeMap<String, Place>,
}

impl Draft<'_> {
    fn read(&mut self, operations: &[Op]) -> Result<(), Refused> {
        for operation in operations {
            let (place, object) = self.object(&operation.obj)?;
            let made = match (object.kind, &operation.key) {
                (ObjType::Map, Key::Map(name)) => {
                    let made = Made::Value(place, self.name(name));
                    for overwritten in operation.pred.iter() {
                        self.expect(overwritten, made)?;
                    }
                    made
                }
                (ObjType::List | ObjType::Text, Key::Seq(element)) => {
                    let made = Made::Element(place);
                    if let ElementId::Id(element) = element {
                        self.expect(element, made)?;
                    }
                    if object.kind == ObjType::Text && !is_character(&operation.action) {
                        return Err(Refused::Operation);
                    }
                    made
                }
                _ => return Err(Refused::Operation),
            };
            if let OpType::Make(kind) = operation.action {
                if object.depth == DEPTH_MAX {
                    return Err(Refused::Limit);
                }
                let number = self.start + self.made.len() as u32;
                self.objects.push((
                    number,
                    Object {
                        kind,
                        depth: object.depth + 1,
                    },
                ));
            }
            let deleted = operation.action == OpType::Delete;
            self.made.push(if deleted { Made::Nothing } else { made });
        }
        Ok(())
    }

    fn object(&self, id: &ObjectId) -> Result<(Place, Object), Refused> {
        let ObjectId::Id(id) = id else {
            return Ok((ROOT, self.index.objects[ROOT as usize]));
        };
        let number = u32::try_from(id.0).map_err(|_| Refused::Reference)?;
        if let Some(actor) = self.earlier_actor(id, number)? {
            let place = self.index.object_places.get(&(actor, number));
            let place = *place.ok_or(Refused::Reference)?;
            return Ok((place, self.index.objects[place as usize]));
        }
        let place = self
            .objects
            .binary_search_by_key(&number, |(number, _)| *number);
        let place = place.map_err(|_| Refused::Reference)?;
        let object = self.objects[place].1;
        Ok(((self.index.objects.len() + place) as Place, object))
    }

    /// Checks that the operation `id` made what is expected of it.
    fn expect(&self, id: &OpId, expected: Made) -> Result<(), Refused> {
        let number = u32::try_from(id.0).map_err(|_| Refused::Reference)?;
        let made = match self.earlier_actor(id, number)? {
            Some(actor) => self.index.actors[actor as usize].made(number),
            None => self.made.get((number - self.start) as usize).copied(),
        };
        if made == Some(expected) {
            Ok(())
        } else {
            Err(Refused::Reference)
        }
    }

    /// Whose operation `id` is among the changes that the writer saw; `None` if it is of this
    /// change itself.
    fn earlier_actor(&self, id: &OpId, number: u32) -> Result<Option<Place>, Refused> {
        let own = *id.actor() == *self.own_id;
        if own && number >= self.start {
            return Ok(None);
        }
        let place = if own {
            self.own
        } else {
            self.index.actor_places.get(id.actor()).copied()
        };
        let place = place.ok_or(Refused::Reference)?;
        match self.unseen.get(&place) {
            Some(first) if number >= *first => Err(Refused::Reference),
            _ => Ok(Some(place)),
        }
    }

    fn name(&mut self, name: &str) -> Place {
        if let Some(place) = self.index.names.get(name).or_else(|| self.names.get(name)) {
            return *place;
        }
        let place = (self.index.names.len() + self.names.len()) as Place;
        self.names.insert(name.into(), place);
        place
    }
}

/// What may happen to a text: one character comes, or one goes.
fn is_character(action: &OpType) -> bool {
    match action {
        OpType::Put(ScalarValue::Str(text)) => text.chars().count() == 1,
        action => *action == OpType::Delete,
    }
}
