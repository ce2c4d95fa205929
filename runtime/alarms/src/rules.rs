//! What the rules need of an alarm's definition, packed, and shared by all alarms that have the same.

use std::collections::HashMap;

use plantroom_model::{AlarmSpec, Condition, Label, Priority};

/// Delays, latching, shelving of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Rule {
    pub on_delay_ms: u32,
    pub off_delay_ms: u32,
    pub realarm_s: u32,
    /// 0: it can't be shelved.
    pub shelve_max_s: u32,
    /// Its place among the groups, or [`Rule::NO_GROUP`].
    pub group: u32,
    /// Its place among the counts: area times priorities plus priority.
    pub tally: u32,
    pub latching: bool,
    pub acknowledge: bool,
}

impl Rule {
    pub const NO_GROUP: u32 = u32::MAX;
}

/// All rules of a plant, each once, and whose they are.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    pub all: Vec<Rule>,
    pub areas: Vec<Label>,
    pub groups: Vec<Label>,
    /// By alarm.
    pub places: Vec<u32>,
}

impl Rules {
    pub fn of(specs: &[AlarmSpec]) -> Self {
        let mut rules = Self::default();
        let (mut known, mut areas, mut groups) = (HashMap::new(), HashMap::new(), HashMap::new());
        rules.places.reserve_exact(specs.len());
        for spec in specs {
            let area = place_of(&mut areas, &mut rules.areas, &spec.area);
            let group = if spec.first_out.is_empty() || spec.condition == Condition::Gone {
                Rule::NO_GROUP
            } else {
                place_of(&mut groups, &mut rules.groups, &spec.first_out)
            };
            // What follows a command is given its time in addition; a change is over before any delay.
            let (follow_ms, on_delay_ms) = match spec.condition {
                Condition::Disagree { follow_ms, .. } => (follow_ms, spec.on_delay_ms),
                Condition::Change { .. } => (0, 0),
                _ => (0, spec.on_delay_ms),
            };
            let rule = Rule {
                on_delay_ms: on_delay_ms.saturating_add(follow_ms),
                off_delay_ms: spec.off_delay_ms,
                realarm_s: spec.realarm_s,
                shelve_max_s: spec.shelve_max_s,
                group,
                tally: area * Priority::ALL.len() as u32 + spec.priority as u32,
                latching: spec.latching,
                acknowledge: spec.acknowledge && spec.priority != Priority::Event,
            };
            let place = *known.entry(rule).or_insert_with(|| {
                rules.all.push(rule);
                rules.all.len() as u32 - 1
            });
            rules.places.push(place);
        }
        rules.all.shrink_to_fit();
        rules
    }
}

fn place_of(known: &mut HashMap<Label, u32>, all: &mut Vec<Label>, name: &Label) -> u32 {
    if let Some(place) = known.get(name) {
        return *place;
    }
    all.push(name.clone());
    known.insert(name.clone(), all.len() as u32 - 1);
    all.len() as u32 - 1
}
