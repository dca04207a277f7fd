//! Two devices and a relay, all there: how long a change is under way, what it costs at any age
//! of the journal, and what crosses the wire.

use std::time::{Duration, Instant};

use sidelight::{Draft, Event, Journal, TextEdit};
use sidelight_format::RelayAddress;
use sidelight_transport::Endpoint;

use crate::couple::{Couple, Kind, shared, sync};
use crate::measure::{Failed, Times, middle};
use crate::proxy::Proxy;
use crate::workload::{Keystroke, Texts};

/// Waits until Bo's entry shows `text`, or anything at all.
async fn wait_for(bo: &Journal, id: &str, text: &str) -> Result<(), Failed> {
    loop {
        if let Ok(entry) = bo.entry(id.to_owned()).await
            && (text.is_empty() || entry.text == text)
        {
            return Ok(());
        }
        loop {
            match bo.next_event().await.ok_or("the journal is shut down")? {
                Event::EntryChanged { .. } | Event::Lagged => break,
                _ => {}
            }
        }
    }
}

impl Couple {
    pub async fn go_live(&self) -> Result<(), Failed> {
        self.ada.go_live().await?;
        self.bo.go_live().await?;
        // Both have their links once something has crossed.
        let id = self.ada.write(shared("Here.")).await?;
        wait_for(&self.bo, &id, "").await
    }

    /// From the edit on one device until it shows on the other, both live. Either is durable
    /// before it says so.
    pub async fn edit_to_visible(&self, times: usize) -> Result<Times, Failed> {
        let mut text = "What is typed live.".to_owned();
        let id = self.ada.write(shared(&text)).await?;
        wait_for(&self.bo, &id, &text).await?;
        let mut seen = Times::default();
        for number in 0..times {
            text.push(char::from(b'0' + (number % 10) as u8));
            let began = Instant::now();
            self.ada.set_text(id.clone(), text.clone()).await?;
            wait_for(&self.bo, &id, &text).await?;
            seen.push(began.elapsed());
        }
        Ok(seen)
    }

    /// From writing an entry until the partner reads it.
    async fn entry_to_visible(&self, text: &str) -> Result<Duration, Failed> {
        let began = Instant::now();
        let id = self.ada.write(shared(text)).await?;
        wait_for(&self.bo, &id, "").await?;
        Ok(began.elapsed())
    }
}

/// Each in turn, and another one first in each round: whoever comes after a disk's work waits for it.
fn turns(round: usize, count: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |place| (round + place) % count)
}

/// A partner's entry in journals of different age, by turns, so that what else the machine does
/// meets both: the time for each.
pub async fn partners_entries(
    couples: &[&Couple],
    texts: &mut Texts,
    times: usize,
) -> Result<Vec<Times>, Failed> {
    let mut seen = vec![Times::default(); couples.len()];
    for round in 0..times {
        let text = texts.next();
        for place in turns(round, couples.len()) {
            seen[place].push(couples[place].entry_to_visible(&text).await?);
        }
    }
    Ok(seen)
}

/// Writing an entry, durably, in journals of different age, by turns.
pub async fn writes(
    journals: &[&Journal],
    texts: &mut Texts,
    times: usize,
) -> Result<Vec<Times>, Failed> {
    let mut seen = vec![Times::default(); journals.len()];
    for round in 0..times {
        let text = texts.next();
        for place in turns(round, journals.len()) {
            let draft = shared(&text);
            let began = Instant::now();
            journals[place].write(draft).await?;
            seen[place].push(began.elapsed());
        }
    }
    Ok(seen)
}

/// How many round trips a change takes over a slow line: while both are connected, and when the
/// reader connects only now.
pub async fn round_trips(couple: &Couple, trip: Duration) -> Result<(f64, f64), Failed> {
    let (mut open, mut new) = (Vec::new(), Vec::new());
    couple.go_live().await?;
    for number in 0..5 {
        let took = couple
            .entry_to_visible(&format!("On an open connection {number}"))
            .await?;
        open.push(took.as_secs_f64() / trip.as_secs_f64());
    }
    couple.ada.go_quiet().await?;
    couple.bo.go_quiet().await?;
    for number in 0..5 {
        let id = couple
            .ada
            .write(shared(&format!("On a new connection {number}")))
            .await?;
        sync(&couple.ada).await?;
        let began = Instant::now();
        let seen = async {
            wait_for(&couple.bo, &id, "").await?;
            Ok::<_, Failed>(began.elapsed())
        };
        let (synced, seen) = tokio::join!(sync(&couple.bo), seen);
        synced?;
        new.push(seen?.as_secs_f64() / trip.as_secs_f64());
    }
    Ok((middle(open), middle(new)))
}

/// What a sync with nothing new costs on the wire.
pub struct Nothing {
    /// All of UDP, with the handshakes of both connections (private and shared never share one).
    pub bytes: u64,
    /// Of these, what as many handshakes take that nothing follows.
    pub handshakes: u64,
}

