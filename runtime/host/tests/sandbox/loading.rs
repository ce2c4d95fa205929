//! What does not load, and the sentence that says why.

use std::fs;
use std::path::PathBuf;

use plantroom_host::{ComponentFile, Host, HostOptions, compile_main};
use plantroom_model::PluginId;
use plantroom_project::Grant;

use crate::guest::Guest;
use crate::world::{load_into, plant};

fn refused(bytes: &[u8], grant: impl FnOnce(&mut Grant), parts: &[&str]) {
    match load_into(&plant(grant), bytes) {
        Ok(_) => panic!("it loaded, and should have said {parts:?}"),
        Err(error) => {
            let said = error.to_string();
            assert!(parts.iter().all(|part| said.contains(part)), "{said}");
        }
    }
}

#[test]
fn what_is_not_a_whole_component_is_refused() {
    let whole = Guest::default().component();
    refused(b"", |_| {}, &["it is empty"]);
    refused(b"not a component at all", |_| {}, &["plugin `bad`", "does not begin as one", "plugin build"]);
    refused(&Guest::default().core(), |_| {}, &["core module that was not packed"]);
    for len in [8, 9, 100, whole.len() / 2, whole.len() - 1] {
        assert!(load_into(&plant(|_| {}), &whole[..len]).is_err(), "cut at {len}");
    }
    let mut flipped = whole.clone();
    flipped[whole.len() / 3] ^= 0xFF;
    assert!(load_into(&plant(|_| {}), &flipped).is_err());
}

#[test]
fn a_damaged_component_never_harms_the_station() {
    let whole = Guest { imports: &["log"], step: "(call $log (i32.const 1) (i32.const 0) (i32.const 0))", ..Guest::default() }
        .component();
    let (mut seed, plant) = (1_u64, plant(|_| {}));
    for _ in 0..100 {
        let mut bytes = whole.clone();
        for _ in 0..3 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (seed >> 33) as usize % bytes.len();
            bytes[at] = (seed >> 20) as u8;
        }
        if let Ok(loaded) = load_into(&plant, &bytes) {
            let _ = loaded.try_init();
        }
    }
}

#[test]
fn another_contract_is_named() {
    let ours = Guest { imports: &["log"], step: "(call $log (i32.const 1) (i32.const 0) (i32.const 0))", ..Guest::default() }
        .component();
    refused(
        &renamed(&ours, b"@0.1.4", b"@0.2.0"),
        |_| {},
        &["version 0.2.0 of the plugin contract, and this station speaks 0.1"],
    );
    assert!(load_into(&plant(|_| {}), &renamed(&ours, b"@0.1.4", b"@0.1.7")).unwrap().try_init().is_ok(), "a newer patch works");
    refused(&renamed(&ours, b"plugin/log@", b"plugin/gol@"), |_| {}, &["plantroom:plugin/gol", "does not have yet"]);
}

fn renamed(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let mut at = 0;
    while at + from.len() <= bytes.len() {
        if bytes[at..].starts_with(from) {
            bytes[at..at + to.len()].copy_from_slice(to);
        }
        at += 1;
    }
    bytes
}

#[test]
fn a_missing_grant_is_named() {
    let with = |import: &'static str, call: &str| Guest { imports: &[import], step: call, ..Guest::default() }.component();
    let orders = with("take", "(call $take (i32.const 1) (i32.const 2048))");
    refused(
        &orders,
        |grant| grant.orders = false,
        &["plugin `bad` asks for write orders (import plantroom:plugin/orders), but plugins.toml grants it no `write`"],
    );
    let modbus = with("collect", "(call $collect (i32.const 1) (i32.const 2048))");
    refused(&modbus, |grant| grant.connections.clear(), &["asks for Modbus connections", "no `connections`"]);
    let samples = with("missed", "(call $missed (i32.const 0) (i32.const 0) (i32.const 0))");
    refused(&samples, |grant| grant.publish.clear(), &["asks to publish values", "no `publish` tags"]);
    let tags = with("changes", "(call $changes (i32.const 2048))");
    refused(&tags, |grant| grant.read.clear(), &["asks to read tags", "no `read` tags"]);
    let memory = with("remove", "(call $remove (i32.const 0) (i32.const 0))");
    refused(&memory, |grant| grant.store_bytes = 0, &["asks for a persistent store", "no `store_kib`"]);
    assert!(load_into(&plant(|grant| grant.orders = false), &memory).is_ok(), "who does not ask needs no grant");
}

