//! Leaving, and that nobody has more say than the other.

use sidelight::device::Device;
use sidelight::{Error, ErrorKind};
use sidelight_format::{Body, EntryId, RelayAddress, RelayKey};
use sidelight_sync::Outside;
use sidelight_tests::story::{ADA, BO, CY, Story, draft, shared, splice, together};

#[test]
fn leaving_takes_effect_with_every_word_of_relay_and_partner_dropped() {
    for quietly in [false, true] {
        let mut story = Story::new(5, &["Ada", "Bo", "Cy"]);
        story.pair();
        let his = story.write(BO, shared("his"));
        let hers = story.write(ADA, shared("hers"));
        story.settle();
        // From now on nothing reaches her, and then nothing is even connected.
        story.liar = Some(Box::new(
            |home, _, frame| {
                if home == ADA { Vec::new() } else { vec![frame] }
            },
        ));
        story.restart(ADA);
        story.write(BO, shared("stay"));
        story.exchange();
        story.go_offline(ADA);
        story
            .command(ADA, |device, outside| device.leave(quietly, outside))
            .expect("it needs nobody");
        assert_eq!(story.status(ADA).shared, None, "at once");
        story.restart(ADA);
        assert_eq!(story.status(ADA).shared, None, "and for good");
        for entry in [&his, &hers] {
            assert!(story.text(ADA, entry).is_some(), "both keep what they had");
        }
        let kept = story.command(ADA, |d, o| d.write(&[shared("to nobody")], o).map(|_| ()));
        assert_eq!(kept.map_err(|e| e.kind()), Err(ErrorKind::NotPaired));
        let alone = story.write(ADA, draft("her own again"));
        story.command(ADA, Device::rotate).expect("her own keys");

        // Whatever he then sends, and however he renews his keys, brings her nothing.
        let from = story.puts().len();
        story.command(BO, Device::rotate).expect("his own");
        let begging = story.write(BO, shared("come back"));
        story.liar = None;
        story.go_online(ADA);
        story.exchange();
        assert_eq!(story.text(ADA, &begging), None);
        assert_eq!(story.status(ADA).shared, None);
        assert_eq!(story.text(BO, &alone), None);
        // Nothing that leaves her afterwards is sealed for the shared space but the farewell.
        let spaces = story.epochs(ADA);
        let former = story.device_record(ADA).former;
        let later = story.puts()[from..]
            .iter()
            .filter(|(home, mailbox, bytes)| {
                let of = spaces.iter().find(|(_, _, keys)| keys.name() == *mailbox);
                *home == ADA
                    && of.is_some_and(|(space, _, keys)| {
                        let body = keys.open(bytes).map(|(_, body)| body);
                        former.contains(space) && !matches!(body, Ok(Body::Epoch(_)))
                    })
            });
        assert!(later.count() <= usize::from(!quietly));
        // And she can pair with somebody else.
        let link = story.invite(ADA);
        story.join(CY, &link).expect("a fresh invitation");
        story.exchange();
        for home in [ADA, CY] {
            story.confirm(home, true).expect("there are emoji");
        }
        story.exchange();
        assert!(story.status(CY).shared.is_some());
        assert_eq!(
            story.entries(CY).len(),
            0,
            "nothing of before is shared by it"
        );
    }
}

type Act = fn(&mut Device, &mut Outside<'_>, &[EntryId; 3]) -> Result<(), Error>;

/// Everything that concerns the other: with one's own entry, the other's, and one of both.
const ACTS: &[(&str, Act)] = &[
    ("write", |d, o, _| d.write(&[shared("more")], o).map(|_| ())),
    ("write together", |d, o, _| {
        d.write(&[together("more")], o).map(|_| ())
    }),
    ("edit one's own", |d, o, [own, ..]| {
        d.edit(own, None, &splice(0, 0, "x"), o).map(|_| ())
    }),
    ("edit the other's", |d, o, [_, other, _]| {
        d.edit(other, None, &splice(0, 0, "x"), o).map(|_| ())
    }),
    ("edit what both keep", |d, o, [.., both]| {
        d.edit(both, None, &splice(0, 0, "x"), o).map(|_| ())
    }),
    ("erase one's own", |d, o, [own, ..]| {
        d.erase(&[*own], o).map(|_| ())
    }),
    ("erase the other's", |d, o, [_, other, _]| {
        d.erase(&[*other], o).map(|_| ())
    }),
    ("erase what both keep", |d, o, [.., both]| {
        d.erase(&[*both], o).map(|_| ())
    }),
    ("rotate", |d, o, _| d.rotate(o)),
    ("invite", |d, o, _| d.invite(60, o).map(|_| ())),
    ("compare again", |d, o, _| d.invite_again(60, o).map(|_| ())),
    ("link", |d, o, _| d.link(60, o).map(|_| ())),
    ("move", |d, o, _| {
        let relay =
            RelayAddress::new("elsewhere.test:4433", RelayKey([8; 32])).expect("an address");
        d.move_to(&relay, Default::default(), false, o)
    }),
    ("leave", |d, o, _| d.leave(false, o)),
    ("leave quietly", |d, o, _| d.leave(true, o)),
    ("begin anew", |d, o, _| d.refound(o).map(|_| ())),
];

#[test]
fn who_invited_and_who_joined_may_do_the_same() {
    let mut story = Story::of_a_couple(6);
    let both = story.write(ADA, together("both"));
    let own = [ADA, BO].map(|home| story.write(home, shared("own")));
    story.settle();
    let (mut done, mut refused) = (0, 0);
    for (name, act) in ACTS {
        let results = [ADA, BO].map(|home| {
            let mut fork = story.fork();
            let entries = [own[home], own[1 - home], both];
            let result = fork.command(home, |device, outside| act(device, outside, &entries));
            result.map_err(|error| (error.kind(), error.detail().to_owned()))
        });
        assert_eq!(results[0], results[1], "{name}");
        match &results[0] {
            Ok(()) => done += 1,
            Err(_) => refused += 1,
        }
    }
    assert!(done >= 12 && refused >= 3, "{done} and {refused}");
}
