//! Alarms of a project folder: what is written becomes what the engine watches, and mistakes are told in their place.

use std::path::Path;

use plantroom_model::{AlarmSpec, Condition, LimitKind, LimitSource, Origin, Priority, Role};
use plantroom_project::{Loaded, Plant, difference, load, load_onto};

mod scripts;
mod sheets;

pub fn write(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

pub const BASE: [(&str, &str); 6] = [
    ("plant.toml", "name = \"Test\"\n[alarms]\nadvice = false\n"),
    (
        "connections.toml",
        "[[connection]]\nname = \"plc\"\ndriver = \"modbus\"\ntcp = \"10.0.0.1:502\"\n\
         [[connection]]\nname = \"line\"\ndriver = \"modbus\"\ntcp = \"10.0.0.2:502\"\n\
         devices = [{ name = \"a\", unit = 1 }, { name = \"b\", unit = 2 }]\n",
    ),
    (
        "plugins.toml",
        "[[plugin]]\nname = \"modbus\"\ncomponent = \"modbus\"\n\
         [plugin.grant]\nconnections = [\"plc\", \"line\"]\npublish = [\"**\"]\n",
    ),
    ("screens/2_wells.rhai", "screen(\"Wells\", #{});"),
    (
        "tags/a.toml",
        "[[tag]]\nname = \"well/level\"\nkind = \"float\"\nunit = \"m\"\ndescription = \"Clear well level\"\nrange = [0, 6]\n\
         limits = { high_high = 5.5, high = 5, low = 1, low_low = 0.5, hysteresis = 0.1 }\nmemory = 2\n\
         [[tag]]\nname = \"well/sp\"\nkind = \"float\"\nmemory = 2\n\
         [[tag]]\nname = \"pump/state\"\nkind = \"uint\"\nmemory = 0\ndescription = \"Pump 1\"\n\
         states = { 0 = \"stopped\", 2 = \"running\", 4 = \"tripped\" }\n\
         [[tag]]\nname = \"pump/start\"\nkind = \"bool\"\nmemory = false\n\
         [[tag]]\nname = \"pump/running\"\nkind = \"bool\"\nconnection = \"plc\"\naddress = \"coil 0\"\n\
         [[tag]]\nname = \"note\"\nkind = \"text\"\nmemory = \"\"\n",
    ),
    (
        "types/motor.toml",
        "name = \"motor\"\n[parameters]\nmost = 90\n\
         [[tag]]\nname = \"current\"\nkind = \"float\"\nmemory = 0\ndescription = \"{description}: current\"\n\
         [[tag]]\nname = \"tripped\"\nkind = \"bool\"\nmemory = false\n\
         [[alarm]]\nname = \"overload\"\ntag = \"{name}/current\"\nhigh = \"{most}\"\naction = \"Unload {description}\"\n\
         [[alarm]]\nname = \"tripped\"\ntag = \"tripped\"\nis = true\nmessage = \"{description} has tripped\"\npriority = \"high\"\n",
    ),
];

fn load_with(files: &[(&str, &str)]) -> Loaded {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), &BASE);
    write(root.path(), files);
    load(root.path())
}

pub fn plant(files: &[(&str, &str)]) -> Plant {
    let loaded = load_with(files);
    let told: Vec<String> = loaded.diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(told, Vec::<String>::new());
    (*loaded.plant.unwrap()).clone()
}

pub fn told(files: &[(&str, &str)]) -> Vec<String> {
    let loaded = load_with(files);
    loaded.diagnostics.iter().map(|d| format!("{}:{}:{} {}", d.file, d.line, d.column, d.message)).collect()
}

pub fn alarm<'a>(plant: &'a Plant, name: &str) -> &'a AlarmSpec {
    let names: Vec<&str> = plant.alarms.iter().map(|alarm| &*alarm.name).collect();
    plant.alarm(name).unwrap_or_else(|| panic!("no {name} in {names:?}")).1
}

