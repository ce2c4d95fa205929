//! Hostile plugins on the real station: each costs its own tags their quality, and nothing else.

use std::time::Instant;

use plantroom_model::{Quality, Value};
use plantroom_tests::{Api, Console, FaultyDevice, Project, Pymodbus, Row, Station, plantroom, wait_until};

use crate::healthy;

/// Numbers of `system/plugins/NAME/state`.
const RUNNING: f64 = 1.0;
const QUARANTINED: f64 = 3.0;

/// Adds a hostile plugin, named as its mode, with a tag and a connection of its own.
fn add_hostile(project: &Project, mode: &str, port: u16) {
    project.connection_of(mode, &format!("of_{mode}"), port, 300);
    project.plugin(
        mode,
        "hostile",
        &format!("mode = \"{mode}\""),
        &format!("connections = [\"of_{mode}\"]\npublish = [\"bad/{mode}\"]\nwrite = [\"bad/{mode}\"]"),
    );
    project.tag(&format!("bad/{mode}"), "uint", &format!("of_{mode}"), "holding 0 u16", "write = true");
}

/// A station with the healthy driver and hostile plugins of these modes.
fn station_with(modes: &[&str], device: &Pymodbus, other: &FaultyDevice) -> (Project, Station) {
    let project = Project::new();
    healthy::add_to(&project, device);
    for mode in modes {
        add_hostile(&project, mode, other.port);
    }
    let station = Station::start(&project);
    (project, station)
}

fn system(mode: &str, what: &str) -> String {
    format!("system/plugins/{mode}/{what}")
}

