//! Volumes: a device that starts empty starts from few envelopes, and believes no more than was
//! signed.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::rc::Rc;

use sidelight_crypto::DeviceSigningKey;
use sidelight_format::record::{Fact, VolumesRecord};
use sidelight_format::{
    Body, Bytes, Class, Contents, EntryId, EraseToken, Frame, Item, Mode, Volume, VolumeDirectory,
    VolumeItem, VolumePart, VolumePartHeader, decode, envelope_id, limits, volume_part_hash,
};
use sidelight_store::Key;
use sidelight_sync::volumes::{self, Packed};
use sidelight_tests::sim::Chance;
use sidelight_tests::story::{ADA, BO, Hand, Story, shared, together};

/// How many whole envelopes one home is given, and their bytes.
type Fetched = Rc<RefCell<(usize, usize)>>;

/// Counts what the relay gives to `home` from now on.
fn count(story: &mut Story, home: usize) -> Fetched {
    let fetched = Fetched::default();
    let counts = fetched.clone();
    story.liar = Some(Box::new(move |whose, _, frame| {
        if let Frame::Items { items, .. } = &frame
            && whose == home
        {
            for item in items {
                if let Contents::Whole(bytes) = &item.contents {
                    let mut counts = counts.borrow_mut();
                    *counts = (counts.0 + 1, counts.1 + bytes.len());
                }
            }
        }
        vec![frame]
    }));
    fetched
}

#[test]
fn a_linked_device_starts_from_few_envelopes() {
    let mut story = Story::with_journal(1, 1200);
    let mut without = story.fork();
    let tablet = 2;
    let many = count(&mut without, tablet);
    assert_eq!(without.link_device(ADA, "tablet"), tablet);

    let few = count(&mut story, tablet);
    assert_eq!(story.link_packed(ADA), tablet);
    let ((many, many_bytes), (few, few_bytes)) = (*many.borrow(), *few.borrow());
    println!(
        "envelopes fetched: {few} with volumes, {many} without ({:.3}); bytes: {few_bytes}, \
         {many_bytes} ({:.3})",
        few as f64 / many as f64,
        few_bytes as f64 / many_bytes as f64
    );
    assert!(many > 1200, "{many}");
    assert!(few * 10 < many, "{few} of {many}");
    assert!(
        few_bytes * 10 < many_bytes * 6,
        "{few_bytes} of {many_bytes}"
    );
    story.liar = None;
    story.assert_same(ADA, tablet);
    assert_eq!(story.entries(tablet).len(), story.entries(ADA).len());

    // Marked one by one until they are looked at, then no more.
    let marked = |story: &Story| {
        let entries = story.entries(tablet).into_values();
        entries.filter(|entry| entry.unproved).count() as u64
    };
    assert!(story.volumes(tablet).unproved > 1000);
    assert_eq!(marked(&story), story.volumes(tablet).unproved);
    story.check_volumes(tablet);
    assert_eq!((marked(&story), story.volumes(tablet).unproved), (0, 0));
    assert!(story.volumes(tablet).taking.is_none());
    let linked = Fact::Linked {
        device: story.own_id(tablet),
    };
    assert_eq!(story.facts(tablet), []);
    assert_eq!(story.facts(ADA), [linked]);

    // It goes on as any other.
    let new = story.write(tablet, shared("from the tablet"));
    let hers = story.write(BO, together("and his"));
    story.settle();
    story
        .edit(tablet, &hers, (0, 0, "here "))
        .expect("kept together");
    story.settle();
    story.assert_same(ADA, tablet);
    story.assert_same(ADA, BO);
    assert!(story.text(BO, &new).is_some());
    story.assert_nothing_repeats();
}

/// The entries of all volumes that a relay has, as the directories of then and now have them.
fn entries_at_relay(story: &Story, home: usize, known: &[Volume]) -> Vec<EntryId> {
    let mut entries = Vec::new();
    for (_, _, part) in story.packed_at_relay(home) {
        let volume = known.iter().find(|volume| volume.name == part.volume);
        let volume = volume.expect("every volume was in a directory");
        let items = volumes::unpack::<VolumeItem>(&volume.entries, &part.contents);
        let items = items.expect("an honest device packed it");
        entries.extend(items.iter().map(|item| item.preimage.id(&volume.space)));
    }
    entries
}

