//! What can't be done is said in one sentence, with the exit code that scripts rely on.

use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use plantroom_tests::{Api, Project, Run, Station, free_port, plantroom, workspace};
use serde_json::Value as Json;

/// The verb ends soon, with this code, and says on stderr one sentence that has these words.
#[track_caller]
fn check(arguments: &[&str], code: i32, words: &[&str]) {
    let started = Instant::now();
    let run = plantroom(arguments, &[]);
    assert_eq!(run.code, code, "{arguments:?}\n{}{}", run.stdout, run.stderr);
    one_sentence(arguments, &run, words);
    assert!(started.elapsed() < Duration::from_secs(15), "{arguments:?} took {:?}", started.elapsed());
}

#[track_caller]
fn one_sentence(arguments: &[&str], run: &Run, words: &[&str]) {
    assert_eq!(run.stdout, "", "{arguments:?}: a failure has no output for pipes");
    let text = run.stderr.trim_end();
    assert!(!text.contains('\n'), "{arguments:?}: more than one line:\n{text}");
    for word in words {
        assert!(text.contains(word), "{arguments:?}: nothing of {word:?} in: {text}");
    }
    for leak in ["panicked", "RUST_BACKTRACE", "Err(", "Error {", "os error 2)\n"] {
        assert!(!text.contains(leak), "{arguments:?}: {text}");
    }
    assert!(text.chars().next().is_some_and(|first| !first.is_whitespace()) && text.len() > 20, "{arguments:?}: {text:?}");
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let project = Project::new();
    check(&["run", project.text(), "--port", &port], 1, &[&port, "in use", "--port"]);
}

#[test]
fn a_missing_project_is_named() {
    let empty = Project::empty();
    for (verb, file) in [("run", "plant.toml"), ("simulate", "simulation.toml")] {
        check(&[verb, "/no/such/folder"], 1, &["/no/such/folder", "There is no"]);
        check(&[verb, empty.text()], 1, &[empty.text(), "There is no", file]);
    }
    for verb in [&["check"][..], &["screen", "check"]] {
        let run = plantroom(&[verb, &["/no/such/folder"]].concat(), &[]);
        assert_eq!(run.code, 1, "{}{}", run.stdout, run.stderr);
        assert!(run.stdout.contains("/no/such/folder") && run.stdout.contains("plantroom new"), "{}", run.stdout);
    }
    check(&["audit", "verify", "/no/such/folder"], 1, &["/no/such/folder"]);
}

#[test]
fn a_data_folder_that_cannot_be_written_is_named() {
    let project = Project::new();
    project.write("a_file", "");
    let below_a_file = project.path().join("a_file/data");
    for data in [below_a_file.to_str().unwrap(), "/proc/no_such_place", "/sys/plantroom"] {
        check(&["run", project.text(), "--port", "0", "--data", data], 1, &[data, "--data"]);
    }
    let place = project.path().join("broken");
    for (file, words) in [("users.json", "users"), ("lock", "data folder")] {
        std::fs::create_dir_all(place.join(file)).unwrap();
        check(&["run", project.text(), "--port", "0", "--data", place.to_str().unwrap()], 1, &[words, file]);
        std::fs::remove_dir_all(&place).unwrap();
    }
}

#[test]
fn a_data_folder_of_a_running_station_is_left_alone() {
    let project = Project::new();
    let station = Station::start(&project);
    let data = project.data();
    check(&["run", project.text(), "--port", "0", "--data", data.to_str().unwrap()], 1, &["another", data.to_str().unwrap()]);
    let health = station.api().call("GET", "/healthz", None);
    assert_eq!(health.status, 200, "the first station goes on: {}", health.text);
    let verified = plantroom(&["audit", "verify", data.to_str().unwrap()], &[]);
    assert_eq!(verified.code, 0, "{}{}", verified.stdout, verified.stderr);
}

#[test]
fn a_wrong_command_line_is_usage() {
    for arguments in [
        &["rnu"][..],
        &["run", "--prot", "1"],
        &["run", "--port", "70000"],
        &["run", "a", "b"],
        &["console", "--size", "huge"],
        &["tag"],
        &["simulate", "--speed", "fast"],
    ] {
        let run = plantroom(arguments, &[]);
        assert_eq!(run.code, 2, "{arguments:?}: {}{}", run.stdout, run.stderr);
        assert!(run.stdout.is_empty() && run.stderr.contains("--help"), "{arguments:?}: {}{}", run.stdout, run.stderr);
        assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
    }
    check(&["simulate", "--speed", "0"], 2, &["--speed"]);
    check(&["tag", "list"], 2, &["--token", "--user"]);
    check(&["tag", "--user", "anna", "list"], 2, &["PLANTROOM_PASSWORD"]);
    check(&["console", "--url", "plant.local"], 2, &["plant.local", "http://127.0.0.1:8600"]);
}

