//! Plugins as archives: loaded on somebody's word, and for what was accepted.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use plantroom_archive::{Archive, Ask, SecretKey, Signer, Trust, TrustedKey, write};
use plantroom_host::{ComponentFile, Host, HostOptions, LoadError, Loaded, look};
use plantroom_model::PluginId;
use plantroom_project::Plant;

use crate::guest::Guest;
use crate::world::plant;

const TOML: &str = "name = \"bad\"\nversion = \"1.0.0\"\nworld = \"driver\"\n[ask]\nimports = [\"memory\"]\nmemory_mib = 4\n";

fn component(manifest: &str) -> Vec<u8> {
    let step = "(call $remove (i32.const 0) (i32.const 0))";
    Guest { imports: &["remove"], step, manifest: Some(manifest), ..Guest::default() }.component()
}

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed([seed; 32]).unwrap()
}

/// An archive of a component, signed with these keys as publishers.
fn archive(component: Vec<u8>, toml: &str, signers: &[u8]) -> Vec<u8> {
    let files = [
        ("plugin.toml", toml.as_bytes().to_vec()),
        ("plugin.wasm", component),
        ("LICENSE", b"x".to_vec()),
        ("wit/plugin.wit", b"x".to_vec()),
    ];
    let files: BTreeMap<String, Vec<u8>> = files.into_iter().map(|(path, bytes)| (path.to_owned(), bytes)).collect();
    signers.iter().fold(write(&files).unwrap(), |bytes, seed| {
        Archive::read(bytes).unwrap().signed(Signer::Publisher, "2026-11-23".parse().unwrap(), &key(*seed)).unwrap()
    })
}

fn good() -> Vec<u8> {
    archive(component(TOML), TOML, &[1])
}

/// A plant that trusts key 1, and accepts what the good plugin asks for.
fn site() -> Plant {
    let mut site = plant(|_| {});
    let key = TrustedKey { name: "Meters Inc.".to_owned(), key: key(1).public(), plugins: vec![], until: None, revoked: None };
    site.trust = Trust { publishers: vec![key], ..Trust::default() };
    site.plugins[0].accepts = Some(Ask { imports: ["memory".to_owned()].into(), memory_mib: 4, ..Ask::default() });
    site
}

struct Place {
    dir: tempfile::TempDir,
    host: Host,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let host = Host::new(HostOptions { cache_dir: dir.path().join("cache"), compile_command: vec![] }).unwrap();
        Self { dir, host }
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn load(&self, plant: &Plant, file: &ComponentFile) -> Result<Loaded, LoadError> {
        self.host.load(&plant.plugins[0], PluginId(0), plant, file)
    }

    /// Loads from the project's own folder.
    fn offered(&self, plant: &Plant, bytes: &[u8]) -> Result<Loaded, String> {
        let file = ComponentFile::of_project(self.file("bad.plantroom", bytes));
        let looked = look(&plant.plugins[0], plant, &file).and_then(|looked| looked.objection.map_or(Ok(()), Err));
        let loaded = self.load(plant, &file).map_err(|error| error.to_string());
        assert_eq!(
            looked.map_err(|error| error.to_string()).err(),
            loaded.as_ref().err().cloned(),
            "looking says what loading does"
        );
        loaded
    }
}

#[test]
fn an_archive_loads_on_a_trusted_word_and_says_whose() {
    let place = Place::new();
    let loaded = place.offered(&site(), &good()).unwrap();
    assert_eq!(loaded.origin().to_string(), "signed by Meters Inc.");
    assert!(!loaded.origin().is_unsigned());
    assert_eq!(loaded.archive_digest().map(str::to_owned), Some(Archive::read(good()).unwrap().digest()));
    loaded.try_init().unwrap();
}

#[test]
fn what_nobody_trusted_has_signed_loads_only_where_the_project_says_so() {
    let place = Place::new();
    let lax = || {
        let mut plant = site();
        plant.trust.allow_unsigned = true;
        plant
    };
    let (unsigned, stranger) = (archive(component(TOML), TOML, &[]), archive(component(TOML), TOML, &[9]));
    for (what, bytes, sentence) in
        [("unsigned", unsigned, "carries no signature"), ("by a stranger", stranger, "isn't in trust.toml")]
    {
        let said = place.offered(&site(), &bytes).unwrap_err();
        assert!(said.contains(sentence) && said.contains("allow_unsigned") && said.ends_with("bad.plantroom"), "{what}: {said}");
        assert!(place.offered(&lax(), &bytes).unwrap().origin().is_unsigned(), "{what}");
    }
    let bare = place.file("bad.wasm", &component(TOML));
    let said = place.load(&site(), &ComponentFile::of_project(&bare)).unwrap_err().to_string();
    assert!(said.contains("bare component"), "{said}");
    assert!(place.load(&lax(), &ComponentFile::of_project(&bare)).unwrap().origin().is_unsigned());
    let installed = place.load(&site(), &ComponentFile::of_installation(&bare)).unwrap();
    assert_eq!(installed.origin().to_string(), "comes with this installation");
}

