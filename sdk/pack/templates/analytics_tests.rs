//! The plugin on the bench, natively, with a virtual clock. `plantroom plugin test` runs these, and the conformance suite
//! on the packed component.

use plantroom_testkit::{Bench, Runner, Spec, Status, Value, analytics_conformance};
use serde_json::json;

use crate_name::TypeName;

fn spec() -> Spec {
    Spec::new()
        .config(json!({ "factor": 1.0 }))
        .input("zone/inflow", "float")
        .input("zone/outflow", "float")
        .output("zone/loss", "float")
}

#[test]
fn the_difference_is_computed_and_a_bad_input_makes_it_bad() {
    let mut bench = Bench::start(&Runner::native::<TypeName>(), &spec()).expect("it starts");
    bench.change("zone/inflow", Value::Float(10.0));
    bench.change("zone/outflow", Value::Float(7.5));
    bench.run_for(1_000);
    assert_eq!(bench.last("zone/loss"), Some((Value::Float(2.5), Status::GOOD)));
    bench.change_as("zone/outflow", Value::Float(7.5), Status::BAD_NO_COMMUNICATION);
    bench.run_for(1_000);
    assert!(bench.last("zone/loss").is_some_and(|(_, status)| status.is_bad()));
}

#[test]
fn it_keeps_the_contract_whatever_comes() {
    let wrong = analytics_conformance(&Runner::native::<TypeName>(), &spec());
    assert!(wrong.is_empty(), "{wrong:#?}");
}
