//! Names become ids: what alarms refer to is looked up, and checked for sense.

use std::collections::HashMap;
use std::sync::Arc;

use plantroom_model::{
    AlarmDetail, AlarmId, AlarmSpec, Condition, ConnectionId, Label, LimitSource, PluginId, TagId, TagSpec, Value, ValueKind,
};

use crate::alarms::Alarms;
use crate::alarms::check::{self, Watched};
use crate::alarms::decl::{AlarmDecl, ConditionDecl, DetailDecl, LimitDecl, Said};
use crate::alarms::expand::{find, limit_of};
use crate::alarms::message::message_of;
use crate::report::{Report, Spot, suggestion};
use crate::resolve::Everything;
use crate::tree::{Item, Raw};
use crate::{Place, ScriptedAlarm, TagPlaces};

/// What alarms came to.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    pub specs: Vec<AlarmSpec>,
    pub places: TagPlaces,
    pub spots: Vec<Spot>,
    /// No alarm was left out because of a mistake of its own.
    pub is_complete: bool,
    pub scripted: Vec<ScriptedAlarm>,
}

impl Alarms {
    /// Follows every reference; the result is whole only where no error was told.
    pub fn resolve(mut self, all: &Everything<'_>, tags: &[TagSpec], report: &mut Report) -> Resolved {
        let mut resolved = Resolved::default();
        let mut watched = Vec::new();
        let list = std::mem::take(&mut self.list);
        let mut rows: Vec<(Condition, u32, Arc<DetailDecl>)> = Vec::with_capacity(list.len());
        for (id, decl) in (0..).map(AlarmId).zip(&list) {
            let mut resolving = Resolving { alarms: &mut self, all, tags, report, decl, watched: &mut watched, id };
            let condition = resolving.condition(&mut resolved.scripted).unwrap_or(Condition::Gone);
            let message = decl.message.unwrap_or_else(|| self.kept.texts.add(&message_of(&condition, tags)));
            let detail = self.with_instance(&condition, &decl.detail, tags);
            rows.push((condition, message, detail));
        }
        check::limits(&mut watched, &list, &self, tags, report);
        self.advise(&list, report);
        let said = list.iter().map(|decl| {
            let (file, place) = report.place(decl.spot);
            Place { file, place }
        });
        resolved.places = said.collect();
        resolved.spots = list.iter().map(|decl| decl.spot).collect();
        resolved.is_complete = !self.has_lost;
        resolved.specs = self.specs(rows);
        resolved
    }

    /// An alarm belongs to the instance that its tag belongs to.
    fn with_instance(&mut self, condition: &Condition, detail: &Arc<DetailDecl>, tags: &[TagSpec]) -> Arc<DetailDecl> {
        let of_tag = watched_tag(condition).and_then(|id| tags.get(id.0 as usize)).and_then(|tag| tag.instance.as_ref());
        match of_tag.filter(|_| detail.instance == 0) {
            Some(instance) => {
                let instance = self.kept.texts.add(&instance.name);
                self.changed(detail, |detail| detail.instance = instance)
            }
            None => Arc::clone(detail),
        }
    }

    /// The alarms in the form in which they stay: equal details are one.
    fn specs(mut self, rows: Vec<(Condition, u32, Arc<DetailDecl>)>) -> Vec<AlarmSpec> {
        let names = self.names.labels();
        // Equal ones are the same one already (`Shared`), so where it lies says which it is, as long as it is held.
        let mut details: HashMap<usize, (Arc<DetailDecl>, Arc<AlarmDetail>)> = HashMap::new();
        let mut last: Option<(Arc<DetailDecl>, Arc<AlarmDetail>)> = None;
        let texts = &mut self.kept.texts;
        let mut specs = Vec::with_capacity(rows.len());
        for ((condition, message, decl), name) in rows.into_iter().zip(names) {
            let detail = match &last {
                Some((known, detail)) if Arc::ptr_eq(known, &decl) => Arc::clone(detail),
                _ => {
                    let make = || (Arc::clone(&decl), Arc::new(detail_of(&decl, |n| texts.label(n))));
                    let (_, made) = details.entry(Arc::as_ptr(&decl) as usize).or_insert_with(make);
                    let made = Arc::clone(made);
                    last = Some((decl, Arc::clone(&made)));
                    made
                }
            };
            specs.push(AlarmSpec { name, message: texts.label(message), condition, detail });
        }
        specs
    }
}

