//! The integrator's loop with the real program: pictures without a display, advice, completion, and the preview.

use std::time::Instant;

use plantroom_tests::{Project, command, eventually, plantroom, wait_until};
use serde_json::Value;

use crate::console::Screen;

const HOME: &str = "screen(\"Home\", #{ level: 1, size: [800, 450] });
value(100, 100, \"well/level\", #{ w: 160, h: 60 });
text(100, 300, \"words\");
";

fn project() -> Project {
    let project = Project::new();
    project.write(
        "tags/well.toml",
        "[[tag]]\nname = \"well/level\"\nkind = \"float\"\nunit = \"m\"\nrange = [0, 5]\nmemory = 2.0\nwrite = true\n",
    );
    project.write("screens/1_home.rhai", HOME);
    project
}

/// Width, height and size of a PNG.
fn png(project: &Project, name: &str) -> (u32, u32, Vec<u8>) {
    let bytes = std::fs::read(project.path().join(name)).expect("the picture is there");
    assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    (number(16), number(20), bytes)
}

#[test]
fn a_screen_is_painted_with_given_values_and_without_a_display() {
    let project = project();
    let render = |arguments: &[&str]| {
        let folder = project.text().to_owned();
        let all: Vec<&str> = ["screen", "render", &folder].into_iter().chain(arguments.iter().copied()).collect();
        plantroom(&all, &[("DISPLAY", ""), ("WAYLAND_DISPLAY", "")])
    };
    let out = |name: &str| project.path().join(name).display().to_string();
    let started = Instant::now();
    let run = render(&["1_home", "-o", &out("a.png"), "--set", "well/level=2.5"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    println!("painted in {:?}", started.elapsed());
    assert_eq!(render(&["-o", &out("b.png"), "--set", "well/level=2.5"]).code, 0);
    assert_eq!(render(&["-o", &out("bad.png"), "--set", "well/level=2.5:no_communication"]).code, 0);
    assert_eq!(render(&["-o", &out("two.png"), "--scale", "2", "--greyscale", "--sample"]).code, 0);
    assert_eq!(render(&["-o", &out("window.png"), "--window", "--sample"]).code, 0);
    let (a, b, bad) = (png(&project, "a.png"), png(&project, "b.png"), png(&project, "bad.png"));
    assert_eq!((a.0, a.1), (800, 450));
    assert!(a.2 == b.2, "the same values give the same bytes");
    assert!(a.2 != bad.2, "a bad value looks different");
    let (two, window) = (png(&project, "two.png"), png(&project, "window.png"));
    assert_eq!([(two.0, two.1), (window.0, window.1)], [(1_600, 900), (1_600, 900)]);

    let refused = render(&["-o", &out("c.png"), "--set", "well/levle=1"]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("did you mean `well/level`?"), "{}", refused.stderr);
    let missing = render(&["no_such", "-o", &out("c.png")]);
    assert_eq!(missing.code, 1, "{}", missing.stderr);
    assert!(!project.path().join("c.png").exists());
}

#[test]
fn values_come_from_a_file_too() {
    let project = project();
    project.write("values.toml", "\"well/level\" = { value = 4.5, quality = \"stale\" }\n");
    project.write("values.json", "{ \"well\": { \"level\": { \"value\": 4.5, \"quality\": \"stale\" } } }");
    for (file, picture) in [("values.toml", "a.png"), ("values.json", "b.png")] {
        let (file, out) = (project.path().join(file), project.path().join(picture));
        let run = plantroom(
            &["screen", "render", project.text(), "-o", out.to_str().unwrap(), "--values", file.to_str().unwrap()],
            &[],
        );
        assert_eq!(run.code, 0, "{}", run.stderr);
    }
    assert!(png(&project, "a.png").2 == png(&project, "b.png").2);
}

#[test]
fn every_screen_of_the_demo_is_painted() {
    let project = Project::waterworks();
    let out = project.path().join("pictures");
    let run = plantroom(&["screen", "render", project.text(), "--all", "-o", out.to_str().unwrap(), "--sample", "--trends"], &[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let screens = std::fs::read_dir(project.path().join("screens")).unwrap().flatten();
    let screens = screens.filter(|entry| entry.path().extension().is_some_and(|end| end == "rhai")).count();
    assert!(std::fs::read_dir(out).unwrap().count() > screens, "all screens and the faceplates");
}

#[test]
fn advice_has_its_lint_its_place_and_its_reason() {
    let project = project();
    project.write("screens/2_lost.rhai", "screen(\"Lost\", #{ level: 2 });\nvalue(10, 10, || 2.0 * tag(\"well/level\"));\n");
    let check = |more: &[&str]| {
        let all: Vec<&str> = ["screen", "check", project.text()].into_iter().chain(more.iter().copied()).collect();
        plantroom(&all, &[])
    };
    let run = check(&["--json"]);
    assert_eq!(run.code, 0, "advice is no error: {}{}", run.stdout, run.stderr);
    let told: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let advice = told["advice"].as_array().expect("a list");
    let found: Vec<_> = advice.iter().map(|each| (each["lint"].as_str().unwrap(), each["line"].as_u64().unwrap())).collect();
    assert_eq!(found, [("level", 1), ("unreachable", 1), ("value-without-unit", 2)], "{told}");
    assert!(
        advice.iter().all(|each| each["file"] == "screens/2_lost.rhai" && each["why"].as_str().is_some_and(|why| why.len() > 40))
    );
    assert_eq!(check(&["--strict"]).code, 1);
    assert!(check(&[]).stdout.contains("screens/2_lost.rhai:2:1: advice: this value has no unit [value-without-unit]"));

    let silenced = "screen(\"Lost\", #{ level: 2, parent: \"1_home\" });\nvalue(10, 10, || 2.0 * tag(\"well/level\")); // allow(value-without-unit): a ratio\n";
    project.write("screens/2_lost.rhai", silenced);
    let run = check(&["--strict"]);
    assert_eq!(run.code, 0, "{}", run.stdout);
}

#[test]
fn editors_learn_every_function_and_tag() {
    let project = project();
    let run = plantroom(&["screen", "completions", project.text()], &[]);
    let told: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let has = |list: &str, name: &str| told[list].as_array().unwrap().iter().any(|each| each["name"] == name);
    assert!(has("functions", "tank") && has("functions", "duration") && has("tags", "well/level"));
    let snippets: Value =
        serde_json::from_str(&plantroom(&["screen", "completions", "--format", "vscode"], &[]).stdout).expect("JSON");
    assert_eq!(snippets["pump"]["scope"], "rhai");
    assert!(plantroom(&["screen", "completions", "--format", "rhai-def"], &[]).stdout.starts_with("module static;"));
}

#[test]
fn a_drag_in_the_preview_rewrites_the_script_and_saving_redraws() {
    let screen = Screen::start();
    let project = project();
    let mut preview = command();
    preview.args(["screen", "preview", project.text(), "1_home", "--size", "1280x800"]);
    let mut window = screen.show(preview);
    wait_until("the preview is there", 25.0, || screen.colours(), |colours| *colours > 60);
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    screen.keep("preview.png");

    // 800 x 450 units are painted 950 / 800 as large, below 75.6 points of frame; the value's middle is 180, 130.
    let at = |x: f64, y: f64| ((x * 1.1875).round().to_string(), (75.6 + y * 1.1875).round().to_string());
    let (from, to) = (at(180.0, 130.0), at(260.0, 130.0));
    screen.act(&["mousemove", &from.0, &from.1]);
    screen.act(&["mousedown", "1"]);
    for step in 1..=4 {
        let (x, y) = at(180.0 + 20.0 * f64::from(step), 130.0);
        screen.act(&["mousemove", &x, &y]);
        std::thread::sleep(std::time::Duration::from_millis(150));
    }
    screen.keep("preview_drag.png");
    screen.act(&["mousemove", &to.0, &to.1]);
    screen.act(&["mouseup", "1"]);
    let moved = HOME.replace("value(100, 100,", "value(180, 100,");
    wait_until("the script has the new number", 8.0, || project.read("screens/1_home.rhai"), |text| *text == moved);
    screen.keep("preview_moved.png");
    // Without a window manager nobody gives a window the keyboard.
    screen.act(&["search", "--name", "Plantroom preview", "windowfocus"]);
    screen.act(&["key", "ctrl+z"]);
    wait_until("and the old one again", 8.0, || project.read("screens/1_home.rhai"), |text| text == HOME);

    let before = screen.colours();
    project.write(
        "screens/1_home.rhai",
        &HOME.replace("text(100, 300, \"words\");", "lamp(100, 300, true, #{ label: \"x\", size: 90, abnormal: true });"),
    );
    eventually("saving redraws", 8.0, || (screen.colours() != before).then_some(()));
    screen.keep("preview_saved.png");
    assert!(window.ended().is_none(), "{}", window.told());
}
