//! The plugin's configuration, checked against its setup.

use plantroom_sdk::prelude::*;
use serde::Deserialize;

/// Longest time that may be called one moment, in ms: a poll period.
const LONGEST_MS: u64 = 3_600_000;
/// Most trips of a group: what a person can read in one line.
const TRIPS: usize = 64;

/// The plugin's configuration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FirstOutConfig {
    #[serde(default)]
    group: Vec<GroupConfig>,
}

/// One machine.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupConfig {
    alarm: String,
    trip: Vec<TripConfig>,
    #[serde(default)]
    reset: Option<String>,
    #[serde(default = "default_apart_ms")]
    apart_ms: u64,
    #[serde(default = "default_poll_ms")]
    poll_ms: u64,
}

/// One way to trip: an alarm, or a tag and the state that is a trip.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TripConfig {
    #[serde(default)]
    alarm: Option<String>,
    #[serde(default)]
    tag: Option<String>,
    #[serde(default)]
    is: Option<State>,
    #[serde(default)]
    words: Option<String>,
}

/// A state as a project writes it.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum State {
    Flag(bool),
    Whole(i64),
}

fn default_apart_ms() -> u64 {
    1
}

fn default_poll_ms() -> u64 {
    1_000
}

/// A group, ready to watch.
pub struct Group {
    /// Its own alarm, which tells the sequence.
    pub alarm: Condition,
    /// What can trip it.
    pub trips: Vec<Trip>,
    /// What ends a sequence; without it, the reset or acknowledgement of the own alarm does.
    pub reset: Option<Input<bool>>,
    /// Two times of one clock that are nearer than this don't say which was first, in ns.
    pub apart_ns: i64,
    /// The same for times of different clocks.
    pub poll_ns: i64,
}

/// Something that trips a machine.
pub struct Trip {
    /// Where it is seen.
    pub source: Source,
    /// In an operator's words.
    pub words: String,
    /// The clock of its source times; empty for the station's.
    pub link: String,
}

/// Where a trip is seen.
pub enum Source {
    /// It is an alarm that holds; the flag says whether it may be marked as the first.
    Alarm(Alarm, bool),
    /// It is a tag in a state.
    Tag(Input<Value>, i64),
}

/// Every group of a setup.
pub fn groups(setup: &Setup) -> Result<Vec<Group>, Problems> {
    let config: FirstOutConfig = setup.config()?;
    let mut problems = Problems::new();
    if config.group.is_empty() {
        problems.add("there is no machine to watch; add [[plugin.config.group]] with its alarm and its trips");
    }
    let groups: Vec<Group> = config.group.iter().filter_map(|group| problems.keep(Group::new(setup, group))).collect();
    for (at, group) in groups.iter().enumerate() {
        if groups[..at].iter().any(|other| other.alarm.handle() == group.alarm.handle()) {
            problems.add(format!("two groups have the alarm `{}`; give each its own", group.alarm.name()));
        }
    }
    problems.result(Some(groups))
}

impl Group {
    fn new(setup: &Setup, config: &GroupConfig) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        let alarm = problems.keep(setup.alarm(&config.alarm).and_then(AlarmInfo::to_raise));
        if !(2..=TRIPS).contains(&config.trip.len()) {
            problems.add(format!("the group of `{}` has {} trips; give it 2 to {TRIPS}", config.alarm, config.trip.len()));
        }
        for (key, ms) in [("apart_ms", config.apart_ms), ("poll_ms", config.poll_ms)] {
            if ms > LONGEST_MS {
                problems.add(format!("{key} of the group of `{}` is {ms}; give it at most {LONGEST_MS}", config.alarm));
            }
        }
        let trips = config.trip.iter().filter_map(|trip| problems.keep(Trip::new(setup, trip))).collect();
        let reset = config.reset.as_ref().and_then(|name| problems.keep(tag(setup, name).and_then(TagInfo::to_read)));
        let nanos = |ms: u64| ms.min(LONGEST_MS) as i64 * 1_000_000;
        problems.result(alarm.map(|alarm| Self {
            alarm,
            trips,
            reset,
            // Equal times never say which was first.
            apart_ns: nanos(config.apart_ms).max(1),
            poll_ns: nanos(config.poll_ms).max(1),
        }))
    }
}

impl Trip {
    fn new(setup: &Setup, config: &TripConfig) -> Result<Self, Problems> {
        let TripConfig { alarm, tag: name, is, words } = config;
        match (alarm, name, is) {
            (Some(alarm), None, None) => {
                let info = setup.alarm(alarm)?;
                if !info.read {
                    return Err(Problems::one(format!("`{alarm}` may not be read by this plugin; add it to grant.alarms.read")));
                }
                let words = words.clone().unwrap_or_else(|| info.message.clone());
                Ok(Self { source: Source::Alarm(info.to_watch(), info.mark), words, link: info.link.clone() })
            }
            (None, Some(name), is) => {
                let info = tag(setup, name)?;
                let state = match is.unwrap_or(State::Flag(true)) {
                    State::Flag(flag) => i64::from(flag),
                    State::Whole(whole) => whole,
                };
                let words = words.clone().unwrap_or_else(|| info.short_name().replace('_', " "));
                Ok(Self { source: Source::Tag(info.to_read()?, state), words, link: info.link.clone() })
            }
            _ => Err(Problems::one(
                "a trip is either { alarm = \"...\" } or { tag = \"...\", is = true }; `is` goes with a tag, and may be left out",
            )),
        }
    }
}

fn tag<'a>(setup: &'a Setup, name: &str) -> Result<&'a TagInfo, Problems> {
    setup.tags.iter().find(|tag| tag.name == name).ok_or_else(|| {
        Problems::one(format!(
            "the tag `{name}` isn't granted to this plugin; add it to the plugin's grant.read, or correct the name"
        ))
    })
}
