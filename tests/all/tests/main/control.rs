//! Writes with rules of their own, tags that a person takes over, `tag why`, and automations.

use plantroom_tests::{Answer, Api, Project, Pymodbus, Station, plantroom, wait_until};
use serde_json::{Value as Json, json};

#[track_caller]
fn ends_as(answer: &Answer, kind: &str, words: &str) {
    assert_eq!(answer.kind(), kind, "{}", answer.text);
    assert!(answer.message().contains(words), "it should say `{words}`: {}", answer.message());
}

fn segment(name: &str) -> String {
    name.replace('/', "%2F")
}

#[track_caller]
fn set_mode(api: &Api, name: &str, mode: &str, value: impl Into<Json>) -> Answer {
    let body = json!({ "mode": mode, "value": value.into(), "reason": "sensor is being calibrated" });
    api.call("PUT", &format!("/api/v1/tags/{}/mode", segment(name)), Some(body))
}

#[track_caller]
fn why(api: &Api, name: &str) -> Json {
    api.get(&format!("/api/v1/tags/{}/why", segment(name)))
}

/// A line with a device behind it; `tags` are added to these by each test.
fn line(device: &Pymodbus) -> Project {
    let project = Project::new();
    project.connection("plc", device.port, 2_000, "").modbus(&["plc"], "fast = 100", "line/*");
    project
}

fn add(project: &Project, name: &str, kind: &str, address: &str, more: &str) {
    project.tag(name, kind, "plc", address, &format!("group = \"fast\"\n{more}"));
}

/// The values written to one address, in order.
fn written(device: &Pymodbus, address: u64) -> Vec<u64> {
    device.writes().into_iter().filter(|write| write.address == address).flat_map(|write| write.values).collect()
}

#[test]
fn steps_intervals_and_questions_are_kept_whoever_asks() {
    let mut device = Pymodbus::start();
    device.set(10, &[100, 5, 7]);
    let project = line(&device);
    add(&project, "line/speed", "uint", "holding 10 u16", "write = { max_step = 50 }");
    add(&project, "line/slow", "uint", "holding 11 u16", "write = { min_interval_ms = 60000 }");
    add(&project, "line/asked", "uint", "holding 12 u16", "write = { confirmation = \"Nobody is at the line.\" }");
    let station = Station::start(&project);
    let api = station.api();
    wait_until("the line is read", 10.0, || api.tag("line/asked"), |tag| tag.number() == 7.0);

    ends_as(&api.write("line/speed", 151), "refused", "at most 50");
    ends_as(&api.write("line/speed", 150), "confirmed", "line/speed");
    ends_as(&api.write("line/slow", 6), "confirmed", "line/slow");
    ends_as(&api.write("line/slow", 7), "refused", "written just now");
    ends_as(&api.write("line/asked", 8), "refused", "Nobody is at the line.");
    let sure = json!({ "value": 8, "confirmed": true });
    ends_as(&api.call("PUT", "/api/v1/tags/line%2Fasked/value", Some(sure)), "confirmed", "line/asked");

    assert_eq!((written(&device, 10), written(&device, 11), written(&device, 12)), (vec![150], vec![6], vec![8]));
    let told = why(&api, "line/slow");
    assert!(
        told["text"].as_str().is_some_and(|text| text.contains("last refusal") && text.contains("written just now")),
        "{told}"
    );
}

#[test]
fn a_pulse_is_put_back_even_if_whoever_asked_is_gone() {
    let mut device = Pymodbus::start();
    device.set(20, &[0]);
    let project = line(&device);
    add(&project, "line/start", "uint", "holding 20 u16", "write = { pulse = { hold_ms = 700, rest = 0 } }");
    let station = Station::start(&project);
    let api = station.api();
    wait_until("the line is read", 10.0, || api.tag("line/start"), |tag| tag.number() == 0.0);

    ends_as(&api.write("line/start", 1), "confirmed", "700 ms");
    assert_eq!(written(&device, 20), [1, 0]);
    let records = api.audit("line/start");
    let opened: Vec<&Json> = records.iter().filter(|record| record["entry"] == "open").collect();
    assert_eq!(opened.len(), 1, "one record covers both writes: {records:?}");
    assert_eq!(opened[0]["new"], json!({ "pulse": 1, "rest": 0 }));

    let asking = {
        let console = station.console(&["line/start"]);
        console.ask_write("line/start", plantroom_model::Value::Int(1));
        wait_until("the pulse has begun", 5.0, || written(&device, 20), |values| values.last() == Some(&1));
        console
    };
    drop(asking);
    wait_until("the station puts it back", 5.0, || written(&device, 20), |values| values.last() == Some(&0));
    assert_eq!(written(&device, 20), [1, 0, 1, 0]);
}

