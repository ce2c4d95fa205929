//! A plant whose alarms come and go by chance, by the rules that matter to a journal. The files in `tests/old/alarm-journal-1`
//! hold what it made: whoever needs another plant makes one beside it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use plantroom_model::{
    AlarmDetail, AlarmEvent, AlarmEventKind as Kind, AlarmId, AlarmSpec, AlarmState, Condition, Hidden, Label, LimitKind,
    LimitSource, Mono, Now, Occurrence, Origin, Priority, Role, Standing, Status, TagId, TagSpec, Utc, Value, ValueKind,
};
use plantroom_store::{Disk, FaultyDisk};

use crate::{Catalog, Journal, JournalReader, JournalRow, JournalSetup, Query, Restored};

pub const START: i64 = 1_780_000_000_000_000_000;
pub const SECOND: i64 = 1_000_000_000;

pub fn folder() -> PathBuf {
    PathBuf::from("data/journal")
}

pub fn now(ns: i64) -> Now {
    Now { mono: Mono(ns.unsigned_abs()), utc: Utc(ns) }
}

/// Small files, no waiting for others, quick retries.
pub fn small() -> JournalSetup {
    JournalSetup {
        segment_bytes: 3_000,
        reserve_bytes: 2_000,
        gather_ms: 0,
        retry_ms: 1,
        waiting_rows: 10_000,
        ..JournalSetup::default()
    }
}

pub fn open(disk: &FaultyDisk, setup: JournalSetup, at: i64) -> (Journal, Restored) {
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    Journal::open(disk, &folder(), setup, now(at)).expect("the journal must open")
}

pub fn reader(disk: &FaultyDisk) -> JournalReader {
    JournalReader::open(Arc::new(disk.clone()), &folder()).expect("the journal must be readable")
}

/// All rows there are, in order.
pub fn all(reader: &JournalReader) -> Vec<JournalRow> {
    let mut query = Query { order: crate::Order::OldestFirst, limit: 7, kinds: Kind::ALL.to_vec(), ..Query::default() };
    let mut rows = Vec::new();
    loop {
        let page = reader.page(&query).unwrap();
        rows.extend(page.rows);
        query.after = page.next;
        if query.after.is_none() {
            return rows;
        }
    }
}

pub fn spec(name: &str, message: &str, priority: Priority) -> AlarmSpec {
    let area: Label = name.split('/').next().unwrap_or_default().into();
    AlarmSpec {
        name: name.into(),
        message: message.into(),
        condition: Condition::Limit { tag: TagId(0), kind: LimitKind::High, at: LimitSource::Constant(4.5), hysteresis: 0.1 },
        detail: Arc::new(AlarmDetail {
            priority,
            area,
            consequence: "".into(),
            action: "".into(),
            respond_s: 600,
            screen: "".into(),
            instance: "".into(),
            on_delay_ms: 0,
            off_delay_ms: 0,
            latching: false,
            acknowledge: true,
            realarm_s: 0,
            shelve_max_s: 3_600,
            shelve_role: Role::Operate,
            first_out: "".into(),
        }),
    }
}

pub fn specs() -> Vec<AlarmSpec> {
    let areas = ["intake", "high_lift/pumps", "high_lift", "wells"];
    (0..24)
        .map(|number| {
            let name = format!("{}/alarm_{number}", areas[number % areas.len()]);
            spec(&name, &format!("Überlauf in Behälter {number}"), Priority::ALL[1 + number % 4])
        })
        .collect()
}

pub fn catalog_of(specs: Vec<AlarmSpec>) -> Arc<Catalog> {
    let mut level = TagSpec::new("level", ValueKind::Float, Origin::System);
    level.unit = "m".to_owned();
    Catalog::new(specs.into(), vec![level].into())
}

