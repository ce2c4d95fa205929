//! Why a tag holds what it holds: from the device to the screen, step by step, and who was refused what.

use std::fmt::Write as _;

use plantroom_model::{
    Now, Origin, Outcome, OutcomeKind, Quality, Sample, Snapshot, TagId, TagMode, TagSpec, Totalise, Utc, Value,
};
use plantroom_project::Plant;
use plantroom_server::{Why, WhyStep, time_text};

use crate::command::CommandPath;
use crate::recent::Told;
use crate::target;

/// Inputs of inputs that are followed.
const DEPTH: u8 = 6;
/// Steps of one answer; a deep tree of inputs is cut off, and says so.
const STEPS: usize = 200;

/// The steps of one answer while they are gathered.
struct Steps<'a> {
    path: &'a CommandPath,
    plant: &'a Plant,
    snapshot: &'a Snapshot,
    now: Now,
    steps: Vec<WhyStep>,
}

impl CommandPath {
    /// Why a tag holds what it holds. Asks its driver, which may take a quarter of a second.
    pub fn why(&self, tag: TagId) -> Why {
        let plant = self.plant();
        let snapshot = std::sync::Arc::clone(&self.snapshots.borrow());
        let Some(spec) = plant.tags.get(tag.0 as usize) else { return Why::default() };
        let sample = snapshot.get(tag).cloned().unwrap_or_default();
        let mut steps = Steps { path: self, plant: &plant, snapshot: &snapshot, now: self.clock.now(), steps: Vec::new() };
        steps.of_tag(tag, spec, 0);
        steps.requests(tag, spec);
        let steps = steps.steps;
        let mut why = Why {
            tag: spec.name.to_string(),
            value: held(spec, &sample),
            quality: quality(sample.status.quality()).to_owned(),
            reason: sample.status.words().to_owned(),
            steps,
            text: String::new(),
        };
        why.text = for_people(&why, &spec.description);
        why
    }
}

