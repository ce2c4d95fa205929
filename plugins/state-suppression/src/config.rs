//! The table of the plugin's configuration, checked against its setup.

use std::collections::BTreeMap;

use plantroom_sdk::prelude::*;
use serde::Deserialize;

/// Longest delay, in s: a day, after which a state isn't new any more.
const LONGEST_S: f64 = 86_400.0;

/// The plugin's configuration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TableConfig {
    #[serde(default)]
    unit: Vec<UnitConfig>,
}

/// A part of the plant that has states.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UnitConfig {
    name: String,
    tag: String,
    states: BTreeMap<String, States>,
    #[serde(default)]
    when_unknown: WhenUnknown,
    rule: Vec<RuleConfig>,
}

/// The tag's values that are one state.
#[derive(Deserialize)]
#[serde(untagged)]
enum States {
    Flag(bool),
    One(f64),
    Several(Vec<f64>),
    Text(String),
}

/// What to do while nobody can tell the state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhenUnknown {
    /// Suppress nothing: an alarm too many is better than one too few.
    #[default]
    Show,
    /// Leave everything as it is.
    Hold,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleConfig {
    alarms: Vec<String>,
    only_in: Vec<String>,
    #[serde(default)]
    settle_s: f64,
    #[serde(default)]
    leave_s: f64,
    #[serde(default)]
    reason: Option<String>,
}

/// A part of the plant that has states, ready to watch.
pub struct Unit {
    /// Its name, for reasons.
    pub name: String,
    /// Where its state is seen.
    pub tag: Input<Value>,
    /// The states: word, and the values that are it.
    pub states: Vec<(String, Values)>,
    /// What to do while nobody can tell.
    pub when_unknown: WhenUnknown,
    /// Which alarms make sense when.
    pub rules: Vec<Rule>,
}

/// The values of a state.
pub enum Values {
    /// Any of these numbers.
    Numbers(Vec<f64>),
    /// This text.
    Text(String),
}

/// Alarms that make sense only in some states.
pub struct Rule {
    /// Places in the plugin's list of alarms.
    pub alarms: Vec<usize>,
    /// By state: whether they make sense in it.
    pub sense: Vec<bool>,
    /// After a state in which they make sense was entered, they stay suppressed so long, in ns.
    pub settle_ns: u64,
    /// After such a state was left, they are suppressed so long later, in ns.
    pub leave_ns: u64,
    /// Why, in the project's words; else it is made from the state.
    pub reason: Option<String>,
}

/// The table, and the alarms that it names.
pub struct Table {
    /// Every unit.
    pub units: Vec<Unit>,
    /// Every alarm that a rule names, once.
    pub alarms: Vec<Alarm>,
}

impl Table {
    /// Reads the table.
    pub fn new(setup: &Setup) -> Result<Self, Problems> {
        let config: TableConfig = setup.config()?;
        let (mut problems, mut alarms) = (Problems::new(), Vec::new());
        if config.unit.is_empty() {
            problems.add("the table is empty; add [[plugin.config.unit]] with its tag, its states and its rules");
        }
        let units = config.unit.iter().filter_map(|unit| problems.keep(Unit::new(setup, unit, &mut alarms))).collect();
        problems.result(Some(Self { units, alarms }))
    }
}

impl Unit {
    fn new(setup: &Setup, config: &UnitConfig, alarms: &mut Vec<Alarm>) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        let UnitConfig { name, tag, when_unknown, .. } = config;
        let tag = setup.tags.iter().find(|info| info.name == *tag).ok_or_else(|| {
            Problems::one(format!("the tag `{tag}` of unit `{name}` isn't granted to this plugin; add it to grant.read"))
        });
        let tag = problems.keep(tag.and_then(TagInfo::to_read));
        let states: Vec<(String, Values)> = config.states.iter().map(|(word, states)| (word.clone(), states.values())).collect();
        for (word, twice) in overlaps(&states) {
            problems.add(format!(
                "the states `{word}` and `{twice}` of unit `{name}` have a value in common; give it to one of them"
            ));
        }
        let mut rules = Vec::new();
        for rule in &config.rule {
            rules.extend(problems.keep(Rule::new(setup, (name, &states), rule, alarms)));
        }
        if rules.is_empty() && problems.is_empty() {
            problems.add(format!("unit `{name}` has no rule; add [[plugin.config.unit.rule]]"));
        }
        problems.result(tag.map(|tag| Self { name: name.clone(), tag, states, when_unknown: *when_unknown, rules }))
    }

    /// The state that a value is: a place in the list; `None` for one that the table doesn't know.
    pub fn state_of(&self, value: &Value) -> Option<usize> {
        self.states.iter().position(|(_, values)| values.have(value))
    }
}

