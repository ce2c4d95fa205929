//! What would change between two plants: the preview of an online change.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use plantroom_model::{Label, Origin, TagId, TagSpec, WriteSpec};

use crate::alarms::{self, own_tags};
use crate::{ConnectionSpec, Plant, PluginSpec};

/// What would be different of one kind of thing, by name, in the order of the plants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Only in the new plant.
    pub added: Vec<Arc<str>>,
    /// Only in the old plant.
    pub removed: Vec<Arc<str>>,
    /// In both, but not the same.
    pub changed: Vec<Changed>,
}

/// Something that would change, and what of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Its name.
    pub name: Arc<str>,
    /// What of it, as the project's files call it: `limits`, `address`; empty where it has no parts.
    pub what: Vec<&'static str>,
}

/// What would change. Its `Display` is one sentence; [`Preview::lines`] names everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// Tags, system tags left out.
    pub tags: Differences,
    /// Kept tags that their driver polls differently: another address, group, device, connection or kind, or a connection
    /// that goes another way. They are a part of `tags.changed`, but for those whose connection alone changes.
    pub resubscribed: Vec<Arc<str>>,
    /// Connections: a changed one is dropped and opened again.
    pub connections: Differences,
    /// Plugins: one whose component, configuration or limits change is started again.
    pub plugins: Differences,
    /// Kept plugins that go on with other tags or connections than before, and nothing else.
    pub plugins_given_other_tags: Vec<Arc<str>>,
    /// Screen scripts and parts.
    pub screens: Differences,
    /// Alarms: what stands of a changed one (acknowledged, shelved) is kept.
    pub alarms: Differences,
    /// Alarm scripts, and rules of who is told: a changed one begins anew.
    pub alarm_scripts: Differences,
    /// Ways on which people are told.
    pub outlets: Differences,
    /// Automations.
    pub automations: Differences,
    /// Languages, themes, fonts, images.
    pub assets: Differences,
    /// Settings of the plant itself: `name`, `time_zone`, `home_screen`, `scan`, `listen`.
    pub settings: Vec<&'static str>,
}

/// Most names of one kind that [`Preview::lines`] gives; the rest is counted.
const NAMES: usize = 200;

impl Differences {
    /// Whether nothing of this kind would change.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }

    /// How many there are.
    pub fn total(&self) -> usize {
        self.added.len() + self.removed.len() + self.changed.len()
    }
}

impl Preview {
    /// Whether nothing would change.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Every difference by name, one a line: `+ tag a`, `- tag b`, `~ tag c: limits`.
    pub fn lines(&self) -> Vec<String> {
        let kinds = [
            ("tag", &self.tags),
            ("connection", &self.connections),
            ("plugin", &self.plugins),
            ("screen", &self.screens),
            ("automation", &self.automations),
            ("alarm", &self.alarms),
            ("alarm script", &self.alarm_scripts),
            ("outlet", &self.outlets),
            ("file", &self.assets),
        ];
        let mut lines = Vec::new();
        for (kind, all) in kinds {
            let added = all.added.iter().map(|name| format!("+ {kind} {name}"));
            let removed = all.removed.iter().map(|name| format!("- {kind} {name}"));
            let changed = all.changed.iter().map(|one| match one.what.is_empty() {
                true => format!("~ {kind} {}", one.name),
                false => format!("~ {kind} {}: {}", one.name, one.what.join(", ")),
            });
            let total = all.total();
            lines.extend(added.chain(removed).chain(changed).take(NAMES));
            if total > NAMES {
                lines.push(format!("  and {} more of this kind", total - NAMES));
            }
        }
        lines.extend(self.settings.iter().map(|setting| format!("~ plant: {setting}")));
        lines
    }
}

