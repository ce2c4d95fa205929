//! Plugins as signed archives, with the real program: packed, signed, installed, refused, revoked.

use std::path::{Path, PathBuf};

use plantroom_tests::{FaultyDevice, Project, Station, plantroom, wait_until, workspace};

const ACCEPTS: &str = "accepts = { imports = [\"log\", \"memory\", \"modbus\", \"orders\", \"samples\"], memory_mib = 32 }";

#[track_caller]
fn done(arguments: &[&str]) -> String {
    let run = plantroom(arguments, &[]);
    assert_eq!(run.code, 0, "{arguments:?}: {}{}", run.stdout, run.stderr);
    run.stdout
}

#[track_caller]
fn refused(arguments: &[&str], code: i32, words: &str) {
    let run = plantroom(arguments, &[]);
    let said = format!("{}{}", run.stdout, run.stderr);
    assert_eq!(run.code, code, "{arguments:?}: {said}");
    assert!(said.contains(words), "{arguments:?} should say `{words}`: {said}");
}

/// A workshop: keys, and the plugin `greedy` as an archive.
struct Workshop {
    folder: Project,
    archive: PathBuf,
}

impl Workshop {
    fn new() -> Self {
        let folder = Project::empty();
        let component = component("greedy");
        let source = workspace().join("tests/guests/greedy");
        let out = folder.path().join("out");
        let packed = done(&["plugin", "pack", text(&source), "--component", text(&component), "--out", text(&out)]);
        let archive = out.join("greedy-0.1.0.plantroom");
        assert!(packed.contains(text(&archive)) && packed.contains("sha256:"), "{packed}");
        Self { folder, archive }
    }

    /// Makes a key; returns its file and the lines for trust.toml.
    fn key(&self, name: &str, more: &[&str]) -> (PathBuf, String) {
        let file = self.folder.path().join(format!("{name}.key"));
        let said = done(&[&["plugin", "keygen", text(&file), "--name", name], more].concat());
        let lines = said.split_once("\n\n").map(|(_, lines)| lines.to_owned()).unwrap_or_default();
        (file, lines)
    }

    fn sign(&self, key: &Path, signer: &str) {
        done(&["plugin", "sign", text(&self.archive), "--key", text(key), "--as", signer, "--on", "2026-11-23"]);
    }

    /// A project that drives a device with the archive.
    fn project(&self, device: &FaultyDevice, plant: &str, trust: &str) -> Project {
        let project = Project::new();
        project.add("plant.toml", plant);
        project.connection_of("greedy", "plc", device.port, 300);
        project.tag("plc/reading", "uint", "plc", "reading", "").tag("plc/setting", "uint", "plc", "setting", "write = true");
        let grant = "connections = [\"plc\"]\npublish = [\"plc/*\"]\nwrite = [\"plc/*\"]\nstore_kib = 16";
        project.add(
            "plugins.toml",
            &format!("[[plugin]]\nname = \"greedy\"\ncomponent = \"greedy\"\n{ACCEPTS}\n[plugin.grant]\n{grant}\n"),
        );
        if !trust.is_empty() {
            project.write("trust.toml", trust);
        }
        let place = project.path().join("plugins");
        std::fs::create_dir_all(&place).expect("a folder can be made");
        std::fs::copy(&self.archive, place.join("greedy.plantroom")).expect("a file can be copied");
        project
    }
}

fn component(name: &str) -> PathBuf {
    let folder = std::env::var_os("PLANTROOM_COMPONENTS").map_or_else(|| workspace().join("target/debug/plugins"), PathBuf::from);
    folder.join(format!("{name}.wasm"))
}

fn text(path: &Path) -> &str {
    path.to_str().expect("temporary folders have plain names")
}

#[test]
fn a_signed_archive_is_verified_installed_and_shown() {
    let shop = Workshop::new();
    let (publisher, trust) = shop.key("Meters Inc.", &[]);
    refused(&["plugin", "keygen", text(&publisher), "--name", "x"], 1, "there is a file already");
    shop.sign(&publisher, "publisher");
    let device = FaultyDevice::start();
    device.set(0, &[31]);
    let project = shop.project(&device, "", &trust);
    let archive = text(&shop.archive);
    assert!(done(&["plugin", "verify", archive]).contains("every file is what was packed"));
    assert!(done(&["plugin", "verify", archive, "--project", project.text()]).contains("signed by Meters Inc."));
    assert!(done(&["plugin", "check", archive]).contains("and nothing else"));
    assert!(done(&["plugin", "list", project.text()]).contains("signed by Meters Inc."));
    let reach = done(&["plugin", "inspect", "greedy", "--project", project.text()]);
    for words in ["which is signed by Meters Inc.", "1 connection", "write orders for 1 tag", "It reads no tag", "32 MiB"] {
        assert!(reach.contains(words), "`{words}` in {reach}");
    }
    let station = Station::start(&project);
    let api = station.api();
    wait_until("it reads the device", 20.0, || api.tag("plc/reading"), |tag| tag.is_good() && tag.number() == 31.0);
    let origin = || api.tag("system/plugins/greedy/origin").value;
    wait_until("its origin is told", 5.0, origin, |origin| *origin == "signed by Meters Inc.");
    let told = api.audit("greedy");
    assert!(told.iter().any(|entry| entry.to_string().contains("signed by Meters Inc., sha256:")), "{told:?}");
}

