//! Tags out to CSV and in again: nothing is lost, and what changes is told first.

use std::path::Path;

use plantroom_model::{Origin, TagSpec};
use plantroom_project::{CsvStyle, Import, Plant, difference, export_tags, load, plan_import};
use proptest::prelude::*;

fn write(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

const BASE: [(&str, &str); 3] = [
    ("plant.toml", "name = \"Test\"\n"),
    (
        "connections.toml",
        "[[connection]]\nname = \"plc\"\ndriver = \"modbus\"\ntcp = \"10.0.0.1:502\"\n\
         [[connection]]\nname = \"line\"\ndriver = \"modbus\"\nserial = { port = \"/dev/ttyS0\" }\n\
         [[connection.devices]]\nname = \"m1\"\n[[connection.devices]]\nname = \"m2\"\n",
    ),
    (
        "plugins.toml",
        "[[plugin]]\nname = \"modbus\"\ncomponent = \"modbus\"\n\
         [plugin.grant]\nconnections = [\"plc\", \"line\"]\npublish = [\"**\"]\nwrite = [\"**\"]\n\
         [[plugin]]\nname = \"average\"\ncomponent = \"average\"\n[plugin.grant]\npublish = [\"**\"]\n",
    ),
];
const TAGS: &str = "# Kept.\n[[tag]]\nname = \"level\"\nkind = \"float\"\nunit = \"m\"\nrange = [0, 5]\nlimits = { high = 4 }\n\
    connection = \"plc\"\naddress = \"input 0\"\n\n# The pump.\n[[tag]]\nname = \"run\"\nkind = \"bool\"\nconnection = \"plc\"\n\
    address = \"coil 0\"\n[tag.write]\npermissives = [{ tag = \"level\", at_most = 4.5 }]\n\n\
    # Computed.\n[[tag]]\nname = \"half\"\nkind = \"float\"\nderive = 'tag(\"level\") / 2.0'\n";

fn folder(tags: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), &BASE);
    write(root.path(), tags);
    root
}

fn plant(root: &Path) -> Plant {
    let loaded = load(root);
    let told: Vec<String> =
        loaded.diagnostics.iter().filter(|d| !d.message.contains("matches")).map(ToString::to_string).collect();
    assert_eq!(told, Vec::<String>::new());
    (*loaded.plant.unwrap()).clone()
}

/// Imports and writes; what it said.
fn import(root: &Path, csv: &[u8]) -> Import {
    let planned = plan_import(root, "list.csv", csv, "tags/site.csv").unwrap_or_else(|told| panic!("{told:#?}"));
    planned.apply(root, "before").unwrap();
    planned
}

fn mistakes(root: &Path, csv: &str) -> Vec<String> {
    let told = plan_import(root, "list.csv", csv.as_bytes(), "tags/site.csv").map(|planned| planned.preview.lines()).unwrap_err();
    let told = told.iter().filter(|d| d.severity == plantroom_model::Severity::Error);
    told.map(|d| format!("{}:{}:{} {}", d.file, d.line, d.column, d.message)).collect()
}

#[test]
fn an_export_says_everything_that_the_project_says() {
    let root = folder(&[("tags/a.toml", TAGS)]);
    let text = export_tags(&plant(root.path()), |_| true, CsvStyle::Plain);
    assert_eq!(
        text,
        "name,kind,unit,decimals,range_low,range_high,high,stale_after_ms,connection,address,derive,write,permissives\n\
         level,float,m,1,0,5,4,10000,plc,input 0,,,\n\
         run,bool,,1,,,,10000,plc,coil 0,,true,level <= 4.5\n\
         half,float,,1,,,,,,,\"tag(\"\"level\"\") / 2.0\",,\n"
    );
    let unchanged = plan_import(root.path(), "list.csv", text.as_bytes(), "tags/site.csv").unwrap();
    assert!(unchanged.preview.is_empty() && unchanged.files.is_empty() && unchanged.unchanged == 3, "{unchanged:?}");
}

#[test]
fn columns_that_a_file_has_not_keep_what_the_project_says() {
    let root = folder(&[("tags/a.toml", TAGS)]);
    let planned = import(root.path(), "name;description;high\nlevel;Füllstand;4,2\nrun;;\n".as_bytes());
    assert_eq!(planned.preview.lines(), ["~ tag level: description, limits"]);
    assert_eq!((planned.unchanged, &*planned.read_as), (1, "semicolons, decimal commas, UTF-8"));
    let now = plant(root.path());
    let (_, level) = now.tag("level").unwrap();
    assert_eq!(
        (&*level.description, level.limits.high, &*level.unit, level.range),
        ("Füllstand", Some(4.2), "m", Some((0.0, 5.0)))
    );
    // It moved out of the TOML file, which otherwise is as it was.
    let toml = std::fs::read_to_string(root.path().join("tags/a.toml")).unwrap();
    assert!(
        !toml.contains("\"Füllstand\"") && !toml.contains("range = [0, 5]") && toml.contains("# The pump.\n[[tag]]"),
        "{toml}"
    );
    assert_eq!(std::fs::read_to_string(root.path().join(".backup/before/tags/a.toml")).unwrap(), TAGS);
    // Once more with another column: the line in tags/site.csv is replaced.
    let again = import(root.path(), b"name,unit\nlevel,cm\n");
    assert_eq!(again.preview.lines(), ["~ tag level: unit"]);
    let (_, level) = plant(root.path()).tag("level").map(|(id, tag)| (id, tag.clone())).unwrap();
    assert_eq!((&*level.unit, &*level.description), ("cm", "Füllstand"));
    assert!(import(root.path(), b"name,unit\nlevel,cm\n").preview.is_empty());
}

