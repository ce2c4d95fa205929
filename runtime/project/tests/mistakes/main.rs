//! Whole folders in, every mistake out.

mod hostile;

use std::path::Path;

use plantroom_project::{Loaded, load};

const PLANT: (&str, &str) = ("plant.toml", "name = \"Test\"\n");
const CONNECTION: (&str, &str) =
    ("connections.toml", "[[connection]]\nname = \"plc\"\ndriver = \"modbus\"\ntcp = \"10.0.0.1:502\"\n");
const PLUGIN: (&str, &str) = (
    "plugins.toml",
    "[[plugin]]\nname = \"modbus\"\ncomponent = \"modbus\"\n[plugin.grant]\nconnections = [\"plc\"]\npublish = [\"**\"]\nwrite = [\"**\"]\n",
);

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

/// The mistakes of a folder, one a line: `file:line:column message`; `~` before a warning.
fn check(files: &[(&str, &str)], expected: &[&str]) {
    let loaded = load_files(files);
    let told: Vec<String> = loaded
        .diagnostics
        .iter()
        .map(|d| {
            let mark = if d.severity == plantroom_model::Severity::Warning { "~" } else { "" };
            format!("{mark}{}:{}:{} {}", d.file, d.line, d.column, d.message)
        })
        .collect();
    assert_eq!(told, expected, "\n{files:?}");
    assert_eq!(loaded.plant.is_none(), loaded.has_errors());
}

/// A tag file beside a plant, a connection and a driver that are all in order.
fn check_tags(text: &str, expected: &[&str]) {
    let expected: Vec<String> = expected.iter().map(|line| format!("tags/a.toml:{line}")).collect();
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    // One tag of each right, so that no pattern goes unused.
    let used = "[[tag]]\nname = \"used\"\nkind = \"bool\"\nconnection = \"plc\"\naddress = \"coil 0\"\nwrite = true\n";
    check(&[PLANT, CONNECTION, PLUGIN, ("tags/z.toml", used), ("tags/a.toml", text)], &expected);
}

#[test]
fn twenty_mistakes_give_twenty_diagnostics() {
    let loaded = load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/twenty_mistakes"));
    let lines: Vec<String> = loaded.diagnostics.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(lines.join("\n"));
    assert_eq!(loaded.diagnostics.len(), 20);
    assert!(loaded.plant.is_none());
}

#[test]
fn every_wrong_tag_is_told_once_and_in_place() {
    let tag = "[[tag]]\nname = \"a\"\nkind = \"float\"\nmemory = 1.0\n";
    let with = |line: &str| format!("{tag}{line}\n");
    let table: &[(&str, &[&str])] = &[
        ("limits = { low = 20, high = 10 }", &["5:29 `high` (10) must be above `low` (20)"]),
        ("range = [0, 5]\nlimits = { high = 7 }", &["6:19 `high` (7) is outside of the tag's range, 0 to 5"]),
        ("range = [2, 5]", &["4:10 the first value (1) is outside of the tag's range, 2 to 5"]),
        ("scaling = { raw = [0, 0], eng = [0, 1] }", &["5:19 both ends of `raw` are the same, so this scaling is no line"]),
        ("scaling = { raw = [0, 9] }", &["5:11 scaling needs `eng`"]),
        ("deadband = { console = -1 }", &["5:24 the deadband must not be negative, but is -1"]),
        ("deadband = \"1\"", &["5:12 `deadband` must be a number, or a table, but is the text \"1\""]),
        ("decimals = 12", &["5:12 `decimals` must be between 0 and 9, but is 12"]),
        ("decimals = 1.5", &["5:12 `decimals` must be a whole number from 0 to 9, but is the number 1.5"]),
        ("range = [0, nan]", &["5:13 `range` must be two numbers, [low, high], but one of them is the number NaN"]),
        ("range = [0]", &["5:9 `range` must be two numbers, [low, high], but is a list of 1"]),
        ("unit = 2020-01-01", &["5:8 `unit` must be text, but is the time 2020-01-01"]),
        (
            "states = { a = \"x\" }",
            &["5:1 a tag of kind float has no `states`", "5:12 `states` names words for whole numbers, but `a` is none"],
        ),
        ("desciption = \"x\"", &["5:1 a tag has no key `desciption`"]),
        ("unit = \"m\"\nunit = \"l\"", &["6:1 `unit` is given twice"]),
        ("unit = m", &["5:8 the text `m` has no quotes"]),
        ("unit =", &["5:7 this key has no value"]),
        ("address = \"x\"", &["5:1 `address` is only for a tag with a connection"]),
        ("plugin = \"modbus\"", &["4:1 the tag's value comes from one place, but `plugin` and `memory` are given"]),
        ("write = { tolerance = -1 }", &["5:23 the tolerance must not be negative, but is -1"]),
        ("write = { feedback = \"b\" }", &["5:22 there is no tag `b`"]),
        ("write = { feedback = \"used\", no_feedback = true }", &["5:30 `feedback` and `no_feedback` exclude each other"]),
        ("write = { role = \"view\" }", &["5:18 `role` can't be `view`"]),
        ("range = [0, 5]\nwrite = { range = [0, 6] }", &["6:19 the range to write, 0 to 6, goes beyond the tag's range, 0 to 5"]),
        ("write = { permissives = [{ tag = \"used\" }] }", &["5:26 this permissive compares with nothing"]),
        ("write = { permissives = [{ tag = \"used\", is = 2 }] }", &["5:34 `used` is a bool and is never 2"]),
        ("write = { permissives = [{ tag = \"system/audit/okay\", is = true }] }", &["5:34 there is no tag `system/audit/okay`"]),
        ("write = { permissives = [{ tag = \"system/audit/ok\", is = true }] }", &[]),
    ];
    for (line, expected) in table {
        check_tags(&with(line), expected);
    }
}

