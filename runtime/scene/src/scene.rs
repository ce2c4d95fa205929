//! A built screen, kept up to date with the plant.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use plantroom_model::{Sample, Value, ValueKind};
use plantroom_script::{Sandbox, TagNow, TagTable};

use crate::computed::{Computed, Outcome};
use crate::event::Event;
use crate::slot::Slot;
use crate::{
    Action, ClosureId, EventId, Facts, NavEntry, Object, ObjectId, Place, Prop, Reading, ScriptError, Source, TagView, limits,
};

/// Who must know when a tag changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct TagUse {
    pub objects: Vec<ObjectId>,
    pub closures: Vec<ClosureId>,
    facts: Arc<Facts>,
    known: bool,
}

/// What an update changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// These look different now.
    pub objects: BTreeSet<ObjectId>,
    /// A closure read tags that [`Scene::tags`] didn't have before: subscribe again.
    pub tags_grew: bool,
}

/// A built screen or faceplate.
pub struct Scene {
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) header: Header,
    pub(crate) objects: Vec<Object>,
    /// One an object; beside them, since whoever looks for what has changed looks at all of them.
    pub(crate) versions: Vec<u32>,
    /// Of a faceplate, how it closes its gaps.
    pub(crate) arrangement: crate::arrange::Arrangement,
    pub(crate) events: Vec<Event>,
    pub(crate) closures: Vec<Computed>,
    pub(crate) tags: TagTable,
    pub(crate) uses: HashMap<Arc<str>, TagUse>,
    pub(crate) names: Vec<Arc<str>>,
    pub(crate) due: BTreeSet<ClosureId>,
    pub(crate) info_revision: Option<u64>,
    /// How far the view's log had come when it was looked at last.
    pub(crate) stamp: u64,
    /// What changed since the last update, seen while an event was fired.
    pub(crate) pending: Changed,
    /// Tags about which something changed since the last update.
    pub(crate) touched: HashSet<Arc<str>>,
    pub(crate) printed: Vec<String>,
    pub(crate) relatives: Vec<NavEntry>,
    /// What closures and tags say is looked up here.
    pub(crate) texts: Arc<crate::Texts>,
    /// Measures closures, for their author.
    pub(crate) stopwatch: Option<crate::Stopwatch>,
}

/// Where a press leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way<'a> {
    /// To this screen.
    Screen(&'a str),
    /// To the faceplate of this instance.
    Instance(&'a str),
}

/// What a screen says of itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Header {
    /// File name without `.rhai`; of a faceplate, its part.
    pub name: String,
    /// What stands above it.
    pub title: String,
    /// Smaller words beside the title; may be empty. On a faceplate the instance.
    pub subtitle: String,
    /// ISA-101 level, 1 overview to 4 support; 0 of a faceplate.
    pub level: u8,
    /// The screen one level up.
    pub parent: Option<String>,
    /// Width and height, in the units in which everything is placed.
    pub size: (f32, f32),
    /// The upper left corner at which faceplates open over it; at the upper right where it doesn't say.
    pub faceplates: Option<crate::Point>,
    /// Where it is said.
    pub place: Place,
}

impl std::fmt::Debug for Scene {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scene").field("header", &self.header).field("objects", &self.objects).finish_non_exhaustive()
    }
}

impl Scene {
    /// Title, level, parent, size.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What to paint, in order: later ones lie on top.
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// Of each object, in their order, how often what it shows may have changed: the same number, the same looks.
    pub fn versions(&self) -> &[u32] {
        &self.versions
    }

    /// Grows whenever objects have moved, because others are left out or aren't any more.
    pub fn arrangement(&self) -> u32 {
        self.arrangement.revision()
    }

    /// One object.
    pub fn object(&self, id: ObjectId) -> Option<&Object> {
        self.objects.get(id.0 as usize)
    }

    /// Every tag that it needs, in a stable order; grows when closures read more ([`Changed::tags_grew`]).
    pub fn tags(&self) -> &[Arc<str>] {
        &self.names
    }

    /// Tabs for a console's own tab row: parent, this screen with its neighbours, children. Empty for a faceplate.
    pub fn relatives(&self) -> &[NavEntry] {
        &self.relatives
    }

