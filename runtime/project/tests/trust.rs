//! Whose plugins a project takes, and what it has accepted.

use std::path::Path;

use plantroom_archive::{Ask, SecretKey};
use plantroom_project::{Loaded, difference, load, reach};

const PLUGIN: &str = "[[plugin]]\nname = \"modbus\"\ncomponent = \"modbus\"\n\
    accepts = { imports = [\"samples\", \"log\"], memory_mib = 16 }\n[plugin.grant]\ncpu_pct = 25\n";

fn key(seed: u8) -> String {
    SecretKey::from_seed([seed; 32]).unwrap().public().to_string()
}

fn write(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

fn load_with(plant: &str, trust: &str) -> Loaded {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), &[("plant.toml", &format!("name = \"Test\"\n{plant}")), ("plugins.toml", PLUGIN), ("trust.toml", trust)]);
    load(root.path())
}

#[test]
fn trust_is_read_as_it_is_written() {
    let (one, two) = (key(1), key(2));
    let trust = format!(
        "[[publisher]]\nname = \"Meters Inc.\"\nkey = \"{one}\"\nplugins = [\"meters-*\"]\nuntil = \"2027-12-31\"\n\
         [[site]]\nname = \"Waterworks North\"\nkey = \"{two}\"\nrevoked = \"stolen\"\n"
    );
    let loaded = load_with("[plugins]\nallow_unsigned = true\ncounter_signed = true\n", &trust);
    let plant = loaded.plant.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
    let trust = &plant.trust;
    assert!(trust.allow_unsigned && trust.counter_signed);
    assert_eq!((trust.publishers[0].name.as_str(), trust.publishers[0].key.to_string()), ("Meters Inc.", one));
    assert_eq!(trust.publishers[0].until.map(|day| day.to_string()).as_deref(), Some("2027-12-31"));
    assert_eq!(
        (trust.publishers[0].plugins.as_slice(), trust.sites[0].revoked.as_deref()),
        (&["meters-*".to_owned()][..], Some("stolen"))
    );
    let plugin = &plant.plugins[0];
    let accepted = Ask { imports: ["samples", "log"].map(str::to_owned).into(), memory_mib: 16, ..Ask::default() };
    assert_eq!((plugin.accepts.as_ref(), plugin.grant.cpu_pct), (Some(&accepted), 25));
    let strict = load_with("", "").plant.unwrap();
    assert!(!strict.trust.allow_unsigned && strict.trust.publishers.is_empty(), "who says nothing trusts nobody");
    assert_eq!(difference(&strict, &plant).settings, ["trusted plugins"]);
}

#[test]
fn every_mistake_in_trust_is_told_where_it_is() {
    let check = |trust: &str, expected: &[&str]| {
        let loaded = load_with("", trust);
        let told: Vec<String> = loaded.diagnostics.iter().map(|d| format!("{}:{} {}", d.line, d.column, d.message)).collect();
        assert_eq!(told.len(), expected.len(), "{trust}\n{told:#?}");
        for (told, expected) in told.iter().zip(expected) {
            assert!(told.contains(expected), "{trust}\n{told}");
        }
        assert!(loaded.plant.is_none());
    };
    let one = key(1);
    let secret = SecretKey::from_seed([1; 32]).unwrap().to_file();
    let secret = secret.lines().last().unwrap();
    let of = |lines: &str| format!("[[publisher]]\nname = \"A\"\nkey = \"{one}\"\n{lines}");
    check("[[publisher]]\nname = \"A\"\nkey = \"ed25519:abc\"\n", &["3:7 a key is written"]);
    check("[[publisher]]\nname = \"A\"\n", &["key"]);
    check(&format!("[[publisher]]\nname = \"A\"\nkey = \"{secret}\"\n"), &["3:7 this is a secret key"]);
    check(&of("until = \"2027-02-30\"\n"), &["4:9 `2027-02-30` is no day"]);
    check(&of("plugins = [\"*\", \"Meter\", \"ok-*\"]\n"), &["4:12 `*` is no name", "`Meter` is no name"]);
    check(&of("colour = 1\n"), &["a publisher has no key `colour`"]);
    check(&of(&format!("[[site]]\nname = \"B\"\nkey = \"{one}\"\n")), &["6:7 the key of `B` is that of `A` too"]);
}

#[test]
fn what_a_plugin_could_reach_is_what_it_asks_for_and_is_granted() {
    let root = tempfile::tempdir().unwrap();
    write(
        root.path(),
        &[
            ("plant.toml", "name = \"Test\"\n"),
            ("connections.toml", "[[connection]]\nname = \"plc\"\ndriver = \"modbus\"\ntcp = \"10.0.0.1:502\"\n"),
            (
                "plugins.toml",
                "[[plugin]]\nname = \"modbus\"\ncomponent = \"modbus\"\n[plugin.grant]\nconnections = [\"plc\"]\n\
                 publish = [\"*\"]\nwrite = [\"limit\"]\nread = [\"level\"]\nstore_kib = 16\nlog_lines_per_s = 7\n",
            ),
            (
                "tags/a.toml",
                "[[tag]]\nname = \"level\"\nkind = \"float\"\nconnection = \"plc\"\naddress = \"holding 0 f32\"\n\
                 [[tag]]\nname = \"limit\"\nkind = \"float\"\nconnection = \"plc\"\naddress = \"holding 2 f32\"\nwrite = true\n",
            ),
        ],
    );
    let loaded = load(root.path());
    let plant = loaded.plant.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
    let imports = ["samples", "orders", "modbus", "log"].map(str::to_owned).into();
    let told = reach(&plant, &plant.plugins[0], &Ask { imports, ..Ask::default() });
    let can: Vec<(&str, Vec<&str>)> =
        told.can.iter().map(|item| (item.sentence.as_str(), item.names.iter().map(String::as_str).collect())).collect();
    assert_eq!(can[0].1, ["plc (10.0.0.1:502)"]);
    assert!(can[0].0.contains("1 connection:"), "{}", can[0].0);
    assert_eq!((can[1].1.as_slice(), can[2].1.as_slice()), (&["limit"][..], &["level", "limit"][..]));
    assert_eq!(told.unused, ["read"], "it is granted what it has no way to use");
    assert!(told.cannot.iter().any(|sentence| sentence.contains("reads no tag")));
    assert!(!told.cannot.iter().any(|sentence| sentence.contains("no device")));
    assert!(told.limits.iter().any(|limit| limit == "7 log lines a second"));
    let nothing = reach(&plant, &plant.plugins[0], &Ask::default());
    assert_eq!((nothing.can.len(), nothing.cannot.len()), (0, 5));
}
