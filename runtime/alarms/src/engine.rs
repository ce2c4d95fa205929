//! All alarms of a station, and what moves them.

use std::collections::BTreeMap;
use std::sync::Arc;

use plantroom_model::{
    AlarmEvent, AlarmEventKind, AlarmFrame, AlarmId, AlarmSpec, AlarmState, Hidden, Marks, Mono, Now, Occurrence, RestoredAlarm,
    Standing, Status, TagSpec, Utc, Value,
};

use self::first_out::{Entry, Group};
use self::hide::{Shelf, Suppressor};
use crate::counts::{AreaCounts, Counts};
use crate::field::Field;
use crate::hot::{Hot, QUIET};
use crate::index::Index;
use crate::rules::{Rule, Rules};
use crate::timers::{Due, Timers};
use crate::watch::Watch;

mod acts;
mod apply;
mod change;
mod first_out;
mod hide;
mod links;
mod tick;
mod turn;
mod words;

/// All alarms of a station. The scan owns it.
///
/// What every sample touches are [`Index`]'s triggers, a few columns; what is kept of each alarm is one cache line
/// ([`Hot`]); what only few alarms have at a time (delays that run, shelves, suppressors) lies in ordered maps beside them.
#[derive(Debug)]
pub struct AlarmEngine {
    specs: Arc<[AlarmSpec]>,
    rules: Rules,
    hot: Vec<Hot>,
    index: Index,
    watches: Vec<Watch>,
    field: Field,
    timers: Timers,
    /// What began a delay that runs.
    pending: BTreeMap<u32, Pending>,
    shelves: BTreeMap<u32, Shelf>,
    suppressors: BTreeMap<u32, Vec<Suppressor>>,
    acknowledged_by: BTreeMap<u32, Arc<str>>,
    causes: BTreeMap<u32, Arc<str>>,
    /// What plugins last said beside alarms of theirs that hold.
    details: BTreeMap<u32, Arc<str>>,
    groups: Vec<Group>,
    /// Those that have come and whose group doesn't know yet.
    joins: Vec<(u32, Entry)>,
    by_source: BTreeMap<plantroom_model::ConditionSource, Vec<u32>>,
    tallies: Vec<Counts>,
    next_occurrence: u64,
    /// UTC less monotonic time, in ns, by which times on shelves were last told.
    utc_offset_ns: i64,
    quiet: Vec<AlarmId>,
    misdirected: u64,
    out: AlarmFrame,
}

/// What an alarm was decided by.
#[derive(Clone, Debug)]
struct Cause {
    value: Value,
    status: Status,
    source_time: Utc,
    limit: Option<f64>,
    detail: Option<Arc<str>>,
}

impl Cause {
    /// Nothing that was measured.
    fn none() -> Self {
        Self { value: Value::Null, status: Status::GOOD, source_time: Utc(0), limit: None, detail: None }
    }
}

/// A delay that runs.
#[derive(Clone, Debug)]
struct Pending {
    /// The newest value, and the source time of the first sample.
    cause: Cause,
    began: Mono,
}

impl AlarmEngine {
    /// How long an alarm is active until it is marked as standing, in ms.
    pub const STANDING_MS: u64 = 24 * 3_600_000;
    /// Within this time an alarm that comes three times is marked as chattering; so long after it last came, it isn't any
    /// more. In ms.
    pub const CHATTER_MS: u64 = 60_000;
    /// How long what a dead plugin or script has suppressed stays so, if nobody says it again, in ms: long enough for it to
    /// be started again, short enough that nothing is hidden for nobody.
    pub const SUPPRESSOR_GRACE_MS: u64 = 10_000;

