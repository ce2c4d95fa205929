//! The Modbus driver in its sandbox: the same tests, and the same transcript as in this process.
//!
//! Needs the built component; where it is missing these tests fail and say what to do.

use plantroom_plugin_modbus::ModbusDriver;
use plantroom_testkit::{Bench, Device, Fault, FaultRule, Runner, SettleCode, Spec, StartError, Value, conformance};
use serde_json::json;

fn component() -> Runner {
    Runner::built_component("modbus").unwrap_or_else(|error| panic!("{error}"))
}

fn plant(device: &Device) -> Spec {
    Spec::new()
        .config(json!({ "groups": { "fast": 250 } }))
        .connection("plc", json!({ "gap": 3, "word_order": "cdab", "bit_writes": "read-modify-write" }), device)
        .tag("level", "float", "holding 0 f32", "fast")
        .tag("limit", "float", "holding 4 f32", "")
        .writable()
        .tag("bit", "bool", "holding 9.2", "")
        .writable()
        .tag("name", "text", "holding 20 text 8", "")
        .writable()
        .tag("start", "bool", "coil 1", "fast")
        .writable()
        .tag("state", "bool", "discrete 1", "fast")
        .tag("count", "uint", "input 7 u64", "")
}

/// A day in the life of a device: values, orders, every kind of trouble, and recovery.
fn story(runner: &Runner) -> Vec<String> {
    let device = Device::new();
    device.set_latency_ms(3);
    device.set_holding(0, &[0xE979, 0x42F6]);
    device.set_holding(20, &[0x5055, 0x4D50]);
    let mut bench = Bench::start(runner, &plant(&device)).unwrap_or_else(|error| panic!("{error}"));
    bench.run_for(1_500);
    let done = bench.order("limit", Value::Float(7.5));
    let refused = bench.order("name", Value::Text("much too long".into()));
    bench.order("bit", Value::Bool(true));
    bench.run_for(2_000);
    for fault in [Fault::Silent, Fault::NotConnected, Fault::Exception(4), Fault::ShortAnswer, Fault::Exception(6)] {
        device.fault(FaultRule::new(fault));
        bench.run_for(2_500);
        bench.order("start", Value::Bool(true));
        bench.run_for(2_500);
        device.heal();
        bench.run_for(1_000);
    }
    device.fault(FaultRule::new(Fault::Exception(2)).on_cells(9..10));
    bench.run_for(20_000);
    device.heal();
    bench.run_for(30_000);
    bench.order("limit", Value::Float(8.5));
    bench.stop();
    assert_eq!(bench.faults(), Vec::<String>::new());
    assert_eq!(bench.outcome(done).map(|(code, _)| code), Some(SettleCode::Done));
    assert_eq!(bench.outcome(refused).map(|(code, _)| code), Some(SettleCode::Refused));
    assert!(bench.open_orders().is_empty());
    bench.transcript()
}

#[test]
fn the_sandbox_changes_nothing_that_a_driver_does() {
    let (native, sandboxed) = (story(&Runner::native::<ModbusDriver>()), story(&component()));
    assert!(native.len() > 500, "a story of {} lines", native.len());
    for (line, (a, b)) in native.iter().zip(&sandboxed).enumerate() {
        assert_eq!(a, b, "line {line}, after\n{}", native[line.saturating_sub(5)..line].join("\n"));
    }
    assert_eq!(native.len(), sandboxed.len());
}

#[test]
fn a_driver_explains_its_tags_from_within_the_sandbox() {
    let explained = |runner: &Runner| {
        let device = Device::new();
        device.set_holding(0, &[0xE979, 0x42F6]);
        device.fault(FaultRule::new(Fault::Exception(2)).on_cells(9..10));
        let mut bench = Bench::start(runner, &plant(&device)).unwrap_or_else(|error| panic!("{error}"));
        bench.run_for(1_100);
        let before = bench.transcript();
        let told: Vec<_> = ["level", "limit", "bit", "name", "start"].into_iter().map(|tag| bench.explain(tag)).collect();
        assert_eq!((bench.transcript(), bench.faults()), (before, Vec::new()), "it only looks");
        told
    };
    let (native, sandboxed) = (explained(&Runner::native::<ModbusDriver>()), explained(&component()));
    assert_eq!(native, sandboxed);
    let level = sandboxed[0].clone().expect("the driver knows its tag");
    assert_eq!((level.words.as_slice(), level.note.is_empty()), (&[0xE979, 0x42F6][..], false));
    assert!(sandboxed[2].as_ref().is_some_and(|bit| bit.note.contains("Modbus exception 2")), "{sandboxed:#?}");
}

#[test]
fn problems_are_the_same_in_the_sandbox() {
    let spec = plant(&Device::new()).tag("wrong", "float", "holding 400001 f32", "quick").tag("other", "bool", "", "");
    let problems = |runner: &Runner| match Bench::start(runner, &spec) {
        Err(StartError::Problems(problems)) => problems,
        Err(StartError::Failed(sentence)) => panic!("{sentence}"),
        Ok(_) => panic!("it started"),
    };
    let (native, sandboxed) = (problems(&Runner::native::<ModbusDriver>()), problems(&component()));
    assert_eq!(native, sandboxed);
    assert_eq!(native.len(), 3, "{native:#?}");
}

#[test]
fn it_keeps_the_contract_in_the_sandbox() {
    let wrong = conformance(&component(), &plant(&Device::new()));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_missing_component_says_what_to_do() {
    let missing = Runner::built_component("no_such_plugin").err().map(|error| error.to_string()).unwrap_or_default();
    assert!(missing.contains("PLANTROOM_COMPONENTS") && missing.contains("no_such_plugin.wasm"), "{missing}");
}

#[test]
fn a_driver_of_the_contract_before_still_polls_and_writes() {
    let old = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/old/plugin-0.1.2/modbus.wasm");
    let component = Runner::component(&old).unwrap_or_else(|error| panic!("{error}"));
    let device = Device::new();
    device.set_holding(0, &[0xE979, 0x42F6]);
    let mut bench = Bench::start(&component, &plant(&device)).unwrap_or_else(|error| panic!("{error}"));
    bench.run_for(1_500);
    let order = bench.order("limit", Value::Float(7.5));
    bench.run_for(2_000);
    assert!(
        matches!(bench.last("level"), Some((Value::Float(level), _)) if (level - 123.456).abs() < 1e-3),
        "{:?}",
        bench.last("level")
    );
    assert_eq!(bench.outcome(order).map(|(code, _)| code), Some(SettleCode::Done));
    assert_eq!(bench.faults(), Vec::<String>::new());
}