impl Steps<'_> {
    /// How one tag comes to its value.
    fn of_tag(&mut self, tag: TagId, spec: &TagSpec, depth: u8) {
        let sample = self.snapshot.get(tag).cloned().unwrap_or_default();
        match &spec.origin {
            Origin::Driver { .. } => self.from_device(tag, spec, &sample, depth),
            Origin::Analytics { plugin } => {
                let name = self.plant.plugins.get(plugin.0 as usize).map_or("?", |plugin| &*plugin.name);
                let state = self.shown(&format!("system/plugins/{name}/state"));
                self.add(depth, "source", format!("computed by the plugin {name}, which is {state}"), None);
            }
            Origin::Memory { .. } => self.add(depth, "source", "kept by the station; it changes when it is written", None),
            Origin::System => self.add(depth, "source", "said by the station itself", None),
            Origin::Derived(derived) => {
                self.add(depth, "source", format!("derived: {}", derived.expression), None);
                self.inputs(&derived.inputs, depth);
            }
            Origin::Total(total) => {
                self.add(depth, "source", total_words(total.how), None);
                self.inputs(&[total.source], depth);
            }
            Origin::Gone => self.add(depth, "source", "the project has no such tag any more", None),
        }
        if let Some(note) = self.snapshot.note(tag) {
            self.add(depth, "reason", note.to_string(), None);
        }
        self.mode(&spec.name, depth);
        let reason = sample.status.words();
        self.add(depth, "value", format!("{}, {reason}", held(spec, &sample)), Some(sample.status.quality()));
        self.ages(spec, &sample, depth);
    }

    fn from_device(&mut self, tag: TagId, spec: &TagSpec, sample: &Sample, depth: u8) {
        let Origin::Driver { plugin, connection, device, address } = &spec.origin else { return };
        if let Some(link) = self.plant.connections.get(connection.0 as usize) {
            let state = self.shown(&format!("system/connections/{}/state", link.name));
            let up = state == "up";
            let quality = Some(if up { Quality::Good } else { Quality::Bad });
            self.add(depth, "connection", format!("{} ({}): {state}", link.name, link.link), quality);
            if let Some(device) = device.and_then(|device| link.devices.get(device as usize)) {
                self.add(depth, "device", device.name.to_string(), None);
            }
        }
        let driver = self.plant.plugins.get(plugin.0 as usize).map_or("?", |plugin| &*plugin.name);
        let state = self.shown(&format!("system/plugins/{driver}/state"));
        self.add(depth, "driver", format!("{driver}, which is {state}"), None);
        let group = if spec.group.is_empty() { String::new() } else { format!(", group {}", spec.group) };
        self.add(depth, "address", format!("{address}{group}"), None);
        let told = self.path.running.get().plugin(*plugin).and_then(|plugin| plugin.explain(tag));
        if let Some(told) = told {
            if !told.place.is_empty() {
                self.add(depth, "place", told.place, None);
            }
            if told.words.is_empty() {
                self.add(depth, "raw", "nothing was read yet", None);
            } else {
                let age = age_words(self.now.utc, told.at);
                self.add(depth, "raw", format!("{} (read {age})", words(&told.words)), None);
            }
            if !told.note.is_empty() {
                self.add(depth, "driver says", told.note, None);
            }
        }
        self.scaling(spec, sample, depth);
    }

    /// The straight line from raw to engineering units, with this value's own numbers.
    fn scaling(&mut self, spec: &TagSpec, sample: &Sample, depth: u8) {
        let Some(line) = spec.scaling else {
            return self.add(depth, "scaling", "none: the device's number is the value", None);
        };
        let unit = &spec.unit;
        let ends = format!("{} to {} raw is {} to {} {unit}", line.raw_low, line.raw_high, line.eng_low, line.eng_high)
            .trim_end()
            .to_owned();
        let here = sample
            .value
            .as_f64()
            .map(|value| format!("; {} comes from {} raw", target::shown(spec, &sample.value), tidy(line.to_raw(value))));
        self.add(depth, "scaling", format!("{ends}{}", here.unwrap_or_default()), None);
        if let Some(band) = line.fault_band {
            let text = format!("raw at or below {} or at or above {} is a broken sensor", band.below, band.above);
            self.add(depth, "fault band", text, None);
        }
        if let Some((low, high)) = spec.range {
            self.add(depth, "range", format!("{low} to {high} {unit}; outside it is clamped and uncertain"), None);
        }
    }

    fn inputs(&mut self, inputs: &[TagId], depth: u8) {
        for input in inputs {
            let Some(spec) = self.plant.tags.get(input.0 as usize) else { continue };
            let sample = self.snapshot.get(*input).cloned().unwrap_or_default();
            let text = format!("{} = {}, {}", spec.name, held(spec, &sample), sample.status.words());
            self.add(depth + 1, "input", text, Some(sample.status.quality()));
            if depth + 1 < DEPTH && self.steps.len() < STEPS {
                self.of_tag(*input, spec, depth + 2);
            } else {
                self.add(depth + 1, "input", "its own inputs are not followed any further; ask for it by name", None);
            }
        }
    }

    fn mode(&mut self, name: &str, depth: u8) {
        let Some(over) = self.path.modes.of(name) else { return };
        let what = match over.mode {
            TagMode::OffScan => "off scan: what its source says is not taken in".to_owned(),
            mode => format!("{}: what its source says is not shown", mode.word()),
        };
        let since = moment(over.since);
        self.add(depth, "mode", format!("{what}; by {} since {since}: {}", over.user, over.reason), None);
    }

    fn ages(&mut self, spec: &TagSpec, sample: &Sample, depth: u8) {
        if sample.server_time.0 == 0 {
            return self.add(depth, "age", "nothing was heard from its source yet", None);
        }
        let taken = age_words(self.now.utc, sample.server_time);
        let mut text = format!("the station took it in {taken}");
        if sample.source_time != sample.server_time && sample.source_time.0 != 0 {
            let _ = write!(text, "; its source says it is from {}", moment(sample.source_time));
        }
        if spec.stale_after_ms > 0 {
            let _ = write!(text, "; silence of {} counts as a missed poll", seconds(u64::from(spec.stale_after_ms)));
        }
        self.add(depth, "age", text, None);
    }

    /// How it may be written, and what came of the last tries.
    fn requests(&mut self, tag: TagId, spec: &TagSpec) {
        let Some(write) = &spec.write else { return };
        let mut rules = vec![format!("by the role {} and above", write.role.word())];
        if let Some((low, high)) = write.range {
            rules.push(format!("{low} to {high} {}", spec.unit).trim_end().to_owned());
        }
        rules.extend(write.max_step.map(|step| format!("at most {step} {} at once", spec.unit)));
        if write.min_interval_ms > 0 {
            rules.push(format!("at most every {}", seconds(u64::from(write.min_interval_ms))));
        }
        rules.extend(write.pulse.as_ref().map(|pulse| format!("held for {} ms", pulse.hold_ms)));
        self.add(0, "may be written", rules.join(", "), None);
        for permissive in &write.permissives {
            let allowed = target::holds(self.plant, permissive, self.snapshot);
            let (word, quality) = if allowed.is_ok() { ("holds", Quality::Good) } else { ("does not hold", Quality::Bad) };
            let name = self.plant.tags.get(permissive.tag.0 as usize).map_or("?", |tag| &tag.name);
            let only = permissive.only_for.map(|only| format!(", only for {}", target::shown(spec, &Value::Float(only))));
            let only = only.unwrap_or_default();
            self.add(0, "permissive", format!("{} ({name}): {word}{only}", permissive.message), Some(quality));
        }
        let last = self.path.recent.of(tag);
        if let Some(told) = last.outcome {
            self.add(0, "last write", self.told(&told), None);
        }
        match last.refusal {
            Some(told) => self.add(0, "last refusal", self.told(&told), None),
            None => self.add(0, "last refusal", "none since the station's start", None),
        }
    }

    fn told(&self, told: &Told) -> String {
        let Told { at, user, value, outcome } = told;
        let audit = if outcome.audit > 0 { format!(" (audit record {})", outcome.audit) } else { String::new() };
        format!("{value} by {user}, {}: {}{audit}", age_words(self.now.utc, *at), outcome_words(outcome))
    }

    /// A system tag's value in words.
    fn shown(&self, name: &str) -> String {
        let Some((tag, spec)) = self.plant.tag(name) else { return "not known".to_owned() };
        match self.snapshot.get(tag) {
            Some(sample) if sample.value != Value::Null => target::shown(spec, &sample.value),
            _ => "not known yet".to_owned(),
        }
    }

    fn add(&mut self, depth: u8, what: &str, text: impl Into<String>, status: Option<Quality>) {
        if self.steps.len() < STEPS {
            let quality = status.map(quality).unwrap_or_default().to_owned();
            self.steps.push(WhyStep { depth, what: what.to_owned(), text: text.into(), quality });
        }
    }
}