/// A new device that is linked to Ada's, after everything was packed, while the relay says what
/// `liar` makes of what it has.
fn linked_while(story: &mut Story, liar: impl FnMut(&mut Item) + 'static) -> usize {
    let link = story.link(ADA).expect("nothing else is under way");
    story.pack(ADA);
    story.settle();
    let tablet = story.join_own(&link, "tablet").expect("a fresh link");
    let mut liar = liar;
    story.liar = Some(Box::new(move |whose, _, mut frame| {
        if let Frame::Items { items, .. } = &mut frame
            && whose == tablet
        {
            items.iter_mut().for_each(&mut liar);
        }
        vec![frame]
    }));
    story.exchange();
    for side in [ADA, tablet] {
        story.confirm(side, true).expect("there are emoji");
    }
    story.exchange();
    tablet
}

#[test]
fn what_a_relay_withholds_or_spoils_of_volumes_comes_by_envelopes() {
    let withhold = |class: Class| {
        move |item: &mut Item| {
            if item.class == class && matches!(item.contents, Contents::Whole(_)) {
                item.contents = Contents::Dropped;
            }
        }
    };
    let mut flips = 0;
    let flip = move |item: &mut Item| {
        if let (Class::Volume | Class::Proof, Contents::Whole(bytes)) =
            (item.class, &mut item.contents)
        {
            flips += 1;
            let mut flipped = bytes.to_vec();
            let at = 100 + flips * 31 % (flipped.len() - 100);
            flipped[at] ^= 1 << (flips % 8);
            *bytes = flipped.into();
        }
    };
    let base = &mut Story::with_journal(2, 120);
    let mut stories = [base.fork(), base.fork(), base.fork()];
    let tablets = [
        linked_while(&mut stories[0], withhold(Class::Volume)),
        linked_while(&mut stories[1], withhold(Class::Proof)),
        linked_while(&mut stories[2], flip),
    ];
    for (mut story, tablet) in stories.into_iter().zip(tablets) {
        story.assert_whole(ADA, tablet);
        assert_eq!(story.facts(tablet), [], "nobody but the relay has lied");
    }
}

/// Ada's device lies: it packs what nobody wrote. `lie` changes the items of one volume.
fn lied_to(
    seed: u64,
    lie: impl FnOnce(&mut Story, &Volume, &mut Vec<VolumeItem>),
) -> (Story, usize) {
    forged(seed, |story, volume, part, _| {
        let items = volumes::unpack(&volume.entries, &part.contents);
        let mut items = items.expect("it is sound");
        lie(story, volume, &mut items);
        volumes::pack(&items).expect("no more than before")
    })
}

/// Ada's device packs what `forge` makes of one of its volumes and of another one's contents, and
/// another device is filled from that.
fn forged(
    seed: u64,
    forge: impl FnOnce(&mut Story, &Volume, &VolumePart, &VolumePart) -> Packed,
) -> (Story, usize) {
    let mut story = Story::with_journal(seed, 100);
    let link = story.link(ADA).expect("nothing else is under way");
    story.pack(ADA);
    story.settle();
    let shared = story.device_record(ADA).shared.expect("paired");
    let volumes = story.volumes(ADA).packed;
    let me = Some(story.device_record(ADA).person);
    let of = volumes
        .iter()
        .position(|it| it.space == shared && it.lane == me);
    let of = of.expect("her lane is packed");
    let parts = story.packed_at_relay(ADA);
    let is_it = |part: &VolumePart| part.volume == volumes[of].name;
    let part = parts.iter().find(|(_, _, part)| is_it(part));
    let (keys, _, part) = part.expect("the relay has it").clone();
    let other = parts.iter().find(|(_, _, part)| !is_it(part));
    let (_, _, other) = other.expect("there are more lanes");
    let packed = forge(&mut story, &volumes[of], &part, other);
    let body = Body::Volume(Box::new(VolumePart {
        volume: part.volume,
        contents: packed.contents.into(),
    }));
    let mut dice = Chance::new(seed, 9_000_000);
    let sealed = keys.seal(Class::Volume, &body, &EraseToken([1; 32]), dice.rng());
    let sealed = Bytes::from(sealed.expect("it fits"));
    let header = VolumePartHeader {
        envelope: envelope_id(&keys.name(), &sealed),
        hash: packed.hash,
        inflated_len: packed.inflated_len,
        items: packed.items,
    };
    story.post(&keys, [sealed]);
    story.change_store(ADA, |txn| {
        let mut record: VolumesRecord = txn.get(Key::One).expect("a disk").expect("packed");
        record.packed[of].entries = header;
        txn.put(Key::One, &record);
    });
    story.settle();
    let tablet = story.join_own(&link, "tablet").expect("a fresh link");
    story.exchange();
    for side in [ADA, tablet] {
        story.confirm(side, true).expect("there are emoji");
    }
    story.settle();
    (story, tablet)
}

