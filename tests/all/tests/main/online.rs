//! The project of a running plant is changed: what a change doesn't touch goes on as if nothing had happened.

use std::time::Duration;

use plantroom_tests::{
    Api, BarePoller, Project, Pymodbus, Recorder, Seen, Station, eventually, free_port, holds_for, plantroom, wait_until,
};
use serde_json::{Value as Json, json};

/// Poll period of what must go on, in ms.
const PERIOD_MS: f64 = 50.0;
/// A tag that no change touches; the device counts its reads.
const COUNT: &str = "line/count";

/// A plant that takes what is saved, with one device polled every 50 ms.
fn plant(device: &Pymodbus, apply: &str) -> Project {
    let project = Project::new();
    let head = "name = \"Test plant\"\ntime_zone = \"UTC\"\nhome_screen = \"1_home\"\n";
    project.write("plant.toml", &format!("{head}[change]\napply = \"{apply}\"\n"));
    project.connection("line", device.port, 2_000, "").modbus(&["line"], "fast = 50", "**");
    project.tag(COUNT, "uint", "line", "holding 0 u16", "group = \"fast\"");
    project.tag("line/setpoint", "uint", "line", "holding 10 u16", "group = \"fast\"\nwrite = true");
    project
}

fn change(api: &Api) -> u64 {
    api.get("/api/v1/project")["change"].as_u64().expect("a number")
}

/// Waits until the next change is applied; returns its number.
#[track_caller]
fn applied(api: &Api, before: u64) -> u64 {
    let now = wait_until(
        "the change is applied",
        20.0,
        || api.get("/api/v1/project"),
        |now| {
            assert_ne!(now["state"], "refused", "{now}");
            now["change"].as_u64().is_some_and(|change| change > before)
        },
    );
    now["change"].as_u64().expect("a number")
}

fn post(api: &Api, path: &str, body: Json) -> Json {
    let answer = api.call("POST", path, Some(body));
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.json
}

/// Watches the tag that no change touches.
struct Watch {
    recorder: Recorder,
    bare: BarePoller,
}

impl Watch {
    fn start(station: &Station, device: &Pymodbus) -> Self {
        let api = station.api();
        wait_until("it is polled", 20.0, || api.tag(COUNT), |tag| tag.is_good());
        let recorder = Recorder::start(&api, COUNT, Duration::from_millis(5));
        Self { recorder, bare: BarePoller::start(device.port, 290, Duration::from_millis(PERIOD_MS as u64)) }
    }

    /// None of its samples was anything but good, and no two polls were further apart than one and a half periods, and
    /// what even a bare poller was late.
    #[track_caller]
    fn nothing_was_missed(self) {
        let start = self.recorder.len();
        wait_until("some more polls", 20.0, || self.recorder.len(), |len| *len > start + 10);
        let samples = self.recorder.finish();
        let bare_ms = self.bare.finish().as_secs_f64() * 1_000.0;
        let bad: Vec<&Seen> = samples.iter().filter(|sample| sample.quality != "good").collect();
        assert!(bad.is_empty(), "a tag that nobody touched was not good: {bad:?}");
        let limit_ms = 1.5 * PERIOD_MS + (bare_ms - PERIOD_MS).max(0.0);
        let mut worst_ms = 0.0_f64;
        for pair in samples.windows(2) {
            let polls = (pair[1].number - pair[0].number).max(1.0);
            let gap_ms = pair[1].server_ms - pair[0].server_ms - (polls - 1.0) * PERIOD_MS;
            worst_ms = worst_ms.max(gap_ms);
            assert!(gap_ms <= limit_ms, "a gap of {gap_ms:.0} ms for {polls} polls (bare poller {bare_ms:.0} ms): {pair:?}");
        }
        println!("{} samples; the widest gap {worst_ms:.0} ms, the bare poller's {bare_ms:.0} ms", samples.len());
    }
}

