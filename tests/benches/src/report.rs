//! Figures beside each other: a table for people, and plots of cost against age.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use plotters::prelude::*;

use crate::measure::Failed;

/// One comparison. Only the ratio means something on another machine.
struct Row {
    what: String,
    ours: String,
    beside: String,
    theirs: String,
    ratio: f64,
    goal: Goal,
}

/// What a ratio is to reach.
#[derive(Clone, Copy)]
pub enum Goal {
    AtMost(f64),
    AtLeast(f64),
    /// Printed to be seen.
    None,
}

impl Goal {
    fn words(self, ratio: f64) -> String {
        let (sign, goal, reached) = match self {
            Self::AtMost(goal) => ('≤', goal, ratio <= goal),
            Self::AtLeast(goal) => ('≥', goal, ratio >= goal),
            Self::None => return "–".to_owned(),
        };
        let reached = if reached {
            "reached"
        } else {
            "**not reached**"
        };
        format!("{sign} {goal}: {reached}")
    }
}

/// What a figure counts.
#[derive(Clone, Copy)]
pub enum Unit {
    Seconds,
    Bytes,
    /// A second.
    Rate,
    /// Round trips, connections, bits that are used.
    Count,
}

impl Unit {
    pub fn words(self, figure: f64) -> String {
        let mebibyte = 1024.0 * 1024.0;
        match self {
            Self::Seconds if figure >= 1.0 => format!("{figure:.2} s"),
            Self::Seconds if figure >= 1e-3 => format!("{:.2} ms", figure * 1e3),
            Self::Seconds => format!("{:.1} µs", figure * 1e6),
            Self::Bytes if figure >= mebibyte => format!("{:.2} MiB", figure / mebibyte),
            Self::Bytes if figure >= 1024.0 => format!("{:.1} KiB", figure / 1024.0),
            Self::Bytes => format!("{figure:.0} B"),
            Self::Rate => format!("{figure:.0} /s"),
            Self::Count if figure >= 100.0 => format!("{figure:.0}"),
            Self::Count => format!("{figure:.2}"),
        }
    }
}

#[derive(Default)]
pub struct Report {
    rows: Vec<Row>,
    notes: Vec<String>,
    left_out: Vec<String>,
}

impl Report {
    /// Our figure beside another of the same unit.
    pub fn compare(
        &mut self,
        unit: Unit,
        (what, ours): (impl Into<String>, f64),
        (beside, theirs): (impl Into<String>, f64),
        goal: Goal,
    ) {
        self.push(Row {
            what: what.into(),
            ours: unit.words(ours),
            beside: beside.into(),
            theirs: unit.words(theirs),
            ratio: ours / theirs,
            goal,
        });
    }

    pub fn times(
        &mut self,
        ours: (impl Into<String>, Duration),
        theirs: (impl Into<String>, Duration),
        goal: Goal,
    ) {
        let ours = (ours.0, ours.1.as_secs_f64());
        let theirs = (theirs.0, theirs.1.as_secs_f64());
        self.compare(Unit::Seconds, ours, theirs, goal);
    }

    /// A figure that is itself what is to be reached.
    pub fn figure(&mut self, unit: Unit, what: impl Into<String>, ours: f64, goal: Goal) {
        self.push(Row {
            what: what.into(),
            ours: unit.words(ours),
            beside: "–".to_owned(),
            theirs: "–".to_owned(),
            ratio: ours,
            goal,
        });
    }

    fn push(&mut self, row: Row) {
        println!(
            "{}: {} beside {} ({}), {:.4}; {}",
            row.what,
            row.ours,
            row.theirs,
            row.beside,
            row.ratio,
            row.goal.words(row.ratio)
        );
        self.rows.push(row);
    }

    pub fn note(&mut self, note: String) {
        println!("{note}");
        self.notes.push(note);
    }

    /// What cannot be measured here, or was not in this run, and why.
    pub fn left_out(&mut self, what: &str, why: &str) {
        println!("left out: {what}: {why}");
        self.left_out.push(format!("- {what}: {why}"));
    }

    /// The page that the project keeps.
    pub fn markdown(&self, head: &str) -> String {
        let mut page = format!(
            "{head}\n| what | Sidelight | beside | there | ratio | to reach |\n|---|---|---|---|---|---|\n"
        );
        for row in &self.rows {
            let _ = writeln!(
                page,
                "| {} | {} | {} | {} | {} | {} |",
                row.what,
                row.ours,
                row.beside,
                row.theirs,
                ratio(row.ratio),
                row.goal.words(row.ratio)
            );
        }
        if !self.left_out.is_empty() {
            page += "\nLeft out of this run:\n\n";
            page += &self.left_out.join("\n");
            page += "\n";
        }
        page += "\n## The machine and its limits\n";
        for note in &self.notes {
            let _ = write!(page, "\n- {note}");
        }
        page += "\n";
        page
    }
}

/// Enough digits to compare it with what is to be reached.
fn ratio(ratio: f64) -> String {
    match ratio {
        ratio if ratio >= 100.0 => format!("{ratio:.0}"),
        ratio if ratio >= 0.1 => format!("{ratio:.2}"),
        ratio => format!("{ratio:.4}"),
    }
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