/// The condition with names for ids.
pub fn words(plant: &Plant, condition: &Condition) -> String {
    let tag = |id: &plantroom_model::TagId| plant.tags[id.0 as usize].name.to_string();
    let source = |source: &LimitSource| match source {
        LimitSource::Constant(number) => number.to_string(),
        LimitSource::Tag(id) => tag(id),
    };
    match condition {
        Condition::Limit { tag: id, kind, at, hysteresis } => format!("{} {kind:?} {} -{hysteresis}", tag(id), source(at)),
        Condition::Deviation { tag: id, setpoint, by, hysteresis } => {
            format!("{} off {} by {} -{hysteresis}", tag(id), tag(setpoint), source(by))
        }
        Condition::Rate { tag: id, per_s, window_ms, hysteresis } => {
            format!("{} rate {} in {window_ms} -{hysteresis}", tag(id), source(per_s))
        }
        Condition::State { tag: id, is } => format!("{} is {is:?}", tag(id)),
        Condition::Change { tag: id } => format!("{} changes", tag(id)),
        Condition::Disagree { command, feedback, follow_ms } => {
            format!("{} follows {} in {follow_ms}", tag(feedback), tag(command))
        }
        Condition::BadQuality { tag: id } => format!("{} bad", tag(id)),
        other => format!("{other:?}"),
    }
}

#[test]
fn every_condition_is_written_in_words_of_the_field() {
    for (written, name, condition, message) in [
        ("tag = \"well/level\"\nhigh = 4.8", "well/level/high", "well/level High 4.8 -0.1", "Clear well level high"),
        (
            "name = \"w\"\ntag = \"well/level\"\nlow_low = 0.4\nhysteresis = 0",
            "w",
            "well/level LowLow 0.4 -0",
            "Clear well level very low",
        ),
        ("tag = \"well/level\"\nhigh = true", "well/level/high", "well/level High 5 -0.1", "Clear well level high"),
        (
            "name = \"w\"\ntag = \"well/level\"\nhigh = \"tag:well/sp\"",
            "w",
            "well/level High well/sp -0.1",
            "Clear well level high",
        ),
        (
            "name = \"w\"\ntag = \"well/level\"\nhigh = 'tag(\"well/sp\") * 1.1'",
            "w",
            "well/level High w/limit -0.1",
            "Clear well level high",
        ),
        (
            "tag = \"well/level\"\ndeviation = { setpoint = \"well/sp\", by = 0.5 }\nhysteresis = 0.1",
            "well/level/deviation",
            "well/level off well/sp by 0.5 -0.1",
            "Clear well level is off its setpoint",
        ),
        (
            "tag = \"well/level\"\nrate = { per_min = 6, window = \"30 s\" }",
            "well/level/rate",
            "well/level rate 0.1 in 30000 -0",
            "Clear well level changes too fast",
        ),
        (
            "name = \"w\"\ntag = \"well/level\"\nrate = { per_min = 'tag(\"well/sp\")' }",
            "w",
            "well/level rate w/limit in 10000 -0",
            "Clear well level changes too fast",
        ),
        ("tag = \"pump/state\"\nis = \"Tripped\"", "pump/state/state", "pump/state is [4]", "Pump 1: tripped"),
        ("name = \"w\"\ntag = \"pump/state\"\nis = [\"tripped\", 0]", "w", "pump/state is [4, 0]", "Pump 1: tripped or stopped"),
        ("name = \"w\"\ntag = \"pump/running\"\nis = false\nmessage = \" It stands \"", "w", "pump/running is [0]", "It stands"),
        ("tag = \"pump/state\"\nchange = true", "pump/state/change", "pump/state changes", "Pump 1 has changed"),
        (
            "tag = \"pump/running\"\nfollows = { command = \"pump/start\", within = \"1 min\" }",
            "pump/running/follows",
            "pump/running follows pump/start in 60000",
            "pump/running: the command is not followed",
        ),
        (
            "tag = \"pump/running\"\nbad_quality = true",
            "pump/running/quality",
            "pump/running bad",
            "pump/running: no usable value",
        ),
        ("name = \"w\"\nmessage = \"m\"\nwhen = 'tag(\"well/level\") > 3 && tag(\"pump/running\")'", "w", "w/when is [1]", "m"),
    ] {
        let file = format!("[[alarm]]\n{written}\n");
        let plant = plant(&[("alarms/a.toml", &file)]);
        let (id, spec) = plant.alarm(name).unwrap_or_else(|| panic!("{written}"));
        assert_eq!((words(&plant, &spec.condition), &*spec.message), (condition.to_owned(), message), "{written}");
        assert_eq!(&*plant.alarm_places.get(id.0 as usize).unwrap().file, "alarms/a.toml");
    }
}

