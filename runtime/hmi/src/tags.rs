//! The console's table of values by name, and the subscription behind it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use plantroom_model::{Columns, Sample, Status, Utc, Value, ValueKind};
use plantroom_scene::{Facts, TagView, Texts};
use plantroom_wire::{TagInfo, ToStation};

#[derive(Default)]
struct Entry {
    info: Option<TagInfo>,
    sample: Option<Sample>,
    /// Heard since the connection was last opened.
    confirmed: bool,
}

/// What the console knows of its tags. While the station is out of contact every sample is bad, with its last value.
#[derive(Default)]
pub struct TagTable {
    names: Vec<String>,
    /// One a name, in their order: the station tells of them by place.
    entries: Vec<Entry>,
    /// Where a name is in both.
    places: HashMap<String, u32>,
    generation: u32,
    info_revision: u64,
    lost: bool,
    heard: Utc,
    rejected: Option<String>,
    texts: Arc<Texts>,
    /// Places in `names` of what was heard, in order, since everything was last to be looked at.
    log: Vec<u32>,
    /// The stamp of the log's first entry.
    log_start: u64,
}

/// Entries of the log of what was heard, at most, for each tag that is subscribed: with more, looking at all is cheaper.
const LOG_A_TAG: usize = 2;

impl TagTable {
    /// Changes what is subscribed; the message for the station, if it must be told.
    pub fn subscribe(&mut self, wanted: BTreeSet<String>) -> Option<ToStation> {
        if self.generation > 0 && wanted.iter().eq(self.names.iter()) {
            return None;
        }
        let places = std::mem::take(&mut self.places);
        let mut kept = |name: &String| Some(std::mem::take(self.entries.get_mut(*places.get(name)? as usize)?));
        let entries = wanted.iter().map(|name| kept(name).unwrap_or_default()).collect();
        self.entries = entries;
        self.names = wanted.into_iter().collect();
        self.places = self.names.iter().cloned().zip(0..).collect();
        Some(self.resubscribe())
    }

    fn entry(&self, tag: &str) -> Option<&Entry> {
        self.entries.get(*self.places.get(tag)? as usize)
    }

    /// Every sample may be another one now.
    fn forget_log(&mut self) {
        self.log_start += self.log.len() as u64 + 1;
        self.log.clear();
    }

    /// Makes room for so many more: the older half goes. Who hasn't looked since looks at everything once.
    fn shorten_log(&mut self, more: usize) {
        let most = self.names.len() * LOG_A_TAG + 1_024;
        if self.log.len() + more > most {
            let gone = (self.log.len() + more).saturating_sub(most / 2).min(self.log.len());
            self.log.drain(..gone);
            self.log_start += gone as u64;
        }
    }

    /// The subscription again, for a connection that was just opened. What isn't heard again stays marked bad.
    pub fn reconnected(&mut self) -> ToStation {
        for entry in self.entries.iter_mut().filter(|entry| entry.confirmed) {
            entry.confirmed = false;
            if let Some(sample) = &mut entry.sample {
                sample.source_time = known_until(sample, self.heard);
            }
        }
        self.resubscribe()
    }

    fn resubscribe(&mut self) -> ToStation {
        self.forget_log();
        self.generation += 1;
        ToStation::Subscribe { generation: self.generation, names: self.names.clone() }
    }

    /// What the operator must say yes to besides when this tag is written.
    pub fn confirmation(&self, tag: &str) -> Option<String> {
        let question = self.entry(tag)?.info.as_ref()?.write.as_ref()?.confirmation.as_ref()?;
        Some(self.texts.translated(question).into_owned())
    }

    /// Names of all subscribed tags, sorted.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The tags by which the plant conditions of these tags' writes are judged.
    pub fn judges(&self, wanted: &BTreeSet<String>) -> Vec<String> {
        let infos = wanted.iter().filter_map(|name| self.entry(name)?.info.as_ref());
        infos.flat_map(|info| &info.permissives).map(|permissive| permissive.tag.clone()).collect()
    }

