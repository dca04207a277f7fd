//! A further secret for private entries: what it keeps from whom, and what goes on without it.

use std::time::Duration;

use sidelight::{
    Draft, ErrorKind, ExportFormat, ExportOptions, ExportScope, Journal, KeyStore, PrivateLock,
    Reader, SearchRequest, Space,
};
use sidelight_crypto::MailboxKeys;
use sidelight_format::record::{
    DeviceRecord, EnvelopeRecord, EpochSecretRecord, Record, SpaceRecord, Table,
};
use sidelight_format::{Body, EpochId, Secret};
use sidelight_store::{Access, Key, Store, StoreError, Txn};

use crate::support::*;

const SECRET: &str = "five random words of hers";
const CANARY: &str = "CANARYTEXT";

async fn check_words(journal: &Journal) {
    let words = journal.recovery_begin().await.unwrap().words.join(" ");
    journal.recovery_check(words).await.unwrap();
}

async fn begin_secret(journal: &Journal) {
    check_words(journal).await;
    let begun = journal.begin_private_secret(SECRET.to_owned()).await;
    begun.unwrap();
}

async fn unlock(journal: &Journal) {
    journal.unlock_private(SECRET.to_owned()).await.unwrap();
}

async fn lock_of(journal: &Journal) -> PrivateLock {
    journal.status().await.unwrap().private_lock
}

fn looking_for(words: &str) -> SearchRequest {
    SearchRequest {
        words: words.to_owned(),
        limit: 100,
        ..SearchRequest::default()
    }
}

async fn found(journal: &Journal, words: &str) -> Vec<String> {
    let page = journal.search(looking_for(words)).await.unwrap();
    let mut found: Vec<_> = page.entries.into_iter().map(|entry| entry.text).collect();
    found.sort();
    found
}

/// Every row that the storage key alone opens, as it was before it was sealed.
fn rows(home: &Home) -> Vec<(Table, Vec<u8>)> {
    let key = home.keys.load().unwrap().unwrap();
    let store = store_at(home, &key, Access::Read);
    let of = |table: &Table| {
        let rows = store.all(*table).unwrap();
        rows.into_iter()
            .map(|row| (*table, row))
            .collect::<Vec<_>>()
    };
    Table::ALL.iter().flat_map(of).collect()
}

fn hold(rows: &[(Table, Vec<u8>)], what: &[u8]) -> Vec<Table> {
    let has = |row: &&(Table, Vec<u8>)| row.1.windows(what.len()).any(|part| part == what);
    rows.iter().filter(has).map(|row| row.0).collect()
}

fn decoded<R: Record>(rows: &[(Table, Vec<u8>)]) -> Vec<R> {
    let of = rows.iter().filter(|row| row.0 == R::TABLE);
    of.filter_map(|row| R::from_record(&row.1).ok()).collect()
}

/// The private texts among what the secrets in `rows` open of the envelopes in `rows`.
fn opened(rows: &[(Table, Vec<u8>)]) -> usize {
    let mailboxes: Vec<MailboxKeys> = decoded::<EpochSecretRecord>(rows)
        .into_iter()
        .map(|kept| {
            let epoch = EpochId::of(&kept.space, &kept.secret);
            MailboxKeys::of_epoch(&kept.space, &epoch, &kept.secret)
        })
        .collect();
    let envelopes = decoded::<EnvelopeRecord>(rows);
    let opens = |kept: &&EnvelopeRecord| {
        let keys = mailboxes.iter().find(|keys| keys.name() == kept.mailbox);
        let body = keys.and_then(|keys| keys.open(&kept.bytes).ok());
        matches!(body, Some((_, Body::Authored(authored)))
        if authored.parts.iter().any(|part| {
            part.windows(CANARY.len()).any(|part| part == CANARY.as_bytes())
        }))
    };
    envelopes.iter().filter(opens).count()
}

