//! What stays private, from the partner and from the relay.

use std::collections::BTreeSet;

use sidelight::device::{Draft, Group};
use sidelight_crypto::MailboxKeys;
use sidelight_format::record::{
    EntryRecord, EnvelopeRecord, EpochSecretRecord, OwnAuthorRecord, PairingRecord, PersonRecord,
    RenderedRecord, SpaceRecord, Table,
};
use sidelight_format::{Bytes, EntryId, FieldValue, MailboxName, padded_len};
use sidelight_store::Key;
use sidelight_tests::story::{ADA, BO, Chunk, Story, day, draft, plain, shared, splice, together};

/// Everything of a story that the partner can reach: what the relay has of the mailboxes that
/// both know, what Bo's device keeps, what was said on lines, but for private mailboxes.
#[derive(PartialEq, Eq)]
struct Reachable {
    mailboxes: Vec<(MailboxName, Vec<Bytes>)>,
    of_bo: Vec<Vec<u8>>,
    puts: Vec<Bytes>,
}

fn reachable(story: &Story, common: &[MailboxName]) -> Reachable {
    let puts = story.puts().iter();
    Reachable {
        mailboxes: common
            .iter()
            .map(|name| (*name, story.listed(name)))
            .collect(),
        of_bo: story.sealed_rows(BO),
        puts: puts
            .filter(|(_, to, _)| common.contains(to))
            .map(|(_, _, bytes)| bytes.clone())
            .collect(),
    }
}

/// A story in which Ada also writes and edits `private` private entries at every turn.
fn told_with_private(private: usize) -> (Story, Vec<MailboxName>) {
    let mut story = Story::new(1, &["Ada", "Bo"]);
    let alone = |story: &mut Story, turn: usize| {
        story.aside(ADA, |story| {
            let drafts: Vec<Draft> = (0..private / 4)
                .map(|n| Draft {
                    date: day(1 + (n % 28) as u8),
                    ..draft(&format!("nobody's business, {turn} {n}"))
                })
                .collect();
            let wrote = story.command(ADA, |ada, outside| ada.write(&drafts, outside));
            for wrote in wrote.expect("sound drafts").iter().take(5) {
                story
                    .edit(ADA, &wrote.entry, (0, 8, "still no"))
                    .expect("Ada's");
            }
        });
    };
    alone(&mut story, 0);
    let link = story.invite(ADA);
    story.join(BO, &link).expect("a fresh invitation");
    story.exchange();
    for home in [ADA, BO] {
        story.confirm(home, true).expect("there are emoji");
    }
    story.settle();
    alone(&mut story, 1);
    let entry = story.write(ADA, together("for both"));
    story.settle();
    alone(&mut story, 2);
    let own = story.aside(ADA, |story| story.write(ADA, draft("to be shared one day")));
    story.settle();
    story.share(ADA, &own).expect("paired");
    story
        .edit(BO, &entry, (8, 0, " of us"))
        .expect("kept together");
    story.settle();
    alone(&mut story, 3);
    story
        .edit(ADA, &entry, (0, 0, "this is "))
        .expect("kept together");
    story.settle();
    assert_eq!(story.entries(ADA).len(), private / 4 * 4 + 3);
    let rendezvous = MailboxKeys::of_invitation(&link.invitation().secret);
    let common = vec![story.shared_mailbox(), rendezvous.name()];
    (story, common)
}

#[test]
fn a_thousand_private_entries_change_no_byte_that_the_partner_can_reach() {
    let (none, common) = told_with_private(0);
    let (many, same) = told_with_private(1000);
    assert!(common == same);
    let (none, many) = (reachable(&none, &common), reachable(&many, &common));
    assert!(none.puts.len() > 8);
    assert!(none == many, "every byte, count and id is the same");
}