#[test]
fn what_an_own_device_packed_and_nobody_signed_is_found_and_reported() {
    // Other words under a true entry; a change that is not all there; an entry of nobody's; one
    // in another's lane.
    type Lie = fn(&mut Story, &Volume, &mut Vec<VolumeItem>);
    let lies: [Lie; 4] = [
        |_, _, items| items[3].rendered.text = "I never said that".into(),
        |_, _, items| {
            let mut change = items[4].changes[0].to_vec();
            let last = change.len() - 1;
            change[last] ^= 1;
            items[4].changes[0] = change.into();
        },
        |story, volume, items| {
            let mut hand = Hand::of(story, ADA, 77);
            let preimage = hand.preimage(volume.lane.expect("a lane"), Mode::Own);
            let (mut document, change) = hand.first_change(&preimage, "I never said that either");
            items.push(VolumeItem {
                preimage,
                changes: vec![change.into()],
                version: document
                    .version()
                    .heads()
                    .iter()
                    .map(|head| head.0)
                    .collect(),
                rendered: document.render(),
            });
        },
        |story, _, items| items[5].preimage.owner = story.device_record(BO).person,
    ];
    for (n, lie) in lies.into_iter().enumerate() {
        let (mut story, tablet) = lied_to(10 + n as u64, lie);
        story.assert_whole(ADA, tablet);
        let maker = story.own_id(ADA);
        assert_eq!(story.facts(tablet), [Fact::Volume { maker }], "lie {n}");
        let said = story.entries(tablet).into_values();
        let mut said = said.map(|entry| entry.rendered.text);
        assert!(!said.any(|text| text.starts_with("I never")), "lie {n}");
    }
}

#[test]
fn a_volume_that_is_a_bomb_is_cut_short_or_is_another_ones_brings_nothing_and_is_reported() {
    let forge = |contents: Vec<u8>, inflated_len: usize, items: u32| Packed {
        hash: volume_part_hash(&contents),
        inflated_len: u32::try_from(inflated_len).expect("no more than a bomb"),
        items,
        contents,
    };
    let bomb = {
        let level = flate2::Compression::best();
        let mut bomb = flate2::write::DeflateEncoder::new(Vec::new(), level);
        bomb.write_all(&vec![0; 100 << 20]).expect("memory");
        bomb.finish().expect("memory")
    };
    assert!(bomb.len() < 110 * 1024);
    type Forge = Box<dyn Fn(&Volume, &VolumePart, &VolumePart) -> Packed>;
    let (as_it_is, as_allowed) = (bomb.clone(), bomb);
    let forgeries: [Forge; 5] = [
        Box::new(move |_, _, _| forge(as_it_is.clone(), 100 << 20, 3)),
        Box::new(move |_, _, _| forge(as_allowed.clone(), limits::VOLUME_PART_LEN_MAX, 3)),
        Box::new(move |volume, part, _| {
            let (half, len) = (part.contents.len() / 2, volume.entries.inflated_len);
            forge(
                part.contents[..half].to_vec(),
                len as usize,
                volume.entries.items,
            )
        }),
        // Two persons' lanes: what is in the other one is sound, and does not belong here.
        Box::new(move |_, _, other| {
            let mut plain = Vec::new();
            let mut inflate = flate2::read::DeflateDecoder::new(&other.contents[..]);
            inflate.read_to_end(&mut plain).expect("an honest volume");
            let items: Vec<VolumeItem> = decode(&plain).expect("of items");
            volumes::pack(&items).expect("no more than before")
        }),
        // Not the bytes that the directory names.
        Box::new(move |volume, part, _| Packed {
            hash: [7; 32],
            ..forge(
                part.contents.to_vec(),
                volume.entries.inflated_len as usize,
                volume.entries.items,
            )
        }),
    ];
    for (n, forgery) in forgeries.into_iter().enumerate() {
        let forge = |_: &mut Story, volume: &Volume, part: &VolumePart, other: &VolumePart| {
            forgery(volume, part, other)
        };
        let (mut story, tablet) = forged(20 + n as u64, forge);
        story.assert_whole(ADA, tablet);
        let maker = story.own_id(ADA);
        assert_eq!(story.facts(tablet), [Fact::Volume { maker }], "forgery {n}");
    }
}

