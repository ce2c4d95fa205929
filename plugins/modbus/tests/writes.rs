//! How the driver writes, on a bench with virtual time.

use plantroom_plugin_modbus::ModbusDriver;
use plantroom_testkit::{Bench, Device, Fault, FaultRule, Runner, SettleCode, Spec, Value};
use serde_json::{Value as Json, json};

fn plant(settings: Json, device: &Device) -> Spec {
    Spec::new()
        .connection("plc", settings, device)
        .tag("word", "int", "holding 0 i16", "")
        .writable()
        .tag("float", "float", "holding 2 f32", "")
        .writable()
        .tag("bit", "bool", "holding 5.3", "")
        .writable()
        .tag("other_bit", "bool", "holding 5.4", "")
        .writable()
        .tag("coil", "bool", "coil 7", "")
        .writable()
        .tag("text", "text", "holding 10 text 6", "")
        .writable()
}

fn start(settings: Json, device: &Device) -> Bench {
    let mut bench = Bench::start(&Runner::native::<ModbusDriver>(), &plant(settings, device)).expect("a good spec");
    bench.run_for(100);
    bench.take_events();
    bench
}

/// Writes one value; returns how it ended and the writing requests as function, address and data.
fn write(bench: &mut Bench, tag: &str, value: Value) -> (SettleCode, String, Vec<(u8, u16, Vec<u16>)>) {
    let order = bench.order(tag, value);
    bench.run_for(3_000);
    let (code, detail) = bench.outcome(order).expect("settled");
    let writes = bench.requests().into_iter().filter(|(_, request)| request.writes());
    let writes = writes.map(|(_, request)| (request.function, request.address, request.data)).collect();
    bench.take_events();
    (code, detail, writes)
}

#[test]
fn each_device_is_written_with_the_functions_it_has() {
    let device = Device::new();
    device.set_holding(5, &[0x8001]);
    let plain = json!({ "bit_writes": "read-modify-write" });
    let multiple = json!({ "single_writes": "fc16", "single_coils": "fc15", "bit_writes": "mask", "word_order": "cdab" });
    let cases = [
        (&plain, "word", Value::Int(-2), vec![(6, 0, vec![0xFFFE])]),
        (&multiple, "word", Value::Int(-2), vec![(16, 0, vec![0xFFFE])]),
        (&plain, "float", Value::Float(1.0), vec![(16, 2, vec![0x3F80, 0])]),
        (&multiple, "float", Value::Float(1.0), vec![(16, 2, vec![0, 0x3F80])]),
        (&plain, "coil", Value::Bool(true), vec![(5, 7, vec![1])]),
        (&multiple, "coil", Value::Bool(false), vec![(15, 7, vec![0])]),
        (&plain, "bit", Value::Bool(true), vec![(6, 5, vec![0x8009])]),
        (&multiple, "bit", Value::Bool(false), vec![(22, 5, vec![0xFFF7, 0])]),
        (&plain, "text", Value::Text("Öl".into()), vec![(16, 10, vec![0xC396, 0x6C00, 0])]),
    ];
    for (settings, tag, value, expected) in cases {
        let mut bench = start(settings.clone(), &device);
        let (code, detail, writes) = write(&mut bench, tag, value.clone());
        assert_eq!((code, detail.as_str(), writes), (SettleCode::Done, "", expected), "{tag} = {value} with {settings}");
        assert_eq!(bench.faults(), Vec::<String>::new());
    }
    assert_eq!(device.holding(5, 1), [0x8001], "the other bits are as they were");
}

#[test]
fn two_bits_of_one_register_do_not_undo_each_other() {
    let device = Device::new();
    device.set_latency_ms(20);
    let mut bench = start(json!({ "bit_writes": "read-modify-write" }), &device);
    let orders = [bench.order("bit", Value::Bool(true)), bench.order("other_bit", Value::Bool(true))];
    bench.run_for(2_000);
    assert!(orders.iter().all(|order| matches!(bench.outcome(*order), Some((SettleCode::Done, _)))));
    assert_eq!(device.holding(5, 1), [0b1_1000]);
}

#[test]
fn what_does_not_fit_is_refused_and_never_sent() {
    let device = Device::new();
    let mut bench = start(json!({ "bit_writes": "read-modify-write" }), &device);
    for (tag, value, sentence) in [
        ("word", Value::Int(40_000), "40000 does not fit into i16, which holds -32768 to 32767; nothing was written"),
        ("word", Value::Float(f64::NAN), "NaN is not a number"),
        ("float", Value::Float(1e300), "does not fit into f32"),
        ("bit", Value::Int(2), "0 (false) or 1 (true)"),
        ("text", Value::Text("toolong".into()), "has 7 bytes, and the device holds 6"),
    ] {
        let (code, detail, writes) = write(&mut bench, tag, value);
        assert_eq!((code, writes.len()), (SettleCode::Refused, 0), "{tag}: {detail}");
        assert!(detail.contains(sentence), "{tag}: {detail}");
    }
}

