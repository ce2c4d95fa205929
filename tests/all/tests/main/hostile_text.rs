//! Names and texts that would do something if anybody interpreted them: HTML, control characters, letters without end, and
//! ways out of a folder. Nobody does, wherever they come from.

use plantroom_tests::{Answer, Project, Pymodbus, Station, plantroom, wait_until};
use serde_json::json;

/// Each would do something somewhere: a page, a terminal, a log, a shell, a path, a script of a screen.
const TEXTS: [&str; 8] = [
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m",
    "done\n2026-01-01 00:00:00 engineer logged in",
    "\u{202e}txt.exe",
    "../../../../etc/passwd",
    "${PATH} $(reboot) `reboot` %n%s",
    "\"); loop { } //",
    "=cmd|' /C calc'!A0",
];

fn letters() -> String {
    "x".repeat(10_000)
}

/// Control characters that a terminal obeys, and letters that turn the order round.
fn obeys(text: &str) -> Option<char> {
    text.chars().find(|c| (c.is_control() && !matches!(c, '\n' | '\t')) || matches!(c, '\u{202a}'..='\u{202e}'))
}

#[track_caller]
fn is_harmless_json(what: &str, answer: &Answer) {
    assert!(answer.status < 500, "{what}: {} {}", answer.status, answer.text);
    assert!(!answer.json.is_null(), "{what}: not JSON: {}", answer.text.chars().take(300).collect::<String>());
    assert!(answer.text.len() < 40_000, "{what}: {} bytes", answer.text.len());
}

#[test]
fn a_project_with_such_names_is_told_and_does_nothing() {
    let all: Vec<String> = TEXTS.iter().map(|&text| text.to_owned()).chain([letters()]).collect();
    for text in &all {
        let quoted = serde_json::to_string(text).expect("a text").replace("\\u001b", "\\u001B");
        // TOML's basic strings know JSON's escapes; what JSON leaves as it is and TOML does not allow is spelled out.
        let quoted: String =
            quoted.chars().map(|c| if c.is_control() { format!("\\u{:04X}", u32::from(c)) } else { c.to_string() }).collect();
        let project = Project::new();
        project.add("tags/tags.toml", &format!("[[tag]]\nname = {quoted}\nkind = \"float\"\nmemory = 0\n"));
        project.add("tags/tags.toml", &format!("[[tag]]\nname = \"good/name\"\nkind = {quoted}\nmemory = 0\n"));
        project.write("connections.toml", &format!("[[connection]]\nname = {quoted}\ndriver = {quoted}\ntcp = {quoted}\n"));
        project.write("plugins.toml", &format!("[[plugin]]\nname = {quoted}\ncomponent = {quoted}\n"));
        let run = plantroom(&["check", project.text(), "--without-plugins"], &[]);
        assert_eq!(run.code, 1, "{text:.40}: {run:?}");
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(said.contains("tags.toml") && said.contains("connections.toml") && said.contains("plugins.toml"), "{said:.2000}");
        assert_eq!(obeys(&said), None, "{said:?}");
        assert!(said.lines().all(|line| line.len() < 2_000), "{text:.40}: a line without end");
    }
}

#[test]
fn who_asks_for_such_names_is_answered_and_nothing_more() {
    let project = Project::new();
    project.memory("a/b", "text", "\"x\"", "write = true");
    let station = Station::start(&project);
    let api = station.api();
    let all: Vec<String> = TEXTS.iter().map(|&text| text.to_owned()).chain([letters(), "\u{0}".to_owned()]).collect();
    for text in &all {
        let segment: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        for path in ["tags/{}", "tags/{}/why", "connections/{}/registers", "plugins/{}", "audit?target={}", "tags?filter={}"] {
            let path = format!("/api/v1/{}", path.replace("{}", &segment));
            let answer = api.try_call("GET", &path, None, &[]).unwrap_or_else(|error| panic!("{path:.80}: {error}"));
            assert!(answer.status < 500 && answer.text.len() < 40_000, "{path:.80}: {} {:.300}", answer.status, answer.text);
            assert!(!answer.text.contains("root:"), "{path:.80}: {}", answer.text);
        }
        let user = json!({ "name": text, "password": "a long password", "role": "view" });
        is_harmless_json("a new user", &api.call("POST", "/api/v1/users", Some(user)));
        let login = json!({ "user": text, "password": text });
        let answer = api.call("POST", "/api/v1/login", Some(login));
        assert!(matches!(answer.status, 401 | 429), "{} {}", answer.status, answer.text);
        let body = json!({ "value": text, "comment": text });
        is_harmless_json("a write", &api.call("PUT", "/api/v1/tags/a%2Fb/value", Some(body)));
        is_harmless_json(
            "a write of nothing",
            &api.call("PUT", &format!("/api/v1/tags/{segment}/value"), Some(json!({ "value": 1 }))),
        );
    }
    // What was kept is told as text, by the API and on a terminal.
    for arguments in [&["tag", "list"][..], &["tag", "read", "a/b"], &["tag", "why", "a/b"], &["user", "list"]] {
        let (verb, rest) = arguments.split_first().expect("a verb");
        let run = plantroom(&[&[verb, "--url", &station.url, "--token", &api.token], rest].concat(), &[]);
        assert_eq!(run.code, 0, "{arguments:?}: {run:?}");
        assert_eq!(obeys(&run.stdout), None, "{arguments:?}: {:?}", run.stdout);
    }
    let trail = plantroom(&["audit", "list", "--url", &station.url, "--token", &api.token, "--limit", "500"], &[]);
    assert_eq!((trail.code, obeys(&trail.stdout)), (0, None), "{:?}", trail.stdout);
    let year = jiff::Timestamp::now().strftime("%Y-").to_string();
    assert!(
        trail.stdout.lines().all(|line| line.split_whitespace().nth(1).is_some_and(|day| day.starts_with(&year))),
        "{trail:?}"
    );
    let forged = trail.stdout.lines().find(|line| line.trim_start().starts_with("2026-01-01"));
    assert_eq!(forged, None, "a comment can't make a record of its own");
    let log = station.log();
    assert_eq!(obeys(&log), None, "{log:?}");
    assert!(!log.contains("panicked") && !log.lines().any(|line| line.starts_with("2026-01-01 00:00:00 engineer")), "{log}");
    let page = api.call_with("GET", "/api/v1/tags/a%2Fb", None, &[("accept", "text/html")]);
    assert!(page.json.is_object(), "whatever is asked for, it is JSON: {}", page.text);
}

