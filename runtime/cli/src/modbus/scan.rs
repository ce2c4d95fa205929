//! `plantroom modbus scan`: who answers, and with what.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use plantroom_fieldbus::direct::{Direct, Question, Said};
use plantroom_project::LinkSpec;

use crate::exit::Failure;
use crate::modbus::target::Target;
use crate::modbus::{identity, report};
use crate::run::stop_signal;

/// What is asked, in this order: function, its kind in words, most of one read.
pub const KINDS: [(u8, &str, u16); 4] =
    [(3, "holding registers", 100), (4, "input registers", 100), (1, "coils", 512), (2, "discrete inputs", 512)];
/// Exceptions by which a gateway says that a unit isn't there.
const NOT_THERE: [u8; 2] = [10, 11];
/// With so many units asked, and every one answering, it is one device that doesn't look at the unit.
const ALL_ALIKE: usize = 8;

#[derive(Args)]
pub struct Scan {
    #[command(flatten)]
    target: Target,
    /// Units to look for: 1-247, or some of them: 1-10,17.
    #[arg(long, default_value = "1-247", value_parser = units)]
    units: Units,
    /// Addresses to look at in each unit that answers, 0-based.
    #[arg(long, default_value = "0-199", value_parser = span)]
    registers: Span,
    /// Only finds the units, and looks at no addresses.
    #[arg(long)]
    units_only: bool,
    /// Pause between two requests, in ms.
    #[arg(long, default_value_t = 5)]
    pause_ms: u64,
    /// JSON instead of text.
    #[arg(long)]
    json: bool,
}

#[derive(Clone)]
struct Units(Vec<u8>);
#[derive(Clone)]
struct Span(u16, u16);

