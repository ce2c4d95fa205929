//! Upsets: courses of failures and changes, read from the file and played as the simulated time passes.

use crate::failing::fault_kinds;
use crate::file::{SimulationFile, StepFile, all_of};
use crate::process::{Element, FailError, MEND, Names, kind_of, unknown};
use crate::simulator::{Field, Running, Simulator};

/// How often a quantity on its way is set, in s.
const RAMP_S: f64 = 0.25;
/// Most single changes of one upset.
const MOST: usize = 10_000;

/// One change of an upset.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    /// Something fails, or is mended.
    Fail(String, String),
    /// A quantity is set.
    Set(String, f64),
}

/// A course of changes, in the order of their times.
#[derive(Clone, Debug)]
pub struct Upset {
    /// What it is called.
    pub name: String,
    /// What happens, in a line.
    pub words: String,
    changes: Vec<(f64, Change)>,
}

impl Upset {
    /// How long it takes until its last change, in s of simulated time.
    pub fn lasts_s(&self) -> f64 {
        self.changes.last().map_or(0.0, |(at_s, _)| *at_s)
    }

    /// Its changes with their times, in s after its begin: how it is told to people.
    pub fn course(&self) -> impl Iterator<Item = (f64, String)> {
        self.changes.iter().map(|(at_s, change)| {
            let words = match change {
                Change::Fail(name, kind) => format!("{name} {kind}"),
                Change::Set(name, to) => format!("{name} = {to}"),
            };
            (*at_s, words)
        })
    }
}

/// An upset under way.
#[derive(Debug)]
pub(crate) struct Playing {
    place: usize,
    began_s: f64,
    next: usize,
    /// What its quantities were before.
    before: Vec<(String, f64)>,
}

/// All upsets of a file, with every mistake told.
pub(crate) fn read(file: &SimulationFile, elements: &[Box<dyn Element>], names: &mut Names) -> Vec<Upset> {
    let mut upsets: Vec<Upset> = Vec::new();
    for part in &file.upset {
        let name = part.name.get_ref();
        if upsets.iter().any(|upset| upset.name == *name) {
            names.problem(&part.name, format!("the upset `{name}` is told twice"), "give each upset a name of its own");
        }
        let mut changes = Vec::new();
        for step in &part.steps {
            check_step(step, file, elements, names);
            expand(step.get_ref(), &mut changes);
        }
        if changes.len() > MOST {
            let message = format!("the upset `{name}` has {} changes; {MOST} are the most", changes.len());
            names.problem(&part.name, message, "repeat fewer `times`, or shorten `over_s`");
            changes.truncate(MOST);
        }
        changes.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        upsets.push(Upset { name: name.clone(), words: part.words.clone(), changes });
    }
    upsets
}

fn check_step(step: &toml::Spanned<StepFile>, file: &SimulationFile, elements: &[Box<dyn Element>], names: &mut Names) {
    let part = step.get_ref();
    let (fails, sets) = (all_of(part.fail.as_ref()), all_of(part.set.as_ref()));
    if fails.is_empty() == sets.is_empty() {
        names.problem(
            step,
            "a step either has something fail or sets a quantity".into(),
            "write `fail` and `as`, or `set` and `to`",
        );
    } else if fails.is_empty() != part.kind.is_none() || sets.is_empty() != part.to.is_none() {
        names.problem(step, "half of this step is missing".into(), "`fail` goes with `as`, `set` with `to`");
    }
    let numbers = [Some(part.at_s), part.to, part.from, part.over_s, part.every_s];
    if numbers.iter().flatten().any(|number| !number.is_finite())
        || part.at_s < 0.0
        || part.over_s.is_some_and(|over_s| over_s <= 0.0)
    {
        names.problem(step, "times count from 0, and all numbers are finite".into(), "");
    }
    if part.from.is_some() != part.over_s.is_some() {
        names.problem(step, "a way needs its begin and its time".into(), "write `from`, `to` and `over_s`");
    }
    if part.every_s.is_some() != part.times.is_some() || part.every_s.is_some_and(|every_s| every_s <= 0.0) {
        names.problem(step, "what repeats needs a time above 0 and a number".into(), "write `every_s` and `times`");
    }
    for quantity in &sets {
        names.find(quantity);
    }
    let kind = part.kind.as_ref().map_or(MEND, |kind| kind.get_ref());
    for name in &fails {
        if let Err(error) = may_fail(name.get_ref(), kind, file, elements) {
            names.problem(name, error.to_string(), "");
        }
    }
}

/// Whether something of this name fails like this.
fn may_fail(name: &str, kind: &str, file: &SimulationFile, elements: &[Box<dyn Element>]) -> Result<(), FailError> {
    let own = elements.iter().filter_map(|element| element.kinds()).find(|(own, _)| *own == name).map(|(_, kinds)| kinds);
    let devices: Vec<_> = file.device.iter().flat_map(fault_kinds).collect();
    let found = own.or_else(|| devices.iter().find(|(point, _)| point == name).map(|(_, kinds)| *kinds));
    let Some(kinds) = found else {
        let points = elements.iter().filter_map(|element| element.kinds()).map(|(own, _)| own);
        return Err(unknown(name, points.chain(devices.iter().map(|(point, _)| point.as_str()))));
    };
    kind_of(name, kind, kinds).map(|_| ())
}