#[test]
fn what_a_device_says_is_text_and_nothing_else() {
    let mut device = Pymodbus::start();
    let project = Project::new();
    project.connection("plc", device.port, 1_000, "").modbus(&["plc"], "fast = 100", "plc/*");
    project.tag("plc/name", "text", "plc", "holding 20 text 64", "group = \"fast\"");
    project.tag("plc/after", "uint", "plc", "holding 60 u16", "group = \"fast\"");
    let station = Station::start(&project);
    let api = station.api();
    for (turn, text) in (1..).zip(TEXTS) {
        let bytes: Vec<u8> = text.bytes().chain(std::iter::repeat(0)).take(64).collect();
        let registers: Vec<u16> = bytes.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
        device.set(20, &registers);
        device.set(60, &[turn]);
        // The next poll after the one that saw the second: both are new.
        wait_until("it is read", 10.0, || api.tag("plc/after"), |tag| tag.number() == f64::from(turn));
        wait_until("and read again", 10.0, || api.tag("plc/name").value, |value| value.as_str().is_some_and(|now| now != "x"));
        for rest in [&["read", "plc/name"][..], &["why", "plc/name"], &["list"], &["registers", "plc"]] {
            let run = plantroom(&[&["tag", "--url", &station.url, "--token", &api.token], rest].concat(), &[]);
            assert_eq!((run.code, obeys(&run.stdout)), (0, None), "{rest:?}: {:?}", run.stdout);
            if rest == ["list"] {
                let forged = run.stdout.lines().find(|line| line.starts_with("2026-01-01"));
                assert_eq!(forged, None, "a device can't make a line of its own");
            }
        }
    }
    assert_eq!(obeys(&station.log()), None);
}

#[test]
fn pictures_and_fonts_that_would_hurt_are_told_and_never_drawn() {
    let shapes = "<rect width=\"1\" height=\"1\"/>".repeat(10);
    let layers: String =
        (1..12).map(|n| format!("<g id=\"l{n}\">{}</g>", format!("<use href=\"#l{}\"/>", n - 1).repeat(10))).collect();
    let billion =
        format!("<svg xmlns=\"http://www.w3.org/2000/svg\"><g id=\"l0\">{shapes}</g>{layers}<use href=\"#l11\"/></svg>");
    let entities: String = (1..12).map(|n| format!("<!ENTITY e{n} \"{}\">", format!("&e{};", n - 1).repeat(10))).collect();
    let laughs = format!("<!DOCTYPE svg [<!ENTITY e0 \"ha\">{entities}]><svg xmlns=\"http://www.w3.org/2000/svg\">&e11;</svg>");
    let outside = "<svg xmlns=\"http://www.w3.org/2000/svg\"><image href=\"file:///etc/passwd\"/></svg>";
    let deep = format!("<svg xmlns=\"http://www.w3.org/2000/svg\">{}{}</svg>", "<g>".repeat(50_000), "</g>".repeat(50_000));
    let pictures = [("billion.svg", &*billion), ("laughs.svg", &laughs), ("outside.svg", outside), ("deep.svg", &deep)];
    for (name, text) in pictures {
        let project = Project::new();
        project.write(&format!("images/{name}"), text);
        project.add("screens/1_home.rhai", &format!("image(10, 10, \"images/{name}\", #{{ w: 100, h: 100 }});"));
        let begun = std::time::Instant::now();
        let run = plantroom(&["check", project.text(), "--without-plugins"], &[]);
        assert!(run.code == 1 && run.stdout.contains(name), "{name}: {run:?}");
        let picture = project.path().join("out.png");
        let output = picture.to_str().expect("a plain name");
        let painted = plantroom(&["screen", "render", project.text(), "1_home", "--output", output], &[]);
        let took = begun.elapsed();
        assert!(painted.code != 2 && painted.code != 70 && painted.code != -1, "{name}: {painted:?}");
        assert!(!painted.stderr.contains("panicked") && !painted.stderr.contains("root:"), "{name}: {painted:?}");
        assert!(took.as_secs() < 30, "{name} took {took:?}");
    }
    let project = Project::new();
    project.write("fonts/site.ttf", "This is a letter to the font, and no font.");
    project.write("images/photo.png", "no pixels");
    let run = plantroom(&["check", project.text(), "--without-plugins"], &[]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stdout.contains("fonts/site.ttf") && run.stdout.contains("images/photo.png"), "{run:?}");
}
