//! How the driver polls, on a bench with virtual time.

use plantroom_plugin_modbus::ModbusDriver;
use plantroom_testkit::{Bench, Device, Fault, FaultRule, Runner, Spec, StartError, Status, Value, conformance};
use serde_json::json;

fn start(spec: &Spec) -> Bench {
    Bench::start(&Runner::native::<ModbusDriver>(), spec).expect("a good spec")
}

fn one_device(device: &Device) -> Spec {
    Spec::new().config(json!({ "groups": { "fast": 250, "normal": 1000 } })).connection("plc", json!({}), device)
}

fn good(value: Value) -> Option<(Value, Status)> {
    Some((value, Status::GOOD))
}

fn reads(bench: &Bench) -> Vec<(u64, u8, u16, u16)> {
    bench.requests().iter().map(|(at, request)| (*at, request.function, request.address, request.count)).collect()
}

#[test]
fn registers_and_bits_become_values() {
    let device = Device::new();
    device.set_holding(0, &[0x42F6, 0xE979, 0xFFFE, 0x0008]);
    device.set_holding(100, &[0x4142, 0x4300]);
    device.set_input(10, &[7, 0x7FC0, 0]);
    device.set_coils(3, &[1]);
    device.set_discrete(0, &[1]);
    let spec = one_device(&device)
        .tag("float", "float", "holding 0 f32", "")
        .tag("same", "float", "HOLDING 0  F32", "")
        .tag("signed", "int", "holding 2 i16", "")
        .tag("bit", "bool", "holding 3.3", "")
        .tag("text", "text", "holding 100 text 4", "")
        .tag("unsigned", "uint", "input 10", "")
        .tag("nan", "float", "input 11 f32", "")
        .tag("coil", "bool", "coil 3", "")
        .tag("discrete", "bool", "discrete 0", "");
    let mut bench = start(&spec);
    bench.run_for(10);
    assert_eq!(bench.last("float"), good(Value::Float(f64::from(123.456_f32))));
    assert_eq!(bench.last("same"), bench.last("float"));
    assert_eq!(bench.last("signed"), good(Value::Int(-2)));
    assert_eq!(bench.last("bit"), good(Value::Bool(true)));
    assert_eq!(bench.last("text"), good(Value::Text("ABC".into())));
    assert_eq!(bench.last("unsigned"), good(Value::Uint(7)));
    assert!(matches!(bench.last("nan"), Some((Value::Float(v), Status::GOOD)) if v.is_nan()));
    assert_eq!(bench.last("coil"), good(Value::Bool(true)));
    assert_eq!(bench.last("discrete"), good(Value::Bool(true)));
    let expected = [(0, 1, 3, 1), (0, 2, 0, 1), (0, 4, 10, 3), (0, 3, 0, 4), (0, 3, 100, 2)];
    assert_eq!(reads(&bench), expected, "five blocks, each read once");
    assert_eq!(bench.faults(), Vec::<String>::new());
}

#[test]
fn each_group_keeps_its_own_beat_in_phase() {
    let device = Device::new();
    device.set_latency_ms(7);
    let spec = one_device(&device).tag("quick", "uint", "holding 0", "fast").tag("slow", "uint", "holding 1", "normal");
    let mut bench = start(&spec);
    bench.run_for(60_000);
    let beats = |address| reads(&bench).iter().filter(|read| read.2 == address).map(|read| read.0).collect::<Vec<_>>();
    assert_eq!(beats(0), (0..=240).map(|beat| beat * 250).collect::<Vec<_>>());
    assert_eq!(beats(1), (0..=60).map(|beat| beat * 1_000).collect::<Vec<_>>());
}

