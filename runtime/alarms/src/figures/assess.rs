//! What the figures mean: against the targets of ANSI/ISA-18.2-2016 clause 16.5 and EEMUA 191, as secondary sources give
//! them (FIELD.md's list).

use serde::Serialize;

use super::outcome::PositionFigures;

/// The whole, in a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Too little was recorded to say anything: less than 10 minutes.
    #[default]
    Unknown,
    /// At most 1 alarm in 10 minutes on the average, and under 1 % of the windows have more than 10.
    Acceptable,
    /// At most 2 on the average, and under 5 % of the windows have more than 10.
    Manageable,
    /// More than that: nobody can follow it.
    Overloaded,
}

impl Verdict {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Acceptable => "acceptable",
            Self::Manageable => "manageable",
            Self::Overloaded => "overloaded",
        }
    }

    /// What it means, for whoever looks after the alarms.
    pub fn words(self) -> &'static str {
        match self {
            Self::Unknown => "too little was recorded to say anything",
            Self::Acceptable => "an operator can follow and answer each alarm",
            Self::Manageable => "an operator can just follow; look at what contributes most",
            Self::Overloaded => "more alarms than anybody can follow; alarms will be missed",
        }
    }
}

/// One figure, and what it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What: `alarms in 10 minutes, average`.
    pub what: &'static str,
    /// How it is, with unit.
    pub value: String,
    /// What it should be; empty where there is no target.
    pub target: &'static str,
    /// Whether it is; `None` where there is no target, or nothing to hold against it.
    pub is_met: Option<bool>,
}

/// Fills in verdict and findings.
pub(super) fn assess(of: &mut PositionFigures, observed_s: f64) {
    let enough = observed_s >= 600.0;
    let (average, over) = (of.average_in_10_min, of.windows_over_10_pct);
    of.verdict = match (average, over) {
        _ if !enough => Verdict::Unknown,
        (average, over) if average <= 1.0 && over < 1.0 => Verdict::Acceptable,
        (average, over) if average <= 2.0 && over < 5.0 => Verdict::Manageable,
        _ => Verdict::Overloaded,
    };
    let days = (observed_s / 86_400.0).max(1.0);
    let finding = |what, value: String, target, met: bool| Finding { what, value, target, is_met: enough.then_some(met) };
    let plain = |what, value: String| Finding { what, value, target: "", is_met: None };
    let seconds = |value: Option<f64>| value.map_or("none acknowledged".to_owned(), duration);
    let split = Split::of(of);
    let standing_a_day = (f64::from(of.standing_count) + of.stood as f64) / days;
    of.findings = vec![
        finding("alarms in 10 minutes, average", number(average), "at most 1; at most 2 can be managed", average <= 1.0),
        finding("alarms in 10 minutes, most", of.most_in_any_10_min.to_string(), "at most 10", of.most_in_any_10_min <= 10),
        finding("windows of 10 minutes with more than 10 alarms", percent(over), "under 1 %", over < 1.0),
        finding("time in floods", percent(of.flood_pct), "under 1 %", of.flood_pct < 1.0),
        finding(
            "share of the ten most frequent alarms",
            percent(of.top_pct),
            "at most 5 %",
            of.top_pct <= 5.0 || of.alarms < 200,
        ),
        finding("alarms that chattered", of.chattering_count.to_string(), "none", of.chattering_count == 0),
        finding("alarms active for more than 24 h, a day", number(standing_a_day), "fewer than 5", standing_a_day < 5.0),
        Finding {
            what: "low / medium / high and critical",
            value: split.words(),
            target: "about 80 / 15 / 5 %",
            is_met: split.is_met().filter(|_| enough),
        },
        plain("time to acknowledge, median", seconds(of.acknowledge.median_s)),
        plain("time to acknowledge, 95 % within", seconds(of.acknowledge.p95_s)),
        plain("came while shelved", of.hidden.shelved.to_string()),
        plain("came while suppressed by design", of.hidden.suppressed.to_string()),
        plain("came while out of service", of.hidden.out_of_service.to_string()),
    ];
}

/// Shares of the priorities, in %.
struct Split {
    alarms: u64,
    low: f64,
    medium: f64,
    high: f64,
}

impl Split {
    fn of(of: &PositionFigures) -> Self {
        let [_, low, medium, high, critical] = of.by_priority;
        let share = |count: u64| if of.alarms == 0 { 0.0 } else { 100.0 * count as f64 / of.alarms as f64 };
        Self { alarms: of.alarms, low: share(low), medium: share(medium), high: share(high + critical) }
    }

    fn words(&self) -> String {
        if self.alarms == 0 {
            return "no alarms".to_owned();
        }
        format!("{:.0} / {:.0} / {:.0} %", self.low, self.medium, self.high)
    }

    /// Few alarms have no split to speak of.
    fn is_met(&self) -> Option<bool> {
        (self.alarms >= 20).then(|| self.high <= 10.0 && self.medium <= 25.0)
    }
}

/// Two digits after the point where they matter.
pub(super) fn number(value: f64) -> String {
    if value.abs() < 10.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}

pub(super) fn percent(value: f64) -> String {
    if value.abs() < 10.0 { format!("{value:.1} %") } else { format!("{value:.0} %") }
}

/// One digit after the point, where it isn't 0.
fn tenths(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// Seconds as people say them.
pub(super) fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 5_400.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{} h", tenths(s / 3_600.0)),
        s => format!("{} days", tenths(s / 86_400.0)),
    }
}
