//! One device as far as membership goes: what it knows, and what it does with it. Every decision
//! is taken by `sidelight-sync`; what stands here is the order in which `client::device` asks.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use sidelight_crypto::{
    DeviceSigningKey, PersonSigningKey, RecoveryKeys, UnsealingKey, recovery_keys,
};
use sidelight_format::{
    DeviceKeys, EpochId, EpochRecord, KeyHash, Keyring, PersonId, PersonKeys, RosterAction,
    SealingKey, Secret, SpaceId, Timestamp, VerifyingKey, digest,
};
use sidelight_sync::{
    Admission, EpochGraph, NewEpoch, Outside, Person, Roster, RosterSigner, Standing, Successor,
    begin_epoch,
};

/// A device of one of the two persons, by number: 0 to 3 are Ana's, 4 to 7 are Ben's.
pub type DeviceNumber = usize;

/// How many devices each person may come to have.
pub const DEVICES: usize = 4;

/// An epoch's record on its way, with what only its readers see.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Whose private space; none for the shared one.
    pub private_of: Option<PersonId>,
    /// The record, in the mailbox of each parent.
    pub record: EpochRecord,
}

/// What somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// Links a further device.
    Add(DeviceNumber),
    /// Removes a device.
    Remove(DeviceNumber),
    /// New keys for everything.
    Rotate,
    /// Writes into the shared space; begins an epoch first if none can be written in.
    Write,
    /// Writes into the private space.
    WritePrivately,
    /// Leaves the shared space.
    Leave,
    /// Founds oneself anew, over one's own copy.
    Refound,
}

/// A device.
#[derive(Clone, Debug)]
pub struct Member {
    /// Which.
    pub number: DeviceNumber,
    /// Its list of its person's devices.
    pub roster: Roster,
    /// Its person.
    pub own: Person,
    /// The partner.
    pub other: Person,
    /// The person's secrets that it has.
    pub keys: Vec<PersonKeys>,
    /// The private space.
    pub private: EpochGraph,
    /// The shared space.
    pub shared: EpochGraph,
    /// The epochs that it can read.
    pub secrets: BTreeMap<EpochId, Secret>,
    /// It has left the shared space.
    pub left: bool,
    /// It begins from nothing but the recovery words.
    pub from_words: bool,
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// It is followed, or known.
    Taken,
    /// It follows what is not here, or is sealed to keys that are not here yet.
    Waits,
    /// It breaks a rule.
    Refused,
}

/// The words of the person of a device. Like the other keys, they are derived once: it costs as
/// much as opening an epoch.
pub(super) fn words_of(number: DeviceNumber) -> &'static RecoveryKeys {
    static WORDS: LazyLock<[RecoveryKeys; 2]> =
        LazyLock::new(|| [0, 1].map(|person| recovery_keys(&secret("words", person))));
    &WORDS[number / DEVICES]
}

/// A device's public keys.
pub(super) fn device_keys(number: DeviceNumber) -> DeviceKeys {
    static KEYS: LazyLock<Vec<DeviceKeys>> = LazyLock::new(|| {
        let keys = |number| DeviceKeys {
            signing: signing(number).verifying_key(),
            sealing: unsealing(number).sealing_key(),
        };
        (0..2 * DEVICES).map(keys).collect()
    });
    KEYS[number].clone()
}

fn signing(number: DeviceNumber) -> DeviceSigningKey {
    DeviceSigningKey::from_seed(&secret("device signing", number))
}

pub(super) fn unsealing(number: DeviceNumber) -> &'static UnsealingKey {
    static KEYS: LazyLock<Vec<UnsealingKey>> = LazyLock::new(|| {
        let key = |number| UnsealingKey::from_seed(&secret("device sealing", number));
        (0..2 * DEVICES).map(key).collect()
    });
    &KEYS[number]
}

/// What opens what is sealed to a person.
pub(super) fn persons_unsealing(keys: &PersonKeys) -> Arc<UnsealingKey> {
    type Known = Mutex<HashMap<[u8; 32], Arc<UnsealingKey>>>;
    static KEYS: LazyLock<Known> = LazyLock::new(Known::default);
    let mut known = KEYS.lock().unwrap_or_else(PoisonError::into_inner);
    let key = known.entry(digest("a person's key", &[keys.sealing.expose()]));
    let key = key.or_insert_with(|| Arc::new(UnsealingKey::from_seed(&keys.sealing)));
    key.clone()
}