#[tokio::test]
async fn who_has_the_storage_key_but_not_the_secret_reads_no_private_entry() {
    let relay = relay().await;
    let (ada, bo) = couple(&relay).await;
    let journal = &ada.journal;
    let mut ids = Vec::new();
    for number in 0..70 {
        let text = format!("{CANARY} {number}, hers alone");
        ids.push(journal.write(Draft::new(text)).await.unwrap());
    }
    let gratitude = Draft {
        kind: "gratitude".to_owned(),
        ..Draft::new(format!("{CANARY}, for what she was thankful"))
    };
    journal.write(gratitude).await.unwrap();
    journal.write(shared("for both")).await.unwrap();
    sync(journal).await;
    sync(&bo.journal).await;
    assert!(journal.prepare_search(PATIENCE).await.unwrap());

    // As it was: whoever has the storage key has everything.
    let before = rows(&ada);
    assert!(!hold(&before, CANARY.as_bytes()).is_empty());
    assert!(!hold(&before, b"gratitude").is_empty());
    assert!(opened(&before) >= 70);
    let me = decoded::<DeviceRecord>(&before).remove(0);
    let epochs = decoded::<EpochSecretRecord>(&before);
    let private = epochs.iter().filter(|kept| kept.space == me.private);
    let mut secrets: Vec<Secret> = private.map(|kept| kept.secret.clone()).collect();
    assert!(!secrets.is_empty());
    secrets.push(me.sealing.clone());
    for secret in &secrets {
        assert!(!hold(&before, secret.expose()).is_empty());
    }

    begin_secret(journal).await;
    assert_eq!(lock_of(journal).await, PrivateLock::Open);
    assert_eq!(entries(journal).await.len(), 72, "still unlocked");
    // What is written from now on, and the index made anew, lie under it as well.
    journal
        .write(Draft::new(format!("{CANARY} afterwards")))
        .await
        .unwrap();
    assert!(journal.prepare_search(PATIENCE).await.unwrap());
    assert_eq!(found(journal, "canarytext").await.len(), 72);
    let thanks = SearchRequest {
        kinds: vec!["gratitude".to_owned()],
        ..looking_for("")
    };
    let page = journal.search(thanks.clone()).await.unwrap();
    assert_eq!(page.entries.len(), 1);
    assert_eq!(page.entries[0].kind, "gratitude");
    for locked in [false, true] {
        if locked {
            journal.lock_private().await.unwrap();
            assert_eq!(lock_of(journal).await, PrivateLock::Locked);
        }
        let after = rows(&ada);
        let words = [
            CANARY.as_bytes(),
            b"canarytext",
            b"hers alone",
            b"gratitude",
        ];
        for text in words {
            assert_eq!(
                hold(&after, text),
                [],
                "no text or kind, not even as the index has it"
            );
        }
        for secret in &secrets {
            assert_eq!(hold(&after, secret.expose()), [], "nothing that opens it");
        }
        assert_eq!(opened(&after), 0);
    }

    // Nor does any call say it: this program's, another one's, or a reader's.
    let other = ada.open_again().await;
    for program in [journal, &other] {
        assert_eq!(texts(program).await, ["for both"]);
        assert!(found(program, "canarytext").await.is_empty());
        assert_eq!(found(program, "both").await, ["for both"]);
        let error = program.entry(ids[0].clone()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::KeysLocked);
        let error = program.history(ids[0].clone()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::KeysLocked);
        let error = program.share(ids[..1].to_vec()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::KeysLocked);
        let error = program.write(Draft::new("not now")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::KeysLocked);
        assert!(error.detail().contains("unlock"), "{error}");
        let error = program.rotate().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::KeysLocked);
        let options = ExportOptions {
            format: ExportFormat::Json,
            scope: ExportScope::Both,
            private: true,
            only: Vec::new(),
            locale: None,
        };
        let error = program.export(ada.path(), options).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::KeysLocked);
    }
    let reader = Reader::open(ada.path(), ada.keys.clone()).await.unwrap();
    let error = reader.entry(ids[0].clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KeysLocked);
    let wrong = reader.unlock_private("five random words of his".to_owned());
    let error = wrong.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KeysLocked);
    reader.unlock_private(SECRET.to_owned()).await.unwrap();
    let entry = reader.entry(ids[0].clone()).await.unwrap();
    assert!(entry.text.contains(CANARY));
    let page = reader.search(looking_for("canarytext")).await.unwrap();
    assert_eq!(page.entries.len(), 72);
    let page = reader.search(thanks).await.unwrap();
    assert_eq!(page.entries.len(), 1);

    unlock(journal).await;
    assert_eq!(entries(journal).await.len(), 73);
    assert_eq!(texts(&other).await, ["for both"], "each program by itself");
}

