//! All alarms that this console has heard of, kept as the station says.
//!
//! Pure: batches go in; what has changed since a moment can be asked, so that no list is made anew for one row.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use plantroom_model::{AlarmState, Hidden, Marks, Utc};
use plantroom_scene::{AlarmsOf, Texts};
use plantroom_wire::{AlarmBatch, AlarmInfo, AlarmNow, AlarmTotals};

use super::Tally;
use super::causes::Causes;
use super::horn::{Flood, Horn};
use super::views::{Top, Views};

/// Changes that are remembered one by one; who was away for longer looks at everything.
const LOG: usize = 65_536;

/// An alarm: what it is, and how it stands.
#[derive(Clone, Copy, Debug)]
pub struct Alarm<'a> {
    /// What it is.
    pub info: &'a AlarmInfo,
    /// How it stands.
    pub now: &'a AlarmNow,
    /// Its last event isn't in the journal on the disk yet.
    pub unrecorded: bool,
}

impl Alarm<'_> {
    /// A to F.
    pub fn state(&self) -> AlarmState {
        state(self.now)
    }

    /// Shelved, suppressed, out of service.
    pub fn hidden(&self) -> Hidden {
        Hidden(self.now.hidden)
    }

    /// What else is to be known.
    pub fn marks(&self) -> Marks {
        Marks(self.now.marks)
    }

    /// Whether it is in the list of alarms.
    pub fn is_listed(&self) -> bool {
        listed(self.now)
    }
}

fn state(now: &AlarmNow) -> AlarmState {
    AlarmState::from_u8(now.state).unwrap_or_default()
}

fn listed(now: &AlarmNow) -> bool {
    state(now) != AlarmState::Normal && !Hidden(now.hidden).any()
}

fn waits(now: &AlarmNow) -> bool {
    listed(now) && state(now).is_unacknowledged()
}

/// What an alarm says in a language, where that is another text than the project's.
pub fn said(info: &AlarmInfo, texts: &Texts) -> Option<AlarmInfo> {
    if texts.is_empty() {
        return None;
    }
    let mut said = info.clone();
    for text in [&mut said.message, &mut said.consequence, &mut said.action, &mut said.condition] {
        texts.put(text);
    }
    said.states.iter_mut().for_each(|(_, word)| texts.put(word));
    (said != *info).then_some(said)
}

/// Alarms' numbers are dense and come from the station: they need no hash that withstands attacks.
pub type ById = BuildHasherDefault<Spread>;

