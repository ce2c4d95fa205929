//! Writes, from a request over HTTP or the WebSocket to the device, back, and into the audit trail.

use std::time::Duration;

use plantroom_model::{OutcomeKind, Value};
use plantroom_tests::{Answer, Api, FaultyDevice, Misdeed, Project, Pymodbus, Station, holds_for, plantroom, wait_until};
use serde_json::{Value as Json, json};

/// Open and close of the newest request about a tag: the close names the open.
#[track_caller]
fn records(api: &Api, tag: &str) -> (Json, Json) {
    let records = api.audit("");
    let open = records.iter().find(|record| record["entry"] == "open" && record["target"] == tag);
    let open = open.unwrap_or_else(|| panic!("no open record: {records:?}"));
    let close = records.iter().find(|record| record["entry"] == "close" && record["of"] == open["number"]);
    (open.clone(), close.unwrap_or_else(|| panic!("no close record: {records:?}")).clone())
}

#[track_caller]
fn ends_as(answer: &Answer, kind: &str, words: &str) {
    assert_eq!(answer.kind(), kind, "{}", answer.text);
    assert!(answer.message().contains(words), "it should say `{words}`: {}", answer.message());
}

#[test]
fn a_write_reaches_the_device_once_is_read_back_and_is_on_record() {
    let mut device = Pymodbus::start();
    device.set(10, &[1234]);
    let project = Project::new();
    project.connection("plc", device.port, 2_000, "").modbus(&["plc"], "fast = 100", "line/*");
    let writable = |more: &str| format!("group = \"fast\"\nwrite = {{ {more} }}");
    project.tag("line/setpoint", "uint", "plc", "holding 10 u16", &writable(""));
    project.tag("line/speed", "float", "plc", "holding 12 f32", &writable("tolerance = 0.01"));
    project.tag(
        "line/scaled",
        "float",
        "plc",
        "holding 14 u16",
        &format!("scaling = {{ raw = [0, 1000], eng = [0, 100] }}\n{}", writable("")),
    );
    project.tag("line/start", "bool", "plc", "coil 3", &writable(""));
    project.tag("line/command", "uint", "plc", "holding 16 u16", &writable("feedback = \"line/setpoint\", follow_ms = 600"));
    project.tag("line/pulse", "uint", "plc", "holding 17 u16", &writable("no_feedback = true"));
    project.tag("line/stuck", "uint", "plc", "holding 18 u32", &writable("follow_ms = 600"));
    project.tag("line/echo", "uint", "plc", "holding 20 u16", &writable(""));
    device.command(json!({ "readonly": [18, 19, 20] }));
    let station = Station::start(&project);
    let (api, console) = (station.api(), station.console(&["line/setpoint", "line/speed"]));
    wait_until("the setpoint is read", 10.0, || console.latest("line/setpoint"), |row| row.number() == 1234.0);

    ends_as(&api.write("line/setpoint", 4321), "confirmed", "line/setpoint");
    let (open, close) = records(&api, "line/setpoint");
    assert_eq!((&open["user"], &open["act"], &open["category"]), (&json!("engineer"), &json!("write tag"), &json!("request")));
    assert_eq!((&open["old"], &open["new"], &open["comment"]), (&json!(1234), &json!(4321), &json!("a test")));
    assert!(close["result"].as_str().is_some_and(|result| result.starts_with("confirmed")), "{close}");

    ends_as(&api.write("line/speed", 48.5), "confirmed", "line/speed");
    ends_as(&api.write("line/scaled", 12.5), "confirmed", "line/scaled");
    ends_as(&api.write("line/start", true), "confirmed", "line/start");
    ends_as(&api.write("line/command", 9), "mismatch", "line/setpoint");
    ends_as(&api.write("line/pulse", 1), "done", "accepted");
    ends_as(&api.write("line/stuck", 7), "mismatch", "line/stuck");
    let outcome = console.write("line/setpoint", Value::Int(77));
    assert_eq!(outcome.kind, OutcomeKind::Confirmed, "{}", outcome.message);
    assert!(outcome.audit > 0);
    wait_until("the console sees it", 5.0, || console.latest("line/setpoint"), |row| row.number() == 77.0);
    assert_eq!(records(&api, "line/setpoint").0["door"], "console");

    // Function 6 echoes what was written; a device that echoes something else has not confirmed it.
    ends_as(&api.write("line/echo", 7), "unknown", "look before trying again");

    let speed = 48.5_f32.to_bits();
    let written: Vec<(u64, u64, Vec<u64>)> =
        device.writes().into_iter().map(|write| (write.function, write.address, write.values)).collect();
    let expected = [
        (6, 10, vec![4321]),
        (16, 12, vec![u64::from(speed >> 16), u64::from(speed & 0xFFFF)]),
        (6, 14, vec![125]),
        (5, 3, vec![1]),
        (6, 16, vec![9]),
        (6, 17, vec![1]),
        (16, 18, vec![0, 7]),
        (6, 10, vec![77]),
        (6, 20, vec![7]),
    ];
    assert_eq!(written, expected);
    let data = project.data();
    let verified = plantroom(&["audit", "verify", data.to_str().expect("a plain path")], &[]);
    assert_eq!(verified.code, 0, "{}{}", verified.stdout, verified.stderr);
}

