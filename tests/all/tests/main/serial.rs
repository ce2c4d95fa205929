//! A serial line (FIELD.md, "Modbus", faults 1 and 2): pymodbus units at a pseudo-terminal, one of them dead, and noise.

use plantroom_model::Quality;
use plantroom_tests::{Console, Project, SerialLine, Station, plantroom, wait_until};

/// Registers of each unit that are tags.
const REGISTERS: [u16; 3] = [3, 50, 120];

/// A station on a line of the units 1 and 2, that are there, and 9, that isn't.
fn station_on(line: &SerialLine) -> (Project, Station) {
    let project = Project::new();
    let mut text = format!(
        "[[connection]]\nname = \"rs485\"\ndriver = \"modbus\"\ntimeout_ms = 200\n\
         serial = {{ port = {:?}, baud = 115200, parity = \"none\" }}\n",
        line.port()
    );
    for unit in [1, 2, 9] {
        text.push_str(&format!("[[connection.devices]]\nname = \"unit{unit}\"\nunit = {unit}\n"));
    }
    project.add("connections.toml", &text);
    for unit in [1, 2, 9] {
        for register in REGISTERS {
            let device = format!("device = \"unit{unit}\"\ngroup = \"fast\"");
            project.tag(&tag(unit, register), "uint", "rs485", &format!("holding {register} u16"), &device);
        }
    }
    project.modbus(&["rs485"], "fast = 200", "**");
    let station = Station::start(&project);
    (project, station)
}

fn tag(unit: u16, register: u16) -> String {
    format!("unit{unit}/r{register}")
}

fn places() -> impl Iterator<Item = (u16, u16)> {
    [1, 2].into_iter().flat_map(|unit| REGISTERS.map(|register| (unit, register)))
}

/// Whatever was heard of a tag, it was its own register's value.
#[track_caller]
fn none_is_wrong(console: &Console) {
    for (unit, register) in places() {
        let rows = console.rows(&tag(unit, register));
        let wrong: Vec<_> = rows
            .iter()
            .filter(|row| row.quality() == Quality::Good && row.number() != f64::from(unit * 1000 + register))
            .collect();
        assert!(wrong.is_empty(), "{}: a value of another register, unit, or of the noise: {wrong:?}", tag(unit, register));
    }
}

fn all_good(console: &Console) -> bool {
    places().all(|(unit, register)| console.latest(&tag(unit, register)).quality() == Quality::Good)
}

#[test]
fn a_line_with_a_dead_unit_and_noise_gives_right_values_or_none() {
    let mut line = SerialLine::start(&[1, 2]);
    let (_project, station) = station_on(&line);
    let names: Vec<String> = [1, 2, 9].into_iter().flat_map(|unit| REGISTERS.map(|register| tag(unit, register))).collect();
    let console = station.console(&names.iter().map(String::as_str).collect::<Vec<_>>());
    wait_until("all units that are there are good", 15.0, || all_good(&console), |good| *good);
    wait_until("the dead one is bad", 15.0, || console.latest(&tag(9, 3)).quality(), |quality| *quality == Quality::Bad);
    let figure = |name: &str| -> f64 {
        let text = station.api().call("GET", "/metrics", None).text;
        let line = format!("plantroom_connection_{name}{{connection=\"rs485\"}} ");
        let at = text.find(&line).map(|at| at + line.len());
        let rest = &text[at.expect("the connection's figure")..];
        rest.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect::<String>().parse().expect("a number")
    };
    line.noise(0.3);
    wait_until("noise is noticed", 20.0, || figure("bad_answers_total"), |count| *count >= 3.0);
    none_is_wrong(&console);
    line.noise(0.0);
    wait_until("the line is well again", 15.0, || all_good(&console), |good| *good);
    none_is_wrong(&console);
}

#[test]
fn a_line_that_is_cut_is_marked_and_comes_back() {
    let mut line = SerialLine::start(&[1, 2]);
    let (_project, station) = station_on(&line);
    let names: Vec<String> = places().map(|(unit, register)| tag(unit, register)).collect();
    let console = station.console(&names.iter().map(String::as_str).collect::<Vec<_>>());
    wait_until("all are good", 15.0, || all_good(&console), |good| *good);
    line.command(serde_json::json!({ "cut": true }));
    for (unit, register) in places() {
        let name = tag(unit, register);
        let bad = wait_until("it is bad", 15.0, || console.latest(&name), |row| row.quality() == Quality::Bad);
        assert_eq!(bad.number(), f64::from(unit * 1000 + register), "{name}: the last value is kept");
    }
    line.command(serde_json::json!({ "cut": false }));
    wait_until("all are good again", 45.0, || all_good(&console), |good| *good);
    none_is_wrong(&console);
}

#[test]
fn a_scan_of_a_line_finds_its_units_and_says_what_to_write() {
    let line = SerialLine::start(&[2, 5]);
    let port = line.port().display().to_string();
    let target = [&port, "--baud", "115200", "--parity", "none"];
    let scan = ["modbus", "scan", "--units", "1-6", "--registers", "150-230", "--json"];
    let run = plantroom(&[&scan[..], &target[..]].concat(), &[]);
    assert_eq!(run.code, 0, "{run:?}");
    let found: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    let units: Vec<u64> = found["units"].as_array().expect("units").iter().filter_map(|unit| unit["unit"].as_u64()).collect();
    assert_eq!(units, [2, 5]);
    assert_eq!(found["units"][0]["ranges"]["holding registers"], serde_json::json!([[150, 199]]));
    assert!(found["connections_toml"].as_str().expect("text").contains("[[connection.devices]]"));
    let read = plantroom(&[&["modbus", "read", "--unit", "5", "--holding", "10", "--count", "2"][..], &target[..]].concat(), &[]);
    assert!(read.code == 0 && read.stdout.contains("5010") && read.stdout.contains("40011"), "{read:?}");
    let nobody = plantroom(&[&["modbus", "read", "--unit", "9", "--holding", "10"][..], &target[..]].concat(), &[]);
    assert!(nobody.code == 4 && nobody.stderr.contains("doesn't answer"), "{nobody:?}");
}