    /// Takes in what the tags are.
    pub fn facts(&mut self, generation: u32, infos: Vec<Option<TagInfo>>) {
        if generation != self.generation {
            return;
        }
        self.entries.iter_mut().zip(infos).for_each(|(entry, info)| entry.info = info);
        self.info_revision += 1;
    }

    /// Takes in new values; those of an older subscription are skipped, because their handles mean other tags.
    pub fn values(&mut self, generation: u32, columns: &Columns) {
        if generation != self.generation {
            return;
        }
        if let Err(error) = columns.check() {
            self.rejected = Some(error.to_string());
            return;
        }
        self.shorten_log(columns.len());
        for row in columns.rows() {
            self.log.push(row.handle);
            if let Some(entry) = self.entries.get_mut(row.handle as usize) {
                let (status, source_time) = (row.status, row.time);
                entry.sample = Some(Sample { value: row.value, status, source_time, server_time: source_time });
                entry.confirmed = true;
            }
        }
    }

    /// Whether the station is out of contact, and when it was last heard: until then what was good had not changed, so a
    /// value that is lost with the station is as old as that.
    pub fn set_lost(&mut self, lost: bool, heard: Option<Utc>) {
        if lost != self.lost {
            self.forget_log();
        }
        self.lost = lost;
        if let Some(heard) = heard.filter(|_| !lost) {
            self.heard = heard;
        }
    }

    /// The language that it speaks.
    pub fn texts(&self) -> &Texts {
        &self.texts
    }

    /// Speaks a language from now on.
    pub fn speak(&mut self, texts: Arc<Texts>) {
        self.texts = texts;
        self.info_revision += 1;
    }

    /// Forgets everything, as after a logout.
    pub fn clear(&mut self) {
        let generation = self.generation;
        let texts = self.texts.clone();
        self.forget_log();
        let log_start = self.log_start;
        *self = Self { generation, texts, info_revision: self.info_revision + 1, log_start, ..Self::default() };
    }

    /// What was wrong with the last batch that couldn't be used.
    pub fn take_rejected(&mut self) -> Option<String> {
        self.rejected.take()
    }

    /// A value in the tag's own words, with its unit.
    pub fn words(&self, tag: &str, value: &Value) -> String {
        let facts = self
            .info(tag)
            .map(|info| Facts::of(info).translated(&self.texts))
            .unwrap_or_else(|| Facts { decimals: 1, ..Facts::default() });
        crate::words::with_unit(&facts.words(value), &facts.unit)
    }

    /// A value as the tag's kind, if nothing is lost.
    pub fn converted(&self, tag: &str, value: &Value) -> Option<Value> {
        match self.info(tag).and_then(|info| ValueKind::from_u8(info.kind)) {
            Some(kind) => value.converted(kind),
            None => Some(value.clone()),
        }
    }
}

impl TagView for TagTable {
    fn sample(&self, tag: &str) -> Option<Sample> {
        let entry = self.entry(tag)?;
        let sample = entry.sample.clone()?;
        let known = !self.lost && entry.confirmed;
        if known {
            return Some(sample);
        }
        let source_time = if entry.confirmed { known_until(&sample, self.heard) } else { sample.source_time };
        Some(Sample { status: Status::BAD_SHUTDOWN, source_time, ..sample })
    }

    fn info(&self, tag: &str) -> Option<&TagInfo> {
        self.entry(tag)?.info.as_ref()
    }

    fn info_revision(&self) -> u64 {
        self.info_revision
    }

    fn stamp(&self) -> u64 {
        self.log_start + self.log.len() as u64
    }

    fn changed_since(&self, stamp: u64) -> Option<Vec<&str>> {
        let from = usize::try_from(stamp.checked_sub(self.log_start)?).ok()?;
        let names = self.log.get(from..)?.iter().filter_map(|place| self.names.get(*place as usize));
        Some(names.map(String::as_str).collect())
    }
}

