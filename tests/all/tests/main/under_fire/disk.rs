//! The journal's disk is full: alarms go on, operators are told, nothing that is recorded is damaged, and it recovers.

use plantroom_model::AlarmState;
use plantroom_tests::{Api, BitField, SmallDisk, Station, entries, wait_until};
use serde_json::json;

use super::plant::{by_alarm, follow_each_other, is_read, name, plant, settle};

/// Room for the program's compiled plugins, the reserves and what a station writes in a minute.
const DISK_KIB: u64 = 48 << 10;
const INPUTS: usize = 2_000;

/// Comings and goings of all inputs, each waited for at the console, until `enough`.
fn storm(field: &BitField, console: &plantroom_tests::Console, most: usize, mut enough: impl FnMut() -> bool) -> usize {
    for round in 0..most {
        for (to, state) in [(true, AlarmState::Unacknowledged), (false, AlarmState::Returned)] {
            field.set(0..INPUTS, to);
            wait_until("alarms go on", 30.0, || console.alarms_in(state), |seen| *seen >= INPUTS);
        }
        if enough() {
            return round + 1;
        }
    }
    panic!("after {most} rounds of {INPUTS} alarms still not enough");
}

fn message(api: &Api) -> String {
    api.tag("system/disk/message").value.as_str().unwrap_or_default().to_owned()
}

#[test]
fn alarms_go_on_over_a_full_disk_operators_are_told_and_nothing_is_damaged() {
    let (project, field) = plant(INPUTS);
    let disk = SmallDisk::mount(&project.data(), DISK_KIB);
    let mut station = Station::start_as(disk.command(), &project, &[], &[]);
    let (api, console) = (station.api(), station.console(&[]));
    is_read(&api, INPUTS);
    storm(&field, &console, 1, || true);
    settle(&api, &field, INPUTS);
    let before = entries(&api);
    disk.fill();
    // The reserve comes first: an act is still recorded before it is confirmed.
    field.set([3], true);
    wait_until("it comes", 20.0, || api.alarm(&name(3)), |alarm| alarm["state"] == "unacknowledged");
    let answer = api.act(&name(3), "acknowledge", json!({ "occurrence": api.alarm(&name(3))["occurrence"] }));
    assert_eq!(answer.kind(), "done", "the journal has a reserve: {}", answer.text);
    field.set([3], false);
    wait_until("it returns", 20.0, || api.alarm(&name(3)), |alarm| alarm["state"] == "normal");
    let told = wait_until("operators are told", 20.0, || message(&api), |message| !message.is_empty());
    assert!(told.contains("full") && told.contains("free some space"), "it says what to do: {told}");
    // Then the reserve is used up.
    let mut on_reserve = false;
    let rounds = storm(&field, &console, 40, || {
        let message = message(&api);
        on_reserve |= message.contains("The alarm journal has");
        message.contains("journal can't be written")
    });
    assert!(on_reserve, "operators are told while the reserve lasts");
    println!("the reserve held {rounds} rounds of {INPUTS} alarms that come and go");
    field.set([5], true);
    wait_until("alarms go on", 20.0, || api.alarm(&name(5)), |alarm| alarm["state"] == "unacknowledged");
    let shown = api.alarm(&name(5));
    assert!(shown["marks"].as_array().is_some_and(|marks| marks.contains(&json!("not-recorded"))), "{shown}");
    let answer = api.act(&name(5), "acknowledge", json!({ "occurrence": shown["occurrence"] }));
    assert!(matches!(answer.kind(), "unknown" | "refused"), "nothing is confirmed that isn't kept: {}", answer.text);
    println!("an act meanwhile: {}", answer.message());
    disk.make_room();
    wait_until("it recovers", 30.0, || message(&api), String::is_empty);
    field.set(0..INPUTS, false);
    settle(&api, &field, INPUTS);
    let after = entries(&api);
    assert_eq!(before, after[..before.len()], "what was recorded is as it was");
    follow_each_other(&after);
    let told = field.told();
    let rows = by_alarm(&after);
    for input in 0..INPUTS {
        let came = rows[&name(input)].iter().filter(|row| row.event == "occurred").count();
        assert_eq!(came as u32, told[input].rises, "{}: what waited for the disk was written when there was room", name(input));
    }
    assert!(station.stop().success());
    let log = station.log();
    assert!(!log.contains("panicked"), "{log}");
    let station = Station::start_as(disk.command(), &project, &[], &[]);
    assert_eq!(entries(&station.api())[..after.len()], after[..], "and a start finds it so");
}

/// Rows that gaps of the exported journal say are missing; of the rows themselves only those of one alarm are asked for.
fn missing(api: &Api) -> u64 {
    let csv = api.call("GET", "/api/v1/alarm-journal/export?format=csv&oldest_first=true&alarm=f%2Fi00005", None).text;
    let gaps = csv.lines().filter_map(|line| line.split_once(" rows are missing: the disk"));
    let count = |(before, _): (&str, &str)| before.rsplit(|c: char| !c.is_ascii_digit()).next()?.parse::<u64>().ok();
    gaps.filter_map(count).sum()
}

#[test]
fn rows_that_find_no_room_are_counted_and_told_as_a_gap_and_what_people_did_is_kept() {
    let (project, field) = plant(INPUTS);
    let disk = SmallDisk::mount(&project.data(), DISK_KIB);
    let station = Station::start_as(disk.command(), &project, &[], &[]);
    let (api, console) = (station.api(), station.console(&[]));
    is_read(&api, INPUTS);
    disk.fill();
    storm(&field, &console, 80, || message(&api).contains("journal can't be written"));
    // More than may wait for a disk.
    let mut rounds = 0;
    storm(&field, &console, 80, || {
        rounds += 1;
        rounds * 2 * INPUTS > 230_000
    });
    field.set([5], true);
    let came = wait_until("alarms go on", 20.0, || api.alarm(&name(5)), |alarm| alarm["state"] == "unacknowledged");
    let answer = api.act(&name(5), "acknowledge", json!({ "occurrence": came["occurrence"], "comment": "in the gap" }));
    assert_eq!(answer.kind(), "unknown", "{}", answer.text);
    disk.make_room();
    wait_until("it recovers", 60.0, || message(&api), String::is_empty);
    settle(&api, &field, INPUTS);
    let rows = entries(&api);
    let moved =
        |row: &&plantroom_tests::Entry| row.alarm.starts_with("f/") && matches!(row.event.as_str(), "occurred" | "returned");
    let kept = rows.iter().filter(moved).count() as u64;
    let told: u64 = field.told().iter().map(|told| u64::from(told.rises + told.falls)).sum();
    let missing = missing(&api);
    println!("{told} changes told, {kept} kept, {missing} missing");
    assert!(missing > 0, "more came than may wait");
    // The station's own alarms move too.
    assert!((told - kept..=told - kept + 20).contains(&missing), "{told} changes, {kept} kept, and {missing} told as missing");
    let is_act = |row: &&plantroom_tests::Entry| row.event == "acknowledged" && row.alarm == name(5);
    assert_eq!(rows.iter().filter(is_act).count(), 1, "what people did is kept");
    drop((api, console, station));
    let station = Station::start_as(disk.command(), &project, &[], &[]);
    let api = station.api();
    is_read(&api, INPUTS);
    let kept = api.alarm(&name(5));
    assert_eq!((&kept["state"], &kept["occurrence"]), (&json!("acknowledged"), &came["occurrence"]), "where it stood is known");
}
