//! Threads, earlier words, and the same day of other years.

use sidelight::{Date, Draft, ErrorKind, Field, FieldValue, Journal, Page, PageRequest};

use crate::support::{couple, home, relay, shared, sync};

fn reply(to: &str, text: &str) -> Draft {
    Draft {
        kind: "reply".to_owned(),
        fields: vec![Field {
            name: "target".to_owned(),
            value: FieldValue::Text(to.to_owned()),
        }],
        ..shared(text)
    }
}

fn texts(page: &Page) -> Vec<&str> {
    let texts = page.entries.iter().map(|entry| entry.text.as_str());
    texts.collect()
}

#[tokio::test]
async fn a_thread_shows_what_answers_an_entry_and_says_when_that_was_taken_back() {
    let relay = relay().await;
    let (ada, bo) = couple(&relay).await;
    let (ada, bo) = (&ada.journal, &bo.journal);
    let id = ada.write(shared("the lake")).await.unwrap();
    sync(ada).await;
    sync(bo).await;
    bo.write(reply(&id, "the cold one?")).await.unwrap();
    bo.write(shared("about something else")).await.unwrap();
    sync(bo).await;
    sync(ada).await;
    ada.write(reply(&id, "that one")).await.unwrap();
    sync(ada).await;
    sync(bo).await;
    for journal in [ada, bo] {
        let thread = journal.thread(id.clone()).await.unwrap();
        assert_eq!(thread.entry.unwrap().text, "the lake");
        let replies: Vec<_> = thread.replies.iter().map(|entry| &entry.text).collect();
        assert_eq!(replies, ["the cold one?", "that one"]);
        assert!(!thread.taken_back);
    }
    ada.erase(vec![id.clone()]).await.unwrap();
    sync(ada).await;
    sync(bo).await;
    for journal in [ada, bo] {
        let thread = journal.thread(id.clone()).await.unwrap();
        assert!(thread.entry.is_none() && thread.taken_back);
        assert_eq!(thread.replies.len(), 2);
        // What answered it stays with whoever wrote it, and says what it answered.
        let page = journal
            .page(PageRequest {
                limit: 9,
                before: None,
            })
            .await
            .unwrap();
        assert!(
            page.entries
                .iter()
                .any(|entry| entry.text == "the cold one?" && entry.kind == "reply")
        );
    }
    let nothing = "00".repeat(32);
    let error = ada.thread(nothing).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

/// Whoever has not heard yet that it was taken back may still answer it: the answer is theirs and
/// stays. Whoever has heard is told.
#[tokio::test]
async fn an_answer_to_what_was_taken_back_meanwhile_stays_and_a_later_one_is_refused() {
    let relay = relay().await;
    let (ada, bo) = couple(&relay).await;
    let (ada, bo) = (&ada.journal, &bo.journal);
    let id = ada.write(shared("on second thoughts")).await.unwrap();
    sync(ada).await;
    sync(bo).await;
    ada.retract(id.clone()).await.unwrap();
    sync(ada).await;
    let answer = bo.write(reply(&id, "of what?")).await.unwrap();
    for journal in [bo, ada, bo] {
        sync(journal).await;
    }
    for journal in [ada, bo] {
        let thread = journal.thread(id.clone()).await.unwrap();
        assert!(thread.entry.is_none() && thread.taken_back);
        let replies = thread.replies.iter().map(|one| (&*one.kind, &*one.text));
        assert_eq!(replies.collect::<Vec<_>>(), [("reply", "of what?")]);
        // Nothing of what was taken back is in it.
        let history = journal.history(answer.clone()).await.unwrap();
        assert_eq!(history.len(), 1);
    }
    let error = bo.write(reply(&id, "still here?")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.detail().contains("no longer here"), "{error}");
}

#[tokio::test]
async fn an_entry_shows_what_it_said_before() {
    let home = home("Ada", None).await;
    let journal = &home.journal;
    let id = journal.write(Draft::new("tea")).await.unwrap();
    let day = Date::parse("2024-02-29", 0).unwrap();
    journal
        .set_text(id.clone(), "green tea".to_owned())
        .await
        .unwrap();
    journal.set_date(id.clone(), day).await.unwrap();
    journal
        .set_text(id.clone(), "green tea 🌊".to_owned())
        .await
        .unwrap();
    let history = journal.history(id.clone()).await.unwrap();
    let said: Vec<_> = history.iter().map(|past| past.text.as_str()).collect();
    assert_eq!(said, ["tea", "green tea", "green tea", "green tea 🌊"]);
    assert_eq!(history[2].date, day);
    let entry = journal.entry(id.clone()).await.unwrap();
    assert_eq!(history[3].version, entry.version);
    journal.erase(vec![id.clone()]).await.unwrap();
    assert_eq!(
        journal.history(id).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
}

async fn on(journal: &Journal, day: &str) -> Vec<String> {
    let day = Date::parse(day, 0).unwrap();
    let page = journal.on_this_day(day, 50, None).await.unwrap();
    texts(&page).into_iter().map(ToOwned::to_owned).collect()
}

#[tokio::test]
async fn other_years_are_shown_when_they_are_wanted_and_leap_days_have_a_place() {
    let home = home("Ada", None).await;
    let journal = &home.journal;
    for day in [
        "2020-02-29",
        "2021-02-28",
        "2024-02-29",
        "2024-02-28",
        "2025-02-28",
        "2025-03-01",
        "0001-02-28",
    ] {
        let date = Some(Date::parse(day, -600).unwrap());
        journal
            .write(Draft {
                date,
                ..Draft::new(day)
            })
            .await
            .unwrap();
    }
    let day = Date::parse("2026-02-28", 0).unwrap();
    let error = journal.on_this_day(day, 9, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(!journal.wants_on_this_day().await.unwrap());
    journal.want_on_this_day(true).await.unwrap();
    assert!(journal.wants_on_this_day().await.unwrap());
    let all = [
        "2025-02-28",
        "2024-02-29",
        "2024-02-28",
        "2021-02-28",
        "2020-02-29",
        "0001-02-28",
    ];
    assert_eq!(on(journal, "2026-02-28").await, all);
    assert_eq!(
        on(journal, "2028-02-28").await,
        [all[0], all[2], all[3], all[5]]
    );
    assert_eq!(
        on(journal, "2028-02-29").await,
        ["2024-02-29", "2020-02-29"]
    );
    // Not the year itself, and nothing that is yet to come.
    assert_eq!(on(journal, "2024-02-29").await, ["2020-02-29"]);
    assert_eq!(on(journal, "0001-02-28").await, [""; 0]);
    let first = journal.on_this_day(day, 4, None).await.unwrap();
    let rest = journal
        .on_this_day(day, 4, first.next.clone())
        .await
        .unwrap();
    assert_eq!([texts(&first), texts(&rest)].concat(), all);
    let id = first.entries[0].id.clone();
    journal.erase(vec![id]).await.unwrap();
    assert_eq!(on(journal, "2026-02-28").await, all[1..]);
    journal.want_on_this_day(false).await.unwrap();
    assert!(journal.on_this_day(day, 9, None).await.is_err());
}
