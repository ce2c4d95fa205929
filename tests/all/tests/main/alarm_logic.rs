//! Alarm-logic plugins on the real station: what they say reaches operators, and what becomes of it when they die.

use plantroom_model::{AlarmState, Marks};
use plantroom_tests::{AlarmSeen, Console, Project, Pymodbus, Station, plantroom, wait_until};

use crate::healthy;

const RAISE: u64 = 1;
const CLEAR: u64 = 2;
/// Trap, loop for ever, flood, speak of another's alarm.
const MISDEEDS: [u64; 4] = [3, 4, 5, 6];

fn stands(console: &Console, alarm: &str, what: &str, wanted: impl Fn(&AlarmSeen) -> bool) -> AlarmSeen {
    wait_until(what, 15.0, || console.alarm(alarm).unwrap_or_default(), |seen| wanted(seen))
}

fn is_unknown(seen: &AlarmSeen) -> bool {
    Marks(seen.marks).has(Marks::UNKNOWN)
}

#[test]
fn a_plugin_that_dies_leaves_its_alarm_standing_and_marked_and_nothing_else_is_touched() {
    let device = Pymodbus::start();
    let project = Project::new();
    healthy::add_to(&project, &device);
    project.memory("p/act", "uint", "0", "write = true");
    project.plugin("unruly", "unruly", "", "read = [\"p/act\"]\nalarms = { raise = [\"p/mine\"], read = [\"p/other\"] }");
    project.add("alarms/alarms.toml", "[[alarm]]\nname = \"p/mine\"\nplugin = \"unruly\"\nmessage = \"It is so\"\n");
    project.add("alarms/alarms.toml", "[[alarm]]\nname = \"p/other\"\ntag = \"p/act\"\nis = [1000]\nmessage = \"Never\"\n");
    let station = Station::start(&project);
    let (api, console) = (station.api(), station.console(&[]));
    wait_until("the plugin runs", 15.0, || api.tag("system/plugins/unruly/state"), |tag| tag.number() == 1.0);
    let watch = healthy::Watch::start(&station, &device);
    for act in MISDEEDS {
        api.write("p/act", RAISE);
        let raised = stands(&console, "p/mine", "the alarm is raised", |seen| {
            seen.state == AlarmState::Unacknowledged as u8 && !is_unknown(seen)
        });
        assert_eq!(raised.comment, "raised");
        api.write("p/act", act);
        let left = stands(&console, "p/mine", "the alarm is marked", is_unknown);
        assert_eq!((left.state, left.occurrence), (raised.state, raised.occurrence), "misdeed {act}: it stands as it stood");
        wait_until("it runs again", 15.0, || api.tag("system/plugins/unruly/state"), |tag| tag.number() == 1.0);
        assert!(console.alarm("p/mine").is_some_and(|seen| is_unknown(&seen)), "a fresh start alone says nothing");
        api.write("p/act", CLEAR);
        stands(&console, "p/mine", "it speaks of it again", |seen| seen.state == AlarmState::Returned as u8 && !is_unknown(seen));
    }
    assert_eq!(api.tag("system/plugins/unruly/faults").number(), MISDEEDS.len() as f64);
    assert_eq!(console.alarm("p/other").map_or(0, |seen| seen.state), 0, "another's alarm is out of its reach");
    watch.must_have_kept_its_beat(30);
}

#[test]
fn a_trip_sequence_is_told_to_the_operator_in_words() {
    let project = Project::new();
    for tag in ["p/suction", "p/overload", "p/reset"] {
        project.memory(tag, "bool", "false", "write = true");
    }
    let trips = "trip = [{ tag = \"p/overload\" }, { alarm = \"p/suction_low\", words = \"low suction pressure\" }]";
    let config = format!("group = [{{ alarm = \"p/first_out\", reset = \"p/reset\", poll_ms = 0, {trips} }}]");
    let grant = "read = [\"p/*\"]\nstore_kib = 16\n\
                 alarms = { raise = [\"p/first_out\"], read = [\"p/suction_low\"], mark = [\"p/suction_low\"] }";
    project.plugin("first_out", "first-out", &config, grant);
    let trip = "[[alarm]]\nname = \"p/first_out\"\nplugin = \"first_out\"\nmessage = \"The pump tripped\"\n";
    let suction = "[[alarm]]\nname = \"p/suction_low\"\ntag = \"p/suction\"\nis = [true]\nmessage = \"Low\"\n";
    project.add("alarms/alarms.toml", &format!("{trip}{suction}"));
    let station = Station::start(&project);
    let (api, console) = (station.api(), station.console(&[]));
    wait_until("the plugin runs", 15.0, || api.tag("system/plugins/first_out/state"), |tag| tag.number() == 1.0);
    api.write("p/suction", true);
    stands(&console, "p/first_out", "the first trip is told", |seen| seen.comment == "1. low suction pressure");
    stands(&console, "p/suction_low", "it is marked as the first", |seen| Marks(seen.marks).has(Marks::FIRST_OUT));
    api.write("p/overload", true);
    let told = stands(&console, "p/first_out", "the second one is told", |seen| seen.comment.contains("2."));
    assert!(told.comment.starts_with("1. low suction pressure, 2. overload +"), "{}", told.comment);
    api.write("p/suction", false);
    api.write("p/overload", false);
    api.write("p/reset", true);
    stands(&console, "p/first_out", "the reset ends it", |seen| seen.state == AlarmState::Returned as u8);
    stands(&console, "p/suction_low", "nothing is marked", |seen| !Marks(seen.marks).has(Marks::FIRST_OUT));
}

#[test]
fn alarms_that_are_not_granted_are_told_by_check() {
    let project = Project::new();
    project.memory("p/act", "uint", "0", "");
    project.plugin("unruly", "unruly", "", "read = [\"p/act\"]\nalarms = { read = [\"p/othr\"], suppress = [\"q/**\"] }");
    project.add("alarms/alarms.toml", "[[alarm]]\nname = \"p/mine\"\nplugin = \"unruly\"\nmessage = \"It is so\"\n");
    project.add("alarms/alarms.toml", "[[alarm]]\nname = \"p/other\"\ntag = \"p/act\"\nis = [1000]\nmessage = \"Never\"\n");
    let check = plantroom(&["check", project.text()], &[]);
    let said = format!("{}{}", check.stdout, check.stderr);
    assert_eq!(check.code, 1, "{said}");
    let wanted = ["says when `p/mine`", "isn't granted it", "alarms = { raise = [\"p/mine\"] }", "no alarm matches `p/othr`"];
    for part in wanted.into_iter().chain(["p/other", "no alarm matches `q/**`"]) {
        assert!(said.contains(part), "`{part}`: {said}");
    }
}
