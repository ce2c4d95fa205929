//! Real plugins, really built: what comes out imports what was asked for and nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use plantroom_pack::{build_many, componentize, inspect, plugins_in};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

#[test]
fn a_component_imports_what_it_uses_and_nothing_else() {
    let expected = [
        ("average", vec!["samples", "tags", "log"]),
        ("greedy", vec!["samples", "orders", "modbus", "memory", "log"]),
        ("hostile", vec!["samples", "orders", "modbus", "log"]),
        ("modbus", vec!["samples", "orders", "modbus", "log"]),
    ];
    let dirs = ["plugins/average", "tests/guests/greedy", "tests/guests/hostile", "plugins/modbus"].map(|dir| root().join(dir));
    // Beside what `cargo xtask` packs, so that a plant that runs from there isn't disturbed.
    let out = root().join("target/plugins-of-tests");
    let files = build_many(&dirs, &out, &|line| println!("{line}")).unwrap();
    for ((name, imports), file) in expected.into_iter().zip(&files) {
        let found = inspect(file).unwrap();
        let mut used = found.interfaces();
        used.sort_unstable();
        let mut imports = imports;
        imports.sort_unstable();
        assert_eq!(used, imports, "{name}");
        assert!(found.foreign().is_empty(), "{name}: {:?}", found.foreign());
        assert_eq!(found.contract, "0.1.4");
        assert_eq!(found.manifest.map(|manifest| manifest.name).as_deref(), Some(name));
        assert!(found.size_bytes < 1 << 20, "{name} has {} bytes", found.size_bytes);
        let text = fs::read(file).unwrap();
        let root = root();
        let needle = root.to_str().unwrap().as_bytes();
        assert!(!text.windows(needle.len()).any(|window| window == needle), "{name} names the folder it was built in");
    }
    // The archived core module gives the same component again.
    let core = fs::read(out.join("archive/average-0.1.0.core.wasm")).unwrap();
    let manifest = fs::read_to_string(root().join("plugins/average/plugin.toml")).unwrap();
    assert_eq!(componentize(&core, &manifest).unwrap(), fs::read(&files[0]).unwrap());
}

#[test]
fn every_plugin_of_the_house_has_its_plugin_toml() {
    for folder in ["plugins", "tests/guests"] {
        let packages = fs::read_dir(root().join(folder))
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().path().join("Cargo.toml").is_file());
        assert_eq!(plugins_in(&root().join(folder)).unwrap().len(), packages.count(), "{folder}");
    }
}
