//! Types in, tags out: nesting, what instances say otherwise, devices behind a link, instances from a spreadsheet.

use std::path::Path;

use plantroom_model::{Origin, TagSpec, Totalise, Value};
use plantroom_project::{LinkSpec, Loaded, Parity, Plant, load};

fn write(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

const BASE: [(&str, &str); 4] = [
    ("plant.toml", "name = \"Test\"\n"),
    (
        "connections.toml",
        "[[connection]]\nname = \"line\"\ndriver = \"modbus\"\ndevice = { word_order = \"CDAB\", unit = 1 }\n\
         serial = { port = \"/dev/ttyUSB0\", baud = 9600, parity = \"none\", stop_bits = 2 }\n\
         [[connection.devices]]\nname = \"fixed\"\nunit = 9\n\
         [[connection]]\nname = \"plc\"\ndriver = \"modbus\"\nrtu_over_tcp = \"10.0.0.1:4001\"\n",
    ),
    (
        "plugins.toml",
        "[[plugin]]\nname = \"modbus\"\ncomponent = \"modbus\"\n\
         [plugin.grant]\nconnections = [\"line\", \"plc\"]\npublish = [\"**\"]\nwrite = [\"**\"]\n",
    ),
    (
        "tags/z.toml",
        "[[tag]]\nname = \"used\"\nkind = \"bool\"\nconnection = \"plc\"\naddress = \"coil 0\"\nwrite = true\n\
         [[tag]]\nname = \"fixed\"\nkind = \"bool\"\nconnection = \"line\"\ndevice = \"fixed\"\naddress = \"coil 0\"\n",
    ),
];

const MOTOR: (&str, &str) = (
    "types/motor.toml",
    "name = \"motor\"\n[parameters]\nbase = 0\nconnection = { required = true }\n\
     [[tag]]\nname = \"running\"\nkind = \"bool\"\nconnection = \"{connection}\"\naddress = \"discrete {base}\"\n\
     [[tag]]\nname = \"current\"\nkind = \"float\"\nunit = \"A\"\nrange = [0, 100]\nlimits = { high = 80, high_high = 90 }\n\
     connection = \"{connection}\"\naddress = \"input {base+1}\"\ndescription = \"{description}: current\"\n",
);
const PUMP: (&str, &str) = (
    "types/pump.toml",
    "name = \"pump\"\n[parameters]\nbase = { required = true }\nconnection = \"plc\"\n\
     [[tag]]\nname = \"flow\"\nkind = \"float\"\nconnection = \"{connection}\"\naddress = \"input {base+50}\"\n\
     [[tag]]\nname = \"hours\"\nkind = \"float\"\ntotal = { of = \"{name}/motor/running\", hours = true }\n\
     [[tag]]\nname = \"specific\"\nkind = \"float\"\nderive = 'tag(\"{name}/motor/current\") / tag(\"{name}/flow\")'\n\
     [[instance]]\ntype = \"motor\"\nname = \"motor\"\nparameters = { base = \"{base+10}\", connection = \"{connection}\" }\n\
     tags = { current = { limits = { high = 70 } } }\n",
);

fn load_with(files: &[(&str, &str)]) -> Loaded {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), &BASE);
    write(root.path(), files);
    load(root.path())
}

fn plant(files: &[(&str, &str)]) -> Plant {
    let loaded = load_with(files);
    let told: Vec<String> = loaded.diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(told, Vec::<String>::new());
    (*loaded.plant.unwrap()).clone()
}

fn check(files: &[(&str, &str)], expected: &[&str]) {
    let loaded = load_with(files);
    let told: Vec<String> =
        loaded.diagnostics.iter().map(|d| format!("{}:{}:{} {}", d.file, d.line, d.column, d.message)).collect();
    assert_eq!(told, expected, "{:#?}", loaded.diagnostics);
    assert_eq!(loaded.plant.is_none(), !expected.is_empty());
}

fn made_of<'a>(plant: &'a Plant, name: &str) -> (&'a str, &'a str) {
    let instance = tag(plant, name).instance.as_ref().unwrap();
    (&instance.of_type, &instance.name)
}

fn tag<'a>(plant: &'a Plant, name: &str) -> &'a TagSpec {
    plant.tag(name).unwrap_or_else(|| panic!("no {name}")).1
}

