//! The disk of a running station fills up: control and its record go on with a reserve, everybody is told, and nothing is
//! broken afterwards.

use std::time::{Duration, Instant};

use plantroom_model::{Quality, Value};
use plantroom_tests::{Api, Project, Pymodbus, SmallDisk, Station, eventually, wait_until};
use serde_json::{Value as Json, json};

use crate::healthy;

/// Room for the program's compiled plugins, the reserves and what a station writes in a minute.
const DISK_KIB: u64 = 48 << 10;
const MEMORY: &str = "shift/count";
const TOTAL: &str = "line/polls";
const ESSENTIAL: &str = "line/stop";
/// Who use up the reserve, each with a tag of their own.
const WRITERS: u32 = 8;

/// A plant with a driver's tag that counts its polls, a total of it, a retained value, and an essential tag.
fn plant(device: &Pymodbus) -> Project {
    let project = Project::new();
    project.add("plant.toml", "[change]\napply = \"on_save\"\n");
    healthy::add_to(&project, device);
    project.memory(MEMORY, "uint", "0", "retain = true\nwrite = true");
    for n in 0..WRITERS {
        project.memory(&format!("fill/{n}"), "uint", "0", "write = true");
    }
    project.tag(ESSENTIAL, "uint", "line", "holding 12 u16", "group = \"fast\"\nwrite = { essential = true }");
    project.add(
        "tags/tags.toml",
        &format!("[[tag]]\nname = \"{TOTAL}\"\nkind = \"float\"\ntotal = {{ of = \"line/count\", factor = 1 }}\n"),
    );
    project
}

fn start(disk: &SmallDisk, project: &Project) -> Station {
    Station::start_as(disk.command(), project, &[], &[])
}

/// `plantroom audit verify` of the trail on the small disk: it is intact; returns what it says.
#[track_caller]
fn trail_is_intact(disk: &SmallDisk, project: &Project) -> Json {
    let output = disk.command().args(["audit", "verify", "--json"]).arg(project.data()).output().expect("the program starts");
    let report: Json = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    assert_eq!(report["intact"], json!(true), "{report}");
    report
}

fn text_of(api: &Api, tag: &str) -> String {
    api.tag(tag).value.as_str().unwrap_or_default().to_owned()
}

#[track_caller]
fn disk_is(api: &Api, ok: bool, seconds: f64) {
    wait_until(&format!("system/disk/ok is {ok}"), seconds, || api.tag("system/disk/ok").value, |value| *value == json!(ok));
}

/// Writes with long comments, by several people at once, until each is refused: a write takes 3 kB of the trail's reserve.
/// Returns how many passed, and why the last one did not.
fn use_up_the_reserve(api: &Api) -> (u32, String) {
    let comment = "why ".repeat(250);
    let begun = Instant::now();
    let writer = |tag: String| {
        let (api, comment) = (api.clone(), comment.clone());
        std::thread::spawn(move || {
            for passed in 0..2_000 {
                let body = json!({ "value": 1_000 + passed, "comment": comment });
                let answer = api.call("PUT", &format!("/api/v1/tags/{}/value", tag.replace('/', "%2F")), Some(body));
                if answer.kind() != "confirmed" {
                    assert_eq!(answer.kind(), "refused", "{}", answer.text);
                    return (passed, answer.message().to_owned());
                }
                assert!(begun.elapsed() < Duration::from_secs(120), "the reserve isn't used up after {passed} writes");
            }
            panic!("2,000 writes of 3 kB each passed on a full disk");
        })
    };
    let writers: Vec<_> = (0..WRITERS).map(|n| writer(format!("fill/{n}"))).collect();
    let ends: Vec<(u32, String)> = writers.into_iter().map(|writer| writer.join().expect("a writer ends")).collect();
    (ends.iter().map(|(passed, _)| passed).sum(), ends[0].1.clone())
}

#[test]
fn control_and_its_record_go_on_with_the_reserve_and_everybody_is_told() {
    let device = Pymodbus::start();
    let project = plant(&device);
    let disk = SmallDisk::mount(&project.data(), DISK_KIB);
    let station = start(&disk, &project);
    let api = station.api();
    wait_until("the driver reads", 10.0, || api.tag(healthy::COUNT), |tag| tag.is_good());
    assert_eq!(api.write(MEMORY, 7).kind(), "confirmed");
    disk_is(&api, true, 5.0);
    let console = station.console(&["system/disk/ok", "system/disk/message"]);
    let beat = healthy::Watch::start(&station, &device);
    disk.fill();
    let answer = api.write("line/setpoint", 41);
    assert_eq!(answer.kind(), "confirmed", "control goes on: {}", answer.text);
    disk_is(&api, false, 10.0);
    wait_until("a console is told", 5.0, || console.latest("system/disk/ok").value, |value| *value == Value::Bool(false));
    let told = text_of(&api, "system/disk/message");
    assert!(told.contains("full") && told.contains("free some space"), "it says what to do: {told}");
    assert_eq!(api.tag("system/audit/ok").value, json!(true), "the trail is still written");
    assert_eq!(api.write(MEMORY, 8).kind(), "confirmed", "a retained value goes on with a reserve too");
    let last = api.audit("line/setpoint");
    assert!(last.iter().any(|record| record["new"] == json!(41)), "it is on record: {last:?}");
    beat.must_have_kept_its_beat(40);
    disk.make_room();
    disk_is(&api, true, 20.0);
    assert_eq!(text_of(&api, "system/disk/message"), "");
    trail_is_intact(&disk, &project);
    let log = station.log();
    assert!(!log.contains("panicked"), "{log}");
    let told = log.lines().filter(|line| line.contains("full")).count();
    assert!((1..10).contains(&told), "the log tells it, and doesn't repeat it: {told} lines\n{log}");
}

