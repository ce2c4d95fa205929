//! Several devices behind one connection, what is learnt of each, and what the driver says of its tags.

use plantroom_plugin_modbus::ModbusDriver;
use plantroom_testkit::{Bench, Device, Fault, FaultRule, Runner, SettleCode, Spec, StartError, Status, Value, conformance};
use serde_json::json;

fn start(spec: &Spec) -> Bench {
    Bench::start(&Runner::native::<ModbusDriver>(), spec).expect("a good spec")
}

/// Three meters on one line, read every second.
fn line(devices: &[Device; 3]) -> Spec {
    let mut spec = Spec::new().line("line", json!({ "word_order": "cdab" }));
    for (device, unit) in devices.iter().zip(1..) {
        spec = spec
            .unit(&format!("m{unit}"), unit, json!({}), device)
            .tag(&format!("m{unit}/power"), "float", "input 12 f32", "")
            .tag(&format!("m{unit}/count"), "uint", "holding 100", "")
            .tag(&format!("m{unit}/limit"), "uint", "holding 7", "")
            .writable();
    }
    spec
}

fn three() -> [Device; 3] {
    [Device::new(), Device::new(), Device::new()]
}

fn asked(bench: &Bench, unit: u8) -> Vec<u64> {
    let of_unit = bench.requests().into_iter().filter(|(_, request)| request.unit == unit && !request.writes());
    of_unit.map(|(at_ms, _)| at_ms).collect()
}

#[test]
fn each_device_of_a_line_is_asked_at_its_own_address_with_its_own_settings() {
    let devices = three();
    for (device, value) in devices.iter().zip([1.5_f32, 2.5, 3.5]) {
        let bits = value.to_bits();
        device.set_input(12, &[bits as u16, (bits >> 16) as u16]);
    }
    let mut bench = start(&line(&devices));
    bench.run_for(100);
    for (unit, value) in [(1, 1.5), (2, 2.5), (3, 3.5)] {
        assert_eq!(bench.last(&format!("m{unit}/power")), Some((Value::Float(value), Status::GOOD)));
    }
    let order = bench.order("m2/limit", Value::Uint(9));
    bench.run_for(100);
    assert!(matches!(bench.outcome(order), Some((SettleCode::Done, _))));
    assert_eq!((devices[0].holding(7, 1), devices[1].holding(7, 1)), (vec![0], vec![9]));
    assert_eq!(bench.faults(), Vec::<String>::new());
}

#[test]
fn a_dead_device_is_asked_rarely_and_its_neighbours_keep_their_pace() {
    let devices = three();
    devices.iter().for_each(|device| device.set_latency_ms(5));
    devices[1].fault(FaultRule::new(Fault::Silent));
    let mut bench = start(&line(&devices).timeout_ms(500));
    bench.run_for(299_900);
    let dead = asked(&bench, 2);
    assert!((8..=16).contains(&dead.len()), "asked {} times in five minutes: {dead:?}", dead.len());
    assert_eq!(bench.missed("m2/power").len(), 300, "and told at every beat");
    for tag in ["m1/power", "m3/count"] {
        let at: Vec<u64> = bench.samples(tag).iter().map(|(at, ..)| *at).collect();
        assert_eq!((at.len(), bench.missed(tag).len()), (300, 0), "{tag}");
        let late = at.iter().filter(|at| *at % 1_000 > 100).count();
        assert!(late <= dead.len(), "{tag} waited for the dead one {late} times");
    }
    assert_eq!(bench.lines().len(), 2, "{:?}", bench.lines());
    assert!(bench.lines().iter().any(|line| line.starts_with("line/m2: 3 requests in a row")), "{:?}", bench.lines());
    devices[1].heal();
    bench.take_events();
    bench.run_for(61_100);
    assert_eq!(bench.last("m2/power").map(|(_, status)| status), Some(Status::GOOD));
    assert_eq!(bench.lines(), ["line/m2, group normal: the device answers again"]);
    bench.take_events();
    bench.run_for(10_000);
    assert_eq!(bench.samples("m2/count").len(), 10, "and at its own pace again");
}

#[test]
fn a_write_to_a_silent_device_is_tried_and_wakes_it() {
    let devices = three();
    devices[1].fault(FaultRule::new(Fault::Silent));
    let mut bench = start(&line(&devices).timeout_ms(200));
    bench.run_for(30_000);
    let order = bench.order("m2/limit", Value::Uint(1));
    bench.run_for(1_000);
    assert!(matches!(bench.outcome(order), Some((SettleCode::Unknown, _))));
    devices[1].heal();
    let order = bench.order("m2/limit", Value::Uint(2));
    bench.run_for(1_100);
    assert!(matches!(bench.outcome(order), Some((SettleCode::Done, _))));
    assert_eq!(bench.last("m2/power").map(|(_, status)| status), Some(Status::GOOD), "polled at the next beat");
}

#[test]
fn a_device_that_a_gateway_can_not_reach_is_left_alone_too() {
    for code in [10, 11] {
        let devices = three();
        devices[2].fault(FaultRule::new(Fault::Exception(code)));
        let mut bench = start(&line(&devices));
        bench.run_for(59_900);
        assert!(asked(&bench, 3).len() < 12, "{code}: {:?}", asked(&bench, 3));
        assert_eq!(bench.samples("m1/power").len(), 60, "{code}");
        assert!(bench.missed("m3/power").iter().all(|(_, reason)| *reason == Status::BAD_NO_COMMUNICATION), "{code}");
    }
}