#[test]
fn new_tags_are_added_and_mistakes_are_told_by_the_line_of_the_file() {
    let root = folder(&[("tags/a.toml", TAGS)]);
    let planned = import(root.path(), b"\xef\xbb\xbfname,kind,memory\nnote,text,\"\"\nflag,bool,WAHR\n");
    assert_eq!(planned.preview.to_string(), "2 tags are added");
    let table: &[(&str, &[&str])] = &[
        ("name,kind,connection,address\nx,float,plx,coil 1\n", &["list.csv:2:9 there is no connection `plx`"]),
        ("name,kind,memory\n# no\n\nx,flaot,1\n", &["list.csv:4:3 `kind` can't be `flaot`"]),
        ("name,knd\nx,1\n", &["list.csv:1:6 there is no column `knd`"]),
        ("name,kind,memory\nx,text,\"a\n", &["list.csv:2:8 this text has no closing quote"]),
        ("name,high\nlevel,9\n", &["list.csv:2:7 `high` (9) is outside of the tag's range, 0 to 5"]),
        ("name,kind,memory\nx,float,1\nx,float,2\n", &["list.csv:3:1 there is another tag named `x`"]),
    ];
    for (csv, expected) in table {
        assert_eq!(mistakes(root.path(), csv), *expected, "{csv}");
    }
    assert!(plan_import(root.path(), "list.csv", b"name,kind\n", "../x.csv").is_err());
}

#[test]
fn an_instances_tags_are_changed_in_the_instance() {
    let files = [
        ("types/t.toml", "name = \"t\"\n[[tag]]\nname = \"x\"\nkind = \"float\"\nmemory = 1\n"),
        ("tags/a.toml", "[[instance]]\ntype = \"t\"\nname = \"i\"\n"),
    ];
    let root = folder(&files);
    assert_eq!(mistakes(root.path(), "name,unit\ni/x,m\n"), ["list.csv:2:1 `i/x` is made by the instance `i` of the type `t`"]);
    let more = plan_import(root.path(), "list.csv", b"type;name\nt;j\nt;k\n", "tags/site.csv").unwrap();
    assert_eq!(more.preview.lines(), ["+ tag j/x", "+ tag k/x"]);
}

