//! The plugin on the bench, natively, with a virtual clock. `plantroom plugin test` runs these, and the conformance suite
//! on the packed component.

use plantroom_testkit::{Bench, Runner, Spec, Value, alarm_logic_conformance};
use serde_json::json;

use crate_name::TypeName;

fn spec() -> Spec {
    Spec::new().config(json!({ "least": 5.0 })).input("p1/running", "bool").input("p1/flow", "float").condition("p1/dry")
}

#[test]
fn a_pump_without_flow_raises_and_one_with_flow_clears() {
    let mut bench = Bench::start(&Runner::native::<TypeName>(), &spec()).expect("it starts");
    bench.change("p1/running", Value::Bool(true));
    bench.change("p1/flow", Value::Float(0.1));
    bench.run_for(100);
    assert!(bench.holds("p1/dry"));
    bench.change("p1/flow", Value::Float(20.0));
    bench.run_for(100);
    assert!(!bench.holds("p1/dry"));
}

#[test]
fn it_keeps_the_contract_whatever_comes() {
    let wrong = alarm_logic_conformance(&Runner::native::<TypeName>(), &spec());
    assert!(wrong.is_empty(), "{wrong:#?}");
}
