//! `plantroom alarm ...` against the real station, and against what it left behind.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use plantroom_tests::{Api, Run, Station, command, plantroom, wait_until};
use serde_json::Value as Json;

use super::{alarm, plant, stands};

/// One verb as this user: exit code and output.
fn ask(station: &Station, api: &Api, arguments: &[&str]) -> Run {
    let reach = ["alarm", "--url", &station.url, "--token", &api.token];
    plantroom(&[&reach, arguments].concat(), &[])
}

#[track_caller]
fn check(run: &Run, code: i32, words: &[&str]) {
    let all = format!("{}{}", run.stdout, run.stderr);
    assert!(run.code == code && words.iter().all(|word| all.contains(word)), "exit {}:\n{all}", run.code);
}

#[test]
fn every_verb_does_its_work_and_ends_with_its_code() {
    let (_project, station) = plant();
    let api = station.api();
    let (viewer, operator) = (api.new_user("vera", "view"), api.new_user("otto", "operate"));
    api.write("a/level", 6.0);
    stands(&api, "a/high", "unacknowledged");
    stands(&api, "a/trip", "unacknowledged");
    check(&ask(&station, &viewer, &["list"]), 0, &["a/high", "a/trip", "Nearly full"]);
    check(&ask(&station, &viewer, &["list", "--state", "all", "b/*", "--json"]), 0, &["\"b/on\""]);
    check(&ask(&station, &viewer, &["show", "a/high"]), 0, &["Open the drain", "It runs over"]);
    check(&ask(&station, &viewer, &["ack", "a/high"]), 3, &["operate"]);
    check(&ask(&station, &operator, &["ack"]), 2, &["--area"]);
    check(&ask(&station, &operator, &["ack", "no/such"]), 1, &["no/such"]);
    check(&ask(&station, &operator, &["ack", "a/high", "--occurrence", "99"]), 3, &[]);
    // What it would do is said first; nothing is done.
    check(&ask(&station, &operator, &["ack", "--area", "a", "--dry-run"]), 0, &["2 alarms", "a/high", "a/trip"]);
    assert_eq!(alarm(&api, "a/high")["state"], "unacknowledged");
    check(&ask(&station, &operator, &["ack", "--area", "a", "--priority", "high", "--comment", "seen"]), 0, &["a/high is ack"]);
    assert_eq!(alarm(&api, "a/trip")["state"], "unacknowledged", "another priority");
    let many = ask(&station, &operator, &["ack", "a/*", "--json"]);
    check(&many, 0, &["\"done\""]);
    assert_eq!(serde_json::from_str::<Json>(&many.stdout).unwrap().as_array().map(Vec::len), Some(1), "{}", many.stdout);
    check(&ask(&station, &operator, &["ack", "a/*"]), 1, &["No alarm fits"]);
    check(&ask(&station, &operator, &["reset", "a/trip"]), 3, &["condition"]);
    api.write("a/level", 1.0);
    stands(&api, "a/trip", "latched-acknowledged");
    check(&ask(&station, &operator, &["reset", "a/trip"]), 0, &["is reset"]);
    check(&ask(&station, &operator, &["shelve", "b/on", "a/high", "--for", "10min"]), 3, &["Say why", "2 of 2"]);
    check(&ask(&station, &operator, &["shelve", "b/on", "--for", "10min", "--one-shot", "--comment", "x"]), 0, &["10 min"]);
    check(&ask(&station, &operator, &["unshelve", "*"]), 0, &["taken from the shelf"]);
    check(&ask(&station, &operator, &["suppress", "b/on", "--comment", "x"]), 3, &["engineer"]);
    for (verb, words) in [
        ("suppress", "is suppressed"),
        ("unsuppress", "not suppressed any more"),
        ("out-of-service", "out of service"),
        ("in-service", "in service again"),
        ("remark", "remark"),
    ] {
        check(&ask(&station, &api, &[verb, "b/on", "--comment", "x"]), 0, &[words]);
    }
    check(&ask(&station, &viewer, &["journal", "--by", "otto", "--limit", "2"]), 0, &["shelved", "--cursor"]);
    check(&ask(&station, &viewer, &["journal", "--json"]), 0, &["\"rows\"", "\"acknowledged\"", "\"next\""]);
    check(&ask(&station, &viewer, &["kpi"]), 0, &["plant:", "alarms in 10 minutes, average", "time in floods"]);
    assert!(!ask(&station, &viewer, &["kpi"]).stdout.contains("-0"), "nothing is less than nothing");
    check(&ask(&station, &viewer, &["kpi", "--since", "soon"]), 1, &["is not a time"]);
}