    /// What the script printed while it was built, for its author.
    pub fn printed(&self) -> &[String] {
        &self.printed
    }

    /// The errors of closures at this moment, with the objects that show them.
    pub fn errors(&self) -> impl Iterator<Item = (&Object, &ScriptError)> {
        self.objects.iter().filter_map(|object| Some((object, object.error.as_ref()?)))
    }

    /// How often closures have run since the scene was opened.
    pub fn evaluations(&self) -> u64 {
        self.closures.iter().map(|computed| computed.runs).sum()
    }

    /// Brings every property up to date. Call it once before each frame, and always with the same view; without changes it
    /// costs nothing, or one look-up a tag where the view keeps no log.
    pub fn update(&mut self, view: &dyn TagView) -> Changed {
        let mut changed = std::mem::take(&mut self.pending);
        self.take_values(view, &mut changed);
        self.run_due(view, &mut changed);
        let objects: Vec<ObjectId> = changed.objects.iter().copied().collect();
        for id in objects {
            self.refresh(id);
        }
        self.touched.clear();
        if let Some(height) = self.arrangement.follow(&mut self.objects) {
            self.header.size.1 = height;
        }
        changed
    }

    /// Looks at every tag, and notes whom a change concerns.
    fn take_values(&mut self, view: &dyn TagView, changed: &mut Changed) {
        let revision = view.info_revision();
        let look_at_facts = self.info_revision != Some(revision);
        let first = self.info_revision.is_none();
        self.info_revision = Some(revision);
        if first {
            changed.objects.extend(self.objects.iter().map(|object| object.id));
            self.due.extend((0..self.closures.len() as u32).map(ClosureId));
        }
        let news = if look_at_facts { None } else { view.changed_since(self.stamp) };
        self.stamp = view.stamp();
        let names = match news {
            Some(news) => news.into_iter().filter_map(|name| Some(self.tags.get_key_value(name)?.0.clone())).collect(),
            None => self.names.clone(),
        };
        for name in names {
            let (seen, computed) = self.take_value(&name, view, look_at_facts);
            let Some(users) = self.uses.get(&name) else { continue };
            if seen {
                changed.objects.extend(users.objects.iter().copied());
            }
            if computed {
                self.due.extend(users.closures.iter().copied());
            }
        }
    }

    /// Whether something about the tag changed at all, and whether something changed that closures can see.
    fn take_value(&mut self, name: &Arc<str>, view: &dyn TagView, look_at_facts: bool) -> (bool, bool) {
        let now = self.tags.entry(name.clone()).or_default();
        let (mut seen, mut computed) = (false, false);
        if look_at_facts {
            let entry = self.uses.entry(name.clone()).or_default();
            let info = view.info(name);
            let facts = info.map(|info| Facts::of(info).translated(&self.texts)).unwrap_or_default();
            if entry.known != info.is_some() || *entry.facts != facts {
                now.kind = info.and_then(|info| ValueKind::from_u8(info.kind));
                (now.unit, now.decimals, now.states) = (facts.unit.clone(), facts.decimals, facts.states.clone());
                (entry.known, entry.facts) = (info.is_some(), Arc::new(facts));
                (seen, computed) = (true, true);
            }
        }
        let sample = view.sample(name).unwrap_or_else(Sample::waiting);
        if !sample.value.same(&now.sample.value) || sample.status != now.sample.status {
            (seen, computed) = (true, true);
        }
        seen |= sample.source_time != now.sample.source_time;
        if seen {
            now.sample = sample;
            self.touched.insert(name.clone());
        }
        (seen, computed)
    }

    /// Adds tags that a closure has just read for the first time. True if one of them has a value already.
    fn add_tags(&mut self, reads: &[Arc<str>], view: &dyn TagView) -> (bool, bool) {
        let (mut grew, mut valued) = (false, false);
        for name in reads {
            if !self.tags.contains_key(name) {
                self.names.push(name.clone());
                self.take_value(name, view, true);
                grew = true;
                valued |= self.tags.get(name).is_some_and(|now| now.sample.value != Value::Null || now.kind.is_some());
            }
        }
        (grew, valued)
    }

