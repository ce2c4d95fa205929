//! A plant over a running one: ids stay, differences have names.

use std::path::Path;

use plantroom_model::{Origin, TagId};
use plantroom_project::{Plant, difference, load, load_onto};

fn write(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

const FILES: [(&str, &str); 4] = [
    ("plant.toml", "name = \"Test\"\n"),
    (
        "connections.toml",
        "[[connection]]\nname = \"one\"\ndriver = \"modbus\"\ntcp = \"10.0.0.1:502\"\n\
         [[connection]]\nname = \"two\"\ndriver = \"modbus\"\ntcp = \"10.0.0.2:502\"\n",
    ),
    (
        "plugins.toml",
        "[[plugin]]\nname = \"modbus\"\ncomponent = \"modbus\"\n[plugin.grant]\nconnections = [\"one\", \"two\"]\npublish = [\"**\"]\n",
    ),
    (
        "tags/a.toml",
        "[[tag]]\nname = \"a\"\nkind = \"float\"\nconnection = \"one\"\naddress = \"input 0\"\n\
         [[tag]]\nname = \"b\"\nkind = \"float\"\nconnection = \"two\"\naddress = \"input 1\"\n\
         [[tag]]\nname = \"sum\"\nkind = \"float\"\nderive = 'tag(\"a\") + tag(\"b\")'\n",
    ),
];

fn changed(running: &Plant, files: &[(&str, &str)]) -> Plant {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), &FILES);
    write(root.path(), files);
    let loaded = load_onto(root.path(), running);
    assert_eq!(loaded.diagnostics, []);
    (*loaded.plant.unwrap()).clone()
}

fn first() -> Plant {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), &FILES);
    (*load(root.path()).plant.unwrap()).clone()
}

/// Every id means what the name says, and none is out of the lists.
fn check_whole(plant: &Plant) {
    assert_eq!(plant.tags.len(), plant.tag_places.len());
    for (id, tag) in plant.tags.iter().enumerate() {
        let known = plant.tag_ids.get(&tag.name);
        assert_eq!(known.copied(), (tag.origin != Origin::Gone).then_some(TagId(id as u32)), "{tag:?}");
        assert_eq!(tag.origin == Origin::Gone, tag.name.is_empty());
    }
    for connection in plant.connections.iter().filter(|connection| !connection.is_gone()) {
        assert!(!plant.plugins[connection.driver.0 as usize].is_gone());
    }
    for plugin in &plant.plugins {
        let grant = &plugin.grant;
        for id in grant.publish.iter().chain(&grant.read).chain(&grant.write) {
            assert_ne!(plant.tags[id.0 as usize].origin, Origin::Gone);
        }
        assert!(grant.connections.iter().all(|id| !plant.connections[id.0 as usize].is_gone()));
    }
}

#[test]
fn what_keeps_its_name_keeps_its_id() {
    let old = first();
    // `a` goes, `z` comes first, `one` goes with its tags.
    let tags = "[[tag]]\nname = \"z\"\nkind = \"float\"\nmemory = 1\n\
         [[tag]]\nname = \"sum\"\nkind = \"float\"\nderive = 'tag(\"z\") + tag(\"b\")'\n\
         [[tag]]\nname = \"b\"\nkind = \"float\"\nconnection = \"two\"\naddress = \"input 1\"\n";
    let connections = "[[connection]]\nname = \"two\"\ndriver = \"modbus\"\ntcp = \"10.0.0.2:502\"\n";
    let plugins = FILES[2].1.replace("\"one\", ", "");
    let new = changed(&old, &[("tags/a.toml", tags), ("connections.toml", connections), ("plugins.toml", &plugins)]);
    check_whole(&new);
    for name in ["b", "sum", "system/audit/ok", "system/connections/two/state"] {
        assert_eq!(new.tag(name).unwrap().0, old.tag(name).unwrap().0, "{name}");
    }
    assert_eq!(new.tag("z").unwrap().0, TagId(old.tags.len() as u32));
    let Origin::Derived(derived) = &new.tag("sum").unwrap().1.origin else { panic!() };
    assert_eq!(derived.inputs, [new.tag("z").unwrap().0, new.tag("b").unwrap().0]);
    assert_eq!(new.connection("two").unwrap().0, old.connection("two").unwrap().0);
    assert!(new.connections[0].is_gone() && new.tags[old.tag("a").unwrap().0.0 as usize].origin == Origin::Gone);
    // Back again: `a` is new now, `z` is gone; no id was given twice.
    let back = changed(&new, &[]);
    check_whole(&back);
    assert_eq!(back.tag("b").unwrap().0, old.tag("b").unwrap().0);
    assert!(back.tag("a").unwrap().0.0 as usize >= new.tags.len());
    assert!(difference(&old, &back).is_empty(), "{:?}", difference(&old, &back));
}