#[test]
fn a_failure_of_one_register_is_found_and_that_of_a_whole_device_is_not_searched() {
    let device = Device::new();
    let mut spec = Spec::new().connection("plc", json!({}), &device);
    for at in 0..16 {
        spec = spec.tag(&format!("r{at}"), "uint", &format!("holding {at}"), "");
    }
    device.fault(FaultRule::new(Fault::Exception(4)).on_cells(6..7));
    let mut bench = start(&spec);
    bench.run_for(500);
    for at in 0..16 {
        let expected = if at == 6 { (Value::Null, Status::BAD_CONFIGURATION) } else { (Value::Uint(0), Status::GOOD) };
        assert_eq!(bench.last(&format!("r{at}")), Some(expected), "r{at}");
    }
    assert!(
        bench.lines()[0].contains("holding 6 can't be read") && bench.lines()[0].contains("exception 4"),
        "{:?}",
        bench.lines()
    );

    let mut bench = start(&spec);
    device.heal();
    bench.run_for(500);
    device.fault(FaultRule::new(Fault::Exception(4)));
    bench.run_for(1_000);
    bench.take_events();
    bench.run_for(10_000);
    assert_eq!(bench.requests().len(), 10, "one request a beat");
    assert!((0..16).all(|at| bench.last(&format!("r{at}")) == Some((Value::Null, Status::BAD_DEVICE_FAILURE))));
    device.heal();
    bench.run_for(1_000);
    assert!((0..16).all(|at| bench.last(&format!("r{at}")) == Some((Value::Uint(0), Status::GOOD))));
}

#[test]
fn the_driver_says_how_a_tag_came_to_its_value() {
    let devices = three();
    devices[0].set_input(12, &[0xE979, 0x42F6]);
    devices[2].fault(FaultRule::new(Fault::Silent));
    devices[1].fault(FaultRule::new(Fault::Exception(2)).on_cells(100..101));
    let mut bench = start(&line(&devices).timeout_ms(200));
    assert_eq!(bench.explain("m1/power").map(|told| told.words), Some(vec![]), "nothing was read yet");
    bench.run_for(20_000);
    let told = bench.explain("m1/power").expect("it knows the tag");
    assert_eq!(told.place, "input 12 f32 cdab (wire address 12; traditionally 30013 to 30014), unit 1 of `line/m1`");
    assert_eq!(told.words, [0xE979, 0x42F6]);
    assert!(told.at.0 > 1_767_225_600_000_000_000, "{told:?}");
    assert_eq!(told.note, "read with input 12 to 13 by function 4, every 1000 ms (group `normal`)");
    let cases = [("m2/count", "(Modbus exception 2); check the address; asked again in"), ("m3/power", "asked again in")];
    for (tag, part) in cases {
        let note = bench.explain(tag).expect("it knows the tag").note;
        assert!(note.contains(part), "{tag}: {note}");
    }
    assert_eq!(bench.faults(), Vec::<String>::new());
}

#[test]
fn a_value_has_the_time_at_which_its_answer_came() {
    let device = Device::new();
    device.set_latency_ms(40);
    let spec = Spec::new().connection("plc", json!({}), &device).tag("a", "uint", "holding 0", "");
    let mut bench = start(&spec.tag("t", "text", "holding 10 text 4", ""));
    bench.run_for(200);
    let of = |tag: &str| bench.transcript().into_iter().find(|line| line.contains(&format!("{tag} = "))).unwrap_or_default();
    assert!(of("a").ends_with("of 40 ms)"), "{}", of("a"));
    assert!(of("t").ends_with("of 80 ms)"), "{}", of("t"));
}

#[test]
fn what_a_project_says_wrongly_of_devices_is_told() {
    let device = Device::new();
    let spec = Spec::new()
        .line("line", json!({}))
        .unit("a", 1, json!({ "bit_writes": "perhaps" }), &device)
        .tag("a/zero", "uint", "holding 0", "")
        .tag("a/mixed", "uint", "40002", "")
        .unit("b", 2, json!({}), &device)
        .tag("b/bit", "bool", "holding 3.1", "")
        .writable()
        .unit("c", 2, json!({ "addresses": "1-based" }), &device)
        .tag("c/one", "uint", "holding 0", "");
    let Err(StartError::Problems(problems)) = Bench::start(&Runner::native::<ModbusDriver>(), &spec) else {
        panic!("it started with all these mistakes")
    };
    let expected = [
        (None, "connection `line`, device `a`: `bit_writes` must be one of mask, read-modify-write"),
        (None, "connection `line`, device `c`: `unit` is 2, as that of `line/b`"),
        (Some("a/mixed"), "but that of `a/zero` on the same device, `line/a`, is 0-based"),
        (Some("b/bit"), "set `bit_writes` to \"mask\""),
        (Some("c/one"), "there is no 0"),
    ];
    for (tag, sentence) in expected {
        let told = problems.iter().any(|(name, message)| name.as_deref() == tag && message.contains(sentence));
        assert!(told, "{tag:?}: {sentence:?} is not in {problems:#?}");
    }
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
}

#[test]
fn it_keeps_the_contract_on_a_line_too() {
    let wrong = conformance(&Runner::native::<ModbusDriver>(), &line(&three()).timeout_ms(200));
    assert!(wrong.is_empty(), "{wrong:#?}");
}
