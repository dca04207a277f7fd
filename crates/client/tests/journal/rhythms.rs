//! Rhythms, quiet times, and when an app may draw attention.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use sidelight::kinds::words::{Weekday, Word};
use sidelight::kinds::{Quiet, Rhythm, Said, TimeOfDay};
use sidelight::{Draft, FieldEdit, Journal, MemoryKeyStore, Notices};
use sidelight_store::MemoryDisk;

use crate::support::{couple, entries, person, relay, sync};

/// Ten in the morning of a Saturday, UTC.
const SATURDAY: i64 = 1_785_578_400;

/// Every day at noon.
fn daily(intention: &str) -> Rhythm {
    let noon = TimeOfDay::new(12 * 60).unwrap();
    let rhythm = Rhythm::to(Said::new(intention).unwrap()).at(noon);
    let days = Weekday::NAMES
        .iter()
        .filter_map(|name| Weekday::named(name));
    days.fold(rhythm, Rhythm::on)
}

fn always() -> Quiet {
    Quiet::new(0, 0).unwrap()
}

async fn notices(journal: &Journal) -> Notices {
    journal.notices().await.unwrap()
}

struct Alone {
    clock: Arc<AtomicI64>,
    disk: MemoryDisk,
    keys: Arc<MemoryKeyStore>,
}

impl Alone {
    fn new() -> Self {
        Self {
            clock: Arc::new(AtomicI64::new(SATURDAY)),
            disk: MemoryDisk::new(),
            keys: Arc::new(MemoryKeyStore::new()),
        }
    }

    async fn open(&self, begin: bool) -> Journal {
        let who = begin.then(|| person("Ada", None));
        let clock = Some(self.clock.clone());
        let opened = Journal::in_memory(&self.disk, self.keys.clone(), who, clock);
        opened.await.unwrap()
    }
}

#[tokio::test]
async fn nothing_disturbs_before_it_is_wanted_and_never_in_a_quiet_time() {
    let alone = Alone::new();
    let journal = alone.open(true).await;
    journal.write(Draft::of(&daily("a walk"))).await.unwrap();
    assert_eq!(
        notices(&journal).await,
        Notices::default(),
        "off until wanted"
    );
    journal.want_notices(true).await.unwrap();
    let free = notices(&journal).await;
    assert!(free.wanted && free.now);
    assert_eq!(free.next_ms, Some(SATURDAY * 1000));
    assert!(free.reminder_ms.is_some_and(|at| at > SATURDAY * 1000));

    let quiet = Rhythm::to(Said::new("rest").unwrap()).quiet(always());
    let quiet = journal.write(Draft::of(&quiet)).await.unwrap();
    let silent = notices(&journal).await;
    assert!(silent.wanted && !silent.now && silent.next_ms.is_none());
    assert_eq!(
        silent.reminder_ms, free.reminder_ms,
        "they set that themselves"
    );
    // What one chose is chosen after a restart, too; on a clock that shows no day it is quiet.
    journal.shutdown().await;
    let journal = alone.open(false).await;
    assert_eq!(notices(&journal).await, silent);
    let over = FieldEdit::Remove {
        name: "quiet".into(),
        member: always().to_string(),
    };
    journal.edit_fields(quiet, None, vec![over]).await.unwrap();
    assert_eq!(notices(&journal).await, free);
    alone.clock.store(i64::MAX, Ordering::Relaxed);
    let wrong = notices(&journal).await;
    assert!(!wrong.now && wrong.next_ms.is_none() && wrong.reminder_ms.is_none());
    alone.clock.store(SATURDAY, Ordering::Relaxed);
    journal.want_notices(false).await.unwrap();
    assert_eq!(notices(&journal).await, Notices::default());
}

#[tokio::test]
async fn a_pause_is_one_call_and_absence_is_written_nowhere() {
    let alone = Alone::new();
    let journal = alone.open(true).await;
    journal.want_notices(true).await.unwrap();
    for intention in ["a walk", "one line"] {
        journal.write(Draft::of(&daily(intention))).await.unwrap();
    }
    journal.pause_rhythms(true).await.unwrap();
    assert_eq!(notices(&journal).await.reminder_ms, None);
    let paused = journal.rhythms().await.unwrap();
    assert!(paused.len() == 2 && paused.iter().all(|rhythm| rhythm.paused && !rhythm.today));
    journal.pause_rhythms(false).await.unwrap();
    assert!(notices(&journal).await.reminder_ms.is_some());

    // Nothing is done for a month, and somebody looks now and then: nothing is written of it.
    let before = entries(&journal).await;
    let waiting = journal.status().await.unwrap().outbox_len;
    for day in 1..=30 {
        alone
            .clock
            .store(SATURDAY + day * 86_400, Ordering::Relaxed);
        journal.today().await.unwrap();
        let rhythms = journal.rhythms().await.unwrap();
        assert!(rhythms.len() == 2 && rhythms.iter().all(|rhythm| rhythm.today));
        assert!(notices(&journal).await.now);
    }
    assert_eq!(entries(&journal).await, before);
    assert_eq!(journal.status().await.unwrap().outbox_len, waiting);
}

#[tokio::test]
async fn the_partner_sees_what_was_shared_of_a_rhythm_and_holds_back_what_both_share() {
    let relay = relay().await;
    let (ada, bo) = couple(&relay).await;
    let (ada, bo) = (&ada.journal, &bo.journal);
    ada.want_notices(true).await.unwrap();
    ada.write(Draft::of(&daily("for myself"))).await.unwrap();
    let own = notices(ada).await.reminder_ms;
    assert!(own.is_some());
    sync(ada).await;
    sync(bo).await;
    assert!(
        bo.rhythms().await.unwrap().is_empty(),
        "it is nobody else's"
    );

    let walk = ada.write(Draft::of(&daily("our walk"))).await.unwrap();
    ada.share(vec![walk]).await.unwrap();
    sync(ada).await;
    sync(bo).await;
    let seen = bo.rhythms().await.unwrap();
    assert_eq!(seen.len(), 1);
    assert!(!seen[0].mine && seen[0].shared && seen[0].intention == "our walk");
    // It reminds whose it is, and not the other.
    bo.want_notices(true).await.unwrap();
    assert_eq!(notices(bo).await.reminder_ms, None);

    // What is private of Ada's is paused, so that only the walk is left.
    let alone = ada.rhythms().await.unwrap();
    for rhythm in alone.iter().filter(|rhythm| !rhythm.shared) {
        let paused = sidelight::Field {
            name: "paused".into(),
            value: sidelight::FieldValue::Flag(true),
        };
        let edits = vec![FieldEdit::Set(paused)];
        ada.edit_fields(rhythm.id.clone(), None, edits)
            .await
            .unwrap();
    }
    assert!(notices(ada).await.reminder_ms.is_some());
    let quiet = Rhythm::to(Said::new("rest").unwrap()).quiet(always());
    let quiet = Draft {
        shared: true,
        ..Draft::of(&quiet)
    };
    bo.write(quiet).await.unwrap();
    sync(bo).await;
    sync(ada).await;
    let held = notices(ada).await;
    assert_eq!(held.reminder_ms, None);
    assert!(
        held.now,
        "what comes is told all the same: their quiet times are theirs"
    );
}
