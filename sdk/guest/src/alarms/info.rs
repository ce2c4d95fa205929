//! Alarms as the init document names them.

use serde::Deserialize;

use super::{Alarm, Condition, matches};
use crate::{Problems, Setup};

/// How urgent an alarm is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Priority {
    /// Asks for nothing; it is only kept.
    Event,
    /// Most alarms.
    #[default]
    Low,
    /// Some.
    Medium,
    /// Few.
    High,
    /// A handful a plant.
    Critical,
}

impl Priority {
    /// The priority with this word; a word of a later host counts as low.
    pub fn from_word(word: &str) -> Self {
        match word {
            "event" => Self::Event,
            "medium" => Self::Medium,
            "high" => Self::High,
            "critical" => Self::Critical,
            _ => Self::Low,
        }
    }
}

/// An alarm that was granted to this plugin.
#[derive(Clone, Debug, Default)]
pub struct AlarmInfo {
    /// Its place in [`Setup::alarms`].
    pub handle: u32,
    /// Path with `/`, as in the project.
    pub name: String,
    /// What it tells the operator.
    pub message: String,
    /// How urgent it is.
    pub priority: Priority,
    /// The part of the plant.
    pub area: String,
    /// The instance of a type that it belongs to; empty for none.
    pub instance: String,
    /// Its first-out group; empty for none.
    pub group: String,
    /// The link that its values come over (`plc` or `line/meter_1`): source times of one link are of one clock. Empty for what
    /// the station computes.
    pub link: String,
    /// It stays active until it is reset.
    pub latching: bool,
    /// It is this plugin's own.
    pub raise: bool,
    /// It may be suppressed.
    pub suppress: bool,
    /// It may be marked.
    pub mark: bool,
    /// It is heard of.
    pub read: bool,
}

#[derive(Deserialize)]
pub(crate) struct DocumentAlarm {
    name: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    priority: String,
    #[serde(default)]
    area: String,
    #[serde(default)]
    instance: String,
    #[serde(default)]
    group: String,
    #[serde(default)]
    link: String,
    #[serde(default)]
    latching: bool,
    #[serde(default)]
    access: Vec<String>,
}

impl DocumentAlarm {
    pub(crate) fn info(self, handle: u32) -> AlarmInfo {
        let may = |word: &str| self.access.iter().any(|access| access == word);
        let (raise, suppress, mark) = (may("raise"), may("suppress"), may("mark"));
        AlarmInfo {
            handle,
            priority: Priority::from_word(&self.priority),
            raise,
            suppress,
            mark,
            read: raise || may("read"),
            name: self.name,
            message: self.message,
            area: self.area,
            instance: self.instance,
            group: self.group,
            link: self.link,
            latching: self.latching,
        }
    }
}

impl AlarmInfo {
    /// The last part of its name.
    pub fn short_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }

    /// A handle to raise it with.
    ///
    /// # Errors
    /// One problem, when it isn't this plugin's own.
    pub fn to_raise(&self) -> Result<Condition, Problems> {
        if self.raise {
            return Ok(Condition::new(self));
        }
        Err(Problems::one(format!(
            "`{}` may not be raised by this plugin; declare it with plugin = its name, and add it to grant.alarms.raise",
            self.name
        )))
    }

    /// A handle to hear of it, to suppress and to mark it, as far as each is granted.
    pub fn to_watch(&self) -> Alarm {
        Alarm::new(self)
    }
}

impl Setup {
    /// The alarm with this name.
    ///
    /// # Errors
    /// One problem, when it isn't granted or there is none.
    pub fn alarm(&self, name: &str) -> Result<&AlarmInfo, Problems> {
        self.alarms.iter().find(|alarm| alarm.name == name).ok_or_else(|| {
            Problems::one(format!("no alarm `{name}` is granted to this plugin; add it to grant.alarms, or correct the name"))
        })
    }

    /// The alarms that a pattern names (`*` any text without `/`, `**` any text, `?` one character, `{a,b}` either), in the
    /// order of their handles.
    pub fn alarms_like<'a>(&'a self, pattern: &'a str) -> impl Iterator<Item = &'a AlarmInfo> {
        // Most of what is written is a name.
        let is_name = !pattern.contains(['*', '?', '{']);
        self.alarms.iter().filter(move |alarm| if is_name { alarm.name == pattern } else { matches(pattern, &alarm.name) })
    }
}

impl Problems {
    /// Adds a problem with an alarm.
    pub fn add_alarm(&mut self, alarm: &AlarmInfo, message: impl std::fmt::Display) {
        self.add(format!("alarm `{}`: {message}", alarm.name));
    }
}
