//! Gives a plant the ids that a running one has: what keeps its name keeps its id.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use plantroom_model::{
    AlarmDetail, AlarmId, AlarmSpec, Condition, ConnectionId, Diagnostic, Label, LimitSource, Origin, PluginId, Priority, Role,
    TagId, TagSpec, ValueKind, WriteSpec, limits,
};

use crate::shared::Shared;
use crate::{AlarmIds, ConnectionSpec, Grant, Loaded, Place, Plant, PluginSpec, TagIds, load};

/// Reads and checks a project folder like [`load`], for a station that runs `running`: tags, connections and plugins keep
/// their ids by name, new ones come after all ids that were ever given, and what vanished stays as a gone entry
/// ([`Origin::Gone`], [`ConnectionSpec::is_gone`], [`PluginSpec::is_gone`]). An id never comes to mean anything else.
pub fn load_onto(root: &Path, running: &Plant) -> Loaded {
    let mut loaded = load(root);
    let Some(plant) = loaded.plant.take() else { return loaded };
    let plant = onto(Arc::unwrap_or_clone(plant), running);
    if plant.tags.len() > limits::TAGS {
        let gone = plant.tags.iter().filter(|tag| tag.origin == Origin::Gone).count();
        let message = format!("after this change the station would have had more than {} tags since its start", limits::TAGS);
        let help = format!("restart the station with this project: that forgets {gone} tags that are gone");
        loaded.diagnostics.push(Diagnostic::error("plant.toml", (0, 0), message, help));
    } else {
        loaded.plant = Some(Arc::new(plant));
    }
    loaded
}

/// The same plant with the ids of the running one.
fn onto(mut plant: Plant, running: &Plant) -> Plant {
    let ids = Ids {
        tags: follow(running.tags.iter().map(|tag| &*tag.name), plant.tags.iter().map(|tag| &*tag.name)),
        connections: follow(running.connections.iter().map(|c| &*c.name), plant.connections.iter().map(|c| &*c.name)),
        plugins: follow(running.plugins.iter().map(|p| &*p.name), plant.plugins.iter().map(|p| &*p.name)),
    };
    let mut writes = Shared::default();
    let mut tags: Vec<TagSpec> = plant.tags.iter().map(|tag| ids.renumbered(tag.clone(), &mut writes)).collect();
    for connection in &mut plant.connections {
        connection.driver = ids.plugin(connection.driver);
    }
    for plugin in &mut plant.plugins {
        ids.renumber_grant(&mut plugin.grant);
    }
    let mut gone_tag = TagSpec::new("", ValueKind::Null, Origin::Gone);
    gone_tag.decimals = 0;
    let places = (0..tags.len()).map(|tag| plant.tag_places.get(tag).unwrap_or_default()).collect();
    plant.tag_places = place(places, &ids.tags, running.tags.len(), |_| Place::default()).into_iter().collect();
    tags = place(tags, &ids.tags, running.tags.len(), |_| gone_tag.clone());
    plant.tags = tags.into();
    plant.tag_ids = TagIds::of(&plant.tags);
    onto_alarms(&mut plant, running, &ids);
    plant.connections = place(std::mem::take(&mut plant.connections), &ids.connections, running.connections.len(), |id| {
        gone_connection(&running.connections[id])
    });
    plant.plugins = place(std::mem::take(&mut plant.plugins), &ids.plugins, running.plugins.len(), |_| gone_plugin());
    plant
}

/// Alarms keep their ids by name too, and what they look at has the ids of the running plant.
fn onto_alarms(plant: &mut Plant, running: &Plant, ids: &Ids) {
    let alarms = follow(running.alarms.iter().map(|a| &*a.name), plant.alarms.iter().map(|a| &*a.name));
    let renumbered = plant.alarms.iter().map(|alarm| AlarmSpec { condition: ids.condition(&alarm.condition), ..alarm.clone() });
    let detail = Arc::new(gone_detail());
    let gone = |_| AlarmSpec {
        name: Label::default(),
        message: Label::default(),
        condition: Condition::Gone,
        detail: Arc::clone(&detail),
    };
    let before = running.alarms.len();
    let specs = place(renumbered.collect(), &alarms, before, gone);
    let places = (0..plant.alarms.len()).map(|alarm| plant.alarm_places.get(alarm).unwrap_or_default()).collect();
    plant.alarm_places = place(places, &alarms, before, |_| Place::default()).into_iter().collect();
    for scripted in &mut plant.scripted_alarms {
        scripted.alarm = AlarmId(alarms.get(scripted.alarm.0 as usize).copied().unwrap_or(scripted.alarm.0));
    }
    plant.scripted_alarms.sort_by_key(|scripted| scripted.alarm);
    for grant in plant.plugins.iter_mut().map(|plugin| &mut plugin.grant.alarms) {
        for list in [&mut grant.raise, &mut grant.suppress, &mut grant.mark, &mut grant.read] {
            list.iter_mut().for_each(|id| *id = AlarmId(alarms.get(id.0 as usize).copied().unwrap_or(id.0)));
            list.sort_unstable();
        }
    }
    plant.alarms = specs.into();
    plant.alarm_ids = AlarmIds::of(&plant.alarms);
}

fn gone_detail() -> AlarmDetail {
    AlarmDetail {
        priority: Priority::Event,
        area: Label::default(),
        consequence: Label::default(),
        action: Label::default(),
        respond_s: 0,
        screen: Label::default(),
        instance: Label::default(),
        on_delay_ms: 0,
        off_delay_ms: 0,
        latching: false,
        acknowledge: false,
        realarm_s: 0,
        shelve_max_s: 0,
        shelve_role: Role::Operate,
        first_out: Label::default(),
    }
}