#[test]
fn a_slow_device_skips_beats_and_builds_no_backlog() {
    let device = Device::new();
    device.set_latency_ms(600);
    let mut bench = start(&one_device(&device).tag("quick", "uint", "holding 0", "fast"));
    bench.run_for(10_000);
    let at: Vec<u64> = reads(&bench).iter().map(|read| read.0).collect();
    assert_eq!(at[..4], [0, 750, 1_500, 2_250], "the next beat in phase");
    device.set_latency_ms(0);
    bench.run_for(1_000);
    assert!(reads(&bench).iter().rev().take(3).all(|read| read.0 % 250 == 0));
}

#[test]
fn a_device_that_is_away_is_missed_at_every_beat_and_comes_back() {
    for (fault, reason) in [
        (Fault::Silent, Status::BAD_TIMEOUT),
        (Fault::NotConnected, Status::BAD_NOT_CONNECTED),
        (Fault::BadAnswer, Status::BAD_DECODING),
        (Fault::ShortAnswer, Status::BAD_DECODING),
        (Fault::LongAnswer, Status::BAD_DECODING),
        (Fault::Exception(6), Status::BAD_NO_COMMUNICATION),
        (Fault::Exception(11), Status::BAD_NO_COMMUNICATION),
    ] {
        let device = Device::new();
        let spec = one_device(&device).timeout_ms(200).tag("a", "uint", "holding 0", "").tag("b", "uint", "coil 9", "");
        let mut bench = start(&spec);
        bench.run_for(500);
        device.fault(FaultRule::new(fault));
        bench.take_events();
        bench.run_for(5_000);
        for tag in ["a", "b"] {
            assert_eq!(bench.samples(tag), [], "{fault:?}");
            assert_eq!(bench.missed(tag).len(), 5, "{fault:?}: {:#?}", bench.transcript());
            // A lost answer ends the connection, and what waited there with it.
            let told = |found: Status| found == reason || found == Status::BAD_NOT_CONNECTED;
            assert!(bench.missed(tag).iter().all(|(_, found)| told(*found)), "{fault:?}: {:?}", bench.missed(tag));
        }
        assert!(["a", "b"].iter().any(|tag| bench.missed(tag).iter().any(|(_, found)| *found == reason)), "{fault:?}");
        assert_eq!(bench.lines().len(), 1, "told once: {:?}", bench.lines());
        device.heal();
        bench.take_events();
        // The station's own pause before it connects again is 5 s at most.
        bench.run_for(6_000);
        assert_eq!(bench.last("a"), good(Value::Uint(0)), "{fault:?}");
        assert_eq!(bench.lines(), ["plc, group normal: the device answers again"], "{fault:?}");
    }
}

#[test]
fn a_refusing_device_is_told_with_its_reason() {
    for (code, status) in [(1, Status::BAD_NOT_SUPPORTED), (4, Status::BAD_DEVICE_FAILURE), (8, Status::BAD_DEVICE_FAILURE)] {
        let device = Device::new();
        device.fault(FaultRule::new(Fault::Exception(code)));
        let mut bench = start(&one_device(&device).tag("a", "uint", "holding 0", ""));
        bench.run_for(3_500);
        assert_eq!(bench.samples("a").len(), 4);
        assert!(bench.samples("a").iter().all(|(_, value, found)| (value, *found) == (&Value::Null, status)), "{code}");
        assert_eq!(bench.lines().len(), 1, "{:?}", bench.lines());
        assert!(bench.lines()[0].contains(&format!("exception {code}")), "{:?}", bench.lines());
    }
}

