//! One of the two people of a trace, typing again what they typed then.

use std::collections::HashMap;

use sidelight::TextEdit;

use super::control::Typed;
use super::trace::Burst;

/// A version is the hexadecimal names of the last changes, one after another. The demo reads
/// them, because it must say «after exactly these changes» of a state that it never showed.
const CHANGE_LEN: usize = 64;

/// What a typist has typed and seen.
pub(super) struct Typist {
    pub(super) entry: String,
    person: usize,
    bursts: Vec<Burst>,
    /// The version that each burst left its typist with.
    versions: Vec<Option<String>>,
    burst_of: HashMap<String, usize>,
    /// The next burst of this person.
    next: usize,
    /// The last burst of the other that is visible here: theirs are in a row, so all before it
    /// are.
    seen: Option<usize>,
    last_of_other: Option<usize>,
    /// Changes that became visible before their burst was told, with the time.
    unknown: HashMap<String, u64>,
}

/// What is to be typed now.
pub(super) struct Keys {
    pub(super) burst: usize,
    /// The text that the typist saw then.
    pub(super) version: String,
    pub(super) edits: Vec<TextEdit>,
}

impl Typist {
    /// `opening` is the entry's version with the first burst alone, with which it was written.
    pub(super) fn new(entry: String, person: usize, opening: String, bursts: Vec<Burst>) -> Self {
        let mut typist = Self {
            entry,
            person,
            versions: vec![None; bursts.len()],
            burst_of: HashMap::new(),
            next: 0,
            seen: None,
            last_of_other: bursts.iter().rposition(|burst| burst.by != person),
            unknown: HashMap::new(),
            bursts,
        };
        typist.learn(0, opening);
        // It lies in the entry that this typist has opened.
        if typist
            .bursts
            .first()
            .is_some_and(|first| first.by != person)
        {
            typist.seen = Some(0);
        }
        typist.skip();
        typist
    }

    /// The entry shows this version. Returns the other's burst that became visible, if one did.
    pub(super) fn look(&mut self, version: &str, at_us: u64) -> Option<(usize, u64)> {
        let mut news = None;
        for start in (0..version.len()).step_by(CHANGE_LEN) {
            let Some(change) = version.get(start..start + CHANGE_LEN) else {
                continue;
            };
            match self.burst_of.get(change).copied() {
                // One's own says nothing new: it builds on what was seen.
                Some(burst) => news = self.see(burst, at_us).or(news),
                None => {
                    self.unknown.entry(change.to_owned()).or_insert(at_us);
                }
            }
        }
        news
    }

    /// The other device says what it typed. Returns the burst if it was visible already.
    pub(super) fn hear(&mut self, typed: &Typed) -> Option<(usize, u64)> {
        if typed.burst >= self.bursts.len() {
            return None;
        }
        self.learn(typed.burst, typed.version.clone());
        let at_us = self.unknown.remove(&typed.version)?;
        self.see(typed.burst, at_us)
    }

    fn see(&mut self, burst: usize, at_us: u64) -> Option<(usize, u64)> {
        if self.bursts[burst].by == self.person || Some(burst) <= self.seen {
            return None;
        }
        self.seen = Some(burst);
        Some((burst, at_us))
    }

    /// What to type, if the next burst's causes are all visible.
    pub(super) fn keys(&self) -> Option<Keys> {
        let burst = self.bursts.get(self.next)?;
        let mut version = String::new();
        for earlier in &burst.after {
            let visible = self.bursts[*earlier].by == self.person || Some(*earlier) <= self.seen;
            if !visible {
                return None;
            }
            version.push_str(self.versions[*earlier].as_deref()?);
        }
        let edits = burst.splices.iter().map(|splice| TextEdit {
            at: u32::try_from(splice.at).unwrap_or(u32::MAX),
            delete: u32::try_from(splice.delete).unwrap_or(u32::MAX),
            insert: splice.insert.clone(),
        });
        Some(Keys {
            burst: self.next,
            version,
            edits: edits.collect(),
        })
    }

    /// The keys were typed.
    pub(super) fn typed(&mut self, burst: usize, version: String) {
        self.learn(burst, version);
        self.next = burst + 1;
        self.skip();
    }

    /// Whether all is typed and all of the other's is visible.
    pub(super) fn is_done(&self) -> bool {
        self.next >= self.bursts.len() && self.seen >= self.last_of_other
    }

    fn learn(&mut self, burst: usize, version: String) {
        self.burst_of.insert(version.clone(), burst);
        self.versions[burst] = Some(version);
    }

    /// Goes to the next burst of this person that is not typed.
    fn skip(&mut self) {
        while self
            .bursts
            .get(self.next)
            .is_some_and(|burst| burst.by != self.person || self.versions[self.next].is_some())
        {
            self.next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::trace::Splice;
    use super::*;

    fn burst(by: usize, after: &[usize]) -> Burst {
        Burst {
            by,
            after: after.to_vec(),
            splices: vec![Splice {
                at: 0,
                delete: 0,
                insert: "x".into(),
            }],
        }
    }

    fn version(burst: usize) -> String {
        format!("{burst:064x}")
    }

    fn typed(burst: usize) -> Typed {
        Typed {
            burst,
            version: version(burst),
            at_us: 0,
        }
    }

    #[test]
    fn a_burst_waits_for_exactly_its_causes() {
        // 0 opens; 1 and 2 at the same time; then 0 goes on having seen both, in 3.
        let bursts = [
            burst(0, &[]),
            burst(0, &[0]),
            burst(1, &[0]),
            burst(0, &[1, 2]),
        ];
        let mut typist = Typist::new("e".into(), 0, version(0), bursts.to_vec());
        let keys = typist.keys().unwrap();
        assert_eq!((keys.burst, keys.version), (1, version(0)));
        typist.typed(1, version(1));
        assert!(typist.keys().is_none(), "2 is not visible yet");

        // It becomes visible before it is told which it is.
        let both = version(1) + &version(2);
        assert_eq!(typist.look(&both, 7), None);
        assert!(typist.keys().is_none());
        assert_eq!(typist.hear(&typed(2)), Some((2, 7)));
        let keys = typist.keys().unwrap();
        assert_eq!((keys.burst, keys.version), (3, both));
        assert!(!typist.is_done());
        typist.typed(3, version(3));
        assert!(typist.is_done());
    }

    #[test]
    fn what_the_other_typed_is_seen_beside_what_one_typed_later_oneself() {
        let bursts = [
            burst(0, &[]),
            burst(1, &[0]),
            burst(0, &[0]),
            burst(0, &[2]),
        ];
        let mut typist = Typist::new("e".into(), 0, version(0), bursts.to_vec());
        typist.typed(2, version(2));
        typist.typed(3, version(3));
        assert_eq!(typist.hear(&typed(1)), None);
        let both = version(1) + &version(3);
        assert_eq!(typist.look(&both, 5), Some((1, 5)));
        assert_eq!(typist.look(&both, 6), None);
        assert!(typist.is_done());
    }

    #[test]
    fn the_other_has_seen_the_opening_and_is_done_once_all_is_visible() {
        let bursts = [burst(0, &[]), burst(1, &[0]), burst(0, &[1])];
        let mut typist = Typist::new("e".into(), 1, version(0), bursts.to_vec());
        assert_eq!(typist.keys().unwrap().burst, 1);
        typist.typed(1, version(1));
        assert_eq!(typist.hear(&typed(2)), None);
        assert!(!typist.is_done());
        assert_eq!(typist.look(&version(1), 3), None);
        assert_eq!(typist.look(&version(2), 4), Some((2, 4)));
        assert!(typist.is_done());
    }
}