/// Spreads numbers that follow each other.
#[derive(Default)]
pub struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u32(u32::from(*byte)));
    }

    fn write_u32(&mut self, number: u32) {
        self.0 = (self.0 ^ u64::from(number)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

/// All of them.
#[derive(Default)]
pub struct Table {
    /// As operators read them.
    infos: HashMap<u32, Arc<AlarmInfo>, ById>,
    /// As the project writes those that are read in another language.
    written: HashMap<u32, Arc<AlarmInfo>, ById>,
    texts: Arc<Texts>,
    rows: HashMap<u32, AlarmNow, ById>,
    by_name: HashMap<String, u32>,
    tags: HashMap<String, Tally>,
    instances: HashMap<String, Tally>,
    screens: HashMap<String, Tally>,
    areas: HashMap<String, Tally>,
    /// Those that wait for an acknowledgement, the most urgent first.
    urgent: BTreeSet<(Reverse<u8>, Reverse<i64>, u32)>,
    log: VecDeque<u32>,
    /// How many changes there were in all; the newest of `log` has this number.
    stamp: u64,
    whole_at: u64,
    counts: AlarmTotals,
    recorded: u64,
    /// The station has told its picture.
    known: bool,
    horn: Horn,
    flood: Flood,
    /// Of what is in the list, grouped under a likely cause.
    causes: Causes,
    views: Views,
}

impl Table {
    /// Takes in what the station says; `now` is its time.
    pub fn take(&mut self, batch: AlarmBatch, now: Option<Utc>) {
        // The first picture may come in several batches.
        let first = !self.known;
        if batch.whole {
            self.forget_rows();
        }
        self.recorded = batch.recorded;
        self.counts = batch.counts;
        for info in batch.infos {
            self.learn(Arc::new(info));
        }
        for row in batch.rows {
            self.put(row, first, now);
        }
        self.causes.tidy();
        if !batch.more {
            self.known = true;
        }
        if self.urgent.is_empty() {
            self.horn.settle();
        }
    }

    fn forget_rows(&mut self) {
        let (horn, flood) = (std::mem::take(&mut self.horn), std::mem::take(&mut self.flood));
        let (stamp, texts) = (self.stamp + 1, self.texts.clone());
        *self = Self { horn, flood, stamp, whole_at: stamp, known: self.known, texts, ..Self::default() };
    }

    /// Takes in what an alarm is, in the language that is spoken.
    fn learn(&mut self, info: Arc<AlarmInfo>) {
        let id = info.id;
        self.by_name.insert(info.name.clone(), id);
        let said = said(&info, &self.texts);
        match said {
            Some(said) => {
                self.infos.insert(id, Arc::new(said));
                self.written.insert(id, info);
            }
            None => {
                self.written.remove(&id);
                self.infos.insert(id, info);
            }
        }
    }

    /// Speaks a language from now on.
    pub fn speak(&mut self, texts: Arc<Texts>) {
        if texts == self.texts {
            return;
        }
        self.texts = texts;
        let mut written = std::mem::take(&mut self.written);
        for (id, info) in std::mem::take(&mut self.infos) {
            self.learn(written.remove(&id).unwrap_or(info));
        }
        self.stamp += 1;
        self.whole_at = self.stamp;
    }

    fn put(&mut self, row: AlarmNow, first: bool, now: Option<Utc>) {
        let id = row.id;
        let before = self.rows.remove(&id);
        if let Some(before) = &before {
            self.count(before, -1);
        }
        let priority = self.infos.get(&id).map_or(0, |info| info.priority);
        let event = priority == 0;
        if !event && self.horn.hear(before.as_ref().map(|before| (before, waits(before))), &row, waits(&row), first) {
            self.horn.sound(priority);
            self.flood.came(row.came);
        } else if first && !event && waits(&row) && now.is_some_and(|now| now.0.saturating_sub(row.came) < Flood::SPAN_NS) {
            self.flood.came(row.came);
        }
        self.count(&row, 1);
        self.rows.insert(id, row);
        self.stamp += 1;
        if self.log.len() == LOG {
            self.log.pop_front();
        }
        self.log.push_back(id);
    }

    fn count(&mut self, row: &AlarmNow, by: i32) {
        let Some(info) = self.infos.get(&row.id).cloned() else { return };
        if info.priority == 0 || !listed(row) {
            return;
        }
        if !row.cause.is_empty() {
            self.causes.count(row, info.priority, waits(row), by > 0);
        }
        // What belongs to no instance belongs to what its tag's name begins with, as symbols over plain tags do.
        let prefix = info.tag.rsplit_once('/').map_or("", |(prefix, _)| prefix);
        let instance = if info.instance.is_empty() { prefix } else { info.instance.as_str() };
        let places = [
            (&mut self.tags, info.tag.as_str()),
            (&mut self.instances, instance),
            (&mut self.screens, info.screen.as_str()),
            (&mut self.areas, info.area.as_str()),
        ];
        for (tallies, name) in places.into_iter().filter(|(_, name)| !name.is_empty()) {
            let tally = tallies.entry(name.to_owned()).or_default();
            tally.count(info.priority, waits(row), by);
            if tally.is_empty() {
                tallies.remove(name);
            }
        }
        if waits(row) {
            let key = (Reverse(info.priority), Reverse(row.came), row.id);
            if by > 0 {
                self.urgent.insert(key);
            } else {
                self.urgent.remove(&key);
            }
        }
    }

    /// Forgets everything, as after a logout.
    pub fn clear(&mut self) {
        let (stamp, texts) = (self.stamp + 1, self.texts.clone());
        *self = Self { stamp, whole_at: stamp, texts, ..Self::default() };
    }

    /// Whether the station has told how its alarms stand.
    pub fn is_known(&self) -> bool {
        self.known
    }

    /// Whether no alarm is in the list.
    pub fn is_quiet(&self) -> bool {
        self.tags.is_empty() && self.instances.is_empty() && self.screens.is_empty()
    }

    /// How many stand how, over the whole plant, as the station says.
    pub fn counts(&self) -> &AlarmTotals {
        &self.counts
    }

    /// How often anything has changed.
    pub fn stamp(&self) -> u64 {
        self.stamp
    }

    /// Alarms that have changed since a stamp, some of them several times; `None`: look at all of them.
    pub fn changed_since(&self, stamp: u64) -> Option<impl Iterator<Item = u32> + '_> {
        let missed = usize::try_from(self.stamp.saturating_sub(stamp)).unwrap_or(usize::MAX);
        let told = stamp >= self.whole_at && missed <= self.log.len();
        told.then(|| self.log.iter().skip(self.log.len() - missed.min(self.log.len())).copied())
    }

    /// The alarm of this number.
    pub fn get(&self, id: u32) -> Option<Alarm<'_>> {
        self.with(self.rows.get(&id)?)
    }

    /// The number of the alarm of this name.
    pub fn find(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    /// All alarms that were told, in no order.
    pub fn all(&self) -> impl Iterator<Item = Alarm<'_>> + '_ {
        self.rows.values().filter_map(|now| self.with(now))
    }

    fn with<'a>(&'a self, now: &'a AlarmNow) -> Option<Alarm<'a>> {
        let unrecorded = now.frame > self.recorded || Marks(now.marks).has(Marks::UNRECORDED);
        Some(Alarm { info: self.infos.get(&now.id)?, now, unrecorded })
    }

    /// The most urgent ones that wait for an acknowledgement: the newest of the highest priority first.
    pub fn urgent(&self) -> impl Iterator<Item = Alarm<'_>> + '_ {
        self.urgent.iter().filter_map(|(.., id)| self.get(*id))
    }

    /// The largest group of alarms with one likely cause of which some wait, and its first.
    pub fn cause(&self) -> Option<(Alarm<'_>, u32)> {
        let (first, members) = self.causes.largest()?;
        Some((self.get(first)?, members))
    }

    /// The first alarm of a likely cause.
    pub fn first_of(&self, cause: &str) -> Option<u32> {
        self.causes.first(cause)
    }

    /// The first rows of a small list, and how many it has in all.
    pub fn top(&self, of: &AlarmsOf, waiting: bool, rows: usize) -> Top {
        self.views.top(self, of, waiting, rows)
    }

    /// Forgets small lists that nobody looks at any more; to be called once a frame.
    pub fn tidy(&self) {
        self.views.tidy();
    }

    /// How many alarms of each screen are in the list.
    pub fn screens(&self) -> impl Iterator<Item = (&str, &Tally)> + '_ {
        self.screens.iter().map(|(name, tally)| (name.as_str(), tally))
    }

    /// Alarms of a tag that are in the list.
    pub fn of_tag(&self, tag: &str) -> Option<&Tally> {
        self.tags.get(tag)
    }

    /// Alarms of an instance that are in the list.
    pub fn of_instance(&self, instance: &str) -> Option<&Tally> {
        self.instances.get(instance)
    }

    /// Alarms of an instance, or of a tag.
    pub fn of_place(&self, name: &str) -> Option<&Tally> {
        self.of_instance(name).or_else(|| self.of_tag(name))
    }

    /// Parts of the plant that have alarms in the list, by name.
    pub fn areas(&self) -> Vec<String> {
        let all: BTreeSet<&str> = self.infos.values().map(|info| info.area.as_str()).filter(|area| !area.is_empty()).collect();
        all.into_iter().map(str::to_owned).collect()
    }

    /// The horn.
    pub fn horn(&self) -> &Horn {
        &self.horn
    }

    /// The operator has heard it in another window.
    pub fn silenced_elsewhere(&mut self, newest: u64) {
        self.horn.silenced_elsewhere(newest);
    }

    /// The operator has heard it.
    pub fn silence(&mut self) {
        self.horn.silence();
    }

    /// Whether more alarms come than anybody can follow; `now` is the station's time.
    pub fn is_flood(&mut self, now: Utc) -> Option<u32> {
        self.flood.at(now)
    }
}