fn address(tag: &TagSpec) -> &str {
    let Origin::Driver { address, .. } = &tag.origin else { panic!("{tag:?}") };
    address
}

#[test]
fn types_within_types_get_the_outer_ones_parameters() {
    let tags = "[[instance]]\ntype = \"pump\"\nname = \"p1\"\ndescription = \"Pump 1\"\nparameters = { base = 100 }\n";
    let plant = plant(&[MOTOR, PUMP, ("tags/a.toml", tags)]);
    let names: Vec<&str> = plant.tags.iter().map(|tag| &*tag.name).take(5).collect();
    assert_eq!(names, ["p1/flow", "p1/hours", "p1/specific", "p1/motor/running", "p1/motor/current"]);
    assert_eq!(address(tag(&plant, "p1/motor/current")), "input 111");
    assert_eq!(&*tag(&plant, "p1/motor/current").description, "Pump 1: current");
    // The type of the pump says 70 of its motor, which says 80 by itself; 90 stays.
    let limits = tag(&plant, "p1/motor/current").limits;
    assert_eq!((limits.high, limits.high_high), (Some(70.0), Some(90.0)));
    assert_eq!(made_of(&plant, "p1/motor/running"), ("motor", "p1/motor"));
    assert_eq!(plant.instances, [("pump".into(), "p1".into()), ("motor".into(), "p1/motor".into())]);
    let Origin::Total(total) = &tag(&plant, "p1/hours").origin else { panic!() };
    assert_eq!((total.how, total.source), (Totalise::Hours, plant.tag("p1/motor/running").unwrap().0));
    let Origin::Derived(derived) = &tag(&plant, "p1/specific").origin else { panic!() };
    assert_eq!(derived.inputs, [plant.tag("p1/motor/current").unwrap().0, plant.tag("p1/flow").unwrap().0]);
}

#[test]
fn an_instance_says_otherwise() {
    let tags = "[[instance]]\ntype = \"pump\"\nname = \"p1\"\nparameters = { base = 100 }\n\
         [instance.tags.\"motor/current\"]\nlimits.high = 60\nunit = \"mA\"\n\
         [instance.tags]\nhours = false\nflow = { memory = 2.5 }\n\
         [instance.tags.spare]\nkind = \"bool\"\nmemory = true\n\
         [[instance]]\ntype = \"motor\"\nname = \"m\"\nparameters = { connection = \"plc\" }\n\
         tags = { current = { without = [\"limits\"], address = \"input 7\" } }\n";
    let plant = plant(&[MOTOR, PUMP, ("tags/a.toml", tags)]);
    let current = tag(&plant, "p1/motor/current");
    assert_eq!((current.limits.high, current.limits.high_high, &*current.unit), (Some(60.0), Some(90.0), "mA"));
    assert!(plant.tag("p1/hours").is_none());
    assert_eq!(tag(&plant, "p1/flow").origin, Origin::Memory { initial: Value::Float(2.5) });
    assert_eq!(made_of(&plant, "p1/spare"), ("pump", "p1"));
    assert_eq!((tag(&plant, "m/current").limits.high, address(tag(&plant, "m/current"))), (None, "input 7"));
}

#[test]
fn what_an_instance_cannot_say_is_told_in_place() {
    let with = |line: &str| {
        format!(
            "[[instance]]\ntype = \"motor\"\nname = \"m\"\nparameters = {{ connection = \"plc\" }}\n[instance.tags]\n{line}\n"
        )
    };
    let table: &[(&str, &str)] = &[
        ("curent = { unit = \"A\" }", "6:1 in `m`, made of type `motor`: the type `motor` has no tag `curent`"),
        ("current = { unti = \"A\" }", "6:13 in `m`, made of type `motor`: a tag has no key `unti`"),
        (
            "current = { name = \"x\" }",
            "6:13 in `m`, made of type `motor`: an instance can't give a tag of its type another name",
        ),
        ("current = 5", "6:1 in `m`, made of type `motor`: `current` must be a table of keys, or false, but is the number 5"),
        ("current = { without = [\"write\"] }", "6:24 in `m`, made of type `motor`: the type's tag has no `write` to leave out"),
        ("current = { limits = { high = 95 } }", "6:28 in `m`, made of type `motor`: `high_high` (90) must be above `high` (95)"),
        ("current = { range = [5, 1] }", "6:21 in `m`, made of type `motor`: `range` is upside down: 5 is above 1"),
    ];
    for (line, expected) in table {
        let loaded = load_with(&[MOTOR, ("tags/a.toml", &with(line))]);
        let told: Vec<String> = loaded.diagnostics.iter().map(|d| d.message.clone()).collect();
        let expected_message = expected.split_once(' ').unwrap().1;
        assert!(told.iter().any(|message| message == expected_message), "{line}: {told:?}");
        assert!(loaded.plant.is_none());
        if !line.contains("high = 95") {
            check(&[MOTOR, ("tags/a.toml", &with(line))], &[&format!("tags/a.toml:{expected}")]);
        }
    }
}

