//! Figures beside each other: a table for people, and plots of cost against age.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use plotters::prelude::*;

use crate::measure::Failed;

/// One comparison. Only the ratio means something on another machine.
pub struct Row {
    pub what: String,
    pub ours: String,
    pub beside: &'static str,
    pub theirs: String,
    pub ratio: f64,
    /// What the ratio is to reach.
    pub goal: Goal,
}

#[derive(Clone, Copy)]
pub enum Goal {
    AtMost(f64),
    /// Printed to be seen.
    None,
}

impl Goal {
    fn words(self, ratio: f64) -> String {
        match self {
            Self::AtMost(goal) if ratio <= goal => format!("≤ {goal}: reached"),
            Self::AtMost(goal) => format!("≤ {goal}: **not reached**"),
            Self::None => "–".to_owned(),
        }
    }
}

#[derive(Default)]
pub struct Report {
    rows: Vec<Row>,
    notes: Vec<String>,
}

impl Report {
    pub fn push(&mut self, row: Row) {
        println!(
            "{}: {} beside {} ({}), ratio {:.4}; {}",
            row.what,
            row.ours,
            row.theirs,
            row.beside,
            row.ratio,
            row.goal.words(row.ratio)
        );
        self.rows.push(row);
    }

    /// Compares two durations.
    pub fn times(
        &mut self,
        what: &str,
        ours: Duration,
        (beside, theirs): (&'static str, Duration),
        goal: Goal,
    ) {
        self.push(Row {
            what: what.to_owned(),
            ours: milliseconds(ours),
            beside,
            theirs: milliseconds(theirs),
            ratio: ours.as_secs_f64() / theirs.as_secs_f64(),
            goal,
        });
    }

    /// Compares two sizes in bytes.
    pub fn sizes(
        &mut self,
        what: &str,
        ours: u64,
        (beside, theirs): (&'static str, u64),
        goal: Goal,
    ) {
        let mebibytes = |bytes: u64| format!("{:.2} MiB", bytes as f64 / 1024.0 / 1024.0);
        self.push(Row {
            what: what.to_owned(),
            ours: mebibytes(ours),
            beside,
            theirs: mebibytes(theirs),
            ratio: ours as f64 / theirs as f64,
            goal,
        });
    }

    pub fn note(&mut self, note: String) {
        println!("{note}");
        self.notes.push(note);
    }

    /// The page that the project keeps.
    pub fn markdown(&self, head: &str) -> String {
        let mut page = format!(
            "{head}\n\n| what | Sidelight | beside | there | ratio | goal |\n|---|---|---|---|---|---|\n"
        );
        for row in &self.rows {
            let _ = writeln!(
                page,
                "| {} | {} | {} | {} | {:.4} | {} |",
                row.what,
                row.ours,
                row.beside,
                row.theirs,
                row.ratio,
                row.goal.words(row.ratio)
            );
        }
        for note in &self.notes {
            let _ = write!(page, "\n{note}\n");
        }
        page
    }
}

pub fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}

/// One line of a plot: a name, and cost in milliseconds by days of age.
pub type Line<'a> = (&'a str, Vec<(f64, f64)>);

/// Cost against age, both in powers of ten.
pub fn plot(to: &Path, title: &str, unit: &str, lines: &[Line<'_>]) -> Result<(), Failed> {
    let points = || lines.iter().flat_map(|(_, points)| points.iter().copied());
    let least = |of: fn((f64, f64)) -> f64| points().map(of).fold(f64::MAX, f64::min);
    let most = |of: fn((f64, f64)) -> f64| points().map(of).fold(f64::MIN, f64::max);
    let area = SVGBackend::new(to, (720, 420)).into_drawing_area();
    area.fill(&WHITE)?;
    let days = (least(|p| p.0) * 0.8)..(most(|p| p.0) * 1.3);
    let cost = (least(|p| p.1) * 0.5)..(most(|p| p.1) * 2.0);
    let mut chart = ChartBuilder::on(&area)
        .caption(title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(64)
        .build_cartesian_2d(days.log_scale(), cost.log_scale())?;
    chart
        .configure_mesh()
        .x_desc("days of the journal")
        .y_desc(unit)
        .draw()?;
    for (place, (name, points)) in lines.iter().enumerate() {
        let color = Palette99::pick(place).to_rgba();
        chart
            .draw_series(LineSeries::new(points.iter().copied(), color).point_size(3))?
            .label(*name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color));
    }
    chart
        .configure_series_labels()
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK)
        .draw()?;
    area.present()?;
    Ok(())
}
