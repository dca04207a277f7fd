//! The act of two people typing into one entry at the same time, in rough weather.

use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use super::control::{Edited, Line, Order, Said, now_us};
use super::figures::{Delays, Figures, seconds};
use super::part::DevicePart;
use super::proxy::Proxy;
use super::stage::Stage;
use super::trace::{Burst, Trace};
use super::weather::Weather;
use crate::failure::Failure;

/// Between two offline spells.
const FAIR_MS: std::ops::Range<u32> = 600..2400;

/// How long an offline spell lasts.
const OFFLINE_MS: std::ops::Range<u32> = 50..250;

impl Stage {
    /// Each device types its own person's bursts, each in the text that its typist saw, until both
    /// show what must come out.
    pub(super) async fn type_together(
        &mut self,
        trace: &Trace,
        figures: &mut Figures,
    ) -> Result<(), Failure> {
        figures.trace.keystrokes = trace.keystrokes as u64;
        figures.trace.edits = trace.bursts.len() as u64;
        figures.trace.characters = trace.end.chars().count() as u64;

        let opener = trace.bursts.first().map_or(0, |burst| burst.by);
        let before = self.proxy.traffic();
        let begun = now_us();
        let write = Order::Write {
            text: trace.opening.clone(),
        };
        let Edited { entry, version, .. } = self.devices[opener].ask(write).await?;
        let watch = |entry: &String| Order::Watch {
            entry: entry.clone(),
        };
        let other = &mut self.devices[1 - opener];
        other.ask::<()>(watch(&entry)).await?;
        let there = Order::Await {
            entry: entry.clone(),
            version: version.clone(),
        };
        other.ask::<serde_json::Value>(there).await?;

        self.proxy.weather(Weather::ROUGH);
        let mut ends = Vec::new();
        for (person, device) in self.devices.iter_mut().enumerate() {
            let order = Order::Type {
                entry: entry.clone(),
                person,
                opening: version.clone(),
                bursts: trace.bursts.clone(),
            };
            ends.push(device.begin::<()>(order).await?);
        }
        let mut times = Times::new(trace.bursts.len());
        let [first, second] = &mut self.devices;
        tokio::select! {
            told = tell(&mut self.notes, [first, second], &trace.bursts, &mut times) => told?,
            () = sky(&self.proxy, figures.seed) => {}
            ended = all(ends) => ended?,
        }
        self.proxy.weather(Weather::CALM);
        figures.seconds.typing = seconds(now_us() - begun);
        figures.wire.typing_bytes = self.proxy.traffic().bytes() - before.bytes();
        // What is told just before the end may still be on its way here.
        while let Ok((_, line)) = self.notes.try_recv() {
            times.note(&line, &trace.bursts);
        }

        let mut texts = Vec::new();
        for device in &mut self.devices {
            let entry = entry.clone();
            let Said { text } = device.ask(Order::Read { entry }).await?;
            texts.push(text);
        }
        figures.claim(
            "both show the same text after typing",
            texts[0] == texts[1],
            || "two texts".into(),
        );
        figures.claim(
            "and it is exactly the text that the trace expects",
            texts.iter().all(|text| *text == trace.end),
            || format!("{} characters", texts[0].chars().count()),
        );
        let delays = times.delays();
        let expected = trace.bursts.len() - 1;
        figures.claim(
            "every edit was typed in the text that its typist saw, and became visible to the other",
            delays.len() == expected,
            || format!("{} of {expected}", delays.len()),
        );
        figures.edit_to_visible.weather = Delays::of(delays);
        Ok(())
    }
}

/// Passes on what each has typed, for as long as it is polled.
async fn tell(
    notes: &mut super::part::Notes,
    devices: [&mut DevicePart; 2],
    bursts: &[Burst],
    times: &mut Times,
) -> Result<(), Failure> {
    while let Some((from, line)) = notes.recv().await {
        times.note(&line, bursts);
        if let Line::Typed(typed) = line {
            devices[1 - from].tell(Order::Typed(typed)).await?;
        }
    }
    Err(Failure::internal("both devices ended too early"))
}

async fn all(ends: Vec<impl Future<Output = Result<(), Failure>>>) -> Result<(), Failure> {
    for end in ends {
        end.await?;
    }
    Ok(())
}

/// Offline spells: of one device, of the other, of both. Never ends by itself.
async fn sky(proxy: &Proxy, seed: u64) {
    let mut dice = ChaCha8Rng::seed_from_u64(seed ^ 0x5ca1_ab1e);
    let mut within = move |range: &std::ops::Range<u32>| {
        let span = range.end - range.start;
        Duration::from_millis(u64::from(range.start + dice.next_u32() % span))
    };
    for round in 0_usize.. {
        let spell = within(&OFFLINE_MS);
        // Every third spell is everybody's.
        let which = (round % 3 < 2).then_some(round % 3);
        proxy.offline(which, spell);
        tokio::time::sleep(spell + within(&FAIR_MS)).await;
    }
}

/// When each burst was typed, and when it was visible to the other.
struct Times {
    typed: Vec<Option<u64>>,
    seen: Vec<Option<u64>>,
}

impl Times {
    fn new(bursts: usize) -> Self {
        Self {
            typed: vec![None; bursts],
            seen: vec![None; bursts],
        }
    }

    fn note(&mut self, line: &Line, bursts: &[Burst]) {
        match line {
            Line::Typed(typed) if typed.burst < bursts.len() => {
                self.typed[typed.burst] = Some(typed.at_us);
            }
            // All before it of the same person became visible with it, if they were not yet.
            Line::Seen { burst, at_us } if *burst < bursts.len() => {
                let by = bursts[*burst].by;
                for earlier in (0..=*burst).rev().filter(|e| bursts[*e].by == by) {
                    if self.seen[earlier].is_some() {
                        break;
                    }
                    self.seen[earlier] = Some(*at_us);
                }
            }
            _ => {}
        }
    }

    /// Of every burst but the opening, which was there when the typing began.
    fn delays(&self) -> Vec<u64> {
        let times = self.typed.iter().zip(&self.seen).skip(1);
        times
            .filter_map(|(typed, seen)| Some((*seen)?.saturating_sub((*typed)?)))
            .collect()
    }
}
