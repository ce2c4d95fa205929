//! Station scripts and copies of plugins' outputs, on the real program with a device behind it.

use plantroom_tests::{Api, Project, Pymodbus, Station, holds_for, plantroom, wait_until};
use serde_json::{Value as Json, json};

/// A tank: its level in holding 10 (mm), a valve in holding 20 (tenths of a percent), a pump's run bit in holding 21.
fn tank(device: &Pymodbus) -> Project {
    let project = Project::new();
    project.connection("plc", device.port, 2_000, "").modbus(&["plc"], "fast = 100", "tank/*");
    let scaled = "scaling = { raw = [0, 2000], eng = [0, 2] }\nunit = \"m\"\ndecimals = 3";
    project.tag("tank/level", "float", "plc", "holding 10 u16", &format!("group = \"fast\"\n{scaled}"));
    let valve = "scaling = { raw = [0, 1000], eng = [0, 100] }\nunit = \"%\"\nwrite = { range = [0, 100], tolerance = 0.2 }";
    project.tag("tank/valve", "float", "plc", "holding 20 u16", &format!("group = \"fast\"\n{valve}"));
    project.tag("tank/pump", "uint", "plc", "holding 21 u16", "group = \"fast\"\nwrite = {}");
    project.tag("tank/other", "uint", "plc", "holding 22 u16", "group = \"fast\"\nwrite = {}");
    project
}

/// The values written to one address, in order.
fn written(device: &Pymodbus, address: u64) -> Vec<u64> {
    device.writes().into_iter().filter(|write| write.address == address).flat_map(|write| write.values).collect()
}

fn new_user(api: &Api, name: &str, role: &str) {
    let body = json!({ "name": name, "password": format!("{name} has a long password"), "role": role });
    let answer = api.call("POST", "/api/v1/users", Some(body));
    assert_eq!(answer.status, 200, "{}", answer.text);
}

fn entries(api: &Api, name: &str) -> Vec<Json> {
    api.get(&format!("/api/v1/automations/log?name={name}"))["entries"].as_array().cloned().unwrap_or_default()
}

const FILL: &str = r#"
let level = tag("tank/level");
let running = tag("tank/pump") == 1;
if level < 0.5 && !running { request("tank/pump", 1, `level is low: ${fixed(level, 2)} m`); }
if level > 1.5 && running { request("tank/pump", 0, `level is high: ${fixed(level, 2)} m`); }
"#;

#[test]
fn a_script_acts_for_its_user_within_its_scope_and_tells_why() {
    let mut device = Pymodbus::start();
    device.set(10, &[1_000]);
    device.set(20, &[0, 0, 0]);
    let project = tank(&device);
    project.write("automations/fill.rhai", FILL);
    project.write("automations/astray.rhai", "if tag(\"tank/level\") < 0.5 { request(\"tank/other\", 1, \"why not\"); }");
    project.write("automations/broken.rhai", "let x = tag(\"tank/level\");\nlet y = x.nothing;\n");
    let automation = |name: &str, user: &str, more: &str| {
        format!(
            "[[automation]]\nname = \"{name}\"\nscript = \"automations/{name}.rhai\"\n\
             user = \"{user}\"\nwrite = [\"tank/pump\"]\n{more}\n"
        )
    };
    let all = [
        automation("fill", "tank_script", "on = [\"tank/level\", \"tank/pump\"]"),
        automation("astray", "tank_script", "on = [\"tank/level\"]"),
        automation("broken", "tank_script", "every_ms = 200"),
    ];
    project.write("automations.toml", &all.concat());
    let station = Station::start(&project);
    let api = station.api();
    wait_until("the tank is read", 10.0, || api.tag("tank/level"), |tag| tag.number() == 1.0);

    device.set(10, &[400]);
    wait_until(
        "nobody is there to act for",
        10.0,
        || entries(&api, "fill"),
        |entries| {
            entries.iter().any(|entry| {
                entry["outcome"] == "refused" && entry["message"].as_str().is_some_and(|m| m.contains("no user tank_script"))
            })
        },
    );
    assert_eq!(device.writes().len(), 0);
    new_user(&api, "tank_script", "operate");
    device.set(10, &[390]);
    wait_until("the pump is started", 10.0, || written(&device, 21), |values| values.last() == Some(&1));
    device.set(10, &[1_600]);
    wait_until("the pump is stopped", 10.0, || written(&device, 21), |values| values.last() == Some(&0));

    wait_until(
        "both are on the journal",
        5.0,
        || entries(&api, "fill"),
        |entries| entries.iter().filter(|entry| entry["outcome"] == "confirmed").count() == 2,
    );
    let newest = &entries(&api, "fill")[0];
    assert_eq!((&newest["tag"], &newest["why"]), (&json!("tank/pump"), &json!("level is high: 1.60 m")));
    let record = api.audit("tank/pump").into_iter().find(|record| record["number"] == newest["audit"]).unwrap();
    assert_eq!(
        (&record["door"], &record["user"], &record["source"]),
        (&json!("script"), &json!("tank_script"), &json!("automation fill"))
    );
    assert_eq!(record["comment"], "level is high: 1.60 m");

    the_others_did_no_harm(&api);
    assert!(device.writes().iter().all(|write| write.address == 21));
    let run = plantroom(&["automation", "--url", &station.url, "--token", &api.token, "log", "fill"], &[]);
    assert!(run.code == 0 && run.stdout.contains("level is high: 1.60 m"), "{}{}", run.stdout, run.stderr);
}