fn detail_of(decl: &DetailDecl, mut label: impl FnMut(u32) -> Label) -> AlarmDetail {
    AlarmDetail {
        priority: decl.priority,
        area: label(decl.area),
        consequence: label(decl.consequence),
        action: label(decl.action),
        respond_s: decl.respond_s,
        screen: label(decl.screen),
        instance: label(decl.instance),
        on_delay_ms: decl.on_delay_ms,
        off_delay_ms: decl.off_delay_ms,
        latching: decl.latching,
        acknowledge: decl.acknowledge,
        realarm_s: decl.realarm_s,
        shelve_max_s: decl.shelve_max_s,
        shelve_role: decl.shelve_role,
        first_out: label(decl.first_out),
    }
}

/// The tag whose value an alarm shows.
pub(crate) fn watched_tag(condition: &Condition) -> Option<TagId> {
    match condition {
        Condition::Limit { tag, .. }
        | Condition::Deviation { tag, .. }
        | Condition::Rate { tag, .. }
        | Condition::State { tag, .. }
        | Condition::Change { tag }
        | Condition::BadQuality { tag } => Some(*tag),
        Condition::Disagree { feedback, .. } => Some(*feedback),
        _ => None,
    }
}

/// One alarm on its way.
struct Resolving<'a, 'e> {
    alarms: &'a mut Alarms,
    all: &'a Everything<'e>,
    tags: &'a [TagSpec],
    report: &'a mut Report,
    decl: &'a AlarmDecl,
    /// Constant limits, for the checks between alarms.
    watched: &'a mut Vec<Watched>,
    id: AlarmId,
}

impl Resolving<'_, '_> {
    fn condition(&mut self, scripted: &mut Vec<ScriptedAlarm>) -> Option<Condition> {
        Some(match &self.decl.condition {
            ConditionDecl::Limit { tag, kind, at, hysteresis } => {
                let id = self.number(*tag, "a limit")?;
                let own = limit_of(&self.spec(id)?.limits, *kind);
                let source = self.source(at, own, id)?;
                let hysteresis = hysteresis.map_or_else(|| self.spec(id).map_or(0.0, |tag| tag.hysteresis), |(width, _)| width);
                if let LimitSource::Constant(limit) = source {
                    self.watched.push(Watched { tag: id, kind: *kind, limit, hysteresis, alarm: self.id });
                }
                Condition::Limit { tag: id, kind: *kind, at: source, hysteresis }
            }
            ConditionDecl::Deviation { tag, setpoint, by, hysteresis } => {
                let id = self.number(*tag, "a deviation")?;
                let setpoint = self.number(*setpoint, "a setpoint")?;
                let by = self.source(by, None, id)?;
                self.positive(by, "a deviation");
                Condition::Deviation { tag: id, setpoint, by, hysteresis: self.band(by, *hysteresis) }
            }
            ConditionDecl::Rate { tag, limit, per_s, window_ms, hysteresis } => {
                let id = self.number(*tag, "a rate")?;
                let limit = match self.source(limit, None, id)? {
                    LimitSource::Constant(number) => LimitSource::Constant(number / per_s),
                    tag => tag,
                };
                let hysteresis = hysteresis.map(|(width, spot)| (width / per_s, spot));
                Condition::Rate { tag: id, per_s: limit, window_ms: *window_ms, hysteresis: self.band(limit, hysteresis) }
            }
            ConditionDecl::State { tag, is } => {
                let id = self.discrete(*tag, "a state")?;
                let is = is.iter().map(|item| self.state(id, item)).collect::<Option<Vec<i64>>>()?;
                Condition::State { tag: id, is }
            }
            ConditionDecl::Change { tag } => Condition::Change { tag: self.discrete(*tag, "a change of state")? },
            ConditionDecl::Follows { tag, command, within_ms } => {
                let feedback = self.discrete(*tag, "what follows a command")?;
                let command = self.discrete(*command, "a command")?;
                if command == feedback {
                    self.report.error(
                        tag.spot,
                        "a tag always follows itself",
                        "name the tag that commands, and the one that shows it",
                    );
                }
                Condition::Disagree { command, feedback, follow_ms: *within_ms }
            }
            ConditionDecl::BadQuality { tag } => Condition::BadQuality { tag: self.find(*tag)? },
            ConditionDecl::Communication { connection, device } => self.link(*connection, *device)?,
            ConditionDecl::Script { script, call, on, parameters } => {
                let script = self.script(*script)?;
                scripted.push(self.scripted(script, *call, *on, parameters));
                Condition::Script { script }
            }
            ConditionDecl::Plugin { plugin } => {
                let name = self.alarms.kept.texts.get(plugin.text);
                Condition::Plugin { plugin: PluginId(self.all.plugin_names.find(name, plugin.spot, self.report)?) }
            }
            ConditionDecl::System => Condition::System,
            ConditionDecl::Limits { .. } | ConditionDecl::When { .. } => return None,
        })
    }