#[test]
fn what_is_said_of_an_alarm_is_kept_and_what_is_not_is_usual() {
    let plant = plant(&[(
        "alarms/a.toml",
        "[[alarm]]\nname = \"well/full\"\ntag = \"well/level\"\nhigh = 4.8\npriority = \"critical\"\narea = \"wells\"\n\
         consequence = \"It runs over\"\naction = \"Close the inlet\"\nrespond = \"5 min\"\nscreen = \"2_wells\"\n\
         on_delay = \"10 s\"\noff_delay = 2.5\nlatching = true\nacknowledge = false\nrealarm = \"30 min\"\n\
         shelve_max = \"1 h\"\nshelve_role = \"engineer\"\nfirst_out = \"wells\"\n\
         [[alarm]]\nname = \"well/low\"\ntag = \"well/level\"\nlow = 1.5\n\
         [[alarm]]\nname = \"told\"\npriority = \"event\"\ntag = \"pump/state\"\nchange = true\n\
         [[alarm]]\nname = \"worst\"\npriority = \"critical\"\ntag = \"pump/running\"\nis = false\n",
    )]);
    let full = alarm(&plant, "well/full");
    assert_eq!((full.priority, &*full.area, full.respond_s, &*full.screen), (Priority::Critical, "wells", 300, "2_wells"));
    assert_eq!((full.on_delay_ms, full.off_delay_ms, full.latching, full.acknowledge), (10_000, 2_500, true, false));
    assert_eq!((full.realarm_s, full.shelve_max_s, full.shelve_role), (1_800, 3_600, Role::Engineer));
    assert_eq!((&*full.first_out, &*full.consequence, &*full.action), ("wells", "It runs over", "Close the inlet"));
    let low = alarm(&plant, "well/low");
    assert_eq!((low.priority, &*low.area, low.acknowledge, low.shelve_max_s), (Priority::Low, "well", true, 28_800));
    let (event, worst) = (alarm(&plant, "told"), alarm(&plant, "worst"));
    assert_eq!((event.priority, event.acknowledge, &*event.area), (Priority::Event, false, "plant"));
    assert_eq!(worst.shelve_max_s, 0, "what is critical isn't shelved unless the project says so");
}

#[test]
fn limits_become_alarms_each() {
    for (written, expected) in [
        ("limits = true", "high_high High medium, high 5 low, low 1 low, low_low 0.5 medium"),
        ("limits = { high_high = { priority = \"high\", at = 5.8 }, low_low = false, high = 4.5 }", "5.8 high, 4.5 low, 1 low"),
        ("limits = true\npriority = \"high\"", "5.5 high, 5 high, 1 high, 0.5 high"),
    ] {
        let file = format!("[[alarm]]\ntag = \"well/level\"\n{written}\n");
        let plant = plant(&[("alarms/a.toml", &file)]);
        let own = plant.alarms.iter().filter(|alarm| alarm.name.starts_with("well/level/"));
        let found: Vec<String> = own
            .map(|alarm| match &alarm.condition {
                Condition::Limit { at: LimitSource::Constant(at), .. } => format!("{at} {}", alarm.priority.word()),
                other => format!("{other:?}"),
            })
            .collect();
        let expected = if written == "limits = true" { "5.5 medium, 5 low, 1 low, 0.5 medium" } else { expected };
        assert_eq!(found.join(", "), expected, "{written}");
    }
    let pattern = plant(&[("alarms/a.toml", "[[alarm]]\ntag = \"*/*\"\nlimits = true\non_delay = 5\n")]);
    assert_eq!(alarm(&pattern, "well/level/low").on_delay_ms, 5_000);
    let tag = "[[tag]]\nname = \"x/p\"\nkind = \"float\"\nmemory = 1\nlimits = { high = 3, alarm = true }\n";
    let by_tag = plant(&[("tags/b.toml", tag)]);
    let limit = |kind| matches!(alarm(&by_tag, "x/p/high").condition, Condition::Limit { kind: k, .. } if k == kind);
    assert!(limit(LimitKind::High));
}