#[test]
fn names_and_kinds_are_checked() {
    let long = format!("[[tag]]\nname = \"{}\"\nkind = \"bool\"\nmemory = false\n", "a".repeat(201));
    let table: &[(&str, &[&str])] = &[
        (
            "[[tag]]\nname = \"a//b\"\nkind = \"bool\"\nmemory = false",
            &["2:8 the tag name `a//b` has an empty part, or one that is only dots"],
        ),
        ("[[tag]]\nname = \"a b\"\nkind = \"bool\"\nmemory = false", &["2:8 the tag name `a b` must not contain ` `"]),
        (&long, &["2:8 the tag name has 201 characters; at most 200 are allowed"]),
        ("[[tag]]\nname = \"system/a\"\nkind = \"bool\"\nmemory = false", &["2:8 names under system/ belong to the station"]),
        (
            "[[tag]]\nname = \"a\"\nkind = \"bool\"\nmemory = 1",
            &["4:10 the tag's kind is bool, but its first value is the number 1"],
        ),
        (
            "[[tag]]\nname = \"a\"\nkind = \"uint\"\nmemory = -1",
            &["4:10 the tag's kind is uint, but its first value is the number -1"],
        ),
        (
            "[[tag]]\nname = \"a\"\nkind = \"text\"\nmemory = 5",
            &["4:10 the tag's kind is text, but its first value is the number 5"],
        ),
        ("[[tag]]\nname = \"a\"\nkind = \"text\"\nmemory = \"\"\nrange = [0, 1]", &["5:1 a tag of kind text has no `range`"]),
        ("[[tag]]\nname = \"a\"\nkind = \"bool\"\nmemory = true\nstates = { 2 = \"x\" }", &["5:12 bool is never 2"]),
        ("[[tag]]\nname = \"a\"\nkind = \"bool\"", &["1:1 nothing says where this tag's value comes from"]),
        ("[[tag]]\nkind = \"bool\"\nmemory = true", &["1:1 a tag needs `name`"]),
        ("[[tag]]\nname = \"a\"\nmemory = true", &["1:1 a tag needs `kind`"]),
        ("[[tag]]\nname = \"a\"\nkind = \"bool\"\nconnection = \"plc\"", &["1:1 this tag has a connection, but no address"]),
        ("tag = 5", &["1:7 `tag` must be a list of tables, but is the number 5"]),
        ("[tag]\nname = \"a\"", &["1:1 `tag` must be a list of tables, but is a table"]),
    ];
    for (text, expected) in table {
        check_tags(text, expected);
    }
}