#[test]
fn a_new_entry_is_private_until_it_is_shared_by_name() {
    let mut story = Story::of_a_couple(2);
    let entries: Vec<EntryId> = (0..3)
        .map(|n| story.write(ADA, draft(&format!("private {n}"))))
        .collect();
    story.settle();
    let mailbox = story.shared_mailbox();
    assert!(story.listed(&mailbox).is_empty());
    assert!(story.entries(BO).is_empty());
    let copy = story.share(ADA, &entries[1]).expect("paired");
    story.settle();
    assert_eq!(story.entries(BO).into_keys().collect::<Vec<_>>(), [copy]);
    assert_eq!(story.text(BO, &copy).as_deref(), Some("private 1"));
    for entry in &entries {
        assert_eq!(story.text(BO, entry), None);
        assert!(
            story.text(ADA, entry).is_some(),
            "the private one stays as it was"
        );
    }
    // What is changed in private afterwards stays there.
    story
        .edit(ADA, &entries[1], (0, 0, "more "))
        .expect("Ada's");
    story.settle();
    assert_eq!(story.text(BO, &copy).as_deref(), Some("private 1"));
    // Sharing again gives the copy that there is.
    assert_eq!(story.share(ADA, &entries[1]), Ok(copy));
    assert_eq!(story.listed(&mailbox).len(), 1);
}

#[test]
fn pairing_shares_nothing_that_was_written_before() {
    let mut story = Story::new(3, &["Ada", "Bo"]);
    for home in [ADA, BO] {
        for n in 0..5 {
            story.write(home, draft(&format!("before, {n}")));
        }
    }
    story.pair();
    let mailbox = story.shared_mailbox();
    assert!(story.listed(&mailbox).is_empty());
    for home in [ADA, BO] {
        assert!(story.shared_entries(home).is_empty());
        assert_eq!(story.entries(home).len(), 5);
    }
}

/// The partner with everything that their device keeps, and the relay with everything it was ever
/// given: together they have the private mailboxes' envelopes and nothing that opens one.
#[test]
fn partner_and_relay_together_open_nothing_private() {
    let mut story = Story::of_a_couple(12);
    let tablet = story.link_device(ADA, "tablet");
    let private = story.write(ADA, draft("hers alone"));
    story.write(tablet, draft("hers as well"));
    story.share(ADA, &private).expect("paired");
    story.write(BO, shared("his"));
    story.settle();
    story
        .command(ADA, sidelight::device::Device::rotate)
        .expect("certain");
    story.write(ADA, draft("under new keys"));
    story.write(ADA, shared("shared under new keys"));
    story.settle();

    let rows = |home: usize| {
        let store = story.device(home).store();
        let all = Table::ALL
            .iter()
            .flat_map(|table| store.all(*table).expect("it works"));
        all.collect::<Vec<Vec<u8>>>()
    };
    let his = rows(BO);
    let has = |rows: &[Vec<u8>], secret: &[u8]| {
        let mut found = rows.iter().map(|row| memchr::memmem::find(row, secret));
        found.any(|found| found.is_some())
    };
    let me = story.device_record(ADA);
    let mut secrets = vec![me.sealing, me.signing, me.recovery_mailbox];
    secrets.extend(me.recovery);
    secrets.extend(
        me.keys
            .into_iter()
            .flat_map(|keys| [keys.sealing, keys.signing, keys.erasing]),
    );
    let kept = |space| -> SpaceRecord {
        let id: sidelight_format::SpaceId = space;
        story.record(ADA, Key::Name(&id.0)).expect("kept")
    };
    let of = |space| {
        let nodes = kept(space).epochs.into_iter();
        nodes.map(|node| -> EpochSecretRecord {
            story.record(ADA, Key::Name(&node.epoch.0)).expect("hers")
        })
    };
    secrets.extend(of(me.private).map(|epoch| epoch.secret));
    let hers = rows(ADA);
    for secret in &secrets {
        assert!(
            has(&hers, secret.expose()),
            "the search finds what is there"
        );
        assert!(!has(&his, secret.expose()));
    }
    let shared_ones: Vec<_> = of(me.shared.expect("paired")).collect();
    for epoch in &shared_ones {
        assert!(has(&his, epoch.secret.expose()), "that is what both keep");
    }
    // Every key of his against every envelope in her private mailboxes.
    let opens: Vec<MailboxKeys> = story
        .epochs(BO)
        .into_iter()
        .map(|(.., keys)| keys)
        .collect();
    let (mut tried, mut hers) = (0, 0);
    for mailbox in story.mailboxes(ADA, &me.private) {
        let own = story.epochs(ADA);
        let own = own.iter().find(|(.., keys)| keys.name() == mailbox);
        for bytes in story.listed(&mailbox) {
            assert!(opens.iter().all(|keys| keys.open(&bytes).is_err()));
            tried += opens.len();
            hers += usize::from(own.is_some_and(|(.., keys)| keys.open(&bytes).is_ok()));
        }
    }
    assert!(tried > 20 && hers > 8, "{tried} and {hers}");
}