#[test]
fn a_wrong_address_costs_only_its_own_tag() {
    let device = Device::new();
    device.fault(FaultRule::new(Fault::Exception(2)).on_cells(10..12).on_functions(&[3]));
    let mut spec = one_device(&device);
    for at in 0..16 {
        spec = spec.tag(&format!("f{at}"), "float", &format!("holding {} f32", 2 * at), "");
    }
    let mut bench = start(&spec);
    bench.run_for(500);
    for at in 0..16 {
        let expected = if at == 5 { (Value::Null, Status::BAD_CONFIGURATION) } else { (Value::Float(0.0), Status::GOOD) };
        assert_eq!(bench.last(&format!("f{at}")), Some(expected), "f{at}");
    }
    assert_eq!(bench.lines().len(), 1, "{:?}", bench.lines());
    assert!(
        bench.lines()[0].starts_with("plc: holding 10 to 11 can't be read: the device refused: it has nothing at this address"),
        "{:?}",
        bench.lines()
    );

    bench.take_events();
    bench.run_for(4_000);
    let around: Vec<_> = reads(&bench).iter().map(|read| (read.2, read.3)).collect();
    assert_eq!(around, [(0, 10), (12, 20)].repeat(4), "read around it");
    assert_eq!(bench.samples("f5").len(), 4, "and said so at every beat");

    bench.take_events();
    bench.run_for(300_000);
    let asked: Vec<u64> = reads(&bench).iter().filter(|read| read.2 == 10).map(|read| read.0).collect();
    assert!((4..=7).contains(&asked.len()), "asked again rarely: {asked:?}");
    device.heal();
    bench.run_for(301_000);
    assert_eq!(bench.last("f5"), Some((Value::Float(0.0), Status::GOOD)));
    bench.take_events();
    bench.run_for(1_000);
    assert_eq!(reads(&bench).iter().map(|read| (read.2, read.3)).collect::<Vec<_>>(), [(0, 32)], "one block again");
}

#[test]
fn a_gap_that_can_not_be_read_is_left_out() {
    let device = Device::new();
    device.fault(FaultRule::new(Fault::Exception(2)).on_cells(2..3));
    let spec = Spec::new()
        .connection("plc", json!({ "gap": 4 }), &device)
        .tag("a", "uint", "holding 1", "")
        .tag("b", "uint", "holding 3", "")
        .tag("c", "uint", "holding 5", "");
    let mut bench = start(&spec);
    bench.run_for(10);
    assert!(["a", "b", "c"].iter().all(|tag| bench.last(tag) == good(Value::Uint(0))), "{:#?}", bench.transcript());
    bench.take_events();
    bench.run_for(1_000);
    assert_eq!(reads(&bench).iter().map(|read| (read.2, read.3)).collect::<Vec<_>>(), [(1, 1), (3, 3)]);
}

#[test]
fn a_device_that_gives_less_at_once_than_it_should_is_read_in_smaller_pieces() {
    let device = Device::new();
    device.set_most_cells(50);
    let mut spec = one_device(&device);
    for at in 0..120 {
        spec = spec.tag(&format!("r{at}"), "uint", &format!("holding {at}"), "");
    }
    let mut bench = start(&spec);
    bench.run_for(5_000);
    assert!((0..120).all(|at| bench.last(&format!("r{at}")) == good(Value::Uint(0))));
    bench.take_events();
    bench.run_for(1_000);
    assert!(reads(&bench).len() <= 4, "{:?}", reads(&bench));
}

#[test]
fn a_block_that_is_never_answered_costs_its_neighbours_little() {
    let device = Device::new();
    device.fault(FaultRule::new(Fault::Silent).on_cells(0..1));
    let mut spec = one_device(&device).timeout_ms(300);
    for at in 0..6 {
        spec = spec.tag(&format!("r{at}"), "uint", &format!("holding {}", 10 * at), "");
    }
    let mut bench = start(&spec);
    bench.run_for(121_500);
    assert_eq!(bench.samples("r0"), []);
    assert!(bench.missed("r0").len() >= 120, "silence is told at every beat: {:#?}", &bench.transcript()[..120]);
    for at in 1..6 {
        let tag = format!("r{at}");
        assert!(bench.missed(&tag).len() <= 2, "{tag} was missed at {:?}", bench.missed(&tag));
        assert!(bench.samples(&tag).len() >= 119, "{tag}: {}", bench.samples(&tag).len());
    }
    let asked = reads(&bench).iter().filter(|read| read.2 == 0).count();
    assert!((3..=9).contains(&asked), "asked {asked} times in two minutes");
    assert_eq!(bench.lines().len(), 3, "{:?}", bench.lines());
    assert!(bench.lines().iter().any(|line| line.contains("though it answers the rest")), "{:?}", bench.lines());
}