#[test]
fn what_is_damaged_or_mixed_up_never_loads() {
    let place = Place::new();
    let mut lax = site();
    lax.trust.allow_unsigned = true;
    let mut flipped = good();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    let other_toml = TOML.replace("memory_mib = 4", "memory_mib = 2");
    for (what, bytes, sentence) in [
        ("a flipped bit", flipped, "the archive of plugin `bad` can't be used"),
        ("half of it", good()[..700].to_vec(), "the archive of plugin `bad` can't be used"),
        ("no archive", b"\0asm".to_vec(), "the archive of plugin `bad` can't be used"),
        ("another manifest", archive(component(TOML), &other_toml, &[1]), "isn't the one in its component"),
        (
            "another plugin",
            archive(component(&TOML.replace("bad", "worse")), &TOML.replace("bad", "worse"), &[1]),
            "holds the plugin `worse`",
        ),
        ("no component", archive(b"hello".to_vec(), TOML, &[1]), "not a valid component"),
    ] {
        for plant in [&site(), &lax] {
            let said = place.offered(plant, &bytes).unwrap_err();
            assert!(said.contains(sentence), "{what}: {said}");
        }
    }
}

#[test]
fn what_is_asked_for_must_have_been_accepted() {
    let place = Place::new();
    let accepting = |change: &dyn Fn(&mut Option<Ask>)| {
        let mut plant = site();
        change(&mut plant.plugins[0].accepts);
        plant
    };
    let silent = place.offered(&accepting(&|accepts| *accepts = None), &good()).unwrap_err();
    let line = "accepts = { imports = [\"memory\"], memory_mib = 4 }";
    assert!(silent.contains("asks to keep a small store of its own") && silent.ends_with(line), "{silent}");
    let less = place.offered(&accepting(&|accepts| accepts.as_mut().unwrap().memory_mib = 2), &good()).unwrap_err();
    assert!(less.contains("asks for 4 MiB of memory instead of 2") && less.ends_with(line), "{less}");
    let other = accepting(&|accepts| accepts.as_mut().unwrap().imports = ["log".to_owned()].into());
    let other = place.offered(&other, &good()).unwrap_err();
    assert!(other.contains("also asks to keep a small store") && other.contains("no longer asks to write lines"), "{other}");
    // What comes with the program needs no word, but keeps to one that was given.
    let bare = ComponentFile::of_installation(place.file("bad.wasm", &component(TOML)));
    assert!(place.load(&accepting(&|accepts| *accepts = None), &bare).is_ok());
    assert!(place.load(&accepting(&|accepts| accepts.as_mut().unwrap().memory_mib = 2), &bare).is_err());
}

#[test]
fn numbers_that_are_asked_for_must_be_granted() {
    let place = Place::new();
    for (key, words) in [
        ("store_kib = 5", "asks for a store of 5 KiB, but plugins.toml grants it 4 (`store_kib`)"),
        ("cpu_pct = 60", "asks for 60 % of a core, but plugins.toml grants it 50 (`cpu_pct`)"),
        ("samples_per_s = 1001", "asks for 1001 samples a second"),
        ("log_lines_per_s = 6", "asks for 6 log lines a second"),
        ("alarm_words_per_s = 11", "asks for 11 words about alarms a second"),
    ] {
        let toml = format!("{TOML}{key}\n");
        let plant = plant(|grant| grant.cpu_pct = 50);
        let bare = ComponentFile::of_installation(place.file("bad.wasm", &component(&toml)));
        let said = place.load(&plant, &bare).unwrap_err().to_string();
        assert!(said.contains(words), "{key}: {said}");
    }
}

#[test]
fn a_running_plugin_stands_as_long_as_its_signer() {
    let place = Place::new();
    let site = site();
    let loaded = place.offered(&site, &good()).unwrap();
    let file = ComponentFile::of_project(place.file("bad.plantroom", &good()));
    let again = |plant: &Plant| place.host.load_again(&loaded, (&plant.plugins[0], PluginId(0)), plant, &file);
    assert!(again(&site).unwrap().is_none(), "nothing is different");
    let mut revoked = site.clone();
    revoked.trust.publishers[0].revoked = Some("the key was stolen".to_owned());
    assert!(again(&revoked).unwrap_err().to_string().contains("the key was stolen"));
    let mut unknown = site.clone();
    unknown.trust = Trust { allow_unsigned: true, ..Trust::default() };
    assert!(again(&unknown).unwrap().unwrap().origin().is_unsigned(), "and it is shown at once");
    let mut less = site.clone();
    less.plugins[0].accepts = Some(Ask::default());
    assert!(again(&less).unwrap_err().to_string().contains("also asks"));
}