#[test]
fn an_erased_entry_is_in_no_volume_any_more_and_comes_back_from_none() {
    let mut story = Story::with_journal(3, 120);
    let tablet = story.link_packed(ADA);
    story.check_volumes(tablet);
    let known = story.volumes(ADA).packed;
    let packed = entries_at_relay(&story, ADA, &known);
    let entries = story.entries(ADA);
    let mine = |id: &&EntryId| {
        let preimage = &entries[*id].preimage;
        preimage.owner == story.status(ADA).person && preimage.mode == Mode::Own
    };
    let mine: Vec<EntryId> = packed.iter().filter(mine).copied().collect();
    let (first, second) = (mine[3], mine[mine.len() - 4]);
    // On the device that packed, and on one that did not while the former is away.
    story.erase(ADA, &first).expect("her own");
    story.settle();
    assert!(!entries_at_relay(&story, ADA, &known).contains(&first));
    assert!(entries_at_relay(&story, ADA, &known).contains(&second));
    story.go_offline(ADA);
    story.erase(tablet, &second).expect("her own");
    story.exchange();
    story.exchange();
    assert!(!entries_at_relay(&story, tablet, &known).contains(&second));
    story.go_online(ADA);
    story.settle();
    story.assert_gone(&[ADA, tablet, BO], &first);
    story.assert_gone(&[ADA, tablet, BO], &second);

    // Whoever is linked next, with what is left and with what is packed anew.
    let next = story.link_packed(ADA);
    story.assert_whole(ADA, next);
    story.assert_gone(&[ADA, next], &first);
    story.assert_gone(&[ADA, next], &second);
}

#[test]
fn nothing_is_left_of_what_a_removed_device_has_packed() {
    let mut story = Story::with_journal(4, 100);
    let phone = story.link_device(ADA, "phone");
    story.link(phone).expect("nothing else is under way");
    assert!(story.pack(phone) > 0);
    story.settle();
    assert!(!story.packed_at_relay(ADA).is_empty());
    story.remove(ADA, phone).expect("it is on the list");
    story.settle();
    assert!(story.packed_at_relay(ADA).is_empty());
    let tablet = story.link_packed(ADA);
    story.assert_whole(ADA, tablet);
    assert!(
        !story
            .facts(tablet)
            .iter()
            .any(|fact| matches!(fact, Fact::Volume { .. }))
    );
}

#[test]
fn filling_goes_on_after_it_was_interrupted_anywhere() {
    let mut base = Story::with_journal(5, 160);
    let link = base.link(ADA).expect("nothing else is under way");
    base.pack(ADA);
    base.settle();
    let tablet = base.join_own(&link, "tablet").expect("a fresh link");
    base.exchange();
    for side in [ADA, tablet] {
        base.confirm(side, true).expect("there are emoji");
    }
    let mut chance = Chance::new(5, 1);
    for seed in 0..12 {
        let mut story = base.fork();
        let mut crashes = 0;
        while crashes < 20 && !(crashes > 0 && story.is_in_sync()) {
            crashes += 1;
            story.crash_after = Some(story.outputs + 1 + chance.below(40) as u64);
            story.exchange();
        }
        story.crash_after = None;
        story.exchange();
        story.assert_whole(ADA, tablet);
        let gaps = story.facts(tablet);
        assert!(gaps.is_empty(), "interruption {seed}: {gaps:?}");
        story.assert_nothing_repeats();
    }
}

