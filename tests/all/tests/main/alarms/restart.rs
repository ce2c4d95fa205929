//! What is still so after a restart.

use plantroom_tests::{Project, Station, wait_until};
use serde_json::json;

use super::{acknowledge, act, alarm, plant, stands};

#[test]
fn what_was_confirmed_is_still_so_after_a_kill() {
    let (project, mut station) = plant();
    let api = station.api();
    api.write("a/level", 6.0);
    api.write("b/flag", true);
    let seen = stands(&api, "a/trip", "unacknowledged");
    assert_eq!(acknowledge(&api, &seen).0, "done");
    assert_eq!(act(&api, "b/on", "out-of-service", json!({ "comment": "taken out" })).0, "done");
    assert_eq!(act(&api, "a/high", "shelve", json!({ "for_s": 3_600, "comment": "later" })).0, "done");
    station.kill();
    let station = Station::start(&project);
    let api = station.api();
    let trip = alarm(&api, "a/trip");
    assert_eq!(trip["occurrence"], seen["occurrence"]);
    assert!(["acknowledged", "latched-acknowledged"].contains(&trip["state"].as_str().unwrap()), "{trip:#}");
    assert_eq!(alarm(&api, "b/on")["hidden"], json!(["out-of-service"]));
    let shelved = alarm(&api, "a/high");
    assert_eq!((&shelved["hidden"], &shelved["hidden_why"]), (&json!(["shelved"]), &json!("later")), "{shelved:#}");
    let figures = wait_until(
        "figures are back",
        15.0,
        || api.get("/api/v1/alarm-kpi"),
        |all| all["positions"][0]["alarms"].as_u64() == Some(3),
    );
    assert_eq!(figures["positions"][0]["acknowledge"]["count"], 1);
}

#[test]
fn what_a_scripted_alarm_keeps_is_there_after_a_restart() {
    let project = Project::new();
    project.memory("p/running", "bool", "true", "write = true\nretain = true");
    project.write(
        "alarms/starts.rhai",
        "alarm(\"p/starts\", #{ message: \"Started often\", state: #{ count: 0 } }, |a| {\n\
         if rises(tag(\"p/running\")) { this.count += 1; }\n\
         #{ active: this.count >= 3, detail: `${this.count} starts` }\n});\n",
    );
    let station = |last: &mut Option<Station>| {
        if let Some(mut last) = last.take() {
            last.stop();
        }
        *last = Some(Station::start(&project));
        let api = last.as_ref().map(Station::api).expect("it was just started");
        // Evaluated at least once: a script speaks of its alarm, and then it isn't unknown any more.
        let runs = || api.call("GET", "/metrics", None).text;
        wait_until("the script has run", 15.0, runs, |text| {
            text.contains("plantroom_alarm_script_runs_total{script=\"alarms/starts.rhai\"} ")
                && !text.contains("plantroom_alarm_script_runs_total{script=\"alarms/starts.rhai\"} 0")
        });
        api
    };
    let mut running = None;
    // It runs: one start. It runs on over the restart: still one.
    station(&mut running);
    let api = station(&mut running);
    for value in [false, true] {
        api.write("p/running", value);
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
    assert_eq!(alarm(&api, "p/starts")["state"], "normal", "two starts");
    let api = station(&mut running);
    for value in [false, true] {
        api.write("p/running", value);
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
    let seen = stands(&api, "p/starts", "unacknowledged");
    assert_eq!(seen["comment"], "3 starts");
}