/// Until when a value is known to have stood, with a station that was last heard then.
fn known_until(sample: &Sample, heard: Utc) -> Utc {
    let stood = sample.status.is_good() && sample.source_time.0 > 0;
    if stood { sample.source_time.max(heard) } else { sample.source_time }
}

/// The station's own condition, from its `system/...` tags.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StationHealth {
    /// Connections that are up, and all.
    pub connections: (usize, usize),
    /// Plugins that run, and all.
    pub plugins: (usize, usize),
    /// Plugins that are in quarantine.
    pub quarantined: usize,
    /// Plugins that nobody trusted has signed.
    pub unsigned: usize,
    /// Faults of all plugins since the station started.
    pub faults: u64,
    /// Whether the audit trail can be written; `None` where it isn't known.
    pub audit_ok: Option<bool>,
    /// Whether the disk takes everything that the station keeps; `None` where it isn't known.
    pub disk_ok: Option<bool>,
    /// How long the last scan took, ms.
    pub scan_ms: Option<f64>,
    /// Inputs that the station lost because they came too fast.
    pub inbox_lost: u64,
    /// How the project folder stands to what runs: 1 a change waits, 2 it has mistakes.
    pub project: u8,
    /// Tags that somebody has taken over.
    pub overrides: u64,
}

impl StationHealth {
    /// Adds up what the system tags say.
    pub fn of(view: &TagTable, system_tags: &[String]) -> Self {
        let mut health = Self::default();
        for name in system_tags {
            let sample = view.sample(name).filter(|sample| !sample.status.is_bad());
            let number = sample.as_ref().and_then(|sample| sample.value.as_f64());
            match name.split('/').collect::<Vec<_>>()[..] {
                ["system", "connections", _, "state"] => {
                    health.connections.0 += usize::from(number == Some(1.0));
                    health.connections.1 += 1;
                }
                ["system", "plugins", _, "state"] => {
                    health.plugins.0 += usize::from(number == Some(1.0));
                    health.plugins.1 += 1;
                    health.quarantined += usize::from(number == Some(3.0));
                }
                ["system", "plugins", _, "origin"] => {
                    let is_unsigned = |sample: &Sample| sample.value.as_text().is_some_and(|words| words.starts_with("unsigned"));
                    health.unsigned += usize::from(sample.as_ref().is_some_and(is_unsigned));
                }
                ["system", "plugins", _, "faults"] => health.faults += number.unwrap_or(0.0).max(0.0) as u64,
                ["system", "audit", "ok"] => health.audit_ok = sample.and_then(|sample| sample.value.as_bool()),
                ["system", "disk", "ok"] => health.disk_ok = sample.and_then(|sample| sample.value.as_bool()),
                ["system", "overrides"] => health.overrides = number.unwrap_or(0.0).max(0.0) as u64,
                ["system", "project", "state"] => health.project = number.unwrap_or(0.0).clamp(0.0, 255.0) as u8,
                ["system", "scan", "last_ms"] => health.scan_ms = number,
                ["system", "scan", "inbox_lost"] => health.inbox_lost = number.unwrap_or(0.0).max(0.0) as u64,
                _ => {}
            }
        }
        health
    }
}

