//! Whole folders in, a plant out.

use std::path::Path;
use std::time::Instant;

use plantroom_model::{Instance, Origin, PermissiveTest, Role, TagId, Value};
use plantroom_project::{Loaded, NewError, NewOptions, Plant, difference, load, new_project, schemas};
use proptest::prelude::*;

fn write(root: &Path, files: &[(&str, &[u8])]) {
    for (path, bytes) in files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

fn load_files(files: &[(&str, &str)]) -> Loaded {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), &files.iter().map(|(path, text)| (*path, text.as_bytes())).collect::<Vec<_>>());
    load(root.path())
}

fn plant(files: &[(&str, &str)]) -> Plant {
    let loaded = load_files(files);
    let told: Vec<String> = loaded.diagnostics.iter().map(ToString::to_string).collect();
    let plant = loaded.plant.unwrap_or_else(|| panic!("{told:#?}"));
    assert_eq!(told, Vec::<String>::new());
    (*plant).clone()
}

const SMALL: [(&str, &str); 5] = [
    ("plant.toml", "name = \"Test\"\n"),
    (
        "connections.toml",
        "[[connection]]\nname = \"plc\"\ndriver = \"modbus\"\ntcp = \"10.0.0.1:502\"\n[connection.device]\nunit = 3\n",
    ),
    (
        "plugins.toml",
        "[[plugin]]\nname = \"modbus\"\ncomponent = \"modbus\"\n[plugin.config]\ngroups = { slow = 60000 }\n\
         [plugin.grant]\nconnections = [\"plc\"]\npublish = [\"**\"]\nwrite = [\"p1/*\", \"p2/*\"]\nread = [\"system/**\"]\n",
    ),
    (
        "types/pump.toml",
        "name = \"pump\"\n[parameters]\nbase = 0\nconnection = { required = true }\ntop = 1500\n\
         [[tag]]\nname = \"running\"\nkind = \"bool\"\nconnection = \"{connection}\"\naddress = \"discrete {base+1}\"\n\
         [[tag]]\nname = \"speed\"\nkind = \"float\"\nrange = [0, \"{top}\"]\ndescription = \"{description} of {name}\"\n\
         connection = \"{connection}\"\naddress = \"holding {base} u16\"\ngroup = \"slow\"\n\
         [[tag]]\nname = \"start\"\nkind = \"bool\"\nconnection = \"{connection}\"\naddress = \"coil {base}\"\n\
         [tag.write]\nrole = \"engineer\"\nfeedback = \"{name}/running\"\npermissives = [{ tag = \"{name}/speed\", at_most = 10 }]\n",
    ),
    (
        "tags/a.toml",
        "[[tag]]\nname = \"note\"\nkind = \"text\"\nmemory = \"hello\"\nretain = true\nwrite = true\n\
         [[instance]]\ntype = \"pump\"\nname = \"p1\"\ndescription = \"Speed\"\nparameters = { connection = \"plc\", base = 100 }\n\
         [[instance]]\ntype = \"pump\"\nname = \"p2\"\nparameters = { connection = \"plc\", top = 3000 }\n",
    ),
];

#[test]
fn instances_become_tags() {
    let plant = plant(&SMALL);
    let names: Vec<&str> = plant.tags.iter().map(|tag| &*tag.name).take(7).collect();
    assert_eq!(names, ["note", "p1/running", "p1/speed", "p1/start", "p2/running", "p2/speed", "p2/start"]);
    assert_eq!(plant.instances, [("pump".into(), "p1".into()), ("pump".into(), "p2".into())]);
    let (_, speed) = plant.tag("p1/speed").unwrap();
    assert_eq!((speed.range, &*speed.description), (Some((0.0, 1500.0)), "Speed of p1"));
    assert_eq!(plant.tag("p2/speed").unwrap().1.range, Some((0.0, 3000.0)));
    let running = plant.tag("p1/running").unwrap().1;
    let Origin::Driver { address, .. } = &running.origin else { panic!() };
    assert_eq!((&**address, &*running.group), ("discrete 101", ""));
    let (running, start) = (plant.tag("p1/running").unwrap().0, plant.tag("p1/start").unwrap().1);
    let write = start.write.as_ref().unwrap();
    assert_eq!((write.role, write.feedback), (Role::Engineer, Some(running)));
    assert_eq!(write.permissives[0].test, PermissiveTest::AtMost(10.0));
    assert_eq!(write.permissives[0].message, "p1/speed must be at most 10");
    assert_eq!(*start.instance.clone().unwrap(), Instance { of_type: "pump".into(), name: "p1".into() });
    let place = plant.tag_places.get(running.0 as usize).unwrap();
    assert_eq!((&*place.file, place.place), ("tags/a.toml", (9, 8)));
}

