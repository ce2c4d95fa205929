//! The machine's clock is set while a station runs: by an hour and by ten years, forward and back.

use std::time::Duration;

use plantroom_model::Quality;
use plantroom_tests::{Api, Clock, Project, Pymodbus, Station, command, plantroom, wait_until};
use serde_json::{Value as Json, json};

use crate::healthy;

const HOUR_S: i64 = 3_600;
const TEN_YEARS_S: i64 = 10 * 365 * 24 * HOUR_S;
/// From each to the next; the last brings it back.
const STEPS: [(&str, i64); 6] = [
    ("forward an hour", HOUR_S),
    ("back two hours", -HOUR_S),
    ("forward ten years", TEN_YEARS_S),
    ("back twenty years", -TEN_YEARS_S),
    ("forward ten years and an hour", HOUR_S),
    ("right again", 0),
];
/// Poll period of the tag in ms.
const POLL_MS: u64 = 100;

fn ms(time: &str) -> f64 {
    time.parse::<jiff::Timestamp>().map_or(f64::NAN, |time| time.as_millisecond() as f64)
}

/// How many polls the device has counted by now, as the station shows it.
fn polls(api: &Api) -> f64 {
    api.tag(healthy::COUNT).number()
}

/// A write is confirmed in good time, and recorded with the time that the clock shows.
#[track_caller]
fn a_write_is_confirmed(api: &Api, value: u64, off_s: i64, what: &str) {
    let begun = std::time::Instant::now();
    let answer = api.write("line/setpoint", value);
    let took = begun.elapsed();
    assert_eq!(answer.kind(), "confirmed", "{what}: {}", answer.text);
    assert!(took < Duration::from_secs(3), "{what}: it took {took:?}");
    let records = api.audit("line/setpoint");
    let record = records.iter().find(|record| record["new"] == json!(value)).unwrap_or_else(|| panic!("{what}: {records:?}"));
    let at_ms = ms(record["time"].as_str().unwrap_or_default());
    let machine_ms = jiff::Timestamp::now().as_millisecond() as f64;
    assert!(((at_ms - machine_ms) / 1e3 - off_s as f64).abs() < 5.0, "{what}: recorded at {record}");
}

#[test]
fn polls_and_orders_go_on_whatever_the_clock_does() {
    let mut device = Pymodbus::start();
    device.set(20, &[55]);
    let project = Project::new();
    healthy::add_to(&project, &device);
    project.tag("line/steady", "uint", "line", "holding 20 u16", "group = \"fast\"");
    project.add(
        "tags/tags.toml",
        "[[tag]]\nname = \"line/hours\"\nkind = \"float\"\ntotal = { of = \"line/running\", hours = true }\n",
    );
    project.memory("line/running", "bool", "true", "");
    let clock = Clock::new();
    let environment = clock.environment();
    let environment: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let station = Station::start_as(command(), &project, &[], &environment);
    let api = station.api();
    let console = station.console(&[healthy::COUNT, "line/steady", "line/setpoint"]);
    wait_until("the driver reads", 20.0, || api.tag(healthy::COUNT), |tag| tag.is_good());
    a_write_is_confirmed(&api, 1, 0, "before");
    let rows_before = console.rows("line/steady").len();
    let (began, polls_before, hours_before) = (std::time::Instant::now(), polls(&api), api.tag("line/hours").number());
    for (turn, (what, off_s)) in STEPS.into_iter().enumerate() {
        clock.set(off_s);
        let counted = polls(&api);
        clock.wait_until_shown(off_s, || ms(&api.tag(healthy::COUNT).server_time));
        a_write_is_confirmed(&api, 100 + turn as u64, off_s, what);
        wait_until(&format!("{what}: polls go on"), 3.0, || polls(&api), |now| *now >= counted + 5.0);
        for tag in [healthy::COUNT, "line/steady", "line/hours", "line/running"] {
            let now = api.tag(tag);
            assert!(now.is_good(), "{what}: {tag} is {now:?}");
        }
        let health = api.call("GET", "/healthz", None);
        assert_eq!(health.status, 200, "{what}: {}", health.text);
    }
    let lasted = began.elapsed().as_secs_f64();
    let (counted, expected) = (polls(&api) - polls_before, lasted * 1e3 / POLL_MS as f64);
    println!("{counted} polls in {lasted:.1} s");
    assert!((0.7 * expected..=1.2 * expected + 5.0).contains(&counted), "{counted} polls in {lasted:.1} s");
    let hours = (api.tag("line/hours").number() - hours_before) * 3_600.0;
    assert!((hours - lasted).abs() < 3.0 + 0.05 * lasted, "{lasted:.1} s passed, and {hours:.1} s were added to the hours run");
    let rows = console.rows("line/steady");
    let wrong: Vec<_> = rows[rows_before..].iter().filter(|row| row.quality() != Quality::Good).collect();
    assert!(wrong.is_empty(), "no value turned bad by a clock: {wrong:?}");
    assert!(console.ended().is_none(), "the console's connection outlives every step");
    the_trail_is_intact(&project, STEPS.len());
}

/// One record a write and no more: nothing was sent twice, lost, or left open.
#[track_caller]
fn the_trail_is_intact(project: &Project, steps: usize) {
    let data = project.data();
    let run = plantroom(&["audit", "verify", data.to_str().expect("a plain name"), "--json"], &[]);
    let report: Json = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"));
    assert_eq!((&report["intact"], &report["open"]), (&json!(true), &json!([])), "{report}");
    assert!(report["records"].as_u64() >= Some(2 * (steps as u64 + 1)), "{report}");
}

#[test]
fn a_start_with_a_clock_that_is_ten_years_wrong_is_a_start() {
    let device = Pymodbus::start();
    let project = Project::new();
    healthy::add_to(&project, &device);
    project.memory("shift/count", "uint", "0", "retain = true\nwrite = true");
    let clock = Clock::new();
    let environment = clock.environment();
    let environment: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for (run, off_s) in [0, -TEN_YEARS_S, TEN_YEARS_S, 0].into_iter().enumerate() {
        clock.set(off_s);
        let mut station = Station::start_as(command(), &project, &[], &environment);
        let api = station.api();
        if run > 0 {
            assert_eq!(api.tag("shift/count").value, json!(run), "the newest value counts, whatever its time says");
        }
        wait_until("the driver reads", 20.0, || api.tag(healthy::COUNT), |tag| tag.is_good());
        assert_eq!(api.write("shift/count", run as u64 + 1).kind(), "confirmed");
        a_write_is_confirmed(&api, 200 + run as u64, off_s, "after the start");
        assert!(station.stop().success());
    }
    the_trail_is_intact(&project, 4);
}