/// A station with one faulty device, time-out 300 ms: a tag that is polled, and one far from it to write.
fn station_with(device: &FaultyDevice, write: &str) -> (Project, Station, Api) {
    device.set(0, &[5]);
    let project = Project::new();
    project.connection("plc", device.port, 300, "").modbus(&["plc"], "fast = 100", "line/*");
    project.tag("line/level", "uint", "plc", "holding 0 u16", "group = \"fast\"");
    project.tag("line/setpoint", "uint", "plc", "holding 100 u16", &format!("group = \"fast\"\nwrite = {{ {write} }}"));
    let station = Station::start(&project);
    let api = station.api();
    wait_until("the device is read", 10.0, || api.tag("line/setpoint"), |tag| tag.is_good());
    (project, station, api)
}

/// A device, what it does wrong, and the tag on it that is written.
type Sick = (FaultyDevice, Misdeed, String);

#[test]
fn after_a_time_out_the_outcome_is_unknown_and_nothing_is_retried() {
    let misdeeds = [Misdeed::Silent, Misdeed::HalfOpen, Misdeed::Truncated, Misdeed::Cut, Misdeed::WrongUnit, Misdeed::Garbage];
    let project = Project::new();
    let mut sick: Vec<Sick> = Vec::new();
    for misdeed in misdeeds {
        let (device, name) = (FaultyDevice::start(), format!("{misdeed:?}").to_lowercase());
        project.connection(&name, device.port, 300, "");
        project.tag(&format!("level/{name}"), "uint", &name, "holding 0 u16", "group = \"fast\"");
        project.tag(&format!("set/{name}"), "uint", &name, "holding 100 u16", "group = \"fast\"\nwrite = true");
        sick.push((device, misdeed, format!("set/{name}")));
    }
    let names: Vec<&str> = sick.iter().map(|(.., tag)| tag.trim_start_matches("set/")).collect();
    project.modbus(&names, "fast = 100", "*/*");
    let station = Station::start(&project);
    let api = station.api();
    std::thread::scope(|scope| {
        let tests: Vec<_> = sick.iter().map(|sick| scope.spawn(|| (writes_into_the_dark(&api, sick), &sick.1))).collect();
        for test in tests {
            assert!(test.join().is_ok(), "see above");
        }
    });
}

/// Reads of the level are answered; what touches the setpoint meets the fault.
fn writes_into_the_dark(api: &Api, (device, misdeed, tag): &Sick) {
    wait_until("the device is read", 10.0, || api.tag(tag), |tag| tag.is_good());
    device.misbehave_at(*misdeed, Some(100));
    wait_until("the setpoint's reads fail", 10.0, || api.tag(tag), |tag| !tag.is_good());
    // The connection comes and goes now; a write that never left may be asked for again.
    let answer = wait_until("the write leaves", 10.0, || api.write(tag, 42), |answer| answer.kind() != "not-sent");
    ends_as(&answer, "unknown", "look before trying again");
    let (_, close) = records(api, tag);
    assert!(close["result"].as_str().is_some_and(|result| result.starts_with("unknown")), "{misdeed:?}: {close}");
    device.behave();
    wait_until("it is read again", 10.0, || api.tag(tag), |tag| tag.is_good());
    let seen = device.writes();
    assert!(seen.len() <= 1, "{misdeed:?}: a write is never retried: {seen:?}");
    holds_for("no write comes later", 0.7, || device.writes().len(), |count| *count == seen.len());
}