/// The sample's number if a pen may draw it.
pub fn usable(view: &TagTable, tag: &str) -> Option<f64> {
    view.sample(tag).and_then(|sample| sample.usable_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> BTreeSet<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    fn columns(handle: u32, value: f64) -> Columns {
        let mut columns = Columns::default();
        columns.push(handle, &Value::Float(value), Status::GOOD, Utc(5));
        columns
    }

    fn status(table: &TagTable, tag: &str) -> Option<Status> {
        table.sample(tag).map(|sample| sample.status)
    }

    #[test]
    fn values_of_an_older_subscription_never_land_on_another_tag() {
        let mut table = TagTable::default();
        assert!(table.subscribe(names(&["a", "b"])).is_some());
        assert!(table.subscribe(names(&["a", "b"])).is_none());
        table.values(1, &columns(1, 7.0));
        assert_eq!(usable(&table, "b"), Some(7.0));
        assert!(table.subscribe(names(&["b", "c"])).is_some());
        table.values(1, &columns(1, 9.0));
        assert_eq!(table.sample("c"), None);
        assert_eq!(usable(&table, "b"), Some(7.0));
        assert_eq!(table.sample("a"), None);
    }

    #[test]
    fn whoever_looks_often_hears_of_what_has_changed_for_ever_and_others_look_at_everything() {
        let mut table = TagTable::default();
        table.subscribe(names(&["a", "b"]));
        let first = table.stamp();
        for turn in 0..5_000 {
            let stamp = table.stamp();
            table.values(1, &columns(turn % 2, f64::from(turn)));
            let heard = if turn % 2 == 0 { "a" } else { "b" };
            assert_eq!(table.changed_since(stamp), Some(vec![heard]), "turn {turn}");
            assert!(table.log.len() <= 2 * LOG_A_TAG + 1_024, "the log has {} entries", table.log.len());
        }
        assert_eq!(table.changed_since(first), None);
    }

    #[test]
    fn without_contact_the_last_value_stays_and_is_bad() {
        let mut table = TagTable::default();
        table.subscribe(names(&["a"]));
        table.values(1, &columns(0, 7.0));
        table.set_lost(false, Some(Utc(90)));
        table.set_lost(true, Some(Utc(90)));
        let sample = table.sample("a").unwrap_or_default();
        assert_eq!((sample.value, sample.status), (Value::Float(7.0), Status::BAD_SHUTDOWN));
        assert_eq!(sample.source_time, Utc(90), "as old as the last word of the station");
        table.set_lost(false, Some(Utc(91)));
        assert_eq!(status(&table, "a"), Some(Status::GOOD));
    }

    #[test]
    fn after_a_new_connection_only_what_is_heard_again_is_good() {
        let mut table = TagTable::default();
        table.subscribe(names(&["a", "b"]));
        table.values(1, &columns(0, 7.0));
        table.values(1, &columns(1, 7.0));
        table.reconnected();
        table.values(2, &columns(0, 8.0));
        assert_eq!(status(&table, "a"), Some(Status::GOOD));
        assert_eq!(status(&table, "b"), Some(Status::BAD_SHUTDOWN));
        table.set_lost(false, Some(Utc(90)));
        assert_eq!(table.sample("b").unwrap_or_default().source_time, Utc(5), "what isn't heard again grows old");
    }

    #[test]
    fn a_hostile_batch_changes_nothing_and_is_told() {
        let mut table = TagTable::default();
        table.subscribe(names(&["a"]));
        let mut batch = columns(0, 1.0);
        batch.kinds[0] = 99;
        table.values(1, &batch);
        assert_eq!(table.sample("a"), None);
        assert!(table.take_rejected().is_some());
        table.values(1, &columns(77, 1.0));
        assert_eq!(table.sample("a"), None);
    }

    #[test]
    fn the_footer_counts_what_the_station_says() {
        let mut table = TagTable::default();
        let tags =
            ["system/audit/ok", "system/connections/plc/state", "system/plugins/modbus/faults", "system/plugins/modbus/state"];
        table.subscribe(names(&tags));
        let mut batch = Columns::default();
        batch.push(0, &Value::Bool(true), Status::GOOD, Utc(1));
        batch.push(1, &Value::Uint(3), Status::GOOD, Utc(1));
        batch.push(2, &Value::Uint(4), Status::GOOD, Utc(1));
        batch.push(3, &Value::Uint(1), Status::GOOD, Utc(1));
        table.values(1, &batch);
        let health = StationHealth::of(&table, &tags.map(str::to_owned));
        assert_eq!((health.connections, health.plugins, health.faults), ((0, 1), (1, 1), 4));
        assert_eq!(health.audit_ok, Some(true));
    }
}
