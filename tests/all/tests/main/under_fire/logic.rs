//! Alarm logic that misbehaves in the middle of a flood: scripts that loop and throw, a plugin that dies.

use std::time::{Duration, Instant};

use plantroom_model::{AlarmState, Marks};
use plantroom_tests::{AlarmSeen, Console, Station, wait_until};

use super::plant::{is_read, journal_holds, name, nothing_was_lost, plant, settle};

const INPUTS: usize = 2_000;
/// A script each: one loops when told to, one throws, one is well-behaved.
const SCRIPTS: [(&str, &str); 3] = [
    ("loops", "|a| { if tag(\"p/script\") == 1 { loop { } } tag(\"p/holds\") }"),
    ("throws", "|a| { if tag(\"p/script\") == 1 { throw \"no\"; } tag(\"p/holds\") }"),
    ("behaves", "|a| tag(\"p/holds\")"),
];
/// As the guest `unruly` understands it.
const RAISE: u64 = 1;
const TRAP: u64 = 3;

fn is(seen: &AlarmSeen, state: AlarmState, unknown: bool) -> bool {
    seen.state == state as u8 && Marks(seen.marks).has(Marks::UNKNOWN) == unknown
}

#[track_caller]
fn stands(console: &Console, alarm: &str, state: AlarmState, unknown: bool) -> AlarmSeen {
    let what = format!("{alarm}: {state:?}, unknown {unknown}");
    wait_until(&what, 30.0, || console.alarm(alarm).unwrap_or_default(), |seen| is(seen, state, unknown))
}

#[test]
fn logic_that_loops_throws_or_dies_in_a_flood_costs_its_own_alarms_their_certainty_and_nothing_else() {
    let (project, field) = plant(INPUTS);
    project.memory("p/act", "uint", "0", "write = true");
    project.memory("p/script", "uint", "0", "write = true");
    project.memory("p/holds", "bool", "false", "write = true");
    project.plugin("unruly", "unruly", "", "read = [\"p/act\"]\nalarms = { raise = [\"p/mine\"], read = [\"p/other\"] }");
    project.write("alarms/mine.toml", "[[alarm]]\nname = \"p/mine\"\nplugin = \"unruly\"\nmessage = \"It is so\"\n");
    project.add("alarms/mine.toml", "[[alarm]]\nname = \"p/other\"\ntag = \"p/act\"\nis = [1000]\nmessage = \"Never\"\n");
    for (name, body) in SCRIPTS {
        project.write(&format!("alarms/{name}.rhai"), &format!("alarm(\"p/{name}\", #{{ message: \"m\" }}, {body});\n"));
    }
    let station = Station::start(&project);
    let (api, console) = (station.api(), station.console(&[]));
    is_read(&api, INPUTS);
    wait_until("the plugin runs", 30.0, || api.tag("system/plugins/unruly/state"), |tag| tag.number() == 1.0);
    api.write("p/holds", true);
    api.write("p/act", RAISE);
    for alarm in ["p/loops", "p/throws", "p/behaves", "p/mine"] {
        stands(&console, alarm, AlarmState::Unacknowledged, false);
    }
    let ends = Instant::now() + Duration::from_secs(12);
    std::thread::scope(|threads| {
        let flood = threads.spawn(|| {
            let mut random = fastrand::Rng::new();
            while Instant::now() < ends {
                field.toggle((0..60).map(|_| random.usize(..INPUTS)));
                std::thread::sleep(Duration::from_millis(10));
            }
        });
        std::thread::sleep(Duration::from_secs(1));
        let mine = console.alarm("p/mine").unwrap_or_default();
        api.write("p/act", TRAP);
        api.write("p/script", 1);
        let left = stands(&console, "p/mine", AlarmState::Unacknowledged, true);
        assert_eq!(left.occurrence, mine.occurrence, "it stands as it stood");
        for alarm in ["p/loops", "p/throws"] {
            stands(&console, alarm, AlarmState::Unacknowledged, true);
        }
        // Others' logic goes on in the middle of it.
        api.write("p/holds", false);
        stands(&console, "p/behaves", AlarmState::Returned, false);
        api.write("p/script", 0);
        for alarm in ["p/loops", "p/throws"] {
            stands(&console, alarm, AlarmState::Returned, false);
        }
        wait_until("the plugin runs again", 30.0, || api.tag("system/plugins/unruly/state"), |tag| tag.number() == 1.0);
        assert!(console.alarm("p/mine").is_some_and(|seen| is(&seen, AlarmState::Unacknowledged, true)));
        flood.join().expect("the flood goes on to its end");
    });
    settle(&api, &field, INPUTS);
    let told = field.told();
    let changes: u32 = told.iter().map(|told| told.rises + told.falls).sum();
    println!("{changes} changes");
    assert!(changes > 5_000, "only {changes} changes: that was no flood");
    journal_holds(&api, &told);
    assert_eq!(api.tag("system/plugins/unruly/faults").number(), 1.0);
    assert!(api.alarm(&name(0))["marks"].as_array().is_some_and(|marks| !marks.contains(&"unknown".into())));
    nothing_was_lost(&station);
}