#[test]
fn a_syntax_error_costs_its_own_line() {
    let lost_rest =
        "[[tag]]\nname = \"a\"\nkind = \"bool\"\nmemory = [true\n\n[[tag]]\nname = \"b\"\nkind = \"flat\"\nmemory = 1";
    check_tags(lost_rest, &["4:15 this list has no closing bracket", "8:8 `kind` can't be `flat`"]);
    let never_closed = "[[tag]]\nname = \"a\"\nkind = \"bool\"\nmemory = true\nunit = \"\"\"m\n\n[[tag]]\nname = \"b\"\nkind = \"flat\"\nmemory = 1";
    check_tags(never_closed, &["5:8 this text is never closed", "9:8 `kind` can't be `flat`"]);
    // What stood in a lost line is not missing, and what refers to it is not wrong.
    let lost_name = "[[tag]]\nname = a/b\nkind = \"float\"\nmemory = 0\nwrite = { feedback = \"c/d\" }\n";
    check_tags(lost_name, &["2:8 the text `a/b` has no quotes"]);
    let lost_header = "[[tag]]\nname = \"a\"\nkind = \"float\"\nmemory = 0\n[tag.write\nrole = \"operate\"\n";
    check_tags(lost_header, &["5:11 this header has no closing bracket"]);
}

#[test]
fn links_plugins_and_grants_are_checked() {
    let plant = |text: &'static str| [("plant.toml", text)];
    check(
        &plant("name = \"x\"\n[listen]\nport = 70000\naddress = \"localhost\"\norigins = [\"portal\"]"),
        &[
            "plant.toml:3:8 `port` must be between 0 and 65535, but is 70000",
            "plant.toml:4:11 `localhost` is not an IP address",
            "plant.toml:5:12 `portal` is not a web origin",
        ],
    );
    check(
        &plant("[scan]\nmin_ms = 200"),
        &["plant.toml:0:0 plant.toml needs `name`", "plant.toml:2:10 min_ms (200) is longer than max_ms (100)"],
    );
    check(
        &plant("name = \" \"\ntime_zone = \"berlin\""),
        &["plant.toml:1:8 the plant has an empty name", "plant.toml:2:13 there is no time zone `berlin`"],
    );
    let link = |tcp: &str| format!("[[connection]]\nname = \"plc\"\ndriver = \"modbus\"\ntcp = \"{tcp}\"\n");
    let table = [
        ("[fd00::1]:502", None),
        ("plc-1.local:1502", None),
        ("10.0.0.1", Some("connections.toml:4:7 `10.0.0.1` has no port")),
        ("10.0.0.1:0", Some("connections.toml:4:7 `0` is not a TCP port")),
        ("10.0.0.1:70000", Some("connections.toml:4:7 `70000` is not a TCP port")),
        ("fd00::1:502", Some("connections.toml:4:7 `fd00::1` is not a host name or IP address")),
    ];
    let plugin =
        ("plugins.toml", "[[plugin]]\nname = \"modbus\"\ncomponent = \"modbus\"\n[plugin.grant]\nconnections = [\"plc\"]\n");
    for (tcp, expected) in table {
        check(&[PLANT, plugin, ("connections.toml", &link(tcp))], &expected.into_iter().collect::<Vec<_>>());
    }
    let tag =
        ("tags/a.toml", "[[tag]]\nname = \"a/b\"\nkind = \"bool\"\nconnection = \"plc\"\naddress = \"coil 0\"\nwrite = true\n");
    let rest = "[[plugin]]\nname = \"modbus\"\ncomponent = \"modbus\"\n[plugin.grant]\n";
    let grants: &[(&str, &[&str])] = &[
        ("connections = [\"plc\"]\npublish = [\"a/*\"]\nwrite = [\"**\"]", &[]),
        (
            "publish = [\"a/*\"]\nwrite = [\"**\"]",
            &["connections.toml:3:10 the plugin `modbus` drives `plc`, but isn't granted this connection"],
        ),
        (
            "connections = [\"plc\"]\npublish = [\"*\"]\nwrite = [\"a/b\"]",
            &[
                "plugins.toml:6:1 the plugin `modbus` must publish `a/b` (tags/a.toml:2), but isn't granted it",
                "~plugins.toml:6:12 no tag matches `*`",
            ],
        ),
        (
            "connections = [\"plc\"]\npublish = [\"a/b\"]",
            &["plugins.toml:4:1 the plugin `modbus` must take write orders for `a/b` (tags/a.toml:2), but isn't granted it"],
        ),
        (
            "connections = [\"plc\", \"plc\"]\npublish = [\"a/[\"]\nwrite = [\"**\"]",
            &[
                "plugins.toml:5:23 the connection `plc` is granted twice",
                "plugins.toml:6:12 `a/[` is not a pattern for tags: unclosed character class; missing ']'",
            ],
        ),
        (
            "connections = [\"plc\"]\npublish = [\"**\"]\nwrite = [\"**\"]\nhard_ms = 20",
            &["plugins.toml:8:11 soft_ms (50) is longer than hard_ms (20)"],
        ),
    ];
    for (grant, expected) in grants {
        check(&[PLANT, CONNECTION, tag, ("plugins.toml", &format!("{rest}{grant}"))], expected);
    }
}

