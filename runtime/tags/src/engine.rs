//! The table of tags and the rules by which it changes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use plantroom_model::{
    Changes, Columns, KeptTotal, LimitState, Mono, Now, Origin, PackedChange, PluginId, Quality, Sample, Status, TagId, TagSpec,
    Utc, Value, ValueKind,
};

use crate::accept::{judge, plausible, quick};
use crate::graph::Graph;
use crate::hot::{COMPUTED, FEEDS, Hot, OVERRIDDEN, UNSEEN};
use crate::modes::Override;
use crate::params::{Params, interned};

mod change;
mod compute;
mod overrides;
#[cfg(test)]
mod tests;

/// Slices in which the watchdog walks over the tags, one a tick: at a scan every 100 ms each tag is looked at
/// once a second, which is fine for silences of seconds and keeps a tick of a million tags short.
const WATCH_SLICES: usize = 10;

/// Rows whose tags are fetched together: 2 kB of a batch's tags, and at most 4 kB of their parameters.
const FETCHED: usize = 32;
/// So many parameters fit the second-level cache of any machine: 128 kB.
const FEW_PARAMS: usize = 1_024;

/// All tags of a station. One thread owns it.
///
/// What every sample touches lies in one cache line a tag ([`Hot`]); the rules' numbers are shared by all tags that have
/// the same ([`Params`]); texts, expressions, totals and overrides lie apart.
#[derive(Debug)]
pub struct TagEngine {
    hot: Vec<Hot>,
    params: Vec<Params>,
    texts: Vec<Arc<str>>,
    graph: Graph,
    overrides: BTreeMap<u32, Override>,
    by_plugin: Vec<Vec<TagId>>,
    /// What each tag's value comes from, in a number: another one means another source.
    origins: Vec<u64>,
    notes: HashMap<u32, Arc<str>>,
    changes: Changes,
    /// Tags that moved, and whose dependents have not seen it.
    unseen: Vec<u32>,
    scratch: Vec<Sample>,
    watch_slice: usize,
    /// When totals that grow with time were last told.
    totals_told: Mono,
    implausible_times: u64,
}

impl TagEngine {
    /// A table in which every tag waits for its source, memory tags hold their initial values, and `retained`
    /// values from before a restart stand in until they are confirmed (memory tags hold them for good).
    pub fn new(specs: Arc<[TagSpec]>, retained: &[(TagId, Value, Utc)], now: Now) -> Self {
        Self::with_totals(&specs, retained, &[], now)
    }

    /// The same, with totals that go on from where they were.
    pub fn with_totals(specs: &[TagSpec], retained: &[(TagId, Value, Utc)], totals: &[KeptTotal], now: Now) -> Self {
        let (params, places) = interned(specs);
        let mut engine = Self {
            hot: places.into_iter().map(|place| Hot::waiting(place, now.mono)).collect(),
            params,
            texts: Vec::new(),
            graph: Graph::of(specs, totals, now.mono),
            overrides: BTreeMap::new(),
            by_plugin: by_plugin(specs),
            origins: specs.iter().map(change::origin_number).collect(),
            notes: HashMap::new(),
            changes: Changes::default(),
            unseen: Vec::new(),
            scratch: Vec::new(),
            watch_slice: 0,
            totals_told: now.mono,
            implausible_times: 0,
        };
        engine.mark_feeds();
        for (tag, value, source_time) in retained {
            let Some(spec) = specs.get(tag.0 as usize).filter(|spec| !is_computed(spec)) else { continue };
            let Some(value) = value.converted(spec.kind) else { continue };
            let status = if matches!(spec.origin, Origin::Memory { .. }) { Status::GOOD } else { Status::UNCERTAIN_INITIAL };
            engine.store(tag.0 as usize, &Sample { value, status, source_time: *source_time, server_time: now.utc });
        }
        for (index, spec) in specs.iter().enumerate() {
            engine.begin_memory(index, spec, now);
        }
        engine.compute_all(now);
        engine
    }

