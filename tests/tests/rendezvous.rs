//! The rendezvous of a pairing at a relay that reorders, repeats, makes up and loses.

use sidelight_crypto::MailboxKeys;
use sidelight_format::{
    Body, Bytes, Class, EraseToken, Frame, InvitationLink, MailboxName, PairingMessage, Position,
    RelayInstance, RunningHash,
};
use sidelight_tests::sim::Chance;
use sidelight_tests::story::{ADA, BO, Choices, RELAY, Story, every_run};

fn rendezvous(link: &InvitationLink) -> MailboxKeys {
    MailboxKeys::of_invitation(&link.invitation().secret)
}

/// How many epochs anybody has sealed into the invitation's mailbox.
fn epochs_sealed(story: &Story, link: &InvitationLink) -> usize {
    let keys = rendezvous(link);
    let puts = story.puts().iter().filter(|(_, to, _)| *to == keys.name());
    puts.filter(|(_, _, bytes)| matches!(keys.open(bytes), Ok((_, Body::Epoch(_)))))
        .count()
}

/// Messages on their way through a relay that shows them in any order it likes.
struct Courier {
    story: Story,
    mailbox: MailboxName,
    lines: [Option<u64>; 2],
    /// What waits for each home, without what it sent itself.
    waiting: [Vec<Bytes>; 2],
}

impl Courier {
    fn new(seed: u64) -> (Self, InvitationLink) {
        let mut story = Story::new(seed, &["Ada", "Bo"]);
        let link = story.invite(ADA);
        story.join(BO, &link).expect("a fresh invitation");
        let courier = Self {
            story,
            mailbox: rendezvous(&link).name(),
            lines: [None; 2],
            waiting: Default::default(),
        };
        (courier, link)
    }

    /// Brings every home's lines up, and takes what it has to say.
    fn collect(&mut self) {
        for home in [ADA, BO] {
            if !self.lines[home].is_some_and(|line| self.story.is_up(line)) {
                let line = self.story.puppet(home, self.mailbox);
                let state = Frame::State {
                    instance: RELAY,
                    length: Position(0),
                    hash: RunningHash::START,
                };
                self.story.say(line, vec![state]);
                self.lines[home] = Some(line);
            }
            let line = self.lines[home].expect("it was just opened");
            for frame in self.story.heard(line) {
                if let Frame::Put { envelope } = frame
                    && !self.waiting[1 - home].contains(&envelope)
                {
                    self.waiting[1 - home].push(envelope);
                }
            }
        }
    }

    fn deliver(&mut self, home: usize, place: usize) {
        let envelope = self.waiting[home].remove(place);
        let line = self.lines[home].expect("collected before");
        self.story.say(line, vec![Frame::Arrived { envelope }]);
    }

    fn may_answer(&self, home: usize) -> bool {
        let view = self.story.device(home).pairing();
        view.is_some_and(|v| v.comparison.is_some() && v.confirmed.is_none() && v.ended.is_none())
    }

    /// Takes one step, as chosen; false if there is none left.
    fn step(&mut self, link: &InvitationLink, choices: &mut Choices) -> bool {
        self.collect();
        let answers: Vec<usize> = [ADA, BO]
            .into_iter()
            .filter(|h| self.may_answer(*h))
            .collect();
        let arrivals: Vec<(usize, usize)> = [ADA, BO]
            .into_iter()
            .flat_map(|home| (0..self.waiting[home].len()).map(move |place| (home, place)))
            .collect();
        let options = answers.len() + arrivals.len();
        if options == 0 {
            return false;
        }
        let both = |story: &Story| {
            [ADA, BO]
                .iter()
                .all(|h| story.pairing(*h).confirmed == Some(true))
        };
        let agreed = both(&self.story);
        match choices.of(options) {
            answer if answer < answers.len() => {
                let answered = self.story.confirm(answers[answer], true);
                answered.expect("there are emoji");
            }
            arrival => {
                let (home, place) = arrivals[arrival - answers.len()];
                self.deliver(home, place);
            }
        }
        assert!(
            agreed || both(&self.story) || epochs_sealed(&self.story, link) == 0,
            "nothing is sealed before both have confirmed"
        );
        true
    }
}