#[test]
fn a_type_that_contains_itself_is_told_with_the_chain() {
    let part = |name: &str, inner: &str| {
        format!(
            "name = \"{name}\"\n[[tag]]\nname = \"x\"\nkind = \"bool\"\nmemory = false\n[[instance]]\ntype = \"{inner}\"\nname = \"i\"\n"
        )
    };
    let (a, b, c) = (part("a", "b"), part("b", "c"), part("c", "a"));
    let tags =
        "[[instance]]\ntype = \"a\"\nname = \"one\"\n[[tag]]\nname = \"d\"\nkind = \"bool\"\nderive = 'tag(\"one/i/x\")'\n";
    check(
        &[("types/a.toml", &a), ("types/b.toml", &b), ("types/c.toml", &c), ("tags/a.toml", tags)],
        &["types/a.toml:7:8 the type `a` contains itself: a -> b -> c -> a"],
    );
    check(&[("types/a.toml", &part("a", "a"))], &["types/a.toml:7:8 the type `a` contains itself: a -> a"]);
}

#[test]
fn ten_types_within_each_other_do_not_explode() {
    let mut files = vec![("types/t0.toml".to_owned(), "name = \"t0\"\n".to_owned())];
    for depth in 1..10 {
        let mut text = format!("name = \"t{depth}\"\n");
        for part in 0..20 {
            text.push_str(&format!("[[instance]]\ntype = \"t{}\"\nname = \"i{part}\"\n", depth - 1));
        }
        files.push((format!("types/t{depth}.toml"), text));
    }
    files.push(("tags/a.toml".to_owned(), "[[instance]]\ntype = \"t9\"\nname = \"all\"\n".to_owned()));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let loaded = load_with(&files);
    assert_eq!(loaded.diagnostics.len(), 1, "{:?}", loaded.diagnostics);
    assert!(loaded.diagnostics[0].message.contains("more than 1000000 tags or instances"), "{}", loaded.diagnostics[0]);
}

#[test]
fn devices_stand_behind_one_link() {
    let meter = "name = \"meter\"\n[parameters]\nunit = { required = true }\nconnection = \"line\"\n\
         [device]\nunit = \"{unit}\"\n\
         [[tag]]\nname = \"power\"\nkind = \"float\"\nconnection = \"{connection}\"\naddress = \"input 0 f32\"\n";
    let tags = "[[instance]]\ntype = \"meter\"\nname = \"e/m1\"\nparameters = { unit = 11 }\n\
         [[instance]]\ntype = \"meter\"\nname = \"e/m2\"\nparameters = { unit = 12 }\n";
    let plant = plant(&[("types/meter.toml", meter), ("tags/a.toml", tags)]);
    let (_, line) = plant.connection("line").unwrap();
    let LinkSpec::Serial(serial) = &line.link else { panic!() };
    assert_eq!((serial.baud, serial.parity, serial.stop_bits, serial.data_bits), (9600, Parity::None, 2, 8));
    let names: Vec<&str> = line.devices.iter().map(|device| &*device.name).collect();
    assert_eq!(names, ["fixed", "e/m1", "e/m2"]);
    assert_eq!(line.devices[2].settings, serde_json::json!({ "word_order": "CDAB", "unit": 12 }));
    let Origin::Driver { device, .. } = &tag(&plant, "e/m2/power").origin else { panic!() };
    assert_eq!(*device, Some(2));
    let lost = "[[tag]]\nname = \"a\"\nkind = \"bool\"\nconnection = \"line\"\naddress = \"coil 1\"\n\
         [[tag]]\nname = \"b\"\nkind = \"bool\"\nconnection = \"line\"\ndevice = \"fixd\"\naddress = \"coil 1\"\n\
         [[tag]]\nname = \"c\"\nkind = \"bool\"\nconnection = \"plc\"\ndevice = \"x\"\naddress = \"coil 1\"\n";
    check(
        &[("types/meter.toml", meter), ("tags/a.toml", tags), ("tags/b.toml", lost)],
        &[
            "tags/b.toml:4:14 the connection `line` has 3 devices, and this tag doesn't say which",
            "tags/b.toml:10:10 there is no device `fixd`",
            "tags/b.toml:16:10 the connection `plc` has no list of devices, so there is no `x` on it",
        ],
    );
}