#[test]
fn tags_connections_and_settings_change_while_the_others_go_on() {
    let (mut device, mut other) = (Pymodbus::start(), Pymodbus::start());
    device.set(20, &[500]);
    other.set(5, &[77]);
    let project = plant(&device, "on_save");
    let station = Station::start(&project);
    let api = station.api();
    let watch = Watch::start(&station, &device);
    assert_eq!(change(&api), 0);

    project.tag("line/level", "float", "line", "holding 20 u16", "group = \"fast\"\nunit = \"%\"");
    let first = applied(&api, 0);
    let level = wait_until("the new tag is polled", 10.0, || api.tag("line/level"), |tag| tag.is_good());
    assert_eq!(level.number(), 500.0);

    let scaled = "unit = \"%\"\nscaling = { raw = [0, 1000], eng = [0, 100] }";
    project.write("tags/tags.toml", &project.read("tags/tags.toml").replace("unit = \"%\"", scaled));
    let second = applied(&api, first);
    wait_until("it is scaled", 10.0, || api.tag("line/level"), |tag| tag.number() == 50.0 && tag.is_good());

    // Connection, grant and tag together, as one change.
    let plugins = project.read("plugins.toml").replace("connections = [\"line\"]", "connections = [\"line\", \"other\"]");
    let tags = format!(
        "{}\n[[tag]]\nname = \"other/value\"\nkind = \"uint\"\nconnection = \"other\"\naddress = \"holding 5 u16\"\ngroup = \"fast\"\n",
        project.read("tags/tags.toml")
    );
    project.connection("other", other.port, 500, "");
    project.write("plugins.toml", &plugins);
    project.write("tags/tags.toml", &tags);
    wait_until(
        "the new device is polled",
        20.0,
        || api.tags("other/value"),
        |tags| tags.first().is_some_and(|(_, tag)| tag.is_good() && tag.number() == 77.0),
    );

    let before = applied(&api, second);
    let tags: String = project
        .read("tags/tags.toml")
        .split("\n[[tag]]")
        .filter(|tag| !tag.contains("line/level"))
        .collect::<Vec<_>>()
        .join("\n[[tag]]");
    project.write("tags/tags.toml", &tags);
    let removed = applied(&api, before);
    assert_eq!(api.call("GET", "/api/v1/tags/line%2Flevel", None).status, 404);
    assert!(api.tags("**").iter().all(|(name, _)| !name.is_empty()), "what is gone isn't listed");

    project.write("plugins.toml", &project.read("plugins.toml").replace("fast = 50", "fast = 50, slow = 5000"));
    applied(&api, removed);
    assert_eq!(api.write("line/setpoint", 7).kind(), "confirmed", "commands go on");
    watch.nothing_was_missed();
    let log = station.log();
    assert!(!log.contains("panicked"), "{log}");
}

#[test]
fn a_broken_edit_is_refused_with_its_place_and_the_old_project_runs_on() {
    let device = Pymodbus::start();
    let project = plant(&device, "on_save");
    let mut station = Station::start(&project);
    let api = station.api();
    let watch = Watch::start(&station, &device);
    let good = project.read("tags/tags.toml");
    for (text, words) in [
        (format!("{good}\n[[tag]\nname = "), "tags/tags.toml:"),
        (good.replace("kind = \"uint\"", "kind = \"unit\""), "unit"),
        (good.replace("holding 0 u16", "holdng 0 u16"), "holdng"),
        (good.replace("connection = \"line\"", "connection = \"lien\""), "lien"),
    ] {
        project.write("tags/tags.toml", &text);
        let now = wait_until(
            words,
            20.0,
            || api.get("/api/v1/project"),
            |now| now["state"] == "refused" && now.to_string().contains(words),
        );
        assert!(now["diagnostics"].as_array().is_some_and(|all| !all.is_empty()), "{now}");
        wait_until("the tag says so", 10.0, || api.tag("system/project/state").number(), |state| *state == 2.0);
        let asked = api.call("POST", "/api/v1/project/apply", Some(json!({})));
        assert_eq!(asked.status, 422, "{}", asked.text);
    }
    assert_eq!(api.write("line/setpoint", 9).kind(), "confirmed");
    watch.nothing_was_missed();

    // The power fails: a broken folder must not keep the plant down.
    station.kill();
    let station = Station::start(&project);
    let api = station.api();
    wait_until("the project that ran last is polled", 20.0, || api.tag(COUNT), |tag| tag.is_good());
    assert_eq!(api.get("/api/v1/project")["state"], "refused");
    assert!(station.log().contains("runs the project that ran last"), "{}", station.log());
    project.write("tags/tags.toml", &good);
    wait_until("the folder is mended", 20.0, || api.get("/api/v1/project"), |now| now["state"] == "current");
}

