//! What a plugin wasn't granted it can't have, and without a driver no register becomes a tag.

use plantroom_tests::{FaultyDevice, Project, Pymodbus, Run, Station, holds_for, plantroom, wait_until, workspace};

use crate::healthy;

#[track_caller]
fn says(run: &Run, words: &[&str]) {
    assert_eq!(run.code, 1, "{}", run.stderr);
    for words in words {
        assert!(run.stderr.contains(words), "it should say `{words}`:\n{}", run.stderr);
    }
    let last = run.stderr.trim().lines().last().unwrap_or_default();
    assert!(!last.contains("panicked") && !run.stderr.contains("RUST_BACKTRACE"), "{}", run.stderr);
}

/// What greedy needs, and how a project looks in which just this is not granted.
struct Missing {
    grant: &'static str,
    import: &'static str,
    /// Its connection.
    connection: bool,
    /// How its tag comes to be; `None` for no tag.
    tag: Option<&'static str>,
    lines: &'static str,
}

const MISSING: &[Missing] = &[
    Missing {
        grant: "connections",
        import: "plantroom:plugin/modbus",
        connection: false,
        tag: Some("plugin = \"greedy\""),
        lines: "publish = [\"plc/*\"]\nwrite = []\nstore_kib = 16",
    },
    Missing {
        grant: "publish",
        import: "plantroom:plugin/samples",
        connection: true,
        tag: None,
        lines: "connections = [\"plc\"]\nwrite = []\nstore_kib = 16",
    },
    Missing {
        grant: "write",
        import: "plantroom:plugin/orders",
        connection: true,
        tag: Some("connection = \"plc\"\naddress = \"reading\""),
        lines: "connections = [\"plc\"]\npublish = [\"plc/*\"]\nstore_kib = 16",
    },
    Missing {
        grant: "store_kib",
        import: "plantroom:plugin/memory",
        connection: true,
        tag: Some("connection = \"plc\"\naddress = \"reading\""),
        lines: "connections = [\"plc\"]\npublish = [\"plc/*\"]\nwrite = []",
    },
];

#[test]
fn a_plugin_that_asks_for_more_than_it_was_granted_does_not_load() {
    let device = FaultyDevice::start();
    for missing in MISSING {
        let project = Project::new();
        if missing.connection {
            project.connection_of("greedy", "plc", device.port, 300);
        }
        if let Some(origin) = missing.tag {
            project.add("tags/tags.toml", &format!("[[tag]]\nname = \"plc/reading\"\nkind = \"uint\"\n{origin}\n"));
        }
        project.plugin("greedy", "greedy", "", missing.lines);
        says(&Station::refuses(&project, &[]), &["`greedy`", missing.import, &format!("`{}`", missing.grant)]);
        let check = plantroom(&["check", project.text()], &[]);
        assert_eq!(check.code, 1, "`check` finds it as well: {}{}", check.stdout, check.stderr);
        assert!(format!("{}{}", check.stdout, check.stderr).contains(missing.grant), "{}{}", check.stdout, check.stderr);
    }
    assert_eq!(device.connections(), 0, "what doesn't load touches no device");
}

#[test]
fn with_every_grant_it_loads() {
    let device = FaultyDevice::start();
    device.set(0, &[31]);
    let project = Project::new();
    project.connection_of("greedy", "plc", device.port, 300);
    project.tag("plc/reading", "uint", "plc", "reading", "").tag("plc/setting", "uint", "plc", "setting", "write = true");
    project.plugin("greedy", "greedy", "", "connections = [\"plc\"]\npublish = [\"plc/*\"]\nwrite = [\"plc/*\"]\nstore_kib = 16");
    let station = Station::start(&project);
    let api = station.api();
    wait_until("it reads the device", 10.0, || api.tag("plc/reading"), |tag| tag.is_good() && tag.number() == 31.0);
}

#[test]
fn without_the_drivers_component_nothing_runs() {
    let device = Pymodbus::start();
    let project = Project::new();
    project.connection("plc", device.port, 2_000, "");
    project.tag("plc/count", "uint", "plc", "holding 0 u16", "");
    project.plugin("modbus", "absent_driver", "", "connections = [\"plc\"]\npublish = [\"plc/*\"]");
    says(&Station::refuses(&project, &[]), &["absent_driver"]);
    // The same where only the folder lacks it.
    let project = Project::new();
    healthy::add_to(&project, &device);
    let empty = Project::empty();
    let program = empty.path().join("plantroom");
    std::fs::copy(workspace().join("target/debug/plantroom"), &program).expect("a copy of the program");
    let mut alone = std::process::Command::new(&program);
    alone.args(["run", project.text(), "--port", "0"]).env("PLANTROOM_COMPONENTS", empty.path());
    let output = alone.output().expect("the copy starts");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    says(&Run { code: output.status.code().unwrap_or(-1), stdout: String::new(), stderr }, &["`modbus`", "component"]);
}

#[test]
fn without_the_driver_no_register_becomes_a_tag() {
    let mut device = Pymodbus::start();
    device.command(serde_json::json!({ "log_reads": true }));
    let project = Project::new();
    // Another plugin in the driver's place, with the driver's grants. It knows nothing of registers, and the station
    // doesn't either.
    project.connection("plc", device.port, 2_000, "");
    project.tag("plc/count", "uint", "plc", "holding 0 u16", "write = true");
    project.memory("plant/level", "float", "50.0", "write = true");
    project.computed("plant/level_avg", "float", "modbus", "");
    let config = "averages = [{ input = \"plant/level\", output = \"plant/level_avg\", window_s = 5 }]";
    let grant = "connections = [\"plc\"]\nread = [\"plant/level\"]\npublish = [\"plc/*\", \"plant/*\"]\nwrite = [\"plc/*\"]";
    project.plugin("modbus", "average", config, grant);
    let station = Station::start(&project);
    let api = station.api();
    wait_until("the other plugin works", 10.0, || api.tag("plant/level_avg"), |tag| tag.is_good());
    wait_until("the connection is up", 10.0, || api.tag("system/connections/plc/state"), |tag| tag.number() == 1.0);
    holds_for("no value", 1.5, || api.tag("plc/count"), |tag| tag.is_bad() && tag.value.is_null());
    let answer = api.write("plc/count", 5);
    assert!(matches!(answer.kind(), "not-sent" | "unknown" | "refused"), "{}", answer.text);
    assert_eq!(device.events("read").len() + device.writes().len(), 0, "nobody has asked the device for anything");
}