#[test]
fn private_and_shared_never_meet_on_one_connection() {
    let mut story = Story::new(4, &["Ada", "Bo"]);
    let link = story.invite(ADA);
    let groups = |story: &Story| -> Vec<(Group, MailboxName)> {
        let wanted = story.device(ADA).wanted();
        wanted.into_iter().map(|w| (w.group, w.mailbox)).collect()
    };
    story.join(BO, &link).expect("a fresh invitation");
    let rendezvous = MailboxKeys::of_invitation(&link.invitation().secret).name();
    let private = story.private_keys(ADA).name();
    for (group, mailbox) in groups(&story) {
        assert_eq!(group == Group::Pairing, mailbox == rendezvous);
    }
    story.exchange();
    for home in [ADA, BO] {
        story.confirm(home, true).expect("there are emoji");
    }
    story.settle();
    let shared = story.shared_mailbox();
    let found = groups(&story);
    assert!(found.contains(&(Group::Shared, shared)));
    assert!(found.contains(&(Group::Private, private)));
    for (group, mailbox) in found {
        assert_eq!(group == Group::Shared, mailbox == shared);
        assert!(group != Group::Private || mailbox != rendezvous);
    }
    let of_bo: BTreeSet<_> = story
        .device(BO)
        .wanted()
        .iter()
        .map(|w| w.mailbox)
        .collect();
    assert!(!of_bo.contains(&private), "Bo does not even know its name");
}

#[test]
fn lengths_come_from_the_bucket_set_and_tell_little_of_the_text() {
    let mut story = Story::of_a_couple(5);
    let mailbox = story.shared_mailbox();
    let mut shortest = BTreeSet::new();
    for len in [1, 10, 100, 200, 1000, 3000, 10_000, 50_000, 200_000] {
        story.write(ADA, shared(&"x".repeat(len)));
        story.settle();
        let put = story.listed(&mailbox).pop().expect("just written");
        if len <= 200 {
            shortest.insert(put.len());
        }
    }
    assert_eq!(shortest.len(), 1, "short entries look alike: {shortest:?}");
    for (_, _, bytes) in story.puts() {
        let len = bytes.len();
        assert_eq!(padded_len(len), len);
        assert!(
            len >= 1024 && (len > 16_384 || len.is_power_of_two()),
            "{len}"
        );
    }
}

#[test]
fn the_order_within_a_day_tells_nothing_of_private_entries() {
    let mut story = Story::of_a_couple(6);
    let order =
        |story: &Story, home, entry: &EntryId| story.entries(home)[entry].rendered.day_order;
    let first = story.write(ADA, shared("first of the day"));
    for n in 0..7 {
        story.write(ADA, draft(&format!("private {n}")));
    }
    let second = story.write(ADA, shared("second of the day"));
    let private = story.write(ADA, draft("to be shared"));
    let third = story.share(ADA, &private).expect("paired");
    story.settle();
    let orders = [first, second, third].map(|entry| order(&story, BO, &entry));
    assert_eq!(orders[1], orders[0] + 1);
    assert_eq!(orders[2], orders[1] + 1);
}

