//! An analytics plugin on the bench: inputs that a test changes, outputs on record; natively and in the sandbox alike.
//!
//! The tests of the sandbox need the built component; where it is missing they fail and say what to do.

use std::path::Path;

use plantroom_plugin_average::Average;
use plantroom_testkit::{Bench, Runner, Spec, Status, Value, analytics_conformance};
use serde_json::json;

fn plant() -> Spec {
    Spec::new()
        .config(json!({ "averages": [{ "input": "level", "output": "level/mean", "window_s": 10 }] }))
        .input("level", "float")
        .output("level/mean", "float")
}

/// A level that stands, rises, goes bad and comes back.
fn story(runner: &Runner) -> (Vec<String>, Vec<(u64, Value, Status)>) {
    let mut bench = Bench::start(runner, &plant()).unwrap_or_else(|error| panic!("{error}"));
    bench.run_for(500);
    bench.change("level", Value::Float(4.0));
    bench.run_for(20_000);
    bench.change("level", Value::Float(8.0));
    bench.run_for(5_000);
    bench.change_as("level", Value::Float(8.0), Status::BAD_NO_COMMUNICATION);
    bench.run_for(30_000);
    bench.change("level", Value::Float(1.0));
    bench.run_for(15_000);
    bench.stop();
    assert_eq!(bench.faults(), Vec::<String>::new());
    (bench.transcript(), bench.samples("level/mean"))
}

fn at(samples: &[(u64, Value, Status)], ms: u64) -> (Value, Status) {
    let found = samples.iter().rfind(|(at, ..)| *at <= ms).unwrap_or_else(|| panic!("nothing until {ms} ms"));
    (found.1.clone(), found.2)
}

#[test]
fn what_goes_in_comes_out_computed_at_its_time() {
    let (_, samples) = story(&Runner::native::<Average>());
    assert_eq!(at(&samples, 0), (Value::Null, Status::BAD_WAITING_FOR_INITIAL_DATA));
    assert_eq!(at(&samples, 20_000), (Value::Float(4.0), Status::GOOD));
    assert_eq!(at(&samples, 25_499).1, Status::GOOD);
    assert!(matches!(at(&samples, 25_499).0, Value::Float(mean) if (5.5..6.0).contains(&mean)), "{:?}", at(&samples, 25_499));
    assert_eq!(at(&samples, 30_000).1, Status::UNCERTAIN_SUB_NORMAL);
    assert_eq!(at(&samples, 50_000), (Value::Null, Status::BAD_WAITING_FOR_INITIAL_DATA));
    assert_eq!(at(&samples, 70_000), (Value::Float(1.0), Status::GOOD));
}

#[test]
fn the_sandbox_changes_nothing_that_it_computes() {
    let component = Runner::built_component("average").unwrap_or_else(|error| panic!("{error}"));
    let (native, sandboxed) = (story(&Runner::native::<Average>()).0, story(&component).0);
    assert!(native.len() > 60, "{} lines", native.len());
    assert_eq!(native, sandboxed);
}

#[test]
fn a_component_of_the_first_contract_still_works() {
    for file in ["plugin-0.1.0/average.wasm", "archive-1/average-0.1.0.plantroom"] {
        let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/old").join(file);
        let component = Runner::component(&old).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(story(&component).0, story(&Runner::native::<Average>()).0);
        let mut bench = Bench::start(&component, &plant()).unwrap_or_else(|error| panic!("{error}"));
        bench.run_for(100);
        assert_eq!(bench.explain("level/mean"), None, "it has nothing to say, and that is no fault");
        assert_eq!(bench.faults(), Vec::<String>::new());
    }
}

#[test]
fn it_keeps_the_contract_whatever_its_inputs_do() {
    let component = Runner::built_component("average").unwrap_or_else(|error| panic!("{error}"));
    for runner in [Runner::native::<Average>(), component] {
        let wrong = analytics_conformance(&runner, &plant());
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

#[test]
fn an_input_that_may_not_be_published_is_a_breach() {
    let mut bench = Bench::start(&Runner::native::<Average>(), &plant()).unwrap_or_else(|error| panic!("{error}"));
    bench.change("level", Value::Float(1.0));
    bench.run_for(10);
    assert_eq!(bench.last("level"), None);
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| bench.change("level/mean", Value::Float(1.0)))).is_err());
}