#[test]
fn a_slow_or_stammering_device_confirms_once() {
    for misdeed in [Misdeed::Late(150), Misdeed::Doubled, Misdeed::DoubledLater(60)] {
        let device = FaultyDevice::start();
        let (_project, _station, api) = station_with(&device, "");
        device.misbehave(misdeed);
        for value in [7, 8, 9] {
            ends_as(&api.write("line/setpoint", value), "confirmed", "line/setpoint");
        }
        let written: Vec<Vec<u16>> = device.writes().into_iter().map(|write| write.values).collect();
        assert_eq!(written, [[7], [8], [9]], "{misdeed:?}");
    }
}

#[test]
fn what_never_left_is_not_sent_and_never_comes_later() {
    let device = FaultyDevice::start();
    let (_project, _station, api) = station_with(&device, "");
    device.misbehave(Misdeed::Refuse);
    wait_until("the device is gone", 10.0, || api.tag("line/setpoint"), |tag| tag.is_bad());
    ends_as(&api.write("line/setpoint", 42), "not-sent", "never reached the device");
    let (open, close) = records(&api, "line/setpoint");
    assert_eq!(open["new"], 42);
    assert!(
        close["result"].as_str().is_some_and(|result| result.starts_with("not-sent") || result.starts_with("not sent")),
        "{close}"
    );
    device.behave();
    wait_until("the device is back", 12.0, || api.tag("line/setpoint"), |tag| tag.is_good());
    holds_for("an order does not outlive its connection", 1.0, || device.writes().len(), |count| *count == 0);
}

#[test]
fn an_order_that_has_expired_is_never_delivered() {
    let device = FaultyDevice::start();
    device.set(0, &[5]);
    let project = Project::new();
    project.connection("plc", device.port, 2_000, "").modbus(&["plc"], "fast = 100", "line/*");
    project.tag("line/level", "uint", "plc", "holding 0 u16", "group = \"fast\"");
    project.tag("line/setpoint", "uint", "plc", "holding 100 u16", "write = { expires_ms = 300 }");
    let station = Station::start(&project);
    let api = station.api();
    wait_until("the device is read", 10.0, || api.tag("line/level"), |tag| tag.is_good());
    // Each read takes 1.2 s now, and the write waits behind one for longer than it is valid.
    device.misbehave_at(Misdeed::Late(1_200), Some(0));
    let reads = device.reads();
    wait_until("a slow read is under way", 5.0, || device.reads(), |count| *count > reads);
    ends_as(&api.write("line/setpoint", 42), "not-sent", "never reached the device");
    holds_for("it is not delivered later", 2.0, || device.writes().len(), |count| *count == 0);
}

#[test]
fn a_device_that_refuses_is_told_in_words() {
    let device = FaultyDevice::start();
    let (_project, _station, api) = station_with(&device, "");
    device.misbehave_at(Misdeed::Exception(3), Some(100));
    let answer = api.write("line/setpoint", 42);
    ends_as(&answer, "refused", "refused");
    assert_eq!(device.writes().len(), 1, "it was asked once");
    let (_, close) = records(&api, "line/setpoint");
    assert!(close["result"].as_str().is_some_and(|result| result.starts_with("refused")), "{close}");
}