/// For each new name its id: the running one's, or the next that was never given.
fn follow<'a>(running: impl ExactSizeIterator<Item = &'a str>, new: impl Iterator<Item = &'a str>) -> Vec<u32> {
    let mut next = running.len() as u32;
    let known: HashMap<&str, u32> = running.zip(0..).filter(|(name, _)| !name.is_empty()).collect();
    new.map(|name| {
        known.get(name).copied().unwrap_or_else(|| {
            next += 1;
            next - 1
        })
    })
    .collect()
}

/// Puts each part at its id; what nobody has is gone.
fn place<T>(parts: Vec<T>, ids: &[u32], before: usize, gone: impl Fn(usize) -> T) -> Vec<T> {
    let length = ids.iter().map(|id| *id as usize + 1).max().unwrap_or(0).max(before);
    let mut placed: Vec<Option<T>> = (0..length).map(|_| None).collect();
    for (part, id) in parts.into_iter().zip(ids) {
        placed[*id as usize] = Some(part);
    }
    placed.into_iter().enumerate().map(|(id, part)| part.unwrap_or_else(|| gone(id))).collect()
}

fn gone_connection(old: &ConnectionSpec) -> ConnectionSpec {
    ConnectionSpec {
        name: Arc::from(""),
        driver: old.driver,
        link: old.link.clone(),
        timeout_ms: old.timeout_ms,
        pipeline: 1,
        quiet_ms: 0,
        device: serde_json::Value::Null,
        devices: Vec::new(),
    }
}

fn gone_plugin() -> PluginSpec {
    let grant = Grant {
        connections: Vec::new(),
        streams: Vec::new(),
        publish: Vec::new(),
        read: Vec::new(),
        orders: false,
        write: Vec::new(),
        store_bytes: 0,
        memory_bytes: 0,
        cpu_pct: 100,
        soft_ms: 1,
        hard_ms: 1,
        samples_per_s: 0,
        log_lines_per_s: 0,
        alarms: crate::AlarmGrant::default(),
    };
    let (config, place) = (serde_json::Value::Null, Place::default());
    PluginSpec { name: Arc::from(""), component: String::new(), accepts: None, config, grant, place }
}

/// The ids that the new plant's own ids become.
struct Ids {
    tags: Vec<u32>,
    connections: Vec<u32>,
    plugins: Vec<u32>,
}

impl Ids {
    fn tag(&self, id: TagId) -> TagId {
        TagId(self.tags.get(id.0 as usize).copied().unwrap_or(id.0))
    }

    fn connection(&self, id: ConnectionId) -> ConnectionId {
        ConnectionId(self.connections.get(id.0 as usize).copied().unwrap_or(id.0))
    }

    fn plugin(&self, id: PluginId) -> PluginId {
        PluginId(self.plugins.get(id.0 as usize).copied().unwrap_or(id.0))
    }

    fn source(&self, source: LimitSource) -> LimitSource {
        match source {
            LimitSource::Tag(id) => LimitSource::Tag(self.tag(id)),
            LimitSource::Constant(_) => source,
        }
    }

    fn condition(&self, condition: &Condition) -> Condition {
        let mut condition = condition.clone();
        match &mut condition {
            Condition::Limit { tag, at, .. } => (*tag, *at) = (self.tag(*tag), self.source(*at)),
            Condition::Deviation { tag, setpoint, by, .. } => {
                (*tag, *setpoint, *by) = (self.tag(*tag), self.tag(*setpoint), self.source(*by));
            }
            Condition::Rate { tag, per_s, .. } => (*tag, *per_s) = (self.tag(*tag), self.source(*per_s)),
            Condition::State { tag, .. } | Condition::Change { tag } | Condition::BadQuality { tag } => *tag = self.tag(*tag),
            Condition::Disagree { command, feedback, .. } => (*command, *feedback) = (self.tag(*command), self.tag(*feedback)),
            Condition::Link { connection, .. } => *connection = self.connection(*connection),
            Condition::Plugin { plugin } => *plugin = self.plugin(*plugin),
            Condition::Script { .. } | Condition::System | Condition::Gone => {}
        }
        condition
    }

    fn renumbered(&self, mut tag: TagSpec, writes: &mut Shared<WriteSpec>) -> TagSpec {
        match &mut tag.origin {
            Origin::Driver { plugin, connection, .. } => {
                *plugin = self.plugin(*plugin);
                *connection = self.connection(*connection);
            }
            Origin::Analytics { plugin } => *plugin = self.plugin(*plugin),
            Origin::Derived(derived) => derived.inputs.iter_mut().for_each(|id| *id = self.tag(*id)),
            Origin::Total(total) => total.source = self.tag(total.source),
            Origin::Memory { .. } | Origin::System | Origin::Gone => {}
        }
        let is_numbered = |write: &&mut Arc<WriteSpec>| write.feedback.is_some() || !write.permissives.is_empty();
        if let Some(write) = tag.write.as_mut().filter(is_numbered) {
            *write = writes.changed(write, |write| {
                write.feedback = write.feedback.map(|id| self.tag(id));
                write.permissives.iter_mut().for_each(|permissive| permissive.tag = self.tag(permissive.tag));
            });
        }
        tag
    }

    fn renumber_grant(&self, grant: &mut Grant) {
        for list in [&mut grant.publish, &mut grant.read, &mut grant.write] {
            list.iter_mut().for_each(|id| *id = self.tag(*id));
            list.sort_unstable();
        }
        let links = grant.connections.iter_mut().chain(&mut grant.streams);
        links.for_each(|id| *id = self.connection(*id));
    }
}