#[tokio::test]
async fn what_is_shared_goes_on_while_private_entries_are_locked() {
    let relay = relay().await;
    let (ada, bo) = couple(&relay).await;
    let (journal, bo) = (&ada.journal, &bo.journal);
    journal.write(Draft::new("hers alone")).await.unwrap();
    let first = journal.write(shared("first")).await.unwrap();
    sync(journal).await;
    sync(bo).await;
    assert!(journal.prepare_search(PATIENCE).await.unwrap());
    begin_secret(journal).await;
    journal.lock_private().await.unwrap();

    // He gives the journal new keys; she reads on, writes, and takes back.
    bo.write(shared("his")).await.unwrap();
    bo.rotate().await.unwrap();
    bo.write(shared("under his new keys")).await.unwrap();
    sync(bo).await;
    sync(journal).await;
    journal.write(shared("hers")).await.unwrap();
    journal.erase(vec![first]).await.unwrap();
    sync(journal).await;
    sync(bo).await;
    // The first of them leaves a marker.
    let both = ["", "hers", "his", "under his new keys"];
    assert_eq!(texts(bo).await, both);
    assert_eq!(texts(journal).await, both);
    assert_eq!(found(journal, "keys").await, ["under his new keys"]);
    assert!(found(journal, "first").await.is_empty());

    // Killed and opened again, it is as locked as it was.
    journal.shutdown().await;
    let journal = &ada.open_again().await;
    assert_eq!(lock_of(journal).await, PrivateLock::Locked);
    assert_eq!(texts(journal).await, both);
    unlock(journal).await;
    assert_eq!(
        texts(journal).await,
        ["", "hers", "hers alone", "his", "under his new keys"]
    );
    assert!(journal.prepare_search(PATIENCE).await.unwrap());
    assert_eq!(found(journal, "alone").await, ["hers alone"]);
    assert!(found(journal, "first").await.is_empty());
    sync(journal).await;

    // A device that is linked now finds all of it, what came while it was locked as well.
    let tablet = linked(&ada, journal).await;
    let mut all = texts(journal).await;
    all.retain(|text| !text.is_empty());
    assert_eq!(texts(&tablet.journal).await, all, "but for the marker");
}

/// A further device of the journal at `home`.
pub(crate) async fn linked(home: &Home, journal: &Journal) -> Home {
    let invited = journal.link(Duration::from_secs(3600)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let keys = std::sync::Arc::new(sidelight::MemoryKeyStore::new());
    let at = folder.path().join("journal");
    let joined = Journal::join_own(at, keys.clone(), invited.link, "tablet".to_owned()).await;
    let tablet = Home {
        journal: joined.unwrap(),
        folder,
        keys,
    };
    for _ in 0..3 {
        sync(journal).await;
        sync(&tablet.journal).await;
    }
    journal.confirm(true).await.unwrap();
    tablet.journal.confirm(true).await.unwrap();
    for _ in 0..4 {
        sync(&tablet.journal).await;
        sync(journal).await;
    }
    assert_ne!(home.path(), tablet.path());
    tablet
}

#[tokio::test]
async fn who_leaves_while_locked_tells_own_devices_once_unlocked() {
    let relay = relay().await;
    let (ada, _bo) = couple(&relay).await;
    let journal = &ada.journal;
    let tablet = linked(&ada, journal).await;
    journal.write(shared("before")).await.unwrap();
    sync(journal).await;
    sync(&tablet.journal).await;
    begin_secret(journal).await;
    journal.lock_private().await.unwrap();
    // Leaving needs nothing and nobody, the secret neither.
    journal.leave(true).await.unwrap();
    assert!(journal.status().await.unwrap().partner.is_none());
    let error = journal.link(Duration::from_secs(60)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KeysLocked);
    unlock(journal).await;
    sync(journal).await;
    sync(&tablet.journal).await;
    assert!(tablet.journal.status().await.unwrap().partner.is_none());
    assert_eq!(texts(&tablet.journal).await, ["before"]);
}

#[tokio::test]
async fn the_secret_is_changed_and_taken_away_by_whoever_has_it_only() {
    let ada = home("Ada", None).await;
    let journal = &ada.journal;
    let id = journal.write(Draft::new("hers alone")).await.unwrap();
    let begun = journal.begin_private_secret(SECRET.to_owned()).await;
    let error = begun.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "her words lie there yet");
    assert!(error.detail().contains("recovery words"), "{error}");
    check_words(journal).await;
    for length in [0, 7, 1025] {
        let begun = journal.begin_private_secret("x".repeat(length)).await;
        assert_eq!(begun.unwrap_err().kind(), ErrorKind::Invalid);
    }
    assert_eq!(lock_of(journal).await, PrivateLock::None);
    assert!(journal.lock_private().await.is_err());
    journal
        .begin_private_secret(SECRET.to_owned())
        .await
        .unwrap();
    let begun = journal.begin_private_secret(SECRET.to_owned()).await;
    assert_eq!(begun.unwrap_err().kind(), ErrorKind::Invalid);

    journal.lock_private().await.unwrap();
    let wrong = || "not the right one".to_owned();
    let new = || "another secret of hers".to_owned();
    for refused in [
        journal.unlock_private(wrong()).await,
        journal.change_private_secret(wrong(), new()).await,
        journal.end_private_secret(wrong()).await,
        journal.refound().await.map(drop),
    ] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::KeysLocked);
    }
    assert_eq!(lock_of(journal).await, PrivateLock::Locked);
    let changed = journal
        .change_private_secret(SECRET.to_owned(), new())
        .await;
    changed.unwrap();
    journal.lock_private().await.unwrap();
    let former = journal.unlock_private(SECRET.to_owned()).await;
    assert_eq!(former.unwrap_err().kind(), ErrorKind::KeysLocked);
    journal.unlock_private(new()).await.unwrap();
    assert_eq!(journal.entry(id.clone()).await.unwrap().text, "hers alone");

    journal.end_private_secret(new()).await.unwrap();
    assert_eq!(lock_of(journal).await, PrivateLock::None);
    journal.shutdown().await;
    let journal = ada.open_again().await;
    assert_eq!(lock_of(&journal).await, PrivateLock::None);
    let entry = journal.entry(id).await.unwrap();
    assert_eq!(
        (entry.text.as_str(), entry.space),
        ("hers alone", Space::Private)
    );
    assert!(!hold(&rows(&ada), b"hers alone").is_empty());
    // The device's own key is back in its place: it opens what is sealed to it.
    let key = ada.keys.load().unwrap().unwrap();
    let store = store_at(&ada, &key, Access::Read);
    let me = Txn::begin(&store).unwrap().get::<DeviceRecord>(Key::One);
    assert_ne!(me.unwrap().unwrap().sealing, Secret::new([0; 32]));
}