#[test]
fn a_shared_copy_has_a_fresh_id_and_leads_back_to_nothing() {
    let mut story = Story::of_a_couple(7);
    let private = story.write(
        ADA,
        Draft {
            fields: vec![("mood".to_owned(), FieldValue::Text("calm".to_owned()))],
            source: Some("an import".to_owned()),
            ..draft("first private")
        },
    );
    story
        .edit(ADA, &private, (0, 5, "soon no longer"))
        .expect("Ada's");
    story.restart(ADA);
    let copy = story.share(ADA, &private).expect("paired");
    story.settle();
    assert_ne!(copy, private);

    let before = story.entries(ADA)[&private].clone();
    let record: EntryRecord = story.record(ADA, Key::Name(&private.0)).expect("kept");
    let own: OwnAuthorRecord = {
        let epoch = story.epoch(ADA, &story.status(ADA).private);
        let id = sidelight_format::EpochId::of(&epoch.space, &epoch.secret);
        story
            .record(ADA, Key::Name(&id.0))
            .expect("Ada writes there")
    };
    let mut traces: Vec<Vec<u8>> = vec![
        private.0.to_vec(),
        before.preimage.random.to_vec(),
        story.status(ADA).private.0.to_vec(),
        own.certificate.author.0.to_vec(),
        b"an import".to_vec(),
    ];
    traces.extend(before.version.heads().iter().map(|head| head.0.to_vec()));
    for change in &record.tail {
        traces.push(Chunk::of(change).actor);
    }
    assert!(traces.len() > 7);
    let keys = story.shared_keys(BO);
    for envelope in story.listed(&keys.name()) {
        let opened = plain(&keys, &envelope);
        for trace in &traces {
            let found = memchr::memmem::find(&opened, trace);
            assert_eq!(found, None, "{trace:?}");
        }
    }
    let shown = &story.entries(BO)[&copy].rendered;
    assert_eq!(shown.amendments, 0, "not how often it had been rewritten");
    assert_eq!(shown.fields, before.rendered.fields);
}

const CANARY: &str = "CANARYTEXT in a diary";

/// A couple whose texts, names, fields and keys are all known to the search.
fn canaries(seed: u64) -> (Story, Vec<Vec<u8>>) {
    let mut story = Story::new(seed, &["Ada CANARYNAME", "Bo CANARYNAME"]);
    let link = story.invite(ADA);
    story.join(BO, &link).expect("a fresh invitation");
    story.exchange();
    for home in [ADA, BO] {
        story.confirm(home, true).expect("there are emoji");
    }
    story.settle();
    for home in [ADA, BO] {
        let fields = vec![(
            "canaryfield".to_owned(),
            FieldValue::Text(CANARY.to_owned()),
        )];
        let private = story.write(
            home,
            Draft {
                fields,
                ..draft(CANARY)
            },
        );
        let copy = story.share(home, &private).expect("paired");
        story.settle();
        story.edit(home, &copy, (0, 0, CANARY)).expect("one's own");
        let kept = story.write(home, together(&CANARY.repeat(50)));
        story.settle();
        story
            .edit(1 - home, &kept, (5, 3, CANARY))
            .expect("kept together");
        story.settle();
        story.restart(home);
    }
    story.settle();
    let mut needles = vec![
        b"CANARYTEXT".to_vec(),
        b"CANARYNAME".to_vec(),
        b"canaryfield".to_vec(),
        link.invitation().secret.expose().to_vec(),
    ];
    for home in [ADA, BO] {
        let me = story.device_record(home);
        needles
            .extend([&me.signing, &me.sealing, &me.recovery_mailbox].map(|s| s.expose().to_vec()));
        needles.extend(me.recovery.iter().map(|secret| secret.expose().to_vec()));
        for keys in &me.keys {
            let secrets = [&keys.sealing, &keys.signing, &keys.erasing];
            needles.extend(secrets.map(|secret| secret.expose().to_vec()));
        }
        for space in [me.private, me.shared.expect("paired")] {
            let epoch = story.epoch(home, &space);
            needles.push(epoch.secret.expose().to_vec());
            let id = sidelight_format::EpochId::of(&space, &epoch.secret);
            let own: OwnAuthorRecord = story.record(home, Key::Name(&id.0)).expect("it wrote");
            needles.push(own.signing.expose().to_vec());
        }
        let name = MailboxKeys::of_invitation(&link.invitation().secret).name();
        let pairing: PairingRecord = story.record(home, Key::Name(&name.0)).expect("kept");
        needles.push(pairing.pairing.expose().to_vec());
        needles.push(vec![home as u8 + 1; 32]); // the storage key
    }
    assert!(needles.len() > 25);
    (story, needles)
}

/// As it is, in hexadecimal, and as a list of numbers, as `Debug` prints bytes.
fn spellings(needle: &[u8]) -> [Vec<u8>; 4] {
    let hex: String = needle.iter().map(|byte| format!("{byte:02x}")).collect();
    let list = format!("{needle:?}");
    let wide = needle.iter().flat_map(|byte| [*byte, 0]).collect();
    let list = list.trim_matches(['[', ']']).as_bytes().to_vec();
    [needle.to_vec(), hex.into_bytes(), list, wide]
}