#[test]
fn a_project_takes_nothing_that_nobody_trusted_has_signed() {
    let shop = Workshop::new();
    let (publisher, trust) = shop.key("Meters Inc.", &[]);
    let device = FaultyDevice::start();
    device.set(0, &[31]);
    let refuses = |project: &Project, words: &str| {
        let run = Station::refuses(project, &[]);
        assert!(run.code == 1 && run.stderr.contains(words), "`{words}`: {} {}", run.code, run.stderr);
    };
    refuses(&shop.project(&device, "", &trust), "it carries no signature");
    shop.sign(&publisher, "publisher");
    refuses(&shop.project(&device, "", ""), "isn't in trust.toml");
    refuses(&shop.project(&device, "[plugins]\ncounter_signed = true\n", &trust), "asks for both");
    let damaged = shop.project(&device, "", &trust);
    let file = damaged.path().join("plugins/greedy.plantroom");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    refuses(&damaged, "isn't what its list of hashes says");
    refused(&["plugin", "verify", text(&file)], 1, "isn't what its list of hashes says");
    let asks_more = shop.project(&device, "", &trust);
    asks_more.write("plugins.toml", &asks_more.read("plugins.toml").replace("memory_mib = 32 }", "memory_mib = 16 }"));
    refuses(&asks_more, "asks for 32 MiB of memory instead of 16");
    let silent = shop.project(&device, "", &trust);
    silent.write("plugins.toml", &silent.read("plugins.toml").replace(ACCEPTS, ""));
    refuses(&silent, ACCEPTS);
    assert_eq!(device.connections(), 0, "what doesn't load touches no device");
    let strange = shop.project(&device, "", "");
    refused(
        &["plugin", "verify", text(&shop.archive), "--project", strange.text()],
        3,
        "isn't signed by anybody whom this project trusts",
    );
    let lax = shop.project(&device, "[plugins]\nallow_unsigned = true\n", "");
    let station = Station::start(&lax);
    let api = station.api();
    let origin = || api.tag("system/plugins/greedy/origin").value.as_str().unwrap_or_default().to_owned();
    wait_until("everybody can see it", 20.0, origin, |origin| origin.starts_with("unsigned: it is signed with ed25519:"));
    let check = plantroom(&["check", lax.text()], &[]);
    assert!(check.code == 0 && check.stdout.contains("nobody whom this project trusts has signed"), "{}", check.stdout);
}

#[test]
fn the_site_signs_what_it_takes_and_revokes_what_it_doesnt() {
    let shop = Workshop::new();
    let (publisher, trust) = shop.key("Meters Inc.", &[]);
    let (site, site_trust) = shop.key("Waterworks North", &["--site"]);
    shop.sign(&publisher, "publisher");
    let before = std::fs::read(&shop.archive).unwrap();
    shop.sign(&publisher, "publisher");
    assert_eq!(std::fs::read(&shop.archive).unwrap(), before, "the same day, key and archive give the same bytes");
    shop.sign(&site, "site");
    let device = FaultyDevice::start();
    device.set(0, &[31]);
    let rules = "[plugins]\ncounter_signed = true\n[change]\napply = \"on_save\"\n";
    let project = shop.project(&device, rules, &format!("{trust}\n{site_trust}"));
    let station = Station::start(&project);
    let api = station.api();
    wait_until("it reads the device", 20.0, || api.tag("plc/reading"), |tag| tag.is_good());
    assert_eq!(api.tag("system/plugins/greedy/origin").value, "signed by Meters Inc., counter-signed by Waterworks North");
    // A change that would leave a plugin running whose key is revoked is refused as a whole.
    project.write("trust.toml", &format!("{trust}revoked = \"the key was stolen\"\n{site_trust}"));
    let message = || api.tag("system/project/message").value.as_str().unwrap_or_default().to_owned();
    wait_until("it is refused", 20.0, message, |message| message.contains("the key was stolen"));
    assert!(api.tag("plc/reading").is_good(), "what ran goes on");
}