#[test]
fn watching_prints_each_row_as_it_comes() {
    let (_project, station) = plant();
    let api = station.api();
    api.write("b/flag", true);
    stands(&api, "b/on", "unacknowledged");
    let mut watching = command()
        .args(["alarm", "--url", &station.url, "--token", &api.token, "watch", "--json"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = watching.stdout.take().unwrap();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let _ = tell.send(serde_json::from_str::<Json>(&line).unwrap_or(Json::Null));
        }
    });
    // Whenever it is ready: what came before is not told, all that comes after is, once and in order.
    let mut rows: Vec<u64> = Vec::new();
    let mut level = 0.0;
    while rows.len() < 6 {
        level = if level == 0.0 { 4.5 } else { 0.0 };
        api.write("a/level", level);
        while let Ok(row) = told.recv_timeout(Duration::from_millis(300)) {
            assert_eq!(row["alarm"], "a/high", "{row}");
            rows.push(row["row"].as_u64().expect("a row has a number"));
        }
    }
    assert!(rows.windows(2).all(|pair| pair[1] == pair[0] + 1), "{rows:?}");
    watching.kill().unwrap();
    watching.wait().unwrap();
}

#[test]
fn a_stopped_stations_folder_answers_as_the_station_did() {
    let (project, mut station) = plant();
    let api = station.api();
    for value in [true, false, true] {
        api.write("b/flag", value);
        let state = if value { "unacknowledged" } else { "returned" };
        stands(&api, "b/on", state);
    }
    let rows = || api.get("/api/v1/alarm-journal?limit=10");
    wait_until("it is in the journal", 10.0, rows, |page| page["rows"].as_array().is_some_and(|rows| rows.len() == 3));
    let live = ask(&station, &api, &["journal", "--json"]);
    station.stop();
    let (data, out) = (project.data(), project.path().join("out"));
    let data = data.to_str().unwrap();
    let offline = |arguments: &[&str]| plantroom(&[&["alarm"], arguments, &["--data", data]].concat(), &[]);
    let kept = offline(&["journal", "--json"]);
    check(&kept, 0, &[]);
    assert_eq!(serde_json::from_str::<Json>(&kept.stdout).unwrap(), serde_json::from_str::<Json>(&live.stdout).unwrap());
    check(&offline(&["journal", "--limit", "1"]), 0, &["b/on", "--cursor"]);
    check(&offline(&["kpi", "--project", project.text()]), 0, &["plant:", "alarms in 10 minutes, average"]);
    let kpi = offline(&["kpi", "--json", "--project", project.text()]);
    let figures = serde_json::from_str::<Json>(&kpi.stdout).unwrap();
    assert_eq!(figures["positions"][0]["alarms"], 2, "{figures:#}");
    let html = out.with_extension("html");
    check(&offline(&["report", "--project", project.text(), "--html", html.to_str().unwrap()]), 0, &["Written"]);
    assert!(std::fs::read_to_string(&html).unwrap().contains("Test plant"));
    for (ending, begins) in [("csv", b"row,".as_slice()), ("parquet", b"PAR1")] {
        let file = out.with_extension(ending);
        check(&offline(&["journal", "--export", file.to_str().unwrap()]), 0, &["Written"]);
        assert!(std::fs::read(&file).unwrap().starts_with(begins), "{ending}");
    }
    let nowhere = project.path().join("screens");
    let run = plantroom(&["alarm", "journal", "--data", nowhere.to_str().unwrap()], &[]);
    check(&run, 1, &["no alarm journal"]);
}