/// Connections of a sync: one for the private mailbox and one for the shared one.
const CONNECTIONS: usize = 2;

pub async fn nothing_new(couple: &Couple, proxy: &Proxy) -> Result<Nothing, Failed> {
    sync(&couple.ada).await?;
    sync(&couple.bo).await?;
    let (mut syncs, mut bare) = (Vec::new(), Vec::new());
    let relay: RelayAddress = couple.relay.address();
    for _ in 0..7 {
        quiet(proxy).await;
        let before = proxy.bytes();
        sync(&couple.bo).await?;
        quiet(proxy).await;
        syncs.push((proxy.bytes() - before) as f64);
        let before = proxy.bytes();
        for _ in 0..CONNECTIONS {
            let endpoint = Endpoint::new()?;
            let connection = endpoint.connect(&relay, Duration::from_secs(10)).await?;
            connection.hang_up();
            endpoint.stop().await;
        }
        quiet(proxy).await;
        bare.push((proxy.bytes() - before) as f64);
    }
    Ok(Nothing {
        bytes: middle(syncs) as u64,
        handshakes: middle(bare) as u64,
    })
}

/// How many bytes of frames two ends exchange when a device connects and nothing is new: counted on
/// a stage without a network, of two people who have written and are in sync.
pub fn frames_of_nothing_new() -> usize {
    use sidelight_tests::story::{ADA, BO, Story, shared};
    let mut story = Story::of_a_couple(1);
    for home in [ADA, BO] {
        for number in 0..10 {
            story.write(home, shared(&format!("An entry, {number}.")));
        }
    }
    story.settle();
    story.crash(BO);
    let before = story.tapped().len();
    story.start(BO);
    story.settle();
    story.tapped().len() - before
}

/// Waits until nothing has crossed for a while.
async fn quiet(proxy: &Proxy) {
    loop {
        let before = proxy.bytes();
        tokio::time::sleep(Duration::from_millis(150)).await;
        if proxy.bytes() == before {
            return;
        }
    }
}

/// Types keystrokes of two people into one entry that both keep, so many to an edit, and returns
/// how many bytes the two sent. Both have the same text in the end.
pub async fn typing(
    couple: &Couple,
    proxy: &Proxy,
    keystrokes: &[Keystroke],
    together: usize,
) -> Result<u64, Failed> {
    let draft = Draft {
        together: true,
        ..shared("…")
    };
    let id = couple.ada.write(draft).await?;
    sync(&couple.ada).await?;
    sync(&couple.bo).await?;
    couple.go_live().await?;
    quiet(proxy).await;
    let before = proxy.up.bytes();
    let mut pending: [Vec<TextEdit>; 2] = [Vec::new(), Vec::new()];
    let journals = [&couple.ada, &couple.bo];
    for (agent, at, delete, insert) in keystrokes {
        let agent = agent % 2;
        pending[agent].push(TextEdit {
            at: *at,
            delete: *delete,
            insert: insert.clone(),
        });
        if pending[agent].len() == together {
            type_in(journals[agent], &id, std::mem::take(&mut pending[agent])).await?;
        }
    }
    for (journal, edits) in journals.into_iter().zip(pending) {
        if !edits.is_empty() {
            type_in(journal, &id, edits).await?;
        }
    }
    quiet(proxy).await;
    let sent = proxy.up.bytes() - before;
    couple.ada.go_quiet().await?;
    couple.bo.go_quiet().await?;
    for journal in [&couple.ada, &couple.bo, &couple.ada] {
        sync(journal).await?;
    }
    let (here, there) = (
        couple.ada.entry(id.clone()).await?,
        couple.bo.entry(id).await?,
    );
    if here.text != there.text {
        return Err("the two texts differ".into());
    }
    Ok(sent)
}

/// Types keystrokes into the text as it is here now. Where the other's have not come yet, as in
/// the trace, a place behind the end is the end.
async fn type_in(journal: &Journal, id: &str, typed: Vec<TextEdit>) -> Result<(), Failed> {
    let entry = journal.entry(id.to_owned()).await?;
    let mut len = entry.text.chars().count() as u32;
    let mut edits = Vec::with_capacity(typed.len());
    for mut edit in typed {
        edit.at = edit.at.min(len);
        // An entry is never empty.
        edit.delete = edit.delete.min(len - edit.at).min(len - 1);
        len = len - edit.delete + edit.insert.chars().count() as u32;
        edits.push(edit);
    }
    journal
        .edit(id.to_owned(), Some(entry.version), edits)
        .await?;
    Ok(())
}

/// The two whose journal is behind a proxy.
pub async fn behind_proxy(
    place: &std::path::Path,
    kind: Kind,
    line: crate::proxy::Line,
) -> Result<(Couple, Proxy), Failed> {
    let proxy = Proxy::start(
        &crate::couple::front(kind),
        &crate::couple::behind(kind),
        line,
    )?;
    Ok((Couple::open(place, kind, true).await?, proxy))
}