#[test]
fn a_difference_says_what_and_names_it() {
    let old = first();
    let tags = FILES[3]
        .1
        .replace("input 0", "input 5")
        .replace("[[tag]]\nname = \"b\"\nkind", "[[tag]]\nname = \"b\"\nunit = \"m\"\nkind");
    let connections = FILES[1].1.replace("10.0.0.2", "10.0.0.3");
    let plugins = FILES[2].1.replace("component = \"modbus\"", "component = \"modbus\"\nconfig = { x = 1 }");
    let files: &[(&str, &str)] =
        &[("tags/a.toml", &tags), ("connections.toml", &connections), ("plugins.toml", &plugins), ("screens/1.rhai", "")];
    let preview = difference(&old, &changed(&old, files));
    assert_eq!(
        preview.to_string(),
        "2 tags resubscribe, 1 connection reopens, 1 plugin restarts, 1 screen is added, settings of the plant change (home_screen)"
    );
    assert_eq!(
        preview.lines(),
        [
            "~ tag a: address",
            "~ tag b: unit",
            "~ connection two: link",
            "~ plugin modbus: config",
            "+ screen 1.rhai",
            "~ plant: home_screen"
        ]
    );
    let only_tags = difference(&old, &changed(&old, &[("tags/a.toml", &FILES[3].1.replace("tag(\"a\") + ", "2.0 * "))]));
    assert_eq!(only_tags.to_string(), "1 tag is defined differently");
    assert_eq!(difference(&old, &changed(&old, &[])).to_string(), "nothing changes");
}

#[test]
fn a_broken_change_leaves_no_plant() {
    let old = first();
    let root = tempfile::tempdir().unwrap();
    write(root.path(), &FILES);
    write(root.path(), &[("tags/a.toml", "[[tag]]\nname = \"a\"\n")]);
    let loaded = load_onto(root.path(), &old);
    assert!(loaded.plant.is_none() && loaded.has_errors());
}

#[test]
fn languages_themes_fonts_and_images_come_along() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), &FILES);
    write(root.path(), &[("languages/el.toml", "start = \"Εκκίνηση\"\n"), ("theme.toml", "a = 1\n"), ("images/a.svg", "<svg/>")]);
    let plant = load(root.path()).plant.unwrap();
    let paths: Vec<&str> = plant.assets.iter().map(|asset| &*asset.path).collect();
    assert_eq!(paths, ["images/a.svg", "languages/el.toml", "theme.toml"]);
    write(root.path(), &[("languages/el.toml", "start = \n"), ("fonts/x.ttf", "no font"), ("images/b.png", "<svg/>")]);
    let loaded = load(root.path());
    let told: Vec<String> = loaded.diagnostics.iter().map(|d| format!("{}: {}", d.file, d.message)).collect();
    assert_eq!(
        told,
        [
            "fonts/x.ttf: this file is named like a TrueType or OpenType font, but is none",
            "images/b.png: this file is named like a PNG image, but is none",
            "languages/el.toml: this key has no value",
        ]
    );
}