#[test]
fn silence_counts_by_the_polling_group() {
    let plant = plant(&SMALL);
    assert_eq!(plant.tag("p1/speed").unwrap().1.stale_after_ms, 180_000);
    assert_eq!(plant.tag("p1/running").unwrap().1.stale_after_ms, 10_000);
    assert_eq!(plant.tag("note").unwrap().1.stale_after_ms, 0);
}

#[test]
fn a_grant_holds_a_plugins_own_tags_only() {
    let plant = plant(&SMALL);
    let grant = &plant.plugins[0].grant;
    let names = |ids: &[TagId]| ids.iter().map(|id| plant.tags[id.0 as usize].name.to_string()).collect::<Vec<_>>();
    assert_eq!(names(&grant.publish), ["p1/running", "p1/speed", "p1/start", "p2/running", "p2/speed", "p2/start"]);
    assert_eq!(names(&grant.write), ["p1/start", "p2/start"]);
    assert!(names(&grant.read).iter().all(|name| name.starts_with("system/")));
    assert_eq!(grant.memory_bytes, 32 << 20);
    assert_eq!(plant.connections[0].device, serde_json::json!({ "unit": 3 }));
}

#[test]
fn the_station_has_tags_of_its_own() {
    let plant = plant(&SMALL);
    let system: Vec<&str> = plant.tags.iter().filter(|tag| tag.origin == Origin::System).map(|tag| &*tag.name).collect();
    for name in [
        "system/scan/last_ms",
        "system/scan/inbox_lost",
        "system/audit/ok",
        "system/disk/ok",
        "system/disk/message",
        "system/connections/plc/state",
        "system/plugins/modbus/state",
        "system/plugins/modbus/faults",
        "system/plugins/modbus/last_fault",
        "system/plugins/modbus/origin",
    ] {
        assert!(system.contains(&name), "{name} is not in {system:?}");
    }
    assert_eq!(plant.tags.len(), plant.tag_places.len());
    assert!(plant.tags.iter().enumerate().all(|(id, tag)| plant.tag_ids[&*tag.name] == TagId(id as u32)));
}

#[test]
fn a_csv_line_is_a_tag_like_any_other() {
    let csv = "name;kind;memory;write;write_low;write_high;range_low;range_high;high;description\n\
               a;float;1.5;true;0;5;-10;10;8;\"says \"\"x\"\"; y\"\n";
    let plant = plant(&[("plant.toml", "name = \"Test\""), ("tags/a.csv", csv)]);
    let (_, tag) = plant.tag("a").unwrap();
    assert_eq!(tag.origin, Origin::Memory { initial: Value::Float(1.5) });
    assert_eq!((tag.range, tag.limits.high, &*tag.description), (Some((-10.0, 10.0)), Some(8.0), "says \"x\"; y"));
    assert_eq!(tag.write.as_ref().unwrap().range, Some((0.0, 5.0)));
}

#[test]
fn a_csv_column_says_that_limits_are_alarms_and_is_written_as_it_was_read() {
    let csv = "name,kind,memory,high,low,alarm\na,float,1,8,2,TRUE\nb,float,1,8,,\nc,float,1,8,,FALSE\n";
    let settings = "name = \"Test\"\n[alarms]\nadvice = false\n";
    let read = |csv: &str| plant(&[("plant.toml", settings), ("tags/a.csv", csv)]);
    let alarms = |plant: &Plant| {
        let own = plant.alarms.iter().filter(|alarm| !alarm.name.starts_with("system/"));
        own.map(|alarm| alarm.name.to_string()).collect::<Vec<_>>()
    };
    let first = read(csv);
    assert_eq!(alarms(&first), ["a/high", "a/low"]);
    let written = plantroom_project::export_tags(&first, |name| !name.starts_with("system/"), plantroom_project::CsvStyle::Plain);
    assert_eq!(alarms(&read(&written)), ["a/high", "a/low"], "{written}");
}