#[test]
fn components_stay_in_the_folder() {
    for component in ["../x.wasm", "/x.wasm", "plugins/../../x.wasm", "C:x.wasm", "plugins\\\\x.wasm"] {
        let text = format!("[[plugin]]\nname = \"x\"\ncomponent = \"{component}\"\n");
        let shown = component.replace("\\\\", "\\");
        check(
            &[PLANT, ("plugins.toml", &text)],
            &[&format!("plugins.toml:3:13 the component `{shown}` is outside of the project folder")],
        );
    }
    let text = "[[plugin]]\nname = \"x\"\ncomponent = \"plugins/x.wasm\"\n";
    check(&[PLANT, ("plugins.toml", text)], &["plugins.toml:3:13 there is no file `plugins/x.wasm` in the project folder"]);
    check(&[PLANT, ("plugins.toml", text), ("plugins/x.wasm", "")], &[]);
}

#[test]
fn types_are_told_in_place_and_instances_where_they_stand() {
    let of_type = "name = \"pump\"\n[parameters]\nbase = 0\nlink = \"plc\"\n[[tag]]\nname = \"on\"\nkind = \"bool\"\nconnection = \"{link}\"\naddress = \"coil {base+1}\"\n";
    let files = |text: &'static str, instances: &'static str| {
        [PLANT, CONNECTION, PLUGIN, ("types/pump.toml", text), ("tags/a.toml", instances)]
    };
    let unused = "~plugins.toml:7:10 `**` matches tags, but none that this plugin can write";
    let pair = "[[instance]]\ntype = \"pump\"\nname = \"p1\"\n[[instance]]\ntype = \"pump\"\nname = \"p2\"\n";
    let table: &[(&str, &[&str])] = &[
        (pair, &[unused]),
        ("[[instance]]\ntype = \"pmp\"\nname = \"p1\"", &["tags/a.toml:2:8 there is no type `pmp`"]),
        (
            "[[instance]]\ntype = \"pump\"\nname = \"p1\"\nparameters = { base = \"x\" }",
            &[
                unused,
                "tags/a.toml:4:23 the parameter `base` is a whole number in the type `pump` (types/pump.toml:1), but here it is the text \"x\"",
            ],
        ),
        (
            "[[instance]]\ntype = \"pump\"\nname = \"p1\"\nparameters = { bass = 1 }",
            &[unused, "tags/a.toml:4:16 the type `pump` (types/pump.toml:1) has no parameter `bass`"],
        ),
        (
            "[[instance]]\ntype = \"pump\"\nname = \"p1\"\nparameters = { link = \"plk\" }",
            &[
                "~plugins.toml:6:12 `**` matches tags, but none that this plugin can publish",
                unused,
                "tags/a.toml:3:8 in `p1`, made of type `pump`: there is no connection `plk`",
            ],
        ),
        (
            "[[instance]]\ntype = \"pump\"\nname = \"p1\"\n[[instance]]\ntype = \"pump\"\nname = \"p1\"",
            &[unused, "tags/a.toml:6:8 there is another instance named `p1`"],
        ),
    ];
    for (instances, expected) in table {
        check(&files(of_type, instances), expected);
    }
    // One mistake in a type is one mistake, however many instances there are.
    let wrong =
        "name = \"pump\"\n[[tag]]\nname = \"on\"\nkind = \"bol\"\nconnection = \"plk\"\naddress = \"coil {bse}\"\ncolour = 1\n";
    let loaded = load_files(&files(wrong, pair));
    let errors: Vec<&str> = loaded.diagnostics.iter().filter(|d| d.file != "plugins.toml").map(|d| d.message.as_str()).collect();
    assert_eq!(
        errors,
        ["`kind` can't be `bol`", "there is no connection `plk`", "the type has no parameter `bse`", "a tag has no key `colour`"]
    );
}