#[test]
fn instances_inherit_change_and_leave_out_alarms_of_their_type() {
    let plant = plant(&[(
        "tags/b.toml",
        "[[instance]]\ntype = \"motor\"\nname = \"m/1\"\ndescription = \"Motor 1\"\nparameters = { most = 80 }\n\
         [[instance]]\ntype = \"motor\"\nname = \"m/2\"\n[instance.alarms.overload]\nhigh = 70\npriority = \"medium\"\n\
         [instance.alarms.hot]\ntag = \"current\"\nhigh = 60\n\
         [[instance]]\ntype = \"motor\"\nname = \"m/3\"\nalarms = { overload = false, tripped = { remove = true } }\n",
    )]);
    let first = alarm(&plant, "m/1/overload");
    assert_eq!((words(&plant, &first.condition), &*first.instance), ("m/1/current High 80 -0".to_owned(), "m/1"));
    assert_eq!((&*first.message, &*first.action, &*first.area), ("Motor 1: current high", "Unload Motor 1", "m"));
    let tripped = alarm(&plant, "m/1/tripped");
    assert_eq!((words(&plant, &tripped.condition), &*tripped.message), ("m/1/tripped is [1]".to_owned(), "Motor 1 has tripped"));
    let second = alarm(&plant, "m/2/overload");
    assert_eq!((words(&plant, &second.condition), second.priority), ("m/2/current High 70 -0".to_owned(), Priority::Medium));
    assert_eq!(words(&plant, &alarm(&plant, "m/2/hot").condition), "m/2/current High 60 -0");
    assert!(plant.alarm("m/3/overload").is_none() && plant.alarm("m/3/tripped").is_none());
}

#[test]
fn the_station_has_alarms_of_its_own_which_a_project_changes_by_name() {
    let names = |plant: &Plant| plant.alarms.iter().map(|alarm| alarm.name.to_string()).collect::<Vec<_>>();
    let usual = names(&plant(&[]));
    for name in [
        "system/communication/plc",
        "system/communication/line/a",
        "system/communication/line/b",
        "system/disk",
        "system/audit",
        "system/scan/inbox_lost",
        "system/scan/implausible_times",
        "system/plugins/modbus/quarantined",
        "system/alarms/journal",
    ] {
        assert!(usual.iter().any(|one| one == name), "{name} is not in {usual:?}");
    }
    let none = "name = \"Test\"\n[alarms]\ncommunication = false\nstation = false\n";
    assert_eq!(names(&plant(&[("plant.toml", none)])), Vec::<String>::new());
    let changed = plant(&[(
        "alarms/a.toml",
        "[[alarm]]\nname = \"system/disk\"\npriority = \"critical\"\n[[alarm]]\nname = \"system/audit\"\nremove = true\n\
         [[alarm]]\nname = \"plc_lost\"\ncommunication = { connection = \"plc\" }\nmessage = \"PLC lost\"\n",
    )]);
    assert_eq!(alarm(&changed, "system/disk").priority, Priority::Critical);
    assert!(!alarm(&changed, "system/disk").action.is_empty());
    assert!(changed.alarm("system/audit").is_none() && changed.alarm("system/communication/plc").is_none());
    assert!(matches!(alarm(&changed, "plc_lost").condition, Condition::Link { device: None, .. }));
}