/// Alarms that come and go.
pub struct World {
    pub catalog: Arc<Catalog>,
    pub standings: Vec<Standing>,
    pub at: i64,
    pub occurrence: u64,
    pub frame: u64,
    random: u64,
    /// Everything that ever happened.
    pub events: Vec<AlarmEvent>,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let specs = specs();
        let standings = vec![Standing::default(); specs.len()];
        let random = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        Self { catalog: catalog_of(specs), standings, at: START, occurrence: 0, frame: 0, random, events: Vec::new() }
    }

    pub fn chance(&mut self, of: u64) -> u64 {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        (self.random.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % of
    }

    /// The next frame with so many events.
    pub fn frame(&mut self, events: usize) -> Vec<AlarmEvent> {
        self.frame += 1;
        self.at += (self.chance(20) as i64 + 1) * SECOND / 2;
        let events: Vec<AlarmEvent> = (0..events).map(|_| self.event()).collect();
        self.events.extend(events.iter().cloned());
        events
    }

    fn event(&mut self) -> AlarmEvent {
        let alarm = self.chance(self.standings.len() as u64) as usize;
        let from = self.standings[alarm];
        let choice = self.chance(12);
        let mut to = from;
        let mut until = None;
        let mut by = None;
        let kind = match (from.state, choice) {
            (_, 0) if from.hidden.has(Hidden::SHELVED) => {
                to.hidden = from.hidden.without(Hidden::SHELVED);
                Kind::ShelfEnded
            }
            (_, 0) => {
                to.hidden = from.hidden.with(Hidden::SHELVED);
                (until, by) = (Some(Utc(self.at + 900 * SECOND)), Some("bert"));
                Kind::Shelved
            }
            (_, 1) => {
                by = Some("Anna Müller");
                Kind::Remarked
            }
            (AlarmState::Normal | AlarmState::Returned, _) => {
                self.occurrence += 1;
                (to.state, to.occurrence) = (AlarmState::Unacknowledged, Occurrence(self.occurrence));
                Kind::Occurred
            }
            (AlarmState::Unacknowledged, 2..=6) => {
                (to.state, by) = (AlarmState::Acknowledged, Some("anna"));
                Kind::Acknowledged
            }
            (AlarmState::Unacknowledged, _) => {
                to.state = AlarmState::Returned;
                Kind::Returned
            }
            _ => {
                to.state = AlarmState::Normal;
                Kind::Returned
            }
        };
        self.standings[alarm] = to;
        AlarmEvent {
            alarm: AlarmId(alarm as u32),
            occurrence: to.occurrence,
            at: now(self.at),
            source_time: if kind == Kind::Occurred { Utc(self.at - 3_000_000) } else { Utc(0) },
            kind,
            from,
            to,
            value: if choice == 3 { Value::Text("offen".into()) } else { Value::Float(choice as f64 / 3.0) },
            status: Status::GOOD,
            limit: (kind == Kind::Occurred).then_some(4.5),
            until,
            by: by.map(Into::into),
            comment: by.map(|by| format!("{by} war da, {}", self.chance(5)).into()),
        }
    }
}

/// Rows without their numbers, as events of the world's alarms.
pub fn events(rows: &[JournalRow]) -> Vec<AlarmEvent> {
    let specs = specs();
    let alarm = |row: &JournalRow| {
        let place = specs.iter().position(|spec| *spec.name == *row.alarm.name);
        AlarmId(place.expect("only alarms of the world are there") as u32)
    };
    rows.iter().map(|row| AlarmEvent { at: now(row.at.0), ..row.event(alarm(row)) }).collect()
}

/// Standings by name that the world's first events lead to, without those at rest.
pub fn standing_after(events: &[AlarmEvent]) -> Vec<(String, Standing)> {
    let specs = specs();
    let mut standings = vec![Standing::default(); specs.len()];
    for event in events {
        standings[event.alarm.0 as usize] = event.to;
    }
    let names = specs.iter().map(|spec| spec.name.to_string());
    let mut found: Vec<_> = names.zip(standings).filter(|(_, standing)| !standing.is_at_rest()).collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

pub fn restored_standings(restored: &Restored) -> Vec<(String, Standing)> {
    let mut found: Vec<_> = restored.alarms.iter().map(|kept| (kept.alarm.name.to_string(), kept.row.standing)).collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// The path of the newest log.
pub fn newest_tail(disk: &FaultyDisk) -> PathBuf {
    let mut paths = disk.list(Path::new("data/journal")).unwrap();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "tail"));
    paths.pop().expect("there is always a newest file")
}
