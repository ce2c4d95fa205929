//! Random histories: what must hold whatever happens to a plant.

use std::collections::BTreeMap;
use std::sync::Arc;

use plantroom_alarms::AlarmEngine;
use plantroom_model::{
    AlarmAct, AlarmDetail, AlarmEvent, AlarmEventKind, AlarmFrame, AlarmId, AlarmSpec, AlarmState, AlarmVerb, Changes, Condition,
    ConditionSource, ConditionWord, Conditions, ConnectionId, Hidden, Label, LimitKind, LimitSource, LimitState, Marks, Mono,
    Now, Occurrence, Origin, PluginId, Priority, RestoredAlarm, Role, Sample, Standing, Status, TagId, TagSpec, Utc, Value,
    ValueKind,
};
use proptest::prelude::*;

const TAGS: u32 = 3;
const ALARMS: u32 = 9;

fn detail(change: impl FnOnce(&mut AlarmDetail)) -> Arc<AlarmDetail> {
    let mut detail = AlarmDetail {
        priority: Priority::Medium,
        area: "a".into(),
        consequence: Label::default(),
        action: Label::default(),
        respond_s: 0,
        screen: Label::default(),
        instance: Label::default(),
        on_delay_ms: 0,
        off_delay_ms: 0,
        latching: false,
        acknowledge: true,
        realarm_s: 0,
        shelve_max_s: 600,
        shelve_role: Role::Operate,
        first_out: Label::default(),
    };
    change(&mut detail);
    Arc::new(detail)
}

fn plant() -> (Arc<[AlarmSpec]>, Vec<TagSpec>) {
    let tag = |number: u32| {
        let connection = ConnectionId(number / 2);
        let origin = Origin::Driver { plugin: PluginId(0), connection, device: None, address: Label::default() };
        TagSpec::new(&format!("t{number}"), ValueKind::Float, origin)
    };
    let limit =
        |tag: u32| Condition::Limit { tag: TagId(tag), kind: LimitKind::High, at: LimitSource::Constant(4.0), hysteresis: 0.5 };
    let mut alarms: Vec<AlarmSpec> = Vec::new();
    let mut add = |condition: Condition, detail: Arc<AlarmDetail>| {
        let name = format!("x{}", alarms.len());
        alarms.push(AlarmSpec { name: name.as_str().into(), message: Label::default(), condition, detail });
    };
    add(limit(0), detail(|_| {}));
    add(limit(0), detail(|d| d.latching = true));
    add(limit(0), detail(|d| d.acknowledge = false));
    add(limit(1), detail(|d| (d.on_delay_ms, d.off_delay_ms, d.first_out) = (3_000, 2_000, "g".into())));
    add(limit(2), detail(|d| (d.realarm_s, d.first_out, d.latching) = (20, "g".into(), true)));
    let setpoint = Condition::Deviation { tag: TagId(1), setpoint: TagId(2), by: LimitSource::Constant(2.0), hysteresis: 1.0 };
    add(setpoint, detail(|d| d.on_delay_ms = 1_000));
    add(Condition::BadQuality { tag: TagId(0) }, detail(|_| {}));
    add(Condition::Link { connection: ConnectionId(0), device: None }, detail(|_| {}));
    add(Condition::Plugin { plugin: PluginId(1) }, detail(|d| d.off_delay_ms = 1_500));
    assert_eq!(alarms.len(), ALARMS as usize);
    (alarms.into(), (0..TAGS).map(tag).collect())
}

/// What can happen.
#[derive(Clone, Debug)]
enum Happens {
    Sample(u32, f64, Status),
    Act(u32, AlarmVerb),
    Word(u32, ConditionWord),
    Link(bool),
    Dies,
    Restart,
    Passes,
    ClockIsSet(i64),
}

fn verb() -> impl Strategy<Value = AlarmVerb> {
    prop_oneof![
        6 => (0_u64..3).prop_map(|back| AlarmVerb::Acknowledge { occurrence: Occurrence(back) }),
        2 => Just(AlarmVerb::Reset),
        3 => (1_u32..90, any::<bool>()).prop_map(|(for_s, one_shot)| AlarmVerb::Shelve { for_s, one_shot }),
        1 => Just(AlarmVerb::Unshelve),
        1 => Just(AlarmVerb::Suppress),
        1 => Just(AlarmVerb::Unsuppress),
        1 => Just(AlarmVerb::OutOfService),
        1 => Just(AlarmVerb::InService),
    ]
}