#[test]
fn mistakes_are_told_where_they_stand() {
    for (written, expected) in [
        ("name = \"w\"\ntag = \"well/levl\"\nhigh = 3", "3:7 there is no tag `well/levl`"),
        ("name = \"w\"\ntag = \"well/level\"", "1:1 nothing says when this alarm is active"),
        ("name = \"w\"\nhigh = 3", "1:1 this alarm has `high`, but no tag"),
        ("name = \"w\"\ntag = \"note\"\nhigh = 3", "3:7 a limit needs a number, but `note` is of kind text"),
        (
            "name = \"w\"\ntag = \"well/level\"\nis = 3",
            "3:7 a state needs a bool or a whole number, but `well/level` is of kind float",
        ),
        ("name = \"w\"\ntag = \"well/level\"\nhigh = 7", "4:8 the limit 7 is outside of the range of `well/level`, 0 to 6"),
        (
            "name = \"w\"\ntag = \"well/level\"\nhigh = 3\nhysteresis = 4",
            "5:14 with a hysteresis of 4 the limit 3 would never clear: there is only 3 beside it",
        ),
        ("name = \"w\"\ntag = \"pump/state\"\nis = \"triped\"", "4:6 `pump/state` has no state the text \"triped\""),
        (
            "name = \"w\"\ntag = \"well/level\"\nhigh = 3\nlow = 1",
            "5:1 an alarm has one condition, but `high` and `low` are given",
        ),
        ("name = \"w\"\ntag = \"well/level\"\nhigh = 3\non_dealy = 1", "5:1 an alarm has no key `on_dealy`"),
        (
            "name = \"w\"\ntag = \"well/level\"\nhigh = 3\non_delay = \"5 parsec\"",
            "5:12 `on_delay` is a length of time, but the text \"5 parsec\" is none",
        ),
        ("name = \"w\"\ntag = \"well/level\"\nhigh = 3\npriority = \"urgent\"", "5:12 `priority` can't be `urgent`"),
        (
            "name = \"w\"\ntag = \"well/level\"\nhigh = 3\nscreen = \"2_well\"",
            "5:10 there is no screen `2_well`: screens/2_well.rhai does not exist",
        ),
        (
            "name = \"w\"\ntag = \"well/level\"\nhigh = 3\n[[alarm]]\nname = \"w\"\ntag = \"well/level\"\nlow = 1",
            "6:8 there is another alarm named `w`",
        ),
        ("name = \"w\"\nwhen = \"tag(\\\"well/level\\\") +\"\nmessage = \"m\"", "3:8 in this expression"),
        (
            "name = \"w\"\nwhen = \"tag(\\\"well/level\\\")\"\nmessage = \"m\"",
            "3:8 this expression gives a value of kind float, but the tag's kind is bool",
        ),
        ("name = \"w\"\nwhen = \"tag(\\\"well/level\\\") > 1\"", "1:1 nothing says what this alarm tells the operator"),
        ("name = \"w\"\nmessage = \"m\"\nplugin = \"modbos\"", "4:10 there is no plugin `modbos`"),
        (
            "name = \"w\"\nmessage = \"m\"\nscript = \"alarms/x.rhai\"",
            "4:10 there is no alarm script `alarms/x.rhai` in this folder",
        ),
        ("name = \"system/dsk\"\nremove = true", "1:1 the station has no alarm `system/dsk`; names under system/ are its own"),
        ("tag = \"well/*\"\nname = \"w\"\nlimits = true", "3:8 several tags match `well/*`, but they can't have one name"),
        ("name = \"w\"\ncommunication = { connection = \"line\", device = \"c\" }", "3:49 there is no device `c`"),
        ("name = \"w\"\ntag = \"pump/running\"\nfollows = { command = \"pump/running\" }", "3:7 a tag always follows itself"),
        ("name = \"w\"\ntag = \"well/level\"\nrate = { window = 5 }", "4:8 nothing says how fast the tag may move"),
        (
            "name = \"w\"\ntag = \"well/level\"\nhigh = 3\n[[alarm]]\nname = \"v\"\ntag = \"well/level\"\nhigh_high = 2",
            "8:13 `high_high` (2) must be above `high` (3) of `w`",
        ),
        (
            "name = \"w\"\ntag = \"well/level\"\nlimits = { high = { prioritty = \"low\" } }",
            "4:21 a limit has no key `prioritty`",
        ),
        ("name = \"w w\"\ntag = \"well/level\"\nhigh = 3", "2:8 the alarm name `w w` must not contain ` `"),
    ] {
        let file = format!("[[alarm]]\n{written}\n");
        let told = told(&[("alarms/a.toml", &file)]);
        let expected = format!("alarms/a.toml:{expected}");
        assert!(told.len() == 1 && told[0].starts_with(&expected), "{written}\n{told:#?}\n{expected}");
    }
}