fn secret(what: &'static str, number: usize) -> Secret {
    Secret::new(digest(what, &[&number.to_be_bytes()]))
}

/// The shared space.
pub(super) const SHARED: SpaceId = SpaceId([7; 32]);

pub(super) fn private_space(person: &PersonId) -> SpaceId {
    SpaceId(digest("private space", &[&person.0]))
}

fn outside(rng: &mut ChaCha20Rng) -> Outside<'_> {
    Outside {
        now: Timestamp(0),
        rng,
    }
}

/// Ana's and Ben's first devices, paired.
pub(super) fn couple() -> [Member; 2] {
    let mut rng = ChaCha20Rng::from_seed(digest("the couple", &[]));
    let persons = [0, DEVICES].map(|number| {
        let verifying = words_of(number).signing.verifying_key();
        Person::begin(verifying, &mut outside(&mut rng))
    });
    let mut members = [0, 1].map(|which: usize| {
        let number = which * DEVICES;
        let (own, keys) = persons[which].clone();
        let roster = Roster::begin(
            &own,
            &signing(number),
            device_keys(number).sealing,
            "first",
            words_of(number).sealing.sealing_key(),
        );
        Member {
            number,
            roster: roster.expect("a first device"),
            own,
            other: persons[1 - which].0.clone(),
            keys: vec![keys],
            private: EpochGraph::default(),
            shared: EpochGraph::default(),
            secrets: BTreeMap::new(),
            left: false,
            from_words: false,
        }
    });
    for member in &mut members {
        member.begin_private(&mut rng);
    }
    let first = members[0].begin_shared(&mut rng).expect("certain");
    assert_eq!(members[1].receive(&first), Received::Taken);
    members
}

impl Member {
    fn signing(&self) -> PersonSigningKey {
        let keys = self.keys.last().expect("a person has keys");
        PersonSigningKey::from_seed(&keys.signing)
    }

    /// What tells which epochs its own person's newest key signed.
    fn newest(&self, private: bool) -> impl Fn(&PersonId) -> Option<VerifyingKey> {
        let own = if private {
            Some(self.signing().verifying_key())
        } else {
            self.own.newest_signing_key()
        };
        let newest = [
            (self.own.id(), own),
            (self.other.id(), self.other.newest_signing_key()),
        ];
        move |signer| newest.iter().find(|(id, _)| id == signer)?.1
    }

    /// To whom the private space is sealed now; none in doubt.
    pub fn private_recipients(&self) -> Option<Vec<SealingKey>> {
        self.roster.recipients().ok()
    }

    /// To whom the shared space is sealed now; none in doubt.
    pub fn shared_recipients(&self) -> Option<Vec<SealingKey>> {
        let both = [self.own.sealing_key()?, self.other.sealing_key()?];
        Some(both.map(Clone::clone).to_vec())
    }

    /// The epoch of the private space to write in.
    pub fn private_current(&self) -> Option<EpochId> {
        let hashes = hashes(&self.private_recipients()?);
        self.private.current(&hashes, self.newest(true))
    }

    /// The epoch of the shared space to write in.
    pub fn shared_current(&self) -> Option<EpochId> {
        let hashes = hashes(&self.shared_recipients()?);
        self.shared.current(&hashes, self.newest(false))
    }

    /// Whether an epoch is to be begun before anything is written, also to lead others over.
    fn must_begin(&self, private: bool) -> bool {
        let (recipients, graph) = match private {
            true => (self.private_recipients(), &self.private),
            false => (self.shared_recipients(), &self.shared),
        };
        recipients.is_some_and(|recipients| {
            let hashes = hashes(&recipients);
            graph.current(&hashes, self.newest(private)).is_none()
                || graph.has_stragglers(&hashes, self.newest(private))
        })
    }

    /// Whether it is on its own list.
    pub fn is_active(&self) -> bool {
        let key = device_keys(self.number).signing;
        !self.from_words && self.roster.standing(&key) == Standing::Member
    }