#[test]
fn csv_lines_are_told_by_line_and_column() {
    let rows = |text: &'static str| [PLANT, ("tags/a.csv", text)];
    check(&rows("name,kind,memory\na,float,1.5\n\n# a remark\nb,bool,true\n"), &[]);
    check(&rows("\u{feff}name;kind;memory\na;float;1.5\n"), &[]);
    check(&rows("name;kind;memory\na;float;1,5\n"), &[]);
    check(
        &rows("name,kind,memory,high,alarm\na,float,1,8,maybe\nc,text,x,,true\n"),
        &["tags/a.csv:2:13 `alarm` must be true or false, but is `maybe`", "tags/a.csv:3:11 a tag of kind text has no `limits`"],
    );
    check(
        &rows("name,kind,memory,high,alarm\na,float,1,8,false\nb,float,1,,true\n"),
        &["tags/a.csv:3:1 the tag `b` has no limits, so this gives no alarm"],
    );
    check(
        &rows("name;kind;memory\na;float;1.000,5\n"),
        &["tags/a.csv:2:9 the tag's kind is float, but its first value is `1.000,5`"],
    );
    check(
        &rows("name,kind,memory\na,float,\"1,5\"\n"),
        &["tags/a.csv:2:9 the tag's kind is float, but its first value is `1,5`"],
    );
    check(&rows("name\tkind\tmemory\na\tbool\tFALSCH\n"), &[]);
    check(
        &rows("name,kind,memory,description\na,bool,true,\"no end\nb,bool,true,\"3/4\" pipe\"\nc,bool\n"),
        &[
            "tags/a.csv:2:13 this text has no closing quote",
            "tags/a.csv:3:18 there is text between the closing quote and the next cell",
            "tags/a.csv:4:1 nothing says where this tag's value comes from",
        ],
    );
    check(
        &rows("name,kind,memory,states,write,permissives\na,bool,true,0:off,,\nb,bool,true,,true,a > 5\n"),
        &["tags/a.csv:2:13 this is not a list of states", "tags/a.csv:3:19 this is not a list of permissives"],
    );
    check(
        &rows("name,kind,memory,write,permissives\na,float,1,,\nb,bool,true,true,c >= 1 : x|a >= 2\n"),
        &["tags/a.csv:3:18 there is no tag `c`"],
    );
    check(&rows("# Semicolons, and this line has none.\nname;kind;memory\na;bool;true\n"), &[]);
    check(&rows("name,type,memory\na,float,1\n"), &["tags/a.csv:2:3 `float` is a kind of value, not a type of equipment"]);
    check(&rows("name,kind,memory,name\na,bool,true,b\n"), &["tags/a.csv:1:18 the column `name` is given twice"]);
    check(
        &rows("name,kind,memry\na,float,1\n"),
        &["tags/a.csv:1:11 there is no column `memry`", "tags/a.csv:2:1 nothing says where this tag's value comes from"],
    );
    check(
        &rows("name,kind,memory,range_low\n\"a\",float,1,2,3\n"),
        &["tags/a.csv:2:13 `range` has only one of its two ends", "tags/a.csv:2:15 this line has 5 cells, but the header has 4"],
    );
    check(
        &rows("name,kind,memory,description,decimals\na,float,1,\"x, \"\"y\"\"\nz\",q\n"),
        &["tags/a.csv:3:4 `decimals` must be a whole number from 0 to 9, but is `q`"],
    );
    check(
        &rows("name,kind,memory,write,write_low,write_high\na,float,1,true,0,5\nb,float,1,,0,5\n"),
        &["tags/a.csv:3:12 this line says how the tag is written, but `write` is not true"],
    );
    check(&rows(""), &["tags/a.csv:0:0 this file has no header line"]);
}

#[test]
fn advice_for_a_list_speaks_of_its_columns() {
    let help = |files: &[(&str, &str)]| -> Vec<String> {
        load_files(files).diagnostics.into_iter().map(|diagnostic| diagnostic.help).collect()
    };
    let range = help(&[PLANT, ("tags/a.csv", "name,kind,memory,range_low,range_high\na,float,1,5,0\n")]);
    assert!(range.iter().any(|help| help == "write 0 in the column range_low and 5 in range_high"), "{range:?}");
    let none = help(&[PLANT, ("tags/a.csv", "name,memory\na,1\n")]);
    assert!(none.iter().any(|help| help.contains("in the column kind")), "{none:?}");
    assert!(none.iter().chain(&range).all(|help| !help.contains(" = ")), "{none:?} {range:?}");
    let toml = help(&[PLANT, ("tags/a.toml", "[[tag]]\nname = \"a\"\nkind = \"float\"\nmemory = 1\nrange = [5, 0]\n")]);
    assert!(toml.iter().any(|help| help == "write range = [0, 5]"), "{toml:?}");
}