/// A unit that answers.
#[derive(Debug, Default, PartialEq)]
pub struct Found {
    pub unit: u8,
    pub identity: Vec<(&'static str, String)>,
    /// By kind: the addresses that can be read; `None` where the device doesn't know the function.
    pub ranges: Vec<(&'static str, Option<Vec<RangeInclusive<u16>>>)>,
}

impl Found {
    /// Whether it answered everything with exceptions: a gateway may do so for units that aren't there.
    pub fn only_refuses(&self) -> bool {
        let empty = |ranges: &Option<Vec<RangeInclusive<u16>>>| ranges.as_ref().is_none_or(Vec::is_empty);
        !self.ranges.is_empty() && self.identity.is_empty() && self.ranges.iter().all(|(_, ranges)| empty(ranges))
    }
}

/// All that a scan came to.
pub struct Outcome {
    pub link: LinkSpec,
    pub found: Vec<Found>,
    /// One device that answers whatever unit is asked.
    pub any_unit: bool,
    /// It was ended before its time.
    pub stopped: bool,
    /// Units were asked and nothing understandable came, but something did.
    pub noise: Option<String>,
    /// Addresses that were looked at.
    pub span: (u16, u16),
    pub units_only: bool,
}

/// A line, its pace, and whether somebody has had enough.
struct Walk {
    line: Direct,
    pause: Duration,
    stop: Arc<AtomicBool>,
    bar: ProgressBar,
    noise: Option<String>,
}

impl Scan {
    pub async fn run(self) -> Result<()> {
        let links = self.target.links()?;
        let stop = Arc::new(AtomicBool::new(false));
        let bar = self.announce(&links);
        let signal = Arc::clone(&stop);
        tokio::spawn(async move {
            stop_signal().await;
            signal.store(true, Ordering::Relaxed);
        });
        let mut noise = None;
        let mut last = None;
        for link in links {
            let line = Direct::open(&link, self.target.timeout_ms()).await.map_err(|reason| {
                bar.finish_and_clear();
                Failure::unreachable(format!("The line can't be opened: {reason}."))
            })?;
            bar.set_message(link.to_string());
            let pause = Duration::from_millis(self.pause_ms);
            let mut walk = Walk { line, pause, stop: Arc::clone(&stop), bar: bar.clone(), noise: None };
            let mut outcome = self.walk(&mut walk, link).await;
            noise = walk.noise.take().or(noise);
            let done = !outcome.found.is_empty() || outcome.stopped;
            outcome.noise.clone_from(&noise);
            last = Some(outcome);
            if done {
                break;
            }
        }
        bar.finish_and_clear();
        let Some(outcome) = last else { return Err(Failure::usage("No line to scan.").into()) };
        report::print(&outcome, self.json)?;
        if outcome.found.is_empty() {
            return Err(Failure::unreachable(report::nobody(&outcome)).into());
        }
        Ok(())
    }

    /// Says how long it may take at most, and makes the bar.
    fn announce(&self, links: &[LinkSpec]) -> ProgressBar {
        let asked = (self.units.0.len() * links.len()) as u64;
        let each_ms = u64::from(self.target.timeout_ms()) + self.pause_ms;
        let longest = Duration::from_millis(asked * each_ms);
        if !self.json {
            let (units, ways) = (self.units.0.len(), links.len());
            let lines = if ways > 1 { format!(" with {ways} line settings") } else { String::new() };
            eprintln!(
                "Looking for {units} units{lines}; at most {} if nobody answers. Ctrl-C shows what was found.",
                HumanDuration(longest)
            );
        }
        let bar = ProgressBar::new(asked);
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}  {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar
    }

    async fn walk(&self, walk: &mut Walk, link: LinkSpec) -> Outcome {
        let mut present = Vec::new();
        for unit in &self.units.0 {
            if walk.is_stopped() {
                break;
            }
            if walk.is_there(*unit).await {
                present.push(*unit);
                walk.bar.println(format!("unit {unit} answers"));
            }
            walk.bar.inc(1);
        }
        let is_tcp = matches!(link, LinkSpec::Tcp(_));
        let any_unit = is_tcp && present.len() >= ALL_ALIKE && present.len() == self.units.0.len();
        if any_unit {
            present.truncate(1);
        }
        let mut found = Vec::new();
        for unit in present {
            walk.bar.set_message(format!("looking at unit {unit}"));
            let mut one = Found { unit, ..Found::default() };
            if !walk.is_stopped() {
                one.identity = identity::ask(&mut walk.line, unit).await;
            }
            if !self.units_only {
                for (function, kind, most) in KINDS {
                    one.ranges.push((kind, walk.ranges(unit, function, most, (self.registers.0, self.registers.1)).await));
                }
            }
            found.push(one);
        }
        let span = (self.registers.0, self.registers.1);
        Outcome { link, found, any_unit, stopped: walk.is_stopped(), noise: None, span, units_only: self.units_only }
    }
}

impl Walk {
    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    async fn ask(&mut self, unit: u8, function: u8, address: u16, count: u16) -> Said {
        tokio::time::sleep(self.pause).await;
        let (a, n) = (address.to_be_bytes(), count.to_be_bytes());
        let bytes = if function <= 2 { usize::from(count).div_ceil(8) } else { 2 * usize::from(count) };
        let question = Question { unit, pdu: vec![function, a[0], a[1], n[0], n[1]], answer_bytes: Some(1 + bytes) };
        match self.line.ask(&question).await {
            Ok(Said::Noise(words)) => {
                self.noise = Some(words.clone());
                Said::Noise(words)
            }
            Ok(said) => said,
            Err(reason) => {
                self.noise = Some(reason.clone());
                Said::Noise(reason)
            }
        }
    }

    /// Whether a unit answers anything at all; a refusal is an answer.
    async fn is_there(&mut self, unit: u8) -> bool {
        match self.ask(unit, 3, 0, 1).await {
            Said::Data(_) => true,
            Said::Exception(code) => !NOT_THERE.contains(&code),
            Said::Nothing | Said::Noise(_) => false,
        }
    }

    /// Which addresses can be read: in big pieces where that works, halved where it doesn't.
    async fn ranges(&mut self, unit: u8, function: u8, most: u16, (first, last): (u16, u16)) -> Option<Vec<RangeInclusive<u16>>> {
        let mut ranges: Vec<RangeInclusive<u16>> = Vec::new();
        let mut pieces: Vec<(u16, u16)> = Vec::new();
        let mut from = u32::from(first);
        while from <= u32::from(last) {
            let end = (from + u32::from(most) - 1).min(u32::from(last));
            pieces.push((from as u16, end as u16));
            from = end + 1;
        }
        pieces.reverse();
        let (mut silent, mut known) = (0, false);
        while let Some((low, high)) = pieces.pop() {
            if self.is_stopped() {
                break;
            }
            match self.ask(unit, function, low, high - low + 1).await {
                Said::Data(_) => {
                    (silent, known) = (0, true);
                    match ranges.last_mut() {
                        Some(range) if u32::from(*range.end()) + 1 == u32::from(low) => *range = *range.start()..=high,
                        _ => ranges.push(low..=high),
                    }
                }
                Said::Exception(1) => return None,
                said => {
                    // A device that is silent, or says nothing of addresses, where it should refuse: three times are enough.
                    let refuses = matches!(said, Said::Exception(2 | 3));
                    silent = if refuses { 0 } else { silent + 1 };
                    if silent >= 3 && !known {
                        return None;
                    }
                    if low < high && silent < 3 {
                        let middle = low + (high - low) / 2;
                        pieces.push((middle + 1, high));
                        pieces.push((low, middle));
                    }
                }
            }
        }
        Some(ranges)
    }
}

fn units(text: &str) -> Result<Units, String> {
    let mut units = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let number = |text: &str| text.trim().parse::<u8>().map_err(|_| format!("`{part}` is not a unit, 0 to 255, or a range"));
        let (first, last) = (number(first)?, number(last)?);
        if first > last {
            return Err(format!("`{part}` ends before it begins"));
        }
        units.extend(first..=last);
    }
    units.dedup();
    Ok(Units(units))
}

fn span(text: &str) -> Result<Span, String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let number = |text: &str| text.trim().parse::<u16>().map_err(|_| format!("`{text}` is not an address, 0 to 65535"));
    let (first, last) = (number(first)?, number(last)?);
    if first > last { Err(format!("`{text}` ends before it begins")) } else { Ok(Span(first, last)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_numbers_and_ranges() {
        for (text, expected) in [
            ("7", Some(vec![7])),
            ("1-3,9", Some(vec![1, 2, 3, 9])),
            ("0-0", Some(vec![0])),
            ("250-255", Some((250..=255).collect())),
            ("3-1", None),
            ("1-256", None),
            ("", None),
            ("a", None),
        ] {
            assert_eq!(units(text).ok().map(|units| units.0), expected, "{text}");
        }
        assert!(span("5-3").is_err() && span("70000").is_err());
        assert!(span("0-65535").is_ok_and(|Span(first, last)| (first, last) == (0, 65_535)));
    }
}
