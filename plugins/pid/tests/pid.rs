//! Loops around a simulated first-order plant, with virtual time: the plugin as the station calls it, natively.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use plantroom_plugin_pid::Pid;
use plantroom_sdk::native::{self, World};
use plantroom_sdk::raw::{Columns, ModbusCompletion, ModbusRequest, OrderBatch};
use plantroom_sdk::{Instant, Status, Value};

const PV: u32 = 0;
const SETPOINT: u32 = 1;
const AUTO: u32 = 2;
const MANUAL: u32 = 3;
const POSITION: u32 = 4;
const OUTPUT: u32 = 5;
const STATE: u32 = 6;
const REASON: u32 = 7;

#[derive(Default)]
struct Tags {
    held: RefCell<HashMap<u32, (Value, Status)>>,
}

impl World for Tags {
    fn publish(&self, batch: &Columns) {
        for row in 0..batch.len() {
            self.held.borrow_mut().insert(batch.handles[row], (batch.value(row), Status(batch.statuses[row])));
        }
    }
    fn changes(&self) -> Columns {
        Columns::default()
    }
    fn read_tags(&self, tags: &[u32]) -> Columns {
        let mut columns = Columns::default();
        for tag in tags {
            let waiting = (Value::Null, Status::BAD_WAITING_FOR_INITIAL_DATA);
            let (value, status) = self.held.borrow().get(tag).cloned().unwrap_or(waiting);
            columns.push(*tag, &value, status, 0);
        }
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

const DOCUMENT_TAGS: &str = r#""tags": [
    {"name": "pv", "kind": "float", "access": ["read"]}, {"name": "sp", "kind": "float", "access": ["read"]},
    {"name": "auto", "kind": "bool", "access": ["read"]}, {"name": "manual", "kind": "float", "access": ["read"]},
    {"name": "position", "kind": "float", "access": ["read"]}, {"name": "output", "kind": "float", "access": ["publish"]},
    {"name": "state", "kind": "int", "access": ["publish"]}, {"name": "reason", "kind": "text", "access": ["publish"]}]"#;

/// A loop around a first-order plant: gain 1.2 m per 100 %, time constant 20 s.
struct Rig {
    tags: Rc<Tags>,
    ms: u64,
    level: f64,
    pv_is_bad: bool,
    /// The largest change of the output from one step to the next so far.
    largest_step: f64,
}

const STEP_MS: u64 = 500;

impl Rig {
    fn new(more: &str) -> Self {
        let tags = Rc::new(Tags::default());
        native::set_world(tags.clone());
        let one = format!(
            r#""pv": "pv", "setpoint": "sp", "auto": "auto", "manual": "manual", "position": "position", "output": "output",
               "state": "state", "reason": "reason", "gain": 2.0, "integral_s": 15, "pv_range": [0, 2] {more}"#
        );
        native::init::<Pid>(&format!(r#"{{"plugin": {{"loops": [{{{one}}}]}}, {DOCUMENT_TAGS}}}"#)).unwrap();
        let rig = Self { tags, ms: 1_000, level: 0.6, pv_is_bad: false, largest_step: 0.0 };
        rig.set(SETPOINT, Value::Float(0.6));
        rig.set(AUTO, Value::Bool(true));
        rig.set(POSITION, Value::Float(50.0));
        rig
    }

    fn set(&self, tag: u32, value: Value) {
        self.tags.held.borrow_mut().insert(tag, (value, Status::GOOD));
    }

    fn number(&self, tag: u32) -> f64 {
        self.tags.held.borrow().get(&tag).and_then(|(value, _)| value.as_f64()).unwrap_or(f64::NAN)
    }

    fn state(&self) -> f64 {
        self.number(STATE)
    }

    fn status(&self) -> Status {
        self.tags.held.borrow().get(&OUTPUT).map_or(Status::BAD, |(_, status)| *status)
    }

    fn reason(&self) -> String {
        match self.tags.held.borrow().get(&REASON) {
            Some((Value::Text(text), _)) => text.to_string(),
            _ => String::new(),
        }
    }

    /// Lets loop and plant run for so many seconds.
    fn run(&mut self, seconds: u64) {
        for _ in 0..seconds * 1_000 / STEP_MS {
            let before = self.number(OUTPUT);
            let status = if self.pv_is_bad { Status::BAD_NO_COMMUNICATION } else { Status::GOOD };
            self.tags.held.borrow_mut().insert(PV, (Value::Float(self.level), status));
            native::step(Instant { mono_ns: self.ms * 1_000_000, utc_ns: 0 });
            let output = self.number(OUTPUT);
            if before.is_finite() && output.is_finite() {
                self.largest_step = self.largest_step.max((output - before).abs());
            }
            let drive = if output.is_finite() { output } else { 50.0 };
            self.level += (1.2 * drive / 100.0 - self.level) / 20.0 * (STEP_MS as f64 / 1e3);
            self.ms += STEP_MS;
        }
    }
}

#[test]
fn a_loop_brings_the_process_value_to_its_setpoint_and_keeps_it_there() {
    let mut rig = Rig::new("");
    rig.run(30);
    rig.set(SETPOINT, Value::Float(0.9));
    rig.run(180);
    assert!((rig.level - 0.9).abs() < 0.005, "{}", rig.level);
    assert!((rig.number(OUTPUT) - 75.0).abs() < 0.5, "the plant needs 75 %: {}", rig.number(OUTPUT));
    assert_eq!((rig.state(), rig.reason().as_str(), rig.status()), (2.0, "in control", Status::GOOD));
}

#[test]
fn a_direct_loop_goes_the_other_way() {
    let mut rig = Rig::new(r#", "action": "direct""#);
    rig.run(5);
    let before = rig.number(OUTPUT);
    rig.set(SETPOINT, Value::Float(0.3));
    rig.run(3);
    assert!(rig.number(OUTPUT) > before, "a process value above the setpoint opens: {} to {}", before, rig.number(OUTPUT));
}

#[test]
fn the_output_begins_where_the_equipment_stands() {
    let mut rig = Rig::new("");
    rig.set(POSITION, Value::Float(47.0));
    rig.level = 0.564;
    rig.set(SETPOINT, Value::Float(0.564));
    rig.run(1);
    assert!((rig.number(OUTPUT) - 47.0).abs() < 0.01, "{}", rig.number(OUTPUT));
}

#[test]
fn transfers_between_manual_and_automatic_do_not_bump() {
    let mut rig = Rig::new(r#", "setpoint_rate_per_s": 0.005"#);
    rig.run(60);
    rig.largest_step = 0.0;
    rig.set(MANUAL, Value::Float(20.0));
    rig.set(AUTO, Value::Bool(false));
    rig.run(20);
    assert!((rig.number(OUTPUT) - 50.0).abs() < 0.2, "an old manual value does not move it: {}", rig.number(OUTPUT));
    assert_eq!(rig.state(), 1.0);
    rig.set(MANUAL, Value::Float(70.0));
    rig.run(60);
    assert!((rig.number(OUTPUT) - 70.0).abs() < 1e-9);
    rig.largest_step = 0.0;
    // The process value is far from the setpoint now; the transfer must still not be felt.
    assert!((rig.level - 0.6).abs() > 0.15, "{}", rig.level);
    rig.set(AUTO, Value::Bool(true));
    rig.run(2);
    assert!(rig.largest_step < 1.0, "{}", rig.largest_step);
    rig.run(240);
    assert!((rig.level - 0.6).abs() < 0.005, "{}", rig.level);
}

#[test]
fn a_setpoint_out_of_reach_does_not_wind_the_loop_up() {
    let mut rig = Rig::new("");
    rig.run(30);
    rig.set(SETPOINT, Value::Float(1.9));
    rig.run(1_800);
    assert!((rig.number(OUTPUT) - 100.0).abs() < 1e-9);
    assert_eq!(rig.reason(), "the output is at its highest");
    rig.set(SETPOINT, Value::Float(0.8));
    rig.run(2);
    assert!(rig.number(OUTPUT) < 90.0, "half an hour at the limit is not made up for: {}", rig.number(OUTPUT));
    rig.run(180);
    assert!((rig.level - 0.8).abs() < 0.01, "{}", rig.level);
}

#[test]
fn the_output_never_moves_faster_than_its_rate() {
    let mut rig = Rig::new(r#", "output_rate_per_s": 2.0, "derivative_s": 3.0"#);
    rig.run(30);
    rig.largest_step = 0.0;
    rig.set(SETPOINT, Value::Float(1.1));
    rig.run(120);
    assert!(rig.largest_step <= 1.0 + 1e-9, "2 % a second are 1 % a step: {}", rig.largest_step);
    assert!((rig.level - 1.1).abs() < 0.02, "{}", rig.level);
}

#[test]
fn a_bad_process_value_holds_the_output_and_control_comes_back_without_a_bump() {
    let mut rig = Rig::new("");
    rig.set(SETPOINT, Value::Float(0.8));
    rig.run(10);
    let before = rig.number(OUTPUT);
    rig.pv_is_bad = true;
    rig.run(60);
    assert_eq!((rig.state(), rig.number(OUTPUT), rig.status()), (3.0, before, Status::UNCERTAIN_SUB_NORMAL));
    assert!(rig.reason().contains("no communication"), "{}", rig.reason());
    rig.largest_step = 0.0;
    rig.pv_is_bad = false;
    rig.run(1);
    assert!(rig.largest_step < 1.5, "{}", rig.largest_step);
    rig.run(180);
    assert!((rig.level - 0.8).abs() < 0.01, "{}", rig.level);
}

#[test]
fn a_bad_process_value_can_go_to_a_safe_output_at_its_rate() {
    let mut rig = Rig::new(r#", "on_bad": "safe", "safe_output": 10, "output_rate_per_s": 5"#);
    rig.run(30);
    rig.pv_is_bad = true;
    rig.run(2);
    assert!((rig.number(OUTPUT) - 40.0).abs() < 3.0, "{}", rig.number(OUTPUT));
    rig.run(20);
    assert_eq!((rig.state(), rig.number(OUTPUT)), (4.0, 10.0));
}

#[test]
fn without_a_process_value_nothing_is_put_out() {
    let mut rig = Rig::new("");
    rig.pv_is_bad = true;
    rig.run(5);
    assert_eq!((rig.state(), rig.status()), (0.0, Status::BAD_WAITING_FOR_INITIAL_DATA));
}

#[test]
fn a_configuration_tells_all_its_mistakes() {
    native::set_world(Rc::new(Tags::default()));
    let check = |plugin: &str, sentences: &[&str]| {
        let told = native::init::<Pid>(&format!(r#"{{"plugin": {plugin}, {DOCUMENT_TAGS}}}"#)).unwrap_err();
        assert_eq!(told.len(), sentences.len(), "{plugin}: {told:?}");
        for (problem, sentence) in told.iter().zip(sentences) {
            assert!(problem.message.contains(sentence), "{plugin}: {told:?}");
        }
    };
    check("{}", &["there is no loop"]);
    let one = |more: &str| format!(r#"{{"loops": [{{"pv": "pv", "setpoint": "sp", "output": "output", {more}}}]}}"#);
    check(&one(r#""gain": 1"#), &["missing field `pv_range`"]);
    check(
        &one(r#""gain": -1, "integral_s": 0, "pv_range": [2, 1], "on_bad": "safe""#),
        &["gain is -1", "integral_s is 0", "pv_range goes from 2 to 1", "say with safe_output"],
    );
    check(&one(r#""gain": 1, "pv_range": [0, 1], "manual": "nobody""#), &["grant.read"]);
}
