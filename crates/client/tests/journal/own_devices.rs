//! What one said on one of one's own devices, on the others.

use std::time::Duration;

use sidelight::kinds::words::{Weekday, Word};
use sidelight::kinds::{Quiet, Rhythm, Said, TimeOfDay};
use sidelight::{Draft, ErrorKind, FieldEdit, Journal, Promotion};

use crate::locking::linked;
use crate::support::{couple, relay, sync, texts};

async fn meet(journals: &[&Journal]) {
    for journal in journals.iter().chain(journals) {
        sync(journal).await;
    }
}

/// Pauses and quiet times are entries. Whether a device may draw attention, and whether it shows
/// other years, each device is asked: it may lie where others see it.
#[tokio::test]
async fn pauses_and_quiet_times_are_kept_on_every_device_and_each_is_asked_what_it_may_show() {
    let relay = relay().await;
    let (ada, _bo) = couple(&relay).await;
    let tablet = linked(&ada, &ada.journal).await;
    let (phone, tablet) = (&ada.journal, &tablet.journal);
    let noon = TimeOfDay::new(12 * 60).unwrap();
    let walk = Rhythm::to(Said::new("a walk").unwrap()).at(noon);
    let days = Weekday::NAMES
        .iter()
        .filter_map(|name| Weekday::named(name));
    let walk = Draft::of(&days.fold(walk, Rhythm::on));
    phone.write(walk).await.unwrap();
    let always = Quiet::new(0, 0).unwrap();
    let rest = Rhythm::to(Said::new("rest").unwrap()).quiet(always);
    let rest = phone.write(Draft::of(&rest)).await.unwrap();
    for journal in [phone, tablet] {
        journal.want_notices(true).await.unwrap();
    }
    phone.want_on_this_day(true).await.unwrap();
    phone.pause_rhythms(true).await.unwrap();
    meet(&[phone, tablet]).await;
    let told = tablet.notices().await.unwrap();
    assert!(!told.now && told.reminder_ms.is_none(), "{told:?}");
    assert!(tablet.today().await.unwrap().quiet);
    assert!(tablet.rhythms().await.unwrap().iter().all(|one| one.paused));
    assert!(!tablet.wants_on_this_day().await.unwrap());

    // Two say it at the same time, one to go on and one to pause: the pause stays.
    phone.pause_rhythms(false).await.unwrap();
    meet(&[phone, tablet]).await;
    assert!(tablet.notices().await.unwrap().reminder_ms.is_some());
    tablet.pause_rhythms(true).await.unwrap();
    let over = FieldEdit::Remove {
        name: "quiet".into(),
        member: always.to_string(),
    };
    phone.edit_fields(rest, None, vec![over]).await.unwrap();
    meet(&[phone, tablet]).await;
    for journal in [phone, tablet] {
        let told = journal.notices().await.unwrap();
        assert!(told.now && told.reminder_ms.is_none(), "{told:?}");
    }
    // Not wanted on one, it is still on the other.
    tablet.want_notices(false).await.unwrap();
    meet(&[phone, tablet]).await;
    assert!(phone.notices().await.unwrap().wanted);
    assert!(!tablet.notices().await.unwrap().wanted);
}

/// What is held waits on the device that holds it, where alone it can be released. Whoever has
/// another device at hand erases the private entry there: then there is nothing to be shared.
#[tokio::test]
async fn what_is_held_on_one_device_is_never_shared_once_another_has_erased_it() {
    let relay = relay().await;
    let (ada, bo) = couple(&relay).await;
    let tablet = linked(&ada, &ada.journal).await;
    let (phone, tablet) = (&ada.journal, &tablet.journal);
    let angry = phone.write(Draft::new("said in anger")).await.unwrap();
    let kind = phone.write(Draft::new("said kindly")).await.unwrap();
    let hour = Duration::from_secs(3600);
    for id in [&angry, &kind] {
        phone.hold(Promotion::of(id), hour).await.unwrap();
    }
    meet(&[phone, tablet]).await;
    assert!(tablet.held().await.unwrap().is_empty());
    let error = tablet.release(angry.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    // It says where to look, rather than that all is well.
    let error = tablet.retract(angry.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(
        error.detail().contains("another device of yours"),
        "{error}"
    );

    tablet.erase(vec![angry.clone()]).await.unwrap();
    meet(&[tablet, phone]).await;
    let held = phone.held().await.unwrap();
    assert_eq!(held.len(), 1);
    assert_eq!(held[0].id, kind);
    let error = phone.release(angry).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    // As it is then, with what was changed on the other.
    tablet
        .set_text(kind.clone(), "said kindly, and briefly".to_owned())
        .await
        .unwrap();
    meet(&[tablet, phone]).await;
    phone.release(kind).await.unwrap();
    meet(&[phone, &bo.journal]).await;
    assert_eq!(texts(&bo.journal).await, ["said kindly, and briefly"]);
}