    /// Takes in a batch whose handles are tag ids; rows of tags that don't exist are passed over.
    pub fn apply(&mut self, columns: &Columns, at: Now) {
        let rows = columns.len();
        let (kinds, values) = (columns.kinds.as_slice(), columns.values.as_slice());
        let (statuses, times) = (columns.statuses.as_slice(), columns.times.as_slice());
        if [kinds.len(), values.len(), statuses.len(), times.len()].iter().any(|len| *len != rows) {
            return;
        }
        self.changes.reserve(rows);
        for (block, tags) in columns.handles.chunks(FETCHED).enumerate() {
            self.fetch(tags);
            for (row, tag) in (block * FETCHED..).zip(tags) {
                let status = Status(statuses[row]);
                if !self.take_quickly(*tag, kinds[row], values[row], status, times[row], at) {
                    let value = columns.value_of(row).unwrap_or_default();
                    self.take(*tag as usize, value, status, times[row], at);
                }
            }
        }
        self.compute(at);
    }

    /// Sets one tag that the station itself keeps (memory and system tags, and totals that are set to a number), in
    /// engineering units. Of a simulated tag it changes the simulation.
    pub fn set(&mut self, tag: TagId, value: Value, status: Status, at: Now) {
        let index = tag.0 as usize;
        let Some(hot) = self.hot.get(index) else { return };
        if hot.has(OVERRIDDEN) && self.simulate(tag, &value, at) {
            return self.compute(at);
        }
        if self.hot[index].has(COMPUTED) {
            self.set_total(tag, &value, at);
        } else {
            self.take(index, value, status, at.utc.0, at);
        }
        self.compute(at);
    }

    /// Polls of these tags got no answer. `reason` only matters when it is merely uncertain (samples were lost on
    /// the way): then the tags turn uncertain and no miss is counted.
    pub fn missed(&mut self, tags: &[TagId], reason: Status, at: Now) {
        for tag in tags {
            let index = tag.0 as usize;
            let Some((has_value, before)) = self.source_of(index) else { continue };
            let status = if reason.quality() == Quality::Uncertain && has_value {
                reason
            } else {
                self.hot[index].missed(has_value, at.mono)
            };
            // Only an answer makes a bad value better.
            self.mark(index, status.worse(before), at);
        }
        self.compute(at);
    }

    /// A plugin is down: all tags that it feeds are bad, with this status, until it publishes again.
    pub fn plugin_down(&mut self, plugin: PluginId, status: Status, at: Now) {
        let Some(tags) = self.by_plugin.get_mut(plugin.0 as usize).map(std::mem::take) else { return };
        for tag in &tags {
            self.hot[tag.0 as usize].heard(at.mono);
            self.mark(tag.0 as usize, status, at);
        }
        self.by_plugin[plugin.0 as usize] = tags;
        self.compute(at);
    }

    /// Lets the watchdog look at the next slice of tags, and lets time pass for totals; called once a scan.
    pub fn tick(&mut self, now: Now) {
        let slice_len = self.hot.len().div_ceil(WATCH_SLICES).max(1);
        let start = (self.watch_slice * slice_len).min(self.hot.len());
        let end = (start + slice_len).min(self.hot.len());
        self.watch_slice = (self.watch_slice + 1) % WATCH_SLICES;
        for index in start..end {
            let hot = &self.hot[index];
            if hot.is_silent(self.params[hot.params as usize].stale_after_ms, now.mono)
                && let Some((has_value, before)) = self.source_of(index)
            {
                let status = self.hot[index].missed(has_value, now.mono);
                self.mark(index, status.worse(before), now);
            }
        }
        self.pass_time(now);
        self.compute(now);
    }

    /// Every accepted sample since the last call, in order.
    pub fn take_changes(&mut self) -> Changes {
        std::mem::take(&mut self.changes)
    }

    /// What a tag holds.
    pub fn current(&self, tag: TagId) -> Option<Sample> {
        self.hot.get(tag.0 as usize).map(|hot| self.sample(hot))
    }

    /// Which of its limits a tag is beyond.
    pub fn limit(&self, tag: TagId) -> LimitState {
        self.hot.get(tag.0 as usize).map_or(LimitState::Normal, |hot| hot.limit)
    }