#[test]
fn refused_unreachable_and_mistaken_have_their_own_codes() {
    let project = Project::new();
    project.memory("a", "int", "1", "write = { role = \"engineer\" }");
    let station = Station::start(&project);
    let (engineer, viewer) = (station.api(), station.api().new_user("viewer", "operate"));
    let url = station.url.as_str();
    check(&["tag", "--url", url, "--token", "nonsense", "list"], 3, &["log in"]);
    check(&["tag", "--url", url, "--token", &viewer.token, "write", "a", "2"], 3, &["engineer"]);
    check(&["user", "--url", url, "--token", &viewer.token, "list"], 3, &["engineer"]);
    check(&["tag", "--url", url, "--token", &engineer.token, "read", "b"], 1, &["`b`"]);
    check(&["tag", "--url", url, "--token", &engineer.token, "write", "a", "much"], 1, &["`a`"]);
    let nobody = format!("http://127.0.0.1:{}", free_port());
    check(&["tag", "--url", &nobody, "--token", "x", "list"], 4, &[&nobody, "plantroom run"]);
    let done = plantroom(&["tag", "--url", url, "--token", &engineer.token, "write", "a", "2"], &[]);
    assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{}", done.stdout);
    let json = plantroom(&["tag", "--url", url, "--token", &engineer.token, "read", "--json", "a"], &[]);
    assert_eq!(serde_json::from_str::<Json>(&json.stdout).unwrap()["value"], 2, "{}", json.stdout);
}

#[test]
fn users_tokens_and_the_trail_are_kept_by_command_line() {
    let project = Project::new();
    project.memory("a", "int", "1", "write = true");
    let station = Station::start(&project);
    let (name, password) = &station.engineer;
    let as_engineer = |arguments: &[&str], environment: &[(&str, &str)]| {
        let (reach, verb) = (["--url", &station.url, "--user", name], [arguments[0]]);
        // `audit list` takes who asks behind its verb, the others before it.
        let (verb, rest) = if verb == ["audit"] { (&arguments[..2], &arguments[2..]) } else { (&verb[..], &arguments[1..]) };
        let run = plantroom(&[verb, &reach[..], rest].concat(), &[environment, &[("PLANTROOM_PASSWORD", password)]].concat());
        assert_eq!(run.code, 0, "{arguments:?}: {}{}", run.stdout, run.stderr);
        run
    };
    as_engineer(&["user", "add", "anna", "--role", "view"], &[("PLANTROOM_NEW_PASSWORD", "a long enough one")]);
    as_engineer(&["user", "role", "anna", "operate"], &[]);
    let listed = as_engineer(&["user", "list"], &[]).stdout;
    assert!(listed.lines().any(|line| line.starts_with("anna ") && line.ends_with("operate")), "{listed}");
    let made = as_engineer(&["token", "make", "anna", "a report"], &[]);
    let token = made.stdout.trim();
    let id = made.stderr.split([' ', ';']).nth(1).unwrap();
    let tag = |arguments: &[&str]| plantroom(&[&["tag", "--url", &station.url, "--token", token], arguments].concat(), &[]);
    assert_eq!(tag(&["write", "a", "5", "--comment", "as planned"]).code, 0);
    let list = tag(&["list", "a*"]);
    assert!(list.stdout.lines().count() == 1 && list.stdout.contains('5'), "{}", list.stdout);
    as_engineer(&["token", "revoke", id], &[]);
    assert_eq!(tag(&["list"]).code, 3);
    as_engineer(&["user", "password", "anna"], &[("PLANTROOM_NEW_PASSWORD", "another long one")]);
    as_engineer(&["user", "remove", "anna"], &[]);
    let short = plantroom(
        &["user", "--url", &station.url, "--user", name, "add", "ben"],
        &[("PLANTROOM_PASSWORD", password), ("PLANTROOM_NEW_PASSWORD", "short")],
    );
    assert_eq!(short.code, 1, "{}", short.stderr);
    assert!(short.stderr.contains("10"), "it says how long a password must be: {}", short.stderr);
    let trail = as_engineer(&["audit", "list", "--json"], &[]).stdout;
    let trail: Json = serde_json::from_str(&trail).expect("--json prints JSON");
    let has = |user: &str, target: &str| {
        trail["records"].as_array().unwrap().iter().any(|record| record["user"] == user && record["target"] == target)
    };
    assert!(has("anna", "a") && has("engineer", "anna"), "{trail}");
    let secrets = [token, "a long enough one", "another long one", password.as_str()];
    assert!(secrets.iter().all(|secret| !trail.to_string().contains(secret)), "no secret is on record");
}