/// One went beyond its scope, one failed; both are told, and the good one isn't.
fn the_others_did_no_harm(api: &Api) {
    let astray = entries(api, "astray");
    assert!(astray.iter().all(|entry| entry["outcome"] == "refused") && !astray.is_empty(), "{astray:?}");
    assert!(
        astray[0]["message"].as_str().is_some_and(|message| message.contains("outside of what the automation astray may write"))
    );
    assert!(api.audit("tank/other").iter().all(|record| record["entry"] == "note"), "refused and on record, never opened");

    let broken = api.tag("system/automations/broken/last_error");
    assert!(broken.value.as_str().is_some_and(|error| error.contains("automations/broken.rhai:2")), "{broken:?}");
    assert_eq!(api.tag("system/automations/broken/state").number(), 2.0);
    assert_eq!(api.tag("system/automations/fill/last_error").value, json!(""));
}

#[test]
fn a_script_acts_on_nothing_that_it_could_not_read() {
    let mut device = Pymodbus::start();
    device.set(10, &[1_000]);
    device.set(20, &[0, 0, 0]);
    let project = tank(&device);
    project.write("automations/fill.rhai", FILL);
    project.write(
        "automations.toml",
        "[[automation]]\nname = \"fill\"\nscript = \"automations/fill.rhai\"\nuser = \"tank_script\"\n\
         write = [\"tank/pump\"]\nevery_ms = 200\n",
    );
    let station = Station::start(&project);
    let api = station.api();
    // Nobody is there to act for yet, so that the low level starts nothing before it goes bad.
    device.set(10, &[400]);
    wait_until("the tank is read", 10.0, || api.tag("tank/level"), |tag| tag.number() == 0.4);
    let body = json!({ "mode": "off-scan", "reason": "the sensor is out" });
    assert_eq!(api.call("PUT", "/api/v1/tags/tank%2Flevel/mode", Some(body)).kind(), "done");
    new_user(&api, "tank_script", "operate");
    holds_for("nothing is written", 1.5, || device.writes().len(), |count| *count == 0);
    let held = |entries: &Vec<Json>| entries.iter().any(|entry| entry["what"] == "held");
    wait_until("it says why", 5.0, || entries(&api, "fill"), held);
    let body = json!({ "mode": "substituted", "value": 0.3, "reason": "read off the glass" });
    assert_eq!(api.call("PUT", "/api/v1/tags/tank%2Flevel/mode", Some(body)).kind(), "done");
    wait_until("the pump is started", 10.0, || written(&device, 21), |values| values.last() == Some(&1));
}

#[test]
fn a_loop_moves_its_valve_through_the_command_path_and_lets_go_by_hand() {
    let mut device = Pymodbus::start();
    device.set(10, &[800]);
    device.set(20, &[500, 0, 0]);
    let project = tank(&device);
    let memory = |name: &str, kind: &str, value: &str| {
        format!("[[tag]]\nname = \"{name}\"\nkind = \"{kind}\"\nmemory = {value}\nwrite = true\n")
    };
    let computed = |name: &str, kind: &str| format!("[[tag]]\nname = \"{name}\"\nkind = \"{kind}\"\nplugin = \"pid\"\n");
    project.write(
        "tags/loop.toml",
        &[
            memory("loop/setpoint", "float", "0.8"),
            memory("loop/auto", "bool", "true"),
            computed("loop/output", "float"),
            computed("loop/state", "int"),
            computed("loop/reason", "text"),
        ]
        .concat(),
    );
    let config = "period_ms = 200\nloops = [{ pv = \"tank/level\", setpoint = \"loop/setpoint\", auto = \"loop/auto\", \
                  position = \"tank/valve\", \
                  output = \"loop/output\", state = \"loop/state\", reason = \"loop/reason\", \
                  gain = 1.0, integral_s = 5, setpoint_weight = 0, pv_range = [0, 2] }]";
    let grant = "read = [\"tank/level\", \"tank/valve\", \"loop/setpoint\", \"loop/auto\"]\n\
                 publish = [\"loop/output\", \"loop/state\", \"loop/reason\"]";
    project.plugin("pid", "pid", config, grant);
    project.write(
        "automations.toml",
        "[[automation]]\nname = \"level\"\nplugin = \"pid\"\nuser = \"tank_loop\"\nwrite = [\"tank/valve\"]\n\
         copy = [{ from = \"loop/output\", to = \"tank/valve\", deadband = 0.5, min_interval_ms = 500 }]\n",
    );
    let station = Station::start(&project);
    let api = station.api();
    new_user(&api, "tank_loop", "operate");
    wait_until("the loop is closed", 15.0, || api.tag("loop/state"), |tag| tag.number() == 2.0);
    assert_eq!(device.writes().len(), 0, "what is right already is not written");
    assert_eq!(api.write("loop/setpoint", 1.0).kind(), "confirmed");
    // The level is low and stays so: the valve opens, step by step, each on record.
    wait_until("the valve opens", 15.0, || written(&device, 20), |values| values.last().is_some_and(|value| *value > 600));
    let steps = written(&device, 20);
    assert!(steps.windows(2).all(|pair| pair[1] > pair[0]), "{steps:?}");
    assert!(steps[0] < 560, "the first move starts from where the valve stood: {steps:?}");
    let records = api.audit("tank/valve");
    assert!(
        records.iter().all(|record| record["user"] == "tank_loop" && record["comment"] == "copy of loop/output"),
        "{records:?}"
    );

    assert_eq!(api.write("loop/auto", false).kind(), "confirmed");
    wait_until("the loop is open", 5.0, || api.tag("loop/state"), |tag| tag.number() == 1.0);
    std::thread::sleep(std::time::Duration::from_millis(1_200));
    let before = device.writes().len();
    holds_for("nothing is written", 1.5, || device.writes().len(), |count| *count == before);
    assert_eq!(api.write("tank/valve", 30.0).kind(), "confirmed", "an operator has the valve now");
    holds_for("it stays", 1.5, || written(&device, 20), |values| values.last() == Some(&300));
}