#[test]
fn a_recovered_device_is_filled_with_what_is_shared_and_proves_it() {
    let mut story = Story::with_journal(6, 700);
    assert!(story.pack(ADA) > 0, "so much is packed without being asked");
    story.settle();
    let words = story.device(ADA).recovery_begin().expect("not checked yet");
    let words = words.expose().collect::<Vec<_>>().join(" ");
    let mut without = story.fork();
    without.go_offline(ADA);
    let blank = 2;
    let (many, few) = (count(&mut without, blank), count(&mut story, blank));
    let mut counts = without.liar.take().expect("it counts");
    without.liar = Some(Box::new(move |whose, mailbox, mut frame| {
        // The relay without a word of volumes.
        if let Frame::Items { items, .. } = &mut frame
            && whose == blank
        {
            let bulk = items.iter_mut().filter(|item| item.class != Class::Live);
            bulk.for_each(|item| item.contents = Contents::Dropped);
        }
        counts(whose, mailbox, frame)
    }));
    for story in [&mut story, &mut without] {
        story.go_offline(ADA);
        assert_eq!(
            story.recover("new phone", &words).expect("her words"),
            blank
        );
        for _ in 0..4 {
            story.exchange();
        }
        story.liar = None;
        story.settle();
        story.check_volumes(blank);
        assert_eq!(story.volumes(blank).unproved, 0);
        assert_eq!(story.entries(blank).len(), story.entries(ADA).len());
        assert!(
            !story
                .facts(blank)
                .iter()
                .any(|fact| matches!(fact, Fact::Volume { .. }))
        );
    }
    let ((many, _), (few, _)) = (*many.borrow(), *few.borrow());
    println!("envelopes fetched: {few} with volumes, {many} without");
    assert!(few * 2 < many, "{few} of {many}");
}

#[test]
fn a_partners_volumes_are_refused_and_a_removed_devices_are_not_believed() {
    let mut story = Story::of_a_couple(7);
    let directory = |story: &Story, by: usize, number: u64| {
        let directory = VolumeDirectory {
            space: story.device_record(ADA).private,
            maker: story.own_id(by),
            number,
            volumes: Vec::new(),
        };
        let key = DeviceSigningKey::from_seed(&story.device_record(by).signing);
        Body::Directory(Box::new(volumes::sign_directory(directory, &key)))
    };
    let part = Body::Volume(Box::new(VolumePart {
        volume: [1; 16],
        contents: volumes::pack::<VolumeItem>(&[])
            .expect("nothing")
            .contents
            .into(),
    }));
    let mut hand = Hand::of(&story, BO, 1);
    let mut refused = Vec::new();
    for body in [directory(&story, BO, 1), part] {
        let sealed = hand.seal_body(&body, &EraseToken([1; 32]));
        let envelope = hand.id(&sealed);
        refused.push(Fact::Refused {
            person: None,
            envelope,
        });
        story.post(&hand.keys.clone(), [sealed]);
    }
    story.settle();
    assert_eq!(story.facts(ADA), refused);
    assert_eq!(story.volumes(ADA), VolumesRecord::default());

    // A device of hers is believed, and no more once she has removed it.
    let phone = story.link_device(ADA, "phone");
    let keys = story.private_keys(phone);
    let mut dice = Chance::new(7, 1);
    let mut say = |story: &mut Story, number: u64| {
        let body = directory(story, phone, number);
        let sealed = keys.seal(Class::Live, &body, &EraseToken([1; 32]), dice.rng());
        story.post(&keys, [Bytes::from(sealed.expect("it fits"))]);
        story.exchange();
    };
    say(&mut story, 1);
    assert_eq!(story.volumes(ADA).others.len(), 1);
    story.remove(ADA, phone).expect("it is on the list");
    story.settle();
    assert!(story.volumes(ADA).others.is_empty());
    say(&mut story, 2);
    assert!(story.volumes(ADA).others.is_empty());
}
