use std::path::Path;

use plantroom_model::{Columns, Mono, PluginId, Utc};

use super::*;

/// A small plant from real files, as the station loads it.
pub(crate) fn small_plant() -> Arc<Plant> {
    plant_with("", "")
}

/// The same with an alarm that a plugin speaks of.
pub(crate) fn plant_with_logic() -> Arc<Plant> {
    plant_with(
        "[[plugin]]\nname = \"logic\"\ncomponent = \"l\"\n[plugin.grant.alarms]\nraise = [\"t/*\"]\n",
        "[[alarm]]\nname = \"t/said\"\nplugin = \"logic\"\nmessage = \"Said\"\n",
    )
}

fn plant_with(plugin: &str, alarms: &str) -> Arc<Plant> {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("plant.toml", "name = \"Test\"\ntime_zone = \"UTC\"\nhome_screen = \"1\"\n");
    write("connections.toml", "[[connection]]\nname = \"plc\"\ndriver = \"d\"\ntcp = \"127.0.0.1:502\"\n");
    let driver = "[[plugin]]\nname = \"d\"\ncomponent = \"d\"\n[plugin.grant]\nconnections = [\"plc\"]\npublish = [\"t/*\"]\n";
    write("plugins.toml", &format!("{driver}{plugin}"));
    write(
        "tags/t.toml",
        "[[tag]]\nname = \"t/level\"\nkind = \"float\"\nunit = \"%\"\nconnection = \"plc\"\naddress = \"holding 0\"\nstale_after_ms = 3000\n\
         [[tag]]\nname = \"m/set\"\nkind = \"int\"\nmemory = 5\n",
    );
    write("screens/1.rhai", "screen(\"One\", #{ level: 1 });\n");
    if !alarms.is_empty() {
        write("alarms/t.toml", alarms);
    }
    let loaded = plantroom_project::load(folder.path());
    loaded.plant.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics))
}

fn at(ms: u64) -> Now {
    Now { mono: Mono(1_000_000_000).plus_ms(ms), utc: Utc(1_790_000_000_000_000_000 + ms as i64 * 1_000_000) }
}

fn scan(plant: &Plant) -> Scan {
    Scan::new(plant, TagEngine::new(Arc::clone(&plant.tags), &[], at(0)), no_alarms(plant, at(0)))
}

/// An alarm engine that knows of nothing before.
pub(crate) fn no_alarms(plant: &Plant, now: Now) -> AlarmEngine {
    AlarmEngine::new(Arc::clone(&plant.alarms), &plant.tags, &[], 1, now)
}

fn sample(tag: TagId, value: f64, ms: u64) -> Input {
    let mut columns = Columns::default();
    columns.push(tag.0, &Value::Float(value), Status::GOOD, Utc(0));
    Input { at: at(ms), what: What::Samples { plugin: PluginId(0), columns } }
}

/// Some scans' worth of inputs, with everything that can come from outside.
fn tape(level: TagId, set: TagId) -> Vec<(u64, Vec<Input>)> {
    let plugin =
        |ms, state, fault: &str| Input { at: at(ms), what: What::Plugin { plugin: PluginId(0), state, fault: fault.to_owned() } };
    let link = |ms, state| Input { at: at(ms), what: What::Link { connection: plantroom_model::ConnectionId(0), state } };
    let missed =
        |ms| Input { at: at(ms), what: What::Missed { plugin: PluginId(0), tags: vec![level], reason: Status::BAD_TIMEOUT } };
    vec![
        (10, vec![plugin(5, PluginWord::Running, ""), link(8, LinkState::Up), sample(level, 40.0, 9)]),
        (110, vec![sample(level, 41.0, 100), Input { at: at(105), what: What::Set { tag: set, value: Value::Int(9) } }]),
        (210, vec![missed(200), link(201, LinkState::Silent)]),
        (310, vec![plugin(300, PluginWord::Restarting, "it trapped")]),
        (9_000, Vec::new()),
        (9_100, vec![plugin(9_050, PluginWord::Running, ""), sample(level, f64::NAN, 9_060)]),
    ]
}

#[test]
fn the_same_inputs_and_times_give_the_same_frames() {
    let plant = small_plant();
    let tag = |name: &str| plant.tag_ids[name];
    let tape = tape(tag("t/level"), tag("m/set"));
    let play = || {
        let mut scan = scan(&plant);
        tape.iter().map(|(ms, inputs)| scan.run(inputs, &[], at(*ms))).collect::<Vec<_>>()
    };
    let frames = play();
    assert_eq!(frames, play());
    assert!(frames.iter().all(|frame| frame.number > 0) && frames[0].changes.len() > 3);
}

#[test]
fn a_recorded_input_survives_being_written_down() {
    let plant = small_plant();
    for (_, inputs) in tape(plant.tag_ids["t/level"], plant.tag_ids["m/set"]) {
        for input in inputs.into_iter().filter(|input| !format!("{input:?}").contains("NaN")) {
            let text = serde_json::to_string(&input).unwrap();
            assert_eq!(serde_json::from_str::<Input>(&text).unwrap(), input);
        }
    }
}