    fn spec(&self, id: TagId) -> Option<&TagSpec> {
        self.tags.get(id.0 as usize)
    }

    fn find(&mut self, tag: Said) -> Option<TagId> {
        let texts = &self.alarms.kept.texts;
        let (wanted, instance) = (texts.get(tag.text), texts.get(self.decl.detail.instance));
        find(wanted, instance, self.all.tag_names, tag.spot, self.report).map(TagId)
    }

    /// A tag that is a number.
    fn number(&mut self, tag: Said, what: &str) -> Option<TagId> {
        let id = self.find(tag)?;
        let kind = self.all.kind(id.0);
        if matches!(kind, ValueKind::Bool | ValueKind::Text) {
            let name = self.alarms.kept.texts.get(tag.text);
            let message = format!("{what} needs a number, but `{name}` is of kind {}", kind.word());
            let help = if kind == ValueKind::Bool { "for a bool write is = true or is = false" } else { "name a number" };
            self.report.error(tag.spot, message, help);
            return None;
        }
        Some(id)
    }

    /// A tag that has states.
    fn discrete(&mut self, tag: Said, what: &str) -> Option<TagId> {
        let id = self.find(tag)?;
        let kind = self.all.kind(id.0);
        if matches!(kind, ValueKind::Float | ValueKind::Text) {
            let name = self.alarms.kept.texts.get(tag.text);
            let message = format!("{what} needs a bool or a whole number, but `{name}` is of kind {}", kind.word());
            let help = match kind {
                ValueKind::Float => "for a number with fractions use high, low, deviation, rate or an expression",
                _ => "name a bool, an int or a uint",
            };
            self.report.error(tag.spot, message, help);
            return None;
        }
        Some(id)
    }

    fn source(&mut self, limit: &LimitDecl, own: Option<f64>, tag: TagId) -> Option<LimitSource> {
        match limit {
            LimitDecl::Number(number, _) => Some(LimitSource::Constant(*number)),
            LimitDecl::Own(spot) => {
                if own.is_none() {
                    let name = self.spec(tag).map_or("", |tag| &tag.name);
                    let message = format!("the tag `{name}` has no such limit of its own");
                    self.report.error(*spot, message, "give the tag one under limits, or write a number here");
                }
                own.map(LimitSource::Constant)
            }
            LimitDecl::Tag(said) => Some(LimitSource::Tag(self.number(*said, "a limit")?)),
            LimitDecl::Expression(_) => None,
        }
    }

    fn positive(&mut self, by: LimitSource, what: &str) {
        if let LimitSource::Constant(number) = by
            && number <= 0.0
        {
            let message = format!("{what} of {number} is always there");
            self.report.error(self.limit_spot(), message, "write how far is still well; both sides count");
        }
    }

    fn limit_spot(&self) -> Spot {
        match &self.decl.condition {
            ConditionDecl::Limit { at: limit, .. }
            | ConditionDecl::Deviation { by: limit, .. }
            | ConditionDecl::Rate { limit, .. } => limit.spot(),
            _ => self.decl.spot,
        }
    }

    /// The hysteresis of something that clears towards 0.
    fn band(&mut self, limit: LimitSource, hysteresis: Option<(f64, Spot)>) -> f64 {
        let Some((width, spot)) = hysteresis else { return 0.0 };
        if let LimitSource::Constant(limit) = limit
            && width > 0.0
            && width >= limit
        {
            let message = format!("with a hysteresis of {width} this would never clear: the limit is {limit}");
            self.report.error(spot, message, "it clears below limit - hysteresis; make it smaller");
        }
        width
    }

