//! Screen scripts that would hurt: they are told with their line, and cost the station nothing.

use std::process::Command;
use std::time::{Duration, Instant};

use plantroom_tests::{Companion, Project, Station, command, eventually, holds_for, wait_until};

/// What a check of screens may use: its own program and Rhai are far below; a gigabyte is above.
const MEMORY_KIB: u32 = 768 << 10;
/// How long a check of one bad screen may take on a busy machine.
const WITHIN: Duration = Duration::from_secs(15);
const HEAD: &str = "screen(\"Bad\", #{ level: 1, size: [800, 450] });\n";

/// Each with the words and the line of its error.
const BAD: [(&str, &str, &str, u32); 8] = [
    ("loops", "text(10, 10, \"x\");\nloop { }", "too many steps", 3),
    ("nested", "for i in 0..1000000 { for k in 0..1000000 { let x = i * k; } }", "too many steps", 2),
    ("recurses", "fn f(n) { f(n + 1) }\n\nf(0);", "deep", 4),
    ("gigabyte", "let s = \"x\";\nloop { s += s; }", "too large", 3),
    ("padded", "let s = \"\"; s.pad(1000000000, \"x\");", "too large", 2),
    ("array", "let a = []; loop { a.push(a); }", "", 2),
    ("objects", "for i in 0..1000000 { text(10, 10, \"x\"); }", "", 2),
    ("parser", "((((", "missing", 3),
];

/// `plantroom screen check` with a limit on its memory that the system keeps.
fn check_screens(project: &Project) -> (Option<i32>, String, Duration) {
    let program = command().get_program().to_owned();
    let limited = format!("ulimit -v {MEMORY_KIB}; exec \"$0\" screen check \"$1\"");
    let started = Instant::now();
    let output = Command::new("sh").args(["-c", &limited]).arg(program).arg(project.path()).output().expect("a shell starts");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code(), said, started.elapsed())
}

#[test]
fn a_screen_that_would_hurt_is_told_with_its_line() {
    for (name, body, words, line) in BAD {
        let project = Project::new();
        project.write(&format!("screens/2_{name}.rhai"), &format!("{HEAD}{body}\n"));
        let (code, said, took) = check_screens(&project);
        assert_eq!(code, Some(1), "{name}: {said}");
        let place = format!("screens/2_{name}.rhai:{line}:");
        let told =
            said.lines().find(|told| told.starts_with(&place)).unwrap_or_else(|| panic!("{name}: nothing at {place}\n{said}"));
        assert!(told.contains(": error: ") && told.contains(words), "{name}: {told}");
        assert!(said.contains("1 errors"), "the other screen is in order: {said}");
        assert!(took < WITHIN, "{name} took {took:?}");
    }
}

#[test]
fn all_of_them_together_are_told_one_by_one() {
    let project = Project::new();
    for (name, body, ..) in BAD {
        project.write(&format!("screens/2_{name}.rhai"), &format!("{HEAD}{body}\n"));
    }
    let (code, said, _) = check_screens(&project);
    assert_eq!(code, Some(1), "{said}");
    for (name, _, _, line) in BAD {
        assert!(said.contains(&format!("screens/2_{name}.rhai:{line}:")), "{name}: {said}");
    }
}

#[test]
fn a_bad_screen_that_is_saved_reaches_consoles_and_costs_the_station_nothing() {
    let project = Project::new();
    project.memory("line/pump", "int", "0", "write = true");
    let station = Station::start(&project);
    let console = station.console(&["line/pump"]);
    let api = station.api();
    let (mut revision, _) = eventually("the console has screens", 5.0, || Some(console.screens()).filter(|(at, _)| *at > 0));
    let before = console.beats().len();
    for (name, body, ..) in BAD {
        let text = format!("{HEAD}{body}\n");
        project.write("screens/1_home.rhai", &text);
        let (at, files) = wait_until(name, 5.0, || console.screens(), |(at, _)| *at > revision);
        assert!(files.iter().any(|(path, told)| path == "1_home.rhai" && *told == text), "{name}: {files:?}");
        revision = at;
        assert_eq!(api.write("line/pump", revision).kind(), "confirmed");
        let health = api.call("GET", "/healthz", None);
        assert_eq!(health.status, 200, "{name}: {}", health.text);
        assert!(health.json["scan_age_ms"].as_u64().is_some_and(|age| age < 1_000), "{name}: {}", health.text);
    }
    std::fs::remove_file(project.path().join("screens/1_home.rhai")).unwrap();
    project.write("screens/big.rhai", &"// a very long comment\n".repeat(200_000));
    project.write("screens/odd.rhai", "\u{0}\u{1}\u{2}");
    std::fs::write(project.path().join("screens/latin.rhai"), b"text(1, 1, \"\xfc\");").unwrap();
    holds_for("the station goes on", 1.5, || api.call("GET", "/healthz", None).status, |status| *status == 200);
    assert_eq!(api.write("line/pump", -1).kind(), "confirmed");
    let beats = console.beats();
    let gap = beats[before..].windows(2).map(|pair| pair[1] - pair[0]).max().expect("a heartbeat");
    assert!(gap < Duration::from_millis(1_900), "heartbeats were {gap:?} apart");
    assert_eq!(console.ended(), None);
    let log = station.log();
    assert!(!log.contains("panicked"), "{log}");
}

#[test]
fn a_station_starts_with_bad_screens_and_serves_them() {
    let project = Project::new();
    project.write("screens/1_home.rhai", &format!("{HEAD}loop {{ }}\n"));
    let station = Station::start(&project);
    let screens = station.api().get("/api/v1/screens");
    assert!(screens.to_string().contains("loop { }"), "{screens}");
    let mut check = Companion::start(command().args(["check", project.text()]), "");
    let ended = eventually("check ends beside the running station", 30.0, || check.ended());
    assert_eq!(ended.code(), Some(1), "{}", check.told());
}
