//! What engineers see and do at the console besides screens: automations that are stopped by hand, tags taken over,
//! raw registers and changes, on the real program and in its real window.

use plantroom_model::AutomationVerb;
use plantroom_tests::{Api, Project, Pymodbus, Station, command, eventually, free_port, holds_for, wait_until};
use plantroom_wire::{Deed, ToStation};
use serde_json::{Value as Json, json};

use crate::console::Screen;

/// Colours of a pane that is open over a screen with hardly anything on it.
const COLOURS: usize = 30;

/// A line with a device, and a script that counts upward by itself.
fn line(device: &Pymodbus) -> Project {
    let project = Project::new();
    project.connection("plc", device.port, 2_000, "").modbus(&["plc"], "fast = 100", "line/*");
    let scaled = "scaling = { raw = [0, 2000], eng = [0, 2] }\nunit = \"m\"\ndecimals = 3";
    project.tag("line/level", "float", "plc", "holding 10 u16", &format!("group = \"fast\"\n{scaled}"));
    project.tag("line/gone", "uint", "plc", "holding 9000 u16", "group = \"fast\"");
    let guard = "permissives = [{ tag = \"line/level\", at_least = 1.5, message = \"the level is too low\" }]";
    project.tag("line/start", "bool", "plc", "coil 3", &format!("group = \"fast\"\nwrite = {{ {guard} }}"));
    project.memory("count", "uint", "0", "write = {}");
    project.write("automations/count.rhai", "request(\"count\", tag(\"count\") + 1, \"it is time\");");
    let text = "[[automation]]\nname = \"count\"\nscript = \"automations/count.rhai\"\nuser = \"robot\"\n\
                write = [\"count\"]\nevery_ms = 300\n";
    project.write("automations.toml", text);
    let home = "screen(\"Line\", #{ level: 1, size: [1000, 560] });\nvalue(60, 60, \"line/level\", #{ label: \"level\" });\n\
                button(50, 150, \"Start\", #{ tag: \"line/start\", value: true, w: 300, h: 60 });\n\
                permissives(50, 230, \"line/start\", #{ label: \"Start\", w: 600 });\n";
    project.write("screens/1_home.rhai", home);
    project
}

fn steer(api: &Api, verb: &str, reason: &str) -> (String, String) {
    let answer = api.call("POST", &format!("/api/v1/automations/count/{verb}"), Some(json!({ "reason": reason })));
    (answer.kind().to_owned(), answer.message().to_owned())
}

fn automation(api: &Api) -> Json {
    api.get("/api/v1/automations")["automations"][0].clone()
}

fn robot(api: &Api) {
    let body = json!({ "name": "robot", "password": "robot has a long password", "role": "operate" });
    assert_eq!(api.call("POST", "/api/v1/users", Some(body)).status, 200);
}

#[test]
fn an_automation_that_was_stopped_by_hand_stays_so_over_a_restart() {
    let mut device = Pymodbus::start();
    device.set(10, &[1_000]);
    let project = line(&device);
    let port = free_port().to_string();
    let mut station = Station::start_with(&project, &["--port", &port], &[]);
    let api = station.api();
    robot(&api);
    let counts = |api: &Api| wait_until("it counts", 10.0, || api.tag("count").number(), |count| *count >= 2.0);
    counts(&api);

    let operator = api.new_user("operator", "operate");
    assert!(steer(&operator, "stop", "").1.contains("Say why"));
    assert!(steer(&operator, "start", "").1.contains("Nobody has stopped"));
    assert!(steer(&operator, "restart", "").1.contains("engineer"), "{:?}", steer(&operator, "restart", ""));
    assert_eq!(steer(&operator, "stop", "the counter is being serviced").0, "done");
    let stands = api.tag("count").number();
    holds_for("it counts no more", 1.5, || api.tag("count").number(), |count| *count <= stands + 1.0);
    assert_eq!(automation(&api)["by_person"], json!(true));
    assert!(automation(&api)["last_error"].as_str().is_some_and(|why| why.contains("the counter is being serviced")));
    let record = api.audit("count").into_iter().find(|record| record["act"] == "stop automation");
    assert!(record.is_some_and(|record| record["user"] == "operator"), "{:?}", api.audit("count"));

    assert!(station.stop().success());
    let station = Station::start_with(&project, &["--port", &port], &[]);
    let api = station.api();
    wait_until("it says so again", 10.0, || automation(&api), |now| now["state"] == "stopped" && now["by_person"] == json!(true));
    let stands = api.tag("count").number();
    holds_for("it counts no more", 1.0, || api.tag("count").number(), |count| *count == stands);
    // Over the console's own way, too.
    let console = station.console(&["count"]);
    let deed = Deed::Automation { name: "count".to_owned(), verb: AutomationVerb::Start, reason: String::new() };
    console.send(&ToStation::Do { request: 900, deed });
    let outcome = eventually("the outcome", 10.0, || console.outcome(900));
    assert!(outcome.message.contains("begins anew"), "{outcome:?}");
    wait_until("it counts again", 10.0, || api.tag("count").number(), |count| *count > stands);
}

