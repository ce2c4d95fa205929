//! What alarms are called: from the running plant into the journal's files, and back out of them.

use std::collections::HashMap;
use std::sync::Arc;

use plantroom_model::{AlarmId, AlarmSpec, Condition, Priority, TagSpec};

use crate::bytes::{Bytes, Unreadable, put_number, put_text};
use crate::limits;

/// What a row says of its alarm, as it was called when it happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AlarmTexts {
    /// Its name: a path with `/`.
    pub name: Arc<str>,
    /// What has happened, in a few words.
    pub message: Arc<str>,
    /// The part of the plant.
    pub area: Arc<str>,
    /// Engineering unit of value and limit; empty for none.
    pub unit: Arc<str>,
    /// How urgent.
    pub priority: Priority,
}

impl AlarmTexts {
    /// For an alarm whose texts the disk has damaged.
    pub(crate) fn unreadable(place: usize) -> Self {
        let name = format!("unreadable/{place}").into();
        Self { name, message: "".into(), area: "".into(), unit: "".into(), priority: Priority::Low }
    }

    pub(crate) fn put(&self, into: &mut Vec<u8>) {
        into.push(self.priority as u8);
        for text in [&self.name, &self.message, &self.area, &self.unit] {
            put_text(into, cut(text));
        }
    }

    pub(crate) fn take(bytes: &mut Bytes<'_>) -> Result<Self, Unreadable> {
        let priority = Priority::from_u8(bytes.u8()?).ok_or(Unreadable)?;
        let mut text = || bytes.text().map(Arc::from);
        Ok(Self { name: text()?, message: text()?, area: text()?, unit: text()?, priority })
    }
}

/// At most [`limits::TEXT_BYTES`], in whole characters.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(limits::TEXT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The alarms of a running plant, and its tags for their units. Made once for each plant, and shared.
#[derive(Clone, Debug)]
pub struct Catalog {
    alarms: Arc<[AlarmSpec]>,
    tags: Arc<[TagSpec]>,
}

impl Catalog {
    /// Of a plant; both lists are shared with it.
    pub fn new(alarms: Arc<[AlarmSpec]>, tags: Arc<[TagSpec]>) -> Arc<Self> {
        Arc::new(Self { alarms, tags })
    }

    /// What an alarm is called now. An alarm that the plant doesn't know is named by its number.
    pub fn texts(&self, alarm: AlarmId) -> AlarmTexts {
        let Some(spec) = self.alarms.get(alarm.0 as usize).filter(|spec| !spec.name.is_empty()) else {
            let name: Arc<str> = format!("gone/{}", alarm.0).into();
            return AlarmTexts { name, message: "".into(), area: "".into(), unit: "".into(), priority: Priority::Low };
        };
        AlarmTexts {
            name: spec.name.as_str().into(),
            message: spec.message.as_str().into(),
            area: spec.area.as_str().into(),
            unit: self.unit(spec).into(),
            priority: spec.priority,
        }
    }

    /// The names of all alarms.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.alarms.iter().map(|spec| spec.name.as_str())
    }

    fn unit(&self, spec: &AlarmSpec) -> &str {
        let tag = match &spec.condition {
            Condition::Limit { tag, .. } | Condition::Deviation { tag, .. } | Condition::Rate { tag, .. } => Some(tag),
            _ => None,
        };
        tag.and_then(|tag| self.tags.get(tag.0 as usize)).map_or("", |tag| tag.unit.as_str())
    }
}

/// Which names a file already has, for the thread that writes it.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// By alarm: the place in the file's list, and the catalog that it was taken from.
    by_alarm: Vec<Option<(u32, usize)>>,
    places: HashMap<Arc<AlarmTexts>, u32>,
    list: Vec<Arc<AlarmTexts>>,
    /// From here on they aren't in the file yet.
    written: usize,
    catalog: Option<Arc<Catalog>>,
    catalogs: usize,
}

impl Names {
    /// Those that a file already has.
    pub fn of(list: Vec<Arc<AlarmTexts>>) -> Self {
        let places = list.iter().enumerate().map(|(place, texts)| (texts.clone(), place as u32)).collect();
        Self { places, written: list.len(), list, ..Self::default() }
    }

    /// The place of an alarm's texts, as the catalog has them now.
    pub fn place(&mut self, alarm: AlarmId, catalog: &Arc<Catalog>) -> u32 {
        if !self.catalog.as_ref().is_some_and(|known| Arc::ptr_eq(known, catalog)) {
            self.catalog = Some(catalog.clone());
            self.catalogs += 1;
        }
        let index = alarm.0 as usize;
        if self.by_alarm.len() <= index {
            self.by_alarm.resize(index + 1, None);
        }
        if let Some((place, of)) = self.by_alarm[index]
            && of == self.catalogs
        {
            return place;
        }
        let place = self.place_of(catalog.texts(alarm));
        self.by_alarm[index] = Some((place, self.catalogs));
        place
    }

    /// The place of texts; they get one where they have none.
    pub fn place_of(&mut self, texts: AlarmTexts) -> u32 {
        if let Some(place) = self.places.get(&texts) {
            return *place;
        }
        let texts = Arc::new(texts);
        let place = self.list.len() as u32;
        self.places.insert(texts.clone(), place);
        self.list.push(texts);
        place
    }

    /// Those that aren't in the file yet, and the place of the first.
    pub fn unwritten(&self) -> (u32, &[Arc<AlarmTexts>]) {
        (self.written as u32, &self.list[self.written..])
    }

    /// All of them are in the file now.
    pub fn mark_written(&mut self) {
        self.written = self.list.len();
    }

    /// The texts at a place.
    pub fn get(&self, place: u32) -> Option<&Arc<AlarmTexts>> {
        self.list.get(place as usize)
    }
}

/// Adds names as they lie in files: the place of the first, how many, each.
pub(crate) fn put_names(into: &mut Vec<u8>, first: u32, names: &[Arc<AlarmTexts>]) {
    put_number(into, first.into());
    put_number(into, names.len() as u64);
    names.iter().for_each(|texts| texts.put(into));
}

/// Reads names behind those that are known.
pub(crate) fn take_names(mut bytes: Bytes<'_>, into: &mut Vec<Arc<AlarmTexts>>) -> Result<(), Unreadable> {
    let first = bytes.number()? as usize;
    let count = bytes.count()?;
    if first > crate::limits::NAMES {
        return Err(Unreadable);
    }
    // Names in between that are damaged leave their places to others' numbers.
    while into.len() < first {
        into.push(Arc::new(AlarmTexts::unreadable(into.len())));
    }
    into.truncate(first);
    for _ in 0..count {
        into.push(Arc::new(AlarmTexts::take(&mut bytes)?));
    }
    Ok(())
}
