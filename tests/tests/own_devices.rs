//! Several devices of one person: what the private space tells them of the shared one.

use sidelight_tests::story::{ADA, BO, CY, Story, draft, shared};

/// Ada's home was copied before she paired; the copy hears of everything through her private
/// space alone.
#[test]
fn another_own_device_finds_the_shared_space_by_the_private_one() {
    let mut story = Story::new(1, &["Ada", "Bo"]);
    let copy = story.clone_home(ADA);
    assert_eq!(copy, CY);
    story.go_offline(copy);
    story.pair();
    let hers = story.write(ADA, shared("the tea you made"));
    let his = story.write(BO, shared("the walk"));
    story.settle();
    story.go_online(copy);
    story.settle();
    assert_eq!(story.status(copy).shared, story.status(ADA).shared);
    assert_eq!(story.status(copy).partner, story.status(ADA).partner);
    for entry in [hers, his] {
        assert_eq!(story.text(copy, &entry), story.text(ADA, &entry));
    }
    // It goes on there, and the partner sees one person.
    let third = story.write(copy, shared("from the other one"));
    story.settle();
    assert!(story.text(BO, &third).is_some());
    let view = story.entries(BO);
    assert_eq!(view[&third].preimage.owner, view[&hers].preimage.owner);
}

#[test]
fn new_keys_reach_another_own_device_with_the_epochs_they_open() {
    let mut story = Story::of_a_couple(2);
    let copy = story.clone_home(ADA);
    for turn in 0..3 {
        story
            .command(ADA, sidelight::device::Device::rotate)
            .expect("nothing is in doubt");
        let private = story.write(ADA, draft(&format!("private {turn}")));
        let ours = story.write(ADA, shared(&format!("shared {turn}")));
        story.settle();
        for entry in [private, ours] {
            assert_eq!(story.text(copy, &entry), story.text(ADA, &entry));
        }
        let his = story.write(BO, shared(&format!("his {turn}")));
        let its = story.write(copy, shared(&format!("the copy's {turn}")));
        story.settle();
        for home in [ADA, BO, copy] {
            assert!(story.text(home, &his).is_some() && story.text(home, &its).is_some());
        }
    }
    let person = |home| story.device_record(home).keys.len();
    assert_eq!(person(copy), person(ADA));
}

#[test]
fn who_leaves_on_one_device_has_left_on_all() {
    let mut story = Story::of_a_couple(3);
    let copy = story.clone_home(ADA);
    story.settle();
    story.go_offline(copy);
    let unsent = story.write(copy, shared("too late"));
    story
        .command(ADA, |ada, outside| ada.leave(true, outside))
        .expect("there is something to leave");
    story.settle();
    // Its own, private, side is heard first; what it had not sent stays with it.
    story.go_online(copy);
    let private = story.write(copy, draft("for myself"));
    story.settle();
    assert_eq!(story.status(copy).shared, None);
    assert!(story.text(copy, &unsent).is_some());
    assert!(story.text(ADA, &private).is_some());
    let after = story.command(copy, |device, outside| {
        device.write(&[shared("more")], outside)
    });
    assert_eq!(
        after.map_err(|error| error.kind()),
        Err(sidelight::ErrorKind::NotPaired)
    );
}