#[test]
fn a_rationalisation_asks_for_what_is_missing_once_for_each_kind() {
    let alarms: String = (0..30)
        .map(|n| {
            format!(
                "[[alarm]]\nname = \"w/{n}\"\ntag = \"well/level\"\nhigh = 3.{n:02}\npriority = \"high\"\nfirst_out = \"g{n}\"\n"
            )
        })
        .take(1)
        .chain(
            (1..30)
                .map(|n| format!("[[alarm]]\nname = \"w/{n}\"\ntag = \"well/level\"\nhigh = 3.{n:02}\npriority = \"medium\"\n")),
        )
        .collect();
    let told = told(&[("plant.toml", "name = \"Test\"\n"), ("alarms/a.toml", &alarms)]);
    assert_eq!(told.len(), 5, "{told:#?}");
    for words in
        ["30 of 30 alarms say nothing of what the operator", "happens if nobody", "time to respond", "97 % medium", "`g0` is"]
    {
        assert!(told.iter().any(|one| one.contains(words)), "{words} is not in {told:#?}");
    }
}

#[test]
fn ids_stay_over_changes_and_the_difference_is_told_in_words() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), &BASE);
    let file = |a: &str| {
        format!("[[alarm]]\nname = \"a\"\ntag = \"well/level\"\n{a}\n[[alarm]]\nname = \"c\"\ntag = \"pump/state\"\nis = 4\n")
    };
    write(root.path(), &[("alarms/a.toml", &file("high = 'tag(\"well/sp\") + 1'"))]);
    let old = load(root.path()).plant.unwrap();
    let new = format!("[[alarm]]\nname = \"first\"\ntag = \"pump/state\"\nis = 0\n{}", file("high = 'tag(\"well/sp\") + 2'"));
    write(root.path(), &[("alarms/a.toml", &new.replace("[[alarm]]\nname = \"c\"\ntag = \"pump/state\"\nis = 4\n", ""))]);
    let loaded = load_onto(root.path(), &old);
    let new = loaded.plant.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
    assert_eq!(old.alarm("a").unwrap().0, new.alarm("a").unwrap().0);
    let gone = &new.alarms[old.alarm("c").unwrap().0.0 as usize];
    assert!(gone.name.is_empty() && gone.condition == Condition::Gone);
    assert_eq!(new.alarm("first").unwrap().0.0 as usize, old.alarms.len());
    assert_eq!(words(&new, &alarm(&new, "a").condition), "well/level High a/limit -0.1");
    assert!(matches!(new.tag("a/limit").unwrap().1.origin, Origin::Derived(_)));
    let preview = difference(&old, &new);
    assert_eq!(preview.to_string(), "1 alarm is new, 1 alarm is removed, 1 alarm changes");
    assert!(preview.lines().contains(&"~ alarm a: condition".to_owned()), "{:?}", preview.lines());
    assert!(difference(&new, &new).is_empty());
}
