//! The S7 driver in the running station, against a controller that nobody here wrote: python-snap7's server.

use std::path::Path;
use std::process::Command;

use plantroom_tests::{Companion, Project, Station, free_port, python, wait_until};
use serde_json::Value as Json;

fn controller(port: u16) -> Companion {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/s7.py");
    let mut command = Command::new(python());
    command.arg(script).arg(port.to_string());
    let controller = Companion::start(&mut command, "Type: cargo xtask test --only peers");
    wait_until("the controller listens", 20.0, || controller.told(), |told| told.contains("listening"));
    controller
}

/// What the controller holds now.
fn memory(controller: &Companion, of: &str) -> Vec<u8> {
    let told = controller.told();
    let held =
        told.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok()).filter_map(|line| line[of].as_str().map(hex));
    held.last().unwrap_or_default()
}

fn hex(text: &str) -> Vec<u8> {
    text.as_bytes().chunks(2).map(|two| u8::from_str_radix(&String::from_utf8_lossy(two), 16).expect("hex digits")).collect()
}

fn press(port: u16) -> Project {
    let project = Project::new();
    project.write(
        "connections.toml",
        &format!(
            "[[connection]]\nname = \"press\"\ndriver = \"s7\"\nstream = {{ tcp = \"127.0.0.1:{port}\" }}\n\
                  [connection.device]\nslot = 1\ntimeout_ms = 2000\n"
        ),
    );
    project.write(
        "plugins.toml",
        "[[plugin]]\nname = \"s7\"\ncomponent = \"s7\"\n[plugin.config]\ngroups = { fast = 100 }\n\
         [plugin.grant]\nconnections = [\"press\"]\npublish = [\"press/*\"]\nwrite = [\"press/*\"]\n",
    );
    for (name, kind, address) in [
        ("press/word", "uint", "DB10.DBW2"),
        ("press/level", "float", "DB10.DBD100 real"),
        ("press/batch", "text", "DB10.DBB120 string 12"),
        ("press/count", "int", "DB10.DBD140 dint"),
        // The first of its byte: this peer takes a bit for its whole byte.
        ("press/run", "bool", "M3.0"),
        ("press/door", "bool", "I4.2"),
        ("press/missing", "uint", "DB77.DBW0"),
    ] {
        project.tag(name, kind, "press", address, "group = \"fast\"\nwrite = {}");
    }
    project
}

#[test]
fn a_controller_that_nobody_here_wrote_is_read_and_written() {
    let port = free_port();
    let mut plc = controller(port);
    let station = Station::start(&press(port));
    let api = station.api();
    wait_until(
        "the controller is read",
        20.0,
        || api.tag("press/word"),
        |tag| tag.is_good() && tag.number() == f64::from(0x0203),
    );
    wait_until("inputs are read", 5.0, || api.tag("press/door"), |tag| tag.is_good() && tag.value == Json::Bool(true));
    assert!(!api.tag("press/missing").is_good(), "a block that isn't there spoils only itself");

    for (tag, value) in [
        ("press/level", Json::from(12.5)),
        ("press/batch", Json::from("B-7")),
        ("press/count", Json::from(-70_000)),
        ("press/run", Json::from(true)),
    ] {
        let answer = api.write(tag, value.clone());
        assert_eq!(answer.kind(), "confirmed", "{tag}: {}", answer.text);
    }
    wait_until("all of it has arrived", 5.0, || memory(&plc, "merkers"), |merkers| merkers.get(3) == Some(&1));
    let db = memory(&plc, "db10");
    assert_eq!(db[100..104], 12.5_f32.to_be_bytes());
    assert_eq!(db[121..125], [3, b'B', b'-', b'7']);
    assert_eq!(db[120], 120, "the room of the text is the block's business");
    assert_eq!(db[140..144], (-70_000_i32).to_be_bytes());
    assert_eq!(db[104..120], (104..120).collect::<Vec<u8>>()[..], "and nothing beside it");

    plc.kill();
    wait_until("its values are marked", 20.0, || api.tag("press/word"), |tag| !tag.is_good());
    let _again = controller(port);
    wait_until("it is read again", 30.0, || api.tag("press/word"), |tag| tag.is_good());
}