    /// How many source times were replaced because they could not be true.
    pub fn implausible_times(&self) -> u64 {
        self.implausible_times
    }

    /// How many tags it has.
    pub fn len(&self) -> usize {
        self.hot.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.hot.is_empty()
    }

    /// Asks for the cache lines of tags that are looked at next: all at once they come sooner than one after the other.
    fn fetch(&self, tags: &[u32]) {
        let places = || tags.iter().filter_map(|tag| self.hot.get(*tag as usize)).map(|hot| hot.params as usize);
        let highest = places().fold(0, usize::max);
        // A few different parameters stay in the cache by themselves.
        if highest > FEW_PARAMS {
            let both_lines = |place: usize| self.params.get(place).map_or(0.0, |params| params.raw_low + params.deadband);
            std::hint::black_box(places().map(both_lines).sum::<f64>());
        }
        std::hint::black_box(highest);
    }

    /// The way of nearly every sample: a number of a tag that nobody has put anything in place of. False when it isn't.
    #[inline]
    fn take_quickly(&mut self, tag: u32, kind: u8, bits: u64, status: Status, time: i64, at: Now) -> bool {
        let Some(hot) = self.hot.get_mut(tag as usize) else { return false };
        if hot.flags & (OVERRIDDEN | UNSEEN | COMPUTED) != 0 {
            return false;
        }
        let params = &self.params[hot.params as usize];
        let Some((bits, number, status)) = quick(params, kind, bits, status) else { return false };
        let (source_time, replaced) = plausible(time, at.utc.0);
        self.implausible_times += u64::from(replaced);
        let kind = params.kind;
        let limit = if kind == ValueKind::Bool { LimitState::Normal } else { params.limit(hot.limit, number) };
        let moved = bits != hot.bits || status != hot.status || kind != hot.kind;
        // Without a value told before, `told` is not a number, and anything is news.
        let is_news = !((number - hot.told).abs() <= params.deadband) || status != hot.status || limit != hot.limit;
        hot.heard(at.mono);
        hot.told = if is_news { number } else { hot.told };
        (hot.bits, hot.kind, hot.status, hot.limit) = (bits, kind, status, limit);
        (hot.source_time, hot.server_time) = (source_time, at.utc.0);
        if moved && hot.flags & FEEDS != 0 {
            hot.flags |= UNSEEN;
            self.unseen.push(tag);
        }
        self.changes.push_row(PackedChange {
            bits,
            source_time: Utc(source_time),
            server_time: at.utc,
            tag: TagId(tag),
            status,
            kind,
            limit,
            is_news,
        });
        true
    }

    /// The same for every kind of value and tag.
    fn take(&mut self, index: usize, value: Value, status: Status, time: i64, at: Now) {
        let Some(hot) = self.hot.get(index) else { return };
        if hot.has(COMPUTED) {
            return;
        }
        if hot.has(UNSEEN) {
            // What is computed from it must see the sample before as well.
            self.compute(at);
        }
        let (source_time, replaced) = plausible(time, at.utc.0);
        self.implausible_times += u64::from(replaced);
        let (value, status) = judge(&self.params[self.hot[index].params as usize], value, status);
        self.hot[index].heard(at.mono);
        let value = match value {
            Some(value) => value,
            None => self.source_value(index),
        };
        self.show(index, Sample { value, status, source_time: Utc(source_time), server_time: at.utc });
    }

    /// Keeps the value and its source time, and changes how good it is.
    fn mark(&mut self, index: usize, status: Status, at: Now) {
        if self.hot[index].has(OVERRIDDEN) {
            return self.mark_aside(index, status, at);
        }
        if self.hot[index].status == status {
            return;
        }
        let sample = Sample { status, server_time: at.utc, ..self.sample(&self.hot[index]) };
        self.store(index, &sample);
    }

    /// What the source says: shown, or kept aside while something is in its place.
    fn show(&mut self, index: usize, sample: Sample) {
        match self.overrides.get_mut(&(index as u32)) {
            Some(put) => put.aside = sample,
            None => self.store(index, &sample),
        }
    }