    fn run_due(&mut self, view: &dyn TagView, changed: &mut Changed) {
        for _ in 0..limits::CLOSURES_A_FRAME {
            let Some(id) = self.due.pop_first() else { return };
            // A closure reads its first tags before they are known here: they are fetched and it is run again, a few times
            // at most, since what it reads may depend on what it has read.
            for _ in 0..limits::DISCOVERY_ROUNDS {
                let Some(computed) = self.closures.get_mut(id.0 as usize) else { break };
                let started = self.stopwatch.as_ref().map(|clock| clock());
                computed.run(&self.sandbox, &mut self.tags);
                if let (Some(clock), Some(started)) = (&self.stopwatch, started) {
                    computed.spent_ns += clock().saturating_sub(started);
                }
                changed.objects.insert(computed.object);
                let reads = computed.reads.clone();
                let (grew, valued) = self.add_tags(&reads, view);
                for name in &reads {
                    let users = self.uses.entry(name.clone()).or_default();
                    if !users.closures.contains(&id) {
                        users.closures.push(id);
                    }
                }
                changed.tags_grew |= grew;
                if !valued {
                    break;
                }
            }
        }
    }

    /// Writes current values into an object's properties.
    fn refresh(&mut self, id: ObjectId) {
        let Some(object) = self.objects.get_mut(id.0 as usize) else { return };
        if let Some(version) = self.versions.get_mut(id.0 as usize) {
            *version = version.wrapping_add(1);
        }
        let (tags, uses, closures, texts) = (&self.tags, &self.uses, &self.closures, &self.texts);
        let mut error =
            object.symbol.fault().map(|why| ScriptError::new(&object.place.file, (object.place.line, object.place.column), why));
        object.each_slot(&mut |slot| {
            // Of a table of thousands of tags only those that changed are looked at.
            if let (Slot::Reading(reading), Some(name)) = (&slot, slot.tag())
                && reading.was_read
                && !self.touched.contains(name)
            {
                return;
            }
            let result = match slot {
                Slot::Reading(reading) => refresh_reading(reading, tags, uses, closures, texts),
                Slot::Text(prop) => refresh_text(prop, tags, closures, texts),
                Slot::Flag(prop, neutral) => refresh_flag(prop, neutral, tags, closures),
            };
            if let Err(wrong) = result {
                error.get_or_insert(wrong);
            }
        });
        object.error = error;
    }

    /// What a click, a press or an entered value asks for. Nothing is changed by it; the console carries the actions out.
    ///
    /// `input` is the entered value of a setpoint or selector, in engineering units; `None` for a click or a button.
    ///
    /// # Errors
    /// When the closure fails, or was to compute from a tag that is bad or has no value: then nothing is asked.
    pub fn fire(&mut self, event: EventId, input: Option<Value>, view: &dyn TagView) -> Result<Vec<Action>, ScriptError> {
        let mut changed = std::mem::take(&mut self.pending);
        self.take_values(view, &mut changed);
        self.pending = changed;
        for _ in 0..limits::DISCOVERY_ROUNDS {
            let Some(known) = self.events.get(event.0 as usize) else { return Ok(Vec::new()) };
            let facts = |tag: &str| self.uses.get(tag).map(|entry| &*entry.facts);
            let (result, reads) = known.run(&self.sandbox, &mut self.tags, input.clone(), &facts);
            let (grew, valued) = self.add_tags(&reads, view);
            self.pending.tags_grew |= grew;
            if !valued {
                return result;
            }
        }
        Ok(Vec::new())
    }

    /// Where a press always leads: the screen that it opens, or the instance whose faceplate it opens. Nothing where a script
    /// decides that, or where it does something else.
    pub fn leads_to(&self, event: EventId) -> Option<Way<'_>> {
        let crate::event::Does::Actions(actions) = &self.events.get(event.0 as usize)?.does else { return None };
        actions.iter().find_map(|action| match action {
            Action::Open { screen, .. } => Some(Way::Screen(screen)),
            Action::Faceplate { params, .. } => params.get("name").and_then(Value::as_text).map(Way::Instance),
            Action::Request { .. } | Action::Close => None,
        })
    }

    /// What the station says of a tag that this scene uses.
    pub fn facts(&self, tag: &str) -> Option<&Facts> {
        self.uses.get(tag).filter(|entry| entry.known).map(|entry| &*entry.facts)
    }
}