fn quality(quality: Quality) -> &'static str {
    match quality {
        Quality::Good => "good",
        Quality::Uncertain => "uncertain",
        Quality::Bad => "bad",
    }
}

fn held(spec: &TagSpec, sample: &Sample) -> String {
    if sample.value == Value::Null { "no value".to_owned() } else { target::shown(spec, &sample.value) }
}

fn outcome_words(outcome: &Outcome) -> String {
    let kind = match outcome.kind {
        OutcomeKind::Confirmed => "confirmed",
        OutcomeKind::Done => "done",
        OutcomeKind::Mismatch => "mismatch",
        OutcomeKind::Unknown => "unknown",
        OutcomeKind::Refused => "refused",
        OutcomeKind::NotSent => "not sent",
    };
    format!("{kind}. {}", outcome.message)
}

fn total_words(how: Totalise) -> String {
    match how {
        Totalise::Rate { per_s } => format!("the integral of a rate per {per_s} s"),
        Totalise::Counter { wraps_at, factor } => {
            let wraps = wraps_at.map(|at| format!(", which wraps at {at}")).unwrap_or_default();
            format!("adds up a counter{wraps}; one count is {factor}")
        }
        Totalise::Starts => "counts how often its source became true".to_owned(),
        Totalise::Hours => "the hours for which its source was true".to_owned(),
    }
}

/// `0x41C8 0x0000`, and as numbers where there are few.
fn words(words: &[u16]) -> String {
    let hex: Vec<String> = words.iter().map(|word| format!("0x{word:04X}")).collect();
    if words.len() > 4 {
        return hex.join(" ");
    }
    let numbers: Vec<String> = words.iter().map(u16::to_string).collect();
    format!("{} = {}", hex.join(" "), numbers.join(" "))
}

/// A number with the digits that matter.
fn tidy(number: f64) -> String {
    let text = format!("{number:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn seconds(ms: u64) -> String {
    if ms < 10_000 { format!("{} s", tidy(ms as f64 / 1e3)) } else { format!("{} s", ms / 1_000) }
}

/// A moment to the second: `2026-11-22T18:40:05Z`.
fn moment(at: Utc) -> String {
    let text = time_text(at);
    text.split_once('.').map_or(text.clone(), |(seconds, _)| format!("{seconds}Z"))
}

/// `0.3 s ago`; a time ahead of the clock is told as it is.
fn age_words(now: Utc, at: Utc) -> String {
    match now.as_ms() - at.as_ms() {
        _ if at.0 == 0 => "never".to_owned(),
        ahead if ahead < -1_000 => format!("at {}, which is ahead of the station's clock", moment(at)),
        age if age < 60_000 => format!("{:.1} s ago", age.max(0) as f64 / 1e3),
        age if age < 3_600_000 => format!("{} min ago", age / 60_000),
        _ => format!("at {}", moment(at)),
    }
}

/// The answer as an engineer reads it.
fn for_people(why: &Why, description: &str) -> String {
    let mut text = format!("{} = {}, {}", why.tag, why.value, why.quality);
    if why.quality != "good" || why.reason != "good" {
        let _ = write!(text, ": {}", why.reason);
    }
    if !description.is_empty() {
        let _ = write!(text, "\n  {description}");
    }
    for step in &why.steps {
        let indent = "  ".repeat(usize::from(step.depth) + 1);
        let mark =
            if step.quality.is_empty() || step.quality == "good" { String::new() } else { format!("  [{}]", step.quality) };
        let _ = write!(text, "\n{indent}{:<width$} {}{mark}", step.what, step.text, width = 15);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_words_and_ages_are_told_as_an_engineer_reads_them() {
        assert_eq!(words(&[0x41C8, 0]), "0x41C8 0x0000 = 16840 0");
        assert_eq!(words(&[1, 2, 3, 4, 5]), "0x0001 0x0002 0x0003 0x0004 0x0005");
        let now = Utc(1_790_000_000_000_000_000);
        let ago = |ms: i64| age_words(now, Utc(now.0 - ms * 1_000_000));
        assert_eq!((ago(340).as_str(), ago(125_000).as_str()), ("0.3 s ago", "2 min ago"));
        assert!(ago(-3_600_000).contains("ahead of the station's clock"));
        assert_eq!(age_words(now, Utc(0)), "never");
        assert_eq!((tidy(12.5), tidy(3.0), seconds(10_000)), ("12.5".to_owned(), "3".to_owned(), "10 s".to_owned()));
    }
}