    /// Alarms of a station that has just started, with what the journal knew of them; the next one that comes has this
    /// occurrence (at least 1). The first frame says where each restored one stands
    /// ([`plantroom_model::AlarmEventKind::Standing`], with its source time being when it came). Nothing is known of any
    /// condition before its tag's first good sample, its script's or plugin's first word.
    pub fn new(specs: Arc<[AlarmSpec]>, tags: &[TagSpec], restored: &[RestoredAlarm], next_occurrence: u64, now: Now) -> Self {
        let mut engine = Self {
            specs: Arc::new([]),
            rules: Rules::default(),
            hot: Vec::new(),
            index: Index::default(),
            watches: Vec::new(),
            field: Field::default(),
            timers: Timers::default(),
            pending: BTreeMap::new(),
            shelves: BTreeMap::new(),
            suppressors: BTreeMap::new(),
            acknowledged_by: BTreeMap::new(),
            causes: BTreeMap::new(),
            details: BTreeMap::new(),
            groups: Vec::new(),
            joins: Vec::new(),
            by_source: BTreeMap::new(),
            tallies: Vec::new(),
            next_occurrence: next_occurrence.max(1),
            utc_offset_ns: offset_ns(now),
            quiet: Vec::new(),
            misdirected: 0,
            out: AlarmFrame::default(),
        };
        engine.restore(specs, tags, restored, now);
        engine
    }

    /// What happened since the last call.
    pub fn take(&mut self) -> AlarmFrame {
        self.quiet.sort_unstable();
        for alarm in self.quiet.drain(..) {
            let hot = &mut self.hot[alarm.0 as usize];
            hot.set(QUIET, false);
            self.out.quiet.push((alarm, hot.standing()));
        }
        std::mem::take(&mut self.out)
    }

    /// Where an alarm stands; at rest where there is no such alarm.
    pub fn standing(&self, alarm: AlarmId) -> Standing {
        self.hot.get(alarm.0 as usize).map(Hot::standing).unwrap_or_default()
    }

    /// Where all alarms stand, in the order of their ids.
    pub fn standings(&self) -> impl Iterator<Item = (AlarmId, Standing)> {
        (0..).map(AlarmId).zip(self.hot.iter().map(Hot::standing))
    }

    /// How many alarms it has, gone ones included.
    pub fn len(&self) -> usize {
        self.hot.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.hot.is_empty()
    }

    /// The occurrence that the next alarm will have that comes.
    pub fn next_occurrence(&self) -> u64 {
        self.next_occurrence
    }

    /// When [`AlarmEngine::tick`] has something to do; `None` while nothing waits for time.
    pub fn next_due(&self) -> Option<Mono> {
        self.timers.next()
    }

    /// How many times it waits for; for tests that nothing grows.
    pub fn waiting(&self) -> usize {
        self.timers.len() + self.pending.len()
    }

    /// How long an alarm will still be on the shelf, in ms; `None` where it isn't.
    pub fn shelf_left_ms(&self, alarm: AlarmId, now: Mono) -> Option<u64> {
        self.shelves.get(&alarm.0).map(|shelf| shelf.ends.since(now) / 1_000_000)
    }

    /// How many words were about alarms that aren't the speaker's, or that there aren't.
    pub fn misdirected(&self) -> u64 {
        self.misdirected
    }

    /// How many alarms stand how, by area, in the order in which areas first occur in the project.
    pub fn counts(&self) -> Vec<AreaCounts> {
        let areas = self.rules.areas.iter().zip(self.tallies.chunks_exact(AreaCounts::PRIORITIES));
        areas.map(|(area, counts)| AreaCounts::of(area, counts)).collect()
    }

    /// How many alarms of the whole plant stand how.
    pub fn totals(&self) -> Counts {
        let mut all = Counts::default();
        self.tallies.iter().for_each(|counts| all.add(counts));
        all
    }

    fn rule(&self, alarm: u32) -> Rule {
        self.rules.all[self.hot[alarm as usize].rule as usize]
    }