#[test]
fn a_permissive_for_one_value_names_a_value_that_can_be_written() {
    let tag = |kind: &str, more: &str, value: &str| {
        format!(
            "[[tag]]\nname = \"a\"\nkind = \"{kind}\"\nmemory = {}\n{more}\n[tag.write]\n\
             permissives = [{{ tag = \"b\", at_most = 1, for = {value} }}]\n[[tag]]\nname = \"b\"\nkind = \"float\"\nmemory = 0\n",
            match kind {
                "bool" => "false",
                "text" => "\"\"",
                _ => "0",
            }
        )
    };
    let states = "states = { 0 = \"stop\", 1 = \"run\" }";
    let only_for = |text: &str| {
        let plant = load_files(&[PLANT, ("tags/a.toml", text)]).plant?;
        plant.tag("a")?.1.write.as_ref()?.permissives[0].only_for
    };
    for (kind, more, value, wanted) in
        [("bool", "", "1", 1.0), ("bool", "", "false", 0.0), ("int", states, "\"run\"", 1.0), ("float", "", "2.5", 2.5)]
    {
        assert_eq!(only_for(&tag(kind, more, value)), Some(wanted), "{kind} {value}");
    }
    for (kind, more, value) in [("bool", "", "2"), ("int", states, "\"stopp\""), ("int", "", "1.5"), ("text", "", "\"x\"")] {
        let loaded = load_files(&[PLANT, ("tags/a.toml", &tag(kind, more, value))]);
        let told: Vec<_> = loaded.diagnostics.iter().map(|d| (d.line, d.message.as_str())).collect();
        assert!(
            told.iter().any(|(_, message)| message.starts_with("`for` says which value needs this")),
            "{kind} {value}: {told:?}"
        );
    }
}