#[test]
fn ready_means_ready_and_stopped_means_kept() {
    let project = Project::new();
    project.memory("a", "int", "41", "write = true\nretain = true");
    let mut station = Station::start(&project);
    let health = Api::anonymous(&station.url).call("GET", "/healthz", None);
    assert_eq!(health.status, 200, "well from the first moment: {}", health.text);
    let api = station.api();
    assert_eq!(api.tag("a").value, 41);
    let _looking = station.console(&["a"]);
    assert_eq!(api.write("a", 42).kind(), "confirmed");
    let started = Instant::now();
    assert_eq!(station.stop().code(), Some(0), "{}", station.log());
    assert!(started.elapsed() < Duration::from_secs(8), "it took {:?} to stop", started.elapsed());
    let station = Station::start(&project);
    assert_eq!(station.api().tag("a").value, 42);
}

#[test]
fn twenty_mistakes_give_twenty_diagnostics() {
    let folder = workspace().join("runtime/project/tests/twenty_mistakes");
    let text = plantroom(&["check", folder.to_str().unwrap()], &[]);
    assert_eq!((text.code, text.stderr.as_str()), (1, ""), "{}", text.stdout);
    assert_eq!(text.stdout.lines().filter(|line| line.contains(": error: ") || line.contains(": warning: ")).count(), 20);
    let report = check_json(&folder, 1);
    let found = report["diagnostics"].as_array().unwrap();
    assert_eq!(found.len(), 20);
    assert_eq!(report["errors"].as_u64().unwrap() + report["warnings"].as_u64().unwrap(), 20);
    for diagnostic in found {
        let file = diagnostic["file"].as_str().unwrap();
        assert!(folder.join(file).is_file(), "{diagnostic}");
        let line = diagnostic["line"].as_u64().unwrap();
        assert!(text.stdout.contains(&format!("{file}:{line}:{}: ", diagnostic["column"])), "{diagnostic}");
        assert!(!diagnostic["message"].as_str().unwrap().is_empty() && diagnostic["help"].is_string(), "{diagnostic}");
    }
    let refused = plantroom(&["run", folder.to_str().unwrap(), "--data", "/proc/no"], &[]);
    assert_eq!(refused.code, 1, "a project with mistakes doesn't run: {}", refused.stderr);
    assert!(refused.stderr.contains("plantroom check"), "{}", refused.stderr);
}

#[test]
fn the_demo_plant_has_no_mistakes() {
    let report = check_json(&workspace().join("screens/waterworks"), 0);
    assert_eq!(report["diagnostics"], Json::Array(Vec::new()), "{report}");
}

#[test]
fn what_only_the_plugin_knows_is_told_at_the_tag() {
    let project = Project::new();
    project.connection("plc", 1, 500, "").modbus(&["plc"], "fast = 100", "**");
    project.tag("good", "uint", "plc", "holding 0 u16", "write = true");
    project.tag("bad", "uint", "plc", "holdng 0 u16", "");
    project.tag("beyond", "float", "plc", "holding 65535 f32", "");
    let places = errors(&check_json(project.path(), 1));
    let tags = project.read("tags/tags.toml");
    let line = |name: &str| 1 + tags.lines().position(|line| line == format!("name = \"{name}\"")).unwrap();
    for (name, words) in [("bad", "holdng"), ("beyond", "65535")] {
        let near = [line(name) - 1, line(name), line(name) + 3];
        let told =
            places.iter().any(|(file, at, message)| file == "tags/tags.toml" && near.contains(at) && message.contains(words));
        assert!(told, "{name} at line {}: {places:?}", line(name));
    }
    assert_eq!(places.len(), 2, "{places:?}");
}