fn refresh_reading(
    reading: &mut Reading,
    tags: &TagTable,
    uses: &HashMap<Arc<str>, TagUse>,
    closures: &[Computed],
    texts: &crate::Texts,
) -> Result<(), ScriptError> {
    reading.was_read = true;
    match &reading.source {
        Source::Constant => {}
        Source::Tag(name) => {
            let entry = uses.get(name);
            let sample = tags.get(name).map(|now: &TagNow| now.sample.clone()).unwrap_or_default();
            (reading.value, reading.status, reading.source_time) = (sample.value, sample.status, sample.source_time);
            if let (true, Some(flag)) = (reading.overrides.invert, reading.value.as_bool()) {
                reading.value = Value::Bool(!flag);
            }
            reading.known = entry.is_some_and(|entry| entry.known);
            match entry {
                Some(entry) => reading.facts = reading.overrides.over(&entry.facts),
                None => reading.facts = reading.overrides.over(&Arc::default()),
            }
        }
        Source::Closure(id) => {
            let Some(computed) = closures.get(id.0 as usize) else { return Ok(()) };
            reading.known = true;
            reading.facts = reading.overrides.over(&Arc::new(Facts { decimals: 1, ..Facts::default() }));
            (reading.status, reading.source_time) = (computed.status, computed.oldest);
            reading.value = match &computed.outcome {
                Outcome::Waiting => Value::Null,
                // What a closure says in words is said in the language; what a tag holds as text stays as it came.
                Outcome::Value(Value::Text(words)) => Value::Text(texts.translated(words).into()),
                Outcome::Value(value) => value.clone(),
                Outcome::Failed(error) => {
                    reading.value = Value::Null;
                    return Err(error.clone());
                }
            };
        }
    }
    Ok(())
}

fn refresh_text(
    prop: &mut Prop<String>,
    tags: &TagTable,
    closures: &[Computed],
    texts: &crate::Texts,
) -> Result<(), ScriptError> {
    let (text, status) = match &prop.source {
        Source::Constant => return Ok(()),
        Source::Tag(name) => tags.get(name).map_or_else(Default::default, |now| (now.words(), Some(now.sample.status))),
        Source::Closure(id) => {
            let Some(computed) = closures.get(id.0 as usize) else { return Ok(()) };
            let text = match &computed.outcome {
                Outcome::Waiting => "–".to_owned(),
                Outcome::Value(value) => {
                    let mut words = shown(value);
                    texts.put(&mut words);
                    words
                }
                Outcome::Failed(error) => {
                    prop.now.clear();
                    return Err(error.clone());
                }
            };
            (text, Some(computed.status))
        }
    };
    (prop.now, prop.status) = (text, status);
    Ok(())
}

fn refresh_flag(prop: &mut Prop<bool>, neutral: bool, tags: &TagTable, closures: &[Computed]) -> Result<(), ScriptError> {
    let (flag, status) = match &prop.source {
        Source::Constant => return Ok(()),
        Source::Tag(name) => tags.get(name).map_or((None, None), |now| (now.sample.value.as_bool(), Some(now.sample.status))),
        Source::Closure(id) => {
            let Some(computed) = closures.get(id.0 as usize) else { return Ok(()) };
            let flag = match &computed.outcome {
                Outcome::Waiting => None,
                Outcome::Value(Value::Bool(flag)) => Some(*flag),
                Outcome::Value(other) => {
                    prop.now = neutral;
                    return Err(computed.wrong_type("true or false", other));
                }
                Outcome::Failed(error) => {
                    prop.now = neutral;
                    return Err(error.clone());
                }
            };
            (flag, Some(computed.status))
        }
    };
    (prop.now, prop.status) = (flag.unwrap_or(neutral), status);
    Ok(())
}

/// A computed value as words.
fn shown(value: &Value) -> String {
    let mut text = match value {
        Value::Null => String::new(),
        Value::Float(number) => plantroom_script::tidy(*number),
        other => Facts::default().words(other),
    };
    text.truncate(text.floor_char_boundary(limits::SHOWN_BYTES));
    text
}