fn word() -> impl Strategy<Value = ConditionWord> {
    let value = Value::Null;
    prop_oneof![
        Just(ConditionWord::Raise { value: value.clone(), source_time: Utc(0), detail: "".into() }),
        Just(ConditionWord::Clear { value }),
        Just(ConditionWord::Unknown(Status::BAD)),
        Just(ConditionWord::Suppress { reason: "state".into() }),
        Just(ConditionWord::Unsuppress),
        any::<bool>().prop_map(ConditionWord::First),
    ]
}

fn happens() -> impl Strategy<Value = Happens> {
    let status = prop_oneof![6 => Just(Status::GOOD), 1 => Just(Status::BAD_SENSOR_FAILURE), 1 => Just(Status::UNCERTAIN)];
    let number = prop_oneof![8 => 0.0..8.0_f64, 1 => Just(f64::NAN)];
    prop_oneof![
        10 => (0..TAGS, number, status).prop_map(|(tag, number, status)| Happens::Sample(tag, number, status)),
        6 => (0..ALARMS, verb()).prop_map(|(alarm, verb)| Happens::Act(alarm, verb)),
        3 => (0..ALARMS, word()).prop_map(|(alarm, word)| Happens::Word(alarm, word)),
        1 => any::<bool>().prop_map(Happens::Link),
        1 => Just(Happens::Dies),
        1 => Just(Happens::Restart),
        2 => Just(Happens::Passes),
        1 => (-7_200_i64..7_200).prop_map(Happens::ClockIsSet),
    ]
}

/// A plant on its way, and what an observer who only gets frames knows.
struct Plant {
    specs: Arc<[AlarmSpec]>,
    tags: Vec<TagSpec>,
    engine: AlarmEngine,
    now: Now,
    held: Vec<Sample>,
    seen: BTreeMap<AlarmId, Standing>,
    shelves: BTreeMap<AlarmId, Option<Utc>>,
    /// On the clock that never steps.
    shelf_ends: BTreeMap<AlarmId, Mono>,
    last_occurrence: u64,
    told: Vec<AlarmFrame>,
}

impl Plant {
    fn new() -> Self {
        let (specs, tags) = plant();
        let now = Now { mono: Mono(50_000_000_000), utc: Utc(1_790_000_000_000_000_000) };
        Self {
            engine: AlarmEngine::new(Arc::clone(&specs), &tags, &[], 1, now),
            held: vec![Sample::waiting(); tags.len()],
            specs,
            tags,
            now,
            seen: BTreeMap::new(),
            shelves: BTreeMap::new(),
            shelf_ends: BTreeMap::new(),
            last_occurrence: 0,
            told: Vec::new(),
        }
    }

    fn run(history: &[(u64, Happens)]) -> Result<Vec<AlarmFrame>, TestCaseError> {
        let mut plant = Self::new();
        for (after_ms, what) in history {
            let ns = after_ms * 1_000_000;
            plant.now = Now { mono: Mono(plant.now.mono.0 + ns), utc: Utc(plant.now.utc.0 + ns as i64) };
            plant.happen(what);
            let frame = plant.engine.take();
            plant.observe(&frame)?;
            plant.told.push(frame);
        }
        Ok(plant.told)
    }

    fn happen(&mut self, what: &Happens) {
        let now = self.now;
        match what {
            Happens::Sample(tag, number, status) => {
                let sample = Sample { value: Value::Float(*number), status: *status, source_time: now.utc, server_time: now.utc };
                let mut changes = Changes::default();
                changes.push(TagId(*tag), &sample, LimitState::Normal, true);
                self.held[*tag as usize] = sample;
                self.engine.apply(&changes, now);
            }
            Happens::Act(alarm, verb) => {
                let alarm = AlarmId(*alarm);
                let verb = match verb {
                    AlarmVerb::Acknowledge { occurrence } => {
                        let is = self.engine.standing(alarm).occurrence.0;
                        AlarmVerb::Acknowledge { occurrence: Occurrence(is.saturating_sub(occurrence.0)) }
                    }
                    other => *other,
                };
                let act = AlarmAct { request: 7, alarm, verb, by: "anna".into(), comment: "".into() };
                self.engine.act(&act, now);
            }
            Happens::Word(alarm, word) => {
                let words = Conditions { rows: vec![(AlarmId(*alarm), word.clone())] };
                self.engine.conditions(ConditionSource::Plugin(PluginId(1)), &words, now);
            }
            Happens::Link(answers) => {
                let held = self.held.clone();
                self.engine.link(ConnectionId(0), None, *answers, &|tag| held.get(tag.0 as usize).cloned(), now);
            }
            Happens::Dies => self.engine.source_down(ConditionSource::Plugin(PluginId(1)), now),
            Happens::Passes => self.engine.tick(now),
            Happens::ClockIsSet(by_s) => {
                self.now.utc.0 += by_s * 1_000_000_000;
                self.engine.tick(self.now);
            }
            Happens::Restart => self.restart(),
        }
    }