#[tokio::test]
async fn a_program_that_had_the_journal_open_writes_nothing_private_without_the_secret() {
    let ada = home("Ada", None).await;
    check_words(&ada.journal).await;
    let other = ada.open_again().await;
    other.write(Draft::new("before")).await.unwrap();
    let begun = ada.journal.begin_private_secret(SECRET.to_owned()).await;
    begun.unwrap();
    let error = other.write(Draft::new("CANARY")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KeysLocked);
    assert!(texts(&other).await.is_empty());
    assert_eq!(hold(&rows(&ada), b"CANARY"), []);
    assert_eq!(texts(&ada.journal).await, ["before"]);
    // And the other way round.
    ada.journal
        .end_private_secret(SECRET.to_owned())
        .await
        .unwrap();
    other.write(Draft::new("after")).await.unwrap();
    assert_eq!(texts(&other).await, ["after", "before"]);
    assert_eq!(texts(&ada.journal).await, ["after", "before"]);
}

#[tokio::test]
async fn a_row_that_is_locked_away_says_so_and_is_left_alone() {
    let ada = home("Ada", None).await;
    let journal = &ada.journal;
    journal.write(Draft::new("hers")).await.unwrap();
    begin_secret(journal).await;
    let key = ada.keys.load().unwrap().unwrap();
    let store = veiled_store_at(&ada, &key, Access::Read);
    let txn = Txn::begin(&store).unwrap();
    let me = txn.get::<DeviceRecord>(Key::One).unwrap().unwrap();
    // Read first, as every opening does: it says that others are locked.
    let space = txn.get::<SpaceRecord>(Key::Name(&me.private.0)).unwrap();
    let epoch = space.unwrap().epochs[0].epoch;
    let kept = txn.get::<EpochSecretRecord>(Key::Name(&epoch.0));
    assert_eq!(kept.unwrap_err(), StoreError::Locked);
    assert_eq!(txn.all::<EpochSecretRecord>().unwrap(), []);
}

#[tokio::test]
async fn while_private_entries_are_locked_nothing_disturbs_and_nothing_is_recalled() {
    let ada = home("Ada", None).await;
    let journal = &ada.journal;
    let quiet = sidelight::kinds::Quiet::new(0, 1).unwrap();
    let said = sidelight::kinds::Said::new("rest").unwrap();
    let rhythm = sidelight::kinds::Rhythm::to(said).quiet(quiet);
    journal.write(Draft::of(&rhythm)).await.unwrap();
    journal.want_notices(true).await.unwrap();
    assert!(journal.notices().await.unwrap().next_ms.is_some());
    let dismissed = "ab".repeat(32);
    journal.dismiss(dismissed.clone()).await.unwrap();

    begin_secret(journal).await;
    // Neither the rows of what was dismissed nor new ones open without it.
    let kept = rows(&ada);
    let of_it: Vec<_> = kept
        .iter()
        .filter(|(table, _)| *table == Table::Dismissed)
        .collect();
    assert_eq!(of_it.len(), 1);
    assert!(hold(&kept, &[0xab; 32]).is_empty());
    journal.lock_private().await.unwrap();
    let notices = journal.notices().await.unwrap();
    assert!(notices.wanted && !notices.now && notices.next_ms.is_none());
    assert!(journal.today().await.unwrap().quiet, "it may be");
    for refused in [
        journal.recall().await.unwrap_err(),
        journal.dismiss(dismissed).await.unwrap_err(),
        journal.dismiss_nothing().await.unwrap_err(),
        journal.pause_rhythms(true).await.unwrap_err(),
    ] {
        assert_eq!(refused.kind(), ErrorKind::KeysLocked);
    }
    unlock(journal).await;
    assert!(journal.notices().await.unwrap().next_ms.is_some());
    journal.recall().await.unwrap();
    journal.pause_rhythms(true).await.unwrap();
}