#[test]
fn by_request_a_change_waits_with_its_preview() {
    let device = Pymodbus::start();
    let project = plant(&device, "on_request");
    let station = Station::start(&project);
    let (api, operator) = (station.api(), station.api().new_user("otto", "operate"));
    project.memory("shift/count", "int", "5", "write = true");
    let now = wait_until("it waits", 20.0, || api.get("/api/v1/project"), |now| now["state"] == "waiting");
    assert!(now["preview"].as_str().is_some_and(|words| words.contains("1 tag")), "{now}");
    assert!(now["details"].to_string().contains("shift/count"), "{now}");
    assert_eq!(operator.call("POST", "/api/v1/project/apply", None).status, 403);
    assert!(api.tags("shift/*").is_empty(), "nothing was applied");

    let reach = ["--url", &station.url, "--token", &api.token];
    let preview = plantroom(&["check", project.text(), "--against", &station.url, "--token", &api.token, "--verbose"], &[]);
    assert_eq!(preview.code, 0, "{}{}", preview.stdout, preview.stderr);
    assert!(preview.stdout.contains("1 tag") && preview.stdout.contains("shift/count"), "{}", preview.stdout);
    let status = plantroom(&[&["change", "status"], &reach[..]].concat(), &[]);
    assert!(status.stdout.contains("waits"), "{}{}", status.stdout, status.stderr);
    let done = plantroom(&[&["change", "apply", "--comment", "a shift counter"], &reach[..]].concat(), &[]);
    assert_eq!(done.code, 0, "{}{}", done.stdout, done.stderr);
    assert_eq!(api.tag("shift/count").value, 5);
    let nothing = plantroom(&[&["change", "apply"], &reach[..]].concat(), &[]);
    assert_eq!(nothing.code, 1, "{}", nothing.stderr);

    let listed = plantroom(&[&["change", "list"], &reach[..]].concat(), &[]);
    assert!(listed.stdout.contains("engineer") && listed.stdout.contains("a shift counter"), "{}", listed.stdout);
    let shown = plantroom(&[&["change", "show", "1"], &reach[..]].concat(), &[]);
    assert!(shown.stdout.contains("+name = \"shift/count\""), "{}", shown.stdout);
    let trail = api.audit("Test plant");
    let record = trail.iter().find(|record| record["act"] == "change project" && record["entry"] == "open");
    let record = record.unwrap_or_else(|| panic!("{trail:#?}"));
    assert!(
        record["user"] == "engineer" && record["new"]["diff"].as_str().is_some_and(|diff| diff.contains("shift/count")),
        "{record}"
    );
}

#[test]
fn changed_twice_and_rolled_back() {
    let device = Pymodbus::start();
    let project = plant(&device, "on_save");
    let mut station = Station::start(&project);
    let api = station.api();
    let watch = Watch::start(&station, &device);
    let original = project.read("tags/tags.toml");
    project.memory("shift/a", "int", "1", "retain = true\nwrite = true");
    let first = applied(&api, 0);
    assert_eq!(api.write("shift/a", 42).kind(), "confirmed");
    let after_first = project.read("tags/tags.toml");
    project.memory("shift/b", "int", "2", "");
    let second = applied(&api, first);
    assert_eq!((first, second), (1, 2));

    // Somebody edits in between: it is kept.
    project.write("tags/tags.toml", "nonsense");
    let done = post(&api, "/api/v1/project/rollback", json!({ "comment": "wrong tag" }));
    assert_eq!((done["number"].as_u64(), done["kept"][0].as_str()), (Some(3), Some("tags/tags.toml.orig")), "{done}");
    assert_eq!(project.read("tags/tags.toml"), after_first);
    assert_eq!(project.read("tags/tags.toml.orig"), "nonsense");
    assert_eq!(api.call("GET", "/api/v1/tags/shift%2Fb", None).status, 404);
    assert_eq!(api.tag("shift/a").value, 42, "what stays keeps its value");

    post(&api, "/api/v1/project/rollback", json!({ "before": 1 }));
    assert_eq!(project.read("tags/tags.toml"), original);
    assert_eq!(api.call("GET", "/api/v1/tags/shift%2Fa", None).status, 404);
    // A rollback is a change like any other, and can be gone back before too.
    post(&api, "/api/v1/project/rollback", json!({}));
    assert_eq!(api.tag("shift/a").value, 42, "a retained value comes back with its tag");
    watch.nothing_was_missed();
    let trail = api.audit("Test plant");
    assert_eq!(trail.iter().filter(|record| record["act"] == "roll back project" && record["entry"] == "open").count(), 3);

    station.stop();
    let data = project.data();
    let offline = plantroom(&["change", "rollback", "1", "--data", data.to_str().unwrap(), "--project", project.text()], &[]);
    assert_eq!(offline.code, 0, "{}{}", offline.stdout, offline.stderr);
    assert_eq!(project.read("tags/tags.toml"), original);
    let listed = plantroom(&["change", "list", "--data", data.to_str().unwrap()], &[]);
    assert!(listed.stdout.contains("somebody on the station's machine"), "{}", listed.stdout);
    let station = Station::start(&project);
    assert!(station.api().tags("shift/*").is_empty());
}