#[test]
fn fifty_pumps_come_from_a_spreadsheet() {
    let mut csv = "type;name;description;base;motor/current:high;flow:unit\n".to_owned();
    for n in 0..50 {
        csv.push_str(&format!("pump;pumps/p{n};Pump {n};{};{};m³/h\n", n * 100, if n == 7 { "55,5" } else { "" }));
    }
    let plant = plant(&[MOTOR, PUMP, ("tags/pumps.csv", &csv)]);
    assert_eq!(plant.instances.len(), 100);
    assert_eq!(address(tag(&plant, "pumps/p7/flow")), "input 750");
    assert_eq!(tag(&plant, "pumps/p7/motor/current").limits.high, Some(55.5));
    assert_eq!(tag(&plant, "pumps/p8/motor/current").limits.high, Some(70.0));
    assert_eq!(&*tag(&plant, "pumps/p8/flow").unit, "m³/h");
    let wrong = csv.replacen(";base;", ";bsae;", 1);
    let loaded = load_with(&[MOTOR, PUMP, ("tags/pumps.csv", &wrong)]);
    let header: Vec<String> = loaded.diagnostics.iter().filter(|d| d.line == 1).map(|d| d.message.clone()).collect();
    assert_eq!(header, ["the type `pump` (types/pump.toml:1) has no parameter `bsae`"]);
    check(
        &[MOTOR, PUMP, ("tags/pumps.csv", "type,name,base\npump,p1,ten\nsump,p2,5\npump,p1,5\n")],
        &[
            "tags/pumps.csv:2:6 in `p1`, made of type `pump`: nothing can be added to the parameter `base`: it is not a whole number",
            "tags/pumps.csv:2:6 in `p1`, made of type `pump`: nothing can be added to the parameter `base`: it is not a whole number",
            "tags/pumps.csv:3:1 there is no type `sump`",
            "tags/pumps.csv:4:6 there is another instance named `p1`",
        ],
    );
}

#[test]
fn circles_of_derived_tags_are_told_with_the_chain() {
    let tags = "[[tag]]\nname = \"a\"\nkind = \"float\"\nderive = 'tag(\"b\") + 1.0'\n\
         [[tag]]\nname = \"b\"\nkind = \"float\"\ntotal = { of = \"c\", rate_per = \"h\" }\n\
         [[tag]]\nname = \"c\"\nkind = \"float\"\nderive = 'tag(\"a\") * tag(\"m\")'\n\
         [[tag]]\nname = \"m\"\nkind = \"float\"\nmemory = 0\n";
    check(&[("tags/a.toml", tags)], &["tags/a.toml:2:8 `a` is computed from itself: a <- b <- c <- a"]);
    let straight = tags.replace("tag(\"a\") * ", "");
    let plant = plant(&[("tags/a.toml", &straight)]);
    let order: Vec<&str> = plant.computed_in_order().iter().map(|id| &*plant.tags[id.0 as usize].name).collect();
    assert_eq!(order, ["c", "b", "a"]);
}

#[test]
fn a_project_may_have_its_own_version_of_a_library_type() {
    let own = "name = \"lib/meter_x\"\n[[tag]]\nname = \"mine\"\nkind = \"bool\"\nmemory = false\n";
    let plant = plant(&[("types/own.toml", own), ("tags/a.toml", "[[instance]]\ntype = \"lib/meter_x\"\nname = \"m\"\n")]);
    assert!(plant.tag("m/mine").is_some());
}
