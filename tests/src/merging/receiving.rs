//! What a device does with a record that reaches it, in the order in which `client::device` asks.

use core::slice::from_ref;

use sidelight_crypto::PersonSigningKey;
use sidelight_format::{EpochId, EpochRecord, KeyHash, Keyring, PersonKeys, SealingKey, Secret};
use sidelight_sync::{
    Admission, BadEpoch, EpochGraph, Person, Standing, check_epoch, open_epoch, read_epoch,
};

use super::member::{
    DEVICES, Member, Received, SHARED, Sent, device_keys, persons_unsealing, private_space,
    unsealing, words_of,
};

impl Member {
    /// Whether it reads a mailbox that the record is in.
    pub fn finds(&self, sent: &Sent) -> bool {
        let statement = &sent.record.statement;
        let parents = &statement.parents;
        sent.private_of.is_none_or(|person| person == self.own.id())
            && (parents.is_empty() || parents.iter().any(|it| self.secrets.contains_key(it)))
    }

    /// Takes a record in.
    pub fn receive(&mut self, sent: &Sent) -> Received {
        let statement = &sent.record.statement;
        let private = sent.private_of.is_some();
        let graph = if private { &self.private } else { &self.shared };
        if graph.contains(&statement.epoch) {
            return Received::Taken;
        }
        let (mut own, mut other) = (self.own.clone(), self.other.clone());
        for step in &statement.successors {
            let person = match step.statement.person {
                person if person == own.id() => &mut own,
                person if person == other.id() && !private => &mut other,
                _ => return Received::Refused,
            };
            if person.extend(step).is_err() {
                return Received::Refused;
            }
        }
        (self.own, self.other) = (own, other);
        if private {
            // Devices sign the list, so it counts whether or not the epoch is for this one.
            self.roster.merge(&statement.roster);
        }
        let sealed_to: Vec<KeyHash> = statement.recipients.iter().map(|it| it.recipient).collect();
        let (space, members, allowed) = if private {
            let (devices, words) = (0..2 * DEVICES, words_of(self.number).sealing.sealing_key());
            let listed = devices
                .map(device_keys)
                .filter(|keys| self.roster.standing(&keys.signing) != Standing::Unknown);
            let mut known: Vec<KeyHash> = listed.map(|keys| keys.sealing.hash()).collect();
            known.push(words.hash());
            let allowed = sealed_to.iter().all(|key| known.contains(key));
            (private_space(&self.own.id()), vec![&self.own], allowed)
        } else {
            let members = vec![&self.own, &self.other];
            let keys: Vec<Vec<KeyHash>> = members
                .iter()
                .map(|person| person.sealing_keys().map(SealingKey::hash).collect())
                .collect();
            let known = |key| keys.iter().any(|own| own.contains(key));
            let each = |own: &Vec<KeyHash>| own.iter().any(|key| sealed_to.contains(key));
            let allowed = sealed_to.iter().all(known) && keys.iter().all(each);
            (SHARED, members, allowed)
        };
        if !allowed {
            return Received::Refused;
        }
        let Ok(signed_by) = check_epoch(&sent.record, &space, &members, &sealed_to) else {
            return Received::Refused;
        };
        let opened = match self.secrets.get(&statement.epoch) {
            // Sealed to others, and known from a later epoch's keyring.
            Some(secret) => read_epoch(&sent.record, secret).map(|ring| (secret.clone(), ring)),
            None => self.open(&sent.record, private),
        };
        let (secret, keyring) = match opened {
            Ok(opened) => opened,
            Err(BadEpoch::Recipients) => return Received::Waits,
            Err(_) => return Received::Refused,
        };
        if private {
            self.take_keys(&keyring.person);
        }
        let graph = if private {
            &mut self.private
        } else {
            &mut self.shared
        };
        let first = statement.parents.is_empty() && graph.nodes().is_empty();
        let reachable = |parent: &EpochId| {
            graph.contains(parent) || keyring.secrets.iter().any(|(epoch, _)| epoch == parent)
        };
        if !first && (statement.parents.is_empty() || !statement.parents.iter().all(reachable)) {
            return Received::Waits;
        }
        let node = EpochGraph::node_of(&sent.record, signed_by);
        match graph.admit(node.clone()) {
            Admission::New | Admission::Crowd | Admission::Known => {}
            Admission::Orphan => graph.enter(node),
            Admission::TooMany => return Received::Refused,
        }
        self.secrets.insert(statement.epoch, secret);
        self.secrets.extend(keyring.secrets);
        Received::Taken
    }

    /// Opens an epoch with whichever of its keys it is sealed to.
    fn open(&self, record: &EpochRecord, private: bool) -> Result<(Secret, Keyring), BadEpoch> {
        match (private, self.from_words) {
            (true, true) => open_epoch(record, from_ref(&words_of(self.number).sealing)),
            (true, false) => open_epoch(record, from_ref(unsealing(self.number))),
            (false, _) => {
                let mut keys = self.keys.iter().map(persons_unsealing);
                let opened = keys.find_map(|key| match open_epoch(record, from_ref(&*key)) {
                    Err(BadEpoch::Recipients) => None,
                    opened => Some(opened),
                });
                opened.unwrap_or(Err(BadEpoch::Recipients))
            }
        }
    }

    fn take_keys(&mut self, keys: &[PersonKeys]) {
        let own = &self.own;
        let held = self.keys.len();
        for keys in keys {
            if fits(keys, own) && !self.keys.contains(keys) {
                self.keys.push(keys.clone());
            }
        }
        if self.keys.len() > held {
            self.keys
                .sort_by_key(|keys| (fits(keys, own), keys.generation));
        }
    }
}

fn fits(keys: &PersonKeys, own: &Person) -> bool {
    let signing = PersonSigningKey::from_seed(&keys.signing).verifying_key();
    own.signing_key(keys.generation) == Some(signing)
}
