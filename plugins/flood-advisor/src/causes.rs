//! What may be behind a flood: from a table, and from what its alarms have in common.

use plantroom_sdk::Alarm;

/// Fewest alarms that make a group: two come together by chance.
const FEWEST: usize = 3;
/// Most groups: nobody reads more, and each is a walk over all alarms of the flood.
const GROUPS: usize = 16;
/// How much later than its first alarm a cause's own trigger may be told, in ns: polls of different devices.
const TRIGGER_LATE_NS: u64 = 5_000_000_000;

/// What may be behind alarms.
#[derive(Clone, Debug)]
pub struct Cause {
    /// In an operator's words.
    pub words: String,
    /// How it is known.
    pub kind: Kind,
    /// Handles of the alarms that it would bring, sorted.
    pub alarms: Vec<u32>,
}

/// How a cause is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The project's table says it.
    Table {
        /// Alarms that tell the cause itself; empty where nothing does.
        triggers: Vec<u32>,
        /// How long after it its alarms come, in ns.
        within_ns: u64,
    },
    /// They come over one link.
    Link,
    /// They belong to one machine.
    Machine,
    /// They belong to one area.
    Area,
}

/// An alarm as causes see it.
pub struct Member {
    /// Its handle.
    pub alarm: Alarm,
    /// What it tells operators.
    pub message: String,
    /// It may be marked.
    pub mark: bool,
}

/// An alarm of a flood: which, and when it first came in it, ns on the monotonic clock; in the order of arrival.
pub type Arrival = (u32, u64);

/// All causes, by alarm.
pub struct Causes {
    causes: Vec<Cause>,
    /// By handle: places in the list of causes.
    of: Vec<Vec<u32>>,
    /// By handle.
    pub members: Vec<Member>,
}

/// Alarms with one cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The cause's place in the list.
    pub cause: usize,
    /// The alarms, in the order of arrival.
    pub alarms: Vec<u32>,
    /// The first of them: the cause's own trigger where it came.
    pub leader: u32,
}

impl Causes {
    /// With the alarms by handle.
    pub fn new(causes: Vec<Cause>, members: Vec<Member>) -> Self {
        let mut of = vec![Vec::new(); members.len()];
        for (place, cause) in causes.iter().enumerate() {
            for alarm in &cause.alarms {
                if let Some(list) = of.get_mut(*alarm as usize) {
                    list.push(place as u32);
                }
            }
        }
        Self { causes, of, members }
    }

    /// A cause in words.
    pub fn words(&self, cause: usize) -> &str {
        self.causes.get(cause).map_or("", |cause| &cause.words)
    }

    /// What an alarm tells operators.
    pub fn message(&self, alarm: u32) -> &str {
        self.members.get(alarm as usize).map_or("", |member| &member.message)
    }

    /// Groups a flood: the most telling cause first, then the most telling one for what is left.
    pub fn explain(&self, flood: &[Arrival]) -> Vec<Group> {
        let mut left: Vec<Arrival> = flood.to_vec();
        let mut groups = Vec::new();
        while left.len() >= FEWEST && groups.len() < GROUPS {
            let Some((cause, members)) = self.best(&left) else { break };
            left.retain(|(alarm, _)| !members.contains(alarm));
            groups.push(self.group(cause, members));
        }
        groups
    }

    /// The most telling cause of what is left, with its alarms (a set to look into, in the order of arrival).
    fn best(&self, left: &[Arrival]) -> Option<(usize, Members)> {
        let mut hits: Vec<Vec<Arrival>> = vec![Vec::new(); self.causes.len()];
        for arrival in left {
            for cause in self.of.get(arrival.0 as usize).into_iter().flatten() {
                hits[*cause as usize].push(*arrival);
            }
        }
        let mut best: Option<(f64, usize, Members)> = None;
        for (place, (cause, hit)) in self.causes.iter().zip(&hits).enumerate().filter(|(_, (_, hit))| hit.len() >= FEWEST) {
            let Some((weight, members)) = cause.weigh(hit) else { continue };
            // Of two that tell as much the one that stands first in the table.
            if best.as_ref().is_none_or(|(most, ..)| weight > *most) {
                best = Some((weight, place, members));
            }
        }
        best.map(|(_, cause, members)| (cause, members))
    }

    fn group(&self, cause: usize, members: Members) -> Group {
        let leader = members.trigger.or(members.ordered.first().copied()).unwrap_or(u32::MAX);
        Group { cause, alarms: members.ordered, leader }
    }
}

/// Alarms that a cause explains.
struct Members {
    ordered: Vec<u32>,
    sorted: Vec<u32>,
    trigger: Option<u32>,
}

impl Members {
    fn new(arrivals: impl Iterator<Item = u32>, trigger: Option<u32>) -> Self {
        let ordered: Vec<u32> = arrivals.collect();
        let mut sorted = ordered.clone();
        sorted.sort_unstable();
        Self { ordered, sorted, trigger }
    }

    fn contains(&self, alarm: &u32) -> bool {
        self.sorted.binary_search(alarm).is_ok()
    }
}

impl Cause {
    /// How much of what came it explains, weighed by how much of what it would bring has come; `None` where it explains
    /// nothing that counts as a group.
    fn weigh(&self, hit: &[Arrival]) -> Option<(f64, Members)> {
        let Kind::Table { triggers, within_ns } = &self.kind else {
            let factor = match self.kind {
                Kind::Link => 1.2,
                Kind::Machine => 1.1,
                _ => 1.0,
            };
            return self.weighed(factor, Members::new(hit.iter().map(|(alarm, _)| *alarm), None));
        };
        if triggers.is_empty() {
            return self.weighed(2.0, Members::new(hit.iter().map(|(alarm, _)| *alarm), None));
        }
        // A cause that would have told itself, and hasn't, isn't the cause.
        let (trigger, at_ns) = hit.iter().find(|(alarm, _)| triggers.contains(alarm)).copied()?;
        let from_ns = at_ns.saturating_sub(TRIGGER_LATE_NS);
        let belongs = |came_ns: u64| (from_ns..=at_ns.saturating_add(*within_ns)).contains(&came_ns);
        let members = hit.iter().filter(|(_, came_ns)| belongs(*came_ns)).map(|(alarm, _)| *alarm);
        self.weighed(4.0, Members::new(members, Some(trigger)))
    }

    fn weighed(&self, factor: f64, members: Members) -> Option<(f64, Members)> {
        let (hit, all) = (members.ordered.len(), self.alarms.len().max(1));
        let share = hit as f64 / all as f64;
        (hit >= FEWEST).then(|| (factor * hit as f64 * (0.5 + 0.5 * share), members))
    }
}