#[test]
fn whatever_order_the_relay_shows_the_messages_in_they_pair() {
    let runs = every_run(500, |choices| {
        let (mut courier, link) = Courier::new(19);
        let mut steps = 0;
        while courier.step(&link, choices) {
            steps += 1;
            assert!(steps < 40, "it ends");
        }
        let shared = courier.story.status(ADA).shared;
        assert!(shared.is_some());
        assert_eq!(courier.story.status(BO).shared, shared);
    });
    println!("{runs} orders");
    assert!(runs > 10, "{runs}");
}

#[test]
fn messages_that_are_repeated_or_made_up_change_nothing_of_a_pairing() {
    let (mut courier, link) = Courier::new(20);
    let mut dice = Chance::new(20, 60);
    let keys = rendezvous(&link);
    let mut said: Vec<(usize, Bytes)> = Vec::new();
    let mut calm = Choices::default();
    loop {
        courier.collect();
        for home in [ADA, BO] {
            said.extend(
                courier.waiting[home]
                    .iter()
                    .map(|bytes| (home, bytes.clone())),
            );
        }
        // Everything that was ever said, to both; noise; and messages that make no sense here.
        let again: Vec<Bytes> = said.iter().map(|(_, bytes)| bytes.clone()).collect();
        let mut noise = vec![0; 2048];
        rand_core::Rng::fill_bytes(dice.rng(), &mut noise);
        let empty = PairingMessage::Reveal {
            encapsulated: Bytes::default(),
            ciphertext: Bytes::default(),
        };
        let token = EraseToken([0; 32]);
        let nonsense = keys
            .seal(
                Class::Live,
                &Body::Pairing(Box::new(empty)),
                &token,
                dice.rng(),
            )
            .expect("fits");
        for home in [ADA, BO] {
            let line = courier.lines[home].expect("collected");
            let own: Vec<Bytes> = said
                .iter()
                .filter(|(to, _)| *to == home)
                .map(|(_, bytes)| bytes.clone())
                .filter(|bytes| !courier.waiting[home].contains(bytes))
                .collect();
            let others = again
                .iter()
                .filter(|bytes| !courier.waiting[home].contains(bytes));
            let mut frames: Vec<Frame> = others
                .cloned()
                .chain(own)
                .map(|envelope| Frame::Arrived { envelope })
                .collect();
            for bytes in [&noise, &nonsense] {
                frames.push(Frame::Arrived {
                    envelope: Bytes::from(bytes.clone()),
                });
            }
            courier.story.say(line, frames);
        }
        if !courier.step(&link, &mut calm) {
            break;
        }
    }
    assert!(courier.story.status(BO).shared.is_some());
    assert_eq!(
        courier.story.status(ADA).shared,
        courier.story.status(BO).shared
    );
}

#[test]
fn a_couple_pairs_although_the_relay_swaps_their_messages() {
    for (a, b) in [
        (0, 1),
        (0, 2),
        (1, 2),
        (2, 3),
        (0, 3),
        (3, 4),
        (2, 4),
        (4, 5),
        (3, 5),
    ] {
        let mut story = Story::new(21, &["Ada", "Bo"]);
        let link = story.invite(ADA);
        story.join(BO, &link).expect("a fresh invitation");
        for _ in 0..6 {
            story.exchange();
            for home in [ADA, BO] {
                if story.pairing(home).confirmed.is_none() && story.emoji(home).is_some() {
                    story.confirm(home, true).expect("there are emoji");
                }
            }
            let mailbox = rendezvous(&link).name();
            story.restart_relay(|disk| {
                disk.swap(&mailbox, Position(a), Position(b));
            });
        }
        story.exchange();
        assert!(story.status(BO).shared.is_some(), "swapping {a} and {b}");
        assert_eq!(story.status(ADA).shared, story.status(BO).shared);
    }
}

#[test]
fn a_relay_that_loses_everything_in_the_middle_of_a_pairing_does_not_end_it() {
    for lose_before in 0..6 {
        let mut story = Story::new(22, &["Ada", "Bo"]);
        let link = story.invite(ADA);
        story.join(BO, &link).expect("a fresh invitation");
        for round in 0..6 {
            if round == lose_before {
                story.restart_relay(|disk| disk.lose_everything(RelayInstance([9; 16])));
            }
            story.exchange();
            for home in [ADA, BO] {
                if story.pairing(home).confirmed.is_none() && story.emoji(home).is_some() {
                    story.confirm(home, true).expect("there are emoji");
                    break; // one answer a round
                }
            }
        }
        story.exchange();
        assert!(
            story.status(BO).shared.is_some(),
            "lost before round {lose_before}"
        );
        assert!(epochs_sealed(&story, &link) > 0);
    }
}