#[test]
fn files_of_any_office_are_read() {
    let root = folder(&[("tags/a.toml", TAGS)]);
    let latin = b"name;kind;unit;memory\nflow;float;m\xb3/h;1,5\n";
    let planned = plan_import(root.path(), "list.csv", latin, "tags/site.csv").unwrap();
    assert_eq!(planned.read_as, "semicolons, decimal commas, Windows-1252 (Latin-1)");
    assert!(planned.files[0].1.contains("flow,float,m³/h,1.5"), "{:?}", planned.files);
    let wide: Vec<u8> = "\u{feff}name\tkind\tmemory\nx\tbool\ttrue\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(plan_import(root.path(), "list.csv", &wide, "tags/site.csv").unwrap().preview.lines(), ["+ tag x"]);
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a-zA-Z0-9 ,;|=\\\\\"'#:éß\n<>-]{0,12}"]
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// One `[[tag]]` with much that can be said of one. Tags 0 and 1 are numbers, so that others can refer to them.
fn one_tag(place: usize) -> impl Strategy<Value = String> {
    let numbers = (-1e9..1e9_f64, 1e-6..1e6_f64, proptest::num::f64::NORMAL);
    (0..9_u8, text(), text(), 0..10_u8, numbers, any::<bool>(), any::<bool>(), 1..6_u32).prop_map(
        move |(what, words, more, decimals, (low, span, odd), one, two, count)| {
            let what = if place < 2 { 0 } else { what };
            let high = low + span;
            let mut out = format!("[[tag]]\nname = \"t{place}\"\ndescription = {}\nunit = {}\n", quoted(&words), quoted(&more));
            let number = |out: &mut String| {
                out.push_str(&format!("kind = \"float\"\ndecimals = {decimals}\nrange = [{low}, {high}]\n"));
                out.push_str(&format!("limits = {{ low = {low}, high = {high}, hysteresis = {} }}\n", span / 4.0));
                out.push_str(&format!("deadband = {{ console = {}, history = {} }}\n", span / 8.0, if two { span / 8.0 } else { 0.0 }));
            };
            let write = format!(
                "max_step = {span}, min_interval_ms = {count}, confirmation = {}, essential = {one}, expires_ms = {}, role = \"{}\", \
                 permissives = [{{ tag = \"t0\", at_least = {odd}, message = {} }}, {{ tag = \"t1\", is = {low} }}]",
                quoted(&format!("x{words}")), 1000 * count, if two { "engineer" } else { "operate" }, quoted(&more),
            );
            match what {
                0 => {
                    number(&mut out);
                    out.push_str(&format!("connection = \"plc\"\naddress = \"input {place}\"\ngroup = \"g{count}\"\nretain = {one}\n"));
                    out.push_str(&format!("scaling = {{ raw = [{low}, {high}], eng = [{span}, {}] }}\n", span * 3.0));
                }
                1 => {
                    number(&mut out);
                    out.push_str(&format!("connection = \"line\"\ndevice = \"m2\"\naddress = \"holding 1\"\nstale_after_ms = {}\n", 1000 * count));
                    out.push_str(&format!("write = {{ tolerance = {span}, range = [{low}, {}], {write} }}\n", low + span / 2.0));
                }
                2 => out.push_str(&format!("kind = \"text\"\nmemory = {}\nwrite = true\n", quoted(&more))),
                3 => out.push_str(&format!("kind = \"float\"\nmemory = {odd}\n")),
                4 => out.push_str("kind = \"float\"\nderive = 'tag(\"t0\") * 2.5 + tag(\"t1\")'\n"),
                5 => {
                    out.push_str(&format!("kind = \"float\"\ntotal = {{ of = \"t0\", rate_per = \"{}\" }}\n", ["s", "min", "h"][count as usize % 3]));
                }
                6 => out.push_str(&format!("kind = \"float\"\ntotal = {{ of = \"t1\", counter_wraps_at = 65536, factor = {span} }}\n")),
                7 => {
                    let states = format!("{{ 0 = {}, 1 = {} }}", quoted(&words), quoted(&more));
                    out.push_str(&format!(
                        "kind = \"bool\"\nconnection = \"plc\"\naddress = \"coil 3\"\nstates = {states}\n\
                         write = {{ pulse = {{ hold_ms = 500, rest = {one} }}, no_feedback = true, confirmation = {} }}\n",
                        quoted(&format!("{more}?")),
                    ));
                }
                _ => out.push_str(&format!("kind = \"uint\"\nplugin = \"average\"\nstates = {{ {count} = \"on\" }}\n")),
            }
            out
        },
    )
}

fn project_tags(plant: &Plant) -> Vec<TagSpec> {
    plant.tags.iter().filter(|tag| tag.origin != Origin::System).cloned().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, ..ProptestConfig::default() })]

    /// Whatever a project says of its tags, its export says it all: read alone, it gives the same tags.
    #[test]
    fn an_export_gives_the_same_tags(
        (tags, style) in (2..8_usize).prop_flat_map(|count| ((0..count).map(one_tag).collect::<Vec<_>>(), 0..3_usize)),
    ) {
        let root = folder(&[("tags/a.toml", &tags.concat())]);
        let loaded = load(root.path());
        let Some(before) = loaded.plant else {
            let told: Vec<String> = loaded.diagnostics.iter().map(ToString::to_string).collect();
            panic!("{told:#?}\n{}", tags.concat());
        };
        let style = [CsvStyle::Plain, CsvStyle::Excel, CsvStyle::ExcelEurope][style];
        let csv = export_tags(&before, |_| true, style);
        let other = folder(&[("tags/b.csv", &csv)]);
        let loaded = load(other.path());
        let told: Vec<String> = loaded.diagnostics.iter().map(ToString::to_string).collect();
        let Some(after) = loaded.plant else { panic!("{told:#?}\n{csv}") };
        prop_assert_eq!(project_tags(&before), project_tags(&after), "{}", csv);
        prop_assert!(difference(&before, &after).tags.is_empty());
        let same = plan_import(root.path(), "x.csv", csv.as_bytes(), "tags/site.csv").map_err(|told| TestCaseError::fail(format!("{told:?}\n{csv}")))?;
        prop_assert!(same.preview.is_empty() && same.files.is_empty(), "{:?}\n{}", same.preview.lines(), csv);
    }

    /// Any bytes as an import: a mistake is told, or it is taken; nothing breaks, and nothing is written by itself.
    #[test]
    fn no_bytes_break_an_import(bytes in proptest::collection::vec(any::<u8>(), 0..200), csv in "[a-z,;\"\n0-9#\t=|:]{0,80}") {
        let root = folder(&[("tags/a.toml", TAGS)]);
        let _ = plan_import(root.path(), "x.csv", &bytes, "tags/site.csv");
        let _ = plan_import(root.path(), "x.csv", format!("name,kind,states,permissives\n{csv}").as_bytes(), "tags/site.csv");
        prop_assert!(!root.path().join("tags/site.csv").exists());
    }
}
