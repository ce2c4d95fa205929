//! A plant of 10,000 alarms that come, are acknowledged and go, for a month.

use std::sync::Arc;

use plantroom_historian::Catalog;
use plantroom_model::{
    AlarmDetail, AlarmEvent, AlarmEventKind as Kind, AlarmId, AlarmSpec, AlarmState, Condition, Mono, Now, Occurrence, Priority,
    Role, Standing, Status, Utc, Value,
};

/// Alarms.
pub const ALARMS: u32 = 10_000;
/// 10 million rows are a month: 0.26 s from one to the next.
const STEP_NS: i64 = 259_200_000;

/// Alarms that come and go.
pub struct Plant {
    /// What they are called.
    pub catalog: Arc<Catalog>,
    standings: Vec<Standing>,
    at: i64,
    occurrence: u64,
}

impl Plant {
    /// All of them normal.
    pub fn new() -> Self {
        let alarms: Vec<AlarmSpec> = (0..ALARMS).map(spec).collect();
        let catalog = Catalog::new(alarms.into(), Vec::new().into());
        Self { catalog, standings: vec![Standing::default(); ALARMS as usize], at: 1_793_577_600_000_000_000, occurrence: 0 }
    }

    /// The time it is.
    pub fn now(&self) -> Now {
        Now { mono: Mono(self.at as u64), utc: Utc(self.at) }
    }

    /// The next so many events.
    pub fn frame(&mut self, events: usize) -> Vec<AlarmEvent> {
        (0..events).map(|_| self.event()).collect()
    }

    fn event(&mut self) -> AlarmEvent {
        self.at += STEP_NS;
        // Half of what happens happens to a hundred alarms.
        let alarm = if fastrand::bool() { fastrand::u32(..100) } else { fastrand::u32(..ALARMS) };
        let from = self.standings[alarm as usize];
        let mut to = from;
        let (kind, by) = match from.state {
            AlarmState::Normal => {
                self.occurrence += 1;
                (to.state, to.occurrence) = (AlarmState::Unacknowledged, Occurrence(self.occurrence));
                (Kind::Occurred, None)
            }
            AlarmState::Unacknowledged => {
                to.state = AlarmState::Acknowledged;
                (Kind::Acknowledged, Some("anna".into()))
            }
            _ => {
                to.state = AlarmState::Normal;
                (Kind::Returned, None)
            }
        };
        self.standings[alarm as usize] = to;
        let is_plants = by.is_none();
        AlarmEvent {
            alarm: AlarmId(alarm),
            occurrence: to.occurrence,
            at: self.now(),
            source_time: if is_plants { Utc(self.at - 5_000_000) } else { Utc(0) },
            kind,
            from,
            to,
            value: Value::Float(f64::from(fastrand::u16(..)) / 100.0),
            status: Status::GOOD,
            limit: is_plants.then_some(80.0),
            until: None,
            by,
            comment: None,
        }
    }
}

fn spec(number: u32) -> AlarmSpec {
    let area = format!("area_{}", number % 40);
    AlarmSpec {
        name: format!("{area}/pump_{number}/pressure_high").into(),
        message: format!("Pump {number}: delivery pressure high").into(),
        condition: Condition::System,
        detail: Arc::new(AlarmDetail {
            priority: Priority::ALL[1 + number as usize % 4],
            area: area.into(),
            consequence: "".into(),
            action: "".into(),
            respond_s: 0,
            screen: "".into(),
            instance: "".into(),
            on_delay_ms: 0,
            off_delay_ms: 0,
            latching: false,
            acknowledge: true,
            realarm_s: 0,
            shelve_max_s: 0,
            shelve_role: Role::Operate,
            first_out: "".into(),
        }),
    }
}