#[test]
fn derived_tags_totals_and_writes_are_checked() {
    let other = "[[tag]]\nname = \"m\"\nkind = \"float\"\nmemory = 1.0\n[[tag]]\nname = \"on\"\nkind = \"bool\"\nmemory = false\nwrite = true\n";
    let tag = |line: &str| format!("[[tag]]\nname = \"a\"\n{line}\n{other}");
    let table: &[(&str, &[&str])] = &[
        ("kind = \"float\"\nderive = 'tag(\"m\") * 2.0'", &[]),
        ("kind = \"float\"\nderive = 'tag(\"mm\") * 2.0'", &["4:10 there is no tag `mm`"]),
        (
            "kind = \"bool\"\nderive = 'tag(\"m\") * 2.0'",
            &["4:10 this expression gives a value of kind float, but the tag's kind is bool"],
        ),
        (
            "kind = \"int\"\nderive = 'tag(\"m\") * 2.0'",
            &["4:10 this expression gives a value of kind float, but the tag's kind is int"],
        ),
        ("kind = \"float\"\nderive = '5.0'", &["4:10 this expression reads no tag, so it would never be computed"]),
        ("kind = \"float\"\nderive = 'tag(\"a\") + 1.0'", &["2:8 `a` is computed from itself: a <- a"]),
        ("kind = \"float\"\nderive = ' '", &["4:10 the expression is empty"]),
        ("kind = \"float\"\nderive = 'tag(\"m\")'\nwrite = true", &["5:1 a tag that the station computes can't be written"]),
        (
            "kind = \"float\"\nderive = 'tag(\"m\")'\nmemory = 1",
            &["5:1 the tag's value comes from one place, but `derive` and `memory` are given"],
        ),
        ("kind = \"float\"\ntotal = { of = \"m\", rate_per = \"h\" }", &[]),
        ("kind = \"float\"\ntotal = { of = \"m\", rate_per = \"day\" }", &["4:32 `rate_per` can't be `day`"]),
        ("kind = \"float\"\ntotal = { of = \"m\" }", &["4:9 nothing says how this total grows"]),
        (
            "kind = \"float\"\ntotal = { of = \"m\", rate_per = \"s\", hours = true }",
            &["4:37 a total grows in one way, but `rate_per` and `hours` are given"],
        ),
        (
            "kind = \"float\"\ntotal = { of = \"m\", hours = true }",
            &["4:16 starts and hours are counted of a bool, but `m` is of kind float"],
        ),
        ("kind = \"float\"\ntotal = { of = \"on\", factor = 2 }", &["4:16 `on` is a bool: it has no rate and is no counter"]),
        ("kind = \"uint\"\ntotal = { of = \"on\", starts = true }", &[]),
        (
            "kind = \"uint\"\ntotal = { of = \"on\", hours = true }",
            &["3:8 a total that grows like this has fractions, which a tag of kind uint can't hold"],
        ),
        ("kind = \"float\"\ntotal = { of = \"m\", counter_wraps_at = 0 }", &["4:40 a counter can't start again after 0"]),
        ("kind = \"bool\"\nmemory = true\nwrite = { pulse = { hold_ms = 500 } }", &[]),
        ("kind = \"float\"\nmemory = 1\nwrite = { pulse = { hold_ms = 500 } }", &["5:19 a tag of kind float can't be pulsed"]),
        (
            "kind = \"int\"\nmemory = 1\nwrite = { pulse = { hold_ms = 5, rest = true } }",
            &[
                "5:31 `hold_ms` must be between 20 and 60000, but is 5",
                "5:41 the tag's kind is int, but after a pulse it would be `true`",
            ],
        ),
        ("kind = \"bool\"\nmemory = true\nwrite = { max_step = 5 }", &["5:11 a tag of kind bool has no `max_step`"]),
        (
            "kind = \"float\"\nmemory = 1\nwrite = { max_step = 0, confirmation = \" \" }",
            &["5:22 with steps of 0 the tag could never be written", "5:40 the confirmation is empty"],
        ),
        (
            "kind = \"float\"\nmemory = 1\nlimits = { low = 2, high = 3, hysteresis = 2 }",
            &["5:44 with a hysteresis of 2 a limit would never clear: there is only 1 beside it"],
        ),
        ("kind = \"float\"\nmemory = 1\nlimits = { hysteresis = -1 }", &["5:25 the hysteresis must not be negative, but is -1"]),
    ];
    for (line, expected) in table {
        check_tags(&tag(line), expected);
    }
}

#[test]
fn links_are_checked() {
    let table: &[(&str, &str)] = &[
        ("", "nothing says how this connection's device is reached"),
        ("tcp = \"a:1\"\nserial = { port = \"/dev/ttyS0\" }", "a connection goes one way, but `tcp` and `serial` are given"),
        ("serial = { baud = 9600 }", "serial needs `port`"),
        ("serial = { port = \"\" }", "this is not a serial port"),
        ("serial = { port = \"COM3\", parity = \"mark\" }", "`parity` can't be `mark`"),
        ("serial = { port = \"COM3\", data_bits = 5 }", "`data_bits` must be between 7 and 8, but is 5"),
        ("rtu_over_tcp = \"a:4001\"\npipeline = 4", "a serial line carries one transaction at a time, so it has no `pipeline`"),
        ("tcp = \"a:1\"\nquiet_ms = 20", "Modbus TCP knows where a message ends without a pause, so it has no `quiet_ms`"),
        ("rtu_over_tcp = \"a:1\"\nquiet_ms = 2000", "`quiet_ms` must be between 0 and 1000, but is 2000"),
        ("tcp = \"a:1\"\npipeline = 17", "`pipeline` must be between 1 and 16, but is 17"),
        ("tcp = \"a:1\"\ndevices = [{ unit = 1 }]", "a device needs `name`"),
        ("tcp = \"a:1\"\ndevices = [{ name = \"x\" }, { name = \"x\" }]", "there is another device named `x`"),
        ("tcp = \"a:1\"\ndevices = [{ name = \"x\", gain = nan }]", "`gain` holds a number that is not finite or too large"),
    ];
    for (lines, expected) in table {
        let connection = format!("[[connection]]\nname = \"plc\"\ndriver = \"modbus\"\n{lines}\n");
        let loaded = load_files(&[PLANT, ("connections.toml", &connection), PLUGIN]);
        let errors = loaded.diagnostics.iter().filter(|d| d.severity == plantroom_model::Severity::Error);
        assert_eq!(errors.map(|d| d.message.as_str()).collect::<Vec<_>>(), [*expected], "{lines}");
    }
}
