//! The characters of an entry's text, in order, beside Automerge.
//!
//! Automerge answers where a character of an older version stands, and takes in what others typed,
//! by walking the whole entry. For a text of 20,000 characters that is milliseconds for every
//! burst of keys. This list answers the same from two flat arrays. It is Automerge's own order,
//! the replicated growable array (Roh et al., "Replicated abstract data types", JPDC 2011): a
//! character stands right after the one that its writer saw before it, and behind what others put
//! in the same place under higher numbers. That both agree is tested on the same histories.

use std::collections::HashMap;

use crate::index::Place;

/// An operation: its number and its actor's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Id(u64);

impl Id {
    pub(crate) fn new(number: u32, actor: Place) -> Self {
        Self(u64::from(number) << 32 | u64::from(actor))
    }

    pub(crate) fn number(self) -> u32 {
        (self.0 >> 32) as u32
    }

    pub(crate) fn actor(self) -> Place {
        self.0 as u32
    }
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sequence {
    ids: Vec<Id>,
    characters: Vec<char>,
    /// Whether it was deleted.
    gone: Vec<bool>,
    /// By which operations.
    deleted: HashMap<Id, Vec<Id>>,
    /// Where something changed last: the next is near.
    last: usize,
}

impl Sequence {
    /// Puts a run of characters behind `after`, or in front. Their ids count up from `first`.
    /// `is_above` orders operations.
    pub(crate) fn insert(
        &mut self,
        after: Option<Id>,
        first: Id,
        run: &[char],
        is_above: impl Fn(Id, Id) -> bool,
    ) {
        let mut at = after
            .and_then(|id| self.place(id))
            .map_or(0, |place| place + 1);
        while self
            .ids
            .get(at)
            .is_some_and(|other| is_above(*other, first))
        {
            at += 1;
        }
        let numbers = (first.number()..).take(run.len());
        let ids = numbers.map(|number| Id::new(number, first.actor()));
        self.ids.splice(at..at, ids);
        self.characters.splice(at..at, run.iter().copied());
        self.gone.splice(at..at, run.iter().map(|_| false));
        self.last = at + run.len().saturating_sub(1);
    }

    pub(crate) fn delete(&mut self, id: Id, by: Id) {
        if let Some(place) = self.place(id) {
            self.gone[place] = true;
            self.deleted.entry(id).or_default().push(by);
            self.last = place;
        }
    }

    fn place(&self, id: Id) -> Option<usize> {
        let near = self.last.saturating_sub(1);
        let near = (near..near + 3).find(|place| self.ids.get(*place) == Some(&id));
        near.or_else(|| self.ids.iter().position(|other| *other == id))
    }

    /// The text.
    pub(crate) fn text(&self) -> String {
        let all = self.characters.iter().zip(&self.gone);
        all.filter(|(_, gone)| !**gone)
            .map(|(character, _)| character)
            .collect()
    }

    /// The characters that somebody sees who has seen those operations.
    pub(crate) fn seen_by(&self, has_seen: impl Fn(Id) -> bool) -> Vec<Id> {
        let saw_go = |id: &Id| {
            let by = self.deleted.get(id);
            by.is_some_and(|by| by.iter().any(|by| has_seen(*by)))
        };
        let all = self.ids.iter().zip(&self.gone);
        all.filter(|(id, gone)| has_seen(**id) && !(**gone && saw_go(id)))
            .map(|(id, _)| *id)
            .collect()
    }
}