#[test]
fn one_dead_device_costs_the_others_nothing() {
    let (dead, healthy) = (Device::new(), Device::new());
    dead.fault(FaultRule::new(Fault::Silent));
    let spec = Spec::new()
        .connection("dead", json!({}), &dead)
        .tag("d", "uint", "holding 0", "")
        .connection("healthy", json!({}), &healthy)
        .tag("h", "uint", "holding 0", "");
    let mut bench = start(&spec);
    bench.run_for(10_500);
    assert_eq!(
        bench.samples("h").iter().map(|(at, ..)| *at).collect::<Vec<_>>(),
        (0..=10).map(|s| s * 1_000).collect::<Vec<_>>()
    );
}

#[test]
fn every_mistake_of_a_project_is_told_at_once_with_its_tag() {
    let device = Device::new();
    let spec = Spec::new()
        .config(json!({ "groups": { "fast": 1 }, "gropus": {} }))
        .connection("plc", json!({ "unit": 300, "max_registers": 10, "max_write_registers": 2 }), &device)
        .tag("good", "float", "holding 0 f32", "")
        .tag("misspelt", "float", "holdin 0 f32", "")
        .tag("mixed", "float", "holding 400001 f32", "")
        .tag("group", "float", "holding 0 f32", "quick")
        .tag("both", "float", "holding 0 f33", "quick")
        .tag("read_only", "uint", "input 0", "")
        .writable()
        .tag("long", "text", "holding 0 text 30", "")
        .tag("wide", "float", "holding 0 f64", "")
        .writable()
        .tag("kind", "float", "holding 0 text 4", "");
    let Err(StartError::Problems(problems)) = Bench::start(&Runner::native::<ModbusDriver>(), &spec) else {
        panic!("it started with all these mistakes")
    };
    let told = |tag: Option<&str>, sentence: &str| {
        problems.iter().any(|(name, message)| name.as_deref() == tag && message.contains(sentence))
    };
    let expected = [
        (None, "`gropus` is not known"),
        (None, "`fast` must be a whole number of 10 to 86400000 ms, not 1"),
        (None, "connection `plc`, [connection.device]: `unit` must be a whole number from 0 to 255, not 300"),
        (Some("misspelt"), "`holdin` is not one of the tables"),
        (Some("mixed"), "mixes the two notations"),
        (Some("group"), "polling group `quick`"),
        (Some("both"), "polling group `quick`"),
        (Some("both"), "`f33` is not one of the types"),
        (Some("read_only"), "can only be read"),
        (Some("long"), "would be torn"),
        (Some("wide"), "(max_write_registers)"),
        (Some("kind"), "kind = \"text\""),
    ];
    for (tag, sentence) in expected {
        assert!(told(tag, sentence), "{tag:?}: {sentence:?} is not in {problems:#?}");
    }
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
}

#[test]
fn it_keeps_the_contract_whatever_happens() {
    let device = Device::new();
    let spec = Spec::new()
        .config(json!({ "groups": { "fast": 250 } }))
        .connection("plc", json!({ "gap": 3, "bit_writes": "mask" }), &device)
        .tag("level", "float", "holding 0 f32", "fast")
        .tag("limit", "float", "holding 4 f32 cdab", "")
        .writable()
        .tag("bit", "bool", "holding 9.2", "")
        .writable()
        .tag("name", "text", "holding 20 text 8", "")
        .writable()
        .tag("start", "bool", "coil 1", "fast")
        .writable()
        .tag("state", "bool", "discrete 1", "fast")
        .tag("count", "uint", "input 7 u64", "");
    let wrong = conformance(&Runner::native::<ModbusDriver>(), &spec);
    assert!(wrong.is_empty(), "{wrong:#?}");
}