impl fmt::Display for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("nothing changes");
        }
        let resubscribed: HashSet<&str> = self.resubscribed.iter().map(|name| &**name).collect();
        let only_said = self.tags.changed.iter().filter(|one| !resubscribed.contains(&*one.name)).count();
        let counts = [
            (self.tags.added.len(), "tag is added", "tags are added"),
            (self.tags.removed.len(), "tag is removed", "tags are removed"),
            (self.resubscribed.len(), "tag resubscribes", "tags resubscribe"),
            (only_said, "tag is defined differently", "tags are defined differently"),
            (self.connections.added.len(), "connection opens", "connections open"),
            (self.connections.removed.len(), "connection closes", "connections close"),
            (self.connections.changed.len(), "connection reopens", "connections reopen"),
            (self.plugins.added.len(), "plugin starts", "plugins start"),
            (self.plugins.removed.len(), "plugin stops", "plugins stop"),
            (self.plugins.changed.len(), "plugin restarts", "plugins restart"),
            (self.screens.added.len(), "screen is added", "screens are added"),
            (self.screens.removed.len(), "screen is removed", "screens are removed"),
            (self.screens.changed.len(), "screen reloads", "screens reload"),
            (self.automations.added.len(), "automation starts", "automations start"),
            (self.automations.removed.len(), "automation stops", "automations stop"),
            (self.automations.changed.len(), "automation restarts", "automations restart"),
            (self.alarms.added.len(), "alarm is new", "alarms are new"),
            (self.alarms.removed.len(), "alarm is removed", "alarms are removed"),
            (self.alarms.changed.len(), "alarm changes", "alarms change"),
            (self.alarm_scripts.total(), "alarm script changes", "alarm scripts change"),
            (self.outlets.total(), "outlet changes", "outlets change"),
            (self.assets.total(), "language, font or image changes", "languages, fonts or images change"),
        ];
        let mut parts: Vec<String> = counts
            .into_iter()
            .filter(|(count, ..)| *count > 0)
            .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
            .collect();
        if !self.settings.is_empty() {
            parts.push(format!("settings of the plant change ({})", self.settings.join(", ")));
        }
        f.write_str(&parts.join(", "))
    }
}

/// Compares two plants by name; ids don't matter, and nor does the order of files.
pub fn difference(old: &Plant, new: &Plant) -> Preview {
    let both = Both { old, new };
    let project = |plant: &'_ Plant| -> HashMap<Label, usize> {
        // Tags that alarms' expressions have become change with their alarms.
        let of_alarms = own_tags(plant);
        let tags = plant.tags.iter().enumerate();
        let tags = tags.filter(|(place, tag)| is_of_project(tag) && !of_alarms.contains(&TagId(*place as u32)));
        tags.map(|(place, tag)| (tag.name.clone(), place)).collect()
    };
    let (before, after) = (project(old), project(new));
    let connections = compare(
        &old.connections,
        &new.connections,
        |c| (!c.is_gone()).then(|| Arc::clone(&c.name)),
        |a, b| both.connection(a, b),
    );
    let reopened: HashSet<&str> = connections.changed.iter().map(|one| &*one.name).collect();
    let mut tags = Differences::default();
    let mut resubscribed = Vec::new();
    for tag in new.tags.iter().filter(|tag| after.contains_key(&tag.name)) {
        let Some(was) = before.get(&tag.name).and_then(|place| old.tags.get(*place)) else {
            tags.added.push(Arc::from(&tag.name));
            continue;
        };
        let what = both.tag(was, tag);
        let is_polled = |tag: &TagSpec| matches!(tag.origin, Origin::Driver { .. });
        let is_moved = what.iter().any(|key| matches!(*key, "connection" | "device" | "address" | "group" | "kind" | "plugin"));
        let is_cut = new.connection_of(tag).is_some_and(|name| reopened.contains(name));
        if (is_polled(was) || is_polled(tag)) && (is_moved || is_cut) {
            resubscribed.push(Arc::from(&tag.name));
        }
        if !what.is_empty() {
            tags.changed.push(Changed { name: Arc::from(&tag.name), what });
        }
    }
    let is_removed = |tag: &&TagSpec| before.contains_key(&tag.name) && !after.contains_key(&tag.name);
    tags.removed = old.tags.iter().filter(is_removed).map(|tag| Arc::from(&tag.name)).collect();
    let plugins = compare(&old.plugins, &new.plugins, |p| (!p.is_gone()).then(|| Arc::clone(&p.name)), |a, b| both.plugin(a, b));
    let given_other = both.plugins_given_other_tags(&plugins, &tags, &resubscribed);
    let screen = |screen: &crate::ScreenFile| Some(Arc::from(&*screen.path));
    let asset = |asset: &crate::Asset| Some(Arc::clone(&asset.path));
    Preview {
        tags,
        resubscribed,
        connections,
        plugins,
        plugins_given_other_tags: given_other,
        screens: compare(&old.screens, &new.screens, screen, |a, b| (a.text != b.text).then(Vec::new)),
        alarms: alarms::compare_alarms(old, new),
        alarm_scripts: alarm_scripts(old, new),
        outlets: compare(&old.outlets, &new.outlets, |one| Some(Arc::from(&*one.name)), outlet),
        automations: compare(&old.automations, &new.automations, |a| Some(Arc::clone(&a.name)), automation),
        assets: compare(&old.assets, &new.assets, asset, |a, b| (a.bytes != b.bytes).then(Vec::new)),
        settings: settings(old, new),
    }
}