#[test]
fn ten_changes_a_second_under_load_cost_nobody_a_poll() {
    let device = Pymodbus::start();
    let project = plant(&device, "on_save");
    for index in 0..300 {
        project.tag(&format!("line/more{index}"), "uint", "line", &format!("holding {} u16", 20 + index % 200), "");
    }
    let station = Station::start(&project);
    let api = station.api();
    let watch = Watch::start(&station, &device);
    let tags = project.read("tags/tags.toml");
    for round in 1..=40 {
        project.write("tags/tags.toml", &format!("{tags}\n[[tag]]\nname = \"shift/round\"\nkind = \"int\"\nmemory = {round}\n"));
        std::thread::sleep(Duration::from_millis(100));
    }
    project.write("tags/tags.toml", &format!("{tags}\n[[tag]]\nname = \"shift/last\"\nkind = \"int\"\nmemory = 1\n"));
    wait_until("the last change is there", 30.0, || api.tags("shift/*"), |tags| tags.len() == 1 && tags[0].0 == "shift/last");
    println!("{} changes were applied", change(&api));
    assert_eq!(api.write("line/setpoint", 3).kind(), "confirmed");
    watch.nothing_was_missed();
}

#[test]
fn a_kill_at_any_moment_of_a_change_leaves_one_project_whole() {
    let device = Pymodbus::start();
    let project = plant(&device, "on_save");
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let mut station = Station::start(&project);
    let original = project.read("tags/tags.toml");
    project.memory("shift/a", "int", "1", "");
    let changed = project.read("tags/tags.toml");
    applied(&station.api(), 0);
    for round in 0..6 {
        let api = station.api();
        // Back and forth; each answer may or may not come before the kill.
        let killing = Duration::from_micros(random.u64(0..120_000));
        let asking = std::thread::spawn(move || drop(api.try_call("POST", "/api/v1/project/rollback", Some(json!({})), &[])));
        std::thread::sleep(killing);
        station.kill();
        asking.join().unwrap();
        station = Station::start(&project);
        let text = project.read("tags/tags.toml");
        assert!(text == original || text == changed, "round {round}: half a project: {text}");
        let api = station.api();
        let has = !api.tags("shift/a").is_empty();
        assert_eq!(has, text == changed, "round {round}: what runs is what the folder holds");
        assert_eq!(api.get("/api/v1/project")["state"], "current");
        let verified = plantroom(&["audit", "verify", project.data().to_str().unwrap()], &[]);
        assert_eq!(verified.code, 0, "{}{}", verified.stdout, verified.stderr);
    }
    let api = station.api();
    eventually("it can still be changed", 20.0, || {
        (api.call("POST", "/api/v1/project/rollback", Some(json!({}))).status == 200).then_some(())
    });
}

#[test]
fn consoles_follow_a_change() {
    let device = Pymodbus::start();
    let project = plant(&device, "on_save");
    let station = Station::start(&project);
    let api = station.api();
    let console = station.console(&[COUNT, "line/later"]);
    let (revision, _) = eventually("the console has screens", 5.0, || Some(console.screens()).filter(|(at, _)| *at > 0));
    project.tag("line/later", "uint", "line", "holding 10 u16", "group = \"fast\"");
    project.write("screens/2_more.rhai", "screen(\"More\", #{ level: 2, size: [800, 450] });\n");
    applied(&api, 0);
    let (_, files) = wait_until("new screens", 10.0, || console.screens(), |(at, files)| *at > revision && files.len() == 2);
    assert!(files.iter().any(|(path, _)| path == "2_more.rhai"));
    wait_until("its values come", 10.0, || console.info("line/later"), |info| info.is_some());
    holds_for("the console stays", 1.0, || console.ended(), |ended| ended.is_none());
}

#[test]
fn a_quarantined_plugin_is_released_by_an_engineer() {
    let project = Project::new();
    let grant = "connections = [\"bad_line\"]\npublish = [\"bad/*\"]\nwrite = [\"bad/*\"]";
    project.connection_of("bad", "bad_line", free_port(), 500).plugin("bad", "hostile", "mode = \"trap\"", grant);
    project.computed("bad/value", "float", "bad", "");
    let station = Station::start(&project);
    let (api, operator) = (station.api(), station.api().new_user("otto", "operate"));
    wait_until("it is quarantined", 60.0, || api.tag("system/plugins/bad/state").number(), |state| *state == 3.0);
    let faults = api.tag("system/plugins/bad/faults").number();
    assert_eq!(operator.call("POST", "/api/v1/plugins/bad/release", None).status, 403);
    let run = plantroom(&["plugin", "release", "bad", "--url", &station.url, "--token", &api.token, "--comment", "mended"], &[]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    wait_until("it is tried again", 20.0, || api.tag("system/plugins/bad/faults").number(), |now| *now > faults);
    let trail = api.audit("bad");
    assert!(trail.iter().any(|record| record["act"] == "release plugin" && record["comment"] == "mended"), "{trail:#?}");
    assert_eq!(api.call("POST", "/api/v1/plugins/nobody/release", None).status, 404);
}