#[test]
fn a_pulse_that_was_cut_off_is_told_after_the_restart_and_not_written_blindly() {
    let mut device = Pymodbus::start();
    device.set(20, &[0]);
    let project = line(&device);
    add(&project, "line/start", "uint", "holding 20 u16", "write = { pulse = { hold_ms = 60000, rest = 0 } }");
    let mut station = Station::start(&project);
    let api = station.api();
    wait_until("the line is read", 10.0, || api.tag("line/start"), |tag| tag.number() == 0.0);
    let asking = std::thread::spawn(move || {
        let body = json!({ "value": 1 });
        let _ = api.try_call("PUT", "/api/v1/tags/line%2Fstart/value", Some(body), &[]);
    });
    wait_until("the pulse has begun", 5.0, || written(&device, 20), |values| values.last() == Some(&1));
    station.kill();
    let _ = asking.join();
    let again = Station::start(&project);
    let api = again.api();
    wait_until("the line is read again", 10.0, || api.tag("line/start"), |tag| tag.number() == 1.0 && tag.is_good());
    assert_eq!(written(&device, 20), [1]);
    let records = api.audit("line/start");
    let told = records.iter().find(|record| record["act"] == "pulse cut off");
    let told = told.unwrap_or_else(|| panic!("{records:?}"));
    assert!(told["result"].as_str().is_some_and(|result| result.contains("may still stand")), "{told}");
}

#[test]
fn a_stop_in_good_order_puts_a_pulse_back_first() {
    let mut device = Pymodbus::start();
    device.set(20, &[0]);
    let project = line(&device);
    add(&project, "line/start", "uint", "holding 20 u16", "write = { pulse = { hold_ms = 60000, rest = 0 } }");
    let mut station = Station::start(&project);
    let api = station.api();
    wait_until("the line is read", 10.0, || api.tag("line/start"), |tag| tag.number() == 0.0);
    let asking = std::thread::spawn(move || {
        let body = json!({ "value": 1 });
        let _ = api.try_call("PUT", "/api/v1/tags/line%2Fstart/value", Some(body), &[]);
    });
    wait_until("the pulse has begun", 5.0, || written(&device, 20), |values| values.last() == Some(&1));
    station.stop();
    let _ = asking.join();
    assert_eq!(written(&device, 20), [1, 0]);
}