    /// Whether other devices of its person have newer keys.
    pub fn is_behind(&self) -> bool {
        let newest = self.own.newest_signing_key();
        newest.is_some_and(|newest| newest != self.signing().verifying_key())
    }

    /// Does something. What it sends, and a device that begins with it; none if that is not for
    /// it to do now.
    pub fn act(&mut self, act: Act, seed: [u8; 32]) -> Option<(Vec<Sent>, Option<Self>)> {
        let mut rng = ChaCha20Rng::from_seed(seed);
        let rng = &mut rng;
        match act {
            Act::Leave => {
                self.left = true;
                Some((Vec::new(), None))
            }
            Act::Refound => {
                self.refound(rng);
                Some((Vec::new(), None))
            }
            Act::Write => {
                if self.left || !self.must_begin(false) {
                    return None;
                }
                Some((vec![self.begin_shared(rng)?], None))
            }
            Act::WritePrivately => {
                if !self.must_begin(true) {
                    return None;
                }
                Some((vec![self.begin_private(rng)?], None))
            }
            Act::Add(number) => {
                let action = RosterAction::Add {
                    device: device_keys(number),
                    name: "further".into(),
                };
                let signer = signing(self.number);
                let record = self.roster.next(action, &RosterSigner::Device(&signer));
                self.roster.extend(&record.ok()?).expect("just checked");
                let sent = self.begin_private(rng)?;
                let mut new = self.clone();
                new.number = number;
                Some((vec![sent], Some(new)))
            }
            Act::Remove(number) => {
                let device = device_keys(number).signing;
                let action = RosterAction::Remove { device };
                let signer = signing(self.number);
                let record = self.roster.next(action, &RosterSigner::Device(&signer));
                self.roster.extend(&record.ok()?).expect("just checked");
                Some((self.renew(rng)?, None))
            }
            Act::Rotate => Some((self.renew(rng)?, None)),
        }
    }

    /// New keys, a private epoch, a shared one: after a removal, and on schedule.
    fn renew(&mut self, rng: &mut ChaCha20Rng) -> Option<Vec<Sent>> {
        if self.is_behind() {
            return None;
        }
        let by = self.signing();
        let (step, keys) = self
            .own
            .succeed(&Successor::Predecessor(&by), None, &mut outside(rng));
        self.own.extend(&step).expect("an own step follows");
        self.keys.push(keys);
        let mut sent = vec![self.begin_private(rng)?];
        if !self.left && self.shared_recipients().is_some() {
            sent.extend(self.begin_shared(rng));
        }
        Some(sent)
    }

    /// The recovery words, which have walked as far as the private space goes, begin anew with
    /// one device.
    pub fn recover(&mut self, number: DeviceNumber, seed: [u8; 32]) -> Option<Vec<Sent>> {
        let words = words_of(number);
        let rng = &mut ChaCha20Rng::from_seed(seed);
        self.from_words = false;
        self.number = number;
        let begin = RosterAction::Begin {
            device: device_keys(number),
            name: "recovered".into(),
            recovery: words.sealing.sealing_key(),
        };
        let record = self
            .roster
            .next(begin, &RosterSigner::Recovery(&words.signing));
        self.roster.extend(&record.ok()?).expect("just checked");
        let (step, keys) = self.own.succeed(
            &Successor::Recovery(&words.signing),
            None,
            &mut outside(rng),
        );
        self.own.extend(&step).expect("the words' step follows");
        self.keys.push(keys);
        let mut sent = vec![self.begin_private(rng)?];
        if self.shared_recipients().is_some() {
            sent.extend(self.begin_shared(rng));
        }
        Some(sent)
    }