#[test]
fn an_unknown_tag_on_a_screen_is_told_in_place() {
    let project = Project::new();
    project.memory("line/level", "float", "1.0", "");
    project.write(
        "screens/1_home.rhai",
        "screen(\"Home\", #{ level: 1, size: [800, 450] });\nvalue(10, 10, \"line/level\");\n  value(10, 40, \"line/levle\");\n",
    );
    let report = check_json(project.path(), 1);
    let found = &report["diagnostics"][0];
    assert_eq!(
        (&found["file"], &found["line"], &found["column"]),
        (&"screens/1_home.rhai".into(), &3.into(), &3.into()),
        "{report}"
    );
    assert!(found["message"].as_str().unwrap().contains("line/levle"), "{report}");
    assert!(found.to_string().contains("line/level"), "it says which one was meant: {report}");
    let screens = plantroom(&["screen", "check", project.text()], &[]);
    assert_eq!(screens.code, 1);
    assert!(screens.stdout.contains("screens/1_home.rhai:3:3: error: "), "{}", screens.stdout);
}

#[test]
fn schemas_are_json_that_names_every_key_of_the_demo_plant() {
    let folder = Project::empty();
    let run = plantroom(&["schema", folder.text()], &[]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let names: Vec<String> = run.stdout.lines().map(|line| line.rsplit('/').next().unwrap().to_owned()).collect();
    for name in ["plant", "connections", "plugins", "tags", "types"] {
        assert!(names.contains(&format!("{name}.schema.json")), "{names:?}");
    }
    for name in &names {
        let schema: Json = serde_json::from_str(&folder.read(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(schema["$schema"].as_str().is_some_and(|of| of.contains("json-schema.org")), "{name}");
        assert!(schema["properties"].is_object(), "{name}: {schema}");
    }
    let printed: Json = serde_json::from_str(&plantroom(&["schema"], &[]).stdout).unwrap();
    assert_eq!(printed.as_object().unwrap().len(), names.len());
}

#[test]
fn every_verb_has_help() {
    let mut asked = 0;
    ask_for_help(&mut Vec::new(), &mut asked);
    assert!(asked >= 25, "only {asked} verbs");
    let version = plantroom(&["--version"], &[]);
    assert_eq!(version.code, 0);
    assert!(version.stdout.starts_with("plantroom "), "{}", version.stdout);
}

fn ask_for_help(verb: &mut Vec<String>, asked: &mut u32) {
    let arguments: Vec<&str> = verb.iter().map(String::as_str).chain(["--help"]).collect();
    let run = plantroom(&arguments, &[]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{arguments:?}");
    assert!(run.stdout.contains("Usage: plantroom"), "{arguments:?}: {}", run.stdout);
    *asked += 1;
    let verbs = run.stdout.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names =
        verbs.filter(|line| line.starts_with("  ") && !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    for name in names.filter(|name| *name != "help") {
        verb.push(name.to_owned());
        ask_for_help(verb, asked);
        verb.pop();
    }
}

#[track_caller]
fn check_json(project: &Path, code: i32) -> Json {
    let run = plantroom(&["check", "--json", project.to_str().unwrap()], &[]);
    assert_eq!((run.code, run.stderr.as_str()), (code, ""), "{}", run.stdout);
    serde_json::from_str(&run.stdout).expect("--json prints JSON")
}

/// File, line and message of every error.
fn errors(report: &Json) -> Vec<(String, usize, String)> {
    let text = |diagnostic: &Json, key: &str| diagnostic[key].as_str().unwrap_or_default().to_owned();
    let one = |found: &Json| (text(found, "file"), found["line"].as_u64().unwrap() as usize, text(found, "message"));
    report["diagnostics"].as_array().unwrap().iter().filter(|found| found["severity"] == "error").map(one).collect()
}

#[test]
fn a_lost_password_is_replaced_on_the_machine_while_the_station_is_stopped() {
    let project = Project::new();
    project.memory("a", "int", "1", "write = true");
    let data = project.data();
    let reset = ["user", "reset", "engineer", "--data", data.to_str().unwrap()];
    let mut station = Station::start(&project);
    let (user, old) = station.engineer.clone();
    check(&reset, 1, &["another Plantroom process is using this data folder"]);
    station.stop();
    let done = plantroom(&reset, &[]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let new = done.stdout.lines().find_map(|line| line.strip_prefix("    ")).unwrap().to_owned();
    assert_ne!(new, old);
    let station = Station::start(&project);
    let with = |password: &str| {
        let body = serde_json::json!({ "user": user, "password": password });
        Api::anonymous(&station.url).call("POST", "/api/v1/login", Some(body)).status
    };
    assert_eq!((with(&old), with(&new)), (401, 200));
}