fn expand(step: &StepFile, changes: &mut Vec<(f64, Change)>) {
    let every_s = step.every_s.unwrap_or(0.0);
    for turn in 0..step.times.unwrap_or(1).min(MOST as u32) {
        let at_s = step.at_s + f64::from(turn) * every_s;
        let kind = step.kind.as_ref().map_or(MEND, |kind| kind.get_ref());
        changes
            .extend(all_of(step.fail.as_ref()).iter().map(|name| (at_s, Change::Fail(name.get_ref().clone(), kind.to_owned()))));
        let to = step.to.unwrap_or(0.0);
        for name in all_of(step.set.as_ref()) {
            if let (Some(from), Some(over_s)) = (step.from, step.over_s) {
                let parts = (over_s / RAMP_S).ceil().clamp(1.0, MOST as f64) as u32;
                changes.extend((0..parts).map(|part| {
                    let share = f64::from(part) / f64::from(parts);
                    (at_s + share * over_s, Change::Set(name.get_ref().clone(), from + share * (to - from)))
                }));
                changes.push((at_s + over_s, Change::Set(name.get_ref().clone(), to)));
            } else {
                changes.push((at_s, Change::Set(name.get_ref().clone(), to)));
            }
        }
    }
}

impl Simulator {
    /// The upsets of the file.
    pub fn upsets(&self) -> &[Upset] {
        &self.upsets
    }
}

impl Running {
    /// Begins an upset; with `ok` all that play are ended, and what they did is mended.
    ///
    /// # Errors
    /// When the file has none of this name: says which there are.
    pub fn upset(&self, name: &str) -> Result<(), String> {
        self.field.upset(name)
    }

    /// Moves the process on by one step, with what an upset does then: for tests whose field stands still.
    pub fn step(&self) {
        self.field.step();
    }
}

impl Field {
    /// Names and words of all upsets, and whether each plays now.
    pub fn upsets(&self) -> Vec<(&Upset, bool)> {
        let playing = self.playing();
        self.upsets.iter().enumerate().map(|(place, upset)| (upset, playing.iter().any(|each| each.place == place))).collect()
    }

    pub fn upset(&self, name: &str) -> Result<(), String> {
        if name == MEND {
            self.end_upsets();
            return Ok(());
        }
        let Some(place) = self.upsets.iter().position(|upset| upset.name == name) else {
            let all: Vec<&str> = self.upsets.iter().map(|upset| upset.name.as_str()).collect();
            return Err(match all.is_empty() {
                true => "this simulation.toml has no `[[upset]]`".to_owned(),
                false => format!("there is no upset `{name}`; there are: {}", all.join(", ")),
            });
        };
        let (mut playing, process) = (self.playing(), self.process());
        playing.retain(|each| each.place != place);
        let mut before: Vec<(String, f64)> = Vec::new();
        for (_, change) in &self.upsets[place].changes {
            if let Change::Set(name, _) = change
                && !before.iter().any(|(known, _)| known == name)
            {
                before.extend(process.value(name).map(|value| (name.clone(), value)));
            }
        }
        playing.push(Playing { place, began_s: process.time_s(), next: 0, before });
        Ok(())
    }

    /// One step of the process, and then what the upsets do at this time.
    pub fn step(&self) {
        let time_s = {
            let mut process = self.process();
            process.step();
            process.time_s()
        };
        let mut due = Vec::new();
        // What has come to its end stays known, so that `ok` mends what it left.
        for playing in self.playing().iter_mut() {
            let changes = self.upsets.get(playing.place).map_or(&[][..], |upset| &upset.changes);
            while let Some((_, change)) = changes.get(playing.next).filter(|(at_s, _)| playing.began_s + at_s <= time_s) {
                due.push(change);
                playing.next += 1;
            }
        }
        for change in due {
            self.make(change);
        }
    }

    fn make(&self, change: &Change) {
        match change {
            Change::Fail(name, kind) => {
                if let Err(error) = self.fail(name, kind) {
                    tracing::error!("an upset can't go on as told: {error}");
                }
            }
            Change::Set(name, to) => {
                self.process().set(name, *to);
            }
        }
    }

    fn end_upsets(&self) {
        let ended: Vec<Playing> = std::mem::take(&mut *self.playing());
        for playing in ended {
            for (_, change) in self.upsets.get(playing.place).map_or(&[][..], |upset| &upset.changes) {
                if let Change::Fail(name, _) = change {
                    self.make(&Change::Fail(name.clone(), MEND.to_owned()));
                }
            }
            for (name, value) in playing.before {
                self.process().set(&name, value);
            }
        }
    }
}
