//! Not a number, bad quality, a device that is gone, another type, through a device that nobody here wrote.

use plantroom_model::{AlarmState, Marks};
use plantroom_tests::{AlarmSeen, Console, FaultyDevice, Misdeed, Project, Station, entries, wait_until};

const LEVEL: &str = "line/level";
const HIGH: &str = "line/level/high";

fn float(value: f32) -> [u16; 2] {
    let bits = value.to_bits();
    [(bits >> 16) as u16, bits as u16]
}

#[track_caller]
fn stands(console: &Console, what: &str, state: AlarmState, unknown: bool) -> AlarmSeen {
    let look = || console.alarm(HIGH).unwrap_or_default();
    wait_until(what, 20.0, look, |seen| seen.state == state as u8 && Marks(seen.marks).has(Marks::UNKNOWN) == unknown)
}

#[test]
fn values_that_cannot_be_used_neither_raise_nor_clear_an_alarm() {
    let device = FaultyDevice::start();
    let project = Project::new();
    project.connection("line", device.port, 500, "").modbus(&["line"], "fast = 100", "line/*");
    project.tag(LEVEL, "float", "line", "holding 0 f32", "group = \"fast\"");
    project.write(
        "alarms/a.toml",
        &format!("[[alarm]]\nname = \"{HIGH}\"\ntag = \"{LEVEL}\"\nhigh = 80\nhysteresis = 5\nmessage = \"m\"\n"),
    );
    let station = Station::start(&project);
    let (api, console) = (station.api(), station.console(&[]));
    device.set(0, &float(50.0));
    wait_until("it is read", 20.0, || api.tag(LEVEL), |tag| tag.number() == 50.0);
    let ill: [(&str, &dyn Fn()); 4] = [
        ("not a number", &|| device.set(0, &float(f32::NAN))),
        ("infinite", &|| device.set(0, &float(f32::INFINITY))),
        ("an exception", &|| device.misbehave(Misdeed::Exception(4))),
        ("silence", &|| device.misbehave(Misdeed::Silent)),
    ];
    let well = |value: f32| {
        device.behave();
        device.set(0, &float(value));
        wait_until("it is read", 20.0, || api.tag(LEVEL), |tag| tag.is_good() && tag.number() == f64::from(value));
    };
    let came = || entries(&api).iter().filter(|row| row.alarm == HIGH && row.event == "occurred").count();
    for (turn, (what, make_ill)) in ill.into_iter().enumerate() {
        make_ill();
        wait_until(&format!("{what}: nobody trusts it"), 20.0, || api.tag(LEVEL), |tag| tag.is_bad());
        assert_eq!(came(), turn, "{what}: it doesn't raise");
        well(90.0);
        let before = stands(&console, &format!("{what}: it comes"), AlarmState::Unacknowledged, false);
        make_ill();
        let held = stands(&console, &format!("{what}: it stands, marked"), AlarmState::Unacknowledged, true);
        assert_eq!(held.occurrence, before.occurrence, "{what}");
        well(90.0);
        let again = stands(&console, &format!("{what}: known again"), AlarmState::Unacknowledged, false);
        assert_eq!(again.occurrence, before.occurrence, "{what}: it is the same occurrence");
        well(50.0);
        stands(&console, &format!("{what}: it returns"), AlarmState::Returned, false);
        wait_until(&format!("{what}: it came once"), 10.0, came, |count| *count == turn + 1);
    }
    super::plant::follow_each_other(&entries(&api));
    super::plant::nothing_was_lost(&station);
}

#[test]
fn a_tag_that_changes_its_type_takes_its_alarm_along() {
    let device = FaultyDevice::start();
    let project = Project::new();
    project.add("plant.toml", "[change]\napply = \"on_save\"\n");
    project.connection("line", device.port, 500, "").modbus(&["line"], "fast = 100", "line/*");
    let tag = |kind: &str, address: &str| {
        let text = format!(
            "[[tag]]\nname = \"{LEVEL}\"\nkind = \"{kind}\"\nconnection = \"line\"\naddress = \"{address}\"\ngroup = \"fast\"\n"
        );
        project.write("tags/tags.toml", &text);
    };
    tag("float", "holding 0 f32");
    project.write("alarms/a.toml", &format!("[[alarm]]\nname = \"{HIGH}\"\ntag = \"{LEVEL}\"\nhigh = 80\nmessage = \"m\"\n"));
    device.set(0, &float(90.0));
    let station = Station::start(&project);
    let (api, console) = (station.api(), station.console(&[]));
    let first = stands(&console, "it comes", AlarmState::Unacknowledged, false);
    // The same registers as a whole number: 17,076, which is above the limit too.
    tag("uint", "holding 0 u16");
    wait_until("the type has changed", 30.0, || api.tag(LEVEL), |tag| tag.is_good() && tag.number() == 17_076.0);
    let second = stands(&console, "it stands", AlarmState::Unacknowledged, false);
    assert_eq!(second.occurrence, first.occurrence, "the same occurrence: it has held all the time");
    device.set(0, &[3, 0]);
    stands(&console, "it returns", AlarmState::Returned, false);
    // What a number is compared with can't be a text: the change is refused as a whole, and all goes on.
    tag("text", "holding 0 text 4");
    wait_until("it is told", 20.0, || api.tag("system/project/state").number(), |state| *state == 2.0);
    device.set(0, &[90, 0]);
    stands(&console, "the old project runs on", AlarmState::Unacknowledged, false);
}