#[test]
fn what_may_not_be_is_refused_recorded_and_never_sent() {
    let device = Pymodbus::start();
    let project = Project::new();
    project.connection("plc", device.port, 500, "").modbus(&["plc"], "fast = 100", "line/*");
    project.memory("plant/suction_open", "bool", "false", "write = true");
    project.memory("plant/level", "float", "50.0", "write = true");
    project.tag("line/nan", "float", "plc", "holding 30 f32", "group = \"fast\"");
    let tag = |name: &str, address: u16, write: &str| {
        project.tag(
            name,
            "float",
            "plc",
            &format!("holding {address} u16"),
            &format!("group = \"fast\"\nrange = [0, 100]\nwrite = {{ {write} }}"),
        );
    };
    tag("line/setpoint", 10, "range = [10, 90]");
    tag("line/limit", 11, "role = \"engineer\"");
    tag(
        "line/pump",
        12,
        "permissives = [{ tag = \"plant/suction_open\", is = true, message = \"the suction valve is closed\" }]",
    );
    tag("line/dose", 13, "permissives = [{ tag = \"line/nan\", at_least = 1, message = \"there is no flow\" }]");
    let mut device = device;
    device.set_f32(30, f32::NAN);
    let station = Station::start(&project);
    let api = station.api();
    wait_until("the device is read", 10.0, || api.tag("line/pump"), |tag| tag.is_good());

    ends_as(&api.write("line/setpoint", 91), "refused", "10 to 90");
    ends_as(&api.write("line/setpoint", 9.9), "refused", "10 to 90");
    ends_as(&api.write("line/nan", 5), "refused", "can't be written");
    ends_as(&api.write("line/pump", 5), "refused", "the suction valve is closed");
    ends_as(&api.write("line/dose", 5), "refused", "line/nan has no good value");
    let (viewer, operator) = (api.new_user("viewer", "view"), api.new_user("operator", "operate"));
    let answer = viewer.write("line/setpoint", 50);
    assert_eq!(answer.status, 403, "{}", answer.text);
    ends_as(&operator.write("line/limit", 50), "refused", "engineer");
    assert_eq!(api.call("PUT", "/api/v1/tags/line%2Fsetpoint/value", Some(json!({ "value": "fifty" }))).status, 400);
    assert_eq!(Api::anonymous(&station.url).write("line/setpoint", 50).status, 401);
    let console = station.console(&["line/setpoint"]);
    assert_eq!(console.write("line/setpoint", Value::Float(f64::NAN)).kind, OutcomeKind::Refused);
    assert_eq!(console.write("line/setpoint", Value::Float(f64::INFINITY)).kind, OutcomeKind::Refused);
    assert_eq!(console.write("line/setpoint", Value::Text("50".into())).kind, OutcomeKind::Refused);
    assert_eq!(device.writes(), [], "nothing of this reaches the device");

    let records = api.audit("");
    let is_refused = |record: &Json| record["result"].as_str().is_some_and(|result| result.contains("refused"));
    for (target, user) in [
        ("line/setpoint", "engineer"),
        ("line/pump", "engineer"),
        ("line/limit", "operator"),
        ("/api/v1/tags/{name}/value", "viewer"),
    ] {
        let about = |record: &Json| record["user"] == user && record["target"] == target;
        let closed = |open: &Json| records.iter().any(|record| record["of"] == open["number"] && is_refused(record));
        let told =
            records.iter().any(|record| about(record) && (is_refused(record) || (record["entry"] == "open" && closed(record))));
        assert!(told, "the refusal of {user} at {target} must be on record: {records:?}");
    }
    ends_as(&api.write("plant/suction_open", true), "confirmed", "plant/suction_open");
    ends_as(&operator.write("line/pump", 5), "confirmed", "line/pump");
    ends_as(&api.write("line/limit", 50), "confirmed", "line/limit");
    assert_eq!(device.writes().len(), 2);
}

#[test]
fn a_driver_that_fails_over_an_order_leaves_it_unknown() {
    let device = FaultyDevice::start();
    let project = Project::new();
    for mode in ["trap_in_write", "never_settles"] {
        project.connection_of(mode, mode, device.port, 300);
        let grant = format!("connections = [\"{mode}\"]\npublish = [\"bad/{mode}\"]\nwrite = [\"bad/{mode}\"]");
        project.plugin(mode, "hostile", &format!("mode = \"{mode}\""), &grant);
        project.tag(&format!("bad/{mode}"), "uint", mode, "holding 0 u16", "write = { expires_ms = 1000 }");
    }
    let station = Station::start(&project);
    let api = station.api();
    for mode in ["trap_in_write", "never_settles"] {
        let state = format!("system/plugins/{mode}/state");
        wait_until("the plugin runs", 10.0, || api.tag(&state), |tag| tag.number() == 1.0);
    }
    wait_until("the connection is up", 10.0, || api.tag("system/connections/trap_in_write/state"), |tag| tag.number() == 1.0);
    // The guest traps 1 ms after the write has left; the device's answer takes longer.
    device.misbehave(Misdeed::Late(100));
    ends_as(&api.write("bad/trap_in_write", 7), "unknown", "look before trying again");
    assert_eq!(device.writes().len(), 1, "it went out once, and is not repeated after the restart");
    wait_until("the fault is told", 5.0, || api.tag("system/plugins/trap_in_write/faults"), |tag| tag.number() >= 1.0);
    wait_until("it runs again", 10.0, || api.tag("system/plugins/trap_in_write/state"), |tag| tag.number() == 1.0);
    holds_for("no write after the restart", 0.5, || device.writes().len(), |count| *count == 1);
    let began = std::time::Instant::now();
    ends_as(&api.write("bad/never_settles", 7), "unknown", "look before trying again");
    assert!(began.elapsed() < Duration::from_secs(6), "the operator is told in time: {:?}", began.elapsed());
    for tag in ["bad/trap_in_write", "bad/never_settles"] {
        assert!(records(&api, tag).1["result"].as_str().is_some_and(|result| result.starts_with("unknown")));
    }
}
