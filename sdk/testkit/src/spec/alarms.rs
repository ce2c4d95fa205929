//! Alarms of a bench's project.

use std::sync::Arc;

use plantroom_model::{AlarmDetail, AlarmId, AlarmSpec, Condition, ConnectionId, Label, PluginId, Priority, Role};
use plantroom_project::{AlarmGrant, ConnectionSpec};
use serde_json::{Value as Json, json};

use super::{Spec, SpecConnection};

/// Words about alarms a second that a bench's project grants: no test is about it.
const WORDS_PER_S: u32 = 1_000_000;

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

    /// The links that are named and not the plugin's own connections, in the order of their first use.
    fn links(&self) -> Vec<&str> {
        let named = self.tags.iter().filter_map(|tag| tag.link.as_deref());
        let mut links = Vec::new();
        for link in named.chain(self.alarms.iter().filter_map(|alarm| alarm.link.as_deref())) {
            if !links.contains(&link) {
                links.push(link);
            }
        }
        links
    }

    /// The connection that stands for a link in the plant.
    pub(super) fn link_id(&self, link: &str) -> ConnectionId {
        let place = self.links().iter().position(|known| *known == link).unwrap_or_default();
        ConnectionId((self.connections.len() + place) as u32)
    }

    pub(super) fn link_specs(&self) -> impl Iterator<Item = ConnectionSpec> {
        self.links().into_iter().map(|name| SpecConnection::named(name).spec())
    }

    pub(super) fn alarm_specs(&self) -> Arc<[AlarmSpec]> {
        self.alarms.iter().map(|alarm| alarm.spec(self)).collect()
    }

    pub(super) fn alarm_grant(&self) -> AlarmGrant {
        let ids = |wanted: fn(&SpecAlarm) -> bool| {
            let found = self.alarms.iter().enumerate().filter(move |(_, alarm)| wanted(alarm));
            found.map(|(place, _)| AlarmId(place as u32)).collect::<Vec<_>>()
        };
        AlarmGrant {
            raise: ids(|alarm| alarm.raise),
            suppress: ids(|alarm| alarm.suppress),
            mark: ids(|alarm| alarm.mark),
            read: ids(|alarm| alarm.read),
            words_per_s: WORDS_PER_S,
        }
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

    fn spec(&self, spec: &Spec) -> AlarmSpec {
        let condition = match &self.link {
            _ if self.raise => Condition::Plugin { plugin: PluginId(0) },
            Some(link) => Condition::Link { connection: spec.link_id(link), device: None },
            None => Condition::System,
        };
        let text = |text: &str| Label::from(text);
        let detail = AlarmDetail {
            priority: self.priority,
            area: text(&self.area),
            consequence: text(""),
            action: text(""),
            respond_s: 0,
            screen: text(""),
            instance: text(""),
            on_delay_ms: 0,
            off_delay_ms: 0,
            latching: self.latching,
            acknowledge: true,
            realarm_s: 0,
            shelve_max_s: 0,
            shelve_role: Role::Operate,
            first_out: text(&self.group),
        };
        AlarmSpec { name: text(&self.name), message: text(&self.message), condition, detail: Arc::new(detail) }
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
