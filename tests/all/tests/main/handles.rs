//! The system lets the program open only so many files and connections: what doesn't fit is refused with a sentence,
//! and what runs is never starved.

use std::io::Read as _;
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use plantroom_tests::{Project, Pymodbus, Run, Station, command, free_port, wait_until};
use serde_json::Value as Json;

use crate::healthy;

/// Devices of a plant that doesn't fit.
const DEVICES: usize = 40;

/// The program under `ulimit`; `kind` is `-n`, or `-S -n` for what a process may lift itself.
fn limited(kind: &str, files: u64) -> Command {
    let program = command();
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit {kind} {files}; exec \"$0\" \"$@\"")]).arg(program.get_program());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

/// Runs a station that is expected to end by itself.
fn refused(project: &Project, files: u64) -> Run {
    let data = project.data();
    let mut command = limited("-n", files);
    let output = command.args(["run", project.text(), "--port", "0", "--data"]).arg(data).output().expect("it starts");
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The number behind `ulimit -n`.
fn wanted(sentence: &str) -> u64 {
    let (_, rest) = sentence.split_once("ulimit -n ").unwrap_or_else(|| panic!("{sentence}"));
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().expect("a number")
}

/// Adds devices that nobody answers for, and grants them to the driver; `granted` are those it has already.
fn add_devices(project: &Project, granted: &[&str]) {
    let spare: Vec<String> = (0..DEVICES).map(|number| format!("spare{number}")).collect();
    let all: Vec<&str> = granted.iter().copied().chain(spare.iter().map(String::as_str)).collect();
    let plugins = project.read("plugins.toml");
    project.write("plugins.toml", &plugins.replace(&format!("connections = {granted:?}"), &format!("connections = {all:?}")));
    for name in &spare {
        project.connection(name, free_port(), 500, "");
    }
}

/// A plant of nothing else.
fn silent_devices() -> Project {
    let project = Project::new();
    project.modbus(&[], "fast = 100", "spare/*");
    add_devices(&project, &[]);
    project.tag("spare/value", "uint", "spare0", "holding 0 u16", "group = \"fast\"");
    project
}

#[test]
fn a_plant_that_does_not_fit_is_refused_with_what_to_type() {
    let project = silent_devices();
    for files in [12, 24, 64, 100] {
        let run = refused(&project, files);
        assert_eq!(run.code, 1, "{files}: {run:?}");
        for word in [format!("open {files} files and connections"), "ulimit -n".to_owned(), "LimitNOFILE=".to_owned()] {
            assert!(run.stderr.contains(&word), "{files}: no {word:?} in {}", run.stderr);
        }
        assert!(!run.stderr.contains("os error"), "{files}: {}", run.stderr);
    }
    // What it asked for is enough.
    let files = wanted(&refused(&project, 100).stderr);
    assert!(files > 100 && files < 200, "{files}");
    drop(Station::start_as(limited("-n", files), &project, &[], &[]));
}

#[test]
fn what_a_process_may_lift_itself_is_lifted() {
    let project = silent_devices();
    drop(Station::start_as(limited("-S -n", 32), &project, &[], &[]));
}

#[test]
fn a_crowd_at_the_door_and_a_change_that_does_not_fit_starve_nobody() {
    let device = Pymodbus::start();
    let project = Project::new();
    project.add("plant.toml", "[change]\napply = \"on_save\"\n");
    healthy::add_to(&project, &device);
    // Enough to begin with, and nothing to spare.
    let files = wanted(&refused(&project, 64).stderr);
    let station = Station::start_as(limited("-n", files), &project, &[], &[]);
    let api = station.api();
    wait_until("the device is polled", 20.0, || api.tag(healthy::COUNT), |tag| tag.is_good());

    let crowd: Vec<TcpStream> =
        (0..100).filter_map(|_| TcpStream::connect(station.url.trim_start_matches("http://")).ok()).collect();
    let turned_away = crowd.iter().filter(|stream| {
        let mut answer = [0; 12];
        let _ = stream.set_read_timeout(Some(Duration::from_millis(50)));
        (&**stream).read_exact(&mut answer).is_ok() && &answer == b"HTTP/1.1 503"
    });
    assert!(turned_away.count() > 0, "everybody was let in");
    assert_eq!(api.write("line/setpoint", 7).kind(), "confirmed");
    drop(crowd);

    let (connections, plugins) = (project.read("connections.toml"), project.read("plugins.toml"));
    add_devices(&project, &["line"]);
    let refused = |now: &Json| now["state"] == "refused" && now["message"].to_string().contains("ulimit -n");
    wait_until("it is refused", 20.0, || api.get("/api/v1/project"), refused);
    assert_eq!(api.write("line/setpoint", 8).kind(), "confirmed");
    project.write("connections.toml", &connections);
    project.write("plugins.toml", &plugins);
    wait_until("the old project is there again", 20.0, || api.get("/api/v1/project"), |now| now["state"] == "current");
    let before = api.tag(healthy::COUNT).number();
    wait_until("polls go on", 10.0, || api.tag(healthy::COUNT).number(), |count| *count > before);
    assert!(!station.log().contains("os error 24"), "{}", station.log());
}
