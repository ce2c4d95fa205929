//! The driver on the bench, natively: scripted devices, a virtual clock. `plantroom plugin test` runs these, and the
//! conformance suite on the packed component.

use plantroom_testkit::{Bench, Device, Runner, SettleCode, Spec, Status, Value, conformance};
use serde_json::json;

use crate_name::TypeName;

fn spec(device: &Device) -> Spec {
    Spec::new()
        .connection("device_1", json!({ "unit": 1, "period_ms": 1_000 }), device)
        .tag("device/power", "float", "power", "")
        .tag("device/limit", "float", "limit", "")
        .writable()
}

#[test]
fn registers_become_values_with_units() {
    let device = Device::new();
    device.set_holding(0, &[0x4640, 0xE600, 0, 55]); // 12,345.5 W as a float, and 5.5 kW
    let mut bench = Bench::start(&Runner::native::<TypeName>(), &spec(&device)).expect("it starts");
    bench.run_for(1_500);
    assert_eq!(bench.last("device/power"), Some((Value::Float(12.3455), Status::GOOD)));
    assert_eq!(bench.last("device/limit"), Some((Value::Float(5.5), Status::GOOD)));
}

#[test]
fn an_order_reaches_the_device_and_one_that_does_not_fit_is_refused() {
    let device = Device::new();
    let mut bench = Bench::start(&Runner::native::<TypeName>(), &spec(&device)).expect("it starts");
    bench.run_for(500);
    let good = bench.order("device/limit", Value::Float(7.5));
    let bad = bench.order("device/limit", Value::Float(-1.0));
    bench.run_for(2_000);
    assert_eq!(bench.outcome(good).map(|(code, _)| code), Some(SettleCode::Done));
    assert_ne!(bench.outcome(bad).map(|(code, _)| code), Some(SettleCode::Done));
    assert_eq!(device.holding(3, 1), [75]);
}

#[test]
fn it_keeps_the_contract_whatever_the_field_does() {
    let wrong = conformance(&Runner::native::<TypeName>(), &spec(&Device::new()));
    assert!(wrong.is_empty(), "{wrong:#?}");
}