#[test]
fn the_same_folder_gives_the_same_plant() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), &SMALL.map(|(path, text)| (path, text.as_bytes())));
    assert_eq!(load(root.path()).plant, load(root.path()).plant);
}

#[test]
fn a_difference_is_counted_by_name() {
    let old = plant(&SMALL);
    assert!(difference(&old, &old).is_empty());
    let mut files = SMALL.to_vec();
    let tags = SMALL[4].1.replace("base = 100", "base = 200").replace("\"note\"", "\"a_note\"");
    files[4].1 = &tags;
    files.push(("screens/1.rhai", ""));
    let said = difference(&old, &plant(&files)).to_string();
    assert_eq!(
        said,
        "1 tag is added, 1 tag is removed, 3 tags resubscribe, 1 screen is added, settings of the plant change (home_screen)"
    );
}

#[test]
fn a_new_project_has_no_mistakes() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("my_plant");
    let options = NewOptions { name: "Wasserwerk \"Süd\" \\ 1".to_owned(), ..NewOptions::default() };
    let made = new_project(&folder, &options).unwrap();
    assert!(made.iter().all(|path| path.is_file()) && made.contains(&folder.join(".gitignore")));
    let loaded = load(&folder);
    assert_eq!(loaded.diagnostics, []);
    let plant = loaded.plant.unwrap();
    assert_eq!((&*plant.name, &*plant.home_screen), (&*options.name, "1_overview"));
    assert!(plant.tags.iter().filter(|tag| tag.write.is_some()).count() >= 2);
    assert!(matches!(new_project(&folder, &options), Err(NewError::NotEmpty(_))));
    assert!(matches!(new_project(&root.path().join("x"), &NewOptions::default()), Err(NewError::Name)));
}

#[test]
fn the_demo_plant_has_no_mistakes() {
    let loaded = load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../screens/waterworks"));
    let told: Vec<String> = loaded.diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(told, Vec::<String>::new());
}

#[test]
fn there_is_a_schema_for_every_kind_of_file() {
    let names: Vec<&str> = schemas().iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["plant", "connections", "plugins", "tags", "types", "automations", "alarms", "outlets", "trust"]);
}

#[test]
fn fifty_thousand_csv_tags_load_in_seconds() {
    let mut csv = "name,kind,unit,description,range_low,range_high,connection,address\n".to_owned();
    for n in 0..50_000 {
        csv.push_str(&format!("area{}/tag{n},float,m³/h,\"flow, {n}\",0,100,plc,holding {} f32\n", n % 100, n % 60_000));
    }
    let mut files = SMALL.to_vec();
    files.push(("tags/b.csv", &csv));
    let started = Instant::now();
    let plant = plant(&files);
    assert_eq!(plant.tags.iter().filter(|tag| tag.origin != Origin::System).count(), 50_007);
    println!("50,000 tags in {:?}", started.elapsed());
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
}

const FILES: [&str; 7] =
    ["plant.toml", "connections.toml", "plugins.toml", "types/pump.toml", "tags/a.toml", "tags/b.csv", "screens/a.rhai"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// Any bytes as any file: something is told, nothing breaks.
    #[test]
    fn no_bytes_break_it(file in 0..FILES.len(), bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), &SMALL.map(|(path, text)| (path, text.as_bytes())));
        write(root.path(), &[(FILES[file], &bytes)]);
        load(root.path());
    }

    /// A good file with some of its characters changed, doubled or lost.
    #[test]
    fn no_typing_error_breaks_it(
        file in 0..SMALL.len(),
        edits in proptest::collection::vec((0_usize..2000, 0_u8..3, "[\\[\\]{}\"'=,.#\\n \u{e9}0-9a-z-]{0,4}"), 1..6),
    ) {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), &SMALL.map(|(path, text)| (path, text.as_bytes())));
        let mut text: Vec<char> = SMALL[file].1.chars().collect();
        for (at, kind, insert) in edits {
            let at = at % (text.len() + 1);
            match kind {
                0 => drop(text.splice(at..at, insert.chars())),
                1 => drop(text.drain(at..(at + 3).min(text.len()))),
                _ => text.truncate(text.len() - at / 20),
            }
        }
        let text: String = text.into_iter().collect();
        write(root.path(), &[(SMALL[file].0, text.as_bytes())]);
        let loaded = load(root.path());
        prop_assert_eq!(loaded.plant.is_none(), loaded.has_errors());
    }
}
