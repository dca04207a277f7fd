//! A device that comes back by the recovery words finds what was packed of the private journal
//! before it fetches what is in it.

use std::cell::Cell;
use std::rc::Rc;

use sidelight::device::Device;
use sidelight_format::record::Fact;
use sidelight_format::{Class, Contents, EntryId, Frame};
use sidelight_tests::sim::Chance;
use sidelight_tests::story::{ADA, Story, draft};

const BLANK: usize = 2;

/// A person's private journal, over some epochs, packed once; `later` entries came after that.
fn private_journal(seed: u64, entries: usize, later: usize) -> (Story, String) {
    let mut story = Story::of_a_couple(seed);
    let words = story.device(ADA).recovery_begin().expect("not checked yet");
    let words = words.expose().collect::<Vec<_>>().join(" ");
    for n in 0..entries + later {
        story.write(
            ADA,
            draft(&format!("night {n}: slept {} minutes", n * 7919)),
        );
        if n % 300 == 150 {
            story.settle();
            story.command(ADA, Device::rotate).expect("certain");
        }
        if n + 1 == entries {
            story.settle();
            assert!(story.pack(ADA) > 0);
            story.settle();
        }
    }
    story.settle();
    (story, words)
}

/// Counts the whole live envelopes that the blank device is given from now on; `spoil` may change
/// what it is given.
fn count(story: &mut Story, mut spoil: impl FnMut(&mut Frame) + 'static) -> Rc<Cell<usize>> {
    let fetched = Rc::new(Cell::new(0));
    let counts = fetched.clone();
    story.liar = Some(Box::new(move |whose, _, mut frame| {
        if whose == BLANK {
            spoil(&mut frame);
            if let Frame::Items { items, .. } = &frame {
                let whole = items.iter().filter(|item| {
                    item.class == Class::Live && matches!(item.contents, Contents::Whole(_))
                });
                counts.set(counts.get() + whole.count());
            }
        }
        vec![frame]
    }));
    fetched
}

fn recover(story: &mut Story, words: &str) {
    story.go_offline(ADA);
    assert_eq!(story.recover("new phone", words).expect("her words"), BLANK);
    story.exchange();
}

fn assert_all_is_here(story: &mut Story) {
    story.liar = None;
    story.settle();
    story.check_volumes(BLANK);
    assert_eq!(story.volumes(BLANK).unproved, 0);
    let texts = |story: &Story, home: usize| -> Vec<(EntryId, String)> {
        let entries = story.entries(home).into_iter();
        entries.map(|(id, view)| (id, view.rendered.text)).collect()
    };
    assert_eq!(texts(story, BLANK), texts(story, ADA));
    let facts = story.facts(BLANK);
    let lies = facts.iter().any(|it| matches!(it, Fact::Volume { .. }));
    assert!(!lies, "{facts:?}");
    story.assert_nothing_repeats();
}

#[test]
fn a_recovered_device_starts_from_few_private_envelopes() {
    let (mut story, words) = private_journal(1, 900, 40);
    let fetched = count(&mut story, |_| {});
    recover(&mut story, &words);
    assert_all_is_here(&mut story);
    println!("{} envelopes for 940 entries", fetched.get());
    assert!(fetched.get() * 3 < 940, "{} envelopes", fetched.get());
}

#[test]
fn it_finds_them_when_an_epoch_has_begun_since_and_when_much_was_written() {
    for (seed, later, rotate) in [(2, 0, true), (3, 290, false)] {
        let (mut story, words) = private_journal(seed, 700, later);
        if rotate {
            story.command(ADA, Device::rotate).expect("certain");
            story.settle();
        }
        let fetched = count(&mut story, |_| {});
        recover(&mut story, &words);
        assert_all_is_here(&mut story);
        let fetched = fetched.get();
        println!("{fetched} envelopes for {} entries", 700 + later);
        assert!(fetched < 700 + later, "seed {seed}: {fetched} envelopes");
    }
}

#[test]
fn a_relay_that_withholds_volumes_holds_nothing_up_and_what_was_looked_at_comes_in_its_turn() {
    let (mut story, words) = private_journal(4, 650, 20);
    let fetched = count(&mut story, |frame| {
        if let Frame::Items { items, .. } = frame {
            let bulk = items.iter_mut().filter(|item| {
                item.class != Class::Live && matches!(item.contents, Contents::Whole(_))
            });
            bulk.for_each(|item| item.contents = Contents::Skipped);
        }
    });
    recover(&mut story, &words);
    assert_all_is_here(&mut story);
    assert!(fetched.get() >= 670, "{} envelopes", fetched.get());
}

#[test]
fn it_goes_on_wherever_it_was_interrupted() {
    let (mut base, words) = private_journal(5, 640, 10);
    base.go_offline(ADA);
    let blank = base.recover("new phone", &words).expect("her words");
    assert_eq!(blank, BLANK);
    let mut chance = Chance::new(5, 2);
    for _ in 0..10 {
        let mut story = base.fork();
        let mut crashes = 0;
        while crashes < 20 && !(crashes > 0 && story.is_in_sync()) {
            crashes += 1;
            story.crash_after = Some(story.outputs + 1 + chance.below(60) as u64);
            story.exchange();
        }
        story.crash_after = None;
        story.exchange();
        assert_all_is_here(&mut story);
    }
}
