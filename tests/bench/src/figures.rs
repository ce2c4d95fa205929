//! Figures: medians with their spread, ratios, and the table they are printed in.

use std::process::Command;

use anyhow::Result;
use serde_json::{Value as Json, json};

/// A median and what lies around it.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// The middle one.
    pub median: f64,
    /// The lowest.
    pub min: f64,
    /// The highest.
    pub max: f64,
}

impl Figure {
    /// The median of these; NaN of none.
    pub fn of(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
        Self { median: at(sorted.len() / 2), min: at(0), max: at(sorted.len().saturating_sub(1)) }
    }

    fn words(self) -> String {
        if self.min == self.max {
            return short(self.median);
        }
        format!("{} ({}-{})", short(self.median), short(self.min), short(self.max))
    }

    fn json(self) -> Json {
        json!({ "median": self.median, "min": self.min, "max": self.max })
    }
}

/// The value below which so much of a list lies (0.99 is p99).
pub fn percentile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = (sorted.len() as f64 * part).ceil() as usize;
    sorted.get(place.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

/// What a figure should be.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// The figure is at most this.
    AtMost(f64),
    /// The figure is at least this.
    AtLeast(f64),
    /// The ratio is at least this.
    RatioAtLeast(f64),
    /// The ratio is at most this.
    RatioAtMost(f64),
}

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Row {
    /// The benchmark.
    pub bench: &'static str,
    /// What is measured.
    pub what: String,
    /// Of both figures.
    pub unit: &'static str,
    /// Ours.
    pub ours: Figure,
    /// What it is held against, and its figure.
    pub peer: Option<(String, Figure)>,
    /// Ours through the peer's, round by round.
    pub ratio: Option<Figure>,
    /// What it should be.
    pub target: Option<Target>,
}

impl Row {
    /// A line from rounds in which ours and the peer took turns.
    pub fn of_rounds(
        bench: &'static str,
        what: impl Into<String>,
        unit: &'static str,
        peer: &str,
        rounds: &[(f64, f64)],
    ) -> Self {
        let (ours, theirs): (Vec<f64>, Vec<f64>) = rounds.iter().copied().unzip();
        let ratios: Vec<f64> = rounds.iter().map(|(ours, theirs)| ours / theirs).collect();
        Self {
            peer: Some((peer.to_owned(), Figure::of(&theirs))),
            ratio: Some(Figure::of(&ratios)),
            ..Self::alone(bench, what, unit, Figure::of(&ours))
        }
    }

    /// A figure that nothing is held against.
    pub fn alone(bench: &'static str, what: impl Into<String>, unit: &'static str, ours: Figure) -> Self {
        Self { bench, what: what.into(), unit, ours, peer: None, ratio: None, target: None }
    }

    /// With what it should be.
    pub fn target(self, target: Target) -> Self {
        Self { target: Some(target), ..self }
    }

    fn target_words(&self) -> String {
        let (words, met) = match self.target {
            None => return String::new(),
            Some(Target::AtMost(limit)) => (format!("at most {}", short(limit)), self.ours.median <= limit),
            Some(Target::AtLeast(limit)) => (format!("at least {}", short(limit)), self.ours.median >= limit),
            Some(Target::RatioAtMost(limit)) => {
                (format!("ratio at most {}", short(limit)), self.ratio.is_some_and(|ratio| ratio.median <= limit))
            }
            Some(Target::RatioAtLeast(limit)) => {
                (format!("ratio at least {}", short(limit)), self.ratio.is_some_and(|ratio| ratio.median >= limit))
            }
        };
        format!("{words}: {}", if met { "met" } else { "NOT MET" })
    }

    fn json(&self) -> Json {
        json!({
            "bench": self.bench, "what": self.what, "unit": self.unit, "ours": self.ours.json(),
            "peer": self.peer.as_ref().map(|(name, figure)| json!({ "what": name, "figure": figure.json() })),
            "ratio": self.ratio.map(Figure::json), "target": self.target_words(),
        })
    }

    fn cells(&self) -> [String; 7] {
        let (peer, theirs) = match &self.peer {
            Some((name, figure)) => (name.clone(), figure.words()),
            None => Default::default(),
        };
        let ratio = self.ratio.map(Figure::words).unwrap_or_default();
        let what = if self.unit.is_empty() { self.what.clone() } else { format!("{}, {}", self.what, self.unit) };
        [self.bench.to_owned(), what, self.ours.words(), peer, theirs, ratio, self.target_words()]
    }
}

/// Prints the rows with what machine they are from.
///
/// # Errors
/// Never for the rows themselves; when JSON can't be written.
pub fn print(rows: &[Row], as_json: bool) -> Result<()> {
    if as_json {
        let rows: Vec<Json> = rows.iter().map(Row::json).collect();
        println!("{}", serde_json::to_string_pretty(&json!({ "machine": machine(), "rows": rows }))?);
        return Ok(());
    }
    println!("{}\n", machine());
    println!("| bench | what | ours | peer | peer's | ours / peer | target |");
    println!("|---|---|---|---|---|---|---|");
    for row in rows {
        println!("| {} |", row.cells().join(" | "));
    }
    Ok(())
}

/// The machine, the build and how busy it is, in one line.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let load = read("/proc/loadavg").split(' ').take(3).collect::<Vec<_>>().join(" ");
    let model = read("/proc/cpuinfo")
        .lines()
        .find_map(|line| Some(line.strip_prefix("model name")?.trim_start_matches([' ', '\t', ':']).to_owned()));
    let date = Command::new("date")
        .args(["-u", "+%F %H:%M UTC"])
        .output()
        .map_or_else(|_| String::new(), |out| String::from_utf8_lossy(&out.stdout).trim().to_owned());
    let build = if cfg!(debug_assertions) { "dev" } else { "release" };
    format!("{date}; {cores} cores, {}; {build} build; load at the end (1, 5, 15 min) {load}", model.unwrap_or_default())
}

/// Three or so digits that mean something.
fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 1_000.0 => {
            let digits = format!("{:.0}", value);
            let mut grouped = String::new();
            for (place, digit) in digits.chars().enumerate() {
                if place > 0 && (digits.len() - place) % 3 == 0 {
                    grouped.push(',');
                }
                grouped.push(digit);
            }
            grouped
        }
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_medians_and_are_short() {
        assert_eq!(Figure::of(&[3.0, 1.0, 2.0]).words(), "2.00 (1.00-3.00)");
        assert_eq!(percentile(&(1..=100).map(f64::from).collect::<Vec<_>>(), 0.99), 99.0);
        assert_eq!(percentile(&[5.0], 0.5), 5.0);
        assert_eq!((short(108_345.4), short(999.6), short(4.0)), ("108,345".to_owned(), "1000".to_owned(), "4.00".to_owned()));
    }

    #[test]
    fn a_target_that_is_missed_is_told() {
        let row = Row::of_rounds("x", "y", "z", "peer", &[(70.0, 100.0)]).target(Target::RatioAtLeast(0.8));
        assert_eq!(row.target_words(), "ratio at least 0.80: NOT MET");
        assert_eq!(row.target(Target::AtMost(70.0)).target_words(), "at most 70.0: met");
    }
}
