//! A contact that bounces a hundred times a second grows neither the memory nor the list. (An hour of it in virtual time, and
//! what the engine keeps meanwhile, is tried in the engine's own tests.)

use std::time::{Duration, Instant};

use plantroom_model::Marks;
use plantroom_tests::{Station, wait_until};

use super::plant::{is_read, name, nothing_was_lost};

/// How long it bounces, in s, before its memory is looked at first, and until it is last.
const WARM_S: f64 = 6.0;
const LASTS_S: f64 = 24.0;
/// What the station may grow by meanwhile, in KiB: its disk's index, and what an allocator keeps.
const GROWTH_KIB: f64 = 6_000.0;

fn resident_kib(pid: u32) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).expect("a process has a size")
}

#[test]
fn a_contact_that_bounces_at_100_hz_grows_neither_memory_nor_the_list() {
    let (project, field) = super::plant::plant(8);
    // Polled as fast as it bounces.
    project.write("plugins.toml", &project.read("plugins.toml").replace("fast = 50", "fast = 10"));
    let station = Station::start(&project);
    let (api, console) = (station.api(), station.console(&[]));
    is_read(&api, 8);
    let begin = Instant::now();
    let mut early = None;
    while begin.elapsed().as_secs_f64() < LASTS_S {
        field.toggle([2]);
        std::thread::sleep(Duration::from_millis(10));
        if early.is_none() && begin.elapsed().as_secs_f64() > WARM_S {
            early = Some(resident_kib(station.pid()));
        }
    }
    let (early, late) = (early.unwrap_or_default(), resident_kib(station.pid()));
    field.set([2], false);
    super::plant::settle(&api, &field, 8);
    let told = field.told()[2];
    println!("{} comings in {LASTS_S} s; {early:.0} KiB after {WARM_S} s, {late:.0} KiB at the end", told.rises);
    assert!(f64::from(told.rises) > 10.0 * LASTS_S, "only {} comings: the machine is too busy to tell", told.rises);
    assert!(late - early < GROWTH_KIB, "it grew from {early:.0} to {late:.0} KiB");
    super::plant::journal_holds(&api, &field.told());
    let list = api.get("/api/v1/alarms?limit=100");
    assert_eq!(list["total"], 1, "one alarm, one line: {list}");
    assert!(list["alarms"][0]["marks"].as_array().is_some_and(|marks| marks.contains(&"chattering".into())), "{list}");
    let heard = console.alarms_heard().into_iter().filter(|heard| Marks(heard.alarm.marks).has(Marks::CHATTERING)).count();
    assert!(heard > 0, "the console is told that {} chatters", name(2));
    wait_until("nothing hangs behind it", 10.0, || api.get("/api/v1/alarms?limit=1")["total"].clone(), |total| *total == 1);
    nothing_was_lost(&station);
}