#[test]
fn when_the_reserve_is_used_up_only_essential_writes_pass_and_nothing_breaks() {
    let device = Pymodbus::start();
    let project = plant(&device);
    let disk = SmallDisk::mount(&project.data(), DISK_KIB);
    let mut station = start(&disk, &project);
    let api = station.api();
    wait_until("the driver reads", 10.0, || api.tag(healthy::COUNT), |tag| tag.is_good());
    assert_eq!(api.write(MEMORY, 7).kind(), "confirmed");
    disk.fill();
    let (passed, reason) = use_up_the_reserve(&api);
    println!("{passed} writes passed on the reserve");
    assert!(passed >= 100, "only {passed} writes passed on the reserve");
    assert!(reason.contains("full") && reason.contains("free some space"), "it says why, and what to do: {reason}");
    let sent = device.writes().len();
    let refused = api.write("line/setpoint", 3);
    assert_eq!((refused.kind(), device.writes().len()), ("refused", sent), "no record, no write: {}", refused.text);
    let essential = api.write(ESSENTIAL, 1);
    assert_eq!(essential.kind(), "confirmed", "an essential write passes: {}", essential.text);
    wait_until("it is told", 5.0, || api.tag("system/audit/ok").value, |value| *value == json!(false));
    assert!(api.tag(healthy::COUNT).is_good(), "polls go on");
    let total = api.tag(TOTAL).number();

    disk.make_room();
    disk_is(&api, true, 20.0);
    let answer = api.write("line/setpoint", 17);
    assert_eq!(answer.kind(), "confirmed", "everything is as before: {}", answer.text);
    let essential = api.audit(ESSENTIAL);
    assert!(essential.iter().any(|record| record["new"] == json!(1)), "the essential write is on record late: {essential:?}");
    station.kill();
    trail_is_intact(&disk, &project);
    let station = start(&disk, &project);
    let api = station.api();
    assert_eq!(api.tag(MEMORY).value, json!(7), "what was confirmed is there");
    let total_after = wait_until("the total goes on", 10.0, || api.tag(TOTAL), |tag| tag.is_good()).number();
    assert!(total_after >= total, "the total was {total} and is {total_after}");
}

#[test]
fn a_station_that_was_killed_on_a_full_disk_starts_on_it_and_controls() {
    let device = Pymodbus::start();
    let project = plant(&device);
    let disk = SmallDisk::mount(&project.data(), DISK_KIB);
    let mut station = start(&disk, &project);
    let api = station.api();
    wait_until("the driver reads", 10.0, || api.tag(healthy::COUNT), |tag| tag.is_good());
    assert_eq!(api.write(MEMORY, 7).kind(), "confirmed");
    disk.fill();
    assert_eq!(api.write(MEMORY, 8).kind(), "confirmed");
    station.kill();
    // What the kill left unused is gone too.
    disk.fill();
    let station = start(&disk, &project);
    let api = station.api();
    assert_eq!(api.tag(MEMORY).value, json!(8));
    wait_until("the driver reads", 10.0, || api.tag(healthy::COUNT), |tag| tag.is_good());
    let answer = api.write("line/setpoint", 5);
    assert_eq!(answer.kind(), "confirmed", "{}", answer.text);
    disk_is(&api, false, 5.0);
    disk.make_room();
    disk_is(&api, true, 20.0);
    trail_is_intact(&disk, &project);
}

#[test]
fn a_change_of_the_project_on_a_full_disk_is_refused_and_the_old_one_runs_on() {
    let device = Pymodbus::start();
    let project = plant(&device);
    let disk = SmallDisk::mount(&project.data(), DISK_KIB);
    let station = start(&disk, &project);
    let api = station.api();
    let console = station.console(&[healthy::COUNT]);
    wait_until("the driver reads", 10.0, || console.latest(healthy::COUNT), |row| row.quality() == Quality::Good);
    disk.fill();
    project.memory("shift/new", "uint", "5", "");
    let told = wait_until(
        "it is told",
        20.0,
        || (api.tag("system/project/state").number(), text_of(&api, "system/project/message")),
        |(state, message)| *state == 2.0 && message != "The project folder holds what runs.",
    );
    assert!(told.1.contains("full"), "it says why: {}", told.1);
    assert_eq!(api.call("GET", "/api/v1/tags/shift%2Fnew", None).status, 404, "nothing of it runs");
    disk.make_room();
    // Saved once more, as an engineer would.
    project.add("tags/tags.toml", "# again\n");
    eventually("the change runs", 20.0, || (api.call("GET", "/api/v1/tags/shift%2Fnew", None).status == 200).then_some(()));
    let rows = console.rows(healthy::COUNT);
    assert!(rows.iter().skip_while(|row| row.quality() != Quality::Good).all(|row| row.quality() == Quality::Good));
}
