//! The plugin of the README: it is there word for word, it compiles, and it does what the README says.

#[path = "readme/dry_run.rs"]
mod dry_run;
mod field;
#[path = "readme/heat_meter.rs"]
mod heat_meter;

use dry_run::DryRun;
use field::Field;
use heat_meter::HeatMeter;
use plantroom_sdk::{Value, native};

#[test]
fn the_readme_shows_this_plugin() {
    let code = include_str!("readme/heat_meter.rs");
    assert!(include_str!("../README.md").contains(code), "copy tests/readme/heat_meter.rs into README.md");
    assert!(include_str!("../../../README.md").contains(code), "copy it into the front door's README.md too");
    assert!(code.lines().count() <= 30, "a plugin in 30 lines");
}

#[test]
fn the_readme_shows_this_alarm_logic() {
    assert!(
        include_str!("../README.md").contains(include_str!("readme/dry_run.rs")),
        "copy tests/readme/dry_run.rs into README.md"
    );
}

#[test]
fn it_says_when_the_pump_runs_dry_and_when_nobody_can_tell() {
    let field = Field::install();
    native::init::<DryRun>(
        r#"{"plugin": {"least": 5.0}, "tags": [
            {"name": "p1/running", "kind": "bool", "access": ["read"]}, {"name": "p1/flow", "kind": "float", "access": ["read"]}],
            "alarms": [{"name": "p1/dry", "access": ["raise"]}]}"#,
    )
    .unwrap();
    let said = |verb, value| (0, verb, value, String::new());
    field.step(0);
    assert_eq!(field.words(), [said(3, Value::Null)]);
    field.change(0, &Value::Bool(true), plantroom_sdk::Status::GOOD);
    field.change(1, &Value::Float(1.5), plantroom_sdk::Status::GOOD);
    field.step(1);
    assert_eq!(field.words(), [said(1, Value::Float(1.5))]);
    field.change(1, &Value::Float(8.0), plantroom_sdk::Status::GOOD);
    field.step(2);
    assert_eq!(field.words(), [said(2, Value::Float(8.0))]);
}

#[test]
fn it_polls_and_writes() {
    let field = Field::install();
    native::init::<HeatMeter>(
        r#"{"connections": [{"name": "meter_1", "device": {"unit": 1, "period_ms": 1000}}],
        "tags": [{"name": "boiler/heat", "kind": "float", "connection": 0, "address": "power", "access": ["publish"]},
                 {"name": "boiler/heat_limit", "kind": "float", "connection": 0, "address": "limit", "access": ["publish", "write"]}]}"#,
    )
    .unwrap();
    field.step(0);
    field.answer(1, &[0x4148, 0, 0, 400]);
    field.step(1);
    assert_eq!(field.samples(), [(0, Value::Float(0.0125)), (1, Value::Float(40.0))]);
    field.take_request();
    field.order(9, 1, &Value::Float(55.0), 1_000);
    field.step(2);
    let write = field.take_request();
    assert_eq!((write.function, write.unit, write.address, write.data), (6, 1, 3, vec![550]));
    field.answer(2, &[]);
    field.step(3);
    assert_eq!(field.settled(), [(9, 0, String::new())]);
}