#[test]
fn a_plugin_that_is_down_makes_its_tags_bad_and_says_why() {
    let plant = small_plant();
    let tag = |name: &str| plant.tag_ids[name];
    let mut scan = scan(&plant);
    for (ms, inputs) in tape(tag("t/level"), tag("m/set")).iter().take(4) {
        scan.run(inputs, &[], at(*ms));
    }
    let held = |scan: &Scan, name: &str| scan.engine.current(tag(name)).unwrap();
    assert_eq!(held(&scan, "t/level").status, Status::BAD_NO_COMMUNICATION);
    assert_eq!(held(&scan, "t/level").value, Value::Float(41.0), "the last value stays visible");
    assert_eq!(held(&scan, "system/plugins/d/faults").value, Value::Uint(1));
    assert_eq!(held(&scan, "system/plugins/d/last_fault").value, Value::Text("it trapped".into()));
    assert_eq!(held(&scan, "m/set").status, Status::GOOD, "other tags are not touched");
}

#[test]
fn a_dead_plugins_last_words_do_not_outlive_it() {
    let plant = plant_with_logic();
    let (alarm, logic) = (plant.alarm("t/said").unwrap().0, PluginId(1));
    let down = |ms| Input {
        at: at(ms),
        what: What::Plugin { plugin: logic, state: PluginWord::Restarting, fault: "it trapped".to_owned() },
    };
    let raise = |ms| {
        let word = plantroom_model::ConditionWord::Raise { value: Value::Int(1), source_time: Utc(0), detail: "".into() };
        let words = plantroom_model::Conditions { rows: vec![(alarm, word)] };
        Input { at: at(ms), what: What::Conditions { from: ConditionSource::Plugin(logic), words } }
    };
    let after = |inputs: &[Input]| {
        let mut scan = scan(&plant);
        scan.run(inputs, &[], at(10));
        let standing = scan.alarms.standing(alarm);
        (standing.state.letter(), standing.marks.has(plantroom_model::Marks::UNKNOWN))
    };
    assert_eq!(after(&[raise(1)]), ('B', false));
    assert_eq!(after(&[raise(1), down(2)]), ('B', true), "said, then dead");
    assert_eq!(after(&[down(1), raise(2)]), ('B', false), "what its next instance says counts");
    assert_eq!(after(&[raise(1), down(2), raise(3)]), ('B', false));
}

#[test]
fn a_plugin_without_a_fault_says_so() {
    let plant = small_plant();
    let mut scan = scan(&plant);
    let what = What::Plugin { plugin: PluginId(0), state: PluginWord::Starting, fault: String::new() };
    scan.run(&[Input { at: at(5), what }], &[], at(10));
    let held = scan.engine.current(plant.tag_ids["system/plugins/d/faults"]).unwrap();
    assert_eq!((held.value, held.status), (Value::Uint(0), Status::GOOD));
}

#[test]
fn samples_that_were_lost_before_the_scan_make_their_tags_uncertain() {
    let plant = small_plant();
    let level = plant.tag_ids["t/level"];
    let mut scan = scan(&plant);
    scan.run(&[sample(level, 1.0, 5)], &[], at(10));
    scan.run(&[], &[level], at(20));
    assert_eq!(scan.engine.current(level).map(|sample| sample.status), Some(Status::UNCERTAIN));
}

/// The small plant without its level, with another tag, and a slower scan; ids stay.
fn changed(plant: &Plant) -> ScanPlant {
    let mut tags = plant.tags.to_vec();
    let level = plant.tag_ids["t/level"].0 as usize;
    tags[level] = TagSpec::new("", plantroom_model::ValueKind::Null, Origin::Gone);
    let initial = Value::Int(1);
    tags.push(TagSpec::new("m/new", plantroom_model::ValueKind::Int, Origin::Memory { initial }));
    let kept = vec![(TagId(tags.len() as u32 - 1), Value::Int(77), Utc(5))];
    let connections = plant.connections.iter().map(|connection| Arc::clone(&connection.name)).collect();
    let plugins = plant.plugins.iter().map(|plugin| Arc::clone(&plugin.name)).collect();
    ScanPlant { number: 1, tags: tags.into(), alarms: Arc::clone(&plant.alarms), connections, plugins, scan_ms: (20, 200), kept }
}

#[test]
fn a_changed_project_is_an_input_like_any_other() {
    let plant = small_plant();
    let (level, set) = (plant.tag_ids["t/level"], plant.tag_ids["m/set"]);
    let change = Input { at: at(150), what: What::Plant(Arc::new(changed(&plant))) };
    let written = serde_json::to_string(&change).unwrap();
    assert_eq!(serde_json::from_str::<Input>(&written).unwrap(), change, "a recording holds it");
    let write = Input { at: at(20), what: What::Set { tag: set, value: Value::Int(9) } };
    let play = || {
        let mut scan = scan(&plant);
        let frames = [
            scan.run(&[sample(level, 40.0, 5), write.clone()], &[], at(30)),
            scan.run(std::slice::from_ref(&change), &[], at(160)),
            scan.run(&[sample(level, 41.0, 170)], &[], at(180)),
        ];
        (frames, scan)
    };
    let (frames, scan) = play();
    assert_eq!(frames, play().0);
    let held = |tag: TagId| scan.engine.current(tag).map(|sample| sample.value.clone());
    assert_eq!(held(set), Some(Value::Int(9)), "what stays keeps its value");
    assert_eq!(held(TagId(plant.tags.len() as u32)), Some(Value::Int(77)), "what was kept of a new tag comes back");
    assert_ne!(held(level), Some(Value::Float(41.0)), "nobody publishes what is gone");
}