/// A console that watches all that the station says of these plugins, and their tags.
fn watch(station: &Station, modes: &[&str]) -> Console {
    let names = modes
        .iter()
        .flat_map(|mode| [system(mode, "state"), system(mode, "faults"), system(mode, "last_fault"), format!("bad/{mode}")]);
    let names: Vec<String> = names.collect();
    station.console(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The audit trail of a project's station is whole.
#[track_caller]
fn audit_is_intact(project: &Project) {
    let data = project.data();
    let run = plantroom(&["audit", "verify", data.to_str().expect("a plain path"), "--json"], &[]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(report["intact"], true, "{report}");
    assert!(report["records"].as_u64() > Some(0), "{report}");
}

/// Between one fault and the next there is the pause, which doubles (200, 400, 800, 1600 ms), and then the time that
/// the next fault takes to happen.
#[track_caller]
fn restarts_backed_off(mode: &str, faults: &[Row]) {
    let takes_ms = if mode == "loop" { 250.0 } else { 0.0 };
    let mut seen = 0;
    for pair in faults.windows(2) {
        let (before, after) = (pair[0].number(), pair[1].number());
        if before < 1.0 || after != before + 1.0 {
            continue;
        }
        seen += 1;
        let least_ms = 200.0 * 2.0_f64.powf(before - 1.0) + takes_ms;
        let gap_ms = (pair[1].time - pair[0].time) as f64 / 1e6;
        // Both times are told a moment after they happened.
        let message = format!("{mode}: fault {after} came {gap_ms:.0} ms after fault {before}, and not {least_ms} ms or more");
        assert!(gap_ms >= least_ms - 25.0, "{message}");
    }
    assert!(seen > 0, "{mode}: no restart was seen: {faults:?}");
}

fn metric(api: &Api, name: &str, plugin: &str) -> f64 {
    let text = api.call("GET", "/metrics", None).text;
    let head = format!("plantroom_{name}{{plugin=\"{plugin}\"}} ");
    let line = text.lines().find_map(|line| line.strip_prefix(&head)).unwrap_or_else(|| panic!("no {head} in\n{text}"));
    line.parse().expect("a metric is a number")
}

/// Modes that fault at every start, and words that the fault record must hold.
const FAULTING: &[(&str, &str)] = &[
    ("trap", "the hostile guest traps"),
    ("loop", "250 ms"),
    ("eat_memory", "memory"),
    // Its stack lies at the bottom of its memory, so that the end of it is a trap.
    ("eat_stack", "out of bounds"),
    ("foreign_handle", "handle 4000000"),
    ("foreign_connection", "connection"),
    ("write_without_order", "order"),
    ("settle_foreign_order", "order"),
    ("broken_columns", "differ in length"),
    ("huge_batch", "65536"),
    ("publish_and_trap", "the hostile guest traps"),
    ("trap_in_init", "the hostile guest traps"),
];

#[test]
fn who_faults_is_restarted_then_quarantined_and_nobody_else_notices() {
    let (device, other) = (Pymodbus::start(), FaultyDevice::start());
    let modes: Vec<&str> = FAULTING.iter().map(|(mode, _)| *mode).collect();
    let (project, station) = station_with(&modes, &device, &other);
    let beat = healthy::Watch::start(&station, &device);
    let (console, api) = (watch(&station, &modes), station.api());
    for (mode, words) in FAULTING {
        let state = system(mode, "state");
        wait_until(&format!("{mode} is quarantined"), 18.0, || console.latest(&state), |row| row.number() == QUARANTINED);
        assert_eq!(console.latest(&system(mode, "faults")).number(), 5.0, "{mode}");
        let told = console.latest(&system(mode, "last_fault")).value.to_string();
        assert!(told.contains(words), "{mode}: the fault record should say `{words}`: {told}");
        let tag = console.latest(&format!("bad/{mode}"));
        assert_eq!(tag.quality(), Quality::Bad, "{mode}: {tag:?}");
        assert_eq!(metric(&api, "plugin_faults_total", mode), 5.0, "{mode}");
        assert_eq!(metric(&api, "plugin_restarts_total", mode), 4.0, "{mode}");
    }
    let void = console.rows("bad/publish_and_trap");
    assert!(void.iter().all(|row| row.number().is_nan()), "what a step published before it trapped must not count: {void:?}");
    assert_eq!(other.writes(), [], "a write without an order must never reach a device");
    assert_eq!(api.write("line/setpoint", 5).kind(), "confirmed", "the healthy driver still takes orders");
    let refused = api.write("bad/trap", 5);
    assert_eq!(refused.kind(), "not-sent", "{}", refused.text);
    beat.must_have_kept_its_beat(40);
    assert!(api.get("/healthz")["ok"].as_bool().unwrap_or_default());
    audit_is_intact(&project);
    for (mode, _) in FAULTING {
        let told = |act: &str| api.audit(mode).iter().filter(|record| record["act"] == act).count();
        assert_eq!((told("restart plugin"), told("quarantine plugin")), (4, 1), "{mode}: {:?}", api.audit(mode));
        restarts_backed_off(mode, &console.rows(&system(mode, "faults")));
    }
}

/// Modes that take what they can, without a fault.
const FLOODING: &[&str] = &["flood_samples", "flood_log", "huge_log", "never_sleeps", "strange_numbers", "good"];

#[test]
fn who_floods_is_held_to_its_rates_and_nobody_else_notices() {
    let (device, other) = (Pymodbus::start(), FaultyDevice::start());
    let modes: Vec<&str> = FLOODING.iter().copied().chain(["flood_modbus", "slow"]).collect();
    let (project, station) = station_with(&modes, &device, &other);
    let beat = healthy::Watch::start(&station, &device);
    let (console, api) = (watch(&station, &modes), station.api());
    let began = Instant::now();
    wait_until(
        "the flood of samples is dammed",
        10.0,
        || metric(&api, "plugin_dropped_samples_total", "flood_samples"),
        |dropped| *dropped > 0.0,
    );
    wait_until(
        "the slow one is noticed",
        10.0,
        || metric(&api, "plugin_soft_overruns_total", "slow"),
        |overruns| *overruns > 0.0,
    );
    let state = system("flood_modbus", "state");
    wait_until("flood_modbus is quarantined", 15.0, || console.latest(&state), |row| row.number() == QUARANTINED);
    assert!(console.latest(&system("flood_modbus", "last_fault")).value.to_string().contains("transactions"));
    beat.must_have_kept_its_beat(50);
    for mode in FLOODING {
        assert_eq!(console.latest(&system(mode, "state")).number(), RUNNING, "{mode}");
        assert_eq!(console.latest(&system(mode, "faults")).number(), 0.0, "{mode}");
    }
    let lasted_s = began.elapsed().as_secs_f64() + 5.0;
    let samples = metric(&api, "plugin_samples_total", "flood_samples");
    assert!(samples <= 100_000.0 * (lasted_s + 1.0), "{samples} samples in {lasted_s:.0} s, granted are 100,000 a second");
    for mode in ["flood_log", "huge_log"] {
        let lines = station.log().lines().filter(|line| line.contains(&format!("\"{mode}\""))).count() as f64;
        assert!(
            lines > 2.0 && lines <= 25.0 * (lasted_s + 1.0),
            "{mode}: {lines} log lines in {lasted_s:.0} s, granted are 20 a second"
        );
    }
    assert!(station.log().lines().all(|line| line.len() < 4_096), "a log line of 4 MiB must not reach the log");
    assert_eq!(api.tag("system/scan/inbox_lost").number(), 0.0);
    let strange = console.rows("bad/strange_numbers");
    assert!(strange.iter().any(|row| row.quality() == Quality::Bad), "{strange:?}");
    let exact = |row: &Row| matches!(row.value, Value::Null | Value::Uint(0x20_0000_0000_0001));
    assert!(strange.iter().all(exact), "an integer above 2^53 keeps its last digit, and NaN is no value: {strange:?}");
    assert!(console.latest("bad/good").quality() == Quality::Good);
    assert_eq!(api.write("line/setpoint", 5).kind(), "confirmed");
    audit_is_intact(&project);
}

#[test]
fn a_tag_is_bad_while_its_plugin_is_down_and_good_when_it_is_back() {
    let (device, other) = (Pymodbus::start(), FaultyDevice::start());
    let modes = ["trap_after", "loop_after", "loop_in_init"];
    let (project, mut station) = station_with(&modes, &device, &other);
    let beat = healthy::Watch::start(&station, &device);
    let console = watch(&station, &modes);
    for mode in ["trap_after", "loop_after"] {
        let (tag, faults) = (format!("bad/{mode}"), system(mode, "faults"));
        wait_until(&format!("{mode} has failed twice"), 15.0, || console.latest(&faults), |row| row.number() >= 2.0);
        wait_until(&format!("{mode} works again"), 10.0, || console.latest(&tag), |row| row.quality() == Quality::Good);
        let mut told: Vec<Quality> = console.rows(&tag).iter().map(|row| row.quality()).collect();
        told.dedup();
        let pattern = [Quality::Good, Quality::Bad, Quality::Good];
        assert!(told.windows(3).any(|three| three == pattern), "{mode}: {told:?}");
        // The console may not have been told the very last good value, so it is no older than the one before.
        let rows = console.rows(&tag);
        let kept = |pair: &[Row]| pair[1].quality() != Quality::Bad || pair[1].number() >= pair[0].number();
        let since = rows.iter().position(|row| row.quality() == Quality::Good).unwrap_or_default();
        assert!(rows[since..].windows(2).all(kept), "{mode}: the last value stays while it is bad: {rows:?}");
    }
    let told = system("loop_in_init", "last_fault");
    wait_until("a loop in `init` ends as well", 10.0, || console.latest(&told), |row| row.value.to_string().contains("5000 ms"));
    beat.must_have_kept_its_beat(30);
    drop(console);
    // One plugin loops at this moment; the station stops all the same, in good order.
    assert!(station.stop().success());
    audit_is_intact(&project);
}