    /// A new person over one's own copy: nobody is asked, and nothing is sealed to anybody
    /// who was there.
    fn refound(&mut self, rng: &mut ChaCha20Rng) {
        let former = self.private_recipients();
        let words = recovery_keys(&sidelight_crypto::new_secret(rng));
        let (person, keys) = Person::begin(words.signing.verifying_key(), &mut outside(rng));
        let device = DeviceSigningKey::from_seed(&sidelight_crypto::new_secret(rng));
        let sealing = UnsealingKey::from_seed(&sidelight_crypto::new_secret(rng)).sealing_key();
        let recovery = words.sealing.sealing_key();
        let roster = Roster::begin(&person, &device, sealing, "anew", recovery);
        let roster = roster.expect("a first device");
        let recipients = roster.recipients().expect("certain");
        assert!(former.is_none_or(|former| recipients.iter().all(|key| !former.contains(key))));
        let new = NewEpoch {
            space: private_space(&person.id()),
            parents: &[],
            earlier: &Keyring::default(),
            relay: None,
            recipients: &recipients.iter().collect::<Vec<_>>(),
            closing: Vec::new(),
            successors: Vec::new(),
            founder: Some((person.genesis(), "Ana", &words.signing)),
            roster: roster.records(),
            signer: person.id(),
            generation: keys.generation,
        };
        let by = PersonSigningKey::from_seed(&keys.signing);
        begin_epoch(new, &by, &mut outside(rng)).expect("keys that are some");
        self.left = true;
    }

    fn begin_private(&mut self, rng: &mut ChaCha20Rng) -> Option<Sent> {
        let recipients = self.private_recipients()?;
        let record = self.begin(true, &recipients, rng)?;
        Some(Sent {
            private_of: Some(self.own.id()),
            record,
        })
    }

    fn begin_shared(&mut self, rng: &mut ChaCha20Rng) -> Option<Sent> {
        let recipients = self.shared_recipients()?;
        let record = self.begin(false, &recipients, rng)?;
        Some(Sent {
            private_of: None,
            record,
        })
    }

    fn begin(
        &mut self,
        private: bool,
        recipients: &[SealingKey],
        rng: &mut ChaCha20Rng,
    ) -> Option<EpochRecord> {
        if !private && self.is_behind() {
            return None;
        }
        let own = self.own.id();
        let space = if private { private_space(&own) } else { SHARED };
        let graph = if private { &self.private } else { &self.shared };
        let parents: Vec<_> = graph
            .to_continue()
            .into_iter()
            .map(|parent| (parent, self.secrets[&parent].clone()))
            .collect();
        // Every secret of the space that it has, so that whoever is new reads what was kept.
        let mut earlier = Keyring {
            secrets: Vec::new(),
            person: if private {
                self.keys.clone()
            } else {
                Vec::new()
            },
        };
        let of_space = |epoch: &EpochId, secret: &Secret| *epoch == EpochId::of(&space, secret);
        let secrets = self
            .secrets
            .iter()
            .filter(|(id, secret)| of_space(id, secret));
        earlier
            .secrets
            .extend(secrets.map(|(id, secret)| (*id, secret.clone())));
        let signing = self.signing();
        let roster = if private {
            self.roster.records()
        } else {
            Vec::new()
        };
        let mut successors = self.own.steps();
        if !private {
            successors.extend(self.other.steps());
        }
        let new = NewEpoch {
            space,
            parents: &parents,
            earlier: &earlier,
            relay: None,
            recipients: &recipients.iter().collect::<Vec<_>>(),
            closing: Vec::new(),
            successors,
            founder: None,
            roster,
            signer: own,
            generation: self.keys.last()?.generation,
        };
        let begun = begin_epoch(new, &signing, &mut outside(rng)).expect("keys that are some");
        assert!(begun.record.within_limits());
        let node = EpochGraph::node_of(&begun.record, signing.verifying_key());
        let graph = if private {
            &mut self.private
        } else {
            &mut self.shared
        };
        assert_eq!(graph.admit(node), Admission::New);
        let epoch = begun.record.statement.epoch;
        self.secrets.insert(epoch, begun.secret);
        Some(begun.record)
    }

    /// A device that has the words and the first epochs, and knows nothing else.
    pub fn of_words(first: &Self) -> Self {
        let mut member = first.clone();
        member.from_words = true;
        member
    }
}

pub(super) fn hashes(keys: &[SealingKey]) -> Vec<KeyHash> {
    let mut hashes: Vec<KeyHash> = keys.iter().map(SealingKey::hash).collect();
    hashes.sort_unstable();
    hashes
}
