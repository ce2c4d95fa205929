//! Alarms of a bench's project.

use plantroom_model::{AlarmId, Priority};
use serde_json::{Value as Json, json};

use super::Spec;

/// An alarm, and what the plugin may do about it.
#[derive(Clone, Debug)]
pub(crate) struct SpecAlarm {
    pub name: String,
    pub message: String,
    pub priority: Priority,
    pub area: String,
    pub group: String,
    pub link: Option<String>,
    pub latching: bool,
    pub raise: bool,
    pub suppress: bool,
    pub mark: bool,
    pub read: bool,
}

impl Spec {
    /// Adds an alarm of the plugin's own: it says when it holds.
    #[must_use]
    pub fn condition(mut self, name: &str) -> Self {
        self.alarms.push(SpecAlarm { raise: true, ..SpecAlarm::new(name) });
        self
    }

    /// Adds an alarm that the plugin hears of; [`crate::Bench::occur`] and others make it live. Its message is its name.
    #[must_use]
    pub fn alarm(mut self, name: &str) -> Self {
        self.alarms.push(SpecAlarm { read: true, ..SpecAlarm::new(name) });
        self
    }

    /// The last alarm may be suppressed by the plugin.
    #[must_use]
    pub fn suppressible(self) -> Self {
        self.last_alarm(|alarm| alarm.suppress = true)
    }

    /// The last alarm may be marked by the plugin.
    #[must_use]
    pub fn markable(self) -> Self {
        self.last_alarm(|alarm| alarm.mark = true)
    }

    /// The last alarm stays active until it is reset.
    #[must_use]
    pub fn latching(self) -> Self {
        self.last_alarm(|alarm| alarm.latching = true)
    }

    /// The last alarm's message, priority (`event` to `critical`) and area.
    #[must_use]
    pub fn meaning(self, message: &str, priority: &str, area: &str) -> Self {
        let priority = Priority::ALL.into_iter().find(|known| known.word() == priority).unwrap_or_default();
        self.last_alarm(|alarm| (alarm.message, alarm.priority, alarm.area) = (message.to_owned(), priority, area.to_owned()))
    }

    /// The last alarm comes over this link: a connection that the plugin itself has no right to.
    #[must_use]
    pub fn alarm_link(self, link: &str) -> Self {
        self.last_alarm(|alarm| alarm.link = Some(link.to_owned()))
    }

    /// The last input comes over this link: a connection that the plugin itself has no right to.
    #[must_use]
    pub fn input_link(mut self, link: &str) -> Self {
        if let Some(tag) = self.tags.last_mut() {
            tag.link = Some(link.to_owned());
        }
        self
    }

    fn last_alarm(mut self, change: impl FnOnce(&mut SpecAlarm)) -> Self {
        if let Some(alarm) = self.alarms.last_mut() {
            change(alarm);
        }
        self
    }

    pub(crate) fn alarm_id(&self, name: &str) -> Option<AlarmId> {
        self.alarms.iter().position(|alarm| alarm.name == name).map(|place| AlarmId(place as u32))
    }
}

impl SpecAlarm {
    fn new(name: &str) -> Self {
        let area = name.split_once('/').map_or("", |(area, _)| area);
        Self {
            name: name.to_owned(),
            message: name.to_owned(),
            priority: Priority::Low,
            area: area.to_owned(),
            group: String::new(),
            link: None,
            latching: false,
            raise: false,
            suppress: false,
            mark: false,
            read: false,
        }
    }

    /// Its entry in the init document, as the host writes it.
    pub(super) fn entry(&self) -> Json {
        let sets = [("raise", self.raise), ("suppress", self.suppress), ("mark", self.mark), ("read", self.read || self.raise)];
        let access: Vec<&str> = sets.into_iter().filter(|(_, has)| *has).map(|(word, _)| word).collect();
        let mut entry = json!({
            "name": self.name, "message": self.message, "area": self.area, "access": access, "priority": self.priority.word(),
        });
        if !self.group.is_empty() {
            entry["group"] = json!(self.group);
        }
        if self.latching {
            entry["latching"] = json!(true);
        }
        if let Some(link) = self.link.as_ref().filter(|_| !self.raise) {
            entry["link"] = json!(link);
        }
        entry
    }
}