#[test]
fn tags_that_are_taken_over_are_counted_by_a_tag_of_the_station() {
    let mut device = Pymodbus::start();
    device.set(10, &[1_000]);
    let project = line(&device);
    let station = Station::start(&project);
    let api = station.api();
    wait_until("nothing is taken over", 10.0, || api.tag("system/overrides"), |tag| tag.is_good() && tag.number() == 0.0);
    let body = json!({ "mode": "substituted", "value": 1.25, "reason": "sensor is out" });
    assert_eq!(api.call("PUT", "/api/v1/tags/line%2Flevel/mode", Some(body)).kind(), "done");
    wait_until("one is", 5.0, || api.tag("system/overrides").number(), |count| *count == 1.0);
    let body = json!({ "mode": "normal", "reason": "it is back" });
    assert_eq!(api.call("PUT", "/api/v1/tags/line%2Flevel/mode", Some(body)).kind(), "done");
    wait_until("none is again", 5.0, || api.tag("system/overrides").number(), |count| *count == 0.0);
}

#[test]
fn the_engineers_panes_open_in_the_real_window() {
    let screen = Screen::start();
    let mut device = Pymodbus::start();
    device.set(10, &[1_000]);
    let project = line(&device);
    let station = Station::start(&project);
    let api = station.api();
    robot(&api);
    wait_until("the line is read", 10.0, || api.tag("line/level"), |tag| tag.is_good());
    let made = api.call("POST", "/api/v1/tokens", Some(json!({ "user": "engineer", "label": "w", "role": "engineer" })));
    let token = made.json["token"].as_str().expect("a token").to_owned();
    let body = json!({ "mode": "simulated", "value": 1.25, "reason": "loop check" });
    assert_eq!(api.call("PUT", "/api/v1/tags/line%2Flevel/mode", Some(body)).kind(), "done");
    let mut window = command();
    window.args(["console", "--url", &station.url, "--size", "1280x800", "--fullscreen"]).env("PLANTROOM_TOKEN", &token);
    let window = screen.show(window);
    wait_until("the screen is there", 25.0, || screen.colours(), |colours| *colours > 20);
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    for (key, name) in [("F6", "overrides"), ("F7", "automations"), ("F8", "commissioning"), ("F9", "project")] {
        let before = screen.colours();
        screen.act(&["key", key]);
        wait_until(name, 10.0, || screen.colours(), |colours| *colours > COLOURS && *colours != before);
        std::thread::sleep(std::time::Duration::from_millis(1_500));
        screen.keep(&format!("pane_{name}.png"));
        screen.act(&["key", "Escape"]);
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
    // The value stands at 60, 60 of a scene that is scaled to the window.
    screen.act(&["mousemove", "190", "208", "click", "3"]);
    std::thread::sleep(std::time::Duration::from_millis(2_500));
    screen.keep("pane_detail.png");
    assert!(!window.told().contains("panicked"), "{}", window.told());
}