#[test]
fn an_outcome_says_what_is_known_and_no_more() {
    let writing = [5, 6, 15, 16, 22];
    for (fault, expected, sentence) in [
        (Fault::Exception(2), SettleCode::Refused, "nothing at this address"),
        (Fault::Exception(3), SettleCode::Refused, "accept this value"),
        (Fault::Exception(4), SettleCode::Refused, "failed"),
        (Fault::Exception(6), SettleCode::Refused, "busy"),
        (Fault::Exception(5), SettleCode::Unknown, "look before trying again"),
        (Fault::Exception(11), SettleCode::Unknown, "look before trying again"),
        (Fault::Exception(10), SettleCode::NotSent, "gateway has no path"),
        (Fault::Silent, SettleCode::Unknown, "look before trying again"),
        (Fault::LostAnswer, SettleCode::Unknown, "look before trying again"),
        (Fault::BadAnswer, SettleCode::Unknown, "look before trying again"),
        (Fault::NotConnected, SettleCode::NotSent, "no connection"),
    ] {
        let device = Device::new();
        let mut bench = start(json!({ "bit_writes": "read-modify-write" }), &device);
        device.fault(FaultRule::new(fault).on_functions(&writing));
        let (code, detail, writes) = write(&mut bench, "word", Value::Int(1));
        assert_eq!(code, expected, "{fault:?}: {detail}");
        assert!(detail.contains(sentence), "{fault:?}: {detail}");
        assert_eq!(writes.len(), 1, "{fault:?}: a write is never repeated");
    }
}

#[test]
fn a_bit_whose_register_can_not_be_read_is_not_written() {
    for (fault, expected) in [(Fault::Exception(2), SettleCode::Refused), (Fault::Silent, SettleCode::NotSent)] {
        let device = Device::new();
        let mut bench = start(json!({ "bit_writes": "read-modify-write" }), &device);
        device.fault(FaultRule::new(fault).on_functions(&[3]));
        let (code, detail, writes) = write(&mut bench, "bit", Value::Bool(true));
        assert_eq!((code, writes.len()), (expected, 0), "{detail}");
        assert!(detail.contains("must be read before") && detail.contains("nothing was written"), "{detail}");
    }
}

#[test]
fn a_written_value_is_read_back_at_once() {
    let device = Device::new();
    device.set_latency_ms(5);
    let mut bench = start(json!({ "bit_writes": "read-modify-write" }), &device);
    bench.order("float", Value::Float(12.5));
    bench.run_for(50);
    let samples = bench.samples("float");
    assert_eq!(samples.len(), 1, "long before the next beat at 1000 ms: {:#?}", bench.transcript());
    assert_eq!((samples[0].0, &samples[0].1), (110, &Value::Float(12.5)));
    bench.run_for(840);
    assert_eq!(bench.samples("float").len(), 1, "once is enough when the device shows it");
}

#[test]
fn a_value_that_shows_late_is_looked_for_again() {
    let device = Device::new();
    device.set_latency_ms(10);
    let mut bench = start(json!({ "bit_writes": "read-modify-write" }), &device);
    let order = bench.order("word", Value::Int(6));
    bench.run_for(5);
    // The device's program takes its time: it has confirmed, and shows the old value for a while.
    device.set_holding(0, &[0]);
    bench.run_for(295);
    device.set_holding(0, &[6]);
    bench.run_for(500);
    assert!(matches!(bench.outcome(order), Some((SettleCode::Done, _))));
    let shown: Vec<(u64, Value)> = bench.samples("word").into_iter().map(|(at, value, _)| (at, value)).collect();
    let expected = [(120, 0), (230, 0), (390, 0), (650, 6)].map(|(at, value)| (at, Value::Int(value)));
    assert_eq!(shown, expected, "{:#?}", bench.transcript());
}

#[test]
fn a_failed_read_back_is_not_one_more_missed_poll() {
    let device = Device::new();
    let mut bench = start(json!({ "bit_writes": "read-modify-write" }), &device);
    device.fault(FaultRule::new(Fault::NotConnected));
    bench.order("word", Value::Int(5));
    bench.run_for(800);
    assert_eq!(bench.missed("word"), []);
}

#[test]
fn writes_to_one_device_come_one_after_the_other_in_their_order() {
    let device = Device::new();
    device.set_latency_ms(30);
    let mut bench = start(json!({ "bit_writes": "read-modify-write" }), &device);
    let orders: Vec<u64> = (1..=5).map(|value| bench.order("word", Value::Int(value))).collect();
    bench.run_for(2_000);
    assert!(orders.iter().all(|order| matches!(bench.outcome(*order), Some((SettleCode::Done, _)))));
    assert_eq!(device.holding(0, 1), [5]);
}

#[test]
fn an_order_that_expires_while_it_waits_is_not_sent() {
    let device = Device::new();
    device.set_latency_ms(400);
    let mut bench = start(json!({ "bit_writes": "read-modify-write" }), &device);
    bench.run_for(3_000);
    bench.take_events();
    let first = bench.order_for("word", Value::Int(1), 5_000);
    let late = bench.order_for("word", Value::Int(2), 300);
    bench.run_for(5_000);
    assert!(matches!(bench.outcome(first), Some((SettleCode::Done, _))), "{:?}", bench.outcome(first));
    assert!(matches!(bench.outcome(late), Some((SettleCode::NotSent, _))), "{:?}", bench.outcome(late));
    assert_eq!(device.holding(0, 1), [1]);
}