    fn restart(&mut self) {
        let row = |(alarm, standing): (&AlarmId, &Standing)| RestoredAlarm {
            alarm: *alarm,
            standing: *standing,
            came: Utc(0),
            until: self.shelves.get(alarm).copied().flatten(),
            acknowledged_by: None,
            hidden_by: None,
            comment: None,
        };
        let restored: Vec<RestoredAlarm> = self.seen.iter().map(row).collect();
        let before: Vec<Standing> = (0..ALARMS).map(|alarm| self.engine.standing(AlarmId(alarm))).collect();
        let next = self.engine.next_occurrence();
        self.engine = AlarmEngine::new(Arc::clone(&self.specs), &self.tags, &restored, next, self.now);
        for (alarm, before) in (0..ALARMS).map(AlarmId).zip(before) {
            let after = self.engine.standing(alarm);
            assert_eq!(
                (after.state, after.occurrence, after.hidden),
                (before.state, before.occurrence, before.hidden),
                "{alarm:?}"
            );
        }
    }

    fn observe(&mut self, frame: &AlarmFrame) -> Result<(), TestCaseError> {
        let mut returned = Vec::new();
        for event in &frame.events {
            self.observe_event(event, &returned)?;
            if event.kind == AlarmEventKind::Returned {
                returned.push(event.alarm);
            }
        }
        for (alarm, standing) in &frame.quiet {
            let before = self.seen.insert(*alarm, *standing).unwrap_or_default();
            prop_assert_eq!(
                (before.state, before.hidden),
                (standing.state, standing.hidden),
                "a state has moved without an event"
            );
        }
        for (alarm, standing) in self.engine.standings() {
            let seen = self.seen.get(&alarm).copied().unwrap_or_default();
            let plain = |s: Standing| {
                (s.state, s.hidden, s.occurrence, if s.is_at_rest() { s.marks.without(Marks::UNKNOWN) } else { s.marks })
            };
            prop_assert_eq!(plain(seen), plain(standing), "{:?}: what frames say is not where it stands", alarm);
            prop_assert_eq!(standing.hidden.has(Hidden::SHELVED), self.engine.shelf_left_ms(alarm, self.now.mono).is_some());
        }
        // Delay, shelf, suppressors (two, with their deaths), re-alarm, chatter, standing, look: whatever has happened.
        prop_assert!(self.engine.waiting() <= ALARMS as usize * 9, "{} times wait", self.engine.waiting());
        Ok(())
    }

    fn observe_event(&mut self, event: &AlarmEvent, returned: &[AlarmId]) -> Result<(), TestCaseError> {
        use AlarmEventKind as Kind;
        let (from, to) = (event.from, event.to);
        let seen = self.seen.insert(event.alarm, to).unwrap_or_default();
        // A restart begins with where alarms stand.
        if event.kind != Kind::Standing {
            prop_assert_eq!(
                (seen.state, seen.hidden, seen.occurrence),
                (from.state, from.hidden, from.occurrence),
                "{:?}",
                event
            );
        }
        if event.kind == Kind::Occurred {
            prop_assert!(to.occurrence.0 > self.last_occurrence, "occurrences are counted");
            self.last_occurrence = to.occurrence.0;
        } else if event.kind != Kind::Standing {
            prop_assert_eq!(from.occurrence, to.occurrence);
        }
        let is_told = |s: Standing| !s.hidden.any() && s.state == AlarmState::Unacknowledged;
        prop_assert!(!(event.announces() && to.hidden.any()), "a hidden alarm announces: {:?}", event);
        if is_told(to) && !is_told(from) && event.kind != Kind::Standing {
            prop_assert!(event.announces(), "nobody is told: {:?}", event);
        }
        if from.state.is_unacknowledged() && !to.state.is_unacknowledged() {
            let by_operator = event.kind == Kind::Acknowledged && event.by.is_some();
            let nobody_was_told = from.hidden.has(Hidden::SILENT) && event.kind == Kind::Returned;
            prop_assert!(by_operator || nobody_was_told, "an alarm was lost: {:?}", event);
        }
        self.observe_shelf(event, returned)
    }