fn overlaps(states: &[(String, Values)]) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    for (at, (word, values)) in states.iter().enumerate() {
        for (twice, other) in &states[..at] {
            let is_shared = match (values, other) {
                (Values::Numbers(some), Values::Numbers(others)) => some.iter().any(|number| others.contains(number)),
                (Values::Text(one), Values::Text(other)) => one == other,
                _ => false,
            };
            if is_shared {
                found.push((twice.as_str(), word.as_str()));
            }
        }
    }
    found
}

impl States {
    fn values(&self) -> Values {
        match self {
            Self::Flag(flag) => Values::Numbers(vec![f64::from(u8::from(*flag))]),
            Self::One(number) => Values::Numbers(vec![*number]),
            Self::Several(numbers) => Values::Numbers(numbers.clone()),
            Self::Text(text) => Values::Text(text.clone()),
        }
    }
}

impl Values {
    fn have(&self, value: &Value) -> bool {
        match self {
            Self::Numbers(numbers) => value.as_f64().is_some_and(|value| numbers.contains(&value)),
            Self::Text(text) => value.as_text() == Some(text),
        }
    }
}

impl Rule {
    fn new(
        setup: &Setup,
        (unit, states): (&str, &[(String, Values)]),
        config: &RuleConfig,
        alarms: &mut Vec<Alarm>,
    ) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        let known: Vec<String> = states.iter().map(|(word, _)| format!("`{word}`")).collect();
        for word in config.only_in.iter().filter(|word| !states.iter().any(|(known, _)| known == *word)) {
            problems.add(format!("unit `{unit}` has no state `{word}`; it has {}", known.join(", ")));
        }
        for (key, seconds) in [("settle_s", config.settle_s), ("leave_s", config.leave_s)] {
            if !(0.0..=LONGEST_S).contains(&seconds) {
                problems.add(format!("{key} of a rule of unit `{unit}` is {seconds}; give it 0 to {LONGEST_S} seconds"));
            }
        }
        let mut places = Vec::new();
        for pattern in &config.alarms {
            let mut any = false;
            for info in setup.alarms_like(pattern) {
                any = true;
                if info.suppress {
                    let place = place_of(alarms, info);
                    if !places.contains(&place) {
                        places.push(place);
                    }
                } else {
                    problems.add_alarm(info, "it may not be suppressed by this plugin; add it to grant.alarms.suppress");
                }
            }
            if !any {
                problems.add(format!(
                    "no alarm that is granted to this plugin matches `{pattern}` of unit `{unit}`; correct it, or add it to \
                     grant.alarms.suppress"
                ));
            }
        }
        let nanos = |seconds: f64| (seconds.clamp(0.0, LONGEST_S) * 1e9) as u64;
        problems.result(Some(Self {
            alarms: places,
            sense: states.iter().map(|(word, _)| config.only_in.contains(word)).collect(),
            settle_ns: nanos(config.settle_s),
            leave_ns: nanos(config.leave_s),
            reason: config.reason.clone(),
        }))
    }
}

fn place_of(alarms: &mut Vec<Alarm>, info: &AlarmInfo) -> usize {
    alarms.iter().position(|alarm| alarm.handle() == info.handle).unwrap_or_else(|| {
        alarms.push(info.to_watch());
        alarms.len() - 1
    })
}