    /// Puts a sample into the table, and among the changes.
    fn store(&mut self, index: usize, sample: &Sample) {
        let before = self.sample(&self.hot[index]);
        let hot = &mut self.hot[index];
        let params = &self.params[hot.params as usize];
        let number = if sample.value.kind() == ValueKind::Bool { None } else { sample.value.as_f64() };
        // A value that can't be used says nothing of limits.
        let limit = match number.filter(|number| !sample.status.is_bad() && number.is_finite()) {
            Some(number) => params.limit(hot.limit, number),
            None => hot.limit,
        };
        let moved = before.status != sample.status || !before.value.same(&sample.value);
        let number = sample.value.as_f64();
        let is_small = number.is_some_and(|number| (number - hot.told).abs() <= params.deadband);
        let is_news = before.status != sample.status || limit != hot.limit || (!is_small && (number.is_some() || moved));
        if let Some(number) = number.filter(|_| is_news) {
            hot.told = number;
        }
        match (&sample.value, hot.kind) {
            (Value::Text(text), ValueKind::Text) => self.texts[hot.bits as usize] = Arc::clone(text),
            (Value::Text(text), _) => {
                self.texts.push(Arc::clone(text));
                hot.bits = self.texts.len() as u64 - 1;
            }
            (value, _) => hot.bits = value.bits().unwrap_or(0),
        }
        (hot.kind, hot.status, hot.limit) = (sample.value.kind(), sample.status, limit);
        (hot.source_time, hot.server_time) = (sample.source_time.0, sample.server_time.0);
        if moved && hot.has(FEEDS) && !hot.has(UNSEEN) {
            hot.flags |= UNSEEN;
            self.unseen.push(index as u32);
        }
        self.changes.push(TagId(index as u32), sample, limit, is_news);
    }

    fn value(&self, hot: &Hot) -> Value {
        match hot.kind {
            ValueKind::Text => self.texts.get(hot.bits as usize).map_or(Value::Null, |text| Value::Text(Arc::clone(text))),
            kind => Value::from_bits(kind, hot.bits),
        }
    }

    fn sample(&self, hot: &Hot) -> Sample {
        Sample {
            value: self.value(hot),
            status: hot.status,
            source_time: Utc(hot.source_time),
            server_time: Utc(hot.server_time),
        }
    }

    /// A memory tag that holds nothing yet holds what the project says.
    fn begin_memory(&mut self, index: usize, spec: &TagSpec, now: Now) {
        if let Origin::Memory { initial } = &spec.origin
            && self.hot[index].kind == ValueKind::Null
            && *initial != Value::Null
        {
            let sample = Sample { value: initial.clone(), status: Status::GOOD, source_time: now.utc, server_time: now.utc };
            self.store(index, &sample);
        }
    }

    /// Says why a tag has the quality that it has, once.
    fn note(&mut self, tag: u32, reason: Option<&str>) {
        if self.notes.get(&tag).map(|note| &**note) == reason {
            return;
        }
        let reason: Option<Arc<str>> = reason.map(Into::into);
        match &reason {
            Some(reason) => self.notes.insert(tag, Arc::clone(reason)),
            None => self.notes.remove(&tag),
        };
        self.changes.push_note(TagId(tag), reason);
    }
}

fn is_computed(spec: &TagSpec) -> bool {
    matches!(spec.origin, Origin::Derived(_) | Origin::Total(_))
}

fn by_plugin(specs: &[TagSpec]) -> Vec<Vec<TagId>> {
    let mut by_plugin: Vec<Vec<TagId>> = Vec::new();
    for (index, spec) in specs.iter().enumerate() {
        let (Origin::Driver { plugin, .. } | Origin::Analytics { plugin }) = &spec.origin else { continue };
        let place = plugin.0 as usize;
        if by_plugin.len() <= place {
            by_plugin.resize(place + 1, Vec::new());
        }
        by_plugin[place].push(TagId(index as u32));
    }
    by_plugin
}