#[test]
fn a_tag_is_taken_over_with_reason_and_right_and_stays_so_over_a_restart() {
    let mut device = Pymodbus::start();
    device.set(10, &[40, 41, 42]);
    let project = line(&device);
    add(&project, "line/level", "uint", "holding 10 u16", "write = {}");
    add(&project, "line/flow", "uint", "holding 11 u16", "write = {}");
    add(&project, "line/off", "uint", "holding 12 u16", "write = {}");
    let mut station = Station::start(&project);
    let api = station.api();
    let operator = api.new_user("otto", "operate");
    wait_until("the line is read", 10.0, || api.tag("line/off"), |tag| tag.number() == 42.0);

    ends_as(&set_mode(&operator, "line/flow", "simulated", 7), "refused", "role engineer");
    ends_as(&set_mode(&operator, "line/level", "substituted", 12), "done", "substituted");
    ends_as(&set_mode(&api, "line/flow", "simulated", 7), "done", "simulated");
    ends_as(&set_mode(&api, "line/off", "off-scan", Json::Null), "done", "off scan");
    let nothing = json!({ "mode": "simulated", "reason": " " });
    ends_as(&api.call("PUT", "/api/v1/tags/line%2Flevel/mode", Some(nothing)), "refused", "Say why");
    device.set(10, &[50, 51, 52]);
    let check = |api: &Api| {
        let (level, flow, off) = (api.tag("line/level"), api.tag("line/flow"), api.tag("line/off"));
        assert_eq!((level.number(), level.quality.as_str(), level.reason.as_str()), (12.0, "good", "substitute value"));
        assert_eq!((flow.quality.as_str(), flow.reason.as_str()), ("good", "simulated"));
        assert_eq!((off.quality.as_str(), off.reason.as_str()), ("bad", "out of service"));
    };
    check(&api);
    // A write to a simulated tag changes the simulation; one to a tag off scan is refused.
    ends_as(&api.write("line/flow", 9), "done", "nothing was sent");
    assert_eq!(api.tag("line/flow").number(), 9.0);
    ends_as(&api.write("line/off", 9), "refused", "off scan");
    assert_eq!(device.writes().len(), 0);
    let over = api.get("/api/v1/overrides");
    let names: Vec<&str> = over["overrides"].as_array().unwrap().iter().filter_map(|one| one["tag"].as_str()).collect();
    assert_eq!(names, ["line/flow", "line/level", "line/off"]);
    let told = why(&api, "line/level");
    assert!(told["text"].as_str().is_some_and(|text| text.contains("by otto") && text.contains("calibrated")), "{told}");

    station.kill();
    let again = Station::start(&project);
    let api = again.api();
    wait_until("what was taken over is so again", 10.0, || api.tag("line/level"), |tag| tag.number() == 12.0);
    wait_until("the device is read", 10.0, || api.tag("system/connections/plc/state"), |tag| tag.number() == 1.0);
    check(&api);
    assert_eq!(api.tag("line/flow").number(), 9.0);
    let token = ["--url", &again.url, "--token", &api.token];
    let run = |arguments: &[&str]| plantroom(&[&["tag"], token.as_slice(), arguments].concat(), &[]);
    let listed = run(&["list", "--overridden"]);
    assert!(
        listed.code == 0 && listed.stdout.contains("line/level") && listed.stdout.contains("otto"),
        "{}{}",
        listed.stdout,
        listed.stderr
    );
    let restored = run(&["restore", "line/level", "--reason", "calibrated"]);
    assert_eq!(restored.code, 0, "{}{}", restored.stdout, restored.stderr);
    wait_until("it follows its source", 5.0, || api.tag("line/level"), |tag| tag.number() == 50.0 && tag.reason == "good");
    let records = api.audit("line/level");
    assert!(records.iter().any(|record| record["act"] == "restore tag" && record["comment"] == "calibrated"), "{records:?}");
}

#[test]
fn why_tells_the_way_from_the_register_to_the_value() {
    let mut device = Pymodbus::start();
    device.set(10, &[12_000]);
    let project = line(&device);
    let scaled = "scaling = { raw = [4000, 20000], eng = [0, 10] }\nunit = \"m\"\ndecimals = 2\nrange = [0, 10]\n\
                  write = { permissives = [{ tag = \"line/ready\", is = true, message = \"The line must be ready\" }] }";
    add(&project, "line/level", "float", "holding 10 u16", scaled);
    add(&project, "line/ready", "bool", "coil 5", "");
    project.add(
        "tags/derived.toml",
        "[[tag]]\nname = \"line/twice\"\nkind = \"float\"\nunit = \"m\"\nderive = 'tag(\"line/level\") * 2.0'\n",
    );
    let station = Station::start(&project);
    let api = station.api();
    wait_until("the level is read", 10.0, || api.tag("line/twice"), |tag| tag.number() == 10.0);
    ends_as(&api.write("line/level", 3.0), "refused", "The line must be ready");
    let told = why(&api, "line/level");
    let text = told["text"].as_str().unwrap_or_default();
    for words in [
        "line/level = 5.00 m, good",
        "plc (127.0.0.1:",
        "holding 10 u16",
        "0x2EE0 = 12000",
        "4000 to 20000 raw is 0 to 10 m; 5.00 m comes from 12000 raw",
        "The line must be ready (line/ready): does not hold",
        "last refusal    3.00 m by engineer",
    ] {
        assert!(text.contains(words), "it should say `{words}`:\n{text}");
    }
    let rows = api.get("/api/v1/connections/plc/registers");
    let row = rows["registers"].as_array().unwrap().iter().find(|row| row["tag"] == "line/level").unwrap().clone();
    assert_eq!((&row["words"], &row["value"], &row["address"]), (&json!([12_000]), &json!("5.00 m"), &json!("holding 10 u16")));
    let derived = why(&api, "line/twice");
    let text = derived["text"].as_str().unwrap_or_default();
    assert!(text.contains("derived: ") && text.contains("line/level = 5.00 m") && text.contains("0x2EE0"), "{text}");
    let run = plantroom(&["tag", "--url", &station.url, "--token", &api.token, "why", "line/level", "--json"], &[]);
    let json: Json = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", run.stdout, run.stderr));
    assert_eq!(json["quality"], "good");
}