    fn observe_shelf(&mut self, event: &AlarmEvent, returned: &[AlarmId]) -> Result<(), TestCaseError> {
        use AlarmEventKind as Kind;
        let on = |standing: Standing| standing.hidden.has(Hidden::SHELVED);
        if let Some(until) = event.until {
            self.shelves.insert(event.alarm, Some(until));
            if matches!(event.kind, Kind::Shelved) || (event.kind == Kind::Standing && event.by.is_none()) {
                let left_ns = until.0.saturating_sub(event.at.utc.0).max(0);
                self.shelf_ends.insert(event.alarm, Mono(event.at.mono.0.saturating_add_signed(left_ns)));
            }
        }
        if on(event.from) && !on(event.to) {
            let is_over = self.shelf_ends.get(&event.alarm).is_some_and(|ends| *ends <= self.now.mono);
            let one_shot = event.from.marks.has(Marks::ONE_SHOT) && returned.contains(&event.alarm);
            let taken = event.kind == Kind::Unshelved && event.by.is_some();
            prop_assert!(
                taken || (event.kind == Kind::ShelfEnded && (is_over || one_shot)),
                "it left the shelf by itself: {:?}",
                event
            );
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_nothing_is_lost_and_nothing_hidden_speaks(
        history in proptest::collection::vec((0_u64..20_000, happens()), 1..120)
    ) {
        let told = Plant::run(&history)?;
        // As words, in which not a number is itself.
        let again = Plant::run(&history)?;
        prop_assert_eq!(format!("{told:?}"), format!("{again:?}"), "the same inputs gave other events");
    }
}

fn samples(tag: u32, numbers: &[f64], at: Utc) -> Changes {
    let mut changes = Changes::default();
    for number in numbers {
        let sample = Sample { value: Value::Float(*number), status: Status::GOOD, source_time: at, server_time: at };
        changes.push(TagId(tag), &sample, LimitState::Normal, true);
    }
    changes
}

#[test]
fn an_hour_of_chatter_at_100_hz_leaves_nothing_behind() {
    let mut plant = Plant::new();
    let mut most = 0;
    for step in 0..360_000_u64 {
        let ns = 10_000_000;
        plant.now = Now { mono: Mono(plant.now.mono.0 + ns), utc: Utc(plant.now.utc.0 + ns as i64) };
        let number = if step % 2 == 0 { 5.0 } else { 3.0 };
        for tag in 0..TAGS {
            plant.engine.apply(&samples(tag, &[number], plant.now.utc), plant.now);
        }
        let frame = plant.engine.take();
        assert!(frame.events.len() + frame.quiet.len() < 40, "step {step}: {} events", frame.events.len());
        most = most.max(plant.engine.waiting());
    }
    assert!(most <= ALARMS as usize * 4, "{most} times waited at once");
    assert!(plant.engine.standing(AlarmId(0)).marks.has(Marks::CHATTERING));
}

#[test]
fn ten_thousand_alarms_in_one_scan_are_ten_thousand_occurrences() {
    let (specs, tags) = plant();
    let tags: Vec<TagSpec> = (0..10_000).map(|_| tags[0].clone()).collect();
    let spec = |tag: u32| {
        let mut spec = specs[0].clone();
        if let Condition::Limit { tag: of, .. } = &mut spec.condition {
            *of = TagId(tag);
        }
        spec
    };
    let specs: Arc<[AlarmSpec]> = (0..10_000).map(spec).collect();
    let now = Now { mono: Mono(1), utc: Utc(1) };
    let mut engine = AlarmEngine::new(specs, &tags, &[], 1, now);
    let mut changes = Changes::default();
    let sample = Sample { value: Value::Float(9.0), status: Status::GOOD, source_time: Utc(1), server_time: Utc(1) };
    for tag in 0..10_000 {
        changes.push(TagId(tag), &sample, LimitState::Normal, true);
    }
    engine.apply(&changes, now);
    let frame = engine.take();
    let occurrences: Vec<u64> = frame.events.iter().map(|event| event.occurrence.0).collect();
    assert_eq!(occurrences, (1..=10_000).collect::<Vec<_>>());
    assert_eq!(engine.totals().unacknowledged, 10_000);
}