#[test]
fn a_component_uses_only_what_its_own_manifest_asks_for() {
    let step = "(call $remove (i32.const 0) (i32.const 0))";
    let with = |manifest: &str| Guest { imports: &["remove"], step, manifest: Some(manifest), ..Guest::default() }.component();
    let head = "name = \"bad\"\nversion = \"1\"\nworld = \"driver\"\nkey-of-tomorrow = 1\n[ask]\n";
    refused(&with(&format!("{head}imports = []")), |_| {}, &["uses plantroom:plugin/memory without asking"]);
    refused(
        &with(&format!("{head}imports = [\"memory\"]\nmemory_mib = 5")),
        |_| {},
        &["asks for 5 MiB of memory", "grants it 4"],
    );
    refused(&with("name ="), |_| {}, &["plugin.toml can't be read"]);
    let loaded = load_into(&plant(|_| {}), &with(&format!("{head}imports = [\"memory\"]\nmemory_mib = 4"))).unwrap();
    assert_eq!(loaded.manifest().map(|manifest| manifest.name.as_str()), Some("bad"));
}

/// Not a test of its own: the child process of the next one.
#[test]
fn compile_child() {
    if std::env::var_os("PLANTROOM_COMPILE_CHILD").is_some() {
        let paths: Vec<PathBuf> = std::env::args_os().rev().take(2).map(PathBuf::from).collect();
        compile_main(&paths[1], &paths[0]).unwrap();
    }
}

#[test]
fn a_component_is_compiled_in_a_child_once_and_a_tampered_cache_is_not_trusted() {
    let dir = tempfile::tempdir().unwrap();
    let (cache, log, file) = (dir.path().join("cache"), dir.path().join("log"), dir.path().join("bad.wasm"));
    fs::write(&file, Guest::default().component()).unwrap();
    let exe = std::env::current_exe().unwrap();
    let script = format!(
        "echo ran >> {}; PLANTROOM_COMPILE_CHILD=1 exec {} loading::compile_child --exact --nocapture \"$@\"",
        log.display(),
        exe.display()
    );
    let load = || {
        let compile_command = ["sh", "-c", &script, "sh"].map(Into::into).to_vec();
        let host = Host::new(HostOptions { cache_dir: cache.clone(), compile_command }).unwrap();
        let plant = plant(|_| {});
        host.load(&plant.plugins[0], PluginId(0), &plant, &ComponentFile::of_installation(&file)).unwrap().try_init().unwrap();
        fs::read_to_string(&log).unwrap().lines().count()
    };
    assert_eq!(load(), 1);
    assert_eq!(load(), 1, "the second time it comes from the cache");
    let entries = || fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().path());
    let entry = entries().find(|path| path.extension().is_some_and(|ext| ext == "cwasm")).unwrap();
    let mut bytes = fs::read(&entry).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&entry, bytes).unwrap();
    assert_eq!(load(), 2, "a tampered entry is compiled again");
    assert_eq!(load(), 2, "and replaced");
    assert_eq!(entries().count(), 2, "nothing else is left behind");
}

#[test]
fn a_file_that_is_missing_or_too_large_is_told_with_its_path() {
    let dir = tempfile::tempdir().unwrap();
    let host = Host::new(HostOptions { cache_dir: dir.path().join("cache"), compile_command: vec![] }).unwrap();
    let plant = plant(|_| {});
    let path = dir.path().join("none.wasm");
    let said = host.load(&plant.plugins[0], PluginId(0), &plant, &ComponentFile::of_installation(&path)).unwrap_err().to_string();
    assert!(said.contains("can't be read") && said.ends_with("none.wasm"), "{said}");
    fs::File::create(&path).unwrap().set_len(plantroom_model::limits::COMPONENT_BYTES + 1).unwrap();
    let said = host.load(&plant.plugins[0], PluginId(0), &plant, &ComponentFile::of_installation(&path)).unwrap_err().to_string();
    assert!(said.contains("at most"), "{said}");
}
