//! Devices of one person that went on without hearing of each other, and meet again.

use sidelight::ErrorKind;
use sidelight::device::Device;
use sidelight_format::record::Fact;
use sidelight_tests::story::{ADA, BO, Story, shared};

fn assert_all_hear_each_other(story: &mut Story, homes: &[usize]) {
    for home in homes {
        let entry = story.write(*home, shared("after all met"));
        story.settle();
        for other in homes {
            assert!(story.text(*other, &entry).is_some(), "{other} hears {home}");
        }
    }
}

#[test]
fn a_device_that_is_linked_while_another_one_rotates_follows_both() {
    let mut story = Story::of_a_couple(1);
    let phone = story.link_device(ADA, "phone");
    story.go_offline(ADA);
    story.command(ADA, Device::rotate).expect("certain");
    let tablet = story.link_device(phone, "tablet");
    story.go_online(ADA);
    story.settle();
    assert_all_hear_each_other(&mut story, &[ADA, phone, tablet, BO]);
    for home in [phone, tablet, BO] {
        story.assert_same(ADA, home);
    }
}

#[test]
fn a_device_that_is_linked_while_another_one_is_removed_follows_and_the_removed_one_does_not() {
    let mut story = Story::of_a_couple(2);
    let phone = story.link_device(ADA, "phone");
    let old = story.link_device(ADA, "old phone");
    story.go_offline(ADA);
    story.remove(ADA, old).expect("hers");
    let tablet = story.link_device(phone, "tablet");
    story.go_online(ADA);
    story.settle();
    assert_all_hear_each_other(&mut story, &[ADA, phone, tablet, BO]);
    let after = story.write(tablet, shared("not for the old one"));
    story.settle();
    assert_eq!(story.text(old, &after), None);
}

#[test]
fn a_fork_of_a_persons_keys_is_a_fork_after_a_restart_too() {
    let mut story = Story::of_a_couple(3);
    let thief = story.clone_home(ADA);
    for home in [ADA, thief] {
        story.go_offline(home);
        story.command(home, Device::rotate).expect("certain");
    }
    for home in [ADA, thief] {
        story.go_online(home);
        story.settle();
    }
    let told = |fact: &Fact| matches!(fact, Fact::PersonFork { .. });
    assert!(story.facts(BO).iter().any(told));
    for _ in 0..2 {
        let refused = story.command(BO, |device, outside| {
            device.write(&[shared("to whom?")], outside)
        });
        assert_eq!(
            refused.map(|_| ()).map_err(|error| error.kind()),
            Err(ErrorKind::Invalid)
        );
        story.restart(BO);
        story.settle();
    }
}

#[test]
fn a_partner_comes_back_after_a_year_and_many_new_keys() {
    let mut story = Story::of_a_couple(4);
    for home in [ADA, BO] {
        story.write(home, shared("before"));
        story.settle();
    }
    story.go_offline(BO);
    let his = story.write(BO, shared("written in the mountains"));
    let mut hers = Vec::new();
    for _ in 0..12 {
        story.command(ADA, Device::rotate).expect("certain");
        hers.push(story.write(ADA, shared("at home")));
        story.settle();
    }
    story.go_online(BO);
    story.settle();
    for entry in &hers {
        assert!(story.text(BO, entry).is_some(), "he is led over");
    }
    assert_all_hear_each_other(&mut story, &[ADA, BO]);
    assert!(story.text(ADA, &his).is_some(), "nothing honest is lost");
}