/// Compares two lists by name; `changed` gives `None` for the same.
pub(crate) fn compare<T>(
    old: &[T],
    new: &[T],
    name: impl Fn(&T) -> Option<Arc<str>>,
    changed: impl Fn(&T, &T) -> Option<Vec<&'static str>>,
) -> Differences {
    let named = |list: &'_ [T]| -> HashMap<Arc<str>, usize> {
        list.iter().enumerate().filter_map(|(place, one)| Some((name(one)?, place))).collect()
    };
    let (before, after) = (named(old), named(new));
    let mut all = Differences::default();
    for one in new {
        let Some(name) = name(one) else { continue };
        match before.get(&name).and_then(|place| old.get(*place)) {
            None => all.added.push(name),
            Some(was) => all.changed.extend(changed(was, one).map(|what| Changed { name, what })),
        }
    }
    all.removed = old.iter().filter_map(&name).filter(|name| !after.contains_key(name)).collect();
    all
}

fn is_of_project(tag: &TagSpec) -> bool {
    !matches!(tag.origin, Origin::System | Origin::Gone)
}

fn settings(old: &Plant, new: &Plant) -> Vec<&'static str> {
    [
        ("name", old.name != new.name),
        ("time_zone", old.time_zone != new.time_zone),
        ("home_screen", old.home_screen != new.home_screen),
        ("scan", old.scan != new.scan),
        ("listen", old.listen != new.listen),
        ("change", old.change != new.change),
        ("alarms", old.alarm_settings != new.alarm_settings),
        ("trusted plugins", old.trust != new.trust),
        ("people", old.people != new.people),
    ]
    .into_iter()
    .filter_map(|(name, is_changed)| is_changed.then_some(name))
    .collect()
}

fn alarm_scripts(old: &Plant, new: &Plant) -> Differences {
    let all = |plant: &Plant| plant.alarm_scripts.iter().chain(&plant.notify_scripts).cloned().collect::<Vec<_>>();
    compare(&all(old), &all(new), |one| Some(Arc::from(&*one.path)), |a, b| (a.text != b.text).then(Vec::new))
}

fn outlet(old: &crate::OutletSpec, new: &crate::OutletSpec) -> Option<Vec<&'static str>> {
    let placed = crate::OutletSpec { place: old.place.clone(), ..new.clone() };
    (*old != placed).then(Vec::new)
}

fn automation(old: &crate::AutomationSpec, new: &crate::AutomationSpec) -> Option<Vec<&'static str>> {
    let placed = crate::AutomationSpec { place: old.place.clone(), ..new.clone() };
    (*old != placed).then(Vec::new)
}

/// Two plants whose parts are compared: ids mean a name in one and in the other.
struct Both<'a> {
    old: &'a Plant,
    new: &'a Plant,
}

