//! The plugin's configuration, checked against its setup.

use plantroom_sdk::prelude::*;
use serde::Deserialize;

use crate::causes::{Cause, Causes, Kind, Member};

/// Longest window, in s.
const LONGEST_S: f64 = 86_400.0;

/// The plugin's configuration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdvisorConfig {
    position: Vec<PositionConfig>,
    #[serde(default)]
    cause: Vec<CauseConfig>,
    #[serde(default = "default_start")]
    start: u32,
    #[serde(default = "default_end")]
    end: u32,
    #[serde(default = "default_window_s")]
    window_s: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PositionConfig {
    summary: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    areas: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CauseConfig {
    name: String,
    alarms: Vec<String>,
    #[serde(default)]
    trigger: Vec<String>,
    #[serde(default = "default_within_s")]
    within_s: f64,
}

// ISA-18.2: a flood begins above 10 alarms in 10 minutes and ends below 5.
fn default_start() -> u32 {
    10
}

fn default_end() -> u32 {
    5
}

fn default_window_s() -> f64 {
    600.0
}

fn default_within_s() -> f64 {
    60.0
}

/// When a flood begins and ends.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// It begins when more alarms than this come within the window.
    pub start: usize,
    /// It ends when fewer than this have come within the window.
    pub end: usize,
    /// The window, in ns.
    pub window_ns: u64,
}

/// An operator's position.
pub struct Position {
    /// The alarm that tells its floods.
    pub summary: Condition,
    /// By alarm: whether it is announced here.
    pub mine: Vec<bool>,
}

/// Everything that a setup gives.
pub struct Advice {
    /// The positions.
    pub positions: Vec<Position>,
    /// When a flood begins and ends.
    pub bounds: Bounds,
    /// What may be behind alarms.
    pub causes: Causes,
}

impl Advice {
    /// Reads the configuration.
    pub fn new(setup: &Setup) -> Result<Self, Problems> {
        let config: AdvisorConfig = setup.config()?;
        let mut problems = Problems::new();
        if config.position.is_empty() {
            problems.add(
                "there is no position; add [[plugin.config.position]] with the alarm that tells its floods: summary = \"...\"",
            );
        }
        if config.end > config.start || config.end == 0 {
            problems.add(format!("a flood can't end below {} and begin above {}; 5 and 10 are usual", config.end, config.start));
        }
        for (key, seconds) in config.cause.iter().map(|cause| ("within_s", cause.within_s)).chain([("window_s", config.window_s)])
        {
            if !(1.0..=LONGEST_S).contains(&seconds) {
                problems.add(format!("{key} is {seconds}; give it 1 to {LONGEST_S} seconds"));
            }
        }
        let positions = config.position.iter().filter_map(|one| problems.keep(Position::new(setup, one, &config.position)));
        let positions: Vec<Position> = positions.collect();
        let mut causes: Vec<Cause> = config.cause.iter().filter_map(|cause| problems.keep(cause.resolve(setup))).collect();
        causes.extend(shared(setup));
        let members =
            setup.alarms.iter().map(|info| Member { alarm: info.to_watch(), message: info.message.clone(), mark: info.mark });
        let causes = Causes::new(causes, members.collect());
        let window_ns = (config.window_s.clamp(1.0, LONGEST_S) * 1e9) as u64;
        let bounds = Bounds { start: config.start as usize, end: config.end as usize, window_ns };
        problems.result(Some(Self { positions, bounds, causes }))
    }
}

impl Position {
    fn new(setup: &Setup, config: &PositionConfig, all: &[PositionConfig]) -> Result<Self, Problems> {
        let summary = setup.alarm(&config.summary)?.to_raise()?;
        let areas = areas_of(setup, config)?;
        let others: Vec<String> = all
            .iter()
            .filter(|other| other.summary != config.summary)
            .flat_map(|other| areas_of(setup, other).unwrap_or_default())
            .collect();
        let has = |info: &AlarmInfo| match areas.iter().any(|area| *area == info.area) {
            true => true,
            false => areas.iter().any(|area| area == "*") && !others.contains(&info.area),
        };
        // Events ask for nothing, and what the plugin says itself is no part of a flood.
        let counts = |info: &AlarmInfo| info.read && !info.raise && info.priority != Priority::Event;
        let mine: Vec<bool> = setup.alarms.iter().map(|info| counts(info) && has(info)).collect();
        if !mine.contains(&true) {
            return Err(Problems::one(format!(
                "the position of `{}` has no alarm; grant the plugin its alarms in grant.alarms.read, or correct its areas",
                config.summary
            )));
        }
        Ok(Self { summary, mine })
    }
}

/// The areas of a position: as it says, or as the project's position of its name does; else all.
fn areas_of(setup: &Setup, config: &PositionConfig) -> Result<Vec<String>, Problems> {
    match (&config.areas, &config.name) {
        (Some(areas), _) => Ok(areas.clone()),
        (None, None) => Ok(vec!["*".to_owned()]),
        (None, Some(name)) => {
            let found = setup.positions.iter().find(|position| position.name == *name);
            found.map(|position| position.areas.clone()).ok_or_else(|| {
                Problems::one(format!(
                    "the project has no position `{name}`; name one of plant.toml, or give it areas = [\"...\"] here"
                ))
            })
        }
    }
}

impl CauseConfig {
    fn resolve(&self, setup: &Setup) -> Result<Cause, Problems> {
        let mut problems = Problems::new();
        let mut named = |patterns: &[String]| {
            let mut found = Vec::new();
            for pattern in patterns {
                let before = found.len();
                found.extend(setup.alarms_like(pattern).filter(|info| info.read && !info.raise).map(|info| info.handle));
                if found.len() == before {
                    problems.add(format!(
                        "no alarm that this plugin may read matches `{pattern}` of the cause `{}`; correct it, or add it to \
                         grant.alarms.read",
                        self.name
                    ));
                }
            }
            found.sort_unstable();
            found.dedup();
            found
        };
        let triggers = named(&self.trigger);
        let mut alarms = named(&self.alarms);
        alarms.extend(&triggers);
        alarms.sort_unstable();
        alarms.dedup();
        let within_ns = (self.within_s.clamp(1.0, LONGEST_S) * 1e9) as u64;
        problems.result(Some(Cause { words: self.name.clone(), kind: Kind::Table { triggers, within_ns }, alarms }))
    }
}

/// What alarms have in common by themselves: the link that they come over, the machine, the area.
fn shared(setup: &Setup) -> Vec<Cause> {
    type Key = fn(&AlarmInfo) -> &str;
    let kinds: [(Kind, &str, Key); 3] = [
        (Kind::Link, "the connection", |info| &info.link),
        (Kind::Machine, "the machine", |info| &info.instance),
        (Kind::Area, "the area", |info| &info.area),
    ];
    let mut causes = Vec::new();
    for (kind, what, key) in kinds {
        let mut names: std::collections::BTreeMap<&str, Vec<u32>> = std::collections::BTreeMap::new();
        for info in setup.alarms.iter().filter(|info| info.read && !info.raise && !key(info).is_empty()) {
            names.entry(key(info)).or_default().push(info.handle);
        }
        let found = names.into_iter().map(|(name, alarms)| Cause { words: format!("{what} {name}"), kind: kind.clone(), alarms });
        causes.extend(found);
    }
    causes
}