    /// The number of a state: its number, true or false, or one of the tag's words.
    fn state(&mut self, id: TagId, item: &Item) -> Option<i64> {
        let (tags, spot) = (self.tags, self.decl.spot.moved(item.at));
        let tag = tags.get(id.0 as usize)?;
        let by_word = |word: &str| {
            let is_it = |(_, known): &&(i64, String)| known.trim().eq_ignore_ascii_case(word.trim());
            tag.states.iter().find(is_it).map(|(number, _)| *number)
        };
        let number = match &item.raw {
            Raw::Flag(flag) => Some(i64::from(*flag)),
            Raw::Text(word) => by_word(word),
            _ => item
                .text()
                .and_then(by_word)
                .or_else(|| item.whole().and_then(|n| i64::try_from(n).ok()))
                .or_else(|| item.flag().map(i64::from)),
        };
        let is_possible = number.is_some_and(|number| match self.all.kind(id.0) {
            ValueKind::Bool => (0..=1).contains(&number),
            ValueKind::Uint => number >= 0,
            _ => true,
        });
        if is_possible {
            return number;
        }
        let message = format!("`{}` has no state {}", tag.name, item.words());
        let otherwise = match self.all.kind(id.0) {
            ValueKind::Bool => "write true or false",
            _ => "write its number, or give the tag words: states = { 0 = \"stopped\", 1 = \"running\" }",
        };
        let help = suggestion(item.text().unwrap_or_default(), tag.states.iter().map(|(_, word)| word.as_str()), otherwise);
        self.report.error(spot, message, help);
        None
    }

    fn link(&mut self, connection: Said, device: Option<Said>) -> Option<Condition> {
        let texts = &self.alarms.kept.texts;
        let id = self.all.connection_names.find(texts.get(connection.text), connection.spot, self.report)?;
        let decl = self.all.connections.get(id as usize)?;
        let device = match device {
            None => None,
            Some(said) if decl.devices.is_empty() && decl.device_names.is_complete() => {
                let message = format!("the connection `{}` has no list of devices", decl.name);
                self.report.error(said.spot, message, "remove device: the alarm is then of the connection");
                return None;
            }
            Some(said) => Some(decl.device_names.find(texts.get(said.text), said.spot, self.report)?),
        };
        Some(Condition::Link { connection: ConnectionId(id), device })
    }

    fn script(&mut self, said: Said) -> Option<u32> {
        let wanted = self.alarms.kept.texts.get(said.text);
        let found = self.alarms.scripts.iter().position(|path| path == wanted);
        if found.is_none() && !self.alarms.has_lost {
            let names = self.alarms.scripts.iter().map(String::as_str);
            let help = suggestion(wanted, names, "write the script: fn active(a) { tag(a.on + \"/level\") > 3 }");
            self.report.error(said.spot, format!("there is no alarm script `{wanted}` in this folder"), help);
        }
        found.and_then(|place| u32::try_from(place).ok())
    }

    fn scripted(&self, script: u32, call: Option<u32>, on: Option<u32>, parameters: &[(String, Item)]) -> ScriptedAlarm {
        let texts = &self.alarms.kept.texts;
        let on = on.unwrap_or(self.decl.detail.instance);
        let parameters = parameters.iter().map(|(name, item)| (Arc::from(name.as_str()), value_of(item))).collect();
        ScriptedAlarm { alarm: self.id, script, call, on: texts.get(on).into(), parameters }
    }
}

/// A parameter's value: what looks like a number is one.
fn value_of(item: &Item) -> Value {
    match &item.raw {
        Raw::Flag(flag) => Value::Bool(*flag),
        Raw::Text(text) => Value::Text(text.as_str().into()),
        _ => match (item.whole().and_then(|number| i64::try_from(number).ok()), item.number(), item.flag()) {
            (Some(whole), ..) => Value::Int(whole),
            (_, Some(number), _) => Value::Float(number),
            (_, _, Some(flag)) => Value::Bool(flag),
            _ => Value::Text(item.text().unwrap_or_default().into()),
        },
    }
}