impl Both<'_> {
    /// What of a tag is different, by its keys.
    fn tag(&self, a: &TagSpec, b: &TagSpec) -> Vec<&'static str> {
        let mut what: Vec<&'static str> = [
            ("kind", a.kind != b.kind),
            ("unit", a.unit != b.unit),
            ("description", a.description != b.description),
            ("decimals", a.decimals != b.decimals),
            ("range", a.range != b.range),
            ("limits", a.limits != b.limits || a.hysteresis != b.hysteresis),
            ("scaling", a.scaling != b.scaling),
            ("deadband", a.deadband != b.deadband),
            ("states", a.states != b.states),
            ("stale_after_ms", a.stale_after_ms != b.stale_after_ms),
            ("retain", a.retain != b.retain),
            ("write", !self.same_write(a.write.as_deref(), b.write.as_deref())),
            ("instance", a.instance != b.instance),
            ("group", a.group != b.group),
        ]
        .into_iter()
        .filter_map(|(key, is_changed)| is_changed.then_some(key))
        .collect();
        what.extend(self.origin(&a.origin, &b.origin));
        what
    }

    fn origin(&self, a: &Origin, b: &Origin) -> Vec<&'static str> {
        match (a, b) {
            (
                Origin::Driver { plugin: p, connection: c, device: d, address: at },
                Origin::Driver { plugin: p2, connection: c2, device: d2, address: at2 },
            ) => {
                let old = self.old.connections.get(c.0 as usize);
                let new = self.new.connections.get(c2.0 as usize);
                let device = |connection: Option<&ConnectionSpec>, device: &Option<u32>| {
                    Some(Arc::clone(&connection?.devices.get(device.as_ref().copied()? as usize)?.name))
                };
                [
                    ("plugin", self.old.plugin_name(*p) != self.new.plugin_name(*p2)),
                    ("connection", old.map(|c| &c.name) != new.map(|c| &c.name)),
                    ("device", device(old, d) != device(new, d2)),
                    ("address", at != at2),
                ]
                .into_iter()
                .filter_map(|(key, is_changed)| is_changed.then_some(key))
                .collect()
            }
            (Origin::Analytics { plugin: a }, Origin::Analytics { plugin: b }) => {
                if self.old.plugin_name(*a) == self.new.plugin_name(*b) { Vec::new() } else { vec!["plugin"] }
            }
            (Origin::Memory { initial: a }, Origin::Memory { initial: b }) => {
                if a == b {
                    Vec::new()
                } else {
                    vec!["memory"]
                }
            }
            (Origin::Derived(a), Origin::Derived(b)) => {
                if a.expression == b.expression {
                    Vec::new()
                } else {
                    vec!["derive"]
                }
            }
            (Origin::Total(a), Origin::Total(b)) => {
                let is_same = a.how == b.how && self.same_tag(a.source, b.source);
                if is_same { Vec::new() } else { vec!["total"] }
            }
            (_, Origin::Driver { .. }) => vec!["connection"],
            (_, Origin::Analytics { .. }) => vec!["plugin"],
            (_, Origin::Memory { .. }) => vec!["memory"],
            (_, Origin::Derived(_)) => vec!["derive"],
            (_, Origin::Total(_)) => vec!["total"],
            (_, Origin::System | Origin::Gone) => Vec::new(),
        }
    }

    fn same_tag(&self, a: TagId, b: TagId) -> bool {
        self.old.tags.get(a.0 as usize).map(|tag| &tag.name) == self.new.tags.get(b.0 as usize).map(|tag| &tag.name)
    }

    fn same_write(&self, a: Option<&WriteSpec>, b: Option<&WriteSpec>) -> bool {
        let (a, b) = match (a, b) {
            (Some(a), Some(b)) => (a, b),
            (a, b) => return a.is_none() && b.is_none(),
        };
        let feedback = match (a.feedback, b.feedback) {
            (Some(a), Some(b)) => self.same_tag(a, b),
            (a, b) => a.is_none() && b.is_none(),
        };
        let permissives = a.permissives.len() == b.permissives.len()
            && a.permissives.iter().zip(&b.permissives).all(|(a, b)| {
                self.same_tag(a.tag, b.tag) && (a.test, &a.message, a.only_for) == (b.test, &b.message, b.only_for)
            });
        let rest = WriteSpec { feedback: a.feedback, permissives: a.permissives.clone(), ..b.clone() };
        feedback && permissives && *a == rest
    }

    fn connection(&self, a: &ConnectionSpec, b: &ConnectionSpec) -> Option<Vec<&'static str>> {
        let what: Vec<&'static str> = [
            ("driver", self.old.plugin_name(a.driver) != self.new.plugin_name(b.driver)),
            ("link", a.link != b.link),
            ("timeout_ms", a.timeout_ms != b.timeout_ms),
            ("pipeline", a.pipeline != b.pipeline),
            ("quiet_ms", a.quiet_ms != b.quiet_ms),
            ("device", a.device != b.device),
            ("devices", a.devices != b.devices),
        ]
        .into_iter()
        .filter_map(|(key, is_changed)| is_changed.then_some(key))
        .collect();
        (!what.is_empty()).then_some(what)
    }

    fn plugin(&self, a: &PluginSpec, b: &PluginSpec) -> Option<Vec<&'static str>> {
        let (ga, gb) = (&a.grant, &b.grant);
        let limits = |g: &crate::Grant| {
            let rates = (g.samples_per_s, g.log_lines_per_s, g.alarms.words_per_s);
            (g.store_bytes, g.memory_bytes, g.cpu_pct, g.soft_ms, g.hard_ms, rates, g.orders)
        };
        let what: Vec<&'static str> = [
            ("component", a.component != b.component),
            ("accepts", a.accepts != b.accepts),
            ("config", a.config != b.config),
            ("grant", limits(ga) != limits(gb)),
        ]
        .into_iter()
        .filter_map(|(key, is_changed)| is_changed.then_some(key))
        .collect();
        (!what.is_empty()).then_some(what)
    }

    /// Plugins that keep what they are, but whose tags, connections or alarms come, go or change.
    fn plugins_given_other_tags(&self, plugins: &Differences, tags: &Differences, resubscribed: &[Arc<str>]) -> Vec<Arc<str>> {
        let restarted: HashSet<&str> = plugins.changed.iter().map(|one| &*one.name).collect();
        let touched: HashSet<&str> =
            tags.changed.iter().map(|one| &*one.name).chain(resubscribed.iter().map(|name| &**name)).collect();
        let names = |plant: &'_ Plant, plugin: &PluginSpec| -> HashSet<Arc<str>> {
            let grant = &plugin.grant;
            let tags = grant.publish.iter().chain(&grant.read).chain(&grant.write);
            let tags = tags.filter_map(|id| plant.tags.get(id.0 as usize)).map(|tag| Arc::from(&tag.name));
            let connections = grant.connections.iter().filter_map(|id| plant.connections.get(id.0 as usize));
            let links = connections.map(|connection| format!("connection {}", connection.name).into());
            tags.chain(links).chain(alarms_of(plant, grant)).collect()
        };
        let kept = self.new.plugins.iter().filter(|plugin| !plugin.is_gone() && !restarted.contains(&*plugin.name));
        kept.filter_map(|plugin| {
            let (_, was) = self.old.plugin(&plugin.name)?;
            let (before, after) = (names(self.old, was), names(self.new, plugin));
            let is_other = before != after || after.iter().any(|name| touched.contains(&**name));
            is_other.then(|| Arc::clone(&plugin.name))
        })
        .collect()
    }
}

/// The alarms of a plugin with all that it is told of them.
fn alarms_of(plant: &Plant, grant: &crate::Grant) -> impl Iterator<Item = Arc<str>> {
    let of = &grant.alarms;
    let rights = [("raise", &of.raise), ("suppress", &of.suppress), ("mark", &of.mark), ("read", &of.read)];
    rights.into_iter().flat_map(|(right, list)| list.iter().map(move |id| (right, id))).filter_map(|(right, id)| {
        let alarm = plant.alarms.get(id.0 as usize)?;
        let (message, area, instance, group) = (&alarm.message, &alarm.area, &alarm.instance, &alarm.first_out);
        let nature = (alarm.priority.word(), alarm.latching);
        Some(format!("alarm {} {right} {message} {area} {instance} {group} {nature:?}", alarm.name).into())
    })
}