    /// Where it stands from now on; counts and groups follow.
    fn put(&mut self, alarm: u32, to: Standing) {
        let hot = &mut self.hot[alarm as usize];
        let before = hot.standing();
        (hot.occurrence, hot.state, hot.hidden, hot.marks) = (to.occurrence.0, to.state, to.hidden, to.marks);
        let rule = self.rules.all[hot.rule as usize];
        let tally = &mut self.tallies[rule.tally as usize];
        tally.count(before, -1);
        tally.count(to, 1);
        if let Some(group) = self.groups.get_mut(rule.group as usize) {
            group.up = group
                .up
                .saturating_add_signed(i32::from(to.state != AlarmState::Normal) - i32::from(before.state != AlarmState::Normal));
        }
        if to.state == AlarmState::Normal && before.state != AlarmState::Normal {
            self.causes.remove(&alarm);
        }
        if !to.state.is_holding() && before.state.is_holding() {
            self.details.remove(&alarm);
        }
    }

    /// Changes marks without an event.
    fn mark(&mut self, alarm: u32, change: impl FnOnce(Marks) -> Marks) {
        let before = self.hot[alarm as usize].standing();
        let to = Standing { marks: change(before.marks), ..before };
        if to.marks == before.marks {
            return;
        }
        self.put(alarm, to);
        let hot = &mut self.hot[alarm as usize];
        if !hot.has(QUIET) {
            hot.set(QUIET, true);
            self.quiet.push(AlarmId(alarm));
        }
    }

    /// Something happened to an alarm that stood at `from`, and stands where it does now.
    fn event(&mut self, alarm: u32, kind: AlarmEventKind, from: Standing, now: Now) -> &mut AlarmEvent {
        let to = self.hot[alarm as usize].standing();
        let Cause { value, status, .. } = Cause::none();
        self.out.events.push(AlarmEvent {
            alarm: AlarmId(alarm),
            occurrence: Occurrence(to.occurrence.0),
            at: now,
            source_time: Utc(0),
            kind,
            from,
            to,
            value,
            status,
            limit: None,
            until: None,
            by: None,
            comment: None,
        });
        let last = self.out.events.len() - 1;
        &mut self.out.events[last]
    }

    /// The same with what it was decided by.
    fn event_by(&mut self, alarm: u32, kind: AlarmEventKind, from: Standing, cause: Cause, now: Now) {
        let event = self.event(alarm, kind, from, now);
        (event.value, event.status, event.limit) = (cause.value, cause.status, cause.limit);
        (event.source_time, event.comment) = (cause.source_time, cause.detail.filter(|detail| !detail.is_empty()));
    }

    /// Takes one of an alarm's own times out.
    fn cancel(&mut self, alarm: u32, what: Due) {
        let hot = &mut self.hot[alarm as usize];
        let slot = match what {
            Due::Delay => &mut hot.delay,
            Due::ReAlarm => &mut hot.realarm,
            Due::Standing => &mut hot.standing,
            Due::Shelf | Due::Suppressor | Due::Look | Due::Chatter => return,
        };
        let at = std::mem::replace(slot, Timers::NEVER);
        self.timers.remove(alarm, what, at);
    }

    /// Waits for one of an alarm's own times, and for no other of that kind.
    fn wait(&mut self, alarm: u32, what: Due, at: Mono) {
        self.cancel(alarm, what);
        let hot = &mut self.hot[alarm as usize];
        match what {
            Due::Delay => hot.delay = at,
            Due::ReAlarm => hot.realarm = at,
            Due::Standing => hot.standing = at,
            Due::Shelf | Due::Suppressor | Due::Look | Due::Chatter => {}
        }
        self.timers.set(alarm, what, at);
    }

    /// What of its rules the table of states depends on.
    fn nature(&self, alarm: u32) -> crate::life::Nature {
        let rule = self.rule(alarm);
        let silent = self.hot[alarm as usize].hidden.has(Hidden::SILENT);
        crate::life::Nature { latching: rule.latching, acknowledge: rule.acknowledge, silent }
    }
}

fn offset_ns(now: Now) -> i64 {
    now.utc.0.saturating_sub_unsigned(now.mono.0)
}
