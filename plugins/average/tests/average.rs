//! The plugin as the station calls it, natively.

use std::cell::RefCell;
use std::rc::Rc;

use plantroom_plugin_average::Average;
use plantroom_sdk::native::{self, World};
use plantroom_sdk::raw::{Columns, ModbusCompletion, ModbusRequest, OrderBatch};
use plantroom_sdk::{Instant, Status, Value};

const SECOND: u64 = 1_000_000_000;

#[derive(Default)]
struct Station {
    changes: RefCell<Columns>,
    published: RefCell<Vec<(u32, Value, u32)>>,
}

impl World for Station {
    fn publish(&self, batch: &Columns) {
        self.published
            .borrow_mut()
            .extend((0..batch.len()).map(|row| (batch.handles[row], batch.value(row), batch.statuses[row])));
    }
    fn changes(&self) -> Columns {
        self.changes.take()
    }
    fn read_tags(&self, tags: &[u32]) -> Columns {
        let mut columns = Columns::default();
        tags.iter().for_each(|tag| columns.push(*tag, &Value::Null, Status::BAD_WAITING_FOR_INITIAL_DATA, 0));
        columns
    }
    fn missed(&self, _: &[u32], _: u32) {}
    fn take_orders(&self, _: u32) -> OrderBatch {
        OrderBatch::default()
    }
    fn settle(&self, _: u64, _: u8, _: &str) {}
    fn submit(&self, _: &ModbusRequest) -> u64 {
        0
    }
    fn collect(&self, _: u32) -> Vec<ModbusCompletion> {
        Vec::new()
    }
    fn lost(&self) -> u64 {
        0
    }
    fn get(&self, _: &str) -> Option<Vec<u8>> {
        None
    }
    fn set(&self, _: &str, _: &[u8]) -> bool {
        false
    }
    fn remove(&self, _: &str) {}
    fn log(&self, _: u8, _: &str) {}
}

const TAGS: &str = r#""tags": [{"name": "level", "kind": "float", "access": ["read"]}, {"name": "level/mean", "kind": "float", "access": ["publish"]},
    {"name": "level/rate", "kind": "float", "access": ["publish"]}, {"name": "name", "kind": "text", "access": ["read"]}]"#;

fn document(config: &str) -> String {
    format!(r#"{{"plugin": {config}, {TAGS}}}"#)
}

fn step(station: &Station, second: u64, change: Option<(f64, Status)>) -> Vec<(u32, Value, u32)> {
    if let Some((value, status)) = change {
        station.changes.borrow_mut().push(0, &Value::Float(value), status, 0);
    }
    native::step(Instant { mono_ns: second * SECOND, utc_ns: 0 });
    station.published.take()
}

#[test]
fn a_level_has_its_mean_and_its_rate() {
    let station = Rc::new(Station::default());
    native::set_world(station.clone());
    native::init::<Average>(&document(
        r#"{"averages": [{"input": "level", "output": "level/mean", "window_s": 10}],
            "rates": [{"input": "level", "output": "level/rate", "window_s": 10}]}"#,
    ))
    .unwrap();
    let waiting = Status::BAD_WAITING_FOR_INITIAL_DATA.0;
    assert_eq!(step(&station, 0, None), [(1, Value::Null, waiting), (2, Value::Null, waiting)]);
    for second in 1..=30 {
        step(&station, second, Some((second as f64, Status::GOOD)));
    }
    let last = step(&station, 31, None);
    // Each second's value holds for a second: 21 to 30, and half a second late.
    assert_eq!(last[0], (1, Value::Float(25.5), 0));
    let Value::Float(per_minute) = last[1].1 else { panic!("{last:?}") };
    assert!((per_minute - 60.0).abs() < 1e-9, "{per_minute}");
}

#[test]
fn a_partly_bad_window_is_uncertain_and_a_bad_one_has_no_value() {
    let station = Rc::new(Station::default());
    native::set_world(station.clone());
    native::init::<Average>(&document(r#"{"averages": [{"input": "level", "output": "level/mean", "window_s": 10}]}"#)).unwrap();
    step(&station, 0, None);
    step(&station, 20, Some((4.0, Status::GOOD)));
    step(&station, 35, Some((9.0, Status::BAD_NO_COMMUNICATION)));
    assert_eq!(step(&station, 40, None), [(1, Value::Float(4.0), Status::UNCERTAIN_SUB_NORMAL.0)]);
    assert_eq!(step(&station, 60, None), [(1, Value::Null, Status::BAD_WAITING_FOR_INITIAL_DATA.0)]);
}

#[test]
fn a_configuration_tells_all_its_mistakes() {
    native::set_world(Rc::new(Station::default()));
    let check = |config: &str, sentences: &[&str]| {
        let told = native::init::<Average>(&document(config)).unwrap_err();
        assert_eq!(told.len(), sentences.len(), "{config}: {told:?}");
        for (problem, sentence) in told.iter().zip(sentences) {
            assert!(problem.message.contains(sentence), "{config}: {told:?}");
        }
    };
    check("{}", &["nothing to compute"]);
    check(r#"{"average": []}"#, &["unknown field `average`"]);
    check(
        r#"{"averages": [{"input": "lebel", "output": "level", "window_s": 0}, {"input": "name", "output": "level/mean", "window_s": 5}]}"#,
        &["grant.read", "may not be published", "window_s of `level` is 0", "`name` is declared as text"],
    );
}