fn search(place: &str, bytes: &[u8], needles: &[Vec<u8>]) {
    for (number, needle) in needles.iter().enumerate() {
        for spelling in spellings(needle) {
            let found = memchr::memmem::find(bytes, &spelling);
            assert_eq!(found, None, "needle {number} is in {place}");
        }
    }
}

#[test]
fn no_text_name_or_key_is_on_a_line_at_the_relay_or_on_a_disk() {
    let (story, needles) = canaries(8);
    assert!(story.tapped().len() > 50_000);
    search("what was said", story.tapped(), &needles);
    for mailbox in story.relay_disk.mailboxes() {
        for envelope in story.listed(&mailbox) {
            search("what the relay keeps", &envelope, &needles);
        }
    }
    for home in [ADA, BO] {
        let rows = story.sealed_rows(home);
        assert!(rows.len() > 50);
        for row in rows {
            search("what a device keeps", &row, &needles);
        }
    }
    // The search finds what is there.
    let opened = story.listed(&story.shared_mailbox());
    let keys = story.shared_keys(ADA);
    let found = opened
        .iter()
        .any(|bytes| memchr::memmem::find(&plain(&keys, bytes), b"canaryfield").is_some());
    assert!(found);
}

#[test]
fn no_text_name_or_key_is_in_what_debug_prints() {
    let (mut story, needles) = canaries(9);
    let mut printed = String::new();
    let mut print = |what: &dyn std::fmt::Debug| {
        printed.push_str(&format!("{what:?} {what:#?}\n"));
    };
    for home in [ADA, BO] {
        for event in story.events(home) {
            print(&event);
        }
        print(&story.device(home));
        let me = story.device_record(home);
        for space in [me.private, me.shared.expect("paired")] {
            let epoch: EpochSecretRecord = story.epoch(home, &space);
            let id = sidelight_format::EpochId::of(&space, &epoch.secret);
            print(&epoch);
            print(&story.record::<OwnAuthorRecord>(home, Key::Name(&id.0)));
            print(&story.record::<SpaceRecord>(home, Key::Name(&space.0)));
        }
        for (person, _) in sidelight::device::view::names(story.device(home).store()).expect("ok") {
            print(&story.record::<PersonRecord>(home, Key::Name(&person.0)));
        }
        for entry in story.entries(home).keys() {
            print(&story.record::<EntryRecord>(home, Key::Name(&entry.0)));
            print(&story.record::<RenderedRecord>(home, Key::Name(&entry.0)));
        }
        print(&me);
        print(&me.keys);
        print(&me.recovery);
        for (id, authored) in story.authored(home) {
            print(&authored);
            print(
                &story
                    .record::<EnvelopeRecord>(home, Key::Name(&id.0))
                    .map(|r| r.verdict),
            );
        }
        print(&story.shared_keys(home));
        let wrong = story.command(home, |device, outside| {
            device.edit(&EntryId([0; 32]), None, &splice(0, 0, CANARY), outside)
        });
        print(&wrong);
        let wrong = story.command(home, |device, outside| {
            device.write(&[draft(&CANARY.repeat(20_000))], outside)
        });
        print(&wrong);
    }
    assert!(printed.len() > 5_000);
    search("what Debug prints", printed.as_bytes(), &needles);
}

#[test]
fn what_holds_words_or_names_for_showing_prints_none_of_them() {
    let (mut story, needles) = canaries(10);
    let mut printed = String::new();
    for home in [ADA, BO] {
        for entry in story.entries(home).values() {
            printed.push_str(&format!("{entry:?} {:?}", entry.rendered));
        }
        printed.push_str(&format!("{:?}", story.status(home)));
        printed.push_str(&format!("{:?}", story.pairing(home)));
    }
    printed.push_str(&format!("{:?}", draft(CANARY)));
    printed.push_str(&format!("{:?}", splice(0, 0, CANARY)));
    let cy = Story::new(11, &["Cy CANARYNAME"]).invite(ADA);
    printed.push_str(&format!("{cy:?} {:?}", cy.invitation()));
    search("what Debug prints", printed.as_bytes(), &needles);
    story.settle();
}
